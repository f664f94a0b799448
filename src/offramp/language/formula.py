"""Syntax tree -> checked tree: every name resolved, kinds and units right.

Units are checked and never converted. A bare number has no unit of its own: it is dimensionless where it
multiplies and takes the unit of its neighbour where it is added or compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from offramp.language import syntax
from offramp.language.constants import fold
from offramp.language.formula_calls import has_right_count, kind_of_call, refuses, unknown_function
from offramp.language.formula_lookup import interpolated, table_of
from offramp.language.formula_memory import memory_call
from offramp.language.formula_names import date_call, value_of_name
from offramp.language.functions import (
    DATE_FUNCTIONS,
    FUNCTIONS,
    LOOKUP,
    MEMORY_FUNCTIONS,
    FunctionRecord,
)
from offramp.language.kind_rules import KindRules
from offramp.language.scope import Fault, Known, Result, Scope
from offramp.language.slips import slip_of
from offramp.language.syntax import BREAK_UP, Expr, literal
from offramp.language.tokens import FormulaError
from offramp.language.units import (
    BARE,
    CONDITION,
    PLAIN,
    UNKNOWN,
    Bare,
    Condition,
    Kind,
    Unit,
    Unknown,
    named,
)
from offramp.tree import (
    Binary,
    Call,
    Compare,
    Logic,
    Negate,
    Node,
    Not,
    Number,
    size_and_depth,
    with_parameters,
)

# Of a formula when all functions that are made of others are written out.
MOST_NODES, MOST_LEVELS = 10_000, 200


def resolve(text: str, scope: Scope, expected: Kind, what: str = "this", also: Unit | None = None) -> Result:
    """Read and check one formula.

    Parameters
    ----------
    text : as written
    scope : the names it may use
    expected : the unit its value must have, CONDITION where it must be true or false, UNKNOWN for any number
    what : the thing that the formula gives, for messages ("the change of `tension`")
    also : a second unit that will do
    """
    try:
        expr = syntax.parse(text)
    except FormulaError as error:
        return _meant(text, scope, Fault(error.message, error.hint, error.start, error.end))
    return resolve_part(expr, text, scope, expected, what, also)


def _meant(text: str, scope: Scope, *faults: Fault) -> Result:
    """What is wrong with a text: one slip of those that people make, where it is one."""
    slip = slip_of(text, scope.names)
    if slip is not None:
        begins = len(text) - len(text.lstrip())
        faults = (Fault(slip[0], (slip[1],), begins, len(text.rstrip())),)
    return Result(Number(0.0), UNKNOWN, faults)


def resolve_part(
    expr: Expr, text: str, scope: Scope, expected: Kind, what: str = "this", also: Unit | None = None
) -> Result:
    """Check a formula, or a part of one, that has been parsed from `text`. As `resolve`."""
    resolver = _Resolver(text, scope)
    node, kind = resolver.visit(expr)
    if not resolver.faults:
        kind = resolver.expect(expr, kind, expected, what, also)
    elif (expr.start, expr.end) == (0, len(text.strip())):
        return _meant(text, scope, *resolver.faults)
    return Result(node, kind, tuple(resolver.faults))


class _Resolver(KindRules):
    """Walks one formula.

    Attributes
    ----------
    literals : the kind of numbers other than 0. Those of a formula take the unit of their neighbour; those in
        the definition of a function have none, or `1 + x` would take an `x` in any unit
    """

    def __init__(self, text: str, scope: Scope, literals: Kind = BARE) -> None:
        super().__init__(text, scope)
        self.literals = literals

    def number(self, expr: Expr) -> tuple[Node, Kind]:
        """Visit a part that must be a number."""
        node, kind = self.visit(expr)
        if isinstance(kind, Condition):
            message = f"`{self.shown(expr)}` is true or false, and a number is wanted here"
            self.fault(expr, message, self.how_to_choose(expr))
            return node, UNKNOWN
        return node, kind

    def condition(self, expr: Expr) -> Node:
        """Visit a part that must be true or false."""
        node, kind = self.visit(expr)
        if not isinstance(kind, Condition | Unknown):
            message = f"`{self.shown(expr)}` is a number, and a condition is wanted here"
            self.fault(expr, message, self.how_to_compare(expr))
        return node

    def visit(self, expr: Expr) -> tuple[Node, Kind]:
        match expr:
            case syntax.Constant(value=value):
                return Number(value), self.literals if value else BARE
            case syntax.Name():
                return value_of_name(self, expr)
            case syntax.Quoted():
                message = "text cannot stand here"
                self.fault(expr, message, "Only dates stand in quotes: months_until('2020-11-03').")
                return Number(0.0), UNKNOWN
            case syntax.Sign(op="not", of=of):
                return Not(self.condition(of)), CONDITION
            case syntax.Sign(op=op, of=of):
                node, kind = self.number(of)
                return (Negate(node) if op == "-" else node), kind
            case syntax.Junction(op=word, parts=parts):
                return Logic(word, tuple(self.condition(p) for p in parts)), CONDITION
            case syntax.Chain():
                return self.chain(expr)
            case syntax.Infix():
                return self.infix(expr)
            case syntax.Apply():
                return self.call(expr)

    def chain(self, expr: syntax.Chain) -> tuple[Node, Kind]:
        parts = [self.number(p) for p in expr.parts]
        pairs: list[Node] = []
        for i, op in enumerate(expr.ops):
            (left, a), (right, b) = parts[i], parts[i + 1]
            self.alike("comparing", expr.parts[i], a, expr.parts[i + 1], b)
            pairs.append(Compare(op, left, right))  # type: ignore[arg-type]
        return (pairs[0] if len(pairs) == 1 else Logic("and", tuple(pairs))), CONDITION

    def infix(self, expr: syntax.Infix) -> tuple[Node, Kind]:
        (left, a), (right, b) = self.number(expr.left), self.number(expr.right)
        node = Binary(expr.op, left, right)  # type: ignore[arg-type]
        if expr.op in "+-":
            doing = "adding" if expr.op == "+" else "subtracting"
            return node, self.finite(expr, node, self.alike(doing, expr.left, a, expr.right, b))
        if expr.op == "**":
            return node, self.finite(expr, node, self.power(expr, a, b))
        if isinstance(a, Unknown) or isinstance(b, Unknown):
            return node, UNKNOWN
        if isinstance(a, Bare) and isinstance(b, Bare):
            return node, self.finite(expr, node, BARE)
        if expr.op == "/" and fold(right) == 0:
            self.fault(expr.right, "this divides by zero")
            return node, UNKNOWN
        unit_a = a if isinstance(a, Unit) else PLAIN
        unit_b = b if isinstance(b, Unit) else PLAIN
        return node, self.sized(expr, unit_a.times(unit_b, 1.0 if expr.op == "*" else -1.0))

    def power(self, expr: syntax.Infix, a: Kind, b: Kind) -> Kind:
        b = self.plain(expr.right, b, "an exponent")
        if isinstance(a, Unknown) or isinstance(b, Unknown):
            return UNKNOWN
        if isinstance(a, Bare):
            return BARE if isinstance(b, Bare) else PLAIN
        if not isinstance(a, Unit) or a.is_plain:
            return a
        exponent = literal(expr.right)
        if exponent is None or abs(exponent) > 20:
            base = f"`{self.shown(expr.left)}` is in {named(a)}"
            hint = "Divide the base by a value in the same unit first."
            self.fault(expr.right, f"{base}, so its exponent must be a small number written out", hint)
            return UNKNOWN
        return self.sized(expr, PLAIN.times(a, exponent))

    def call(self, expr: syntax.Apply) -> tuple[Node, Kind]:
        if expr.function in DATE_FUNCTIONS:
            return date_call(self, expr)
        if expr.function in MEMORY_FUNCTIONS:
            return memory_call(self, expr, [self.number(a) for a in expr.args])
        if expr.function == LOOKUP:
            return self.lookup(expr)
        function = FUNCTIONS.get(expr.function)
        if function is None:
            unknown_function(self, expr)
            return Number(0.0), UNKNOWN
        if not has_right_count(self, function, expr):
            return Number(0.0), UNKNOWN
        if function.units == "choice":
            condition = self.condition(expr.args[0])
            (a, kind_a), (b, kind_b) = self.number(expr.args[1]), self.number(expr.args[2])
            kind = kind_of_call(self, function, expr, (CONDITION, kind_a, kind_b))
            return Call(function.name, (condition, a, b)), kind
        args = [self.number(a) for a in expr.args]
        nodes, kinds = tuple(n for n, _ in args), tuple(k for _, k in args)
        if function.units == "of its parts":
            kind = self.kind_of_parts(function, expr, kinds)
        else:
            kind = kind_of_call(self, function, expr, kinds)
        node = write_call(function.name, nodes)
        if refuses(self, function, expr, nodes):
            return node, UNKNOWN
        kind = self.finite(expr, node, kind)
        return self.limit_size(expr, node, kind) if function.made_of else (node, kind)

    def lookup(self, expr: syntax.Apply) -> tuple[Node, Kind]:
        """A table at some value."""
        table = table_of(self, expr)
        if table is None:
            return Number(0.0), UNKNOWN
        node, kind = interpolated(self, expr, table, *self.number(expr.args[1]))
        return self.limit_size(expr, node, kind)

    def kind_of_parts(self, function: FunctionRecord, expr: syntax.Apply, kinds: tuple[Kind, ...]) -> Kind:
        """The unit of a function that is made of others, given those of its arguments."""
        if any(isinstance(k, Unknown) for k in kinds):
            return UNKNOWN
        made = _definition(function.name, kinds)
        for fault in made.faults:
            self.fault(expr, f"{function.usage} is `{function.made_of}`: {fault.message}", *fault.hint)
            return UNKNOWN
        return BARE if all(isinstance(k, Bare) for k in kinds) else made.kind

    def limit_size(self, expr: Expr, node: Node, kind: Kind) -> tuple[Node, Kind]:
        """Refuse what grows too large when functions within functions are written out."""
        size, depth = size_and_depth(node)
        if size <= MOST_NODES and depth <= MOST_LEVELS:
            return node, kind
        message = f"written out, this has more than {MOST_NODES:,} operations or {MOST_LEVELS} in a row"
        self.fault(expr, message, BREAK_UP)
        return Number(0.0), UNKNOWN


def write_call(name: str, args: Sequence[Node]) -> Node:
    """A function of the language with its arguments: a `Call`, or what it is made of, written out."""
    function = FUNCTIONS[name]
    if not function.made_of:
        return Call(name, tuple(args))
    node = _definition(name, (PLAIN,) * len(args)).node
    return with_parameters(node, dict(zip(function.arguments, args, strict=True)))


@cache
def _definition(name: str, kinds: tuple[Kind, ...]) -> Result:
    """What a function is made of, read with arguments of some kinds; its arguments are parameters there."""
    function = FUNCTIONS[name]
    names = {n: Known("parameter", kind) for n, kind in zip(function.arguments, kinds, strict=True)}
    resolver = _Resolver(function.made_of, Scope(names, timeless=True, refused="it is an argument"), PLAIN)
    node, kind = resolver.number(syntax.parse(function.made_of))
    return Result(node, kind, tuple(resolver.faults))
