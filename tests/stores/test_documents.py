"""Documents in the store: counted by how their names begin."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from tests.an_office import office

from interlock.ledger.fields import format_time
from interlock.model.change import PutDocument, Unit
from interlock.model.document import Document, DocumentKind


@pytest.mark.parametrize(
    ("prefix", "count"), [("etl/", 2), ("ETL/", 0), ("et_/", 0), ("%", 0), ("e", 4), ("etl.x/", 1), ("a/", 0), ("", 5)]
)
async def test_names_that_begin_so_are_counted(tmp_path: Path, prefix: str, count: int) -> None:
    names = ("etl/1", "etl/\U0010fffe", "etl.x/1", "etl0/1", "zed/1")
    async with office(tmp_path) as place:
        for id_, name in enumerate(names):
            at = place.clock.now()
            change = PutDocument(Document(DocumentKind.CALLBACK, str(id_), name, 1, at, None, b"sealed"))
            await place.store.commit(Unit((), (change,)))
        records = place.store.records
        assert await records.count_named(DocumentKind.CALLBACK, prefix) == count
        assert await records.count_named(DocumentKind.SCIM_USER, prefix) == 0


async def test_what_is_due_is_read_on_from_where_it_was_left(tmp_path: Path) -> None:
    kind = DocumentKind.COPY_SLACK
    async with office(tmp_path) as place:
        now, records = place.clock.now(), place.store.records
        assert await records.documents_waiting(kind) == (0, None)
        dues = {"a": 1, "b": 2, "c": 2, "d": 3, "e": 5, "f": None}
        for id_, second in dues.items():
            due = None if second is None else now + timedelta(seconds=second)
            put = PutDocument(Document(kind, id_, id_, 1, now, due, b"sealed"))
            await place.store.commit(Unit((), (put,)))
        at = now + timedelta(seconds=4)
        seen: list[str] = []
        after = None
        while page := await records.documents_due(kind, at, 2, after):
            seen += [each.id for each in page]
            assert page[-1].due_at is not None
            after = (page[-1].due_at, page[-1].id)
        assert seen == ["a", "b", "c", "d"]
        assert await records.documents_waiting(kind) == (5, now + timedelta(seconds=1))


async def test_what_is_due_is_found_in_its_index(tmp_path: Path) -> None:
    async with office(tmp_path) as place:
        asked: list[tuple[str, tuple[object, ...]]] = []
        reader = place.store.records
        event.listen(reader._engine, "before_cursor_execute", lambda *a: asked.append((a[2], tuple(a[3]))))
        now = place.clock.now()
        await reader.documents_due(DocumentKind.COPY_SLACK, now, 5)
        await reader.documents_due(DocumentKind.COPY_SLACK, now, 5, (now, "a"))
        await reader.documents_waiting(DocumentKind.COPY_SLACK)
    assert len(asked) == 3 and format_time(now) in asked[0][1]
    path = tmp_path / "interlock.db"
    with closing(sqlite3.connect(path)) as connection:
        for query, values in asked:
            (plan,) = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}", values)]
            assert "USING" in plan and "INDEX il_document_due (kind=? AND " in plan and "due_at" in plan, plan
            assert "TEMP B-TREE" not in plan
