"""What is told of an error, field by field, by what may have been evaluated before it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.wire.postgres import templates
from interlock.wire.postgres.backend import Complaint
from interlock.wire.postgres.complaints import DEAF, Evaluated, Hearing, told_error, told_notice
from interlock.wire.postgres.sentences import known_sqlstate, sentence_for

CANARY = "912-44-7781"
NAMES = frozenset({"public", "people", "ssn", "mood"})
TEXT = 'SELECT nothing FROM "No Where", people'
LEVELS = {level: Hearing(level, TEXT, NAMES, placed=True) for level in Evaluated}
LINES = [
    (section, *line.partition(" ")[::2])
    for section in ("ANYTHING", "DATA", "NAMES")
    for line in getattr(templates, section).strip().splitlines()
]
FILLINGS = {"name": "people", "word": "table", "type": "integer", "sign": "people(integer, text)", "op": ",",
            "number": "7", "value": CANARY}  # fmt: skip


def error(code: str, message: str, **more: str) -> Complaint:
    return Complaint({"S": "FEHLER", "V": "ERROR", "C": code, "M": message, **more})


def said(code: str, message: str, hearing: Hearing) -> str:
    return told_error(error(code, message), hearing).message


def filled(pattern: str) -> str:
    return re.sub(r"\{([a-z]+)\}", lambda gap: FILLINGS[gap[1]], pattern)


@pytest.mark.parametrize(("section", "code", "rest"), LINES, ids=[f"{c} {r[:40]}" for _, c, r in LINES])
def test_every_line_is_told_where_it_is_believed_and_nowhere_else(section: str, code: str, rest: str) -> None:
    pattern, _, told = rest.partition(" -> ")
    hearing = {level: Hearing(level, "a , b", NAMES) for level in Evaluated}
    assert known_sqlstate(code) == code
    assert code[:2] not in ("P0", "XX")
    assert "{" not in pattern or section != "ANYTHING"
    for level in Evaluated:
        found = said(code, filled(pattern), hearing[level])
        assert CANARY not in found
        believed = level >= Evaluated[section]
        others = [p for s, c, p in LINES if c == code and level >= Evaluated[s] and (s, p) != (section, rest)]
        if believed:
            assert found == filled(told or pattern) or others
        elif not others:
            assert found == sentence_for(code)


def test_names_must_be_known() -> None:
    names = LEVELS[Evaluated.NAMES]
    for name in ("nothing", "No Where", "people", "public.people", "mood", "NOTHING"):
        assert said("42703", f'column "{name}" does not exist', names) == f'column "{name}" does not exist'
    for name in (CANARY, "peoples", "people.other", "nothing, or 912", "", "ssn\n912"):
        assert said("42703", f'column "{name}" does not exist', names) == sentence_for("42703")


def test_over_data_only_what_is_defined_or_stands_at_the_place_is_a_name() -> None:
    data = LEVELS[Evaluated.DATA]
    message = 'column "nothing" does not exist'
    assert said("42703", message, data) == sentence_for("42703")
    assert told_error(error("42703", message, P="8"), data).message == message
    assert told_error(error("42703", message, P="1"), data).message == sentence_for("42703")
    assert told_error(error("42P01", 'relation "No Where" does not exist', P="21"), data).position == 21
    assert said("23505", f'duplicate key value violates unique constraint "{CANARY}"', data) == sentence_for("23505")
    told = told_error(error("23505", 'duplicate key value violates unique constraint "k"', n="k", t="people"), data)
    assert (told.message[-3:], told.names) == ('"k"', (("t", "people"), ("n", "k")))


def test_where_users_code_may_have_run_no_names_come() -> None:
    for message in ("division by zero", 'relation "people" already exists', CANARY, "integer out of range"):
        for code in ("22012", "42P07", "22003", "P0001"):
            told = told_error(error(code, message, t="people", n="k", c="ssn", s="public", d="integer", H="x"), DEAF)
            assert (told.message, told.names, told.hint, told.position) == (sentence_for(code), (), "", 0)
    assert said("40P01", "deadlock detected", DEAF) == "deadlock detected"


def test_translated_messages_are_not_recognised() -> None:
    for level in Evaluated:
        assert said("42703", "Spalte »nothing« existiert nicht", LEVELS[level]) == sentence_for("42703")
        assert said("22P02", f"ungültige Eingabesyntax für Typ integer: »{CANARY}«", LEVELS[level]) == sentence_for(
            "22P02"
        )


def test_a_place_must_lie_in_the_text_and_the_text_be_the_clients() -> None:
    names = LEVELS[Evaluated.NAMES]
    for place, told in (("8", 8), ("0", 0), ("-1", 0), ("8x", 0), (str(len(TEXT) + 1), len(TEXT) + 1), ("400", 0)):
        assert told_error(error("42703", "x", P=place), names).position == told
    assert told_error(error("42703", "x", P="8"), Hearing(Evaluated.NAMES, TEXT, NAMES)).position == 0


def test_hints_come_from_a_closed_list() -> None:
    names = LEVELS[Evaluated.NAMES]
    message = 'column "nothing" does not exist'
    for hint, comes in (
        ('Perhaps you meant to reference the column "people.ssn".', True),
        (f'Perhaps you meant to reference the column "{CANARY}".', False),
        ("You might need to add explicit type casts.", True),
        ("Ask the administrator.", False),
    ):
        assert bool(told_error(error("42703", message, H=hint), names).hint) == comes
    assert not told_error(error("42703", "something else", H="You might need to add explicit type casts."), names).hint


SOUNDS = st.sampled_from([line for _, _, line in LINES]) | st.text(max_size=40)


@given(
    st.sampled_from([code for _, code, _ in LINES] + ["P0001", "ABCDE", ""]),
    SOUNDS,
    st.lists(st.sampled_from([CANARY, "people", f'"{CANARY}"', f"{CANARY}.people", "a" * 300, "\n"]), max_size=6),
    st.sampled_from(list(Evaluated)),
    st.dictionaries(st.sampled_from("DHWqpPstcdnFLRM"), st.just(CANARY)),
)
def test_no_value_gets_through_whatever_is_said(
    code: str, sound: str, fillings: list[str], level: Evaluated, more: dict[str, str]
) -> None:
    left = iter(fillings)
    message = re.sub(r"\{[a-z]+\}", lambda gap: next(left, CANARY), sound.partition(" -> ")[0])
    more.pop("n", None)  # a constraint's name, which built-ins take from the catalogs
    heard = Complaint({"V": "ERROR", "C": code, "M": message, **more})
    for told in (told_error(heard, LEVELS[level]), told_notice(heard, LEVELS[level])):
        whole = " ".join((told.severity, told.sqlstate, told.message, told.hint, *(n for _, n in told.names)))
        assert CANARY not in whole
        assert CANARY not in repr(told)
