"""Promise 6: our own records hold no values in clear, nor as unsalted hashes.

Canaries go in as literals and parameters, in what is held, denied, failed and allowed; then every byte that we keep or
show is searched: the store with its log, the exported ledger, the process's output, cards, pages and answers.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.a_gateway import POLICY
from tests.postgres_fixture import Database
from tests.promises.a_control_port import control, signed_in
from tests.promises.a_served_gateway import Served, served
from tests.promises.a_stage import CALLS, Stage, stage
from tests.promises.canaries import CATALOG, ROWS, TABLE, Canary, filling

SOURCE = Path(__file__).resolve().parents[2] / "src" / "interlock"

# Low-entropy values: each of its kind is one among so few that a plain hash of it is found by trying all.
MRN, BORN, SSN = "7319", date(1931, 7, 19), "912-44-7781"
ROW = [*ROWS[0], Canary("short mrn", MRN)]
SEEN = [canary for canary in ROW if canary.name not in ("short mrn",)]  # four digits occur by chance; a hash doesn't

ALLOWED = [
    f"SELECT city FROM people WHERE ssn = '{SSN}'",
    f"SELECT city FROM people WHERE mrn = '{MRN}' OR born = '{BORN}'",
    "SELECT city FROM people WHERE note = 'patient reports zygomatic tenderness'",
    "SELECT city FROM people WHERE code = 771204533",
    "UPDATE people SET mrn = 'MRN-83120457' WHERE id = 1",
    f"SELECT city /* {SSN} */ FROM people WHERE ssn = '{SSN}' -- {SSN}",
    f"SELECT 'x' AS \"{SSN}\" FROM people",
]
FAILED = [
    f"INSERT INTO people (id, ssn) VALUES (7, '{SSN}'), (8, '{SSN}')",
    f"SELECT city FROM people WHERE id = '{SSN}'",
    f"SELECT nothing FROM people WHERE ssn = '{SSN}'",
    f'SELECT city FROM "{SSN}"',
]
DENIED = [
    f'DROP TABLE "{SSN}"',
    f"DO $$ BEGIN RAISE NOTICE '{SSN}'; END $$",
    f"SELECT set_config('my.value', '{SSN}', false)",
    f"SET application_name = '{SSN}'; DROP TABLE people",
    f"DELETE FROM people WHERE ssn = '{SSN}' AND '{SSN}",
    f"SET ROLE '{SSN}'",
]
HELD = [
    f"COPY (SELECT city FROM people WHERE ssn = '{SSN}' AND born = '{BORN}') TO STDOUT",
    f"COPY (SELECT city, mrn FROM people WHERE mrn IN ('{MRN}', 'MRN-83120457') AND code = 771204533) TO STDOUT",
    "COPY (SELECT note FROM people WHERE note LIKE '%zygomatic tenderness%' OR names @> '{Quillfeather}') TO STDOUT",
]
PARAMETERS: list[tuple[str, tuple[object, ...]]] = [
    ("SELECT city FROM people WHERE ssn = %s AND born = %s", (SSN, BORN)),
    ("SELECT city FROM people WHERE mrn = %s AND code = %s", (MRN, 771204533)),
    ("INSERT INTO people (id, ssn) VALUES (%s, %s)", (1, SSN)),
    ("UPDATE people SET note = %s WHERE id = 1", ("patient reports zygomatic tenderness",)),
    ("DROP TABLE people", ()),
]


def sightings(data: bytes) -> set[str]:
    """What is seen of the canaries in `data`: as they are, and in encodings that hide nothing."""
    return {f"{canary.name}: {form!r}" for canary in SEEN for form in canary.forms() if len(form) >= 6 and form in data}


async def tried(connection: psycopg.AsyncConnection[Any], texts: Iterable[str]) -> None:
    """Asks for each, simple and prepared."""
    for text in texts:
        for prepare, binary in ((False, False), (True, False), (False, True)):
            with suppress(psycopg.Error):
                await connection.execute(text.encode(), prepare=prepare, binary=binary)


async def all_forms(connection: psycopg.AsyncConnection[Any]) -> None:
    """Everything but what is held."""
    await tried(connection, ALLOWED + FAILED + DENIED)
    for text, values in PARAMETERS:
        for binary in (False, True):
            with suppress(psycopg.Error):
                await connection.execute(text.encode(), values, binary=binary)


async def copied(connection: psycopg.AsyncConnection[Any], text: str) -> None:
    """A COPY, read to its end; refused or cancelled is as good."""
    with suppress(psycopg.Error):
        async with connection.cursor().copy(text.encode()) as copy:
            async for _ in copy:
                pass


def store_bytes(directory: Path) -> dict[str, bytes]:
    """Every file of the store, its write-ahead log among them."""
    return {path.name: path.read_bytes() for path in directory.rglob("*") if path.is_file() and path.stat().st_size}


@pytest.fixture
def people(empty_database: Database) -> Database:
    empty_database.execute(*TABLE, *filling())
    return empty_database


@asynccontextmanager
async def all_held(on_stage: Stage) -> AsyncIterator[None]:
    """Every statement of `HELD` waits, and one with parameters; then one is approved, one denied, the rest left."""
    connections = [await on_stage.connect() for _ in HELD]
    waiting = [asyncio.ensure_future(copied(c, text)) for c, text in zip(connections, HELD, strict=True)]
    try:
        await on_stage.gateway.pending(len(HELD))
        yield
    finally:
        for connection in connections:
            await connection.cancel_safe()
        await asyncio.gather(*waiting)
        for connection in connections:
            await connection.close()


async def test_cards_pages_and_answers_show_none(tmp_path: Path, people: Database) -> None:
    async with stage(tmp_path, people, CATALOG, policy=POLICY + CALLS) as on_stage, await on_stage.connect() as agent:
        await all_forms(agent)
        office = on_stage.gateway.office
        async with all_held(on_stage):
            reviews = await on_stage.gateway.pending(len(HELD))
            shown = [json.dumps((await office.desk.card(review.id)).content).encode() for review in reviews]
            async with signed_in(control(office), office, "dana") as client:
                paths = ["/", "/api/reviews", *(f"{p}/{r.id}" for r in reviews for p in ("/reviews", "/api/reviews"))]
                shown += [(await client.get(path)).content for path in paths]
            await office.vote(reviews[0], "dana")
        assert all(b"SELECT city" in text or b"COPY" in text for text in shown[: len(HELD)]), "no statement was shown"
        assert not sightings(b"".join(shown))
        assert MRN not in re.sub(r"[0-9a-f-]{16,}|[0-9:T.]{10,}Z", "", b"".join(shown).decode())


async def test_store_and_entries_hold_none(tmp_path: Path, people: Database) -> None:
    """In clear: everything in the directory while it runs (write-ahead log and all), and after it was closed."""
    async with stage(tmp_path, people, CATALOG, policy=POLICY + CALLS) as on_stage, await on_stage.connect() as agent:
        await all_forms(agent)
        async with all_held(on_stage):
            await on_stage.gateway.office.vote((await on_stage.gateway.pending())[0], "dana")
        found = store_bytes(tmp_path)
        assert any(name.endswith("-wal") for name in found)
        assert {name: seen for name, data in found.items() if (seen := sightings(data))} == {}
        bodies = await on_stage.gateway.bodies()
        kinds = {json.loads(body.split(b"\n")[0])["type"] for body in bodies}
        assert {"action.denied", "action.held", "action.released", "action.ended", "review.opened"} <= kinds
    assert {name: seen for name, data in store_bytes(tmp_path).items() if (seen := sightings(data))} == {}


# -- brute force ------------------------------------------------------------------------------------------------------


def guesses() -> Iterator[str]:
    """All four-digit numbers, a century of birth dates, and the social security numbers of one small range."""
    yield from (f"{n:04}" for n in range(10_000))
    first = date(1925, 1, 1)
    yield from ((first + timedelta(days=n)).isoformat() for n in range(366 * 12))
    yield from (f"912-44-{n:04}" for n in range(10_000))


def domains() -> list[bytes]:
    """Every domain prefix in the source, and none."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        found |= set(re.findall(r'b"(interlock/[a-z0-9/_-]+(?:\\0)?)"', path.read_text()))
    assert len(found) >= 5, "the prefixes are written in another way by now"
    plain = {text.replace("\\0", "").encode() for text in found}
    return [b"", *sorted(plain), *(text + b"\0" for text in sorted(plain))]


