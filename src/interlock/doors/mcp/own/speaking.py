"""A session at the PostgreSQL door, as a client of it: logging in with the asker's credential, asking, cancelling.

Source: PostgreSQL documentation, "Frontend/Backend Protocol". The door's words are safe to show; only it writes here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from interlock.doors.inside import Dial
from interlock.doors.mcp.seams import Asker
from interlock.doors.relay import Link
from interlock.errors import MalformedInput
from interlock.model.names import ConnectionName
from interlock.wire.postgres import backend, frontend
from interlock.wire.postgres.frames import Frame, FrameReader

LOGIN_SECONDS: Final = 60.0  # longer than the door's own bound
LARGEST: Final = 16 * 1024 * 1024  # bytes of one message: a row
APPLICATION: Final = "interlock-mcp"

_FIELDS: Final = ("M", "D", "H")  # PostgreSQL documentation, "Error and Notice Message Fields"


@dataclass(frozen=True, slots=True)
class Said:
    """An error or a notice of the door's."""

    severity: str
    sqlstate: str
    sentence: str
    detail: str = ""
    hint: str = ""

    @property
    def code(self) -> str:
        """Interlock's own code, where it is the gate's word: detail is `interlock: CODE; review ID`."""
        return self.detail.removeprefix("interlock: ").partition(";")[0] if self.is_ours else ""

    @property
    def review(self) -> str:
        """The id of the review that it tells of; "" for none."""
        if self.is_ours:
            return self.detail.partition("; review ")[2]
        return self.detail.removeprefix("Review ") if self.detail.startswith("Review ") else ""

    @property
    def is_ours(self) -> bool:
        """Whether the gate says it, and not the protected system."""
        return self.detail.startswith("interlock: ")


class Refused(Exception):
    """The door said no, or is gone."""

    def __init__(self, said: Said) -> None:
        super().__init__(said.sentence)
        self.said = said


GONE: Final = Said("FATAL", "08006", "The session ended before it was answered.")
TOO_LARGE: Final = Said("FATAL", "54000", f"A row has more than the {LARGEST >> 20} MiB that are taken here.")


class Speaking:
    """One session. Use `speaking` to get one; one request at a time."""

    def __init__(self, dial: Dial, asker: Asker, link: Link) -> None:
        self._dial, self._asker, self._link = dial, asker, link
        self._frames = FrameReader(LARGEST)
        self._key: backend.BackendKeyData | None = None

    async def log_in(self, connection: ConnectionName) -> list[Said]:
        """Logs in; what the door says on the way. Raises `Refused`."""
        actor = self._asker.actor.id
        parameters = {"user": actor, "database": connection, "application_name": APPLICATION, "client_encoding": "UTF8"}
        self._link.write(frontend.write_startup(parameters))
        said: list[Said] = []
        while (frame := await self._frame()).type != b"Z":
            match frame.type:
                case b"R":
                    if isinstance(backend.read_authentication(frame.body), backend.CleartextPassword):
                        self._link.write(frontend.write_password(self._asker.presented))
                case b"K":
                    self._key = backend.read_backend_key_data(frame.body)
                case b"E":
                    raise Refused(said_in(frame))
                case b"N":
                    said.append(said_in(frame))
                case _:
                    continue
        return said

    async def ask(self, text: str) -> AsyncIterator[Frame]:
        """Asks, and gives what is answered, up to and with ReadyForQuery. Raises `Refused` when the door is gone."""
        self._link.write(frontend.write_query(text.encode()))
        await self._link.drain()
        while True:
            frame = await self._frame()
            yield frame
            if frame.type == b"Z":
                return

    def fail_copy(self) -> None:
        """Answers a COPY FROM STDIN: there are no rows."""
        self._link.write(frontend.write_copy_fail("COPY isn't taken here"))

    async def cancel(self) -> None:
        """Asks the door to give up what it is asked: waiting for people, or running. What comes of it is told as the
        answer; so is what came before."""
        if self._key is None:
            return
        link = await self._dial(self._asker.peer)
        try:
            link.write(frontend.write_cancel(self._key.pid, self._key.key))
            await link.receive()  # the door closes it once it has done so
        finally:
            link.close()

    def leave(self) -> None:
        """Ends the session."""
        self._link.write(frontend.write_terminate())
        self._link.close()

    async def _frame(self) -> Frame:
        try:
            while (frame := self._frames.next()) is None:
                data = await self._link.receive()
                if not data:
                    raise Refused(GONE)
                self._frames.feed(data)
        except MalformedInput:
            raise Refused(TOO_LARGE) from None
        return frame


@asynccontextmanager
async def speaking(dial: Dial, asker: Asker, connection: ConnectionName) -> AsyncIterator[tuple[Speaking, list[Said]]]:
    """A session for this asker, and what the door said at its beginning; raises `Refused`."""
    try:
        link = await dial(asker.peer)
    except OSError:
        raise Refused(Said("FATAL", "53300", "No session can be opened now; try again later.")) from None
    session = Speaking(dial, asker, link)
    try:
        async with asyncio.timeout(LOGIN_SECONDS):
            said = await session.log_in(connection)
        yield session, said
    except TimeoutError:
        raise Refused(GONE) from None
    finally:
        session.leave()


def said_in(frame: Frame) -> Said:
    """An ErrorResponse or NoticeResponse."""
    complaint = backend.read_complaint(frame.body)
    sentence, detail, hint = (complaint.fields.get(name, "") for name in _FIELDS)
    return Said(complaint.severity, complaint.sqlstate, sentence, detail, hint)
