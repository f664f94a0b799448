"""A name -> the whole text of a model: its file, its chapters, and the models that it extends.

This is the one place that opens model files. They come from strangers, so what a file names is a crisis that
comes with offramp or stands in the folder of that file or, for `extend`, below it; and all is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath

from offramp.errors import ModelError, Problem, UsageError
from offramp.given import did_you_mean
from offramp.language.chapters import bind, chapters_of
from offramp.language.layers import extend
from offramp.language.paths import resolved
from offramp.language.reader import shape
from offramp.language.source import ParsedModel, Scalar, Value
from offramp.language.yaml_reader import MAX_BYTES, MAX_NODES, read

CONTENTS = "model.yaml"  # what a folder is read from
MAX_LAYERS = 8  # models, each of which extends the next

_BUNDLED = re.compile(r"[a-z0-9][a-z0-9_-]*")
_YAML = (".yaml", ".yml")


def source_of(path: str | Path) -> ParsedModel:
    """Read a model with all that belongs to it.

    Parameters
    ----------
    path : a file, a folder with a `model.yaml`, or the name of a bundled crisis

    Raises
    ------
    ModelError
        If it cannot be read as a model.
    UsageError
        If there is no such file, folder or crisis, or the file cannot be opened.
    """
    place = _place(path)
    try:
        return _whole(place, _opened(place, place.name))
    except _RefusalError as refused:
        raise UsageError(f"{refused}.") from None


def source_of_text(data: bytes, file: str) -> ParsedModel:
    """The same for text that stands in no folder; it can extend bundled crises only."""
    return _whole(_FolderPlace(None, "", file, file, PurePosixPath(CONTENTS)), read(data, file))


def bundled_names() -> tuple[str, ...]:
    """Names of the crises that come with offramp."""
    return tuple(sorted(_crises()))


@dataclass(frozen=True, slots=True)
class _FolderPlace:
    """Where a model file stands.

    `folder` is None for text that stands nowhere. Messages say `file` for it, `model` for the whole. `path`
    is that of the file in a copy of the model. It may be a link, but not one that leads out of `within`.
    """

    folder: Traversable | None
    name: str
    file: str
    model: str
    path: PurePosixPath
    bundled: bool = False
    within: Path | None = None

    @property
    def home(self) -> Path | None:
        """The folder, unless it comes with offramp."""
        return None if self.bundled or self.folder is None else Path(str(self.folder))

    @property
    def identity(self) -> str:
        """The same for the same file, whatever it is called."""
        return str(resolved(self.home / self.name)) if self.home is not None else str(self.path)


class _RefusalError(Exception):
    """Why a file that is named cannot be read, with hints; whoever asked knows where it is named."""

    def __init__(self, message: str, *hint: str) -> None:
        super().__init__(message)
        self.hint = hint


# ---------------------------------------------------------------------- what users name


def _place(path: str | Path) -> _FolderPlace:
    file, shown = Path(path), str(path)
    try:
        if file.is_file():
            return _FolderPlace(file.parent, file.name, shown, shown, PurePosixPath(file.name))
        # Looked up among names, so that nothing outside the folder can be reached through it.
        crises = _crises()
        if shown in crises:
            return replace(crises[shown], path=PurePosixPath(crises[shown].name))
        if (file / CONTENTS).is_file():
            return _FolderPlace(
                file, CONTENTS, str(file / CONTENTS), shown, PurePosixPath(CONTENTS), within=file
            )
        is_folder = file.is_dir()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    if is_folder:
        raise UsageError(f"{path} is a folder without a `{CONTENTS}`, which would list its chapters.")
    there = f"Bundled: {', '.join(crises)}." if crises else "None is bundled."
    raise UsageError(f"There is no file {path}, and no bundled crisis of that name. {there}")


def _crises() -> dict[str, _FolderPlace]:
    """Bundled crises by name."""
    found, folder = {}, resources.files("offramp.crises")
    for item in sorted(folder.iterdir(), key=lambda f: f.name):
        name, path = item.name.removesuffix(".yaml"), PurePosixPath("bundled", item.name)
        if item.name.endswith(".yaml"):
            found[name] = _FolderPlace(folder, item.name, item.name, item.name, path, True)
        elif (item / CONTENTS).is_file():
            found[name] = _FolderPlace(item, CONTENTS, f"{name}/{CONTENTS}", name, path / CONTENTS, True)
    return found


# ---------------------------------------------------------------------- reading


def _opened(place: _FolderPlace, name: str) -> ParsedModel:
    """The file of a place, or a chapter beside it."""
    assert place.folder is not None, "text stands in no folder"
    within = place.within if name == place.name else place.home
    shown = place.file if name == place.name else str(Path(place.file).with_name(name))
    at = place.folder / name
    try:
        if within is not None and not resolved(Path(str(at))).is_relative_to(resolved(within)):
            message = f"{shown} is a link that leads out of the folder"
            raise _RefusalError(message, "Put a copy of the file there.")
        if not at.is_file():
            raise _RefusalError(f"there is no file {shown}", "The name is read from the folder of this file.")
        with at.open("rb") as stream:
            return read(stream.read(MAX_BYTES + 1), shown, place.home, str(place.path.with_name(name)))
    except OSError as error:
        raise _RefusalError(f"{shown} cannot be read: {error.strerror}") from None


def _whole(place: _FolderPlace, contents: ParsedModel) -> ParsedModel:
    """A file with its chapters, laid over the model that it extends, which may extend another."""
    layers, places = [_bound(place, contents)], [place]
    while (at := layers[-1].root.get("extend")) is not None:
        try:
            below = _below(places[-1], at)
            _check_chain([*places, below])
            layers.append(_bound(below, _opened(below, below.name)))
        except _RefusalError as refused:
            problems = [p for layer in layers for p in layer.problems]
            problem = layers[-1].problem(at, str(refused), *refused.hint)
            raise ModelError([*problems, problem]) from None
        places.append(below)
    whole = layers.pop()
    _check_without(whole)
    for layer in reversed(layers):
        whole = extend(layer, whole)
    return replace(whole, notes=tuple(_unlisted(place, contents, whole)))


def _bound(place: _FolderPlace, contents: ParsedModel) -> ParsedModel:
    """A file with the chapters that it lists."""
    contents = replace(contents, file=place.model)
    listed = chapters_of(contents, place.name)
    if not listed:
        return contents
    chapters: list[ParsedModel] = []
    problems = list(contents.problems)
    size, nodes = len(contents.main.data), contents.nodes
    for at in listed:
        try:
            if place.folder is None:
                raise _RefusalError(f"{shape(at)} cannot be found: this text stands in no folder")
            chapter = _opened(place, at.text)
            size, nodes = size + len(chapter.main.data), nodes + chapter.nodes
            if size > MAX_BYTES or nodes > MAX_NODES:
                most = f"{MAX_BYTES:,} bytes or {MAX_NODES:,} values"
                problems.append(contents.problem(at, f"up to here, the chapters have more than {most}"))
                break
            chapters.append(chapter)
        except _RefusalError as refused:
            beside = {Path(n).stem for n in _models_in(place)} - {Path(a.text).stem for a in listed}
            near = did_you_mean(Path(at.text).stem, sorted(beside))
            problems.append(contents.problem(at, str(refused), *refused.hint, near))
        except ModelError as error:
            problems += error.problems
    if len(chapters) < len(listed):
        raise ModelError([*problems, *(p for c in chapters for p in c.problems)])
    return bind(contents, tuple(chapters))


def _unlisted(place: _FolderPlace, contents: ParsedModel, whole: ParsedModel) -> Iterator[Problem]:
    """Model files beside chapters that are none."""
    key = contents.root.key("chapters")
    if key is None or place.home is None:
        return
    known = {text.path for source in whole.chain for text in source.texts}
    for name in _models_in(place):
        if name not in known:
            message = f"`{name[:60]}` stands in the folder and is no chapter"
            yield contents.problem(key, message, "List it here, or move it elsewhere.")


def _models_in(place: _FolderPlace) -> list[str]:
    """Names of the YAML files in a folder."""
    if place.folder is None:
        return []
    try:
        return sorted(f.name for f in place.folder.iterdir() if f.name.endswith(_YAML) and f.is_file())
    except OSError:  # a folder in which files can be opened, but not listed
        return []


# ---------------------------------------------------------------------- what files name


def _below(place: _FolderPlace, at: Value) -> _FolderPlace:
    """The model that `extend` names."""
    if not isinstance(at, Scalar) or not at.text.strip():
        hint = "It is a bundled crisis (`extend: us-iran-2020`) or a file beside this (`extend: base.yaml`)."
        raise _RefusalError(f"`extend` must be one name, not {shape(at)}", hint)
    name = at.text.strip()
    if _BUNDLED.fullmatch(name):
        crises = _crises()
        if name in crises:
            return crises[name]
        raise _RefusalError(
            f"no crisis `{name[:60]}` comes with offramp",
            did_you_mean(name, tuple(crises)),
            "`offramp crises` lists them. The name of a file ends in `.yaml`, that of a folder in `/`.",
        )
    parts = name.removeprefix("./").removesuffix("/").split("/")
    is_file = name.endswith(_YAML)
    if "://" in name:
        raise _RefusalError(
            "`extend` takes no address of the web", "Save the file beside this one and name it."
        )
    if not (is_file or "." not in parts[-1]) or re.search(r"[\\:~\0]", name) or {"", ".", ".."} & set(parts):
        raise _RefusalError(
            f"`{name[:60]}` cannot be extended",
            "It may be a bundled crisis, or a `.yaml` file or a folder in this folder or in one below it.",
        )
    if place.home is None:
        raise _RefusalError(
            f"`{name[:60]}` cannot be found: this text stands in no folder",
            "Text and bundled files can extend bundled crises only.",
        )
    folder = place.home.joinpath(*parts)
    path = place.path.parent.joinpath(*parts)
    if is_file:
        return _FolderPlace(folder.parent, folder.name, str(folder), str(folder), path, within=place.home)
    return _FolderPlace(
        folder, CONTENTS, str(folder / CONTENTS), str(folder), path / CONTENTS, within=place.home
    )


def _check_chain(places: list[_FolderPlace]) -> None:
    """Refuse a chain of models that closes to a circle or is too long."""
    *above, last = places
    chain = " extends ".join(p.model for p in places)
    if last.identity in {p.identity for p in above}:
        raise _RefusalError(f"{chain}: no model can extend itself", "Take `extend` out of one of them.")
    if len(places) > MAX_LAYERS:
        raise _RefusalError(
            f"more than {MAX_LAYERS} models that extend each other", f"{chain}.", "Extend one further down."
        )


def _check_without(source: ParsedModel) -> None:
    """What extends nothing has nothing to leave out."""
    without = source.root.key("without")
    if without is not None:
        message = "`without` leaves out parts of the file that `extend` names, and there is no `extend`"
        hint = "Write `extend: us-iran-2020` or `extend: other.yaml` above it, or take `without` out."
        raise ModelError([*source.problems, source.problem(without, message, hint)])
