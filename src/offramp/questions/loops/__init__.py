"""Which feedback loops does a model hold, and which are strong?"""

from offramp.questions.option import AT, KNOWN, PICTURE, POLICY, RUNS, SEED, SET, Kind, Option
from offramp.questions.question import ASK, Question

LONGEST = 9  # things in a loop

QUESTION = Question(
    room=__name__,
    name="loops",
    group=ASK,
    about="""Show the feedback loops of a model: what reinforces itself, what balances, and how strongly.

    Links are read off the model's own formulas and its actors' choices, as they are at a date.
    """,
    options=(
        AT.but(
            name="dates", many=True,
            help="Measure at this date; may be repeated. The start and the middle of the horizon by default.",
        ),
        RUNS.but(default=24, help="Futures over which strengths are measured."),
        SEED,
        SET,
        *KNOWN,
        POLICY,
        Option("--most", "Loops to show.", Kind.WHOLE, default=8, metavar="N", least=1, most=100),
        Option(
            "--longest", "Most things in a loop.", Kind.WHOLE,
            default=LONGEST, metavar="N", least=2, most=20,
        ),
        PICTURE,
    ),
    progress=lambda values: "Measuring links",
    charts={"picture": "chart"},
)  # fmt: skip
