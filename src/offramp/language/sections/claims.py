"""`claims`: what is said of the crisis, as experiments."""

from __future__ import annotations

import re
from dataclasses import dataclass

from offramp.given import did_you_mean
from offramp.language import keys, units
from offramp.language.fields import Fields
from offramp.language.reader import Reader, shape
from offramp.language.sections.names import Names
from offramp.language.sections.outcomes import is_actor
from offramp.language.source import Scalar, Sequence, Value
from offramp.language.units import UNKNOWN, Kind, Unit
from offramp.model import Claim, ClaimSide, Event, Expectation, Policy, Quantity, Test

_MOST = 200
_MOST_SIDES = 16
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
_KINDS = ("chance", "months_until", "variable", "acts", "event")
_OF_ONE = ("above", "below", "within")
_NONE = Quantity("chance")  # none is given
_WRONG = Quantity("chance")  # one is given, and a problem has been noted


@dataclass(frozen=True, slots=True)
class _Known:
    """What claims may name."""

    names: Names
    policies: tuple[str, ...]
    events: dict[str, Event]


def read_claims(
    reader: Reader, file: Fields, names: Names, policies: tuple[Policy, ...], events: tuple[Event, ...]
) -> tuple[Claim, ...]:
    """The section `claims`."""
    known = _Known(names, tuple(p.name for p in policies), {e.name: e for e in events})
    entries = tuple(file.entries("claims"))
    if len(entries) > _MOST:
        reader.say(file.at("claims"), f"{len(entries)} claims; {_MOST} is the most")
        raise reader.error()
    found = []
    for key, value in entries:
        if _NAME.fullmatch(key.text) is None:
            hint = "Letters, digits and `_`, such as C4 or pressure_backfires."
            reader.say(key, f"`{key.text[:60]}` cannot be the name of a claim", hint)
        fields = Fields.read(reader, key, value, keys.CLAIM)
        if fields is not None:
            tests = _tests(reader, fields, known)
            # The smallest effect of interest is a choice with a reason of its own, not a number of the world.
            fields.numbers = False
            if not reader.illustrative and not fields.has("source"):
                hint = "Add `source:` with a key of model.sources and the place in it: `source: account P4`."
                reader.say(key, f"nothing says who claims `{key.text[:60]}`", hint)
            found.append(Claim(key.text, fields.title(), tests, fields.origin()))
    return tuple(found)


def _tests(reader: Reader, claim: Fields, known: _Known) -> tuple[Test, ...]:
    value = claim.value("tests")
    if value is None:
        return ()
    if not isinstance(value, Sequence) or not value.items:
        what = "an empty list" if isinstance(value, Sequence) else shape(value)
        hint = "Begin each with `- `, as in `- compare: [press, hold]`."
        reader.say(value, f"`tests` must be a list of tests, not {what}", hint)
        return ()
    found = []
    for item in value.items:
        at = Scalar("tests", item.line, item.column, within=item.within)
        fields = Fields.read(reader, at, item, keys.TEST, "this test")
        if fields is not None:
            found.append(_test(reader, fields, known))
    return tuple(found)


def _test(reader: Reader, fields: Fields, known: _Known) -> Test:
    expect = fields.choice("expect")
    own = fields.value("quantity")
    shared = None if own is None else _quantity(reader, fields.at("quantity"), own, known)
    sides = _sides(reader, fields, known, shared)
    of_one = expect in _OF_ONE
    if fields.has("expect"):
        _fits(reader, fields, expect, of_one)
    kind = _unit_of(reader, fields, sides, known)
    least, limits = 0.0, (-float("inf"), float("inf"))
    if not of_one and fields.has("by"):
        least = _amount(reader, fields, fields.value("by"), "by", kind, known)
        at = fields.value("by")
        if least <= 0 and at is not None and reader.clean():
            hint = "It is a size, whichever direction `expect` names."
            reader.say(at, "the smallest difference of interest must be above 0", hint)
    if of_one and fields.has("limit"):
        limit = _amount(reader, fields, fields.value("limit"), "limit", kind, known)
        limits = (limit, float("inf")) if expect == "above" else (-float("inf"), limit)
    if expect == "within" and isinstance(both := fields.value("limits"), Sequence) and len(both.items) == 2:
        low, high = _pair(reader, fields, both, kind, known)
        if low >= high and reader.clean():
            reader.say(both.items[0], f"the lower limit {low:g} is not below the upper limit {high:g}")
        limits = (low, high)
    elif expect == "within" and fields.has("limits"):
        hint = f"Write `limits: [0{_factor(kind)}, 100{_factor(kind)}]`, or other ends."
        reader.say(fields.at("limits"), "`limits` must be a pair: [low, high]", hint)
    word: Expectation = expect  # type: ignore[assignment]
    return Test(sides, word, least, limits, fields.text("title"), fields.text("reason"), fields.key.line)


