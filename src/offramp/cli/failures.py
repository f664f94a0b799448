"""What to say of runs that failed."""

from __future__ import annotations

from typing import Any

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


def failures_text(found: dict[str, Any], model: str) -> str:
    """How many runs failed, which variable first, when, under which policy, and what to do about it."""
    total = sum(p["runs"] + p["failed_runs"] for p in found["policies"].values())
    failed = found["failed_runs"]
    worst = min(found["failures"], key=lambda f: (f["first"], -f["runs"]))
    what = {"too_many_events": "an event"}.get(worst["why"], "a rate, probability or worth")
    who = f"`{worst['variable']}`" if worst["variable"] else what
    see = (
        f"`offramp explain {model} --section variables` shows what moves `{worst['variable']}`."
        if worst["variable"]
        else f"`offramp explain {model} --section events` shows rates and probabilities."
    )
    left_out = "" if failed == total else ", and none of these is in any number above"
    return (
        f"{failed:,} of {total:,} runs failed{left_out}.\n"
        f"First: {who} {_HOW[worst['why']]} in the step of {worst['first']} under `{worst['policy']}` "
        f"(scenario {worst['scenario']}; so failed {worst['runs']:,} of them).\n"
        f"{_ADVICE[worst['why']]}\n{see}"
    )
