"""`subscriptions/listen` (2026-07-28): what changes at a server, told to whoever may know of it.

what is wanted -> what the server tells of -> of resources those that policy lets this asker read, decided as documents
    -> one request at the server -> what it tells, rebuilt: kinds, and URIs that the asker itself named; nothing else

Every notification says only that something changed, so that of many alike one is told, and none piles up. Who may no
longer read a resource, or be here, hears no more.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from mcp.shared.subscriptions import SUBSCRIPTION_ID_META_KEY

from interlock.doors.mcp.answers import INVALID_PARAMS, METHOD_NOT_FOUND, REFUSED, Answered
from interlock.doors.mcp.client import ServedClient
from interlock.doors.mcp.listing import Templates
from interlock.doors.mcp.seams import MODERN, Asker, Link, Links, McpRefused, Object, Words
from interlock.errors import InterlockError, UpstreamFailed
from interlock.gate import Cleared
from interlock.model.names import ActorId
from interlock.model.release import Outcome

METHOD: Final = "subscriptions/listen"
MOST_URIS: Final = 64  # of one request
MOST_OF_ONE_ACTOR: Final = 8
MOST: Final = 512  # on one connection
LONGEST: Final = 24 * 3600.0  # seconds; then the client listens anew
FIRST: Final = 30.0  # seconds for the server to say what it tells of
PAUSE: Final = 0.25  # seconds from one telling to the next, however fast a server tells
LOOK_SECONDS: Final = 5.0  # between two looks at whether this asker may still be here

_ACKNOWLEDGED: Final = "notifications/subscriptions/acknowledged"
_UPDATED: Final = "notifications/resources/updated"
_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "toolsListChanged": ("tools", "notifications/tools/list_changed"),
    "promptsListChanged": ("prompts", "notifications/prompts/list_changed"),
    "resourcesListChanged": ("resources", "notifications/resources/list_changed"),
}
"""What may be asked for, with the server's capability that it needs and what is told then."""


class Decides(Protocol):
    """What decides whether somebody may hear of a resource."""

    async def subscribe(self, asker: Asker, uri: str) -> Cleared | None:
        """Asks the gate, on record; None where it may not, or only once people have signed."""

    def subscribed(self, cleared: Cleared, outcome: Outcome) -> None:
        """Records what came of it."""

    def may_still(self, cleared: Cleared) -> bool:
        """Whether policy would still say so."""


class Stays(Protocol):
    """What tells whether somebody may still be here."""

    async def __call__(self) -> None:
        """Raises `MCPError` when it may not."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter, read: kinds of `_KINDS`, and URIs."""

    kinds: frozenset[str]
    uris: tuple[str, ...]

    def told(self) -> dict[str, Any]:
        """As the protocol has it."""
        told: dict[str, Any] = {kind: True for kind in _KINDS if kind in self.kinds}
        return told | ({"resourceSubscriptions": list(self.uris)} if self.uris else {})


@dataclass(slots=True)
class Ear:
    """The client of a listening request, as its server sees it: it hears, and can nothing else (`seams.Client`).
    `pending` holds what wasn't told yet: each change once, so that it is no longer than the filter."""

    wanted: Wanted
    protocol_version: str = MODERN
    capabilities: Object = field(default_factory=dict)
    hushed: bool = True
    honoured: Wanted | None = None
    pending: dict[tuple[str, str], None] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def hush(self) -> None:
        """Nothing is asked."""

    def heed(self, words: Words) -> None:
        """It hears nothing about calls."""

    async def ask(self, method: str, params: Object, *, timeout: float) -> Object:  # noqa: ASYNC109  as the seam has it
        """It can't be asked."""
        raise McpRefused(METHOD_NOT_FOUND, "The client doesn't take such requests.")

    async def tell(self, method: str, params: Object) -> None:
        """See `seams.Client`. What comes before the acknowledgement, and what nobody asked for, isn't heard."""
        if method == _ACKNOWLEDGED and self.honoured is None:
            told = read_filter(params)
            kinds, uris = self.wanted.kinds & told.kinds, [uri for uri in self.wanted.uris if uri in told.uris]
            self.honoured = Wanted(kinds, tuple(uris))
        elif self.honoured is not None and (change := _change(method, params, self.honoured)) is not None:
            self.pending[change] = None
        self.news.set()


def read_filter(params: Object) -> Wanted:
    """What is asked for; raises `Answered` for more than may be."""
    given = params.get("notifications")
    given = given if isinstance(given, Mapping) else {}
    uris = given.get("resourceSubscriptions") or []
    if not isinstance(uris, list) or len(uris) > MOST_URIS:
        raise Answered(INVALID_PARAMS, f"A subscription names at most {MOST_URIS} resources")
    named = dict.fromkeys(uri for uri in uris if isinstance(uri, str))
    return Wanted(frozenset(kind for kind in _KINDS if given.get(kind) is True), tuple(named))


def offered(capabilities: Object) -> Wanted:
    """The kinds that a server tells of; `uris` isn't empty where it tells of single resources."""
    kinds = {kind for kind, (name, _) in _KINDS.items() if _says(capabilities, name, "listChanged")}
    return Wanted(frozenset(kinds), ("*",) if _says(capabilities, "resources", "subscribe") else ())


