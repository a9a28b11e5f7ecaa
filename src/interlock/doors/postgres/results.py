"""Results on their way out: what the server answers to a released payload, masked, for the client.

Nothing passes that isn't known: a message of unknown type, a row where none was described, a shape other than the one
decided on, all stop the result (design, promises 4 and 5). Errors and notices are told field by field
(`wire/postgres/complaints.py`), since the server's texts quote values.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from interlock.actions.from_sql import same_shape
from interlock.doors.postgres.allowance import TOO_MANY, Allowance
from interlock.doors.postgres.application import shown
from interlock.doors.postgres.facts import REPORTED
from interlock.doors.postgres.foresight import Foresight
from interlock.doors.postgres.upstream import EVERY_TYPE
from interlock.errors import UpstreamFailed
from interlock.masking.plan import MaskPlan
from interlock.model.exposure import Output
from interlock.model.snapshot import DescribedColumn
from interlock.wire.postgres import answers, backend, denial
from interlock.wire.postgres.body import frame as frame_bytes
from interlock.wire.postgres.complaints import DEAF, Hearing, Told, told_error
from interlock.wire.postgres.copy_data import CopyRewriter
from interlock.wire.postgres.frames import Batch, Frame, Piece, Run, RunReader
from interlock.wire.postgres.rows import RowMasker

ROWS = b"D"
COPIED = b"d"

_FIRST = frozenset({ROWS, COPIED, b"H", b"C", b"I", b"s"})  # of these is first what tells of data

_READ = EVERY_TYPE - {ROWS, COPIED}
_NARROW = 64  # columns; the shapes of wider results aren't remembered, so that the memory has a bound


@dataclass(slots=True)
class Running:
    """One statement while it runs: what it may return, what masks it, what has come of it.

    `described` None means that rows may not come at all. `free` says that its rows pass as they are: session traffic
    such as SHOW, whose shape nobody decided on. `owed` is what the client must get before this statement's results:
    once the server has bound it, where it `binds`; if it can't, only `unbound` bytes of that, as the server has it.

    `answer` goes to the client in place of the server's own. `masker` makes the mask of a cursor's rows once the server
    has told their formats. `most` is Execute's limit: so many rows have come when the server says that it stopped.
    `allowance`: rows that it may still send or change; once it is overdrawn, nothing more goes down. `sends`: the
    client has rows to send (COPY FROM STDIN). `foresight`: what must be known of its values before they are masked.
    """

    described: tuple[DescribedColumn, ...] | None
    rows: RowMasker | None
    copy: CopyRewriter | None
    copies: bool
    free: bool
    owed: bytes = b""
    unbound: int = 0
    binds: bool = False
    count: int = 0
    tag: str = ""
    answer: bytes | None = None
    masker: Callable[[tuple[DescribedColumn, ...]], RowMasker | None] | None = None
    most: int = 0
    allowance: Allowance | None = None
    suspended: bool = False
    sends: bool = False
    copy_format: int = 0
    plan: MaskPlan | None = None
    outputs: tuple[Output, ...] = ()
    foresight: Foresight | None = None

    def masked(self) -> Mapping[str, int]:
        """How many values were masked, by label."""
        by_label: Counter[str] = Counter()
        for masker in (self.rows, self.copy):
            if masker is not None and self.plan is not None:
                by_label.update(self.plan.counts(masker.counts))
        return by_label


@dataclass(slots=True)
class Results:
    """The answers to one unit. Feed it the upstream's pieces; it gives downstream bytes, without ReadyForQuery.

    `simple`: the client sent a Query, so that it hasn't been told what columns there are. `flushed`: a Flush stands
    behind the unit, so that the last statement's completion ends it, or ReadyForQuery once an error came (`failed`: the
    caller then sends the Sync). `copying`: the server waits for the rows of a COPY, whose response this is.
    """

    running: Sequence[Running]
    owed_after: bytes
    simple: bool
    at: int = 0
    finished: bool = False
    failed: str = ""  # SQLSTATE
    status: bytes = b"I"
    parameters: list[bytes] = field(default_factory=list)
    notified: list[bytes] = field(default_factory=list)
    drifted: bool = False
    flushed: bool = False
    ready: bool = False
    copying: bytes | None = None
    muted: bool = False  # the server's error is of our making: the client is told another
    still: Callable[[], bool] | None = None  # whether its outputs carry no more labels than it was decided with
    hearing: Callable[[int], Hearing] = lambda _: DEAF  # how what is said of the statement at a place is heard
    said: Told | None = None  # the server's error, as the client is told
    _begun: int = -1

    def arrange(self, reader: RunReader) -> None:
        """Sets what the reader looks into: rows only where something masks them or none may come."""
        looked: set[bytes] = set()
        for r in self.running:
            if r.rows is not None or r.masker is not None or (r.described is None and not r.free):
                looked.add(ROWS)
            if r.copy is not None or not r.copies:
                looked.add(COPIED)
            if r.allowance is not None or r.answer is not None:
                looked |= {ROWS, COPIED}
        reader.wanted = _READ
        reader.gathered = looked

    def begin(self) -> bytes:
        """What the client is owed before the first result."""
        return self._owed() if self.running else b""

    def take(self, pieces: Sequence[Piece]) -> bytes:
        """Downstream bytes for these pieces; raises `UpstreamFailed` when the result must stop."""
        out: list[bytes | memoryview] = []
        for piece in pieces:
            if self.at != self._begun and (not isinstance(piece, Frame) or piece.type in _FIRST):
                self._demand_labels()
            if self.overdrawn:
                self._drained(piece)
            elif isinstance(piece, Run):
                out.append(piece.data)
            elif isinstance(piece, Batch):
                out.append(self._rows(piece.data) if piece.type == ROWS else self._copied(piece.data))
            else:
                self._frame(piece, out)
        return b"".join(out)

    @property
    def foresees(self) -> bool:
        """Whether values may have to be looked into before their rows are taken: then `taken` in place of `take`."""
        return any(r.foresight is not None or r.masker is not None for r in self.running[self.at :])

    async def taken(self, pieces: Sequence[Piece]) -> bytes:
        """As `take`, with what masks must know of values worked out first, a batch of rows at a time."""
        out = []
        for piece in pieces:
            known = self.running[self.at].foresight if self.at < len(self.running) else None
            if known is not None and isinstance(piece, Batch) and not self.overdrawn:
                await (known.of_rows(piece.data) if piece.type == ROWS else known.of_copied(piece.data))
            out.append(self.take((piece,)))
        return b"".join(out)

    def _demand_labels(self) -> None:
        """Where a statement's first rows come, or its end: the server has looked at the data by now, and labels are in
        force before a write that brings them is sent. What a Describe or Bind is answered with may come earlier."""
        self._begun = self.at
        if self.still is not None and not self.still():
            raise UpstreamFailed("labels have come to what it shows since it was decided on", code="relabelled")

    @property
    def unseen(self) -> bool:
        """Whether the statement that runs hasn't been answered yet."""
        return self.at != self._begun

    @property
    def overdrawn(self) -> bool:
        """Whether more rows came than are allowed: what still comes is thrown away."""
        return self._allowance is not None and self._allowance.overdrawn

    @property
    def _allowance(self) -> Allowance | None:
        return self.running[self.at].allowance if self.at < len(self.running) else None

    @property
    def overdrawn_by(self) -> Running | None:
        """The statement that sent more than is allowed."""
        return self.running[self.at] if self.overdrawn else None

    def _drained(self, piece: Piece) -> None:
        """Of what comes behind the last allowed row, only what tells of the session still counts."""
        if isinstance(piece, Frame) and piece.type in (b"S", b"Z", b"A"):
            self.failed = self.failed or TOO_MANY
            self._frame(piece, [])

    @property
    def current(self) -> Running:
        """The statement whose results are coming."""
        if self.at >= len(self.running):
            raise UpstreamFailed("the protected system sent more results than were asked for", code="contradiction")
        return self.running[self.at]

    def _rows(self, data: bytes) -> bytes:
        current = self.current
        if (current.described is None and not current.free) or current.answer is not None:
            raise UpstreamFailed("the protected system sent rows where none were described", code="contradiction")
        if current.masker is not None:
            raise UpstreamFailed("the protected system sent rows before it told their shape", code="contradiction")
        if current.allowance is not None:
            data = current.allowance.rows_within(data)
        return current.rows.rewrite_batch(data) if current.rows is not None else data

    def _frame(self, frame: Frame, out: list[bytes | memoryview]) -> None:
        match frame.type:
            case b"T":
                self._described(frame, out)
            case b"C" | b"I" | b"s":
                self._completed(frame, out)
            case b"H":
                self._copy_begins(frame, out)
            case b"G":
                self._copy_wanted(frame)
            case b"c":
                out.append(self._copy_ends())
            case b"E":
                out.append(self._error(frame))
            case b"N":
                out.append(denial.upstream_notice(backend.read_complaint(frame.body), self.hearing(self.at)))
            case b"S":
                self._parameter(frame, out)
            case b"Z":
                self.status = backend.read_ready_for_query(frame.body).status
                self._end(out)
                self.ready = True
            case b"A":
                self.notified.append(frame.body)  # told between units
            case b"2":
                self.current.binds = False
                out.append(self.current.owed)
            case b"1" | b"3" | b"n":
                return  # answers to messages of ours
            case _:
                raise UpstreamFailed("the protected system sent a message that isn't known here", code="contradiction")

    def _end(self, out: list[bytes | memoryview]) -> None:
        if not self.failed:
            out.append(self.owed_after)
        self.finished = True

    def _parameter(self, frame: Frame, out: list[bytes | memoryview]) -> None:
        """Session traffic may change settings, and its client is told; anything else that does ends the session."""
        status = backend.read_parameter_status(frame.body)
        if all(r.free or r.answer is not None for r in self.running):
            self.parameters.append(frame.body)
            out.append(answers.write_parameter_status(status.name, shown(status.name, status.value)))
        elif status.name in REPORTED:
            self.drifted = True

    def _described(self, frame: Frame, out: list[bytes | memoryview]) -> None:
        current = self.current
        if not current.free and (current.described is None or not _has_shape(frame.body, current.described)):
            raise UpstreamFailed("the result has another shape than the one that was decided on", code="contradiction")
        if current.masker is not None:
            current.rows, current.masker = current.masker(backend.read_row_description(frame.body)), None
        if self.simple:  # in the extended protocol this answers a Describe of ours; the client's was answered by us
            out.append(frame_bytes(b"T", frame.body))

    def _copy_begins(self, frame: Frame, out: list[bytes | memoryview]) -> None:
        current, copying = self.current, backend.read_copy_out_response(frame.body)
        if not current.copies or copying.format != current.copy_format:
            raise UpstreamFailed("the protected system began a COPY that nobody asked for", code="contradiction")
        if current.described is None or len(copying.columns) != len(current.described):
            raise UpstreamFailed(
                "the COPY has another number of columns than the one that was decided on", code="contradiction"
            )
        out.append(frame_bytes(b"H", frame.body))

    def _copied(self, data: bytes) -> bytes:
        current = self.current
        if not current.copies:
            raise UpstreamFailed("the protected system sent COPY data that nobody asked for", code="contradiction")
        if current.copy is None:
            return data
        allowance = current.allowance
        return current.copy.feed_batch(data) if allowance is None else allowance.copied(data, current.copy)

    def _copy_wanted(self, frame: Frame) -> None:
        if not self.current.sends:
            raise UpstreamFailed("the protected system asks for rows that nobody is to send", code="contradiction")
        self.copying = frame.body

    def _copy_ends(self) -> bytes:
        copy = self.current.copy
        rest = copy.finish() if copy is not None else b""
        return (frame_bytes(b"d", rest) if rest else b"") + answers.write_copy_done()

    def _completed(self, frame: Frame, out: list[bytes | memoryview]) -> None:
        current = self.current
        current.tag = backend.read_command_complete(frame.body) if frame.type == b"C" else ""
        current.suspended = frame.type == b"s"
        current.count = current.most if current.suspended else backend.rows_in(current.tag)
        if current.allowance is not None and not current.allowance.completed(current.count):
            return
        out.append(frame_bytes(frame.type, frame.body) if current.answer is None else current.answer)
        self.at += 1
        if self.at < len(self.running):
            out.append(self._owed())
        elif self.flushed:
            self._end(out)

    def _owed(self) -> bytes:
        """What may be told before the server has said anything of the statement that comes now."""
        current = self.running[self.at]
        return b"" if current.binds else current.owed

    def _error(self, frame: Frame) -> bytes:
        complaint = backend.read_complaint(frame.body)
        self.failed = denial.known_sqlstate(complaint.sqlstate)
        if self.muted:
            return b""
        unbound = self.at < len(self.running) and self.running[self.at].binds
        owed = self.running[self.at].owed[: self.running[self.at].unbound] if unbound else b""
        self.said = told_error(complaint, self.hearing(self.at))
        return owed + denial.write_told(self.said)


def _has_shape(body: bytes, described: tuple[DescribedColumn, ...]) -> bool:
    """Whether a RowDescription's body tells the shape that was decided on; raises `MalformedInput`."""
    if len(described) > _NARROW:
        return same_shape(described, backend.read_row_description(body))
    return _has_this_shape(body, described)


@lru_cache(maxsize=512)
def _has_this_shape(body: bytes, described: tuple[DescribedColumn, ...]) -> bool:
    """Pure in the very bytes, so that the same answer to the same statement isn't parsed each time."""
    return same_shape(described, backend.read_row_description(body))
