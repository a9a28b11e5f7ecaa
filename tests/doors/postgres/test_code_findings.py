"""What looks like data in code, in messages and in what an agent types about its work, through a real gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from tests.a_gateway import Gateway, gateway
from tests.an_engine import engines
from tests.postgres_fixture import Database

from interlock.app import content
from interlock.app.content import Loading
from interlock.app.words import TypedWords
from interlock.sensitivity.regime import Regime

CATALOG = '[[column]]\nmatch = "public.visits.mrn"\nlabels = ["phi.mrn"]\n'
POLICY = '@id("all")\npermit (principal in Interlock::Group::"ai-agents", action, resource);\n'
SIGNED = POLICY + (
    '@id("signed") @review("officers:1") @because("Signed for.")\n'
    'forbid (principal, action in Interlock::Action::"export", resource);\n'
)
SECRET = "AKIAIOSFODNN7EXAMPLE"
OTHER = "ASIAIOSFODNN7EXAMPLE"  # which no table is called


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Gateway]:
    with empty_database.admin() as connection:
        connection.execute("CREATE TABLE visits (id int, note text, mrn text)")
        connection.execute(f'CREATE TABLE "{SECRET}" (id int)')
        connection.execute("INSERT INTO visits VALUES (1, 'x', 'M-1')")
        connection.execute(f'GRANT ALL ON visits, "{SECRET}" TO PUBLIC')
    monkeypatch.setattr(content, "load_engines", engines)
    loading = Loading()
    assert await loading.ready()
    async with gateway(tmp_path, empty_database, CATALOG, policy=SIGNED) as running:
        running.definitions.finds = loading.finds
        clinic = running.definitions.connection.name
        words = TypedWords(loading, {clinic: Regime.PHI}, running.office.clock)
        desk = replace(running.office.desk, words=words)
        running.office.desk = desk
        running.office.gate = running.door._gate = replace(running.office.gate, desk=desk)
        yield running
    await loading.engines()


@pytest.mark.parametrize(
    "text",
    [
        f'SELECT id AS "{OTHER}" FROM visits',
        f"SELECT id AS {OTHER} FROM visits",
        f'SELECT v.id FROM visits AS "of {OTHER}", visits v',
        'SELECT id AS "call 555 20 dana at clinic dot example", note AS "write to dana@clinic.example" FROM visits',
    ],
)
async def test_a_name_that_looks_like_data_is_refused_and_not_kept(gate: Gateway, text: str) -> None:
    async with await gate.connect() as connection:
        with pytest.raises(psycopg.Error) as refused:
            await connection.execute(text.encode())
        assert refused.value.sqlstate == "42501" and OTHER not in str(refused.value.diag.message_primary)
        assert await (await connection.execute("SELECT id FROM visits")).fetchall() == [(1,)]
    kept = b"".join(await gate.bodies())
    assert OTHER.encode() not in kept and b"dana@clinic" not in kept


@pytest.mark.parametrize(
    "text",
    [
        f"CREATE FUNCTION told() RETURNS text LANGUAGE sql AS $$ SELECT '{OTHER}'::text $$",
        f"CREATE FUNCTION told() RETURNS text LANGUAGE sql AS $$ SELECT 'x'::text -- {OTHER}\n$$",
        f"CREATE FUNCTION told() RETURNS text LANGUAGE sql AS $$ SELECT '{OTHER[:9]}' || \"{OTHER}\" $$",
        f"DO $$ BEGIN RAISE NOTICE '{OTHER}'; END $$",
        f'CREATE VIEW "{OTHER}" AS SELECT id FROM visits',
    ],
)
async def test_code_that_holds_data_is_not_kept(gate: Gateway, text: str) -> None:
    async with await gate.connect() as connection:
        with pytest.raises(psycopg.Error) as refused:
            await connection.execute(text.encode())
        assert refused.value.sqlstate == "42501" and OTHER not in str(refused.value.diag.message_primary)
    assert OTHER.encode() not in b"".join(await gate.bodies())


async def test_before_anything_can_look_the_answer_is_no_and_says_why(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        gate.definitions.finds = Loading().finds
        for text in (
            f'SELECT id AS "{OTHER}" FROM visits',
            "SELECT id FROM visits",
            "SELECT nothing_there FROM visits",
        ):
            with pytest.raises(psycopg.Error) as refused:
                await connection.execute(text.encode())
            assert OTHER not in str(refused.value) and "nothing_there" not in str(refused.value.diag.message_primary)
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="still starting"):
            await connection.execute("SELECT id FROM visits")
    assert OTHER.encode() not in b"".join(await gate.bodies())


async def test_a_name_that_is_defined_is_a_name(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        assert await (await connection.execute(f'SELECT id FROM "{SECRET}"'.encode())).fetchall() == []


async def test_values_in_their_places_are_none_of_this(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        found = await connection.execute(
            "SELECT id FROM visits WHERE note = %s OR note = 'key AKIAIOSFODNN7EXAMPLE'", ("x",)
        )
        assert await found.fetchall() == [(1,)]


async def test_a_message_that_looks_like_data_is_told_by_ours(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        with pytest.raises(psycopg.Error) as missing:
            await connection.execute("SELECT nothing_there FROM visits")
        assert "nothing_there" in str(missing.value)
        with pytest.raises(psycopg.Error) as telling:
            await connection.execute(f'SELECT "{OTHER}" FROM visits'.encode())
        assert OTHER not in str(telling.value.diag.message_primary)


async def test_a_reason_is_masked_and_who_typed_it_told(gate: Gateway) -> None:
    notices: list[str] = []
    async with await gate.connect() as connection:
        connection.add_notice_handler(lambda notice: notices.append(notice.message_primary or ""))
        await connection.execute("SET interlock.reason = 'the nightly export'")
        assert notices == []
        await connection.execute("SET interlock.reason = 'asked about 123-45-6789 of Dr. Alice Moreno'")
        assert notices == ["Parts of what you wrote look like personal data or a secret; they were masked."]
        ((shown,),) = await (await connection.execute("SHOW interlock.reason")).fetchall()
        assert shown == "asked about [phi.ssn] of [phi.name]"
        await connection.execute("SET interlock.ticket = '123-45-6789'")
        assert len(notices) == 2
        await connection.execute("SET interlock.wait = 'deferred'")
        with pytest.raises(psycopg.Error):
            await connection.execute("COPY visits (id, mrn) TO STDOUT")
    (review,) = await gate.pending()
    content = (await gate.office.desk.card(review.id)).content
    assert (content["reason_given"], content["ticket_given"]) == (shown, "[phi.ssn]")
