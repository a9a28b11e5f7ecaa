"""Arguments against a tool's schema: what fits, what doesn't and how that is told, and what a schema may not do."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.actions.tool_arguments import ArgumentsRefused, compiled
from interlock.errors import MalformedInput
from interlock.model.jcs import Json

SCHEMA: dict[str, Json] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {
        "mrn": {"type": "string", "pattern": r"^[A-Z]{3}\d{5}$"},
        "rows": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
        "next": {"$ref": "#"},
    },
    "patternProperties": {"^x-": {"type": "string"}},
    "additionalProperties": False,
    "required": ["mrn"],
}
SECRET = "123-45-6789"


@pytest.mark.parametrize(
    "arguments",
    [{"mrn": "ABC12345"}, {"mrn": "ABC12345", "x-a": "b", "rows": [{"n": 1}], "next": {"mrn": "ABC12346"}}],
)
def test_what_fits_passes(arguments: dict[str, Json]) -> None:
    compiled(SCHEMA).check(arguments)


@pytest.mark.parametrize(
    ("arguments", "path", "keyword"),
    [
        ({}, "arguments", "required mrn"),
        ({"mrn": SECRET}, "arguments.mrn", "pattern"),
        ({"mrn": "ABC12345\n"}, "arguments.mrn", "pattern"),
        ({"mrn": 5}, "arguments.mrn", "type string"),
        ({"mrn": "ABC12345", SECRET: 1}, "arguments", "additionalProperties"),
        ({"mrn": "ABC12345", f"x-{SECRET}": 1}, "arguments.?", "type string"),
        ({"mrn": "ABC12345", "rows": [{"n": 1}, {"n": SECRET}]}, "arguments.rows[].n", "type integer"),
        ({"mrn": "ABC12345", "next": {"mrn": SECRET}}, "arguments.next.mrn", "pattern"),
    ],
)
def test_a_mistake_is_told_by_its_place_and_never_by_its_value(
    arguments: dict[str, Json], path: str, keyword: str
) -> None:
    with pytest.raises(ArgumentsRefused) as refused:
        compiled(SCHEMA).check(arguments)
    assert (refused.value.path, refused.value.keyword) == (path, keyword)
    assert SECRET not in refused.value.sentence


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "https://example.org/schema.json"},
        {"properties": {"a": {"$ref": "other.json#/x"}}},
        {"properties": {"a": {"pattern": "(?=a)b"}}},
        {"properties": {"a": {"pattern": "(a"}}},
        {"patternProperties": {r"(a)\1": True}},
        {"pattern": "a" * 1_001},
        {"$schema": "https://example.org/dialect"},
        {"$schema": 5},
        {"properties": {"a": {"$schema": "http://json-schema.org/draft-04/schema#"}}},
        {"type": "no-such-type"},
        {"properties": []},
        {"unevaluatedProperties": False, "patternProperties": {"a": True}},
        {"description": "x" * 300_000},
    ],
)
def test_a_schema_that_cant_be_used_safely_isnt_pinned(schema: dict[str, Json]) -> None:
    with pytest.raises(MalformedInput):
        compiled(schema)


def test_a_schema_nested_too_deep_isnt_pinned() -> None:
    schema: Json = {}
    for _ in range(26):
        schema = {"not": schema}
    assert isinstance(schema, dict)
    with pytest.raises(MalformedInput):
        compiled(schema)


def test_a_property_may_be_called_like_a_keyword() -> None:
    check = compiled({"type": "object", "properties": {"$ref": {"type": "string"}, "pattern": {"type": "integer"}}})
    check.check({"$ref": "https://example.org", "pattern": 5})
    with pytest.raises(ArgumentsRefused):
        check.check({"pattern": "x"})


def test_a_pattern_that_would_never_end_elsewhere_ends() -> None:
    check = compiled({"properties": {"a": {"type": "string", "pattern": "^(a+)+$"}, "next": {"$ref": "#"}}})
    for text in ("a" * 200_000 + "!", "!" * 200_000):
        for arguments in ({"a": text}, {"next": {"a": text}}):
            with pytest.raises(ArgumentsRefused):
                check.check(arguments)


def test_what_goes_round_in_circles_is_refused() -> None:
    for schema in ({"$ref": "#"}, {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}):
        with pytest.raises(ArgumentsRefused, match="too much"):
            compiled(schema).check({})
    with pytest.raises(ArgumentsRefused, match="can't be checked"):
        compiled({"$ref": "#/nowhere"}).check({})


def test_work_is_bounded() -> None:
    wide = compiled({"additionalProperties": {"enum": [str(n) for n in range(1_000)]}})
    with pytest.raises(ArgumentsRefused, match="too much"):
        wide.check({f"k{n}": "1" for n in range(1_000)})
    wide.check({"k": "1"})


def test_deep_arguments_are_refused() -> None:
    arguments: dict[str, Json] = {}
    for _ in range(30):
        arguments = {"a": arguments}
    with pytest.raises(ArgumentsRefused, match="deep"):
        compiled({}).check(arguments)


def test_equal_members_are_found_by_what_they_mean() -> None:
    check = compiled({"properties": {"a": {"uniqueItems": True}}})
    check.check({"a": [1, True, "1", {"b": 1}]})
    with pytest.raises(ArgumentsRefused, match="uniqueItems"):
        check.check({"a": [{"b": 1, "c": 2}, {"c": 2, "b": 1}]})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abmrnx"), inner, max_size=3),
    max_leaves=12,
)
KEYWORDS = st.sampled_from(
    ["type", "properties", "items", "pattern", "$ref", "enum", "not", "anyOf", "$defs", "required", "minimum", "$id"]
)


@given(st.dictionaries(KEYWORDS, JSON, max_size=4), st.dictionaries(st.text(max_size=3), JSON, max_size=4))
def test_any_schema_and_arguments_give_one_of_the_errors_or_none(
    schema: dict[str, Json], arguments: dict[str, Json]
) -> None:
    with contextlib.suppress(MalformedInput, ArgumentsRefused):
        compiled(schema).check(arguments)
