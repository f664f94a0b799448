"""The model file as JSON Schema, for completion and first checks in editors.

It is made from the same key tables as the checker, so the two cannot drift apart. It knows keys and shapes
only; names, units and formulas are for `offramp check`.
"""

from __future__ import annotations

from typing import Any

from offramp.language import keys
from offramp.language.chapters import MAX_CHAPTERS
from offramp.language.keys import Key, Table

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


def _table(table: Table) -> Schema:
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
    match key.shape:
        case "text":
            return {"type": ["string", "number"]}
        case "date":
            return {"type": "string", "format": "date", "pattern": r"^\d{4}-\d{2}-\d{2}$"}
        case "flag":
            return {"type": "boolean"}
        case "integer":
            return {"type": "integer"}
        case "number":
            return {"$ref": "#/$defs/number"}
        case "formula" | "condition" | "prior" | "initial" | "probability":
            return dict(_FORMULA)
        case "unit":
            return {"type": "string", "examples": ["kg", "1/month", "barrel/day", "USD", "points"]}
        case "bounds":
            return {"type": "array", "items": {"$ref": "#/$defs/number"}, "minItems": 2, "maxItems": 2}
        case "source":
            return {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
        case "choice":
            return {"enum": list(key.choices)}
        case "effects":
            return _named({"$ref": "#/$defs/effect"})
        case "formulas":
            return _named(_FORMULA)
        case "numbers":
            return _named({"$ref": "#/$defs/number"})
        case "moves":
            return _named({"type": "string"})
        case "move_lists":
            return _named({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]})
        case "name_lists":
            return _named({"anyOf": [{"type": "string"}, _LIST_OF_NAMES]})
        case "numbers_of":
            return _named(_named({"$ref": "#/$defs/number"}))
        case "beliefs":
            return _named(_named({"anyOf": [{"type": "string"}, _named({"$ref": "#/$defs/number"})]}))
        case "names":
            return dict(_LIST_OF_NAMES)
        case "table":
            return _table(_of(key))
        case "named":
            # An action that only has a name may be left empty: `wait:`.
            entry = _table(_of(key))
            return _named(entry if "required" in entry else {**entry, "type": ["object", "null"]}, key)
        case "overlays":
            return _named(_FORMULA)
        case "chances":
            return {"anyOf": [{"type": "string"}, _named(_FORMULA)]}
        case "signals":
            return _named({"anyOf": [{"const": "hidden"}, _table(_of(key))]})
        case "readings":
            return _named({"anyOf": [_FORMULA, _table(_of(key))]})
        case "pair":
            return {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}
        case "files":
            file = {"type": "string", "pattern": r"^[^/\\:~]+\.ya?ml$"}
            return {"type": "array", "items": file, "minItems": 1, "maxItems": MAX_CHAPTERS}
        case "removals":
            return {"$ref": "#/$defs/removals"}
        case "sides":
            side = {"anyOf": [{"type": "string"}, _table(_of(key))]}
            return {"type": "array", "items": side, "minItems": 2}
        case "list":
            return {"type": "array", "items": _table(_of(key))}


def _named(value: Schema, key: Key | None = None) -> Schema:
    """A mapping from names to values of one kind; the keys of sources are freer than names."""
    schema: Schema = {"type": ["object", "null"], "additionalProperties": value}
    if key is None or key.name != "sources":
        # Claims are often known by a capital and a number.
        schema["propertyNames"] = {"pattern": _CLAIM if key is not None and key.name == "claims" else _NAME}
    return schema


def _of(key: Key) -> Table:
    assert key.of is not None, f"{key.name} has no table"
    return key.of
