"""Values of the IR writer: what kinds there are, and the operators that write instructions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from offramp.engine.compiled.ir import FunctionWriter

Kind = Literal[
    "index",  # uniform 64-bit integer
    "flag",  # uniform truth value
    "scalar",  # uniform real
    "pointer",
    "real",  # per run: a real number
    "mask",  # per run: a truth value
    "small",  # per run: a 32-bit integer
    "bits",  # per run: a 64-bit integer
]
# One lane for each run of the vector
LANES = {"real", "mask", "small", "bits"}
UNIFORM_OF: dict[Kind, Kind] = {"real": "scalar", "bits": "index", "mask": "flag"}

Comparison = Literal["<", "<=", ">", ">=", "==", "!="]


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """A name or constant in the function being written. Operators write instructions."""

    of: FunctionWriter
    kind: Kind
    text: str

    def __add__(self, other: Operand) -> Value:
        return self.of.arithmetic("add", self, other)

    def __radd__(self, other: Operand) -> Value:
        return self.of.arithmetic("add", other, self)

    def __sub__(self, other: Operand) -> Value:
        return self.of.arithmetic("sub", self, other)

    def __rsub__(self, other: Operand) -> Value:
        return self.of.arithmetic("sub", other, self)

    def __mul__(self, other: Operand) -> Value:
        return self.of.arithmetic("mul", self, other)

    def __rmul__(self, other: Operand) -> Value:
        return self.of.arithmetic("mul", other, self)

    def __truediv__(self, other: Operand) -> Value:
        return self.of.arithmetic("div", self, other)

    def __rtruediv__(self, other: Operand) -> Value:
        return self.of.arithmetic("div", other, self)

    def __mod__(self, other: Operand) -> Value:
        return self.of.bitwise("urem", self, other)

    def __neg__(self) -> Value:
        return self.of.emit(self.kind, f"fneg {self.type} {self.text}")

    def __and__(self, other: Operand) -> Value:
        return self.of.bitwise("and", self, other)

    def __or__(self, other: Operand) -> Value:
        return self.of.bitwise("or", self, other)

    def __xor__(self, other: Operand) -> Value:
        return self.of.bitwise("xor", self, other)

    def __lshift__(self, other: Operand) -> Value:
        return self.of.bitwise("shl", self, other)

    def __rshift__(self, other: Operand) -> Value:
        """Logical shift: zeros come in from the left."""
        return self.of.bitwise("lshr", self, other)

    def __invert__(self) -> Value:
        return self.of.bitwise("xor", self, True)

    def __lt__(self, other: Operand) -> Value:
        return self.of.compare("<", self, other)

    def __le__(self, other: Operand) -> Value:
        return self.of.compare("<=", self, other)

    def __gt__(self, other: Operand) -> Value:
        return self.of.compare(">", self, other)

    def __ge__(self, other: Operand) -> Value:
        return self.of.compare(">=", self, other)

    def equals(self, other: Operand) -> Value:
        return self.of.compare("==", self, other)

    def differs(self, other: Operand) -> Value:
        """True also where either side is NaN."""
        return self.of.compare("!=", self, other)

    @property
    def type(self) -> str:
        return self.of.module.type_of(self.kind)


Operand = Value | float | int | bool
