"""What writes reach beyond the relation that they name."""

from __future__ import annotations

import pytest
from tests.postgres_fixture import Database

from interlock.upstreams.cascades import AND_MORE, MOST, Cascades
from interlock.upstreams.postgres import load_snapshot

NAMES = {1: "public.patients", 2: "public.visits", 3: "public.notes", 4: "public.bills"}
AUDIT = "public.audit"


def test_deletes_are_followed_through_every_table() -> None:
    cascades = Cascades(NAMES, [(1, 2, "c", "a"), (2, 3, "c", "a"), (1, 4, "n", "a")], [], [])
    assert cascades.of(1) == ("delete: public.visits", "delete: public.bills", "delete: public.notes")
    assert cascades.of(2) == ("delete: public.notes",)
    assert cascades.of(3) == ()


def test_what_is_set_null_goes_on_as_an_update() -> None:
    cascades = Cascades(NAMES, [(1, 2, "n", "a"), (2, 3, "c", "a"), (2, 4, "a", "c")], [], [])
    assert cascades.of(1) == ("delete: public.visits", "delete: public.bills")


def test_circles_end() -> None:
    cascades = Cascades(NAMES, [(1, 2, "c", "c"), (2, 1, "c", "c"), (1, 1, "c", "a")], [], [])
    assert cascades.of(1) == (
        "update: public.visits",
        "update: public.patients",
        "delete: public.visits",
        "delete: public.patients",
    )


def test_own_triggers_and_those_that_are_led_to() -> None:
    hooks = [
        (1, "trigger", "log", 4 | 16, "", AUDIT),
        (2, "trigger", "gone", 8, "", AUDIT),
        (2, "rule", "keep", 0, "4", ""),
    ]
    cascades = Cascades(NAMES, [(1, 2, "c", "a")], hooks, [])
    assert cascades.of(1) == (
        "trigger log on insert or update calls public.audit()",
        "delete: public.visits",
        "delete: trigger gone of public.visits calls public.audit()",
        "delete: rule keep of public.visits",
    )
    assert cascades.of(2) == ("trigger gone on delete calls public.audit()", "rule keep on delete")


def test_partitions_are_the_tables_own_but_where_they_lead_is_told() -> None:
    hooks = [(2, "trigger", "log", 4, "", AUDIT)]
    cascades = Cascades(NAMES, [(2, 3, "c", "a")], hooks, [(1, 2)])
    assert cascades.of(1) == ("insert: trigger log of public.visits calls public.audit()", "delete: public.notes")


def test_no_more_is_told_than_somebody_reads() -> None:
    names = {n: f"public.t{n}" for n in range(200)}
    cascades = Cascades(names, [(0, n, "c", "a") for n in range(1, 200)], [], [])
    told = cascades.of(0)
    assert len(told) == MOST + 1
    assert told[-1] == AND_MORE


REACHES = {
    "cascade": (
        ("delete: public.u",),
        "CREATE TABLE t (a int PRIMARY KEY)",
        "CREATE TABLE u (a int REFERENCES t ON DELETE CASCADE)",
    ),
    "set default on update": (
        ("update: public.u",),
        "CREATE TABLE t (a int PRIMARY KEY)",
        "CREATE TABLE u (a int DEFAULT 3 REFERENCES t ON UPDATE SET DEFAULT)",
    ),
    "a reference alone": ((), "CREATE TABLE t (a int PRIMARY KEY)", "CREATE TABLE u (a int REFERENCES t)"),
    "trigger": (
        ("trigger audit_patients on update calls public.audit()",),
        "CREATE TABLE t (a int)",
        "CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER audit_patients AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION audit()",
    ),
    "trigger that is off": (
        (),
        "CREATE TABLE t (a int)",
        "CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER g AFTER UPDATE ON t FOR EACH ROW EXECUTE FUNCTION audit(); ALTER TABLE t DISABLE TRIGGER g",
    ),
    "rule": (
        ("rule keep on delete",),
        "CREATE TABLE t (a int)",
        "CREATE RULE keep AS ON DELETE TO t DO INSTEAD NOTHING",
    ),
    "partitions that refer": (
        ("delete: public.u",),
        "CREATE TABLE t (a int PRIMARY KEY)",
        "CREATE TABLE u (a int REFERENCES t ON DELETE CASCADE) PARTITION BY LIST (a)",
        "CREATE TABLE u1 PARTITION OF u FOR VALUES IN (1)",
    ),
}


@pytest.mark.parametrize("case", REACHES.values(), ids=REACHES.keys())
async def test_relations_tell_what_their_writes_reach(
    empty_database: Database, case: tuple[tuple[str, ...], *tuple[str, ...]]
) -> None:
    reaches, *statements = case
    empty_database.execute(*statements)
    snapshot = await load_snapshot(empty_database.upstream)
    assert snapshot.by_name["public", "t"].reaches == reaches
