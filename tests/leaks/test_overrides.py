"""Overrides of masks, tried by those who may not make them, beyond where and when they hold, and what records tell."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from tests.a_directory_service import House, house
from tests.a_gateway import Gateway, gateway
from tests.an_engine import looking
from tests.an_office import OPERATOR_TOKEN
from tests.postgres_fixture import Database
from tests.promises.a_control_port import caller, key_of, signed_in
from tests.registry.a_write import CLINIC
from tests.registry.test_proposals import RUN, SSN, suggestion
from tests.stores.a_store import write_raw

from interlock.errors import InterlockError, NotEntitled, NotFound
from interlock.model.change import Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.label import Label
from interlock.model.names import ActorId, ConnectionName, EntryId, GroupName, PersonId
from interlock.model.override import NOT_THIS_LABEL, Override
from interlock.model.proposal import ProposalState
from interlock.registry.overrides import Wish
from interlock.registry.proposals import Verdict
from interlock.registry.stewards import Stewards
from interlock.sensitivity.regime import Regime

DANA, REMY, OLIVIA = PersonId("dana"), PersonId("remy"), PersonId("olivia")
COLUMN = "clinic/public.lots.code"
BODY: dict[str, Any] = {
    "connection": "clinic",
    "column": COLUMN,
    "label": "phi.ssn",
    "rule": "not_this_label",
    "seconds": 3600,
    "because": "lot numbers",
}
PATHS = ("/api/labels/overrides", "/api/operator/labels/overrides")
WISH = Wish(CLINIC, COLUMN, Label("phi.ssn"), NOT_THIS_LABEL, timedelta(hours=1))


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        await opened.people.accept_owner(OLIVIA, ActorId("etl"))
        yield opened


def standing(here: House) -> tuple[Override, ...]:
    return here.labelling.overrides.of(CLINIC)


async def tried(client: Any, path: str, **changes: Any) -> tuple[int, str]:
    answer = await client.post(path, json={**BODY, **changes})
    return answer.status_code, answer.json().get("code", "")


# -- who --------------------------------------------------------------------------------------------------------------


async def test_no_key_makes_one(here: House) -> None:
    """An agent's, its owner's, a steward's own, one that isn't there: only a console's session does."""
    for token in (
        await key_of(here.office, "etl"),
        await key_of(here.office, "olivia"),
        await key_of(here.office, "dana", "dana"),
        "il_nothing",
        None,
    ):
        async with caller(here.app, token) as client:
            for path in PATHS:
                assert (await tried(client, path))[0] in (401, 403)
    assert standing(here) == () and not await here.entries(EntryType.MASK_OVERRIDDEN)


async def test_the_operator_does_it_in_their_own_name_or_not_at_all(here: House) -> None:
    async with caller(here.app, OPERATOR_TOKEN) as client:
        assert (await tried(client, PATHS[0]))[0] in (401, 403), "not as somebody of the console's"
        assert (await tried(client, PATHS[1], person="dana"))[0] == 422, "and not in another's name"
        assert (await tried(client, PATHS[1]))[0] == 200
        assert (await tried(client, PATHS[1], label="secret.token"))[0] == 409
    (entry,) = await here.entries(EntryType.MASK_OVERRIDDEN)
    assert (entry["person"], entry["because"]) == ("operator", "lot numbers")


async def test_who_is_no_steward_does_not(here: House) -> None:
    registry = here.office.registry
    others = Stewards(registry, frozenset({GroupName("data-stewards")}))
    labelling = replace(here.labelling, overrides=replace(here.labelling.overrides, stewards=others), stewards=others)
    here.app.state.control = replace(here.app.state.control, labelling=labelling)
    async with signed_in(here.app, here.office, "dana") as client:
        assert await tried(client, PATHS[0]) == (403, "not_a_steward")
        assert (await tried(client, PATHS[1]))[0] in (401, 403)
    for nobody in ("nobody", "etl", "operator"):
        with pytest.raises(NotFound):
            await here.labelling.overrides.override(PersonId(nobody), WISH, "x")
    assert standing(here) == ()


