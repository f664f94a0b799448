"""What actors take stocks for that they estimate, as IR: `offramp.engine.plain.estimates` says what it means.

Each actor that estimates has a state of its own, `mind_I`: as it last saw the world, moved on by all that it
knows to have happened since. The means of its estimates stand in it, their variances in `variance`.

| function | what it does |
|---|---|
| `begin_estimates` | what all suppose as a run begins |
| `look_I` | actor I learns from what it is shown, and sees the rest anew |
| `know_acts`, with stages `know_acts_stageG` | acts are done: one's own, and others' as far as attributed |
| `know_change` | a step's time goes by |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from offramp.engine.compiled.foresight import copy
from offramp.engine.compiled.ir import FunctionWriter
from offramp.engine.compiled.memory import PRESENT
from offramp.engine.compiled.reader import State, hold
from offramp.engine.compiled.signals import Signals
from offramp.engine.compiled.values import Value
from offramp.engine.compiled.watch import Watch
from offramp.engine.compiled.writing import Writer, Writing
from offramp.engine.outputs import Status
from offramp.model import Learning, Signal

# What happens to the stocks at an address, as in the picture at another.
Happening = Callable[[Value, Value], object]
# Of a late estimate: mean and variance then, the mean at the last look, slope and variance added since.
_THEN, _FROM, _SLOPE, _ADDED, _RING = 0, 2, 3, 4, 5
_PASSAGE = 3  # slope, shift, variance


@dataclass(frozen=True)
class _Estimated:
    """One estimate: its place among all, the stock's, and where what a late one needs begins in `late`."""

    signal: Signal
    learns: Learning
    number: int
    stock: int
    late: int


