"""Which runs still count: finding those that fail and setting them apart, as IR."""

from __future__ import annotations

from offramp.engine.compiled.ir import FunctionWriter
from offramp.engine.compiled.values import Kind, Value
from offramp.engine.compiled.writing import Writer, Writing
from offramp.engine.inputs import BOUNDS_TOLERANCE
from offramp.engine.outputs import Status


class Watch(Writer):
    """Writes the functions that check a run in its true course.

    Runs that have ended or failed go on being computed beside the others of their vector; the region
    `running` says whose results count.
    """

    def __init__(self, writing: Writing) -> None:
        super().__init__(writing)
        self.reserve(dict.fromkeys(("running", "status", "failed_step", "failed_variable"), 1))
        self.reserve({"values": len(self.model.variables)})

    def write(self) -> None:
        self._write_fail()
        self._write_check()

    def running(self, f: FunctionWriter) -> Value:
        return f.load(self.region(f, "running"), 0, "small").differs(0)

    def _write_fail(self) -> None:
        """@fail(work, step, hit, status, variable): set the runs apart that are hit and still running."""
        parameters: dict[str, Kind] = {
            "work": "pointer", "step": "index", "hit": "small", "status": "index", "variable": "index",
        }  # fmt: skip
        with self.module.function("fail", parameters) as f:
            hit = f["hit"].differs(0) & self.running(f)
            for region, value in [
                ("status", f["status"]),
                ("failed_step", f["step"]),
                ("failed_variable", f["variable"]),
            ]:
                place = self.region(f, region)
                f.store(place, 0, f.select(hit, f.to("small", value), f.load(place, 0, "small")), "small")
            place = self.region(f, "running")
            f.store(place, 0, f.select(hit, f.constant("small", 0), f.load(place, 0, "small")), "small")

    def fail_where(self, f: FunctionWriter, bad: Value, status: Status, variable: Value | int = -1) -> None:
        with f.when(f.any(bad & self.running(f))):
            hit = f.select(bad, f.constant("small", 1), 0)
            f.call("fail", f["work"], f["step"], hit, int(status), variable)

    def _write_check(self) -> None:
        """@check(work, step, now): compute all variables, find those not finite or out of bounds."""
        parameters: dict[str, Kind] = {"work": "pointer", "step": "index", "now": "scalar"}
        variables = self.model.variables
        with self.module.function("check", parameters) as f:
            values = self.region(f, "values")
            f.call("variables", *self.truth(f, f["now"]), values)
            # 0·x is 0 for a finite x and NaN otherwise, so one sum finds any trouble; then look for which.
            trouble = f.variable("real", 0.0)
            with f.loop(0, len(variables)) as i:
                trouble.set(trouble.get() + f.load(values, i) * 0.0)
            with f.when(f.any(f.is_nan(trouble.get()))), f.loop(0, len(variables)) as i:
                self.fail_where(f, ~f.is_finite(f.load(values, i)), Status.NOT_FINITE, i)
            self._check_memories(f)
            for n, v in enumerate(variables):
                if v.bounds and not v.saturates:
                    low, high = v.bounds
                    slack = BOUNDS_TOLERANCE * (high - low)
                    value = f.load(values, n)
                    outside = (value < low - slack) | (value > high + slack)
                    self.fail_where(f, outside, Status.OUT_OF_BOUNDS, n)

    def _check_memories(self, f: FunctionWriter) -> None:
        """Find what formulas remember that is not finite."""
        first, count = len(self.model.stocks), len(self.layout.carried)
        if count > first:
            trouble = f.variable("real", 0.0)
            with f.loop(first, count) as i:
                trouble.set(trouble.get() + f.load(self.region(f, "stocks"), i) * 0.0)
            self.fail_where(f, f.is_nan(trouble.get()), Status.NOT_FINITE)

    def check(self, f: FunctionWriter, now: Value) -> None:
        f.call("check", f["work"], f["step"], now)
