"""From a design to its outlook, however many runs it has: paths are kept only as far as memory allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from offramp.analysis.summary import Outlook, Tally, summary
from offramp.errors import UsageError
from offramp.given import day_of, need
from offramp.questions.option import words_of
from offramp.questions.outlook import QUESTION, saving
from offramp.questions.question import Request
from offramp.runs.design import Design
from offramp.runs.how import AS_SUITS, How
from offramp.runs.memory import MEMORY, bytes_of_run, need_memory
from offramp.runs.simulate import simulate, simulate_blocks

PATHS = (100_000, 50_000, 20_000, 10_000, 5_000, 2_000, 1_000)  # runs from which quantiles may be taken
COUNTED = 20_000  # runs at a time where they are only counted

ANSWER = Outlook


def asked(request: Request) -> Outlook:
    """What `offramp run` asks; with `--out` the runs are saved too.

    Raises
    ------
    OfframpError
        If what it takes to save is not installed, or saving fails.
    UsageError
        If more runs are to be saved than fit into memory.
    """
    design, how, folder = request.design(), request.how, request["out"]
    if folder is None:
        return outlook(design, by=request["by"], how=how)
    saving.need_packages()
    need_memory(design, "--out keeps")
    runs = simulate(design, how=how)
    found = summary(runs, request["by"])
    names = saving.save(runs, found, design.model, folder, words_of(QUESTION.options, dict(request.values)))
    again = folder / names[0]
    request.afterwards.append(
        lambda: (
            f"Saved in {folder}: {', '.join(names)}. `offramp run {again}` runs it again; "
            f"{saving.LOCK} holds the whole command and the versions."
        )
    )
    return found


def outlook(
    design: Design, *, by: Sequence[date | str] = (), how: How = AS_SUITS, memory: int = MEMORY
) -> Outlook:
    """Run a design and sum it up, without ever holding more runs than fit into memory.

    Chances, shares of actions and failures are counted over all runs. Percentiles of variables are taken from
    all runs too where these fit, otherwise from the first 100,000 of each policy or as many as fit; the
    answer says from how many (`quantiles_from`).

    Parameters
    ----------
    design : what to run
    by : days by which chances are asked for, beside the dates of the model
    how : how futures are run
    memory : bytes that paths may take at once; beside them the program itself needs about 0.4 GB
    """
    need(design, "Design")
    model, days = design.model, [day_of(day) for day in by]
    for day in days:
        if not model.start <= day <= model.dates[-1]:
            raise UsageError(
                f"{day} lies outside `{model.name}`, which goes from {model.start} to {model.dates[-1]}."
            )
    size = bytes_of_run(model)
    if design.runs * size <= memory:
        return summary(simulate(design, how=how), days)
    tally = Tally(days)
    fitting = next((n for n in PATHS if n * size <= memory), PATHS[-1])
    done = 0
    for part, variables in _parts(design, fitting):
        before = done

        def step(runs: int, _: int, before: int = before) -> None:
            if how.progress is not None:
                how.progress(before + runs, design.runs)

        at_once = fitting if variables is None else COUNTED
        for runs in simulate_blocks(part, at_once, how=replace(how, progress=step), variables=variables):
            tally.add(runs)
            del runs  # before the next dataset is made
        done += part.runs
    return tally.summary()


def _parts(design: Design, fitting: int) -> Iterator[tuple[Design, list[str] | None]]:
    """One policy after another: first the runs whose paths are kept, then those that are only counted."""
    for policy in design.policies:
        numbers = design.scenarios
        for some, variables in ((numbers[:fitting], None), (numbers[fitting:], [])):
            if len(some):
                yield design.another(policies=[policy], scenarios=some), variables
