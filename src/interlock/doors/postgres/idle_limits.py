"""How long a client lets its own session lie idle: idle_session_timeout and idle_in_transaction_session_timeout.

The server knows them as well and honours them while it has a session for the client. Where that is parked nobody else
would; and the server's clock and ours end a session with the same code.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from interlock.doors.postgres.timeouts import Timeout
from interlock.doors.relay import Link
from interlock.sql import effects

SESSION = "idle_session_timeout"
TRANSACTION = "idle_in_transaction_session_timeout"


class Idled(Exception):
    """The session was idle for longer than its client allows; it ends with this answer."""

    def __init__(self, sqlstate: str, sentence: str) -> None:
        super().__init__(sentence)
        self.sqlstate, self.sentence = sqlstate, sentence


class IdleLimits:
    """One session's limits, in seconds. `asked` are its start-up settings."""

    def __init__(self, asked: Mapping[str, str]) -> None:
        self._session, self._transaction = Timeout(SESSION, asked), Timeout(TRANSACTION, asked)

    def follow(self, effect: effects.SessionEffect | None) -> None:
        """Takes what a statement that succeeded has changed (`Timeout.follow`)."""
        self._session.follow(effect)
        self._transaction.follow(effect)

    def outside(self) -> None:
        """No transaction is open."""
        self._session.outside()
        self._transaction.outside()

    def of(self, *, in_transaction: bool) -> float | None:
        """How long the session may be idle now; None: for ever."""
        return (self._transaction if in_transaction else self._session).seconds

    async def receive(self, link: Link, *, in_transaction: bool) -> bytes:
        """As `Link.receive`, for no longer than the limit; raises `Idled`."""
        limit = self.of(in_transaction=in_transaction)
        if limit is None:
            return await link.receive()
        try:
            async with asyncio.timeout(limit):
                return await link.receive()
        except TimeoutError:
            if in_transaction:
                raise Idled("25P03", f"The transaction was idle for longer than {TRANSACTION}.") from None
            raise Idled("57P05", f"The session was idle for longer than {SESSION}.") from None
