"""How badly actors' pictures predicted one another: the surprise at what the others did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import xarray as xr

Floats = npt.NDArray[np.float64]


def mean_surprise(expected: Floats) -> tuple[Floats, Floats]:
    """Mean surprise, minus the natural logarithm of the chance that was given to what then came.

    Parameters
    ----------
    expected : (run, step, expectation), chances; NaN where a run no longer goes on

    Returns
    -------
    by_step : (step, expectation), nats, over the runs that go on; NaN where none does
    overall : (expectation,), nats, over all steps of all runs; infinite where what came had no chance
    """
    with np.errstate(divide="ignore"):
        surprise = -np.log(expected)
    going = ~np.isnan(surprise)
    sums = np.where(going, surprise, 0.0).sum(axis=0)
    counts = going.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums / counts, sums.sum(axis=0) / counts.sum(axis=0)


def surprise(runs: xr.Dataset) -> xr.DataArray:
    """Mean surprise of each actor at each other over time: dims policy, step, expectation; in nats.

    A picture that predicts as well as can be still leaves the surprise of what is open; a picture that leaves
    more is wrong, and by how much is the relative entropy between truth and picture (Kullback, Leibler 1951).
    """
    import xarray as xr

    expected = runs["expected"].transpose("policy", "scenario", "step", "expectation")
    values = np.stack([mean_surprise(part)[0] for part in expected.values])
    return xr.DataArray(
        values,
        dims=("policy", "step", "expectation"),
        coords={name: runs[name] for name in ("policy", "step", "expectation")},
        attrs={"long_name": "mean surprise at what another did", "units": "nat"},
    )
