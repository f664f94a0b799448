"""`lookups`: curves through points."""

from __future__ import annotations

from itertools import pairwise

from offramp.language import keys
from offramp.language.fields import Fields
from offramp.language.reader import Reader
from offramp.language.sections.names import Names
from offramp.language.source import Sequence
from offramp.language.units import Kind
from offramp.model import Curve

MOST_POINTS = 100


def read_lookups(reader: Reader, file: Fields, names: Names) -> tuple[Curve, ...]:
    """The section `lookups`; formulas that are read later know its tables."""
    for key, value in file.entries("lookups"):
        fields = Fields.read(reader, key, value, keys.LOOKUP)
        if fields is None:
            names.incomplete = True
            continue
        xs = _numbers(reader, fields, names, "x", fields.unit("x_unit"))
        ys = _numbers(reader, fields, names, "y", fields.unit("unit"))
        if not _is_curve(reader, fields, xs, ys):
            xs, ys = (0.0, 1.0), (0.0, 1.0)
        names.tables[key.text] = Curve(
            name=key.text,
            title=fields.title(),
            unit=fields.unit_text("unit"),
            x_unit=fields.unit_text("x_unit"),
            x=xs,
            y=ys,
            extrapolate=fields.flag("extrapolate"),
            origin=fields.origin(always=True),
        )
    return tuple(names.tables.values())


def _numbers(reader: Reader, fields: Fields, names: Names, key: str, unit: Kind) -> tuple[float, ...]:
    """The list under a key; empty after a problem."""
    value = fields.value(key)
    if value is None:
        return ()
    if not isinstance(value, Sequence) or not 2 <= len(value.items) <= MOST_POINTS:
        hint = f"Write `{key}: [0, 1, 2]`."
        reader.say(value, f"`{key}` must be a list of 2 to {MOST_POINTS} numbers", hint)
        return ()
    scope = names.numbers_only("the points of a table are numbers")
    found = [fields.number_at(item, key, scope, unit, f"a point of `{key}`") for item in value.items]
    return () if None in found else tuple(n for n in found if n is not None)


def _is_curve(reader: Reader, fields: Fields, xs: tuple[float, ...], ys: tuple[float, ...]) -> bool:
    if not xs or not ys:
        return False
    if len(xs) != len(ys):
        message = f"{len(xs)} values of `x` and {len(ys)} of `y`: each point has one of both"
        reader.say(fields.at("y"), message, "Write as many in one as in the other.")
        return False
    for a, b in pairwise(xs):
        if a >= b:
            reader.say(fields.at("x"), f"`x` must rise from point to point, and {b:g} follows {a:g}")
            return False
    return True
