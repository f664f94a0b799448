"""Charts of what policies change."""

from __future__ import annotations

from offramp.analysis.changes import Change
from offramp.charts.canvas import WIDE
from offramp.charts.differences import ChangeBar, differences
from offramp.charts.palette import SERIES, TYPES, Colour
from offramp.model import Model, Outcome
from offramp.questions.compare.ask import Comparison
from offramp.questions.compare.offramps import ordered
from offramp.questions.compare.scales import scales
from offramp.tell import changes, figures
from offramp.tell.blocks import Spec
from offramp.tell.changes import Digits
from offramp.tell.words import counted

MOST = 12  # outcomes drawn


def gap(title: str, change: Change, digits: Digits, colour: Colour = SERIES) -> ChangeBar:
    """A change of a chance as a row of a chart, in points of a hundred."""
    worlds = change.parameters
    wide = (100 * worlds.low, 100 * worlds.high) if worlds and worlds.distinguishable else None
    number = changes.points(change.difference, digits) + ("" if change.distinguishable else "*")
    difference, low, high = (
        100 * _or_zero(v) for v in (change.difference, change.low, change.high)
    )  # fmt: skip
    return ChangeBar(title, difference, low, high, number, wide, colour)


def chart(found: Comparison, model: Model, width: float = WIDE) -> Spec:
    """Changes of the chances that differ most, policy by policy, in points of a hundred.

    Parameters
    ----------
    model : of which it is, for titles
    width : of the whole chart, pixels
    """
    found = ordered(found, model)
    shown, digits = _outcomes_drawn(found, model), scales(found).outcomes
    against = changes.policy_title(model, found.against)
    each = figures.percent(found.each["chances"])
    note = (
        f"Changes against “{against}” by {figures.end_words(found.end)}; "
        f"{counted(found.runs, 'future')} under each policy. Bar: sampling interval, {each}. Thin line: "
        "nine worlds "
        "of ten over the uncertain numbers, where these matter beyond luck. Asterisk: not distinguishable "
        "from none."
    )
    if len(found.policies) == 1:
        (only,) = found.policies.values()
        rows = [gap(o.title or o.name, only.outcomes[o.name], digits[o.name]) for o in shown]
        return differences([("", rows)], width, note=f"{only.title}. {note}")
    groups = [
        (
            o.title or o.name,
            [
                gap(p.title, p.outcomes[o.name], digits[o.name], TYPES[i % len(TYPES)])
                for i, p in enumerate(found.policies.values())
            ],
        )
        for o in shown
    ]
    return differences(groups, width, note=note)


def largest_changes(found: Comparison, model: Model) -> dict[str, float]:
    """Outcome -> the largest change of its chance under any policy, either way."""
    return {
        o.name: max(
            (abs(_or_zero(p.outcomes[o.name].difference)) for p in found.policies.values()), default=0.0
        )
        for o in model.outcomes
    }


def _outcomes_drawn(found: Comparison, model: Model) -> list[Outcome]:
    """How futures end is what is asked first; then what moves most. In the order of the file."""
    size = largest_changes(found, model)
    ends = {o.name for o in model.outcomes if o.absorbing}
    differing = [n for n in size if any(p.outcomes[n].differing for p in found.policies.values())]
    kept = set(sorted(differing, key=lambda n: (n not in ends, -size[n]))[:MOST])
    return [o for o in model.outcomes if o.name in kept]


def _or_zero(value: float) -> float:
    return 0.0 if value != value else value
