"""What a client says: the first packet, the messages, the units of decision, the rows of a COPY FROM STDIN."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from random import Random

from tests.fuzzing.dialects import DIALECTS, Unreadable, witness
from tests.fuzzing.judging import Broken, Target, attempt, cuts, demand, shape, silent, size_of
from tests.fuzzing.streams import Streams

from interlock.errors import MalformedInput
from interlock.wire.postgres import frontend
from interlock.wire.postgres.body import frame as frame_bytes
from interlock.wire.postgres.body import i32
from interlock.wire.postgres.copy_format import CopyFormat
from interlock.wire.postgres.copy_in import CopyInReader, copy_in_reader
from interlock.wire.postgres.frames import Frame, FrameReader
from interlock.wire.postgres.frontend import Bind, Close, Describe, Execute, Parse
from interlock.wire.postgres.session import (
    ExtendedUnit,
    FlushedUnit,
    Portal,
    Session,
    SessionLimits,
    SimpleUnit,
    Statement,
    Step,
    UnitCollector,
    _weight,
)
from interlock.wire.postgres.startup import MAX_STARTUP, CancelRequest, Startup, StartupReader

_COMPACT = 65_536  # what FrameReader may keep of what was taken
_LIMITS = (64, 1_000, 100_000, 2**30)


class Conversation:
    """One client's bytes, through the readers in the order of the door. `events` tells what they made of it."""

    def __init__(self, random: Random) -> None:
        self.events: list[Hashable] = []
        self._startup: StartupReader | None = StartupReader()
        self._frames = FrameReader(random.choice(_LIMITS))
        self._unit_bytes, self._unit_steps = random.choice(((2**26, 10_000), (60, 100), (2**26, 5)))
        self._collector = UnitCollector(self._unit_bytes, self._unit_steps)
        self._session = Session(SessionLimits(3, 3, random.choice((300, 2**26))))
        self._skip_each, self._copy_each = random.choice((1, 3, 1000)), random.choice((1, 2, 1000))
        self._copying: CopyInReader | None = None
        self._form = random.choice(DIALECTS).options
        self._units = 0
        self._logging_in = True

    def feed(self, data: bytes) -> None:
        """Takes a piece; raises `MalformedInput` when the connection would be closed."""
        if self._startup is not None:
            self._startup.feed(data)
            data = self._first_packets(self._startup)
        self._frames.feed(data)
        while (frame := self._frames.next()) is not None:
            self._message(frame)
        demand(self._frames.buffered <= self._frames.limit + 4, "more is held than one message")
        kept = len(self._frames._buffer)
        demand(kept <= self._frames.buffered + _COMPACT, "what was taken is kept")

    def _first_packets(self, reader: StartupReader) -> bytes:
        while (packet := reader.next()) is not None:
            self.events.append(packet)
            if isinstance(packet, Startup | CancelRequest):
                self._startup = None
                return reader.leftover
        demand(len(reader.leftover) < MAX_STARTUP + 4, "more is held than a first packet")
        return b""

    def _message(self, frame: Frame) -> None:
        demand(len(frame.body) <= self._frames.limit, "a message over the limit")
        if self._logging_in and frame.type == b"p":
            readers: tuple[Callable[[bytes], object], ...] = (
                frontend.read_password,
                frontend.read_sasl_initial,
                frontend.read_sasl,
            )
            self.events.append(tuple(repr(attempt(reader, frame.body)) for reader in readers))
            return
        self._logging_in = False
        if self._copying is not None and frame.type not in (b"H", b"S"):
            self._copy(self._copying, frame)
            return
        unit = self._collector.feed(frame)
        demand(len(self._collector._steps) <= self._unit_steps, "more steps than a unit may have")
        demand(self._collector._bytes <= self._unit_bytes, "more bytes than a unit may have")
        if unit is None:
            return
        self.events.append(unit)
        self._units += 1
        if isinstance(unit, ExtendedUnit | FlushedUnit):
            self._walk(unit.steps)
        if isinstance(unit, FlushedUnit) and self._units % self._skip_each == 0:
            self._collector.skip_to_sync()
        if isinstance(unit, SimpleUnit) and self._units % self._copy_each == 0:
            self._session.simple_query()
            self._copying = copy_in_reader(self._form, 5_000)

    def _copy(self, reader: CopyInReader, frame: Frame) -> None:
        match frame.type:
            case b"d":
                self.events.append(tuple(reader.feed(frame.body)))
                demand(len(getattr(reader, "_held", b"")) <= 5_001, "more is held than a row")
            case b"c":
                frontend.read_empty(frame.body)
                self.events.append((tuple(reader.finish()), reader.rows))
                self._copying = None
            case b"f":
                self._copying = None
            case _:
                raise MalformedInput("not within a COPY")

    def _walk(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            match step:
                case Parse():
                    self.events.append(self._session.parse(step))
                case Bind():
                    self.events.append(self._session.bind(step))
                case Describe() | Execute():
                    self.events.append(self._session.missing(step))
                case Close():
                    self._session.close(step)
        session = self._session
        kept: list[Statement | Portal] = [*session._statements.values(), *session._portals.values()]
        demand(session._size == sum(map(_weight, kept)), "a session miscounts what it keeps")
        demand(len(session._statements) <= 3 and len(session._portals) <= 3, "a session keeps more than it may")
        demand(session._size <= session._limits.size, "a session keeps more bytes than it may")


def _spoken(pieces: list[bytes], seed: int) -> tuple[list[Hashable], str]:
    conversation = Conversation(Random(seed))
    for piece in pieces:
        said = attempt(conversation.feed, piece)
        if isinstance(said, str):
            return conversation.events, said
    return conversation.events, ""


def check_conversation(data: bytes, random: Random) -> Hashable:
    """No cut changes what a client is taken to have said."""
    seed = random.getrandbits(32)
    whole = _spoken([data], seed)
    demand(_spoken(cuts(data, random), seed) == whole, "a cut changes what a client said")
    demand(type(whole[0]) is list, "no events")
    silent(repr([e for e in whole[0] if type(e).__name__ in ("SimpleUnit", "Refused")]), "a repr")
    return whole[1], shape(type(event).__name__ for event in whole[0]), size_of(whole[0])


def _again(step: object) -> bytes | None:
    """A message as we would write it; None where we never do."""
    match step:
        case frontend.Query(text):
            return frontend.write_query(text)
        case Parse(name, text, types):
            return frontend.write_parse(name, text, types)
        case Bind():
            return frontend.write_bind(step)
        case Describe(target, name):
            return frontend.write_describe(target, name)
        case Execute(portal, rows):
            return frontend.write_execute(portal, rows)
        case Close(target, name):
            return frontend.write_close(target, name)
        case frontend.SASLInitialResponse(mechanism, initial):
            return frontend.write_sasl_initial(mechanism, initial or b"") if initial is not None else None
        case frontend.SASLResponse(response):
            return frontend.write_sasl(response)
        case frontend.PasswordMessage(password):
            return frame_bytes(b"p", password.reveal() + b"\0")
        case _:
            return None


READERS: tuple[tuple[bytes, Callable[[bytes], object]], ...] = (
    (b"Q", frontend.read_query),
    (b"P", frontend.read_parse),
    (b"B", frontend.read_bind),
    (b"D", frontend.read_describe),
    (b"E", frontend.read_execute),
    (b"C", frontend.read_close),
    (b"p", frontend.read_password),
    (b"p", frontend.read_sasl_initial),
    (b"p", frontend.read_sasl),
    (b"S", frontend.read_empty),
)


def check_messages(data: bytes, random: Random) -> Hashable:
    """Each reader by itself: the first byte chooses it. What is read and written again is the message that came."""
    if not data:
        return None
    kind, reader = READERS[data[0] % len(READERS)]
    read = attempt(reader, data[1:])
    if isinstance(read, str):
        return kind, read
    if isinstance(read, Execute):
        demand(read.max_rows >= 0, "a limit below nothing")
    again = _again(read)
    if again is not None:
        demand(again == frame_bytes(kind, data[1:]), "a message written again is another one")
    if isinstance(read, Bind | Parse | frontend.Query | frontend.PasswordMessage):
        names = b"".join((read.portal, read.statement)) if isinstance(read, Bind) else getattr(read, "name", b"")
        if not any(part in names for part in (b"Canary",)):
            silent(repr(read), "a repr")
    return kind, type(read).__name__, size_of(getattr(read, "values", ())), size_of(getattr(read, "formats", ()))


def check_first_packet(data: bytes, random: Random) -> Hashable:
    """The untyped packet, with its length made true, so that what is in it gets read."""
    reader = StartupReader()
    length = i32(len(data) + 4) if random.random() < 0.9 else b""
    reader.feed(length + data)
    packet = attempt(reader.next)
    if isinstance(packet, Startup) and packet.version >> 16 == 3:
        minor, options = packet.minor, packet.protocol_options
        demand(0 <= minor <= 0xFFFF and len(options) <= len(packet.parameters), "a version that can't be")
        again = frontend.write_startup(packet.parameters)
        demand(again[8:] == data[4:], "a first packet written again is another one")
    return packet if isinstance(packet, str) else type(packet).__name__


def check_copy_in(data: bytes, random: Random) -> Hashable:
    """COPY FROM STDIN: every value that the witness reads lies whole in one piece, however the rows are cut."""
    if not data:
        return None
    options, rows = DIALECTS[data[0] % len(DIALECTS)].options, data[1:]
    limit = 2**30
    told = []
    for pieces in ([rows], cuts(rows, random)):
        reader = copy_in_reader(options, limit)
        found = attempt(_searched, reader, pieces)
        told.append((found, 0) if isinstance(found, str) else ("", reader.rows))
        if not isinstance(found, str):
            critical = options.format is CopyFormat.BINARY and any(rows[11:13])
            demand(not critical, "flags that nobody knows are let through")
            _check_found(data[0] % len(DIALECTS), rows, found)
    demand(told[0] == told[1], "a cut changes what goes in")
    small = copy_in_reader(options, random.choice((0, 10, 100)))
    attempt(_bounded, small, cuts(rows, random))
    return data[0] % len(DIALECTS), told[0][0], told[0][1].bit_length()


def _searched(reader: CopyInReader, pieces: list[bytes]) -> list[bytes]:
    return [found for piece in pieces for found in reader.feed(piece)] + reader.finish()


def _bounded(reader: CopyInReader, pieces: list[bytes]) -> None:
    limit = reader._limit if hasattr(reader, "_limit") else reader._tuples._limit  # type: ignore[attr-defined]
    for piece in pieces:
        reader.feed(piece)
        held = getattr(reader, "_held", None)
        held = reader._tuples._held if held is None else held  # type: ignore[attr-defined]
        demand(len(held) <= max(limit, 19) + 8, "more is held than a row")


def _check_found(number: int, rows: bytes, found: list[bytes]) -> None:
    options = DIALECTS[number].options
    try:
        values, left = witness(options, rows)
    except Unreadable:
        return
    paired = options.format is CopyFormat.CSV and options.quote == options.escape
    if left and options.format is not CopyFormat.BINARY:
        values = witness(options, rows + b"\n")[0]
    haystack = b"\1".join(found)
    for value in {value for row in values[:200] for value in row if value}:
        wanted = value.replace(options.quote, b"") if paired else value
        if wanted not in haystack:
            raise Broken("a value that goes in isn't in what is searched")


def _streams(streams: Streams) -> list[bytes]:
    return list(streams.asked)


def _bodies(streams: Streams) -> list[bytes]:
    found = [
        bytes((number,)) + message.body
        for message in streams.messages_asked()
        for number, (kind, _) in enumerate(READERS)
        if kind == message.type
    ]
    return [*dict.fromkeys(found), bytes((9,))]


def _first_packets(streams: Streams) -> list[bytes]:
    packets = [stream[4 : int.from_bytes(stream[:4])] for stream in streams.asked]
    codes = [code.to_bytes(4) for code in (80877103, 80877104)]
    return list(dict.fromkeys([*packets, *codes, (80877102).to_bytes(4) + bytes(range(36))]))


def _rows(streams: Streams) -> list[bytes]:
    return [bytes((number,)) + rows for number, rows in streams.copied_in.items()]


TARGETS = (
    Target("client", _streams, check_conversation, 3.0),
    Target("client-messages", _bodies, check_messages, 2.0),
    Target("first-packet", _first_packets, check_first_packet),
    Target("copy-in", _rows, check_copy_in, 2.0),
)
