"""Verification of a log, by someone who trusts nobody: the steps of `steps.py`, in their order.

`verify` reads a whole log laid out as tlog-tiles; `verify_entries` checks the entries alone (steps 5 to 9), as a
gateway does with its own store when it starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from interlock.errors import MalformedInput
from interlock.ledger import checkpoint as checkpoints
from interlock.ledger.chains import NodeChains, node_of
from interlock.ledger.checkpoint import Checkpoint
from interlock.ledger.claims import Marks, follow
from interlock.ledger.entry import Entry, parse_entry
from interlock.ledger.merkle import EMPTY_ROOT, Frontier, leaf_hash
from interlock.ledger.note import VerifyingKey, parse_vkey, vkey
from interlock.ledger.steps import Step, broken
from interlock.ledger.tiles import Bundle, RightEdge, Tile, bundles_of, decode_bundle, split_tile
from interlock.model.entry import EntryType

CHECKPOINT_PATH = "checkpoint"


class Reader(Protocol):
    """A log's files, from wherever they lie."""

    def read(self, path: str) -> bytes | None:
        """The file at `path` (relative, as in tlog-tiles), or None."""


class KeysFrom(StrEnum):
    """Where the nodes' keys came from: how much the nodes' signatures are worth to the reader."""

    GIVEN = "given"  # pinned by the verifier
    ANNOUNCED = "announced"  # by node.started entries of this very log: they tie entries together, they prove no node
    NOT_CHECKED = "not_checked"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was verified: which log, how far, by which steps, with which nodes' keys."""

    origin: str
    size: int
    root: bytes
    steps: tuple[Step, ...]
    keys_from: KeysFrom
    node_keys: tuple[str, ...]


def verify(
    reader: Reader,
    key: VerifyingKey,
    *,
    earlier: bytes | None = None,
    node_keys: Sequence[VerifyingKey] = (),
    tree_only: bool = False,
) -> Verdict:
    """Verifies the log that `reader` reads against the log's key, which the caller got from elsewhere.

    `earlier` is a checkpoint kept from before. Without `node_keys` the nodes' keys are taken from the log's own
    node.started entries, and the verdict says so. `tree_only` ends after step 4, for logs whose entries aren't ours.
    Raises `LedgerCorrupt`, naming the step and the entry.
    """
    checkpoint = _checkpoint(reader.read(CHECKPOINT_PATH), key)
    past = _earlier(earlier, key, checkpoint) if earlier is not None else None
    past_root = _check_tiles(reader, checkpoint, past.size if past is not None else 0)
    if past is not None and past_root != past.root:
        raise broken(Step.EARLIER, f"its first {past.size} entries aren't the ones that were signed for")
    steps = tuple(s for s in Step if (past or s is not Step.EARLIER) and not (tree_only and s > Step.BUNDLES))
    if tree_only:
        _drain(_stored(reader, checkpoint))
        return Verdict(checkpoint.origin, checkpoint.size, checkpoint.root, steps, KeysFrom.NOT_CHECKED, ())
    keys = tuple(node_keys) or _announced(_stored(reader, checkpoint))
    _check_origin(checkpoint, keys)
    _drain(verify_entries(_stored(reader, checkpoint), keys))
    keys_from = KeysFrom.GIVEN if node_keys else KeysFrom.ANNOUNCED
    return Verdict(
        checkpoint.origin, checkpoint.size, checkpoint.root, steps, keys_from, tuple(vkey(key) for key in keys)
    )


def verify_entries(
    stored: Iterable[bytes], node_keys: Iterable[VerifyingKey], said: Marks | None = None
) -> Iterator[Entry]:
    """Yields the entries of a log from its first to its last, each checked as far as it can be by then.

    `said`, empty at first, is left with what the log claims (`ledger.claims`). The caller must read to the end: only
    there is it known that no plain entry lacks its seal. Raises `LedgerCorrupt`.
    """
    chains, said = NodeChains(node_keys), Marks() if said is None else said
    for index, raw in enumerate(stored):
        try:
            entry = parse_entry(raw)
        except MalformedInput as malformed:
            raise broken(Step.ENTRIES, malformed.sentence, index=index) from None
        chains.follow(index, entry)
        follow(said, index, entry)
        yield entry
    chains.finish()


def _checkpoint(signed: bytes | None, key: VerifyingKey) -> Checkpoint:
    if signed is None:
        raise broken(Step.CHECKPOINT, "there is none")
    try:
        return checkpoints.verify(signed, key)
    except MalformedInput as malformed:
        raise broken(Step.CHECKPOINT, malformed.sentence) from None


