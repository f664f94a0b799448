"""What people write where a formula is wanted: ranges and conditions in words, copies from Word and Excel.

Asked only once a text has been found wrong, so nothing that is right is refused here. A slip is a pattern of
the whole text; the function below the pattern says what is wrong and what to write, made of the text itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from offramp.language.numbers_meant import (
    CARDINALS,
    GROUPED,
    LONG_DASHES,
    NUMBER,
    PERCENT,
    QUOTES,
    number_meant,
    shown,
    written,
)
from offramp.language.units import DIMENSIONLESS, NAMES

# Message and hint.
Said = tuple[str, str]
_Match = re.Match[str]
_SLIPS: list[tuple[re.Pattern[str], Callable[[_Match], Said]]] = []

_PRIOR = "A number that is not known better is a prior"
_VALUE = rf"{NUMBER}(?:\s*{PERCENT})?"
_NAME = r"(?P<name>[^\W\d]\w*)"


def slip_of(text: str, names: Iterable[str] = ()) -> Said | None:
    """What a text that is no formula was meant for: a message and a hint, or None.

    `names` are those that a formula may use here; a text that has one of them is left to other messages
    wherever a slip could be told from it only by guessing.
    """
    text = text.strip()
    if len(text) > 120:
        return None
    words = set(re.findall(r"[^\W\d]\w*", text))
    for pattern, say in _SLIPS:
        match = pattern.fullmatch(text)
        if match is not None and not ("free" in pattern.groupindex and words & set(names)):
            return say(match)
    return None


def _slip(*patterns: str) -> Callable[[Callable[[_Match], Said]], Callable[[_Match], Said]]:
    def keep(say: Callable[[_Match], Said]) -> Callable[[_Match], Said]:
        _SLIPS.extend((re.compile(p, re.IGNORECASE | re.DOTALL), say) for p in patterns)
        return say

    return keep


# ---------------------------------------------------------------------- signs


@_slip(rf"(?P<open>[{QUOTES}])(?P<inner>.*)[{QUOTES}]")
def _quotes(m: _Match) -> Said:
    inner = m["inner"].strip()[:40]
    return (
        f"`{m['open']}` is no quote here: Word makes such signs of straight quotes",
        f'Write `{inner}` without them, or with quotes from the keyboard: `"{inner}"`.',
    )


@_slip(r"#(?:REF|N/A|VALUE|DIV/0|NAME|NUM|NULL)[!?]?")
def _error_of_a_sheet(m: _Match) -> Said:
    return "an error of a spreadsheet, not a number", "Write the number that was to stand there."


@_slip(r"=(?!=)(?P<rest>.+)")
def _sheet(m: _Match) -> Said:
    if re.search(r"\b[A-Z]{1,2}[0-9]+\b", m["rest"]):
        return "cells of a spreadsheet are not known here", "Write numbers, or names of parameters."
    return "a formula begins without `=`", f"Write `{m['rest'].strip()[:40]}`."


@_slip(GROUPED, r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", r"\d{1,3}(?:\.\d{3})+,\d+")
def _separators(m: _Match) -> Said:
    return f"`{m[0]}`: numbers have no thousands separators", f"Write `{written(m[0])}`."


@_slip(r"(?P<free>n/?\.?a\.?|none|null|nil|unknown|not known|tbd|tba|missing|no data|[-–—?.…]+)")
def _nothing(m: _Match) -> Said:
    hint = (
        "Give your best range as a prior, `uniform(low, high)`; or leave the key out where that is possible."
    )
    return f"`{m[0]}` is no number", hint


# ---------------------------------------------------------------------- ranges and doubt


@_slip(
    rf"(?:between|from)\s+(?P<low>{_VALUE})\s*(?:and|to|through|until|[-{LONG_DASHES}])\s*(?P<high>{_VALUE})",
    rf"(?P<low>{_VALUE})\s*(?:to|through|\.\.+|…|→|->|[{LONG_DASHES}])\s*(?P<high>{_VALUE})",
    rf"(?P<low>{_VALUE})\s*-\s*(?P<high>{NUMBER}\s*{PERCENT})",
)
def _range(m: _Match) -> Said:
    low, high = m["low"], m["high"]
    if re.search(PERCENT, high, re.IGNORECASE) and not re.search(PERCENT, low, re.IGNORECASE):
        low += "%"
    return "a range is no number", f"{_PRIOR}: `{_uniform(low, high)}`."


def _uniform(low: str, high: str) -> str:
    ends = [v for v in map(number_meant, (low, high)) if v is not None]
    return f"uniform({', '.join(shown(v) for v in sorted(ends))})"


@_slip(rf"[\[(]?\s*(?P<list>{_VALUE}(?:\s*[,;]\s+{_VALUE}|\s*;{_VALUE})+)\s*[\])]?")
def _list(m: _Match) -> Said:
    values = sorted(v for part in re.split(r"[,;]\s+|;", m["list"]) if (v := number_meant(part)) is not None)
    numbers = ", ".join(map(shown, values))
    better = {2: f"uniform({numbers})", 3: f"triangular({numbers})"}.get(len(values), "uniform(low, high)")
    return "several numbers stand where one is wanted", f"{_PRIOR}: `{better}`."


@_slip(rf"(?P<mean>{NUMBER})\s*\(?\s*(?:±|\+\s*/\s*-|\+-)\s*(?P<sd>{NUMBER})\s*\)?")
def _give_or_take(m: _Match) -> Said:
    mean, sd = number_meant(m["mean"]) or 0.0, number_meant(m["sd"]) or 0.0
    normal, ends = f"normal({shown(mean)}, {shown(sd)})", f"uniform({shown(mean - sd)}, {shown(mean + sd)})"
    hint = f"For a standard deviation write `{normal}`, for ends `{ends}`."
    return "how far a number may be off is said by a prior", hint


@_slip(
    rf"(?:~|≈|≃|∼|approx\.?|approximately|about|around|roughly|circa|ca\.?|c\.|some)\s*(?P<number>{_VALUE})",
    rf"(?P<number>{_VALUE})\s*(?:\(?approx\.?\)?|or so|-?ish|\?)",
)
def _about(m: _Match) -> Said:
    value = number_meant(m["number"]) or 0.0
    doubt = f"normal({shown(value)}, {shown(abs(value) / 5)})"
    return "a number that is only about right is a prior", f"Write `{doubt}`, or `{shown(value)}` alone."


_BELOW = "<=?|≤|less than|fewer than|under|below|at most|up to|max\\.?|maximum|no more than|not more than"
_ABOVE = ">=?|≥|more than|over|above|at least|min\\.?|minimum|no less than|not less than"


@_slip(
    rf"(?:(?P<below>{_BELOW})|{_ABOVE})\s*(?P<number>{_VALUE})",
    rf"(?P<number>{_VALUE})\s*(?:\+|or more|(?P<below>or less|or fewer|at most))",
)
def _one_side(m: _Match) -> Said:
    value = written(m["number"])
    ends = f"uniform(low, {value})" if m["below"] else f"uniform({value}, high)"
    sign = "<" if m["below"] else ">"
    hint = f"{_PRIOR}: `{ends}`. A condition says what is compared: `tension {sign} {value}`."
    return f"`{m[0]}` says only on which side of a number something lies", hint


@_slip(
    rf"(?P<kind>uniform|normal|triangular|lognormal|beta|unif|u|n)\s*[\[({{]?\s*(?P<args>{NUMBER}(?:(?:[\s,;±–]|to|and)+{NUMBER})*)[\])}}]?",
)
def _prior(m: _Match) -> Said:
    kind = {"u": "uniform", "unif": "uniform", "n": "normal"}.get(m["kind"].lower(), m["kind"].lower())
    numbers = re.findall(rf"[-+{LONG_DASHES}]?\d+(?:\.\d+)?(?:e[-+]?\d+)?", m["args"], re.IGNORECASE)
    hint = f"Write `{kind}({', '.join(map(written, numbers))})`."
    return "a prior is its name, and its numbers in round brackets with commas between them", hint


@_slip(
    rf"mean\s*[=:]?\s*(?P<mean>{NUMBER})[,;]?\s*(?:and\s+)?(?:sd|s\.d\.|std\.?|sigma)\s*[=:]?\s*(?P<sd>{NUMBER})"
)
def _mean_and_sd(m: _Match) -> Said:
    return "a mean and its spread in words", f"Write `normal({written(m['mean'])}, {written(m['sd'])})`."


# ---------------------------------------------------------------------- shares, fractions, words


@_slip(rf"(?P<number>{NUMBER}|{'|'.join(CARDINALS)})\s*(?P<sign>{PERCENT}|pp|percentage points?)")
def _share(m: _Match) -> Said:
    value = number_meant(m["number"]) or 0.0
    hint = f"Write `{shown(value / 100)}`; or `{shown(value)}` where the `unit` is `percent`."
    return "a share is written as a number", hint


_PARTS = {
    "half": 2,
    "halves": 2,
    "third": 3,
    "quarter": 4,
    "fourth": 4,
    "fifth": 5,
    "tenth": 10,
    "hundredth": 100,
}
_GLYPHS = {"½": "0.5", "¼": "0.25", "¾": "0.75", "⅓": "1/3", "⅔": "2/3", "⅕": "0.2", "⅛": "0.125"}


@_slip(r"(?P<above>\d+)\s*/\s*(?P<below>\d+)(?:st|nd|rd|th)s?")
@_slip(r"(?P<above>\d+)\s*(?:in|out of|of|:)\s*(?P<below>\d+)")
def _fraction(m: _Match) -> Said:
    return f"`{m[0]}` is a fraction in words", f"Write `{m['above']}/{m['below']}`."


@_slip(r"(?P<base>\d+)(?P<power>[²³])")
def _power(m: _Match) -> Said:
    return f"`{m[0]}`: a power is written with `**`", f"Write `{m['base']} ** {'²³'.index(m['power']) + 2}`."


@_slip(rf"(?P<number>{NUMBER})\s*\((?P<remark>[^()0-9]+)\)")
def _remark(m: _Match) -> Said:
    hint = f"Write `{written(m['number'])}`; a remark follows behind ` # `, or stands under `reason`."
    return "a remark stands in the number", hint


@_slip(rf"(?:(?P<count>{'|'.join(CARDINALS)})[ -]+)?(?P<part>{'|'.join(_PARTS)})s?")
def _fraction_in_words(m: _Match) -> Said:
    above = shown(number_meant(m["count"] or "one") or 1.0)
    return f"`{m[0]}` is a fraction in words", f"Write `{above}/{_PARTS[m['part'].lower()]}`."


@_slip(rf"(?P<whole>\d*)\s*(?P<glyph>[{''.join(_GLYPHS)}])")
def _fraction_in_one_sign(m: _Match) -> Said:
    glyph = _GLYPHS[m["glyph"]]
    return f"`{m[0]}` is a fraction in one sign", f"Write `{m['whole']} + {glyph}`." if m[
        "whole"
    ] else f"Write `{glyph}`."


@_slip(rf"(?P<free>{'|'.join(w for w in CARDINALS if len(w) > 2)})")
def _in_words(m: _Match) -> Said:
    return "a number in words", f"Write `{written(m[0])}`."


@_slip("(?P<free>(?:very )?(?:high|low|likely|unlikely)|medium|moderate|possible|some|many|few|strong|weak)")
def _judgement(m: _Match) -> Said:
    return (
        f"`{m[0]}` is a judgement, and a number is wanted",
        "Say what it means, such as `uniform(0.6, 0.9)`.",
    )


@_slip("(?P<free>yes|y|on)|(?P<free_not>no|n|off)")
def _flag(m: _Match) -> Said:
    return f"`{m[0]}` is no number", f"Flags are numbers: write `{1 if m['free'] else 0}`."


_SUFFIXES = {
    "k": 1e3, "m": 1e6, "mn": 1e6, "mln": 1e6, "mio": 1e6, "b": 1e9, "bn": 1e9, "mrd": 1e9, "tn": 1e12,
}  # fmt: skip


@_slip(rf"(?P<free>{NUMBER})\s*(?P<suffix>{'|'.join(_SUFFIXES)})")
def _suffix(m: _Match) -> Said:
    value = (number_meant(m["free"]) or 0.0) * _SUFFIXES[m["suffix"].lower()]
    other = " Units are factors: `5 * month`, `5 * meter`." if m["suffix"] == "m" else ""
    return f"`{m[0]}` is neither a number nor a name", f"Write the number out: `{shown(value)}`.{other}"


_MONEY = {"$": "USD", "US$": "USD", "€": "EUR", "£": "GBP"}
_CURRENCY = r"US\$|[$€£]|USD|EUR|GBP|CNY|RUB|IRR"


@_slip(
    rf"(?P<currency>{_CURRENCY})\s*(?P<number>{NUMBER})(?:\s*(?P<scale>k|m|mn|million|bn|billion))?",
    rf"(?P<number>{NUMBER})(?:\s*(?P<scale>k|m|mn|million|bn|billion))?\s*(?P<currency>[$€£])",
)
def _money(m: _Match) -> Said:
    unit = _MONEY.get(m["currency"].upper(), m["currency"].upper())
    scale = {"k": "thousand ", "m": "million ", "b": "billion "}.get((m["scale"] or " ")[0].lower(), "")
    return "the currency belongs in the unit", f"Write `{written(m['number'])}`, and `unit: {scale}{unit}`."


@_slip(
    rf"(?P<count>once|twice|{NUMBER}(?:\s*times)?)\s+(?:a|an|per|every|each)\s+(?P<unit>day|week|month|quarter|year)s?"
)
def _rate(m: _Match) -> Said:
    count = {"once": "1", "twice": "2"}.get(m["count"].lower(), written(re.sub(r"\s*times$", "", m["count"])))
    return "a rate in words", f"Write `{count} / {m['unit'].lower()}`."


@_slip(rf"(?P<number>{NUMBER})\s*(?P<free>(?!e\d)[^\W\d]\w*)(?:\s*\(.*\))?")
def _unit(m: _Match) -> Said:
    unit, number = m["free"], written(m["number"])
    if unit in NAMES or unit in DIMENSIONLESS:
        return (
            "a number and its unit are multiplied",
            f"Write `{number} * {unit}`, or `{number}` alone and `unit: {unit}`.",
        )
    hint = f"Write `{number}` alone; what it counts stands in the `title`, its unit in `unit`."
    return f"`{m[0][:40]}` is neither a number nor a name", hint


# ---------------------------------------------------------------------- conditions

_SIGNS = {
    "greater than": ">", "more than": ">", "above": ">", "over": ">", "exceeds": ">", "rises above": ">",
    "goes above": ">", "passes": ">", "less than": "<", "below": "<", "under": "<", "falls below": "<",
    "drops below": "<", "goes below": "<", "at least": ">=", "reaches": ">=", "at most": "<=",
    "equals": "==", "equal to": "==", "": "==",
}  # fmt: skip
_AMOUNT = rf"(?P<amount>{_VALUE}|[^\W\d]\w*)"


_WORDS = "|".join(sorted(filter(None, _SIGNS), key=len, reverse=True))


@_slip(
    rf"(?:if|when|where)?\s*{_NAME}\s+(?:is\s+)?(?P<sign>{_WORDS})\s+{_AMOUNT}(?:\s+then)?",
    rf"(?:if|when|where)?\s*{_NAME}\s+is(?P<sign>)\s+{_AMOUNT}(?:\s+then)?",
)
def _compared(m: _Match) -> Said:
    sign = _SIGNS[" ".join(m["sign"].lower().split())]
    return "a condition in words", f"Write `{m['name']} {sign} {written(m['amount'])}`."


@_slip(
    rf"(?:if|when)?\s*{_NAME}\s+(?:is\s+|lies\s+)?(?:between|in)\s+[\[(]?\s*(?P<low>{_VALUE})\s*(?:and|to|,|[-{LONG_DASHES}])\s*(?P<high>{_VALUE})\s*[\])]?"
)
def _within(m: _Match) -> Said:
    return "a condition in words", f"Write `{written(m['low'])} <= {m['name']} <= {written(m['high'])}`."


@_slip(
    r"(?:if|when)\s+(?P<rest>[^()]*[<>=][^()]*?)(?:\s+then)?", r"(?P<rest>[^()]*[<>=][^()]*?)(?:\s+then|;)"
)
def _if(m: _Match) -> Said:
    return "a condition stands alone, without `if` or `then`", f"Write `{m['rest'].strip()[:60]}`."


@_slip(rf"{_NAME}\s+(?P<doing>increases|rises|grows|goes up|decreases|falls|declines|goes down|changes)")
def _moving(m: _Match) -> Said:
    hint = (
        f"Say past what: `{m['name']} > 60`. What is to be compared with earlier times is a stock of its own."
    )
    return "a condition compares values of one moment", hint


@_slip("(?P<free>always|never|ever|any time|anytime)")
def _always(m: _Match) -> Said:
    if m[0].lower() == "never":
        return "`never` is no condition", "Take the whole thing out, or write a condition."
    return f"`{m[0]}` is no condition", "What always holds is left out: take the key out."


@_slip(r"\|(?P<inner>[^|]+)\|(?P<rest>.*)")
def _bars(m: _Match) -> Said:
    return "bars are not known", f"Write `abs({m['inner'].strip()[:40]}){m['rest'][:40]}`."


@_slip(r"if\s*\(\s*(?P<if>[^,;()]+)\s*[,;]\s*(?P<yes>[^,;()]+)\s*[,;]\s*(?P<no>[^,;()]+)\s*\)(?P<rest>.*)")
def _if_of_a_sheet(m: _Match) -> Said:
    better = f"where({m['if'].strip()[:40]}, {m['yes'].strip()[:20]}, {m['no'].strip()[:20]}){m['rest'][:20]}"
    return "`IF` is not known", f"Write `{better}`."
