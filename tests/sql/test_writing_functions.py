"""A query that calls a function which writes: policy sees the writes, and as whom a body runs decides what it names."""

from __future__ import annotations

import pytest

from interlock.model import verb
from interlock.model.snapshot import Snapshot
from interlock.sql.ddl import snapshot_of
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Kind, Statement
from interlock.sql.statement import analyse

DDL = """
CREATE SCHEMA owner;
CREATE TABLE patients (id int, ssn text);
CREATE TABLE notes (id int, body text);
CREATE TABLE owner.secrets (id int, ssn text);
CREATE FUNCTION note(t text) RETURNS void LANGUAGE sql AS 'INSERT INTO notes (body) VALUES (t)';
CREATE FUNCTION forget() RETURNS void LANGUAGE sql AS 'DELETE FROM notes';
CREATE FUNCTION rename(n int) RETURNS void LANGUAGE sql AS 'UPDATE notes SET body = $$x$$ WHERE id = n';
CREATE FUNCTION outer_one() RETURNS void LANGUAGE sql AS 'SELECT rename(1)';
CREATE FUNCTION reads() RETURNS int LANGUAGE sql AS 'SELECT id FROM notes';
CREATE FUNCTION keep(t text) RETURNS void LANGUAGE sql SET search_path = public
  AS 'INSERT INTO notes (body) VALUES (t)';
CREATE VIEW calling AS SELECT p.id, keep(p.ssn) AS done FROM patients p;
CREATE VIEW unclear AS SELECT note('x') AS done;
CREATE FUNCTION bare() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT id FROM notes';
CREATE FUNCTION safe() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = public AS 'SELECT id FROM notes';
CREATE FUNCTION users() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = "$user", public
  AS 'SELECT id FROM notes';
CREATE FUNCTION inner_users() RETURNS int LANGUAGE sql SET search_path = "$user", public AS 'SELECT id FROM notes';
CREATE FUNCTION within() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = public AS 'SELECT inner_users()';
CREATE FUNCTION below() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = public AS 'SELECT reads()';
CREATE FUNCTION as_other() RETURNS int LANGUAGE sql SET role = 'x' AS 'SELECT id FROM notes';
"""
KNOWN: Snapshot = snapshot_of(DDL.encode())


def judge(text: str) -> Statement:
    return analyse(text.encode(), KNOWN, SessionState(("public",), "gate"))


@pytest.mark.parametrize(
    ("text", "word", "columns", "unbounded"),
    [
        ("SELECT note('x')", verb.SQL_INSERT, {"body"}, False),
        ("SELECT forget()", verb.SQL_DELETE, None, True),
        ("SELECT rename(3)", verb.SQL_UPDATE, {"body"}, False),
        ("SELECT outer_one()", verb.SQL_UPDATE, {"body"}, False),
        ("SELECT * FROM note('x') AS n", verb.SQL_INSERT, {"body"}, False),
        ("SELECT done FROM calling", verb.SQL_INSERT, {"body"}, False),
    ],
)
def test_what_functions_write_is_written(text: str, word: str, columns: set[str] | None, unbounded: bool) -> None:
    judged = judge(text)
    assert judged.kind is Kind.WRITE and not judged.effect_free and not judged.countable
    assert (word, "public.notes") in {(t.verb, t.name) for t in judged.touches}
    assert [(w.relation, w.columns) for w in judged.written] == [
        (KNOWN.by_name["public", "notes"], frozenset(columns) if columns is not None else None)
    ]
    assert judged.unbounded is unbounded


def test_a_view_that_calls_it_writes_what_it_is_given() -> None:
    (write,) = (judge("SELECT done FROM calling").lineage or pytest.fail("not traced")).writes
    patients = KNOWN.by_name["public", "patients"]
    assert {(s.relation, s.number) for s in write.sources} == {(patients.oid, 2)}


def test_what_is_written_and_isnt_known_may_be_anything() -> None:
    """A body that a view calls is read under the path of whoever reads the view."""
    judged = judge("SELECT done FROM unclear")
    assert judged.kind is Kind.WRITE and judged.opaque_because
    assert (verb.SQL_INSERT, "", None) in {(t.verb, t.name, t.relation) for t in judged.touches}
    assert [w.relation for w in judged.written] == [None]


def test_one_that_reads_writes_nothing() -> None:
    judged = judge("SELECT reads()")
    assert judged.kind is Kind.QUERY and judged.written == ()
    assert {t.verb for t in judged.touches} == {verb.SQL_SELECT, verb.SQL_CALL}


def test_making_a_view_writes_nothing_yet() -> None:
    assert judge("CREATE VIEW v AS SELECT note('x')").written == ()


@pytest.mark.parametrize("name", ["bare", "users", "within", "as_other"])
def test_a_bare_name_is_unknown_where_the_role_is(name: str) -> None:
    """`$user` is the owner of a function that runs as its owner, and a session's path may begin with it."""
    assert judge(f"SELECT {name}()").opaque_because


@pytest.mark.parametrize("name", ["safe", "reads", "inner_users", "below"])
def test_a_path_that_says_all_is_enough(name: str) -> None:
    judged = judge(f"SELECT {name}()")
    assert not judged.opaque_because
    assert judged.lineage is not None and judged.lineage.outputs[0].sources
