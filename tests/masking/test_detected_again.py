"""Masking, then detecting: nothing of the masked labels is found any more.

By all layers but the language model, which reads what stands around a token differently from what stood there before;
whatever it finds then is masked as well, when the text is masked again.
"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.masking.a_masker import fetched, masker

from interlock.app.detecting import load_engine
from interlock.masking.masker import Call, Masker
from interlock.masking.profiles import PROFILES
from interlock.masking.text import Masked, mask, wanted
from interlock.masking.tokens import own_tokens
from interlock.sensitivity.passage import Layer
from interlock.sensitivity.text import TextEngine

TEXTS = [
    "Patient John Smith (DOB 03/14/1980, MRN: 00482913) was seen by Dr. Maria Gonzalez on 2024-05-17.",
    "pt maria delgado, 92 yo f, lives at 12 Oak Street, Springfield, IL 62704; ph 217-555-0142 or maria.d@example.com",
    "SSN 219-09-9999, card 4111 1111 1111 1111 exp 04/29, passport 483920117, IBAN GB82 WEST 1234 5698 7654 32.",
    'level=error user="dana.reyes@clinic.org" ip=203.0.113.7 token=ghp_0123456789abcdefghijABCDEFGHIJ012345 msg="x"',
    "AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE\nAWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n",
    "Name\tBorn\tPhone\nSmith, John\t1980-03-14\t(415) 555-0132\nReyes, Dana\t1975-12-01\t(415) 555-0198\n",
    json.dumps({"patient": {"name": 'Jo"hn Smith\n', "birth_date": "1980-03-14", "ssn": "219-09-9999"}}),
    "Follow up with John Smith. john smith agreed. Mr. Smith's daughter Emily Smith (415-555-0132) will drive.",
    "The spleen measured 12 cm; Gleason 7; no change since 2019. Metformin 500 mg twice daily.",
]


@pytest.fixture(scope="module")
def engine() -> TextEngine:
    return load_engine(frozenset(Layer) - {Layer.NER})


def masked(engine: TextEngine, text: str, held: Masker) -> Masked:
    found = engine.find(text)
    return mask(text, found, held, call=Call(surrogates=fetched(wanted(text, found, held))))


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("text", TEXTS)
def test_nothing_is_found_again(engine: TextEngine, profile: str, text: str) -> None:
    held = masker(profile)
    once = masked(engine, text, held)
    tokens = list(own_tokens(once.text))
    left = [
        (finding.label, finding.why)
        for finding in engine.find(once.text)
        if held.found([finding.label])
        and not any(start < finding.end and finding.start < end for start, end in tokens)
        and not any(span.start <= finding.start and finding.end <= span.end for span in once.spans)
    ]
    assert left == []


@pytest.mark.parametrize("profile", ["safe_harbor", "limited_dataset", "internal", "prompt_guard", "secrets_only"])
@pytest.mark.parametrize("text", TEXTS)
def test_masking_again_changes_nothing(engine: TextEngine, profile: str, text: str) -> None:
    """Under `expert` it would: made-up names and shifted dates look real."""
    held = masker(profile)
    once = masked(engine, text, held)
    assert masked(engine, once.text, held).text == once.text


@pytest.mark.parametrize("text", TEXTS[:8])
def test_safe_harbor_lets_no_name_number_or_day_through(engine: TextEngine, text: str) -> None:
    told = masked(engine, text, masker("safe_harbor")).text.lower()
    for canary in ("smith", "reyes", "219-09", "4111", "03/14", "-03-14", "555-01", "@", "akia", "ghp_", "203.0"):
        assert canary not in told


def test_a_masked_json_text_is_json(engine: TextEngine) -> None:
    for profile in PROFILES:
        found = json.loads(masked(engine, TEXTS[6], masker(profile)).text)
        assert set(found["patient"]) == {"name", "birth_date", "ssn"}


@given(st.text(max_size=200))
def test_any_text_is_masked_without_an_error(engine: TextEngine, text: str) -> None:
    found = masked(engine, text, masker("safe_harbor"))
    assert [found.text[span.start : span.end] is not None for span in found.spans] == [True] * len(found.spans)
