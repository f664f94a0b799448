"""What does the model say of days to come, in a file that cannot be changed unnoticed?"""

from offramp.questions.option import CHAINS, PARTICLES, QUESTIONS, RESUME, SEED, THREADS, Kind, Option
from offramp.questions.question import HOLD, Question

QUESTION = Question(
    room=__name__,
    name="forecast",
    group=HOLD,
    about="""Write a dated forecast file that cannot be changed unnoticed.

    Answers a list of questions with what was known by the day. The file holds the hashes of model and
    evidence, its own, and that of the forecast before it.
    """,
    options=(
        Option("--as-of", "The day of the forecast.", Kind.DAY, required=True, metavar="DATE"),
        QUESTIONS,
        Option(
            "--after", "The forecast before this one: its hash goes into this one.", Kind.INPUT_FILE,
            metavar="FORECAST",
        ),
        PARTICLES,
        CHAINS,
        SEED,
        Option(
            "--out", "Where to write it; MODEL-forecast-DATE.json by default. Never overwrites.",
            Kind.OUTPUT_FILE, metavar="FILE", never_over="a forecast is not overwritten.",
        ),
        RESUME,
        THREADS,
    ),
    progress=lambda values: f"{values['chains']} x {values['particles']:,} worlds",
)  # fmt: skip
