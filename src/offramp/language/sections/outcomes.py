"""`outcomes`: what we ask about."""

from __future__ import annotations

from typing import cast

from offramp.given import did_you_mean
from offramp.language import keys
from offramp.language.fields import Fields
from offramp.language.reader import Reader
from offramp.language.sections.names import Names
from offramp.language.sections.values import not_negative
from offramp.language.source import Scalar
from offramp.language.units import PER_MONTH, PLAIN
from offramp.model import Aim, Formula, Outcome


def read_outcomes(reader: Reader, file: Fields, names: Names) -> tuple[Outcome, ...]:
    """The section `outcomes`."""
    found: list[Outcome] = []
    for key, value in file.entries("outcomes"):
        fields = Fields.read(reader, key, value, keys.OUTCOME)
        if fields is None:
            continue
        outcome = _outcome(reader, fields, names)
        first = next((o.name for o in found if o.otherwise), None)
        if outcome.otherwise and first is not None:
            hint = "Only one outcome can be what is left."
            reader.say(fields.at("otherwise"), f"`{first}` has `otherwise` already", hint)
        found.append(outcome)
    return tuple(found)


def _outcome(reader: Reader, fields: Fields, names: Names) -> Outcome:
    name, scope = fields.key.text, names.scope()
    given = [k for k in ("when", "rate", "otherwise") if fields.has(k)]
    brought = name in names.wars  # by a ladder; then it needs nothing else
    if len(given) > 1 or not (brought or any(fields.meant(k) for k in ("when", "rate", "otherwise"))):
        reader.say(
            fields.at(given[1]) if given else fields.key,
            f"`{name}` has both `{given[0]}` and `{given[1]}`"
            if given
            else f"`{name}` has none of `when`, `rate` and `otherwise`",
            "An outcome has one: a condition (`when`), a hazard per month (`rate`), or `otherwise: true`.",
        )
    absorbing, otherwise = fields.flag("absorbing"), fields.flag("otherwise")
    at = fields.value("otherwise")
    if isinstance(at, Scalar) and at.truth is False:
        reader.say(at, "`otherwise` can only be true", "Leave it out, and write `when` or `rate`.")
    if otherwise and absorbing:
        message = f"`{name}` holds where nothing has ended the run, so it cannot end it"
        reader.say(fields.at("absorbing"), message, "Take `absorbing` out.")
    rate = fields.formula("rate", scope, PER_MONTH, f"the rate of `{name}`")
    not_negative(fields, "rate", rate, "a rate of ")
    return Outcome(
        name=name,
        title=fields.title(),
        when=fields.condition("when", scope),
        rate=rate,
        otherwise=otherwise,
        absorbing=absorbing,
        worth=_worth(reader, fields, names, absorbing),
        aim=cast(Aim, fields.choice("aim")) if fields.has("aim") else None,
        aims=_aims(reader, fields, names),
        origin=fields.origin(),
    )


def _worth(reader: Reader, fields: Fields, names: Names, absorbing: bool) -> tuple[tuple[str, Formula], ...]:
    if fields.has("worth") and not absorbing:
        reader.say(
            fields.at("worth"),
            f"`worth` has no use for {fields.label}, which does not end the run",
            "Add `absorbing: true`, or put its worth into the utility of the actors.",
        )
    found = []
    for key, value in fields.entries("worth", "names of actors"):
        if is_actor(reader, key, names):
            what = f"the worth for `{key.text}`"
            # Points per month, as in utility.
            formula = fields.formula_at(value, key.text, names.scope(), PLAIN, what, also=PER_MONTH)
            found.append((key.text, formula))
    return tuple(found)


def _aims(reader: Reader, fields: Fields, names: Names) -> tuple[tuple[str, Aim], ...]:
    return tuple(
        (key.text, cast(Aim, fields.word_at(value, "aims", key.text)))
        for key, value in fields.entries("aims", "names of actors")
        if is_actor(reader, key, names)
    )


def is_actor(reader: Reader, key: Scalar, names: Names) -> bool:
    """Whether a key names an actor; notes it if not."""
    if key.text in names.actors:
        return True
    reader.say(
        key,
        f"unknown actor `{key.text[:60]}`",
        f"Actors are: {', '.join(names.actors)}." if names.actors else "The model has no actors.",
        did_you_mean(key.text, names.actors),
        missing=f"actor {key.text}",
    )
    return False
