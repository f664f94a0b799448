"""Which uncertain numbers does a chance depend on?"""

from offramp.questions.option import OUTCOME, PICTURE, POLICY, RUNS, SEED, SET, THREADS
from offramp.questions.question import ASK, InBrief, Question, futures

BUDGET = 40_000

QUESTION = Question(
    room=__name__,
    name="sensitivity",
    group=ASK,
    about="""Find the uncertain numbers that a chance hangs on.

    All are screened (Morris); the variance of the chance is divided among those that matter (Sobol').
    """,
    options=(
        OUTCOME,
        RUNS.but(
            name="budget",
            default=BUDGET,
            help="About how many futures to spend, half of them on the screening.",
        ),
        SEED,
        SET,
        POLICY,
        PICTURE,
        THREADS,
    ),
    progress=lambda values: f"about {futures(values['budget'])}",
    charts={"picture": "chart"},
    brief=InBrief(50, "sensitivity", "What it hangs on", weighs_numbers=True),
)
