"""Layer 5: what is given to a model, and what is made of its answers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.ner import LONGEST_SEGMENT, NamesRead, Recognised, Recogniser
from interlock.sensitivity.passage import Layer, Passage

TABLES = Tables(
    given={"maria": 40, "will": 30},
    surnames={"brown": 35, "okonkwo": 5},
    words={"the": 77, "patient": 50, "will": 66, "brown": 50, "maria": 45, "report": 50, "was": 70, "seen": 60},
    ordinary=frozenset(("the", "patient", "will", "brown", "report", "was", "seen", "by", "stage")),
)


class Told:
    """A recogniser that sees what it was told: words, with a kind and a score."""

    def __init__(self, *sees: tuple[str, str, float]) -> None:
        self.sees, self.asked = sees, list[str]()

    def recognise(self, segments: Sequence[str]) -> Sequence[Sequence[Recognised]]:
        self.asked += segments
        return [
            [Recognised(at, at + len(w), kind, score) for w, kind, score in self.sees if (at := s.find(w)) >= 0]
            for s in segments
        ]


def read(recogniser: Recogniser, text: str, *covered: tuple[int, int]) -> list[tuple[str, str]]:
    known = [Finding(start, end, Label("phi.name"), 0.9, "known") for start, end in covered]
    found = NamesRead(recogniser, TABLES).find(Passage(text, findings=known))
    return [(text[f.start : f.end], f.label) for f in found]


def test_a_name_that_no_list_has_is_read() -> None:
    told = Told(("Okonkwo", "SURNAME", 0.9))
    assert read(told, "The patient was seen by Okonkwo.") == [("Okonkwo", "phi.name")]


def test_only_segments_with_something_unexplained_are_read() -> None:
    told = Told()
    read(told, "The patient was seen. The report by Zsófia will come.\nThe patient was seen.")
    assert told.asked == ["The report by Zsófia will come."]


def test_what_is_covered_already_is_explained() -> None:
    told, text = Told(), "The report by Zsófia was seen."
    read(told, text, (text.index("Zs"), text.index(" was")))
    assert told.asked == []


def test_abbreviations_alone_ask_nothing() -> None:
    told = Told()
    read(told, "The patient was seen by ENT. CT and MRI will report.")
    assert told.asked == []


def test_lower_case_text_is_read_where_a_word_is_none() -> None:
    told = Told(("abelardo", "GIVEN_NAME", 0.8))
    assert read(told, "the report was seen by abelardo") == [("abelardo", "phi.name")]


def test_pieces_of_words_are_snapped_to_whole_words() -> None:
    told = Told(("kolčić", "SURNAME", 0.6))
    assert read(told, "Seen by Mikolčić.") == [("Mikolčić", "phi.name")]


@pytest.mark.parametrize(
    ("kind", "score"), [("SURNAME", 0.3), ("STREET_NAME", 0.5), ("ZIP_CODE", 0.7), ("PHONE", 0.99)]
)
def test_a_model_that_isnt_sure_isnt_believed(kind: str, score: float) -> None:
    """Nor for what structured detectors tell better."""
    assert read(Told(("Okonkwo", kind, score)), "Seen by Okonkwo today.") == []


def test_an_ordinary_word_in_lower_case_is_no_name() -> None:
    assert read(Told(("brown", "SURNAME", 0.9)), "Okonkwo brown report") == []


def test_medicine_has_a_veto() -> None:
    told, text = Told(("Okonkwo", "SURNAME", 0.9)), "the Okonkwo sign"
    detector = NamesRead(told, TABLES, lambda passage, start, end: passage.text[end:].startswith(" sign"))
    assert detector.find(Passage(text)) == []
    assert told.asked == []


def test_long_segments_are_cut_and_offsets_stay_right() -> None:
    told = Told(("Okonkwo", "SURNAME", 0.9))
    text = "the " * 500 + "Okonkwo " + "was " * 500
    assert read(told, text) == [("Okonkwo", "phi.name")]
    assert all(len(each) <= LONGEST_SEGMENT for each in told.asked)


def test_many_passages_are_read_together() -> None:
    told = Told(("Okonkwo", "SURNAME", 0.9), ("Zsófia", "GIVEN_NAME", 0.9))
    detector = NamesRead(told, TABLES)
    texts = ["by Okonkwo", "the report", "by Zsófia and Okonkwo"]
    found = detector.find_all([Passage(each) for each in texts])
    assert [sorted(t[f.start : f.end] for f in each) for t, each in zip(texts, found, strict=True)] == [
        ["Okonkwo"],
        [],
        ["Okonkwo", "Zsófia"],
    ]
    assert (detector.name, detector.layer) == ("ner", Layer.NER)
