"""Looking at pieces, at long texts and at what can't be looked at."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sensitivity.formats.a_finder import BOOM, SimpleFinder

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.formats.document import Form, Piece
from interlock.sensitivity.formats.field_names import label_of_field
from interlock.sensitivity.formats.looking import LONGEST, Looking
from interlock.sensitivity.formats.windows import Windows, joined
from interlock.sensitivity.regime import Regime


def piece(text: str, telling: str = "", label: str | None = None, record: int = 0, **more: object) -> Piece:
    return Piece(0, 0, "$", text, telling, Label(label) if label else None, record=record, **more)  # type: ignore[arg-type]


def labels(looking: Looking, *pieces: Piece) -> list[list[tuple[int, int, str]]]:
    return [[(f.start, f.end, f.label) for f in found] for found in looking.at(pieces)]


def test_by_place_and_by_content() -> None:
    looking = Looking(SimpleFinder())
    found = labels(looking, piece("Zed", "name", "phi.name"), piece("is 219-09-9999", "note"))
    assert found == [[(0, 3, "phi.name")], [(3, 14, "phi.ssn")]]


def test_without_the_layer_of_columns_names_of_fields_say_nothing() -> None:
    assert labels(Looking(SimpleFinder(), by_name=False), piece("Zed", "name", "phi.name")) == [[]]


def test_regime_renames_what_places_tell() -> None:
    looking = Looking(SimpleFinder(), Regime.PII)
    assert labels(looking, piece("Zed", "name", "phi.name")) == [[(0, 3, "pii.name")]]


def test_names_of_a_record_are_looked_for_in_its_texts_alone() -> None:
    looking = Looking(SimpleFinder())
    found = labels(
        looking, piece("Zed", "name", "phi.name", 1), piece("a long note on Zed", record=1), piece("a long note on Zed")
    )
    assert found[1:] == [[(15, 18, "phi.name")], []]
    assert labels(looking, piece("more about Zed here", record=0)) == [[]]


def test_a_record_goes_on_in_the_next_batch() -> None:
    looking = Looking(SimpleFinder())
    labels(looking, piece("Zed", "name", "phi.name", 1))
    assert labels(looking, piece("a long note on Zed", record=1)) == [[(15, 18, "phi.name")]]


def test_a_text_about_something_is_looked_into_first() -> None:
    about = {"about": True}
    found = labels(
        Looking(SimpleFinder()),
        piece("diabetes", "", "phi.clinical.diagnosis", **about),
        piece("Bob has it", "", "phi.clinical.diagnosis", **about),
    )
    assert found == [[(0, 8, "phi.clinical.diagnosis")], [(0, 3, "phi.name")]]


def test_a_failing_engine_hides_that_text_alone_and_is_counted() -> None:
    looking = Looking(SimpleFinder())
    found = labels(looking, piece(f"x {BOOM}"), piece("219-09-9999"), piece("fine"))
    assert found == [[(0, 2 + len(BOOM), "phi")], [(0, 11, "phi.ssn")], []]
    assert looking.failed == 1


def test_what_the_engine_counts_itself_counts() -> None:
    class Counting(SimpleFinder):
        def find(self, text: str, **more: object) -> tuple[Finding, ...]:
            self.failed += 1
            return ()

    looking = Looking(Counting())
    looking.at([piece("a"), piece("b")])
    looking.in_text("c")
    assert looking.failed == 3


def test_bytes_of_no_character_hide_the_value() -> None:
    looking = Looking(SimpleFinder())
    assert labels(looking, piece("ab\udce9c"), piece("fine")) == [[(0, 4, "phi")], []]
    assert labels(looking, piece("ab\ud800c fine and long", record=3)) == [[(0, 18, "phi")]]
    assert looking.undecodable == 2


def test_findings_beyond_the_text_are_cut() -> None:
    class Wrong(SimpleFinder):
        def find(self, text: str, **more: object) -> tuple[Finding, ...]:
            return (Finding(-3, 2, Label("phi.name"), 1, ""), Finding(1, 99, Label("phi.ssn"), 1, ""))

    assert labels(Looking(Wrong()), piece("abcd")) == [[(0, 4, "phi.ssn")]]


def test_markup_doesnt_hide_a_name_nor_its_attributes() -> None:
    text = '<div title="219-09-9999">Alice</div>'
    found = labels(Looking(SimpleFinder()), piece(text, form=Form.XHTML))
    assert [text[a:b] for a, b, _ in found[0]] == ["219-09-9999", "Alice"]


def test_a_text_longer_than_a_window_is_found_in_all_over() -> None:
    text = "x" * (LONGEST - 6) + " 219-09-9999 " + "y" * LONGEST + " Alice"
    looking = Looking(SimpleFinder())
    found = looking.in_text(text)
    assert [text[f.start : f.end] for f in found] == ["219-09-9999", "Alice"]


def test_names_of_earlier_windows_are_looked_for_later() -> None:
    windows = Windows(lambda text, seeds: SimpleFinder().find(text, seeds=seeds), window=64, held=16, before=8)
    windows._seeds["Zed"] = None
    found = [f for s in [*windows.feed("a" * 200 + " Zed"), *windows.finish()] for f in s.findings]
    assert len(found) == 1


def test_lines_with_bytes_of_no_character_are_hidden_whole() -> None:
    windows = Windows(lambda text, seeds: SimpleFinder().find(text, seeds=seeds))
    settled = [*windows.feed("fine\nJos\udce9 was\nfine"), *windows.finish()]
    assert [(f.start, f.end) for s in settled for f in s.findings] == [(5, 13)] and windows.undecodable == 1


@given(
    st.lists(st.sampled_from(["219-09-9999", "Alice", "Moreno", "\n", " ", "é", "12", "-", "word"]), max_size=60),
    st.lists(st.integers(1, 30), min_size=1, max_size=8),
)
@settings(max_examples=200)
def test_no_cut_of_the_parts_changes_what_is_found(words: list[str], cuts: list[int]) -> None:
    text = " ".join(words)

    def found(parts: list[str]) -> tuple[str, list[tuple[int, int]]]:
        windows = Windows(lambda t, seeds: SimpleFinder().find(t), window=48, held=32, before=16)
        settled = [s for part in parts for s in windows.feed(part)] + list(windows.finish())
        out = "".join(s.text for s in settled)
        return out, [(f.start + s.start, f.end + s.start) for s in settled for f in s.findings]

    parts, at, n = [], 0, 0
    while at < len(text):
        parts.append(text[at : at + cuts[n % len(cuts)]])
        at, n = at + cuts[n % len(cuts)], n + 1
    assert found(parts) == found([text])
    whole, spans = found([text])
    assert whole == text
    assert spans == [(f.start, f.end) for f in SimpleFinder().find(text)]


def test_a_finding_longer_than_a_window_is_a_finding_in_every_part() -> None:
    def look(text: str, seeds: object) -> list[Finding]:
        start = text.find("S")
        return [Finding(max(start, 0), len(text), Label("secret.key"), 1, "")] if "k" in text else []

    windows = Windows(look, window=32, held=16, before=8)
    settled = [*windows.feed("aS" + "k" * 200), *windows.finish()]
    hidden = "".join(s.text[f.start : f.end] for s in settled for f in s.findings)
    assert hidden.count("k") == 200


def test_joined_never_uncovers() -> None:
    found = [
        Finding(0, 5, Label("phi.a"), 1, ""),
        Finding(3, 9, Label("phi.b"), 0.5, ""),
        Finding(9, 9, Label("x"), 1, ""),
    ]
    assert [(f.start, f.end, f.label) for f in joined(found)] == [(0, 9, "phi.b")]


@pytest.mark.parametrize(
    ("name", "above", "value", "label"),
    [
        ("ssn", "", "219099999", "phi.ssn"),
        ("patientMRN", "", "A1", "phi.mrn"),
        ("lastName", "", "Zed", "phi.name.family"),
        ("family", "name", "Zed", "phi.name.family"),
        ("value", "mrn", "77", "phi.mrn"),
        ("phone", "", "none", None),
        ("phone", "", "home", None),
        ("age", "", "89", None),
        ("age", "", "90", "phi.age"),
        ("age", "", "101 years", "phi.age"),
        ("dob", "", "", None),
        ("dob", "", "N/A", None),
        ("note", "", "text", None),
        ("count", "", "12", None),
        ("x" * 500, "", "12", None),
    ],
)
def test_names_of_fields(name: str, above: str, value: str, label: str | None) -> None:
    assert label_of_field(name, above, value) == label
