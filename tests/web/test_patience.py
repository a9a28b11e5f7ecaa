"""A client that doesn't say what it wants loses its connection; one that waits for an answer doesn't."""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from interlock.web.patience import HEAD_SECONDS, HeadWithinSeconds

BOUND = 20.0  # seconds; nothing waits this long when things work
GET = b"GET / HTTP/1.1\r\nHost: x\r\n"


class Quick(HeadWithinSeconds):
    """The same, in a hurry."""

    head_seconds = 0.2


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # the test run's signals are pytest's


async def slow(scope: Scope, receive: Receive, send: Send) -> None:
    """`/slow` takes longer than a head may."""
    if scope["path"] == "/slow":
        await asyncio.sleep(Quick.head_seconds * 3)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
def port() -> Iterator[int]:
    listening = socket.create_server(("127.0.0.1", 0))
    # The keep-alive limit is far away, so that what closes a connection here is ours.
    server = _Server(
        uvicorn.Config(slow, http=Quick, lifespan="off", log_level="critical", timeout_keep_alive=3600, ws="none")
    )
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True)
    thread.start()
    yield int(listening.getsockname()[1])
    server.should_exit = True
    thread.join(BOUND)
    listening.close()
    assert not thread.is_alive()


@contextmanager
def client(port: int) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", port), BOUND) as connected:
        yield connected


def answer(connected: socket.socket) -> bytes:
    """One answer of ours."""
    got = b""
    while not got.endswith(b"\r\n\r\nok"):
        piece = connected.recv(1000)
        assert piece, f"closed after {got!r}"
        got += piece
    return got


def is_closed(connected: socket.socket) -> bool:
    """Waits until the other side closes; raises `TimeoutError` at the bound."""
    try:
        while connected.recv(1000):
            pass
    except ConnectionError:
        pass
    return True


def drip(connected: socket.socket, pieces: Iterator[bytes]) -> None:
    """Sends little by little, never as slowly as the limit, until the other side has had enough."""
    connected.settimeout(Quick.head_seconds / 8)
    for piece in itertools.islice(pieces, int(BOUND / Quick.head_seconds * 8)):
        try:
            connected.sendall(piece)
            if connected.recv(1000) == b"":
                return
        except TimeoutError:
            continue
        except ConnectionError:
            return
    raise AssertionError("the connection stayed open")


def test_who_connects_and_says_nothing_is_cut_off(port: int) -> None:
    with client(port) as connected:
        assert is_closed(connected)


def test_who_begins_a_head_and_stops_is_cut_off(port: int) -> None:
    with client(port) as connected:
        connected.sendall(GET)
        assert is_closed(connected)


def test_a_head_that_trickles_is_cut_off(port: int) -> None:
    with client(port) as connected:
        drip(connected, itertools.chain([GET, b"X: "], itertools.repeat(b"a")))


def test_a_second_head_on_the_same_connection_is_cut_off_too(port: int) -> None:
    with client(port) as connected:
        connected.sendall(GET + b"\r\n")
        assert answer(connected).startswith(b"HTTP/1.1 200")
        connected.sendall(b"G")
        assert is_closed(connected)


def test_a_head_begun_behind_a_request_is_cut_off(port: int) -> None:
    with client(port) as connected:
        connected.sendall(GET + b"\r\n" + GET)
        answer(connected)
        assert is_closed(connected)


def test_a_body_that_trickles_on_after_the_answer_is_cut_off(port: int) -> None:
    with client(port) as connected:
        connected.sendall(GET + b"Content-Length: 60000\r\n\r\n")
        answer(connected)
        drip(connected, itertools.repeat(b"a"))


def test_who_waits_for_an_answer_gets_it(port: int) -> None:
    with client(port) as connected:
        for _ in range(2):
            connected.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            assert answer(connected).startswith(b"HTTP/1.1 200")
        connected.sendall((GET + b"\r\n") * 2)
        answer(connected)


def test_the_usual_patience_is_ten_seconds() -> None:
    assert HeadWithinSeconds.head_seconds == HEAD_SECONDS == 10.0
