"""Commands that say how far a model can be trusted: `calibrate`, `backtest`, `forecast`, `score`."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from offramp.cli import options, pictures
from offramp.cli.progress import Progress
from offramp.errors import UsageError

if TYPE_CHECKING:
    from offramp.truth.questions import Questions

PARTICLES, CHAINS = 200, 2


_particles = click.option(
    "--particles", type=click.IntRange(2, 100_000), default=PARTICLES, show_default=True, metavar="N",
    help="Worlds that stand for what is possible, in each chain.",
)  # fmt: skip
_chains = click.option(
    "--chains", type=click.IntRange(1, 16), default=CHAINS, show_default=True, metavar="N",
    help="Calibrations from scratch, which tell how far sampling can be off.",
)  # fmt: skip
_checkpoint = click.option(
    "--resume", "checkpoint", type=click.Path(path_type=Path), metavar="FILE",
    help="Keep what is done in FILE, and go on from there when the same is asked again.",
)  # fmt: skip
_questions = click.option(
    "--questions", metavar="LIST", default="us-iran", show_default=True,
    help="What is asked: a list that comes with offramp, or a YAML file.",
)  # fmt: skip


@click.command()
@options.model_argument
@click.option(
    "--until", type=options.Day(), metavar="DATE", help="Use what was known by then; by default all."
)
@click.option(
    "--against", type=options.Day(), metavar="DATE",
    help="Also hold what it expects against what became known from then up to this day.",
)  # fmt: skip
@_particles
@_chains
@options.seed_option
@options.set_option
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE.nc",
    help="Also save it as NetCDF with the groups that ArviZ reads.",
)  # fmt: skip
@_checkpoint
@pictures.picture_option
@pictures.another("--trace", "how each chain went from prior to posterior")
@pictures.another("--fit", "what was published beside what the calibrated model would publish")
@options.format_option
@options.threads_option
def calibrate(
    model: str,
    until: date | None,
    against: date | None,
    particles: int,
    chains: int,
    seed: int,
    settings: tuple[str, ...],
    out: Path | None,
    checkpoint: Path | None,
    picture: Path | None,
    trace: Path | None,
    fit: Path | None,
    form: str,
    threads: int | None,
) -> int:
    """Learn MODEL's uncertain numbers from its evidence, using nothing before it was known.

    Which numbers the data move and which they leave to judgement, and how well the past is met.
    """
    from offramp.runs.simulate import engine_for
    from offramp.truth.calibration import calibrate as asked
    from offramp.truth.evidence import Record
    from offramp.truth.posterior import check_file, save, summary

    for path in (picture, trace, fit):
        pictures.need(path)
    if out is not None:
        from offramp.given import library

        check_file(out)
        options.need_folder(out)
        library("h5netcdf", "--out", "truth")  # before any run: saving comes last
    checked = options.load_model(model)
    overrides = options.read_settings(checked, settings)
    last = until or checked.dates[-1]
    if against is not None and against <= last:
        raise UsageError(f"--against ({against}) must be after --until ({last}).")
    engine = engine_for(checked)
    with Progress(f"{chains} x {particles:,} worlds") as progress:
        found = asked(
            checked, last, particles=particles, chains=chains, seed=seed, overrides=overrides,
            threads=threads, progress=progress, checkpoint=checkpoint, engine=engine,
        )  # fmt: skip
    record = None if against is None else Record(checked, against)
    told = summary(found, against=record, threads=threads, engine=engine)
    if form == "json":
        options.print_json(told)
    else:
        from offramp.questions.backtest.tell import calibration_text
        from offramp.tell.terminal import wants_colour, width

        click.echo(calibration_text(told, checked, width(), wants_colour(sys.stdout)))
    if out is not None:
        save(found, out, told, engine=engine)
        options.say(f"Saved in {out}.")
    if picture is not None:
        from offramp.questions.backtest.charts import calibration_picture

        pictures.save(calibration_picture(told), picture)
    if trace is not None:
        from offramp.questions.calibrate.charts import trace_picture

        pictures.save(trace_picture(told), trace)
    if fit is not None:
        from offramp.questions.calibrate.charts import fit_picture

        pictures.save(fit_picture(told), fit)
    return 0


@click.command()
@options.model_argument
@_questions
@click.option(
    "--until", type=options.Day(), metavar="DATE", help="Leave out origins and answers after this day."
)
@_particles
@_chains
@options.seed_option
@_checkpoint
@pictures.picture_option
@options.format_option
@options.threads_option
def backtest(
    model: str,
    questions: str,
    until: date | None,
    particles: int,
    chains: int,
    seed: int,
    checkpoint: Path | None,
    picture: Path | None,
    form: str,
    threads: int | None,
) -> int:
    """Ask MODEL, at many past days, what would come, and compare with what came.

    At each origin it is calibrated on what was known by then. Scores, and skill against forecasts without a
    model.
    """
    from offramp.truth.backtest import backtest as asked

    pictures.need(picture)
    checked = options.load_model(model)
    listed = _list(questions)
    with Progress(f"{chains} x {particles:,} worlds") as progress:
        found = asked(
            checked, listed, until=until, particles=particles, chains=chains, seed=seed, threads=threads,
            progress=progress, checkpoint=checkpoint,
        )  # fmt: skip
    told = found.as_dict()
    if form == "json":
        options.print_json(told)
    else:
        from offramp.questions.backtest.tell import backtest_text
        from offramp.tell.terminal import wants_colour, width

        click.echo(backtest_text(told, checked, width(), wants_colour(sys.stdout)))
    if picture is not None:
        from offramp.questions.backtest.charts import reliability_picture

        pictures.save(reliability_picture(told), picture)
    return 0


@click.command()
@options.model_argument
@click.option("--as-of", type=options.Day(), required=True, metavar="DATE", help="The day of the forecast.")
@_questions
@click.option(
    "--after", type=click.Path(path_type=Path), metavar="FORECAST",
    help="The forecast before this one: its hash goes into this one.",
)  # fmt: skip
@_particles
@_chains
@options.seed_option
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE",
    help="Where to write it; MODEL-forecast-DATE.json by default. Never overwrites.",
)  # fmt: skip
@_checkpoint
@options.format_option
@options.threads_option
def forecast(
    model: str,
    as_of: date,
    questions: str,
    after: Path | None,
    particles: int,
    chains: int,
    seed: int,
    out: Path | None,
    checkpoint: Path | None,
    form: str,
    threads: int | None,
) -> int:
    """Write a dated forecast file that cannot be changed unnoticed.

    Answers a list of questions with what was known by the day. The file holds the hashes of model and
    evidence, its own, and that of the forecast before it.
    """
    from offramp.truth import ledger

    checked = options.load_model(model)
    listed = _list(questions)
    before = None if after is None else ledger.read(after)
    path = out or Path(f"{checked.name}-forecast-{as_of}.json")
    options.need_folder(path)
    if path.exists():
        raise UsageError(f"{path} exists; a forecast is not overwritten. Give another name with --out.")
    with Progress(f"{chains} x {particles:,} worlds") as progress:
        told = ledger.forecast(
            checked, listed, as_of, particles=particles, chains=chains, seed=seed, previous=before,
            threads=threads, progress=progress, checkpoint=checkpoint,
        )  # fmt: skip
    ledger.write(told, path)
    if form == "json":
        options.print_json(told)
    else:
        from offramp.questions.forecast.tell import forecast_text
        from offramp.tell.terminal import wants_colour, width

        click.echo(forecast_text(told, checked, str(path), width(), wants_colour(sys.stdout)))
    return 0


@click.command()
@click.argument("file", metavar="FORECAST", type=click.Path(path_type=Path))
@_questions
@click.option("--by", type=options.Day(), metavar="DATE", help="Only with what was known by then.")
@options.format_option
def score(file: Path, questions: str, by: date | None, form: str) -> int:
    """Score a forecast file against what happened since.

    A file that was changed after it was made is refused.
    """
    from offramp.truth import ledger

    told = ledger.score(ledger.read(file), _list(questions), by or date.max)
    if form == "json":
        options.print_json(told)
    else:
        from offramp.questions.forecast.tell import score_text
        from offramp.tell.terminal import wants_colour, width

        click.echo(score_text(told, width(), wants_colour(sys.stdout)))
    return 0


def _list(name: str) -> Questions:
    from offramp.truth.question_list import load_questions

    return load_questions(name)
