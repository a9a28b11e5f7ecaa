"""SQLite connections: the one that writes, and those that only read."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Final

BUSY_SECONDS: Final = 1.0
"""How long a write waits for a foreign lock on the file, before every waiting caller is told no."""

WAL_PAGES: Final = 4000  # about 16 MB of log before it is folded into the main file


def open_writer(path: Path, *, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """The writing connection: WAL, `synchronous=FULL` (NORMAL may lose the last commits on power loss).

    Transactions are begun and ended by statements of ours (`isolation_level=None`). The connection may move between
    threads; its owner uses it from one at a time.
    """
    connection = sqlite3.connect(path, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA recursive_triggers = ON")  # else REPLACE slips past the DELETE triggers
        connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES}")
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: Path, *, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """A connection that can't write, to a store that exists. In WAL mode it never blocks the writer."""
    uri = f"{path.absolute().as_uri()}?mode=ro"
    return sqlite3.connect(uri, uri=True, timeout=busy_seconds, isolation_level=None, check_same_thread=False)
