"""The worlds of 2012 and 2018: the flagship's machinery with other first values, and what comes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pytest
import xarray as xr

from offramp.explanation import explain
from offramp.language.check import load
from offramp.model import Intervention, Model
from offramp.runs.design import Design
from offramp.runs.simulate import simulate

OLD, LATE = "us-iran-2012", "us-iran-2018"
PARTS = ("front", "offer", "channel")


@cache
def model(name: str) -> Model:
    return load(name)


@cache
def runs(name: str, policies: tuple[str, ...], months: int, scenarios: int = 80) -> xr.Dataset:
    cut = replace(model(name), steps=months)
    return simulate(Design(cut, policies, scenarios, seed=20))


def first(name: str, variable: str) -> np.ndarray:
    """(scenario,) of a variable at the start."""
    policy = "front_offer_channel" if name == OLD else "stay_in_deal"
    months = 24 if name == OLD else 26
    return runs(name, ("baseline", policy), months)[variable].isel(policy=0, time=0).to_numpy()


# ---------------------------------------------------------------------- what sets the values


@pytest.mark.parametrize(("name", "latest"), [(OLD, date(2012, 10, 31)), (LATE, date(2018, 5, 31))])
def test_nothing_later_than_the_start_sets_a_value_of_the_layer(name, latest):
    """Reports of the weeks after the start that describe the time before it are the latest."""
    below = {s.key for s in load("us-iran-2020").sources}
    own = [s for s in model(name).sources if s.key not in below]
    assert len(own) >= 10
    for source in own:
        day = (source.date + "-01-01")[:10] if source.date else "1900-01-01"
        assert date.fromisoformat(day) <= latest, source.key


@pytest.mark.parametrize("name", [OLD, LATE])
def test_most_of_the_machinery_is_the_flagship_s(name):
    told = explain(model(name))
    touched = {
        tuple(c["path"].split(".")[:2]) for c in told["extends"] if c["path"].split(".")[0] == "parameters"
    }
    assert len(touched) < 0.25 * len(model(name).parameters)


# ---------------------------------------------------------------------- 2012


def test_the_clock_of_2012_starts_between_one_and_a_half_and_four_months():
    """Published in October 2012: two to four."""
    assert 1.5 < np.median(first(OLD, "breakout")) < 4


def test_exports_of_2012_start_near_a_million_barrels_a_day():
    assert 0.6 < np.median(first(OLD, "oil_exports")) < 1.3


def test_front_offer_and_channel_come_in_all_eight_combinations():
    combinations = {
        "front_offer_channel": (1, 1, 1), "front_offer": (1, 1, 0), "front_channel": (1, 0, 1),
        "offer_channel": (0, 1, 1), "front_only": (1, 0, 0), "offer_only": (0, 1, 0),
        "channel_only": (0, 0, 1), "none_of_three": (0, 0, 0),
    }  # fmt: skip
    policies = {p.name: p for p in model(OLD).policies}
    assert set(combinations) == set(policies) - {"baseline", "without_pressure"}
    for name, (front, offer, channel) in combinations.items():
        whole = policies[name].interventions
        assert dict(whole[0].set)["allied_interest"] == (75 if front else 25)
        assert dict(whole[0].set)["channel"] == (60 if channel else 0)
        acts = {act for i in whole for actor, act in i.force if actor == "washington"}
        assert acts == ({"mediated_offer" if channel else "direct_offer"} if offer else {"hold"})


def test_washington_is_bound_in_the_same_months_in_every_combination():
    def bound(interventions: tuple[Intervention, ...]) -> set[tuple[date | None, date | None]]:
        return {(i.start, i.end) for i in interventions if i.force}

    spans = {frozenset(bound(p.interventions)) for p in model(OLD).policies if p.name != "baseline"}
    assert len(spans) == 1


def test_with_offer_and_channel_an_interim_deal_is_likelier_than_on_the_course_of_2012():
    found = runs(OLD, ("baseline", "front_offer_channel"), 24)
    reached = (found.outcome_step.sel(outcome="interim_deal") >= 0).mean("scenario")
    assert float(reached[1]) > float(reached[0]) + 0.05


# ---------------------------------------------------------------------- 2018


def test_the_clock_of_2018_starts_near_a_year():
    assert 9 < np.median(first(LATE, "breakout")) < 14


def test_the_breakout_time_falls_from_a_year_to_months_by_june_2020():
    """Claim C5. Published: about 12 months in 2018, 3.8 in February 2020."""
    months = runs(LATE, ("baseline", "stay_in_deal"), 26).breakout.isel(policy=0).median("scenario")
    assert float(months[0]) - float(months[25]) > 4
    assert float(months[25]) < 7


def test_tehran_keeps_the_limits_longer_where_washington_stays_in_the_deal():
    keeping = runs(LATE, ("baseline", "stay_in_deal"), 26).keeping.isel(time=-1).mean("scenario")
    assert float(keeping[1]) > float(keeping[0]) + 0.1


def test_uranium_grows_by_a_few_kilograms_a_month_while_the_limits_are_kept():
    """Reports of 2018: 4 to 5 kg a month."""
    found = runs(LATE, ("baseline", "stay_in_deal"), 26).isel(policy=1)
    kept = (found.keeping.isel(time=12) == 1) & (found.interim.isel(time=12) == 0)
    grown = (found.leu.isel(time=12) - found.leu.isel(time=0)).to_numpy()[kept.to_numpy()] / 12
    assert len(grown) > 20
    assert 2 < np.median(grown) < 8


def test_a_layer_is_much_shorter_than_what_it_extends():
    """It says what is otherwise; half of what it says are words of explanation."""
    for name in (OLD, LATE):
        source = model(name)
        assert source.base is not None
        own, below = (sum(f.text.count("\n") for f in source.files if f.own is o) for o in (True, False))
        assert own < 0.4 * below
