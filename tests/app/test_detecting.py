"""The engine put together: what every detector's file must hold to, whoever wrote it, and that both gates agree."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import sys
from pathlib import Path

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.app import detecting
from interlock.app.pattern_cache import kept_gate
from interlock.sensitivity import detectors
from interlock.sensitivity.hyperscan_gate import HyperscanGate
from interlock.sensitivity.labels import KNOWN
from interlock.sensitivity.matching import Matcher, SetGate, framed, options
from interlock.sensitivity.passage import Layer
from interlock.sensitivity.pattern import Beside, Pattern, Structured

FILES = sorted(m.name for m in pkgutil.iter_modules(detectors.__path__))
STRUCTURED, _ = detecting.found_detectors()
PATTERNS = [pattern for each in STRUCTURED for pattern in each.patterns]
SHARED = Path(__file__).resolve().parents[2] / ".." / "shared" / "data" / "phi"


@pytest.mark.parametrize("name", FILES)
def test_a_file_exports_one_of_the_two(name: str) -> None:
    module = importlib.import_module(f"{detectors.__name__}.{name}")
    made, makes = getattr(module, "DETECTOR", None), getattr(module, "detector", None)
    assert (made is None) != (makes is None)
    if made is not None:
        assert isinstance(made, Structured) and made.patterns and made.meaning
    assert module.__doc__


def test_names_are_unique() -> None:
    assert len({each.name for each in STRUCTURED}) == len(STRUCTURED)
    assert len({each.name for each in PATTERNS}) == len(PATTERNS)


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda p: p.name)
def test_an_expression_is_what_both_libraries_share(pattern: Pattern) -> None:
    classes = re.findall(r"\[(?:[^\]\\]|\\.)*\]", pattern.expression)
    assert all(each.isascii() for each in classes), "a class of characters beyond ASCII is one of bytes"
    plain = re.sub(r"\[(?:[^\]\\]|\\.)*\]", "C", pattern.expression)
    assert not re.search(r"\\[bB1-9]", plain), "boundary or reference"
    plain = re.sub(r"\\.", "L", plain)
    assert not re.search(r"\(\?[=!<P]|[*+?}][?+]", plain), "lookaround, lazy or possessive repeat"
    compiled = re2.compile(framed(pattern), options(pattern.ignore_case))
    assert compiled.fullmatch(b"") is None, "it matches nothing at all"
    assert pattern.label in KNOWN
    assert 0 <= pattern.score <= 1
    assert all(word == word.lower() for word in pattern.context)


def test_what_is_found_is_found_by_both_gates() -> None:
    if not SHARED.is_dir():
        pytest.skip("no shared folder beside the repository")
    lines = [line for file in sorted(SHARED.glob("*.jsonl")) for line in file.read_text(encoding="utf-8").splitlines()]
    texts = [json.loads(line)["text"] for line in lines]
    assert len(texts) > 1000
    by_set, by_hyperscan = Matcher(PATTERNS, SetGate(PATTERNS)), Matcher(PATTERNS, kept_gate(PATTERNS))
    assert isinstance(by_hyperscan.gate, HyperscanGate)
    assert dict(by_set.matches(texts)) == dict(by_hyperscan.matches(texts))


PIECES = st.one_of(
    st.text(st.characters(max_codepoint=0x2FF), max_size=6),
    st.sampled_from(
        [
            "MRN",
            ":",
            "#",
            "-",
            "402-19-8877",
            "(312)",
            "555-0198",
            "jane",
            "@",
            "example.org",
            "https://",
            "key",
            "=",
            "AKIA",
            "ghp_",
            "=",
            "4111",
            "1111",
            "GB82",
            "WEST\n",
        ]
    ),
)


@given(st.lists(st.lists(PIECES, max_size=12).map("".join), max_size=4))
@settings(max_examples=100, deadline=None)
def test_both_gates_agree_on_anything(texts: list[str]) -> None:
    by_set, by_hyperscan = GATED
    assert dict(by_set.matches(texts)) == dict(by_hyperscan.matches(texts))


GATED = (Matcher(PATTERNS, SetGate(PATTERNS)), Matcher(PATTERNS, kept_gate(PATTERNS)))


@pytest.mark.parametrize(
    "unit", ["a", "1", "1-", "1 ", "A1", "a@", "key=", ". ", "%41", "-----BEGIN ", "eyJ", "/", "GB11", "+1"]
)
def test_a_long_text_of_anything_takes_time_in_proportion(unit: str) -> None:
    engine = detecting.load_engine(frozenset({Layer.NORMALISE, Layer.STRUCTURED}))
    engine.find(unit * (60_000 // len(unit)))
    assert engine.failed == 0


def test_without_hyperscan_the_set_is_the_gate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hyperscan", None)
    assert isinstance(detecting.fastest_matcher(PATTERNS[:3]).gate, SetGate)


def test_an_expression_that_hyperscan_refuses_leaves_the_set() -> None:
    odd = Pattern("odd", "a*", PATTERNS[0].label, 0.9, Beside.NOTHING)
    assert isinstance(detecting.fastest_matcher([odd]).gate, SetGate)


def test_layers_are_switched() -> None:
    engine = detecting.load_engine(frozenset({Layer.STRUCTURED}))
    text = "Jane Roe, 402-19-8877, seen 2024-03-05"
    assert [text[f.start : f.end] for f in engine.find(text)] == ["402-19-8877"]
