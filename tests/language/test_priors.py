"""Priors as the model file writes them."""

from __future__ import annotations

import pytest

from offramp.errors import ModelError
from small_models import made


@pytest.mark.parametrize(
    ("prior", "words"),
    [
        ("choice(1 with 0.5, 2)", "this value has no chance"),
        ("choice(1 with 0.5, 2 with 0.3)", "0.5 + 0.3 = 0.8, not 1"),
        ("choice(1 with rest, 2 with rest)", "two values say `rest`"),
        ("choice(1 with 1.2, 2 with rest)", "nothing is left"),
        ("choice(1 with 0, 2 with 1)", "a value that cannot be is left out"),
        ("choice(1, 1)", "1 stands twice"),
        ("choice(3)", "at least two values"),
        ("choice()", "at least two values"),
        ("choice(1, 2) + 1", "cannot stand inside a formula"),
        ("normal(1 with 2, 3)", "missing before `with`"),
        ("poisson(0)", "it must be above 0"),
        ("poisson(2e6)", "1e+06 is the most"),
        ("poisson(3, 4)", "takes 1 argument,"),
        ("binomial(2.5, 0.5)", "a whole number of tries"),
        ("binomial(3, 1)", "between 0 and 1, ends left out"),
        ("bernoulli(0.3)", "Did you mean `binomial`?"),
    ],
)
def test_a_discrete_prior_that_cannot_be_says_why(prior, words):
    with pytest.raises(ModelError) as caught:
        made(f"variables: {{x: {{initial: 0}}}}\nparameters:\n  k: {{value: '{prior}'}}\n")
    assert words in str(caught.value)


def test_the_values_of_a_choice_have_the_unit_of_the_number_and_the_chances_none():
    head = "variables: {x: {initial: 0}}\nparameters:\n  k: {unit: kg, value: '"
    model = made(head + "choice(1 * kg with 1/4, 2 with rest)'}\n")
    assert model.parameters[0].value.args == (1.0, 0.25, 2.0, 0.75)
    with pytest.raises(ModelError, match="month"):
        made(head + "choice(1 * month, 2)'}\n")
