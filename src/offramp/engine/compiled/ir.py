"""A small writer of LLVM IR: one program that says what one run does, for a vector of runs at once.

A value is either *uniform*, the same for all runs of the vector (loop counters, positions, the step),
or *per run*, one lane for each. Branches and loop bounds are uniform; what differs between runs is a
`select`. Arithmetic is strict IEEE: no flag that would let the compiler reorder or fuse operations, so
that a run has the same bits at every vector width.

    module = Module(width=8)
    with module.function("twice", {"x": "pointer"}) as f:
        v = f.load(f["x"], 0)
        f.store(f["x"], 0, v + v)

Arrays of per-run numbers are *lane-major*: element i holds its `width` lanes side by side.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from offramp.engine.compiled.values import LANES, UNIFORM_OF, Comparison, Kind, Operand, Value

_FLOAT_TEST = {"<": "olt", "<=": "ole", ">": "ogt", ">=": "oge", "==": "oeq", "!=": "une"}
_INTEGER_TEST = {"<": "slt", "<=": "sle", ">": "sgt", ">=": "sge", "==": "eq", "!=": "ne"}


class RunningValue:
    """A value that changes as the function runs, such as a running sum. LLVM keeps it in a register."""

    def __init__(self, of: FunctionWriter, kind: Kind, start: Operand) -> None:
        self.of, self.kind = of, kind
        self.slot = of.allocate(of.module.type_of(kind))
        self.set(start)

    def get(self) -> Value:
        return self.of.emit(self.kind, f"load {self.of.module.type_of(self.kind)}, ptr {self.slot}", False)

    def set(self, value: Operand) -> None:
        v = self.of.to(self.kind, value)
        self.of.write(f"store {v.type} {v.text}, ptr {self.slot}")


class Module:
    """Text of one LLVM module.

    Parameters
    ----------
    width : runs side by side in a vector, a power of two
    real : LLVM type of a real number. The elementary functions are written for `double`.
    """

    def __init__(self, width: int, real: str = "double") -> None:
        if width < 1 or width & (width - 1) or width > 64:
            raise ValueError(f"width must be a power of two up to 64, not {width}")
        if real != "double":
            raise ValueError(f"reals can be `double`, not `{real}`")
        self.width, self.real = width, real
        self._written: dict[str, _Written] = {}
        self.signatures: dict[str, tuple[tuple[Kind, ...], Kind | None]] = {}

    def type_of(self, kind: Kind) -> str:
        element = {
            "index": "i64", "flag": "i1", "scalar": self.real, "pointer": "ptr",
            "real": self.real, "mask": "i1", "small": "i32", "bits": "i64",
        }[kind]  # fmt: skip
        return f"<{self.width} x {element}>" if kind in LANES else element

    @property
    def bytes_per_real(self) -> int:
        """Bytes of one element of a lane-major array of reals."""
        return 8 * self.width

    @property
    def alignment(self) -> int:
        """Every lane-major array of reals begins on a multiple of this many bytes."""
        return min(64, self.bytes_per_real)

    @contextmanager
    def function(
        self, name: str, parameters: Mapping[str, Kind], returns: Kind | None = None, *, public: bool = False
    ) -> Iterator[FunctionWriter]:
        """Write a function; its body is what happens inside the `with`. Others can only call a public one."""
        self.signatures[name] = (tuple(parameters.values()), returns)
        f = FunctionWriter(self, name, parameters)
        yield f
        given = ", ".join(f"{self.type_of(k)} %{n}" for n, k in parameters.items())
        if returns is None:
            f.write("ret void")
        body = "\n".join([*f.allocations, *f.lines])
        self._written[name] = _Written(
            f"{self._returned(returns)} @{name}({given}) noinline nounwind #0 {{\nentry:\n{body}\n}}\n",
            public, [f"{n} = {array}\n" for array, n in f.tables.items()], f.declared, f.called,
        )  # fmt: skip

    def _returned(self, kind: Kind | None) -> str:
        return self.type_of(kind) if kind else "void"

    def literal(self, kind: Kind, value: float | int | bool) -> str:
        """One lane of a constant as LLVM writes it."""
        if kind in ("real", "scalar"):
            return "0x" + struct.pack(">d", float(value)).hex().upper()
        return ("true" if value else "false") if kind in ("flag", "mask") else str(int(value))

    @property
    def text(self) -> str:
        """The whole program, to be read; LLVM reads it too."""
        written = self._written.values()
        tables = [table for w in written for table in w.tables]
        functions = [f"define {'' if w.public else 'internal '}{w.text}" for w in written]
        declared = {d: None for w in written for d in w.declared}
        return "\n".join([*tables, *functions, *(f"declare {d}" for d in declared), self._attributes, ""])

    @property
    def pieces(self) -> list[str]:
        """The same program as modules of one function each, which call one another."""
        return [self._piece(w) for w in self._written.values()]

    def _piece(self, written: _Written) -> str:
        declared = dict(written.declared)
        for name in written.called:
            kinds, returns = self.signatures[name]
            given = ", ".join(map(self.type_of, kinds))
            declared[f"{self._returned(returns)} @{name}({given}) #0"] = None
        declarations = (f"declare {d}" for d in declared)
        return "\n".join([*written.tables, f"define {written.text}", *declarations, self._attributes, ""])

    @property
    def _attributes(self) -> str:
        # Without these, LLVM halves 512-bit vectors on processors where it thinks the clock would drop.
        bits = min(512, 64 * self.width)
        return f'attributes #0 = {{ "min-legal-vector-width"="{bits}" "prefer-vector-width"="512" }}'


@dataclass(frozen=True, slots=True)
class _Written:
    """A function as it was written, and what it refers to."""

    text: str
    public: bool
    tables: list[str]
    declared: dict[str, None]
    called: dict[str, None]


class FunctionWriter:
    """The body of one function while it is being written."""

    def __init__(self, module: Module, name: str, parameters: Mapping[str, Kind]) -> None:
        self.module, self.name = module, name
        self.lines: list[str] = []
        self.allocations: list[str] = []
        self.tables: dict[str, str] = {}  # constant array -> its name
        self.declared: dict[str, None] = {}
        self.called: dict[str, None] = {}  # functions of the module
        self._known: list[dict[str, Value]] = [{}]  # what each open block has computed, for reuse
        self._count = 0
        self._parameters = {n: Value(self, k, f"%{n}") for n, k in parameters.items()}

    def __getitem__(self, parameter: str) -> Value:
        return self._parameters[parameter]

    # Writing

    def write(self, line: str) -> None:
        self.lines.append("  " + line)

    def emit(self, kind: Kind, instruction: str, pure: bool = True) -> Value:
        """Name the value of an instruction. The same pure instruction is not written twice."""
        if pure:
            for block in self._known:
                if instruction in block:
                    return block[instruction]
        self._count += 1
        value = Value(self, kind, f"%v{self._count}")
        self.write(f"{value.text} = {instruction}")
        if pure:
            self._known[-1][instruction] = value
        return value

    def allocate(self, type_: str) -> str:
        self._count += 1
        self.allocations.append(f"  %a{self._count} = alloca {type_}")
        return f"%a{self._count}"

    # Constants and conversions

    def constant(self, kind: Kind, value: float | int | bool) -> Value:
        one = self.module.literal(kind, value)
        if kind not in LANES:
            return Value(self, kind, one)
        element = self.module.type_of(kind).split(" x ")[1][:-1]
        return Value(self, kind, "<" + ", ".join([f"{element} {one}"] * self.module.width) + ">")

    def real(self, value: float) -> Value:
        return self.constant("real", value)

    def to(self, kind: Kind, value: Operand) -> Value:
        """`value` as `kind`: constants take any kind, uniform values spread over the lanes."""
        if not isinstance(value, Value):
            return self.constant(kind, value)
        if value.kind == kind:
            return value
        if UNIFORM_OF.get(kind) == value.kind:
            return self.spread(kind, value)
        if (value.kind, kind) == ("index", "small"):
            return self.spread(kind, self.emit("index", f"trunc i64 {value.text} to i32"))
        if (value.kind, kind) == ("index", "scalar"):
            return self.emit(kind, f"sitofp i64 {value.text} to {self.module.real}")
        if (value.kind, kind) == ("mask", "real"):
            return self.select(value, 1.0, 0.0)
        raise TypeError(f"cannot make {value.kind} into {kind}")

    def spread(self, kind: Kind, value: Value) -> Value:
        """A uniform value in every lane."""
        vector = self.module.type_of(kind)
        element = vector.split(" x ")[1][:-1]
        first = self.emit(kind, f"insertelement {vector} poison, {element} {value.text}, i64 0")
        lanes = f"<{self.module.width} x i32> zeroinitializer"
        return self.emit(kind, f"shufflevector {vector} {first.text}, {vector} poison, {lanes}")

    def bitcast(self, kind: Kind, value: Value) -> Value:
        return self.emit(kind, f"bitcast {value.type} {value.text} to {self.module.type_of(kind)}")

    # Operations

    def _common(self, a: Operand, b: Operand) -> tuple[Value, Value]:
        """Both sides as the same kind: per run where either is."""
        kinds: list[Kind] = [v.kind for v in (a, b) if isinstance(v, Value)]
        order: list[Kind] = ["real", "bits", "small", "mask", "scalar", "index", "flag"]
        kind = min(kinds, key=order.index)
        return self.to(kind, a), self.to(kind, b)

    def arithmetic(self, op: Literal["add", "sub", "mul", "div"], a: Operand, b: Operand) -> Value:
        x, y = self._common(a, b)
        if x.kind not in ("real", "scalar") and op == "div":
            raise TypeError("integers are not divided here")
        word = ("f" if x.kind in ("real", "scalar") else "") + op
        return self.emit(x.kind, f"{word} {x.type} {x.text}, {y.text}")

    def bitwise(self, op: str, a: Value, b: Operand) -> Value:
        x, y = self._common(a, b)
        return self.emit(x.kind, f"{op} {x.type} {x.text}, {y.text}")

    def compare(self, op: Comparison, a: Operand, b: Operand) -> Value:
        x, y = self._common(a, b)
        kind: Kind = "mask" if x.kind in LANES else "flag"
        if x.kind in ("real", "scalar"):
            return self.emit(kind, f"fcmp {_FLOAT_TEST[op]} {x.type} {x.text}, {y.text}")
        return self.emit(kind, f"icmp {_INTEGER_TEST[op]} {x.type} {x.text}, {y.text}")

    def is_nan(self, x: Value) -> Value:
        return self.emit("mask" if x.kind == "real" else "flag", f"fcmp uno {x.type} {x.text}, {x.text}")

    def is_finite(self, x: Value) -> Value:
        return self.absolute(x) < float("inf")

    def select(self, condition: Value, a: Operand, b: Operand) -> Value:
        """`a` where the condition holds, `b` elsewhere. Constants on both sides make a real."""
        if not isinstance(a, Value) and not isinstance(b, Value):
            a = self.real(a)
        if isinstance(a, Value) and a.kind == "pointer":
            assert isinstance(b, Value)
            return self.emit("pointer", f"select i1 {condition.text}, ptr {a.text}, ptr {b.text}")
        x, y = self._common(a, b)
        if condition.kind == "mask" and x.kind in ("scalar", "index"):
            kind: Kind = "real" if x.kind == "scalar" else "bits"
            x, y = self.to(kind, x), self.to(kind, y)
        if condition.kind == "flag" and x.kind in LANES:  # one i1 chooses whole vectors
            return self.emit(x.kind, f"select i1 {condition.text}, {x.type} {x.text}, {y.type} {y.text}")
        given = f"{condition.type} {condition.text}, {x.type} {x.text}, {y.type} {y.text}"
        return self.emit(x.kind, f"select {given}")

    def smaller(self, a: Operand, b: Operand) -> Value:
        """The smaller of two; NaN if either is."""
        return self._extreme("<", a, b)

    def larger(self, a: Operand, b: Operand) -> Value:
        """The larger of two; NaN if either is."""
        return self._extreme(">", a, b)

    def _extreme(self, op: Comparison, a: Operand, b: Operand) -> Value:
        # `select(a < b, a, b)` gives b when either is NaN: right if only b can be. One instruction on x86.
        if not isinstance(b, Value):
            a, b = b, a
        x, y = self._common(a, b)
        picked = self.select(self.compare(op, x, y), x, y)
        return picked if not isinstance(a, Value) else self.select(self.is_nan(x), x, picked)

    def within(self, x: Value, low: float, high: float) -> Value:
        return self.smaller(self.larger(x, low), high)

    def absolute(self, x: Value) -> Value:
        return self.intrinsic("fabs", x)

    def square_root(self, x: Value) -> Value:
        return self.intrinsic("sqrt", x)

    def fused(self, a: Operand, b: Operand, c: Operand) -> Value:
        """a·b + c, rounded once. The same bits everywhere; slow on processors without the instruction."""
        x = next(v for v in (a, b, c) if isinstance(v, Value))
        return self.intrinsic("fma", *(self.to(x.kind, v) for v in (a, b, c)))

    def divide(self, x: Value, divisor: Value, reciprocal: Value) -> Value:
        """x / divisor where 1/divisor is known: six cheap operations in place of a slow division.

        The quotient is corrected by its remainder, which a fused multiply-add gives exactly, and is then
        the correctly rounded one (Markstein 1990; Brisebarre, Muller & Raina 2004), except that a zero
        may lose its sign and a subnormal quotient its last bit. Infinite quotients have no remainder.
        """
        quotient = x * reciprocal
        remainder = self.fused(-quotient, divisor, x)
        corrected = self.fused(remainder, reciprocal, quotient)
        return self.select(self.is_nan(remainder), quotient, corrected)

    def intrinsic(self, name: Literal["fabs", "sqrt", "fma"], *given: Value) -> Value:
        x = given[0]
        full = f"{x.type} @llvm.{name}.v{self.module.width}f64"
        self.declared[f"{full}({', '.join(v.type for v in given)})"] = None
        return self.emit(x.kind, f"call {full}({', '.join(f'{v.type} {v.text}' for v in given)})")

    def to_small(self, x: Value) -> Value:
        """Whole reals as 32-bit integers."""
        return self.emit("small", f"fptosi {x.type} {x.text} to {self.module.type_of('small')}")

    def is_given(self, pointer: Value) -> Value:
        """Uniform: is the address not null?"""
        return self.emit("flag", f"icmp ne ptr {pointer.text}, null")

    def any(self, mask: Value) -> Value:
        """Uniform: does it hold in any run of the vector?"""
        n = self.module.width
        packed = self.emit("index", f"bitcast <{n} x i1> {mask.text} to i{n}")
        return self.emit("flag", f"icmp ne i{n} {packed.text}, 0")

    def call(self, name: str, *arguments: Operand) -> Value:
        """Call a function of the module. Without a result the value must not be used."""
        kinds, returns = self.module.signatures[name]
        if name != self.name:
            self.called[name] = None
        given = [self.to(k, a) for k, a in zip(kinds, arguments, strict=True)]
        text = ", ".join(f"{v.type} {v.text}" for v in given)
        if returns is None:
            self.write(f"call void @{name}({text})")
            return Value(self, "flag", "undef")
        return self.emit(returns, f"call {self.module.type_of(returns)} @{name}({text})", pure=False)

    def result(self, value: Value) -> None:
        """Return `value` and end the function."""
        self.write(f"ret {value.type} {value.text}")

    # Memory

    def at(self, base: Value, index: Operand, kind: Kind = "real") -> Value:
        """Address of an element of an array of `kind`."""
        element, i = self.module.type_of(kind), self.to("index", index)
        return self.emit("pointer", f"getelementptr {element}, ptr {base.text}, i64 {i.text}")

    def bytes_on(self, base: Value, offset: Operand) -> Value:
        """Address a number of bytes further on."""
        return self.emit("pointer", f"getelementptr i8, ptr {base.text}, i64 {self.to('index', offset).text}")

    def load(self, base: Value, index: Operand, kind: Kind = "real") -> Value:
        type_, place = self.module.type_of(kind), self.at(base, index, kind)
        return self.emit(kind, f"load {type_}, ptr {place.text}, align {self._align(kind)}", pure=False)

    def store(self, base: Value, index: Operand, value: Operand, kind: Kind = "real") -> None:
        v, place = self.to(kind, value), self.at(base, index, kind)
        self.write(f"store {v.type} {v.text}, ptr {place.text}, align {self._align(kind)}")

    def load_byte(self, base: Value, index: Operand) -> Value:
        """A uniform byte as an index."""
        place = self.bytes_on(base, index)
        byte = self.emit("index", f"load i8, ptr {place.text}", False)
        return self.emit("index", f"zext i8 {byte.text} to i64")

    def store_narrow(self, base: Value, index: Operand, value: Value, bits: Literal[8, 16]) -> None:
        """Store 32-bit lanes as an element of an array of narrower ones."""
        n = self.module.width
        narrow = self.emit("small", f"trunc <{n} x i32> {value.text} to <{n} x i{bits}>")
        place = self.bytes_on(base, self.to("index", index) * (n * bits // 8))
        self.write(f"store <{n} x i{bits}> {narrow.text}, ptr {place.text}, align 1")

    def table(self, kind: Literal["index", "scalar"], values: Sequence[int | float]) -> Value:
        """Address of a constant array of uniform values."""
        element = self.module.type_of(kind)
        entries = [f"{element} {self.module.literal(kind, v)}" for v in values] or [f"{element} 0"]
        array = f"private constant [{len(entries)} x {element}] [{', '.join(entries)}]"
        name = self.tables.setdefault(array, f"@{self.name}.table{len(self.tables)}")
        return Value(self, "pointer", name)

    def _align(self, kind: Kind) -> int:
        if kind in ("real", "bits"):
            return self.module.alignment
        return 4 if kind == "small" else 8

    # Control: uniform loops and branches

    def variable(self, kind: Kind, start: Operand) -> RunningValue:
        return RunningValue(self, kind, start)

    def _label(self, name: str) -> str:
        self._count += 1
        return f"{name}{self._count}"

    @contextmanager
    def _block(self) -> Iterator[None]:
        """What is computed inside a branch or loop is not known after it."""
        self._known.append({})
        yield
        self._known.pop()

    @contextmanager
    def loop(self, start: Operand, end: Operand) -> Iterator[Value]:
        """for i in range(start, end)"""
        last = self.to("index", end)
        counter = self.variable("index", start)
        head, body, after = self._label("loop"), self._label("body"), self._label("after")
        self.write(f"br label %{head}")
        self.lines.append(f"{head}:")
        with self._block():
            i = counter.get()
            going = i < last
            self.write(f"br i1 {going.text}, label %{body}, label %{after}")
            self.lines.append(f"{body}:")
            yield i
            counter.set(i + 1)
            self.write(f"br label %{head}")
        self.lines.append(f"{after}:")

    @contextmanager
    def while_(self, limit: int) -> Iterator[tuple[Value, RunningValue]]:
        """Up to `limit` rounds; set the flag to go on. Gives the round and the flag."""
        again = self.variable("flag", True)
        counter = self.variable("index", 0)
        head, body, after = self._label("while"), self._label("body"), self._label("after")
        self.write(f"br label %{head}")
        self.lines.append(f"{head}:")
        with self._block():
            i = counter.get()
            going = again.get() & (i < limit)
            self.write(f"br i1 {going.text}, label %{body}, label %{after}")
            self.lines.append(f"{body}:")
            yield i, again
            counter.set(i + 1)
            self.write(f"br label %{head}")
        self.lines.append(f"{after}:")

    @contextmanager
    def when(self, condition: Value) -> Iterator[None]:
        """if condition:"""
        body, after = self._label("then"), self._label("after")
        self.write(f"br i1 {condition.text}, label %{body}, label %{after}")
        self.lines.append(f"{body}:")
        with self._block():
            yield
        self.write(f"br label %{after}")
        self.lines.append(f"{after}:")

    def switch(self, on: Value, cases: Sequence[int]) -> Iterator[int]:
        """Write one branch for each case: `for case in f.switch(k, [3, 7]): ...`"""
        after = self._label("after")
        labels = {c: self._label("case") for c in cases}
        entries = " ".join(f"i64 {c}, label %{label}" for c, label in labels.items())
        self.write(f"switch i64 {on.text}, label %{after} [ {entries} ]")
        for case, label in labels.items():
            self.lines.append(f"{label}:")
            with self._block():
                yield case
            self.write(f"br label %{after}")
        self.lines.append(f"{after}:")
