"""Connections of our own for HTTP/1.1: what servers may answer, in any pieces, and what becomes of the connection."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.doors.mcp.upstream import http_connection
from interlock.doors.mcp.upstream.http_connection import MAX_HEAD, Broken, Connections

LIMIT = 1_000
PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"


class Server:
    """Answers each request with the next of these bytes, in pieces of a size, and then leaves or stays."""

    def __init__(self, *answers: bytes, piece: int = 1 << 20, leaves: bool = False, behind: bytes = b"") -> None:
        self._answers, self._piece, self._leaves, self._behind = list(answers), piece, leaves, behind
        self.requests: list[bytes] = []
        self.connections = 0
        self.left = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                if not self._answers:
                    break
                answer = self._answers.pop(0)
                for start in range(0, len(answer), self._piece):
                    writer.write(answer[start : start + self._piece])
                    await writer.drain()
                    await asyncio.sleep(0)
                if self._behind:
                    writer.write(self._behind)
                if self._leaves:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            self.left.set()
        finally:
            writer.close()


@asynccontextmanager
async def served(server: Server) -> AsyncIterator[Connections]:
    listening = await asyncio.start_server(server, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    connections = Connections(f"http://127.0.0.1:{port}/mcp", ssl.create_default_context())
    try:
        yield connections
    finally:
        await connections.close()
        listening.close()


async def asked(connections: Connections, body: bytes = b"{}") -> tuple[int, bytes]:
    """Status and body of one answer."""
    answer = await connections.post(b"/mcp", {"x-of": "ours"}, body)
    try:
        return answer.status, await answer.body(LIMIT)
    finally:
        answer.close()


@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
@pytest.mark.parametrize("answer", [PLAIN, CHUNKED, b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" + PLAIN])
async def test_an_answer_in_any_pieces_and_the_connection_is_kept(answer: bytes, piece: int) -> None:
    server = Server(answer, answer, piece=piece)
    async with served(server) as connections:
        assert await asked(connections, b"one") == (200, b"{}")
        assert await asked(connections, b"two") == (200, b"{}")
    assert server.connections == 1
    assert [request.rpartition(b"\r\n\r\n")[2] for request in server.requests] == [b"one", b"two"]
    assert all(request.startswith(b"POST /mcp HTTP/1.1\r\n") for request in server.requests)


BAD = {
    "nothing": b"",
    "not HTTP": b"220 mail.example ESMTP Mrs Canary\r\n",
    "two lengths": PLAIN.replace(b"\r\n\r\n", b"\r\nContent-Length: 1\r\n\r\n"),
    "no number": PLAIN.replace(b"Length: 2", b"Length: +2"),
    "short": PLAIN[:-1],
    "no chunk": CHUNKED.replace(b"\r\n1\r\n{", b"\r\nxyz\r\n{"),
    "half chunked": CHUNKED[:-5],
    "unknown coding": CHUNKED.replace(b"chunked", b"gzip, chunked"),
    "a length and chunks": CHUNKED.replace(b"\r\n\r\n1", b"\r\nContent-Length: 2\r\n\r\n1", 1),
    "a chunk without end": CHUNKED.replace(b"\r\n1\r\n{", b"\r\n1;x=" + b"a" * 8 * MAX_HEAD + b"\r\n{"),
    "interim answers without end": b"HTTP/1.1 100 \r\n\r\n" * 20_000 + PLAIN,
    "another protocol": b"HTTP/1.1 101 Switching\r\nUpgrade: canary\r\n\r\n",
    "long head": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 8 * MAX_HEAD + b"\r\n\r\n",
    "long": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (LIMIT + 1) + b" " * (LIMIT + 1),
    "long without a length": b"HTTP/1.0 200 OK\r\n\r\n" + b" " * (LIMIT + 1),
}


@pytest.mark.parametrize("what", BAD)
async def test_what_is_no_answer_is_one_error_and_ends_the_connection(what: str) -> None:
    server = Server(BAD[what], PLAIN, leaves=True)
    async with served(server) as connections:
        with pytest.raises(Broken) as broken:
            await asked(connections)
        assert "anary" not in str(broken.value)
        assert len(server.requests) == 1  # and nothing is sent twice
        assert await asked(connections) == (200, b"{}")
    assert server.connections == 2


@pytest.mark.parametrize("behind", [b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\ncanary", b"x"])
async def test_what_nobody_asked_for_is_no_answer_to_the_next_request(behind: bytes) -> None:
    server = Server(PLAIN, PLAIN, behind=behind)
    async with served(server) as connections:
        assert await asked(connections) == (200, b"{}")
        async with asyncio.timeout(10):
            while connections._lines:  # what comes after the next request is its answer for HTTP; MCP's ids tell
                await asyncio.sleep(0.01)
        assert await asked(connections) == (200, b"{}")
    assert server.connections == 2


async def test_a_server_that_closes_after_its_answer_is_connected_to_anew() -> None:
    server = Server(PLAIN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), PLAIN)
    async with served(server) as connections:
        assert await asked(connections) == (200, b"{}")
        assert await asked(connections) == (200, b"{}")
    assert server.connections == 2


async def test_a_kept_connection_that_breaks_fails_the_request_and_nothing_is_sent_twice() -> None:
    server = Server(PLAIN)  # reads the second request, and leaves
    async with served(server) as connections:
        await asked(connections)
        with pytest.raises(Broken):
            await asked(connections)
    assert len(server.requests) == 2


async def test_a_kept_connection_is_used_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "KEPT_SECONDS", 0.0)
    server = Server(PLAIN, PLAIN)
    async with served(server) as connections:
        await asked(connections)
        await asked(connections)
    assert server.connections == 2


async def test_who_stops_waiting_closes_the_connection() -> None:
    server = Server(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
    async with served(server) as connections:
        waiting = asyncio.ensure_future(asked(connections))
        while not server.requests:
            await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.wait_for(server.left.wait(), 10)
        assert waiting.cancelled() and len(server.requests) == 1


async def test_once_closed_nothing_is_sent_any_more_and_nothing_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(PLAIN, PLAIN)
    async with served(server) as connections:
        loop = asyncio.get_running_loop()
        connect, connecting = loop.create_connection, asyncio.Event()

        async def slowly(*given: Any, **more: Any) -> Any:
            connecting.set()
            await asyncio.sleep(0.05)
            return await connect(*given, **more)

        monkeypatch.setattr(loop, "create_connection", slowly)
        under_way = asyncio.ensure_future(asked(connections))
        await connecting.wait()
        await connections.close()
        for asking in (under_way, asked(connections)):
            with pytest.raises(Broken):
                await asking
        assert not server.requests and not connections._lines


async def test_a_server_that_sends_faster_than_is_read_waits() -> None:
    size = 8 * 1024 * 1024
    server = Server(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size + b" " * size, piece=64 * 1024)
    async with served(server) as connections:
        answer = await connections.post(b"/mcp", {}, b"")
        for _ in range(200):
            await asyncio.sleep(0.001)
        (line,) = connections._lines
        assert line._ahead < 2 * http_connection._AHEAD
        assert len(await answer.body(size)) == size
        answer.close()


@pytest.mark.parametrize("headers", [{"x-a": "b\r\nx-c: d"}, {"x a": "b"}, {"x-a": "é"}])
async def test_headers_that_cannot_be_sent(headers: dict[str, str]) -> None:
    server = Server(PLAIN)
    async with served(server) as connections:
        with pytest.raises(Broken):
            await connections.post(b"/mcp", headers, b"")
    assert not server.requests


_parts = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [
            PLAIN,
            CHUNKED,
            b"HTTP/1.1 ",
            b"200 OK\r\n",
            b"\r\n",
            b"\r\n\r\n",
            b"0",
            b"Content-Length: 5\r\n",
            b"Transfer-Encoding: chunked\r\n",
            b"HTTP/1.1 100 \r\n\r\n",
            b"ffffffff\r\n",
        ]
    ),
)


class _Inert(asyncio.Transport):
    """A transport to nowhere."""

    def write(self, data: Any) -> None:
        """Thrown away."""

    def is_closing(self) -> bool:
        return False

    def abort(self) -> None:
        """Nothing to end."""

    def pause_reading(self) -> None:
        """Nothing comes."""

    def resume_reading(self) -> None:
        """Nothing comes."""


async def test_an_answer_in_single_bytes_leaves_others_their_turn() -> None:
    connections, line = _inert()
    asking = asyncio.ensure_future(connections.post(b"/mcp", {}, b""))
    await asyncio.sleep(0)
    line.data_received(CHUNKED.partition(b"1\r\n")[0] + b"1\r\n \r\n" * 10_000 + b"0\r\n\r\n")
    answer, turns = await asking, 0

    async def beside() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.ensure_future(beside())
    assert len(await answer.body(10_000)) == 10_000
    other.cancel()
    line.connection_lost(None)
    assert turns > 100


async def test_single_bytes_that_are_here_are_read_as_one_part() -> None:
    connections, line = _inert()
    asking = asyncio.ensure_future(connections.post(b"/mcp", {}, b""))
    await asyncio.sleep(0)
    line.data_received(CHUNKED.partition(b"1\r\n")[0] + b"1\r\n \r\n" * 10_000 + b"0\r\n\r\n")
    answer = await asking
    pieces = [piece async for piece in answer]
    line.connection_lost(None)
    assert b"".join(pieces) == b" " * 10_000 and len(pieces) < 200  # who parses them keeps each until its event ends


def _inert() -> tuple[Connections, http_connection._Line]:
    """Connections with a kept one to nowhere."""
    connections, line = Connections("http://localhost:1/mcp", ssl.create_default_context()), http_connection._Line()
    line.connection_made(_Inert())
    connections._lines.add(line)
    connections._idle.append(line)
    line.since = asyncio.get_running_loop().time()
    return connections, line


@given(st.lists(_parts, max_size=12))
def test_any_bytes_are_an_answer_or_broken(pieces: list[bytes]) -> None:
    async def heard() -> None:
        connections, line = _inert()
        asking = asyncio.ensure_future(asked(connections))
        await asyncio.sleep(0)
        for piece in pieces:
            line.data_received(piece)
            await asyncio.sleep(0)
        line.eof_received()
        line.connection_lost(None)
        try:
            status, body = await asyncio.wait_for(asking, 5)
        except Broken:
            return
        assert (
            200 <= status <= 999 and len(body) <= LIMIT and body in b"".join(pieces).replace(b"1\r\n{\r\n1\r\n}", b"{}")
        )

    asyncio.run(heard())
