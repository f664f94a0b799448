"""What several commands share: finding a model, reading `--set`, deciding where to write."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from offramp.cli import completion
from offramp.errors import UsageError
from offramp.given import did_you_mean

if TYPE_CHECKING:
    from offramp.model import Model
    from offramp.runs.knowledge import Knowledge

PARTIAL = 5  # exit code: some runs failed
MOST_RUNS = 50_000_000  # their numbers alone take 8 bytes each

_SETTING = re.compile(
    r"\s*(?P<number>[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?)"
    r"(?:\s*(?P<unit>[a-z].*?)|\s+(?P<inverse>1\s*/.*?))?\s*",
    re.ASCII | re.IGNORECASE,
)


class CountType(click.IntRange):
    """A whole number that may have commas or underscores between its thousands: 10,000 or 10_000."""

    name = "whole number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and re.fullmatch(r"\d{1,3}(,\d{3})+|\d{1,3}(_\d{3})+", value.strip(), re.A):
            value = value.replace(",", "").replace("_", "")
        return super().convert(value, param, ctx)


class Day(click.ParamType):  # type: ignore[type-arg]
    """A date such as 2020-11-03."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a date; dates are year-month-day: 2020-11-03.", param, ctx)


# Options in the order in which help shows them.
model_argument = click.argument("model", metavar="MODEL", shell_complete=completion.models)
seed_option = click.option(
    "--seed", type=CountType(0, 2**64 - 1), default=0, show_default=True, metavar="S",
    help="Where all luck comes from; the same seed gives the same futures.",
)  # fmt: skip
set_option = click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE",
    help="Give a parameter, or a stock at the start, this value in every future. May be repeated.",
)  # fmt: skip
policy_option = click.option(
    "--policy", "policies", multiple=True, metavar="NAME",
    help="Run under this policy instead of `baseline`. Repeat it to run several.",
)  # fmt: skip
threads_option = click.option(
    "--threads", type=click.IntRange(min=1), metavar="N",
    help="Processors to use; all by default. Results do not depend on it.",
)  # fmt: skip
outcome_option = click.option(
    "--outcome", metavar="NAME", help="The outcome asked about; by default the first that ends a run."
)
format_option = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True,
    help="For people or for programs.",
)  # fmt: skip


def verdict(failed: int, runs: int) -> int:
    """Exit code of a question some of whose runs failed, said on stderr."""
    if failed:
        say(
            f"{failed:,} of {runs:,} {'run' if runs == 1 else 'runs'} failed and "
            f"{'was' if failed == 1 else 'were'} left out; `offramp run` says why."
        )
    return PARTIAL if failed else 0


def load_model(name: str) -> Model:
    """The model of a file, of a folder of chapters or of a bundled crisis.

    Raises
    ------
    UsageError
        If there is neither, with what may have been meant.
    ModelError
        With every problem in the file.
    """
    from offramp.language import check, files

    path = Path(name)
    bundled = files.bundled_names()
    if name in bundled or _is_there(path):
        return check.load(name)
    if _is_link(path):
        raise UsageError(f"`{name}` is a link that leads to no file.")
    patterns = ("*.y*ml", f"*/{files.CONTENTS}")
    there = (
        [p for pattern in patterns for p in path.parent.glob(pattern)]
        if _is_there(path.parent) and path.parent.is_dir()
        else []
    )
    beside = [str(p.parent if p.name == files.CONTENTS else p) for p in there]
    hint = did_you_mean(name, [*bundled, *beside, *(p.removesuffix(".yaml") for p in beside)])
    shown = name if len(name) <= 80 else f"{name[:77]}..."
    raise UsageError(
        f"there is no file `{shown}` and no bundled crisis of that name. {hint}".rstrip() + "\n"
        f"Bundled: {', '.join(bundled)}. A path to a model file works too; `offramp new NAME` starts one."
    )


