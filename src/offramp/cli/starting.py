"""The files with which a crisis of one's own begins: the starter, a template, a copy, or a layer."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path, PurePosixPath

from offramp import writing
from offramp.cli.templates import PARTS, STEPS, Template
from offramp.errors import UsageError
from offramp.given import did_you_mean
from offramp.model import Model

_ACTOR = re.compile(r"[a-z][a-z0-9_]{0,29}")
_TAKEN = ("tension", "talks", "danger", "cooling", "war", "rest", "all", "month", "now", "dt")
_FEWEST, _MOST = 2, 6

Files = dict[Path, str | bytes]


def starter(name: str) -> Files:
    """The small commented crisis of the tutorial."""
    text = (resources.files("offramp.cli") / "starter.yaml").read_text(encoding="utf-8")
    return {Path(f"{name}.yaml"): text.replace("name: NAME", f"name: {name}", 1).replace("NAME", name)}


def template(name: str, actors: str | None, step: str | None, parts: str | None) -> Files:
    """A crisis put together as asked.

    Raises
    ------
    UsageError
        If an actor or a part cannot be.
    """
    made = Template(name, step=step or STEPS[2])
    if actors is not None:
        made = Template(name, _actors(actors), made.step)
    if parts is not None:
        made = Template(name, made.actors, made.step, _parts(parts))
    found: Files = {Path(f"{name}.yaml"): made.text()}
    return found | ({Path(made.table): made.rows()} if "evidence" in made.parts else {})


def _actors(given: str) -> tuple[str, ...]:
    names = [n.strip() for n in given.split(",") if n.strip()]
    if not _FEWEST <= len(names) <= _MOST or len(set(names)) < len(names):
        raise UsageError(
            f"--actors takes {_FEWEST} to {_MOST} names, each once, such as --actors india,pakistan,usa."
        )
    for n in names:
        if not _ACTOR.fullmatch(n) or n in _TAKEN:
            better = re.sub(r"[^a-z0-9_]+", "_", n.lower()).strip("_0123456789")
            hint = f" Try `{better}`." if better and better not in _TAKEN else ""
            raise UsageError(
                f"`{n}` cannot name an actor: small letters, digits and `_`, and no word of the file.{hint}"
            )
    return tuple(names)


def _parts(given: str) -> tuple[str, ...]:
    wanted = [p.strip() for p in given.split(",") if p.strip()]
    for part in wanted:
        if part not in PARTS:
            hint = did_you_mean(part, PARTS) or f"There are: {', '.join(PARTS)}."
            raise UsageError(f"--with knows no `{part}`. {hint}")
    return tuple(p for p in PARTS if p in wanted)


def copied(name: str, model: Model) -> Files:
    """A copy of a model with another name; of a model in chapters a folder.

    What it extends and its tables go with it, but for those that come with offramp.
    """
    own = [f for f in model.files if f.own]
    others = [f for f in (*model.files, *model.tables) if f not in own and f.place is not None]
    folder = Path(name) if len(own) > 1 or others else Path()
    main = Path("model.yaml") if folder != Path() else Path(f"{name}.yaml")
    found: Files = {folder / main: _renamed(own[0].text, model.name, name)}
    for file in (*own[1:], *others):
        path = folder / PurePosixPath(file.path)
        if path not in found:
            found[path] = file.data
    return found


def _renamed(text: str, old: str, new: str) -> str:
    """The text of a model file with another name of the model."""
    pattern = rf"(?m)((?:^\s+|\{{\s*)name:\s*)(['\"]?){re.escape(old)}\2(?=\s|,|\}}|$)"
    return re.sub(pattern, rf"\g<1>{new}", text, count=1)


def extending(name: str, other: str, model: Model) -> Files:
    """A file of a few lines that is laid over another crisis.

    Raises
    ------
    UsageError
        If the other is neither bundled nor in this folder or below.
    """
    if (Path(other).exists() and Path(other).is_absolute()) or ".." in Path(other).parts:
        raise UsageError(f"a file extends what lies in its own folder or below, and `{other}` does not.")
    named = f"{other.rstrip('/')}/" if Path(other).is_dir() else other
    text = (
        _LAYER.replace("<NAME>", name)
        .replace("<OTHER>", named)
        .replace("<TITLE>", model.title.replace('"', "'"))
    )
    shown = next((p for p in model.parameters if isinstance(p.value, float | int)), None)
    if shown is not None:
        text += _NUMBER.replace("<P>", shown.name).replace("<V>", f"{shown.value:g}")
    return {Path(f"{name}.yaml"): text}


def write(files: Files) -> None:
    """Write new files; none where one of them is there already.

    Raises
    ------
    UsageError
        If one is there, or cannot be written.
    """
    for path in files:
        if path.exists() or (path.parts[0] != path.name and Path(path.parts[0]).exists()):
            there = path if path.exists() else Path(path.parts[0])
            raise UsageError(f"{there} is there already; it was left as it is. Choose another name.")
    for path in files:
        if len(path.parts) == 1:
            writing.check_place(path, writing.PAGE)
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{path.parent} cannot be made: {error.strerror or error}.") from error
        writing.write(path, text, never_over=True)


_LAYER = """\
# <NAME>: what is other than in `<OTHER>`, and no more. All that is not said here stays as it is there.
#   offramp check <NAME>.yaml
#   offramp explain <NAME>.yaml --section extends    what is changed, line by line
#   offramp show <OTHER>                             what there is to change
extend: <OTHER>
model:
  name: <NAME>
  title: "<TITLE>, varied"
# An entry that is there is changed key by key, a new one is added; `without: {events: [NAME]}` takes one out.
"""

_NUMBER = """\
# parameters:
#   <P>: {value: <V>, guess: true, reason: Why another value}
"""
