"""The JSON Schema that editors use says the same of keys and shapes as the checker."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from offramp.language import keys
from offramp.language.check import load
from offramp.language.files import bundled_names
from offramp.language.schema import json_schema
from offramp.language.source import Mapping, Sequence, Value
from offramp.language.yaml_reader import read

SCHEMA = json_schema()
BROKEN = Path(__file__).parent / "broken_models"


def plain(value: Value) -> Any:
    """A value as an editor's YAML 1.2 parser sees it."""
    if isinstance(value, Mapping):
        return {k.text: plain(v) for k, v in value.entries}
    if isinstance(value, Sequence):
        return [plain(v) for v in value.items]
    if value.style != "plain":
        return value.text
    if value.is_null or value.truth is not None:
        return value.truth
    if re.fullmatch(r"[-+]?[0-9]+", value.text):
        return int(value.text)
    if re.fullmatch(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", value.text):
        return float(value.text)
    return value.text


TYPES: dict[str, Any] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "number": (int, float), "integer": int,
    "null": type(None),
}  # fmt: skip


def complaints(value: Any, schema: dict[str, Any], path: str = "") -> list[str]:
    """What a validator says, for the part of JSON Schema that the schema uses."""
    if "$ref" in schema:
        found = [f"{path}: no {k}" for k in schema.get("required", []) if k not in value]
        return found + complaints(value, SCHEMA["$defs"][schema["$ref"].rsplit("/", 1)[1]], path)
    known = {
        *("type", "properties", "required", "additionalProperties", "propertyNames", "items", "minItems"),
        *("maxItems", "anyOf", "enum", "const", "pattern", "format", "description", "examples"),
        *("$schema", "$defs", "title", "if", "then", "else"),
    }
    assert set(schema) <= known, set(schema) - known
    if "if" in schema:
        return complaints(value, schema["else" if complaints(value, schema["if"]) else "then"], path)
    if "anyOf" in schema:
        every = [complaints(value, s, path) for s in schema["anyOf"]]
        return [] if any(not found for found in every) else [f"{path}: none of the forms"]
    if "const" in schema or "enum" in schema:
        return [] if value in schema.get("enum", [schema.get("const")]) else [f"{path}: not one of the words"]
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    fits = any(
        isinstance(value, TYPES[n]) and not (n in ("number", "integer") and value is True) for n in names
    )
    if not fits:
        return [f"{path}: not {' or '.join(names)}"]
    found = []
    if isinstance(value, str) and "pattern" in schema and not re.search(schema["pattern"], value):
        found.append(f"{path}: does not match")
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 10**6):
            found.append(f"{path}: wrong length")
        for i, item in enumerate(value):
            found += complaints(item, schema["items"], f"{path}/{i}")
    if isinstance(value, dict):
        found += [f"{path}: no {k}" for k in schema.get("required", []) if k not in value]
        for key, inner in value.items():
            below = schema.get("properties", {}).get(key, schema.get("additionalProperties", True))
            if below is True:
                continue
            if below is False:
                found.append(f"{path}/{key}: no such key")
            else:
                found += complaints(inner, below, f"{path}/{key}")
            if "propertyNames" in schema and not re.search(schema["propertyNames"]["pattern"], key):
                found.append(f"{path}/{key}: not a name")
    return found


@pytest.mark.parametrize("name", bundled_names())
def test_bundled_crises_fit_the_schema_file_by_file(name):
    for file in load(name).files:
        assert complaints(plain(read(file.data).root), SCHEMA) == [], file.file


# Mistakes that can be seen from keys and shapes alone.
VISIBLE = (
    *("misspelt_keys", "misspelt_section", "other_words_for_keys", "no_name", "bounds"),
    *("text_for_a_flag", "horizon_in_words", "deniable_event", "section_in_wrong_place", "effects"),
    *("lists_for_mappings", "source_without_title", "parameter_that_is_computed", "seeing", "policies"),
    *("names_that_cannot_be", "actor_without_actions"),
)


@pytest.mark.parametrize("name", VISIBLE)
def test_the_schema_sees_wrong_keys_and_shapes(name):
    assert complaints(plain(read((BROKEN / f"{name}.yaml").read_bytes()).root), SCHEMA)


def test_the_schema_refuses_no_broken_model_whose_keys_and_shapes_are_right():
    """What it complains of beyond the checker would be wrong in the editor and right at the command line."""
    right = ("unknown_name", "circular", "priors", "branches", "outcomes", "reserved_names")
    for name in right:
        root = read((BROKEN / f"{name}.yaml").read_bytes()).root
        found = [
            c for c in complaints(plain(root), SCHEMA) if "no probability" not in c and "no value" not in c
        ]
        assert found == [], name


def test_every_key_of_the_checker_is_in_the_schema_with_its_description():
    def tables(table: keys.KeyTable) -> list[keys.KeyTable]:
        return [table, *(t for k in table.keys if k.of is not None for t in tables(k.of))]

    text = json.dumps(SCHEMA)
    found = tables(keys.FILE)
    assert len(found) == 28
    for table in found:
        for key in table.keys:
            assert json.dumps(key.about) in text


def test_the_schema_is_json_and_names_its_draft():
    again = json.loads(json.dumps(SCHEMA))
    assert again["$schema"].endswith("2020-12/schema")
    assert again["$defs"]["whole"]["required"] == ["model", "horizon", "variables"]


def test_a_file_that_extends_another_may_leave_out_what_the_other_has():
    layer = {"extend": "chicken", "model": {"name": "calm"}, "actors": {"altara": {"depth": 1}}}
    assert complaints(layer, SCHEMA) == []
    del layer["extend"]
    assert ": no horizon" in complaints(layer, SCHEMA)
    removals = {"policies": "all", "variables": {"flow": ["noise"]}}
    assert complaints({"extend": "chicken", "model": {"name": "calm"}, "without": removals}, SCHEMA) == []
    assert complaints({"extend": "chicken", "model": {"name": "calm"}, "without": {"policies": 3}}, SCHEMA)


def test_a_key_goes_with_keys_and_cases_that_there_are():
    """A slip in `needs` or `only_with` would refuse what is right, or nothing at all."""
    cases = {
        "an actor": set(),
        "an event": set(),
        "evidence": {"normal", "lognormal", *keys.COUNTS},
        "a test": set(next(k for k in keys.TEST.keys if k.name == "expect").choices),
        "a quantity": {"chance", "months_until", "variable", "acts", "event", "answered"},
    }
    seen = {}
    for table in keys.every_table():
        for key in table.keys:
            assert not key.needs or key.needs in table.names, key.name
            if key.needs or key.only_with:
                seen.setdefault(table.what, set()).update(key.only_with)
    assert seen == cases


def test_a_chapter_fits_the_schema_and_what_looks_like_a_whole_model_must_be_one():
    """An editor sees one file; a chapter has neither a horizon nor a name."""
    sources = {"account": {"title": "An account"}}
    assert complaints({"model": {"sources": sources}, "parameters": {"heat": {"value": 1}}}, SCHEMA) == []
    assert complaints({"model": {"name": "calm"}, "chapters": ["economy.yaml"]}, SCHEMA) == []
    assert ": no horizon" in complaints({"model": {"name": "calm"}, "variables": {}}, SCHEMA)
    assert ": no model" in complaints({"horizon": {"start": "2020-06-01"}}, SCHEMA)
    assert complaints({"parameter": {}}, SCHEMA) == ["/parameter: no such key"]
    assert complaints({"model": {"name": "calm"}, "chapters": ["../economy.yaml"]}, SCHEMA)
