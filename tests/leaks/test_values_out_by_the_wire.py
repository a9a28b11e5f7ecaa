"""What of leaks.md's first part isn't made of statements: rows cut anywhere, the other doors of the wire, oracles under
the pack `hipaa`, masks that are written back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Final

import psycopg
import pytest
from testkit.postgres_messages import frame
from testkit.recording_link import Bend, Way
from tests.a_gateway import POLICY
from tests.leaks.a_house_of_canaries import CATALOG, made, sightings
from tests.leaks.a_table_of_shapes import ORACLES
from tests.leaks.a_talk import Answer, Mode, Talk, bytes_of
from tests.postgres_fixture import Database
from tests.promises.a_raw_client import RawClient
from tests.promises.a_stage import ANYTHING, DOWN, Stage, stage

from interlock.model.review import ReviewState

GROUPS: Final = ("privacy-officers", "care-team", "platform-engineers")
ROWS: Final = "SELECT id, ssn, born, city, code, mrn FROM people ORDER BY id"
MODES: Final = tuple(Mode)


@pytest.fixture
def house(empty_database: Database) -> Database:
    """The canaries, each in its labelled column."""
    empty_database.execute(*made())
    return empty_database


def hipaa() -> str:
    """Everything is permitted, and the pack `hipaa` stands in the way, signed for by the people that there are."""
    text = files("interlock.policy").joinpath("packs/hipaa.cedar").read_text()
    for group in GROUPS:
        text = text.replace(group, "officers")
    return ANYTHING + text


async def talk_with(running: Stage) -> Talk:
    """A session with the door, recorded."""
    return await Talk.open(running.conninfo())


def told(running: Stage) -> set[str]:
    """The canaries in everything that clients were sent."""
    return sightings(running.tape.bytes(DOWN, Way.ANSWERED))


# -- rows split at any byte, connections closed in mid-row -----------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
async def test_rows_split_at_any_byte_come_as_if_whole(tmp_path: Path, house: Database, mode: Mode) -> None:
    async with stage(tmp_path, house, CATALOG, policy=ANYTHING) as running, await talk_with(running) as talk:
        whole = {text: (await talk.ask(text, mode)).said for text in (ROWS, "COPY people TO STDOUT")}
        for grain in range(1, 24):
            running.up.grain = grain
            for text, said in whole.items():
                assert (await talk.ask(text, mode)).said == said, grain
        assert not told(running)


class Torn:
    """Lets so many bytes of a server's answers through once it is armed, and breaks the connection then."""

    def __init__(self) -> None:
        self.left: int | None = None
        self.torn = False
        self.break_off: Callable[[], None] = lambda: None

    def bend(self) -> Bend:
        """One for each connection."""

        def bent(data: bytes) -> bytes:
            if self.left is None:
                return data
            kept, self.left = data[: self.left], self.left - len(data[: self.left])
            if not self.left and not self.torn:
                self.torn = True
                asyncio.get_running_loop().call_soon(self.break_off)
            return kept

        return bent


@pytest.mark.parametrize("text", [ROWS, "COPY people TO STDOUT", "COPY people TO STDOUT WITH (FORMAT binary)"])
async def test_a_connection_closed_in_mid_row(tmp_path: Path, house: Database, text: str) -> None:
    """What was held back of half a row mustn't be let out by the end of the connection."""
    torn = Torn()
    async with stage(tmp_path, house, CATALOG, policy=ANYTHING, bend=torn.bend) as running:
        torn.break_off = running.up.cut
        tears = 0
        for left in range(5, 400, 9):
            async with await talk_with(running) as talk:
                torn.left, torn.torn = left, False
                await talk.ask(text, Mode.BINARY if left % 2 else Mode.SIMPLE)
                tears += torn.torn
                torn.left = None
        assert tears > 20
        assert not told(running)


async def test_a_client_that_goes_in_mid_row(tmp_path: Path, house: Database) -> None:
    async with stage(tmp_path, house, CATALOG, policy=ANYTHING, grain=7) as running:
        for _ in range(5):
            async with await talk_with(running) as talk:
                talk.write(bytes_of(ROWS, Mode.BINARY)[0])
                await talk.until(b"D")
        async with await talk_with(running) as talk:
            assert not (await talk.ask("SELECT city FROM people", Mode.SIMPLE)).refused
        assert not told(running)


