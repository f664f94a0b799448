"""Numbers set by hand in the brief."""

from __future__ import annotations

import offramp as ofr

TEXT = """
model: {name: pond, title: Pond, illustrative: true}
horizon: {start: 2020-01-01, step: month, steps: 2}
variables:
  level: {title: Level, unit: "1", initial: 1, change: "growth / month"}
parameters:
  growth: {title: Growth, unit: "1", value: "uniform(0, 1)", guess: true, reason: "a test"}
  shade: {title: Shade, unit: "1", value: "uniform(0, 1)", guess: true, reason: "a test"}
outcomes:
  high: {title: High, when: "level > 2 + shade"}
"""


def test_a_number_outside_its_prior_is_marked():
    """A reader of the page alone must see that no scenario would have drawn it."""
    model = ofr.loads(TEXT)
    design = ofr.Design(model, scenarios=20, overrides={"growth": 3.0, "shade": 0.5})
    html = ofr.brief(ofr.simulate(design), model).html
    assert "Growth to 3 (outside its prior" in html
    assert "Shade to 0.5;" in html or "Shade to 0.5." in html
