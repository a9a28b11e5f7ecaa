"""The check before a store is used finds whatever was changed behind our back."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.stores.a_store import LOG_SIGNER, ORIGIN, denial, denied, opened, started, untriggered, write_raw

from interlock.errors import InterlockError, LedgerCorrupt
from interlock.ledger import checkpoint as checkpoints
from interlock.ledger.checkpoint import Checkpoint
from interlock.model.change import Unit

ENTRIES = 600


async def _made(path: Path) -> None:
    """A store with a signed checkpoint at two sizes, entries in both classes and full tiles."""
    async with opened(path) as bench:
        for count in (ENTRIES // 2, ENTRIES // 2):
            await bench.store.commit(started())
            await bench.store.commit(Unit(tuple(denial() for _ in range(count))))
            size, root = await bench.store.head()
            note = checkpoints.sign(Checkpoint(ORIGIN, size, root), LOG_SIGNER).decode()
            await bench.store.put_checkpoint(size, root, note)
        await bench.store.commit(denied())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that is in order; tests copy it."""
    path = tmp_path_factory.mktemp("made") / "s.db"
    asyncio.run(_made(path))
    return path


async def _open(path: Path) -> None:
    async with opened(path):
        pass


def _tampered(made: Path, tmp_path: Path, *statements: str) -> Path:
    path = tmp_path / "s.db"
    shutil.copy(made, path)
    write_raw(path, *statements)
    return path


_SWAPPED = [
    "UPDATE il_entry SET idx = -1 WHERE idx = 7",
    "UPDATE il_entry SET idx = 7 WHERE idx = 8",
    "UPDATE il_entry SET idx = 8 WHERE idx = -1",
]


async def test_a_store_in_order_opens(made: Path, tmp_path: Path) -> None:
    await _open(_tampered(made, tmp_path))


@pytest.mark.parametrize(
    ("statements", "names"),
    [
        (["UPDATE il_entry SET body = replace(body, 'DROP', 'KEEP') WHERE idx = 7"], "entry 7"),
        (["UPDATE il_entry SET leaf = zeroblob(32) WHERE idx = 7"], "entry 7"),
        (["UPDATE il_entry SET id = '019aa6b4-0000-7000-8000-000000000000' WHERE idx = 7"], "entry 7"),
        (["UPDATE il_entry SET body = CAST(body AS TEXT) WHERE idx = 7"], "entry 7"),
        (["UPDATE il_entry SET idx = 'x' WHERE idx = 7"], "entry 7"),
        (["DELETE FROM il_entry WHERE idx = 7"], "entry 7"),
        (["DELETE FROM il_entry WHERE idx >= 7"], "step 8"),
        (["DELETE FROM il_entry WHERE idx >= 302"], "checkpoint"),
        (["DELETE FROM il_entry WHERE idx = (SELECT max(idx) FROM il_entry)"], "step 8"),
        (_SWAPPED, "entry 7"),
        (["INSERT INTO il_entry SELECT 1, 9999, 'new', leaf, body FROM il_entry WHERE idx = 1"], "is missing"),
        (["INSERT INTO il_entry SELECT 2, idx, id, leaf, body FROM il_entry WHERE idx = 1"], "il_entry"),
        (["UPDATE il_head SET size = size - 1"], "head"),
        (["UPDATE il_head SET frontier = zeroblob(length(frontier))"], "head"),
        (["UPDATE il_head SET frontier = 'text'"], "head"),
        (["DELETE FROM il_head"], "head"),
        (["UPDATE il_tile SET data = zeroblob(8192) WHERE n = 1"], "tile/0/001"),
        (["DELETE FROM il_tile WHERE n = 1"], "tile/0/001"),
        (["INSERT INTO il_tile VALUES (1, 3, 0, zeroblob(8192))"], "tiles"),
        (["UPDATE il_checkpoint SET root = zeroblob(32)"], "checkpoint"),
        (["UPDATE il_checkpoint SET note = CAST(note AS BLOB)"], "checkpoint"),
        (["UPDATE il_checkpoint SET size = size + 1"], "checkpoint"),
        (["UPDATE il_checkpoint SET size = 99999 WHERE size > 400"], "99999"),
    ],
)  # fmt: skip
async def test_what_was_edited_is_found(made: Path, tmp_path: Path, statements: Sequence[str], names: str) -> None:
    path = _tampered(made, tmp_path, *statements)
    with pytest.raises(LedgerCorrupt, match=names):
        await _open(path)


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("il_entry", "body"),
        ("il_entry", "leaf"),
        ("il_head", "frontier"),
        ("il_tile", "data"),
        ("il_checkpoint", "root"),
        ("il_checkpoint", "note"),
    ],
)
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_bit_flipped_is_found(made: Path, tmp_path: Path, table: str, column: str, data: st.DataObject) -> None:
    path = _tampered(made, tmp_path)
    with untriggered(path) as connection:
        rows = connection.execute(f"SELECT rowid, CAST({column} AS BLOB) FROM {table}").fetchall()
        rowid, value = data.draw(st.sampled_from(rows))
        at = data.draw(st.integers(0, len(value) * 8 - 1))
        flipped = bytearray(value)
        flipped[at // 8] ^= 1 << at % 8
        as_text = f"CAST(? AS {'TEXT' if column == 'note' else 'BLOB'})"
        connection.execute(f"UPDATE {table} SET {column} = {as_text} WHERE rowid = ?", (bytes(flipped), rowid))
    with pytest.raises(LedgerCorrupt):
        asyncio.run(_open(path))


async def test_a_rewritten_log_fails_on_its_checkpoint_or_signatures(made: Path, tmp_path: Path) -> None:
    """Leaf and body changed to match: hashes agree, and the chain is still broken."""
    path = _tampered(made, tmp_path)
    with untriggered(path) as connection:
        connection.create_function("leaf", 1, lambda body: __import__("hashlib").sha256(b"\0" + body).digest())
        connection.execute("UPDATE il_entry SET body = CAST(replace(body, 'DROP', 'KEEP') AS BLOB) WHERE idx = 7")
        connection.execute("UPDATE il_entry SET leaf = leaf(body) WHERE idx = 7")
    with pytest.raises(LedgerCorrupt, match="step"):
        await _open(path)


async def test_a_file_that_is_no_database_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(b"not a database, but long enough to be looked at " * 100)
    with pytest.raises(LedgerCorrupt):
        await _open(path)


async def test_a_store_of_a_later_release_is_left_alone(made: Path, tmp_path: Path) -> None:
    path = _tampered(made, tmp_path, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(InterlockError) as caught:
        await _open(path)
    assert caught.value.code == "store_newer"


async def test_after_a_refusal_the_store_can_be_opened_by_another(made: Path, tmp_path: Path) -> None:
    path = _tampered(made, tmp_path, "UPDATE il_head SET size = size - 1")
    with pytest.raises(LedgerCorrupt):
        await _open(path)
    write_raw(path, "UPDATE il_head SET size = size + 1")
    await _open(path)


async def test_a_store_without_its_tables_is_called_so(made: Path, tmp_path: Path) -> None:
    path = _tampered(made, tmp_path, "DROP TABLE il_tile")
    with pytest.raises(LedgerCorrupt):
        await _open(path)
