"""What all sections share while a model file is checked: the problems found, and how they are said.

Readers return a stand-in where something is wrong, so that the rest can still be checked; a `Model` is made
only if no problem was noted.
"""

from __future__ import annotations

from dataclasses import replace

from offramp.errors import ModelError, Problem
from offramp.language.scope import Fault
from offramp.language.source import MAX_PROBLEMS, MORE, Mapping, ParsedModel, Scalar, Sequence, Value
from offramp.model import File, Origin


class Reader:
    """One file being checked.

    Attributes
    ----------
    source_keys : keys of model.sources
    illustrative : True where no number needs a source
    notes : noticed in reading, and no problem
    dated : False where the start of the horizon cannot be read, so that no date can be held against it
    tables : of evidence that were read, without those that come with offramp
    """

    def __init__(self, source: ParsedModel) -> None:
        self.source = source
        self.problems: list[Problem] = list(source.problems)
        self.tables: list[File] = []
        self.source_keys: tuple[str, ...] = ()
        self.illustrative = False
        self.dated = True
        self.notes: list[Problem] = []
        self._missing: dict[str, list[Problem]] = {}

    def say(
        self,
        at: Value,
        message: str,
        *hint: str,
        start: int | None = None,
        end: int | None = None,
        missing: str = "",
    ) -> None:
        """Note a problem at a value, or at some characters of its text.

        `missing` is a name that nothing is known of: all its uses make one problem.
        """
        problem = self.source.problem(at, message, *hint, start=start, end=end)
        if missing:
            self._missing.setdefault(missing, []).append(problem)
        else:
            self.problems.append(problem)
        if len(self.problems) + len(self._missing) > MAX_PROBLEMS:
            raise self.error()

    def say_at(self, file: str, line: int, message: str, *hint: str) -> None:
        """Note a problem on a line of a table."""
        self.problems.append(Problem(file, line, 1, message, hint=tuple(h for h in hint if h)))
        if len(self.problems) + len(self._missing) > MAX_PROBLEMS:
            raise self.error()

    def faults(self, at: Scalar, faults: tuple[Fault, ...]) -> None:
        """Note the faults of a formula."""
        for f in faults:
            self.say(at, f.message, *f.hint, start=f.start, end=f.end, missing=f.missing)

    def place(self, key: Scalar) -> Origin:
        """Where a thing stands, of which nothing says what backs it."""
        return Origin(key.line, key.column, file=self.source.text_of(key).file)

    def clean(self) -> bool:
        return not self.problems and not self._missing

    def error(self) -> ModelError:
        """All problems noted so far."""
        found = list(dict.fromkeys(self.problems))
        order = {t.file: i for i, t in enumerate(t for s in self.source.chain for t in s.texts)}
        for name, uses in self._missing.items():
            first, *others = sorted(uses, key=lambda p: (order.get(p.file, 0), p.line, p.column))
            hint = [f"It is taken out on {self.source.removed[name]}."] if name in self.source.removed else []
            for file in dict.fromkeys(p.file for p in (first, *others)):
                lines = {p.line for p in others if p.file == file} - {first.line if file == first.file else 0}
                also = _also_on(sorted(lines)) if lines else ""
                elsewhere = f" of {file}" if file != first.file else ""
                hint += [f"{also[:-1]}{elsewhere}."] if also else []
            found.append(replace(first, hint=(*first.hint, *hint)))
        if len(found) > MAX_PROBLEMS:
            found = sorted(found, key=lambda p: (p.line, p.column))[:MAX_PROBLEMS]
            found.append(Problem(self.source.main.file, len(self.source.main.lines), 1, MORE))
        return ModelError(found)

    def mapping(self, value: Value | None, name: str, what: str, hint: str = "") -> Mapping | None:
        """The mapping under a key, or None after a problem; nothing at all counts as an empty one."""
        if value is None or isinstance(value, Mapping):
            return value
        if isinstance(value, Scalar) and value.is_null:
            return Mapping((), value.line, value.column, value.within)
        hint = hint or f"Write `{name[:60]}:` and, indented below it, lines of `key: value`."
        if isinstance(value, Sequence):
            hint = "Take out the `- ` (or the `[ ]`) and write lines of `key: value`."
        self.say(value, f"`{name[:60]}` must hold {what}, not {shape(value)}", hint)
        return None


def holds_nothing(value: Value | None) -> bool:
    """Whether a key is there and nothing stands under it: `actions:` alone, or `actions: {}`."""
    if isinstance(value, Scalar):
        return value.is_null
    return isinstance(value, Mapping) and not value.entries


def shape(value: Value) -> str:
    """What a value is, for messages."""
    if isinstance(value, Sequence):
        return "a list"
    if isinstance(value, Mapping):
        return "keys and values"
    text = " ".join(value.text.split())
    return f"`{text[:40]}{'...' if len(text) > 40 else ''}`" if text else "nothing"


def _also_on(lines: list[int]) -> str:
    shown = [str(n) for n in lines[:8]]
    if len(lines) > len(shown):
        return f"Also on lines {', '.join(shown)} and {len(lines) - len(shown)} more."
    if len(shown) == 1:
        return f"Also on line {shown[0]}."
    return f"Also on lines {', '.join(shown[:-1])} and {shown[-1]}."
