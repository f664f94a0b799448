"""How did a forecast fare?"""

from offramp.questions.option import QUESTIONS, Kind, Option
from offramp.questions.question import HOLD, Question

QUESTION = Question(
    room=__name__,
    name="score",
    group=HOLD,
    about="""Score a forecast file against what happened since.

    A file that was changed after it was made is refused.
    """,
    options=(
        Option("FORECAST", "The file.", Kind.INPUT_FILE, "forecast_file", required=True, metavar="FORECAST"),
        QUESTIONS,
        Option("--by", "Only with what was known by then.", Kind.DAY, metavar="DATE"),
    ),
    progress=lambda values: "",
    of_model=False,
)
