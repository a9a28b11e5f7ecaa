"""Promise 2: what runs is the sealed payload voted on, as often as the card said, while all it means is as it was."""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.a_gateway import POLICY
from tests.an_office import CONNECTION, TWO_OFFICERS, Office, export, office
from tests.an_office import POLICY as OFFICE_POLICY
from tests.postgres_fixture import Database
from tests.promises.a_stage import CALLS, Stage, stage
from tests.promises.canaries import CATALOG, TABLE, filling
from tests.sql.clinic import snapshot as clinic_snapshot
from tests.stores.a_store import write_raw

from interlock.actions.cover import UpstreamIdentity, around, documents
from interlock.gate import Cleared, Denied, Held
from interlock.model.action import Action
from interlock.model.actor import Actor
from interlock.model.digest import NONCE_BYTES, action_digest
from interlock.model.names import PersonId, ReviewId
from interlock.model.payload import Payload, SqlPayload, SqlStatement
from interlock.model.review import ReviewState
from interlock.model.secret import Secret
from interlock.model.snapshot import Snapshot
from interlock.sql.session_state import SessionState
from interlock.sql.statement import analyse

TWICE = OFFICE_POLICY.replace('@valid("10m")', '@reuse("2 within 10m")')
NONCE = Secret(b"n" * NONCE_BYTES)
TEXT = b"SELECT title FROM wards WHERE id = $1"
STATEMENT = SqlStatement(TEXT, False, (23,), (0,), (b"7",), (0,), 0)
IDENTITY = UpstreamIdentity("10.0.0.1", 5432, "clinic", "interlock")
STATE = SessionState(("public",), "interlock", {"timezone": "utc"})

OTHER_STATEMENTS = {
    "text": b"SELECT title FROM wards WHERE id > $1",
    "simple": True,
    "parameter_types": (20,),
    "parameter_formats": (1,),
    "parameters": (b"8",),
    "result_formats": (1,),
    "max_rows": 5,
    "copy_data": b"1\tone\n",
    "given_literals": (7,),
    "given_parameters": (1,),
}
OTHER_IDENTITIES = {"host": "10.0.0.2", "port": 5433, "database": "archive", "user": "somebody"}
OTHER_STATES = {"search_path": ("evil", "public"), "role": "admin", "settings": {"timezone": "europe/berlin"}}


def _export(
    actor: Actor,
    statement: SqlStatement = STATEMENT,
    identity: UpstreamIdentity = IDENTITY,
    state: SessionState = STATE,
    snapshot: Snapshot | None = None,
) -> Action:
    """An export whose cover is made as the door makes it."""
    snapshot = snapshot or clinic_snapshot()
    judged = [analyse(statement.text, snapshot, state)]
    payload = SqlPayload((statement,))
    cover, form = documents(payload, judged, around(judged, CONNECTION, identity, snapshot, state))
    return replace(export(actor), payload=payload, cover=cover, form=form)


def _redefined() -> Snapshot:
    snapshot = clinic_snapshot()
    changed = [replace(r, definition="another") if r.name == "wards" else r for r in snapshot.relations]
    return replace(snapshot, relations=tuple(changed), version="another")


def _mutants(actor: Actor) -> Iterator[tuple[str, Action]]:
    for name, value in OTHER_STATEMENTS.items():
        yield f"statement {name}", _export(actor, replace(STATEMENT, **{name: value}))  # type: ignore[arg-type]
    for name, value in OTHER_IDENTITIES.items():
        yield f"identity {name}", _export(actor, identity=replace(IDENTITY, **{name: value}))  # type: ignore[arg-type]
    for name, value in OTHER_STATES.items():
        yield f"state {name}", _export(actor, state=replace(STATE, **{name: value}))  # type: ignore[arg-type]
    yield "definitions", _export(actor, snapshot=_redefined())


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield opened


def test_every_field_there_is_has_its_mutation() -> None:
    """A field added later fails here until it is covered."""
    assert {f.name for f in fields(SqlStatement)} == set(OTHER_STATEMENTS)
    assert {f.name for f in fields(UpstreamIdentity)} == set(OTHER_IDENTITIES)
    assert {f.name for f in fields(SessionState)} == set(OTHER_STATES)


