"""Units that are in the log already: a caller who couldn't know asks again with the same ids (ledger.md 1.10)."""

from __future__ import annotations

import sqlite3

from interlock.errors import Conflict
from interlock.ledger.entry import Prepared
from interlock.ports import Receipt
from interlock.stores.jobs import Ready
from interlock.stores.schema import LOG_ID


def find(connection: sqlite3.Connection, unit: Ready) -> Receipt | Conflict | None:
    """Where `unit` lies if it is in the log; a `Conflict` if its ids were given to something else; else None."""
    found = [_row(connection, id_) for id_ in unit.ids]
    if not any(found):
        return None
    places: list[tuple[int, str]] = []
    for row, entry in zip(found, unit.entries, strict=True):
        if row is None or not _says(row[2], entry):
            return Conflict("an entry's id is in the ledger already, for something else")
        places.append((row[0], row[1].hex()))
    return Receipt(tuple(places))


def _row(connection: sqlite3.Connection, id_: str) -> tuple[int, bytes, bytes] | None:
    query = "SELECT idx, leaf, body FROM il_entry WHERE log_id = ? AND id = ?"
    row: tuple[int, bytes, bytes] | None = connection.execute(query, (LOG_ID, id_)).fetchone()
    return row


def _says(body: bytes, entry: Prepared) -> bool:
    """Whether the stored entry is this draft: all but what the flush adds, in the same order."""
    at = 0
    for part in (entry.before_boot, entry.before_node, entry.before_prev):
        at = body.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return body.startswith(entry.before_boot)
