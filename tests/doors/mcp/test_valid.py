"""Masked values that still are what a schema says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from interlock.doors.mcp.valid import FORMATS, fitted

TOKEN = "[phi.mrn]"


def of(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {"x": schema}, "required": ["x"]}


@pytest.mark.parametrize(
    ("schema", "masked"),
    [
        ({"type": "integer"}, None),
        ({"type": "integer", "minimum": 1000}, None),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, None),
        ({"type": "integer", "minimum": 7, "multipleOf": 5}, None),
        ({"type": "boolean"}, None),
        ({"type": ["integer", "null"]}, None),
        ({"type": "string"}, TOKEN),
        ({"type": "string", "enum": ["a", "b"]}, TOKEN),
        ({"const": "a"}, TOKEN),
        ({"type": "string", "minLength": 40}, TOKEN),
        ({"type": "string", "maxLength": 3}, TOKEN),
        ({"type": "string", "pattern": "^[A-Z]{2}-\\d{4}$"}, TOKEN),
        ({"type": "string", "pattern": "^(?:MRN|FIN)[0-9]+$", "minLength": 10}, TOKEN),
        *(({"type": "string", "format": name}, TOKEN) for name in FORMATS),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, TOKEN),
        ({"oneOf": [{"type": "integer", "minimum": 3}, {"type": "boolean"}]}, TOKEN),
        ({"$ref": "#/$defs/code"}, TOKEN),
        ({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}, {}),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, TOKEN),
    ],
)
def test_a_mask_that_does_not_fit_becomes_a_stand_in(schema: dict[str, Any], masked: Any) -> None:
    whole = {**of(schema), "$defs": {"code": {"type": "string", "pattern": "^[0-9]{3}$"}}}
    found = fitted({"x": masked, "y": 1}, [("x",)], whole)
    assert found is not None and found.value["y"] == 1
    Draft202012Validator(whole).validate(found.value)
    if "format" in schema:
        assert found.value["x"] == FORMATS[schema["format"]]


def test_values_that_fit_stay() -> None:
    value = {"x": TOKEN}
    found = fitted(value, [("x",)], of({"type": "string", "maxLength": 20}))
    assert found is not None and found.value is value and not found.stand_ins


def test_only_what_was_masked_is_repaired() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}}
    found = fitted({"a": None, "b": "theirs"}, [("a",)], schema)
    assert found is not None and found.value == {"a": 0, "b": "theirs"}


def test_members_that_must_differ_are_told_once() -> None:
    schema = {"type": "array", "uniqueItems": True, "items": {"type": "string"}}
    found = fitted([TOKEN, TOKEN, "c"], [(0,), (1,)], schema)
    assert found is not None and found.value == [TOKEN, "c"]


def test_within_a_choice_the_value_itself_is_repaired_first() -> None:
    row = {"type": "object", "properties": {"id": {"type": "integer"}, "n": {"type": "string"}}, "required": ["id"]}
    schema = {"type": "object", "properties": {"row": {"anyOf": [row, {"type": "null"}]}}}
    found = fitted({"row": {"id": None, "n": "stays"}}, [("row", "id")], schema)
    assert found is not None and found.value == {"row": {"id": 0, "n": "stays"}}


@pytest.mark.parametrize(
    "schema",
    [{"not": {}}, {"type": "string", "pattern": "^(?=q)[a-z]{3}$"}, {"type": "integer", "minimum": 5, "maximum": 4}],
)
def test_where_nothing_fits_it_is_said(schema: dict[str, Any]) -> None:
    assert fitted({"x": None}, [("x",)], of(schema)) is None


@pytest.mark.parametrize(
    "schema",
    [
        {"type": 7},
        {"$ref": "https://example.invalid/x.json"},
        {"$ref": "#/nowhere"},
        {"$ref": "#"},
        {"properties": {"x": {"$ref": "#/properties/x"}}},
    ],
)
def test_a_schema_that_cannot_be_used_asks_for_nothing(schema: dict[str, Any]) -> None:
    found = fitted({"x": TOKEN}, [("x",)], schema)
    assert found is not None and found.value == {"x": TOKEN}


def test_an_expression_that_runs_away_does_not() -> None:
    schema = of({"type": "string", "pattern": "^(a+)+$"})
    found = fitted({"x": "a" * 5000 + "[phi.mrn]"}, [("x",)], schema)
    assert found is not None and found.value == {"x": "a"}


LEAF = st.one_of(
    st.fixed_dictionaries({"type": st.just("string")}, optional={"minLength": st.integers(0, 20)}),
    st.fixed_dictionaries({"type": st.just("string"), "format": st.sampled_from(sorted(FORMATS))}),
    st.fixed_dictionaries({"type": st.just("string"), "enum": st.lists(st.text(max_size=4), min_size=1)}),
    st.fixed_dictionaries({"type": st.just("integer")}, optional={"minimum": st.integers(-9, 9)}),
    st.fixed_dictionaries({"type": st.sampled_from(["number", "boolean", "null"])}),
)
SCHEMA = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.fixed_dictionaries({"type": st.just("array"), "items": inner}),
        st.dictionaries(st.sampled_from("abcd"), inner, min_size=1).map(
            lambda each: {"type": "object", "properties": each, "required": sorted(each)}
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda each: {"anyOf": each}),
    ),
    max_leaves=8,
)


@given(SCHEMA)
def test_whatever_the_schema_a_stand_in_for_all_of_it_is_valid(schema: dict[str, Any]) -> None:
    for masked in (TOKEN, None):
        found = fitted({"x": masked}, [("x",)], of(schema))
        assert found is not None
        Draft202012Validator(of(schema)).validate(found.value)
