"""A small clinic's snapshot for the tests of sql and actions."""

from __future__ import annotations

from interlock.model.snapshot import Column, Relation, Snapshot
from interlock.sql.session_state import SessionState
from interlock.sql.statement import Statement, analyse

INT, TEXT, DATE, JSONB = 23, 25, 1082, 3802


def relation(
    oid: int,
    name: str,
    *columns: tuple[str, int],
    kind: str = "r",
    hidden: bool = False,
    writes_more: frozenset[str] = frozenset(),
    children: tuple[int, ...] = (),
    rewrites: bool | None = None,
) -> Relation:
    numbered = tuple(Column(n, c, t) for n, (c, t) in enumerate(columns, 1))
    definition = f"definition of {name}"
    seen = hidden if rewrites is None else rewrites
    return Relation(oid, "public", name, kind, numbered, hidden, definition, children, writes_more, rewrites=seen)


PATIENTS = relation(
    20001, "patients", ("id", INT), ("name", TEXT), ("ssn", TEXT), ("city", TEXT), ("born", DATE), ("extra", JSONB)
)
NOTES = relation(20002, "notes", ("id", INT), ("patient_id", INT), ("body", TEXT))
WARDS = relation(20003, "wards", ("id", INT), ("title", TEXT), ("beds", INT))
PATIENT_VIEW = relation(20004, "patient_view", ("id", INT), ("x", TEXT), kind="v")
REMOTE = relation(20005, "remote", ("id", INT), kind="f")
TOTALS = relation(20006, "totals", ("n", INT), kind="m")
AUDITED = relation(20007, "audited", ("id", INT), ("what", TEXT), hidden=True)
STATE = SessionState(("public",), "gate")


def snapshot(
    functions: frozenset[str] = frozenset(),
    operators: frozenset[str] = frozenset(),
    types: frozenset[str] = frozenset(),
    *more: Relation,
) -> Snapshot:
    relations = (PATIENTS, NOTES, WARDS, PATIENT_VIEW, REMOTE, TOTALS, AUDITED, *more)
    return Snapshot("v1", 180004, relations, functions, operators, types, ("public",))


PLAIN = snapshot()


def judge(text: str, known: Snapshot = PLAIN, state: SessionState = STATE) -> Statement:
    return analyse(text.encode(), known, state)
