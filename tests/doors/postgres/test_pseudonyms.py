"""Pseudonyms through real clients: given out, understood when they come back, and worth nothing to anybody else."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.a_gateway import POLICY, Gateway, gateway
from tests.doors.postgres.test_deferred import settled, working
from tests.postgres_fixture import Database

from interlock.model.review import ReviewState, Verdict

CATALOG = """
[[column]]
match = "public.*.mrn"
labels = ["phi.mrn"]
[[column]]
match = "public.*.ssn"
labels = ["phi.ssn"]
[[column]]
match = "public.patients.born"
labels = ["phi.date.birth"]
"""
GRANT = POLICY.replace('@id("agents-read")', '@id("agents-read") @pseudonym("phi.mrn")')
GRANT += """
@id("guesses-are-signed") @review("officers:1") @because("Values could be guessed by this.")
forbid (principal, action in [Interlock::Action::"read", Interlock::Action::"write"], resource)
when { context.probes.contains("phi") };
@id("masks-are-signed") @review("officers:1") @because("This was read masked lately.")
forbid (principal, action in Interlock::Action::"write", resource) when { context.writes_masked.contains("phi") };
"""
ONE, TWO = "MRN-CANARY-0001", "MRN-CANARY-'2'; --"
SSN = "900-11-2222"
CANARIES = (b"CANARY", SSN.encode())


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    quoted = TWO.replace("'", "''")
    empty_database.execute(
        "CREATE TABLE patients (id int, mrn varchar(40), ssn text, born date, city text)",
        "CREATE TABLE visits (id int, mrn text, reason text)",
        "CREATE TABLE guesses (x text)",
        f"INSERT INTO patients VALUES (1, '{ONE}', '{SSN}', '1970-01-02', 'Ypern')",
        f"INSERT INTO patients VALUES (2, '{quoted}', NULL, NULL, 'Gent')",
        f"INSERT INTO patients VALUES (3, NULL, NULL, NULL, 'Brugge'), (4, '{'x' * 15 + ONE}', NULL, NULL, 'Aalst')",
        f"INSERT INTO visits VALUES (10, '{ONE}', 'cough'), (11, '{ONE}', 'fever'), (12, '{quoted}', 'fall')",
        f"INSERT INTO guesses VALUES ('{ONE}')",
        "GRANT ALL ON patients, visits, guesses TO PUBLIC",
    )
    async with gateway(tmp_path, empty_database, CATALOG, policy=GRANT) as running:
        yield running


async def rows(connection: psycopg.AsyncConnection[Any], text: str, *values: object, **how: Any) -> list[Any]:
    return await (await connection.execute(text.encode(), values or None, **how)).fetchall()


async def tokens(gate: Gateway, **who: Any) -> dict[int, str]:
    async with await gate.connect(**who) as connection:
        return dict(await rows(connection, "SELECT id, mrn FROM patients"))


async def held(gate: Gateway, connection: psycopg.AsyncConnection[Any], text: str, *values: object) -> None:
    """The statement waits for people, who say no."""
    running = asyncio.ensure_future(rows(connection, text, *values))
    await gate.sign(verdict=Verdict.DENY)
    with pytest.raises(psycopg.Error):
        await running


async def test_equal_values_of_one_actor_look_alike_wherever_they_stand(gate: Gateway) -> None:
    found = await tokens(gate)
    assert found[3] is None
    assert found[1].startswith("[phi.mrn:") and len({found[1], found[2], found[4]}) == 3
    async with await gate.connect() as connection:
        visits = "SELECT mrn FROM visits ORDER BY id"
        for how in ({}, {"prepare": True}, {"binary": True}):
            assert await rows(connection, visits, **how) == [(found[1],), (found[1],), (found[2],)]
        await connection.execute("BEGIN")
        await connection.execute("DECLARE c CURSOR FOR SELECT mrn FROM patients WHERE id = 1")
        assert await rows(connection, "FETCH c") == [(found[1],)]
        await connection.execute("COMMIT")
        assert await rows(connection, "SELECT mrn FROM (SELECT mrn FROM patients WHERE id = 2) p") == [(found[2],)]
        assert await rows(connection, "SELECT upper(mrn), mrn || 'x', ssn FROM patients WHERE id = 1") == [
            ("[phi.mrn]", "[phi.mrn]", "[phi.ssn]")
        ]


async def test_another_actor_gets_others(gate: Gateway) -> None:
    mine, others = await tokens(gate), await tokens(gate, user="other")
    assert not {mine[1], mine[2], mine[4]} & {others[1], others[2], others[4]}


@pytest.mark.parametrize("prepare", [False, True])
async def test_nothing_else_in_the_text_shows_what_a_pseudonym_stands_for(
    gate: Gateway, empty_database: Database, prepare: bool
) -> None:
    empty_database.execute("INSERT INTO patients VALUES (5, 'garciaparra', NULL, NULL, 'Lier')")
    mine = (await tokens(gate))[5]
    async with await gate.connect() as connection:
        for guess in ("garciaparra", "somebodyelse"):
            text = f"SELECT id AS {guess} FROM patients WHERE mrn = "
            if prepare:
                assert await rows(connection, f"{text}%s", mine, prepare=True) == [(5,)]
            else:
                assert await rows(connection, f"{text}'{mine}'") == [(5,)]
    cards = []
    for guess in ("garciaparra", "somebodyelse"):
        async with await gate.connect() as connection:
            asking = f"COPY (SELECT id FROM patients WHERE mrn = '{mine}' AND city <> '{guess}') TO STDOUT"
            copying = asyncio.ensure_future(_copied(connection, asking))
            review = await gate.sign(verdict=Verdict.DENY)
            with pytest.raises(psycopg.Error):
                await copying
            cards.append(str((await gate.office.desk.card(review.id)).content["statements"]))
    assert "garciaparra" in cards[0] and cards[0].replace("garciaparra", "somebodyelse") == cards[1]


async def test_a_copy_gives_constants_unless_it_is_permitted_too(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        copying = asyncio.ensure_future(_copied(connection, "COPY (SELECT mrn FROM patients WHERE id = 1) TO STDOUT"))
        await gate.sign()
        assert await copying == b"[phi.mrn]\n"


async def _copied(connection: psycopg.AsyncConnection[Any], text: str) -> bytes:
    async with connection.cursor().copy(text.encode()) as copy:
        return b"".join([bytes(block) async for block in copy])


FORMS = [
    "SELECT id FROM patients WHERE mrn = {}",
    "SELECT p.id FROM patients p WHERE {} = p.mrn AND city IS NOT NULL",
    "SELECT id FROM patients WHERE mrn IN ({}, {})",
    "WITH p AS (SELECT * FROM patients) SELECT id FROM p WHERE mrn = {}",
    "SELECT p.id FROM patients p WHERE EXISTS (SELECT 1 FROM visits v WHERE v.mrn = {} AND v.mrn = p.mrn)",
]


@pytest.mark.parametrize("form", FORMS)
async def test_a_pseudonym_finds_its_record_again(gate: Gateway, form: str) -> None:
    found = await tokens(gate)
    async with await gate.connect() as connection:
        for who in (1, 2):
            token = found[who]
            for spelled in (token, token.lower(), token.upper()):
                assert await rows(connection, form.replace("{}", f"'{spelled}'")) == [(who,)]
            count = form.count("{}")
            parameters = form.replace("{}", "%s")
            assert await rows(connection, parameters, *([token] * count)) == [(who,)]
            for _ in range(7):  # prepared by name after the fifth time
                assert await rows(connection, parameters, *([token] * count), binary=True) == [(who,)]
            if count == 1:
                await connection.execute(f"PREPARE p AS {form.replace('{}', '$1')}".encode())
                assert await rows(connection, f"EXECUTE p ('{token}')") == [(who,)]
                await connection.execute("DEALLOCATE p")
    assert not await gate.office.desk.reviews(None, 5)
    assert not [body for body in await gate.bodies() for canary in CANARIES if canary in body]


async def test_through_asyncpg_it_is_found_as_well(gate: Gateway) -> None:
    found = await tokens(gate)
    connection = await gate.asyncpg()
    try:
        statement = await connection.prepare("SELECT id, mrn FROM patients WHERE mrn = $1 AND city = $2")
        for _ in range(2):
            assert [tuple(row) for row in await statement.fetch(found[1], "Ypern")] == [(1, found[1])]
            assert await statement.fetch(found[2], "Ypern") == []
    finally:
        await connection.close()


@pytest.mark.parametrize("cast", ["", "::text[]", "::varchar[]"])
async def test_arrays_of_pseudonyms_find_their_records_in_both_formats(gate: Gateway, cast: str) -> None:
    found = await tokens(gate)
    text = f"SELECT id FROM patients WHERE mrn = ANY (%s{cast}) ORDER BY id"
    async with await gate.connect() as connection:
        for how in ({}, {"prepare": True}, {"binary": True}):
            assert await rows(connection, text, [found[1], found[2].lower()], **how) == [(1,), (2,)]
            assert await rows(connection, text, [None, found[4]], **how) == [(4,)]
        await held(gate, connection, text, [found[1], "MRN-0007"])
        await held(gate, connection, text, [[found[1]]])
    asyncpg = await gate.asyncpg()
    try:
        theirs = text.replace("%s", "$1")
        assert [r["id"] for r in await asyncpg.fetch(theirs, [found[2], found[1], None])] == [1, 2]
    finally:
        await asyncpg.close()


async def test_records_are_joined_and_changed_by_pseudonym(gate: Gateway) -> None:
    found = await tokens(gate)
    async with await gate.connect() as connection:
        joined = "SELECT v.reason FROM visits v JOIN patients p ON p.mrn = v.mrn WHERE p.mrn = %s ORDER BY v.id"
        assert await rows(connection, joined, found[1]) == [("cough",), ("fever",)]
        await connection.execute("UPDATE visits SET reason = 'well' WHERE mrn = %s", (found[2],))
        await connection.execute(f"DELETE FROM visits WHERE mrn = '{found[1]}' AND reason = 'fever'".encode())
        assert await rows(connection, "SELECT id, reason FROM visits ORDER BY id") == [(10, "cough"), (12, "well")]


async def test_anothers_and_forged_ones_match_nothing_and_count_as_guesses(gate: Gateway) -> None:
    mine, others = await tokens(gate), await tokens(gate, user="other")
    cut = mine[1][:-6] + "]"
    changed = mine[1].replace(mine[1][12:16], "AAAA")
    async with await gate.connect() as connection:
        for strange in (others[1], cut, changed, mine[1].replace("mrn", "ssn"), ONE):
            await held(gate, connection, f"SELECT id FROM patients WHERE mrn = '{strange}'")
            await held(gate, connection, "SELECT id FROM patients WHERE mrn = %s", strange)
        running = asyncio.ensure_future(rows(connection, f"SELECT id FROM patients WHERE mrn = '{others[1]}'"))
        await gate.sign()
        assert await running == []


@pytest.mark.parametrize(
    "form",
    [
        "SELECT id FROM patients WHERE mrn LIKE {}",
        "SELECT id FROM patients WHERE mrn > {}",
        "SELECT id FROM patients WHERE mrn = {} ORDER BY mrn",
        "SELECT id FROM patients WHERE mrn = {} OR ssn = '1'",
        "SELECT g.x FROM guesses g JOIN patients p ON p.mrn = g.x WHERE p.mrn = {}",
        "SELECT g.x FROM guesses g, patients p WHERE p.mrn = {} AND g.x = p.mrn",
        "SELECT city FROM patients WHERE ssn = {}",
        "SELECT city FROM patients WHERE lower(mrn) = {}",
    ],
)
async def test_what_guesses_is_held_though_it_holds_a_pseudonym(gate: Gateway, form: str) -> None:
    found = await tokens(gate)
    async with await gate.connect() as connection:
        await held(gate, connection, form.format(f"'{found[1]}'"))


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("SELECT {}", [("TOKEN",)]),
        ("SELECT {}::text, id FROM patients WHERE id = 1", [("TOKEN", 1)]),
        ("SELECT x FROM guesses WHERE x = {}", []),
        ("SELECT count(*) FROM guesses WHERE x = {}", [(0,)]),
        ("SELECT id FROM patients WHERE city = {}", []),
        ("SELECT g.x FROM guesses g, (VALUES ({})) v(x) WHERE v.x = g.x", []),
    ],
)
async def test_beside_what_bears_no_such_label_it_stays_a_text(gate: Gateway, form: str, expected: list[Any]) -> None:
    token = (await tokens(gate))[1]
    expected = [tuple(token if each == "TOKEN" else each for each in row) for row in expected]
    async with await gate.connect() as connection:
        assert await rows(connection, form.format(f"'{token}'")) == expected
        assert await rows(connection, form.format("%s::text"), token) == expected


async def test_one_parameter_in_two_places_isnt_translated(gate: Gateway) -> None:
    found = await tokens(gate)
    async with await gate.connect() as connection:
        for text in (
            "SELECT $1::text FROM patients WHERE mrn = $1::text",
            "SELECT g.x FROM guesses g, patients p WHERE p.mrn = $1::text AND g.x = $1::text",
        ):
            await connection.execute(f"PREPARE q (text) AS {text}".encode())
            await held(gate, connection, f"EXECUTE q ('{found[1]}')")
            await connection.execute("DEALLOCATE q")


@pytest.mark.parametrize(
    "form",
    [
        "UPDATE visits SET mrn = {} WHERE id = 10",
        "INSERT INTO guesses VALUES ({})",
        "UPDATE visits SET reason = {} WHERE mrn = {}",
        "INSERT INTO guesses SELECT {} FROM patients WHERE mrn = {}",
    ],
)
async def test_a_pseudonym_isnt_written_back(gate: Gateway, form: str) -> None:
    found = await tokens(gate)
    async with await gate.connect(user="other") as connection:
        for token in (found[1], found[1].lower(), found[1][:-20], (await tokens(gate, user="other"))[1]):
            with pytest.raises(psycopg.Error, match="masked"):
                await connection.execute(form.replace("{}", f"'{token}'").encode())
            with pytest.raises(psycopg.Error, match="masked"):
                await connection.execute(form.replace("{}", "%s").encode(), [token] * form.count("{}"))


async def test_nothing_of_ours_shows_what_it_stands_for(gate: Gateway) -> None:
    found = await tokens(gate)
    async with await gate.connect() as connection:
        notices: list[str] = []
        connection.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
        text = f"UPDATE patients SET city = 'Mons' WHERE mrn = '{found[1]}' AND ssn LIKE '900%'"
        running = asyncio.ensure_future(connection.execute(text.encode()))
        (review,) = await gate.pending()
        card = str((await gate.office.desk.card(review.id)).content)
        await gate.office.vote(review, "dana", Verdict.APPROVE)
        assert (await running).rowcount == 1
        why = await rows(connection, "SHOW interlock.why")
        plan = str(await rows(connection, "SELECT name FROM pg_prepared_statements"))
        for text in (
            f"SELECT current_query() FROM patients WHERE mrn = '{found[1]}'",
            f"SELECT statement FROM pg_prepared_statements, patients WHERE mrn = '{found[1]}'",
            f"SELECT query FROM pg_stat_activity, patients WHERE mrn = '{found[1]}'",
            f"SELECT 1 / (id - 1) FROM patients WHERE mrn = '{found[1]}'",
            f"SELECT mrn::int FROM patients WHERE mrn = '{found[1]}'",
            f"EXPLAIN SELECT id FROM patients WHERE mrn = '{found[1]}'",
        ):
            plan += await _whatever(gate, connection, text)
    seen = [card, str(notices), str(why), plan, *(body.decode() for body in await gate.bodies())]
    assert not [each for each in seen if "CANARY" in each]


async def _whatever(gate: Gateway, connection: psycopg.AsyncConnection[Any], text: str) -> str:
    """What it gives or says, signed for if somebody must."""
    running = asyncio.ensure_future(rows(connection, text))
    while not running.done():
        found = await gate.office.desk.reviews(frozenset({ReviewState.PENDING}), 5)
        for review in found:
            await gate.office.vote(review, "dana", Verdict.APPROVE)
        await asyncio.wait([running], timeout=0.05)
    try:
        return str(await running)
    except psycopg.Error as error:
        return f"{error} {error.diag.message_detail} {error.diag.message_hint}"


RECORDED = "UPDATE patients SET mrn = 'MRN-NEW' WHERE mrn = '{}'"


async def released(gate: Gateway) -> list[dict[str, Any]]:
    entries = [json.loads(body.split(b"\n")[0]) for body in await gate.bodies()]
    return [entry["d"] for entry in entries if entry["type"] == "action.released" and entry["d"]["writes"]]


async def test_what_was_signed_for_is_still_known_to_be_given_when_it_runs(gate: Gateway) -> None:
    found = await tokens(gate)
    async with await gate.connect() as connection:
        running = asyncio.ensure_future(connection.execute(RECORDED.format(found[1]).encode()))
        await gate.sign()
        assert (await running).rowcount == 1
    (entry,) = await released(gate)
    assert (entry["filters"], entry["probes"]) == (["phi.mrn"], [])
    assert not [body for body in await gate.bodies() if b"CANARY" in body]


async def test_what_runs_by_itself_is_the_translated_statement(gate: Gateway) -> None:
    found = await tokens(gate)
    async with await gate.connect() as connection:
        await connection.execute("SET interlock.wait = 'deferred'")
        with pytest.raises(psycopg.Error) as refused:
            await connection.execute(
                b"UPDATE patients SET mrn = 'MRN-NEW' WHERE mrn = %s RETURNING id, mrn", [found[1]]
            )
        assert refused.value.sqlstate == "IL001"
    (review,) = await gate.pending()
    async with working(gate):
        await gate.office.vote(review, "dana")
        await settled(gate, review)
    (entry,) = await released(gate)
    assert entry["probes"] == []
    now = (await tokens(gate))[1]
    assert now == "[phi.mrn]", "of a value that it chose itself an agent gets no pseudonym"
    async with await gate.connect() as connection:
        assert await rows(connection, f"SELECT * FROM interlock.fetch('{review.id}')") == [(1, now)]


async def test_a_guess_that_joins_what_was_given_doesnt_ride_on_it(gate: Gateway) -> None:
    """The real value typed out, where a review for its pseudonym is open: another form, so another review."""
    found = await tokens(gate)
    async with await gate.connect() as one, await gate.connect() as two:
        given = asyncio.ensure_future(one.execute(RECORDED.format(found[1]).encode()))
        await gate.pending()
        guessed = asyncio.ensure_future(two.execute(RECORDED.format(ONE).encode()))
        first, second = await gate.pending(2)
        assert first.id != second.id
        for review in (first, second):
            await gate.office.vote(review, "dana", Verdict.DENY)
        for each in (given, guessed):
            with pytest.raises(psycopg.Error):
                await each
