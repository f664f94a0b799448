"""What runs say of a question: a probability, chances of several choices, or a sample."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from offramp.engine.inputs import Bools, Floats
from offramp.engine.outputs import Outputs
from offramp.engine.within import Paths, first_moment
from offramp.model import Evidence, Model
from offramp.truth.evidence import Record, published_range, with_error
from offramp.truth.questions import ForecastQuestion
from offramp.windows import Window, come_by


def source_of(question: ForecastQuestion, model: Model) -> Evidence | None:
    """The evidence that observes what a question asks for the level of."""
    if question.form != "level" or question.holds:
        return None
    return next(
        (e for e in model.evidence if e.observes == question.targets[0] and e.series == question.series), None
    )


@dataclass(frozen=True)
class Told:
    """Runs that tell the future.

    Attributes
    ----------
    which : (run,), those that count
    rng : for errors of what will be published
    record : what was known, whose errors go on; None where nothing is known
    """

    model: Model
    runs: Outputs
    which: Bools
    rng: np.random.Generator
    record: Record | None = None

    def predicted(self, question: ForecastQuestion, window: Window) -> Floats:
        """What runs predict: a probability, one of each choice, or a sample of counts or levels.

        Of chances half a run is added on either side, or as much in all, parted among the choices. A question
        that hangs on another is answered by the runs in which that comes as it must, or by all where none is.
        """
        values = self._values(question.plain, window)
        for condition, wanted in question.conditions:
            met = self._values(condition, window) == wanted
            values = values[met] if met.any() else values
        if question.kind == "binary":
            return np.array([(values.sum() + 0.5) / (len(values) + 1)])
        if question.kind == "choice":
            count = np.bincount(values.astype(np.int64), minlength=len(question.options))
            return np.asarray((count + 1 / len(count)) / (len(values) + 1), np.float64)
        return np.asarray(values)

    def _values(self, question: ForecastQuestion, window: Window) -> Floats:
        """What each run that counts answers: (run,)."""
        if question.form == "first_of":
            return self._first(question, window)
        if question.parts:
            every = np.stack([self._values(part, window) for part in question.parts])
            return np.asarray(every.min(axis=0) if question.form == "all_of" else every.max(axis=0))
        values = question.measured(self.model, self.runs, window)[self.which]
        if question.form == "level":
            # What is asked for is what will be published, so the error of the source is part of the forecast.
            values = self._published(question, values, window.last)
        return question.decided(values, self._thresholds(question, window))

    def _published(self, question: ForecastQuestion, values: Floats, day: date) -> Floats:
        """Levels as they will be published of a day."""
        source = source_of(question, self.model)
        if source is None:
            return values
        known = None if self.record is None else self.record.until
        within = published_range(self.model, source, values, known)
        carried = None
        if self.record is not None:
            mean, sd = self.record.carried(source, day, self.runs)
            carried = mean[self.which], sd
        return with_error(source, values, 1.0, self.rng, carried, within)

    def _thresholds(self, question: ForecastQuestion, window: Window) -> dict[str, float | Floats]:
        """Thresholds that are relative: numbers where tables tell, else for each run what it has itself."""
        origin = window.first - timedelta(days=1)
        found: dict[str, float | Floats] = {}
        for name, relative in question.relative:
            base: float | Floats | None = question.compared_with(relative, origin, window.last, origin)
            if base is None:
                level = Paths(self.model, self.runs).at(question.targets[0], window.start)[self.which]
                base = self._published(question, level, origin)
            found[name] = relative.times * base + relative.plus
        return found

    def _first(self, question: ForecastQuestion, window: Window) -> Floats:
        """Which part comes first: (run,), the position of `none` where none does."""
        moments = np.stack([self._moment(part, window)[self.which] for part in question.parts])
        first = moments.argmin(axis=0)
        return np.where(np.isfinite(moments.min(axis=0)), first, len(question.parts)).astype(np.float64)

    def _moment(self, question: ForecastQuestion, window: Window) -> Floats:
        """When it comes, in steps from the start; infinity where it does not within the window: (run,)."""
        if question.form == "ends":
            o = [x.name for x in self.model.outcomes].index(question.targets[0])
            step, part = self.runs.outcome[:, o], self.runs.outcome_part[:, o]
            came = come_by(step, part, window.end) & ~come_by(step, part, window.start)
            return np.where(came, step + part, np.inf)
        if question.form == "happens":
            some = [first_moment(self.model, self.runs, target, window) for target in question.targets]
            return np.asarray(np.min(some, axis=0))
        assert question.at_least is not None
        return Paths(self.model, self.runs).reached(question.targets[0], question.at_least, window)
