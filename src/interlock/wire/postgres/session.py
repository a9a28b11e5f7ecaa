"""What a client's messages add up to: units to decide on, and the statements and portals it has open.

    frames >> UnitCollector >> SimpleUnit | ExtendedUnit | FlushedUnit | ...
    the steps of a decided unit >> Session (names -> statements, portals)

The unit of decision in the extended protocol is everything up to a Sync or a Flush (design, section 7): nothing of it
is sent while any of it is undecided. A Flush asks for answers without ending the implicit transaction, which goes on
in the next unit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from interlock.errors import MalformedInput
from interlock.wire.postgres import frontend
from interlock.wire.postgres.frames import Frame
from interlock.wire.postgres.frontend import Bind, Close, Describe, Execute, Parse, Target

Step = Parse | Bind | Describe | Execute | Close

_STEPS: Mapping[bytes, Callable[[bytes], Step]] = MappingProxyType(
    {
        b"P": frontend.read_parse,
        b"B": frontend.read_bind,
        b"D": frontend.read_describe,
        b"E": frontend.read_execute,
        b"C": frontend.read_close,
    }
)
# CopyData, CopyDone, CopyFail outside a COPY: a client whose COPY failed may still be sending; the server drops them.
_COPY = frozenset((b"d", b"c", b"f"))
_OTHERS = frozenset((b"Q", b"S", b"H", b"X", b"F"))


@dataclass(frozen=True, slots=True)
class SimpleUnit:
    """A Query message."""

    text: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ExtendedUnit:
    """The steps up to a Sync (perhaps none); the answer ends with ReadyForQuery."""

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class FlushedUnit:
    """The steps up to a Flush. No ReadyForQuery: the implicit transaction goes on.

    If it is refused or fails, the caller answers with an ErrorResponse alone and calls `skip_to_sync`.
    """

    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """The obsolete function call; refused by the door with an ErrorResponse and a ReadyForQuery."""


@dataclass(frozen=True, slots=True)
class Terminate:
    """The client leaves."""


Unit = SimpleUnit | ExtendedUnit | FlushedUnit | FunctionCall | Terminate


class UnitCollector:
    """Collects a logged-in client's messages into units. Nothing in it depends on what the server answers.

    `max_bytes` bounds the bodies and `max_steps` the messages of one unit. Raises `MalformedInput` for an unknown
    message type, a malformed body, a unit over its limits, and a Query or FunctionCall between steps, or an Execute
    behind which only a Flush came, and their Sync (which no driver sends); the connection is then to be closed.
    """

    __slots__ = ("_bytes", "_max_bytes", "_max_steps", "_ran", "_skipping", "_steps")

    def __init__(self, max_bytes: int = 64 * 2**20, max_steps: int = 10_000) -> None:
        self._max_bytes = max_bytes
        self._max_steps = max_steps
        self._steps: list[Step] = []
        self._bytes = 0
        self._skipping = False
        self._ran = False  # an Execute was flushed, and its Sync hasn't come

    def feed(self, frame: Frame) -> Unit | None:
        """The unit that this message makes complete, or None."""
        kind = frame.type
        if kind in _COPY:
            return None
        if kind not in _STEPS and kind not in _OTHERS:
            raise MalformedInput("a message of unknown type")
        if self._skipping and kind not in (b"S", b"X"):
            return None
        if kind in _STEPS:
            self._collect(_STEPS[kind](frame.body), len(frame.body))
            return None
        return self._ended(kind, frame.body)

    def skip_to_sync(self) -> None:
        """After a FlushedUnit was refused or failed: drops everything up to the next Sync, as a server does."""
        self._take()
        self._skipping = True

    @property
    def collecting(self) -> bool:
        """Whether a unit has begun and not ended."""
        return bool(self._steps) or self._skipping or self._ran

    def _collect(self, step: Step, size: int) -> None:
        self._bytes += size
        if self._bytes > self._max_bytes or len(self._steps) >= self._max_steps:
            raise MalformedInput("more was sent before a Sync than is allowed here; send Sync more often")
        self._steps.append(step)

    def _ended(self, kind: bytes, body: bytes) -> Unit | None:
        if kind == b"Q":
            self._demand_none()
            return SimpleUnit(frontend.read_query(body).text)
        if kind == b"F":
            self._demand_none()
            return FunctionCall()
        frontend.read_empty(body)
        if kind == b"S":
            self._skipping = self._ran = False
            return ExtendedUnit(self._take())
        if kind == b"X":
            self._take()
            return Terminate()
        return self._flushed()

    def _flushed(self) -> Unit | None:
        steps = self._take()
        self._ran = self._ran or any(isinstance(step, Bind | Execute) for step in steps)
        return FlushedUnit(steps) if steps else None

    def _demand_none(self) -> None:
        if self._steps or self._ran:
            raise MalformedInput("a Query or FunctionCall came before the Sync of an extended query")

    def _take(self) -> tuple[Step, ...]:
        steps = tuple(self._steps)
        self._steps.clear()
        self._bytes = 0
        return steps


@dataclass(frozen=True, slots=True)
class Statement:
    """A prepared statement as the client sent it."""

    text: bytes = field(repr=False)
    parameter_types: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Portal:
    """A statement with its values bound. Formats are as sent: none, one for all, or one each."""

    statement: Statement
    formats: tuple[int, ...]
    values: tuple[bytes | None, ...] = field(repr=False)
    result_formats: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a step can't be taken: what the server would say, with its SQLSTATE."""

    sqlstate: str
    sentence: str


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How much one client may keep open: statements, portals, and bytes of texts and values together."""

    statements: int = 1_000
    portals: int = 1_000
    size: int = 64 * 2**20


class Session:
    """The client's prepared statements and portals, as the server would have them.

    The empty name is the unnamed one: Parse and Bind replace it, and a simple query drops both. A named one must be
    closed before its name is used again. Portals end with their transaction. Steps are told to it in the order they are
    decided; work on a `copy()` to try a unit, and keep the copy once the unit has gone well.
    """

    __slots__ = ("_executed", "_limits", "_portals", "_size", "_statements")

    def __init__(self, limits: SessionLimits | None = None) -> None:
        self._limits = limits or SessionLimits()
        self._statements: dict[bytes, Statement] = {}
        self._portals: dict[bytes, Portal] = {}
        self._executed: set[bytes] = set()  # portals that have run, to their end or not
        self._size = 0

    def copy(self) -> Session:
        """A session with the same statements and portals; changes to one don't show in the other."""
        twin = Session(self._limits)
        twin._statements = dict(self._statements)
        twin._portals = dict(self._portals)
        twin._executed = set(self._executed)
        twin._size = self._size
        return twin

    def statement(self, name: bytes) -> Statement | None:
        """The prepared statement of this name."""
        return self._statements.get(name)

    def portal(self, name: bytes) -> Portal | None:
        """The portal of this name."""
        return self._portals.get(name)

    def parse(self, step: Parse) -> Refused | None:
        """Takes a Parse; None when it went well."""
        if step.name and step.name in self._statements:
            return Refused("42P05", "A prepared statement of this name exists already.")
        statement = Statement(step.text, step.parameter_types)
        self._drop_statement(step.name)
        if len(self._statements) >= self._limits.statements or self._size + _weight(statement) > self._limits.size:
            return Refused("53400", "This session keeps too many prepared statements; close some.")
        self._statements[step.name] = statement
        self._size += _weight(statement)
        return None

    def bind(self, step: Bind) -> Refused | None:
        """Takes a Bind; None when it went well. The number of values is the server's to check."""
        statement = self._statements.get(step.statement)
        if statement is None:
            return Refused("26000", "There is no prepared statement of this name.")
        if step.portal and step.portal in self._portals:
            return Refused("42P03", "A portal of this name exists already.")
        portal = Portal(statement, step.formats, step.values, step.result_formats)
        self._drop_portal(step.portal)
        if len(self._portals) >= self._limits.portals or self._size + _weight(portal) > self._limits.size:
            return Refused("53400", "This session keeps too many portals; close some.")
        self._portals[step.portal] = portal
        self._size += _weight(portal)
        return None

    def close(self, step: Close) -> None:
        """Takes a Close; closing what isn't there is no error. A statement takes its portals along."""
        match step.target:
            case Target.PORTAL:
                self._drop_portal(step.name)
            case Target.STATEMENT:
                statement = self._statements.get(step.name)
                self._drop_statement(step.name)
                for name in [n for n, p in self._portals.items() if p.statement is statement]:
                    self._drop_portal(name)

    def missing(self, step: Describe | Execute) -> Refused | None:
        """Why a Describe or Execute can't be taken, or None."""
        if isinstance(step, Describe) and step.target is Target.STATEMENT:
            known = step.name in self._statements
            return None if known else Refused("26000", "There is no prepared statement of this name.")
        name = step.name if isinstance(step, Describe) else step.portal
        return None if name in self._portals else Refused("34000", "There is no portal of this name.")

    def executed(self, portal: bytes) -> None:
        """This portal has been run: a second Execute of it goes on, and doesn't start over."""
        self._executed.add(portal)

    def has_run(self, portal: bytes) -> bool:
        """Whether this portal, as bound now, has been run."""
        return portal in self._executed

    def simple_query(self) -> None:
        """A Query message drops the unnamed statement and the unnamed portal."""
        self._drop_statement(b"")
        self._drop_portal(b"")

    def transaction_ended(self) -> None:
        """No portal outlives its transaction: call this at each ReadyForQuery whose status is idle."""
        for name in list(self._portals):
            self._drop_portal(name)

    def forget_statements(self) -> None:
        """DEALLOCATE ALL, DISCARD ALL: no prepared statement is left."""
        for name in list(self._statements):
            self._drop_statement(name)

    def _drop_statement(self, name: bytes) -> None:
        if statement := self._statements.pop(name, None):
            self._size -= _weight(statement)

    def _drop_portal(self, name: bytes) -> None:
        self._executed.discard(name)
        if portal := self._portals.pop(name, None):
            self._size -= _weight(portal)


def _weight(kept: Statement | Portal) -> int:
    """The bytes that one kept thing counts for. A portal may keep a statement alive whose name is gone."""
    if isinstance(kept, Statement):
        return len(kept.text) + 4 * len(kept.parameter_types)
    return _weight(kept.statement) + sum(len(v) for v in kept.values if v is not None) + 8 * len(kept.values)
