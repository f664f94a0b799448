"""Write the expected text beside every broken folder, as the checker says it now.

Run it after a change of wording, and read the difference: each of these texts is meant for a person.
"""

from __future__ import annotations

from pathlib import Path

from offramp.errors import ModelError
from offramp.language.check import load

HERE = Path(__file__).parent


def message(folder: Path) -> str:
    """What the checker says of a folder."""
    try:
        load(folder)
    except ModelError as error:
        return f"{error}\n".replace(f"{HERE}/", "")
    raise AssertionError(f"{folder.name} is not broken")


if __name__ == "__main__":
    for contents in sorted(HERE.glob("*/model.yaml")):
        contents.parent.with_suffix(".txt").write_text(message(contents.parent), encoding="utf-8")
