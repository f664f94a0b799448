"""Effects of actions, events and branches on stocks."""

from __future__ import annotations

from typing import Literal

from offramp.formula import UNKNOWN, Scope
from offramp.model import Effect
from offramp.reader import Fields
from offramp.sections.names import Names
from offramp.source import Mapping, Scalar


def read_effects(fields: Fields, names: Names, scope: Scope) -> tuple[Effect, ...]:
    """The key `effects` of an action, event or branch."""
    reader = fields.reader
    found = []
    mapping = reader.mapping(fields.value("effects"), "effects", "names of stocks")
    for key, value in mapping.entries if mapping is not None else ():
        name = key.text
        if not is_stock(fields, key, names, "an effect can change"):
            continue
        how: Literal["add", "set"] = "add"
        what = f"what is added to `{name}`"
        if isinstance(value, Mapping):
            given = [k.text for k, _ in value.entries]
            if given not in (["add"], ["set"]):
                reader.say(
                    value.entries[0][0] if value.entries else key,
                    f"an effect is a formula, or {{add: formula}}, or {{set: formula}}, not {{{', '.join(given)[:40]}}}",
                    "A formula alone is added to the stock; `set` moves the stock to the value.",
                )
                continue
            if given == ["set"]:
                how, what = "set", f"what `{name}` is set to"
            value = value.entries[0][1]
        formula = fields.formula_at(value, name, scope, names.units.get(name, UNKNOWN), what)
        found.append(Effect(name, how, formula))
    return tuple(found)


def is_stock(fields: Fields, key: Scalar, names: Names, doing: str) -> bool:
    """Whether a key names a stock; notes what it names instead."""
    name, reader = key.text, fields.reader
    if name in names.stocks:
        return True
    if name in names.auxiliaries:
        reader.say(
            key,
            f"`{name}` is an auxiliary: it always equals its formula{names.line(name)}",
            f"Name a stock that it is made of. Stocks {doing}: {_some(names.stocks)}.",
        )
    elif name in names.parameters:
        reader.say(
            key,
            f"`{name}` is a parameter{names.line(name)}, and parameters do not change",
            "Make it a variable with `initial`, or name a stock.",
        )
    else:
        kind = names.kinds.get(name)
        reader.say(
            key,
            f"`{name[:60]}` is {kind}, not a stock" if kind else f"unknown variable `{name[:60]}`",
            f"Stocks {doing}: {_some(names.stocks)}." if names.stocks else "The model has no stocks.",
            reader.close(name, names.stocks),
        )
    return False


def _some(words: list[str]) -> str:
    return ", ".join(words[:12]) + (f" and {len(words) - 12} others" if len(words) > 12 else "")
