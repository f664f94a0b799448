"""How wide words are, so that labels can be placed and broken before anything is drawn."""

from __future__ import annotations

import re

# Widths in em of the letters of Helvetica, which Arial and Liberation Sans share, by class.
_CLASSES = (
    (0.22, "ijl'|"),
    (0.28, " .,:;!ftI/\\[]()-·"),
    (0.35, 'r"*°'),
    (0.50, "cksvxyzJ"),
    (0.556, "abdeghnopqu0123456789_?$#+=<>~^–"),
    (0.667, "ABEKPSVXY&"),
    (0.72, "CDHNRUwTFLZ"),
    (0.78, "GOQ"),
    (0.84, "mM"),
    (0.95, "WÆŒ@%—"),
)
_WIDTH = {letter: width for width, letters in _CLASSES for letter in letters}
_OTHER = 0.62  # accented letters and the like
_WIDE = 1.0  # ideographs and everything beyond the alphabets

# Screens fall back on other fonts, some a little wider.
_MARGIN = 1.05
_BOLD = 1.07


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Width of one line in pixels, a little too wide rather than too narrow."""
    em = sum(_WIDTH.get(c, _OTHER if ord(c) < 0x2E80 else _WIDE) for c in text)
    return em * size * _MARGIN * (_BOLD if bold else 1.0)


def wrap(text: str, width: float, size: float, lines: int = 3, bold: bool = False) -> list[str]:
    """Break a text into at most `lines` lines of `width` pixels; what does not fit ends in an ellipsis.

    >>> wrap("Interim agreement through an intermediary", 120, 12)
    ['Interim agreement', 'through an', 'intermediary']
    """
    # A no-break space holds a number to its unit, so this is not `split()`.
    words = [w for w in re.split(r"[ \t\r\n]+", text) if w]
    result: list[str] = []
    line = ""
    while words:
        candidate = f"{line} {words[0]}" if line else words[0]
        if text_width(candidate, size, bold) <= width:
            line = candidate
            words.pop(0)
        elif line:
            if len(result) == lines - 1:
                break
            result.append(line)
            line = ""
        else:
            # One word longer than a line: cut it.
            head = _fitting(words[0], width, size, bold)
            words[0] = words[0][len(head) :]
            line = head
            if words[0] and len(result) == lines - 1:
                break
            if words[0]:
                result.append(line)
                line = ""
            else:
                words.pop(0)
    if words:
        line = _fitting(line, width - text_width("…", size, bold), size, bold).rstrip() + "…"
    return [*result, line] if line or not result else result


def _fitting(text: str, width: float, size: float, bold: bool) -> str:
    """The longest beginning of a text that fits, at least one letter."""
    end = len(text)
    while end > 1 and text_width(text[:end], size, bold) > width:
        end -= 1
    return text[:end]


def apart(
    centres: list[float], heights: list[float], top: float, bottom: float, gap: float = 3
) -> list[float]:
    """Centres of labels moved as little as is simple so that none overlap, within top and bottom if they fit.

    Parameters
    ----------
    centres, heights : (label,), pixels, y downwards; centres in any order
    top, bottom : edges within which labels should stand

    Returns
    -------
    (label,), new centres in the order given
    """
    order = sorted(range(len(centres)), key=lambda i: centres[i])
    placed = list(centres)
    edge = top
    for i in order:
        placed[i] = max(placed[i], edge + heights[i] / 2)
        edge = placed[i] + heights[i] / 2 + gap
    edge = bottom
    for i in reversed(order):
        placed[i] = min(placed[i], edge - heights[i] / 2)
        edge = placed[i] - heights[i] / 2 - gap
    return placed
