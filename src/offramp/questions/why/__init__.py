"""Why do futures end as they do?"""

from offramp.questions.option import KNOWN, OUTCOME, POLICY, RUNS, SEED, SET, THREADS, Kind, Option
from offramp.questions.question import ASK, Question

QUESTION = Question(
    room=__name__,
    name="why",
    group=ASK,
    about="""Say why futures under policy A end otherwise than under policy B, or why an outcome comes at all.

    Where paired futures part, what lies between, what share of the difference is eliminated without it, and
    typical futures.
    """,
    options=(
        Option("policies", "Two policies to compare.", many=True, metavar="[A B]"),
        OUTCOME,
        POLICY.but(default=None, help="Without A and B: under this policy; `baseline` by default."),
        Option(
            "--months", "Without A and B: how long before the outcome to look.", Kind.NUMBER,
            default=3.0, metavar="M", least=0, above=True,
        ),
        RUNS.but(default=3_000),
        SEED,
        SET,
        *KNOWN,
        THREADS,
    ),
)  # fmt: skip
