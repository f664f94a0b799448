"""Where the numbers of the flagship come from, and whether its futures are sane before any calibration."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from us_iran_runs import END_OF_2020, LAST, RUNS, chance, model, runs, share

from offramp.language.check import loads
from offramp.model import Distribution
from offramp.runs.design import Design
from offramp.runs.simulate import simulate

TABLE = Path(__file__).with_name("breakout_published.csv")
WEEKLY = "extend: us-iran-2020\nmodel: {name: us-iran-weekly}\nhorizon: {step: week, steps: 83}\n"
MIDDLE = {"tails": 0.0035, "leu_grade": 0.035, "breakout_setup": 0.5}


def started(variable: str, overrides: dict[str, float]) -> float:
    """A variable at the start, where nobody has thought yet."""
    thoughtless = tuple(replace(a, depth=0, beliefs=()) for a in model().actors)
    design = Design(replace(model(), actors=thoughtless, steps=1), scenarios=1, overrides=overrides)
    return float(simulate(design)[variable].values.flat[0])


def breakout(**stocks: float) -> float:
    """Breakout time in months from given stocks and capacity, parameters at the middle of their priors."""
    return started("breakout", MIDDLE | stocks)


def compared() -> list[tuple[date, float, float]]:
    """Date of the stock, our months and the published ones, for each row of the table."""
    rows = []
    for row in csv.DictReader(TABLE.open(encoding="utf-8")):
        ours = breakout(
            leu=float(row["leu_kg"]),
            heu_20=float(row["heu_20_kg"]),
            heu_60=float(row["heu_60_kg"]),
            enrichment_capacity=float(row["swu_per_year"]) / 12,
        )
        rows.append((date.fromisoformat(row["stock_date"]), ours, float(row["months"])))
    return rows


def test_breakout_time_meets_the_estimates_known_on_1_june_2020() -> None:
    known = [(ours, theirs) for day, ours, theirs in compared() if day < date(2020, 6, 1)]
    assert len(known) == 3
    for ours, theirs in known:
        assert abs(math.log(ours / theirs)) < math.log(1.2), (ours, theirs)


def test_the_page_reports_every_estimate_as_the_model_gives_it() -> None:
    """Later rows set nothing and pass nothing: the page shows what the formula makes of them."""
    page = (Path(__file__).parents[2] / "docs/crises/us-iran-2020.md").read_text(encoding="utf-8")
    for day, ours, _ in compared():
        line = next(x for x in page.splitlines() if x.startswith(f"| {day.strftime('%B %Y')} |"))
        assert line.split("|")[2].strip() == f"{ours:.1f}", line


def test_separative_work_agrees_with_the_textbook() -> None:
    """193 and 227 kg SWU for a kilogram of 90 % product from natural uranium at 0.3 and 0.2 % tails."""
    for tails, expected in ((0.003, 193), (0.002, 227)):
        overrides = MIDDLE | {"tails": tails, "leu": 0}
        assert started("separative_work", overrides) / 25 == pytest.approx(expected, rel=0.005)


def test_richer_feed_is_used_first_and_always_shortens_the_clock() -> None:
    poor = breakout(leu=0.0)
    low = breakout(leu=1000.0)
    twenty = breakout(leu=1000.0, heu_20=60.0)
    sixty = breakout(leu=1000.0, heu_20=60.0, heu_60=20.0)
    assert poor > low > twenty > sixty > 0.5


def prior(name: str) -> tuple[float, ...]:
    found = next(v.initial for v in model().stocks if v.name == name)
    if isinstance(found, Distribution):
        return found.args
    assert found is not None
    return (float(found.text), 0.0)


def test_first_values_come_from_tables_known_on_1_june_2020() -> None:
    # IAEA: 372.3 kg on 3 November 2019 and 1020.9 kg on 19 February 2020, carried on at the same rate.
    rate = (1020.9 - 372.3) / (date(2020, 2, 19) - date(2019, 11, 3)).days
    known = 1020.9 + rate * (date(2020, 6, 1) - date(2020, 2, 19)).days
    assert prior("leu")[0] == pytest.approx(known, rel=0.01)
    assert prior("oil_price")[0] == pytest.approx(34.15, abs=0.1)
    assert prior("approval")[0] == 43.3
    assert prior("dollar_rate")[0] == pytest.approx(169_835, rel=0.02)
    # IMF, April 2020: -5.4, -7.6 and -6.0 %.
    last_year, this_year = 100 * 0.946 * 0.924, 100 * 0.946 * 0.924 * 0.94
    assert this_year < prior("gdp")[0] < last_year
    # Kpler, January and February 2020: 0.254 and 0.248 million barrels a day; other trackers 0.1 to 0.5.
    low, middle, high = np.quantile(runs()["oil_exports"].isel(time=0), [0.05, 0.5, 0.95])
    assert 0.1 < low < 0.25 < high < 0.5
    assert middle == pytest.approx(0.25, abs=0.03)


def test_nothing_known_only_later_is_a_source() -> None:
    """Data sets of base rates may be younger: what they count was there to be known."""
    for source in model().sources:
        if source.key != "icb" and source.date:
            assert date.fromisoformat(source.date) <= date(2020, 6, 1), source


def test_habit_alone_repeats_the_counts() -> None:
    """Without look-ahead, months are shared out as in the year before, strikes being replies to deaths.

    Each count is met within a fifth; less closely where one's own acts of the first month move the odds of
    the second (waivers gone cannot be revoked, deaths bring forces).
    """
    still = {"us_precision": 0, "iran_precision": 0}
    cut = replace(model((), 1), steps=2)
    habit = simulate(Design(cut, scenarios=6000, seed=5, overrides=still)).isel(policy=0)
    counts = {
        "washington": {
            "press_harder": 8, "revoke_waivers": 3, "keep_waivers": 3, "deploy": 3, "hold": 2,
            "carve_outs": 2, "prisoner_exchange": 1,
        },
        "tehran": {
            "attack_shipping": 3, "attack_partners": 1, "down_drone": 1, "gesture": 2, "hold": 4,
            "expand_enrichment": 3.5, "limit_inspections": 1,
        },
    }  # fmt: skip
    for actor, seen in counts.items():
        shares = {a: share(habit, actor, a, until=2) for a in seen}
        for action, count in seen.items():
            expected = count / sum(seen.values())
            off = 0.45 if action in ("deploy", "revoke_waivers", "keep_waivers") else 0.2
            assert shares[action] / sum(shares.values()) == pytest.approx(expected, rel=off), (actor, action)
    strikes = share(runs(set=still), "washington", "strike_militia")
    assert 0.03 < strikes < 0.16  # two of 13 months, both after killings
    assert 0.3 < share(runs(set=still), "militias", "rockets") < 0.6


def test_no_future_is_absurd() -> None:
    """Prior predictive bounds: loose, and none of them fitted to what happened."""
    design = Design(model((), 1), scenarios=2000, seed=7)
    data = simulate(design).isel(policy=0)
    assert int((data["status"] != 0).sum()) == 0
    war = chance(data, "war")
    assert 0.005 < war < 0.1  # a few percent a year at most
    assert chance(data, "capitulation") < 0.08  # Pape: sanctions alone worked in about one case of twenty
    assert chance(data, "interim_deal", END_OF_2020) < 0.2
    assert chance(data, "strike_on_iran") < 0.2
    assert 0.4 < chance(data, "americans_killed") < 0.97
    end = data.isel(time=LAST)
    for name, low, high in (
        ("oil_exports", 0.05, 1.5),
        ("oil_price", 15, 130),
        ("gdp", 74, 95),
        ("leu", 1000, 9000),
        ("enrichment_capacity", 300, 1500),
        ("breakout", 0.5, 7),
        ("dollar_rate", 100_000, 800_000),
        ("approval", 30, 75.1),
    ):
        bottom, top = np.quantile(end[name], [0.01, 0.99])
        assert low < bottom < top < high, (name, bottom, top)


def test_no_act_is_ruled_out_or_forced_by_the_look_ahead() -> None:
    """Reason tilts habit; where it would multiply an act's chance by more than five, the scales are wrong."""
    base, habit = runs(months=LAST), runs(set={"us_precision": 0, "iran_precision": 0}, months=LAST)
    exempt = {"accept_demands", "accept_summit", "accept_interim_direct", "accept_interim", "accept_return"}
    for name in ("washington", "tehran"):
        actor = next(a for a in model().actors if a.name == name)
        for action in {a.name for a in actor.actions} - exempt:
            with_reason, without = (share(d, name, action, until=LAST) for d in (base, habit))
            if without > 0.01:
                assert 1 / 5 < with_reason / without < 5, (name, action, with_reason, without)