async def test_each_field_changes_the_digest_and_releases_nothing(desk: Office) -> None:
    agent = await desk.agent()
    mutants = dict(_mutants(agent))
    assert len(mutants) == 18
    for name, mutant in mutants.items():
        action = _export(agent)
        assert action_digest(NONCE, action.cover) != action_digest(NONCE, mutant.cover), name
        held = await desk.gate.ask(action)
        assert isinstance(held, Held)
        await desk.vote(held.review, "dana")
        answer = await desk.gate.redeem(held.review.id, action, _As(mutant))
        assert isinstance(answer, Held) and answer.review.id != held.review.id, name
        assert (await desk.desk.review(held.review.id)).state is ReviewState.SUPERSEDED, name
        await desk.desk.withdraw(answer.review.id, agent.id)


async def test_no_other_field_joins(desk: Office) -> None:
    """Asked for as such, a mutant opens a review of its own: equal spelling apart, only equal requests join."""
    agent = await desk.agent()
    held = await desk.gate.ask(_export(agent))
    assert isinstance(held, Held)
    for name, mutant in _mutants(agent):
        other = await desk.gate.ask(mutant)
        assert isinstance(other, Held) and other.review.id != held.review.id, name
        await desk.desk.withdraw(other.review.id, agent.id)


async def test_each_leaf_of_the_document_counts(desk: Office) -> None:
    cover = _export(await desk.agent()).cover
    before = action_digest(NONCE, cover)
    leaves = list(_leaves(cover))
    assert len(leaves) > 20
    for path in leaves:
        changed = copy.deepcopy(dict(cover))
        _change(changed, path)
        assert action_digest(NONCE, changed) != before, path


