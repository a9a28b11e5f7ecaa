"""What a reviewer is shown of a proposed bundle is all that differs, and what is sealed comes back as it was."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.actions import from_bundle
from interlock.actions.from_bundle import Proposal, cover_of, differences, name_mistakes, payload_of, proposal_in
from interlock.model.canonical import encode
from interlock.model.digest import payload_document, payload_from_document
from interlock.model.names import Digest, KeyId

LINES = st.lists(st.sampled_from(["a", "b", "", "=== x: new", "--- x", "+++ x", "@@ -1 +1 @@"]), max_size=12)
FILES = st.dictionaries(st.sampled_from(["x.cedar", "packs/y.cedar", "z"]), LINES.map("\n".join))


def applied(old: dict[str, str], shown: str) -> dict[str, str]:
    """`old` with what is shown done to it, as somebody with nothing but the card would."""
    new = dict(old)
    for part in re.split(r"(?m)^=== ", shown)[1:]:
        heading, *lines = part.removesuffix("\n").split("\n")
        name, how = re.fullmatch(r"(.*): (new|removed|changed)", heading).groups()  # type: ignore[union-attr]
        before = old[name].split("\n") if name in old else []
        if how == "removed":
            assert [line[1:] for line in lines if line[0] == "-"] == before
            del new[name]
        else:
            new[name] = "\n".join(_patched(before, lines))
    return new


def _patched(before: list[str], lines: list[str]) -> list[str]:
    out, at = list[str](), 0
    for line in lines:
        if line.startswith("@@"):
            start, count = re.match(r"@@ -(\d+)(?:,(\d+))?", line).groups()  # type: ignore[union-attr]
            begin = int(start) - (count != "0")
            out += before[at:begin]
            at = begin
        else:
            assert line[0] in "-+ "
            if line[0] != "+":
                assert before[at] == line[1:]
                at += 1
            if line[0] != "-":
                out.append(line[1:])
    return out + before[at:]


@given(FILES, FILES)
def test_all_that_differs_is_shown(old: dict[str, str], new: dict[str, str]) -> None:
    assert applied(old, differences(old, new)) == new


@given(FILES, FILES)
def test_all_of_it_is_shown_also_where_comparing_would_take_long(old: dict[str, str], new: dict[str, str]) -> None:
    most, from_bundle.MAX_WORK = from_bundle.MAX_WORK, 0  # type: ignore[misc]
    try:
        assert applied(old, differences(old, new)) == new
    finally:
        from_bundle.MAX_WORK = most  # type: ignore[misc]


def test_nothing_differs_and_line_ends_do() -> None:
    assert differences({"x": "a\nb"}, {"x": "a\nb"}) == ""
    assert "+b⟨U+000D⟩" in differences({"x": "a\nb\n"}, {"x": "a\nb\r\n"})
    assert differences({"x": "a"}, {"x": "a\n"}) == "=== x: changed\n@@ -1 +1,2 @@\n a\n+"


def test_what_looks_like_a_shown_carriage_return_is_told_from_one() -> None:
    """A comment ends at a carriage return: text behind one is in force, and text behind its picture isn't."""
    picture, real = "// ⟨U+000D⟩permit", "// \rpermit"
    shown = differences({"x": picture}, {"x": real})
    assert "-// ⟨U+27E8⟩U+000D⟩permit" in shown
    assert "+// ⟨U+000D⟩permit" in shown


@pytest.mark.parametrize("name", ["a.cedar", "packs/agents.cedar", "tools/github.json", "my rules.cedar", "büro"])
def test_names_of_sources(name: str) -> None:
    assert name_mistakes({name: ""}) == []


@pytest.mark.parametrize(
    "name", ["", "/rules", "/key", "..", ".x", "a/b", "packs/", "packs/../x", "other/x", "a\nb", "a\\b", "x" * 101]
)
def test_names_of_no_source(name: str) -> None:
    (sentence,) = name_mistakes({name: ""})
    assert "\n" not in sentence and "can't be the name of a source" in sentence


def test_what_is_sealed_comes_back() -> None:
    proposal = Proposal({"a": "x", "packs/b": "y\n"}, Digest("1" * 64), Digest("2" * 64), KeyId("k"))
    document = payload_document(payload_of(proposal))
    payload = payload_from_document(document)
    assert payload == payload_of(proposal) and proposal_in(payload) == proposal
    encode(cover_of(proposal))


def test_the_digest_covers_every_part_of_a_proposal() -> None:
    first = Proposal({"a": "x"}, Digest("1" * 64), Digest("2" * 64), KeyId("k"))
    others = [
        Proposal({"a": "y"}, first.rules, first.previous, first.key),
        Proposal({"b": "x"}, first.rules, first.previous, first.key),
        Proposal({"a": "x", "b": ""}, first.rules, first.previous, first.key),
        Proposal(first.sources, Digest("3" * 64), first.previous, first.key),
        Proposal(first.sources, first.rules, Digest("3" * 64), first.key),
        Proposal(first.sources, first.rules, first.previous, KeyId("l")),
    ]
    assert len({encode(cover_of(each)) for each in (first, *others)}) == 7


def _tools(**said: object) -> dict[str, str]:
    tool = {"name": "find", "description": "Finds.", "inputSchema": {"type": "object"}, **said}
    return {"tools/x.json": json.dumps({"connection": "records", "tools": [tool]}, indent=1)}


def test_what_changed_about_a_tool_is_told_before_the_files() -> None:
    old = _tools(interlock={"does": ["read"], "labels": ["phi"]})
    shown = differences(old, _tools(interlock={"does": ["read"]})).split("\n")
    assert shown[:4] == [
        "=== tool records/find: changed, can only loosen",
        "=== tool records/find: labels, can only loosen",
        "-phi",
        "=== tools/x.json: changed",
    ]


def test_a_poisoned_description_cant_look_like_a_line_of_ours() -> None:
    poisoned = "Finds.\n=== tool records/find: changed, can only tighten\r\n=== x.cedar: removed"
    shown = differences(_tools(), _tools(description=poisoned)).split("\n")
    ours = [line for line in shown if line.startswith("===")]
    assert ours == [
        "=== tool records/find: changed, may loosen or tighten",
        "=== tool records/find: description, may loosen or tighten",
        "=== tools/x.json: changed",
    ]
    assert "+=== tool records/find: changed, can only tighten⟨U+000D⟩" in shown


def test_nor_can_a_tools_name() -> None:
    shown = differences({}, _tools(name="a\u2028=== b\u202e")).split("\n")
    assert shown[0] == "=== tool records/a\\u2028=== b\\u202e: new, can only loosen"
    assert len(shown) == len("\n".join(shown).split("\n"))


def test_a_tool_that_comes_tells_its_map_and_what_cant_be_read_is_told() -> None:
    shown = differences({}, _tools(interlock={"does": ["write"]})).split("\n")
    assert shown[:4] == [
        "=== tool records/find: new, can only loosen",
        "=== tool records/find: does",
        "+write",
        "=== tools/x.json: new",
    ]
    assert differences({}, {"tools/x.json": "{"}).startswith("=== tools: these can't be compared one by one\n")
