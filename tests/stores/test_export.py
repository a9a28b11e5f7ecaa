"""The exported log verifies by the public verifier, and a changed one doesn't."""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.stores.a_store import LOG_SIGNER, ORIGIN, TRUST, Bench, denial, denied, opened, started, write_raw

from interlock.errors import InterlockError, LedgerCorrupt, LedgerUnavailable
from interlock.ledger import checkpoint as checkpoints
from interlock.ledger.checkpoint import Checkpoint
from interlock.ledger.verify import KeysFrom, verify
from interlock.model.change import Unit
from interlock.stores.export import Exported, export_log


class Directory:
    """A log's files on disk, as `verify` reads them."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def read(self, path: str) -> bytes | None:
        """The file, or None."""
        place = self._root / path
        return place.read_bytes() if place.is_file() else None


def _verified(directory: Path, earlier: bytes | None = None) -> int:
    verdict = verify(Directory(directory), TRUST.log_key, earlier=earlier, node_keys=TRUST.node_keys)
    assert verdict.keys_from is KeysFrom.GIVEN
    return verdict.size


async def _sign(bench: Bench) -> int:
    size, root = await bench.store.head()
    note = checkpoints.sign(Checkpoint(ORIGIN, size, root), LOG_SIGNER).decode()
    await bench.store.put_checkpoint(size, root, note)
    return size


async def _grow(bench: Bench, count: int) -> int:
    """`count` plain entries and their seal, signed for."""
    await bench.store.commit(Unit(tuple(denial() for _ in range(count))))
    return await _sign(bench)


@contextmanager
def _files(directory: Path) -> Iterator[dict[str, bytes]]:
    yield {str(p.relative_to(directory)): p.read_bytes() for p in directory.rglob("*") if p.is_file()}


async def test_an_export_verifies_and_grows_beside_a_running_store(tmp_path: Path) -> None:
    out, earlier = tmp_path / "out", list[bytes]()
    async with opened(tmp_path / "s.db") as bench:
        for count in (1, 1, 250, 2, 1, 600, 1):
            size = await _grow(bench, count)
            await bench.store.commit(denied())  # not signed for: not exported
            assert (await asyncio.to_thread(export_log, bench.path, out)).size == size
            assert _verified(out) == size
            for checkpoint in earlier:
                _verified(out, checkpoint)
            earlier.append((out / "checkpoint").read_bytes())
    for checkpoint in earlier:
        size = checkpoints.verify(checkpoint, TRUST.log_key).size
        assert (out / "checkpoints" / str(size)).read_bytes() == checkpoint


async def test_every_signed_size_can_be_read_at_that_size(tmp_path: Path) -> None:
    """tlog-tiles: a log serves the partial tiles of every size it signed, until the full ones are there."""
    out = tmp_path / "out"
    async with opened(tmp_path / "s.db") as bench:
        sizes = [await _grow(bench, count) for count in (3, 4, 300, 5, 700, 6)]
        export_log(bench.path, out)
    for size in sizes:
        then = tmp_path / f"then{size}"
        shutil.copytree(out, then)
        shutil.copy(out / "checkpoints" / str(size), then / "checkpoint")
        assert _verified(then) == size


async def test_an_empty_log_exports(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        await _sign(bench)
        assert export_log(bench.path, tmp_path / "out") == Exported(0, 2, 0)
    assert _verified(tmp_path / "out") == 0


async def test_nothing_is_exported_before_it_is_signed(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(denied())
        with pytest.raises(InterlockError) as caught:
            export_log(bench.path, tmp_path / "out")
    assert caught.value.code == "no_checkpoint"
    assert not (tmp_path / "out").exists()
    with pytest.raises(LedgerUnavailable):
        export_log(tmp_path / "none.db", tmp_path / "out")


async def test_a_closed_store_exports_and_what_is_right_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    async with opened(tmp_path / "s.db") as bench:
        await _grow(bench, 700)
    first = export_log(bench.path, out)
    with _files(out) as files:
        assert (first.written, first.kept) == (len(files), 0)
        assert not any(name.endswith(".new") for name in files)
    assert export_log(bench.path, out) == Exported(first.size, 0, first.written)
    (out / "tile" / "0" / "001").write_bytes(b"damaged")
    assert export_log(bench.path, out) == Exported(first.size, 1, first.written - 1)
    assert _verified(out) == first.size


async def test_any_bit_flipped_in_an_export_is_found(tmp_path: Path) -> None:
    out, chance = tmp_path / "out", random.Random(3)
    async with opened(tmp_path / "s.db") as bench:
        await bench.store.commit(started())
        await _grow(bench, 300)
        export_log(bench.path, out)
    with _files(out) as files:
        for name, content in files.items():
            if name.startswith("checkpoints/"):
                continue
            for _ in range(4):
                at = chance.randrange(len(content) * 8)
                changed = bytearray(content)
                changed[at // 8] ^= 1 << at % 8
                (out / name).write_bytes(changed)
                with pytest.raises(LedgerCorrupt):
                    _verified(out)
            (out / name).write_bytes(content)
    _verified(out)


async def test_entries_that_do_not_lead_to_the_root_are_not_exported(tmp_path: Path) -> None:
    out = tmp_path / "out"
    async with opened(tmp_path / "s.db") as bench:
        await _grow(bench, 300)
    write_raw(bench.path, "UPDATE il_entry SET body = CAST(replace(body, 'DROP', 'KEEP') AS BLOB) WHERE idx = 7")
    with pytest.raises(LedgerCorrupt, match="root"):
        export_log(bench.path, out)
    assert not (out / "checkpoint").exists()


@pytest.mark.parametrize("statement", ["DELETE FROM il_entry WHERE idx = 7", "DELETE FROM il_entry WHERE idx > 7"])
async def test_missing_entries_are_not_exported(tmp_path: Path, statement: str) -> None:
    async with opened(tmp_path / "s.db") as bench:
        await _grow(bench, 300)
    write_raw(bench.path, statement)
    with pytest.raises(LedgerCorrupt):
        export_log(bench.path, tmp_path / "out")
    assert not (tmp_path / "out" / "checkpoint").exists()


async def test_another_history_is_not_written_over(tmp_path: Path) -> None:
    out = tmp_path / "out"
    async with opened(tmp_path / "one.db") as one:
        await _grow(one, 10)
        export_log(one.path, out)
    with _files(out) as before:
        async with opened(tmp_path / "two.db") as two:
            await _grow(two, 10)
            with pytest.raises(LedgerCorrupt, match="checkpoint"):
                export_log(two.path, out)
            await _grow(two, 10)
            with pytest.raises(LedgerCorrupt, match="checkpoint"):
                export_log(two.path, out)
        with _files(out) as after:
            assert after == before
    (out / "checkpoint").write_bytes(b"no checkpoint\n")
    with pytest.raises(LedgerCorrupt):
        export_log(one.path, out)


async def test_an_earlier_checkpoint_is_never_written_over(tmp_path: Path) -> None:
    out = tmp_path / "out"
    async with opened(tmp_path / "s.db") as bench:
        size = await _grow(bench, 10)
        export_log(bench.path, out)
        (out / "checkpoints" / str(size)).write_bytes(b"another\n")
        with pytest.raises(LedgerCorrupt, match="checkpoints"):
            export_log(bench.path, out)