def _says(capabilities: Object, name: str, what: str) -> bool:
    said = capabilities.get(name)
    return isinstance(said, Mapping) and said.get(what) is True


def _change(method: str, params: Object, honoured: Wanted) -> tuple[str, str] | None:
    """One of the changes that were asked for. A URI beneath one that was named, of which servers may tell too, isn't:
    nobody decided on it."""
    if method == _UPDATED:
        uri = params.get("uri")
        return (method, uri) if isinstance(uri, str) and uri in honoured.uris else None
    told = next((kind for kind, (_, name) in _KINDS.items() if name == method), None)
    return (method, "") if told in honoured.kinds else None


class Listening:
    """One connection's."""

    def __init__(self, links: Links, decides: Decides, templates: Templates) -> None:
        self._links, self._decides, self._templates = links, decides, templates
        self._open: Counter[ActorId] = Counter()

    async def serve(self, asker: Asker, client: ServedClient, id_: str | int, params: Object, stays: Stays) -> Object:
        """One request, from its acknowledgement until the server or `stays` ends it. Raises `Answered`."""
        wanted = read_filter(params)
        with self._room(asker):
            ear = Ear(wanted)
            async with self._links.link(asker, ear, None) as link:
                can = offered(link.capabilities)
                if link.protocol_version < MODERN or can == Wanted(frozenset(), ()):
                    raise Answered(METHOD_NOT_FOUND, "Method not found")
                heard = await self._decided(asker, link, wanted.uris if can.uris else ())
                ear.wanted = Wanted(wanted.kinds & can.kinds, tuple(heard))
                await self._told(ear, link, client, heard, {SUBSCRIPTION_ID_META_KEY: id_}, stays)
        return {"resultType": "complete", "_meta": {SUBSCRIPTION_ID_META_KEY: id_}}

    @contextmanager
    def _room(self, asker: Asker) -> Iterator[None]:
        actor = asker.actor.id
        if self._open[actor] >= MOST_OF_ONE_ACTOR or self._open.total() >= MOST:
            raise Answered(REFUSED, "Too many subscriptions are open; end one of them first.")
        self._open[actor] += 1
        try:
            yield
        finally:
            self._open -= Counter([actor])

    async def _decided(self, asker: Asker, link: Link, uris: tuple[str, ...]) -> dict[str, Cleared]:
        if uris:
            await self._templates.fresh(link)
        heard: dict[str, Cleared] = {}
        try:
            for uri in uris:
                if (cleared := await self._decides.subscribe(asker, uri)) is not None:
                    heard[uri] = cleared
        except BaseException:
            self._end(heard, Outcome.FAILED)
            raise
        return heard

    async def _told(
        self, ear: Ear, link: Link, client: ServedClient, heard: dict[str, Cleared], meta: Object, stays: Stays
    ) -> None:
        began, listening = False, None
        try:
            if ear.wanted.told():
                asked = link.request(METHOD, {"notifications": ear.wanted.told()}, timeout=LONGEST)
                listening = asyncio.ensure_future(asked)
                listening.add_done_callback(lambda _: ear.news.set())
                async with asyncio.timeout(FIRST):
                    while ear.honoured is None and not listening.done():
                        await _news(ear)
            honoured = ear.honoured or Wanted(frozenset(), ())
            if listening is not None and listening.done() and ear.honoured is None:
                listening.result()  # raises what the server refused with
            self._end({uri: each for uri, each in heard.items() if uri in honoured.uris}, Outcome.SUCCEEDED)
            self._end({uri: each for uri, each in heard.items() if uri not in honoured.uris}, Outcome.FAILED)
            began = True
            await client.tell_own(_ACKNOWLEDGED, {"notifications": honoured.told(), "_meta": meta})
            while listening is not None and (ear.pending or not listening.done()):
                await stays()
                if ear.pending:
                    await self._pass_on(ear, client, heard, meta)
                    await asyncio.sleep(PAUSE)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_SECONDS):
                        await _news(ear)
        except TimeoutError:
            raise UpstreamFailed("The MCP server doesn't say what it tells of.", code="upstream_timeout") from None
        finally:
            if listening is not None:
                listening.add_done_callback(_unheard)
                listening.cancel()
            if not began:
                self._end(heard, Outcome.FAILED)

    async def _pass_on(self, ear: Ear, client: ServedClient, heard: Mapping[str, Cleared], meta: Object) -> None:
        while ear.pending:
            method, uri = next(iter(ear.pending))
            del ear.pending[method, uri]
            if method != _UPDATED:
                await client.tell_own(method, {"_meta": meta})
            elif self._decides.may_still(heard[uri]):
                await client.tell_own(method, {"uri": uri, "_meta": meta})

    def _end(self, heard: Mapping[str, Cleared], outcome: Outcome) -> None:
        for cleared in heard.values():
            self._decides.subscribed(cleared, outcome)


async def _news(ear: Ear) -> None:
    await ear.news.wait()
    ear.news.clear()


def _unheard(listening: asyncio.Future[Object]) -> None:
    """Nobody asks any more how it ended."""
    if not listening.cancelled():
        with contextlib.suppress(InterlockError, McpRefused):
            listening.result()