async def test_a_steward_does_not_for_their_own_agents_action(here: House) -> None:
    """Whoever owns the agent, or made its key, or holds one: before the action, while it waits, and by any scope."""
    await here.office.registry.issue_key("etl", REMY, None)
    for person in ("olivia", "remy"):
        async with signed_in(here.app, here.office, person) as client:
            for changes in ({}, {"row_key": "7"}, {"column": "", "rule": "partial"}, {"rule": "partial"}):
                assert (await tried(client, PATHS[0], **changes)) == (403, "part_of_it")
            wish = {name: value for name, value in BODY.items() if name != "because"}
            asked = await client.post(f"{PATHS[0]}/challenge", json=wish)
            assert (asked.status_code, asked.json()["code"]) == (403, "part_of_it")
    assert standing(here) == ()


async def test_nor_ends_one_that_is_stricter_than_what_comes_back(here: House) -> None:
    await here.office.registry.issue_key("etl", REMY, None)
    overrides = here.labelling.overrides
    stricter = await overrides.operator_override(Wish(CLINIC, COLUMN, Label("phi.ssn"), "null", WISH.lasts), "x")
    with pytest.raises(NotEntitled):
        await overrides.end(REMY, stricter.id, "x")
    looser = await overrides.operator_override(WISH, "x")
    await overrides.end(REMY, looser.id, "nothing is let out by that")
    assert standing(here) == (stricter,)


async def test_nor_keeps_a_label_away_by_rejecting_what_waits(here: House) -> None:
    await here.office.registry.issue_key("etl", REMY, None)
    proposals = here.labelling.proposals
    (made,) = await proposals.propose(CLINIC, RUN, [suggestion(SSN)])
    for person in (OLIVIA, REMY):
        with pytest.raises(NotEntitled):
            await proposals.judge(person, made.id, Verdict.REJECT, made.labels, "x")
        with pytest.raises(NotEntitled):
            proposals.asked(person, made.id, Verdict.REJECT, made.labels)
    assert [each.state for each in proposals.waiting()] == [ProposalState.WAITING]
    await proposals.judge(REMY, made.id, Verdict.CONFIRM, made.labels, "hiding more is anybody's")


async def test_a_login_of_long_ago_makes_none(here: House) -> None:
    async with signed_in(here.app, here.office, "dana") as client:
        here.office.clock.at += here.people.votes.recent_login + timedelta(seconds=1)
        assert await tried(client, PATHS[0]) == (403, "login_too_old")


# -- the store --------------------------------------------------------------------------------------------------------


