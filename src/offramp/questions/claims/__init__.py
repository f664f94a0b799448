"""Are claims about the crisis so in the model?"""

from offramp.questions.option import KNOWN, PATHS, RUNS, SEED, SET, THREADS, WORLDS, Option
from offramp.questions.question import ASK, Futures, InBrief, Question, futures

QUESTION = Question(
    room=__name__,
    name="claims",
    group=ASK,
    about="""Test the claims of MODEL: supported, contradicted or undecided, against a smallest effect of
    interest.

    Intervals hold together over all claims of the model; and how often all is as claimed over the uncertain
    numbers.
    """,
    options=(
        Option("--claim", "Only this claim. May be repeated.", name="only", many=True, metavar="ID"),
        RUNS.but(default=2_000),  # under each of many policies
        SEED,
        SET,
        *KNOWN,
        PATHS,
        WORLDS,
        THREADS,
    ),
    progress=lambda values: f"{futures(values['runs'])} under each policy",
    brief=InBrief(40, "claims", "Claims", Futures(1000, 200, 200, 60)),
)
