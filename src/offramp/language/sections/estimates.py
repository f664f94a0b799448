"""`learns` of a signal: how an actor estimates a stock from what it sees and does."""

from __future__ import annotations

from offramp.language import keys
from offramp.language.constants import fold
from offramp.language.fields import NO_FORMULA, Fields
from offramp.language.reader import Reader
from offramp.language.sections.names import Names
from offramp.language.sections.values import not_negative
from offramp.language.source import Scalar
from offramp.language.units import Kind
from offramp.model import Learning


def read_estimate(reader: Reader, signal: Fields, names: Names, unit: Kind) -> Learning | None:
    """The key `learns` of a signal; `unit` is that of the stock."""
    name, value = signal.key.text, signal.value("learns")
    if value is None:
        return None
    if isinstance(value, Scalar) and value.truth is not None:
        hint = "Write `learns: {sd: 10}`: how far off it may be at the start."
        if value.truth is False:
            hint = "Leave `learns` out."
        reader.say(value, f"`learns` of `{name}` says how, not whether", hint)
        return None
    fields = Fields.read(reader, signal.at("learns"), value, keys.ESTIMATE, f"the estimate of `{name}`")
    if fields is None:
        return None
    scope = names.parameters_only()
    what = {"sd": "the error at the start", "drift": "the drift", "noise": "the noise supposed"}
    found = {}
    for key, words in what.items():
        found[key] = fields.formula(key, scope, unit, f"{words} of the estimate of `{name}`")
        not_negative(fields, key, found[key], f"`{key}` is a standard deviation: ")
    signal.numbers = signal.numbers or fields.numbers
    sd = found["sd"]
    if sd is not None and sd is not NO_FORMULA:
        _has_use(reader, signal, fields, fold(sd.node))
    return Learning(sd or NO_FORMULA, found["drift"], found["noise"])


def _has_use(reader: Reader, signal: Fields, fields: Fields, sd: float | None) -> None:
    """Note an estimate from which nothing can be learned, or that needs none."""
    name, hidden = signal.key.text, signal.flag("hidden") if signal.has("hidden") else False
    if hidden and fields.has("noise"):
        hint = "Take it out: the estimate moves by what is known to be done alone. Or take `hidden` out."
        reader.say(fields.at("noise"), f"`{name}` is hidden, so there is no noise to suppose", hint)
    elif not hidden and not (signal.has("noise") or signal.has("delay") or fields.has("noise")):
        reader.say(
            signal.at("learns"),
            f"`{name}` is seen without noise or delay, so there is nothing to estimate",
            "Add its `noise`, or `learns: {noise: ...}` for what the actor takes it for.",
        )
    elif not hidden and sd == 0 and not fields.has("drift"):
        reader.say(
            fields.at("sd"),
            f"an `sd` of 0 without `drift` is certainty: what is seen of `{name}` would teach nothing",
            "Write how far off the estimate may be at the start, or a `drift`.",
        )
