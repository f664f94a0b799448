"""A file laid over the one that it extends: `extend`, `without`, and how entries merge.

What the key tables know decides how a value merges. Sections, names and keys merge key by key; a formula, a
text, a list or a table of chances is one thing and takes the place of what was there. So a file that changes
one number of a large model holds that number, and no more.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace

from offramp.errors import Problem
from offramp.given import did_you_mean
from offramp.language import keys
from offramp.language.keys import Key, KeyTable
from offramp.language.reader import shape
from offramp.language.source import Mapping, ParsedModel, Scalar, Sequence, Value
from offramp.model import How, LayerChange

EVERYTHING = "all"
# What a table of its own says where its numbers come from: these keys stand or go together.
_BACKING = ("source", "guess", "reason")
# Changing one of these changes no number, so that what backs the entry still holds.
_WITHOUT_NUMBERS = ("text", "flag", "table", "named", "signals", "readings", *_BACKING)
# Entries below these keys merge name by name.
_BY_NAME = ("named", "signals", "readings", "effects", "formulas", "overlays")
_MOST_SHOWN = 12
_EXPLAINS = ("title", "summary", "note", "sources", *_BACKING)


def extend(layer: ParsedModel, base: ParsedModel) -> ParsedModel:
    """Lay a file over the one that it extends.

    First what `without` names is taken out of the base, then the entries of the file are laid over it: an
    entry that the base has is overridden key by key, a new one is added. To replace an entry as a whole, take
    it out and write it anew. An entry in which a formula or number changes has to say anew where its numbers
    come from: `source`, `guess` and `reason` of the base are not taken over for it.

    Parameters
    ----------
    layer : the file, with its chapters
    base : the model that it extends, laid over what that extends itself

    Returns
    -------
    A source whose root holds both; values remember in which of the files they stand. Its hash is of the
    hashes of both.
    """
    merger = _Merger(layer, base)
    root = merger.merged()
    model = layer.root.get("model")
    if not (isinstance(model, Mapping) and model.get("name") is not None):
        message = "a file that extends another is a model of its own and needs a name"
        hint = "Write `model: {name: ...}`, and a `title` beside it."
        merger.problems.append(layer.problem(layer.root.get("extend") or layer.root, message, hint))
    both = hashlib.sha256(f"{layer.hash} extends {base.hash}".encode()).hexdigest()
    return replace(
        layer,
        hash=both,
        root=root,
        problems=(*layer.problems, *base.problems, *merger.problems),
        base=base,
        changes=tuple(merger.changes),
        removed={**base.removed, **merger.removed},
    )


class _Merger:
    def __init__(self, layer: ParsedModel, base: ParsedModel) -> None:
        self.layer = layer
        self.base = base
        self.problems: list[Problem] = []
        self.changes: list[LayerChange] = []
        self.removed: dict[str, str] = {}

    def merged(self) -> Mapping:
        root, without = self.base.root, self.layer.root.get("without")
        if without is not None:
            root = self._without(root, without, ())
        # What `extend` and `without` say of files is not part of the model.
        own = replace(self.layer.root, entries=_but(self.layer.root, "extend", "without"))
        whole = self._table(root, own, keys.FILE, ())
        self._say_unused(whole)
        return whole

    # ------------------------------------------------------------------ without

    def _without(self, base: Mapping, without: Value, path: tuple[str, ...]) -> Mapping:
        """The base without what is named: a list of names, or names with more below them."""
        kept = dict(base.entries)
        if isinstance(without, Mapping):
            for key, below in without.entries:
                everything = isinstance(below, Scalar) and below.text == EVERYTHING
                if everything and not path and key.text in keys.FILE.names and base.get(key.text) is None:
                    continue  # a section of which there is nothing
                self._take(kept, base, key, None if everything else below, path)
            return replace(base, entries=tuple(kept.items()))
        for item in without.items if isinstance(without, Sequence) else (without,):
            if isinstance(item, Scalar) and not item.is_null:
                self._take(kept, base, item, None, path)
            else:
                self._say(item, f"`without` takes names, not {shape(item)}", _HOW)
        return replace(base, entries=tuple(kept.items()))

    def _take(
        self,
        kept: dict[Scalar, Value],
        base: Mapping,
        key: Scalar,
        below: Value | None,
        path: tuple[str, ...],
    ) -> None:
        """Take an entry out of what is kept of the base; with `below`, only what that names of it."""
        found = self._find(base, key, " of ".join(f"`{p}`" for p in reversed(path)) or "sections")
        if found is None:
            return
        (name, value), inner = found, (*path, key.text)
        if below is None:
            kept.pop(name, None)
            self._remove(key, value, inner)
        elif isinstance(below, Scalar) and below.is_null:
            self._say(key, f"`{key.text[:60]}` names nothing to take out", _HOW)
        elif isinstance(value, Mapping):
            kept[name] = self._without(value, below, inner)
        else:
            self._say(below, f"`{key.text[:60]}` holds no names of its own in {self.base.file}", _HOW)

    def _find(self, base: Mapping, key: Scalar, where: str) -> tuple[Scalar, Value] | None:
        found = next(((k, v) for k, v in base.entries if k.text == key.text), None)
        if found is None:
            names = [k.text for k, _ in base.entries]
            shown = ", ".join(names[:_MOST_SHOWN]) + (", ..." if len(names) > _MOST_SHOWN else "")
            self._say(
                key,
                f"{self.base.file} has no `{key.text[:60]}` among its {where}"
                if where == "sections"
                else f"{self.base.file} has no `{key.text[:60]}` in {where}",
                f"It has: {shown}." if names else "It has none.",
                did_you_mean(key.text, names),
            )
        return found

    def _remove(self, at: Scalar, value: Value, path: tuple[str, ...]) -> None:
        self._note("removed", at, path, was=_words(value))
        place = f"line {at.line} of {self.layer.text_of(at).file}"
        self.removed[path[-1]] = place
        if len(path) == 1 and isinstance(value, Mapping):  # a whole section
            self.removed.update((k.text, place) for k, _ in value.entries)

    # ------------------------------------------------------------------ names that went away below

    def _say_unused(self, whole: Mapping) -> None:
        """An override of a name that the base has no more would be a new thing that nothing uses."""
        added = {c.path for c in self.changes if c.how == "added" and len(c.path) == 2}
        for section in ("variables", "parameters"):
            names, entries = self.base.root.get(section), whole.get(section)
            known = [k.text for k, _ in names.entries] if isinstance(names, Mapping) else []
            for key, value in entries.entries if isinstance(entries, Mapping) else ():
                if (section, key.text) not in added or _is_headline(value):
                    continue
                word = re.compile(rf"\b{re.escape(key.text)}\b")
                if not any(word.search(text) for text in _texts(whole, key)):
                    self._say(
                        key,
                        f"`{key.text[:60]}` is not in {self.base.file}, and nothing here uses it",
                        "If it is to change something below, give it the name that it has there.",
                        did_you_mean(key.text, known),
                        "A variable that is only there to be looked at says `headline: true`.",
                    )

    # ------------------------------------------------------------------ merging

    def _table(self, base: Mapping, layer: Mapping, table: KeyTable, path: tuple[str, ...]) -> Mapping:
        """Keys of a table: those of the layer go over those of the base."""
        by_name = {k.name: k for k in table.keys}
        touched = {k.text for k, _ in layer.entries}
        restated = touched & set(_BACKING) or any(n in by_name and _has_numbers(by_name[n]) for n in touched)
        if restated and "guess" in by_name:
            base = replace(base, entries=_but(base, *_BACKING))
        return self._keys(base, layer, by_name, path)

    def _keys(self, base: Mapping, layer: Mapping, by_name: dict[str, Key], path: tuple[str, ...]) -> Mapping:
        entries = {k.text: (k, v) for k, v in base.entries}
        for key, value in layer.entries:
            below = entries.get(key.text)
            entries[key.text] = (
                key,
                self._value(below[1] if below else None, key, value, by_name.get(key.text), path),
            )
        return Mapping(tuple(entries.values()), layer.line, layer.column, layer.within)

    def _named(self, base: Mapping, layer: Mapping, key: Key, path: tuple[str, ...]) -> Mapping:
        """Names of one kind, each with keys of its own or a single value."""
        entries = {k.text: (k, v) for k, v in base.entries}
        for name, value in layer.entries:
            below, inner = entries.get(name.text), (*path, name.text)
            if below is None:
                self._note("added", name, inner, now=_words(value))
            elif isinstance(value, Scalar) and value.is_null and isinstance(below[1], Mapping):
                continue  # nothing is said of it
            elif key.of is not None and isinstance(below[1], Mapping) and isinstance(value, Mapping):
                value = self._table(below[1], value, key.of, inner)
            else:
                self._changed(name, below[1], value, inner)
            entries[name.text] = (name, value)
        return Mapping(tuple(entries.values()), layer.line, layer.column, layer.within)

    def _value(
        self, below: Value | None, at: Scalar, value: Value, key: Key | None, path: tuple[str, ...]
    ) -> Value:
        inner = (*path, at.text)
        if key is not None and isinstance(value, Scalar) and value.is_null and isinstance(below, Mapping):
            return below  # `events:` and nothing below it
        if key is not None and key.shape in ("table", *_BY_NAME) and isinstance(value, Mapping):
            empty = Mapping((), value.line, value.column, value.within)
            under = below if isinstance(below, Mapping) else empty
            if key.shape == "table" and key.of is not None:
                return self._table(under, value, key.of, inner)
            return self._named(under, value, key, inner)
        if at.text in _BACKING:  # goes with the numbers, which are listed
            return value
        if below is None:
            self._note("added", at, inner, now=_words(value))
        else:
            self._changed(at, below, value, inner)
        return value

    def _changed(self, at: Scalar, below: Value, value: Value, path: tuple[str, ...]) -> None:
        was, now = _words(below), _words(value)
        if was != now or not was:
            self._note("changed", at, path, was, now)

    def _note(self, how: How, at: Value, path: tuple[str, ...], was: str = "", now: str = "") -> None:
        self.changes.append(LayerChange(how, path, was, now, at.line, self.layer.text_of(at).file))

    def _say(self, at: Value, message: str, *hint: str) -> None:
        self.problems.append(self.layer.problem(at, message, *hint))


def _has_numbers(key: Key) -> bool:
    """Whether a key holds numbers that its entry backs, as a table does that has no backing of its own."""
    backed_here = key.shape == "table" and key.of is not None and "guess" not in key.of.names
    return key.shape not in _WITHOUT_NUMBERS or backed_here


_HOW = (
    "Name what to take out, as in `without: {events: [us_election], policies: all}`; for a part of an entry "
    "go further down: `{variables: {tension: [noise]}}`."
)


def _texts(value: Value, without: Scalar) -> Iterator[str]:
    """All text of a value, keys too but for one; not what explains: titles, sources, reasons."""
    if isinstance(value, Scalar):
        yield value.text
    elif isinstance(value, Sequence):
        for item in value.items:
            yield from _texts(item, without)
    else:
        for key, inner in value.entries:
            if key is not without:
                yield key.text
            if key.text not in _EXPLAINS:
                yield from _texts(inner, without)


def _is_headline(value: Value) -> bool:
    flag = value.get("headline") if isinstance(value, Mapping) else None
    return isinstance(flag, Scalar) and flag.truth is True


def _but(mapping: Mapping, *names: str) -> tuple[tuple[Scalar, Value], ...]:
    return tuple(e for e in mapping.entries if e[0].text not in names)


def _words(value: Value) -> str:
    """A single value in one line; lists of values too; nothing for keys and values."""
    if isinstance(value, Scalar):
        return " ".join(value.text.split())
    if isinstance(value, Sequence) and all(isinstance(v, Scalar) for v in value.items):
        return f"[{', '.join(_words(v) for v in value.items)}]"
    return ""
