"""Tool calls made into actions: one reading of the arguments, no value in a template, opaque where policy can't see."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.actions.call_template import FINDING, MAX_LEAVES, TOO_MANY, UNREAD
from interlock.actions.from_tool_call import BAD_NAME, NOT_AN_OBJECT, NOT_MAPPED, NOT_PINNED, from_tool_call
from interlock.errors import MalformedInput
from interlock.model import jcs
from interlock.model.action import Action, Ask, EnforcedBy
from interlock.model.actor import Actor, ActorKind
from interlock.model.canonical import encode
from interlock.model.connection import Connection
from interlock.model.digest import payload_document, payload_from_document
from interlock.model.jcs import Json
from interlock.model.label import Label
from interlock.model.names import ActionId, ActorId, ConnectionName, KeyId, PersonId
from interlock.model.payload import ToolPayload
from interlock.model.resource import Resource, ResourceKind
from interlock.model.tool import Tool
from interlock.model.verb import TOOL_CALL

ANA = PersonId("ana")
AGENT = Actor(ActorKind.AGENT, ActorId("bot"), frozenset(), ANA, KeyId("k"), ANA, ANA)
GITHUB = Connection(ConnectionName("github"), "mcp", "production", frozenset())
CREATE = Tool(
    ConnectionName("github"),
    "create_issue",
    {
        "type": "object",
        "properties": {
            "title": {"type": "string"},
            "state": {"type": "string", "enum": ["open", "closed"]},
            "confirm": {"type": "boolean"},
            "labels": {"type": "array", "items": {"type": "string"}},
            "amount": {"type": "number", "minimum": 0.5},
            "12345678 odd name": {"type": "string"},
            "by": {"type": "object", "properties": {"name": {"type": "string"}}},
        },
    },
)
PHI = frozenset({Label("phi.mrn")})


def call(
    arguments: bytes | dict[str, Json],
    tool: Tool | None = CREATE,
    name: str = "create_issue",
    labels: frozenset[Label] = frozenset(),
    given: Sequence[str] = (),
) -> Action:
    text = arguments if isinstance(arguments, bytes) else json.dumps(arguments).encode()
    return from_tool_call(
        id=ActionId("a1"),
        actor=AGENT,
        connection=GITHUB,
        tool=tool,
        name=name,
        arguments=text,
        given=given,
        labels=labels,
        reason="to track it",
        ticket="OPS-1",
    )


def sent(action: Action) -> ToolPayload:
    assert isinstance(action.payload, ToolPayload)
    return action.payload


def test_a_call_that_maps_is_asked_for_whole() -> None:
    action = call(b'{"title": "T\\u00e9l", "labels": ["b", "a"], "confirm": true}', labels=PHI)
    assert action.asks == (Ask(TOOL_CALL, Resource(ResourceKind.TOOL, "github/create_issue", PHI)),)
    canonical = '{"confirm":true,"labels":["b","a"],"title":"Tél"}'
    assert sent(action) == ToolPayload("github/create_issue", CREATE.digest, canonical.encode())
    assert action.cover == action.form
    assert action.cover == {
        "connection": "github",
        "tool": "github/create_issue",
        "definition": CREATE.digest,
        "arguments": canonical,
    }
    assert action.input == {"confirm": True, "labels": ["b", "a"], "title": "Tél"}
    assert (action.exposure.opaque, action.exposure.opaque_because) == (False, ())
    assert action.exposure.labels == PHI
    assert [output.labels for output in action.exposure.outputs] == [PHI]
    assert (action.refusal, action.effect_free, action.cappable) == (None, False, False)
    assert (action.reason_given, action.ticket_given) == ("to track it", "OPS-1")
    assert action.enforced_by is EnforcedBy.GATEWAY
    assert encode(action.cover)
    assert payload_from_document(payload_document(action.payload)) == action.payload


def test_spelling_doesnt_tell_calls_apart_and_meaning_does() -> None:
    one = call(b'{"title":"x","amount":1.5}')
    assert call(b'{ "amount" : 15e-1,\n "title" : "\\u0078" }').cover == one.cover
    others = [
        call(b'{"title":"x","amount":1.25}'),
        call(b'{"title":"x"}'),
        call(b'{"title":"X","amount":1.5}'),
        call(b'{"title":"x","amount":"1.5"}'),
        call(b'{"title":"x","amount":1.5}', None),
        call(b'{"title":"x","amount":1.5}', Tool(CREATE.connection, CREATE.name, CREATE.input_schema, "Other.")),
        call(b'{"title":"x","amount":1.5}', None, "close_issue"),
    ]
    covers = [encode(action.cover) for action in (one, *others)]
    assert len(set(covers)) == len(covers)


@pytest.mark.parametrize("arguments", [b'{"amount":1.5}', b'{"titel":"x"}', b'{"title":1}', b'{"title":null}'])
def test_what_doesnt_map_makes_it_opaque(arguments: bytes) -> None:
    action = call(arguments)
    assert action.refusal is None
    assert action.input == {}
    assert action.exposure.opaque
    assert action.exposure.opaque_because == (NOT_MAPPED,)


@pytest.mark.parametrize("tool", [None, Tool(CREATE.connection, "other"), Tool(ConnectionName("gitlab"), CREATE.name)])
def test_a_tool_that_isnt_pinned_is_opaque(tool: Tool | None) -> None:
    action = call(b'{"title":"x"}', tool)
    assert action.refusal is None
    assert action.input is None
    assert action.exposure.opaque_because == (NOT_PINNED,)
    assert sent(action).definition == ""


@pytest.mark.parametrize(
    "arguments",
    [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b'{"title":"a","title":"b"}',
        b'{"by":{"name":"a","n\\u0061me":"b"}}',
        b'{"amount":0.1000000000000000055}',
        b'{"amount":9007199254740993}',
        b'{"amount":1e999}',
        b'{"amount":NaN}',
        b'{"title":"\\ud800"}',
        b'{"title":"\xff"}',
        b"[" * 100_000,
        b'{"a":' * 40 + b"1" + b"}" * 40,
        b'{"title":"' + b"x" * jcs.MAX_BYTES + b'"}',
    ],
)
def test_arguments_without_one_meaning_are_refused(arguments: bytes) -> None:
    action = call(arguments)
    assert action.refusal
    assert action.exposure.opaque
    assert action.input is None
    assert action.templates == (UNREAD,)
    assert sent(action).arguments == b""
    assert action.asks
    if arguments in (b"null", b"[]", b'"x"'):
        assert action.refusal == NOT_AN_OBJECT


def leaves(action: Action) -> list[tuple[str, str | None, str, str]]:
    (template,) = action.templates
    return [(leaf.kind, leaf.shown, leaf.length, leaf.mark) for leaf in template.leaves]


def test_keys_and_structure_are_shown_and_values_arent() -> None:
    action = call({"title": "SSN 078-05-1120", "by": {"name": "Ann"}, "amount": 5.5, "labels": ["x", "Ann", 5.5, None]})
    (template,) = action.templates
    assert template.stored == (
        'github/create_issue {"amount": ?, "by": {"name": ?}, "labels": [?, ?, ?, ?], "title": ?}'
    )
    assert leaves(action) == [
        ("number", None, "1-8", "#1"),
        ("text", None, "1-8", "#2"),
        ("text", None, "1-8", "#3"),
        ("text", None, "1-8", "#2"),
        ("number", None, "1-8", "#1"),
        ("null", None, "0", ""),
        ("text", None, "9-16", "#4"),
    ]


def test_flags_and_words_of_the_definition_are_shown_unless_labels_are_in_reach() -> None:
    arguments: dict[str, Json] = {"state": "closed", "confirm": False, "title": "open"}
    assert [leaf[:2] for leaf in leaves(call(arguments))] == [
        ("boolean", "false"),
        ("text", "closed"),
        ("text", "open"),
    ]
    assert [leaf[1] for leaf in leaves(call(arguments, labels=PHI))] == [None] * 3
    unpinned = [leaf[:2] for leaf in leaves(call(arguments, None))]
    assert unpinned == [("key", None), ("boolean", "false"), *[("key", None), ("text", None)] * 2]


def test_equal_texts_and_numbers_have_different_marks() -> None:
    marks = [leaf[3] for leaf in leaves(call({"labels": ["5", 5, "true", True, "5"]}))]
    assert marks == ["#1", "#2", "#3", "#4", "#1"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"078051120": 1},
        {"by": {"John Smith": 1}},
        {"a@b.example": 1},
        {"": 1},
        {"x" * 64: 1},
        {"a\u202eb": 1},
        {"a\nb": 1},
    ],
)
def test_a_key_that_looks_like_data_refuses_and_isnt_stored(arguments: dict[str, Any]) -> None:
    action = call(arguments)
    assert action.refusal == FINDING
    (template,) = action.templates
    for key in ("078051120", "John", "a@b", "x" * 64, "\u202e", "a\nb"):
        assert key not in template.stored


@pytest.mark.parametrize("tool", [CREATE, None])
def test_a_key_that_nobody_signed_for_is_a_hidden_leaf(tool: Tool | None) -> None:
    """It may be a value; and whether it repeats one isn't told, since that value may be another's pseudonym."""
    action = call({"by": {"Zebulon": "zebulon"}}, tool)
    (template,) = action.templates
    assert action.refusal is None and "ebulon" not in repr(template).casefold()
    assert ("key", None, "1-8") in [leaf[:3] for leaf in leaves(action)]
    assert "Zebulon" in [value.reveal() for value in template.values], "a reviewer may ask for it"


def test_words_of_a_protocol_are_shown() -> None:
    action = from_tool_call(
        id=ActionId("a1"),
        actor=AGENT,
        connection=GITHUB,
        tool=None,
        name="create_issue",
        arguments=b'{"resource":{"zebulon":1}}',
        words=frozenset({"resource"}),
    )
    assert action.templates[0].stored == 'github/create_issue {"resource": {?: ?}}'


def test_the_definitions_own_keys_are_shown_whatever_they_are() -> None:
    action = call({"12345678 odd name": "12345678 odd name"})
    assert action.refusal is None
    assert action.templates[0].stored == 'github/create_issue {"12345678 odd name": ?}'


@pytest.mark.parametrize("name", ["078051120", "a b", "x" * 64, "", "a\n", 'a"; drop', "a\u200b"])
def test_a_name_that_looks_like_data_is_refused_and_not_stored(name: str) -> None:
    action = call(b"{}", None, name)
    assert action.refusal == BAD_NAME
    assert action.asks[0].resource.id == "github/?"
    assert action.templates[0].stored == "github/? {}"
    assert "078051120" not in repr(action.cover)


def test_so_many_values_that_no_card_can_show_them_are_refused() -> None:
    assert call({"labels": ["x"] * MAX_LEAVES}).refusal is None
    action = call({"labels": ["x"] * (MAX_LEAVES + 1)})
    assert (action.refusal, action.templates) == (TOO_MANY, (UNREAD,))


def test_a_definition_without_a_canonical_form_is_malformed() -> None:
    with pytest.raises(MalformedInput):
        call(b"{}", Tool(CREATE.connection, CREATE.name, {"x": float("nan")}))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=10,
)
KEYS = st.sampled_from(["title", "state", "confirm", "labels", "amount", "by", "x"]) | st.text(max_size=6)
CALLS = st.dictionaries(KEYS, VALUES, max_size=5).map(lambda d: json.dumps(d).encode()) | st.binary(max_size=30)
CANARY = "Qx7-canary-53190"


@given(CALLS, st.none() | st.just(CREATE), st.text(max_size=8))
def test_nothing_hostile_gets_further_than_a_refusal(arguments: bytes, tool: Tool | None, name: str) -> None:
    check(arguments, tool, name)


@pytest.mark.slow
@settings(max_examples=3_000, deadline=None)
@given(CALLS, st.none() | st.just(CREATE), st.text(max_size=8))
def test_nothing_hostile_gets_further_than_a_refusal_for_long(arguments: bytes, tool: Tool | None, name: str) -> None:
    check(arguments, tool, name)


def check(arguments: bytes, tool: Tool | None, name: str) -> None:
    action = call(arguments, tool, name if tool is None else CREATE.name)
    (template,) = action.templates
    assert len(template.code) == len(template.leaves) + 1
    assert encode(action.cover)
    if action.refusal is None:
        assert jcs.encode(jcs.read(arguments)) == sent(action).arguments == jcs.encode(jcs.read(sent(action).arguments))


CANARIES = st.recursive(
    st.just(CANARY) | st.integers(0, 9), lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=8
)


@given(CANARIES)
def test_no_value_is_in_a_template(value: Json) -> None:
    for tool in (CREATE, None):
        action = call({"title": value, CANARY if value == 3 else "by": value}, tool)
        assert CANARY not in repr(action.templates)
