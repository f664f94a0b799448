"""How would an exchange on a ladder go?"""

from offramp.questions.option import AT, KNOWN, POLICY, RUN, SEED, SET, Option
from offramp.questions.question import SEE, Question

QUESTION = Question(
    room=__name__,
    name="ladder",
    group=SEE,
    about="""Look at the ladder NAME of MODEL at one date of one future, as if it opened then.

    How likely each side is to climb, match or stand down on each rung, how the exchange would end, and what
    each side expects of it beside what is true. NAME may be left out where there is one ladder.
    """,
    options=(
        Option("NAME", "The ladder; may be left out where there is one.", name="ladder", metavar="NAME"),
        AT,
        Option(
            "--as", "In the eyes of this actor; by default of both sides. May be repeated.",
            name="seen_by", many=True, metavar="ACTOR",
        ),
        RUN.but(name="scenario"),
        SEED,
        SET,
        *KNOWN,
        POLICY,
    ),
    progress=lambda values: "",
)  # fmt: skip