def _fits(reader: Reader, fields: Fields, expect: str, of_one: bool) -> None:
    """Note keys that do not go with what is expected, and those that are missing for it."""
    needed = next(k.name for k in keys.TEST.keys if expect in k.only_with)
    why = {
        "by": f"`{expect}` needs `by`: the smallest difference that would matter",
        "limit": f"`{expect}` needs `limit`: {expect} what",
        "limits": "`within` needs `limits`: [low, high]",
    }[needed]
    if not fields.meant(needed):
        reader.say(fields.at("expect"), why)
    for other in fields.useless_keys(expect):
        message = f"`{other}` has no use where `{expect}` is expected"
        reader.say(fields.at(other), message, f"Say `{needed}`.")
    if of_one and fields.has("compare"):
        reader.say(fields.at("compare"), f"`{expect}` is said of one policy", "Write `policy: NAME` instead.")
    if not of_one and not fields.meant("compare"):
        hint = "Write `compare: [one_policy, another]`."
        reader.say(fields.at("expect"), f"`{expect}` needs two policies to compare", hint)
    if not of_one and fields.has("policy"):
        reader.say(fields.at("policy"), f"`{expect}` compares policies", "Write `compare: [one, another]`.")


def _sides(reader: Reader, fields: Fields, known: _Known, shared: Quantity | None) -> tuple[ClaimSide, ...]:
    value = fields.value("compare")
    if value is None:
        name = fields.scalar("policy", "the name of a policy")
        if shared is None and not fields.meant("compare") and not fields.meant("quantity"):
            reader.say(fields.key, "this test has no `quantity`", "Say what is measured in each future.")
        policy = "baseline" if name is None else name.text
        if name is not None:
            _is_policy(reader, name, known)
        return (ClaimSide(policy, shared or _NONE),)
    if not isinstance(value, Sequence) or not 2 <= len(value.items) <= _MOST_SIDES:
        reader.say(value, f"`compare` must be a list of 2 to {_MOST_SIDES} policies")
        return ()
    sides = []
    for item in value.items:
        side = _side(reader, item, known, shared)
        if side is None:
            continue
        if side.quantity is _NONE and shared is None and not fields.meant("quantity"):
            reader.say(item, "this side has no quantity, and its test has none", "Say what is measured.")
        sides.append(side)
    return tuple(sides)


def _side(reader: Reader, item: Value, known: _Known, shared: Quantity | None) -> ClaimSide | None:
    if isinstance(item, Scalar):
        _is_policy(reader, item, known)
        return ClaimSide(item.text, shared or _NONE)
    at = Scalar("compare", item.line, item.column, within=item.within)
    inner = Fields.read(reader, at, item, keys.SIDE, "this side")
    if inner is None:
        return None
    name = inner.scalar("policy", "the name of a policy")
    if name is not None:
        _is_policy(reader, name, known)
    given = inner.value("quantity")
    quantity = shared if given is None else _quantity(reader, inner.at("quantity"), given, known)
    return ClaimSide("baseline" if name is None else name.text, quantity or _NONE, inner.text("title"))


