"""JSON: every string and telling number is a piece, and nothing else of the text moves."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sensitivity.formats.reading import changed, read

from interlock.errors import MalformedInput
from interlock.sensitivity.formats.document import Form
from interlock.sensitivity.formats.json_text import JsonText
from interlock.sensitivity.formats.json_tokens import MAX_DEPTH, TokenKind, json_tokens

VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def test_strings_numbers_and_keys_have_paths_and_telling_names() -> None:
    found = read(JsonText(), '{"patient": {"name": [{"family": "M"}], "ssn": 219099999, "n": 12}, "a b": ["x"]}')
    assert found["$.patient.name[0].family"].label == "phi.name.family"
    assert found["$.patient.ssn"].form is Form.NUMBER and found["$.patient.ssn"].label == "phi.ssn"
    assert found['$["a b"][0]'].telling == "a b"
    assert "$.patient.n" not in found
    assert '$["a b"] (key)' in found


@pytest.mark.parametrize(
    "source",
    [
        '{"a":1,"a":1.50000000000000000000001,  "b" :[ ]}',
        '\n[1e400, -0, 12345678901234567890, {"x":{}}, "\\u00e9\\/"]\t',
        '"alone"',
        "[]",
        "{}",
        "true",
    ],
)
def test_what_isnt_masked_stays_byte_for_byte(source: str) -> None:
    assert changed(JsonText(), source, lambda _: None) == source


def test_only_the_token_changes() -> None:
    source = '{ "name" : "Alice",\n  "k":1.10, "name":"Bob" }'
    assert changed(JsonText(), source, lambda p: "X" if p.text == "Bob" else None) == source.replace("Bob", "X")


def test_a_number_becomes_a_number_or_null() -> None:
    source = '{"zip": 94110, "ssn": 219099999}'
    out = changed(JsonText(), source, lambda p: "941" if p.telling == "zip" else "[phi.ssn]")
    assert json.loads(out) == {"zip": 941, "ssn": None}


def test_masked_keys_stay_apart() -> None:
    out = changed(JsonText(), '{"a@b.org": 1, "c@d.org": 2, "plain": 3}', lambda _: "[phi.email]")
    assert json.loads(out) == {"[phi.email]": 1, "[phi.email] 2": 2, "plain": 3}


def test_json_in_a_string_is_looked_into_once() -> None:
    inner = json.dumps({"ssn": "219-09-9999", "deeper": json.dumps({"name": "Bob"})})
    source = json.dumps({"payload": inner, "rest": "{not json"})
    found = read(JsonText(), source)
    assert found["$.payload -> $.ssn"].text == "219-09-9999"
    assert found["$.payload -> $.deeper"].text == '{"name": "Bob"}'
    assert found["$.rest"].text == "{not json"
    out = json.loads(changed(JsonText(), source, lambda p: "Ü" if p.telling == "ssn" else None))
    assert json.loads(out["payload"])["ssn"] == "Ü" and out["rest"] == "{not json"


def test_json_in_a_string_without_names_is_told_by_its_strings_name() -> None:
    found = read(JsonText(), json.dumps({"ssn": '["219099999"]'}))
    assert found["$.ssn -> $[0]"].label == "phi.ssn"


@pytest.mark.parametrize(
    "source", ["", "{", '{"a"}', "[1,]", '{"a":1,}', "01", "NaN", "[1] 2", '"\n"', "{'a':1}", "[1 2]"]
)
def test_what_isnt_json(source: str) -> None:
    with pytest.raises(MalformedInput):
        list(json_tokens(source))


def test_depth_is_bounded() -> None:
    assert not list(json_tokens("[" * MAX_DEPTH + "]" * MAX_DEPTH))
    with pytest.raises(MalformedInput):
        list(json_tokens("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)))


@given(VALUES, st.sampled_from([None, 1]), st.booleans())
def test_tokens_are_what_json_has(value: Any, indent: int | None, ascii_only: bool) -> None:
    source = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    tokens = list(json_tokens(source))
    for token in tokens:
        assert json.loads(source[token.start : token.end]) == json.loads(json.dumps(token.text)) or (
            token.kind in (TokenKind.NUMBER, TokenKind.OTHER) and source[token.start : token.end] == token.text
        )
        if token.kind is not TokenKind.KEY:
            at: Any = value
            for step in token.path:
                at = at[step]
            assert at == json.loads(source[token.start : token.end])
    assert changed(JsonText(), source, lambda _: None) == source


@given(st.text(max_size=60) | st.text('{}[]",:0123 tfn\\eu.-', max_size=40))
@settings(max_examples=400)
def test_anything_is_json_exactly_when_the_standard_library_says_so(source: str) -> None:
    try:
        json.loads(source, parse_constant=lambda _: 1 / 0)
        is_json = True
    except (ValueError, ZeroDivisionError):
        is_json = False
    try:
        list(json_tokens(source))
        ours = True
    except MalformedInput:
        ours = False
    assert ours == is_json


@given(st.dictionaries(st.sampled_from(["name", "note", "ssn"]), st.text(min_size=1), min_size=1), st.text())
def test_what_is_written_is_what_was_meant(document: dict[str, str], new: str) -> None:
    out = changed(JsonText(), json.dumps(document), lambda p: new if p.form is Form.STRING else None)
    assert set(json.loads(out)) == set(document)
    assert all(v == new or v == document[k] for k, v in json.loads(out).items())
