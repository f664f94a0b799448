"""Units of measure: read, compared, multiplied, never converted."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from functools import cache

from offramp.given import did_you_mean

# Scales and counts of our own making: all of them plain numbers.
DIMENSIONLESS = ("points", "point", "index", "share", "flag", "score", "count", "dimensionless")

# One line each: the main name, a base dimension in square brackets or a product of numbers and units defined
# above, other names. A month is the mean Gregorian month (365.2425 / 12 days), as in model.py.
_DEFINITIONS = (
    "month = [time] = months",
    "year = 12 * month = years",
    "quarter = 3 * month = quarters",
    "day = month / 30.436875 = days",
    "week = 7 * day = weeks",
    "hour = day / 24 = hours",
    "minute = hour / 60 = minutes",
    "second = minute / 60 = seconds",
    "kg = [mass] = kilogram = kilograms",
    "g = 0.001 * kg = gram = grams",
    "mg = 1e-6 * kg = milligram",
    "tonne = 1000 * kg = tonnes",
    "kilotonne = 1000 * tonne = kilotonnes",
    "pound = 0.45359237 * kg = pounds",
    "meter = [length] = meters = metre = metres",
    "km = 1000 * meter = kilometer = kilometers = kilometre = kilometres",
    "mile = 1609.344 * meter = miles",
    "nautical_mile = 1852 * meter = nautical_miles",
    "hectare = 10000 * meter ** 2 = hectares",
    "barrel = 0.158987294928 * meter ** 3 = barrels",
    "liter = 0.001 * meter ** 3 = liters = litre = litres",
    "gallon = 0.003785411784 * meter ** 3 = gallons",
    "joule = kg * meter ** 2 / second ** 2 = joules",
    "watt = joule / second = watts",
    "kilowatt = 1000 * watt",
    "megawatt = 1e6 * watt = MW",
    "gigawatt = 1e9 * watt = GW",
    "kilowatt_hour = kilowatt * hour = kWh",
    "megawatt_hour = megawatt * hour = MWh",
    "gigawatt_hour = gigawatt * hour = GWh",
    # Separative work has the dimension of a mass but is not one: adding the two is a mistake.
    "SWU = [separative_work]",
    "USD = [currency_USD]",
    "EUR = [currency_EUR]",
    "GBP = [currency_GBP]",
    "CNY = [currency_CNY]",
    "RUB = [currency_RUB]",
    "IRR = [currency_IRR]",
    # Other things that one counts have no unit of their own: their names are good names for variables.
    "person = [person] = persons = people",
    "centrifuge = [centrifuge]",
    "percent = 0.01 = percents",
    "permille = 0.001",
    "thousand = 1000 = thousands",
    "million = 1000000 = millions",
    "billion = 1000000000 = billions",
    "trillion = 1000000000000 = trillions",
)
# Main name -> what it is, and any name -> the main one. Formulas may use all; nothing else may bear them.
_VALUES: dict[str, str] = {}
NAMES: dict[str, str] = {}
for _line in _DEFINITIONS:
    _main, _value, *_others = _line.split(" = ")
    _VALUES[_main] = _value
    NAMES |= dict.fromkeys((_main, *_others), _main)
MAIN_NAMES = tuple(_VALUES)


# The largest power of one unit, and how many powers of ten a unit may be away from base units.
MOST_POWER, MOST_TENS = 60, 120


class UnitError(ValueError):
    """A unit text that cannot be read; `start` and `end` count its characters from 0."""

    def __init__(self, message: str, *hint: str, start: int = 0, end: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.hint = tuple(h for h in hint if h)
        self.start = start
        self.end = end


@dataclass(frozen=True, slots=True)
class Unit:
    """A product of powers of named units, in the order of their names.

    Two units are the same if they have the same dimension and the same factor, whatever the names:
    `barrel/day*day` is `barrel`.
    """

    powers: tuple[tuple[str, float], ...] = ()
    label: str = field(default="", compare=False)  # what pure numbers are called: points, index, ...

    @property
    def tens(self) -> float:
        """The logarithm, to base ten, of how many base units one of this unit is."""
        return math.fsum(power * math.log10(_meaning(name)[0]) for name, power in self.powers)

    @property
    def factor(self) -> float:
        """How many base units one of this unit is."""
        return float(10.0**self.tens)

    @property
    def is_beyond(self) -> bool:
        """Whether no quantity has such a unit: a product of powers that arithmetic could not hold."""
        return any(abs(power) > MOST_POWER for _, power in self.powers) or abs(self.tens) > MOST_TENS

    @property
    def dimension(self) -> tuple[tuple[str, float], ...]:
        total: dict[str, float] = {}
        for name, power in self.powers:
            for base, exponent in _meaning(name)[1]:
                total[base] = total.get(base, 0.0) + exponent * power
        return tuple(sorted((b, round(e, 9)) for b, e in total.items() if abs(e) > 1e-9))

    @property
    def is_plain(self) -> bool:
        """True for pure numbers: no dimension and no factor (percent has a factor)."""
        return not self.powers or self.same(PLAIN)

    def same(self, other: Unit) -> bool:
        if self.powers == other.powers:
            return True
        return self.dimension == other.dimension and abs(self.tens - other.tens) < 1e-9

    def times(self, other: Unit, power: float = 1.0) -> Unit:
        """This unit times the `power`-th power of another."""
        total = dict(self.powers)
        for name, exponent in other.powers:
            total[name] = total.get(name, 0.0) + exponent * power
        label = self.label if not other.label else other.label if power == 1 and not self.label else ""
        return Unit(tuple(sorted((n, round(e, 9)) for n, e in total.items() if abs(e) > 1e-9)), label)

    def __str__(self) -> str:
        """Such as `kg/month`; for pure numbers what they are called, or `dimensionless`."""

        def show(name: str, power: float) -> str:
            return name if power == 1 else f"{name}**{power:g}"

        above = [show(n, p) for n, p in self.powers if p > 0]
        below = [show(n, -p) for n, p in self.powers if p < 0]
        if not above and not below:
            return self.label or "dimensionless"
        return "/".join(["*".join(above) or self.label or "1", *below])


PLAIN = Unit()
MONTH = Unit((("month", 1.0),))
PER_MONTH = Unit((("month", -1.0),))

_WORD = re.compile(r"\s*(?:(?P<name>[^\W\d]\w*)|(?P<number>\d+(?:\.\d+)?)|(?P<op>\*\*|[-*/^().]))")


@cache
def parse(text: str) -> Unit:
    """Read a unit such as `kg`, `1/month`, `barrel/day`, `million USD`, `kg*meter**2`.

    Raises
    ------
    UnitError
        If it is not a product and quotient of known units.
    """
    total = PLAIN
    sign, at, power_due, last = 1.0, 0, False, PLAIN
    expects_unit = True
    stripped = len(text.rstrip())
    while at < stripped:
        match = _WORD.match(text, at)
        if match is None:
            hint = f"Write `{_CURRENCIES[text[at]]}`." if text[at] in _CURRENCIES else _EXAMPLES
            raise UnitError(f"`{text[at]}` cannot stand in a unit", hint, start=at, end=at + 1)
        start, word = match.start(match.lastgroup or 0), match[match.lastgroup or 0]
        at = match.end()
        if power_due:
            exponent, at = _exponent(text, start)
            total = total.times(last, sign * (exponent - 1))  # one power of it has been counted already
            power_due, expects_unit = False, False
        elif match["name"]:
            last = _named(word, start)
            sign = sign if expects_unit else 1.0  # `million USD`: a space multiplies
            total = total.times(last, sign)
            expects_unit = False
        elif match["number"]:
            if word != "1" or not expects_unit:
                raise UnitError("a number cannot stand in a unit", _EXAMPLES, start=start, end=at)
            last, expects_unit = PLAIN, False
        elif word in ("**", "^") and not expects_unit:
            power_due = True
        elif word in ("*", "/") and not expects_unit:
            sign, expects_unit = (1.0 if word == "*" else -1.0), True
        else:
            raise UnitError(f"`{word}` cannot stand here in a unit", _EXAMPLES, start=start, end=at)
    if expects_unit or power_due:
        raise UnitError(
            "this unit ends too early", _EXAMPLES, start=max(0, stripped - 1), end=max(1, stripped)
        )
    if total.is_beyond:
        raise UnitError("no quantity has a unit of such powers", _EXAMPLES, start=0, end=max(1, stripped))
    return total


def _exponent(text: str, start: int) -> tuple[int, int]:
    """The power that begins at a position, and where it ends."""
    word = re.compile(r"-\s*\d+|\*\*|\d+(?:\.\d+)?|\w+|\W").match(text, start)
    shown = "".join(word[0].split()) if word else ""
    if word is None or re.fullmatch(r"-?[0-9]", shown) is None:
        end = start + len(shown or "-")
        raise UnitError("a power must be a small whole number", _EXAMPLES, start=start, end=end)
    return int(shown), word.end()


_CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "%": "percent", "‰": "permille"}
_EXAMPLES = (
    "Units look like `kg`, `1/month`, `barrel/day`, `million USD`. Leave `unit` out for plain numbers."
)


def _named(name: str, start: int) -> Unit:
    if name in DIMENSIONLESS:
        return Unit((), name)
    if name not in NAMES:
        raise UnitError(
            f"unknown unit `{name[:60]}`",
            *_advice(name),
            start=start,
            end=start + len(name),
        )
    return Unit(((NAMES[name], 1.0),))


# The units that most models can do with; others are found by did_you_mean, or built of these.
_SHOWN = (
    "month, week, day, year, kg, tonne, meter, km, liter, barrel, MW, GWh, USD, EUR, person, percent, "
    "thousand, million, billion"
)
# What people write for lengths, alone and with a power behind.
_LENGTHS = {"m": "meter", "km": "km", "mi": "mile"}
_POWERS = {"2": "2", "3": "3", "²": "2", "³": "3"}
_OTHERWISE = {
    "bbl": "barrel",
    "bn": "billion",
    "mrd": "billion",
    "mn": "million",
    "mln": "million",
    "mio": "million",
    "tn": "trillion",
    "pct": "percent",
    "pp": "percent",
    "h": "hour",
    "d": "day",
    "us": "USD",
    "ton": "tonne",
    "tons": "tonne",
    "metric": "tonne",
    "mb": "million*barrel",
    "mbd": "million*barrel/day",
    "head": "person",
    "heads": "person",
    "n": "count",
    "number": "count",
    "none": "dimensionless",
    "t": "tonne",
    "l": "liter",
    "mcm": "million*meter**3",
    "bcm": "billion*meter**3",
}


def _advice(name: str) -> tuple[str, ...]:
    """What to write for an unknown unit, or what there is."""
    low = name.lower()
    length, power = (low[:-1], _POWERS[low[-1]]) if low[-1:] in _POWERS else (low, "")
    if name == "of":
        better = "Leave `of` out: `thousand person`."
    elif name == "per":
        better = "Write `/` for per: `kg/month`."
    elif power and length in _LENGTHS:
        better = f"Write `{_LENGTHS[length]}**{power}`."
    elif low in _OTHERWISE or low in _LENGTHS:
        better = f"Write `{_OTHERWISE.get(low) or _LENGTHS[low]}`."
    else:
        better = did_you_mean(name, [*NAMES, *DIMENSIONLESS], 0.75)
    units = f"Units are {_SHOWN} and others, and products and powers of them: `meter**3/second`."
    return (better, units, "For what is only counted: points, index, share, or no `unit` at all.")


@cache
def _meaning(name: str) -> tuple[float, tuple[tuple[str, float], ...]]:
    """Factor to base units and dimension of a unit, by its main name."""
    value, factor, dimension = _VALUES[name], 1.0, Unit()
    if value.startswith("["):
        return 1.0, ((value, 1.0),)
    for op, word, exponent in re.findall(r"([*/]?) ?([\w.-]+)(?: \*\* (\d))?", value):
        power = (-1.0 if op == "/" else 1.0) * float(exponent or 1)
        own, bases = _meaning(word) if word in _VALUES else (float(word), ())
        factor *= own**power
        dimension = dimension.times(Unit(bases), power)
    return factor, dimension.powers


@dataclass(frozen=True, slots=True)
class Bare:
    """The unit of an expression of literals only: whatever its neighbour has."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """The unit of something that is wrong already; nothing more is said about it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Not a number: true or false."""


Kind = Unit | Bare | Unknown | Condition
BARE, UNKNOWN, CONDITION = Bare(), Unknown(), Condition()


def named(unit: Unit) -> str:
    """A unit in a sentence: in `kg`, in plain numbers."""
    return "plain numbers" if unit.is_plain and not unit.label else f"`{unit}`"


def advice(given: Unit, wanted: Unit, it: str = "it") -> tuple[str, ...]:
    """How to get `it` from one unit to the other: the factor, or a missing `/ month`."""
    ratio = Unit(wanted.times(given, -1.0).powers)
    if given.dimension == wanted.dimension:
        factor = given.factor / wanted.factor
        if factor >= 1:
            same = f"1 {_one(given)} is {factor:.10g} {_one(wanted)}"
            way = f"multiply {it} by `{_with_unit(factor, ratio)}`"
        else:
            same = f"1 {_one(wanted)} is {1 / factor:.10g} {_one(given)}"
            way = f"divide {it} by `{_with_unit(1 / factor, Unit(given.times(wanted, -1.0).powers))}`"
        return (f"Units are not converted. {same}: {way}.",)
    if wanted.is_plain:
        bridge = str(Unit(given.powers))
        way = f"multiply {it} by `{bridge[2:]}`" if bridge.startswith("1/") else f"divide {it} by `{bridge}`"
        return (f"To drop the unit, {way}; or is a `unit` missing or wrong?",)
    if ratio.same(PER_MONTH):
        return (
            "A value per month is wanted: multiply by a number with its unit, as in `0.1 / month * ...`.",
        )
    if ratio.same(MONTH) and given.is_plain:
        return ("Give the number the unit `month`, where it stands or as in `3 * month`.",)
    if ratio.same(MONTH):
        return ("It is per month already: drop one `/ month`.",)
    bridge = str(ratio)
    way = f"divide {it} by something in `{bridge[2:]}`" if bridge.startswith("1/") else ""
    way = way or f"multiply {it} by something in `{bridge}`"
    return (f"Where the formula is right, change the `unit`; otherwise {way}.",)


def _with_unit(factor: float, unit: Unit) -> str:
    """A number with its unit, in brackets where it could be read otherwise: `(12 * month/year)`."""
    text = str(unit)
    if text.startswith("1/"):
        return f"{factor:.10g} / {text[2:]}"
    return f"({factor:.10g} * {text})"


def _one(unit: Unit) -> str:
    text = str(unit)
    if text.startswith("1/"):
        return f"per {text[2:]}"
    return "(a plain number)" if unit.is_plain and not unit.label else text
