"""What do policies change?"""

from offramp.questions.option import (
    KNOWN,
    PATHS,
    PICTURE,
    POLICIES,
    READER,
    RUNS,
    SEED,
    SET,
    THREADS,
    WORLDS,
    Option,
)
from offramp.questions.question import ASK, Futures, InBrief, Question, futures

QUESTION = Question(
    room=__name__,
    name="compare",
    group=ASK,
    about="""Compare policies of MODEL: what each changes, in the same worlds with the same luck.

    Chances and dates of outcomes, main variables, acts of each side; every difference with an interval from
    sampling and one over the uncertain numbers.
    """,
    options=(
        POLICIES.but(help="A policy to compare; all of the file by default. May be repeated."),
        Option("--against", "The policy it is held against.", default="baseline", metavar="NAME"),
        READER,
        RUNS.but(default=4_000),
        SEED,
        SET,
        *KNOWN,
        PATHS,
        WORLDS,
        PICTURE,
        THREADS,
    ),
    progress=lambda values: f"{futures(values['runs'])} under each policy",
    charts={"picture": "chart"},
    brief=InBrief(20, "policies", "Policies", Futures(1000, 200, 200, 60), changes_chances=True),
)
