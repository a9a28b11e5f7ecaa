"""The signer signs what it has checked, remembers it, and refuses every other history."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.stores.a_store import LOG_SIGNER, ORIGIN, TRUST, denial, denied, loaded, opened, write_raw

from interlock.errors import LedgerCorrupt, LedgerUnavailable
from interlock.ledger import checkpoint as checkpoints
from interlock.ledger.merkle import Frontier, leaf_hash
from interlock.ledger.note import Ed25519Signer
from interlock.ledger.note import Signer as NoteSigner
from interlock.model.change import Unit
from interlock.model.secret import Secret
from interlock.stores.sqlite import SqliteStore
from interlock.workers.signer import LogSource, Signer
from interlock.workers.signer_state import SignerState, StateFile


def _signer(source: LogSource, path: Path, key: NoteSigner = LOG_SIGNER) -> Signer:
    return Signer(source, StateFile(path / "signer.json"), key=key, node_keys=TRUST.node_keys)


async def _grow(store: SqliteStore, count: int = 300) -> None:
    await store.commit(Unit(tuple(denial() for _ in range(count))))


@asynccontextmanager
async def _logged(tmp_path: Path) -> AsyncIterator[tuple[SqliteStore, Signer]]:
    async with opened(tmp_path / "s.db") as bench:
        await _signer(bench.store, tmp_path).begin_new_log()
        await _grow(bench.store)
        yield bench.store, _signer(bench.store, tmp_path)


async def test_it_signs_the_head_and_publishes_it(tmp_path: Path) -> None:
    async with _logged(tmp_path) as (store, signer):
        size, root = await store.head()
        published = await signer.step()
        note = await store.checkpoint()
        assert note is not None
        signed = checkpoints.verify(note.encode(), TRUST.log_key)
        assert published == signed
        assert (signed.origin, signed.size, signed.root) == (ORIGIN, size, root)
    async with opened(tmp_path / "s.db"):
        pass  # the start-up check holds the checkpoint


async def test_it_signs_again_only_when_there_is_more(tmp_path: Path) -> None:
    async with _logged(tmp_path) as (store, signer):
        await signer.step()
        assert await signer.step() is None
        again = await signer.step(again=True)
        assert again is not None
        await _grow(store, 700)
        more = await signer.step()
        assert more is not None
        assert more.size > again.size


async def test_it_goes_on_after_a_restart(tmp_path: Path) -> None:
    async with _logged(tmp_path) as (store, signer):
        first = await signer.step()
        assert first is not None
        assert await _signer(store, tmp_path).step() is None
        await _grow(store)
        second = await _signer(store, tmp_path).step()
        assert second is not None
        assert second.size > first.size


async def test_the_state_is_on_disk_before_the_checkpoint_is_out(tmp_path: Path) -> None:
    seen: list[object] = []

    class Watching(Relayed):
        async def put_checkpoint(self, size: int, root: bytes, note: str) -> None:
            seen.append(json.loads((tmp_path / "signer.json").read_bytes())["note"] == note)
            raise LedgerUnavailable("lost on the way")

    async with _logged(tmp_path) as (store, _):
        with pytest.raises(LedgerUnavailable):
            await _signer(Watching(store), tmp_path).step()
        assert await store.checkpoint() is None
        signer = _signer(store, tmp_path)
        assert await signer.step() is None  # nothing new
        assert await signer.step(again=True) is not None
        assert await store.checkpoint() == json.loads((tmp_path / "signer.json").read_bytes())["note"]
    assert seen == [True]


async def test_a_rolled_back_store_is_refused(tmp_path: Path) -> None:
    async with _logged(tmp_path):
        pass
    shutil.copy(tmp_path / "s.db", tmp_path / "backup.db")
    async with opened(tmp_path / "s.db") as bench:
        await _grow(bench.store)
        await _signer(bench.store, tmp_path).step()
    async with opened(tmp_path / "backup.db") as restored:
        with pytest.raises(LedgerCorrupt, match="rolled back"):
            await _signer(restored.store, tmp_path).step()


async def test_a_fork_is_refused(tmp_path: Path) -> None:
    """An old backup that has grown past what was signed, with entries of its own that verify."""
    async with _logged(tmp_path):
        pass
    shutil.copy(tmp_path / "s.db", tmp_path / "backup.db")
    async with opened(tmp_path / "s.db") as bench:
        await _grow(bench.store)
        await _signer(bench.store, tmp_path).step()
    async with opened(tmp_path / "backup.db") as restored:
        await _grow(restored.store, 900)
        signer = _signer(restored.store, tmp_path)
        with pytest.raises(LedgerCorrupt, match="aren't those that were signed"):
            await signer.step()
        with pytest.raises(LedgerCorrupt):
            await signer.step()
        assert await restored.store.checkpoint() is None


async def test_a_running_signer_refuses_a_rollback_and_a_fork(tmp_path: Path) -> None:
    async with _logged(tmp_path) as (store, _):
        liar = Lying(store)
        signer = _signer(liar, tmp_path)
        await signer.step()
        liar.size = 100
        with pytest.raises(LedgerCorrupt, match="rolled back"):
            await signer.step()
        await _grow(store)
        liar = Lying(store)
        liar.root = bytes(32)
        with pytest.raises(LedgerCorrupt, match="root"):
            await _signer(liar, tmp_path).step()


async def test_a_head_without_its_entries_is_refused(tmp_path: Path) -> None:
    async with _logged(tmp_path) as (store, _):
        liar = Lying(store)
        liar.size = 5000
        with pytest.raises(LedgerCorrupt, match="missing"):
            await _signer(liar, tmp_path).step()


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.replace(b"DROP", b"KEEP"),
        lambda body: body[:-1],
        lambda body: b"{}\n",
        lambda body: body.decode(),
        lambda body: body.replace(b'"nseq":7', b'"nseq":8'),
    ],
    ids=["text", "cut", "other", "not bytes", "number"],
)
async def test_a_changed_entry_is_never_signed_for(tmp_path: Path, change: object) -> None:
    """Even if the head is made to match: the chain doesn't."""
    async with _logged(tmp_path) as (store, _):
        forged = Forging(store, 7, change)
        with pytest.raises(LedgerCorrupt):
            await _signer(forged, tmp_path).step()
        assert await store.checkpoint() is None
        state = StateFile(tmp_path / "signer.json").load()
        assert state is not None
        assert state.size == 0