def _earlier(signed: bytes, key: VerifyingKey, now: Checkpoint) -> Checkpoint:
    try:
        past = checkpoints.verify(signed, key)
    except MalformedInput as malformed:
        raise broken(Step.EARLIER, malformed.sentence) from None
    if past.size > now.size:
        raise broken(Step.EARLIER, f"the log had {past.size} entries and now has {now.size}")
    return past


def _check_tiles(reader: Reader, now: Checkpoint, past_size: int) -> bytes:
    """Every tile is what the level below makes it, and the whole is the signed root; the root at `past_size`."""
    edge, frontier, past_root = RightEdge(), Frontier(), EMPTY_ROOT
    for tile in (bundle.tile for bundle in bundles_of(now.size)):
        leaves = _leaves(reader, tile, Step.TILES)
        for filled, data in (made for leaf in leaves for made in edge.append(leaf)):
            if filled.level and _tile(reader, filled, Step.TILES) != data:
                raise broken(Step.TILES, f"{filled.path} isn't what the level below makes it")
        before = max(past_size - frontier.size, 0)
        frontier = frontier.extend(leaves[:before])
        past_root = frontier.root() if frontier.size == past_size else past_root
        frontier = frontier.extend(leaves[before:])
    for partial, data in edge.partials():
        if partial.level and _tile(reader, partial, Step.TILES) != data:
            raise broken(Step.TILES, f"{partial.path} isn't what the level below makes it")
    if frontier.root() != now.root:
        raise broken(Step.TILES, "the tree has another root")
    return past_root


def _stored(reader: Reader, now: Checkpoint) -> Iterator[bytes]:
    """Every entry of the log; each is the one its leaf was made of, and all together make the signed root."""
    frontier = Frontier()
    for bundle in bundles_of(now.size):
        leaves = _leaves(reader, bundle.tile, Step.BUNDLES)
        entries = _bundle(reader, bundle)
        for offset, (entry, leaf) in enumerate(zip(entries, leaves, strict=True)):
            if leaf_hash(entry) != leaf:
                raise broken(Step.BUNDLES, "it isn't what its leaf was made of", index=frontier.size + offset)
        frontier = frontier.extend(leaves)
        yield from entries
    if frontier.root() != now.root:  # the files changed since they were read for step 2
        raise broken(Step.BUNDLES, "the entries have another root")


def _announced(stored: Iterable[bytes]) -> tuple[VerifyingKey, ...]:
    """The keys that node.started entries name; every other thing about them is checked later, with these keys."""
    keys: dict[VerifyingKey, None] = {}
    for index, raw in enumerate(stored):
        if b'"type":"node.started"' not in raw:
            continue
        try:
            entry = parse_entry(raw)
            if entry.type is EntryType.NODE_STARTED:
                key = parse_vkey(entry.d["vkey"])
                if node_of(key) != entry.node:
                    raise MalformedInput("a node announces the key of another")
                keys[key] = None
        except MalformedInput as malformed:
            raise broken(Step.SIGNATURES, malformed.sentence, index=index) from None
    return tuple(keys)


def _check_origin(checkpoint: Checkpoint, keys: Iterable[VerifyingKey]) -> None:
    for key in keys:
        if not key.name.startswith(f"{checkpoint.origin}/node/"):
            raise broken(Step.SIGNATURES, "a node's key is of another log")


def _tile(reader: Reader, tile: Tile, step: Step) -> bytes:
    return b"".join(_leaves(reader, tile, step))


def _leaves(reader: Reader, tile: Tile, step: Step) -> tuple[bytes, ...]:
    return _partial_or_full(reader, tile.path, tile.full.path, tile.width, split_tile, step)


def _bundle(reader: Reader, bundle: Bundle) -> tuple[bytes, ...]:
    return _partial_or_full(reader, bundle.path, bundle.full.path, bundle.width, decode_bundle, Step.BUNDLES)


def _partial_or_full(
    reader: Reader,
    path: str,
    full: str,
    width: int,
    decode: Callable[[bytes, int], tuple[bytes, ...]],
    step: Step,
) -> tuple[bytes, ...]:
    """The first `width` of a file's items: of the partial one, or where that was removed, of the full one."""
    data = reader.read(path)
    try:
        if data is not None:
            return decode(data, width)
        data = reader.read(full) if full != path else None
        if data is None:
            raise broken(step, f"{path} is missing")
        return decode(data, 256)[:width]
    except MalformedInput as malformed:
        raise broken(step, f"{path}: {malformed.sentence}") from None


def _drain(items: Iterable[object]) -> None:
    for _ in items:
        pass
