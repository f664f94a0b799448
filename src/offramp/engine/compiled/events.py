"""Dated and random events in the true course of a run, as IR: phases 1 and 2 of a step."""

from __future__ import annotations

from offramp.engine.compiled.estimates import Estimates
from offramp.engine.compiled.ir import FunctionWriter
from offramp.engine.compiled.values import Kind, Value
from offramp.engine.compiled.watch import Watch
from offramp.engine.compiled.writing import Writer, Writing
from offramp.engine.inputs import LARGEST_MEAN
from offramp.engine.luck import purpose_number, purpose_of_branch, purpose_of_event
from offramp.engine.outputs import Status


class Events(Writer):
    """Writes the functions that draw what happens and apply it."""

    def __init__(self, writing: Writing, watch: Watch, estimates: Estimates) -> None:
        super().__init__(writing)
        self.watch, self.estimates = watch, estimates
        means = len(self.layout.mean_position)
        branches = (sum(len(e.branches) for e in events) for events in self.layout.dated.values())
        self.reserve({"happened": len(self.model.events), "chances": max(branches, default=0)})
        self.reserve(dict.fromkeys(("means", "counts", "once"), means))

    def write(self) -> None:
        self._draw_branch()
        self._dated_events()
        self._random_events()

    def _dated_events(self) -> None:
        """@dated_events: draw the branches of this step's dated events and apply what they do."""
        position = {e.name: i for i, e in enumerate(self.model.events)}
        with self.function("dated_events") as (f, step, now):
            happened, chances, key = (self.region(f, n) for n in ("happened", "chances", "key"))
            steps: dict[int, list[str]] = {}
            for event in self.model.events:
                if event.on is not None and 0 <= (k := self.model.step_of(event.on)) < self.model.steps:
                    steps.setdefault(k, []).append(event.name)
            for k in f.switch(step, list(steps)):
                for name in steps[k]:
                    f.store(happened, position[name], f.constant("small", 1), "small")
                if k not in self.layout.dated:
                    continue
                state = self.truth(f, now)
                f.call(f"dated_chances_{k}", *state, chances)
                first = 0
                for event in self.layout.dated[k]:
                    count = len(event.branches)
                    if count:
                        u = f.call("uniform", key, step, purpose_number(purpose_of_branch(event)))
                        drawn = f.call("draw_branch", f["work"], step, f.at(chances, first), count, u)
                        f.store(happened, position[event.name], drawn, "small")
                    first += count
                self.estimates.all_know(f, f"dated_effects_{k}", now, chances)
                f.call(f"dated_effects_{k}", *state, chances)
                self.watch.check(f, now)

    def _draw_branch(self) -> None:
        """@draw_branch(work, step, chances, count, u): 1 + the branch drawn; `chances` become 0 and 1."""
        parameters: dict[str, Kind] = {
            "work": "pointer", "step": "index", "chances": "pointer", "count": "index", "u": "real",
        }  # fmt: skip
        with self.module.function("draw_branch", parameters, "small") as f:
            count = f["count"]
            drawn = f.variable("small", 0)
            cumulative = f.variable("real", 0.0)
            with f.loop(0, count) as b:
                cumulative.set(cumulative.get() + f.load(f["chances"], b))
                here = (f["u"] < cumulative.get()) & drawn.get().equals(0)
                drawn.set(f.select(here, f.to("small", b + 1), drawn.get()))
            self.watch.fail_where(f, ~f.is_finite(cumulative.get()), Status.NOT_FINITE)
            drawn.set(f.select(drawn.get().equals(0), f.to("small", count), drawn.get()))
            with f.loop(0, count) as b:
                f.store(f["chances"], b, f.to("real", drawn.get().equals(f.to("small", b + 1))))
            f.result(drawn.get())

    def _random_events(self) -> None:
        """@random_events: draw how often each happens and apply what they do."""
        position = {e.name: i for i, e in enumerate(self.model.events)}
        with self.function("random_events") as (f, step, now):
            means, counts, once = (self.region(f, n) for n in ("means", "counts", "once"))
            happened, key = self.region(f, "happened"), self.region(f, "key")
            state = self.truth(f, now)
            f.call("means", *state, means)
            for event in self.layout.random:
                at = self.layout.mean_position[event.name, ""]
                mean = f.load(means, at)
                self.watch.fail_where(f, ~f.is_finite(mean), Status.NOT_FINITE)
                if not event.once:
                    self.watch.fail_where(f, mean > LARGEST_MEAN, Status.TOO_MANY_EVENTS)
                if event.once:
                    u = f.call("uniform", key, step, purpose_number(purpose_of_event(event)))
                    seen, share = self._known(f, step, position[event.name])
                    total = f.select(share.equals(1.0), seen, f.to("real", u > f.call("exp", -mean)))
                    if event.branches:  # the chances of branches stand behind the mean
                        chances, number = f.at(means, at + 1), len(event.branches)
                        u = f.call("uniform", key, step, purpose_number(purpose_of_branch(event)))
                        f.call("draw_branch", f["work"], step, chances, number, u)
                        for b in range(number):
                            f.store(counts, at + 1 + b, total * f.load(chances, b))
                elif not event.branches:
                    seen, share = self._known(f, step, position[event.name])
                    u = f.call("uniform", key, step, purpose_number(purpose_of_event(event)))
                    total = f.call("poisson", u, mean * (1.0 - share)) + seen
                else:
                    total = f.real(0.0)
                    for branch in event.branches:
                        place = self.layout.mean_position[event.name, branch.name]
                        mean = f.load(means, place)
                        self.watch.fail_where(f, ~f.is_finite(mean), Status.NOT_FINITE)
                        u = f.call("uniform", key, step, purpose_number(purpose_of_event(event, branch.name)))
                        times = f.call("poisson", u, mean)
                        f.store(counts, place, times)
                        total = total + times
                f.store(counts, at, total)
                f.store(happened, position[event.name], f.to_small(total), "small")
            with f.loop(0, len(self.layout.mean_position)) as i:
                f.store(once, i, f.smaller(f.load(counts, i), 1.0))
            self.estimates.all_know(f, "random_effects", now, counts, once)
            f.call("random_effects", *state, counts, once)
            self.watch.check(f, now)

    def _known(self, f: FunctionWriter, step: Value, event: int) -> tuple[Value, Value]:
        """How many of an event are known to have come in a step, and the share that is known of."""
        seen, share = f.variable("real", 0.0), f.variable("real", 0.0)
        counts = self.array(f, "counts_known")
        with f.when(f.is_given(counts)):
            count = f.load(counts, step * len(self.model.events) + event, "index")
            with f.when(count >= 0):
                seen.set(f.to("real", f.to("scalar", count)))
                share.set(f.to("real", f.load(self.array(f, "share_known"), event, "scalar")))
        return seen.get(), share.get()
