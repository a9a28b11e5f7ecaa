"""Links to one server: which upstream session a request gets, how many there are, and when they end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from interlock.doors.mcp.seams import MODERN, Asker, Client, Link, McpRefused, Object, Progress, Words
from interlock.doors.mcp.upstream.greeting import Era, Greeting, Offer, era_of, header_maps, offered
from interlock.doors.mcp.upstream.inputs import with_inputs
from interlock.doors.mcp.upstream.keys import OURS, Key, Who, key_of
from interlock.doors.mcp.upstream.listing import every_tool
from interlock.doors.mcp.upstream.opening import Opener
from interlock.doors.mcp.upstream.session import Session
from interlock.errors import UpstreamFailed
from interlock.model.mcp_settings import McpSettings
from interlock.model.secret import Secret
from interlock.registry.credentials import JWT

IDLE: Final = 600.0  # seconds without a request after which a session ends
_SHARE: Final = 4  # of all sessions, one part in so many is left to others, whatever one actor does
_LOOK: Final = 15.0  # seconds between looks for such


@dataclass(slots=True)
class _Held:
    """A session of that actor's, or one on its way. `users`: links that hold it now; `begun`: there may be something of
    it at the server."""

    actor: Who
    since: float
    users: int = 0
    begun: bool = False
    opening: asyncio.Task[Session] = field(init=False)

    @property
    def session(self) -> Session | None:
        """The session, once it is there."""
        done = self.opening.done() and not self.opening.cancelled() and self.opening.exception() is None
        return self.opening.result() if done else None

    @property
    def over(self) -> bool:
        """Whether nothing will come of it any more."""
        session = self.session
        return session.over if session is not None else self.opening.done()


@dataclass(frozen=True, slots=True)
class _Nobody:
    """The client of our own lists: it can nothing and is told nothing."""

    protocol_version: str = MODERN
    capabilities: Object = field(default_factory=dict)
    hushed: bool = True

    def hush(self) -> None:
        return None

    def heed(self, words: Words) -> None:
        return None

    async def ask(self, method: str, params: Object, *, timeout: float) -> Object:  # noqa: ASYNC109  the seam's
        raise McpRefused(-32601, "")

    async def tell(self, method: str, params: Object) -> None:
        return None


class UpstreamLinks:
    """`Links` of one connection. To be made and used in one event loop; `close` it at the end. `changed` hears when the
    server says that its tools have changed."""

    def __init__(
        self,
        settings: McpSettings,
        *,
        idle: float = IDLE,
        now: Callable[[], float] = time.monotonic,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._settings, self._idle, self._now = settings, idle, now
        self._opener = Opener(settings, changed)
        self._held: dict[Key, _Held] = {}
        self._owns: dict[Key, Client] = {}
        self._ending: dict[asyncio.Task[None], _Held] = {}
        self._looking: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def open_sessions(self) -> int:
        """How many upstream sessions there are, those on their way among them."""
        return sum(not held.over for held in self._held.values()) + len(self._ending)

    @asynccontextmanager
    async def link(self, asker: Asker, client: Client, session: str | None) -> AsyncIterator[Link]:
        """See `Links.link`."""
        subject = self._subject(asker)
        key = key_of(asker, client, session, by_token=subject is not None)
        if key.session:
            self._owns.setdefault(key, client)  # the first one is the session's; later ones are requests'
        link = _Link(self, key, client, subject, self._settings.timeout.total_seconds())
        await link.hold()
        try:
            yield link
        finally:
            link.release()

    async def end(self, session: str) -> None:
        """See `Links.end`."""
        for key in [key for key in self._owns if key.session == session]:
            del self._owns[key]
        for key in [key for key in self._held if key.session and key.session == session]:
            self._drop(key)
        await self._ended()

    async def listed(self) -> Sequence[Object]:
        """See `Links.listed`. Asked in a session of our own; with token exchange under our client credentials."""
        link = _Link(self, Key(OURS, "", Era.MODERN), _Nobody(), None, self._settings.timeout.total_seconds())
        await link.hold()
        try:
            tools = await every_tool(link.request)
        except McpRefused:
            raise UpstreamFailed("The MCP server doesn't list its tools.") from None
        finally:
            link.release()
        self._opener.in_headers = header_maps(tools)
        for held in self._held.values():
            if held.session is not None:
                held.session.in_headers = self._opener.in_headers
        return tools

    async def close(self) -> None:
        """See `Links.close`."""
        self._closed = True
        if self._looking is not None:
            self._looking.cancel()
        for key in list(self._held):
            self._drop(key)
        while self._ending:
            await self._ended()
        await self._opener.close()

    def _subject(self, asker: Asker) -> Secret[str] | None:
        """The token that an exchange begins with. Raises `UpstreamFailed` for an asker without one."""
        if self._opener.tokens is None or not self._opener.tokens.exchanges:
            return None
        if asker.actor.authn != JWT:
            raise UpstreamFailed(
                "This MCP server is called on behalf of whoever asks, which takes an issuer's token (a JWT).",
                code="upstream_subject",
            )
        return asker.presented

    async def held(self, key: Key, client: Client, subject: Secret[str] | None) -> _Held:
        """The live session of this key, opened if need be; its `users` counts the caller. Raises `UpstreamFailed`."""
        held = self._held.get(key)
        if held is None or held.over:
            if held is not None:
                self._drop(key)
            held = self._open(key, client, subject)
        held.users += 1
        try:
            await asyncio.wait({held.opening})
            if held.opening.cancelled():
                raise UpstreamFailed("The session with the MCP server was ended.", code="upstream_closed")
            held.opening.result()
        except BaseException:
            self.let_go(held)
            if held.over and self._held.get(key) is held:
                del self._held[key]
            raise
        return held

    def let_go(self, held: _Held) -> None:
        """The caller no longer uses it."""
        held.users -= 1
        held.since = self._now()

    def _open(self, key: Key, client: Client, subject: Secret[str] | None) -> _Held:
        if self._closed:
            raise UpstreamFailed("The gateway is ending.", code="upstream_closed")
        self._make_room(key)
        own = self._owns.get(key)
        offer = offered(client.protocol_version, client.capabilities) if own is not None else Offer()
        self._held[key] = held = _Held(key.who[:2], self._now())
        held.opening = asyncio.create_task(self._opened(held, key.wanted, offer, own, subject), name="mcp-opening")
        held.opening.add_done_callback(_looked_at)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look(), name="mcp-idle")
        return held

    async def _opened(
        self, held: _Held, wanted: Era, offer: Offer, own: Client | None, subject: Secret[str] | None
    ) -> Session:
        """Opened once there is room at the server too: what gave way may take its time to end."""
        while self._ending and self._is_full(held.actor):
            await asyncio.wait(set(self._ending), return_when=asyncio.FIRST_COMPLETED)
        held.begun = True
        return await self._opener.open(wanted, offer, own, subject)

    def _is_full(self, actor: Who) -> bool:
        there = [held.actor for held in self._held.values() if held.begun and not held.over]
        there += [held.actor for held in self._ending.values() if held.begun]
        return len(there) >= self._settings.most_sessions or (actor != OURS and there.count(actor) >= self._share)

    @property
    def _share(self) -> int:
        """How many sessions one actor may have."""
        return self._settings.most_sessions - self._settings.most_sessions // _SHARE

    def _make_room(self, wanted: Key) -> None:
        """Ends the session that has been idle for longest when all are taken, or all that one actor may have: a shared
        one, else one of the same actor's own clients, which begins anew at its next request (many clients leave without
        a word). Raises `UpstreamFailed` when none can be spared: who is in the middle of something keeps its session,
        and nobody loses one to somebody else."""
        actor, live = wanted.who[:2], [key for key, held in self._held.items() if not held.over]
        theirs = [key for key in live if key.who[:2] == actor]
        full = actor != OURS and len(theirs) >= self._share
        if not full and len(live) < self._settings.most_sessions:
            return
        among = theirs if full else self._held
        idle = [key for key in among if not self._held[key].users]
        spare = [key for key in idle if not key.session] or [key for key in idle if key.who[:2] == actor]
        if not spare:
            raise UpstreamFailed("As many sessions with this MCP server as allowed are open.", code="upstream_full")
        self._drop(min(spare, key=lambda key: self._held[key].since))

    def _drop(self, key: Key) -> None:
        held = self._held.pop(key)
        task = asyncio.create_task(_ended(held), name="mcp-ending")
        self._ending[task] = held
        task.add_done_callback(self._ending.pop)

    async def _ended(self) -> None:
        if self._ending:
            await asyncio.wait(set(self._ending))

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(min(_LOOK, self._idle))
            for key, held in list(self._held.items()):
                if held.over or (not held.users and self._now() - held.since >= self._idle):
                    self._drop(key)


class _Link:
    """One request's, or a few requests', use of a session; a session that ended is replaced before the next one."""

    def __init__(
        self, links: UpstreamLinks, key: Key, client: Client, subject: Secret[str] | None, seconds: float
    ) -> None:
        self._links, self._key, self._client, self._subject = links, key, client, subject
        self._seconds = seconds
        self._held: _Held | None = None

    @property
    def protocol_version(self) -> str:
        """The version spoken with the server."""
        return self._greeting.version

    @property
    def capabilities(self) -> Object:
        """The server's."""
        return self._greeting.capabilities

    @property
    def instructions(self) -> str:
        """The server's."""
        return self._greeting.instructions

    @property
    def _greeting(self) -> Greeting:
        session = self._held.session if self._held is not None else None
        return session.greeting if session is not None else Greeting("", {}, "")

    async def request(
        self,
        method: str,
        params: Object,
        *,
        progress: Progress | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  the seam's
    ) -> Object:
        """See `Link.request`."""
        session = await self.hold()
        seconds = self._seconds if timeout is None else timeout

        async def ask(sent: Object) -> Object:
            return await session.request(method, sent, self._client, progress=progress, seconds=seconds)

        if session.era is Era.MODERN and era_of(self._client.protocol_version) is Era.LEGACY:
            return await with_inputs(ask, params, self._client, self._seconds)
        return await ask(params)

    async def notify(self, method: str, params: Object) -> None:
        """See `Link.notify`. A server of 2026-07-28 over HTTP takes none."""
        session = await self.hold()
        if session.era is Era.LEGACY:
            await session.notify(method, params)

    @asynccontextmanager
    async def again(self, client: Client) -> AsyncIterator[Link]:
        """See `Link.again`."""
        link = _Link(self._links, self._key, client, self._subject, self._seconds)
        await link.hold()
        try:
            yield link
        finally:
            link.release()

    async def hold(self) -> Session:
        """The live session, held until `release`."""
        if self._held is None or self._held.over:
            self.release()
            self._held = await self._links.held(self._key, self._client, self._subject)
        session = self._held.session
        assert session is not None
        return session

    def release(self) -> None:
        """Lets it go."""
        if self._held is not None:
            self._links.let_go(self._held)
            self._held = None


async def _ended(held: _Held) -> None:
    """Ends a session, or the opening of one."""
    held.opening.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await held.opening
    if held.session is not None:
        await held.session.close()


def _looked_at(opening: asyncio.Task[Session]) -> None:
    """Whoever waited may have left; an error that nobody reads is no news."""
    if not opening.cancelled():
        opening.exception()
