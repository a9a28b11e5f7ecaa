"""A client that sends raw messages, and a small model beside it of what its transaction must be by the answers.

The model shares no code with the gateway. It doesn't foretell answers, which hang on locks, votes and broken links; it
knows what each answer means: which writes are true, undone or in doubt, and what the next ReadyForQuery must say.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from testkit.postgres_messages import Message, cut, frame
from tests.promises.a_raw_client import RawClient, fields

from interlock.model.secret import Secret

CANARY = b"900-11-"
SYNC, FLUSH = frame(b"S", b""), frame(b"H", b"")


class Wrong(AssertionError):
    """The gateway answered what it must not."""


@dataclass(frozen=True)
class Piece:
    """One statement whose completion is waited for. `does`: begin, commit, rollback, savepoint, release, back, or ""
    for anything else; `name` is a savepoint's; `ids` are what it writes."""

    text: str
    does: str = ""
    name: str = ""
    ids: tuple[int, ...] = ()


@dataclass
class Unit:
    """What is sent up to one ReadyForQuery. `synced`: what asks for that has been sent."""

    pieces: deque[Piece]
    synced: bool = True
    extended: bool = False
    failed: bool = False
    copying: bool = False


@dataclass
class Believed:
    """What all clients together know of their writes, by id."""

    true: Counter[int] = field(default_factory=Counter)
    doubtful: Counter[int] = field(default_factory=Counter)


