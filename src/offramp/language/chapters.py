"""A model in chapters: one file with the table of contents, and beside it the files that it lists.

Chapters hold sections as a single file does, and one section may go on in several. Nothing is overridden: an
entry stands, whole, in one chapter. Read in the order of the list, they are the same model as one file.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

from offramp.errors import ModelError, Problem
from offramp.language import keys
from offramp.language.keys import Key
from offramp.language.reader import shape
from offramp.language.source import Mapping, ParsedModel, Scalar, Sequence, Value

MAX_CHAPTERS = 50
# What a chapter cannot say: it is of the whole model.
OF_THE_WHOLE = ("chapters", "extend", "without")

_NAME = re.compile(r"[^/\\:~\0]+\.ya?ml")
_HOW = "Write `chapters: [economy.yaml, actors.yaml]`: files beside this one, in the order of reading."


def chapters_of(contents: ParsedModel, name: str) -> tuple[Scalar, ...]:
    """The chapters that a file lists, by the names of their files.

    Parameters
    ----------
    contents : the file with the list
    name : of that file in its folder

    Raises
    ------
    ModelError
        If it is no list of names of files in the same folder, or holds one twice.
    """
    listed = contents.root.get("chapters")
    if listed is None:
        return ()
    problems: list[Problem] = []

    def say(at: Value, message: str, *hint: str) -> None:
        problems.append(contents.problem(at, message, *hint))

    found: dict[str, Scalar] = {}
    if not isinstance(listed, Sequence):
        say(listed, f"`chapters` must be a list of files, not {shape(listed)}", _HOW)
    elif not 1 <= len(listed.items) <= MAX_CHAPTERS:
        say(listed, f"`chapters` lists {len(listed.items)} files; it may have 1 to {MAX_CHAPTERS}", _HOW)
    else:
        for item in listed.items:
            if not isinstance(item, Scalar) or not _NAME.fullmatch(item.text):
                hint = "A chapter is a `.yaml` file in the folder of this one, such as `economy.yaml`."
                say(item, f"{shape(item)} cannot be a chapter", hint)
            elif item.text == name:
                say(item, f"`{name[:60]}` lists itself", "It need not stand in its own list.")
            elif item.text in found:
                earlier = f"It stands on line {found[item.text].line} already."
                say(item, f"`{item.text[:60]}` is listed twice", earlier, "Remove one.")
            else:
                found[item.text] = item
    if problems:
        raise ModelError([*contents.problems, *problems])
    return tuple(found.values())


def bind(contents: ParsedModel, chapters: tuple[ParsedModel, ...]) -> ParsedModel:
    """The file with the table of contents and its chapters as one model.

    The hash is of the names and hashes of all files, in their order: the SHA-256 of what `sha256sum` prints
    of them in their folder. It does not depend on where the folder stands; any change of a file changes it.
    """
    texts = tuple(t for source in (contents, *chapters) for t in source.texts)
    binder = _Binder(contents)
    root = contents.root
    for chapter in chapters:
        root = binder.bound(root, chapter)
    listing = "".join(f"{hashlib.sha256(t.data).hexdigest()}  {t.path.rsplit('/', 1)[-1]}\n" for t in texts)
    problems = [p for source in (contents, *chapters) for p in source.problems]
    return replace(
        contents,
        texts=texts,
        hash=hashlib.sha256(listing.encode()).hexdigest(),
        root=replace(root, entries=tuple(e for e in root.entries if e[0].text != "chapters")),
        problems=(*problems, *binder.problems),
    )


class _Binder:
    def __init__(self, contents: ParsedModel) -> None:
        self.contents = contents
        self.problems: list[Problem] = []

    def bound(self, root: Mapping, chapter: ParsedModel) -> Mapping:
        """The entries so far and those of one more chapter."""
        own = []
        for key, value in chapter.root.entries:
            if key.text not in OF_THE_WHOLE:
                own.append((key, value))
                continue
            hint = f"It belongs in {self.contents.main.file}, which lists this chapter."
            self.problems.append(chapter.problem(key, f"a chapter has no `{key.text}`", hint))
        by_name = {k.name: k for k in keys.FILE.keys}
        return self._union(root, replace(chapter.root, entries=tuple(own)), by_name)

    def _union(self, first: Mapping, more: Mapping, by_name: dict[str, Key]) -> Mapping:
        """Entries of two mappings; where both have one, sections go on and anything else is there twice."""
        entries = {k.text: (k, v) for k, v in first.entries}
        for key, value in more.entries:
            had = entries.get(key.text)
            entries[key.text] = (key, value) if had is None else self._both(had, key, value, by_name)
        return replace(first, entries=tuple(entries.values()))

    def _both(
        self, had: tuple[Scalar, Value], key: Scalar, value: Value, by_name: dict[str, Key]
    ) -> tuple[Scalar, Value]:
        first, so_far = had
        meant = by_name.get(key.text)
        if meant is not None and meant.of is not None:
            if isinstance(value, Scalar) and value.is_null:  # `events:` and nothing below it
                return had
            if isinstance(so_far, Scalar) and so_far.is_null:
                return key, value
            if not isinstance(so_far, Mapping):  # what is no section is said by who reads it
                return had
            if not isinstance(value, Mapping):
                return key, value
            below = {k.name: k for k in meant.of.keys} if meant.shape == "table" else {}
            return first, self._union(so_far, value, below)
        place = f"It stands on line {first.line} of {self.contents.text_of(first).file} already."
        hint = "An entry stands in one chapter, whole: remove one or rename it."
        message = f"`{key.text[:60]}` is in two chapters"
        self.problems.append(self.contents.problem(key, message, place, hint))
        return had
