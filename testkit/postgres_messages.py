"""PostgreSQL's messages in a recorded stream, read apart from the gateway's own code, so that it isn't its own witness.

Source: PostgreSQL documentation, "Frontend/Backend Protocol", section "Message Formats".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from testkit.recording_link import Chunk

HEADER = 5  # a type byte and four of length, which counts itself


class Message(NamedTuple):
    """A message's type and body; `at` is the place of the chunk in which it became whole."""

    type: bytes
    body: bytes
    at: int = 0


def answers(data: bytes) -> list[Message]:
    """A server's messages; a message cut off at the end is left out."""
    found, rest = cut(data)
    del rest
    return found


def cut(data: bytes) -> tuple[list[Message], bytes]:
    """The whole messages in `data`, and what is left over."""
    found: list[Message] = []
    while len(data) >= HEADER:
        stop = 1 + int.from_bytes(data[1:HEADER])
        if len(data) < stop:
            break
        found.append(Message(data[:1], data[HEADER:stop]))
        data = data[stop:]
    return found, data


def asked(chunks: Iterator[Chunk]) -> list[Message]:
    """A client's messages over any number of connections; the start-up packet, which has no type, as type b""."""
    rests: dict[int, bytes] = {}
    found: list[Message] = []
    for chunk in chunks:
        if chunk.connection not in rests:
            length = int.from_bytes(chunk.data[:4])
            found.append(Message(b"", chunk.data[4:length], chunk.at))
            rests[chunk.connection] = chunk.data[length:]
        else:
            rests[chunk.connection] += chunk.data
        messages, rests[chunk.connection] = cut(rests[chunk.connection])
        found += [message._replace(at=chunk.at) for message in messages]
    return found


def frame(type_: bytes, body: bytes) -> bytes:
    """A message's bytes."""
    return type_ + (len(body) + 4).to_bytes(4) + body
