"""What can be wrong with a model, said so that its author can mend it."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong in a model file.

    Parameters
    ----------
    file : path as the user gave it
    line, column : position of the first offending character, counted from 1
    message : what is wrong, in one line; names stand in `backquotes`
    width : how many characters to underline, at least 1
    hint : further lines: what was possible, the likely fix
    text : the source line itself, or the part around the place where it is very long
    caret : column of the place within `text`, where that is a part; 0: the same as `column`
    """

    file: str
    line: int
    column: int
    message: str
    width: int = 1
    hint: tuple[str, ...] = ()
    text: str = ""
    caret: int = 0

    def __str__(self) -> str:
        """The problem as `offramp check` prints it."""
        head = f"{self.file}:{self.line}:{self.column}: {self.message}"
        if not self.text:
            return "\n".join([head, *("  " + h for h in self.hint)])
        number = str(self.line)
        gutter = " " * len(number)
        # Tabs keep their place so that the caret stands under its character.
        before = "".join("\t" if c == "\t" else " " for c in self.text[: (self.caret or self.column) - 1])
        return "\n".join(
            [
                head,
                "",
                f"  {number} | {self.text}",
                f"  {gutter} | {before}{'^' * max(1, self.width)}",
                *("  " + h for h in self.hint),
            ]
        )


class OfframpError(Exception):
    """Anything that offramp says to its user instead of a result. Exit code 1."""

    exit_code = 1


class UsageError(OfframpError):
    """The call asks for something that is not there (a policy, a variable). Exit code 2."""

    exit_code = 2


class ModelError(OfframpError):
    """A model file with one or more problems; nothing was run. Exit code 3."""

    exit_code = 3

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.file, p.line, p.column, p.message)))
        super().__init__(str(self))

    def __str__(self) -> str:
        n = len(self.problems)
        end = f"{n} problem{'s' if n != 1 else ''}. Nothing was run."
        said: list[str] = []
        before: tuple[str, ...] = ()
        for p in self.problems:
            # A long hint is told once where many problems in a row have it, as where a file has no sources.
            same = len(p.hint) > 1 and p.hint == before
            said.append(str(replace(p, hint=("As above.",)) if same else p))
            before = p.hint
        return "\n\n".join([*said, end])
