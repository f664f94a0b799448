"""A model that uses every key of the language, and for each key another value that it may have.

`CHANGES` has an entry for each key of each table of `offramp.language.keys`: (kind of thing, key) -> what to
change, as path -> value in place of that in `MODEL`; `LEFT_OUT` takes the key out.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from offramp.language import keys
from offramp.language.check import load
from offramp.model import Model

MODEL = """
model:
  name: every
  title: Every key
  summary: It says all that can be said.
  illustrative: true
  sources:
    book: {title: A book, date: "2019", url: "https://example.org/book", note: On ladders}
horizon: {start: 2020-01-01, step: month, steps: 5}
variables:
  tension:
    title: Tension
    unit: points
    initial: 40
    change: -0.1 / month * tension
    noise: 2
    bounds: [0, 46]
    saturates: true
    headline: true
    source: book 1
    guess: true
    reason: It simmers
  threat: {equals: tension / 50}
  strain: {equals: "lookup(curve, tension)"}
  secret: {unit: kg, initial: 20, change: 0.5 * weight / month}
  hazy: {initial: "normal(10, 0.5)", change: 0.5 / month}
parameters:
  resolve: {title: Resolve, value: "uniform(0.2, 0.8)", source: book 2, guess: true, reason: A hunch}
  weight: {unit: kg, value: "choice(3, 3.1)"}
  nerve: {value: 0.5}
  zeal: {value: 0.4}
  grit: {value: 0.5}
lookups:
  curve:
    title: Curve
    x: [0, 60]
    y: [0, 2]
    x_unit: points
    unit: index
    extrapolate: true
    source: book 13
    guess: true
    reason: As drawn
correlations:
  hardening:
    {title: Hardening, of: [resolve, hazy], correlation: 0.5, source: book 12, guess: true, reason: Both}
actors:
  blue:
    title: Blue
    depth: 2
    horizon: 2
    inner_horizon: 2
    precision: 0.3
    discount: 0.9
    source: book 3
    guess: true
    reason: As in the book
    utility: {calm: -grit * threat, ease: -0.1 * strain, store: 0.5 * hazy + 0.1 / kg * secret}
    true_type: firm
    types: {firm: {parameters: {grit: 0.9}}, weak: {parameters: {grit: 0.2}}}
    sees:
      tension: {bias: 4, noise: 3, delay: 1, source: book 4, guess: true, reason: Late cables}
      secret: {hidden: true, assumed: 5}
    misreads:
      resolve: {title: Bluff, value: 0.5 * resolve, source: book 5, guess: true, reason: It hopes}
    beliefs:
      red:
        prior: {hard: 0.8, soft: rest}
        learns: true
        confirmation_bias: 0.5
        fading: 0.1
        floor: 0.05
        source: book 6
        guess: true
        reason: It was so before
    actions:
      wait: {}
      press:
        title: Press
        when: tension > 5
        effects: {tension: 6 * resolve}
        cost: 0.4
        propensity: grit
        attributed: 0.6
        source: book 7
        guess: true
        reason: Twice a year
  red:
    depth: 2
    after: blue
    sees: {tension: {noise: 3, learns: {sd: 8, drift: 2, noise: 2}}}
    horizon: 2
    precision: 0.3
    utility: {pride: nerve * (1 + zeal) * threat, might: 0.1 * threat * hazy}
    beliefs: {blue: {prior: {firm: 0.4, weak: rest}}}
    true_type: {hard: 0.4, soft: rest}
    types:
      hard: {title: Hard, parameters: {nerve: 0.9}, source: book 8, guess: true, reason: It boasts}
      soft: {parameters: {nerve: 0.1}}
    actions: {wait: {propensity: 1 - nerve}, arm: {effects: {hazy: 3}}}
events:
  storm:
    title: Storm
    rate: 0.5 / month
    once: true
    effects: {tension: 4}
    source: book 9
    guess: true
    reason: Weather
  vote:
    title: Vote
    "on": 2020-03-10
    branches:
      won:
        {title: Won, probability: 0.5, effects: {tension: 3}, source: book 10, guess: true, reason: Even odds}
      lost: {probability: rest, effects: {hazy: {set: 1}}}
outcomes:
  war:
    title: War
    rate: 0.02 / month
    absorbing: true
    worth: {blue: -30, red: -5}
    aim: less
    aims: {red: none}
    source: book 11
    guess: true
    reason: Seldom
  scare: {when: tension > 38}
  mess: {rate: 0.01 / month * hazy}
  peace: {otherwise: true}
