"""`correlations`: which uncertain numbers go together, and how closely."""

from __future__ import annotations

from itertools import combinations

from offramp import copula
from offramp.given import did_you_mean
from offramp.language import keys
from offramp.language.fields import Fields
from offramp.language.reader import Reader, shape
from offramp.language.sections.names import Names, check_name
from offramp.language.sections.values import some
from offramp.language.source import Scalar, Sequence
from offramp.language.units import PLAIN
from offramp.model import Actor, Correlation, Distribution, Parameter, Variable

MOST = 200  # correlations of a model
MOST_TOGETHER = 20  # numbers of one of them


def read_correlations(
    reader: Reader,
    file: Fields,
    names: Names,
    parameters: tuple[Parameter, ...],
    variables: tuple[Variable, ...],
    actors: tuple[Actor, ...],
) -> tuple[Correlation, ...]:
    """The section `correlations`; all of it must be possible together."""
    of_types = {o.parameter: a.name for a in actors for t in a.types for o in t.overlays}
    uncertain = [p.name for p in parameters if isinstance(p.value, Distribution) and p.name not in of_types]
    uncertain += [v.name for v in variables if isinstance(v.initial, Distribution)]
    entries = list(file.entries("correlations"))
    if len(entries) > MOST:
        reader.say(file.at("correlations"), f"there are {len(entries)} correlations; {MOST} is the most")
        return ()
    found: list[Correlation] = []
    given: dict[frozenset[str], Scalar] = {}
    for key, value in entries:
        check_name(reader, key)
        fields = Fields.read(reader, key, value, keys.CORRELATION, f"correlation `{key.text[:60]}`")
        if fields is None:
            continue
        one = _correlation(reader, fields, names, uncertain, of_types)
        if one is not None and _new_pairs(reader, key, one, given):
            found.append(one)
    _hold_together(reader, found, uncertain, given)
    return tuple(found)


def _correlation(
    reader: Reader, fields: Fields, names: Names, uncertain: list[str], of_types: dict[str, str]
) -> Correlation | None:
    """One of them; None after a problem."""
    of = _numbers(reader, fields, names, uncertain, of_types)
    at = fields.value("correlation")
    number = None
    if at is not None:
        scope = names.numbers_only("a correlation is a number")
        number = fields.number_at(at, "correlation", scope, PLAIN, "the correlation")
    title, origin = fields.title(), fields.origin(always=True)
    if of is None or number is None or at is None:
        return None
    if not -1 < number < 1:
        hint = f"{number:g} % is {number / 100:g}." if 1 < abs(number) <= 100 else ""
        hint = hint or "Of two numbers that always go together write one, and make the other a formula of it."
        reader.say(at, f"a correlation lies between -1 and 1, ends left out, and this is {number:g}", hint)
        return None
    least = -1 / (len(of) - 1)
    if number <= least and len(of) > 2:
        message = f"{len(of)} numbers cannot all be correlated by {number:g}: {least:.4g} is out of reach"
        reader.say(at, message, "Where two go apart, a third cannot go apart from both so far.")
        return None
    return Correlation(fields.key.text, title, of, number, origin)


def _numbers(
    reader: Reader, fields: Fields, names: Names, uncertain: list[str], of_types: dict[str, str]
) -> tuple[str, ...] | None:
    """The names under `of`; None after a problem."""
    value = fields.value("of")
    if value is None:
        return None
    hint = f"Write `of: [{', '.join([*uncertain, 'one', 'another'][:2])}]`."
    if not isinstance(value, Sequence):
        reader.say(value, f"`of` must be a list of names, not {shape(value)}", hint)
        return None
    if not 2 <= len(value.items) <= MOST_TOGETHER:
        message = f"a correlation is of 2 to {MOST_TOGETHER} numbers, not of {len(value.items)}"
        reader.say(value, message, hint)
        return None
    found: list[str] = []
    for item in value.items:
        if not isinstance(item, Scalar) or item.is_null:
            reader.say(item, f"this must be the name of a parameter or stock, not {shape(item)}", hint)
        elif item.text in found:
            reader.say(item, f"`{item.text}` stands twice in this correlation", "Name each number once.")
        elif item.text in uncertain:
            found.append(item.text)
        else:
            _say_why_not(reader, item, names, uncertain, of_types)
    return tuple(found) if len(found) == len(value.items) else None


def _say_why_not(
    reader: Reader, item: Scalar, names: Names, uncertain: list[str], of_types: dict[str, str]
) -> None:
    """Note a name of what cannot be correlated."""
    name, kind = item.text, names.kinds.get(item.text)
    if name in of_types:
        message = f"`{name}` has the value that the type of `{of_types[name]}` gives it"
        reader.say(item, message, "Correlate parameters that the values of types read as formulas.")
    elif name in names.parameters or name in names.stocks:
        where = "in every future" if name in names.parameters else "at the start, or computed from others"
        message = f"`{name}` has no prior: it is the same {where}"
        reader.say(item, message, "Only what is drawn can be correlated. Give it a prior.")
    elif kind is not None or not names.incomplete:
        possible = f"Uncertain are: {some(name, uncertain)}." if uncertain else "Nothing here has a prior."
        message = f"`{name}` is {kind}" if kind else f"unknown parameter or stock `{name[:60]}`"
        reader.say(item, message, possible, did_you_mean(name, uncertain), missing="" if kind else name)


def _new_pairs(reader: Reader, key: Scalar, one: Correlation, given: dict[frozenset[str], Scalar]) -> bool:
    """Whether no two of its numbers are correlated elsewhere; noted if so."""
    for pair in map(frozenset, combinations(one.of, 2)):
        first = given.setdefault(pair, key)
        if first is not key:
            a, b = sorted(pair, key=one.of.index)
            message = f"`{a}` and `{b}` are correlated by `{first.text}` already"
            reader.say(key, message, "Two numbers have one correlation: take one out.")
            return False
    return True


def _hold_together(
    reader: Reader, found: list[Correlation], order: list[str], given: dict[frozenset[str], Scalar]
) -> None:
    """Note correlations that cannot hold together, with the nearest that can."""
    pairs = copula.pairs_of(found)
    for names in copula.joined(pairs, order):
        matrix = copula.matrix_of(names, pairs)
        if copula.can_be(matrix):
            continue
        near = copula.nearest(matrix)
        changed = [
            f"`{names[i]}` and `{names[j]}` {near[i, j]:.2f} (not {matrix[i, j]:g})"
            for i, j in combinations(range(len(names)), 2)
            if abs(near[i, j] - matrix[i, j]) >= 0.005
        ]
        at = next(key for pair, key in given.items() if pair <= set(names))
        reader.say(
            at,
            f"the correlations of {', '.join(f'`{n}`' for n in names)} cannot all hold: two that each "
            "go with a third go with one another",
            f"Pairs that are not named have 0. The nearest that can be: {'; '.join(changed)}.",
        )
