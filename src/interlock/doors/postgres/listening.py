"""What comes from the server unasked: notifications, and its words while the session rests.

    NOTIFY of anybody -> the server -> a session that listens on that channel -> its client, without the payload

A payload may carry anything, so what arrives in its place is a token of all the connection's labels; a connection
without any passes it on. Who sent it is told only of the client's own session, by the process id that the client knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from interlock.doors.postgres.definitions import Definitions
from interlock.doors.postgres.upstream import Upstream
from interlock.doors.relay import Link
from interlock.errors import InterlockError, MalformedInput, UpstreamFailed
from interlock.masking.tokens import token_of
from interlock.sql import effects
from interlock.wire.postgres import answers, backend, denial
from interlock.wire.postgres.frames import Frame

NOBODY = 0  # the process id of whoever isn't this very session
MAX_WAITING = 1_000  # messages that a client which doesn't read them may have waiting
_APPLICATION = "application_name"  # upstream it is a name of ours


@dataclass(frozen=True, slots=True)
class _Mark:
    """A savepoint among what a transaction has changed."""

    savepoint: str


class Listening:
    """Which channels one session listens on, and what it hears. `pid`: the process id that its client was told.

    LISTEN and UNLISTEN come true at COMMIT, as the server has it. Until then `hears` is true as well: the session can't
    be given back.
    """

    def __init__(self, definitions: Definitions, up: Upstream, pid: int) -> None:
        self._definitions, self._up, self._pid = definitions, up, pid
        self._channels: frozenset[str] = frozenset()
        self._pending: list[effects.Listen | effects.Unlisten | _Mark] = []

    @property
    def hears(self) -> bool:
        """Whether the server's session listens, or will once its transaction is committed."""
        return bool(self._channels) or any(isinstance(each, effects.Listen) for each in self._pending)

    def follow(self, effect: effects.SessionEffect | None) -> None:
        """Takes what a statement that succeeded changes; `transaction_ended` says when it comes true."""
        match effect:
            case effects.Listen() | effects.Unlisten():
                self._pending.append(effect)
            case effects.DiscardAll():
                self._pending.append(effects.Unlisten(None))
            case effects.Savepoint(name):
                self._pending.append(_Mark(name))
            case effects.RollbackTo(name):
                self._back_to(name)
            case _:
                pass

    def transaction_ended(self, *, committed: bool) -> None:
        """The transaction is over, also one of a single statement; call it whenever the session is idle again."""
        for each in self._pending if committed else ():
            match each:
                case effects.Listen(channel):
                    self._channels |= {channel}
                case effects.Unlisten(None):
                    self._channels = frozenset()
                case effects.Unlisten(channel):
                    self._channels -= {channel}
        self._pending.clear()

    def told(self, bodies: Sequence[bytes]) -> bytes:
        """NotificationResponses as the client gets them, from their bodies; raises `MalformedInput`."""
        return b"".join(map(self._told, bodies))

    def _told(self, body: bytes) -> bytes:
        notification = backend.read_notification(body)
        if notification.channel not in self._channels:
            return b""
        own = self._up.key is not None and notification.pid == self._up.key.pid
        labels = self._definitions.labels.for_connection()
        masked = bool(labels) and not self._definitions.connection.unsafe_observe
        payload = token_of(labels) if masked else notification.payload
        return answers.write_notification(self._pid if own else NOBODY, notification.channel, payload)

    def _back_to(self, savepoint: str) -> None:
        marks = [n for n, each in enumerate(self._pending) if each == _Mark(savepoint)]
        if marks:
            del self._pending[marks[-1] + 1 :]


class Resting:
    """What the server says while nothing is asked of it: between units, and while people look at a request.

    Notifications go to the client, a changed parameter too, a notice without its words. An error is the server's
    goodbye: the client hears of it if anything it had is lost with the session. Anything else isn't the protocol: the
    session ends.
    """

    def __init__(self, up: Upstream, down: Link, listening: Listening) -> None:
        self._up, self._down, self._listening = up, down, listening
        self._waiting = 0  # messages since the client has fallen behind
        up.on_word = self.hear

    def hear(self, frame: Frame) -> None:
        """Takes one message."""
        self._waiting = self._waiting + 1 if self._down.behind else 0
        try:
            if self._waiting > MAX_WAITING:
                raise UpstreamFailed("more was notified than the client has taken", code="notified")
            self._down.write(self._answer(frame))
        except (MalformedInput, UpstreamFailed) as error:
            self._end(error)

    def _answer(self, frame: Frame) -> bytes:
        match frame.type:
            case b"A":
                return self._listening.told([frame.body])
            case b"N":
                return denial.upstream_notice(backend.read_complaint(frame.body))
            case b"S":
                return self._parameter(frame.body)
            case b"E":
                return self._goodbye(frame.body)
            case _:
                raise UpstreamFailed("the protected system answered what nobody asked", code="contradiction")

    def _parameter(self, body: bytes) -> bytes:
        status = backend.read_parameter_status(body)
        self._up.parameter(body)
        return b"" if status.name == _APPLICATION else answers.write_parameter_status(status.name, status.value)

    def _goodbye(self, body: bytes) -> bytes:
        """The link closes behind it; without state of the client's nobody needs to know."""
        complaint = backend.read_complaint(body)
        if not self._up.has_state:
            self._up.abort()
            return b""
        code = denial.known_sqlstate(complaint.sqlstate)
        self._down.write(denial.refuse_session(code, f"The session ends: {denial.sentence_for(code)}"))
        self._down.close()
        return b""

    def _end(self, error: InterlockError) -> None:
        self._down.write(denial.refuse_session("08006", f"The session ends: {error.sentence}."))
        self._down.close()
        self._up.abort()
