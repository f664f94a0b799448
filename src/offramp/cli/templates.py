"""A crisis to start from, put together of what its author wants: actors by name, types, ladder, evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from offramp.dates import DAYS_PER_MONTH

PARTS = ("types", "ladder", "evidence")
START = date(2026, 1, 1)
# Step -> how many of them, days in one, and how many months an actor looks ahead.
_SPANS = {
    "day": (120, 1, 0.5),
    "week": (52, 7, 2),
    "month": (24, 30, 6),
    "quarter": (12, 91, 9),
    "year": (8, 365, 24),
}
STEPS = tuple(_SPANS)


@dataclass(frozen=True)
class Template:
    """What is wanted in a new crisis.

    Attributes
    ----------
    name : of the crisis
    actors : two or more
    step : one of `STEPS`
    parts : some of `PARTS`
    """

    name: str
    actors: tuple[str, ...] = ("north", "south")
    step: str = "month"
    parts: tuple[str, ...] = ()

    @property
    def table(self) -> str:
        """The name of the table of evidence."""
        return f"{self.name}-seen.csv"

    def text(self) -> str:
        """The model file."""
        sections = [_HEAD, self._horizon(), self._variables(), self._parameters(), self._actors(), _EVENTS]
        sections += [self._outcomes(), self._ladder(), self._policies(), self._claims(), self._evidence()]
        found = "\n".join(s for s in sections if s)
        for word, steps in (("<IN_1>", 1), ("<IN_3>", 3), ("<IN_5>", 5)):
            found = found.replace(word, str(START + timedelta(_SPANS[self.step][1] * steps + 1)))
        found = found.replace("<KNOWN>", str(self._day(3) + timedelta(3)))
        one, other = self.actors[:2]
        for word, value in (("NAME", self.name), ("TABLE", self.table), ("ONE", one), ("OTHER", other)):
            found = found.replace(f"<{word}>", value)
        return found

    def rows(self) -> str:
        """The table of evidence: made up, a few readings and incidents in the first steps."""
        lines = ["series,date,until,known,value,unit,source,note"]
        for k, value in enumerate((31, 36, 34, 41)):
            day = self._day(k)
            lines.append(f"tension,{day},,{day + timedelta(3)},{value},points,,a reading of the press")
        day = START + timedelta(2 * _SPANS[self.step][1])
        lines.append(f"incidents,{day},,{day + timedelta(1)},1,,,shots near the line")
        return "\n".join(lines) + "\n"

    def _day(self, k: int) -> date:
        """The day of a reading."""
        steps, days, _ = _SPANS[self.step]
        return START + timedelta(days * (1 + k * max(1, steps // 10)))

    # Sections

    def _horizon(self) -> str:
        return (
            f"# How long it runs: {_SPANS[self.step][0]} steps of a {self.step}. "
            "In each every side acts once.\n"
            f"horizon: {{start: {START}, step: {self.step}, steps: {_SPANS[self.step][0]}}}\n"
        )

    def _variables(self) -> str:
        return _VARIABLES.replace("<PER_STEP>", f"{_SPANS[self.step][1] / DAYS_PER_MONTH:.3g} months")

    def _parameters(self) -> str:
        lines = [_PARAMETERS]
        if "ladder" not in self.parts:
            lines.append(_WAR_RISK)
        for name in self.actors:
            about = f"How much {_title(name)} wants to prevail"
            value = "1" if name in self._typed() else '"uniform(0.6, 1.4)"'
            lines.append(f"  {name}_will: {{title: {about}, value: {value}}}")
        if "types" in self.parts:
            lines.append("  # The types of <ONE> give its will another value: see there.")
        return "\n".join(lines) + "\n"

    def _typed(self) -> Sequence[str]:
        return self.actors[:1] if "types" in self.parts else ()

    def _actors(self) -> str:
        return _ACTORS + "".join(self._actor(i, name) for i, name in enumerate(self.actors))

    def _actor(self, i: int, name: str) -> str:
        text = _ACTOR.replace("<A>", name).replace("<TITLE>", _title(name))
        text = text.replace("<MONTHS>", f"{_SPANS[self.step][2]}")
        if name in self._typed():
            text = text.replace("    actions:", _TYPES + "    actions:")
        elif self._typed():
            text = text.replace("    actions:", _BELIEFS + "    actions:")
        else:
            text = text.replace("    actions:", _MISREADS.replace("<B>", self.actors[i - 1]) + "    actions:")
        return text

    def _outcomes(self) -> str:
        worth = ", ".join(f"{name}: -80" for name in self.actors)
        peace = ", ".join(f"{name}: 20" for name in self.actors)
        rate = "" if "ladder" in self.parts else "    rate: war_risk * danger\n"
        return _OUTCOMES.replace("<RATE>", rate).replace("<WAR>", worth).replace("<PEACE>", peace)

    def _ladder(self) -> str:
        return _LADDER if "ladder" in self.parts else ""

    def _policies(self) -> str:
        return _POLICIES + (_PERSUADE if self._typed() else _SEE_TRUE)

    def _claims(self) -> str:
        return _CLAIMS

    def _evidence(self) -> str:
        return _EVIDENCE if "evidence" in self.parts else ""


def _title(name: str) -> str:
    return name.replace("_", " ").title() if len(name) > 3 else name.upper()


_HEAD = """\
# <NAME>: a crisis to start from; every number in it is invented. Change anything, then ask:
#   offramp check <NAME>.yaml      is it sound? (says where it is not)
#   offramp explain <NAME>.yaml    what is in it, on a page
#   offramp run <NAME>.yaml        how do 10,000 futures of it go?
#   offramp brief <NAME>.yaml      the same as a page to show to others

