"""The log as files (C2SP tlog-tiles): hash tiles, 256 hashes wide and 8 levels high, and bundles of 256 entries.

tile/<level>/<index>[.p/<width>]      hashes; a partial tile holds `width` of them
tile/entries/<index>[.p/<width>]      entries, each behind its length as a big-endian uint16
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from interlock.errors import MalformedInput
from interlock.ledger.merkle import HASH_BYTES, MAX_SIZE, Frontier, HashAt

TILE_WIDTH = 256
TILE_HEIGHT = 8
TILE_BYTES = TILE_WIDTH * HASH_BYTES
MAX_LEVEL = 63
MAX_ENTRY = 65_535  # bytes, by the uint16 in front


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """Which hashes: hash i of a tile is the root over leaves [(index*256+i)*256^level, (index*256+i+1)*256^level)."""

    level: int
    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if not (0 <= self.level <= MAX_LEVEL and 0 <= self.index <= MAX_SIZE and 1 <= self.width <= TILE_WIDTH):
            raise ValueError("no such tile")

    @property
    def path(self) -> str:
        """Where it lies, relative to the log."""
        return f"tile/{self.level}/{_place(self.index, self.width)}"

    @property
    def full(self) -> Tile:
        """The same tile once full."""
        return Tile(self.level, self.index)


@dataclass(frozen=True, slots=True, order=True)
class Bundle:
    """Which entries: `width` of them from `index` * 256."""

    index: int
    width: int = TILE_WIDTH

    def __post_init__(self) -> None:
        if not (0 <= self.index <= MAX_SIZE and 1 <= self.width <= TILE_WIDTH):
            raise ValueError("no such bundle")

    @property
    def path(self) -> str:
        """Where it lies, relative to the log."""
        return f"tile/entries/{_place(self.index, self.width)}"

    @property
    def full(self) -> Bundle:
        """The same bundle once full."""
        return Bundle(self.index)

    @property
    def tile(self) -> Tile:
        """The tile of this bundle's leaf hashes."""
        return Tile(0, self.index, self.width)


def tiles_of(size: int) -> Iterator[Tile]:
    """Every tile of a tree of `size`, lowest level first, partial ones last in their level."""
    level, hashes = 0, size
    while hashes:
        for index, width in _widths(hashes):
            yield Tile(level, index, width)
        level, hashes = level + 1, hashes >> TILE_HEIGHT


def bundles_of(size: int) -> Iterator[Bundle]:
    """Every entry bundle of a log of `size`, in order."""
    return (Bundle(index, width) for index, width in _widths(size))


def encode_bundle(entries: Sequence[bytes]) -> bytes:
    """The bytes of a bundle of up to 256 entries."""
    if not 1 <= len(entries) <= TILE_WIDTH or any(len(entry) > MAX_ENTRY for entry in entries):
        raise ValueError("a bundle holds 1 to 256 entries of at most 65,535 bytes")
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def decode_bundle(data: bytes, width: int) -> tuple[bytes, ...]:
    """The `width` entries of a bundle; raises `MalformedInput` when they don't fill it exactly."""
    entries, at = [], 0
    for _ in range(width):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or at > len(data):
            raise MalformedInput("an entry bundle that is cut short")
        entries.append(data[start:at])
    if at != len(data):
        raise MalformedInput("an entry bundle with something behind its last entry")
    return tuple(entries)


def split_tile(data: bytes, width: int) -> tuple[bytes, ...]:
    """The `width` hashes of a tile; raises `MalformedInput` for another length."""
    if len(data) != width * HASH_BYTES:
        raise MalformedInput("a tile of the wrong length")
    return tuple(data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES))


class RightEdge:
    """The unfinished tile of each level, to which leaves are appended; tells which tiles are thereby full.

    A new one is the empty log's. Partial tiles are never hashed into the level above.
    """

    def __init__(self, size: int = 0, partials: Sequence[bytes] = ()) -> None:
        """Goes on at `size` from each level's partial tile, lowest first; `MalformedInput` when they don't fit."""
        self._rows = [bytearray(partial) for partial in partials]
        self._size = size
        for level, row in enumerate(self._rows):
            if len(row) != ((size >> TILE_HEIGHT * level) % TILE_WIDTH) * HASH_BYTES:
                raise MalformedInput("a partial tile of the wrong length for the log's size")
        if size >> TILE_HEIGHT * len(self._rows):
            raise MalformedInput("a level without its partial tile")

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return self._size

    def copy(self) -> RightEdge:
        """Another one at the same place; what is appended to either doesn't reach the other."""
        other = RightEdge()
        other._rows = [bytearray(row) for row in self._rows]
        other._size = self._size
        return other

    def append(self, leaf: bytes) -> tuple[tuple[Tile, bytes], ...]:
        """Takes one leaf hash; the tiles that it filled, lowest level first."""
        self._size += 1
        filled: list[tuple[Tile, bytes]] = []
        level, hash_ = 0, leaf
        while True:
            if level == len(self._rows):
                self._rows.append(bytearray())
            row = self._rows[level]
            row += hash_
            if len(row) < TILE_BYTES:
                return tuple(filled)
            data = bytes(row)
            row.clear()
            filled.append((Tile(level, (self._size >> TILE_HEIGHT * (level + 1)) - 1), data))
            level, hash_ = level + 1, tile_root(data)

    def partials(self) -> tuple[tuple[Tile, bytes], ...]:
        """The partial tiles of this moment, lowest level first."""
        return tuple(
            (Tile(level, self._size >> TILE_HEIGHT * (level + 1), len(row) // HASH_BYTES), bytes(row))
            for level, row in enumerate(self._rows)
            if row
        )


def all_tiles(leaves: Iterable[bytes]) -> Iterator[tuple[Tile, bytes]]:
    """Every tile of a log with its bytes, from its leaf hashes in order; holds one tile a level in memory."""
    edge = RightEdge()
    for leaf in leaves:
        yield from edge.append(leaf)
    yield from edge.partials()


def tile_root(data: bytes) -> bytes:
    """The hash that a full tile is in the level above."""
    return Frontier().extend(split_tile(data, TILE_WIDTH)).root()


def hashes_from_tiles(size: int, read: Callable[[Tile], bytes]) -> HashAt:
    """A hash look-up over the tiles of a log of `size`, for making proofs. `read` gives a tile's bytes."""

    def hash_at(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        first = index << height
        there = size >> TILE_HEIGHT * tile_level
        tile_index, offset = divmod(first, TILE_WIDTH)
        width = min(TILE_WIDTH, there - tile_index * TILE_WIDTH)
        hashes = split_tile(read(Tile(tile_level, tile_index, width)), width)
        return Frontier().extend(hashes[offset : offset + (1 << height)]).root()

    return hash_at


def _widths(count: int) -> Iterator[tuple[int, int]]:
    full, partial = divmod(count, TILE_WIDTH)
    for index in range(full):
        yield index, TILE_WIDTH
    if partial:
        yield full, partial


def _place(index: int, width: int) -> str:
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    place = "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])
    return place if width == TILE_WIDTH else f"{place}.p/{width}"
