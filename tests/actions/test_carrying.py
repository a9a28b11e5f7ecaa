"""Where labels go with what is written: by lineage, everywhere where there is none, and in turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from interlock.actions.basis import Basis
from interlock.actions.carrying import carries_of
from interlock.actions.cover import UpstreamIdentity
from interlock.actions.from_sql import from_sql
from interlock.actions.prepared import PreparedStatement
from interlock.model.actor import Actor, ActorKind
from interlock.model.connection import Connection
from interlock.model.names import ActionId, ActorId, ConnectionName, KeyId, PersonId
from interlock.model.payload import SqlStatement
from interlock.model.snapshot import Column, DescribedColumn, Relation, Snapshot
from interlock.sensitivity.catalog import parse_catalog
from interlock.sensitivity.columns import ColumnLabels
from interlock.sql.lineage.traced import Lineage
from interlock.sql.session_state import SessionState
from interlock.sql.statement import analyse

CLINIC = Connection(ConnectionName("clinic"), "postgres", "test", frozenset())
CATALOG = parse_catalog(
    '[[column]]\nmatch = "public.people.ssn"\nlabels = ["phi.ssn"]\n'
    '[[column]]\nmatch = "public.people.mrn"\nlabels = ["phi.mrn"]\n',
    "catalog.toml",
)
ALL = {"phi.ssn", "phi.mrn"}
OWNER = PersonId("ann")
AGENT = Actor(ActorKind.AGENT, ActorId("etl"), frozenset(), OWNER, KeyId("k"), OWNER, OWNER)


def table(oid: int, name: str, *columns: str) -> Relation:
    listed = tuple(Column(n, column, 25) for n, column in enumerate(columns, 1))
    return Relation(oid, "public", name, "r", listed, False, "x", rewrites=False)


TABLES = (
    table(20001, "people", "id", "ssn", "mrn"),
    table(20002, "notes", "id", "text", "kind"),
    table(20003, "further", "id", "text"),
)
KNOWN = Snapshot("v", 180000, TABLES, frozenset(), frozenset(), frozenset(), ("public",))
STATE = SessionState(("public", "own"), "etl")
BASIS = Basis(
    CLINIC,
    ColumnLabels(KNOWN, CATALOG, CLINIC.name),
    KNOWN,
    STATE,
    UpstreamIdentity("localhost", 5432, "clinic", "interlock"),
)


def carried(text: str, *, untraceable: bool = False) -> Mapping[str, set[str]]:
    statement = analyse(text.encode(), KNOWN, STATE)
    if untraceable:
        statement = replace(statement, lineage=Lineage(opaque=("it can't be traced",)))
    return {carry.column.removeprefix("clinic/"): set(carry.labels) for carry in carries_of(statement, BASIS)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INSERT INTO notes (id, text) SELECT id, ssn FROM people", {"public.notes.text": {"phi.ssn"}}),
        ("INSERT INTO notes VALUES (1, 'a')", {}),
        ("INSERT INTO notes (id) SELECT count(ssn) FROM people", {}),
        ("INSERT INTO people (ssn) SELECT ssn FROM people", {}),  # it has the label
        ("INSERT INTO people (ssn) SELECT mrn FROM people", {"public.people.ssn": {"phi.mrn"}}),
        ("UPDATE notes SET kind = mrn || ssn FROM people", {"public.notes.kind": ALL}),
        ("DELETE FROM notes USING people WHERE notes.id = people.id", {}),
        ("CREATE TABLE copy AS SELECT id, ssn FROM people", {"public.copy.ssn": {"phi.ssn"}}),
        ("CREATE TABLE own.copy (a, b) AS SELECT id, ssn FROM people", {"own.copy.b": {"phi.ssn"}}),
        ("SELECT ssn INTO copy FROM people", {"public.copy.ssn": {"phi.ssn"}}),
    ],
)
def test_labels_go_where_the_data_goes(text: str, expected: Mapping[str, set[str]]) -> None:
    assert carried(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INSERT INTO notes (id, text) SELECT id, kind FROM notes", {"public.notes.id": ALL, "public.notes.text": ALL}),
        ("UPDATE people SET ssn = 'x'", {"public.people.ssn": {"phi.mrn"}}),
        ("CREATE TABLE copy AS SELECT id FROM notes", {"public.copy.*": ALL}),
        ("DELETE FROM notes", {}),
        ("SELECT id FROM notes", {}),
    ],
)
def test_what_cant_be_traced_carries_everything(text: str, expected: Mapping[str, set[str]]) -> None:
    assert carried(text, untraceable=True) == expected


def test_a_relation_that_isnt_known_is_labelled_in_every_schema_of_the_path() -> None:
    expected = {"public.nowhere.*": ALL, "own.nowhere.*": ALL}
    assert carried("INSERT INTO nowhere SELECT ssn FROM people") == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ALTER TABLE nowhere RENAME TO other", {"public.other.*": ALL, "own.other.*": ALL}),
        ("ALTER TABLE own.nowhere RENAME COLUMN a TO b", {"own.nowhere.*": ALL}),
        ("ALTER TABLE nowhere SET SCHEMA elsewhere", {"elsewhere.nowhere.*": ALL}),
        # Known by its place; what the catalog said of the old name is put on record.
        ("ALTER TABLE people RENAME TO other", {"public.people.mrn": {"phi.mrn"}, "public.people.ssn": {"phi.ssn"}}),
        ("ALTER TABLE nowhere ADD COLUMN a int", {}),
        ("CREATE TABLE plain (a int)", {}),
    ],
)
def test_renaming_what_was_made_a_moment_ago_shakes_nothing_off(text: str, expected: Mapping[str, set[str]]) -> None:
    assert carried(text) == expected


def test_a_later_statement_of_an_action_meets_what_an_earlier_one_wrote() -> None:
    texts = (
        "INSERT INTO notes (text) SELECT ssn FROM people",
        "INSERT INTO further (text) SELECT text FROM notes",
        "SELECT text FROM further",
    )
    plain = (DescribedColumn("text", 20003, 2, 25, -1, -1, 0),)
    statements = [
        PreparedStatement(
            analyse(text.encode(), KNOWN, STATE),
            plain if text.startswith("SELECT") else None,
            SqlStatement(text=text.encode(), simple=True),
        )
        for text in texts
    ]
    action = from_sql(
        id=ActionId("a"),
        actor=AGENT,
        connection=CLINIC,
        statements=statements,
        labels=BASIS.labels,
        snapshot=KNOWN,
        state=STATE,
        identity=BASIS.identity,
        reason="",
        holds_token=lambda _: False,
    )
    found = [{c.column for c in exposure.carries} for exposure in action.exposures]
    assert found == [{"clinic/public.notes.text"}, {"clinic/public.further.text"}, set()]
    assert action.exposures[2].outputs[0].labels == {"phi.ssn"}