model:
  name: <NAME>
  title: A crisis of one's own
  summary: >
    Say here in a few sentences what the crisis is about: who wants what, what each side gets wrong, and
    how it may end.
  illustrative: true         # invented numbers. Delete this line, and every number must name its source
  # sources:                 # or say `guess: true` and the reason.
  #   report: {title: "Who wrote it, what it is called", date: 2025-06-01, url: "https://..."}
"""

_VARIABLES = """\
# What changes. A stock starts somewhere and moves by its `change` (per month) and by what is done (per act; a
# step here is <PER_STEP>). An auxiliary always `equals` a formula.
variables:
  tension:
    title: Tension
    unit: points                                # a scale of one's own, 0 to 100
    initial: normal(30, 5)                      # drawn anew in each future: mean, spread
    change: cooling * (20 - tension)
    noise: 4                                    # chance movement: standard deviation over a month
    bounds: [0, 100]
    saturates: true                             # held at 0 and 100; without this, leaving them is an error
    headline: true                              # among the first that reports show
  talks: {title: Talks are under way, unit: flag, initial: 0, change: -0.2 / month * talks, headline: true}
  danger: {title: Danger, equals: "max(0, tension - 40) / 60"}
"""

_PARAMETERS = """\
# What stays. A number, or what is known of it: uniform, normal, lognormal, triangular, beta, choice ...
parameters:
  cooling: {title: How fast tempers cool, unit: 1/month, value: "uniform(0.05, 0.2)"}"""

_WAR_RISK = """\
  war_risk: {title: Risk of war at the highest tension, unit: 1/month, value: "uniform(0.01, 0.06)"}"""

_ACTORS = """\
# Who decides. `depth: 1` looks ahead and weighs what it wants; `depth: 0`, or none, acts by habit.
actors:
"""

_ACTOR = """\
  <A>:
    title: <TITLE>
    depth: 1
    horizon: <MONTHS>                           # months that it looks ahead
    precision: 0.15                             # how sharply it tells better from worse; 0 would be a coin
    discount: 0.95                              # what counts a month later, against now
    utility:                                    # what it wants, in points per month; the lines are added up
      gains: 25 * <A>_will * (1 - danger)
      calm: -0.3 * tension
      talks: 6 * talks
    actions:
      wait: {title: Wait, propensity: log(5)}   # habit: five times as likely as an act with log(1)
      press: {title: Press, effects: {tension: 6}, propensity: log(1.5) + <A>_will - 1}
      reach_out:
        title: Reach out
        when: tension > 10                      # only then is it possible
        effects: {tension: -4, talks: {set: 1}}
        cost: 2                                 # points, once
"""

_MISREADS = """\
    misreads:                                   # what it takes to be other than it is
      <B>_will: {title: Takes the other for weaker, value: 0.7 * <B>_will}
