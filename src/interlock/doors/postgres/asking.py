"""What the server of an open session is asked and what it answers: preparing, describing, facts, commands of ours.

Statements are prepared under names of ours, so that the client's names never reach the server and each text is parsed
once a session. The server's description of a statement is the second witness of what it returns (design section 6).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from interlock.doors.postgres.facts import FIXED, MARK, QUERY, REPORTED, Facts, read_facts, read_mark
from interlock.doors.postgres.logging_in import Entered
from interlock.doors.relay import Link
from interlock.errors import UpstreamFailed
from interlock.model.snapshot import DescribedColumn
from interlock.wire.postgres import backend, frontend
from interlock.wire.postgres.body import Body
from interlock.wire.postgres.frames import Frame, Piece, RunReader
from interlock.wire.postgres.sentences import known_sqlstate

MAX_NOTIFIED = 10_000  # notifications kept until the client's present request has ended
MAX_PREPARED = 256  # statements kept prepared upstream for one session; the oldest is closed

# No statement: an error for certain, which undoes what is open. A portal that there isn't could be made by users' code.
CERTAIN_ERROR = frontend.write_parse(b"", b"!")
# Where a block is open, what is set for questions of ours goes back with a savepoint; else it ends with the message.
_FIRST = b"SELECT pg_catalog.set_config('search_path', '', true)"
_SAVED = b"SAVEPOINT interlock_asks"
_BACK = (b"ROLLBACK TO SAVEPOINT interlock_asks", b"RELEASE SAVEPOINT interlock_asks")


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
    """What the server said no with. Its words quote values: `complaining.py` says what of them may be told."""

    sqlstate: str
    complaint: backend.Complaint = field(default_factory=lambda: backend.Complaint({}), repr=False)


class Asking:
    """The session that is open, asked by us. Who calls anything here has seen to it that one is (`Upstream.ready`)."""

    def __init__(self) -> None:
        self.parameters: dict[str, str] = {}
        self.status = b"I"
        self.epoch = 0
        self.behind_flush = False  # an implicit transaction stands open: a Sync would commit it
        self.path_moves = False  # the client has set the search path: it may change by a COMMIT or ROLLBACK too
        self.notified: list[bytes] = []  # NotificationResponses that nobody was told of yet
        self._entered: Entered | None = None
        self._prepared: OrderedDict[tuple[bytes, tuple[int, ...]], Prepared] = OrderedDict()
        self._stale: set[tuple[bytes, tuple[int, ...]]] = set()  # prepared under definitions that have moved since
        self._count = 0

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
        if known is not None and not anew and (text, types) not in self._stale:
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
            self._stale -= {(text, types), (text, prepared.parameter_types)}
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
                    complaint = backend.read_complaint(frame.body)
                    error = ServerError(complaint.sqlstate, complaint)
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
        facts = read_facts(await self._row(QUERY))
        return replace(facts, temporary=read_mark(await self._row(MARK))) if facts.temporary else facts

    async def _row(self, query: bytes) -> bytes:
        """The one row that a question of ours is answered with."""
        self.link.write(_asked_in_implicit(query) if self.behind_flush else frontend.write_query(query))
        found: bytes | None = None
        while True:
            frame = await self.frame()
            match frame.type:
                case b"D":
                    found = bytes(frame.body)
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

    async def told(self, queries: Sequence[bytes]) -> list[list[bytes]]:
        """The rows of queries of ours that have one column each, under an empty search path, by query. Not for behind a
        Flush or in a failed transaction. Raises `UpstreamFailed`."""
        inside = self.status != b"I"
        before, behind = ((_SAVED, _FIRST), _BACK) if inside else ((_FIRST,), ())
        self.link.write(frontend.write_query(b";".join((*before, *queries, *behind))))
        found: list[list[bytes]] = [[]]
        while True:
            frame = await self.frame()
            match frame.type:
                case b"D":
                    found[-1].append(_only(frame.body))
                case b"C":
                    found.append([])
                case b"S":
                    self.parameter(frame.body)
                case b"A":
                    self.heard(frame.body)
                case b"T" | b"N":
                    continue
                case b"Z":
                    self.status = backend.read_ready_for_query(frame.body).status
                    rows = found[len(before) : len(before) + len(queries)]
                    if len(found) != len(before) + len(queries) + len(behind) + 1:
                        raise UpstreamFailed("the protected system doesn't tell what is temporary in our session")
                    return rows
                case _:
                    raise UpstreamFailed("the protected system doesn't tell what is temporary in our session")

    async def undo_implicit(self) -> None:
        """Undoes the implicit transaction that stands open behind a Flush: a Sync without an error would commit it."""
        if not self.behind_flush:
            return
        self.link.write(CERTAIN_ERROR)
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
        return (text, types) in self._prepared and (text, types) not in self._stale

    def redefined(self) -> None:
        """Definitions moved: what is prepared may return something else by now, or not be taken any more ("cached plan
        must not change result type"). It is described anew when it is next needed."""
        self._stale = set(self._prepared)

    def forget_all(self) -> None:
        """The server dropped what was prepared (DISCARD ALL, DEALLOCATE ALL)."""
        self._prepared.clear()
        self._stale.clear()


def _asked_in_implicit(query: bytes) -> bytes:
    return (
        frontend.write_parse(b"", query)
        + frontend.write_bind(frontend.Bind(b"", b""))
        + frontend.write_execute(b"")
        + frontend.write_flush()
    )


def _only(row: bytes) -> bytes:
    """The one value of a DataRow."""
    body = Body(row)
    if body.u16() != 1:
        raise UpstreamFailed("the protected system answered a question of ours with another shape")
    value = body.value() or b""
    body.end()
    return bytes(value)
