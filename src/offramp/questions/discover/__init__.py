"""Among which uncertain numbers is an outcome likelier?"""

from offramp.questions.option import KNOWN, OUTCOME, POLICY, RUNS, SEED, SET, THREADS
from offramp.questions.question import ASK, InBrief, Question

QUESTION = Question(
    room=__name__,
    name="discover",
    group=ASK,
    about="""Find the uncertain numbers among which an outcome is likelier, as boxes in words.

    Scenario discovery by PRIM, with CART beside it, measured in futures that had no part in finding them.
    """,
    options=(OUTCOME, RUNS.but(help="Futures among which to look."), SEED, SET, *KNOWN, POLICY, THREADS),
    brief=InBrief(55, "discover", "Where it is likelier"),
)
