"""The upstream side of a client's session: opened at the first need, parked, lost, opened anew, cancelled, closed.

What is asked of it while it is open stands in `asking.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from interlock.doors.postgres.asking import Asking, Prepared, ServerError
from interlock.doors.postgres.incoming import EVERY_TYPE, MAX_FRAME
from interlock.doors.postgres.logging_in import CONNECT_SECONDS, Entered, enter, reach
from interlock.doors.postgres.parking import NoSlot, Places
from interlock.errors import MalformedInput, UpstreamFailed
from interlock.model.settings import UpstreamPostgres
from interlock.ports import Entropy
from interlock.wire.postgres import frontend
from interlock.wire.postgres.frames import Frame

__all__ = ["CONNECT_SECONDS", "EVERY_TYPE", "MAX_FRAME", "Prepared", "ServerError", "Upstream", "UpstreamAway"]

OPEN_SECONDS = 20.0  # for a session to be opened, its first questions answered
LOST_CODE = "lost"
LOST = "the protected system closed the session, and what the client had in it is lost"


class UpstreamAway(UpstreamFailed):
    """No session with the server can be had now. The client's session goes on: nothing of it was lost, so this is an
    ERROR of the statement at hand with this `sqlstate`, and the next statement tries again."""

    code = "away"

    def __init__(self, sentence: str, sqlstate: str = "08006") -> None:
        super().__init__(sentence)
        self.sqlstate = sqlstate


class Upstream(Asking):
    """A client's session with the protected server: opened at the first need, and perhaps several one after the other.

    `ready()` comes before everything that needs the server: it opens a session where there is none, and a parked or
    lost one anew. `held_by` names what of this session can't be had again in another one (a transaction's is told by
    `status`): whoever brings such a thing adds a word, whoever ends it takes it out. `rest()` says that nothing is
    asked of it for now; then it may be parked, unless something holds it. `epoch` counts the sessions opened so far.
    `on_open` is called within `ready`, once the server's first ReadyForQuery is there; `on_lost` when the session is
    lost while it rests, with something that held it.
    """

    def __init__(
        self, to: UpstreamPostgres, asked: Mapping[str, str], entropy: Entropy, slots: Places | None = None
    ) -> None:
        """`asked` are the client's harmless start-up settings."""
        super().__init__()
        self.held_by: set[str] = set()
        self.on_open: Callable[[], Awaitable[None]] | None = None
        self.on_lost: Callable[[], None] | None = None
        self.on_word: Callable[[Frame], None] | None = None  # what the server says while it rests (`listening.py`)
        self._to, self._asked, self._entropy = to, asked, entropy
        self._slots = slots
        self._resting = False
        self._opening: asyncio.Future[None] | None = None
        self._unwanted = False  # who waited for it to be opened has left, or thought better of it

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
        self._opening = opening = asyncio.ensure_future(self._open())
        try:
            await opening
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not self._unwanted or task is None or task.cancelling():
                raise
            raise UpstreamAway("it was waited for, and then not wanted any more", "57014") from None
        finally:
            self._opening, self._unwanted = None, False

    def stop_opening(self) -> None:
        """Nobody wants the session that `ready` waits for, in the queue or at the server: it raises `UpstreamAway`."""
        if self._opening is not None and not self._unwanted:
            self._unwanted = True
            self._opening.cancel()

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

    async def cancel(self, to: UpstreamPostgres) -> None:
        """Asks the server to stop what this session runs, over a connection of its own."""
        key = self.key
        if key is None:
            return
        link = await reach(to)
        try:
            link.write(frontend.write_cancel(key.pid, key.key))
            async with asyncio.timeout(CONNECT_SECONDS):
                await link.drain()
                await link.receive()  # the server closes when it has taken the request
        except TimeoutError:
            raise UpstreamFailed("the protected system doesn't take the request to cancel") from None
        finally:
            link.close()

    @property
    def torn(self) -> bool:
        """Whether it is lost or stopped in the middle of a message that was handed on in part."""
        return self._entered is not None and self._entered.incoming.reader.torn

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
