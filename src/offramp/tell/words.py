"""The sentences of a brief, made from its numbers: plain, exact, and true at the edges as well.

Names of a model stand in “quotes”, since a title may be a noun, a clause or a name.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from offramp.runs.known import Given
from offramp.tell.figures import (
    NBSP,
    count,
    digits_for,
    end_words,
    full_date,
    number,
    percent,
    percent_range,
    table_date,
    together,
    unit_words,
)


@dataclass(frozen=True)
class EndingShare:
    """One of the ways in which every future stands in exactly one at the end."""

    title: str
    count: int
    goes_on: bool  # no absorbing outcome has come
    digits: int | None = None  # after the point of its share; None for what its size asks for

    def share(self, futures: int) -> str:
        return percent(self.count / futures, self.digits) if self.count else "none"


@dataclass(frozen=True)
class Happening:
    """Something that came in some futures: how many, and by when in half of these."""

    title: str
    count: int
    half_by: date | None = None


def quoted(title: str) -> str:
    return f"“{title}”"


def enumerated(parts: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def counted(n: int, one: str, many: str = "") -> str:
    """A number and its noun: `1 run`, `2 runs`."""
    return f"{count(n)}{NBSP}{one if n == 1 else many or one + 's'}"


def among(n: int, futures: int) -> str:
    """`none of 10,000 futures`, `1 of 10,000 futures`, `all 10,000 futures`."""
    whole = counted(futures, "future")
    if futures == 1:
        return "the one future" if n else "not the one future"
    if n == futures:
        return f"all {whole}"
    return f"{count(n) if n else 'none'} of {whole}"


def chance(n: int, futures: int, low: float, high: float) -> str:
    """A count with its share and interval: `312 of 10,000 futures (3.1 %; 2.8 to 3.4 %)`."""
    share = percent(n / futures, digits_for(low, high))
    return f"{among(n, futures)} ({share}; {percent_range(low, high)})"


def span(start: date, end: date) -> str:
    return f"from {full_date(start)} to {end_words(end)}"


def outlook(endings: Sequence[EndingShare], futures: int, start: date, end: date) -> str:
    """How the futures end, in natural frequencies; rare ends by their count, never as `0 of 100`."""
    if not endings:
        return ""
    ranked = sorted(endings, key=lambda e: -e.count)
    top = ranked[0]
    where = span(start, end)
    if top.count == futures and len(ranked) == 1:
        return f"{_begun(among(futures, futures))}, {where}, {_stand(top, futures)}."
    if top.count == futures:
        return f"{_begun(among(futures, futures))}, {where}, {_stand(top, futures)}; none {_not(ranked[1:])}."
    common = [e for e in ranked if 200 * e.count >= futures]
    rare = [e for e in ranked if 0 < 200 * e.count < futures]
    never = [e for e in ranked if e.count == 0]
    parts = []
    for e in common:
        # A share above 99.5 % is not rounded to all hundred.
        many = 200 * (futures - e.count) < futures
        n = 99 if many else round(100 * e.count / futures)
        parts.append(f"{'more than 99' if many else n} {_stand(e, n)}")
    sentence = f"Of every 100 futures {where}, {'' if parts[0].startswith('more') else 'about '}"
    sentence += enumerated(parts)
    tail = [f"{quoted(e.title)} comes in {among(e.count, futures)}" for e in rare]
    if never:
        tail.append(f"none of the {count(futures)} {_not(never)}")
    return "; ".join([sentence, *([enumerated(tail)] if tail else [])]) + "."


def _stand(ending: EndingShare, n: int) -> str:
    one = n == 1
    if ending.goes_on:
        return f"{'is' if one else 'are'} still at {quoted(ending.title)}"
    return f"{'ends' if one else 'end'} in {quoted(ending.title)}"


def _not(endings: Sequence[EndingShare]) -> str:
    """What no future does."""
    reached = [quoted(e.title) for e in endings if not e.goes_on]
    parts = [f"reaches {enumerated(reached, 'or')}"] if reached else []
    return enumerated([*parts, *(f"is still at {quoted(e.title)}" for e in endings if e.goes_on)], "or")


def standing(endings: Sequence[EndingShare], futures: int, end: date) -> str:
    """What the chart of all futures over time shows."""
    parts: list[str] = []
    said = None
    for e in sorted(endings, key=lambda e: -e.count):
        share = e.share(futures)
        if not parts:
            share = f"all {counted(futures, 'future')}" if e.count == futures else f"{share} of futures"
        # The verb is said once, and again where it changes.
        if e.goes_on == said:
            verb = "at" if e.goes_on else "in"
        else:
            verb = "are still at" if e.goes_on else "have ended in"
        said = e.goes_on
        parts.append(f"{share} {verb} {quoted(e.title)}")
    first, rest = parts[0], parts[1:]
    return f"At {end_words(end)}, {'; '.join([first, *([enumerated(rest)] if rest else [])])}."


def growth(what: Happening, futures: int) -> str:
    """How often something came, and by when in half of the futures in which it came."""
    if what.count == 0:
        return f"Came in {among(0, futures)}." if futures > 1 else "Did not come."
    sentence = f"Came in {among(what.count, futures)}"
    if what.half_by is None:
        return sentence + "."
    when = full_date(what.half_by)
    if what.count == 1:
        return f"{sentence}, by {when}."
    return f"{sentence}, in half of these by {when}."


def on_the_way(markers: Sequence[Happening], futures: int, end: date) -> str:
    """The commonest and the rarest of what happens along the way."""
    ranked = sorted(markers, key=lambda h: -h.count)
    by = f"By {end_words(end)}"
    if len(ranked) == 1:
        return f"{by} {quoted(ranked[0].title)} has come in {among(ranked[0].count, futures)}."
    top = ranked[0]
    if top.count == 0:
        return f"{by} none of these {len(ranked)} has come in any of {counted(futures, 'future')}."
    never = [h for h in ranked if h.count == 0]
    sentence = f"{by} {quoted(top.title)} has come in {_of_futures(top.count, futures)}, the most of these"
    if len(never) > 3:
        return f"{sentence}, and {len(never)} of the {len(ranked)} have come in none."
    if never:
        return f"{sentence}, and {enumerated([quoted(h.title) for h in never])} in none."
    last = ranked[-1]
    return f"{sentence}, and {quoted(last.title)} in {_of_futures(last.count, futures)}, the fewest."


def _of_futures(n: int, futures: int) -> str:
    """Share where it says more than the count does, count where it is small."""
    if n == futures or 200 * n < futures or futures < 100:
        return among(n, futures)
    return f"{percent(n / futures)} of futures"


def fan(first: Sequence[float], last: Sequence[float], unit: str) -> str:
    """Where a variable starts and ends: 5th, 50th and 95th percentile of both."""
    words = together([*first, *last])
    low0, mid0, high0, low, mid, high = words
    if len(set(words)) == 1:
        return (
            f"Stands at {_measured(mid, unit)} at the start and at the end, in at least nine futures of ten."
        )
    begins = f"Starts {'at' if low0 == high0 else 'around'} {_measured(mid0, unit)}"
    if low == high:
        return f"{begins} and ends at {_measured(mid, unit)} in at least nine futures of ten."
    median = "the median ends there too" if mid == mid0 else f"the median ends at {_measured(mid, unit)}"
    return f"{begins}; {median}, and nine futures in ten end between {low} and {_measured(high, unit)}."


def moved(title: str, first: Sequence[float], last: Sequence[float], unit: str) -> str:
    """A line of the summary: how the median of a variable moves, and the spread at the end."""
    _, mid0, _, low, mid, high = together([*first, *last])
    return (
        f"{title}: median {_measured(mid0, unit)} at the start, {_measured(mid, unit)} at the end, "
        f"when nine futures in ten lie between {low} and {_measured(high, unit)}."
    )


def _measured(number_words: str, unit: str) -> str:
    """A number already in words, with its unit."""
    plural = unit_words(unit)
    words = unit if number_words == "1" and plural == f"{unit}s" else plural
    return f"{number_words}{NBSP}{words}" if words else number_words


def belief(actor: str, about: str, types: Sequence[tuple[str, float, float]]) -> str:
    """What an actor believes on average: (type, chance at the first choice, at the last)."""
    title, first, last = max(types, key=lambda t: abs(t[2] - t[1]))
    if percent(first) == percent(last):
        title, first, _ = max(types, key=lambda t: t[1])
        steady = f"with a chance of {percent(first)} from the first choice to the last, on average"
        return f"{actor} takes {about} to be {quoted(title)} {steady}."
    return (
        f"{actor} takes {about} to be {quoted(title)} with a chance of {percent(first)} at its first choice "
        f"and of {percent(last)} at its last, on average."
    )


def holding(share_first: float, share_last: float) -> str:
    """A yes-or-no variable."""
    if share_first == share_last == 0:
        return "Holds in no future at the start or at the end."
    return f"Holds in {percent(share_first)} of futures at the start and in {percent(share_last)} at the end."


MOST_DATES = 8  # that are named in one sentence


def dated(days: Sequence[date], titles: Sequence[str]) -> str:
    """What the thin rules in the charts are; nothing where there are none."""
    if not days:
        return ""
    if len(days) > MOST_DATES:
        return f"Dotted lines are the {len(days)} dated events of the section on events."
    listed = [f"{quoted(title)} ({table_date(day)})" for day, title in zip(days, titles, strict=True)]
    if len(listed) == 1:
        return f"The dotted line is {listed[0]}."
    return f"Dotted lines, from left to right: {enumerated(listed)}."


def calendar(days: Sequence[date], titles: Sequence[str], open_results: int) -> str:
    """What the timeline shows."""
    first = f"{quoted(titles[0])} on {full_date(days[0])}"
    if len(days) == 1:
        return f"One date is fixed in advance: {first}{', with an open result' if open_results else ''}."
    if open_results == 0:
        results = ""
    elif open_results == len(days):
        results = ", all with open results"
    else:
        results = f", {open_results} of them with {'an open result' if open_results == 1 else 'open results'}"
    return f"{len(days)} dates are fixed in advance{results}; the first is {first}."


def frequencies(titles: Sequence[str], per_year: Sequence[float]) -> str:
    """How often random events come."""
    ranked = sorted(zip(per_year, titles, strict=True), key=lambda pair: -pair[0])
    top, title = ranked[0]
    if top == 0:
        return "No random event came in any future."
    if len(ranked) == 1:
        return f"{quoted(title)} comes {_times(top)} a year on average."
    last, rarest = ranked[-1]
    rare = "never" if last == 0 else _times(last)
    return (
        f"{quoted(title)} comes most often, {_times(top)} a year on average; {quoted(rarest)} least, {rare}."
    )


def _times(rate: float) -> str:
    text = number(rate, 2)
    return "once" if text == "1" else f"{text} times"


@dataclass(frozen=True)
class Habit:
    """How often an action is chosen: overall, in the first quarter of the time and in the last."""

    title: str
    overall: float
    early: float
    late: float


CHANGE = 0.03  # below this a change of habit is not worth a clause


def habits(actions: Sequence[Habit]) -> str:
    """What an actor does most, and what changes most from the first quarter of the time to the last."""
    ranked = sorted(actions, key=lambda a: -a.overall)
    top = ranked[0]
    if len(ranked) == 1 or top.overall == 1:
        return f"The only choice ever made is {quoted(top.title)}."
    second = ranked[1]
    if second.overall == top.overall:
        sentence = (
            f"{quoted(top.title)} and {quoted(second.title)} are chosen most, {percent(top.overall)} each"
        )
    else:
        sentence = (
            f"The commonest choice is {quoted(top.title)} ({percent(top.overall)}), "
            f"then {quoted(second.title)} ({percent(second.overall)})"
        )
    biggest = max(ranked, key=lambda a: abs(a.late - a.early))
    if abs(biggest.late - biggest.early) < CHANGE:
        return sentence + "."
    verb = "rises" if biggest.late > biggest.early else "falls"
    return (
        f"{sentence}; from the first quarter of the time to the last, {quoted(biggest.title)} {verb} "
        f"from {percent(biggest.early)} to {percent(biggest.late)}."
    )


@dataclass(frozen=True)
class ShareUnderPolicy:
    """How often an outcome came under one policy, with its sampling interval."""

    policy: str
    share: float
    low: float
    high: float

    @property
    def in_words(self) -> str:
        return percent(self.share, digits_for(self.low, self.high)) if self.share else "none"


def compared(title: str, policies: Sequence[ShareUnderPolicy]) -> str:
    """An outcome under several policies; a difference that counting may have made is not called one."""
    ranked = sorted(policies, key=lambda p: -p.share)
    most, least = ranked[0], ranked[-1]
    if most.low <= least.high:
        return (
            f"Counted so, no difference shows: {quoted(title)} has come in {_of_all(least)} under "
            f"{quoted(least.policy)} and in {_of_all(most)} under {quoted(most.policy)}, "
            "and the intervals overlap."
        )
    return (
        f"{quoted(title)} has come most often under {quoted(most.policy)}, in {_of_all(most)}, "
        f"and least often under {quoted(least.policy)}, in {_of_all(least)}."
    )


def _of_all(row: ShareUnderPolicy) -> str:
    return f"{row.in_words} of futures" if row.share else "no future"


def failed(n: int, runs: int) -> str:
    """How many runs were set apart, and what that means for the numbers."""
    if n == runs:
        return f"All {counted(runs, 'run')} failed: nothing below holds."
    apart = "is set apart: it counts" if n == 1 else "are set apart: they count"
    return (
        f"{counted(n, 'run')} of {count(runs)} failed ({percent(n / runs)}) and {apart} in no number below. "
        "If what makes runs fail has to do with how they end, the rest is a biased sample."
    )


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


def given(known: Given) -> str:
    """What futures go on from, and how well that is known."""
    worlds = f"{known.chains} x {known.particles:,} worlds that agree with it"
    worth = "" if known.worth is None else f", worth {count(round(known.worth))} independent draws"
    return (
        f"Given what was known by {full_date(known.until)}: futures go on from {worlds}{worth}. Intervals "
        "leave out how far so few may miss what could be learnt. "
        f"Policies begin on {full_date(known.begins)}."
    )
