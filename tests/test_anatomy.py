"""The walk over a model finds what stands in a part, whichever of its fields holds it."""

from __future__ import annotations

from dataclasses import dataclass

from offramp import anatomy
from offramp.language.check import load
from offramp.model import Effect, Formula
from offramp.tree import Number


def effect(variable):
    return Effect(variable, "add", Formula("1", Number(1.0)))


@dataclass(frozen=True)
class Shove:
    """A part with two lists of effects, as a new key of the language might add."""

    name: str
    effects: tuple[Effect, ...]
    impulse: tuple[Effect, ...]


def test_effects_are_found_in_every_field_that_holds_some():
    """Whoever reads `.effects` alone would say of this part that it does less than it does."""
    shove = Shove("shove", (effect("a"),), (effect("b"), effect("c")))
    assert [e.variable for e in anatomy.effects_of(shove)] == ["a", "b", "c"]


def test_effects_of_parts_are_those_that_move_stocks():
    """Taken together they are what moves stocks beside their own formulas."""
    model = load("us-iran-2020")
    parts = list(anatomy.parts(model))
    moved = {e.variable for p in parts for e in anatomy.effects_of(p.item)}
    assert moved
    assert moved <= {m.target for m in anatomy.moves(model)} <= anatomy.moved(model)
