"""What to say of runs that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from offramp.questions.outlook.failures import Cause
    from offramp.runs.design import Design

_ADVICE = {
    "not_finite": "Look for a division by something that can be 0, or a log or sqrt of something negative.",
    "out_of_bounds": "Where its bounds are natural limits give it `saturates: true`; otherwise widen\n"
    "`bounds`, or mend what moves it too far.",
    "too_many_events": "A `rate` came to more than 10 events in one step: hold it down with min or clip.",
}
_HOW = {
    "not_finite": "stopped being a finite number",
    "out_of_bounds": "left its bounds",
    "too_many_events": "came too often",
}


def first_failure(found: dict[str, Any]) -> dict[str, Any]:
    """The earliest failure, and of those the most frequent."""
    return min(found["failures"], key=lambda f: (f["first"], -f["runs"]))


def failures_text(found: dict[str, Any], model: str, design: Design) -> str:
    """How many runs failed, what failed first, when, under which policy, and what to do about it."""
    from offramp.questions.outlook.failures import cause_of

    total = sum(p["runs"] + p["failed_runs"] for p in found["policies"].values())
    failed = found["failed_runs"]
    worst = first_failure(found)
    if worst["variable"]:
        what, section = f"`{worst['variable']}` {_HOW[worst['why']]}", "variables"
        see = f"shows what moves `{worst['variable']}`."
    else:
        what, section = caused(worst["why"], cause_of(design, worst))
        see = "shows it." if section else ""
    left_out = "" if failed == total else ", and none of these is in any number above"
    lines = [
        f"{failed:,} of {total:,} runs failed{left_out}.",
        f"First: {what} in the step of {worst['first']} under `{worst['policy']}` "
        f"(scenario {worst['scenario']}; so failed {worst['runs']:,} of them).",
        _ADVICE[worst["why"]],
    ]
    if section:
        lines.append(f"`offramp explain {model} --section {section}` {see}")
    return "\n".join(lines)


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
