"""Promise 9: downstream a stable code, a safe sentence, the review's id; for operators policies, labels and people."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.a_gateway import POLICY
from tests.an_office import Again, export
from tests.postgres_fixture import Database
from tests.promises.a_control_port import caller as by_token
from tests.promises.a_control_port import control, key_of, signed_in
from tests.promises.a_disk import PATIENCE
from tests.promises.a_raw_client import RawClient, fields
from tests.promises.a_stage import Stage, stage
from tests.promises.canaries import CATALOG, TABLE, filling

from interlock.gate import Held
from interlock.model.review import Review, Verdict
from interlock.model.secret import Secret

DELETE = b"DELETE FROM people"
DETAIL = re.compile(r"interlock: [a-z_]{3,40}(; review [0-9a-f-]{36})?")
# What only operators may see: people, groups, policies' ids, our own insides, the server's.
INTERNALS = re.compile(
    r"dana|remy|olivia|officers|no-drops|exports-are|unbounded-writes|Traceback|\.py|/tmp|sqlite|asyncio|empty_\d|127\.0"
)


@pytest.fixture
async def on_stage(tmp_path: Path, empty_database: Database) -> AsyncIterator[Stage]:
    empty_database.execute(*TABLE, *filling())
    async with stage(tmp_path, empty_database, CATALOG, policy=POLICY) as running:
        yield running


def explained(error: psycopg.Error, code: str, sqlstate: str, review: Review | None = None) -> None:
    """The error says what it must and nothing more."""
    said = error.diag
    sentence, detail, hint = (text or "" for text in (said.message_primary, said.message_detail, said.message_hint))
    assert error.sqlstate == sqlstate and said.severity == "ERROR"
    assert DETAIL.fullmatch(detail) and detail.startswith(f"interlock: {code}"), detail
    assert sentence.startswith(("Refused: ", "Protocol ")) and sentence.rstrip().endswith("."), sentence
    assert not INTERNALS.search(f"{sentence} {detail}"), (sentence, detail)
    if review is not None:
        assert f"review {review.id}" in detail and hint.endswith(f"/reviews/{review.id}")
    for field in ("source_file", "source_line", "source_function", "context", "internal_query", "schema_name"):
        assert getattr(said, field) is None


async def entries(on_stage: Stage, type_: str) -> list[dict[str, Any]]:
    """Entries of a type."""
    lines = [json.loads(body.split(b"\n")[0]) for body in await on_stage.gateway.bodies()]
    return [line for line in lines if line["type"] == type_]


async def test_denied_by_a_policy(on_stage: Stage) -> None:
    async with await on_stage.connect() as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as error:
            await connection.execute(b"DROP TABLE people")
        explained(error.value, "forbidden", "42501")
        assert "Nothing is dropped here." in str(error.value)
    (entry,) = await entries(on_stage, "action.denied")
    assert entry["d"]["reasons"] == [{"code": "forbidden", "policy": "no-drops"}]
    assert entry["d"]["verbs"] == ["sql.drop"] and entry["d"]["resources"] == ["clinic/public.people"]
    assert entry["actor"] and "phi.ssn" in entry["d"]["labels"]


@pytest.mark.parametrize(
    ("text", "code"),
    [(b"GRANT SELECT ON people TO PUBLIC", "no_permit"), (b"PREPARE TRANSACTION 'x'", None)],
)
async def test_denied_for_want_of_a_permit_or_of_understanding(on_stage: Stage, text: bytes, code: str | None) -> None:
    async with await on_stage.connect() as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as error:
            await connection.execute(text)
        (entry,) = await entries(on_stage, "action.denied")
        (reason,) = entry["d"]["reasons"]
        assert code in (None, reason["code"])
        explained(error.value, reason["code"], "42501")


async def test_what_is_not_sql_is_told_in_the_servers_words(on_stage: Stage) -> None:
    async with await on_stage.connect() as connection:
        with pytest.raises(psycopg.errors.SyntaxError, match='syntax error at or near "SELEC"') as error:
            await connection.execute(b"SELEC 1")
        assert error.value.diag.statement_position == "1"
        (entry,) = await entries(on_stage, "action.denied")
        assert entry["d"]["reasons"] and "SELEC" not in str(entry)


async def test_held_and_then_each_way_it_ends(on_stage: Stage) -> None:
    notices: list[str] = []
    async with await on_stage.connect() as connection:
        connection.add_notice_handler(
            lambda d: notices.append(f"{d.message_primary}|{d.message_detail}|{d.message_hint}")
        )
        asking = asyncio.ensure_future(connection.execute(DELETE))
        (review,) = await on_stage.gateway.pending()
        await on_stage.gateway.sign("remy", Verdict.DENY)
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as error:
            await asking
        explained(error.value, "review_denied", "42501", review)
        (notice,) = notices
        assert "Writes without a limit are signed for." in notice and review.id in notice
        assert not INTERNALS.search(notice)

        asking = asyncio.ensure_future(connection.execute(DELETE))
        (review,) = await on_stage.gateway.pending()
        await connection.cancel_safe()
        with pytest.raises(psycopg.errors.QueryCanceled) as cancelled:
            await asking
        explained(cancelled.value, "cancelled", "57014", review)

        asking = asyncio.ensure_future(connection.execute(DELETE))
        async with asyncio.timeout(PATIENCE):
            while not await entries(on_stage, "review.joined"):
                await asyncio.sleep(0.01)
        on_stage.gateway.office.clock.forward(days=1)
        assert await on_stage.gateway.office.desk.expire_due() == 1
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as expired:
            await asking
        explained(expired.value, "review_expired", "42501", review)
    held = await entries(on_stage, "action.held")
    assert held and all(
        e["d"]["reasons"] == [{"code": "needs_review", "policy": "unbounded-writes-are-signed"}] for e in held
    )
    (vote,) = await entries(on_stage, "vote.cast")
    assert (vote["d"]["person"], vote["d"]["settles"]) == ("remy", "denied")


async def test_held_inside_a_transaction(on_stage: Stage) -> None:
    async with await on_stage.connect() as connection:
        await connection.set_autocommit(False)
        with pytest.raises(psycopg.errors.InsufficientPrivilege) as error:
            await connection.execute(DELETE)
        (review,) = await on_stage.gateway.pending()
        explained(error.value, "held_in_transaction", "42501", review)
        with pytest.raises(psycopg.errors.InFailedSqlTransaction):
            await connection.execute(b"SELECT 1")
        await connection.rollback()


async def test_superseded_says_what_changed(on_stage: Stage) -> None:
    agent = await on_stage.gateway.office.agent()
    action = export(agent)
    held = await on_stage.gateway.office.gate.ask(action)
    assert isinstance(held, Held)
    await on_stage.gateway.office.vote(held.review, "dana")
    answer = await on_stage.gateway.office.gate.redeem(held.review.id, action, Again(action, role="other"))
    assert isinstance(answer, Held) and answer.reasons[0].code == "superseded"
    (entry,) = await entries(on_stage, "review.superseded")
    assert entry["obj"] == held.review.id and entry["d"]["because"]


async def test_what_can_t_be_recorded(on_stage: Stage) -> None:
    async with await on_stage.connect() as connection:
        on_stage.disk.fill()
        with pytest.raises(psycopg.errors.IoError) as error:
            for _ in range(200):
                await connection.execute(b"UPDATE people SET city = 'Hof' WHERE id = 1")
        explained(error.value, "ledger_unavailable", "58030")
        assert "disk is full" in str(error.value)
        on_stage.disk.empty()


@pytest.mark.parametrize(
    ("text", "sqlstate", "constraint"),
    [
        (b"INSERT INTO people (id) VALUES (1)", "23505", "people_pkey"),
        (b"SELECT * FROM nothing_here", "42P01", None),
        (b"SELECT nothing FROM people", "42703", None),
        (b"SELECT 1 / 0", "22012", None),
        (b"UPDATE people SET note = 'no' WHERE id = 1", "23514", "people_note_check"),
        (b"COMMIT PREPARED 'x'", "42501", None),
    ],
)
async def test_the_server_s_errors_keep_their_code_and_names_and_lose_their_values(
    on_stage: Stage, text: bytes, sqlstate: str, constraint: str | None
) -> None:
    async with await on_stage.connect() as connection:
        with pytest.raises(psycopg.Error) as error:
            await connection.execute(text)
        assert error.value.sqlstate == sqlstate
        said = f"{error.value} {error.value.diag.message_detail} {error.value.diag.message_hint}"
        assert not INTERNALS.search(said)
        assert error.value.diag.constraint_name == constraint
        assert error.value.diag.message_detail is None or "(1)" not in error.value.diag.message_detail


@pytest.mark.parametrize(
    ("database", "key", "sqlstate"),
    [("clinic", "wrong", "28P01"), ("nowhere", "right", "3D000")],
)
async def test_logins_that_fail_say_so(on_stage: Stage, database: str, key: str, sqlstate: str) -> None:
    presented = on_stage.gateway.agent_key if key == "right" else Secret("ilk_" + "0" * 16 + "_" + "a" * 43)
    client = await RawClient.open(on_stage.down.port)
    answers = await client.login(presented, database=database)
    said = fields(next(m for m in answers if m.type == b"E"))
    assert said["C"] == sqlstate and said["S"] == "FATAL" and not INTERNALS.search(said["M"])
    assert said["M"].endswith(".")
    client.close()


async def test_the_api_gives_a_code_and_a_sentence(on_stage: Stage) -> None:
    office = on_stage.gateway.office
    asking = asyncio.ensure_future((connection := await on_stage.connect()).execute(DELETE))
    (review,) = await on_stage.gateway.pending()
    app = control(office)
    ballot = {"verdict": "approve", "action_digest": "0" * 64, "card_digest": "0" * 64}
    path = f"/api/reviews/{review.id}/votes"
    asked: list[tuple[str | None, str, str, object, int]] = [
        (None, "GET", "/api/reviews", None, 401),
        ("wrong", "GET", "/api/reviews", None, 401),
        ("etl", "POST", path, ballot, 403),
        ("dana", "POST", path, ballot, 403),
        ("etl", "GET", "/api/reviews/00000000-0000-0000-0000-000000000000", None, 404),
        ("etl", "GET", "/api/nothing", None, 404),
        ("etl", "POST", "/api/operator/keys", {"holder": "etl", "made_by": "dana"}, 403),
        ("etl", "GET", "/api/reviews?limit=0", None, 422),
        ("etl", "DELETE", "/api/reviews", None, 405),
    ]
    for who, method, to, body, status in asked:
        token = None if who is None else who if who == "wrong" else await key_of(office, who)
        async with by_token(app, token) as client:
            answer = await client.request(method, to, json=body)
        told = answer.json()
        assert answer.status_code == status and re.fullmatch(r"[a-z_]+", told["code"]), (to, told)
        assert len(told["sentence"]) > 10 and "Traceback" not in answer.text
    async with signed_in(app, office, "dana") as client:
        answer = await client.post(path, json=ballot)
        assert answer.status_code == 409 and answer.json()["review"] == review.id
        shown = (await client.get(f"/api/reviews/{review.id}")).json()
    assert shown["card"]["content"]["policies"] == [
        {"id": "unbounded-writes-are-signed", "because": "Writes without a limit are signed for."}
    ]
    await connection.cancel_safe()
    with pytest.raises(psycopg.errors.QueryCanceled):
        await asking
    await connection.close()


async def test_releases_and_ends_name_policy_bundle_and_masks(on_stage: Stage) -> None:
    async with await on_stage.connect() as connection:
        await connection.execute(b"SELECT ssn, born FROM people")
        with pytest.raises(psycopg.Error):
            await connection.execute(b"INSERT INTO people (id) VALUES (1)")
    await on_stage.gateway.door.endings.settled(5)
    released = [e for e in await entries(on_stage, "action.released") if "sql.select" in e["d"]["verbs"]]
    assert released[0]["pol"]["ids"] == ["agents-read"] and released[0]["d"]["masks"] == ["phi.date.birth", "phi.ssn"]
    (masked,) = await entries(on_stage, "mask.applied")
    assert {"label": "phi.ssn", "count": 3} in masked["d"]["counts"]
    ended = {e["d"]["outcome"]: e["d"]["sqlstate"] for e in await entries(on_stage, "action.ended")}
    assert ended == {"succeeded": "", "failed": "23505"}
