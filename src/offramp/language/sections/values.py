"""`variables` and `parameters`."""

from __future__ import annotations

import math

from offramp.language import keys
from offramp.language.constants import fold
from offramp.language.fields import NO_FORMULA, Fields
from offramp.language.reader import Reader
from offramp.language.sections.names import Names
from offramp.language.sections.start import Priors, hold_against_bounds
from offramp.language.source import Sequence
from offramp.language.units import MONTH, UNKNOWN, Kind, Unit
from offramp.model import Distribution, Formula, Parameter, Variable

_NOT_COMPUTED = "a parameter cannot be computed from others (a variable with `equals` can)"


def read_variables(
    reader: Reader, file: Fields, names: Names, parameters: tuple[Parameter, ...]
) -> tuple[Variable, ...]:
    """The section `variables`; `parameters` tell where it starts."""
    priors = {p.name: p.value for p in parameters if p.value == p.value}  # those that could be read
    found = []
    for key, value in file.entries("variables"):
        fields = Fields.read(reader, key, value, keys.VARIABLE)
        if fields is not None:
            found.append(_variable(reader, fields, names, priors))
    return tuple(found)


def _variable(reader: Reader, fields: Fields, names: Names, priors: Priors) -> Variable:
    name, unit, scope = fields.key.text, names.units.get(fields.key.text, UNKNOWN), names.scope()
    is_auxiliary = fields.has("equals")
    _stock_or_auxiliary(reader, fields)
    given = fields.value("initial")
    initial: Formula | Distribution | None = None
    if given is not None:
        what = f"the initial value of `{name}`"
        initial = fields.prior_at(given, "initial", names.parameters_only(), unit, what)
    per_month = unit.times(MONTH, -1.0) if isinstance(unit, Unit) else UNKNOWN
    change = fields.formula("change", scope, per_month, f"the change of `{name}`")
    noise = fields.formula("noise", scope, unit, f"the noise of `{name}`")
    not_negative(fields, "noise", noise, "noise is a standard deviation: ")
    equals = fields.formula("equals", scope, unit, f"`{name}`")
    bounds = _bounds(reader, fields, names, unit)
    saturates = fields.flag("saturates")
    if bounds is not None and initial is not None and given is not None:
        hold_against_bounds(reader, given, name, initial, bounds, saturates, priors)
    if saturates and is_auxiliary:
        hint = "Write clip(..., low, high) around the formula."
        reader.say(fields.at("saturates"), f"`{name}` has `equals`, so it cannot saturate", hint)
    elif saturates and not fields.has("bounds"):
        hint = "Add `bounds: [low, high]`."
        reader.say(fields.at("saturates"), f"`{name}` saturates but has no `bounds`", hint)
    return Variable(
        name=name,
        title=fields.title(),
        unit=fields.unit_text(),
        initial=initial,
        change=change,
        equals=equals,
        noise=noise,
        bounds=bounds,
        saturates=saturates,
        headline=fields.flag("headline"),
        origin=fields.origin(),
    )


def _stock_or_auxiliary(reader: Reader, fields: Fields) -> None:
    name = fields.key.text
    if fields.has("equals"):
        for wrong in ("initial", "change", "noise"):
            if fields.has(wrong):
                reader.say(
                    fields.at(wrong),
                    f"`{name}` has `equals`, so it cannot have `{wrong}`",
                    "A variable either equals a formula at all times, or starts somewhere and changes.",
                )
    elif not fields.meant("initial") and not fields.meant("equals"):
        reader.say(
            fields.key,
            f"`{name}` has neither `initial` nor `equals`",
            "A stock has an `initial` value and perhaps a `change`; an auxiliary `equals` a formula.",
        )


def _bounds(reader: Reader, fields: Fields, names: Names, unit: Kind) -> tuple[float, float] | None:
    value = fields.value("bounds")
    if value is None:
        return None
    if not isinstance(value, Sequence) or len(value.items) != 2:
        reader.say(value, "`bounds` must be a pair: [lowest, highest]", "Both ends must be given.")
        return None
    scope = names.numbers_only("a bound is a number")
    low, high = (
        fields.number_at(item, "bounds", scope, unit, f"the {which} bound")
        for item, which in zip(value.items, ("lower", "upper"), strict=True)
    )
    if low is None or high is None:
        return None
    if low >= high:
        reader.say(value.items[0], f"the lower bound {low:g} is not below the upper bound {high:g}")
        return None
    return low, high


def not_negative(fields: Fields, name: str, formula: Formula | None, why: str = "") -> None:
    """Note a number that may not be below 0."""
    at = fields.value(name)
    value = fold(formula.node) if formula is not None else None
    if at is not None and value is not None and value < 0:
        fields.reader.say(at, f"{why}{value:g} is below 0")


def within(fields: Fields, name: str, formula: Formula | None, low: float, high: float | None) -> None:
    """Note a number outside its ends; `high` is None where there is no upper one."""
    at, value = fields.value(name), None if formula is None else fold(formula.node)
    if at is None or value is None:
        return
    if value < low or (high is not None and value > high):
        ends = f"between {low:g} and {high:g}" if high is not None else f"at least {low:g}"
        fields.reader.say(at, f"`{name}` is {value:g}; it must be {ends}")


def read_parameters(reader: Reader, file: Fields, names: Names) -> tuple[Parameter, ...]:
    """The section `parameters`; after a problem a parameter has the value NaN."""
    found = []
    for key, value in file.entries("parameters"):
        fields = Fields.read(reader, key, value, keys.PARAMETER)
        if fields is None:
            continue
        given = fields.value("value")
        result: float | Distribution | None = None
        if given is not None:
            what, unit = f"the value of `{key.text}`", names.units.get(key.text, UNKNOWN)
            read = fields.prior_at(given, "value", names.numbers_only(_NOT_COMPUTED), unit, what)
            if read is not NO_FORMULA:
                result = read if isinstance(read, Distribution) else fold(read.node)
        origin = fields.origin(always=True)
        known = math.nan if result is None else result
        found.append(Parameter(key.text, fields.title(), fields.unit_text(), known, origin))
    return tuple(found)