def _quantity(reader: Reader, key: Scalar, value: Value, known: _Known) -> Quantity:
    fields = Fields.read(reader, key, value, keys.QUANTITY, "this quantity")
    measured = "" if fields is None else _key_of_quantity(reader, fields, key)
    if fields is None or not measured:
        return _WRONG
    kind = "answered" if measured == "acts" and fields.has("after") else measured
    _check_uses(reader, fields, measured, kind)
    _days(reader, fields, known)
    name, unit = _named(reader, fields, measured, known)
    acts = _acts(reader, fields, "acts", known.names)
    branch = fields.text("branch")
    if branch:
        _is_branch(reader, fields, name, branch, known)
    return Quantity(
        kind="months" if kind == "months_until" else kind,  # type: ignore[arg-type]
        name=name,
        branch=branch,
        acts=acts,
        after=_acts(reader, fields, "after", known.names),
        within=fields.integer("within", 1, 60, 1),
        at=fields.day("at"),
        start=fields.day("from"),
        until=fields.day("until"),
        unit=unit,
    )


def _key_of_quantity(reader: Reader, fields: Fields, key: Scalar) -> str:
    """The key that says what is measured; empty after a problem."""
    given = [k for k in _KINDS if fields.has(k)]
    if len(given) == 1:
        return given[0]
    if given or not any(fields.meant(k) for k in _KINDS):
        message = f"a quantity is one thing, not {' and '.join(f'`{k}`' for k in given)}"
        reader.say(
            fields.at(given[1]) if given else key,
            message if given else "this quantity says nothing to measure",
            f"It has one of: {', '.join(_KINDS)}.",
        )
    return ""


def _check_uses(reader: Reader, fields: Fields, measured: str, kind: str) -> None:
    """Note keys that what is measured has no use for."""
    uses = ", ".join(k.name for k in keys.QUANTITY.keys if kind in k.only_with)
    for other in fields.useless_keys(kind):
        hint = f"It may have: {uses}."
        if other == "within":
            hint = "`within` goes with `after`: the share of steps with one act that another follows."
        reader.say(fields.at(other), f"`{other}` has no use for `{measured}`", hint)
    if kind == "variable" and fields.has("at") and (fields.has("from") or fields.has("until")):
        reader.say(
            fields.at("at"), "a variable is read at one date (`at`) or over a window (`from`, `until`)"
        )


def _named(reader: Reader, fields: Fields, kind: str, known: _Known) -> tuple[str, str]:
    """What is measured by name, and its unit as text."""
    if kind == "acts":
        return "", ""
    names = known.names
    possible, what = {
        "chance": (names.outcomes, "outcome"),
        "months_until": (names.outcomes, "outcome"),
        "variable": (names.variables, "variable"),
        "event": (names.events, "event"),
    }[kind]
    value = fields.scalar(kind, f"the name of an {what}" if what[0] in "oe" else f"the name of a {what}")
    if value is None:
        return "", ""
    name = value.text.strip()
    if name not in possible and not names.incomplete:
        is_else = names.kinds.get(name)
        hint = f"`{name}` is {is_else}." if is_else else ""
        message = f"unknown {what} `{name[:60]}`"
        reader.say(value, message, hint, did_you_mean(name, possible), missing="" if is_else else name)
    unit = names.units.get(name, UNKNOWN) if kind == "variable" else units.PLAIN
    if kind == "months_until":
        unit = units.MONTH
    text = str(unit) if isinstance(unit, Unit) and not unit.is_plain else ""
    return name, text


def _acts(reader: Reader, fields: Fields, key: str, names: Names) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found = []
    for who, value in fields.entries(key, "actions for each actor"):
        if not is_actor(reader, who, names):
            continue
        possible = names.actions[who.text]
        actions = []
        for item in value.items if isinstance(value, Sequence) else (value,):
            if not isinstance(item, Scalar):
                message = f"an action of `{who.text}` stands here, not {shape(item)}"
                reader.say(item, message, "Write its name alone.")
            elif item.text not in possible:
                reader.say(
                    item,
                    f"`{who.text}` has no action `{item.text[:60]}`",
                    f"Its actions are: {', '.join(possible)}." if possible else "",
                    did_you_mean(item.text, possible),
                    missing=f"action {who.text} {item.text}",
                )
            else:
                actions.append(item.text)
        found.append((who.text, tuple(dict.fromkeys(actions))))
    if fields.has(key) and not found and reader.clean():
        reader.say(fields.at(key), f"`{key}` names no act", "Write `{actor: [action, another]}`.")
    return tuple(found)