# -- the other doors of the wire --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["leak(int)", "whisper(text)", "pg_read_file(text)", "query_to_xml(text,bool,bool,text)"]
)
async def test_function_calls_are_refused(tmp_path: Path, house: Database, name: str) -> None:
    with house.admin() as admin:
        found = admin.execute("SELECT %s::regprocedure::oid::int8", (name,)).fetchone()
    assert found is not None and isinstance(found[0], int)
    async with stage(tmp_path, house, CATALOG, policy=ANYTHING) as running, await talk_with(running) as talk:
        for binary in (0, 1):
            body = found[0].to_bytes(4) + bytes(2) + (1).to_bytes(2) + (1).to_bytes(4) + b"1" + binary.to_bytes(2)
            assert (await talk.send(frame(b"F", body))).refused
            if talk.broken:
                break
        assert not told(running)
        assert not [m for m in running.asked_upstream(-1) if m.type == b"F"]


@pytest.mark.parametrize("more", ["replication=database", "replication=true", "options=-csearch_path=evil"])
async def test_other_start_ups_are_refused(tmp_path: Path, house: Database, more: str) -> None:
    async with stage(tmp_path, house, CATALOG, policy=ANYTHING) as running:
        with pytest.raises(psycopg.OperationalError):
            await Talk.open(f"{running.conninfo()} {more}")
        for text in ("IDENTIFY_SYSTEM", "BASE_BACKUP", "START_REPLICATION 0/0", "CREATE_REPLICATION_SLOT x LOGICAL y"):
            async with await talk_with(running) as talk:
                assert (await talk.ask(text, Mode.SIMPLE)).refused
        assert not told(running)


async def test_a_cancel_request_with_a_wrong_key_stops_nothing(tmp_path: Path, house: Database) -> None:
    async with stage(tmp_path, house, CATALOG, policy=ANYTHING) as running, await talk_with(running) as talk:
        asked = asyncio.ensure_future(talk.ask("SELECT city, pg_sleep(0.3) FROM people", Mode.SIMPLE))
        for number in (0, 1, talk.process, 2**31 - 1):
            reader, writer = await asyncio.open_connection("127.0.0.1", running.down.port)
            writer.write((16).to_bytes(4) + (80877102).to_bytes(4) + number.to_bytes(4) + b"\0\1\2\3")
            assert await reader.read() == b""
            writer.close()
        answer = await asked
        assert not answer.refused and len(answer.rows()) == 3
        assert not told(running)


async def test_bytes_behind_an_ssl_request_arent_heard(tmp_path: Path, house: Database) -> None:
    """What stands behind the request in one piece came before TLS, from anybody on the way."""
    async with stage(tmp_path, house, CATALOG, policy=ANYTHING) as running:
        key = running.gateway.agent_key.reveal().encode()
        pairs = b"user\0etl\0database\0clinic\0\0"
        start = (len(pairs) + 8).to_bytes(4) + (3 << 16).to_bytes(4) + pairs
        behind = start + frame(b"p", key + b"\0") + frame(b"Q", b"SELECT ssn FROM people\0")
        client = await RawClient.open(running.down.port)
        client.writer.write((8).to_bytes(4) + (80877103).to_bytes(4) + behind)
        assert await client.ended()
        client.close()
        assert not running.run_upstream(-1)
        assert not told(running)


@pytest.mark.parametrize("mode", [Mode.EXTENDED, Mode.BINARY])
async def test_what_is_pipelined_behind_a_held_statement_waits_with_it(
    tmp_path: Path, house: Database, mode: Mode
) -> None:
    async with stage(tmp_path, house, CATALOG, policy=POLICY) as running, await talk_with(running) as talk:
        at = running.now()
        texts = ("SELECT city FROM people", "COPY people TO STDOUT", "SELECT ssn FROM people", "SELECT 1")
        asked = asyncio.ensure_future(talk.send(b"".join(bytes_of(text, mode)[0] for text in texts), len(texts)))
        await running.gateway.pending()
        assert not [m for m in running.run_upstream(at) if b"ssn" in m.body or b"COPY" in m.body]
        await running.gateway.sign()
        answer = await asked
        assert sum(m.type == b"C" for m in answer.messages) == len(texts)
        assert not told(running)


# -- oracles under the pack -----------------------------------------------------------------------------------------


