"""How does one future go?"""

from offramp.questions.option import KNOWN, OUTCOME, POLICY, RUN, SEED, SET, Kind, Option
from offramp.questions.question import SEE, Question

THOUGHTS = 4

QUESTION = Question(
    room=__name__,
    name="story",
    group=SEE,
    about="""Tell one future of MODEL in words: what each side saw, thought and did, and how it ended.

    Any future by its number, or with --outcome a typical one of those in which that came.
    """,
    options=(
        RUN.but(help="Number of the future to tell; 0 by default.", default=None),
        OUTCOME.but(help="Tell a typical future in which this came, instead of one by its number."),
        SEED,
        SET,
        *KNOWN,
        POLICY,
        Option(
            "--thoughts", "At how many turning points to say why.", Kind.WHOLE, "most_thoughts",
            default=THOUGHTS, metavar="N", least=0, most=50,
        ),
    ),
    progress=lambda values: "1,000 futures" if values["outcome"] else "",
)  # fmt: skip
