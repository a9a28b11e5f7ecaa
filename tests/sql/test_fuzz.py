"""Hostile and mutated texts: `analyse` raises `NotUnderstood` or gives a verdict, and templates keep no literal."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sql.clinic import PLAIN, STATE
from tests.sql.test_attacks import EVERYTHING, EXPRESSIONS, REFUSED, SESSION_FORMS

from interlock.errors import NotUnderstood
from interlock.model.label import Label
from interlock.model.snapshot import Column, Relation
from interlock.sql.parse import parse
from interlock.sql.statement import Kind, Reach, analyse
from interlock.sql.template import cut

CORPUS = [*EXPRESSIONS, *EVERYTHING, *REFUSED, *SESSION_FORMS]
PIECES = sorted({word for text in CORPUS for word in text.split()})


def labelled(_relation: Relation, _column: Column) -> frozenset[Label]:
    return frozenset({Label("phi")})


def check(text: bytes) -> None:
    try:
        statement = analyse(text, PLAIN, STATE)
    except NotUnderstood:
        return
    if statement.kind is Kind.REFUSED:
        assert statement.refusal is not None
        assert statement.reach is Reach.CONNECTION
    assert statement.effect_free <= (statement.kind in (Kind.QUERY, Kind.SHOW, Kind.EMPTY))
    assert (statement.reach is Reach.CONNECTION) == bool(statement.opaque_because)
    assert not (statement.is_session_traffic and statement.touches)
    if statement.inner is not None:
        assert len(parse(statement.inner).statements) == 1
    template = cut(statement.source, PLAIN, STATE, labelled).template
    assert len(template.code) == len(template.leaves) + 1


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A statement of the corpus with a few cuts, swaps and insertions."""
    text = bytearray(draw(st.sampled_from(CORPUS)).encode())
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(text)))
        other = draw(st.sampled_from(CORPUS)).encode()
        match draw(st.integers(0, 3)):
            case 0:
                del text[place : place + draw(st.integers(1, 6))]
            case 1:
                text[place:place] = draw(st.sampled_from(PIECES)).encode() + b" "
            case 2:
                text[place:place] = draw(st.binary(max_size=3))
            case _:
                start = draw(st.integers(0, len(other)))
                text[place:place] = other[start : start + 20]
    return bytes(text)


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200).map(lambda t: t.encode("utf-8", "surrogatepass"))))
def test_any_bytes(text: bytes) -> None:
    check(text)


@given(mutated())
def test_mutated_statements(text: bytes) -> None:
    check(text)


@given(st.lists(st.sampled_from(PIECES), max_size=25).map(lambda words: " ".join(words).encode()))
def test_words_of_the_language_in_any_order(text: bytes) -> None:
    check(text)


@pytest.mark.slow
@given(mutated())
@settings(max_examples=20_000, deadline=None)
def test_mutated_statements_at_length(text: bytes) -> None:
    check(text)


@pytest.mark.slow
@given(st.lists(st.sampled_from(PIECES), max_size=40).map(lambda words: " ".join(words).encode()))
@settings(max_examples=20_000, deadline=None)
def test_words_at_length(text: bytes) -> None:
    check(text)
