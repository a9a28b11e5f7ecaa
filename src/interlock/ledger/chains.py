"""The nodes' chains as a verifier follows them: signatures, numbers, hashes of the one before, seals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from interlock.errors import MalformedInput
from interlock.ledger.entry import Entry, entry_hash, verify_signature
from interlock.ledger.note import VerifyingKey, parse_vkey
from interlock.ledger.steps import Step, broken
from interlock.model.entry import EntryType

_NODE = "/node/"


@dataclass(slots=True)
class _Chain:
    """One node's chain so far. `unsealed` counts plain entries since the last seal, the first of them at `since`."""

    boot: str = ""
    nseq: int = 0
    prev: str = ""
    unsealed: int = 0
    last_plain: str = ""
    since: int = 0
    boots: set[str] = field(default_factory=set)


class NodeChains:
    """Follows the chains of every node whose key is given, one entry after another in log order.

    Memory grows with the number of nodes and of process starts, not of entries.
    """

    def __init__(self, node_keys: Iterable[VerifyingKey]) -> None:
        """`node_keys` are named `<origin>/node/<id>`; raises `MalformedInput` for one that isn't."""
        self._keys: dict[str, list[VerifyingKey]] = {}
        self._chains: dict[str, _Chain] = {}
        for key in node_keys:
            self._keys.setdefault(node_of(key), []).append(key)

    def follow(self, index: int, entry: Entry) -> None:
        """Takes the entry at `index` of the log; raises `LedgerCorrupt`."""
        self._check_signature(index, entry)
        state = self._chains.setdefault(entry.node, _Chain())
        _check_place(index, entry, state)
        hash_ = entry_hash(entry.raw)
        if entry.type is EntryType.NODE_SEAL:
            if entry.d["count"] != state.unsealed or entry.d["last"] != state.last_plain or not state.unsealed:
                raise broken(Step.SEALS, "a seal that isn't for the plain entries before it", index=index)
            state.unsealed, state.last_plain = 0, ""
        elif not entry.signed:
            state.since = state.since if state.unsealed else index
            state.unsealed, state.last_plain = state.unsealed + 1, hash_
        state.nseq, state.prev = entry.nseq + 1, hash_

    def finish(self) -> None:
        """To be called at the log's end; raises `LedgerCorrupt` when a plain entry is left without a seal."""
        for state in self._chains.values():
            _check_sealed(state)

    def _check_signature(self, index: int, entry: Entry) -> None:
        keys = self._keys.get(entry.node)
        if keys is None:
            raise broken(Step.SIGNATURES, "no key is known of the node that wrote it", index=index)
        if not entry.signed:
            return
        try:
            verify_signature(entry, keys)
            if entry.type is EntryType.NODE_STARTED and parse_vkey(entry.d["vkey"]) not in keys:
                raise MalformedInput("the node announces another key than it is known by")
        except MalformedInput as malformed:
            raise broken(Step.SIGNATURES, malformed.sentence, index=index) from None


def node_of(key: VerifyingKey) -> str:
    """The node that a key named `<origin>/node/<id>` belongs to; raises `MalformedInput` for another name."""
    origin, slash, node = key.name.rpartition(_NODE)
    if not origin or not slash or not node:
        raise MalformedInput("a node's key is named <origin>/node/<id>")
    return node


def _check_place(index: int, entry: Entry, state: _Chain) -> None:
    if entry.boot != state.boot:
        if entry.boot in state.boots or entry.nseq != 0:
            raise broken(Step.CHAINS, "it doesn't begin a new start of its node", index=index)
        _check_sealed(state)
        state.boots.add(entry.boot)
        state.boot, state.nseq, state.prev = entry.boot, 0, ""
    if entry.nseq != state.nseq:
        raise broken(Step.CHAINS, "its number isn't the next of its node", index=index)
    if entry.prev != state.prev:
        raise broken(Step.CHAINS, "it doesn't name the entry of its node before it", index=index)


def _check_sealed(state: _Chain) -> None:
    if state.unsealed:
        raise broken(Step.SEALS, "no seal of its node follows", index=state.since)
