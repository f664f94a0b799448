"""`offramp calibrate`: the options as a calibration, and its answer (`offramp.truth.posterior`)."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from offramp.errors import UsageError
from offramp.given import library
from offramp.questions.question import Request
from offramp.truth import netcdf
from offramp.truth.calibration import Calibration, Sampling, calibrate
from offramp.truth.evidence import Record, last_day
from offramp.truth.posterior import Posterior, summary

ANSWER = Posterior


def asked(request: Request) -> Posterior:
    """The answer to a request; it is saved where `--out` says once it is shown."""
    model, out, against = request.model, request["out"], request["against"]
    assert model is not None
    if out is not None:
        netcdf.check_file(out)
        library("h5netcdf", "--out", "truth")  # before any run: saving comes last
    until = request["until"] or last_day(model)
    if against is not None and against <= until:
        raise UsageError(f"--against ({against}) must be after --until ({until}).")
    later = None if against is None else Record(model, against)
    found = calibrate(model, until, sampling_of(request), how=request.how, checkpoint=request["resume"])
    answer = summary(found, against=later, how=request.how)
    if out is not None:
        request.afterwards.append(partial(_saved, found, out, answer))
    return answer


def sampling_of(request: Request) -> Sampling:
    """How the options say that a posterior is sampled."""
    return Sampling(
        particles=request["particles"],
        chains=request["chains"],
        seed=request["seed"],
        set=request.values.get("set") or {},
    )


def _saved(found: Calibration, out: Path, answer: Posterior) -> str:
    netcdf.save(found, out, answer)
    return f"Saved in {out}."
