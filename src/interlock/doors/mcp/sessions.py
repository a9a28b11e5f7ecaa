"""Who is here: the requests being served and the sessions that live, each with the credential behind it.

Every request is admitted anew. What outlives one (a session with its open stream, a call that waits) is looked at again
and again, and ended once its credential has been.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import anyio

from interlock.actions.session import session_open
from interlock.doors.endings import Endings
from interlock.doors.mcp.client import ServedClient
from interlock.doors.mcp.seams import Asker, Object
from interlock.gate import Cleared, Denied, Gate
from interlock.model.action import Action
from interlock.model.actor import Actor
from interlock.model.connection import Connection
from interlock.model.decision import Reason
from interlock.model.names import ActionId, ConnectionName
from interlock.model.payload import SessionPayload
from interlock.model.release import Ending, Outcome
from interlock.ports import Clock, Entropy
from interlock.registry import Registry

LOOK_SECONDS: Final = 1.0  # how often credentials of what lives on are looked at
OPEN_FOR: Final = timedelta(hours=1)  # how long one opening counts for requests that stand alone
MOST_OPENINGS: Final = 4_096  # remembered; the oldest is forgotten and asked for anew

STATE: Final = "interlock.exchange"


@dataclass(slots=True, eq=False)
class Exchange:
    """One HTTP request that was admitted. `scope` is of the handler that answers it, wherever that runs; `modern`: the
    request stands alone. `whole` is of the HTTP request itself."""

    asker: Asker
    connection: ConnectionName
    modern: bool
    scope: anyio.CancelScope | None = None
    whole: anyio.CancelScope | None = None
    gone: bool = False

    def leave(self) -> None:
        """The client is gone, or has its answer."""
        self.gone = True
        if self.scope is not None:
            self.scope.cancel()

    def end(self) -> None:
        """The credential behind it has ended."""
        self.leave()
        if self.whole is not None:
            self.whole.cancel()


@dataclass(slots=True)
class Session:
    """A session (until 2025-11-25), by the id that the SDK gave it."""

    asker: Asker
    connection: ConnectionName
    capabilities: Object  # the client's
    end: Callable[[], Awaitable[None]]
    client: ServedClient | None = field(default=None, repr=False)  # of what its server says of no request
    asked: set[str] = field(default_factory=set)  # ids of the requests that aren't answered yet


class Sessions:
    """All that are here, on all connections."""

    def __init__(self, registry: Registry, most_per_actor: int) -> None:
        self._registry = registry
        self._most = most_per_actor
        self._sessions: dict[str, Session] = {}
        self._opening: Counter[str] = Counter()
        self._exchanges: set[Exchange] = set()

    @contextmanager
    def during(self, exchange: Exchange) -> Iterator[None]:
        """Around the serving of one request."""
        self._exchanges.add(exchange)
        try:
            yield
        finally:
            self._exchanges.discard(exchange)
            exchange.leave()

    def has_room(self, actor: Actor) -> bool:
        """Whether this actor may begin another session."""
        theirs = sum(each.asker.actor.id == actor.id for each in self._sessions.values())
        return theirs + self._opening[actor.id] < self._most

    @contextmanager
    def opening(self, actor: Actor) -> Iterator[None]:
        """Around a request that asks for a session, so that many at once are counted."""
        self._opening[actor.id] += 1
        try:
            yield
        finally:
            self._opening -= Counter([actor.id])  # drops what is down to zero

    def began(self, id: str, session: Session) -> None:
        """A session has been initialized."""
        self._sessions[id] = session

    def over(self, id: str) -> None:
        """It has ended."""
        self._sessions.pop(id, None)

    def get(self, id: str) -> Session | None:
        """The session of that id."""
        return self._sessions.get(id)

    def __len__(self) -> int:
        return len(self._sessions)

    async def watch(self, stop: asyncio.Event) -> None:
        """Ends, until `stop`, what has lost its credential."""
        while not stop.is_set():
            await self.look()
            try:
                await asyncio.wait_for(stop.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Ends what has lost its credential by now."""
        stands: dict[tuple[str, ...], bool] = {}

        def gone(actor: Actor) -> bool:
            credential = _credential(actor)
            if credential not in stands:
                stands[credential] = self._registry.current(actor) is not None
            return not stands[credential]

        for exchange in tuple(self._exchanges):
            if gone(exchange.asker.actor):
                exchange.end()
        for id, session in tuple(self._sessions.items()):
            if gone(session.asker.actor):
                self._sessions.pop(id, None)
                await session.end()


def _credential(actor: Actor) -> tuple[str, ...]:
    """What was presented, and whom it tells. Its name alone isn't enough: tokens without a `jti` that were issued for
    the same subject in the same second have one name, for whomever they are."""
    return (actor.key, str(actor.expires_at), *(f"{each.kind.value}/{each.id}" for each in (actor, *actor.chain)))


def told_of(session: str) -> str:
    """How a session is called in the ledger: its own id lets whoever holds the key in, and so isn't written down."""
    return hashlib.sha256(b"interlock/mcp-session/v1\0" + session.encode()).hexdigest()[:32]


class Openings:
    """The recorded action that lists, pings and the like belong to: one a session; of requests that stand alone one an
    hour for each credential, connection and policy."""

    def __init__(self, gate: Gate, endings: Endings, clock: Clock, entropy: Entropy) -> None:
        self._gate, self._endings, self._clock, self._entropy = gate, endings, clock, entropy
        self._open: OrderedDict[tuple[str, ...], datetime] = OrderedDict()

    async def open(self, asker: Asker, connection: Connection) -> Denied | None:
        """Asks for `session.open`; None when it is allowed and on record. Raises `LedgerUnavailable`."""
        answer = await self._gate.ask(self._action(asker, connection))
        match answer:
            case Cleared(release, durable):
                await durable
                self._endings.soon(release, Ending(Outcome.SUCCEEDED))
                return None
            case Denied():
                return answer
            case _:
                needs = Reason("needs_review", "Opening a session needs a review, which this door can't wait for.")
                return Denied((needs,), None)

    async def once_an_hour(self, asker: Asker, connection: Connection) -> Denied | None:
        """The same, unless it has been allowed within the hour under the policy of now."""
        policy = self._gate.rules.current()
        key = (*_credential(asker.actor), connection.name, "" if policy is None else str(policy.digest))
        now = self._clock.now()
        if (until := self._open.get(key)) is not None and now < until:
            return None
        denied = await self.open(asker, connection)
        if denied is None:
            self._open[key] = now + OPEN_FOR
            self._open.move_to_end(key)
            if len(self._open) > MOST_OPENINGS:
                self._open.popitem(last=False)
        return denied

    async def refuse(self, asker: Asker, connection: Connection, reason: Reason) -> None:
        """Puts on record that something was refused which never came as far as being an action."""
        await self._gate.refuse(self._action(asker, connection), reason)

    def _action(self, asker: Asker, connection: Connection) -> Action:
        return session_open(
            id=ActionId(self._entropy.uuid7()),
            actor=asker.actor,
            connection=connection,
            payload=SessionPayload(connection.name, ""),
        )
