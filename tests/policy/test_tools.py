"""Tools' arguments as policies read them: what maps, what doesn't, and that nothing hostile gets further than that."""

from __future__ import annotations

from collections.abc import Mapping

import cedarpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import MalformedInput
from interlock.model.canonical import JsonValue
from interlock.model.jcs import Json
from interlock.model.names import ConnectionName
from interlock.model.tool import Tool
from interlock.policy.schema import schema_text
from interlock.policy.tools import (
    MAX_ALL_ATTRIBUTES,
    MAX_ATTRIBUTES,
    MAX_RECORDS,
    Record,
    Scalar,
    SetOf,
    map_input,
    record_of,
)

STRING: Json = {"type": "string"}


def tool(properties: Mapping[str, Json] | None = None, /, name: str = "create_issue", **schema: Json) -> Tool:
    document: dict[str, Json] = {"type": "object", **schema}
    if properties is not None:
        document["properties"] = properties
    return Tool(ConnectionName("github"), name, document)


MAPPING: list[tuple[Json, object]] = [
    ({"type": "string"}, Scalar.STRING),
    ({"type": "string", "enum": ["a", "b"], "minLength": 1, "description": "x"}, Scalar.STRING),
    ({"enum": ["a", "b"]}, Scalar.STRING),
    ({"type": "integer", "minimum": 0.5}, Scalar.LONG),
    ({"type": "boolean", "default": False}, Scalar.BOOL),
    ({"type": "array", "items": {"type": "string"}}, SetOf(Scalar.STRING)),
    ({"type": "array", "items": {"enum": ["a"]}}, SetOf(Scalar.STRING)),
    ({"type": "array", "items": {"type": "integer"}}, SetOf(Scalar.LONG)),
    ({"type": "array", "items": {"type": "boolean"}}, SetOf(Scalar.BOOL)),
    ({"type": "object", "properties": {"x": STRING, "y": {"type": "null"}}}, Record({"x": Scalar.STRING})),
    ({"type": "object", "properties": {"x": STRING}, "additionalProperties": True}, Record({"x": Scalar.STRING})),
]


@pytest.mark.parametrize(("schema", "shape"), MAPPING)
def test_what_maps(schema: Json, shape: object) -> None:
    assert record_of(tool({"a": schema})) == Record({"a": shape})  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "number"},
        {"type": "null"},
        {"type": ["string", "null"]},
        {"type": ["string"], "enum": ["a"]},
        {"anyOf": [STRING]},
        {"type": "string", "anyOf": [STRING]},
        {"type": "string", "oneOf": [STRING]},
        {"type": "string", "allOf": [STRING]},
        {"type": "string", "$ref": "#/$defs/x"},
        {"enum": ["a", 1]},
        {"enum": []},
        {"enum": "ab"},
        {"type": "array"},
        {"type": "array", "items": [STRING]},
        {"type": "array", "prefixItems": [STRING], "items": STRING},
        {"type": "array", "items": {"type": "array", "items": STRING}},
        {"type": "array", "items": {"type": "object", "properties": {"x": STRING}}},
        {"type": "array", "items": True},
        {"type": "object"},
        {"type": "object", "properties": {}},
        {"type": "object", "additionalProperties": STRING},
        {"type": "object", "properties": {"x": {"type": "number"}}},
        {"type": "strnig"},
        {},
        True,
        None,
        [],
        "string",
        1.5,
    ],
)
def test_what_doesnt_map(schema: Json) -> None:
    assert record_of(tool({"a": schema, "b": STRING})) == Record({"b": Scalar.STRING})
    assert map_input(tool({"a": schema, "b": STRING}), {"a": "x", "b": "y"}).input == {"b": "y"}
    assert not map_input(tool({"a": schema, "b": STRING}), {"a": "x", "b": "y"}).complete


@pytest.mark.parametrize("name", ["", "__entity", "__extn", "__x", "ä", "a\nb", 'a"b', "a\\b", "x" * 65, "\ud800"])
def test_names_that_cedar_would_take_otherwise_dont_map(name: str) -> None:
    assert record_of(tool({name: STRING})) == Record({})
    assert not map_input(tool({name: STRING}), {name: "x"}).complete


@pytest.mark.parametrize("name", ["if", "in", "has", "a.b", "a b", "$x", "@type", "filter[a]", "x" * 64, "-", "true"])
def test_any_other_name_can_be_asked_for(name: str) -> None:
    texts = schema_text([tool({name: {"type": "boolean"}})])
    condition = f'context.input has "{name}" && context.input["{name}"]'
    policy = (
        f'forbid (principal, action == Interlock::Action::"tool:github/create_issue", resource) when {{ {condition} }};'
    )
    assert cedarpy.validate_policies(policy, texts).validation_passed


