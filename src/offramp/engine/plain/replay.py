"""One run up to a date at which it is looked at, following the known course of a faster engine to there."""

from __future__ import annotations

import dataclasses

import numpy as np

from offramp.engine.inputs import Inputs
from offramp.engine.outputs import Outputs, Status
from offramp.engine.plain.course import Course, Moment, Move, Phase
from offramp.engine.plain.ladder import Exchange
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
        super().__init__(dataclasses.replace(model, steps=last + 1), inputs, True)
        self.last, self.before = last, before
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

    def persuade(self, k: int) -> None:
        super().persuade(k)
        if self.before is None or k < self.last:
            return
        # Everyone has the beliefs of the known course.
        columns = iter(self.before.belief[0, k])
        for mind in self.minds:
            for about, chances in mind.beliefs.items():
                mind.beliefs[about] = np.array([[next(columns) for _ in range(chances.shape[1])]])

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
        if self.before is None or k == self.last:
            return super().move_of(a, k, truth, state)
        taken = self.before.action[:, k, a].astype(np.int64)
        unknown = np.full((1, len(self.model.actors[a].actions)), np.nan)
        nobody = {other.name: np.zeros((1, len(other.actions))) for other in self.model.actors}
        return Move(taken, unknown, unknown, [], nobody)


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
