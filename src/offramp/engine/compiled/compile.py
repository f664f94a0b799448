"""A model as machine code: `compile_model(model).run(inputs)`."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt

from offramp.engine import luck
from offramp.engine.compiled.course import Course
from offramp.engine.compiled.elementary import write_elementary
from offramp.engine.compiled.foresight import LookAheads
from offramp.engine.compiled.imagined import SampledLookAhead
from offramp.engine.compiled.ir import Module
from offramp.engine.compiled.jit import Program, Target, compile_ir
from offramp.engine.compiled.layout import Layout
from offramp.engine.compiled.luck import write_draws
from offramp.engine.compiled.memory import INPUTS, PRESENT, Memory, arrays_of
from offramp.engine.compiled.phases import Phases
from offramp.engine.compiled.writing import Writing
from offramp.engine.depths import reach_of
from offramp.engine.inputs import Floats, Inputs, Observed, Schedule
from offramp.engine.outputs import TABLE, Outputs, empty, lengths
from offramp.model import Model

# Vectors of runs handled in one call: enough to hide its cost, few enough to stay in the caches.
VECTORS_PER_CALL = 32


@dataclass(frozen=True)
class CompiledModel:
    """A model that runs.

    Attributes
    ----------
    model : what was compiled
    ir : the program as LLVM text, to be read
    width : runs side by side in one vector
    program : the machine code
    seconds : stage -> seconds that compiling took
    """

    model: Model
    ir: str = field(repr=False)
    width: int
    program: Program = field(repr=False)
    seconds: dict[str, float]
    _work_size: int = field(repr=False)  # vectors of reals
    _function: Any = field(repr=False)
    paths: int = 0  # sampled paths that look-aheads follow
    _others: dict[int, CompiledModel] = field(default_factory=dict, repr=False)  # paths -> program
    _lock: Any = field(default_factory=Lock, repr=False)

    def at_horizons(self, model: Model) -> CompiledModel:
        """The same program for a model that differs in its actors' horizons alone."""
        return replace(self, model=model)

    def _following(self, paths: int) -> CompiledModel:
        """The program whose look-aheads follow so many paths, made when it is first asked for."""
        with self._lock:
            if paths not in self._others:
                self._others[paths] = compile_model(self.model, width=self.width, paths=paths)
        return self._others[paths].at_horizons(self.model)

    def choices(self, inputs: Inputs, step: int, stocks: npt.NDArray[np.float64]) -> Floats:
        """The chance of each action in one step, were the stocks, and had they always been, what is given.

        Parameters
        ----------
        inputs : the block; `prior` are the beliefs in this step
        step : its number
        stocks : (run, stock)

        Returns
        -------
        (run, slot); NaN where the run fails
        """
        if inputs.paths != self.paths:
            return self._following(inputs.paths).choices(inputs, step, stocks)
        runs, width = len(inputs.scenario), self.width
        found = np.empty((runs, lengths(self.model)["slot"]))
        room = aligned((VECTORS_PER_CALL, *TABLE["probability"].shape(lengths(self.model)), width))
        arrays = {**_schedule_arrays(inputs.schedule), "reach": reach_of(self.model), "probability": room}
        for part, vectors in self._blocks(runs):
            given = {name: getattr(inputs, name) for name in INPUTS} | {PRESENT: stocks}
            lanes = {name: to_lanes(a[part], width) for name, a in given.items() if a is not None}
            self._call({**arrays, **lanes}, vectors, step, inputs.seed)
            from_lanes(room[:vectors, 0], found[part])
        return found

    def _blocks(self, runs: int) -> Iterator[tuple[slice, int]]:
        """Runs that are handled in one call, and how many vectors they make."""
        block = VECTORS_PER_CALL * self.width
        for start in range(0, runs, block):
            stop = min(runs, start + block)
            yield slice(start, stop), -(-(stop - start) // self.width)

    def _call(self, arrays: dict[str, npt.NDArray[Any]], vectors: int, steps: int, seed: int) -> None:
        """Call the program."""
        names = arrays_of(self.model)
        work = aligned((self._work_size, self.width))
        addresses = (ctypes.c_void_p * len(names))(
            *(arrays[name].ctypes.data if name in arrays else None for name in names)
        )
        low, high = seed & 0xFFFFFFFF, seed >> 32
        self._function(ctypes.addressof(addresses), vectors, steps, low, high, work.ctypes.data)

    def run(self, inputs: Inputs, probabilities: bool = False) -> Outputs:
        """Run a block of runs on the calling thread.

        The interpreter lock is released meanwhile, so threads may call this at once. A run's results do not
        depend on the others in its block.

        Parameters
        ----------
        inputs : the block, its axes as in `Inputs`
        probabilities : also return the chance of every action
        """
        if inputs.paths != self.paths:
            return self._following(inputs.paths).run(inputs, probabilities)
        runs, width = len(inputs.scenario), self.width
        steps = self.model.steps if inputs.steps is None else inputs.steps
        outputs = empty(self.model, runs, probabilities, steps)
        wanted, size = outputs.arrays, lengths(self.model)
        vectors = min(VECTORS_PER_CALL, -(-runs // width))
        room = {n: aligned((vectors, *TABLE[n].shape(size), width), a.dtype) for n, a in wanted.items()}
        arrays = {
            **_schedule_arrays(inputs.schedule),
            **_known_arrays(inputs.observed),
            **room,
            "reach": reach_of(self.model),
        }
        for part, vectors in self._blocks(runs):
            for name in INPUTS:
                if (given := getattr(inputs, name)) is not None:
                    arrays[name] = to_lanes(given[part], width)
            self._call(arrays, vectors, steps, inputs.seed)
            for name, values in wanted.items():
                lanes = room[name][:vectors]
                # Of the steps only those played are there.
                from_lanes(lanes if values.ndim == 1 else lanes[:, : values.shape[1]], values[part])
        return replace(outputs, inputs=inputs)


def compile_model(
    model: Model,
    *,
    real: str = "double",
    width: int | None = None,
    cpu: str | None = None,
    cache: bool = True,
    paths: int = 0,
) -> CompiledModel:
    """Compile a model for this machine.

    Parameters
    ----------
    model : a checked model
    real : LLVM type of a real number
    width : runs side by side in one vector, a power of two; by default what the processor holds. The
        results do not depend on it, bit for bit.
    cpu : LLVM name of a processor to compile for instead of this one, such as "x86-64"
    cache : keep object code on disk and reuse it
    paths : how many sampled paths look-aheads follow; 0 for the expected path

    Raises
    ------
    OfframpError
        If two purposes of luck have the same number.
    """
    luck.check_purposes(luck.purposes(model))
    target = Target.of(cpu)
    began = time.perf_counter()
    module = Module(width or target.doubles, real)
    memory = write_program(module, model, paths)
    pieces = module.pieces
    written = time.perf_counter() - began
    program = compile_ir(pieces, target, cache=cache)
    pointer, integer = ctypes.c_void_p, ctypes.c_int64
    return CompiledModel(
        model=model,
        ir=module.text,
        width=module.width,
        program=program,
        seconds={"write": written, **program.seconds},
        paths=paths,
        _work_size=memory.size,
        _function=program.function("run", pointer, integer, integer, integer, integer, pointer),
    )


def write_program(module: Module, model: Model, paths: int = 0) -> Memory:
    """Write everything that a run of the model does into an IR module; gives the memory that it needs."""
    write_elementary(module)
    write_draws(module)
    writing = Writing(module, Layout(model), Memory(module, arrays_of(model)))
    phases = Phases(writing)
    phases.write()
    look_aheads = LookAheads(writing, phases)
    look_aheads.write()
    sampling = SampledLookAhead(writing, phases, look_aheads, paths) if paths else None
    if sampling is not None:
        sampling.write()
    Course(writing, phases, look_aheads, sampling).write()
    return writing.memory


def aligned(shape: tuple[int, ...], dtype: npt.DTypeLike = np.float64) -> npt.NDArray[Any]:
    """An array, not yet filled, that begins on a multiple of 64 bytes, as the compiled code expects."""
    kind = np.dtype(dtype)
    size = int(np.prod(shape)) * kind.itemsize
    raw = np.empty(size + 64, dtype=np.uint8)
    begin = -raw.ctypes.data % 64
    return raw[begin : begin + size].view(kind).reshape(shape)


def to_lanes(values: npt.NDArray[Any], width: int) -> npt.NDArray[Any]:
    """(run, ...) as (vector, ..., lane). The last vector is filled up with copies of the last run."""
    runs = len(values)
    vectors = -(-runs // width)
    kind = np.int64 if values.dtype.kind in "iu" else np.float64
    lanes = aligned((vectors, *values.shape[1:], width), kind)
    filled = values[np.minimum(np.arange(vectors * width), runs - 1)]
    lanes[...] = np.moveaxis(filled.reshape(vectors, width, *values.shape[1:]), 1, -1)
    return lanes


def from_lanes(lanes: npt.NDArray[Any], values: npt.NDArray[Any]) -> None:
    """Write (vector, ..., lane) into (run, ...), without the copies that filled the last vector."""
    vectors, width = lanes.shape[0], lanes.shape[-1]
    by_run = np.moveaxis(lanes, -1, 1)
    whole = len(values) // width
    values[: whole * width].reshape(whole, width, *values.shape[1:])[...] = by_run[:whole]
    if whole < vectors:
        values[whole * width :] = by_run[whole, : len(values) - whole * width]


def _known_arrays(observed: Observed | None) -> dict[str, npt.NDArray[Any]]:
    """What is known to have come, as the program reads it."""
    if observed is None:
        return {}
    return {
        "counts_known": np.ascontiguousarray(observed.counts, np.int64),
        "share_known": np.ascontiguousarray(observed.share, np.float64),
        "acts_known": np.ascontiguousarray(observed.acts, np.int64),
    }


def _schedule_arrays(schedule: Schedule) -> dict[str, npt.NDArray[Any]]:
    """The policy's tables as the program reads them, and in which steps it need not look at them."""
    steps = len(schedule.hold)
    supposed, right = schedule.suppose.reshape(steps, -1), schedule.right_misreading
    read = np.concatenate([schedule.hold, schedule.shift, supposed, right], axis=1)
    same = np.zeros(len(read), dtype=np.bool_)
    same[1:] = ((read[1:] == read[:-1]) | (np.isnan(read[1:]) & np.isnan(read[:-1]))).all(axis=1)
    beliefs = (~np.isnan(schedule.believe)).any(axis=1) | schedule.right_belief.any(axis=1)
    stocks = (~np.isnan(schedule.set_stock)).any(axis=1) | (schedule.shift_stock != 0).any(axis=1)
    given = ((f.name, getattr(schedule, f.name)) for f in fields(schedule))
    return {name: np.ascontiguousarray(table, _AS_READ[table.dtype.kind]) for name, table in given} | {
        "parameters_change": (~same).astype(np.uint8),
        "stocks_change": stocks.astype(np.uint8),
        "beliefs_change": beliefs.astype(np.uint8),
    }


# Kind of a table's numbers -> as the program reads them.
_AS_READ = {"f": np.float64, "i": np.int64, "b": np.uint8}