@pytest.mark.parametrize(
    "schema", [{"type": "string"}, {}, {"type": "object"}, {"type": "object", "anyOf": []}, {"type": ["object"]}]
)
def test_a_definition_that_isnt_a_plain_object_maps_nothing(schema: Mapping[str, Json]) -> None:
    odd = Tool(ConnectionName("github"), "x", {**schema, "properties": {"a": STRING}} if "anyOf" in schema else schema)
    assert record_of(odd) == Record({})
    assert map_input(odd, {}).complete
    assert not map_input(odd, {"a": "x"}).complete


def test_too_many_attributes_dont_map() -> None:
    full = {f"a{n}": STRING for n in range(MAX_ATTRIBUTES)}
    assert len(record_of(tool(full)).attributes) == MAX_ATTRIBUTES
    assert record_of(tool({**full, "more": STRING})) == Record({})
    part: Json = {"type": "object", "properties": full}
    count = MAX_ALL_ATTRIBUTES // (MAX_ATTRIBUTES + 1)
    assert len(record_of(tool({f"r{n}": part for n in range(count)})).attributes) == count
    assert record_of(tool({f"r{n}": part for n in range(count + 1)})) == Record({})


def test_too_deep_doesnt_map() -> None:
    schema: Json = {"type": "object", "properties": {"x": STRING}}
    for _ in range(MAX_RECORDS - 2):
        schema = {"type": "object", "properties": {"x": schema}}
    assert record_of(tool({"x": schema})) != Record({})
    assert record_of(tool({"x": {"type": "object", "properties": {"x": schema}}})) == Record({})
    for _ in range(10_000):
        schema = {"type": "array", "items": {"type": "object", "properties": {"x": schema}}}
    assert record_of(tool({"x": schema})) == Record({})


ALL = tool(
    {
        "s": STRING,
        "n": {"type": "integer"},
        "b": {"type": "boolean"},
        "ss": {"type": "array", "items": STRING},
        "ns": {"type": "array", "items": {"type": "integer"}},
        "o": {"type": "object", "properties": {"x": STRING}},
        "f": {"type": "number"},
    }
)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"s": "x", "n": 2**63 - 1, "b": True, "ss": [], "o": {"x": "y"}},
        {"n": -(2**63), "ss": ["a", "a"], "ns": [1, 2], "o": {}},
    ],
)
def test_what_fits_is_all_there(arguments: Mapping[str, Json]) -> None:
    mapped = map_input(ALL, arguments)
    assert mapped.complete
    assert mapped.input == arguments


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        ({"s": 1}, {}),
        ({"s": None}, {}),
        ({"s": "a\ud800"}, {}),
        ({"s": ["x"]}, {}),
        ({"n": 2**63}, {}),
        ({"n": -(2**63) - 1}, {}),
        ({"n": True}, {}),
        ({"n": 1.0}, {}),
        ({"b": 1}, {}),
        ({"b": "true"}, {}),
        ({"ss": ["a", 1]}, {}),
        ({"ss": "abc"}, {}),
        ({"ns": [1, True]}, {}),
        ({"ns": [1, 2**63]}, {}),
        ({"o": {"x": "y", "z": 1}}, {"o": {"x": "y"}}),
        ({"o": {"x": 1}}, {"o": {}}),
        ({"o": []}, {}),
        ({"f": 1.5, "s": "x"}, {"s": "x"}),
        ({"S": "x"}, {}),
        ({"s ": "x"}, {}),
    ],
)
def test_what_doesnt_fit_is_absent_and_the_call_opaque(arguments: Mapping[str, Json], left: Mapping[str, Json]) -> None:
    mapped = map_input(ALL, arguments)
    assert not mapped.complete
    assert mapped.input == left


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
NAMES = st.sampled_from(["a", "b", "if", "__entity", "labels", "x y", '"; }', "\n", "\ud800"]) | st.text(max_size=4)
WORDS = st.sampled_from(["string", "integer", "boolean", "array", "object", "number", "null", "x"])
SCHEMAS = st.recursive(
    JSON | st.builds(lambda word: {"type": word}, WORDS),
    lambda inner: st.fixed_dictionaries(
        {"type": WORDS},
        optional={
            "properties": st.dictionaries(NAMES, inner, max_size=5),
            "items": inner,
            "enum": st.lists(JSON, max_size=2),
            "anyOf": st.just([]),
            "additionalProperties": inner,
        },
    ),
    max_leaves=12,
)
TOOLS = st.builds(
    lambda name, schema: Tool(ConnectionName("github"), name, schema),
    st.text(max_size=6) | NAMES,
    st.fixed_dictionaries({"type": st.just("object"), "properties": st.dictionaries(NAMES, SCHEMAS, max_size=6)})
    | st.dictionaries(NAMES, SCHEMAS, max_size=3),
)