class Estimates(Writer):
    """Writes the functions by which actors estimate stocks."""

    def __init__(self, writing: Writing, watch: Watch, signals: Signals) -> None:
        super().__init__(writing)
        self.watch, self.signals = watch, signals
        self.of: dict[int, list[_Estimated]] = {}
        late = number = 0
        for i, actor in enumerate(self.actors):
            for signal in actor.estimates:
                assert signal.learns is not None
                stock = self.layout.stock[signal.variable]
                each = _Estimated(signal, signal.learns, number, stock, late)
                self.of.setdefault(i, []).append(each)
                number += 1
                late += _RING + _PASSAGE * signal.delay if signal.delay else 0
        if self.of:
            stocks = len(self.layout.stock)
            self.reserve({
                "variance": number, "estimate_mean": number, "estimate_sd": number, "late": late,
                "sigma": stocks, "known": len(self.layout.slots),
                "no_kick": sum(v.noise is not None for v in self.model.stocks),
            })  # fmt: skip

    def write(self) -> None:
        if not self.of:
            return
        self._begin()
        for i in self.of:
            self._look(i)
        for g in range(len(self.layout.stages)):
            self._know_acts(g)
        self._know_change()

    # What others call

    def begin(self, f: FunctionWriter) -> None:
        """As a run begins, once its first policy is in force."""
        if self.of:
            with f.when(f["step"].equals(0)):
                f.call("begin_estimates", f["work"], f["step"])

    def look(self, f: FunctionWriter, i: int) -> None:
        """Before actor i chooses."""
        if i in self.of:
            with f.when(f.is_given(self.array(f, PRESENT)).equals(False)):
                f.call(f"look_{i}", f["work"], f["step"])

    def as_ever(self, f: FunctionWriter) -> None:
        """Estimates as they come to be where stocks are what they are for long; nobody then looks anew."""
        if not self.of:
            return
        f.call("begin_estimates", f["work"], f["step"])
        fact = self.reader(f, self.truth(f, self.now(f)))
        for i, some in self.of.items():
            for each in some:
                if not each.signal.hidden:
                    value = f.load(self.region(f, "stocks"), each.stock) + fact.read(each.signal.bias)
                    f.store(self.region(f, f"mind_{i}"), each.stock, self._held(f, each, value))

    def now(self, f: FunctionWriter) -> Value:
        return f.to("scalar", f["step"]) * self.dt

    def know_acts(self, f: FunctionWriter, g: int) -> None:
        """Before the effects of a stage's acts."""
        if self.of:
            f.call(self.layout.in_stage("know_acts", g), f["work"], f["step"])

    def know_change(self, f: FunctionWriter) -> None:
        """Before the stocks change."""
        if self.of:
            f.call("know_change", f["work"], f["step"])

    def all_know(self, f: FunctionWriter, name: str, *arguments: Value) -> None:
        """Something happens of which everybody knows: a phase that would be called with these arguments."""
        for i in self.of:
            self._move(f, i, _call(f, name, *arguments))

    # How an actor's estimates move

    def _picture(self, f: FunctionWriter, i: int) -> Value:
        """Address of the mean picture of actor i as it believes now."""
        if self.actors[i].beliefs:
            f.call(f"mean_picture_{i}", f["work"], f["step"])
        return self.region(f, f"picture_{i}" if self.signals.has_picture(i) else "truth")

    def _held(self, f: FunctionWriter, each: _Estimated, value: Value) -> Value:
        bounds = self.layout.by_name[each.signal.variable].bounds
        return f.within(value, *bounds) if bounds else value

    def _move(self, f: FunctionWriter, i: int, happening: Happening) -> None:
        """The state in the mind of actor i goes on, and its estimates grow surer or less sure."""
        picture, mind, sigma = self._picture(f, i), self.region(f, f"mind_{i}"), self.region(f, "sigma")
        variance, stocks = self.region(f, "variance"), len(self.layout.stock)
        slopes = []
        for each in self.of[i]:
            mean, sd = f.load(mind, each.stock), f.square_root(f.load(variance, each.number))
            ends = [self._held(f, each, value) for value in (mean + sd, mean - sd)]
            led = []
            for end in ends:
                copy(f, mind, sigma, stocks)
                f.store(sigma, each.stock, end)
                happening(sigma, picture)
                led.append(f.load(sigma, each.stock))
            slopes.append(f.select(ends[0] > ends[1], (led[0] - led[1]) / (ends[0] - ends[1]), 1.0))
        happening(mind, picture)
        for each, slope in zip(self.of[i], slopes, strict=True):
            f.store(variance, each.number, slope * slope * f.load(variance, each.number))
            if each.signal.delay:
                late = f.at(self.region(f, "late"), each.late)
                f.store(late, _SLOPE, slope * f.load(late, _SLOPE))
                f.store(late, _ADDED, slope * slope * f.load(late, _ADDED))

    def _know_acts(self, g: int) -> None:
        layout = self.layout
        with self.function(layout.in_stage("know_acts", g)) as (f, _, now):
            known, taken = self.region(f, "known"), self.region(f, "taken")
            read = self.reader(f, self.truth(f, now))
            shares = {
                j: self.signals.beliefs.attributed(f, read, j)
                for j in layout.stages[g]
                if any(a.attributed is not None for a in self.actors[j].actions)
            }
            for i in self.of:
                for s, slot in layout.slots_of_stage(g):
                    weight = f.load(taken, s)
                    if slot.actor != i and slot.actor in shares:
                        weight = weight * shares[slot.actor]
                    f.store(known, s, weight)
                name = layout.in_stage("effects", g)
                self._move(f, i, _call(f, name, now, known))

    def _know_change(self) -> None:
        with self.function("know_change") as (f, _, now):
            kick, end = self.region(f, "no_kick"), f.to("scalar", f["step"] + 1) * self.dt

            def change(x: Value, p: Value) -> None:
                f.call("change", x, p, now, kick)
                if self.layout.pasts:
                    f.call("remember", x, p, end)

            for i, some in self.of.items():
                self._move(f, i, change)
                read = self.reader(f, State(self.region(f, f"mind_{i}"), self._picture(f, i), now))
                for each in some:
                    drift = read.read(each.learns.drift)
                    added = self.dt * drift * drift
                    places = [(self.region(f, "variance"), each.number)]
                    if each.signal.delay:
                        places.append((self.region(f, "late"), each.late + _ADDED))
                    for base, place in places:
                        f.store(base, place, f.load(base, place) + added)

    # The start and each look

    def _begin(self) -> None:
        with self.function("begin_estimates") as (f, _, now):
            for n in range(sum(v.noise is not None for v in self.model.stocks)):
                f.store(self.region(f, "no_kick"), n, 0.0)
            for i, some in self.of.items():
                mind, picture = self.region(f, f"mind_{i}"), self._picture(f, i)
                copy(f, self.region(f, "first"), mind, len(self.layout.stock))
                read = self.reader(f, State(mind, picture, now))
                for each in some:
                    if each.signal.assumed is not None:
                        value = read.read(each.signal.assumed)
                        f.store(mind, each.stock, hold(f, self.layout, each.signal.variable, value))
                    sd = f.larger(read.read(each.learns.sd), 0.0)
                    f.store(self.region(f, "variance"), each.number, sd * sd)
                    self._begin_passage(f, each, f.load(mind, each.stock))

    def _begin_passage(self, f: FunctionWriter, each: _Estimated, mean: Value) -> None:
        if each.signal.delay:
            late = f.at(self.region(f, "late"), each.late)
            f.store(late, _FROM, mean)
            f.store(late, _SLOPE, 1.0)
            f.store(late, _ADDED, 0.0)

    def _look(self, i: int) -> None:
        with self.function(f"look_{i}") as (f, _, now):
            mind, picture = self.region(f, f"mind_{i}"), self._picture(f, i)
            fact = self.reader(f, self.truth(f, now))
            own = self.reader(f, State(mind, picture, now))
            for each in self.of[i]:
                supposed = each.learns.noise
                noise = fact.read(each.signal.noise) if supposed is None else own.read(supposed)
                right = self.signals.is_right(f, i, each.signal)
                true = f.load(self.region(f, "stocks"), each.stock)
                shown = None if each.signal.hidden else self.signals.shown(f, i, each.signal, fact)
                if each.signal.delay:
                    mean, variance = self._learn_late(f, i, each, shown, noise * noise, right, true)
                else:
                    mean = f.load(mind, each.stock)
                    variance = f.load(self.region(f, "variance"), each.number)
                    mean = self._held(f, each, mean)
                    if shown is not None:
                        mean, variance = self._corrected(f, each, mean, variance, shown, noise * noise)
                    mean, variance = f.select(right, true, mean), f.select(right, 0.0, variance)
                mean = self._held(f, each, mean)
                self.watch.fail_where(f, ~(f.is_finite(mean) & f.is_finite(variance)), Status.NOT_FINITE)
                f.store(mind, each.stock, mean)
                f.store(self.region(f, "variance"), each.number, variance)
                f.store(self.region(f, "estimate_mean"), each.number, mean)
                f.store(self.region(f, "estimate_sd"), each.number, f.square_root(variance))
                self._begin_passage(f, each, mean)
            seen = self.signals.view(f, i, now).x
            copy(f, seen, mind, len(self.layout.stock))

    def _corrected(
        self, f: FunctionWriter, each: _Estimated, mean: Value, variance: Value, shown: Value, noise: Value
    ) -> tuple[Value, Value]:
        """Bayes' rule for a normal number shown with a normal error."""
        gain = f.select(noise.equals(0.0), 1.0, variance / (variance + noise))
        return self._held(f, each, mean + gain * (shown - mean)), (1.0 - gain) * variance

    def _learn_late(
        self, f: FunctionWriter, i: int, each: _Estimated, shown: Value | None, noise: Value, right: Value,
        true: Value,
    ) -> tuple[Value, Value]:  # fmt: skip
        """What a signal that is `delay` steps late teaches of the stock as it was, and so of it now."""
        step, delay, late = f["step"], each.signal.delay, f.at(self.region(f, "late"), each.late)
        mean = f.load(self.region(f, f"mind_{i}"), each.stock)
        variance = f.load(self.region(f, "variance"), each.number)
        slope = f.load(late, _SLOPE)
        passage = [slope, mean - slope * f.load(late, _FROM), f.load(late, _ADDED)]
        known: list[Value] = [f.real(0.0), true, f.real(0.0)]
        passage = [f.select(right, one, other) for one, other in zip(known, passage, strict=True)]
        first = step.equals(0)
        with f.when(first):
            f.store(late, _THEN, f.select(right, true, mean))
            f.store(late, _THEN + 1, f.select(right, 0.0, variance))
        with f.when(~first):
            ring = f.at(late, (step - 1) % delay * _PASSAGE + _RING)
            with f.when(step > delay):
                then = self._passed(f, ring, f.load(late, _THEN), f.load(late, _THEN + 1))
                for n, value in enumerate(then):
                    f.store(late, _THEN + n, value)
            for n, value in enumerate(passage):
                f.store(ring, n, value)
        then = self._held(f, each, f.load(late, _THEN)), f.load(late, _THEN + 1)
        assert shown is not None
        taught = self._corrected(f, each, *then, shown, noise)
        for n, (new, old) in enumerate(zip(taught, then, strict=True)):
            f.store(late, _THEN + n, f.select(right, old, new))
        now = [f.variable("real", f.load(late, _THEN + n)) for n in range(2)]
        back = step - delay
        with f.loop(f.select(back >= 0, back, 0), step) as t:
            ring = f.at(late, t % delay * _PASSAGE + _RING)
            for running, value in zip(now, self._passed(f, ring, *(v.get() for v in now)), strict=True):
                running.set(value)
        return now[0].get(), now[1].get()

    def _passed(self, f: FunctionWriter, passage: Value, mean: Value, variance: Value) -> tuple[Value, Value]:
        """A number and its variance after a passage."""
        slope, shift, added = (f.load(passage, n) for n in range(_PASSAGE))
        return slope * mean + shift, slope * slope * variance + added

    def written(self) -> Iterator[tuple[str, int]]:
        """Regions that are outputs too, each with its length."""
        count = sum(len(some) for some in self.of.values())
        return iter((("estimate_mean", count), ("estimate_sd", count)) if count else ())


def _call(f: FunctionWriter, name: str, *arguments: Value) -> Happening:
    """A phase that happens, whatever the stocks and the picture."""
    return lambda x, p: f.call(name, x, p, *arguments)
