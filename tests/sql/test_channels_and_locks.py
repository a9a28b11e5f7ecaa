"""LISTEN, UNLISTEN, NOTIFY, LOCK."""

from __future__ import annotations

import pytest
from tests.sql.clinic import NOTES, PATIENTS, judge

from interlock.errors import NotUnderstood
from interlock.model import verb
from interlock.sql.effects import Listen, Unlisten
from interlock.sql.locks import MAX_LOCKED
from interlock.sql.shape import Kind, Reach, Touch


def test_what_is_heard_can_be_anything() -> None:
    statement = judge('LISTEN "Wards"')
    assert (statement.kind, statement.effect) == (Kind.QUERY, Listen("Wards"))
    assert statement.touches == (Touch(verb.SQL_LISTEN, ""),), "a channel called like a table is no such table"
    assert statement.reach is Reach.CONNECTION and statement.because
    assert not statement.effect_free and not statement.countable and not statement.is_session_traffic
    assert statement.describe is None


def test_unlisten_is_session_traffic() -> None:
    assert judge("UNLISTEN x").effect == Unlisten("x")
    assert judge("UNLISTEN *").effect == Unlisten(None)
    assert judge("UNLISTEN *").is_session_traffic


def test_notify_is_a_write() -> None:
    for text in ("NOTIFY x", "NOTIFY x, 'somebody'"):
        statement = judge(text)
        assert (statement.kind, statement.touches) == (Kind.WRITE, (Touch(verb.SQL_NOTIFY, ""),))
        assert not statement.effect_free and statement.describe is None and statement.written == ()


@pytest.mark.parametrize("text", ['LISTEN "123-45-6789"', 'NOTIFY "a@b.example"', 'UNLISTEN "123456789"'])
def test_names_of_channels_that_carry_data(text: str) -> None:
    refusal = judge(text).refusal
    assert refusal is not None and refusal.code == "finding_in_code"


def test_the_lock_of_a_read_is_a_read() -> None:
    statement = judge("LOCK TABLE patients, ONLY public.notes IN ACCESS SHARE MODE NOWAIT")
    assert (statement.kind, statement.reach, statement.describe) == (Kind.QUERY, Reach.TABLES, None)
    assert {(t.verb, t.relation) for t in statement.touches} == {(verb.SQL_SELECT, PATIENTS), (verb.SQL_SELECT, NOTES)}
    assert statement.countable and not statement.effect_free


@pytest.mark.parametrize(
    "mode",
    ["", *(f"IN {m} MODE" for m in ("ROW SHARE", "ROW EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "ACCESS EXCLUSIVE"))],
)
def test_any_other_lock_is_a_write(mode: str) -> None:
    statement = judge(f"LOCK patients {mode}")
    assert statement.kind is Kind.WRITE
    assert [(t.verb, t.relation) for t in statement.touches] == [(verb.SQL_LOCK, PATIENTS)]


def test_locks_of_what_is_not_known() -> None:
    assert judge("LOCK unknown IN ACCESS SHARE MODE").reach is Reach.CONNECTION
    assert judge("LOCK patients, unknown").reach is Reach.CONNECTION
    assert judge("LOCK pg_authid IN ACCESS SHARE MODE").kind is Kind.REFUSED
    assert judge(f"LOCK {', '.join(['patients'] * 150)} IN ACCESS SHARE MODE").kind is Kind.QUERY
    with pytest.raises(NotUnderstood):
        judge(f"LOCK {', '.join(['patients'] * (MAX_LOCKED + 1))}")
    with pytest.raises(NotUnderstood):
        judge(f"SELECT 1 FROM {', '.join(['patients'] * 150)}")
