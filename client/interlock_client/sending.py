"""The only place with sockets: one request, one connection, one deadline for it all; blocking, or on asyncio's loop."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from interlock_client.errors import Unavailable
from interlock_client.settings import Settings
from interlock_client.wire import AWAY, TOO_SLOW, Answer, Call, Reader, written

_PIECE = 64 * 1024


def send(call: Call, settings: Settings) -> Answer:
    """The answer; raises `Unavailable`, `Misconfigured`. A name's look-up is bounded by the system's resolver only."""
    bearer, until = settings.bearer(), time.monotonic() + settings.seconds + call.seconds
    data, reader, failed = written(call, settings, bearer), Reader(bearer), ""
    try:
        with _connected(settings, until) as link:
            link.sendall(data)
            link.settimeout(_left(until))
            while (piece := link.recv(_PIECE)) and not reader.feed(piece):
                link.settimeout(_left(until))
    except TimeoutError:
        failed = TOO_SLOW
    except (OSError, UnicodeError):
        failed = AWAY
    return _answer(reader, failed)


async def send_async(call: Call, settings: Settings) -> Answer:
    """The same, without blocking the loop."""
    bearer, place = settings.bearer(), settings.place
    data, reader, failed = written(call, settings, bearer), Reader(bearer), ""
    try:
        async with asyncio.timeout(settings.seconds + call.seconds):
            incoming, outgoing = await asyncio.open_connection(place.host, place.port, ssl=settings.tls)
            try:
                outgoing.write(data)
                await outgoing.drain()
                while (piece := await incoming.read(_PIECE)) and not reader.feed(piece):
                    pass
            finally:
                outgoing.transport.abort()  # a farewell could take as long as the other side likes
    except TimeoutError:
        failed = TOO_SLOW
    except (OSError, UnicodeError):
        failed = AWAY
    return _answer(reader, failed)


def _answer(reader: Reader, failed: str) -> Answer:
    """Raised here and not in a handler, so that what a socket raised isn't its context: addresses stand in there."""
    if failed:
        raise Unavailable(failed, "too_slow" if failed == TOO_SLOW else "away")
    return reader.answer()


@contextmanager
def _connected(settings: Settings, until: float) -> Iterator[socket.socket]:
    place = settings.place
    with socket.create_connection((place.host, place.port), timeout=_left(until)) as link:
        link.settimeout(_left(until))
        if settings.tls is None:
            yield link
            return
        with settings.tls.wrap_socket(link, server_hostname=place.host) as inner:
            inner.settimeout(_left(until))
            yield inner


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
