"""The scripted agent: a real PostgreSQL client in autocommit, seeing only what the gateway sends it."""

from __future__ import annotations

import queue
import re
import threading
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from interlock.demo.access import AGENT, DATABASE, DemoAccess

CANCEL_SECONDS = 10.0
_REVIEW = re.compile(r"/reviews/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")

COLUMNS = ("id", "mrn", "given_name", "family_name", "birth_date", "ssn", "state")


@dataclass(frozen=True, slots=True)
class Held:
    """The gateway told the agent that its statement waits for sign-off."""

    review: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The statement ended in an error."""

    sqlstate: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Came:
    """Rows, each cell as text (None: NULL), and everything received as one text."""

    rows: tuple[tuple[str | None, ...], ...]
    raw: str


Event = Held | Refused | Came


class Agent:
    """One connection through the gateway. Use it in a `with`; a statement that is held runs in a thread of its own."""

    def __init__(self, access: DemoAccess) -> None:
        self._connection = psycopg.connect(
            host=access.host,
            port=access.port,
            dbname=DATABASE,
            user=AGENT,
            password=access.keys[AGENT].reveal(),
            sslmode="disable",
            gssencmode="disable",
            connect_timeout=10,
            autocommit=True,
        )
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._thread is not None and self._thread.is_alive():
            self.cancel()
            self._thread.join(CANCEL_SECONDS)
        self._connection.close()

    def run(self, statement: str) -> Refused | Came:
        """Runs one statement and waits for it."""
        try:
            cursor = self._connection.execute(statement.encode())
            rows = cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            return _refused(error)
        cells = tuple(tuple(None if cell is None else str(cell) for cell in row) for row in rows)
        return Came(cells, "\n".join("\t".join(cell or "" for cell in row) for row in cells))

    def start_export(self, state: str) -> queue.Queue[Event]:
        """Starts the export; what happens comes out of the queue: `Held` perhaps, and at last `Refused` or `Came`."""
        events: queue.Queue[Event] = queue.Queue()

        def on_notice(notice: psycopg.errors.Diagnostic) -> None:
            text = " ".join(filter(None, (notice.message_primary, notice.message_detail, notice.message_hint)))
            found = _REVIEW.search(text)
            if found:
                events.put(Held(found[1], notice.message_primary or ""))

        def work() -> None:
            self._connection.add_notice_handler(on_notice)
            try:
                events.put(self._copy(state))
            except psycopg.Error as error:
                events.put(_refused(error))
            finally:
                self._connection.remove_notice_handler(on_notice)

        self._thread = threading.Thread(target=work, name="demo-agent", daemon=True)
        self._thread.start()
        return events

    def cancel(self) -> None:
        """Asks the gateway to end the wait."""
        self._connection.cancel_safe(timeout=CANCEL_SECONDS)

    def _copy(self, state: str) -> Came:
        with self._connection.cursor() as cursor, cursor.copy(export_statement(state)) as copy:
            raw = b"".join(bytes(chunk) for chunk in copy).decode()
        return Came(tuple(_cells(line) for line in raw.splitlines()), raw)


def export_statement(state: str) -> str:
    """The export of one state's patients; only the literal differs."""
    select = f"SELECT {', '.join(COLUMNS)} FROM patients WHERE state = "  # noqa: S608  a constant
    return f"COPY ({select}{sql.Literal(state).as_string()} ORDER BY id) TO STDOUT"


def _cells(line: str) -> tuple[str | None, ...]:
    return tuple(None if cell == "\\N" else cell for cell in line.split("\t"))


def _refused(error: psycopg.Error) -> Refused:
    diagnostic = error.diag
    words = filter(None, (diagnostic.message_primary, diagnostic.message_detail, diagnostic.message_hint))
    return Refused(error.sqlstate or "", " ".join(words) or type(error).__name__)
