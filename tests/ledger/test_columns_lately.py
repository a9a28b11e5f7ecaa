"""Which columns were read masked or written lately: so long, and never fewer than there were."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from interlock.ledger.columns_lately import MOST_ACTORS, MOST_COLUMNS, ColumnsLately
from interlock.ledger.recents import Recents
from interlock.model.entry import EntryType
from interlock.model.exposure import Mentioned, WrittenColumn
from interlock.model.label import Label
from interlock.model.names import ActorId
from interlock.model.recent import HOUR, Recent, Wrote

ETL, OTHER = ActorId("etl"), ActorId("other")
MRN, NAME = "clinic/public.patients.mrn", "clinic/public.patients.name"
LONGEST = HOUR.total_seconds()
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_column_counts_for_an_hour_from_when_it_was_last_read() -> None:
    reads = ColumnsLately()
    reads.add(ETL, [MRN, NAME], 0.0)
    reads.add(ETL, [MRN], 100.0)
    assert reads.of(ETL, 100.0) == (frozenset({MRN, NAME}), False)
    assert reads.of(ETL, LONGEST - 1) == (frozenset({MRN, NAME}), False)
    assert reads.of(ETL, LONGEST) == (frozenset({MRN}), False)
    assert reads.of(ETL, LONGEST + 100) == (frozenset(), False)
    assert reads.of(OTHER, 1.0) == (frozenset(), False)


def test_what_had_no_room_counts_as_read() -> None:
    reads = ColumnsLately()
    reads.add(ETL, [MRN], 0.0)
    reads.add(ETL, [f"clinic/public.wide.c{n}" for n in range(MOST_COLUMNS)], 10.0)
    columns, any_ = reads.of(ETL, 20.0)
    assert len(columns) == MOST_COLUMNS and MRN not in columns and any_
    assert reads.of(ETL, LONGEST)[1] is False
    assert reads.of(OTHER, 20.0) == (frozenset(), False)


def test_an_actor_that_had_no_room_counts_as_having_read() -> None:
    reads = ColumnsLately()
    reads.add(ETL, [MRN], 50.0)
    for n in range(MOST_ACTORS):
        reads.add(ActorId(f"a{n}"), [NAME], 60.0)
    assert reads.of(ETL, 70.0) == (frozenset(), True)
    assert reads.of(ActorId("a1"), 70.0) == (frozenset({NAME}), False)
    assert reads.of(ETL, 50.0 + LONGEST) == (frozenset(), False)


def test_more_than_an_entry_had_room_for_counts_as_read() -> None:
    reads = ColumnsLately()
    reads.add(ETL, [MRN, "*"], 0.0)
    assert reads.of(ETL, 1.0) == (frozenset({MRN}), True)
    assert reads.of(ETL, LONGEST) == (frozenset(), False)


def test_it_is_taken_from_releases_as_they_are_in_the_log() -> None:
    recents = Recents()
    released = {"verbs": ["sql.select"], "labels": ["phi.mrn"], "masked": [MRN]}
    recents.take(EntryType.ACTION_RELEASED, ETL, released, NOON)
    recents.take(EntryType.ACTION_HELD, OTHER, {**released, "masked": [MRN]}, NOON)
    assert recents.of(ETL, NOON + timedelta(minutes=59)).masked == {MRN}
    assert recents.of(ETL, NOON + timedelta(minutes=61)).masked == frozenset()
    assert recents.of(OTHER, NOON).masked == frozenset()


def test_the_labels_of_what_is_written_back() -> None:
    mrn = WrittenColumn(MRN, frozenset({Label("phi.mrn")}))
    table = WrittenColumn("clinic/public.patients.*", frozenset({Label("phi.mrn"), Label("phi.name")}))
    other = WrittenColumn("clinic/public.patients_old.mrn", frozenset({Label("phi.x")}))
    elsewhere = WrittenColumn("shop/*", frozenset({Label("pci.pan")}))
    lately = Recent(masked=frozenset({MRN}))
    assert lately.written_back([mrn, other, elsewhere]) == {"phi.mrn"}
    assert lately.written_back([table]) == {"phi.mrn", "phi.name"}
    assert lately.written_back([WrittenColumn("clinic/*", frozenset({Label("phi")}))]) == {"phi"}
    assert Recent(masked_any=True).written_back([other, elsewhere]) == {"phi.x", "pci.pan"}
    assert Recent().written_back([mrn, table, other]) == frozenset()


def test_what_was_written_is_taken_from_releases_for_the_actor_and_its_chain() -> None:
    recents = Recents()
    released = {"verbs": ["sql.insert"], "labels": ["phi.mrn"], "written": [f"phi.mrn,quasi.id {MRN}"]}
    behalf = ActorId("dana")
    recents.take(EntryType.ACTION_RELEASED, ETL, released, NOON, [behalf])
    recents.take(EntryType.ACTION_HELD, OTHER, released, NOON)
    for actor in (ETL, behalf):
        assert recents.wrote([OTHER, actor], NOON + timedelta(hours=23)) == Wrote(frozenset({MRN}))
        assert recents.wrote([actor], NOON + timedelta(hours=25)) == Wrote()
    assert recents.wrote([OTHER], NOON) == Wrote()
    recents.take(EntryType.ACTION_RELEASED, OTHER, {**released, "written": ["phi.mrn clinic/*", ""]}, NOON)
    assert recents.wrote([OTHER], NOON) == Wrote(frozenset({"clinic/*"}), True)


def test_the_labels_of_what_was_written_lately() -> None:
    mrn, name = Mentioned(MRN, frozenset({Label("phi.mrn")})), Mentioned(NAME, frozenset({Label("phi.name")}))
    table = Mentioned("clinic/public.patients.*", frozenset({Label("phi")}))
    for columns, expected in (
        ({MRN}, {"phi.mrn", "phi"}),
        ({"clinic/public.patients.*"}, {"phi.mrn", "phi.name", "phi"}),
        ({"clinic/*"}, {"phi.mrn", "phi.name", "phi"}),
        ({"clinic/public.patients_old.mrn", "shop/*"}, set()),
        (set(), set()),
    ):
        assert Wrote(frozenset(columns)).labels_of([mrn, name, table]) == expected
    assert Wrote(any_=True).labels_of([name]) == {"phi.name"}
