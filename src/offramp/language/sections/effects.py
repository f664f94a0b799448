"""Effects of actions, events and branches on stocks."""

from __future__ import annotations

from typing import Literal

from offramp.given import did_you_mean, most_alike_first
from offramp.language.fields import Fields
from offramp.language.sections.names import Names
from offramp.language.source import Mapping, Scalar
from offramp.language.units import UNKNOWN
from offramp.model import Effect

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
    """All of a short list, the likest of a long one."""
    if len(possible) <= 12:
        return ", ".join(possible)
    return f"{', '.join(most_alike_first(word, possible)[:8])} and {len(possible) - 8} others"
