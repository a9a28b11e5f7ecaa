"""What waits for the writer: units with their entries encoded, and checkpoints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from interlock.errors import EntryRefused
from interlock.ledger.claims import Claim, claims
from interlock.ledger.entry import MAX_ENTRY, Prepared, prepare
from interlock.model.change import Change, DropDocument, PutDocument, Unit
from interlock.model.entry import EntryType
from interlock.model.names import EntryId
from interlock.stores.changes import weight

BATCH_ENTRIES: Final = 1024  # ledger.md 1.10
BATCH_BYTES: Final = 4 << 20  # ledger.md 1.10
_FLUSH_PART: Final = 2048
"""More than what the flush adds to an entry: boot, node, nseq, prev, ts, and the signature line with the key's name."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A unit whose entries were found in order; `claims` are theirs. `bytes` is about what it adds to a transaction."""

    ids: tuple[EntryId, ...]
    entries: tuple[Prepared, ...]
    claims: tuple[Claim, ...]
    changes: tuple[Change, ...]
    bytes: int


@dataclass(frozen=True, slots=True)
class Publish:
    """A signed checkpoint to be kept. Condition: there is none of this size, or the very same one."""

    size: int
    root: bytes
    note: str


Job = Ready | Publish

_NOBODY_WAITS: Final = frozenset({EntryType.ACTION_ENDED, EntryType.MASK_APPLIED})


def may_wait(job: Job) -> bool:
    """Whether a job may wait a moment for another to share its flush: it only says how something went that is over.

    An ending with changes isn't one: it settles a review that people look at.
    """
    return isinstance(job, Ready) and not job.changes and all(entry.type in _NOBODY_WAITS for entry in job.entries)


def make_ready(unit: Unit) -> Ready:
    """Encodes a unit's entries, so that in the flush nothing is left to refuse; raises `EntryRefused`.

    Documents authorise nothing and are read by nobody who releases, so changes of them alone need no entry.
    """
    if not unit.entries and not _only_documents(unit):
        raise EntryRefused("a change without an entry: each change has its entry")
    if len(unit.entries) >= BATCH_ENTRIES:
        raise EntryRefused(f"a unit holds fewer than {BATCH_ENTRIES} entries")
    ids = tuple(draft.id for draft in unit.entries)
    if len(set(ids)) != len(ids):
        raise EntryRefused("two entries of a unit have one id")
    entries = tuple(prepare(draft) for draft in unit.entries)
    sizes = [_size(entry) for entry in entries]
    if max(sizes, default=0) > MAX_ENTRY - _FLUSH_PART:
        raise EntryRefused(f"an entry longer than {MAX_ENTRY - _FLUSH_PART:,} bytes")
    said = tuple(claim for d in unit.entries for claim in claims(d.type, d.act, d.obj, d.d))
    return Ready(ids, entries, said, unit.changes, sum(sizes) + sum(weight(change) for change in unit.changes))


def _only_documents(unit: Unit) -> bool:
    return bool(unit.changes) and all(isinstance(change, PutDocument | DropDocument) for change in unit.changes)


def weigh(job: Job) -> tuple[int, int]:
    """(entries, bytes) that a job brings into a batch."""
    match job:
        case Ready():
            return len(job.ids), job.bytes
        case Publish():
            return 0, len(job.note)


def _size(entry: Prepared) -> int:
    return len(entry.before_boot) + len(entry.before_node) + len(entry.before_prev)
