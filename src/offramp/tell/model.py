"""What `offramp explain` prints: a model drawn on a page, part by part."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from offramp import anatomy
from offramp.explanation import SECTIONS, Facts, calendar, changes, counts, guesses, written
from offramp.model import (
    Action,
    Actor,
    Effect,
    Event,
    Evidence,
    Formula,
    Ladder,
    Model,
    Origin,
    Outcome,
    Parameter,
    Policy,
    Rung,
    Test,
    Variable,
)
from offramp.tell import figures, model_words
from offramp.tell.model_words import FileNames
from offramp.tell.terminal import TextPage
from offramp.tell.words import counted, enumerated

_ROOM = 12  # columns for the labels of an entry

# A label and what it says.
Rows = Iterable[tuple[str, str]]


def explanation_text(
    model: Model, columns: int, colour: bool = False, sections: Sequence[str] = SECTIONS
) -> str:
    """What `offramp explain` prints.

    Parameters
    ----------
    model : to explain
    columns : to fill
    colour : mark headings
    sections : some of `offramp.explanation.SECTIONS`
    """
    drawn = _Sections(model, TextPage(columns))
    for section in sections:
        getattr(drawn, section)()
        if section == "summary" and len(sections) > 1:
            drawn.contents(sections)
    return drawn.page.text(colour)


# ---------------------------------------------------------------------- the formulas of any part

# How formulas are shown: part and key -> label, and the words around it. Others have their key as label.
_SHOWN: dict[tuple[type, str], tuple[str, str]] = {
    (Variable, "equals"): ("equals", "{}"),
    (Variable, "change"): ("changes by", "{}   per month"),
    (Variable, "noise"): ("noise", "{}   standard deviation over a month"),
    (Action, "when"): ("when", "{}"),
    (Action, "propensity"): ("habit", "{}"),
    (Ladder, "rate"): ("opens", "{}   per month, at most once in a step"),
    (Rung, "loses_control"): ("control", "lost with chance {}"),
    (Rung, "harm"): ("harm", "{}"),
    (Rung, "stakes"): ("stakes", "{}"),
    (Rung, "audience_cost"): ("yielding", "{}"),
}
_ORDER = {key: place for place, key in enumerate(_SHOWN)}


def formula_rows(item: Any, *apart: str) -> Rows:
    """Every formula of a part but for some keys, those of `_SHOWN` first: label, text."""
    kind = type(item)
    found = [row for row in anatomy.formulas_of(item) if row[0] not in apart]
    for key, of, formula in sorted(found, key=lambda row: _ORDER.get((kind, row[0]), len(_ORDER))):
        label, text = _SHOWN.get((kind, key), (key.replace("_", " "), "{}"))
        yield label, (f"{of}: " if of else "") + text.format(written(formula))


def effect_rows(effects: Sequence[Effect]) -> Rows:
    """What something does to stocks."""
    for i, effect in enumerate(effects):
        yield "" if i else "moves", f"{effect.variable}: {_amount(effect.how, effect.amount)}"


def backing_rows(origin: Origin) -> Rows:
    """What a part rests on."""
    if origin.sources:
        yield "source", "; ".join(origin.sources)
    if origin.guess or origin.reason:
        yield "guess" if origin.guess else "reason", origin.reason


def _amount(how: str, amount: Formula | float) -> str:
    text = written(amount) or ""
    if how == "set":
        return f"to {text}"
    return text if text.startswith(("-", "+")) else f"+ {text}"


def _named(item: Any) -> str:
    return f"{item.title} ({item.name})" if item.title else str(item.name)


def _number(value: float, unit: str = "") -> str:
    return f"{value:g} {unit}".rstrip()


# ---------------------------------------------------------------------- sections


class _Sections:
    """A model on a page; a method for each section."""

    def __init__(self, model: Model, page: TextPage) -> None:
        self.model, self.page = model, page
        self.facts, self.call = Facts(model), FileNames(model)

    def part(
        self, head: str, item: Any, indent: str, first: Rows = (), last: Rows = (), apart: Sequence[str] = (),
        room: int = _ROOM,
    ) -> None:  # fmt: skip
        """A part: its head, what is said of it first, its formulas, its effects, the last, what it rests on.

        `apart` are keys of formulas that the head or the first rows say; `room` is for the labels of these.
        """
        self.page.paragraph(head, indent, "  ")
        self.rows(first, indent + "  ", room)
        self.rows(formula_rows(item, *apart), indent + "  ")
        self.rows(effect_rows(anatomy.effects_of(item)), indent + "  ")
        self.rows(last, indent + "  ")
        self.rows(backing_rows(item.origin), indent + "  ")

    def rows(self, rows: Rows, indent: str, room: int = _ROOM) -> None:
        for label, text in rows:
            self.page.entry(label, text, indent, room)

    def group(self, title: str) -> None:
        self.page.gap()
        self.page.paragraph(title, "  ")

    def contents(self, sections: Sequence[str]) -> None:
        """What follows, and how to see a part of it alone."""
        self.page.gap()
        self.page.paragraph("Below, in this order; `--section NAME` shows one of them alone:")
        for section in sections:
            if section != "summary":
                n = self._count(section)
                self.page.entry(section, f"{n}" if n else "none", "  ", _ROOM)

    def _count(self, section: str) -> int:
        if section == "guesses":
            return sum(1 for _ in guesses(self.model))
        if section == "extends":
            return len(changes(self.model.base))
        return len(getattr(self.model, section))

    def summary(self) -> None:
        model, page, n = self.model, self.page, counts(self.model)
        page.heading(model.title or model.name)
        end = figures.end_words(model.dates[-1])
        parts = f" in {model.substeps} sub-steps each" if model.substeps > 1 else ""
        page.paragraph(
            f"{model.name}: {model.steps} {model.step}s{parts} from {model.start} to {end}. "
            f"File {model.file}, {model.hash[:12]}."
        )
        if model.base is not None:
            page.paragraph(
                f"It extends {model.base.file}, {model.base.hash[:12]}, and says {len(model.base.changes)} "
                "things otherwise (`--section extends` lists them)."
            )
        if model.summary:
            page.gap()
            page.paragraph(model.summary)
        page.gap()
        ladders = f"{n['ladders']} ladder{'s' if n['ladders'] != 1 else ''}, " if n["ladders"] else ""
        page.paragraph(
            f"{counted(n['variables'], 'variable')} ({counted(n['stocks'], 'stock')}, "
            f"{counted(n['auxiliaries'], 'auxiliary', 'auxiliaries')}), "
            f"{counted(n['parameters'], 'parameter')} ({n['uncertain']} uncertain), "
            f"{counted(n['actors'], 'actor')} with {counted(n['actions'], 'action')} and "
            f"{counted(n['misreadings'], 'misreading')}, {n['dated_events']} dated and "
            f"{counted(n['random_events'], 'random event')}, {counted(n['outcomes'], 'outcome')}, {ladders}"
            f"{counted(n['policies'], 'policy', 'policies')}."
        )
        if model.illustrative:
            page.paragraph("Illustrative: its numbers are there to teach, and need no source.")
        else:
            page.paragraph(
                f"Its numbers rest on {n['sources']} sources: {n['sourced']} of its parts name one, "
                f"{n['guesses']} hold a guess (many do both)."
            )

    def actors(self) -> None:
        for actor in self.model.actors:
            self.page.heading(_named(actor))
            self.page.paragraph(model_words.mind(actor, self.call), "  ")
            self.rows(_deliberation(actor), "  ", 14)
            self.rows(backing_rows(actor.origin), "  ")
            if actor.utility:
                self.group("Wants, in points per month, summed:")
                self.rows(((t.name, written(t.formula) or "") for t in actor.utility), "    ", 20)
            self._thoughts(actor)
            self.group("Can:")
            for action in actor.actions:
                self.part(_named(action), action, "    ")

    def _thoughts(self, actor: Actor) -> None:
        """What an actor misreads, might be, believes and sees."""
        side = model_words.side(actor, self.call)
        if side.misreads:
            self.group("Misreads:")
        for misread in side.misreads:
            taken = ("takes", f"{misread.parameter} for {misread.supposed}")
            self.part(misread.title, misread, "    ", [taken, ("in truth", misread.true)])
        if actor.types:
            self.group("Might be:")
        for type_ in actor.types:
            chance = dict(actor.true_type).get(type_.name)
            likely = "the rest of the chance" if chance is None else f"chance {written(chance)}"
            values = ((o.parameter, written(o.value) or "") for o in type_.overlays)
            self.part(f"{_named(type_)}, with {likely}", type_, "    ", values, room=20)
        if side.beliefs:
            self.group("Believes:")
        for belief, conviction in zip(actor.beliefs, side.beliefs, strict=True):
            self.page.paragraph(f"of {conviction.about}", "    ")
            rows = (("at first", conviction.prior), ("in truth", conviction.truth), ("", conviction.learns))
            self.rows(rows, "      ")
            self.rows(backing_rows(belief.origin), "      ")
        if side.signals:
            self.group("Sees otherwise than they are:")
        for signal, (variable, seen) in zip(actor.sees, side.signals, strict=True):
            self.page.entry(variable, seen, "    ", 20)
            self.rows(backing_rows(signal.origin), "      ")

    def variables(self) -> None:
        self.page.heading("Variables")
        for v in self.model.variables:
            self.page.gap()
            bounds = ""
            if v.bounds:
                held = "held within" if v.saturates else "must stay within"
                bounds = f"; {held} {v.bounds[0]:g} to {v.bounds[1]:g}"
            first = "; shown first" if v.headline else ""
            head = f"{_named(v)}, {v.unit or 'a plain number'}{bounds}{first}"
            start = [("starts at", written(v.initial) or "")] if v.initial is not None else []
            self.part(head, v, "  ", start, self._causes(v), apart=("initial",))

    def _causes(self, v: Variable) -> Rows:
        names = [name for some in self.facts.depends_on(v) for name in some]
        if names:
            yield "depends on", ", ".join(names)
        moves = self.facts.moves.get(v.name, ())
        if moves:
            yield "moved by", "; ".join(f"{m.by.path} ({_amount(m.how, m.amount)})" for m in moves)

    def lookups(self) -> None:
        if not self.model.lookups:
            return
        self.page.heading("Lookup tables")
        for c in self.model.lookups:
            self.page.entry(c.name, f"{model_words.points(c)}   {c.title}", "  ", 24)
            self.rows(backing_rows(c.origin), "    ")

    def memories(self) -> None:
        if not self.model.memories:
            return
        self.page.heading("What formulas remember")
        for memory in self.model.memories:
            self.page.paragraph(memory.name, "  ")
            self.rows(model_words.remembers(memory, self.model), "    ")

    def parameters(self) -> None:
        self.page.heading("Parameters")
        for p in self.model.parameters:
            title = f"   {p.title}" if p.title else ""
            self.page.entry(p.name, f"{self.call.value(p.value, p.name)}{title}", "  ", 24)
            self.rows(self._misread_by(p), "    ")
            self.rows(backing_rows(p.origin), "    ")

    def _misread_by(self, parameter: Parameter) -> Rows:
        names = self.facts.misread_by(parameter)
        if names:
            yield "misread by", ", ".join(names)

    def correlations(self) -> None:
        if not self.model.correlations:
            return
        self.page.heading("Correlations of what is uncertain (of normal scores)")
        for c in self.model.correlations:
            together = f"{c.correlation:+g} between {enumerated(list(c.of))}"
            self.page.entry(c.name, f"{together}   {c.title}", "  ", 24)
            self.rows(backing_rows(c.origin), "    ")

    def events(self) -> None:
        events = calendar(self.model)
        for heading, some in (
            ("Calendar", [e for e in events if e.on is not None]),
            ("By chance", [e for e in events if e.on is None]),
        ):
            if some:
                self.page.heading(heading)
            for event in some:
                self._event(event)

    def _event(self, event: Event) -> None:
        self.page.gap()
        late = "" if self.facts.in_horizon(event) else " (outside the horizon)"
        once = ", at most once in a step" if event.once else ""
        rate = [("rate", f"{written(event.rate)}   per month{once}")] if event.rate is not None else []
        self.part(f"{event.on or ''}  {_named(event)}{late}".strip(), event, "  ", rate, apart=("rate",))
        for branch in event.branches:
            chance = "rest" if branch.probability is None else written(branch.probability)
            head = f"or: {_named(branch)}, probability {chance}"
            self.part(head, branch, "    ", apart=("probability",))

    def outcomes(self) -> None:
        self.page.heading("Outcomes")
        for outcome in self.model.outcomes:
            ends = "; the run ends with it" if outcome.absorbing else ""
            self.part(f"{_named(outcome)}{ends}", outcome, "  ", _comes(outcome))

    def ladders(self) -> None:
        for ladder in self.model.ladders:
            one, other = ladder.sides
            self.page.heading(f"{_named(ladder)}: {one} and {other} climb, match or stand down")
            self.rows(_ladder(ladder), "  ")
            self.rows(backing_rows(ladder.origin), "  ")
            self.group("Rungs, lowest first (points):")
            for rung in ladder.rungs:
                self.part(_named(rung), rung, "    ")

    def policies(self) -> None:
        self.page.heading("Policies")
        for policy in self.model.policies:
            aside = " (for comparisons only)" if policy.variant else ""
            self.page.paragraph(f"{_named(policy)}{aside}", "  ")
            self.rows(self._policy(policy), "    ", 33)
            self.rows(backing_rows(policy.origin), "    ")

    def _policy(self, policy: Policy) -> Rows:
        if policy.parts:
            yield "all of", ", ".join(policy.parts)
        if not policy.interventions:
            yield "changes nothing", ""
        for step in policy.interventions:
            yield model_words.when(step, self.call), "; ".join(model_words.does(step, self.call))

    def evidence(self) -> None:
        self.page.heading("Evidence")
        if not self.model.evidence:
            self.page.paragraph("The model names no data to be held against.", "  ")
        for found in self.model.evidence:
            self.part(_named(found), found, "  ", _series(found))

    def claims(self) -> None:
        self.page.heading("Claims")
        if not self.model.claims:
            self.page.paragraph("The model states no claims to be tested.", "  ")
            return
        for claim in self.model.claims:
            self.page.paragraph(_named(claim), "  ")
            for test in claim.tests:
                self.rows(self._test(test), "    ")
                self.page.entry("because", test.reason, "    ", _ROOM)
            self.rows(backing_rows(claim.origin), "    ")
        self.page.paragraph("`offramp claims` tests them.", "  ")

    def _test(self, test: Test) -> Rows:
        """What is expected, and what is measured for it under which policies."""
        unit = test.sides[0].quantity.unit
        limits = [v for v in test.limits if abs(v) < float("inf")]
        size = f" by {_number(test.least, unit)}" if test.least else ""
        size = size or f" {' to '.join(f'{v:g}' for v in limits)} {unit}".rstrip()
        yield "expects", f"{f'{test.title}: ' if test.title else ''}{test.expect}{size}"
        quantities = [model_words.measured(side.quantity, self.call) for side in test.sides]
        titles = [f"{side.title} ({side.policy})" if side.title else side.policy for side in test.sides]
        next_ = "then" if test.expect in ("rising", "falling") else "against"
        if len(set(quantities)) == 1:
            yield "of", f"{quantities[0]}; under {f', {next_} '.join(titles)}"
            return
        for i, (quantity, side) in enumerate(zip(quantities, titles, strict=True)):
            yield next_ if i else "of", f"{quantity}; under {side}"

    def guesses(self) -> None:
        found = list(guesses(self.model))
        self.page.heading(f"Guesses ({len(found)})")
        self.rows(((part.path, origin.reason) for part, origin in found), "  ", 34)

    def sources(self) -> None:
        self.page.heading("Sources")
        for source in self.model.sources:
            when = f", {source.date}" if source.date else ""
            used = self.facts.used[source.key]
            self.page.entry(source.key, f"{source.title}{when} (used {used} times)", "  ", 20)
            self.rows((("", more) for more in (source.url, source.note) if more), "  ", 20)

    def extends(self) -> None:
        """What is otherwise than in the file below, by how and where."""
        self.page.heading("Otherwise than in the file that it extends")
        every = changes(self.model.base)
        if not every:
            self.page.paragraph("It extends no other file.", "  ")
        files = list(dict.fromkeys(c.file for c in every))
        for file, (how, title) in product(files, _OTHERWISE):
            some = [c for c in every if c.how == how and c.file == file]
            if some:
                self.group(f"{title}{f' by {file}' if len(files) > 1 else ''} ({len(some)}):")
            for c in some:
                text = f"{c.was} -> {c.now}" if how == "changed" and c.was and c.now else c.now
                self.page.entry(".".join(c.path), "" if how == "removed" else text, "    ", 40)


_OTHERWISE = (("removed", "Left out"), ("changed", "Changed"), ("added", "Added"))


# ---------------------------------------------------------------------- what single parts say


def _deliberation(actor: Actor) -> Rows:
    """The numbers behind how an actor decides."""
    if not actor.depth and actor.depth_as is None:
        return
    yield "depth", written(actor.depth_as) or f"{actor.depth}"
    if actor.depth > 1:
        inner = "half as far" if actor.inner_horizon is None else model_words.months(actor.inner_horizon)
        yield "others look", written(actor.inner_horizon_as) or inner
    yield from formula_rows(actor, "depth_as", "horizon_as", "inner_horizon_as", "true_type")


def _comes(outcome: Outcome) -> Rows:
    if outcome.otherwise:
        yield "holds", "where no outcome that ends the run has come"
    elif outcome.when is None and outcome.rate is None:
        yield "comes", "from loss of control on a ladder alone"
    if outcome.aim is not None:
        yield "aim", outcome.aim
    if outcome.aims:
        yield "aims", ", ".join(f"{actor} {aim}" for actor, aim in outcome.aims)


def _ladder(ladder: Ladder) -> Rows:
    one, other = ladder.sides
    first = "0.5" if ladder.first is None else written(ladder.first)
    yield from formula_rows(ladder, "first", "war_worth")
    yield "first", f"{one} with chance {first}, else {other}"
    yield "lasts", f"{ladder.moves} moves at most, then it peters out"
    worth = ", ".join(f"{written(points)} to {side}" for side, points in ladder.war_worth)
    yield "war", f"{ladder.war}, worth {worth} (points)"


def _series(found: Evidence) -> Rows:
    yield "observes", found.observes
    yield "data", f"{found.data}, series {found.series}: {counted(len(found.rows), 'row')}"
    size = [f"{value:g}{of_it}" for value, of_it in ((found.sd, ""), (found.share, " of it")) if value]
    if found.counts:
        size = (
            []
            if found.error == "exact"
            else [f"share listed {found.listed:g}", f"{found.stray:g} stray a month"]
        )
        size += [f"dispersion {found.dispersion:g}"] if found.dispersion else []
        size += [f"{found.window} steps counted together"] if found.window > 1 else []
    if found.lasting:
        size.append(f"{100 * found.lasting:g} % of its variance fades over {found.lasts:g} months")
    yield "error", ", ".join([found.error.replace("_", " "), *size])
    if found.start or found.end:
        begin = f"from {found.start}" if found.start else ""
        yield "used", f"{begin} {f'until {found.end}' if found.end else ''}".strip()
    if found.rows:
        yield "known", f"{min(r.day for r in found.rows)} to {max(r.known for r in found.rows)}"
