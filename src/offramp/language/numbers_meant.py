"""The number that people mean who write it by hand, or copy it from Word or Excel."""

from __future__ import annotations

import re

# What Word makes of straight quotes, and the quotes of other languages.
QUOTES = "“”„‟‘’‚‛«»‹›"
LONG_DASHES = "−–—"
_SPACES = " \u00a0\u2007\u2009\u202f'’"
PERCENT = r"(?:%|percent|per ?cent|pct\.?|p\.c\.)"
# Digits with separators of any kind, a sign of any length.
NUMBER = rf"[-+{LONG_DASHES}]?(?:\d{{1,3}}(?:[{_SPACES}.,]\d{{3}})+(?:[.,]\d+)?|\d+(?:[.,]\d+)?)(?![\d])"
GROUPED = rf"\d{{1,3}}(?:[{_SPACES}]\d{{3}})+(?:[.,]\d+)?(?!\d)|\d{{1,3}}(?:\.\d{{3}}){{2,}}(?:,\d+)?(?!\d)"
CARDINALS = {
    "no": 0, "zero": 0, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
    "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "hundred": 100,
}  # fmt: skip


def number_meant(text: str) -> float | None:
    """What a text with separators, a long minus, a percent sign or quotes around it stands for, or None.

    >>> number_meant("1 000 000"), number_meant("1.000,50"), number_meant("30 %"), number_meant("x")
    (1000000.0, 1000.5, 0.3, None)
    """
    text = text.strip(QUOTES + _SPACES)
    if text.lower() in CARDINALS:
        return float(CARDINALS[text.lower()])
    share = re.search(rf"\s*{PERCENT}$", text, re.IGNORECASE)
    text = text[: share.start()] if share else text
    if not re.fullmatch(NUMBER, text):
        return None
    sign = -1.0 if text[0] in "-" + LONG_DASHES else 1.0
    digits = re.sub(f"[-+{LONG_DASHES}{_SPACES}]", "", text)
    marks = re.findall("[.,]", digits)
    if len(set(marks)) == 2:
        digits = digits.replace(marks[0], "").replace(marks[-1], ".")  # 1.000,50 and 1,000.50
    elif len(marks) > 1:
        digits = digits.replace(marks[0], "")  # 1.000.000
    elif marks == [","]:
        whole, _, rest = digits.partition(",")
        digits = whole + rest if len(rest) == 3 and whole.strip("0") else f"{whole}.{rest}"
    return sign * float(digits) / (100 if share else 1)


def shown(value: float) -> str:
    """A number as a model file has it.

    >>> shown(1000000.0), shown(0.3)
    ('1000000', '0.3')
    """
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.6g}"


def written(text: str) -> str:
    """The number that is meant, as a model file has it; the text itself where none is."""
    value = number_meant(text)
    return text.strip() if value is None else shown(value)
