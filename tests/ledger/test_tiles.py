from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.vectors import VECTORS, load, logs, needs_vectors

from interlock.errors import MalformedInput
from interlock.ledger import checkpoint
from interlock.ledger.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    verify_consistency,
    verify_inclusion,
)
from interlock.ledger.note import parse_vkey
from interlock.ledger.tiles import (
    Bundle,
    RightEdge,
    Tile,
    all_tiles,
    bundles_of,
    decode_bundle,
    encode_bundle,
    hashes_from_tiles,
    split_tile,
    tiles_of,
)


@needs_vectors
def test_paths_of_the_core_vectors() -> None:
    for kind, level, index, partial, path in load("core_vectors.json")["paths"]:
        width = partial or 256
        found = Tile(level, index, width).path if kind == "tile" else Bundle(index, width).path
        assert found == path


@needs_vectors
@pytest.mark.parametrize("name", logs())
def test_an_independent_implementations_logs_are_remade_byte_for_byte(name: str) -> None:
    log = VECTORS / "logs" / name
    size = checkpoint_of(log, name).size
    entries = [entry for bundle in bundles_of(size) for entry in decode_bundle(read(log)(bundle), bundle.width)]
    assert entries == [b'{"n":%d}' % n for n in range(size)]
    made = {tile.path: data for tile, data in all_tiles(leaf_hash(entry) for entry in entries)}
    for bundle in bundles_of(size):
        made[bundle.path] = encode_bundle(entries[bundle.index * 256 :][: bundle.width])
    stored = {str(path.relative_to(log)): path.read_bytes() for path in (log / "tile").rglob("*") if path.is_file()}
    assert made == stored


@needs_vectors
@pytest.mark.parametrize("name", [name for name in logs() if name != "n0"])
def test_proofs_made_from_their_tiles_hold(name: str) -> None:
    log = VECTORS / "logs" / name
    now = checkpoint_of(log, name)
    hash_at = hashes_from_tiles(now.size, read(log))
    for index in {0, now.size // 2, now.size - 1}:
        path = inclusion_proof(index, now.size, hash_at)
        verify_inclusion(index, now.size, leaf_hash(b'{"n":%d}' % index), path, now.root)
    for file in log.glob("checkpoint.*"):
        past = checkpoint_of(log, name, file.name)
        verify_consistency(past.size, past.root, now.size, now.root, consistency_proof(past.size, now.size, hash_at))


def checkpoint_of(log: Path, name: str, file: str = "checkpoint") -> checkpoint.Checkpoint:
    key = parse_vkey((log.parent / f"{name}.vkey").read_text().strip())
    return checkpoint.verify((log / file).read_bytes(), key)


def read(log: Path) -> Callable[[Tile | Bundle], bytes]:
    return lambda what: (log / what.path).read_bytes()


@needs_vectors
def test_the_tree_of_70000_has_the_tiles_that_the_vectors_say() -> None:
    says = load("core_vectors.json")["tree_70000"]
    tiles = list(tiles_of(70_000))
    widths = {level: [tile.width for tile in tiles if tile.level == level] for level in range(3)}
    assert widths[0] == [256] * says["L0_full"] + [says["L0_partial"]]
    assert widths[1] == [256] * says["L1_full"] + [says["L1_partial"]]
    assert widths[2] == [says["L2_partial"]]
    assert Tile(1, 1, 17) in tiles
    assert len(tiles) == sum(map(len, widths.values()))


def numbered(count: int) -> list[bytes]:
    return [hashlib.sha256(n.to_bytes(4, "big")).digest() for n in range(count)]


@given(st.integers(0, 1500), st.integers(0, 600))
@settings(max_examples=25, deadline=None)
def test_going_on_from_partial_tiles_is_as_if_never_stopped(first: int, more: int) -> None:
    leaves = numbered(first + more)
    whole = {tile: data for tile, data in all_tiles(leaves) if tile.width == 256}
    before = RightEdge()
    full = {tile: data for leaf in leaves[:first] for tile, data in before.append(leaf)}
    partials = [b""] * 3
    for tile, data in before.partials():
        partials[tile.level] = data
    after = RightEdge(first, partials)
    full |= {tile: data for leaf in leaves[first:] for tile, data in after.append(leaf)}
    assert full == whole
    assert set(full) | {tile for tile, _ in after.partials()} == set(tiles_of(first + more))
    assert after.size == first + more


def test_a_third_level_is_filled() -> None:
    leaves = numbered(65_536 + 300)
    tiles = dict(all_tiles(leaves))
    assert set(tiles) == set(tiles_of(len(leaves)))
    assert tiles[Tile(2, 0, 1)] == Frontier().extend(leaves[:65_536]).root()


@pytest.mark.parametrize(
    ("size", "partials"),
    [(1, []), (1, [b""]), (256, [b""]), (1, [b"h" * 33]), (0, [b"h" * 32]), (256, [b"h" * 32, b"h" * 32])],
)
def test_partial_tiles_that_do_not_fit_the_size_are_refused(size: int, partials: list[bytes]) -> None:
    with pytest.raises(MalformedInput):
        RightEdge(size, partials)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=256))
def test_bundles_come_back(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries), len(entries)) == tuple(entries)


@given(st.binary(max_size=64), st.integers(1, 256))
def test_a_bundle_is_decoded_or_refused(data: bytes, width: int) -> None:
    try:
        entries = decode_bundle(data, width)
    except MalformedInput:
        return
    assert encode_bundle(entries) == data


@pytest.mark.parametrize(
    ("data", "width"),
    [(b"", 1), (b"\0", 1), (b"\0\1", 1), (b"\0\1ab", 1), (b"\0\1a", 2), (b"\0\1a\0", 2), (b"\xff\xff" + b"x" * 9, 1)],
)
def test_bundles_that_end_elsewhere_are_refused(data: bytes, width: int) -> None:
    with pytest.raises(MalformedInput):
        decode_bundle(data, width)


@pytest.mark.parametrize("entries", [[], [b"x"] * 257, [b"x" * 65_536]])
def test_impossible_bundles_are_not_made(entries: list[bytes]) -> None:
    with pytest.raises(ValueError, match="bundle"):
        encode_bundle(entries)


@pytest.mark.parametrize(("level", "index", "width"), [(64, 0, 1), (-1, 0, 1), (0, -1, 1), (0, 0, 0), (0, 0, 257)])
def test_impossible_tiles_are_not_named(level: int, index: int, width: int) -> None:
    with pytest.raises(ValueError, match="tile"):
        Tile(level, index, width)


@pytest.mark.parametrize("data", [b"", b"x" * 31, b"x" * 65])
def test_tiles_of_another_length_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedInput):
        split_tile(data, 2)


def test_a_copied_edge_goes_its_own_way() -> None:
    edge, all_of_it = RightEdge(), RightEdge()
    leaves = [hashlib.sha256(bytes([n % 256, n // 256])).digest() for n in range(700)]
    for leaf in leaves[:300]:
        edge.append(leaf)
        all_of_it.append(leaf)
    before = edge.partials()
    copied = edge.copy()
    assert [copied.append(leaf) for leaf in leaves[300:]] == [all_of_it.append(leaf) for leaf in leaves[300:]]
    assert (copied.partials(), copied.size) == (all_of_it.partials(), 700)
    assert (edge.partials(), edge.size) == (before, 300)
