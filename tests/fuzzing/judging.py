"""What every target holds a parser to, whatever it is given."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from tests.fuzzing.streams import CANARY, Streams

from interlock.errors import InterlockError, MalformedInput

T = TypeVar("T")


class Broken(AssertionError):
    """A promise that doesn't hold."""


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to fuzz. `check` gives what came of an input, so that what is new can be told from the rest; it raises
    whatever shouldn't be. All its chances come from the `Random`."""

    name: str
    seeds: Callable[[Streams], list[bytes]]
    check: Callable[[bytes, Random], Hashable]
    weight: float = 1.0


def demand(holds: bool, promise: str) -> None:
    """Raises `Broken` unless it holds."""
    if not holds:
        raise Broken(promise)


def attempt(
    call: Callable[..., T], *arguments: object, allowed: tuple[type[InterlockError], ...] = (MalformedInput,)
) -> T | str:
    """What the call gives, or the sentence of the one error that it may raise. A `str` is always such a sentence."""
    try:
        return call(*arguments)
    except allowed as error:
        check_error(error)
        return f"{type(error).__name__}: {error.sentence}"


def check_error(error: InterlockError) -> None:
    """No value in what an error says, nor in what a log with its causes would."""
    seen: BaseException | None = error
    while seen is not None:
        silent(f"{seen} {seen!r} {seen.args}", "an error")
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)


def silent(text: str | bytes, what: str) -> None:
    """The canary isn't in it, plain or in hex."""
    data = text.encode(errors="surrogateescape") if isinstance(text, str) else text
    demand(CANARY not in data and CANARY.hex().encode() not in data, f"{what} tells a value of the input")


def cuts(data: bytes, random: Random) -> list[bytes]:
    """The input in pieces: a few, many small ones, or a byte each at some stretch."""
    style = random.randrange(4)
    if style == 0 and len(data) <= 256:
        return [data[at : at + 1] for at in range(len(data))]
    if style == 1:
        size = random.choice((2, 3, 5, 7)) if len(data) <= 1024 else random.choice((100, 1000))
        size = max(size, len(data) // 100)
        return [data[at : at + size] for at in range(0, len(data), size)]
    if style == 2 and data:  # byte by byte for a stretch
        start = random.randrange(len(data))
        stop = min(start + 40, len(data))
        return [data[:start], *(data[at : at + 1] for at in range(start, stop)), data[stop:]]
    edges = sorted({random.randrange(len(data) + 1) for _ in range(random.randrange(1, 12))} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(edges)]


def shape(events: Iterable[Hashable], most: int = 6) -> tuple[Hashable, ...]:
    """Of a list of what happened, as much as tells one path from another."""
    return tuple(dict.fromkeys(events))[:most]


def size_of(numbers: Sequence[object]) -> int:
    """A count, roughly."""
    return len(numbers).bit_length()
