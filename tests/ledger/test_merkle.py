from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.vectors import load, needs_vectors

from interlock.errors import MalformedInput
from interlock.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    HashAt,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)


def mth(leaves: list[bytes]) -> bytes:
    """RFC 6962 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def hash_at(leaves: list[bytes]) -> HashAt:
    def look(level: int, index: int) -> bytes:
        subtree = leaves[index << level : (index + 1) << level]
        assert len(subtree) == 1 << level, "only complete subtrees are asked for"
        return mth(subtree)

    return look


def some_leaves(count: int) -> list[bytes]:
    return [leaf_hash(str(n).encode()) for n in range(count)]


@needs_vectors
def test_hashes_and_roots_of_the_core_vectors() -> None:
    core = load("core_vectors.json")
    hasher = core["hasher"]
    assert EMPTY_ROOT.hex() == core["empty_root"] == Frontier().root().hex()
    assert leaf_hash(b"").hex() == hasher["empty_leaf"]
    assert leaf_hash(b"L123456").hex() == hasher["leaf_utf8_L123456"]
    assert node_hash(b"N123", b"N456").hex() == hasher["node_utf8_N123_N456"]
    frontier = Frontier()
    for leaf, root in zip(core["leaf_inputs_hex"], core["roots_for_first_n_leaves_hex"], strict=True):
        frontier = frontier.append(leaf_hash(bytes.fromhex(leaf)))
        assert frontier.root().hex() == root


@needs_vectors
@pytest.mark.parametrize("case", load("proofs/inclusion.json"), ids=lambda case: case["case"])
def test_inclusion_vectors(case: dict[str, Any]) -> None:
    holds = check(
        verify_inclusion, case["leafIdx"], case["treeSize"], b64(case["leafHash"]), proof(case), b64(case["root"])
    )
    assert holds is not case["wantErr"]


@needs_vectors
@pytest.mark.parametrize("case", load("proofs/consistency.json"), ids=lambda case: case["case"])
def test_consistency_vectors(case: dict[str, Any]) -> None:
    """Size 0 is refused there and here; `verify --old` settles it itself: any log continues the empty one."""
    holds = check(verify_consistency, case["size1"], b64(case["root1"]), case["size2"], b64(case["root2"]), proof(case))
    assert holds is not case["wantErr"]


def b64(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def proof(case: dict[str, Any]) -> list[bytes]:
    return [b64(node) for node in case["proof"] or ()]


def check(verify: Any, *arguments: Any) -> bool:
    try:
        verify(*arguments)
    except MalformedInput:
        return False
    return True


@given(st.integers(0, 300), st.integers(0, 300))
def test_the_frontier_is_the_recursive_definition_however_it_was_fed(first: int, second: int) -> None:
    leaves = some_leaves(first + second)
    frontier = Frontier().extend(leaves[:first]).extend(leaves[first:])
    assert frontier.root() == mth(leaves)
    assert Frontier.decode(frontier.encode()) == frontier


@given(st.integers(1, 200), st.data())
def test_inclusion_proofs_hold_and_only_for_their_leaf(size: int, data: st.DataObject) -> None:
    leaves = some_leaves(size)
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_proof(index, size, hash_at(leaves))
    verify_inclusion(index, size, leaves[index], path, mth(leaves))
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index)) if size > 1 else 1
    assert not check(verify_inclusion, other, size, leaves[index], path, mth(leaves))
    assert not check(verify_inclusion, index, size, leaf_hash(b"else"), path, mth(leaves))
    assert not check(verify_inclusion, index, size, leaves[index], (*path, leaves[0]), mth(leaves))
    assert not check(verify_inclusion, index, size, leaves[index], path, leaf_hash(b"root"))


@given(st.integers(0, 200), st.integers(0, 200))
def test_consistency_proofs_hold_and_only_between_their_trees(a: int, b: int) -> None:
    old, new = sorted((a, b))
    leaves = some_leaves(new)
    path = consistency_proof(old, new, hash_at(leaves))
    if old == 0:
        assert path == ()
        assert not check(verify_consistency, old, EMPTY_ROOT, new, mth(leaves), path)
        return
    verify_consistency(old, mth(leaves[:old]), new, mth(leaves), path)
    changed = [leaf_hash(b"changed"), *leaves[1:old]]
    assert not check(verify_consistency, old, mth(changed), new, mth(leaves), path)
    assert not check(verify_consistency, old, mth(leaves[:old]), new, mth(leaves), (*path, leaves[0]))
    assert not path or not check(verify_consistency, old, mth(leaves[:old]), new, mth(leaves), path[:-1])


def test_impossible_proofs_are_not_made() -> None:
    look = hash_at(some_leaves(3))
    for index, size in ((3, 3), (-1, 3), (0, 0)):
        with pytest.raises(ValueError, match="no such leaf"):
            inclusion_proof(index, size, look)
    with pytest.raises(ValueError, match="shrink"):
        consistency_proof(4, 3, look)


@given(st.binary(max_size=200))
def test_a_frontier_is_decoded_or_refused(data: bytes) -> None:
    try:
        frontier = Frontier.decode(data)
    except MalformedInput:
        return
    assert frontier.encode() == data


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 7,
        b"\0" * 9,
        (1).to_bytes(8, "big"),
        (0).to_bytes(8, "big") + b"h" * 32,
        (2**63).to_bytes(8, "big") + b"h" * 32,
    ],
)
def test_frontiers_that_contradict_themselves_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedInput):
        Frontier.decode(data)
