"""`variables` and `parameters`: where they start, what moves them, in which order they are computed."""

from __future__ import annotations

import math
from typing import Literal

from offramp.distribution import likely, quantile, support
from offramp.given import did_you_mean, most_alike_first
from offramp.language import keys
from offramp.language.constants import fold
from offramp.language.fields import NO_FORMULA, Fields
from offramp.language.functions import Range
from offramp.language.ranges import Ranges
from offramp.language.reader import Reader
from offramp.language.sections.names import Names
from offramp.language.source import Mapping, Scalar, Sequence, Value
from offramp.language.units import MONTH, UNKNOWN, Kind, Unit
from offramp.model import Distribution, Effect, Formula, Parameter, Variable
from offramp.tree import Parameter as ParameterName
from offramp.tree import variables_in

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
        _hold_against_bounds(reader, given, name, initial, bounds, saturates, priors)
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


# Parameter -> its number or prior.
Priors = dict[str, float | Distribution]


def _hold_against_bounds(
    reader: Reader,
    at: Value,
    name: str,
    initial: Formula | Distribution,
    bounds: Range,
    saturates: bool,
    priors: Priors,
) -> None:
    """Note an initial value that lies outside the bounds of its stock.

    A number must lie within them, and so must every value of a prior that has ends. Of a prior without ends
    997 in 1,000 values must; for a stock that is held at its bounds, the middle is enough. A formula of
    parameters must be able to give a value within them, unless the stock is held at its bounds anyway.
    """
    if initial is NO_FORMULA:
        return
    low, high = bounds
    outside = f"outside its bounds [{low:g}, {high:g}]"
    if isinstance(initial, Formula):
        value: float | Distribution | None = fold(initial.node)
        if value is None and saturates:
            return
        if isinstance(initial.node, ParameterName):
            value = priors.get(initial.node.name)
        if value is None:
            reach = {n: _reach(v, saturates) for n, v in priors.items()}
            least, most = Ranges({}, (0.0, 0.0), 1.0, reach).of(initial.node)
            if least > high or most < low:
                hint = "Correct the formula, its parameters or the bounds."
                reader.say(at, f"`{name}` can only start from {least:.4g} to {most:.4g}, {outside}", hint)
            return
    else:
        value = initial
    least, most = _reach(value, saturates)
    if low <= least and most <= high:
        return
    if not isinstance(value, Distribution):
        reader.say(at, f"`{name}` starts at {value:g}, {outside}", "Correct the value or the bounds.")
        return
    hint = "Narrow the prior or widen the bounds."
    if value.kind == "normal":
        hint = f"Cut the prior off, normal(mean, sd, {low:g}, {high:g}), or widen the bounds."
    if least == most:
        reader.say(at, f"`{name}` starts around {least:g}, {outside}", hint)
    elif math.isinf(support(value)[1]):
        reader.say(at, f"`{name}` is likely to start from {least:.4g} to {most:.4g}, {outside}", hint)
    else:
        reader.say(at, f"`{name}` can start anywhere from {least:g} to {most:g}, {outside}", hint)


def _reach(value: float | Distribution, saturates: bool) -> Range:
    """Lowest and highest value that counts."""
    if not isinstance(value, Distribution):
        return value, value
    low, high = support(value)
    if math.isinf(low) or math.isinf(high):
        middle = float(quantile(value, 0.5))
        return (middle, middle) if saturates else likely(value)
    return low, high


_MAKE_IT_A_STOCK = "Make it a variable with `initial`, or name a stock."