def _days(reader: Reader, fields: Fields, known: _Known) -> None:
    calendar = known.names.calendar
    first, last = calendar.start, calendar.date_of(calendar.steps)
    for key in ("at", "from", "until"):
        day, at = fields.day(key), fields.value(key)
        if day is not None and at is not None and reader.dated and not first <= day <= last:
            runs = f"The model runs from {first} up to {last}."
            reader.say(at, f"`{key}` is {day}, outside the horizon", runs)
    start, end, at = fields.day("from"), fields.day("until"), fields.value("until")
    if start is not None and end is not None and at is not None and end <= start:
        reader.say(at, f"`until` ({end}) is not after `from` ({start})")


def _is_policy(reader: Reader, value: Scalar, known: _Known) -> None:
    if value.text not in known.policies:
        reader.say(
            value,
            f"unknown policy `{value.text[:60]}`",
            f"Policies are: {', '.join(known.policies)}.",
            did_you_mean(value.text, known.policies),
            missing=f"policy {value.text}",
        )


def _is_branch(reader: Reader, fields: Fields, name: str, branch: str, known: _Known) -> None:
    event = known.events.get(name)
    at = fields.value("branch")
    if event is None or at is None:
        return
    if event.on is None:
        hint = "Results hold how often a random event happens, not in which branch: measure what it moves."
        reader.say(at, f"`{name}` is a random event: its branches are not distinguished in results", hint)
    elif branch not in (possible := [b.name for b in event.branches]):
        hint = did_you_mean(branch, possible) or f"Its branches are: {', '.join(possible) or 'none'}."
        reader.say(at, f"`{name}` has no branch `{branch[:60]}`", hint)


def _unit_of(reader: Reader, fields: Fields, sides: tuple[ClaimSide, ...], known: _Known) -> Kind:
    """The unit of what is measured; notes sides of different units."""
    found = {s.quantity.unit for s in sides}
    if len(found) > 1:
        said = ", ".join(f"`{u}`" if u else "no unit" for u in sorted(found))
        reader.say(fields.at("compare"), f"the sides are measured in different units: {said}")
        return UNKNOWN
    text = next(iter(found), "")
    return units.parse(text) if text else units.PLAIN


def _amount(
    reader: Reader, fields: Fields, value: Value | None, key: str, unit: Kind, known: _Known
) -> float:
    """A number in the unit of the quantity; one with a unit is written with it."""
    if value is None:
        return 0.0
    scope = known.names.numbers_only("here stands a number")
    number = fields.number_at(value, key, scope, unit, f"`{key}`")
    if number is not None and isinstance(value, Scalar) and _lacks_unit(value, unit):
        hint = f"Write `{key}: {value.text.strip()}{_factor(unit)}`, so that readers see how much that is."
        reader.say(value, f"`{key}` has no unit; what is measured is in {unit}", hint)
    return 0.0 if number is None else number


def _pair(reader: Reader, fields: Fields, both: Sequence, unit: Kind, known: _Known) -> tuple[float, float]:
    """The two limits, in the unit of the quantity; both are written with it."""
    lacking = [i for i in both.items if isinstance(i, Scalar) and _lacks_unit(i, unit)]
    if len(lacking) == 2 and all(re.fullmatch(r"\s*-?[0-9.]+\s*", i.text) for i in lacking):
        ends = ", ".join(f"{i.text.strip()}{_factor(unit)}" for i in lacking)
        hint = f"Write `limits: [{ends}]`, so that readers see how much that is."
        reader.say(lacking[0], f"`limits` have no unit; what is measured is in {unit}", hint)
        return float(lacking[0].text), float(lacking[1].text)
    low, high = (_amount(reader, fields, item, "limits", unit, known) for item in both.items)
    return low, high


def _lacks_unit(value: Scalar, unit: Kind) -> bool:
    """Whether a number stands without a unit where one is measured."""
    has_unit = isinstance(unit, Unit) and not unit.is_plain
    return has_unit and not re.search("[a-zA-Z]", value.text)


def _factor(unit: Kind) -> str:
    return f" * {unit}" if isinstance(unit, Unit) and not unit.is_plain else ""