def _is_there(path: Path) -> bool:
    """Whether there is a file or folder; a name that no file can have is that of none."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _is_link(path: Path) -> bool:
    try:
        return path.is_symlink()
    except (OSError, ValueError):
        return False


def read_knowledge(model: Model | None, values: Mapping[str, Any]) -> Knowledge | None:
    """What `--given` or `--as-of` say that futures go on from; None where neither is given.

    Raises
    ------
    UsageError
        If both are given, or the calibration is of another model.
    """
    file, day = values.get("given_file"), values.get("learnt_by")
    if model is None or (file is None and day is None):
        return None
    if file is not None and day is not None:
        raise UsageError("--given and --as-of exclude one another: a calibration has its own day.")
    from offramp.cli.progress import Progress
    from offramp.runs.how import How
    from offramp.truth.calibration import QUICK
    from offramp.truth.knowing import knowledge

    if file is not None:
        return knowledge(model, given=file)
    # What a stock starts with is past; a parameter set by hand holds from the day on.
    stocks = {v.name for v in model.stocks}
    begun = {name: value for name, value in (values.get("set") or {}).items() if name in stocks}
    sampling = replace(QUICK, seed=values["seed"], set=begun)
    what = f"what was known by {day}: {sampling.chains} x {sampling.particles} worlds"
    with Progress(what) as progress:
        how = How(threads=values.get("threads"), progress=progress)
        return knowledge(model, as_of=day, sampling=sampling, how=how)


def read_settings(model: Model, settings: Sequence[str]) -> dict[str, float]:
    """`--set name=value` as name -> number. A unit may follow the number; it must be the declared one.

    Raises
    ------
    UsageError
        If one is not of this form, or its name, number or unit is wrong.
    """
    result: dict[str, float] = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        name = name.strip()
        if not equals or not name:
            raise UsageError(f"`--set {setting}` is not NAME=VALUE, such as `--set {_example(model)}`.")
        if name in result:
            raise UsageError(f"`--set` gives `{name}` two values.")
        units = {p.name: p.unit for p in model.parameters} | {v.name: v.unit for v in model.variables}
        if name not in units:
            settable = [p.name for p in model.parameters] + [v.name for v in model.stocks]
            hint = did_you_mean(name, settable) or f"`offramp explain {model.name}` lists what there is."
            raise UsageError(f"model `{model.name}` has no parameter or stock `{name}`. {hint}")
        match = _SETTING.fullmatch(value)
        if match is None:
            raise UsageError(f"`{value.strip()}` is not a number: `--set` needs one, such as `{name}=1.5`.")
        if unit := match["unit"] or match["inverse"]:
            _check_unit(name, unit, units[name])
        result[name] = float(match["number"])
    return result


def _example(model: Model) -> str:
    names = [p.name for p in model.parameters] + [v.name for v in model.stocks]
    return f"{names[0]}=1.5"


def _check_unit(name: str, given: str, declared: str) -> None:
    from offramp.language import units

    try:
        same = units.parse(given).same(units.parse(declared))
    except units.UnitError as error:
        raise UsageError(
            f"`{given}` is not a unit: {error.message}. `{name}` is in {_unit(declared)}."
        ) from error
    if not same:
        raise UsageError(
            f"`{name}` is in {_unit(declared)}, not in {given}. Units are checked, never converted."
        )


def _unit(declared: str) -> str:
    return declared or "no unit: it is a plain number"


def notes_on(model: Model, overrides: dict[str, float]) -> list[str]:
    """What is worth saying of settings that are possible but odd."""
    from offramp.distribution import possible
    from offramp.model import Distribution

    notes = []
    for parameter in model.parameters:
        if parameter.name not in overrides:
            continue
        if not isinstance(parameter.value, Distribution):
            if overrides[parameter.name] != parameter.value:
                notes.append(
                    f"{parameter.name} = {overrides[parameter.name]:g} instead of {parameter.value:g}, which "
                    "the file gives as certain, without a range."
                )
        else:
            if not possible(parameter.value, overrides[parameter.name]):
                notes.append(
                    f"{parameter.name} = {overrides[parameter.name]:g} lies outside its prior, "
                    f"{parameter.value.text or parameter.value.kind}."
                )
    return notes


def print_json(value: Any) -> None:
    """Plain values as JSON on stdout."""
    from offramp.analysis.answer import as_json

    click.echo(as_json(value))


def say(text: str) -> None:
    """A line on stderr."""
    from offramp.tell.terminal import cleaned

    click.echo(cleaned(text), file=sys.stderr)
