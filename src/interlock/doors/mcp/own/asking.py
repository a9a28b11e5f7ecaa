"""One request to the door from its beginning to its end, for as long as the caller is there.

It runs in a task of its own: where the caller leaves, the door is asked to give up and is listened to for a moment
more, so that a request which was held meanwhile is known, and can be taken back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from interlock.doors.inside import Dial
from interlock.doors.mcp.own.gathering import Gathering
from interlock.doors.mcp.own.speaking import GONE, Refused, Said, Speaking, speaking
from interlock.doors.mcp.seams import Asker
from interlock.errors import MalformedInput
from interlock.model.names import ConnectionName

GIVE_UP_SECONDS: Final = 5.0  # for the door's last word, once it was asked to give up

_TOO_LONG: Final = Said("ERROR", "57014", "It took longer than a call may take, and was given up.")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: settings first, each by a statement of its own, then the text."""

    connection: ConnectionName
    text: str
    settings: Sequence[tuple[str, str]] = ()


class Request:
    """One request under way. `gathered` fills as answers come."""

    def __init__(self, dial: Dial, asker: Asker, question: Question, gathered: Gathering, longest: float) -> None:
        self.gathered = gathered
        self._dial, self._asker, self._question, self._longest = dial, asker, question, longest
        self._session: Speaking | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._task = asyncio.ensure_future(self._through())

    @property
    def is_answered(self) -> bool:
        """Whether it is over."""
        return self._task.done()

    async def answered(self, seconds: float | None = None) -> bool:
        """Whether it is answered, within `seconds`; the task goes on either way."""
        done, _ = await asyncio.wait({self._task}, timeout=seconds)
        return bool(done)

    async def answered_or_held(self) -> None:
        """Returns when it is answered, or waits for people with its session open."""
        held = asyncio.ensure_future(self.gathered.is_held.wait())
        try:
            await asyncio.wait({self._task, held}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            held.cancel()

    def raise_refusal(self) -> None:
        """Raises `Refused` where no session could begin, and whatever else broke it."""
        self._task.result()

    async def give_up(self) -> None:
        """Asks the door to stop, and takes what it still says. Ends the session either way; raises nothing."""
        try:
            async with asyncio.timeout(GIVE_UP_SECONDS):
                if self._session is not None and not self._task.done():
                    await self._session.cancel()
                await asyncio.wait({self._task})
        except (TimeoutError, OSError):
            self._task.cancel()

    async def _through(self) -> None:
        try:
            async with speaking(self._dial, self._asker, self._question.connection) as (session, said):
                self.gathered.notices += said
                self._session = session
                await self._asked(session)
        except MalformedInput:
            raise Refused(GONE) from None

    async def _asked(self, session: Speaking) -> None:
        for name, value in self._question.settings:
            await self._set(session, name, value)
        late = asyncio.get_running_loop().call_later(self._longest, self._is_late)
        try:
            async for frame in session.ask(self._question.text):
                self.gathered.take(frame)
                if frame.type == b"G":
                    session.fail_copy()
                if self.gathered.given_up is not None:
                    self._stop(session)
        finally:
            late.cancel()
            if self._stopping is not None:
                self._stopping.cancel()
        self.gathered.error = self.gathered.given_up or self.gathered.error
        if self.gathered.error is None and self.gathered.status == b"I":
            self.gathered.masked = await self._masked(session)

    async def _masked(self, session: Speaking) -> tuple[str, ...]:
        """The labels of what was masked, as the door tells them."""
        if not any(result.columns for result in self.gathered.results):
            return ()
        shown = Gathering(1)
        async for frame in session.ask("SHOW interlock.masked"):
            shown.take(frame)
        told = [str(row[0]) for result in shown.results for row in result.rows]
        return tuple(label for each in told for label in each.split(", ") if label)

    def _is_late(self) -> None:
        """Not where people were waited for: whoever waits along bounds that."""
        if self.gathered.held is None and self._session is not None:
            self.gathered.given_up = self.gathered.given_up or _TOO_LONG
            self._stop(self._session)

    def _stop(self, session: Speaking) -> None:
        """Asks the door to stop, once, while its answers are still taken."""
        if self._stopping is None:
            self._stopping = asyncio.ensure_future(session.cancel())

    async def _set(self, session: Speaking, name: str, value: str) -> None:
        """One of the gateway's settings; a refused one refuses the request."""
        quoted, refused = value.replace("'", "''"), None
        async for frame in session.ask(f"SET interlock.{name} = '{quoted}'"):
            match frame.type:
                case b"E" | b"N":
                    one = Gathering(0)
                    one.take(frame)
                    refused = refused or one.error
                    self.gathered.notices += one.notices
                case _:
                    continue
        if refused is not None:
            raise Refused(refused)