def read_effects(fields: Fields, names: Names) -> tuple[Effect, ...]:
    """The key `effects` of an action, event or branch."""
    reader, found = fields.reader, []
    for key, value in fields.entries("effects", "names of stocks"):
        name = key.text
        if not is_stock(fields, key, names, "An effect can change", _MAKE_IT_A_STOCK):
            continue
        how: Literal["add", "set"] = "add"
        what = f"what is added to `{name}`"
        if isinstance(value, Mapping):
            given = [k.text for k, _ in value.entries]
            if given not in (["add"], ["set"]):
                reader.say(
                    value.entries[0][0] if value.entries else key,
                    "an effect has one key, `add` or `set`",
                    "A formula alone is added to the stock; `{set: formula}` moves the stock to its value.",
                )
                continue
            if given == ["set"]:
                how, what = "set", f"what `{name}` is set to"
            value = value.entries[0][1]
        formula = fields.formula_at(value, name, names.scope(), names.units.get(name, UNKNOWN), what)
        found.append(Effect(name, how, formula))
    return tuple(found)


def is_stock(fields: Fields, key: Scalar, names: Names, doing: str, of_parameters: str) -> bool:
    """Whether a key names a stock; if not, notes what it names instead.

    `doing` begins the list of stocks, `of_parameters` says what to do with a parameter.
    """
    name, reader = key.text, fields.reader
    if name in names.stocks:
        return True
    if name in names.auxiliaries:
        reader.say(
            key,
            f"`{name}` is an auxiliary: it always equals its formula{names.line(name)}",
            "Name a stock that it is made of.",
        )
    elif name in names.parameters:
        reader.say(
            key,
            f"`{name}` is a parameter{names.line(name)}, and parameters stay as they are",
            of_parameters,
        )
    elif not names.incomplete:
        kind = names.kinds.get(name)
        reader.say(
            key,
            f"`{name}` is {kind}, not a stock" if kind else f"unknown variable `{name[:60]}`",
            f"{doing}: {some(name, names.stocks)}." if names.stocks else "The model has no stocks.",
            did_you_mean(name, names.stocks),
            missing="" if kind else name,
        )
    return False


def some(word: str, possible: list[str]) -> str:
    """All of a short list, the most alike of a long one."""
    if len(possible) <= 12:
        return ", ".join(possible)
    return f"{', '.join(most_alike_first(word, possible)[:8])} and {len(possible) - 8} others"


def auxiliary_order(reader: Reader, file: Fields, variables: tuple[Variable, ...]) -> tuple[str, ...]:
    """Names of auxiliaries so that each reads only stocks and those before it.

    Stable: in the order of the file as far as that can be. Circles are noted; then the order is of no use.
    """
    formulas = {v.name: v.equals for v in variables if v.equals is not None}
    reads = {
        name: sorted(variables_in(formula.node) & formulas.keys(), key=list(formulas).index)
        for name, formula in formulas.items()
    }
    order: list[str] = []
    waiting = list(reads)
    while waiting:
        ready = next((n for n in waiting if all(r in order for r in reads[n])), None)
        if ready is None:
            circle = _circle(waiting, reads, order)
            at = next((k for k, _ in file.entries("variables") if k.text == circle[0]), file.key)
            chain = " -> ".join(f"`{name}`" for name in [*circle, circle[0]])
            reader.say(
                at,
                f"`{circle[0]}` depends on itself" + (f": {chain}" if len(circle) > 1 else ""),
                "What feeds back needs time: make one of them a stock, with `initial` and `change`.",
            )
            # Go on without what the circle holds up: there may be another circle.
            order.extend(circle)
            waiting = [n for n in waiting if n not in circle]
            continue
        waiting.remove(ready)
        order.append(ready)
    return tuple(order)


def _circle(waiting: list[str], reads: dict[str, list[str]], done: list[str]) -> list[str]:
    """A circle among auxiliaries that wait for one another, from its first in the file."""
    path = [waiting[0]]
    while True:
        follow = next(r for r in reads[path[-1]] if r not in done)
        if follow in path:
            circle = path[path.index(follow) :]
            first = min(range(len(circle)), key=lambda i: waiting.index(circle[i]))
            return circle[first:] + circle[:first]
        path.append(follow)
