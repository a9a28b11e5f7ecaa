"""The Merkle tree of RFC 6962 section 2.1: hashes, the append state, inclusion and consistency proofs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from interlock.errors import MalformedInput

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
MAX_SIZE = 2**63 - 1  # sizes and indices are uint64 elsewhere in C2SP; a database's bigint ends here

# (level, index) -> root of the complete subtree over leaves [index * 2^level, (index + 1) * 2^level)
HashAt = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry)."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """What appending needs to know of a tree: its size and the roots of its complete subtrees, largest first.

    There is one hash for each bit set in `size` (a compact range). An empty frontier is the empty tree.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_SIZE or len(self.hashes) != self.size.bit_count():
            raise MalformedInput("a frontier holds one hash for each bit set in its size")

    def append(self, leaf: bytes) -> Frontier:
        """The frontier with one more leaf hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """The frontier with these leaf hashes behind."""
        stack, size = list(self.hashes), self.size
        for hash_ in leaves:
            bits = size
            while bits & 1:
                hash_ = node_hash(stack.pop(), hash_)
                bits >>= 1
            stack.append(hash_)
            size += 1
        return Frontier(size, tuple(stack))

    def root(self) -> bytes:
        """The tree's root (MTH)."""
        if not self.hashes:
            return EMPTY_ROOT
        *rest, root = self.hashes
        for left in reversed(rest):
            root = node_hash(left, root)
        return root

    def encode(self) -> bytes:
        """Size as a big-endian uint64, then the hashes."""
        return self.size.to_bytes(8, "big") + b"".join(self.hashes)

    @classmethod
    def decode(cls, data: bytes) -> Frontier:
        """What `encode` wrote; raises `MalformedInput`."""
        if len(data) < 8 or (len(data) - 8) % HASH_BYTES:
            raise MalformedInput("a frontier of the wrong length")
        hashes = tuple(data[i : i + HASH_BYTES] for i in range(8, len(data), HASH_BYTES))
        return cls(int.from_bytes(data[:8], "big"), hashes)


def inclusion_proof(index: int, size: int, hash_at: HashAt) -> tuple[bytes, ...]:
    """The audit path of leaf `index` in the tree of `size`, from the leaf's sibling upward (RFC 6962 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of that size")
    path: list[bytes] = []
    start, width = 0, size
    while width > 1:
        split = _split(width)
        if index < start + split:
            path.append(_root_of(start + split, width - split, hash_at))
            width = split
        else:
            path.append(_root_of(start, split, hash_at))
            start, width = start + split, width - split
    return tuple(reversed(path))


def consistency_proof(old: int, new: int, hash_at: HashAt) -> tuple[bytes, ...]:
    """The proof that the tree of size `new` begins with the one of size `old` (RFC 6962 2.1.2).

    It is empty when `old` is 0 (tlog-witness asks for that) or equals `new`.
    """
    if not 0 <= old <= new:
        raise ValueError("a tree doesn't shrink")
    if old in (0, new):
        return ()
    path: list[bytes] = []
    start, width = 0, new
    while start + width != old:
        split = _split(width)
        if old <= start + split:
            path.append(_root_of(start + split, width - split, hash_at))
            width = split
        else:
            path.append(_root_of(start, split, hash_at))
            start, width = start + split, width - split
    if start:  # else the last subtree is the old tree itself, whose root the verifier has
        path.append(_root_of(start, width, hash_at))
    return tuple(reversed(path))


def verify_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes) -> None:
    """Raises `MalformedInput` unless `proof` shows `leaf` at `index` under `root` (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size <= MAX_SIZE:
        raise MalformedInput("no such leaf in a tree of that size")
    _check_hashes(leaf, root, *proof)
    node, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise MalformedInput("an inclusion proof that is too long")
        if node & 1 or node == last:
            found = node_hash(sibling, found)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        node, last = node >> 1, last >> 1
    if last != 0 or found != root:
        raise MalformedInput("an inclusion proof that doesn't lead to the root")


def verify_consistency(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raises `MalformedInput` unless `proof` shows that the new tree begins with the old one (RFC 9162 2.1.4.2).

    A proof from size 0 shows nothing and is refused here. A caller to whom any tree continues the empty one (as
    tlog-witness has it) checks before: old size 0, the empty root, an empty proof.
    """
    if not 0 < old <= new <= MAX_SIZE:
        raise MalformedInput("a consistency proof goes from a tree with leaves to one at least as large")
    if old == new:
        if proof or old_root != new_root:
            raise MalformedInput("two trees of one size that differ")
        return
    _check_hashes(old_root, new_root, *proof)
    hashes = list(proof)
    if old & (old - 1) == 0:
        hashes.insert(0, old_root)
    if not hashes:
        raise MalformedInput("an empty consistency proof between trees of different sizes")
    found_old, found_new = _fold_consistency(old - 1, new - 1, hashes)
    if found_old != old_root or found_new != new_root:
        raise MalformedInput("a consistency proof that doesn't lead to both roots")


def _fold_consistency(node: int, last: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes]:
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise MalformedInput("a consistency proof that is too long")
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    if last != 0:
        raise MalformedInput("a consistency proof that is too short")
    return old, new


def _check_hashes(*hashes: bytes) -> None:
    if any(len(hash_) != HASH_BYTES for hash_ in hashes):
        raise MalformedInput("a hash has 32 bytes")


def _split(width: int) -> int:
    """The largest power of two below `width`, which is at least 2."""
    return 1 << ((width - 1).bit_length() - 1)


def _root_of(start: int, width: int, hash_at: HashAt) -> bytes:
    """MTH of `width` leaves from `start`, which is a multiple of every complete subtree inside."""
    if width & (width - 1) == 0:
        level = width.bit_length() - 1
        return hash_at(level, start >> level)
    split = _split(width)
    return node_hash(_root_of(start, split, hash_at), _root_of(start + split, width - split, hash_at))
