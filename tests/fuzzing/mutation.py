"""Making hostile streams of real ones: by the byte, by the number, and by the message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from tests.fuzzing.streams import CANARY

MAX_INPUT = 64 * 1024
HUGE_INPUT = 128 * 1024

_TYPES = b"QPBDECSHXFdcfpRKZTtN123nsIAVvWGH\0\xff"
_NUMBERS_32 = (-1, -2, 0, 1, 3, 4, 5, 8, 63, 64, 0x7FFFFFFF, -0x80000000, 0xFFFF, 0x10000, 10_004, 10_005, 1664)
_NUMBERS_16 = (0, 1, 2, 1664, 1665, 0x7FFF, 0x8000, 0xFFFF)
_TOKENS = (
    CANARY,
    b"\\",
    b"\\N",
    b"\\.",
    b"\\.\n",
    b"\\\n",
    b"\n",
    b"\r\n",
    b"\r",
    b'"',
    b'""',
    b"'",
    b",",
    b";",
    b"|",
    b"^",
    b"-",
    b"]",
    b"\t",
    b"NA",
    b"\0",
    b"\xff\xff\xff\xff",
    b"\xff\xff",
    b"\\x4",
    b"\\101",
    b"\xc3",
    b"\xff",
    b"[masked.phi]",
    b"PGCOPY\n\xff\r\n\0" + bytes(8),
)

Change = Callable[[bytearray, Random, Sequence[bytes]], None]


def mutated(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """Another stream like `data`, with parts of `others`: mostly small changes, now and then a very long one."""
    changed = bytearray(data[:MAX_INPUT])
    for _ in range(min(int(random.expovariate(0.5)) + 1, 12)):
        random.choice(CHANGES)(changed, random, others)
        del changed[MAX_INPUT:]
    if random.random() < 0.002 and changed:
        return (bytes(changed) * (HUGE_INPUT // len(changed) + 1))[:HUGE_INPUT]
    return bytes(changed)


def boundaries(data: bytes | bytearray, at: int) -> list[int]:
    """Where messages begin, if there is one at `at`; as far as their lengths make sense."""
    found: list[int] = []
    while at + 5 <= len(data) and len(found) < 10_000:
        found.append(at)
        length = int.from_bytes(data[at + 1 : at + 5])
        if length < 4:
            break
        at += 1 + length
    return found


def _place(data: bytearray, random: Random) -> int:
    return random.randrange(len(data) + 1)


def _flip(data: bytearray, random: Random, others: Sequence[bytes]) -> None:
    if data:
        data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def _byte(data: bytearray, random: Random, others: Sequence[bytes]) -> None:
    if data:
        data[random.randrange(len(data))] = random.randrange(256)


def _number(data: bytearray, random: Random, others: Sequence[bytes]) -> None:
    at = _place(data, random)
    if random.random() < 0.5:
        data[at : at + 4] = (random.choice(_NUMBERS_32) & 0xFFFFFFFF).to_bytes(4)
    else:
        data[at : at + 2] = random.choice(_NUMBERS_16).to_bytes(2)


def _nudge(data: bytearray, random: Random, others: Sequence[bytes]) -> None:
    """A length or a count that is there, NULL's included, a little more or less."""
    at = data.find(random.choice((b"\xff\xff\xff\xff", b"\0\0\0", b"\0")), _place(data, random))
    if 0 <= at < len(data) - 3:
        number = int.from_bytes(data[at : at + 4]) + random.choice((-2, -1, 1, 2))
        data[at : at + 4] = (number & 0xFFFFFFFF).to_bytes(4)


def _insert(data: bytearray, random: Random, others: Sequence[bytes]) -> None:
    at = _place(data, random)
    data[at:at] = random.choice(_TOKENS)


def _overwrite(data: bytearray, random: Random, others: Sequence[bytes]) -> None:
    at, token = _place(data, random), random.choice(_TOKENS)
    data[at : at + len(token)] = token


def _delete(data: bytearray, random: Random, others: Sequence[bytes]) -> None:
    at = _place(data, random)
    del data[at : at + random.choice((1, 1, 2, 4, 16, 256))]


def _double(data: bytearray, random: Random, others: Sequence[bytes]) -> None:
    at = _place(data, random)
    data[at:at] = data[at : at + random.choice((1, 5, 64, 1024))] * random.choice((1, 2, 30))


def _truncate(data: bytearray, random: Random, others: Sequence[bytes]) -> None:
    del data[_place(data, random) :]


def _splice(data: bytearray, random: Random, others: Sequence[bytes]) -> None:
    other = random.choice(others)
    start = random.randrange(len(other) + 1)
    at = _place(data, random)
    data[at : at + random.choice((0, 0, 64))] = other[start : start + random.choice((8, 64, 512, 4096))]


def _header(data: bytearray, random: Random, others: Sequence[bytes]) -> None:
    """A message's type, or its length, or its length made to fit."""
    places = boundaries(data, _first(data))
    if not places:
        return
    at = random.choice(places)
    match random.randrange(3):
        case 0:
            data[at] = random.choice(_TYPES)
        case 1:
            data[at + 1 : at + 5] = (random.choice(_NUMBERS_32) & 0xFFFFFFFF).to_bytes(4)
        case _:
            length = int.from_bytes(data[at + 1 : at + 5]) + random.choice((-2, -1, 1, 2, 4))
            data[at + 1 : at + 5] = max(0, min(length, 0xFFFFFFFF)).to_bytes(4)


def _message(data: bytearray, random: Random, others: Sequence[bytes]) -> None:
    """A whole message taken out, doubled or put elsewhere."""
    places = boundaries(data, _first(data))
    if len(places) < 2:
        return
    number = random.randrange(len(places) - 1)
    message = bytes(data[places[number] : places[number + 1]])
    if random.random() < 0.5:
        del data[places[number] : places[number + 1]]
    if random.random() < 0.7:
        at = random.choice(places)
        data[at:at] = message


def _grown(data: bytearray, random: Random, others: Sequence[bytes]) -> None:
    """Something put into a message whose length is kept true."""
    places = boundaries(data, _first(data))
    if not places:
        return
    at = random.choice(places)
    length = int.from_bytes(data[at + 1 : at + 5])
    inside = at + 5 + random.randrange(max(1, min(length, len(data) - at)))
    token = random.choice(_TOKENS)
    data[inside:inside] = token
    data[at + 1 : at + 5] = min(length + len(token), 0xFFFFFFFF).to_bytes(4)


def _first(data: bytearray) -> int:
    """Where typed messages begin: behind the untyped first packet, if there is one."""
    return int.from_bytes(data[:4]) if data[:2] == b"\0\0" else 0


CHANGES: tuple[Change, ...] = (
    _flip,
    _byte,
    _number,
    _number,
    _nudge,
    _nudge,
    _insert,
    _insert,
    _overwrite,
    _delete,
    _double,
    _truncate,
    _splice,
    _header,
    _header,
    _message,
    _grown,
    _grown,
)
