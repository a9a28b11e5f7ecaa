"""Derived labels: durable with the release, in force at once and after a restart, not to be taken away unnoticed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.an_office import CONNECTION, Office, export, office, read
from tests.registry.a_write import (
    CLINIC,
    MRN,
    NOTES,
    SSN,
    WRITES,
    carry,
    entries,
    recorded,
    released,
    snapshot,
    write,
)
from tests.stores.a_store import write_raw

from interlock.doors.postgres.definitions import Definitions
from interlock.errors import LedgerCorrupt, LedgerUnavailable
from interlock.gate import Denied
from interlock.model.change import Unit
from interlock.model.exposure import Exposure
from interlock.model.label import Label
from interlock.model.secret import Secret
from interlock.model.settings import UpstreamPostgres
from interlock.model.snapshot import Snapshot
from interlock.ports import Receipt
from interlock.registry.derived import MAX_ROWS_BYTES, DerivedLabels, deriving
from interlock.sensitivity.catalog import EMPTY


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path, policy=WRITES) as opened:
        yield opened


def definitions(o: Office, known: Snapshot) -> Definitions:
    """What every session of the connection goes by."""

    async def refresh() -> None:
        raise AssertionError("nobody asks")

    upstream = UpstreamPostgres("localhost", 5432, "clinic", "interlock", Secret("x"))
    return Definitions(CONNECTION, upstream, EMPTY, known, DerivedLabels(o.registry), refresh)


def known(o: Office, column: str = NOTES) -> set[str]:
    found = o.authority.derived.column(CLINIC, column)
    return set(found.labels) if found is not None else set()


async def test_the_labels_are_in_the_unit_of_the_release_and_signed(here: Office) -> None:
    action = write(await here.agent(), carry(NOTES, SSN))
    await released(here, action)
    released_, derived = await entries(here)
    assert [released_["type"], derived["type"]] == ["action.released", "label.derived"]
    assert (derived["act"], derived["actor"]["id"], derived["ts"]) == (action.id, "etl", released_["ts"])
    rows = [{"column": NOTES, "labels": "phi.ssn", "oid": 0, "number": 0}]
    assert derived["d"] == {"connection": "clinic", "because": "insert", "carries": rows}
    assert known(here) == {SSN}
    raw = next(body for body in await here.store.entries(0, 1000) if b"label.derived" in body)
    assert b"\n\n\xe2\x80\x94 " in raw  # a signed note


async def test_it_is_durable_before_anything_is_sent_whatever_the_action_says_of_itself(here: Office) -> None:
    action = replace(write(await here.agent(), carry(NOTES, SSN)), effect_free=True)
    answer = await here.gate.ask(action)
    assert not isinstance(answer, Denied)
    assert known(here) == {SSN}


async def test_what_is_denied_or_held_derives_nothing(here: Office) -> None:
    carried = Exposure(carries=(carry(NOTES, SSN),))
    denied = here.with_policy('@id("x") forbid (principal, action, resource);')
    assert isinstance(await denied.gate.ask(write(await here.agent(), carry(NOTES, SSN))), Denied)
    held = replace(export(await here.agent()), exposures=(carried,))
    await here.with_policy(
        '@id("a") permit (principal, action, resource);'
        '@id("h") @review("officers:1") @because("x")'
        'forbid (principal, action in Interlock::Action::"export", resource);'
    ).gate.ask(held)
    assert "label.derived" not in [each["type"] for each in await entries(here)]
    assert known(here) == set()


async def test_the_same_again_says_nothing_new(here: Office) -> None:
    agent = await here.agent()
    await released(here, write(agent, carry(NOTES, SSN)))
    await released(here, write(agent, carry(NOTES, SSN)))
    await released(here, read(agent))
    assert len(await recorded(here, 1)) == 1
    await released(here, write(agent, carry(NOTES, SSN, MRN), carry(NOTES, SSN)))
    assert [each["d"]["carries"][0]["labels"] for each in await recorded(here, 2)] == ["phi.ssn", "phi.mrn"]
    assert known(here) == {SSN, MRN}


async def test_every_session_goes_by_them_at_once(here: Office) -> None:
    shared = definitions(here, snapshot((7, "notes", "text")))
    before = shared.labels
    assert before is shared.labels
    assert before.for_column(7, 1) == frozenset()
    await released(here, write(await here.agent(), carry(NOTES, SSN)))
    assert shared.labels.for_column(7, 1) == {SSN}
    assert shared.labels is shared.labels
    assert before.for_column(7, 1) == frozenset()


async def test_a_column_that_exists_is_known_by_its_place_from_the_first_entry(here: Office) -> None:
    shared = definitions(here, snapshot((7, "notes", "text")))
    assert shared.labels is not None
    await released(here, write(await here.agent(), carry(NOTES, SSN)))
    (derived,) = await recorded(here, 1)
    assert derived["d"]["carries"] == [{"column": NOTES, "labels": "phi.ssn", "oid": 7, "number": 1}]
    shared.replace(snapshot((7, "renamed", "other")))
    assert shared.labels.for_column(7, 1) == {SSN}


async def test_a_table_that_the_write_makes_is_placed_once_it_is_seen(tmp_path: Path) -> None:
    async with office(tmp_path, policy=WRITES) as o:
        shared = definitions(o, snapshot())
        assert shared.labels.for_connection() == frozenset()
        action = write(await o.agent(), carry(NOTES, SSN))
        await released(o, action)
        shared.replace(snapshot((7, "notes", "text")))
        assert shared.labels.for_column(7, 1) == {SSN}
        _, seen = await recorded(o, 2)
        row = {"column": NOTES, "labels": "", "oid": 7, "number": 1}
        assert (seen["act"], seen["actor"], seen["d"]["because"], seen["d"]["carries"]) == (
            action.id,
            None,
            "seen",
            [row],
        )
        shared.replace(snapshot((7, "notes", "text"), (8, "other", "x")))
        assert shared.labels.for_column(7, 1) == {SSN}
        assert len(await recorded(o, 2)) == 2  # it is on record
    async with office(tmp_path, policy=WRITES) as o:  # renamed while nobody looked
        again = definitions(o, snapshot((7, "renamed", "other")))
        assert again.labels.for_column(7, 1) == {SSN}
        assert again.labels.for_connection() == {SSN}


async def test_a_table_made_anew_under_the_name_has_them_too(here: Office) -> None:
    shared = definitions(here, snapshot((7, "notes", "text")))
    await released(here, write(await here.agent(), carry(NOTES, SSN)))
    shared.replace(snapshot((9, "notes", "text")))
    assert shared.labels.for_column(9, 1) == {SSN}


async def test_they_survive_a_restart(tmp_path: Path) -> None:
    async with office(tmp_path, policy=WRITES) as o:
        await released(o, write(await o.agent(), carry(NOTES, SSN)))
    async with office(tmp_path, policy=WRITES) as o:
        assert known(o) == {SSN}
        assert definitions(o, snapshot((7, "notes", "text"))).labels.for_column(7, 1) == {SSN}
        await released(o, write(await o.agent(), carry(NOTES, SSN)))
        assert len([each for each in await entries(o) if each["d"].get("because") == "insert"]) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM il_entry WHERE instr(body, 'label.derived') > 0",
        "DELETE FROM il_entry WHERE idx >= (SELECT idx FROM il_entry WHERE instr(body, 'label.derived') > 0)",
        "UPDATE il_entry SET body = CAST(replace(body, 'phi.ssn', 'phi.age') AS BLOB)"
        " WHERE instr(body, 'label.derived') > 0",
    ],
)
async def test_who_takes_the_row_away_keeps_the_gateway_from_starting(tmp_path: Path, statement: str) -> None:
    async with office(tmp_path, policy=WRITES) as o:
        await released(o, write(await o.agent(), carry(NOTES, SSN)))
    write_raw(tmp_path / "interlock.db", statement)
    with pytest.raises(LedgerCorrupt):
        async with office(tmp_path, policy=WRITES):
            raise AssertionError("it started")


async def test_a_wide_table_takes_several_entries(here: Office) -> None:
    labels = [Label(f"phi.l{n}") for n in range(60)]
    wide = [carry(f"clinic/public.wide.column_{n:04}", *labels) for n in range(400)]
    action = write(await here.agent(), *wide)
    drafts = deriving(here.registry, action)
    assert len(drafts) > 1 and MAX_ROWS_BYTES < 65_535
    await released(here, replace(action, templates=action.templates[:1]))
    assert len(here.authority.derived.columns(CLINIC)) == 400
    assert known(here, "clinic/public.wide.column_0399") == set(labels)


class Away:
    """A ledger that can't be written."""

    def __init__(self) -> None:
        self.asked: list[Unit] = []

    def commit(self, unit: Unit) -> asyncio.Future[Receipt]:
        """Refuses the unit."""
        self.asked.append(unit)
        answer: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        answer.set_exception(LedgerUnavailable("full"))
        return answer


async def test_a_place_that_couldnt_be_recorded_is_tried_again(here: Office) -> None:
    await released(here, write(await here.agent(), carry(NOTES, SSN)))
    away, seen = Away(), snapshot((7, "notes", "text"))
    derived = DerivedLabels(replace(here.registry, ledger=away))
    assert len(derived.columns(CLINIC, seen)) == 1
    derived.columns(CLINIC, seen)
    assert len(away.asked) == 1  # on its way
    await asyncio.sleep(0)
    derived.columns(CLINIC, seen)
    assert len(away.asked) == 2
