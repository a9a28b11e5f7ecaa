"""What is called otherwise afterwards."""

from __future__ import annotations

import pytest

from interlock.sql.parse import parse
from interlock.sql.renaming import Renamed, renamed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ALTER TABLE copy RENAME TO other", Renamed("", "other")),
        ('ALTER TABLE s.copy RENAME TO "Ot.her"', Renamed("s", "Ot.her")),
        ("ALTER MATERIALIZED VIEW copy RENAME TO other", Renamed("", "other")),
        ("ALTER TABLE IF EXISTS ONLY copy RENAME a TO b", Renamed("", "copy")),
        ("ALTER TABLE s.copy RENAME COLUMN a TO b", Renamed("s", "copy")),
        ("ALTER TABLE copy SET SCHEMA elsewhere", Renamed("elsewhere", "copy")),
        ("ALTER TABLE copy RENAME CONSTRAINT a TO b", None),
        ("ALTER INDEX copy RENAME TO other", None),
        ("ALTER TABLE copy ADD COLUMN a int", None),
        ("SELECT 1", None),
    ],
)
def test_what_is_renamed(text: str, expected: Renamed | None) -> None:
    assert renamed(parse(text.encode())) == expected
