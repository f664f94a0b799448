"""What does misperception cost?"""

from offramp.questions.option import KNOWN, OUTCOME, PICTURE, POLICY, READER, RUNS, SEED, SET, THREADS
from offramp.questions.question import ASK, Futures, InBrief, Question, futures

QUESTION = Question(
    room=__name__,
    name="misreadings",
    group=ASK,
    about="""Say what misperception costs: how much of a chance comes from what each side gets wrong.

    Each misreading is corrected alone, each side's together, and all; Shapley shares divide the whole.
    """,
    options=(
        OUTCOME,
        RUNS.but(default=300, help="Futures to run in each world of corrections."),
        SEED,
        SET,
        *KNOWN,
        POLICY,
        READER,
        PICTURE,
        THREADS,
    ),
    progress=lambda values: f"{futures(values['runs'])} in each world",
    charts={"picture": "chart"},
    brief=InBrief(30, "misreadings", "Misreadings", Futures(200, 40, 0, 0), changes_chances=True),
)
