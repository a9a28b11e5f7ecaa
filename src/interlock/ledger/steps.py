"""The numbered steps of verification, as docs/reference/ledger.md lists them, and how a failure names its step."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from interlock.errors import LedgerCorrupt


class Step(IntEnum):
    """What is checked, in order; each rests on the ones before."""

    CHECKPOINT = 1
    TILES = 2
    EARLIER = 3
    BUNDLES = 4
    ENTRIES = 5
    SIGNATURES = 6
    CHAINS = 7
    SEALS = 8
    ONCE = 9


TITLES: Mapping[Step, str] = {
    Step.CHECKPOINT: "the checkpoint is signed by the key given",
    Step.TILES: "the tiles lead to the checkpoint's root",
    Step.EARLIER: "the log continues the earlier checkpoint",
    Step.BUNDLES: "every entry hashes to its leaf",
    Step.ENTRIES: "every entry is canonical and of a known type",
    Step.SIGNATURES: "every signed entry is signed by its node",
    Step.CHAINS: "every node's entries follow each other without a gap",
    Step.SEALS: "every plain entry is under a seal",
    Step.ONCE: "no action is released twice, and no approval more often than it says",
}


def broken(step: Step, what: str, *, index: int | None = None) -> LedgerCorrupt:
    """The error for a failed step, naming the entry's index where there is one."""
    where = "" if index is None else f"entry {index}: "
    return LedgerCorrupt(f"step {step.value} failed ({TITLES[step]}): {where}{what}")
