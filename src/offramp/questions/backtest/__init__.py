"""Did the model forecast what happened, better than rules without a model?"""

from offramp.questions.option import (
    CHAINS,
    PARTICLES,
    PICTURE,
    QUESTIONS,
    RESUME,
    SEED,
    THREADS,
    Kind,
    Option,
)
from offramp.questions.question import HOLD, InBrief, Question

QUESTION = Question(
    room=__name__,
    name="backtest",
    group=HOLD,
    about="""Ask MODEL, at many past days, what would come, and compare with what came.

    At each origin it is calibrated on what was known by then. Scores, and skill against forecasts without a
    model.
    """,
    options=(
        QUESTIONS,
        Option("--until", "Leave out origins and answers after this day.", Kind.DAY, metavar="DATE"),
        PARTICLES,
        CHAINS,
        SEED,
        RESUME,
        PICTURE,
        THREADS,
    ),
    progress=lambda values: f"{values['chains']} x {values['particles']:,} worlds",
    charts={"picture": "chart"},
    brief=InBrief(100, "trust", "How far to trust it", of_this_model=False),
)
