"""The HTTP client for one upstream session: our credentials, our authorities, bounded answers, no cookies, no proxies
of the environment."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Final

import httpx2

from interlock.doors.mcp.upstream.wire import MAX_MESSAGE
from interlock.model.mcp_settings import McpHttp

_AT_ONCE: Final = 256  # connections of one session
_TIMES: Final = httpx2.Timeout(connect=10.0, write=30.0, pool=10.0, read=None)  # who asks bounds the reading


class TooLong(httpx2.TransportError):
    """An answer longer than allowed, or packed."""


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, inner: httpx2.AsyncByteStream, limit: int) -> None:
        self._inner, self._left = inner, limit

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            self._left -= len(chunk)
            if self._left < 0:
                raise TooLong("the answer is too long")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


class Bounded(httpx2.AsyncBaseTransport):
    """Passes on answers up to `limit` bytes. Streams of events may go on; their events are bounded where they're read.

    A packed body is refused: we asked for a plain one, and a small one may unpack to anything.
    """

    def __init__(self, inner: httpx2.AsyncBaseTransport, limit: int) -> None:
        self._inner, self._limit = inner, limit

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        response = await self._inner.handle_async_request(request)
        if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
            await response.aclose()
            raise TooLong("the answer is packed")
        if _leads_away(request, response):
            del response.headers["location"]  # so that nobody follows or logs it
        events = response.headers.get("content-type", "").lower().startswith("text/event-stream")
        if not events and isinstance(response.stream, httpx2.AsyncByteStream):
            response.stream = _Counted(response.stream, self._limit)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


def _leads_away(request: httpx2.Request, response: httpx2.Response) -> bool:
    """Whether it redirects to another origin, or to what is no address."""
    try:
        to = request.url.join(response.headers.get("location", ""))
    except httpx2.InvalidURL:
        return True
    return (to.scheme, to.host, to.port) != (request.url.scheme, request.url.host, request.url.port)


def trust(ca: Path | None) -> ssl.SSLContext:
    """Whom we believe: the authorities of `ca` (PEM) alone, else the system's."""
    return ssl.create_default_context(cafile=str(ca) if ca else None)


def http_client(
    tls: ssl.SSLContext, *, limit: int = MAX_MESSAGE, auth: httpx2.Auth | None = None
) -> httpx2.AsyncClient:
    """A client without redirects, cookies or the environment's proxies."""
    limits = httpx2.Limits(max_connections=_AT_ONCE, max_keepalive_connections=16)
    transport = Bounded(httpx2.AsyncHTTPTransport(verify=tls, trust_env=False, limits=limits), limit)
    headers = {"accept-encoding": "identity", "user-agent": "interlock"}
    client = httpx2.AsyncClient(
        transport=transport, headers=headers, auth=auth, timeout=_TIMES, trust_env=False, max_redirects=3
    )
    client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return client


def mcp_client(settings: McpHttp, tls: ssl.SSLContext, auth: httpx2.Auth | None) -> httpx2.AsyncClient:
    """The same with the settings' own headers; `auth` goes before an `Authorization` among them."""
    client = http_client(tls, auth=auth)
    client.headers.update({name: value.reveal() for name, value in settings.headers.items()})
    return client
