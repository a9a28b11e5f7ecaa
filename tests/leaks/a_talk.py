"""One session spoken byte by byte, with a door or with the server itself, in every way in which clients ask.

psycopg signs in; from there on the socket is ours, so that both sides are asked with the very same bytes and nothing
that a driver makes of an answer stands between.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Self

import psycopg
from testkit.postgres_messages import Message, cut, frame

SECONDS: Final = 20.0  # for one answer
_PARAMETER_TYPES: Final = (23, 25)  # an integer, a text
_REPEATED: Final = (
    "SELECT",
    "TABLE",
    "VALUES",
    "WITH",
    "COPY",
    "INSERT",
    "UPDATE",
    "DELETE",
    "MERGE",
    "FETCH",
    "EXPLAIN",
)
_ABOUT_THE_SESSION: Final = frozenset({b"S", b"N", b"K", b"A"})


class Mode(StrEnum):
    """How a statement is asked."""

    SIMPLE = "simple"
    EXTENDED = "extended, text"
    BINARY = "extended, binary"
    AGAIN = "prepared, pipelined and run again without Describe"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one statement; `broken`: the connection ended over it."""

    messages: tuple[Message, ...]
    broken: bool = False

    @property
    def refused(self) -> bool:
        """Whether there is an error in it."""
        return self.broken or any(m.type == b"E" for m in self.messages)

    @property
    def said(self) -> list[tuple[bytes, bytes]]:
        """All but what a server may say at any time, tables without their OIDs: each making has another."""
        said = [m for m in self.messages if m.type not in _ABOUT_THE_SESSION]
        return [(m.type, _without_oids(m.body) if m.type == b"T" else m.body) for m in said]

    def rows(self) -> list[tuple[bytes | None, ...]]:
        """The fields of each row as they were sent."""
        return [fields_of(m.body) for m in self.messages if m.type == b"D"]


def fields_of(body: bytes) -> tuple[bytes | None, ...]:
    """The fields of one DataRow."""
    at, found = 2, []
    for _ in range(int.from_bytes(body[:2])):
        length = int.from_bytes(body[at : at + 4], signed=True)
        found.append(None if length < 0 else body[at + 4 : at + 4 + length])
        at += 4 + max(length, 0)
    return tuple(found)


def _without_oids(body: bytes) -> bytes:
    """A RowDescription that tells of each field only whether it has a table."""
    at, found = 2, body[:2]
    for _ in range(int.from_bytes(body[:2])):
        end = body.index(b"\0", at) + 1
        found += body[at:end] + bytes([body[end : end + 4] != bytes(4)]) + body[end + 4 : end + 18]
        at = end + 18
    return found


def bytes_of(text: str, mode: Mode, parameters: Sequence[str] = ()) -> tuple[bytes, int]:
    """What is sent for a statement, and how often ReadyForQuery follows. `parameters`: an integer and a text.

    What can't be run twice (a table made) is run once, though it is to be run again.
    """
    words = text.encode() + b"\0"
    if mode is Mode.SIMPLE:
        return frame(b"Q", words), 1
    twice = mode is Mode.AGAIN and text.startswith(_REPEATED)
    name = b"again\0" if twice else b"\0"
    types = _PARAMETER_TYPES[: len(parameters)]
    parse = frame(b"P", name + words + len(types).to_bytes(2) + b"".join(t.to_bytes(4) for t in types))
    run, sync = frame(b"E", b"\0" + bytes(4)), frame(b"S", b"")
    if twice:
        runs = [_bind(name, parameters, binary=binary) + run + sync for binary in (True, False)]
        return parse + b"".join(runs) + frame(b"C", b"S" + name) + sync, 3
    bound = _bind(name, parameters, binary=mode is Mode.BINARY)
    return parse + bound + frame(b"D", b"P\0") + run + sync, 1


def _bind(name: bytes, parameters: Sequence[str], *, binary: bool) -> bytes:
    values = b"".join(len(p.encode()).to_bytes(4) + p.encode() for p in parameters)
    formats = bytes(2) + len(parameters).to_bytes(2)
    return frame(b"B", b"\0" + name + formats + values + (1).to_bytes(2) + int(binary).to_bytes(2))


class Talk:
    """A session; `heard` is every byte that it was sent."""

    def __init__(self, signed_in: psycopg.Connection[Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter):
        self._signed_in, self._reader, self._writer = signed_in, reader, writer
        self.heard = bytearray()
        self._rest = b""
        self.broken = False

    @classmethod
    async def open(cls, conninfo: str) -> Talk:
        """Signs in, over TCP without TLS."""
        signed_in = await asyncio.to_thread(_signed_in, f"{conninfo} sslmode=disable gssencmode=disable")
        own = socket.socket(fileno=os.dup(signed_in.pgconn.socket))
        return cls(signed_in, *await asyncio.open_connection(sock=own))

    async def ask(self, text: str, mode: Mode, parameters: Sequence[str] = ()) -> Answer:
        """One statement (or several, in a simple message), answered whole."""
        sent, times = bytes_of(text, mode, parameters)
        return await self.send(sent, times)

    async def send(self, sent: bytes, times: int = 1) -> Answer:
        """Any bytes; returns behind so many ReadyForQuery, or at the end of the connection. COPY IN is declined."""
        messages: list[Message] = []
        async with asyncio.timeout(SECONDS):
            self._writer.write(sent)
            while sum(m.type == b"Z" for m in messages) < times and not self.broken:
                messages += await self._more()
        return Answer(tuple(messages), self.broken)

    def write(self, sent: bytes) -> None:
        """Bytes that nobody waits for the answer of."""
        self._writer.write(sent)

    @property
    def process(self) -> int:
        """The number by which this session is cancelled."""
        return self._signed_in.info.backend_pid

    async def until(self, type_: bytes) -> None:
        """Returns once a message of this type has come; raises `TimeoutError`."""
        async with asyncio.timeout(SECONDS):
            while not self.broken and not any(m.type == type_ for m in await self._more()):
                pass

    async def _more(self) -> list[Message]:
        try:
            data = await self._reader.read(65536)
        except ConnectionError:
            data = b""
        self.broken = not data
        self.heard += data
        found, self._rest = cut(self._rest + data)
        if any(m.type in (b"G", b"W") for m in found):
            self._writer.write(frame(b"f", b"nothing to copy\0"))
        return found

    async def close(self) -> None:
        """Ends it."""
        self._writer.close()
        await asyncio.to_thread(self._signed_in.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _signed_in(conninfo: str) -> psycopg.Connection[Any]:
    return psycopg.connect(conninfo)
