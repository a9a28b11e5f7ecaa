"""Documents in the store: counted by how their names begin."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.an_office import office

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
