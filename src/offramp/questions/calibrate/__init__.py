"""What do the data say of a model's uncertain numbers?"""

from offramp.questions.option import CHAINS, PARTICLES, PICTURE, RESUME, SEED, SET, THREADS, Kind, Option
from offramp.questions.question import HOLD, Question
from offramp.writing import NETCDF

QUESTION = Question(
    room=__name__,
    name="calibrate",
    group=HOLD,
    about="""Learn MODEL's uncertain numbers from its evidence, using nothing before it was known.

    Which numbers the data move and which they leave to judgement, and how well the past is met.
    """,
    options=(
        Option("--until", "Use what was known by then; by default all.", Kind.DAY, metavar="DATE"),
        Option(
            "--against", "Also hold what it expects against what became known from then up to this day.",
            Kind.DAY, metavar="DATE",
        ),
        PARTICLES,
        CHAINS,
        SEED,
        SET,
        Option(
            "--out", "Also save it as NetCDF with the groups that ArviZ reads.", Kind.OUTPUT_FILE,
            metavar="FILE.nc", writes=NETCDF,
        ),
        RESUME,
        PICTURE,
        Option(
            "--trace", "Also draw how each chain went from prior to posterior; .svg or .png.", Kind.CHART,
            metavar="FILE",
        ),
        Option(
            "--fit",
            "Also draw what was published beside what the calibrated model would publish; .svg or .png.",
            Kind.CHART, metavar="FILE",
        ),
        THREADS,
    ),
    progress=lambda values: f"{values['chains']} x {values['particles']:,} worlds",
    charts={"picture": "chart", "trace": "trace", "fit": "fit"},
)  # fmt: skip