async def test_one_written_into_the_store_is_found_out(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        made = await here.labelling.overrides.override(DANA, WISH, "x")
        assert standing(here) == (made,)
    forged = "UPDATE il_entry SET body = replace(body, 'public.lots.code', 'public.lots.ssn1')"
    write_raw(tmp_path / "interlock.db", forged)
    with pytest.raises(InterlockError) as refused:
        async with house(tmp_path):
            pass
    assert refused.value.code == "ledger_corrupt"


async def test_one_without_a_maker_is_no_entry(here: House) -> None:
    """What the node itself would sign must have the form of one: the fold never sees anything else."""
    d = {"connection": "clinic", "column": COLUMN, "label": "phi.ssn", "rule": "keep"}
    draft = Draft(id=EntryId("019aa6b4-0000-7000-8000-0000000000aa"), type=EntryType.MASK_OVERRIDDEN, d=d, obj="o")
    with pytest.raises(InterlockError):
        await here.office.store.commit(Unit((draft,)))
    assert standing(here) == ()


# -- how far and how long ---------------------------------------------------------------------------------------------

CATALOG = '[[column]]\nmatch = "public.lots.mrn"\nlabels = ["phi.mrn"]\n'
POLICY = '@id("all")\npermit (principal in Interlock::Group::"ai-agents", action, resource);\n'
FORM, OTHER = "402-19-8877", "519-22-4711"
QUERY = "SELECT code, note, mrn FROM lots WHERE id = 1"
HIDDEN, SHOWN = ("[phi.ssn]", "lot [phi.ssn]", "[phi.mrn]"), (FORM, "lot [phi.ssn]", "[phi.mrn]")


@pytest.fixture
async def gate(tmp_path: Path, empty_database: Database) -> AsyncIterator[Gateway]:
    empty_database.execute(
        "CREATE TABLE lots (id int, code text, note text, mrn text)",
        f"INSERT INTO lots VALUES (1, '{FORM}', 'lot {OTHER}', 'M-1')",
        "GRANT ALL ON lots TO PUBLIC",
    )
    async with gateway(tmp_path, empty_database, CATALOG, policy=POLICY) as running:
        masks = looking(Regime.PHI)
        running.definitions.masks = masks
        authority, clock = running.office.authority, running.office.clock

        def now(connection: ConnectionName) -> tuple[Override, ...]:
            return tuple(each.override for each in authority.overridden.standing(clock.now(), connection))

        masks.overrides = partial(now, masks.connection)
        yield running


async def override(gate: Gateway, **changes: str) -> str:
    """One on record, as `registry.overrides` writes it; its id."""
    office = gate.office
    ident = office.registry.entropy.uuid7()
    terms = {"connection": "clinic", "column": COLUMN, "label": "phi.ssn", "rule": NOT_THIS_LABEL, "subject": ""}
    until = office.clock.now() + timedelta(hours=1)
    d = {**terms, "expires_at": f"{until:%Y-%m-%dT%H:%M:%S.%f}Z", "person": "dana", "because": "x", **changes}
    draft = Draft(EntryId(office.registry.entropy.uuid7()), EntryType.MASK_OVERRIDDEN, d, obj=ident)
    await office.store.commit(Unit((draft,)))
    return ident


async def end(gate: Gateway, ident: str) -> None:
    d = {"connection": "clinic", "person": "dana", "because": "over"}
    draft = Draft(EntryId(gate.office.registry.entropy.uuid7()), EntryType.MASK_OVERRIDE_ENDED, d, obj=ident)
    await gate.office.store.commit(Unit((draft,)))


async def told(connection: psycopg.AsyncConnection[Any]) -> tuple[Any, ...]:
    (row,) = await (await connection.execute(QUERY)).fetchall()
    return tuple(row)


async def releases(gate: Gateway) -> list[list[str]]:
    """Which overrides each release names."""
    entries = [json.loads(body.split(b"\n")[0]) for body in await gate.bodies()]
    return [e["d"].get("overrides", []) for e in entries if e["type"] == "action.released" and e["d"]["statements"]]


async def test_it_lifts_there_alone_and_its_release_says_which_did(gate: Gateway) -> None:
    async with await gate.connect() as connection:
        assert await told(connection) == HIDDEN
        ident = await override(gate)
        assert await told(connection) == SHOWN, "at once, in a session that was open, and in that column alone"
        (row,) = await (await connection.execute("SELECT code || '' FROM lots")).fetchall()
        assert row == ("[phi.ssn]",), "an expression isn't that column"
        await end(gate, ident)
        assert await told(connection) == HIDDEN
    async with asyncio.timeout(10):
        while len(await releases(gate)) < 4:
            await asyncio.sleep(0.01)
    assert (await releases(gate))[-4:] == [[], [ident], [], []]
    kept = b"".join(await gate.bodies())
    assert FORM.encode() not in kept and OTHER.encode() not in kept


@pytest.mark.parametrize(
    "changes",
    [
        {"expires_at": "2020-01-01T00:00:00.000000Z"},
        {"connection": "other"},
        {"connection": "other", "column": "other/public.lots.code"},
        {"column": "other/public.lots.code"},
        {"column": "clinic/public.lots.note2"},
        {"column": ""},  # of all of a connection nobody says that it isn't there
        {"label": "phi"},  # nor of a root: `phi` is what a text is called that nobody could look into
        {"label": "phi.mrn", "column": "clinic/public.lots.mrn"},  # the catalog's
        {"rule": "keep"},
        {"rule": "partial"},  # which the connection's profile doesn't allow
        {"rule": "no_such_rule"},
        {"subject": "ab" * 16},  # of another row
    ],
)
async def test_it_lifts_nothing_else(gate: Gateway, changes: dict[str, str]) -> None:
    await override(gate, **changes)
    async with await gate.connect() as connection:
        assert await told(connection) == HIDDEN


async def test_it_ends_while_the_session_goes_on(gate: Gateway) -> None:
    await override(gate)
    async with await gate.connect() as connection:
        assert await told(connection) == SHOWN
        gate.office.clock.at += timedelta(hours=1, seconds=1)
        assert await told(connection) == HIDDEN


async def test_nothing_of_a_credential_comes_of_one(gate: Gateway, empty_database: Database) -> None:
    secret = "AKIAIOSFODNN7EXAMPLE"
    empty_database.execute(f"UPDATE lots SET code = 'key {secret}'")
    for label in ("secret", "secret.aws", "secret.aws.access_key"):
        for rule in (NOT_THIS_LABEL, "partial", "keep"):
            await override(gate, label=label, rule=rule)
    async with await gate.connect() as connection:
        assert secret[4:] not in str(await told(connection))
