"""The signer: follows the log, checks every entry for itself, and signs checkpoints with the log's key.

It believes nothing that the store says of itself. It recomputes every leaf from the entry's bytes, checks the nodes'
signatures and chains, keeps its own frontier, and compares. What it has signed it remembers in a file of its own,
flushed to disk before the checkpoint is published; so a store that was rolled back or forked can't get a second,
conflicting checkpoint out of it (ledger.md 1.10). So it knows more than the store does, and is asked before anything is
served: `begin_new_log` before the very first entry, `verify_first` at every start. A log with entries and without a
state is refused; `unsafe_reset` is the operator's way out. After a restart it reads the log from the first entry again:
what it signed must still be there.

Two signers with separate state must never share a key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final, Protocol

import structlog

from interlock.errors import InterlockError, LedgerCorrupt, LedgerUnavailable, MalformedInput
from interlock.ledger import checkpoint as checkpoints
from interlock.ledger.chains import NodeChains
from interlock.ledger.checkpoint import Checkpoint
from interlock.ledger.entry import parse_entry
from interlock.ledger.merkle import Frontier, leaf_hash
from interlock.ledger.note import Signer as NoteSigner
from interlock.ledger.note import VerifyingKey
from interlock.workers.signer_state import SignerState, StateFile

POLL_SECONDS: Final = 0.5  # a checkpoint comes at most a second after new entries (ledger.md 1.10)
HEARTBEAT_SECONDS: Final = 600.0  # and at least this often: the last one is compared and published again
CHUNK: Final = 256  # entries checked at a time, off the event loop

_log = structlog.get_logger(__name__)


class LogSource(Protocol):
    """The log as the signer reads it, and where its checkpoints go. Each method raises `LedgerUnavailable`."""

    async def head(self) -> tuple[int, bytes]:
        """The size and root that the store claims."""

    async def entries(self, first: int, limit: int) -> Sequence[bytes]:
        """Up to `limit` entries from index `first` on, in order."""

    async def checkpoint(self) -> str | None:
        """The newest checkpoint published, as its signed note."""

    async def put_checkpoint(self, size: int, root: bytes, note: str) -> None:
        """Publishes a checkpoint; raises `Conflict` when there is another of this size."""


class Signer:
    """Signs checkpoints of one log. Once it has raised `LedgerCorrupt` it signs nothing any more."""

    def __init__(
        self, source: LogSource, state: StateFile, *, key: NoteSigner, node_keys: Sequence[VerifyingKey]
    ) -> None:
        """`key` is the log's, named after its origin; `node_keys` are the nodes', from local settings."""
        self._source = source
        self._file = state
        self._key = key
        self._chains = NodeChains(node_keys)
        self._frontier = Frontier()
        self._signed: SignerState | None = None
        self._begun = False
        self._alarm: LedgerCorrupt | None = None

    async def begin_new_log(self) -> None:
        """Signs for the empty log, before its first entry: from here on a log without a state is one that lost it.

        Does nothing when that was done before. Raises `LedgerCorrupt` when the log isn't empty, or was signed with
        entries in it; `LedgerUnavailable`.
        """
        size, _ = await self._source.head()
        if size:
            raise LedgerCorrupt(f"a log of {size} entries isn't a new one")
        await self._begin()
        if self._signed is None:
            await self._sign()
        elif self._signed.size:
            raise _rolled_back(self._signed.size, 0)

    async def verify_first(self, waypoint: Frontier | None = None) -> None:
        """Holds the store against what was signed, to be called before anything is served.

        `waypoint` is what a check of the whole log found at the size of the state's (`StateFile.load`); without it, or
        when it differs, the log is read here up to that size. Raises `LedgerCorrupt`: the log was rolled back, is
        another one, or has entries while there is no state; `LedgerUnavailable`.
        """
        try:
            await self._begin()
            signed = self._signed
            if signed is None:
                return
            size, _ = await self._source.head()
            if size < signed.size:
                raise _rolled_back(signed.size, size)
            if waypoint != signed.frontier:
                await self._follow(signed.size)
        except LedgerCorrupt as error:
            self._alarm = LedgerCorrupt(f"the signer stops: {error.sentence}")
            raise self._alarm from error

    async def unsafe_reset(self) -> Checkpoint:
        """Signs for the log as it lies there, whatever was signed before; the old state is kept beside the new one.

        Every entry is checked, but nobody can tell any more whether entries are missing at the end, or are others than
        those that were signed. For an operator whose state is lost or whose store came from a backup, with the gateway
        stopped and on a signer that did nothing yet; whoever calls it records it. Raises `LedgerCorrupt` when the log
        itself doesn't verify, `LedgerUnavailable`.
        """
        size, root = await self._source.head()
        self._begun = True
        await self._follow(size)
        self._compare(size, root)
        self._chains.finish()
        await asyncio.to_thread(self._file.set_aside)
        await self._sign()
        return Checkpoint(self._key.name, size, root)

    async def run(self, stop: asyncio.Event) -> None:
        """Signs until `stop` is set; raises `LedgerCorrupt` when what is stored isn't what was signed.

        A store that can't be read or written for a while is waited for.
        """
        loop = asyncio.get_running_loop()
        heartbeat = loop.time()
        while not stop.is_set():
            try:
                if await self.step(again=loop.time() >= heartbeat):
                    heartbeat = loop.time() + HEARTBEAT_SECONDS
            except LedgerUnavailable as error:
                _log.warning("signer_waits", because=error.sentence)
            try:
                await asyncio.wait_for(stop.wait(), POLL_SECONDS)
            except TimeoutError:
                continue

    async def step(self, *, again: bool = False) -> Checkpoint | None:
        """Signs a checkpoint if there are new entries, or publishes the last one `again`; what it published.

        Raises `LedgerCorrupt` (for good) and `LedgerUnavailable` (try again).
        """
        if self._alarm is not None:
            raise self._alarm
        try:
            await self._begin()
            size, root = await self._source.head()
            await self._follow(size)
            self._compare(size, root)
            if self._signed is None or self._signed.size < size:
                await self._sign()
            elif not again:
                return None
            return await self._publish()
        except LedgerUnavailable:
            raise
        except InterlockError as error:
            self._alarm = LedgerCorrupt(f"the signer stops: {error.sentence}")
            raise self._alarm from error

    async def _begin(self) -> None:
        """Takes up what was signed before; only an empty log may be without."""
        if self._begun:
            return
        signed = await asyncio.to_thread(self._file.load)
        if signed is not None:
            self._check_own(signed)
        else:
            size, _ = await self._source.head()
            if size or await self._source.checkpoint() is not None:
                raise LedgerCorrupt(
                    f"the log has {size} entries, but the signer's own state is gone: restore its file from a copy,"
                    " or run `interlock ledger unsafe-reset-signer` if the log is known to be whole"
                )
        self._signed, self._begun = signed, True

    def _check_own(self, state: SignerState) -> None:
        try:
            key = VerifyingKey(self._key.name, self._key.public)
            signed = checkpoints.verify(state.note.encode(), key)
        except MalformedInput as malformed:
            raise LedgerCorrupt(f"the signer's own state isn't signed by its key: {malformed.sentence}") from None
        if (signed.size, signed.root) != (state.size, state.root):
            raise LedgerCorrupt("the signer's own state contradicts itself")

    async def _follow(self, size: int) -> None:
        while self._frontier.size < size:
            first = self._frontier.size
            bodies = await self._source.entries(first, min(CHUNK, size - first))
            if not bodies:
                raise LedgerCorrupt(f"entry {first} is missing from a log that claims {size}")
            await asyncio.to_thread(self._check, first, bodies)

    def _check(self, first: int, bodies: Sequence[bytes]) -> None:
        for offset, body in enumerate(bodies):
            if not isinstance(body, bytes):  # SQLite keeps text in a column of bytes
                raise LedgerCorrupt(f"entry {first + offset}: it isn't bytes")
            try:
                entry = parse_entry(body)
            except MalformedInput as malformed:
                raise LedgerCorrupt(f"entry {first + offset}: {malformed.sentence}") from None
            self._chains.follow(first + offset, entry)
        leaves = [leaf_hash(body) for body in bodies]
        if self._signed is not None and first < self._signed.size <= first + len(leaves):
            self._check_signed(self._frontier.extend(leaves[: self._signed.size - first]), self._signed)
        self._frontier = self._frontier.extend(leaves)

    def _check_signed(self, frontier: Frontier, signed: SignerState) -> None:
        if frontier != signed.frontier:
            raise LedgerCorrupt(f"the first {signed.size} entries aren't those that were signed")

    def _compare(self, size: int, root: bytes) -> None:
        remembered = max(self._frontier.size, 0 if self._signed is None else self._signed.size)
        if size < remembered:
            raise _rolled_back(remembered, size)
        if root != self._frontier.root():
            raise LedgerCorrupt(f"the log's head claims another root than its {size} entries have")

    async def _sign(self) -> None:
        self._chains.finish()
        checkpoint = Checkpoint(self._key.name, self._frontier.size, self._frontier.root())
        note = checkpoints.sign(checkpoint, self._key).decode()
        state = SignerState(self._frontier, note)
        await asyncio.to_thread(self._file.save, state)  # on disk before anyone else can know of it
        self._signed = state

    async def _publish(self) -> Checkpoint:
        assert self._signed is not None
        await self._source.put_checkpoint(self._signed.size, self._signed.root, self._signed.note)
        return Checkpoint(self._key.name, self._signed.size, self._signed.root)


def _rolled_back(had: int, has: int) -> LedgerCorrupt:
    return LedgerCorrupt(f"the log was rolled back: it had {had} entries and now has {has}")
