"""IR text to machine code in memory, through llvmlite, with the object code kept on disk.

A program comes in pieces, one for each of its functions, and the cache holds each by itself: after an edit
only the functions that it touches are compiled. An entry is keyed by everything that its code depends on:
the IR, the processor and its features, the versions of llvmlite and LLVM. The cache only ever saves time:
one that cannot be written, is damaged or is deleted changes nothing.
"""

from __future__ import annotations

import ctypes
import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from offramp.engine.compiled import cache as disk
from offramp.errors import OfframpError

# The IR is written without repetition, so that only variables are left to put into registers (`sroa`). On the
# flagship LLVM's own series of passes took 0.2 s and made nothing faster. A lower level of code generation
# would make code that is a quarter slower.
PASSES = ("sroa",)
CODE_LEVEL = 2


@dataclass(frozen=True)
class Target:
    """A processor to compile for: its name and features in LLVM's spelling."""

    cpu: str
    features: str

    @classmethod
    def of(cls, cpu: str | None) -> Target:
        """The named processor, with the features its name implies, or the one that this runs on."""
        import llvmlite.binding as llvm

        if cpu is not None:
            return cls(cpu, "")
        return cls(llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())

    @property
    def doubles(self) -> int:
        """How many doubles its vector registers hold."""
        known = set(self.features.split(","))
        if ("+avx512f" in known and "+avx512dq" in known) or self.cpu.startswith("x86-64-v4"):
            return 8
        if "+avx2" in known or self.cpu.startswith("x86-64-v3"):
            return 4
        return 2


@dataclass
class Program:
    """Machine code and what its making took.

    Attributes
    ----------
    seconds : stage -> seconds: `load` from the cache, `compile` what is not there, `save`, `link`
    pieces : how many pieces the program has
    compiled : how many of them were not in the cache
    """

    seconds: dict[str, float]
    pieces: int
    compiled: int
    _engine: Any = field(repr=False)

    @property
    def cached(self) -> bool:
        """Whether all object code came from disk."""
        return not self.compiled

    def function(self, name: str, *arguments: Any) -> Any:
        """A function of the module as a ctypes function; calls release the interpreter lock."""
        address = self._engine.get_function_address(name)
        if not address:
            raise OfframpError(f"the compiled model has no function `{name}`")
        return ctypes.CFUNCTYPE(None, *arguments)(address)


def compile_ir(pieces: Sequence[str], target: Target, *, cache: bool = True) -> Program:
    """Machine code for IR text.

    Parameters
    ----------
    pieces : modules as LLVM reads them, which may call one another's functions
    target : the processor to compile for
    cache : keep and reuse object code on disk
    """
    import llvmlite
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(
        cpu=target.cpu, features=target.features, opt=CODE_LEVEL
    )
    clock = _Clock()
    system = f"{llvm.get_default_triple()} {target.cpu} {target.features}"
    versions = f"{llvmlite.__version__} {llvm.llvm_version_info} {PASSES} {CODE_LEVEL}"
    keys = [hashlib.sha256("\0".join([text, system, versions]).encode()).hexdigest() for text in pieces]
    codes = {key: disk.read(key) if cache else None for key in keys}
    clock.mark("load")
    made = {}
    for key, text in zip(keys, pieces, strict=True):
        if codes[key] is None:
            codes[key] = made[key] = _object_code(text, machine)
    if made:
        clock.mark("compile")
    if made and cache:
        disk.write(made)
        clock.mark("save")
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    for code in codes.values():
        engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    clock.mark("link")
    return Program(clock.seconds, len(pieces), len(made), engine)


def _object_code(text: str, machine: Any) -> bytes:
    import llvmlite.binding as llvm

    module = llvm.parse_assembly(text)
    module.triple = llvm.get_default_triple()
    module.data_layout = str(machine.target_data)
    module.verify()
    passes = llvm.create_new_module_pass_manager()
    for name in PASSES:
        getattr(passes, f"add_{name}_pass")()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    return bytes(machine.emit_object(module))


class _Clock:
    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def mark(self, stage: str) -> None:
        now = time.perf_counter()
        self.seconds[stage] = now - self._last
        self._last = now
