"""Beliefs, expectations and true types in the dataset of runs."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from offramp.errors import UsageError
from offramp.runs.dataset import belief, section
from offramp.runs.design import Design
from offramp.runs.files import load, save, to_parquet
from offramp.runs.how import How
from offramp.runs.simulate import simulate
from small_models import made

BELIEVERS = """
variables: {x: {initial: 0}}
parameters: {resolve: {value: 0}}
actors:
  blue:
    depth: 1
    horizon: 1
    precision: 1
    utility: {calm: -x}
    beliefs: {red: {prior: {hard: 0.3, soft: rest}, floor: 0.01, guess: true, reason: It looks so.}}
    actions: {wait: {}, push: {effects: {x: 1}}}
  red:
    types: {hard: {title: Hard, parameters: {resolve: 2}}, soft: {parameters: {resolve: -2}}}
    true_type: {hard: 0.5, soft: 0.5}
    actions: {wait: {}, push: {propensity: resolve, effects: {x: 1}}}
outcomes: {war: {rate: 0.05 / month * x, absorbing: true}}
"""


@pytest.fixture(scope="module")
def believers():
    return simulate(Design(made(BELIEVERS, 6), scenarios=30, seed=2), how=How(engine="oracle"))


def test_runs_hold_what_was_believed_beside_what_was_true(believers):
    assert believers["supposition"].values.tolist() == ["blue/red/hard", "blue/red/soft"]
    assert believers["expectation"].values.tolist() == ["blue/red"]
    believed = belief(believers, "blue", "red")
    assert believed["type"].values.tolist() == ["hard", "soft"]
    np.testing.assert_allclose(believed.isel(step=0).sel(type="hard"), 0.3)
    hard = believers["true_type"].sel(actor="red").values == 0
    assert 0 < hard.sum() < 30
    late = believed.isel(policy=0).sel(type="hard").mean("step").values  # means leave out what has ended
    assert late[hard].mean() > 0.3 > late[~hard].mean()
    types = json.loads(believers["true_type"].attrs["types"])
    assert types == {"blue": [], "red": ["hard", "soft"]}
    red, blue = (section(believers, "actors")[name] for name in ("red", "blue"))
    assert red["types"]["hard"] == {
        "title": "Hard", "parameters": {"resolve": "2"}, "sources": [], "guess": False, "reason": "",
    }  # fmt: skip
    assert red["true_type"] == {"hard": "0.5", "soft": "0.5"}
    assert blue["beliefs"]["red"]["prior"] == {"hard": "0.3", "soft": "rest"}
    assert blue["beliefs"]["red"]["reason"] == "It looks so."


def test_beliefs_end_with_the_run(believers):
    acts = believers["action"].sel(actor="blue").values >= 0
    assert 0 < acts.mean() < 1
    np.testing.assert_array_equal(np.isfinite(believers["belief"].values).all(axis=-1), acts)
    np.testing.assert_array_equal(np.isfinite(believers["expected"].values).all(axis=-1), acts)


def test_beliefs_survive_saving(believers, tmp_path):
    save(believers, tmp_path / "runs.nc")
    xr.testing.assert_identical(load(tmp_path / "runs.nc"), believers)


def test_the_table_has_a_column_for_each_supposition(believers, tmp_path):
    import pyarrow.parquet as pq

    to_parquet(believers, tmp_path / "runs.parquet")
    table = pq.read_table(tmp_path / "runs.parquet").to_pandas()
    values = table["belief.blue.red.hard"].values.reshape(30, 7)
    np.testing.assert_array_equal(values[:, :6], believers["belief"].values[0, :, :, 0])
    assert np.isnan(values[:, 6]).all()  # no step begins at the last date
    assert "expected.blue.red" in table


def test_a_belief_that_nobody_holds_is_named_in_the_message(believers):
    with pytest.raises(UsageError, match=r"`red` holds no belief about `blue`\. Beliefs are: blue about red"):
        belief(believers, "red", "blue")
