"""Propagation: what was found once, or is known of the row, is found everywhere."""

from __future__ import annotations

import functools

from hypothesis import given
from hypothesis import strategies as st

from interlock.app.gazetteers import load_tables
from interlock.model.finding import Finding
from interlock.model.label import Label
from interlock.sensitivity.detectors.propagation import Propagation
from interlock.sensitivity.passage import Passage


@functools.cache
def _propagation() -> Propagation:
    return Propagation(load_tables())


def _more(text: str, *known: tuple[str, str], seeds: tuple[str, ...] = ()) -> list[str]:
    """What is found beyond `known`, each a (first occurrence of a value, label)."""
    findings = [Finding(text.index(v), text.index(v) + len(v), Label(label), 0.9, "test") for v, label in known]
    passage = Passage(text, findings, seeds)
    return [text[f.start : f.end] for f in _propagation().find(passage)]


def test_a_names_parts_come_back_in_any_case() -> None:
    text = "Dr. Marisol Ferndale came. FERNDALE left; marisol's note stayed."
    assert _more(text, ("Dr. Marisol Ferndale", "phi.name")) == ["FERNDALE", "marisol"]


def test_a_common_word_comes_back_only_where_its_capital_tells() -> None:
    text = "Hope Brown was seen. We hope brown rice helps. Brown rice. I told Brown so."
    assert _more(text, ("Hope Brown", "phi.name")) == ["Brown"]


def test_particles_initials_and_credentials_do_not_come_back() -> None:
    text = "Paul van der Voet, MD waited. A van, md and der came. He paid 5 to V."
    assert _more(text, ("Paul van der Voet, MD", "phi.name")) == []


def test_initials_of_a_whole_name_come_back() -> None:
    text = "John Doe was seen. J.D. left. Mr. D. returned. K.L. did not."
    assert _more(text, ("John Doe", "phi.name")) == ["J.D.", "D."]


def test_user_names_and_addresses_made_of_a_name_come_back() -> None:
    text = "Janet Quillfeather wrote from jquillfeather@mail.example, see /users/janet_q and quillfeatherj."
    assert _more(text, ("Janet Quillfeather", "phi.name")) == ["jquillfeather", "janet", "quillfeatherj"]


def test_an_eponym_stays_where_its_noun_follows() -> None:
    text = "Anita Chaddock had a negative Chaddock reflex. Chaddock left."
    assert _more(text, ("Anita Chaddock", "phi.name")) == ["Chaddock"]


def test_seeds_are_found_though_nothing_else_was() -> None:
    assert _more("seen with oyelaran today", seeds=("Folasade Oyelaran",)) == ["oyelaran"]


def test_hyphenated_names_come_back_in_their_parts() -> None:
    text = "Reyes-Villalobos was charted as Reyes Villalobos."
    assert _more(text, ("Reyes-Villalobos", "phi.name")) == ["Reyes", "Villalobos"]


def test_a_number_comes_back_without_its_context() -> None:
    text = "MRN 5583920 was merged. Order 5583920 too, but 15583920 is another."
    assert _more(text, ("5583920", "phi.mrn")) == ["5583920"]


def test_a_phone_number_comes_back_in_digits_alone() -> None:
    text = "Call (559) 555-0142. id=5595550142"
    assert _more(text, ("(559) 555-0142", "phi.phone")) == ["5595550142"]


def test_a_date_does_not_come_back() -> None:
    assert _more("on 03/04/2024 and 03/04/2024", ("03/04/2024", "phi.date")) == []


def test_a_finding_below_the_threshold_is_not_followed() -> None:
    text = "Ferndale and Ferndale"
    assert not _propagation().find(Passage(text, [Finding(0, 8, Label("phi.name"), 0.2, "test")]))


@given(st.text(alphabet="aAb.@- 1JohnDoe'\n", max_size=60), st.lists(st.text(max_size=12), max_size=4))
def test_any_text_and_seeds_give_findings_within_it(text: str, seeds: list[str]) -> None:
    passage = Passage(text, [Finding(0, min(8, len(text)), Label("phi.name"), 1.0, "test")] if text else [], seeds)
    assert all(0 <= f.start < f.end <= len(text) for f in _propagation().find(passage))