async def test_a_log_signed_before_is_not_signed_without_its_state(tmp_path: Path) -> None:
    async with _logged(tmp_path) as (store, signer):
        await signer.step()
        (tmp_path / "signer.json").unlink()
        with pytest.raises(LedgerCorrupt, match="state"):
            await _signer(store, tmp_path).step()


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"size": 1}', b"\xff"])
async def test_a_state_file_it_did_not_write_is_refused(tmp_path: Path, content: bytes) -> None:
    async with _logged(tmp_path) as (_, signer):
        (tmp_path / "signer.json").write_bytes(content)
        with pytest.raises(LedgerCorrupt, match="state"):
            await signer.step()


async def test_a_state_that_another_key_signed_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        store = bench.store
        await _signer(store, tmp_path, Ed25519Signer(ORIGIN, Secret(b"X" * 32))).step()
        with pytest.raises(LedgerCorrupt, match="key"):
            await _signer(store, tmp_path).step()


async def test_a_state_whose_parts_disagree_is_refused(tmp_path: Path) -> None:
    async with _logged(tmp_path) as (store, signer):
        await signer.step()
        state = StateFile(tmp_path / "signer.json").load()
        assert state is not None
        StateFile(tmp_path / "signer.json").save(SignerState(Frontier(1, (bytes(32),)), state.note))
        with pytest.raises(LedgerCorrupt, match="contradicts"):
            await _signer(store, tmp_path).step()


async def test_another_checkpoint_of_the_same_size_raises_the_alarm(tmp_path: Path) -> None:
    async with _logged(tmp_path) as (_, signer):
        await signer.step()
        write_raw(tmp_path / "s.db", "UPDATE il_checkpoint SET root = zeroblob(32)")
        with pytest.raises(LedgerCorrupt):
            await signer.step(again=True)


