"""Playbooks: what a client sends `>>` and what must follow `<<`, played to the gateway or to PostgreSQL itself.

    Playbook("an empty query") >> query("") << "I Z(I)"

Answers are told as one line, a word a message: its type, and in brackets what of it must be the same wherever it comes
from (`told`). So one playbook is at once the test of the gateway and its comparison with the server.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Protocol, Self

from testkit.postgres_messages import Message, frame
from testkit.postgres_messages import cut as whole_messages
from tests.promises.a_raw_client import fields

from interlock.wire.postgres import frontend

SECONDS = 10.0

# -- what clients send ------------------------------------------------------------------------------------------------

SYNC, FLUSH = frontend.write_sync(), frontend.write_flush()
COPY_DONE = frame(b"c", b"")


def query(text: str) -> bytes:
    """A simple query."""
    return frontend.write_query(text.encode())


def parse(text: str, name: bytes = b"", *types: int) -> bytes:
    """Parse; types by their OID."""
    return frontend.write_parse(name, text.encode(), types)


def bind(*values: bytes | None, of: bytes = b"", to: bytes = b"", results: Sequence[int] = ()) -> bytes:
    """Bind in text, of a statement to a portal; `results` are the formats of its columns."""
    return frontend.write_bind(frontend.Bind(to, of, (), tuple(values), tuple(results)))


def execute(portal: bytes = b"", rows: int = 0) -> bytes:
    """Execute; at most so many rows, 0 for all."""
    return frontend.write_execute(portal, rows)


def describe(name: bytes = b"") -> bytes:
    """Describe of a statement."""
    return frontend.write_describe(frontend.Target.STATEMENT, name)


def describe_portal(name: bytes = b"") -> bytes:
    """Describe of a portal."""
    return frontend.write_describe(frontend.Target.PORTAL, name)


def close(name: bytes) -> bytes:
    """Close of a statement."""
    return frontend.write_close(frontend.Target.STATEMENT, name)


def close_portal(name: bytes = b"") -> bytes:
    """Close of a portal."""
    return frontend.write_close(frontend.Target.PORTAL, name)


def run(text: str, *values: bytes | None) -> bytes:
    """Parse, Bind and Execute without names."""
    return parse(text) + bind(*values) + execute()


def copy_data(*chunks: bytes) -> bytes:
    """CopyData, one for each."""
    return b"".join(frame(b"d", chunk) for chunk in chunks)


def copy_fail() -> bytes:
    """CopyFail."""
    return frontend.write_copy_fail("no more")


# -- what servers answer ----------------------------------------------------------------------------------------------


def told(messages: Sequence[Message], *, settings: bool = True) -> str:
    """The answers as one line. Rows of a COPY are told as one, however they came in CopyData."""
    words: list[str] = []
    rows = b""
    messages = [m for m in messages if settings or m.type != b"S"]
    for number, message in enumerate(messages):
        if message.type == b"d":
            rows += message.body
            if number + 1 < len(messages) and messages[number + 1].type == b"d":
                continue
            words.append(f"d({_shown(rows)})")
            rows = b""
        else:
            words.append(_word(message))
    return " ".join(words)


def _word(message: Message) -> str:
    kind, body = message.type.decode(), message.body
    match kind:
        case "T":
            return f"T({_columns(body)})"
        case "D":
            return f"D({'|'.join(_values(body))})"
        case "C":
            return f"C({body[:-1].decode()})"
        case "Z":
            return f"Z({body.decode()})"
        case "E" | "N":
            found = fields(message)
            severity = "" if found["V"] in ("ERROR", "NOTICE") else found["V"] + " "
            return f"{kind}({severity}{found['C']})"
        case "t":
            types = [int.from_bytes(body[at : at + 4]) for at in range(2, len(body), 4)]
            return f"t({' '.join(map(str, types))})"
        case "G" | "H":
            return f"{kind}({body[0]}:{int.from_bytes(body[1:3])})"
        case "S":
            return f"S({'='.join(body[:-1].decode().split(chr(0)))})"
        case "A":
            return f"A({'|'.join(body[4:-1].decode().split(chr(0)))})"
        case "R":
            return f"R({int.from_bytes(body[:4])})"
        case "K":
            return f"K({len(body) - 4})"
        case "v":
            names = [part.decode() for part in body[8:].split(b"\0") if part]
            return f"v({' '.join([f'{int.from_bytes(body[:2])}.{int.from_bytes(body[2:4])}', *names])})"
        case _:
            return f"{kind}({_shown(body)})" if body else kind


def _columns(body: bytes) -> str:
    found, at = [], 2
    while at < len(body):
        stop = body.index(b"\0", at)
        type_ = int.from_bytes(body[stop + 7 : stop + 11])
        binary = "/1" if int.from_bytes(body[stop + 17 : stop + 19]) else ""
        found.append(f"{body[at:stop].decode()}:{type_}{binary}")
        at = stop + 19
    return " ".join(found)


def _values(body: bytes) -> list[str]:
    found, at = [], 2
    while at < len(body):
        size = int.from_bytes(body[at : at + 4], signed=True)
        found.append("NULL" if size < 0 else _shown(body[at + 4 : at + 4 + size]))
        at += 4 + max(size, 0)
    return found


def _shown(data: bytes) -> str:
    text = data.decode("latin-1")
    if text.replace("\n", "").replace("\t", "").isprintable() and text.isascii():
        return text.replace("\n", "$").replace("\t", ",")
    return "x" + data.hex()


# -- playbooks --------------------------------------------------------------------------------------------------------


class Stage(Protocol):
    """What happens beside the client's stream while a playbook is played."""

    async def sign(self) -> None: ...

    async def deny(self) -> None: ...

    async def cancel(self) -> None:
        """A cancel request with the session's key."""

    async def cancel_until_heard(self) -> None:
        """Cancel requests until the client hears something."""

    def elsewhere(self, text: str) -> None:
        """Runs a statement in another session of the server."""

    def password(self) -> bytes:
        """The client's key."""

    async def last_review(self) -> str:
        """Once what was signed has run: the review's id."""


