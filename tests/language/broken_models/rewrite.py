"""Write the expected text beside every broken model, as the checker says it now.

Run it after a change of wording, and read the difference: each of these texts is meant for a person.
"""

from __future__ import annotations

from pathlib import Path

from offramp.errors import ModelError
from offramp.language.check import loads

HERE = Path(__file__).parent


def message(path: Path) -> str:
    """What the checker says of a file."""
    try:
        loads(path.read_bytes(), path.name)
    except ModelError as error:
        return f"{error}\n"
    raise AssertionError(f"{path.name} is not broken")


if __name__ == "__main__":
    for path in sorted(HERE.glob("*.yaml")):
        path.with_suffix(".txt").write_text(message(path), encoding="utf-8")