async def asked_and_signed(running: Stage, talk: Talk, text: str, mode: Mode) -> tuple[Answer, str]:
    """The answer, and why it was held until somebody signed; nothing where it just ran."""
    asked, because = asyncio.ensure_future(talk.ask(text, mode)), ""
    while not asked.done():
        for review in await running.gateway.office.desk.reviews(frozenset({ReviewState.PENDING}), 5):
            because += json.dumps((await running.gateway.office.desk.card(review.id)).content, default=str)
            await running.gateway.office.vote(review, "dana")
        await asyncio.wait([asked], timeout=0.02)
    return await asked, because


@pytest.mark.parametrize("mode", MODES)
async def test_every_oracle_is_held_under_the_pack(tmp_path: Path, house: Database, mode: Mode) -> None:
    passed = []
    async with stage(tmp_path, house, CATALOG, policy=hipaa()) as running, await talk_with(running) as talk:
        for text in ORACLES:
            answer, because = await asked_and_signed(running, talk, text, mode)
            if "hipaa-identifier-test-needs-privacy-officer" not in because or answer.refused:
                passed.append((text, because, answer.said))
        assert not told(running)
    assert not passed


@pytest.mark.parametrize("mode", MODES)
async def test_what_guesses_nothing_passes_the_pack(tmp_path: Path, house: Database, mode: Mode) -> None:
    async with stage(tmp_path, house, CATALOG, policy=hipaa()) as running, await talk_with(running) as talk:
        (row,) = (await talk.ask("SELECT mrn FROM people WHERE id = 2", Mode.SIMPLE)).rows()
        assert row[0] is not None
        texts = {
            f"SELECT id::text FROM people WHERE mrn = '{row[0].decode()}'": [(b"2",)],
            "SELECT a.city FROM people a JOIN people b ON a.mrn = b.mrn ORDER BY a.id": [
                (b"Ulm",), (b"Bonn",), (b"Jena",)
            ],
            "SELECT city FROM people WHERE city LIKE 'U%' ORDER BY city": [(b"Ulm",)],
            "SELECT count(*)::text FROM people": [(b"3",)],
        }  # fmt: skip
        for text, rows in texts.items():
            answer, because = await asked_and_signed(running, talk, text, mode)
            assert (because, answer.refused) == ("", False), text
            assert answer.rows() == rows * (2 if mode is Mode.AGAIN else 1), text
        assert not told(running)


# -- labels that a write takes along -----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
async def test_a_write_may_show_what_its_own_labels_come_to(tmp_path: Path, house: Database, mode: Mode) -> None:
    """They are in force before its rows come: that mustn't be taken for labels which somebody else's write brought."""
    texts = (
        "UPDATE people SET city = ssn WHERE id = 1 RETURNING id, old.city",
        "UPDATE cities SET name = (SELECT max(mrn) FROM people), visits = ascii(name) RETURNING old.visits, old.name",
        "WITH w AS (UPDATE people SET city = ssn WHERE id = 2 RETURNING id) SELECT p.id, p.city FROM people p, w",
    )
    async with stage(tmp_path, house, CATALOG, policy=ANYTHING) as running, await talk_with(running) as talk:
        for text in texts:
            assert not (await talk.ask(text, mode)).refused, text
        assert not told(running)


# -- masks written back ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", MODES)
async def test_a_mask_isnt_written_over_the_real_value(tmp_path: Path, house: Database, mode: Mode) -> None:
    async with stage(tmp_path, house, CATALOG, policy=ANYTHING) as running, await talk_with(running) as talk:
        row = (await talk.ask("SELECT ssn, mrn, note FROM people WHERE id = 1", mode)).rows()[-1]
        for column, mask in zip(("ssn", "mrn", "note"), row, strict=True):
            assert mask is not None
            text = f"UPDATE people SET {column} = '{mask.decode()}' WHERE id = 1"
            assert (await talk.ask(text, mode)).refused, text
        assert not (await talk.ask("UPDATE people SET city = 'Trier' WHERE id = 1", mode)).refused
    with house.admin() as admin:
        found = admin.execute("SELECT ssn, mrn, note, city FROM people WHERE id = 1").fetchone()
    assert found == ("912-44-7781", "MRN-83120457", "patient reports zygomatic tenderness", "Trier")
