"""`Detector` and `Masker`: texts, JSON, streams, keys, and what can't be looked into."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sensitivity.formats.a_finder import BOOM, SimpleFinder

import interlock
from interlock.app import library
from interlock.app.library import Detector, Masker
from interlock.app.recogniser import RecogniserUnavailable
from interlock.errors import InterlockError, MalformedInput, NotFound
from interlock.sensitivity.passage import Layer
from interlock.sensitivity.regime import Regime

KEY = b"0123456789abcdef0123456789abcdef"
DAY = date(2026, 11, 22)


def simple() -> Detector:
    return Detector(engine=SimpleFinder())


def masker(profile: str = "safe_harbor", key: bytes | None = None) -> Masker:
    return Masker(profile, key, detector=simple(), as_of=DAY)


def test_they_are_there_by_their_short_names() -> None:
    assert interlock.Detector is Detector and interlock.Masker is Masker
    with pytest.raises(AttributeError):
        interlock.Nothing  # type: ignore[attr-defined]  # noqa: B018


def test_find() -> None:
    detector = simple()
    assert [(f.start, f.end, f.label) for f in detector.find("Alice: 219-09-9999")] == [
        (0, 5, "phi.name"),
        (7, 18, "phi.ssn"),
    ]
    assert [len(found) for found in detector.find_many(["Bob", "", "none"])] == [1, 0, 0]
    assert detector.failed == 0


def test_find_json_by_path() -> None:
    found = simple().find_json({"patient": [{"mrn": "A1", "note": "call Bob"}], "n": 3})
    assert [(f.path, f.start, f.end, f.label) for f in found] == [
        ("$.patient[0].mrn", 0, 2, "phi.mrn"),
        ("$.patient[0].note", 5, 8, "phi.name"),
    ]


@pytest.mark.parametrize("bad", [{1, 2}, float("nan"), object()])
def test_what_json_doesnt_have(bad: object) -> None:
    with pytest.raises(MalformedInput):
        simple().find_json({"a": bad})
    with pytest.raises(MalformedInput):
        masker().mask_json([bad])


def test_a_detector_that_raises_hides_the_text() -> None:
    detector = simple()
    text = f"Zed {BOOM}"
    assert [(f.start, f.end, f.label) for f in detector.find(text)] == [(0, len(text), "phi")]
    assert detector.failed == 1
    mask = masker("secrets_only")
    assert "Zed" not in mask.mask(text)
    assert mask.report.failed == 1 and not mask.report.all_looked_into


def test_half_of_a_pair_hides_the_text() -> None:
    assert masker().mask("ab\ud800 Zed") == "[phi.*]"


def test_mask_json_keeps_keys_and_types() -> None:
    document = {
        "name": "Alice",
        "ssn": 219099999,
        "zip": 94110,
        "dob": "1980-01-02",
        "ok": True,
        "n": 1.5,
        "none": None,
    }
    out = masker().mask_json(document)
    assert isinstance(out, dict) and list(out) == list(document)
    assert out["ssn"] is None and out["zip"] == 941 and out["dob"] == "1980"
    assert (out["ok"], out["n"], out["none"]) == (True, 1.5, None)
    assert "Alice" not in json.dumps(out)


def test_safe_harbor_stands_ins_are_random_and_consistent() -> None:
    mask, other = masker(), masker()
    assert mask.mask("Alice") == mask.mask("Alice") != mask.mask("Bob")
    assert mask.mask("Alice") != other.mask("Alice")
    assert mask.unmask(mask.mask("Alice")) != "Alice"


def test_pseudonyms_open_with_their_key_alone() -> None:
    masked = masker("internal", KEY).mask("seen by Alice")
    assert "Alice" not in masked
    assert masker("internal", KEY).unmask(masked) == "seen by Alice"
    assert masker("internal", KEY[::-1]).unmask(masked) == masked
    assert masker("internal").unmask(masked) == masked


def test_without_a_key_it_says_so_and_redacts() -> None:
    mask = masker("internal")
    assert mask.mask("Alice and Alice") == "[phi.name#1] and [phi.name#1]"
    assert any("need a key" in note for note in mask.report.notes)


def test_dates_of_one_subject_move_together() -> None:
    mask = masker("expert", KEY)
    one = mask.mask_json({"mrn": "A1", "dob": "1980-01-02"})
    two = mask.mask_json({"mrn": "A1", "dob": "1980-01-03"})
    assert isinstance(one, dict) and isinstance(two, dict)
    first, second = date.fromisoformat(one["dob"]), date.fromisoformat(two["dob"])
    assert (second - first).days == 1 and first != date(1980, 1, 2)
    alone = masker("expert").mask_json({"dob": "1980-01-02"})
    assert alone == {"dob": "[phi.date.birth]"}


def test_spans_tell_where_masks_stand() -> None:
    masked = masker().masked("x 219-09-9999 y")
    assert [masked.text[s.start : s.end] for s in masked.spans] == ["[phi.ssn]"]
    assert masked.counts == {"phi.ssn": 1}


@pytest.mark.parametrize("made", [lambda: Detector(["nonsense"], engine=SimpleFinder()), lambda: masker("nonsense")])
def test_what_there_isnt(made: object) -> None:
    with pytest.raises(NotFound):
        made()  # type: ignore[operator]
    with pytest.raises(NotFound):
        Detector(regime="gdpr", engine=SimpleFinder())


def test_keys_that_arent(tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_bytes(b"abc\n")
    for key in (short, tmp_path / "absent", b"abc"):
        with pytest.raises(InterlockError) as told:
            Masker("internal", key, detector=simple())
        assert "abc" not in told.value.sentence.replace(str(short), "")
    good = tmp_path / "good"
    good.write_bytes(KEY + b"\n")
    good.chmod(0o640)
    with pytest.raises(InterlockError) as told:
        Masker("internal", good, detector=simple())
    assert told.value.code == "key_mode"
    good.chmod(0o600)
    masked = Masker("internal", good, detector=simple()).mask("Alice")
    assert masker("internal", KEY).unmask(masked) == "Alice"


@given(st.lists(st.sampled_from(["Alice ", "219-09-", "9999 ", "x" * 50 + " ", "\n", "é "]), max_size=120))
@settings(max_examples=30, deadline=None)
def test_streams_give_what_the_whole_gives(parts: list[str]) -> None:
    text, detector, mask = "".join(parts), simple(), masker("secrets_only")
    stream = detector.stream()
    found = [f for part in parts for f in stream.feed(part)] + list(stream.finish())
    assert [(f.start, f.end, f.label) for f in found] == [(f.start, f.end, f.label) for f in detector.find(text)]
    out = mask.stream()
    assert "".join([*(out.feed(part) for part in parts), out.finish()]) == text


def test_a_masked_stream_splits_no_value() -> None:
    mask = masker()
    stream = mask.stream()
    out = "".join([*(stream.feed(c) for c in "word " * 900 + "219-09-9999 " + "word " * 900), stream.finish()])
    assert out == "word " * 900 + "[phi.ssn] " + "word " * 900
    assert mask.report.counts == {"phi.ssn": 1}


def test_a_broken_model_is_told_and_makes_it_stricter(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[frozenset[Layer]] = []

    def load(layers: frozenset[Layer], regime: Regime) -> SimpleFinder:
        asked.append(layers)
        if Layer.NER in layers:
            raise RecogniserUnavailable("the model isn't what it should be")
        return SimpleFinder()

    monkeypatch.setattr(library, "load_engine", load)
    mask = Masker(detector=Detector(), as_of=DAY)
    assert [Layer.NER in layers for layers in asked] == [True, False]
    assert mask.mask("The Zorblax came on Tuesday; Alice").startswith("The [phi.name")
    assert "Zorblax" not in mask.mask("saw Zorblax")
    assert any("model" in note for note in mask.report.notes) and not mask.report.all_looked_into
