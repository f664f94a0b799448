"""One run up to a date at which it is looked at, following the known course of a faster engine to there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from offramp.engine.inputs import Inputs, Ints
from offramp.engine.outputs import Outputs, Status
from offramp.engine.plain.choices import Move, Turns
from offramp.engine.plain.course import Course, Moment, Phase
from offramp.engine.plain.ladder import Exchange
from offramp.engine.plain.mind import Expectation
from offramp.engine.plain.world import State, World
from offramp.errors import OfframpError
from offramp.model import Model


class Replay(Course):
    """A run that follows a known course, up to a step in which everyone thinks anew.

    Parameters
    ----------
    last : the step that is looked at; the run ends with it
    before : the known course; None where the step is the first, for which nothing need be known

    Raises
    ------
    OfframpError
        If the known course has ended or failed by that step.
    """

    def __init__(self, model: Model, inputs: Inputs, last: int, before: Outputs | None) -> None:
        if before is not None:
            _need_course(model, before, last)
        super().__init__(replace(model, steps=last + 1), inputs, True)
        # What is recorded of a late estimate is not enough to go on from.
        late = any(s.delay for a in model.actors for s in a.estimates)
        self.last, self.before = last, None if late else before
        self.early = len(model.stages) > 1 or bool(model.estimates)
        self._rest = self.moments()

    def moment(self, phase: Phase) -> Moment:
        """A moment of the last step, to which the run is played.

        Raises
        ------
        OfframpError
            If the run fails before.
        """
        found = next(m for m in self._rest if m.step == self.last and m.phase is phase)
        self._need_sound()
        return found

    def finish(self) -> None:
        """Play the rest of the last step.

        Raises
        ------
        OfframpError
            If the run fails in it.
        """
        for _ in self._rest:
            pass
        self._need_sound()

    def _need_sound(self) -> None:
        if self.outputs.status[0] != Status.OK:
            raise _failed(self.model, self.outputs.failed_step[0])

    def thinks(self, k: int) -> bool:
        """Whether everyone thinks anew in step k: in the last one.

        Where actors move in stages or make estimates, beliefs and estimates are known as their actor chose,
        who may have learned in the step already. Then all think in the step before too, and go on from there.
        """
        return self.before is None or k >= self.last - self.early

    def _recall(self, k: int, actors: Iterable[int]) -> None:
        """Some actors have the beliefs of the known course, as they choose in step k."""
        if self.before is None:
            return
        columns = {
            pair: float(p) for pair, p in zip(self.model.suppositions, self.before.belief[0, k], strict=True)
        }
        for a in actors:
            mind = self.minds[a]
            for about in mind.beliefs:
                held = [p for (who, whom, _), p in columns.items() if (who, whom) == (mind.actor.name, about)]
                mind.beliefs[about] = np.array([held])

    def persuade(self, k: int) -> None:
        super().persuade(k)
        if k == self.last and not self.early:
            self._recall(k, range(len(self.minds)))

    def begin_stage(self, k: int, g: int) -> None:
        if k == self.last - 1 and self.early:
            self._recall(k, self.model.stages[g])

    def look(self, a: int, k: int, truth: World, state: State) -> None:
        super().look(a, k, truth, state)
        mind = self.minds[a]
        if self.before is None or k != self.last - 1 or mind.estimates is None:
            return
        for name, estimate in mind.estimates.of.items():
            at = self.model.estimates.index((mind.actor.name, name))
            estimate.recall(self.before.estimate_mean[:, k, at], self.before.estimate_sd[:, k, at])
        picture = mind.mean_picture(truth)
        mind.estimates.state = self.seen_by(mind.actor, k, truth, picture, state, mind.stage)

    def expected_by(
        self, i: int, g: int, k: int, truth: World, state: State, turns: Turns
    ) -> Sequence[Expectation]:
        return super().expected_by(i, g, k, truth, state, turns) if self.thinks(k) else []

    def exchange(self, i: int, k: int, truth: World, state: State) -> Exchange:
        known = self.before
        if known is None:
            return super().exchange(i, k, truth, state)
        return Exchange(
            first=known.ladder_first[:, k, i].astype(np.int64),
            moves=known.ladder_moves[:, k, i].astype(np.int64),
            rung=known.ladder_rung[:, k, i].astype(np.int64),
            ending=known.ladder_ending[:, k, i].astype(np.int64),
            foreseen=known.ladder_foreseen[:, k, i],
            risk=known.ladder_risk[:, k, i],
            failed=np.zeros(1, dtype=np.bool_),
        )

    def move_of(self, a: int, k: int, truth: World, state: State) -> Move:
        if self.thinks(k):
            move = super().move_of(a, k, truth, state)
            return move if k == self.last or self.before is None else replace(move, taken=self._taken(a, k))
        unknown = np.full((1, len(self.model.actors[a].actions)), np.nan)
        mind = self.minds[a]
        return Move(self._taken(a, k), unknown, unknown, [], state, state, truth, dict(mind.beliefs), {})

    def _taken(self, a: int, k: int) -> Ints:
        assert self.before is not None
        return self.before.action[:, k, a].astype(np.int64)


def _need_course(model: Model, before: Outputs, step: int) -> None:
    """Make sure that the run still goes on at a step."""
    if before.status[0] != Status.OK and before.failed_step[0] <= step:
        raise _failed(model, before.failed_step[0])
    for i, outcome in enumerate(model.outcomes):
        if outcome.absorbing and 0 <= before.outcome[0, i] < step:
            when = model.date_of(int(before.outcome[0, i]))
            raise OfframpError(
                f"this run ended with `{outcome.name}` in the step of {when}. Choose that date or one before "
                "it, or another run."
            )


def _failed(model: Model, step: int) -> OfframpError:
    return OfframpError(
        f"this run failed in the step of {model.date_of(int(step))}. Choose a date before it or another run; "
        f"`offramp run {model.name}` says what fails."
    )