def _leaves(node: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = node.items() if isinstance(node, Mapping) else enumerate(node) if isinstance(node, list | tuple) else ()
    inner = [leaf for key, value in pairs for leaf in _leaves(value, (*path, key))]
    yield from inner or [path]


def _change(node: Any, path: tuple[Any, ...]) -> None:
    for key in path[:-1]:
        node = node[key]
    old = node[path[-1]]
    node[path[-1]] = f"{old}x" if isinstance(old, str) else "x" if not isinstance(old, int) else int(old) + 1


class _As:
    """Rebuilds the sealed payload as this action."""

    def __init__(self, action: Action) -> None:
        self._action = action

    async def __call__(self, payload: Payload) -> Action:
        return self._action


async def test_another_nonce_is_another_digest(desk: Office) -> None:
    """Two reviews of the same bytes have different digests, so a digest can't be searched for."""
    agent = await desk.agent()
    first = await desk.gate.ask(_export(agent))
    assert isinstance(first, Held)
    await desk.desk.withdraw(first.review.id, agent.id)
    second = await desk.gate.ask(_export(agent))
    assert isinstance(second, Held)
    assert (first.review.digest, first.review.card_digest) != (second.review.digest, second.review.card_digest)


async def test_two_gates_over_one_store_release_once(desk: Office) -> None:
    action = _export(await desk.agent())
    held = await desk.gate.ask(action)
    assert isinstance(held, Held)
    await desk.vote(held.review, "dana")
    gates = [replace(desk.gate), replace(desk.gate)]
    asked = [gate.redeem(held.review.id, action, _As(action)) for gate in gates * 4]
    answers = await asyncio.gather(*asked)
    assert [type(answer) for answer in answers].count(Cleared) == 1
    later = await gates[1].redeem(held.review.id, action, _As(action))
    assert isinstance(later, Denied)


async def test_an_approval_for_two_runs_can_t_run_three_times_though_the_row_is_set_back(tmp_path: Path) -> None:
    async with office(tmp_path, policy=TWICE) as desk:
        agent = await desk.agent()
        held = await desk.gate.ask(_export(agent))
        assert isinstance(held, Held)
        await desk.vote(held.review, "dana")
        assert [await _runs(desk, held.review.id, agent) for _ in range(3)] == [True, True, False]
        for left in (1, 2, 3):
            assert not await _runs(desk, held.review.id, agent, tmp_path, left)
    async with office(tmp_path, policy=TWICE) as desk:  # nor by a gateway that starts on such a store
        for left in (1, 2, 3):
            assert not await _runs(desk, held.review.id, agent, tmp_path, left)
        entries = [json.loads(body.split(b"\n")[0]) for body in await desk.store.entries(0, 1000)]
    assert [e["d"]["use"] for e in entries if e["type"] == "action.released"] == [1, 2]


async def test_a_row_that_says_more_runs_than_were_signed_gives_none(desk: Office, tmp_path: Path) -> None:
    agent = await desk.agent()
    held = await desk.gate.ask(_export(agent))
    assert isinstance(held, Held)
    write_raw(tmp_path / "interlock.db", "UPDATE il_review SET uses_left = 9")
    await desk.vote(held.review, "dana")
    assert not await _runs(desk, held.review.id, agent)
    assert [await _runs(desk, held.review.id, agent, tmp_path, left) for left in (1, 1, 2)] == [True, False, False]


async def _runs(desk: Office, review: ReviewId, agent: Actor, path: Path | None = None, left: int = 0) -> bool:
    """Whether the same request may run on that review; with `path`, once somebody has set its row back."""
    if path is not None:
        back = f"UPDATE il_review SET state = 'approved', uses_left = {left}, running = 0 WHERE id = '{review}'"
        write_raw(path / "interlock.db", back)
    action = _export(agent)
    answer = await desk.gate.redeem(review, action, _As(action))
    if isinstance(answer, Held):  # asked for anew, which would stand in the way of setting the row back once more
        await desk.desk.withdraw(answer.review.id, agent.id)
    return isinstance(answer, Cleared)


async def test_what_runs_is_the_release_s_payload_not_the_client_s(desk: Office) -> None:
    agent = await desk.agent()
    signed, sent = _export(agent), _export(agent, replace(STATEMENT, text=b"select  title from wards where id=$1 -- x"))
    held = await desk.gate.ask(signed)
    joined = await desk.gate.ask(sent)
    assert isinstance(held, Held) and isinstance(joined, Held) and joined.review.id == held.review.id
    await desk.vote(held.review, "dana")
    seen: list[Payload] = []

    async def rebuild(payload: Payload) -> Action:
        seen.append(payload)
        return signed

    answer = await desk.gate.redeem(held.review.id, sent, rebuild)
    assert isinstance(answer, Cleared) and answer.release.action.payload == signed.payload == seen[0]


async def test_policies_changed_between_vote_and_release(desk: Office) -> None:
    action = _export(await desk.agent())
    held = await desk.gate.ask(action)
    assert isinstance(held, Held)
    await desk.vote(held.review, "dana")
    answer = await desk.with_policy(TWO_OFFICERS).gate.redeem(held.review.id, action, _As(action))
    assert isinstance(answer, Held) and answer.review.requirements.quorums[0].count == 2


async def test_an_actor_who_changed_hands_is_decided_anew(desk: Office) -> None:
    """The voter owns the agent by the time of the release: the vote was somebody's else's, and is theirs now."""
    agent = await desk.agent()
    held = await desk.gate.ask(_export(agent))
    assert isinstance(held, Held)
    await desk.vote(held.review, "dana")
    directory = desk.registry.directory
    sold = {name: replace(actor, owner=PersonId("dana")) for name, actor in directory.actors.items()}
    later = desk.with_directory(replace(directory, actors=sold))
    answer = await later.gate.redeem(held.review.id, _export(agent), _As(_export(agent)))
    assert not isinstance(answer, Cleared)


# -- end to end: what the server was asked ----------------------------------------------------------------------------


@pytest.fixture
async def on_stage(tmp_path: Path, empty_database: Database) -> AsyncIterator[Stage]:
    empty_database.execute(*TABLE, *filling())
    async with stage(tmp_path, empty_database, CATALOG, policy=POLICY + CALLS) as running:
        yield running


async def copied(on_stage: Stage, text: str) -> bytes:
    """What a COPY gave, on a connection of its own."""
    async with await on_stage.connect() as connection, connection.cursor().copy(text.encode()) as copy_:
        return b"".join([bytes(block) async for block in copy_])


async def asked_and_left(on_stage: Stage, text: str) -> None:
    """Asks, and goes once it is held; the review stays."""
    asking = asyncio.ensure_future(copied(on_stage, text))
    await on_stage.gateway.pending()
    asking.cancel()
    with suppress(asyncio.CancelledError, psycopg.Error):
        await asking


async def test_a_respelling_joins_and_the_approved_bytes_run(on_stage: Stage) -> None:
    approved = "COPY (SELECT city /* all */ FROM people WHERE id = 1) TO STDOUT"
    await asked_and_left(on_stage, approved)
    since = on_stage.now()
    await on_stage.gateway.sign()
    assert await copied(on_stage, "copy (select  city from PEOPLE where id=1) to stdout -- now") == b"Ulm\n"
    assert [m.body for m in on_stage.run_upstream(since) if m.type == b"Q"] == [approved.encode() + b"\0"]


async def test_an_approval_of_one_literal_doesn_t_run_another(on_stage: Stage) -> None:
    await asked_and_left(on_stage, "COPY (SELECT city FROM people WHERE id = 1) TO STDOUT")
    await on_stage.gateway.sign()
    since = on_stage.now()
    other = asyncio.ensure_future(copied(on_stage, "COPY (SELECT city FROM people WHERE id = 2) TO STDOUT"))
    (held,) = await on_stage.gateway.pending()
    assert on_stage.run_upstream(since) == []
    await on_stage.gateway.office.vote(held, "remy")
    assert await other == b"Bonn\n"


async def test_an_approval_is_used_up(on_stage: Stage) -> None:
    text = "COPY (SELECT city FROM people WHERE id = 3) TO STDOUT"
    await asked_and_left(on_stage, text)
    await on_stage.gateway.sign()
    assert await copied(on_stage, text) == b"Jena\n"
    since = on_stage.now()
    await asked_and_left(on_stage, text)
    assert on_stage.run_upstream(since) == []


async def test_an_approval_for_two_runs_runs_twice(tmp_path: Path, empty_database: Database) -> None:
    empty_database.execute(*TABLE, *filling())
    twice = POLICY.replace(
        '@review("officers:1") @because("Exp', '@review("officers:1") @reuse("2 within 10m") @because("Exp'
    )
    text = "COPY (SELECT city FROM people WHERE id = 3) TO STDOUT"
    async with stage(tmp_path, empty_database, CATALOG, policy=twice) as on_stage:
        await asked_and_left(on_stage, text)
        signed = await on_stage.gateway.sign()
        assert [await copied(on_stage, text), await copied(on_stage, text.lower())] == [b"Jena\n", b"Jena\n"]
        assert (await on_stage.gateway.office.desk.review(signed.id)).state is ReviewState.SUCCEEDED
        since = on_stage.now()
        await asked_and_left(on_stage, text)
        assert on_stage.run_upstream(since) == []


@pytest.mark.parametrize(
    ("text", "change"),
    [
        ("COPY people TO STDOUT", "ALTER TABLE people ADD COLUMN more text"),
        ("COPY (SELECT id FROM people_view) TO STDOUT", "CREATE OR REPLACE VIEW people_view AS SELECT id, ssn AS x,"
         " mrn FROM people WHERE id = 1"),
        ("COPY (SELECT leak(1)) TO STDOUT", "CREATE OR REPLACE FUNCTION leak(int) RETURNS text LANGUAGE sql AS"
         " 'SELECT mrn FROM people WHERE id = $1'"),
        ("COPY cities TO STDOUT", "CREATE RULE quiet AS ON INSERT TO cities DO INSTEAD NOTHING"),
    ],
)  # fmt: skip
async def test_definitions_changed_between_vote_and_release(on_stage: Stage, text: str, change: str) -> None:
    await asked_and_left(on_stage, text)
    first = await on_stage.gateway.sign()
    await asyncio.to_thread(on_stage.database.execute, change)
    since = on_stage.now()
    asking = asyncio.ensure_future(copied(on_stage, text))
    (second,) = await on_stage.gateway.pending()
    assert second.id != first.id and on_stage.run_upstream(since) == []
    assert (await on_stage.gateway.office.desk.review(first.id)).state in (ReviewState.SUPERSEDED, ReviewState.APPROVED)
    asking.cancel()
    with suppress(asyncio.CancelledError, psycopg.Error):
        await asking


async def test_session_settings_are_part_of_what_was_signed(on_stage: Stage) -> None:
    text = b"DELETE FROM people"
    async with await on_stage.connect() as connection:
        asking = asyncio.ensure_future(connection.execute(text))
        (held,) = await on_stage.gateway.pending()
        await connection.cancel_safe()
        with pytest.raises(psycopg.errors.QueryCanceled):
            await asking
        await on_stage.gateway.office.vote(held, "dana")
        await connection.execute(b"SET timezone = 'Asia/Tokyo'")
        since = on_stage.now()
        asking = asyncio.ensure_future(connection.execute(text))
        (other,) = await on_stage.gateway.pending()
        assert other.id != held.id and on_stage.run_upstream(since) == []
        await connection.cancel_safe()
        with pytest.raises(psycopg.errors.QueryCanceled):
            await asking
