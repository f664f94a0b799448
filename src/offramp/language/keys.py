"""The keys of a model file: one table per kind of mapping.

The checker reads them to say what is unknown, missing or of the wrong shape; `schema.py` turns them into
JSON Schema. A key that is not here does not exist.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from offramp.dates import STEPS

AIMS = ("more", "less", "none")

Shape = Literal[
    "text",  # a line or paragraph
    "date",
    "flag",  # true or false
    "integer",
    "number",  # a number, or arithmetic of numbers
    "formula",  # a formula that gives a number
    "condition",  # a formula that is true or false
    "prior",  # a number or a prior
    "initial",  # a number, a prior or a formula of parameters
    "unit",
    "probability",  # a formula, or `rest`
    "bounds",  # [low, high]
    "points",  # a list of numbers
    "source",  # text or a list of texts
    "choice",  # one of a few words
    "effects",  # variable -> formula, {add: formula} or {set: formula}
    "formulas",  # name -> formula
    "numbers",  # name -> number
    "moves",  # actor -> action
    "move_lists",  # actor -> actions
    "words",  # actor -> one of a few words
    "name_lists",  # actor -> names, or `all`
    "numbers_of",  # actor -> name -> number
    "beliefs",  # actor -> actor -> chances of types
    "names",  # a list of names
    "one_or_more",  # a name, or a list of names
    "table",  # one mapping with keys of its own
    "named",  # name -> mapping with keys of its own
    "signals",  # variable -> `hidden`, or a mapping
    "readings",  # parameter -> number, prior or formula, or a mapping
    "overlays",  # parameter -> number, prior or formula
    "chances",  # the name of a type, or type -> formula or `rest`
    "list",  # a list of mappings
    "pair",  # [actor, actor]
    "files",  # a list of files in the same folder
    "removals",  # names to take out, as a tree
    "sides",  # a list of names or of mappings with keys of their own
]


@dataclass(frozen=True, slots=True)
class Reads:
    """How the formula under a key is read, where that says all that the checker need know of it.

    Attributes
    ----------
    what : in messages; `{name}` stands for the name of what has the key
    unit : that it must have; empty for none
    parameters_only : whether it may read parameters only, as what is read once does
    least, most : its ends, for a formula that is a number
    """

    what: str
    unit: str = ""
    parameters_only: bool = False
    least: float = -math.inf
    most: float = math.inf


@dataclass(frozen=True, slots=True)
class Key:
    """One key, with what it is for; `schema.py` and messages show `about`.

    `only_with` : the cases in which it has a use, where there are others; which case it is, another key says.
    `needs` : the key without which it has none.
    `reads` : how its formula is read; the field of the model that holds it has the name of the key.
    """

    name: str
    shape: Shape
    about: str
    required: bool = False
    of: KeyTable | None = None  # the keys below, for tables and their collections
    choices: tuple[str, ...] = ()
    only_with: tuple[str, ...] = ()
    needs: str = ""
    reads: Reads | None = None


@dataclass(frozen=True, slots=True)
class KeyTable:
    """The keys of one kind of mapping.

    `what` names the kind in messages, with its article; `short` is the key that a lone value is likely for;
    `apart` is set for the kinds of another file than a model's, where the model's keys have no home.
    """

    what: str
    keys: tuple[Key, ...]
    short: str = ""
    apart: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(k.name for k in self.keys)


_TITLE = Key("title", "text", "What readers see instead of the name.")
_BACKING = (
    Key(
        "source",
        "source",
        "What its numbers rest on, as a key of model.sources and a place in it, or a list of such.",
    ),
    Key("guess", "flag", "true where nothing backs the number but judgement; then say the reason."),
    Key("reason", "text", "Why this value and not another."),
)

SOURCE = KeyTable(
    "a source",
    (
        Key("title", "text", "Author and title.", required=True),
        Key("date", "text", "When it was published, as far as known: 2020, 2020-06 or 2020-06-01."),
        Key("url", "text", "Where it can be read."),
        Key("note", "text", "What it is used for, how far it can be trusted."),
    ),
    short="title",
)
MODEL = KeyTable(
    "`model`",
    (
        Key("name", "text", "A short name of small letters, digits, `-` and `_`.", required=True),
        Key("title", "text", "Title of the crisis."),
        Key("summary", "text", "What the crisis is, in a few sentences; the brief begins with it."),
        Key("illustrative", "flag", "true for teaching and test models: no number needs a source."),
        Key("sources", "named", "What the model rests on.", of=SOURCE),
    ),
)
HORIZON = KeyTable(
    "`horizon`",
    (
        Key("start", "date", "First day, year-month-day.", required=True),
        Key("step", "choice", "Length of a step.", required=True, choices=STEPS),
        Key("steps", "integer", "Number of steps, 1 to 4000.", required=True),
        Key("substeps", "integer", "Parts of a step in which stocks change of themselves; left out: 1."),
    ),
)
VARIABLE = KeyTable(
    "a variable",
    (
        _TITLE,
        Key("unit", "unit", "Unit of its value, such as kg or barrel/day; left out for plain numbers."),
        Key(
            "initial",
            "initial",
            "Value at the start (a number, a prior or a formula of parameters); makes it a stock.",
        ),
        Key("change", "formula", "What it gains per month (a stock that only effects move has none)."),
        Key("equals", "formula", "A formula it always equals; makes it an auxiliary."),
        Key("noise", "formula", "Standard deviation of chance movement over a month."),
        Key("bounds", "bounds", "[lowest, highest] value that makes sense."),
        Key("saturates", "flag", "true: held at its bounds; otherwise leaving them fails the run."),
        Key("headline", "flag", "true: among the first that reports show."),
        *_BACKING,
    ),
    short="initial",
)
PARAMETER = KeyTable(
    "a parameter",
    (
        _TITLE,
        Key("unit", "unit", "Unit of its value; left out for plain numbers."),
        Key("value", "prior", "A number, or a prior such as normal(40, 5).", required=True),
        *_BACKING,
    ),
    short="value",
)
LOOKUP = KeyTable(
    "a lookup table",
    (
        _TITLE,
        Key("x", "points", "Where its points lie, rising: 2 to 100 numbers.", required=True),
        Key("y", "points", "Its value at each of them.", required=True),
        Key("unit", "unit", "Unit of its values; left out for plain numbers."),
        Key("x_unit", "unit", "Unit of what it is looked up at; left out for plain numbers."),
        Key("extrapolate", "flag", "true: goes on beyond its ends as at them; otherwise flat."),
        *_BACKING,
    ),
)
CORRELATION = KeyTable(
    "a correlation",
    (
        _TITLE,
        Key("of", "names", "Uncertain parameters, or stocks for their value at the start.", required=True),
        Key(
            "correlation",
            "number",
            "Between -1 and 1: of the normal scores of each two of them (nearly their rank correlation).",
            required=True,
        ),
        *_BACKING,
    ),
)
ESTIMATE = KeyTable(
    "an estimate",
    (
        Key("sd", "formula", "Standard deviation of the estimate at the start.", required=True),
        Key(
            "drift",
            "formula",
            "Standard deviation by which it takes the stock to stray over a month; left out: 0.",
        ),
        Key("noise", "formula", "What it takes the noise of what it sees for; left out: as it is."),
    ),
    short="sd",
)
SIGNAL = KeyTable(
    "a signal",
    (
        Key("hidden", "flag", "true: not seen at all."),
        Key(
            "assumed",
            "formula",
            "What is supposed of a hidden stock, or where an estimate begins; left out: its initial value.",
        ),
        Key("bias", "formula", "Added to what is seen."),
        Key("noise", "formula", "Standard deviation of the error of what is seen."),
        Key("delay", "integer", "Steps by which it is seen late."),
        Key("learns", "table", "How it estimates the stock from what it sees and does.", of=ESTIMATE),
        *_BACKING,
    ),
)
MISREADING = KeyTable(
    "a misreading",
    (
        _TITLE,
        Key(
            "value",
            "initial",
            "What the actor takes it for, as a number, a prior or a formula of parameters.",
            required=True,
        ),
        *_BACKING,
    ),
    short="value",
)
ACTION = KeyTable(
    "an action",
    (
        _TITLE,
        Key("when", "condition", "When it is available; left out: always."),
        Key("effects", "effects", "What it does to stocks."),
        Key("cost", "formula", "Points, paid once when it is chosen.", reads=Reads("the cost of `{name}`")),
        Key(
            "propensity",
            "formula",
            "Log-weight of habit; left out: 0.",
            reads=Reads("the propensity of `{name}`"),
        ),
        Key(
            "attributed",
            "formula",
            "How surely others know who did it, 0 to 1; left out: 1.",
            reads=Reads("how far `{name}` is attributed", least=0.0, most=1.0),
        ),
        *_BACKING,
    ),
    short="title",
)
TYPE = KeyTable(
    "a type",
    (
        _TITLE,
        Key("parameters", "overlays", "The values that parameters have in it.", required=True),
        *_BACKING,
    ),
)
BELIEF = KeyTable(
    "a belief",
    (
        Key("prior", "chances", "Chances of the types at the start, or the one type.", required=True),
        Key("learns", "flag", "false: never changes; left out: learns from what the other does."),
        Key(
            "confirmation_bias",
            "formula",
            "How far it ignores what speaks against the likeliest type, 0 to 1.",
            reads=Reads("the confirmation bias", parameters_only=True, least=0.0, most=1.0),
        ),
        Key(
            "fading",
            "formula",
            "Share by which it falls back to the prior per month, 0 to 1.",
            reads=Reads("the fading", parameters_only=True, least=0.0, most=1.0),
        ),
        Key("floor", "formula", "Least chance of any type."),
        *_BACKING,
    ),
    short="prior",
)
ACTOR = KeyTable(
    "an actor",
    (
        _TITLE,
        Key(
            "depth",
            "formula",
            "0: acts by habit; 1: looks ahead against others' habits; 2, 3: supposes others look ahead.",
        ),
        Key("horizon", "formula", "Months looked ahead (depth 1 to 3).", needs="depth"),
        Key(
            "inner_horizon",
            "formula",
            "Months that it supposes others to look ahead (depth 2, 3); left out: half its horizon.",
            needs="depth",
        ),
        Key(
            "precision",
            "formula",
            "How sharply it picks the better action, 1/points (depth 1 to 3).",
            needs="depth",
            reads=Reads("the precision", parameters_only=True, least=0.0),
        ),
        Key(
            "discount",
            "formula",
            "Weight of a month later against now, 0 to 1 (depth 1 to 3).",
            needs="depth",
            reads=Reads("the discount", parameters_only=True, least=0.0, most=1.0),
        ),
        Key(
            "utility",
            "formulas",
            "What it wants, as named terms in points per month (depth 1 to 3).",
            needs="depth",
        ),
        Key("sees", "signals", "Stocks that it does not see as they are.", of=SIGNAL),
        Key("misreads", "readings", "Parameters that it takes to be other than they are.", of=MISREADING),
        Key("types", "named", "What it might be like, as values of parameters.", of=TYPE),
        Key("true_type", "chances", "The type that it is, or chances of its types."),
        Key("beliefs", "named", "What it believes of the types of other actors.", of=BELIEF, needs="depth"),
        Key("after", "one_or_more", "Actors whose move in a step it sees before it moves itself."),
        Key("actions", "named", "What it can do.", required=True, of=ACTION),
        *_BACKING,
    ),
)
BRANCH = KeyTable(
    "a branch",
    (
        _TITLE,
        Key(
            "probability",
            "probability",
            "Chance of this branch, 0 to 1; one branch may say `rest`.",
            required=True,
        ),
        Key("effects", "effects", "What it does to stocks."),
        *_BACKING,
    ),
    short="probability",
)
EVENT = KeyTable(
    "an event",
    (
        _TITLE,
        Key("on", "date", "Day of a dated event."),
        Key("rate", "formula", "Mean number per month of a random event."),
        Key("once", "flag", "true: a random event that happens at most once in a step.", needs="rate"),
        Key("effects", "effects", "What it does to stocks."),
        Key("branches", "named", "The ways it can turn out, one of which happens.", of=BRANCH),
        *_BACKING,
    ),
    short="rate",
)
OUTCOME = KeyTable(
    "an outcome",
    (
        _TITLE,
        Key("when", "condition", "The condition that becomes true."),
        Key("rate", "formula", "Chance per month that it happens, as a hazard."),
        Key("otherwise", "flag", "true: it holds where no absorbing outcome has come."),
        Key("absorbing", "flag", "true: the run ends with it."),
        Key("worth", "formulas", "Actor -> points per month that it expects once the run has ended so."),
        Key(
            "aim",
            "choice",
            "What is wanted of it: `more`, `less` or `none`. No run depends on it.",
            choices=AIMS,
        ),
        Key("aims", "words", "Actor -> what it wants of it, where that is not `aim`.", choices=AIMS),
        *_BACKING,
    ),
    short="when",
)
RUNG = KeyTable(
    "a rung",
    (
        _TITLE,
        Key(
            "loses_control",
            "formula",
            "Chance that a move to here, or staying here, ends in war, 0 to 1.",
            reads=Reads("the loss of control on `{name}`", least=0.0, most=1.0),
        ),
        Key("harm", "formulas", "Side -> points that it loses by every move after which they stand here."),
        Key("stakes", "formulas", "Side -> points that it gains if the other stands down here."),
        Key("audience_cost", "formulas", "Side -> points that it pays if it stands down here."),
        Key("effects", "effects", "What it does to stocks where it is the highest rung reached."),
        *_BACKING,
    ),
    short="loses_control",
)
LADDER = KeyTable(
    "a ladder",
    (
        _TITLE,
        Key("sides", "pair", "The two actors, such as [blue, red].", required=True),
        Key("rate", "formula", "Mean number per month; it opens at most once in a step.", required=True),
        Key(
            "first",
            "formula",
            "Chance that the side named first moves first, 0 to 1; left out: 0.5.",
            reads=Reads("the chance of the first move in `{name}`", least=0.0, most=1.0),
        ),
        Key("moves", "integer", "Moves after which it peters out, 1 to 20.", required=True),
        Key("war", "text", "The absorbing outcome that loss of control brings.", required=True),
        Key("war_worth", "formulas", "Side -> points that war is worth to it, below 0.", required=True),
        Key("rungs", "named", "What the sides climb, lowest first.", required=True, of=RUNG),
        *_BACKING,
    ),
)
INTERVENTION = KeyTable(
    "an intervention",
    (
        Key("from", "date", "First day; left out: from the start."),
        Key("until", "date", "Day on which it is over; left out: to the end."),
        Key("force", "moves", "Actor -> the only action left to it."),
        Key("forbid", "move_lists", "Actor -> actions taken from it."),
        Key("set", "numbers", "Parameter or stock -> value."),
        Key("shift", "numbers", "Parameter or stock -> what is added."),
        Key(
            "correct", "name_lists", "Actor -> what it then gets right, of its `sees`, `misreads`, `beliefs`."
        ),
        Key("misread", "numbers_of", "Actor -> parameter -> what it takes it for."),
        Key("believe", "beliefs", "Actor -> other actor -> chances that it then gives to its types."),
        Key("nudge", "numbers_of", "Actor -> action -> what is added to its propensity."),
    ),
)
POLICY = KeyTable(
    "a policy",
    (
        _TITLE,
        Key("do", "list", "Interventions.", of=INTERVENTION),
        Key("all of", "names", "Policies that it combines, with all their interventions."),
        Key("variant", "flag", "true: there for comparisons and claims only, not a choice that anybody has."),
        *_BACKING,
    ),
)
_MEASURED = ("normal", "lognormal")
COUNTS = ("exact", "binomial", "poisson", "negative_binomial")  # errors of counts
EVIDENCE = KeyTable(
    "evidence",
    (
        _TITLE,
        Key(
            "observes",
            "text",
            "What it observes: a variable, an event (how often), or ACTOR/ACTION (in how many steps).",
            required=True,
        ),
        Key(
            "data",
            "text",
            "A table that comes with offramp, or a CSV file in the same folder or below.",
            required=True,
        ),
        Key("series", "text", "Which series of the table.", required=True),
        Key(
            "error",
            "choice",
            "How what is published differs from what is so.",
            required=True,
            choices=("normal", "lognormal", *COUNTS),
        ),
        Key(
            "sd",
            "number",
            "Standard deviation of a normal error, in the unit of the variable.",
            only_with=("normal",),
        ),
        Key(
            "share",
            "number",
            "Standard deviation as a share of the value (normal), or of the logarithm (lognormal).",
            only_with=_MEASURED,
        ),
        Key(
            "lasting",
            "number",
            "Share of the error's variance that lasts from one day to the next, below 1; left out: none.",
            only_with=_MEASURED,
            needs="lasts",
        ),
        Key(
            "lasts",
            "number",
            "Months in which what lasts fades to a third.",
            only_with=_MEASURED,
            needs="lasting",
        ),
        Key(
            "listed",
            "number",
            "Counts: share of what happens that gets into the series; left out: 1.",
            only_with=COUNTS[1:],
        ),
        Key(
            "stray",
            "number",
            "Counts: entries a month that stand for nothing here; left out: 0.1, and none with `binomial`.",
            only_with=COUNTS[1:],
        ),
        Key(
            "dispersion",
            "number",
            "Counts: their variance is the mean plus this times the mean squared.",
            only_with=("negative_binomial",),
        ),
        Key("window", "integer", "Counts: steps counted together; left out: 1.", only_with=COUNTS),
        Key("from", "date", "Only from this day on; left out: from the start."),
        Key("until", "date", "Only before this day; left out: to the end."),
        *_BACKING,
    ),
)
# What a quantity measures: the key that says so, but `acts` with `after` is "answered".
_WINDOWS = ("variable", "acts", "answered", "event")
_ACTS = "Actor -> its action, or a list of its actions."
QUANTITY = KeyTable(
    "a quantity",
    (
        Key("chance", "text", "An outcome: the chance that it has come by `at`."),
        Key("months_until", "text", "An outcome: months until it comes, counted to the end."),
        Key("variable", "text", "A variable at `at`, or averaged over the dates from `from` to `until`."),
        Key("acts", "move_lists", f"{_ACTS} How often they are taken in a future."),
        Key("event", "text", "An event: how often it happens in a future."),
        Key("branch", "text", "Only in this branch of a dated event.", only_with=("event",)),
        Key(
            "after",
            "move_lists",
            f"{_ACTS} Of the steps with one, the share that `acts` follow.",
            only_with=("answered",),
        ),
        Key("within", "integer", "Steps within which `acts` follow; left out: 1.", only_with=("answered",)),
        Key(
            "at",
            "date",
            "The date for which it is read; left out: the end.",
            only_with=("chance", "variable"),
        ),
        Key(
            "from",
            "date",
            "Counted from this day on; left out: from the start.",
            only_with=("months_until", *_WINDOWS),
        ),
        Key("until", "date", "Counted before this day; left out: to the end.", only_with=_WINDOWS),
    ),
)
SIDE = KeyTable(
    "a side",
    (
        Key("policy", "text", "The policy under which it is measured; left out: baseline."),
        _TITLE,
        Key("quantity", "table", "Its own quantity; left out: that of the test.", of=QUANTITY),
    ),
    short="policy",
)
TEST = KeyTable(
    "a test",
    (
        Key("title", "text", "What it tests, in a few words."),
        Key("compare", "sides", "Two policies or more; each may have a quantity of its own.", of=SIDE),
        Key("policy", "text", "The one policy that is held against limits; left out: baseline."),
        Key("quantity", "table", "What is measured in each future.", of=QUANTITY),
        Key(
            "expect",
            "choice",
            "Of several sides how the first differs from each other; of one where it lies.",
            required=True,
            choices=(
                "higher", "lower", "not higher", "not lower", "same", "rising", "falling",
                "above", "below", "within",
            ),
        ),
        Key(
            "by", "number", "The smallest difference of interest, with its unit.",
            only_with=("higher", "lower", "not higher", "not lower", "same", "rising", "falling"),
        ),
        Key("limit", "number", "Above or below what, with its unit.", only_with=("above", "below")),
        Key("limits", "bounds", "[low, high], with their unit.", only_with=("within",)),
        Key("reason", "text", "Why a smaller difference does not matter; why these limits.", required=True),
    ),
)  # fmt: skip
CLAIM = KeyTable(
    "a claim",
    (
        _TITLE,
        Key("tests", "list", "What it says of the model: all must be supported.", required=True, of=TEST),
        Key("source", "source", "Who says so, as a key of model.sources and a place in it."),
        Key("reason", "text", "Why these tests stand for the claim."),
    ),
)
FILE = KeyTable(
    "a model file",
    (
        Key(
            "extend",
            "text",
            "A bundled crisis, or a file or folder in this folder or below, over which this model is laid.",
        ),
        Key("without", "removals", "What to leave out of the file that `extend` names."),
        Key("chapters", "files", "Files beside this one that hold the rest of it, in the order of reading."),
        Key("model", "table", "Who and what: name, title, summary and sources.", required=True, of=MODEL),
        Key("horizon", "table", "When it starts, and how many steps it runs.", required=True, of=HORIZON),
        Key("variables", "named", "What changes, by itself or by what happens.", required=True, of=VARIABLE),
        Key("parameters", "named", "What stays: numbers and priors.", of=PARAMETER),
        Key("correlations", "named", "Which uncertain numbers go together.", of=CORRELATION),
        Key("lookups", "named", "Curves through points, for `lookup(TABLE, x)` in formulas.", of=LOOKUP),
        Key("actors", "named", "Who decides, and how.", of=ACTOR),
        Key("events", "named", "What happens by date or by chance.", of=EVENT),
        Key("outcomes", "named", "What we ask about.", of=OUTCOME),
        Key("ladders", "named", "Exchanges of two actors who climb, match or stand down.", of=LADDER),
        Key("policies", "named", "What we might do.", of=POLICY),
        Key("evidence", "named", "What is known of how it went, and how well.", of=EVIDENCE),
        Key("claims", "named", "What is said of the crisis, as experiments.", of=CLAIM),
    ),
)

# What people write for a key, where no misspelling explains it.
OTHER_WORDS: dict[str, tuple[str, ...]] = {
    "all of": ("combine", "combines", "extends", "includes", "parts"),
    "acts": ("actions", "moves"),
    "by": ("least", "margin", "threshold", "sesoi", "effect"),
    "chance": ("outcome",),
    "compare": ("policies", "sides", "variants"),
    "expect": ("expected", "direction", "hypothesis"),
    "tests": ("test", "experiments", "experiment"),
    "bounds": ("range", "limits", "min", "max", "minimum", "maximum"),
    "change": ("rate", "flow", "derivative", "dynamics"),
    "do": ("interventions", "measures"),
    "equals": ("formula", "equation", "is", "value"),
    "from": ("start", "begin", "begins", "after"),
    "initial": ("start", "value", "init"),
    "loses_control": ("risk", "chance", "probability", "danger"),
    "noise": ("sd", "volatility", "error"),
    "on": ("date", "day", "when"),
    "otherwise": ("else", "default"),
    "precision": ("lambda", "rationality"),
    "probability": ("prob", "chance", "p", "odds"),
    "rate": ("hazard", "frequency", "probability"),
    "reason": ("note", "comment", "why", "rationale", "justification"),
    "rungs": ("steps", "levels"),
    "sees": ("signals", "observes", "perceives"),
    "sides": ("actors", "between", "players"),
    "source": ("ref", "reference", "citation", "cite"),
    "steps": ("length", "periods", "months", "weeks", "duration"),
    "aim": ("goal", "good", "desired", "want", "wanted"),
    "title": ("name", "label", "description", "desc"),
    "until": ("end", "ends", "to"),
    "utility": ("goals", "wants", "preferences", "payoff"),
    "value": ("prior", "initial", "equals", "distribution"),
    "when": ("if", "condition", "available", "requires"),
    "worth": ("payoff", "utility", "value"),
}

# What to say of a key that is another's by its meaning: (kind of thing, key).
ELSEWHERE = {
    (ACTION.what, "after"): "An actor chooses among all its actions at one moment: write `after` beside its "
    "`actions`. An act that only answers another's has a `when` that reads what that one moves.",
}

# What to say of a key that belongs one level further down, beyond its indentation.
HOMES = {
    (POLICY.what, INTERVENTION.what): "Interventions stand under `do:`, each with `- ` before it.",
    (EVENT.what, ACTION.what): "An event is nobody's act; a deniable act is an action, with `attributed`.",
}


@cache
def every_table() -> tuple[KeyTable, ...]:
    """The kinds of thing in a model file: itself, its sections in order, each before what stands in it."""

    def below(table: KeyTable) -> Iterator[KeyTable]:
        yield table
        for key in table.keys:
            if key.of is not None:
                yield from below(key.of)

    return tuple(dict.fromkeys(t for t in below(FILE) if t is not SOURCE))


@cache
def tables_with(name: str) -> list[str]:
    """The kinds of thing that have a key of this name."""
    return [t.what for t in every_table() if name in t.names]