@dataclass(frozen=True, slots=True)
class Hear:
    """What must follow; `letter`: one byte that is no message, as it answers a request for encryption."""

    told: str
    letter: bool = False


@dataclass(frozen=True, slots=True)
class Do:
    """Something that happens elsewhere."""

    what: Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Ask:
    """Bytes that are known only while the play goes on."""

    what: Callable[[Stage], Awaitable[bytes]]


Step = bytes | Hear | Do | Ask


@dataclass(frozen=True, slots=True)
class Playbook:
    """One flow. It leaves the session and the tables as it found them, unless it `ends` the session.

    `alone` says why there is no such thing as the same bytes sent to the server itself.
    """

    name: str
    ends: bool = False
    alone: str = ""
    steps: tuple[Step, ...] = ()

    def __rshift__(self, step: bytes | Do | Ask) -> Playbook:
        return replace(self, steps=(*self.steps, step))

    def __lshift__(self, line: str | Hear) -> Playbook:
        return replace(self, steps=(*self.steps, Hear(line) if isinstance(line, str) else line))

    @property
    def longest(self) -> int:
        """The length of its longest piece; ids that are asked for have always the same."""
        return max((len(s) if isinstance(s, bytes) else 64 * isinstance(s, Ask) for s in self.steps), default=0)


# -- playing ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Cut:
    """Where each thing that a client says is cut: behind `at` bytes, and behind `every` more."""

    at: int
    every: int


UNCUT, EACH_BYTE = Cut(0, 1 << 20), Cut(1, 1)


class Wire:
    """A client's connection. `arrived` returns once the other side has taken so many of its bytes."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        arrived: Callable[[int, int], Awaitable[None]],
        stage: Stage,
    ) -> None:
        self._reader, self._writer, self._arrived, self.stage = reader, writer, arrived, stage
        self._port = int(writer.get_extra_info("sockname")[1])
        self._sent = 0
        self._rest = b""
        self._found: list[Message] = []
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def say(self, data: bytes, cut: Cut) -> None:
        """Sends it, waiting at each cut until the other side has what came before."""
        for start, stop in pairwise([0, *(at for at in range(cut.at, len(data), cut.every) if at), len(data)]):
            self._writer.write(data[start:stop])
            self._sent += stop - start
            await self._arrived(self._port, self._sent)

    async def hear(self, line: str) -> str:
        """Answers until there is as much as `line`, or no more of them come.

        The settings that a welcome tells are left out: they are many, and are no matter of order.
        """
        settings = "K(" not in line
        taken: list[Message] = []
        try:
            async with asyncio.timeout(SECONDS):
                while len(told(taken, settings=settings)) < len(line) and (self._found or await self._more()):
                    taken += self._found[:1]
                    del self._found[:1]
        except TimeoutError:
            pass
        return told(taken, settings=settings)

    async def more(self, seconds: float) -> bool:
        """Whether something has come, or does within so many seconds."""
        try:
            async with asyncio.timeout(seconds):
                return bool(self._found) or await self._more()
        except TimeoutError:
            return False

    async def letter(self) -> str:
        """One byte that is no message."""
        async with asyncio.timeout(SECONDS):
            return (await self._reader.readexactly(1)).decode("latin-1")

    async def leave(self) -> str:
        """Terminate; whatever still comes."""
        self._writer.write(frontend.write_terminate())
        return await self.end()

    async def end(self) -> str:
        """Whatever still comes before the other side closes."""
        async with asyncio.timeout(SECONDS):
            while await self._more():
                continue
        self._writer.close()
        return told(self._found)

    async def _more(self) -> bool:
        try:
            data = await self._reader.read(65536)
        except ConnectionError:
            return False
        messages, self._rest = whole_messages(self._rest + data)
        self._found += messages
        return bool(data)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()


async def play(book: Playbook, wire: Wire, lines: Sequence[str], cut: Cut = UNCUT) -> list[str]:
    """The answers, a line for each of `lines`, and no further than to the first that isn't as it should be."""
    heard: list[str] = []
    for step in book.steps:
        match step:
            case Hear(letter=letter):
                heard.append(await (wire.letter() if letter else wire.hear(lines[len(heard)])))
                if heard[-1] != lines[len(heard) - 1]:
                    return heard
            case Do(what):
                await what(wire.stage)
            case Ask(what):
                await wire.say(await what(wire.stage), cut)
            case _:
                await wire.say(step, cut)
    return [*heard, await wire.end()] if book.ends else heard


def script(book: Playbook) -> list[str]:
    """What the gateway answers when all is well, line by line; "" at last where the session ends."""
    return [step.told for step in book.steps if isinstance(step, Hear)] + ([""] if book.ends else [])
