"""What a question can be told: options as plain records, for the command line, pages and assistants alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from offramp.writing import Form


class Kind(Enum):
    """What kind of value an option takes."""

    TEXT = "text"
    COUNT = "count"  # a whole number, which may have commas or underscores between its thousands
    WHOLE = "whole number"
    NUMBER = "number"
    DAY = "date"
    FLAG = "yes or no"
    SETTING = "setting"  # NAME=VALUE
    INPUT_FILE = "file to read"
    OUTPUT_FILE = "file to write"
    OUTPUT_FOLDER = "folder to write"
    CHART = "chart"  # a file to draw, .svg or .png
    STORE = "file to go on from"
    LIST = "list of questions"  # a bundled one by name, or a file


@dataclass(frozen=True)
class Option:
    """One thing that a question can be told.

    Attributes
    ----------
    flag : as typed, `--outcome`; without dashes it is an argument, which has a place instead of a name
    help : what it does
    kind : of its value
    name : of the value in a request, and of the field of the answer that holds it
    default : the value where nothing is given; None for none
    many : whether it may be given several times
    required : whether it must be given
    metavar : what stands for the value in help
    least, most : bounds of a number; `above` leaves out the least one
    shown : whether help shows the default
    always : whether the command that asks again names it even where it is the default
    usual : what an answer holds where nothing was given, if that is not the default itself
    writes : the form of the file that is written there, which may replace one of its kind
    never_over : why what it writes replaces nothing, as a sentence; empty where it may
    """

    flag: str
    help: str
    kind: Kind = Kind.TEXT
    name: str = ""
    default: Any = None
    many: bool = False
    required: bool = False
    metavar: str = ""
    least: float | None = None
    most: float | None = None
    above: bool = False
    shown: bool = True
    always: bool = False
    usual: Any = None
    writes: Form | None = None
    never_over: str = ""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.flag.lstrip("-").replace("-", "_").lower())

    @property
    def positional(self) -> bool:
        """Whether it is an argument."""
        return not self.flag.startswith("-")

    @property
    def changes_the_answer(self) -> bool:
        """Whether the same question with another value may have another answer."""
        outputs = (Kind.OUTPUT_FILE, Kind.OUTPUT_FOLDER, Kind.CHART, Kind.STORE)
        return self.kind not in outputs and self.name not in ("threads", "form")

    def but(self, **changes: Any) -> Option:
        """The same option with some attributes changed."""
        return replace(self, **changes)


MOST_RUNS = 50_000_000  # their numbers alone take 8 bytes each

RUNS = Option(
    "--runs", "Futures to run under each policy.", Kind.COUNT,
    default=10_000, metavar="N", least=1, most=MOST_RUNS, always=True,
)  # fmt: skip
SEED = Option(
    "--seed", "Where all luck comes from; the same seed gives the same futures.", Kind.COUNT,
    default=0, metavar="S", least=0, most=2**64 - 1, always=True,
)  # fmt: skip
SET = Option(
    "--set", "Give a parameter, or a stock at the start, this value in every future. May be repeated.",
    Kind.SETTING, "set", many=True, metavar="NAME=VALUE",
)  # fmt: skip
POLICY = Option("--policy", "Under this policy.", default="baseline", metavar="NAME")
POLICIES = Option(
    "--policy", "Run under this policy instead of `baseline`. Repeat it to run several.",
    name="policies", many=True, metavar="NAME", usual=["baseline"],
)  # fmt: skip
OUTCOME = Option(
    "--outcome", "The outcome asked about; by default the first that ends a run.", metavar="NAME"
)
READER = Option(
    "--for", "The actor for whom: better and worse are told by what it wants of how futures end.",
    name="reader", metavar="ACTOR",
)  # fmt: skip
PATHS = Option(
    "--paths", "Actors look ahead along so many sampled paths instead of the expected one: as much slower.",
    Kind.WHOLE, default=0, metavar="N", least=0, most=4095, shown=False,
)  # fmt: skip
KNOWN = (
    Option(
        "--given", "Go on from what a calibration has learnt: the file that `calibrate --out` wrote.",
        Kind.INPUT_FILE, "given_file", metavar="FILE.nc",
    ),
    Option(
        "--as-of", "Go on from what was known by this day, which is learnt first (2 x 200 worlds).",
        Kind.DAY, "learnt_by", metavar="DATE",
    ),
)  # fmt: skip
WORLDS = Option(
    "--worlds", "Worlds run through ten times, to tell uncertain numbers from luck; 0 for none. "
    "[default: one future in 20, at least 100]",
    Kind.WHOLE, metavar="N", least=0,
)  # fmt: skip
RUN = Option(
    "--run", "Number of the future whose course leads to the date.", Kind.WHOLE,
    default=0, metavar="N", least=0, most=2**63 - 1, always=True,
)  # fmt: skip
AT = Option(
    "--at", "The date, such as 2020-11-03; the start by default.", Kind.DAY, metavar="DATE", always=True
)
PICTURE = Option("--picture", "Also draw the answer; FILE ends in .svg or .png.", Kind.CHART, metavar="FILE")
THREADS = Option(
    "--threads", "Processors to use; all by default. Results do not depend on it.", Kind.WHOLE,
    metavar="N", least=1,
)  # fmt: skip

# How far a model can be trusted: calibrations and what is asked of them.
PARTICLES = Option(
    "--particles", "Worlds that stand for what is possible, in each chain.", Kind.WHOLE,
    default=200, metavar="N", least=2, most=100_000,
)  # fmt: skip
CHAINS = Option(
    "--chains", "Calibrations from scratch, which show how far sampling can be off.", Kind.WHOLE,
    default=2, metavar="N", least=1, most=16,
)  # fmt: skip
RESUME = Option(
    "--resume", "Keep what is done in FILE, and go on from there when the same is asked again.", Kind.STORE,
    metavar="FILE",
)  # fmt: skip
QUESTIONS = Option(
    "--questions", "What is asked: a list that comes with offramp, or a YAML file.", Kind.LIST,
    name="questions_list", default="us-iran", metavar="LIST",
)  # fmt: skip


def words_of(options: Sequence[Option], values: Mapping[str, Any]) -> list[str]:
    """The words that give options these values on the command line; defaults are left out.

    Arguments come first, then options in their order.
    """
    first = [w for o in options if o.positional for w in _plain_words(values.get(o.name))]
    return first + [w for o in options if not o.positional for w in _option_words(o, values.get(o.name))]


def _option_words(option: Option, value: Any) -> list[str]:
    if not option.changes_the_answer or (not option.always and _is_usual(option, value)):
        return []
    if option.kind is Kind.FLAG:
        return [option.flag] if value else []
    if option.kind is Kind.SETTING:
        return [w for name, number in value.items() for w in (option.flag, f"{name}={number!r}")]
    return [w for text in _plain_words(value) for w in (option.flag, text)]


def _is_usual(option: Option, value: Any) -> bool:
    """Whether an option need not be named for this value."""
    given = list(value) if isinstance(value, list | tuple | dict) else value
    return given in (None, option.default, option.usual, [])


def _plain_words(value: Any) -> list[str]:
    if value is None:
        return []
    return [str(v) for v in value] if isinstance(value, list | tuple | dict) else [str(value)]
