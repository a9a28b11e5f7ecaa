"""The vault: one random surrogate a value, for good, and nothing in the file that tells the value."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest
from tests.stores.a_store import ENTROPY, HandClock, denied, opened

from interlock.errors import LedgerCorrupt, LedgerUnavailable
from interlock.masking.rules.surrogate import SURROGATE_BYTES as WANTED_BYTES
from interlock.model.label import Label
from interlock.model.secret import Secret
from interlock.ports import SurrogateVault
from interlock.stores.connections import open_writer
from interlock.stores.migrate import migrate_sqlite
from interlock.stores.seals import AesGcmSealer
from interlock.stores.vault import AT_ONCE, QUEUED, SURROGATE_BYTES, Vault

NAME, MRN = Label("phi.name"), Label("phi.mrn")
CANARY = b"Canary Wharf-Smith"


@asynccontextmanager
async def vault(
    path: Path, key: bytes = b"V" * 32, connect: Callable[[Path], sqlite3.Connection] = open_writer
) -> AsyncIterator[Vault]:
    migrate_sqlite(path)
    made = Vault(
        path,
        key=Secret(key),
        sealer=AesGcmSealer(Secret(b"S" * 32), ENTROPY),
        entropy=ENTROPY,
        clock=HandClock(),
        connect=connect,
    )
    try:
        yield made
    finally:
        await made.close()


async def one(
    held: SurrogateVault, value: bytes, label: Label = NAME, namespace: str = "clinic", keep: bool = True
) -> bytes:
    (surrogate,) = await held.surrogates(namespace, [(label, value)], reversible=keep)
    return surrogate


def rows(path: Path) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT * FROM il_surrogate").fetchall()


def written(directory: Path) -> bytes:
    return b"".join(file.read_bytes() for file in directory.iterdir())


async def test_equal_values_have_one_and_others_others(tmp_path: Path) -> None:
    async with vault(tmp_path / "s.db") as held:
        wanted = [(NAME, b"Dana"), (NAME, b"Remy"), (NAME, b"Dana"), (MRN, b"Dana"), (NAME, b"")]
        given = await held.surrogates("clinic", wanted, reversible=True)
        assert given[0] == given[2] and len(set(given)) == 4
        assert {len(each) for each in given} == {SURROGATE_BYTES} == {WANTED_BYTES}
        assert await one(held, b"Dana", namespace="shop") not in given
        assert await held.surrogates("clinic", wanted, reversible=False) == given
        assert await held.surrogates("clinic", [], reversible=False) == []


async def test_they_outlive_the_process(tmp_path: Path) -> None:
    async with vault(tmp_path / "s.db") as held:
        first = await one(held, b"Dana")
    async with vault(tmp_path / "s.db") as held:
        assert await one(held, b"Dana") == first


async def test_they_are_made_of_nothing_but_chance(tmp_path: Path) -> None:
    given = []
    for name in ("a", "b"):
        async with vault(tmp_path / f"{name}.db") as held:
            given.append(await one(held, b"Dana"))
    assert given[0] != given[1]  # the same key, namespace, label and value


async def test_they_open_where_values_are_kept(tmp_path: Path) -> None:
    async with vault(tmp_path / "s.db") as held:
        kept, not_kept = await one(held, CANARY), await one(held, b"Remy", keep=False)
        asked = [(NAME, kept), (NAME, not_kept), (MRN, kept), (NAME, b"\0" * 20), (NAME, b"")]
        opened_values = await held.values("clinic", asked)
        assert [None if v is None else v.reveal() for v in opened_values] == [CANARY, None, None, None, None]
        assert await held.values("shop", [(NAME, kept)]) == [None]
        assert "Canary" not in repr(opened_values) and "VVVV" not in repr(vars(held))


async def test_the_file_holds_no_value_and_nothing_to_try_values_against(tmp_path: Path) -> None:
    async with vault(tmp_path / "s.db") as held:
        await one(held, CANARY)
    async with vault(tmp_path / "t.db", key=b"W" * 32) as held:
        await one(held, CANARY)
    (first,), (other,) = rows(tmp_path / "s.db"), rows(tmp_path / "t.db")
    assert first[2] != other[2]  # what it is found by is keyed
    content = written(tmp_path).lower()
    assert b"clinic" in content
    assert CANARY.lower() not in content and CANARY.hex().encode() not in content


async def test_two_writers_get_the_same_one(tmp_path: Path) -> None:
    async with vault(tmp_path / "s.db") as a, vault(tmp_path / "s.db") as b:
        wanted = [(MRN, str(n).encode()) for n in range(200)]
        rounds = [(a, wanted), (b, wanted[::-1]), (a, wanted[::2]), (b, wanted[1::2])]
        given = await asyncio.gather(*(held.surrogates("clinic", part, reversible=True) for held, part in rounds))
    found: dict[tuple[Label, bytes], bytes] = {}
    for (_, part), surrogates in zip(rounds, given, strict=True):
        for each, surrogate in zip(part, surrogates, strict=True):
            assert found.setdefault(each, surrogate) == surrogate
    assert len(set(found.values())) == 200 == len(rows(tmp_path / "s.db"))


async def test_who_comes_second_in_the_middle_of_a_round_gets_the_firsts(tmp_path: Path) -> None:
    """The other writer commits between this one's look and its own transaction."""
    path, planted = tmp_path / "s.db", list[bytes]()

    class Between(sqlite3.Connection):
        def execute(self, sql: str, parameters: Any = ()) -> sqlite3.Cursor:
            if sql == "BEGIN IMMEDIATE" and not planted:
                asyncio.run(plant())
            return super().execute(sql, parameters)

    async def plant() -> None:
        async with vault(path) as other:
            planted.append(await one(other, b"Dana"))

    def connect(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Between)

    async with vault(path, connect=connect) as held:
        assert [await one(held, b"Dana")] == planted
    assert len(rows(path)) == 1


