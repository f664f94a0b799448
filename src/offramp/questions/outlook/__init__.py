"""How does it go?"""

from collections.abc import Mapping
from typing import Any

from offramp.questions.option import KNOWN, PATHS, POLICIES, RUNS, SEED, SET, THREADS, Kind, Option
from offramp.questions.question import SEE, Question


def described(values: Mapping[str, Any]) -> str:
    """What is being run, such as `200 futures × 3 policies`."""
    runs, policies = values["runs"], len(values["policies"] or ("baseline",))
    futures = f"{runs:,} future{'s' if runs != 1 else ''}"
    return futures if policies == 1 else f"{futures} × {policies} policies"


QUESTION = Question(
    room=__name__,
    name="run",
    group=SEE,
    about="""Run futures of MODEL and print the outlook.

    Chances of outcomes with 90 % intervals, where the main variables go, and what each side tends to do.
    """,
    options=(
        RUNS,
        SEED,
        SET,
        *KNOWN,
        POLICIES,
        PATHS,
        Option(
            "--by", "Also the chances by this day, such as 2020-11-03. May be repeated.", Kind.DAY,
            metavar="DATE", many=True,
        ),
        Option(
            "--out", "Also save the runs in this folder: runs.nc, runs.parquet, summary.json, the model.",
            Kind.OUTPUT_FOLDER, metavar="DIR",
        ),
        THREADS,
    ),
    progress=described,
    formats={"csv": "csv:outlook_csv"},
    notes_in_text=True,
    says_failures=True,
)  # fmt: skip
