"""A lean client: libpq logs in, then the bare socket is read. It decodes no rows, so that it hides no difference."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from time import perf_counter
from types import TracebackType
from typing import Self

from psycopg import pq

READY = b"Z\0\0\0\x05I"  # ReadyForQuery, outside a transaction: the end of every answer here
ERROR = b"E"
SECONDS = 120.0
_CHUNK = 1 << 20


class Failed(Exception):
    """A benchmark couldn't be run; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: seconds to the first byte and to the end, how many bytes, and what it began with."""

    first: float
    whole: float
    size: int
    head: bytes


class Link:
    """One logged-in connection."""

    def __init__(self, conninfo: str) -> None:
        # Kept alive for as long as the socket is used: libpq closes it when it goes.
        self._pgconn = pq.PGconn.connect(conninfo.encode())
        if self._pgconn.status != pq.ConnStatus.OK:
            raise Failed(f"a client couldn't log in: {self._pgconn.get_error_message().strip()}")
        self.socket = socket.socket(fileno=os.dup(self._pgconn.socket))
        self.socket.settimeout(SECONDS)
        self._room = bytearray(_CHUNK)

    def send(self, text: str) -> None:
        """A simple query, without waiting for anything."""
        body = text.encode() + b"\0"
        self.socket.sendall(b"Q" + (len(body) + 4).to_bytes(4) + body)

    def receive(self) -> bytes:
        """What has come, at least a byte."""
        data = self.socket.recv(_CHUNK)
        if not data:
            raise Failed("the connection was closed")
        return data

    def ask(self, text: str) -> Answer:
        """A simple query and its whole answer; raises `Failed` on an error."""
        begun = perf_counter()
        self.send(text)
        return self.answer(begun)

    def answer(self, begun: float) -> Answer:
        """Reads to the end of an answer that was asked for at `begun`."""
        room, view = self._room, memoryview(self._room)
        size, first, tail, head = 0, 0.0, b"", b""
        while tail != READY:
            count = self.socket.recv_into(room)
            if not count:
                raise Failed("the connection was closed within an answer")
            if not size:
                first, head = perf_counter() - begun, bytes(view[: min(count, 512)])
            size += count
            tail = (tail + view[max(0, count - len(READY)) : count])[-len(READY) :]
        if head.startswith(ERROR):
            raise Failed(f"a statement failed: {head[5:200].decode('utf-8', 'replace')}")
        return Answer(first, perf_counter() - begun, size, head)

    def close(self) -> None:
        """Ends the connection."""
        self.socket.close()
        self._pgconn.finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
