"""At which value of one number does a chance cross a level?"""

from offramp.questions.option import KNOWN, OUTCOME, PICTURE, POLICY, RUNS, SEED, SET, THREADS, Kind, Option
from offramp.questions.question import ASK, InBrief, Question, futures

CHANCE, STEPS = 0.5, 9

QUESTION = Question(
    room=__name__,
    name="tipping",
    group=ASK,
    about="""Find the value of one number at which the chance of an outcome crosses a level.

    The same futures under the same luck are run at values from one end of a range to the other.
    """,
    options=(
        Option(
            "--of", "The number that is moved: a parameter, or a stock for its value at the start.",
            required=True, metavar="NAME",
        ),
        Option(
            "--low", "From this value; by default the 5th percentile of its prior.", Kind.NUMBER,
            metavar="X",
        ),
        Option(
            "--high", "To this value; by default the 95th percentile of its prior.", Kind.NUMBER,
            metavar="X",
        ),
        Option(
            "--chance", "The chance that is crossed, between 0 and 1.", Kind.NUMBER,
            default=CHANCE, metavar="P", least=0, most=1,
        ),
        Option("--steps", "At how many values.", Kind.WHOLE, default=STEPS, metavar="N", least=2, most=101),
        OUTCOME,
        RUNS.but(default=1_000, help="Futures to run at each value."),
        SEED,
        SET,
        *KNOWN,
        POLICY,
        PICTURE,
        THREADS,
    ),
    progress=lambda values: f"{futures(values['runs'])} at each of {values['steps']} values",
    charts={"picture": "chart"},
    brief=InBrief(52, "tipping", "Where it tips"),
)  # fmt: skip