ladders:
  clash:
    title: Clash
    sides: [blue, red]
    rate: 0.6 / month
    first: 0.3
    moves: 4
    war: war
    war_worth: {blue: -50, red: -40}
    source: book 12
    guess: true
    reason: By analogy
    rungs:
      low:
        title: Low
        loses_control: 0.1
        harm: {blue: 1, red: 2}
        stakes: {blue: 8, red: 7}
        audience_cost: {blue: 1, red: 3}
        effects: {tension: 5}
        source: book 13
        guess: true
        reason: By eye
      top: {loses_control: 0.3, harm: {blue: 3, red: 4}}
policies:
  act:
    title: Act
    variant: true
    source: book 14
    guess: true
    reason: To compare
    do:
      - from: 2020-02-01
        until: 2020-04-01
        set: {weight: 4}
        shift: {tension: -5}
        nudge: {blue: {press: 1}}
      - {until: 2020-02-01, force: {red: arm}}
      - {from: 2020-03-01, until: 2020-04-01, forbid: {blue: wait}}
      - correct: {blue: [tension]}
        misread: {blue: {zeal: 0.2}}
        believe: {blue: {red: {hard: 0.1, soft: 0.9}}}
  both: {all of: [act]}
evidence:
  oil:
    title: Oil
    observes: tension
    data: seen.csv
    series: oil
    error: normal
    sd: 2
    share: 0.1
    lasting: 0.5
    lasts: 3
    from: 2020-02-01
    until: 2020-04-01
    source: book 15
    guess: true
    reason: By eye
  raids:
    {observes: storm, data: seen.csv, series: raids, error: poisson, listed: 0.8, stray: 0.2, window: 2}
claims:
  C1:
    title: It gets worse
    source: book 16
    reason: As written
    tests:
      - title: War by spring
        quantity: {chance: war, at: 2020-04-01}
        expect: higher
        by: 0.01
        compare: [{policy: act, title: With it}, {policy: baseline, quantity: {chance: scare}}]
        reason: A hundredth matters
      - quantity: {months_until: war, from: 2020-02-01}
        policy: act
        expect: above
        limit: 2 * month
        reason: Two months
      - {quantity: {variable: tension, until: 2020-04-01}, expect: within, limits: [10, 50], reason: A band}
      - quantity: {acts: {red: arm}, after: {blue: press}, within: 2}
        expect: below
        limit: 0.5
        reason: Half
      - {quantity: {event: vote, branch: won}, expect: above, limit: 0.4, reason: Even odds}