class ModelledClient:
    """One agent's connection after the other."""

    def __init__(self, believed: Believed) -> None:
        self.believed = believed
        self.raw: RawClient | None = None
        self.user = ""
        self.wrong: Wrong | None = None
        self.told: list[str] = []  # for who reads a failed schedule
        self.reviews: list[str] = []
        self._moved = asyncio.Event()
        self._reading: asyncio.Task[None] | None = None
        self._fresh()

    def _fresh(self) -> None:
        self.units: deque[Unit] = deque()
        self.block = self.failed = self.held = False
        self.collected: list[Piece] = []  # sent, with nothing behind them that has them run
        self.rows: tuple[int, ...] | None = None  # of a COPY: those that haven't been sent
        self.key: bytes = b""
        self._levels: list[tuple[str, list[int]]] = [("", [])]

    # -- coming and going ---------------------------------------------------------------------------------------------

    @property
    def here(self) -> bool:
        """Whether it is logged in."""
        return self.raw is not None

    async def connect(self, port: int, key: Secret[str], user: str) -> None:
        """Logs in; it may be refused."""
        self._fresh()
        self.user = user
        raw = await RawClient.open(port)
        try:
            messages = await raw.login(key, user)
        except ConnectionError:
            messages = []
        if not messages or messages[-1].type != b"Z":
            raw.close()
            self.told.append("login refused")
            return
        self.key = next(m.body for m in messages if m.type == b"K")
        self.raw = raw
        self._reading = asyncio.ensure_future(self._read(raw))

    def leave(self, how: int) -> None:
        """Says goodbye, closes without a word, or breaks off."""
        raw = self.raw
        if raw is None:
            return
        if how % 3 == 0:
            raw.send((b"X", b""))
        if how % 3 == 2:
            raw.writer.transport.abort()
        else:
            raw.close()
        self._ended()

    async def gone(self) -> None:
        """Once nothing of it is left here."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
            self._reading = None

    async def cancel(self, port: int) -> None:
        """A cancel request, over a connection of its own."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = (80877102).to_bytes(4) + self.key
        writer.write((len(body) + 4).to_bytes(4) + body)
        async with asyncio.timeout(10):
            await reader.read(1)
        writer.close()

    # -- asking -------------------------------------------------------------------------------------------------------

    def query(self, *pieces: Piece) -> None:
        """One Query message of these statements."""
        self._open(Unit(deque(pieces)), frame(b"Q", "; ".join(p.text for p in pieces).encode() + b"\0"))

    def extended(self, pieces: Sequence[Piece], messages: bytes, *, end: bytes) -> None:
        """Extended messages whose Executes are `pieces`, with a Flush, a Sync or nothing behind them."""
        if self.flushing:
            unit = self.units[-1]
            unit.pieces.extend(() if unit.failed else pieces)
            unit.synced = end == SYNC
            self._write(messages + end)
        else:
            self._open(Unit(deque(pieces), synced=end == SYNC, extended=True), messages + end)

    @property
    def flushing(self) -> bool:
        """Whether it is in the middle of a pipeline: only extended messages may come now."""
        return bool(self.units) and not self.units[-1].synced

    def send_rows(self, how: str) -> None:
        """The next row of a COPY; or all that are left and the end; or that it gives up."""
        if self.rows is None:
            return
        count = {"one": 1, "done": len(self.rows), "fail": 0}[how]
        data = b"".join(frame(b"d", b"%d\n" % each) for each in self.rows[:count])
        self.rows = self.rows[count:]
        if how != "one":
            data += frame(b"c", b"") if how == "done" else frame(b"f", b"no\0")
            data += SYNC if self.units[0].extended else b""
            self.rows = None
        self._write(data)

    def _open(self, unit: Unit, data: bytes) -> None:
        self.units.append(unit)
        self._write(data)

    def _write(self, data: bytes) -> None:
        assert self.raw is not None
        self.raw.writer.write(data)

    # -- waiting ------------------------------------------------------------------------------------------------------

    @property
    def answered(self) -> bool:
        """Whether all that it asked has been answered."""
        if not self.here or not self.units:
            return True
        last = self.units[-1]
        return len(self.units) == 1 and not last.synced and (last.failed or not last.pieces)

    @property
    def rests(self) -> bool:
        """Whether nothing will come before somebody does something."""
        return self.answered or self.held or self.rows is not None

    async def moved(self) -> None:
        """Once something has come."""
        self._moved.clear()
        await self._moved.wait()

    # -- answers ------------------------------------------------------------------------------------------------------

    async def _read(self, raw: RawClient) -> None:
        rest, tail = raw._rest, b""
        try:
            while self.raw is raw and (data := await raw.reader.read(65536)):
                tail = tail[-len(CANARY) :] + data
                if CANARY in tail:
                    raise Wrong("a labelled value came")
                if self.raw is not raw:
                    break  # it lay there when the client left, which hears of nothing any more
                messages, rest = cut(rest + data)
                for message in messages:
                    self._take(message)
                self._moved.set()
        except Wrong as wrong:
            self.wrong = wrong
        except ConnectionError:
            pass
        if self.raw is raw:
            self.told.append("connection lost")
            raw.close()
            self._ended()
        self._moved.set()

    def _take(self, message: Message) -> None:
        match message.type:
            case b"C" | b"s" | b"I":
                self._completed(message.body[:-1].decode() if message.type == b"C" else "")
            case b"E":
                self._error(fields(message))
            case b"N":
                found = fields(message)
                if found["M"].startswith("Held for sign-off"):
                    self.held = True
            case b"G":
                self._demand(bool(self.units and self.units[0].pieces), "rows are asked for without a COPY")
                self.units[0].copying = True
                self.rows = self.units[0].pieces[0].ids
            case b"Z":
                self._ready(message.body)
            case _:
                pass

    def _completed(self, tag: str) -> None:
        self.held = False
        self.told.append(tag or "-")
        self._demand(bool(self.units and self.units[0].pieces), f"{tag} without a statement")
        unit = self.units[0]
        self._demand(not unit.failed, f"{tag} behind an error")
        piece = unit.pieces.popleft()
        match piece.does:
            case "begin":
                self.block = True
            case "commit":
                self._over(true=tag == "COMMIT")
                self.block = self.failed = False
            case "rollback":
                self._over(true=False)
                self.block = self.failed = False
            case "savepoint":
                self._levels.append((piece.name, []))
            case "release":
                at = self._find(piece.name)
                self._levels[at - 1][1].extend(i for _, ids in self._levels[at:] for i in ids)
                del self._levels[at:]
            case "back":
                self._levels[self._find(piece.name) :] = [(piece.name, [])]
                self.failed = False
            case _:
                self._levels[-1][1].extend(piece.ids)

    def _error(self, found: dict[str, str]) -> None:
        self.held = False
        self.told.append(f"{found['S']} {found['C']} {found['M'][:90]}")
        self._demand(found["C"] not in ("XX000", "58000"), f"the gateway failed: {found['M']}")
        if found["S"] == "FATAL":
            return
        self._demand(bool(self.units), f"an error that nobody asked for: {found['C']} {found['M']}")
        unit = self.units[0]
        self._demand(not unit.failed, f"a second error: {found['C']} {found['M']}")
        unit.failed = True
        if found["C"] == "IL001":
            self.reviews.append(found["D"].rpartition(" ")[2])
            for piece in unit.pieces:
                self.believed.doubtful.update(piece.ids)
        if self.block:
            self.failed = True
        else:
            self._over(true=False)
        if unit.copying and self.rows is not None:
            self.rows = None  # it hears of the error, and ends its pipeline
            if unit.extended:
                self._write(SYNC)

    def _ready(self, body: bytes) -> None:
        self.told.append(body.decode())
        self._demand(bool(self.units), "a ReadyForQuery that nobody asked for")
        unit = self.units.popleft()
        self._demand(unit.synced, "a ReadyForQuery before the Sync")
        self._demand(unit.failed or not unit.pieces, f"no answer to {list(unit.pieces)}")
        if not self.block:
            self._over(true=not unit.failed)
        wanted = b"E" if self.failed else b"T" if self.block else b"I"
        self._demand(body == wanted, f"the status is {body!r} and not {wanted!r}")

    def _find(self, name: str) -> int:
        found = [n for n, level in enumerate(self._levels) if n and level[0] == name]
        self._demand(bool(found), f"there is no savepoint {name}")
        return found[-1]

    def _over(self, *, true: bool) -> None:
        if true:
            for _, ids in self._levels:
                self.believed.true.update(ids)
        self._levels = [("", [])]

    def _ended(self) -> None:
        """The connection is gone: what was under way may have come true, what waited for a COMMIT didn't."""
        self.raw = None
        ends = [u for u in self.units if not u.failed and (u.synced or any(p.does == "commit" for p in u.pieces))]
        later = any(u.synced for u in self.units) and not self.block  # a failed one ends as well
        if ends or later:
            for _, ids in self._levels:
                self.believed.doubtful.update(ids)
            for unit in self.units:
                for piece in unit.pieces if not unit.failed else ():
                    self.believed.doubtful.update(piece.ids)
        self._fresh()

    def _demand(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise Wrong(otherwise)
