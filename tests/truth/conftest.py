from __future__ import annotations

from datetime import date

import pytest

import border
from offramp import load, load_questions
from offramp.truth import ledger
from offramp.truth.backtest import hindcasts
from offramp.truth.calibration import Sampling
from offramp.truth.results import summarise


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return border.written(tmp_path_factory.mktemp("border"))


@pytest.fixture(scope="session")
def asked(folder):
    return load_questions(str(folder / "asked.yaml"))


@pytest.fixture(scope="session")
def predicted(folder, asked):
    """What a backtest predicts, before it is scored."""
    return hindcasts(load(folder / "border.yaml"), asked, Sampling(particles=40, chains=2, seed=1))


@pytest.fixture(scope="session")
def tested(predicted):
    return summarise(predicted)


@pytest.fixture(scope="session")
def first(folder, asked):
    """A forecast of July 2020."""
    sampling = Sampling(particles=30, chains=1)
    return ledger.forecast(load(folder / "border.yaml"), asked, date(2020, 7, 1), sampling)


@pytest.fixture(scope="session")
def exports(tmp_path_factory):
    """Exports near nothing with trackers a million off; a stock and a balance without bounds, two off."""
    return border.exports(tmp_path_factory.mktemp("exports"))