"""

DATA = """series,date,until,known,value,unit,source,note
oil,2020-02-10,,2020-03-01,41,points,book 15,
oil,2020-03-10,,2020-04-01,41,points,book 15,
raids,2020-02-01,2020-02-29,2020-03-15,1,,book 15,
"""
FILES = {
    "seen.csv": DATA,
    "other.csv": DATA,
    "more.csv": DATA.replace("oil,2020-03-10,,2020-04-01,41", "gas,2020-03-10,,2020-04-01,41"),
}

LEFT_OUT = "left out"


def _backing(of: str, path: str) -> dict[tuple[str, str], dict[str, Any]]:
    other = {"source": "book 99", "guess": False, "reason": "Another one"}
    return {(of, key): {f"{path}.{key}": value} for key, value in other.items()}


def _of(table: keys.KeyTable, path: str, backed: bool = True, **others: Any) -> dict[Any, dict[str, Any]]:
    """Changes of keys of one table that stand below one path."""
    changes = {(table.what, key): {f"{path}.{key}": value} for key, value in others.items()}
    return changes | (_backing(table.what, path) if backed else {})


_DO, _TESTS = "policies.act.do", "claims.C1.tests"

CHANGES: dict[tuple[str, str], dict[str, Any]] = {
    **_of(keys.MODEL, "model", False, name="other", title="Other", summary="No."),
    (keys.MODEL.what, "sources"): {"model.sources.paper": {"title": "A paper"}},
    **_of(
        keys.SOURCE, "model.sources.book", False, title="Other", date="2018", url="https://b.org", note="No",
    ),
    **_of(keys.HORIZON, "horizon", False, start="2019-12-01", steps=6, substeps=3),
    (keys.HORIZON.what, "step"): {
        "horizon.step": "week", "horizon.steps": 17, "actors.blue.horizon": 0.3, "actors.red.horizon": 0.3,
    },
    **_of(
        keys.VARIABLE, "variables.tension", title="Other", unit="index", initial=35, noise=3, bounds=[0, 42],
        change="-0.2 / month * tension", saturates=False, headline=False,
    ),
    (keys.VARIABLE.what, "equals"): {"variables.threat.equals": "tension / 20"},
    **_of(keys.PARAMETER, "parameters.resolve", title="Other", unit="index", value="uniform(0.1, 0.2)"),
    **_of(
        keys.LOOKUP, "lookups.curve", title="Other", x=[0, 50], y=[1, 2], unit="score",
    ),
    (keys.LOOKUP.what, "x_unit"): {"lookups.curve.x_unit": "index"},
    (keys.LOOKUP.what, "extrapolate"): {"lookups.curve.x": [0, 1], "lookups.curve.extrapolate": False},
    **_of(
        keys.CORRELATION, "correlations.hardening", title="Other", of=["weight", "hazy"], correlation=-0.5,
    ),
    **_of(
        keys.ACTOR, "actors.blue", title="Other", depth=3, horizon=1, inner_horizon=1, precision=2,
        discount=0.2, utility={"calm": "-threat", "store": "hazy"},
    ),
    (keys.ACTOR.what, "sees"): {"actors.red.sees": {"tension": {"bias": -20}}},
    (keys.ACTOR.what, "misreads"): {"actors.blue.misreads": LEFT_OUT},
    (keys.ACTOR.what, "types"): {"actors.red.types.bold": {"parameters": {"nerve": 0.7}}},
    (keys.ACTOR.what, "true_type"): {"actors.red.true_type": {"hard": 0.9, "soft": "rest"}},
    (keys.ACTOR.what, "beliefs"): {"actors.blue.beliefs": LEFT_OUT, f"{_DO}.3.believe": LEFT_OUT},
    (keys.ACTOR.what, "after"): {"actors.red.after": LEFT_OUT},
    (keys.ACTOR.what, "actions"): {"actors.red.actions.talk": {"effects": {"tension": -3}}},
    **_of(keys.SIGNAL, "actors.blue.sees.tension", bias=12, noise=8, delay=2),
    (keys.SIGNAL.what, "learns"): {"actors.red.sees.tension.learns": LEFT_OUT},
    **_of(keys.ESTIMATE, "actors.red.sees.tension.learns", False, sd=2, drift=9, noise=12),
    (keys.SIGNAL.what, "hidden"): {"actors.blue.sees.hazy": {"hidden": True}},
    (keys.SIGNAL.what, "assumed"): {"actors.blue.sees.secret.assumed": 50},
    **_of(keys.MISREADING, "actors.blue.misreads.resolve", title="Other", value="3 * resolve"),
    **_of(
        keys.BELIEF, "actors.blue.beliefs.red", prior={"hard": 0.2, "soft": "rest"}, confirmation_bias=0.9,
        fading=0.6, floor=0.3,
    ),
    (keys.BELIEF.what, "learns"): {
        "actors.blue.beliefs.red.learns": False,
        **{f"actors.blue.beliefs.red.{key}": LEFT_OUT for key in ("confirmation_bias", "fading", "floor")},
    },
    **_of(keys.TYPE, "actors.red.types.hard", title="Other", parameters={"nerve": 0.6}),
    **_of(
        keys.ACTION, "actors.blue.actions.press", title="Other", when="tension > 36", effects={"tension": 12},
        cost=3, propensity=1.5, attributed=0.1,
    ),
    **_of(keys.EVENT, "events.storm", title="Other", rate="0.9 / month", once=False, effects={"tension": 9}),
    (keys.EVENT.what, "on"): {"events.vote.on": "2020-02-10"},
    (keys.EVENT.what, "branches"): {"events.vote.branches.tie": {"probability": 0.1}},
    **_of(keys.BRANCH, "events.vote.branches.won", title="Other", probability=0.9, effects={"tension": 8}),
    **_of(
        keys.OUTCOME, "outcomes.war", title="Other", rate="0.2 / month", worth={"blue": 60, "red": 90},
        aim="none", aims={"red": "more"},
    ),
    (keys.OUTCOME.what, "absorbing"): {"outcomes.scare.absorbing": True},
    (keys.OUTCOME.what, "when"): {"outcomes.scare.when": "tension > 30"},
    (keys.OUTCOME.what, "otherwise"): {"outcomes.peace": {"when": "tension < 36"}},
    **_of(
        keys.LADDER, "ladders.clash", title="Other", sides=["red", "blue"], rate="1.5 / month", first=0.9,
        moves=2, war_worth={"blue": -1, "red": -1}, rungs={"top": {"loses_control": 0.3}},
    ),
    (keys.LADDER.what, "war"): {"ladders.clash.war": "blaze", "outcomes.blaze": {"absorbing": True}},
    **_of(
        keys.RUNG, "ladders.clash.rungs.low", title="Other", loses_control=0.6, harm={"blue": 9},
        stakes={"blue": 30}, audience_cost={"red": 30}, effects={"tension": 20},
    ),
    **_of(keys.POLICY, "policies.act", title="Other", variant=False, do=[{"set": {"weight": 9}}]),
    (keys.POLICY.what, "all of"): {"policies.both.all of": LEFT_OUT},
    **{
        (keys.INTERVENTION.what, key): {f"{_DO}.{i}.{key}": value}
        for i, key, value in (
            (0, "from", "2020-03-01"), (0, "until", "2020-05-01"), (0, "set", {"weight": 9}),
            (0, "shift", {"tension": -9}), (0, "nudge", {"blue": {"press": 3}}),
            (1, "force", {"red": "wait"}), (2, "forbid", {"blue": "press"}),
            (3, "correct", {"blue": ["resolve"]}), (3, "misread", {"blue": {"zeal": 9}}),
            (3, "believe", {"blue": {"red": {"hard": 0.9, "soft": 0.1}}}),
        )
    },
    **_of(
        keys.EVIDENCE, "evidence.oil", title="Other", observes="hazy", data="other.csv", sd=3, share=0.2,
        lasting=0.6, lasts=4, until="2020-05-01", **{"from": "2020-03-01"},
    ),
    (keys.EVIDENCE.what, "error"): {"evidence.oil.error": "lognormal", "evidence.oil.sd": LEFT_OUT},
    (keys.EVIDENCE.what, "series"): {"evidence.oil.data": "more.csv", "evidence.oil.series": "gas"},
    **{
        (keys.EVIDENCE.what, key): {f"evidence.raids.{key}": value}
        for key, value in (("listed", 0.7), ("stray", 0.3), ("window", 3))
    },
    (keys.EVIDENCE.what, "dispersion"): {
        "evidence.raids.error": "negative_binomial", "evidence.raids.dispersion": 0.4,
    },
    **_of(keys.CLAIM, "claims.C1", False, title="Other", source="book 99", reason="No"),
    (keys.CLAIM.what, "tests"): {f"{_TESTS}.4": LEFT_OUT},
    **{
        (keys.TEST.what, key): {f"{_TESTS}.{i}.{key}": value}
        for i, key, value in (
            (0, "title", "Other"), (0, "quantity", {"chance": "war", "at": "2020-05-01"}),
            (0, "expect", "lower"), (0, "by", 0.02), (0, "compare", ["act", "baseline"]), (0, "reason", "No"),
            (1, "policy", "both"),
            (1, "limit", "3 * month"), (2, "limits", [10, 60]),
        )
    },
    **_of(keys.SIDE, f"{_TESTS}.0.compare.0", False, policy="both", title="Other"),
    (keys.SIDE.what, "quantity"): {f"{_TESTS}.0.compare.1.quantity": {"chance": "peace"}},
    **{
        (keys.QUANTITY.what, key): {f"{_TESTS}.{i}.quantity.{key}": value}
        for i, key, value in (
            (0, "chance", "mess"), (0, "at", "2020-05-01"), (1, "months_until", "mess"),
            (1, "from", "2020-03-01"), (2, "variable", "hazy"), (2, "until", "2020-05-01"),
            (3, "acts", {"red": "wait"}), (3, "after", {"blue": "wait"}), (3, "within", 3),
            (4, "branch", "lost"),
        )
    },
    (keys.QUANTITY.what, "event"): {
        f"{_TESTS}.4.quantity.event": "storm", f"{_TESTS}.4.quantity.branch": LEFT_OUT,
    },
}  # fmt: skip


def model_in(folder: Path, changes: dict[str, Any]) -> Model:
    """The model with some values changed, as a file in a folder beside its data."""
    content = yaml.safe_load(MODEL)
    for path, value in changes.items():
        *above, last = (int(step) if step.isdigit() else step for step in path.split("."))
        at = content
        for step in above:
            at = at[step]
        if value == LEFT_OUT:
            del at[last]
        else:
            at[last] = value
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (folder / "every.yaml").write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True))
    return load(str(folder / "every.yaml"))
