"""Layer 5: what is given to a model, and what is made of its answers."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.ner import LONGEST_SEGMENT, Kind, NamesRead, Recognised, Recogniser
from interlock.sensitivity.passage import Layer, Passage

WORDS = [
    "the",
    "patient",
    "will",
    "brown",
    "report",
    "was",
    "seen",
    "by",
    "stage",
    "sign",
    "negative",
    "positive",
    "today",
    "with",
]
TABLES = Tables(
    given={"maria": 40, "will": 30},
    surnames={"brown": 35, "okonkwo": 5, "babinski": 5, "hill": 33, "wells": 33},
    words={**dict.fromkeys(WORDS, 50), "the": 77, "was": 70, "maria": 45},
    ordinary=frozenset(WORDS),
)


class Told:
    """A recogniser that sees what it was told: words, with a kind and a score."""

    def __init__(self, *sees: tuple[str, Kind, float]) -> None:
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
    told = Told(("Okonkwo", Kind.NAME, 0.9))
    assert read(told, "The patient was seen by Okonkwo.") == [("Okonkwo", "phi.name")]


def test_only_what_stands_around_an_unexplained_word_is_read() -> None:
    told = Told()
    read(told, "The patient was seen. The report by Zsófia will come.\nThe patient was seen.")
    assert told.asked == ["The report by Zsófia will come."]


def test_a_title_or_an_initial_ends_no_sentence() -> None:
    told = Told()
    read(told, "The patient was seen. Report by Dr. J. Zsófia today.")
    assert told.asked == ["Report by Dr. J. Zsófia today."]


def test_a_window_reaches_forty_characters_on_each_side_and_cuts_no_word() -> None:
    told = Told()
    read(told, "was " * 50 + "Zsófia " + "was " * 50)
    (asked,) = told.asked
    assert "Zsófia" in asked
    assert set(asked.split()) == {"Zsófia", "was"}
    assert len(asked) <= 2 * 40 + len("Zsófia")


def test_windows_that_overlap_are_one() -> None:
    told = Told()
    read(told, "Zsófia was seen by Ingeborg")
    assert told.asked == ["Zsófia was seen by Ingeborg"]


def test_what_is_known_is_left_in() -> None:
    told, text = Told(), "Brown and Zsófia"
    read(told, text, (0, 5))
    assert told.asked == [text]


def test_what_is_covered_already_is_explained() -> None:
    told, text = Told(), "The report by Zsófia was seen."
    read(told, text, (text.index("Zs"), text.index(" was")))
    assert told.asked == []


@pytest.mark.parametrize(
    "text",
    [
        "The patient was seen by ENT. CT and MRI will report.",
        "Lisinopril and Atorvastatin with Eliquis today",
        "CrCl and HFrEF and JavaScript",
        "Brown report. Will report.",
        "Past Medical History, Social History, Allergies",
        "Babinski absent, Babinski sign, positive Babinski",
        "by Wells 1.5, by Hill sign",
    ],
)
def test_what_medicine_and_everyday_english_explain_asks_nothing(text: str) -> None:
    told = Told()
    assert read(told, text) == []
    assert told.asked == []


def test_an_everyday_word_is_asked_about_where_its_capital_tells() -> None:
    assert read(Told(("Brown", Kind.NAME, 0.9)), "seen by Brown today") == [("Brown", "phi.name")]


def test_lower_case_text_is_read_where_a_word_is_none() -> None:
    told = Told(("abelardo", Kind.NAME, 0.95), ("okonkwo", Kind.NAME, 0.5))
    assert read(told, "the report was seen by abelardo") == [("abelardo", "phi.name")]
    assert read(told, "the report was seen by okonkwo") == [("okonkwo", "phi.name")]


def test_a_strange_word_in_small_letters_is_a_name_only_where_the_model_is_sure() -> None:
    assert read(Told(("abelardo", Kind.NAME, 0.7)), "the report was seen by abelardo") == []


def test_a_strange_word_in_small_letters_beside_capitals_is_none() -> None:
    told = Told(("abelardo", Kind.NAME, 0.95))
    assert read(told, "The report was seen by abelardo") == []
    assert told.asked == []


def test_a_word_is_what_its_pieces_are_together() -> None:
    text = "Seen by O'Zsofar."
    halves = Told(("O", Kind.NAME, 0.9), ("Zsofar", Kind.NAME, 0.9))
    assert read(halves, text) == [("O'Zsofar", "phi.name")]
    assert read(Told(("fa", Kind.NAME, 0.9)), text) == []


@pytest.mark.parametrize(
    ("kind", "score"), [(Kind.NAME, 0.3), (Kind.STREET, 0.3), (Kind.CITY, 0.2), (Kind.ZIP, 0.99), (Kind.STATE, 0.99)]
)
def test_a_model_that_isnt_sure_isnt_believed(kind: Kind, score: float) -> None:
    """Nor is a number or a state one without a street or a town beside it."""
    assert read(Told(("Zsófia", kind, score)), "Seen by Zsófia today.") == []


def test_a_word_that_may_be_somebody_or_somewhere_is_one_of_them() -> None:
    told = Told(("Zsófia", Kind.NAME, 0.25), ("Zsófia", Kind.CITY, 0.28))
    assert read(told, "Seen by Zsófia today.") == [("Zsófia", "phi.address.city")]


def test_words_beside_it_that_are_taken_for_the_same_belong_to_it() -> None:
    told = Told(("Ödön", Kind.NAME, 0.9), ("Brown", Kind.NAME, 0.7), ("today", Kind.NAME, 0.7))
    assert read(told, "Seen by Ödön Brown today.") == [("Ödön Brown", "phi.name")]


def test_numbers_and_states_belong_to_the_street_or_town_beside_them() -> None:
    told = Told(("12", Kind.STREET, 0.9), ("Zsófiaring", Kind.STREET, 0.9), ("7", Kind.STREET, 0.9))
    assert read(told, "at 12 Zsófiaring, and 7 was") == [("12 Zsófiaring", "phi.address.street")]
    told = Told(("Zsófiaton", Kind.CITY, 0.9), ("MN", Kind.STATE, 0.4))
    assert read(told, "in Zsófiaton, MN today") == [("Zsófiaton, MN", "phi.address.city")]


def test_long_texts_are_cut_and_offsets_stay_right() -> None:
    told = Told(("Zsófia", Kind.NAME, 0.9))
    text = "the " * 500 + "Zsófia " + "was " * 500
    assert read(told, text) == [("Zsófia", "phi.name")]
    read(told, "Zsófia " * 500)
    read(told, "Ödönzsófia" * 500)
    assert all(len(each) <= LONGEST_SEGMENT for each in told.asked)


def test_many_passages_are_read_together() -> None:
    told = Told(("Okonkwo", Kind.NAME, 0.9), ("Zsófia", Kind.NAME, 0.9))
    detector = NamesRead(told, TABLES)
    texts = ["by Okonkwo", "the report", "by Zsófia and Okonkwo"]
    found = detector.find_all([Passage(each) for each in texts])
    assert [sorted(t[f.start : f.end] for f in each) for t, each in zip(texts, found, strict=True)] == [
        ["Okonkwo"],
        [],
        ["Okonkwo", "Zsófia"],
    ]
    assert (detector.name, detector.layer) == ("ner", Layer.NER)


@given(st.text(alphabet="aZó'’-. ,;\n12DrŐ田", max_size=300))
def test_any_text_gives_findings_within_it_and_windows_that_are_short(text: str) -> None:
    class NamesEverywhere:
        def recognise(self, segments: Sequence[str]) -> Sequence[Sequence[Recognised]]:
            assert all(0 < len(each) <= LONGEST_SEGMENT for each in segments)
            return [(Recognised(0, len(each), Kind.NAME, 0.95),) for each in segments]

    found = NamesRead(NamesEverywhere(), TABLES).find(Passage(text))
    assert all(0 <= f.start < f.end <= len(text) for f in found)
