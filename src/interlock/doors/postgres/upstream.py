"""The upstream side: log in to the protected server, prepare and describe statements there, cancel.

Statements are prepared under names of ours, so that the client's names never reach the server and each text is parsed
once a session. The server's description of a statement is the second witness of what it returns (design section 6).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from interlock.doors.postgres.facts import FIXED, QUERY, REPORTED, Facts, read_facts
from interlock.doors.postgres.incoming import EVERY_TYPE, MAX_FRAME
from interlock.doors.postgres.logging_in import CONNECT_SECONDS, Entered, enter, reach
from interlock.doors.postgres.parking import NoSlot, Slots
from interlock.doors.relay import Link
from interlock.errors import MalformedInput, UpstreamFailed
from interlock.model.settings import UpstreamPostgres
from interlock.model.snapshot import DescribedColumn
from interlock.ports import Entropy
from interlock.wire.postgres import backend, frontend
from interlock.wire.postgres.frames import Frame, Piece, RunReader
from interlock.wire.postgres.sentences import known_sqlstate

__all__ = ["CONNECT_SECONDS", "EVERY_TYPE", "MAX_FRAME", "Prepared", "ServerError", "Upstream", "UpstreamAway"]

MAX_NOTIFIED = 10_000  # notifications kept until the client's present request has ended
MAX_PREPARED = 256  # statements kept prepared upstream for one session; the oldest is closed


OPEN_SECONDS = 20.0  # for a session to be opened, its first questions answered
LOST_CODE = "lost"
LOST = "the protected system closed the session, and what the client had in it is lost"


_NO_PORTAL = b"il_none"  # a portal of this name is never made
_ASKED_IN_IMPLICIT = (
    frontend.write_parse(b"", QUERY)
    + frontend.write_bind(frontend.Bind(b"", b""))
    + frontend.write_execute(b"")
    + frontend.write_flush()
)


class UpstreamAway(UpstreamFailed):
    """No session with the server can be had now. The client's session goes on: nothing of it was lost, so this is an
    ERROR of the statement at hand with this `sqlstate`, and the next statement tries again."""

    code = "away"

    def __init__(self, sentence: str, sqlstate: str = "08006") -> None:
        super().__init__(sentence)
        self.sqlstate = sqlstate


@dataclass(frozen=True, slots=True)
class Prepared:
    """A statement as the server has it: our name for it, its parameter types, what it returns (None: nothing).

    `epoch`: the upstream session that it was prepared in (`Upstream.epoch`); in any other it doesn't exist, and its
    name is never given again.
    """

    name: bytes
    parameter_types: tuple[int, ...]
    columns: tuple[DescribedColumn, ...] | None
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class ServerError:
    """What the server said no to, without its words: those quote values."""

    sqlstate: str


class Upstream:
    """A client's session with the protected server: opened at the first need, and perhaps several one after the other.

    `ready()` comes before everything that needs the server: it opens a session where there is none, and a parked or
    lost one anew. `held_by` names what of this session can't be had again in another one (a transaction's is told by
    `status`): whoever brings such a thing adds a word, whoever ends it takes it out. `rest()` says that nothing is
    asked of it for now; then it may be parked, unless something holds it. `epoch` counts the sessions opened so far.
    `on_open` is called within `ready`, once the server's first ReadyForQuery is there; `on_lost` when the session is
    lost while it rests, with something that held it.
    """

    def __init__(
        self, to: UpstreamPostgres, asked: Mapping[str, str], entropy: Entropy, slots: Slots | None = None
    ) -> None:
        """`asked` are the client's harmless start-up settings."""
        self.parameters: dict[str, str] = {}
        self.status = b"I"
        self.held_by: set[str] = set()
        self.epoch = 0
        self.on_open: Callable[[], Awaitable[None]] | None = None
        self.on_lost: Callable[[], None] | None = None
        self.on_word: Callable[[Frame], None] | None = None  # what the server says while it rests (`listening.py`)
        self.behind_flush = False  # an implicit transaction stands open: a Sync would commit it
        self.path_moves = False  # the client has set the search path: it may change by a COMMIT or ROLLBACK too
        self.notified: list[bytes] = []  # NotificationResponses that nobody was told of yet
        self._to, self._asked, self._entropy = to, asked, entropy
        self._slots = slots
        self._entered: Entered | None = None
        self._resting = False
        self._prepared: OrderedDict[tuple[bytes, tuple[int, ...]], Prepared] = OrderedDict()
        self._count = 0

    @classmethod
    async def open(cls, to: UpstreamPostgres, asked: Mapping[str, str], entropy: Entropy) -> Upstream:
        """An open one that takes nobody's slot. Raises `UpstreamFailed`."""
        self = cls(to, asked, entropy)
        await self.ready()
        return self

    # -- its life -----------------------------------------------------------------------------------------------------

    @property
    def is_open(self) -> bool:
        """Whether there is a session with the server now."""
        return self._entered is not None and not self._entered.link.lost.is_set()

    @property
    def has_state(self) -> bool:
        """Whether something in it couldn't be had again in another session."""
        return bool(self.held_by) or self.status != b"I" or self.behind_flush

    async def ready(self) -> None:
        """Returns once there is a session with the server, perhaps another one than before: who has waited for
        something else since it read a text reads that text anew.

        Raises `UpstreamAway` when none can be had now: the client's session goes on. Raises `UpstreamFailed` when one
        was lost together with what the client had in it, or isn't what it must be: the client's session ends.
        """
        self._resting = False
        if self._slots is not None:
            self._slots.works(self)
        if self._entered is not None:
            if self.is_open:
                return
            had = self.has_state
            self._drop()
            if had:
                raise UpstreamFailed(LOST, code=LOST_CODE)
        await self._open()

    async def _open(self) -> None:
        if self._slots is not None:
            try:
                await self._slots.take()
            except NoSlot as none:
                raise UpstreamAway(none.sentence, "53300") from None
        try:
            async with asyncio.timeout(OPEN_SECONDS):
                self._take_up(await enter(self._to, self._asked, self._entropy))
                if self.on_open is not None:
                    await self.on_open()
        except TimeoutError:
            self._give_up()
            raise UpstreamAway("the protected system doesn't answer") from None
        except UpstreamFailed as error:
            away = not self.is_open  # else it is there, and isn't what it must be
            self._give_up()
            if away:
                raise UpstreamAway(error.sentence) from error
            raise
        except BaseException:
            self._give_up()
            raise

    def _take_up(self, entered: Entered) -> None:
        self._entered = entered
        self.epoch += 1
        self.parameters = entered.parameters
        self.status = entered.status
        entered.link.on_lost = self._lost
        entered.link.on_arrival = self._said

    def _give_up(self) -> None:
        """What was opened isn't of use; the slot was taken and nobody has it."""
        if self._entered is not None:
            self.abort()
            self._drop()
        elif self._slots is not None:
            self._slots.give()

    def rest(self, *, held: bool = False) -> None:
        """Nothing is asked of it until the next `ready`: it may be parked if nothing holds it. Call it wherever the
        session waits for its client, or (`held`) for people."""
        self._resting = True
        self._said()
        if self._entered is None:
            return
        if self._entered.link.lost.is_set():
            self._lost()
        elif self._slots is not None and not self.has_state:
            self._slots.rests(self, held=held)

    def park(self) -> None:
        """Gives the server's session back, unless something holds it; `ready` opens another."""
        if self._entered is not None and not self.has_state:
            self.close()

    def _said(self) -> None:
        """Bytes came. While it is asked for something, who asks reads them."""
        if not self._resting or self._entered is None or self.on_word is None:
            return
        try:
            frames = self._entered.incoming.unasked()
        except MalformedInput:
            self.abort()
            return
        for frame in frames:
            self.on_word(frame)

    def _lost(self) -> None:
        """The server closed the connection. While it is asked for something, who asks finds out."""
        if self._resting and self._entered is not None and self._entered.link.lost.is_set():
            had = self.has_state
            if not had:
                self._drop()
            elif self.on_lost is not None:
                self.on_lost()

    def _drop(self) -> None:
        """There is no session any more."""
        if self._entered is not None:
            self._entered.link.on_lost = None
            self._entered.link.on_arrival = None
            self._entered = None
            if self._slots is not None:
                self._slots.works(self)
                self._slots.give()
        self._prepared.clear()
        self.status = b"I"
        self.behind_flush = False

    @property
    def _session(self) -> Entered:
        if self._entered is None:
            raise UpstreamFailed("the session with the protected system isn't open", code="contradiction")
        return self._entered

    @property
    def link(self) -> Link:
        """The connection of the session that is open; raises `UpstreamFailed` when none is."""
        return self._session.link

    @property
    def reader(self) -> RunReader:
        """What cuts the stream of the session that is open; raises `UpstreamFailed` when none is."""
        return self._session.incoming.reader

    @property
    def key(self) -> backend.BackendKeyData | None:
        """What a cancel request needs, as the server told it."""
        return self._entered.key if self._entered is not None else None

    # -- what it does -------------------------------------------------------------------------------------------------

    def parameter(self, body: bytes) -> None:
        """Takes a ParameterStatus."""
        status = backend.read_parameter_status(body)
        moved = self.parameters.get(status.name, status.value) != status.value
        if moved and status.name in FIXED and not (status.name == "search_path" and self.path_moves):
            raise UpstreamFailed("something outside changed this session's settings", code="drift")
        self.parameters[status.name] = status.value

    async def frame(self) -> Frame:
        """The next message, whole; raises `UpstreamFailed` when the server is gone."""
        return await self._session.incoming.frame()

    async def items(self) -> list[Piece]:
        """What came since the last call, by the reader's wanted types."""
        return await self._session.incoming.items()

    async def prepare(self, text: bytes, types: tuple[int, ...], *, anew: bool = False) -> Prepared | ServerError:
        """Parses and describes `text`, or remembers having done so; `anew` asks the server again."""
        known = self._prepared.get((text, types))
        if known is not None and not anew:
            self._prepared.move_to_end((text, types))
            return known
        self._count += 1
        name = b"il_%d" % self._count
        self.link.write(
            self._forget((text, types) if known is not None else None)
            + frontend.write_parse(name, text, types)
            + frontend.write_describe(frontend.Target.STATEMENT, name)
            + (frontend.write_flush() if self.behind_flush else frontend.write_sync())
        )
        prepared = await self._described(name)
        if isinstance(prepared, Prepared):
            self._prepared[(text, types)] = prepared
            self._prepared[(text, prepared.parameter_types)] = prepared  # asked for again with the types resolved
        return prepared

    def _forget(self, key: tuple[bytes, tuple[int, ...]] | None) -> bytes:
        if key is None and len(self._prepared) >= MAX_PREPARED:
            key = next(iter(self._prepared))
        if key is None:
            return b""
        name = self._prepared[key].name
        for other in [k for k, prepared in self._prepared.items() if prepared.name == name]:
            del self._prepared[other]
        return frontend.write_close(frontend.Target.STATEMENT, name)

    async def _described(self, name: bytes) -> Prepared | ServerError:
        types: tuple[int, ...] = ()
        columns: tuple[DescribedColumn, ...] | None = None
        error: ServerError | None = None
        while True:
            frame = await self.frame()
            match frame.type:
                case b"t":
                    types = backend.read_parameter_description(frame.body)
                case b"T" | b"n":
                    columns = backend.read_row_description(frame.body) if frame.type == b"T" else None
                    if self.behind_flush:
                        return Prepared(name, types, columns, self.epoch)
                case b"E":
                    error = ServerError(backend.read_complaint(frame.body).sqlstate)
                    self._sync()
                case b"S":
                    self.parameter(frame.body)
                case b"A":
                    self.heard(frame.body)
                case b"1" | b"3" | b"N":
                    continue
                case b"Z":
                    self.status = backend.read_ready_for_query(frame.body).status
                    return error or Prepared(name, types, columns, self.epoch)
                case _:
                    raise UpstreamFailed("the protected system answered a Describe with something unknown")

    async def facts(self) -> Facts:
        """What this session is by now; raises `UpstreamFailed` when that can't be told."""
        self.link.write(_ASKED_IN_IMPLICIT if self.behind_flush else frontend.write_query(QUERY))
        found: Facts | None = None
        while True:
            frame = await self.frame()
            match frame.type:
                case b"D":
                    found = read_facts(frame.body)
                case b"C" if found is not None and self.behind_flush:
                    return found
                case b"S":
                    self.parameter(frame.body)
                case b"A":
                    self.heard(frame.body)
                case b"E":
                    self._sync()
                case b"T" | b"C" | b"N" | b"1" | b"2":
                    continue
                case b"Z":
                    self.status = backend.read_ready_for_query(frame.body).status
                    if found is None:
                        raise UpstreamFailed("the protected system doesn't tell what our session is")
                    return found
                case _:
                    raise UpstreamFailed("the protected system answered a question of ours with something unknown")

    async def undo_implicit(self) -> None:
        """Undoes the implicit transaction that stands open behind a Flush: a Sync without an error would commit it."""
        if not self.behind_flush:
            return
        self.link.write(frontend.write_execute(_NO_PORTAL))
        self._sync()
        while True:
            frame = await self.frame()
            match frame.type:
                case b"S":
                    self.parameter(frame.body)
                case b"A":
                    self.heard(frame.body)
                case b"E" | b"N":
                    continue
                case b"Z":
                    self.status = backend.read_ready_for_query(frame.body).status
                    return
                case _:
                    raise UpstreamFailed("the protected system answered a command of ours with something unknown")

    def _sync(self) -> None:
        """Behind an error, or what makes one, in an implicit transaction: that is undone, and the server goes on."""
        if self.behind_flush:
            self.behind_flush = False
            self.link.write(frontend.write_sync())

    def heard(self, body: bytes) -> None:
        """Keeps a NotificationResponse until its client can be told."""
        if len(self.notified) >= MAX_NOTIFIED:
            raise UpstreamFailed("more was notified than the client has taken", code="notified")
        self.notified.append(body)

    async def command(self, text: bytes) -> ServerError | None:
        """Runs a command of ours that returns no rows (a savepoint, a COMMIT); gives what the server said no with.

        What was put off until a COMMIT runs in it: raises `UpstreamFailed` when that changed a setting of the session.
        """
        self.link.write(frontend.write_query(text))
        error: ServerError | None = None
        while True:
            frame = await self.frame()
            match frame.type:
                case b"E":
                    error = ServerError(known_sqlstate(backend.read_complaint(frame.body).sqlstate))
                case b"A":
                    self.heard(frame.body)
                case b"C" | b"N":
                    continue
                case b"Z":
                    self.status = backend.read_ready_for_query(frame.body).status
                    return error
                case b"S":
                    if backend.read_parameter_status(frame.body).name in REPORTED:
                        raise UpstreamFailed("code inside a statement changed this session's settings", code="drift")
                    self.parameter(frame.body)
                case _:
                    raise UpstreamFailed("the protected system answered a command of ours with something unknown")

    def has_prepared(self, text: bytes, types: tuple[int, ...]) -> bool:
        """Whether the server has seen this text in this session."""
        return (text, types) in self._prepared

    def forget_all(self) -> None:
        """The server dropped what was prepared (DISCARD ALL, DEALLOCATE ALL)."""
        self._prepared.clear()

    async def cancel(self, to: UpstreamPostgres) -> None:
        """Asks the server to stop what this session runs, over a connection of its own."""
        key = self.key
        if key is None:
            return
        link = await reach(to)
        try:
            link.write(frontend.write_cancel(key.pid, key.key))
            await link.drain()
            await link.receive()  # the server closes when it has taken the request
        finally:
            link.close()

    def abort(self) -> None:
        """Cuts the connection, if there is one."""
        if self._entered is not None:
            self._entered.link.abort()

    def close(self) -> None:
        """Says goodbye, if there is anybody to say it to."""
        if self._entered is not None:
            self._entered.link.write(frontend.write_terminate())
            self._entered.link.close()
        self._drop()