async def test_it_runs_until_it_is_stopped(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        stop, signer = asyncio.Event(), _signer(bench.store, tmp_path)
        await signer.begin_new_log()
        running = asyncio.ensure_future(signer.run(stop))
        for count in (1, 2, 3):
            await _grow(bench.store, count)
            size, _ = await bench.store.head()
            await asyncio.wait_for(_until_signed(bench.store, size), 30)
        stop.set()
        await asyncio.wait_for(running, 30)


async def test_it_waits_for_a_store_that_cannot_be_read(tmp_path: Path) -> None:
    async with _logged(tmp_path) as (store, _):
        flaky, stop = Flaky(store), asyncio.Event()
        running = asyncio.ensure_future(_signer(flaky, tmp_path).run(stop))
        size, _root = await store.head()
        await asyncio.wait_for(_until_signed(store, size), 30)
        stop.set()
        await running
    assert flaky.failures == 0


async def test_an_alarm_ends_the_run(tmp_path: Path) -> None:
    async with _logged(tmp_path) as (store, _):
        await store.commit(loaded("a" * 64))
        liar = Lying(store)
        liar.root = bytes(32)
        with pytest.raises(LedgerCorrupt, match="the signer stops"):
            await asyncio.wait_for(_signer(liar, tmp_path).run(asyncio.Event()), 30)


async def test_the_empty_log_is_signed_too(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        published = await _signer(bench.store, tmp_path).step()
        assert published is not None
        assert published.size == 0
        await bench.store.commit(denied())
        assert await _signer(bench.store, tmp_path).step() is not None


def test_the_state_is_for_its_owner_only(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "in" / "signer.json")
    assert file.load() is None
    state = SignerState(Frontier().append(leaf_hash(b"x")), "note")
    file.save(state)
    assert file.load() == state
    assert (tmp_path / "in" / "signer.json").stat().st_mode & 0o777 == 0o600
    assert [p.name for p in (tmp_path / "in").iterdir()] == ["signer.json"]


def test_a_state_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "signer.json")
    state = SignerState(Frontier(), "old")
    file.save(state)
    (tmp_path / "signer.json.new").mkdir()
    with pytest.raises(LedgerUnavailable):
        file.save(SignerState(Frontier(), "new"))
    assert file.load() == state


# -- before anything is served -----------------------------------------------------------------------------------------


async def test_a_new_log_is_signed_before_its_first_entry(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        for _ in range(2):  # a start that broke off in between
            await _signer(bench.store, tmp_path).begin_new_log()
        state = StateFile(tmp_path / "signer.json").load()
        assert state is not None
        assert state.size == 0
        await _grow(bench.store)
        await _signer(bench.store, tmp_path).verify_first()
        with pytest.raises(LedgerCorrupt, match="isn't a new one"):
            await _signer(bench.store, tmp_path).begin_new_log()


async def test_an_empty_log_that_had_entries_is_not_a_new_one(tmp_path: Path) -> None:
    async with _logged(tmp_path) as (_, signer):
        await signer.step()
    async with opened(tmp_path / "other.db") as bench:
        with pytest.raises(LedgerCorrupt, match="rolled back"):
            await _signer(bench.store, tmp_path).begin_new_log()
        with pytest.raises(LedgerCorrupt, match="rolled back"):
            await _signer(bench.store, tmp_path).verify_first()


async def test_entries_without_a_state_are_refused_signed_or_not(tmp_path: Path) -> None:
    async with _logged(tmp_path) as (store, _):
        (tmp_path / "signer.json").unlink()
        signer = _signer(store, tmp_path)
        for call in (signer.verify_first, signer.step):
            with pytest.raises(LedgerCorrupt, match="state is gone"):
                await call()
        assert not (tmp_path / "signer.json").exists()


async def test_a_checkpoint_of_nothing_without_a_state_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        await _signer(bench.store, tmp_path).step()
        (tmp_path / "signer.json").unlink()
        with pytest.raises(LedgerCorrupt, match="state is gone"):
            await _signer(bench.store, tmp_path).begin_new_log()


async def _state_and_backup(tmp_path: Path) -> Frontier:
    """A store, a backup of it from before it was signed, and what was signed."""
    async with _logged(tmp_path):
        pass
    shutil.copy(tmp_path / "s.db", tmp_path / "backup.db")
    async with opened(tmp_path / "s.db") as bench:
        await _grow(bench.store)
        await _signer(bench.store, tmp_path).step()
    state = StateFile(tmp_path / "signer.json").load()
    assert state is not None
    return state.frontier


async def test_the_start_up_check_passes_what_was_signed(tmp_path: Path) -> None:
    signed = await _state_and_backup(tmp_path)
    async with opened(tmp_path / "s.db") as bench:
        await _grow(bench.store)
    async with opened(tmp_path / "s.db", waypoint=signed.size) as bench:
        assert bench.store.waypoint == signed
        unread = Unread(bench.store)
        await _signer(unread, tmp_path).verify_first(bench.store.waypoint)
        with pytest.raises(LedgerUnavailable):
            await _signer(unread, tmp_path).verify_first()
        await _signer(bench.store, tmp_path).verify_first()


@pytest.mark.parametrize("ahead", [True, False])
async def test_a_rolled_back_store_is_refused_before_anything_is_served(tmp_path: Path, ahead: bool) -> None:
    """A backup, as it was or grown past what was signed: neither is what was signed."""
    signed = await _state_and_backup(tmp_path)
    async with opened(tmp_path / "backup.db") as bench:
        if ahead:
            await _grow(bench.store, 900)
    async with opened(tmp_path / "backup.db", waypoint=signed.size) as bench:
        assert bench.store.waypoint != signed
        for waypoint in (bench.store.waypoint, None):
            signer = _signer(bench.store, tmp_path)
            with pytest.raises(LedgerCorrupt, match="aren't those" if ahead else "rolled back"):
                await signer.verify_first(waypoint)
            with pytest.raises(LedgerCorrupt, match="the signer stops"):
                await signer.step()


async def test_the_operators_way_out_signs_anew_and_keeps_the_old_state(tmp_path: Path) -> None:
    signed = await _state_and_backup(tmp_path)
    async with opened(tmp_path / "backup.db") as bench:
        size, root = await bench.store.head()
        checkpoint = await _signer(bench.store, tmp_path).unsafe_reset()
        assert (checkpoint.size, checkpoint.root) == (size, root)
        await _signer(bench.store, tmp_path).verify_first()
        await _grow(bench.store)
        assert await _signer(bench.store, tmp_path).step() is not None
        await _signer(bench.store, tmp_path).unsafe_reset()
    old = StateFile(tmp_path / "signer.json.replaced-1").load()
    assert old is not None
    assert old.frontier == signed
    assert (tmp_path / "signer.json.replaced-2").exists()


async def test_the_way_out_needs_no_state_but_a_log_that_verifies(tmp_path: Path) -> None:
    async with _logged(tmp_path) as (store, _):
        (tmp_path / "signer.json").unlink()
        with pytest.raises(LedgerCorrupt):
            await _signer(Forging(store, 7, lambda body: body[:-1]), tmp_path).unsafe_reset()
        assert not (tmp_path / "signer.json").exists()
        await _signer(store, tmp_path).unsafe_reset()
        await _signer(store, tmp_path).verify_first()


class Relayed:
    """A source that hands on to a store."""

    def __init__(self, store: SqliteStore) -> None:
        self.store = store

    async def head(self) -> tuple[int, bytes]:
        return await self.store.head()

    async def entries(self, first: int, limit: int) -> Sequence[bytes]:
        return await self.store.entries(first, limit)

    async def checkpoint(self) -> str | None:
        return await self.store.checkpoint()

    async def put_checkpoint(self, size: int, root: bytes, note: str) -> None:
        await self.store.put_checkpoint(size, root, note)


class Lying(Relayed):
    """Claims another head than it has."""

    size: int | None = None
    root: bytes | None = None

    async def head(self) -> tuple[int, bytes]:
        size, root = await self.store.head()
        return (size if self.size is None else self.size), (root if self.root is None else self.root)


class Forging(Relayed):
    """Changes one entry, and its head to match."""

    def __init__(self, store: SqliteStore, index: int, change: object) -> None:
        super().__init__(store)
        assert callable(change)
        self._index, self._change = index, change

    async def entries(self, first: int, limit: int) -> Sequence[bytes]:
        bodies = list(await self.store.entries(first, limit))
        if first <= self._index < first + len(bodies):
            bodies[self._index - first] = self._change(bodies[self._index - first])
        return bodies

    async def head(self) -> tuple[int, bytes]:
        size, _ = await self.store.head()
        bodies = await self.entries(0, size)
        return size, Frontier().extend(
            leaf_hash(bytes(body, "ascii") if isinstance(body, str) else body) for body in bodies
        ).root()


class Unread(Relayed):
    """Hands out no entry."""

    async def entries(self, first: int, limit: int) -> Sequence[bytes]:
        raise LedgerUnavailable("not now")


class Flaky(Relayed):
    """Fails at first."""

    failures = 2

    async def entries(self, first: int, limit: int) -> Sequence[bytes]:
        if self.failures:
            self.failures -= 1
            raise LedgerUnavailable("not now")
        return await self.store.entries(first, limit)


async def _until_signed(store: SqliteStore, size: int) -> None:
    """Returns once a checkpoint covers `size`."""
    while True:
        note = await store.checkpoint()
        if note is not None and checkpoints.verify(note.encode(), TRUST.log_key).size >= size:
            return
        await asyncio.sleep(0.01)
