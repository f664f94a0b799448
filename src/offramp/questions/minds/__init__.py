"""What does each side think?"""

from offramp.questions.option import AT, KNOWN, PATHS, POLICY, RUN, SEED, SET, Kind, Option
from offramp.questions.question import SEE, Question

QUESTION = Question(
    room=__name__,
    name="minds",
    group=SEE,
    about="""Look into the minds of the actors of MODEL at one date of one future.

    What each thinks of each of its actions and why, in each of its pictures of the others; what it expects
    these to do, beside what they will do in truth. The page to check a model with.
    """,
    options=(
        AT,
        Option("--actor", "Only this actor. May be repeated.", name="only", many=True, metavar="NAME"),
        RUN.but(name="scenario"),
        SEED,
        SET,
        *KNOWN,
        POLICY,
        PATHS,
        Option(
            "--all", "Reasons of every act, not of the likeliest alone.", Kind.FLAG, "everything",
            default=False,
        ),
    ),
    progress=lambda values: "",
)  # fmt: skip
