"""What do the actors' choices hang on: which stocks and which acts reach anybody's choice?"""

from offramp.questions.option import POLICY, RUNS, SEED, SET, THREADS
from offramp.questions.question import ASK, Question

QUESTION = Question(
    room=__name__,
    name="reach",
    group=ASK,
    about="""Show which stocks and which acts reach anybody's choice, and how far.

    Each stock is put to the low and the high end of its range, all else as it is, and every actor chooses
    anew: told is how far the chances of its acts change. What moves no choice is named.
    """,
    options=(
        RUNS.but(default=40, help="Futures, each looked at on several days."),
        SEED,
        SET,
        POLICY,
        THREADS,
    ),
    progress=lambda values: "Choosing anew",
)
