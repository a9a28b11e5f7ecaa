"""A disk that can be held and filled: SQLite itself waits in its COMMIT, or says that it is full."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from testkit.recording_link import Tape

PATIENCE = 20.0  # seconds until a test that waits for what never comes fails
PAGES = 1_000_000


class Disk:
    """Gives the store its writing connection. `held(b"action.released")` holds each COMMIT that has such an entry."""

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.holds: bytes | None = None
        self.reached = threading.Event()
        self.let_go = threading.Event()
        self._given: list[sqlite3.Connection] = []

    def connect(self, path: Path) -> sqlite3.Connection:
        """The writing connection, set up as the gateway's own."""
        disk = self

        class Held(sqlite3.Connection):
            holding = False

            def executemany(self, sql: str, rows: Iterable[Any], /) -> sqlite3.Cursor:
                rows = list(rows)
                if "il_entry" in sql and disk.holds is not None:
                    type(self).holding |= any(disk.holds in row[4] for row in rows)
                return super().executemany(sql, rows)

            def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
                if sql == "COMMIT" and type(self).holding:
                    type(self).holding = False
                    disk.reached.set()
                    assert disk.let_go.wait(PATIENCE), "nobody let the disk go"
                return super().execute(sql, *parameters)

        connection = sqlite3.connect(path, timeout=1.0, isolation_level=None, check_same_thread=False, factory=Held)
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "recursive_triggers = ON"):
            connection.execute(f"PRAGMA {pragma}")
        self._given.append(connection)
        return connection

    @asynccontextmanager
    async def held(self, entry: bytes = b'"action.released"') -> AsyncIterator[None]:
        """From now until the end of the block, the flush that writes such an entry doesn't come back."""
        self.reached.clear()
        self.let_go.clear()
        self.holds = entry
        try:
            yield
        finally:
            self.release()

    async def blocked(self) -> None:
        """Returns once a flush waits."""
        assert await asyncio.to_thread(self.reached.wait, PATIENCE), "the flush never came"

    def release(self) -> int:
        """Lets it go on; gives the place in the tape's order, before any byte can follow from it."""
        self.holds = None
        at = self.tape.note("disk released")
        self.let_go.set()
        return at

    def fill(self) -> None:
        """No page more than there are."""
        writer = self._given[-1]
        pages = writer.execute("PRAGMA page_count").fetchone()[0]
        writer.execute(f"PRAGMA max_page_count = {pages}")

    def empty(self) -> None:
        """Room again."""
        self._given[-1].execute(f"PRAGMA max_page_count = {PAGES}")
