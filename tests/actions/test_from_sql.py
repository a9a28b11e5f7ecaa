"""Statements into actions: outputs and their labels, asks, digest documents, refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.sql.clinic import PATIENTS, PLAIN, STATE, snapshot
from tests.sql.test_attacks import EVERYTHING, EXPRESSIONS, GUESSES, HARMLESS, REFUSED

from interlock.actions.basis import Basis
from interlock.actions.cover import UpstreamIdentity
from interlock.actions.from_sql import PreparedStatement, from_sql, same_shape
from interlock.actions.outputs import CONTRADICTED, NOT_DESCRIBED
from interlock.actions.readings import MAX_COLUMNS, MAX_REMEMBERED, MOST, Readings, read
from interlock.actions.session import session_open
from interlock.masking.tokens import holds_token, token_of
from interlock.model.action import Action
from interlock.model.actor import Actor, ActorKind
from interlock.model.canonical import encode
from interlock.model.connection import Connection
from interlock.model.label import Label
from interlock.model.names import ActionId, ActorId, ConnectionName, KeyId, PersonId
from interlock.model.payload import SessionPayload, SqlStatement
from interlock.model.snapshot import DescribedColumn, Snapshot
from interlock.sensitivity.catalog import parse_catalog
from interlock.sensitivity.columns import ColumnLabels
from interlock.sql.session_state import SessionState
from interlock.sql.statement import analyse

CATALOG = parse_catalog(
    """
