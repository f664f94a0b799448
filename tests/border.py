"""A crisis at a border with evidence and questions, for tests of calibrations and forecasts.

A stock that grows by 4 a month, reported every quarter ten days late; five raids; no war.
"""

from __future__ import annotations

from datetime import date, timedelta

from offramp.truth.questions import ForecastQuestion

HEADER = "series,date,until,known,value,unit,source,note\n"
MODEL = """
model: {name: border, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 24}
variables:
  stock: {unit: kg, initial: "normal(100, 5)", change: growth, noise: 3}
parameters:
  growth: {unit: kg/month, value: "normal(5, 3)"}
  pace: {unit: 1/month, value: "lognormal(0.2, 0.8)"}
actors:
  blue: {actions: {wait: {}, act: {}}}
events:
  raid: {rate: pace}
outcomes:
  war: {rate: 0.002 / month, absorbing: true}
evidence:
  stocks: {observes: stock, data: seen.csv, series: stock, error: normal, sd: 2 * kg}
  raids: {observes: raid, data: seen.csv, series: raid, error: poisson, window: 3, stray: 0.02}
"""
QUESTIONS = """
origins: {from: 2020-07-01, until: 2021-07-01, months: 6}
horizons: [3, 6]
held_out: 2021-01-01
questions:
  raid: {title: A raid, topic: raids, of: {happens: raid}, seen: {data: seen.csv, series: raid},
         base_rate: {per_year: 2.4, source: made up}}
  raids: {title: Raids, of: {count: raid}, seen: {data: seen.csv, series: raid}}
  stock: {title: Stock, of: {level: stock}, seen: {data: seen.csv, series: stock}}
  stock_above: {title: Above 150 kg, of: {level: stock, above: 150}, seen: {data: seen.csv, series: stock}}
  war: {title: War, of: {ends: war}, seen: {data: seen.csv, series: war, holds: true}}
"""
RAIDS = [date(2020, 2, 10), date(2020, 8, 20), date(2020, 9, 1), date(2021, 3, 3), date(2021, 11, 5)]


def month(k):
    return date(2020 + k // 12, k % 12 + 1, 1)


def written(place):
    """The model, its table and the list of questions in a folder, which it gives back."""
    rows = [f"stock,{month(k)},,{month(k) + timedelta(10)},{100 + 4 * k},kg,s,\n" for k in range(0, 25, 3)]
    rows += [f"raid,{day},,{day},1,count,s,\n" for day in RAIDS]
    rows += [f"war,{month(k)},,{month(k)},0,flag,s,\n" for k in range(0, 25, 6)]
    (place / "seen.csv").write_text(HEADER + "".join(rows))
    (place / "border.yaml").write_text(MODEL)
    (place / "asked.yaml").write_text(QUESTIONS)
    return place


def question(asked, name):
    return next(q for q in asked.questions if q.name == name)


def reaching(asked, at_least, **how):
    """A question whether the stock reaches so much: 100 and 4 more a month, reported every quarter."""
    return ForecastQuestion("r", "R", "reaches", ("stock",), "stock", "seen.csv", at_least=at_least, **how,
                    rows=question(asked, "stock").rows)  # fmt: skip


EXPORTS = """
model: {name: exports, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 24}
variables:
  shipped: {unit: million*barrel/day, initial: 0.3, noise: 0.05, bounds: [0, 3], saturates: true}
  spare: {unit: kg, equals: 0.1 * kg + 0.01 * kg * idle ** 2}
  balance: {unit: kg, equals: 0.1 * kg * idle}
parameters:
  idle: {value: "normal(0, 1)"}
actors:
  blue: {actions: {wait: {}, act: {}}}
evidence:
  trackers: {observes: shipped, data: seen.csv, series: shipped, error: normal,
    sd: 1 * million * barrel / day, lasting: 0.5, lasts: 6}
  scales: {observes: spare, data: seen.csv, series: spare, error: normal, sd: 2 * kg}
  books: {observes: balance, data: seen.csv, series: balance, error: normal, sd: 2 * kg}
"""


def exports(place):
    """A model near its bounds, its table and questions in a folder, which it gives back."""
    units = {"shipped": "million*barrel/day", "spare": "kg", "balance": "kg"}
    months = [month(k) for k in range(0, 25, 3)]
    rows = [f"{name},{day},,{day},0.2,{unit},s,\n" for day in months for name, unit in units.items()]
    (place / "seen.csv").write_text(HEADER + "".join(rows))
    (place / "exports.yaml").write_text(EXPORTS)
    listed = "origins: {from: 2020-07-01, until: 2020-07-01}\nhorizons: [3]\nquestions:\n" + "".join(
        f"  {name}: {{title: {title}, of: {{level: {name}}}, seen: {{data: seen.csv, series: {name}}}}}\n"
        for name, title in (("shipped", "Exports"), ("spare", "Spare"), ("balance", "Balance in kg"))
    )
    bare = "  unseen: {title: Unseen, of: {level: shipped}, seen: {data: seen.csv, series: spare}}\n"
    (place / "asked.yaml").write_text(listed + bare)
    return place