async def test_more_than_one_round_takes(tmp_path: Path) -> None:
    async with vault(tmp_path / "s.db") as held:
        wanted = [(MRN, str(n).encode()) for n in range(2 * AT_ONCE + 7)]
        given = await held.surrogates("clinic", wanted, reversible=True)
        assert len(set(given)) == len(wanted)
        back = await held.values("clinic", [(MRN, surrogate) for surrogate in given])
        assert [value.reveal() for value in back if value is not None] == [value for _, value in wanted]


async def test_beside_the_ledgers_own_writer(tmp_path: Path) -> None:
    async with opened(tmp_path / "s.db") as bench:
        held = Vault(
            bench.path,
            key=Secret(b"V" * 32),
            sealer=AesGcmSealer(Secret(b"S" * 32), ENTROPY),
            entropy=ENTROPY,
            clock=bench.clock,
        )
        for n in range(20):
            receipt, _ = await asyncio.gather(bench.store.commit(denied()), one(held, str(n).encode()))
            assert receipt.entries
        await held.close()
    async with opened(tmp_path / "s.db"):  # verified anew
        assert len(rows(tmp_path / "s.db")) == 20


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE il_surrogate SET sealed = (SELECT sealed FROM il_surrogate LIMIT 1)",
        "UPDATE il_surrogate SET sealed = zeroblob(60)",
        "UPDATE il_surrogate SET sealed = x'00'",
        "UPDATE il_surrogate SET sealed = 'text'",
        "UPDATE il_surrogate SET mark = randomblob(32)",
    ],
)
async def test_a_changed_row_is_never_taken_for_another_value(tmp_path: Path, change: str) -> None:
    async with vault(tmp_path / "s.db") as held:
        given = [await one(held, value) for value in (b"Dana", b"Remy")]
        with closing(sqlite3.connect(tmp_path / "s.db", isolation_level=None)) as raw:
            raw.execute(change)
        with pytest.raises(LedgerCorrupt) as caught:
            await held.values("clinic", [(NAME, each) for each in given])
        assert "Dana" not in str(caught.value) and "Remy" not in str(caught.value)


async def test_a_surrogate_that_isnt_bytes_is_refused(tmp_path: Path) -> None:
    async with vault(tmp_path / "s.db") as held:
        await one(held, b"Dana")
        with closing(sqlite3.connect(tmp_path / "s.db", isolation_level=None)) as raw:
            raw.execute("UPDATE il_surrogate SET surrogate = '12345678901234567890'")
        with pytest.raises(LedgerCorrupt):
            await one(held, b"Dana")


async def test_a_file_that_is_locked_or_gone_is_said_and_recovered_from(tmp_path: Path) -> None:
    def impatient(path: Path) -> sqlite3.Connection:
        return open_writer(path, busy_seconds=0.0)

    async with vault(tmp_path / "s.db", connect=impatient) as held:
        first = await one(held, b"Dana")
        with closing(sqlite3.connect(tmp_path / "s.db", isolation_level=None)) as raw:
            raw.execute("BEGIN IMMEDIATE")
            with pytest.raises(LedgerUnavailable) as caught:
                await one(held, CANARY)
            assert "Canary" not in str(caught.value)
        assert await one(held, b"Dana") == first
        assert await one(held, CANARY) != first


async def test_what_waits_has_a_bound_and_a_closed_vault_says_so(tmp_path: Path) -> None:
    async with vault(tmp_path / "s.db") as held:
        asked = (one(held, str(n).encode()) for n in range(QUEUED + 3))
        answers = await asyncio.gather(*asked, return_exceptions=True)
        refused = [answer for answer in answers if isinstance(answer, LedgerUnavailable)]
        assert len(refused) == 3
    with pytest.raises(LedgerUnavailable, match="closed"):
        await one(held, b"Dana")
