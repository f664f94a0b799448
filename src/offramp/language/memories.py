"""What formulas remember: calls of `smooth`, `delay` and `was` as they are met, each with its hidden stocks.

The hidden stocks are those of system dynamics (Forrester 1961, appendix H; Sterman 2000, ch. 11): a smooth
of order n is n first-order averages in a row, a material delay of order n is n stages that a flow passes.
Both engines, look-aheads and calibration see them as stocks, by no rules of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from offramp.language.constants import fold
from offramp.model import Formula, Model, Remembered, places_of
from offramp.tree import Binary, Call, Node, Number, StepLength, Variable, replaced

MOST_STAGES = 12
MOST_BACK = 600  # steps
MOST_PLACES = 2000


@dataclass
class Memories:
    """The calls of one model, in the order in which they are met: what is within a call comes before it.

    Attributes
    ----------
    calendar : an empty model with the horizon of this one
    """

    calendar: Model
    found: dict[str, Remembered] = field(default_factory=dict)

    @property
    def part(self) -> float:
        """Months in a sub-step."""
        return self.calendar.step_length / self.calendar.substeps

    @property
    def places(self) -> int:
        return sum(len(memory.places) for memory in self.found.values())

    def number(self, node: Node) -> float | None:
        """Value of arithmetic on numbers and `dt`."""
        return fold(replaced(node, {StepLength(): Number(self.calendar.step_length)}))

    def stages(
        self,
        name: str,
        function: Literal["smooth", "delay"],
        of: Formula,
        time: Formula,
        order: int,
        start: Formula | None,
    ) -> Node:
        """The value of a `smooth` or a `delay`. A stage takes at least a sub-step, whatever the time says."""
        tau = self._time_of_a_stage(time.node, order)
        places = places_of(name, function, order)
        changes: list[tuple[str, Formula]] = []
        before = of.node
        for place in places:
            if function == "smooth":
                change: Node = Binary("/", Binary("-", before, Variable(place)), tau)
                before = Variable(place)
            else:
                flows_on = Binary("/", Variable(place), tau)
                change, before = Binary("-", before, flows_on), flows_on
            changes.append((place, Formula(time.text, change)))
        steady, begins = of, start or of
        if function == "delay":
            steady, begins = (Formula(f.text, Binary("*", f.node, tau)) for f in (steady, begins))
        self.found[name] = Remembered(name, function, of, time, order, steady, begins, tuple(changes))
        return before

    def _time_of_a_stage(self, time: Node, order: int) -> Node:
        months = self.number(time)
        if months is not None:
            return Number(max(months / order, self.part))
        whole = time if order == 1 else Binary("/", time, Number(float(order)))
        return Call("max", (whole, Number(self.part)))

    def past(self, name: str, of: Formula, time: Formula, steps: int, start: Formula | None) -> Node:
        """What a formula was so many steps ago; calls that look back by different times share one past."""
        begins = start or of
        for known in self.found.values():
            if known.function == "was" and (known.of.node, known.start.node) == (of.node, begins.node):
                if steps > known.order:
                    self.found[known.name] = replace(known, order=steps, time=time)
                return Variable(places_of(known.name, "was", steps)[steps])
        self.found[name] = Remembered(name, "was", of, time, steps, of, begins)
        return Variable(places_of(name, "was", steps)[steps])
