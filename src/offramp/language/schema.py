"""The model file as JSON Schema, for completion and first checks in editors.

It is made from the same key tables as the checker, so the two cannot drift apart. It knows keys and shapes
only; names, units and formulas are for `offramp check`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from offramp.language import keys
from offramp.language.chapters import MAX_CHAPTERS
from offramp.language.keys import Key, KeyTable

Schema = dict[str, Any]

_NAME = r"^[a-z][a-z0-9_]*$"
_CLAIM = r"^[A-Za-z][A-Za-z0-9_]*$"
_FORMULA = {"$ref": "#/$defs/formula"}
_LIST_OF_NAMES: Schema = {"type": "array", "items": {"type": "string", "pattern": _NAME}}
_DEFINITIONS: dict[str, Schema] = {
    "formula": {
        "type": ["string", "number"],
        "description": "Arithmetic on variables, parameters, time and units: `0.1 / month * tension`.",
    },
    "number": {
        "type": ["string", "number"],
        "description": "A number, or arithmetic of numbers and units such as `1/12`.",
    },
    "removals": {
        "description": "Names to leave out: a list, `all`, or names with such below them.",
        "anyOf": [
            {"type": "string"},
            {"type": "array", "items": {"type": "string"}},
            {"type": "object", "additionalProperties": {"$ref": "#/$defs/removals"}},
        ],
    },
    "effect": {
        "description": "A formula is added to the stock; `set` moves the stock to its value.",
        "anyOf": [
            _FORMULA,
            *(
                {
                    "type": "object",
                    "properties": {how: _FORMULA},
                    "required": [how],
                    "additionalProperties": False,
                }
                for how in ("add", "set")
            ),
        ],
    },
}


def json_schema() -> Schema:
    """JSON Schema (draft 2020-12) of a model file, as plain values ready for `json.dumps`."""
    whole = _table(keys.FILE)
    part = {"$ref": "#/$defs/part"}
    named = {"properties": {"model": {"type": "object", "required": ["name"]}}, "required": ["model"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "offramp model file",
        "description": "One crisis: who decides, what changes, what happens, what we ask about and might do.",
        # What a file leaves out stands in the one that it extends, or in other chapters. A chapter is known
        # by what it lacks: a horizon, and a name in `model`.
        **_either(
            ({"required": ["extend"]}, {**part, "required": ["extend", "model"]}),
            ({"required": ["chapters"]}, part),
            ({"required": ["horizon"]}, {"$ref": "#/$defs/whole"}),
            (named, {"$ref": "#/$defs/whole"}),
            otherwise=part,
        ),
        "$defs": {**_DEFINITIONS, "whole": whole, "part": _relaxed(whole)},
    }


def _either(*cases: tuple[Schema, Schema], otherwise: Schema) -> Schema:
    """The first schema whose condition a mapping meets."""
    if not cases:
        return otherwise
    (condition, schema), *others = cases
    following = _either(*others, otherwise=otherwise)
    return {"if": {"type": "object", **condition}, "then": schema, "else": following}


def _relaxed(schema: Any) -> Any:
    """The same without required keys."""
    if isinstance(schema, dict):
        return {k: _relaxed(v) for k, v in schema.items() if k != "required" or not isinstance(v, list)}
    return [_relaxed(v) for v in schema] if isinstance(schema, list) else schema


def _table(table: KeyTable) -> Schema:
    """Keys and values, with no others."""
    schema: Schema = {
        "type": "object",
        "properties": {key.name: {"description": key.about, **_shape(key)} for key in table.keys},
        "additionalProperties": False,
    }
    required = [key.name for key in table.keys if key.required]
    if required:
        schema["required"] = required
    return schema


def _shape(key: Key) -> Schema:
    """What may stand under a key."""
    plain = _SHAPES.get(key.shape)
    return dict(plain) if plain is not None else _SHAPES_BY_KEY[key.shape](key)


def _named(value: Schema, key: Key | None = None) -> Schema:
    """A mapping from names to values of one kind; the keys of sources are freer than names."""
    schema: Schema = {"type": ["object", "null"], "additionalProperties": value}
    if key is None or key.name != "sources":
        # Claims are often known by a capital and a number.
        schema["propertyNames"] = {"pattern": _CLAIM if key is not None and key.name == "claims" else _NAME}
    return schema


def _of(key: Key) -> KeyTable:
    assert key.of is not None, f"{key.name} has no table"
    return key.of


def _entries(key: Key) -> Schema:
    """A mapping of mappings. An action that only has a name may be left empty: `wait:`."""
    entry = _table(_of(key))
    return _named(entry if "required" in entry else {**entry, "type": ["object", "null"]}, key)


_NUMBER: Schema = {"$ref": "#/$defs/number"}
_STRINGS: Schema = {"type": "array", "items": {"type": "string"}}
_FILES: Schema = {"type": "string", "pattern": r"^[^/\\:~]+\.ya?ml$"}
_SHAPES: dict[str, Schema] = {
    "text": {"type": ["string", "number"]},
    "date": {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    "flag": {"type": "boolean"},
    "integer": {"type": "integer"},
    "number": _NUMBER,
    **dict.fromkeys(("formula", "condition", "prior", "initial", "probability"), _FORMULA),
    "unit": {"type": "string", "examples": ["kg", "1/month", "barrel/day", "USD", "points"]},
    "points": {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 100},
    "bounds": {"type": "array", "items": _NUMBER, "minItems": 2, "maxItems": 2},
    "source": {"anyOf": [{"type": "string"}, _STRINGS]},
    "effects": _named({"$ref": "#/$defs/effect"}),
    "formulas": _named(_FORMULA),
    "numbers": _named(_NUMBER),
    "moves": _named({"type": "string"}),
    "move_lists": _named({"anyOf": [{"type": "string"}, _STRINGS]}),
    "name_lists": _named({"anyOf": [{"type": "string"}, _LIST_OF_NAMES]}),
    "numbers_of": _named(_named(_NUMBER)),
    "beliefs": _named(_named({"anyOf": [{"type": "string"}, _named(_NUMBER)]})),
    "names": _LIST_OF_NAMES,
    "one_or_more": {"anyOf": [{"type": "string"}, _LIST_OF_NAMES]},
    "overlays": _named(_FORMULA),
    "chances": {"anyOf": [{"type": "string"}, _named(_FORMULA)]},
    "pair": {**_STRINGS, "minItems": 2, "maxItems": 2},
    "files": {"type": "array", "items": _FILES, "minItems": 1, "maxItems": MAX_CHAPTERS},
    "removals": {"$ref": "#/$defs/removals"},
}
# Those that depend on the key: on its words, or on the keys below it.
_SHAPES_BY_KEY: dict[str, Callable[[Key], Schema]] = {
    "choice": lambda key: {"enum": list(key.choices)},
    "words": lambda key: _named({"enum": list(key.choices)}),
    "table": lambda key: _table(_of(key)),
    "named": _entries,
    "signals": lambda key: _named({"anyOf": [{"const": "hidden"}, _table(_of(key))]}),
    "readings": lambda key: _named({"anyOf": [_FORMULA, _table(_of(key))]}),
    "sides": lambda key: {
        "type": "array",
        "items": {"anyOf": [{"type": "string"}, _table(_of(key))]},
        "minItems": 2,
    },
    "list": lambda key: {"type": "array", "items": _table(_of(key))},
}
