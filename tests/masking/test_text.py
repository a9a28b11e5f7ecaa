"""Texts: what was found is masked, the rest is as it was."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.masking.a_masker import fetched, masker, pseudonyms_of

from interlock.masking.masker import Call
from interlock.masking.text import Masked, keyed_tokens, mask, unmask, wanted
from interlock.masking.tokens import holds_token, keyed_token
from interlock.model.finding import Finding
from interlock.model.label import Label

LABELS = ["phi", "phi.name", "phi.name.given", "phi.mrn", "phi.date", "phi.age", "secret.jwt", "quasi.state", "xyz"]
PROFILES = ["safe_harbor", "limited_dataset", "expert", "internal", "prompt_guard", "secrets_only"]


def finding(start: int, end: int, label: str = "phi.name") -> Finding:
    return Finding(start, end, Label(label), 0.9, "test")


def masked(text: str, *findings: Finding, profile: str = "prompt_guard", call: Call | None = None) -> Masked:
    return mask(text, findings, masker(profile), call=call)


def test_equal_values_get_equal_marks() -> None:
    text = "Dana met Remy. dana left."
    found = masked(text, finding(0, 4), finding(9, 13), finding(15, 19))
    assert found.text == "[phi.name#1] met [phi.name#2]. [phi.name#1] left."
    assert found.counts == {"phi.name": 3}
    assert [found.text[s.start : s.end] for s in found.spans] == ["[phi.name#1]", "[phi.name#2]", "[phi.name#1]"]


def test_a_call_goes_over_several_texts() -> None:
    call = Call()
    texts = [masked(text, finding(0, 4), call=call).text for text in ("Dana", "Remy", "Dana")]
    assert texts == ["[phi.name#1]", "[phi.name#2]", "[phi.name#1]"]


@pytest.mark.parametrize(
    ("findings", "told"),
    [
        ([finding(0, 10), finding(0, 4, "phi.name.given")], "[phi.name#1] x"),
        ([finding(0, 10), finding(0, 10, "phi.name.given")], "[phi.name.given#1] x"),
        ([finding(0, 4), finding(2, 10)], "[phi.name] x"),
        ([finding(0, 6), finding(3, 10, "phi.mrn")], "[phi.*] x"),
        ([finding(0, 10), finding(5, 10, "secret.jwt")], "[phi.name] x"),
        ([finding(0, 4), finding(4, 10)], "[phi.name#1] [phi.name#2] x"),
        ([finding(0, 10, "quasi.state")], "John Smith x"),
        ([finding(0, 10, "quasi.state"), finding(5, 10)], "John [phi.name#1] x"),
        ([finding(0, 999), finding(40, 50), finding(3, 3)], "[phi.name#1]"),
    ],
)
def test_overlapping_findings_are_one(findings: list[Finding], told: str) -> None:
    assert masked("John Smith x", *findings).text == told
    assert masked("John Smith x", *reversed(findings)).text == told


def test_spacing_is_kept() -> None:
    assert masked("a \n John \t b", finding(1, 10)).text == "a \n [phi.name#1] \t b"
    assert masked("   ", finding(0, 3)) == Masked("   ", (), {})


@pytest.mark.parametrize(
    "name", ["John", 'Jo"hn', "Jo\\hn", "J\u00f6rg", "\u00d6rg", "Jo\nhn", "\nJohn", "John\n", "John\\", "\\", '"']
)
@pytest.mark.parametrize("cut", [0, 1])
def test_a_json_text_stays_json(name: str, cut: int) -> None:
    text = json.dumps({"name": name, "other": "x"})
    start = text.index(": ") + 3 + cut
    end = text.index('", "other"')
    if start < end:
        for until in (end, max(start + 1, end - 1)):
            found = masked(text, finding(start, until))
            assert json.loads(found.text)["other"] == "x"
            assert "[phi.name" in found.text


@given(
    st.text(alphabet=st.characters(exclude_characters="\\"), max_size=60),  # an escape goes with what it escapes
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60), st.sampled_from(LABELS)), max_size=6),
    st.sampled_from(PROFILES),
)
def test_whatever_is_found_the_rest_stays(text: str, places: list[tuple[int, int, str]], profile: str) -> None:
    findings = [finding(start, end, label) for start, end, label in places]
    found = masked(text, *findings, profile=profile)
    kept, last = "", 0
    for span in found.spans:
        assert last <= span.start <= span.end <= len(found.text)
        kept += found.text[last : span.start]
        last = span.end
    kept += found.text[last:]
    held = masker(profile)
    covered = {n for f in findings if held.found([f.label]) for n in range(f.start, min(f.end, len(text)))}
    assert [letter for letter in kept if not letter.isspace()] == [
        letter for n, letter in enumerate(text) if n not in covered and not letter.isspace()
    ]


@given(
    st.text(alphabet='ab \\"\n', max_size=30), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=5)
)
def test_nothing_of_what_was_found_is_left(noise: str, places: list[tuple[int, int]]) -> None:
    text = "".join(chr(0x4E00 + n) if letter == "a" else letter for n, letter in enumerate(noise))
    found = masked(text, *(finding(start, end) for start, end in places), profile="safe_harbor")
    covered = {n for start, end in places for n in range(start, min(end, len(text)))}
    assert not {text[n] for n in covered if text[n] > "\u4dff"} & set(found.text)


def test_an_empty_value_is_dropped() -> None:
    found = masked("print: AAAA.", finding(7, 11, "phi.biometric"), profile="safe_harbor")
    assert (found.text, found.counts) == ("print: .", {"phi.biometric": 1})


def test_surrogates_are_listed_fetched_and_applied() -> None:
    held = masker("safe_harbor")
    text, found = "Dana, MRN-1, Dana", [finding(0, 4), finding(6, 11, "phi.mrn"), finding(13, 17)]
    asked = wanted(text, found, held)
    assert asked == (("phi.name", b"Dana"), ("phi.mrn", b"MRN-1"))
    told = mask(text, found, held, call=Call(surrogates=fetched(asked))).text
    name, mrn = keyed_token(Label("phi.name"), b"\1" * 20), keyed_token(Label("phi.mrn"), b"\2" * 20)
    assert told == f"{name}, {mrn}, {name}"
    assert mask(text, found, held).text == "[phi.name], [phi.mrn], [phi.name]"
    assert keyed_tokens(told)[name] == ("phi.name", b"\1" * 20)
    assert unmask(told, None, {name: "Dana"}).startswith("Dana, [phi.mrn:")


def test_surrogates_tell_nothing_of_their_values() -> None:
    """Equal chance gives equal surrogates, whatever the values are: they are made of nothing else."""
    held, out = masker("safe_harbor"), []
    for name in ("Dana", "Remy"):
        asked = wanted(name, [finding(0, 4)], held)
        out.append(mask(name, [finding(0, 4)], held, call=Call(surrogates=fetched(asked))).text)
    assert out[0] == out[1]


def test_pseudonyms_open_for_their_actor_alone() -> None:
    text = "look up MRN-0001 please"
    told = masked(text, finding(8, 16, "phi.mrn")).text
    assert "MRN-0001" not in told and holds_token(told)
    etl, other = pseudonyms_of("etl"), pseudonyms_of("other")
    assert unmask(told, etl) == unmask(told.lower(), etl) == text
    assert unmask(told, other) == told
    assert unmask(told, None) == told
    forged = told.replace("phi.mrn", "phi.ssn")
    assert unmask(forged, etl) == forged
    assert masked(text, finding(8, 16, "phi.mrn")).text == told  # another call


@given(st.text(max_size=40), st.text(max_size=20), st.text(max_size=20))
def test_what_was_masked_comes_back(value: str, before: str, behind: str) -> None:
    etl = pseudonyms_of("etl")
    token = etl.write(Label("phi.mrn"), value.encode())
    assert token is not None
    opened = unmask(f"{before} {token.decode()} {behind}", etl)
    assert opened == f"{before} {value} {behind}"


def test_what_is_put_in_isnt_looked_at_again_and_fits_json() -> None:
    etl = pseudonyms_of("etl")
    inner = etl.write(Label("phi.mrn"), b"MRN-1")
    assert inner is not None
    outer = etl.write(Label("phi.mrn"), inner)
    assert outer is not None
    assert unmask(outer.decode(), etl) == inner.decode()
    quoted = etl.write(Label("phi.name"), b'a"b\n')
    assert quoted is not None
    text = json.dumps({"q": quoted.decode()})
    assert json.loads(unmask(text, etl, write=lambda value: json.dumps(value)[1:-1])) == {"q": 'a"b\n'}
    assert unmask((etl.write(Label("phi.name"), b"\xff") or b"").decode(), etl).startswith("[phi.name:")


@pytest.mark.parametrize("piece", ["[", "[a", "[a.b:", "[a.b.c.d:AAAA", "a", "\\", "[phi.mrn:AAAA2222", " "])
def test_long_hostile_texts_are_done_in_time(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    assert unmask(text, pseudonyms_of("etl")) == text
    found = masked(text, *(finding(at, at + 3) for at in range(0, 999_000, 1_000)))
    assert len(found.spans) <= 999


def test_no_repr_holds_a_text() -> None:
    assert "canary" not in repr(masked("canary", finding(0, 3)))
