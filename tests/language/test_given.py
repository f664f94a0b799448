"""What a function of the library says to somebody who gave it something else than it needs."""

from __future__ import annotations

import inspect

import pytest
import xarray as xr

import offramp as ofr

NEEDED = {
    "design": ("a design", "offramp.Design(model, scenarios=1000)"),
    "model": ("a model", 'offramp.load("us-iran-2020")'),
    "runs": ("a dataset of runs", "offramp.simulate(design)"),
    "questions": ("a list of questions", 'offramp.load_questions("us-iran")'),
}
FUNCTIONS = [
    (name, first)
    for name in ofr.__all__
    if inspect.isfunction(function := getattr(ofr, name))
    for first in [next(iter(inspect.signature(function).parameters), None)]
    if first in NEEDED
]


def called(name, given):
    """A public function called with `given` first and something for whatever else it must have."""
    function = getattr(ofr, name)
    parameters = list(inspect.signature(function).parameters.values())
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    more = [None for p in parameters[1:] if p.default is p.empty and p.kind is positional]
    named = {p.name: 1 for p in parameters if p.default is p.empty and p.kind is p.KEYWORD_ONLY}
    result = function(given, *more, **named)
    return list(result) if inspect.isgenerator(result) else result


def test_there_are_such_functions():
    assert len(FUNCTIONS) > 15


@pytest.mark.parametrize(("name", "first"), FUNCTIONS)
@pytest.mark.parametrize("given", ["us-iran-2020", None])
def test_who_gives_something_else_is_told_what_is_needed_and_how_it_is_made(name, first, given):
    what, made = NEEDED[first]
    with pytest.raises(ofr.UsageError) as caught:
        called(name, given)
    kind = type(given).__name__
    assert str(caught.value) == f"{what} is needed, not a `{kind}`: `{made}` gives one."


def test_a_model_is_not_yet_a_design_nor_a_name_a_model():
    model = ofr.load("chicken")
    with pytest.raises(ofr.UsageError, match="a design is needed, not a `Model`"):
        ofr.simulate(model)
    with pytest.raises(ofr.UsageError, match="a model is needed, not a `str`"):
        ofr.Design("chicken")
    with pytest.raises(ofr.UsageError, match="a list of questions is needed, not a `str`"):
        ofr.backtest(model, "us-iran")


def test_a_dataset_from_elsewhere_holds_no_runs():
    with pytest.raises(ofr.UsageError, match="this dataset holds no runs of offramp"):
        ofr.summary(xr.Dataset({"x": ("y", [1.0])}))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"policies": [None]}, "a policy is a name or an `offramp.Policy`, not None."),
        ({"overrides": ["faint"]}, "overrides are a mapping such as {\"decay\": 0.2}, not ['faint']."),
        ({"scenarios": 2.5}, "2.5 scenarios: a whole number or a series of them is needed."),
    ],
)
def test_a_design_says_what_is_wrong_with_what_it_was_given(wrong, message):
    with pytest.raises(ofr.UsageError) as caught:
        ofr.Design(ofr.load("chicken"), **wrong)
    assert str(caught.value) == message
