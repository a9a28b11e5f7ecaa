"""Clearing derived labels: who may, what it takes, what the ledger says of it, and what comes after it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from testkit.authenticator import Authenticator
from tests.a_directory_service import APPROVERS, House, house
from tests.an_office import AGENTS, OFFICERS, OWNERS
from tests.registry.a_write import CLINIC, MRN, NOTES, SSN, WRITES, carry, released, snapshot, write
from tests.registry.test_people import answer, with_passkey

from interlock.errors import AuthenticationFailed, Conflict, NotEntitled, NotFound
from interlock.model.actor import Actor
from interlock.model.decision import Quorum, Requirements
from interlock.model.entry import EntryType
from interlock.model.names import GroupName, PersonId
from interlock.registry.clearing import Clearing
from interlock.registry.derived import DerivedLabels

DANA, REMY, OLIVIA = PersonId("dana"), PersonId("remy"), PersonId("olivia")
BOTH = frozenset({SSN, MRN})


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    """A house in which etl's write took two labels to the notes."""
    async with house(tmp_path) as opened:
        ours = replace(opened, office=opened.office.with_policy(WRITES))
        await written(ours)
        yield ours


async def agent(here: House) -> Actor:
    if not here.people.wards(OLIVIA)[0].accepted:
        await here.people.accept_owner(OLIVIA, here.people.wards(OLIVIA)[0].id)
    return await here.office.agent()


async def written(here: House) -> None:
    await released(here.office, write(await agent(here), carry(NOTES, SSN, MRN)))


def listed(here: House) -> dict[str, set[str]]:
    return {each.column: set(each.labels) for each in here.clearing.listed()}


async def test_what_is_derived_is_listed_with_who_brought_it(here: House) -> None:
    (found,) = here.clearing.listed()
    assert (found.connection, found.column, found.now) == (CLINIC, NOTES, ())
    assert {(o.actor, o.since) for o in found.labels.values()} == {("etl", here.office.clock.now())}
    derived = DerivedLabels(here.office.registry)
    derived.columns(CLINIC, snapshot((7, "notes", "text")))
    await written(here)  # by now it is known where the column is
    derived.columns(CLINIC, snapshot((7, "renamed", "other")))
    (found,) = here.clearing.listed()
    assert (found.column, found.now) == (NOTES, ("clinic/public.renamed.other",))


async def test_a_person_clears_it_and_the_next_write_labels_it_again(here: House) -> None:
    await here.clearing.clear(DANA, NOTES, BOTH, "only codes are left")
    assert listed(here) == {}
    assert await here.entries(EntryType.LABEL_CLEARED) == [
        {
            "connection": "clinic",
            "column": NOTES,
            "labels": ["phi.mrn", "phi.ssn"],
            "person": "dana",
            "because": "only codes are left",
        }
    ]
    with pytest.raises(NotFound):
        await here.clearing.clear(DANA, NOTES, BOTH, "again")
    await written(here)
    assert listed(here) == {NOTES: BOTH}


async def test_it_stays_cleared_after_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path) as opened:
        here = replace(opened, office=opened.office.with_policy(WRITES))
        await written(here)
        await here.clearing.clear(DANA, NOTES, BOTH, "gone")
    async with house(tmp_path) as again:
        assert listed(again) == {}


@pytest.mark.parametrize("labels", [frozenset({SSN}), frozenset({SSN, MRN, "phi"}), frozenset()])
async def test_only_what_was_shown_is_cleared(here: House, labels: frozenset[str]) -> None:
    with pytest.raises(Conflict) as refused:
        await here.clearing.clear(DANA, NOTES, frozenset(labels), "x")  # type: ignore[arg-type]
    assert refused.value.code == "labels_changed"
    with pytest.raises(Conflict):
        await here.clearing.operator_clear(NOTES, frozenset(labels), "x")  # type: ignore[arg-type]
    assert listed(here) == {NOTES: BOTH}


@pytest.mark.parametrize(
    ("approvers", "person", "code"),
    [
        (None, DANA, "no_approvers"),
        (replace(APPROVERS, quorums=(Quorum(OWNERS, 1),)), DANA, "not_an_approver"),
        (replace(APPROVERS, quorums=(Quorum(AGENTS, 1),)), DANA, "not_an_approver"),
        (APPROVERS, OLIVIA, "part_of_it"),
    ],
)
async def test_who_may_not_clears_nothing(
    here: House, approvers: Requirements | None, person: PersonId, code: str
) -> None:
    clearing = replace(here.clearing, approvers=approvers)
    with pytest.raises(NotEntitled) as refused:
        await clearing.clear(person, NOTES, BOTH, "x")
    assert refused.value.code == code
    with pytest.raises(NotEntitled):
        clearing.asked(person, NOTES, BOTH)
    assert listed(here) == {NOTES: BOTH} and await here.entries(EntryType.LABEL_CLEARED) == []


@pytest.mark.parametrize("name", ["etl", "other", "nobody", "operator"])
async def test_agents_are_nobody_here(here: House, name: str) -> None:
    with pytest.raises(NotFound):
        await here.clearing.clear(PersonId(name), NOTES, BOTH, "x")
    assert listed(here) == {NOTES: BOTH}


async def test_every_group_that_signs_for_policies_may(here: House) -> None:
    either = replace(APPROVERS, quorums=(), any_of=((Quorum(OFFICERS, 1), Quorum(GroupName("boards"), 1)),))
    staged = replace(APPROVERS, quorums=(), stages=(((Quorum(OWNERS, 1),), (Quorum(OFFICERS, 1),)),))
    for approvers in (either, staged):
        clearing = Clearing(here.office.registry, here.passkeys, approvers)
        assert listed(here) == {NOTES: set(BOTH)}
        await clearing.clear(REMY, NOTES, BOTH, "x")
        assert listed(here) == {}
        await written(here)


async def test_who_has_a_passkey_confirms_exactly_this_with_it(here: House) -> None:
    device: Authenticator = await with_passkey(here, DANA)
    for assertion in (None, answer(here, device, DANA, b"something else")):
        with pytest.raises(AuthenticationFailed):
            await here.clearing.clear(DANA, NOTES, BOTH, "x", assertion)
    assert listed(here) == {NOTES: BOTH}
    said = here.clearing.asked(DANA, NOTES, BOTH)
    await here.clearing.clear(DANA, NOTES, BOTH, "x", answer(here, device, DANA, said))
    assert listed(here) == {}


async def test_the_operator_clears_in_their_own_name(here: House) -> None:
    await here.clearing.operator_clear(NOTES, BOTH, "restored from a backup without it")
    (entry,) = await here.entries(EntryType.LABEL_CLEARED)
    assert entry["person"] == "operator"
    assert listed(here) == {}
