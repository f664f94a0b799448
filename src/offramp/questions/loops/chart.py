"""Feedback loops drawn as rings: the things of a loop around it, arrows with their signs, its rate inside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from xml.sax.saxutils import escape

from offramp.charts.canvas import FONT, LINE, SIZE, WIDE, printable
from offramp.charts.palette import BETTER, INK, MUTED, PAPER, RULE, WORSE, Colour
from offramp.charts.text_metrics import text_width, wrap
from offramp.model import Model
from offramp.questions.loops.ask import Loop, Loops
from offramp.tell.figures import NBSP, full_date, points

_LABEL = 128.0  # pixels that a label may be wide
_PAD = 5.0
_PANEL = WIDE / 2
_RING_X, _GAP = _PANEL / 2 - _LABEL / 2 - 6, 26.0

_KIND_COLOUR: dict[str, Colour] = {"reinforcing": WORSE[0], "balancing": BETTER[0], "mixed": MUTED}

Point = tuple[float, float]
Box = tuple[float, float, float, float]  # centre x, y, half width, half height


def chart(found: Loops, model: Model | None = None) -> str:
    """All loops of an answer as one SVG, two rings beside each other.

    Variables stand upright, stocks in a frame; acts and events are slanted. An arrow with + moves what it
    points to the same way, one with a minus sign the other way.
    """
    parts, top = [], 0.0
    rings = found.told
    for i in range(0, len(rings), 2):
        row = rings[i : i + 2]
        tall = max(_height(loop) for loop in row)
        for j, loop in enumerate(row):
            parts.append(_ring(loop, j * _PANEL, top, tall))
        top += tall
        if i + 2 < len(rings):
            parts.append(_line([(12, top), (WIDE - 12, top)], RULE, 1.0))
    if not rings:
        top = 60.0
        none = "No loop of 1 % a month or more." if found.loops else "No loop was found."
        parts.append(_text([none], WIDE / 2, 30, MUTED))
    else:
        day = full_date(found.dates[0]).replace(NBSP, " ")
        key = [
            "Framed: stocks. Slanted: acts and events. + moves the next the same way, \u2212 the other.",
            f"Rates: the middle of the futures on {day}; + grows, \u2212 turns back.",
        ]
        parts.append(_text(key, WIDE / 2, top + 22, MUTED))
        top += 44
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE}" height="{top:.0f}" '
        f'viewBox="0 0 {WIDE} {top:.0f}" font-family="{escape(FONT, {chr(34): "&quot;"})}" '
        f'font-size="{SIZE}">\n<rect width="100%" height="100%" fill="{PAPER.light}"/>\n{body}\n</svg>\n'
    )


def _height(loop: Loop) -> float:
    """Pixels that a ring needs: its two columns of labels must not touch."""
    return max(230.0, 46 + math.ceil((len(loop.nodes) + 1) / 2) * 76.0)


def _ring(loop: Loop, left: float, top: float, tall: float) -> str:
    nodes, links = loop.nodes, loop.links
    colour = _KIND_COLOUR[loop.kind]
    cx, cy = left + _PANEL / 2, top + tall / 2
    rx, ry = _RING_X, tall / 2 - 46
    labels = [wrap(printable(n.title), _LABEL, SIZE, 3) for n in nodes]
    boxes, angles = [], _angles(len(nodes), rx, ry)
    for angle, lines in zip(angles, labels, strict=True):
        wide = max(text_width(line, SIZE) for line in lines)
        boxes.append(
            (
                cx + rx * math.cos(angle),
                cy + ry * math.sin(angle),
                wide / 2 + _PAD,
                len(lines) * LINE / 2 + _PAD,
            )
        )
    parts = [_middle(loop, cx, cy, colour)]
    for i, link in enumerate(links):
        j = (i + 1) % len(nodes)
        parts.append(_arrow(cx, cy, rx, ry, angles[i], angles[j], boxes[i], boxes[j], link.sign))
    for node, lines, box in zip(nodes, labels, boxes, strict=True):
        if node.kind == "stock":
            x, y, w, h = box
            parts.append(
                f'<rect x="{x - w:.1f}" y="{y - h:.1f}" width="{2 * w:.1f}" height="{2 * h:.1f}" rx="3" '
                f'fill="none" stroke="{MUTED.light}"/>'
            )
        parts.append(_text(lines, box[0], box[1], INK, slanted=node.kind in ("action", "event")))
    return "\n".join(parts)


def _angles(count: int, rx: float, ry: float) -> list[float]:
    """Angles along the ellipse, the first at its top, clockwise, so that labels stand evenly apart.

    Labels are wide and low, so a way across counts for less than the same way down.
    """
    fine, across = 720, 0.4
    points = [
        (rx * math.cos(t), ry * math.sin(t))
        for t in (-math.pi / 2 + 2 * math.pi * k / fine for k in range(fine + 1))
    ]
    way = [0.0]
    for a, b in pairwise(points):
        way.append(way[-1] + math.hypot(across * (a[0] - b[0]), a[1] - b[1]))
    found, k = [], 0
    for i in range(count):
        while way[k] < way[-1] * i / count:
            k += 1
        found.append(-math.pi / 2 + 2 * math.pi * k / fine)
    return found


def _arrow(
    cx: float, cy: float, rx: float, ry: float, start: float, end: float, tail: Box, head: Box, sign: int
) -> str:
    """The part of the ellipse between two labels, with a head and its sign."""
    if end <= start:
        end += 2 * math.pi
    steps = 90
    points = [
        (cx + rx * math.cos(t), cy + ry * math.sin(t))
        for t in (start + (end - start) * k / steps for k in range(steps + 1))
    ]
    free = [p for p in points if not _inside(p, tail, 2) and not _inside(p, head, 3)]
    if len(free) < 4:  # labels that nearly touch: the sign alone stands between them
        return _text(["+" if sign > 0 else "\u2212"], *points[steps // 2], MUTED)
    colour = INK if sign > 0 else WORSE[0]
    tip = free[-1]
    before = next((p for p in reversed(free) if math.dist(p, tip) >= 7), free[0])
    angle = math.atan2(tip[1] - before[1], tip[0] - before[0])
    wings = [
        (tip[0] - 8 * math.cos(angle + turn), tip[1] - 8 * math.sin(angle + turn)) for turn in (0.42, -0.42)
    ]
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in (tip, *wings))
    mark = _beside(free, cx, cy, (tail, head))
    return "\n".join(
        [
            _line([p for p in free if math.dist(p, tip) >= 5], colour, 1.5),
            f'<polygon points="{corners}" fill="{colour.light}"/>',
            _text(["+" if sign > 0 else "\u2212"], mark[0], mark[1], colour, bold=True, size=15),
        ]
    )


def _beside(arc: Sequence[Point], cx: float, cy: float, boxes: Sequence[Box]) -> Point:
    """A place for a sign inside the ring, by the far end of an arrow, clear of labels."""
    for part in (0.75, 0.6, 0.5, 0.4):
        x, y = arc[int(part * (len(arc) - 1))]
        away = math.dist((x, y), (cx, cy)) or 1.0
        place = (x + (cx - x) / away * 12, y + (cy - y) / away * 12)
        if not any(_inside(place, b, 7) for b in boxes):
            return place
    return place


def _inside(point: Point, box: Box, margin: float) -> bool:
    x, y, w, h = box
    return abs(point[0] - x) <= w + margin and abs(point[1] - y) <= h + margin


def _middle(loop: Loop, cx: float, cy: float, colour: Colour) -> str:
    lines = [loop.kind, f"{points(loop.gain[0].per_month, 1)}{NBSP}% a month"]
    return _text([loop.name], cx, cy - 20, colour, bold=True, size=20) + _text(lines, cx, cy + 12, MUTED)


def _line(points: Sequence[Point], colour: Colour, width: float) -> str:
    way = "M" + " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path d="{way}" fill="none" stroke="{colour.light}" stroke-width="{width}"/>'


def _text(
    lines: Sequence[str],
    x: float,
    y: float,
    colour: Colour,
    *,
    bold: bool = False,
    slanted: bool = False,
    size: float = SIZE,
) -> str:
    style = (' font-weight="bold"' if bold else "") + (' font-style="italic"' if slanted else "")
    first = y - (len(lines) - 1) * LINE / 2 + size * 0.36
    return "".join(
        f'<text x="{x:.1f}" y="{first + i * LINE:.1f}" text-anchor="middle" font-size="{size:g}"{style} '
        f'fill="{colour.light}">{escape(line)}</text>'
        for i, line in enumerate(lines)
    )