def test_weeks_tell_the_same_story_as_months() -> None:
    """Decisions keep their rhythm of a month: a finer calendar changes nothing but what a month blurs."""
    weekly_model = replace(loads(WEEKLY), actors=model((), 1).actors)
    weekly = simulate(Design(weekly_model, scenarios=RUNS, seed=20200601)).isel(policy=0)
    monthly = runs(months=LAST)
    for outcome in ("war", "comprehensive_deal", "interim_deal", "strike_on_iran", "un_sanctions_back"):
        assert chance(weekly, outcome, 10**6) == pytest.approx(chance(monthly, outcome), abs=0.06), outcome
    tolerance = {
        "leu": 0.05, "breakout": 0.07, "oil_exports": 0.06, "hardliners": 0.03, "gdp": 0.01, "tension": 0.1,
        "ships_hit": 0.1, "killings": 0.15, "coalition": 0.08,
    }  # fmt: skip
    for name, off in tolerance.items():
        week, month = (float(d[name][:, -1].mean()) for d in (weekly, monthly))
        assert week == pytest.approx(month, rel=off), name


def test_a_decision_comes_once_a_month_whatever_the_step() -> None:
    weekly_model = replace(loads(WEEKLY), actors=model((), 0).actors)
    weekly = simulate(Design(weekly_model, scenarios=2)).isel(policy=0, scenario=0)
    due = weekly["due"].values[:-1]
    assert due.sum() == LAST
    assert set(np.diff(np.flatnonzero(due > 0.5))) <= {4, 5}
    assert (runs()["due"].values == 1).all()
