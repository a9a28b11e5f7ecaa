"""A connection's profile through a real gateway: labelled columns by its rules, and what is found in others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.a_gateway import Gateway, gateway
from tests.an_engine import looking
from tests.postgres_fixture import Database
from tests.stores.a_store import ENTROPY

from interlock.masking.profiles import PROFILES
from interlock.model.names import ConnectionName
from interlock.model.secret import Secret
from interlock.sensitivity.regime import Regime
from interlock.stores.clock import SystemClock
from interlock.stores.seals import AesGcmSealer
from interlock.stores.vault import Vault

CLINIC = ConnectionName("clinic")
CATALOG = "".join(
    f'[[column]]\nmatch = "public.people.{column}"\nlabels = ["{label}"]\n'
    for column, label in {
        "mrn": "phi.mrn",
        "born": "phi.date.birth",
        "zip": "phi.address.zip",
        "state": "quasi.state",
        "diagnosis": "phi.clinical.diagnosis",
        "token": "secret.token",
        "surname": "phi.name.family",
    }.items()
)
POLICY = '@id("all")\npermit (principal in Interlock::Group::"ai-agents", action, resource);\n'
COLUMNS = "id, mrn, born, zip, state, diagnosis, token, surname, note"


@asynccontextmanager
async def served(directory: Path, database: Database, profile: str, policy: str = POLICY) -> AsyncIterator[Gateway]:
    with database.admin() as connection:
        connection.execute(
            "CREATE TABLE people (id int, mrn text, born date, zip text, state text, diagnosis text, token text,"
            " surname text, note text)"
        )
        connection.execute(
            "INSERT INTO people SELECT n, 'MRN-' || n % 3, '1980-03-14', '94305', 'Texas', 'E11.9', 'tok-' || n,"
            " 'Moreno', 'Seen by Dr. Alice Moreno, MRN 0048291' || n % 3 || ', of Texas' FROM generate_series(1, 4) n"
        )
        connection.execute("GRANT ALL ON people TO PUBLIC")
    async with gateway(directory, database, CATALOG, policy=policy) as running:
        vault = Vault(
            directory / "interlock.db",
            key=Secret(b"V" * 32),
            sealer=AesGcmSealer(Secret(b"S" * 32), ENTROPY),
            entropy=ENTROPY,
            clock=SystemClock(),
        )
        running.definitions.masks = looking(Regime.PHI, profile, vault)
        running.door._gate = running.office.gate = replace(running.office.gate, profiles={CLINIC: PROFILES[profile]})
        try:
            yield running
        finally:
            await vault.close()


async def rows(gate: Gateway, text: str = f"SELECT {COLUMNS} FROM people ORDER BY id", **more: Any) -> list[Any]:
    async with await gate.connect() as connection:
        return await (await connection.execute(text, **more)).fetchall()


@pytest.mark.parametrize("binary", [False, True])
async def test_safe_harbor(tmp_path: Path, empty_database: Database, binary: bool) -> None:
    async with served(tmp_path, empty_database, "safe_harbor") as gate:
        found = await rows(gate, binary=binary)
        again = await rows(gate, binary=binary)
        bodies = await gate.bodies()
    assert found == again, "surrogates last"
    first, second, _, fourth = found
    assert first[2:7] == (date(1980, 1, 1), "943", "Texas", "E11.9", "[secret.token]")
    assert first[1].startswith("[phi.mrn:") and first[1] == fourth[1] != second[1]
    assert {row[7] for row in found} == {first[7]} and first[7].startswith("[phi.name.family:")
    note = first[8]
    assert "Alice" not in note and "00482911" not in note and note.endswith(", of Texas")
    assert "[phi.name:" in note and "[phi.mrn:" in note, "what is found gets surrogates, too"
    assert note == fourth[8]
    told = [json.loads(body.split(b"\n")[0]) for body in bodies]
    released = [e["d"] for e in told if e["type"] == "action.released" and "people" in str(e["d"])]
    assert released[0]["masks"] == [
        "phi.address.zip",
        "phi.date.birth",
        "phi.mrn",
        "phi.name.family",
        "secret.token",
    ], "the entry says what is masked, and what the profile keeps isn't"
    assert "clinic/public.people.state" not in released[0]["masked"]
    counted = next(e["d"]["counts"] for e in told if e["type"] == "mask.applied")
    assert "quasi.state" not in {each["label"] for each in counted}


async def test_more_chunks_than_one_and_copies(tmp_path: Path, empty_database: Database) -> None:
    async with served(tmp_path, empty_database, "safe_harbor") as gate:
        with empty_database.admin() as admin:
            admin.execute("INSERT INTO people (id, mrn) SELECT n, 'M' || n % 700 FROM generate_series(5, 6000) n")
        found = await rows(gate, "SELECT mrn FROM people WHERE id > 4 ORDER BY id")
        assert len({mrn for (mrn,) in found}) == 700 and found[0] == found[700]
        assert all(mrn.startswith("[phi.mrn:") for (mrn,) in found)
        for format in ("text", "csv", "binary"):
            text = (
                f"COPY (SELECT mrn FROM people WHERE id > 4 ORDER BY id LIMIT 3) TO STDOUT (FORMAT {format})".encode()
            )
            async with await gate.connect() as connection, connection.cursor().copy(text) as copy:
                out = b"".join([bytes(block) async for block in copy])
            assert out.count(b"[phi.mrn:") == 3 and found[0][0].encode() in out


async def test_a_vault_that_is_away_shows_constants(tmp_path: Path, empty_database: Database) -> None:
    async with served(tmp_path, empty_database, "safe_harbor") as gate:
        masks = gate.definitions.masks
        assert masks is not None and isinstance(masks.vault, Vault)
        await masks.vault.close()
        (first, *_) = await rows(gate)
    assert first[1] == "[phi.mrn]" and first[7] == "[phi.name.family]" and "Alice" not in first[8]


async def test_internal_gives_pseudonyms_that_open_inward_for_the_same_actor(
    tmp_path: Path, empty_database: Database
) -> None:
    async with served(tmp_path, empty_database, "internal") as gate:
        first, second, *_ = await rows(gate)
        assert first[2] == date(1980, 3, 14) and first[1].startswith("[phi.mrn:") and first[1] != second[1]
        async with await gate.connect() as connection:
            found = await connection.execute("SELECT id FROM people WHERE mrn = %s ORDER BY id", (first[1],))
            assert await found.fetchall() == [(1,), (4,)]
        async with await gate.connect(user="other") as connection:
            found = await connection.execute("SELECT id FROM people WHERE mrn = %s", (first[1],))
            assert await found.fetchall() == []


async def test_expressions_get_constants_and_what_is_kept_stays(tmp_path: Path, empty_database: Database) -> None:
    async with served(tmp_path, empty_database, "safe_harbor") as gate:
        text = "SELECT upper(mrn), upper(state), extract(year FROM born)::text FROM people WHERE id = 1"
        assert await rows(gate, text) == [("[phi.mrn]", "TEXAS", "[phi.date.birth]")]
        text = "SELECT state, state || mrn FROM people WHERE id = 1"
        assert await rows(gate, text) == [("[quasi.state]", "[masked.*]")], "a label is owed or it isn't"


async def test_a_card_says_what_comes_back_in_clear(tmp_path: Path, empty_database: Database) -> None:
    policy = POLICY + (
        '@id("signed") @review("officers:1") @because("Signed for.")\n'
        'forbid (principal, action in Interlock::Action::"export", resource);\n'
    )
    async with (
        served(tmp_path, empty_database, "safe_harbor", policy) as gate,
        await gate.connect() as connection,
        connection.cursor() as cursor,
    ):
        asking = asyncio.ensure_future(_copied(cursor, "COPY people (id, mrn, state) TO STDOUT"))
        (review,) = await gate.pending()
        shown: Any = (await gate.office.desk.card(review.id)).content["outputs"]
        assert [(o["name"], o["masked"]) for o in shown] == [("id", False), ("mrn", True), ("state", False)]
        await gate.sign()
        assert (await asking).split(b"\n")[0].endswith(b"\tTexas")


async def _copied(cursor: Any, text: str) -> bytes:
    async with cursor.copy(text) as copy:
        return b"".join([bytes(block) async for block in copy])