def kept_hashes(data: Iterable[bytes]) -> set[bytes]:
    """Everything in the records that might be a SHA-256 or MD5, in hex or base64, decoded."""
    text = b" ".join(data).decode("latin-1")
    found = {bytes.fromhex(run) for run in re.findall(r"(?<![0-9a-f])(?:[0-9a-f]{64}|[0-9a-f]{32})(?![0-9a-f])", text)}
    for run in re.findall(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{43}=?(?![A-Za-z0-9+/_=-])", text):
        with suppress(ValueError):
            found.add(base64.urlsafe_b64decode(run.rstrip("=").replace("+", "-").replace("/", "_") + "="))
    return found


def forms_of(value: str) -> Iterator[bytes]:
    """How a value may lie in what was hashed: alone, quoted, as base64, as a field."""
    raw = value.encode()
    yield from (raw, b"'" + raw + b"'", base64.b64encode(raw), json.dumps(value).encode())
    for name in (b"value", b"parameters", b"text", b"mrn", b"ssn", b"born"):
        yield from (b'{"' + name + b'":"' + raw + b'"}', name + b"\0" + raw, name + b"=" + raw)


def cracked(hashes: set[bytes], prefixes: Iterable[bytes]) -> set[str]:
    """The guesses whose hash lies among `hashes`."""
    found: set[str] = set()
    prefixes = list(prefixes)
    for guess in guesses():
        for form in forms_of(guess):
            for prefix in prefixes:
                if hashlib.sha256(prefix + form).digest() in hashes:
                    found.add(guess)
        if hashlib.md5(guess.encode(), usedforsecurity=False).digest() in hashes:
            found.add(guess)
    return found


def columns_of(store: Path) -> Iterator[bytes]:
    """Every binary value of every row, each alone: a digest isn't framed in the file."""
    connection = sqlite3.connect(f"{store.absolute().as_uri()}?mode=ro", uri=True)
    try:
        for (table,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall():
            for row in connection.execute(f'SELECT * FROM "{table}"'):
                yield from (value for value in row if isinstance(value, bytes) and len(value) in (16, 32))
    finally:
        connection.close()


async def test_no_stored_hash_is_found_by_trying(tmp_path: Path, people: Database) -> None:
    async with stage(tmp_path, people, CATALOG, policy=POLICY + CALLS) as on_stage, await on_stage.connect() as agent:
        await all_forms(agent)
        async with all_held(on_stage):
            await on_stage.gateway.office.vote((await on_stage.gateway.pending())[0], "dana")
        hashes = kept_hashes(await on_stage.gateway.bodies()) | set(columns_of(tmp_path / "interlock.db"))
    assert len(hashes) > 50, "the search looks at nothing"
    planted = hashlib.sha256(domains()[1] + SSN.encode()).digest()
    found = await asyncio.to_thread(cracked, hashes | {planted}, domains())
    assert found == {SSN}, "all but the one planted here must stay unfound"


# -- the real process, what it exports and what it says ---------------------------------------------------------------


async def _exported(gateway: Served, to: Path) -> dict[str, bytes]:
    command = [sys.executable, "-m", "interlock.cli", "ledger", "export", str(to), "--settings"]
    answer = await asyncio.to_thread(
        subprocess.run,
        [*command, str(gateway.directory / "interlock.toml")],
        capture_output=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr.decode()
    return store_bytes(to)


async def test_logs_store_and_export_of_the_real_process_hold_none(tmp_path: Path, people: Database) -> None:
    async with served(tmp_path, people, POLICY + CALLS) as gateway:
        agent = await gateway.connect()
        await all_forms(agent)
        asking = asyncio.ensure_future(copied(agent, HELD[0]))
        review = await gateway.pending()
        dana = (await gateway.key("dana", "dana")).reveal()
        for path in ("/api/reviews", f"/api/reviews/{review['id']}", f"/api/reviews/{SSN}", f"/{SSN}", f"/?q={SSN}"):
            await gateway.call("GET", path, dana)
        assert (await gateway.vote(review)).status_code == 200
        await asking
        await agent.close()
        with pytest.raises(psycopg.OperationalError):
            await psycopg.AsyncConnection.connect(f"host=127.0.0.1 port={gateway.ports['postgres']} user={SSN}")
        await gateway.stop()
        exported = await _exported(gateway, tmp_path / "export")
        kept = {**store_bytes(tmp_path / "data"), **exported, "log": gateway.log.read_bytes()}
        assert b"serving" in kept["log"] and len(exported) > 2
        assert {name: seen for name, data in kept.items() if (seen := sightings(data))} == {}
