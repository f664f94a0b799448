"""How does a chance change along one number, or over two?"""

from offramp.questions.option import KNOWN, PICTURE, POLICY, RUNS, SEED, SET, THREADS, Kind, Option
from offramp.questions.question import ASK, InBrief, Question

QUESTION = Question(
    room=__name__,
    name="sweep",
    group=ASK,
    about="""Run the same futures along one number, or over a grid of two, and show how chances change.

    `--over NAME=A..B` goes from A to B; `NAME=1,2,5` takes these values; NAME alone goes along its prior.
    An actor
    moves by its true type, `policy` by the policy.
    """,
    options=(
        Option(
            "--over", "What is moved, and where: NAME, NAME=A..B, NAME=A..B/COUNT or NAME=1,2,5. Repeat it "
            "for a grid.",
            required=True, many=True, metavar="NAME=A..B",
        ),
        Option(
            "--one-at-a-time", "Move each alone, the others as the model has them, instead of a grid.",
            Kind.FLAG, default=False,
        ),
        Option(
            "--outcome", "An outcome whose chance by the end is asked; repeat it for several. By default "
            "all that "
            "end a run.", name="outcomes", many=True, metavar="NAME",
        ),
        RUNS.but(default=1_000, help="Futures to run at each point."),
        SEED,
        SET,
        *KNOWN,
        POLICY,
        PICTURE,
        THREADS,
    ),
    progress=lambda values: f"{values['runs']:,} futures at each point",
    charts={"picture": "chart"},
    formats={"csv": "csv:sweep_csv"},
    brief=InBrief(53, "sweep", "Along the numbers"),
)  # fmt: skip
