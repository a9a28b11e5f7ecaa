"""Cutting a byte stream anywhere: no cut may change what a reader makes of it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from hypothesis import strategies as st


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """`data` in pieces, cut at these places (taken modulo its length)."""
    edges = sorted({place % (len(data) + 1) for place in places} | {0, len(data)})
    return [data[a:b] for a, b in itertools.pairwise(edges)]


def places() -> st.SearchStrategy[list[int]]:
    """Where to cut."""
    return st.lists(st.integers(0, 5_000), max_size=12)


def single_bytes(data: bytes) -> list[bytes]:
    """`data` a byte at a time."""
    return [data[i : i + 1] for i in range(len(data))]