"""

_TYPES = """\
    types:                                      # what it may be like; which it is, the others do not know
      firm: {title: Firm, parameters: {<ONE>_will: 1.6}}
      soft: {title: Soft, parameters: {<ONE>_will: 0.5}}
    true_type: {firm: 0.4, soft: rest}
"""

_BELIEFS = """\
    beliefs:                                    # and learns from what the other does
      <ONE>: {prior: {firm: 0.8, soft: rest}, confirmation_bias: 0.3}
"""

_EVENTS = """\
# What happens by date (`on`) or by chance (`rate`, so many per month).
events:
  incident: {title: Shots across the line, rate: 0.1 / month + 0.3 / month * danger, effects: {tension: 8}}
  vote:
    title: An election
    on: <IN_5>
    branches:
      hawks: {title: The hawks win, probability: 0.4, effects: {tension: 6}}
      doves: {title: The doves win, probability: rest, effects: {tension: -4}}
"""

_OUTCOMES = """\
# What we ask about. An absorbing outcome ends the future in which it comes; `worth` is what each side expects
# then, in points per month, to be held against its ordinary months. `aim` says what one would have of it.
outcomes:
  war:
    title: War
    aim: less
<RATE>    absorbing: true
    worth: {<WAR>}
  settlement:
    title: Settlement
    aim: more
    when: talks > 0.7 and tension < 15
    absorbing: true
    worth: {<PEACE>}
  crisis: {title: Acute crisis, when: tension > 70}
  standoff: {title: Neither war nor settlement, otherwise: true}
"""

_LADDER = """\
# An exchange of a few days within a step: two sides climb, match or stand down, and control may be lost.
ladders:
  clash:
    title: A clash at the line
    sides: [<ONE>, <OTHER>]
    rate: 0.05 / month + 0.3 / month * danger   # how often one opens
    moves: 6                                    # then it peters out
    war: war                                    # what it is when control is lost
    war_worth: {<ONE>: -60, <OTHER>: -60}       # points
    rungs:                                      # lowest first
      patrols: {title: Patrols, loses_control: 0.005, stakes: {<ONE>: 2, <OTHER>: 2}}
      shots:
        title: Shots
        loses_control: 0.03
        harm: {<ONE>: 1, <OTHER>: 1}
        stakes: {<ONE>: 5, <OTHER>: 5}
        audience_cost: {<ONE>: 2, <OTHER>: 2}
      strikes:
        title: Strikes
        loses_control: 0.2
        harm: {<ONE>: 5, <OTHER>: 5}
        stakes: {<ONE>: 12, <OTHER>: 12}
        audience_cost: {<ONE>: 4, <OTHER>: 4}
        effects: {tension: 20}                  # where this was the highest rung
"""

_POLICIES = """\
# What somebody might do about it: offramp compare <NAME>.yaml
policies:
  restraint:
    title: <ONE> is held back for a while
    do:
      - {until: <IN_3>, forbid: {<ONE>: [press]}}
  mediation:
    title: A third party brings them to talk
    do:
      - {from: <IN_1>, shift: {talks: 1, tension: -5}}
"""

_SEE_TRUE = """\
  candour:
    title: <ONE> sees the other as it is
    do:
      - {correct: {<ONE>: all}}
"""

_PERSUADE = """\
  candour:
    title: <OTHER> is told who <ONE> is
    do:
      - {correct: {<OTHER>: [<ONE>]}}
"""

_CLAIMS = """\
# What is said of it, as experiments, each with the smallest difference that would matter. To try them:
#   offramp claims <NAME>.yaml
claims:
  restraint_helps:
    title: Restraint of <ONE> makes an acute crisis less likely
    tests:
      - compare: [restraint, baseline]
        quantity: {chance: crisis}
        expect: lower
        by: 0.03
        reason: Three futures in a hundred; for less nobody would hold anybody back
"""

_EVIDENCE = """\
# What was seen of it, in <TABLE>: offramp calibrate <NAME>.yaml learns the uncertain numbers from it.
evidence:
  readings:
    title: Tension in the press
    observes: tension
    data: <TABLE>
    series: tension
    error: normal                               # off by so much, as often up as down
    sd: 8
  incidents:
    title: Incidents that were reported
    observes: incident
    data: <TABLE>
    series: incidents
    error: binomial                             # each is reported or not, nine in ten are
    listed: 0.9
    from: 2026-01-01                            # the table is whole from here
    until: <KNOWN>                           # to here
"""