@given(TOOLS, st.dictionaries(NAMES, JSON, max_size=5))
def test_a_hostile_tool_or_call_is_malformed_at_worst(hostile: Tool, arguments: dict[str, Json]) -> None:
    check(hostile, arguments)


@pytest.mark.slow
@settings(max_examples=3_000, deadline=None)
@given(TOOLS, st.dictionaries(NAMES, JSON, max_size=5))
def test_a_hostile_tool_or_call_is_malformed_at_worst_for_long(hostile: Tool, arguments: dict[str, Json]) -> None:
    check(hostile, arguments)


def check(hostile: Tool, arguments: dict[str, Json]) -> None:
    """Cedar reads the schema, finds one action more in it than without the tool, and takes the call's input by it."""
    mapped = map_input(hostile, arguments)
    try:
        text = schema_text([hostile])
    except MalformedInput:
        return
    assert text.count("\n") == schema_text().count("\n") + 1
    schema = cedarpy.Schema.from_str(text)
    answer = cedarpy.is_authorized(
        {
            "principal": {"type": "Interlock::Agent", "id": "a"},
            "action": {"type": "Interlock::Action", "id": f"tool:{hostile.id}"},
            "resource": {"type": "Interlock::Tool", "id": hostile.id},
            "context": {**CONTEXT, "input": mapped.input},
        },
        "permit (principal, action, resource);",
        [],
        schema,
    )
    assert answer.diagnostics.errors == []
    assert answer.decision is cedarpy.Decision.Allow


WINDOW: Mapping[str, JsonValue] = {"actions": 0, "exports": 0, "denials": 0, "held": 0, "rows": 0, "labels": []}
CONTEXT: Mapping[str, object] = {
    "labels": [],
    "filters": [],
    "probes": [],
    "writes_masked": [],
    "writes": [],
    "unbounded": False,
    "opaque": False,
    "environment": "production",
    "tags": [],
    "enforced_by": "gateway",
    "reason_given": False,
    "estimated": True,
    "rows_estimate": 10,
    "cappable": True,
    "asked": ["execute"],
    "now": {"__extn": {"fn": "datetime", "arg": "2026-01-01T00:00:00.000Z"}},
    "hour": 0,
    "recent": {"minute": WINDOW, "hour": WINDOW, "day": WINDOW},
}
EVIL = '" in ["read"] appliesTo { principal: [Agent], resource: [Tool], context: Context }; action "x'


@pytest.mark.parametrize(
    "name", [EVIL, 'a"b', "a\\", "\n};", "a\0b", "tool:x", "a/b", "é", "\U0001f600", "//", "\\u{22}"]
)
def test_a_name_is_never_syntax(name: str) -> None:
    schema = schema_text([tool({"force": {"type": "boolean"}}, name)])
    assert sorted(line for line in schema.splitlines() if line not in schema_text().splitlines()) == [
        line for line in schema.splitlines() if line.startswith('  action "tool:github/')
    ]
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\0", "\\0")
    text = f'permit (principal, action == Interlock::Action::"tool:github/{escaped}", resource);'
    assert cedarpy.validate_policies(text, schema).validation_passed


def test_no_two_tools_have_one_name() -> None:
    with pytest.raises(MalformedInput):
        schema_text([tool(name="x"), tool({"a": STRING}, name="x")])
    with pytest.raises(MalformedInput):
        schema_text([tool(name="\ud800")])


def test_a_definition_is_pinned_whole() -> None:
    one = tool({"a": {"type": "number", "minimum": 0.5}}, additionalProperties=False)
    digests = {
        one.digest,
        Tool(one.connection, "other", one.input_schema).digest,
        Tool(one.connection, one.name, one.input_schema, "Deletes everything.").digest,
        Tool(ConnectionName("gitlab"), one.name, one.input_schema).digest,
        tool({"a": {"type": "number", "minimum": 0.25}}, additionalProperties=False).digest,
    }
    assert len(digests) == 5
    assert one.digest == tool(additionalProperties=False, properties={"a": {"minimum": 0.5, "type": "number"}}).digest
    with pytest.raises(MalformedInput):
        assert tool({"\ud800": STRING}).digest