[[column]]
match = "public.patients.ssn"
labels = ["phi.ssn"]
[[column]]
match = "public.patients.name"
labels = ["phi.name"]
[[column]]
match = "public.notes.body"
labels = ["phi.clinical.note"]
""",
    "catalog.toml",
)
CLINIC = Connection(ConnectionName("clinic"), "postgres", "demo", frozenset({"hipaa"}))
IDENTITY = UpstreamIdentity("db.example", 5432, "clinic", "gate")
ALL = {"phi.ssn", "phi.name", "phi.clinical.note"}
OF_PATIENTS = {"phi.ssn", "phi.name"}
AGENT = Actor(
    ActorKind.AGENT, ActorId("etl"), frozenset(), PersonId("ann"), KeyId("k"), PersonId("ann"), PersonId("ann")
)


def column(name: str, oid: int = 0, number: int = 0, type_oid: int = 25) -> DescribedColumn:
    return DescribedColumn(name, oid, number, type_oid, -1, -1, 0)


def prepare(
    text: str,
    *described: DescribedColumn,
    payload: SqlStatement | None = None,
    known: Snapshot = PLAIN,
    state: SessionState = STATE,
    asked: bool = True,
) -> PreparedStatement:
    statement = analyse(text.encode(), known, state)
    shape = described if asked and statement.describe is not None else None
    return PreparedStatement(statement, shape, payload or SqlStatement(text.encode(), True))


def act(
    *statements: PreparedStatement,
    known: Snapshot = PLAIN,
    state: SessionState = STATE,
    identity: UpstreamIdentity = IDENTITY,
) -> Action:
    return from_sql(
        id=ActionId("a"),
        actor=AGENT,
        connection=CLINIC,
        statements=statements,
        labels=ColumnLabels(known, CATALOG, CLINIC.name),
        snapshot=known,
        state=state,
        identity=identity,
        reason="why",
        holds_token=holds_token,
    )


def shown(action: Action) -> list[tuple[set[str], str | None]]:
    return [(set(o.labels), o.plain) for o in action.exposure.outputs]


def asked(action: Action) -> set[tuple[str, str, str]]:
    return {(a.verb, a.resource.kind.value, a.resource.id) for a in action.asks}


def test_plain_columns_carry_their_own_labels() -> None:
    action = act(prepare("SELECT id, ssn AS x FROM patients", column("id", 20001, 1), column("x", 20001, 3)))
    assert shown(action) == [(set(), "clinic/public.patients.id"), ({"phi.ssn"}, "clinic/public.patients.ssn")]
    assert action.exposure.labels == {"phi.ssn"}
    assert (action.exposure.opaque, action.exposure.filters, action.effect_free) == (False, frozenset(), True)
    assert asked(action) == {("sql.select", "relation", "clinic/public.patients")}
    assert action.asks[0].resource.labels == OF_PATIENTS


def test_outputs_go_by_their_lineage() -> None:
    action = act(prepare("SELECT upper(city), id FROM patients", column("upper"), column("id", 20001, 1)))
    assert shown(action) == [(set(), None), (set(), "clinic/public.patients.id")]
    upper = act(prepare("SELECT upper(ssn) FROM patients", column("upper")))
    assert shown(upper) == [({"phi.ssn"}, None)]
    whole = act(prepare("SELECT p FROM patients p", column("p", 20001, 0)))
    assert shown(whole) == [(OF_PATIENTS, None)]
    system = act(prepare("SELECT ctid FROM patients", column("ctid", 20001, -1)))
    assert shown(system) == [(set(), None)]
    constant = act(prepare("SELECT 1", column("?column?")))
    assert shown(constant) == [(set(), None)]
    view = act(prepare("SELECT x FROM patient_view", column("x", 20004, 2)))
    assert shown(view) == [(ALL, None)]
    assert view.exposure.opaque


@pytest.mark.parametrize(
    ("text", "described"),
    [
        ("SELECT id FROM wards", [column("id", 20001, 3)]),
        ("SELECT title FROM wards", [column("title", 29999, 1)]),
        ("SELECT id FROM patients", [column("id", 20001, 99)]),
        ("SELECT id FROM wards", [column("id", 20003, 1), column("id", 20003, 1)]),
        ("SELECT 1", [column("x", 1259, 1)]),
        ("EXPLAIN SELECT id FROM wards", [column("id", 20003, 1)]),
        ("SHOW timezone", [column("timezone", 20001, 3)]),
    ],
)
def test_a_contradiction_is_opaque_and_carries_everything(text: str, described: Sequence[DescribedColumn]) -> None:
    action = act(prepare(text, *described))
    assert [o[0] for o in shown(action)] == [ALL] * len(described)
    assert action.exposure.opaque
    assert CONTRADICTED in action.exposure.opaque_because


def test_what_was_not_described_is_opaque() -> None:
    action = act(prepare("SELECT id FROM wards", asked=False))
    assert action.exposure.labels == ALL
    assert action.exposure.opaque_because == (NOT_DESCRIBED,)
    assert not act(prepare("DELETE FROM wards WHERE id = 1")).exposure.opaque


def test_catalogs() -> None:
    action = act(prepare("SELECT relname, 1 FROM pg_class", column("relname", 1259, 2, 19), column("x")))
    assert shown(action) == [(set(), None), (set(), None)]
    assert asked(action) == {("sql.select", "catalog", "clinic/pg_catalog")}
    views = act(prepare("SELECT table_name FROM information_schema.tables", column("table_name", 13500, 3, 19)))
    assert shown(views) == [(set(), None)]
    assert asked(views) == {("sql.select", "catalog", "clinic/information_schema")}
    held = act(prepare("SELECT attmissingval FROM pg_attribute", column("attmissingval", 1249, 25, 2277)))
    assert shown(held) == [(ALL, None)]
    assert asked(held) == {("sql.select", "relation", "clinic/pg_catalog.pg_attribute")}
    mixed = act(
        prepare(
            "SELECT a.attname, pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a, pg_attrdef d",
            column("attname", 1249, 2, 19),
            column("pg_get_expr"),
        )
    )
    assert [o[0] for o in shown(mixed)] == [set(), ALL]
    assert asked(mixed) == {
        ("sql.select", "catalog", "clinic/pg_catalog"),
        ("sql.select", "relation", "clinic/pg_catalog.pg_attrdef"),
    }
    assert not mixed.exposure.opaque


def test_filters_and_writes() -> None:
    tested = act(prepare("SELECT id FROM patients WHERE ssn = 'x'", column("id", 20001, 1)))
    assert tested.exposure.filters == tested.exposure.probes == tested.exposure.labels == {"phi.ssn"}
    by_key = act(prepare("SELECT id FROM patients WHERE id = 1", column("id", 20001, 1)))
    assert by_key.exposure.filters == frozenset()
    written = act(prepare("UPDATE patients SET ssn = 'x' WHERE true"))
    assert (set(written.exposure.writes), written.exposure.unbounded) == ({"phi.ssn"}, True)
    harmless = act(prepare("INSERT INTO patients (city) VALUES ('x')"))
    assert harmless.exposure.labels == frozenset()
    whole = act(prepare("INSERT INTO patients VALUES (1)"))
    assert whole.exposure.writes == OF_PATIENTS
    unknown = act(prepare("DELETE FROM patient_view WHERE x = '1'"))
    assert unknown.exposure.writes == ALL
    returned = act(prepare("DELETE FROM patients WHERE id = 1 RETURNING ssn", column("ssn", 20001, 3)))
    assert shown(returned) == [({"phi.ssn"}, "clinic/public.patients.ssn")]
    assert asked(returned) == {
        ("sql.delete", "relation", "clinic/public.patients"),
        ("sql.select", "relation", "clinic/public.patients"),
    }


def test_an_export() -> None:
    action = act(
        prepare("COPY (SELECT id, ssn FROM patients) TO STDOUT", column("id", 20001, 1), column("ssn", 20001, 3))
    )
    assert asked(action) == {
        ("sql.select", "relation", "clinic/public.patients"),
        ("sql.copy_out", "relation", "clinic/public.patients"),
    }
    assert [set(o.labels) for o in action.exposure.outputs] == [set(), {"phi.ssn"}]
    assert not action.effect_free


def test_statements_that_touch_nothing_ask_for_the_connection() -> None:
    assert asked(act(prepare("SELECT 1", column("x")))) == {("sql.select", "connection", "clinic")}
    assert asked(act(prepare("BEGIN"))) == {("session.open", "connection", "clinic")}
    assert asked(act(prepare("SELECT leak()", column("leak")))) == {("sql.call", "connection", "clinic")}
    assert asked(act(prepare("DROP TABLE patients"))) == {("sql.drop", "relation", "clinic/public.patients")}


def test_refusals() -> None:
    refused = act(prepare("INSERT INTO notes (body) SELECT rolname FROM pg_roles"))
    assert refused.refusal is not None
    assert not refused.effect_free
    assert refused.templates[0].stored == "INSERT INTO notes (body) SELECT rolname FROM pg_roles"
    carrying = act(prepare("SELECT 'Canary' AS canary FROM canary", column("canary")))
    assert carrying.refusal is not None
    assert "canary" not in repr((carrying.asks, carrying.exposure.opaque_because, carrying.templates)).lower()


def test_a_masked_value_is_not_written_back() -> None:
    token = token_of([Label("phi.ssn")])
    spelled = "".join(f"\\x{b:02x}" for b in token.encode())
    assert act(prepare(f"UPDATE notes SET body = '{token}'")).refusal is not None
    assert act(prepare(f"UPDATE notes SET body = E'{spelled}'")).refusal is not None
    for code in (0, 1):
        sent = SqlStatement(b"UPDATE notes SET body = $1", False, (25,), (code,), (f"see {token}".encode(),))
        assert act(prepare("UPDATE notes SET body = $1", payload=sent)).refusal is not None
    assert act(prepare(f"SELECT 1 FROM notes WHERE body = '{token}'", column("x"))).refusal is None
    assert act(prepare("UPDATE notes SET body = 'plain'")).refusal is None


BASE = SqlStatement(b"SELECT id FROM patients WHERE id = $1", False, (23,), (0,), (b"1",), (0,), 0)


def covering(sent: SqlStatement) -> Action:
    return act(prepare(sent.text.decode(), column("id", 20001, 1), payload=sent))


@pytest.mark.parametrize(
    "other",
    [
        replace(BASE, text=b"SELECT id FROM patients WHERE id = $1 AND true"),
        replace(BASE, simple=True),
        replace(BASE, parameter_types=(20,)),
        replace(BASE, parameter_formats=(1,)),
        replace(BASE, parameters=(b"2",)),
        replace(BASE, parameters=(None,)),
        replace(BASE, result_formats=(1,)),
        replace(BASE, max_rows=5),
    ],
)
def test_every_field_of_a_statement_is_covered(other: SqlStatement) -> None:
    one, two = covering(BASE), covering(other)
    assert encode(one.cover) != encode(two.cover)
    assert encode(one.form) != encode(two.form)


def test_everything_around_is_covered() -> None:
    text, described = "SELECT id FROM patients", column("id", 20001, 1)
    base = act(prepare(text, described))
    changed = replace(PATIENTS, definition="another")
    others = [
        act(prepare(text, described), identity=replace(IDENTITY, host="other")),
        act(prepare(text, described), identity=replace(IDENTITY, port=1)),
        act(prepare(text, described), identity=replace(IDENTITY, database="other")),
        act(prepare(text, described), identity=replace(IDENTITY, user="other")),
        act(prepare(text, described), state=SessionState(("public", "x"), "gate")),
        act(prepare(text, described), state=SessionState(("public",), "other")),
        act(prepare(text, described), state=SessionState(("public",), "gate", {"timezone": "utc"})),
        act(prepare(text, described, known=_with(changed)), known=_with(changed)),
    ]
    covers = {encode(a.cover) for a in (base, *others)}
    forms = {encode(a.form) for a in (base, *others)}
    assert len(covers) == len(forms) == len(others) + 1
    opaque = "SELECT leak()"
    assert encode(act(prepare(opaque, column("leak"))).cover) != encode(
        act(prepare(opaque, column("leak")), known=replace(PLAIN, version="v2")).cover
    )


def _with(changed: object) -> Snapshot:
    return replace(PLAIN, relations=tuple(changed if r.oid == 20001 else r for r in PLAIN.relations))  # type: ignore[misc]


def test_spelling_joins_and_meaning_does_not() -> None:
    one = act(prepare("SELECT id FROM patients WHERE id = 1", column("id", 20001, 1)))
    same = act(prepare("select  id from patients /* x */ where id=1;", column("id", 20001, 1)))
    other = act(prepare("SELECT id FROM patients WHERE id = 2", column("id", 20001, 1)))
    assert encode(one.form) == encode(same.form)
    assert encode(one.cover) != encode(same.cover)
    assert encode(one.form) != encode(other.form)


def test_several_statements_make_one_action() -> None:
    action = act(
        prepare("BEGIN"),
        prepare("SELECT id FROM wards", column("id", 20003, 1)),
        prepare("UPDATE patients SET ssn = 'x' WHERE id = 1"),
    )
    assert len(action.exposures) == len(action.templates) == 3
    assert not action.effect_free
    assert action.exposure.labels == {"phi.ssn"}
    assert action.reason_given == "why"


def test_shapes() -> None:
    before = (column("id", 20001, 1, 23), column("x"))
    assert same_shape(before, before)
    assert same_shape(before, (replace(before[0], format=1), before[1])), "formats are Bind's business"
    assert not same_shape(before, before[:1])
    assert not same_shape(before, None)
    assert same_shape(None, None)
    for change in ({"name": "y"}, {"table_oid": 1}, {"number": 2}, {"type_oid": 25}, {"type_modifier": 5}):
        assert not same_shape(before, (replace(before[0], **change), before[1]))


def test_session_open() -> None:
    action = session_open(id=ActionId("a"), actor=AGENT, connection=CLINIC, payload=SessionPayload("clinic", "gate"))
    assert asked(action) == {("session.open", "connection", "clinic")}
    assert encode(action.cover) == encode(action.form)


def _described(text: str) -> PreparedStatement:
    """A description that claims nothing (expressions), and is as wide as the lineage."""
    statement = analyse(text.encode(), PLAIN, STATE)
    lineage = statement.lineage if statement.plan is None else None  # a plan has a column of its own
    width = len(lineage.outputs) if lineage is not None else statement.width or 1
    return prepare(text, *(column("x") for _ in range(width)))


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_no_expression_leaves_unlabelled(text: str) -> None:
    exposure = act(_described(text)).exposure
    assert OF_PATIENTS & frozenset().union(*(o.labels for o in exposure.outputs))


@pytest.mark.parametrize("text", GUESSES)
def test_what_is_only_tested_is_told_to_policy(text: str) -> None:
    exposure = act(_described(text)).exposure
    assert "phi.ssn" in exposure.filters & exposure.probes & exposure.labels
    assert all(o.labels == frozenset() for o in exposure.outputs)
    assert not exposure.opaque


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_harmless_has_no_labels(text: str) -> None:
    exposure = act(_described(text)).exposure
    assert exposure.outputs
    assert not any(o.labels for o in exposure.outputs)
    assert (exposure.filters, exposure.probes, exposure.opaque) == (frozenset(), frozenset(), False)


@pytest.mark.parametrize("text", [*EVERYTHING, *REFUSED])
def test_nothing_unreadable_comes_out_plain(text: str) -> None:
    statement = analyse(text.encode(), PLAIN, STATE)
    action = act(_described(text))
    assert action.exposure.opaque is (statement.looking is None)
    assert action.exposure.labels == ALL
    assert action.asks
    assert not action.effect_free
    encode(action.cover)
    encode(action.form)


def test_a_snapshot_without_labels_labels_nothing() -> None:
    known = snapshot(frozenset({"x"}))
    assert ColumnLabels(known, parse_catalog("", "c"), CLINIC.name).for_connection() == frozenset()


def test_readings_are_handed_out_only_for_what_they_were_made_of() -> None:
    readings = Readings()
    labels = ColumnLabels(PLAIN, CATALOG, CLINIC.name)
    bare = ColumnLabels(PLAIN, parse_catalog("", "catalog.toml"), CLINIC.name)
    asked_for = prepare("SELECT ssn FROM patients WHERE id = 1", column("ssn", 20001, 3))
    basis = Basis(CLINIC, labels, PLAIN, STATE, IDENTITY)
    first = readings.of(asked_for.statement, asked_for.described, basis)
    assert first.exposure.labels >= {"phi.ssn"}
    assert readings.of(asked_for.statement, asked_for.described, replace(basis)) is first
    others = [
        replace(basis, labels=bare),
        replace(basis, snapshot=replace(PLAIN)),
        replace(basis, state=replace(STATE, role="other")),
        replace(basis, identity=replace(IDENTITY, database="other")),
        replace(basis, connection=replace(CLINIC, environment="production")),
    ]
    for other in others:
        anew = readings.of(asked_for.statement, asked_for.described, other)
        assert anew is not first
        assert anew == read(asked_for.statement, asked_for.described, other)
    again = prepare("SELECT ssn FROM patients WHERE id = 1", column("ssn", 20001, 3)).statement
    assert readings.of(again, asked_for.described, basis).statement is again
    silent = readings.of(asked_for.statement, (column("ssn"),), basis)
    assert (set(silent.exposure.outputs[0].labels), silent.exposure.outputs[0].plain) == ({"phi.ssn"}, None)


@pytest.mark.parametrize("text", ["SELECT ssn FROM patients WHERE id = 1", "INSERT INTO notes VALUES (1, 2, 'x')"])
def test_a_description_changes_nothing_but_what_is_exposed(text: str) -> None:
    """A reading of the text alone lends the rest to those with a description; never one on another basis."""
    labels = ColumnLabels(PLAIN, CATALOG, CLINIC.name)
    bare = ColumnLabels(PLAIN, parse_catalog("", "catalog.toml"), CLINIC.name)
    asked_for = prepare(text, column("ssn", 20001, 3))
    basis = Basis(CLINIC, labels, PLAIN, STATE, IDENTITY)
    expected = read(asked_for.statement, asked_for.described, basis)
    for first in (basis, replace(basis, labels=bare), replace(basis, state=replace(STATE, role="other"))):
        readings = Readings()
        alone = readings.of(asked_for.statement, None, first)
        found = readings.of(asked_for.statement, asked_for.described, basis)
        assert found == expected
        assert (found.pattern is alone.pattern) == (first is basis)


def test_a_forgotten_reading_is_made_anew_and_gives_its_room_back() -> None:
    readings = Readings()
    basis = Basis(CLINIC, ColumnLabels(PLAIN, CATALOG, CLINIC.name), PLAIN, STATE, IDENTITY)
    statement = prepare("SELECT 1", column("a")).statement
    kept = readings.of(statement, (column("b"),), basis)
    for described in (None, (column("a"),)):
        readings.of(statement, described, basis)
    readings.forget(prepare("SELECT 1", column("a")).statement, (column("a"),))
    assert len(readings) == 3, "an equal statement is another one"
    readings.forget(statement, (column("a"),))
    assert len(readings) == 1
    assert readings.of(statement, (column("b"),), basis) is kept
    for _ in range(MAX_REMEMBERED // len(statement.text) * 2):
        readings.of(statement, None, basis)
        readings.forget(statement, None)
    assert readings.of(statement, (column("b"),), basis) is kept, "what was forgotten takes no room"


def test_readings_are_bounded() -> None:
    readings = Readings()
    basis = Basis(CLINIC, ColumnLabels(PLAIN, CATALOG, CLINIC.name), PLAIN, STATE, IDENTITY)
    statement = prepare("SELECT 1", column("a")).statement
    for number in range(MOST + 10):
        readings.of(statement, (column(f"c{number}"),), basis)
    assert len(readings) == MOST
    readings.of(statement, tuple(column(f"c{n}") for n in range(MAX_COLUMNS + 1)), basis)
    assert len(readings) == MOST
