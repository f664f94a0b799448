"""Write the tables of model-file.md that come from the code: `python docs/reference/tables.py`."""

from __future__ import annotations

import re
from pathlib import Path

from offramp.distribution import PRIORS
from offramp.language.functions import FUNCTIONS, MEMORY_FUNCTIONS, FunctionRecord, Units

PAGE = Path(__file__).parent / "model-file.md"
UNITS: dict[Units, str] = {
    "of its parts": "as in what it is made of, whose numbers have none",
    "plain": "plain number",
    "alike": "all alike; gives the same",
    "kept": "any; gives the same",
    "root": "any; gives its square root",
    "choice": "the last two alike; gives the same",
}


def meaning(function: FunctionRecord) -> str:
    made = f": `{function.made_of}`" if function.made_of else ""
    return f"{function.meaning}{made}"


def table(head: str, rows: list[tuple[str, ...]]) -> str:
    columns = head.count("|") - 1
    return "\n".join([head, "|---" * columns + "|", *(f"| {' | '.join(row)} |" for row in rows)])


def tables() -> dict[str, str]:
    """Name of each table -> its lines."""
    functions = [(f"`{f.usage}`", meaning(f), UNITS[f.units]) for f in FUNCTIONS.values()]
    records = [p for ways in PRIORS.values() for p in ways.values()]
    priors = [(", ".join(f"`{usage}`" for usage in (p.usage, *p.others)), p.meaning) for p in records]
    memory = [(f"`{f.usage}`", f.meaning) for f in MEMORY_FUNCTIONS.values()]
    return {
        "memory functions": table("| function | gives |", memory),
        "functions": table("| function | gives | units of its arguments |", functions),
        "priors": table("| prior | draws |", priors),
    }


def updated(page: str) -> str:
    """The page with its tables as they should be; each follows a comment that names it."""
    for name, lines in tables().items():
        page, found = re.subn(rf"(<!-- {name} -->\n)(\|[^\n]*\n)*", lambda m, t=lines: f"{m[1]}{t}\n", page)
        assert found == 1, f"{PAGE.name} has {found} places for the table of {name}"
    return page


if __name__ == "__main__":
    PAGE.write_text(updated(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
