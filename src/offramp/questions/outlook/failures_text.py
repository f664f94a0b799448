"""What to say of runs that failed."""

from __future__ import annotations

from offramp.analysis.summary import Failure, Outlook
from offramp.model import Model
from offramp.questions.outlook.failures import Cause, cause_of
from offramp.runs.design import Design

_ADVICE = {
    "not_finite": "Look for a division by something that can be 0, or a log or sqrt of something negative.",
    "out_of_bounds": "Where its bounds are natural limits give it `saturates: true`; otherwise widen\n"
    "`bounds`, or mend what moves it too far.",
    "too_many_events": "A `rate` came to more than 500 events in one step: hold it down with min or clip.",
}
_HOW = {
    "not_finite": "stopped being a finite number",
    "out_of_bounds": "left its bounds",
    "too_many_events": "came too often",
}


def first_failure(found: Outlook) -> Failure:
    """The earliest failure, and of those the most frequent."""
    return min(found.failed, key=lambda f: (f.first, -f.runs))


def failures(found: Outlook, model: Model, subject: str) -> str:
    """How many runs failed, what failed first, when, under which policy, and what to do about it.

    Parameters
    ----------
    found : of which runs failed
    subject : the model as it is called on the command line
    """
    failed, total = found.failures
    worst = first_failure(found)
    if worst.variable:
        what, section = f"`{worst.variable}` {_HOW[worst.why]}", "variables"
        see = f"shows what moves `{worst.variable}`."
    else:
        what, section = caused(worst.why, cause_of(_design(found, model), worst))
        see = "shows it." if section else ""
    left_out = "" if failed == total else ", and none of these is in any number above"
    lines = [
        f"{failed:,} of {total:,} {'run' if total == 1 else 'runs'} failed{left_out}.",
        f"First: {what} in the step of {worst.first} under `{worst.policy}` "
        f"(scenario {worst.scenario}; so failed {worst.runs:,} of them).",
        _ADVICE[worst.why],
    ]
    if section:
        lines.append(f"`offramp explain {subject} --section {section}` {see}")
    return "\n".join(lines)


def _design(found: Outlook, model: Model) -> Design:
    """The runs of an outlook, once more."""
    return Design(
        model, list(found.policies), scenarios=found.runs, seed=found.seed, overrides=found.set,
        paths=found.paths,
    )  # fmt: skip


def caused(why: str, cause: Cause | None) -> tuple[str, str]:
    """What failed where no variable did, and the section of `explain` that shows it, or nothing."""
    how = _HOW[why]
    if cause is None:
        return f"a rate, a probability or what an actor expects {how}; which one could not be told,", ""
    where = f" in what {cause.mind} expects" if cause.mind else ""
    if not cause.what:
        return f"something{where} {how}, and no one formula could be named,", cause.section
    through = f", through {' and '.join(f'`{v}`' for v in cause.through)}" if cause.through else ""
    return f"{cause.what} (`{cause.formula}`{through}) {how}{where}", cause.section
