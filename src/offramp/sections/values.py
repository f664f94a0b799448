"""`variables` and `parameters`."""

from __future__ import annotations

from offramp import keys
from offramp.formula import UNKNOWN, Kind, Known, fold
from offramp.model import Distribution, Formula, Parameter, Variable
from offramp.priors import likely, support
from offramp.reader import Fields, Reader
from offramp.sections.names import Names
from offramp.source import Mapping, Sequence, Value
from offramp.tree import parameters_in, variables_in
from offramp.units import MONTH, Unit

MAX_VARIABLES = 200
PARAMETERS_ONLY = "here a formula may read parameters only"


def read_units(reader: Reader, root: Mapping, names: Names) -> None:
    """Units of all variables and parameters, before any formula is read."""
    for section, what in (("variables", "variable"), ("parameters", "parameter")):
        table = keys.FILE[section].of
        value = root.get(section)
        if table is None or not isinstance(value, Mapping):
            continue
        for key, inner in value.entries:
            if key.text in names.known:
                continue
            unit: Kind = UNKNOWN
            if isinstance(inner, Mapping):
                _, unit = Fields(reader, key, inner, table, f"`{key.text}`").unit()
            names.units[key.text] = unit
            names.known[key.text] = Known("variable" if what == "variable" else "parameter", unit, key.line)


def read_variables(reader: Reader, file: Fields, names: Names) -> tuple[Variable, ...]:
    found = []
    for key, value in reader.entries(file, "variables"):
        fields = reader.fields(key, value, keys.VARIABLE)
        if fields is not None:
            found.append(_variable(reader, fields, names))
    if len(found) > MAX_VARIABLES:
        reader.say(file.at("variables"), f"{len(found)} variables; {MAX_VARIABLES} is the most")
    return tuple(found)


def _variable(reader: Reader, fields: Fields, names: Names) -> Variable:
    name, unit = fields.key.text, names.units.get(fields.key.text, UNKNOWN)
    is_auxiliary = fields.has("equals")
    scope = names.scope()
    if is_auxiliary:
        for wrong in ("initial", "change", "noise"):
            if fields.has(wrong):
                reader.say(
                    fields.at(wrong),
                    f"`{name}` has `equals`, so it cannot have `{wrong}`",
                    "A variable either always equals a formula or has a start and a change of its own.",
                )
    elif not fields.has("initial"):
        reader.say(
            fields.key,
            f"`{name}` has neither `initial` nor `equals`",
            "A stock has an `initial` value (and a `change`); an auxiliary `equals` a formula.",
        )
    initial: Formula | Distribution | None = None
    given = fields.value("initial")
    if given is not None and not is_auxiliary:
        initial = fields.prior_at(
            given,
            "initial",
            names.scope(PARAMETERS_ONLY, timeless=True),
            unit,
            f"the initial value of `{name}`",
        )
    per_month = unit.times(MONTH, -1.0) if isinstance(unit, Unit) else UNKNOWN
    change = (
        fields.formula("change", scope, per_month, f"the change of `{name}`") if not is_auxiliary else None
    )
    noise = fields.formula("noise", scope, unit, f"the noise of `{name}`") if not is_auxiliary else None
    equals = fields.formula("equals", scope, unit, f"`{name}`")
    bounds = _bounds(reader, fields, unit)
    if bounds is not None and initial is not None and given is not None:
        _hold_against_bounds(reader, given, name, initial, bounds, fields.flag("saturates"))
    if fields.has("saturates") and not fields.has("bounds"):
        reader.say(
            fields.at("saturates"), f"`{name}` saturates but has no `bounds`", "Add `bounds: [low, high]`."
        )
    if is_auxiliary and fields.has("saturates"):
        reader.say(
            fields.at("saturates"),
            f"`{name}` has `equals`, so it cannot saturate",
            "Write clip(..., low, high) around the formula.",
        )
    return Variable(
        name=name,
        title=title_of(fields),
        unit=fields.unit_text(),
        initial=initial,
        change=change,
        equals=equals,
        noise=noise,
        bounds=bounds,
        saturates=fields.flag("saturates"),
        headline=fields.flag("headline"),
        origin=fields.origin(),
    )


def _bounds(reader: Reader, fields: Fields, unit: Kind) -> tuple[float, float] | None:
    value = fields.value("bounds")
    if value is None:
        return None
    if not isinstance(value, Sequence) or len(value.items) != 2:
        reader.say(value, "`bounds` must be a pair: [lowest, highest]")
        return None
    low, high = (
        fields.number_at(v, "bounds", unit, f"the {which} bound")
        for v, which in zip(value.items, ("lower", "upper"), strict=True)
    )
    if low is None or high is None:
        return None
    if low >= high:
        reader.say(value.items[0], f"the lower bound {low:g} is not below the upper bound {high:g}")
        return None
    return low, high


def _hold_against_bounds(
    reader: Reader,
    at: Value,
    name: str,
    initial: Formula | Distribution,
    bounds: tuple[float, float],
    saturates: bool,
) -> None:
    """The initial value must lie within the bounds."""
    low, high = bounds
    shown = f"[{low:g}, {high:g}]"
    if isinstance(initial, Formula):
        value = fold(initial.node)
        if value is not None and initial.text and not low <= value <= high:
            reader.say(at, f"`{name}` starts at {value:g}, outside its bounds {shown}")
        return
    least, most = likely(initial)
    # A prior without ends may pass the bounds of a stock that is held at them, but not lie beyond them.
    if saturates and initial.kind in ("normal", "lognormal") and len(initial.args) == 2:
        least = most = initial.args[0]
    if least < low or most > high:
        ends = (
            support(initial)
            if initial.kind not in ("normal", "lognormal") or len(initial.args) == 4
            else None
        )
        reach = (
            f"can be {ends[0]:g} to {ends[1]:g}"
            if ends
            else f"is likely anywhere from {least:.4g} to {most:.4g}"
        )
        hint = (
            f"Cut the prior off: normal(mean, sd, {low:g}, {high:g}); or widen the bounds."
            if initial.kind == "normal"
            else "Narrow the prior or widen the bounds."
        )
        reader.say(at, f"the initial value of `{name}` {reach}, outside its bounds {shown}", hint)


def read_parameters(reader: Reader, file: Fields, names: Names) -> tuple[Parameter, ...]:
    found = []
    for key, value in reader.entries(file, "parameters"):
        fields = reader.fields(key, value, keys.PARAMETER)
        if fields is None:
            continue
        unit = names.units.get(key.text, UNKNOWN)
        given = fields.value("value")
        result: float | Distribution = 0.0
        if given is not None:
            numbers_only = names.scope(_A_PARAMETER, timeless=True, constant=True)
            read = fields.prior_at(given, "value", numbers_only, unit, f"the value of `{key.text}`")
            if isinstance(read, Distribution):
                result = read
            else:
                folded = fold(read.node)
                if folded is not None:
                    result = folded
                elif read.text and not parameters_in(read.node) and not variables_in(read.node):
                    reader.say(given, f"the value of `{key.text}` is not a finite number")
        found.append(
            Parameter(key.text, title_of(fields), fields.unit_text(), result, fields.origin(always=True))
        )
    return tuple(found)


_A_PARAMETER = "a parameter is a number or a prior; what is computed is an auxiliary variable (`equals`)"


def title_of(fields: Fields) -> str:
    """The title, or the name in words."""
    return fields.text("title") or fields.key.text.replace("_", " ").capitalize()
