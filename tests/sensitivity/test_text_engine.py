"""The text engine: layers, order, regimes, what fails, many texts at once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.a_detector import engine_of, found

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.detectors import email, mrn, phone, us_ssn
from interlock.sensitivity.matching import Matcher, SetGate
from interlock.sensitivity.passage import Layer, Passage
from interlock.sensitivity.pattern import Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.regime import Regime
from interlock.sensitivity.text import ALL_LAYERS, TextEngine

STRUCTURED = (us_ssn.DETECTOR, phone.DETECTOR, email.DETECTOR, mrn.DETECTOR)


def by_set(patterns: Sequence[Pattern]) -> Matcher:
    return Matcher(patterns, SetGate(patterns))


ENGINE = TextEngine(STRUCTURED, by_set)


@dataclass
class Word:
    """Finds a word, and tells what it was shown."""

    word: str
    layer: Layer = Layer.NAMES
    score: float = 0.8

    def __post_init__(self) -> None:
        self.name = self.word
        self.seen: list[tuple[str, int, Sequence[str], str]] = []

    def find(self, passage: Passage) -> Sequence[Finding]:
        self.seen.append((passage.text, len(passage.findings), passage.seeds, passage.telling))
        at = passage.text.find(self.word)
        return [] if at < 0 else [Finding(at, at + len(self.word), Label("phi.name"), self.score, self.word)]


def test_layers_look_in_order_and_see_what_was_found() -> None:
    later, earlier = Word("Ann", Layer.NER), Word("Lee", Layer.NAMES)
    engine = TextEngine(STRUCTURED, by_set, [later, earlier])
    text = "Ann Lee 402-19-8877"
    assert found(engine, text) == ["Ann", "Lee", "402-19-8877"]
    assert (earlier.seen[0][1], later.seen[0][1]) == (1, 2)


def test_a_layer_that_is_off_does_not_look() -> None:
    word = Word("Ann")
    engine = TextEngine(STRUCTURED, by_set, [word], ALL_LAYERS - {Layer.NAMES, Layer.NORMALISE})
    assert found(engine, "Ann ４０２-19-8877") == []
    assert word.seen == []
    assert found(TextEngine(STRUCTURED, by_set, [word], frozenset({Layer.NAMES})), "Ann 402-19-8877") == ["Ann"]


def test_seeds_and_telling_are_handed_on() -> None:
    word = Word("Ann")
    TextEngine((), by_set, [word]).find("x", seeds=("Lee",), telling="note")
    assert word.seen == [("x", 0, ("Lee",), "note")]


def test_what_is_below_the_threshold_is_not_reported() -> None:
    assert found(TextEngine((), by_set, [Word("Ann", score=0.49)]), "Ann") == []


def test_regimes_name_findings() -> None:
    text = "mail jane@example.org, MRN 0048291"
    assert [f.label for f in ENGINE.find(text)] == ["phi.email", "phi.mrn"]
    other = TextEngine(STRUCTURED, by_set, regime=Regime.PII)
    assert [f.label for f in other.find(text)] == ["pii.email", "phi.mrn"]


@pytest.mark.parametrize(
    ("phi", "pii"),
    [
        ("phi.name.given", "pii.name"),
        ("phi.address.zip", "pii.address"),
        ("phi.date.birth", "pii.birth"),
        ("phi.date", "phi.date"),
        ("phi.fax", "pii.phone"),
        ("secret.aws", "secret.aws"),
        ("phi", "phi"),
    ],
)
def test_twins(phi: str, pii: str) -> None:
    assert Regime.PII.name_of(Label(phi)) == pii
    assert Regime.PHI.name_of(Label(phi)) == phi


class Broken:
    name, layer = "broken", Layer.NAMES

    def find(self, passage: Passage) -> Sequence[Finding]:
        if "bad" in passage.text:
            raise ValueError(passage.text)
        return []


def test_a_detector_that_raises_makes_the_whole_text_one_finding() -> None:
    engine = TextEngine(STRUCTURED, by_set, [Broken()])
    texts = ["fine 402-19-8877", "bad 402-19-8877", "fine", "bad"]
    results = engine.find_many(texts)
    assert [[t[f.start : f.end] for f in r] for t, r in zip(texts, results, strict=True)] == [
        ["402-19-8877"],
        ["bad 402-19-8877"],
        [],
        ["bad"],
    ]
    assert results[1][0].label == "phi"
    assert "bad" not in results[1][0].why
    assert engine.failed == 2


def test_a_judge_that_raises_does_so_too() -> None:
    def judge(candidate: Candidate) -> Verdict | None:
        raise RuntimeError

    engine = engine_of(Structured("x", (Pattern("x", "[0-9]{4}", Label("phi.id"), 0.9, judge=judge),), ""))
    assert found(engine, "ab 1234") == ["ab 1234"]
    assert engine.failed == 1


TEXTS = st.lists(
    st.one_of(
        st.text(max_size=30),
        st.sampled_from(
            ["ssn 402-19-8877", "call (312) 555-0198", "é jane@example.org", "MRN: 0048291", "", "SSN 402 19 8877 "]
        ),
    ),
    max_size=8,
)


@given(TEXTS)
def test_many_at_once_are_as_each_alone(texts: list[str]) -> None:
    assert ENGINE.find_many(texts) == [ENGINE.find(text) for text in texts]


@given(st.text(max_size=60), st.text(max_size=20))
def test_findings_are_sorted_within_the_text_and_apart(text: str, telling: str) -> None:
    whole = f"{text} 402-19-8877 {text}"
    last = 0
    for finding in ENGINE.find(whole, telling=telling):
        assert last <= finding.start < finding.end <= len(whole)
        last = finding.end


@given(st.text(st.characters(exclude_categories=["Nd", "No", "Nl", "L", "Cs"]), max_size=10))
def test_offsets_are_right_after_any_unicode(before: str) -> None:
    text = f"{before} ﬁ e\u0301 ssn 402-19-8877"
    assert "402-19-8877" in " ".join(found(ENGINE, text))
    assert any(text[f.start : f.end].endswith("8877") for f in ENGINE.find(text))


def test_a_telling_name_is_read_as_if_it_stood_there() -> None:
    assert found(ENGINE, "0048291") == []
    assert found(ENGINE, "0048291", "mrn") == ["0048291"]
    assert found(ENGINE, "3125550198", "home_phone") == ["3125550198"]
    assert found(ENGINE, "x", "jane@example.org") == []


def test_lone_surrogates_are_taken() -> None:
    assert found(ENGINE, "\ud800 402-19-8877 \udfff") == ["402-19-8877"]


@pytest.mark.parametrize(
    "unit",
    ["a", "1", "1-", "1 ", "a@", ".", "%41", "\\u0041", "one ", "mrn ", "A1", "=", "\n", ",", "é", "\u0301", "(", "+1"],
)
def test_a_long_text_of_anything_ends(unit: str) -> None:
    ENGINE.find(unit * (100_000 // len(unit)))
    assert ENGINE.failed == 0


def test_several_threads_may_ask_at_once() -> None:
    texts = [f"ssn 402-19-{1000 + n} or call (312) 555-0198, MRN: {n}048291" for n in range(40)]
    expected = [ENGINE.find(text) for text in texts]
    with ThreadPoolExecutor(4) as threads:
        for found_there in threads.map(lambda _: [ENGINE.find(text) for text in texts], range(8)):
            assert found_there == expected
