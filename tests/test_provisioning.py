"""Who joins, joins through a review; who leaves, leaves at once: over the real desk, store and control port."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.a_directory_service import SETTINGS, House, house
from tests.an_office import OFFICERS, TWO_OFFICERS, Again, export
from tests.stores.a_store import HandClock

from interlock.errors import Conflict
from interlock.gate import Cleared, Held
from interlock.ledger.entry import parse_entry
from interlock.model.actor import Actor
from interlock.model.document import DocumentKind
from interlock.model.entry import EntryType
from interlock.model.names import ActorId, PersonId
from interlock.model.narrowing import Narrowing
from interlock.model.review import ReviewState
from interlock.provisioning import Stored, Unacceptable

DANA, REMY, OLIVIA = PersonId("dana"), PersonId("remy"), PersonId("olivia")


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


async def okta(here: House, made_by: str = "olivia") -> Actor:
    return here.people.provisioner(await here.key(made_by))


async def user(here: House, actor: Actor, name: str, **more: Any) -> Stored:
    return await here.wishes.make_user(actor, {"userName": name, **more})


async def group(here: House, actor: Actor, name: str, *members: Stored) -> Stored:
    resource = {"displayName": name, "members": [{"value": each.id} for each in members]}
    return await here.wishes.make_group(actor, resource)


def without(group: Stored, member: Stored) -> dict[str, Any]:
    members = [each for each in group.resource["members"] if each["value"] != member.id]
    return {**group.resource, "members": members}


# -- joining ----------------------------------------------------------------------------------------------------------


async def test_somebody_new_joins_with_their_group_once_it_is_signed(here: House) -> None:
    actor = await okta(here)
    ana = await user(here, actor, "Ana.Q", displayName="Ana Quist", externalId="00u1")
    await group(here, actor, "Officers", ana)
    assert here.groups("ana.q") is None
    assert await here.provisioning.settle_due() == 1
    (review,) = await here.pending()
    assert await here.card(review) == [
        "+ ana.q joins, called “Ana Quist”, known there as '00u1'",
        "+ ana.q joins the group officers",
    ]
    assert (review.actor, review.connection) == ("provisioning/okta", "interlock")
    assert await here.provisioning.settle_due() == 0 and here.groups("ana.q") is None
    assert await here.vote(review, "remy") == 200
    assert here.groups("ana.q") is None
    assert await here.provisioning.settle_due() == 1
    assert here.groups("ana.q") == {"officers"}
    assert (await here.office.desk.review(review.id)).state is ReviewState.SUCCEEDED
    first, second = await here.entries(EntryType.IDENTITY_CHANGED)
    assert first == {
        "what": "person_added",
        "subject": "ana.q",
        "by": "provisioning/okta",
        "source": "provisioning/okta",
        "review": review.id,
        "name": "Ana Quist",
        "external": "00u1",
    }
    assert (second["what"], second["group"], second["review"]) == ("group_added", "officers", review.id)
    assert await here.provisioning.settle_due() == 0


async def test_the_unit_is_whole_and_happens_once(here: House) -> None:
    await user(here, await okta(here), "ana")
    await here.provisioning.settle_due()
    (review,) = await here.pending()
    await here.vote(review, "remy")
    size, _ = await here.office.store.head()
    await here.provisioning.settle_due()
    found = [parse_entry(raw) for raw in await here.office.store.entries(size, 50)]
    assert [entry.type for entry in found] == [
        EntryType.ACTION_RELEASED,
        EntryType.IDENTITY_CHANGED,
        EntryType.ACTION_ENDED,
        EntryType.NODE_SEAL,
    ]
    assert found[0].d["verbs"] == ["identity.change"] and found[0].d["resources"] == ["interlock/people/ana"]
    await here.people.remove_person(PersonId("ana"), "test")
    assert await here.provisioning.settle_due() == 0  # what was signed once isn't good again
    assert here.groups("ana") is None


async def test_what_was_signed_before_a_crash_is_taken_up_after_it(tmp_path: Path) -> None:
    clock = HandClock()
    async with house(tmp_path, clock=clock) as before:
        await user(before, await okta(before), "ana")
        await before.provisioning.settle_due()
        (review,) = await before.pending()
        await before.vote(review, "remy")
    async with house(tmp_path, clock=clock) as after:
        assert await after.provisioning.settle_due() == 1
        assert after.groups("ana") == set()


async def test_nobody_signs_for_their_own_joining_nor_for_what_their_key_brings(here: House) -> None:
    actor = await okta(here)  # Olivia made the key
    dana = await user(here, actor, "dana")
    await group(here, actor, "On call", dana)
    await here.provisioning.settle_due()
    (review,) = await here.pending()
    assert await here.card(review) == ["+ dana joins the group on-call"]
    assert {"dana", "olivia"} <= review.excluded
    for who in ("dana", "olivia"):
        assert await here.vote(review, who) == 403
    assert await here.provisioning.settle_due() == 0 and here.groups("dana") == {"officers"}
    assert await here.vote(review, "remy") == 200
    assert await here.provisioning.settle_due() == 1 and here.groups("dana") == {"officers", "on-call"}


async def test_who_could_sign_is_on_a_card_of_their_own(here: House) -> None:
    actor = await okta(here)
    members = [await user(here, actor, name) for name in ("dana", "remy", "ana", "bo")]
    await group(here, actor, "On call", *members)
    await here.provisioning.settle_due()
    assert sorted([await here.card(review) for review in await here.pending()]) == [
        [
            "+ ana joins, called “ana”",
            "+ ana joins the group on-call",
            "+ bo joins, called “bo”",
            "+ bo joins the group on-call",
        ],
        ["+ dana joins the group on-call"],
        ["+ remy joins the group on-call"],
    ]


async def test_a_denial_is_final_until_the_directory_says_it_anew(here: House) -> None:
    actor = await okta(here)
    ana = await user(here, actor, "ana")
    await here.provisioning.settle_due()
    (review,) = await here.pending()
    await here.vote(review, "remy", "deny")
    for _ in range(3):
        here.office.clock.at += timedelta(hours=1)
        assert await here.provisioning.settle_due() == 0
    assert await here.pending() == []
    again = await here.wishes.change_user(actor, await _now(here, ana), {"userName": "ana", "displayName": "Ana"})
    assert await here.provisioning.settle_due() == 0
    off = await here.wishes.change_user(actor, await _now(here, again), {"userName": "ana", "active": False})
    await here.wishes.change_user(actor, off, {"userName": "ana", "active": True})
    assert await here.provisioning.settle_due() == 1


async def _now(here: House, stored: Stored) -> Stored:
    found = await here.wishes.desired.one(stored.kind, stored.id)
    assert found is not None
    return found


async def test_what_expired_unsigned_is_asked_again(here: House) -> None:
    await user(here, await okta(here), "ana")
    await here.provisioning.settle_due()
    (first,) = await here.pending()
    here.office.clock.at += timedelta(minutes=31)
    await here.office.desk.expire_due()
    assert await here.provisioning.settle_due() == 1
    (second,) = await here.pending()
    assert second.id != first.id


async def test_what_is_no_longer_wanted_isnt_taken_up(here: House) -> None:
    actor = await okta(here)
    ana = await user(here, actor, "ana")
    await here.provisioning.settle_due()
    (review,) = await here.pending()
    await here.vote(review, "remy")
    await here.wishes.drop_user(actor, await _now(here, ana))
    await here.provisioning.settle_due()
    assert here.groups("ana") is None
    assert (await here.office.desk.review(review.id)).state is ReviewState.SUPERSEDED


async def test_a_revoked_key_brings_nobody_any_more(here: House) -> None:
    actor = await okta(here)
    await user(here, actor, "ana")
    await here.provisioning.settle_due()
    (review,) = await here.pending()
    await here.vote(review, "remy")
    await user(here, actor, "bo")
    await here.office.registry.revoke_key(actor.key, OLIVIA, "stolen")
    await here.provisioning.settle_due()
    assert here.groups("ana") is None and here.groups("bo") is None and await here.pending() == []


async def test_votes_are_counted_anew_when_it_is_taken_up(here: House) -> None:
    actor = await okta(here)
    await user(here, actor, "ana")
    await here.provisioning.settle_due()
    (review,) = await here.pending()
    await here.vote(review, "remy")
    await here.people.remove_group(REMY, OFFICERS, "provisioning/okta")
    await here.provisioning.settle_due()
    assert here.groups("ana") is None
    assert (await here.office.desk.review(review.id)).state is ReviewState.SUPERSEDED


async def test_who_was_let_in_for_less_time_joins_still(here: House) -> None:
    await user(here, await okta(here), "ana")
    await here.provisioning.settle_due()
    (review,) = await here.pending()
    desk, card = here.office.desk, await here.office.desk.card(review.id)
    shorter = Narrowing(valid=timedelta(seconds=60))
    await desk.narrow(review.id, here.office.voter("remy"), shorter, card.action_digest, card.card_digest)
    assert await here.vote(review, "remy") == 200
    await here.provisioning.settle_due()
    assert here.groups("ana") == set()
    assert (await desk.review(review.id)).state is ReviewState.SUCCEEDED
    assert await here.entries(EntryType.REVIEW_SUPERSEDED) == []


async def test_without_approvers_nobody_joins(tmp_path: Path) -> None:
    async with house(tmp_path, settings=replace(SETTINGS, approvers=None)) as here:
        await user(here, await okta(here), "ana")
        assert await here.provisioning.settle_due() == 0
        assert await here.pending() == [] and here.groups("ana") is None


# -- leaving ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["inactive", "deleted", "made inactive"])
async def test_who_leaves_leaves_at_once_also_of_the_settings_and_comes_back_by_review(here: House, how: str) -> None:
    actor = await okta(here)
    if how == "made inactive":
        await user(here, actor, "dana", active=False)
    else:
        dana = await user(here, actor, "dana")
        assert here.groups("dana") == {"officers"}
    if how == "inactive":
        await here.wishes.change_user(actor, dana, {"userName": "dana", "active": False})
    elif how == "deleted":
        await here.wishes.drop_user(actor, dana)
    assert here.groups("dana") is None
    (entry,) = await here.entries(EntryType.IDENTITY_CHANGED)
    assert (entry["what"], entry["subject"], entry["by"]) == ("person_removed", "dana", "provisioning/okta")
    again = await here.wishes.desired.named(DocumentKind.SCIM_USER, "dana")
    if again is None:
        await user(here, actor, "dana")
    else:
        await here.wishes.change_user(actor, again, {"userName": "dana", "active": True})
    assert here.groups("dana") is None
    await here.provisioning.settle_due()
    (review,) = await here.pending()
    assert await here.card(review) == ["+ dana joins, called “Dana”, with the settings' groups officers"]
    await here.vote(review, "remy")
    await here.provisioning.settle_due()
    assert here.groups("dana") == {"officers"}


async def test_who_is_out_of_the_directorys_group_is_out_of_ours_unless_another_holds_them(tmp_path: Path) -> None:
    both = replace(SETTINGS, groups={**SETTINGS.groups, "More officers": OFFICERS})
    async with house(tmp_path, settings=both) as here:
        actor = await okta(here)
        dana, remy = await user(here, actor, "dana"), await user(here, actor, "remy")
        officers = await group(here, actor, "Officers", dana, remy)
        more = await group(here, actor, "More officers", dana)
        officers = await here.wishes.change_group(actor, officers, without(officers, dana))
        assert here.groups("dana") == {"officers"}
        await here.wishes.drop_group(actor, more)
        assert here.groups("dana") == set() and here.groups("remy") == {"officers"}
        await here.wishes.change_group(actor, officers, {**officers.resource, "displayName": "Renamed"})
        assert here.groups("remy") == set()


async def test_a_removal_unmakes_the_votes_of_a_review_that_waits(here: House) -> None:
    o = here.office.with_policy(TWO_OFFICERS)
    await here.people.accept_owner(OLIVIA, ActorId("etl"))
    agent = await o.agent()
    held = await o.gate.ask(export(agent))
    assert isinstance(held, Held)
    await o.vote(held.review, "dana")
    actor = await okta(here, "remy")
    await here.wishes.drop_user(actor, await user(here, actor, "dana"))
    assert (await o.vote(held.review, "remy")).state is ReviewState.PENDING  # else these two would have sufficed


async def test_a_removal_unmakes_an_approval_that_hasnt_run(here: House) -> None:
    o = here.office
    await here.people.accept_owner(OLIVIA, ActorId("etl"))
    agent = await o.agent()
    action = export(agent)
    held = await o.gate.ask(action)
    assert isinstance(held, Held)
    assert (await o.vote(held.review, "dana")).state is ReviewState.APPROVED
    actor = await okta(here, "remy")
    await here.wishes.drop_user(actor, await user(here, actor, "dana"))
    assert not isinstance(await o.gate.redeem(held.review.id, action, Again(action)), Cleared)


# -- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["etl", "operator", "Ana Quist", "", "ána", "a" * 64, "provisioning/okta", "-a", "a\n"]
)
async def test_names_that_no_person_can_have(here: House, name: str) -> None:
    actor = await okta(here)
    with pytest.raises(Unacceptable):
        await user(here, actor, name)
    assert await here.wishes.desired.count(DocumentKind.SCIM_USER) == 0


async def test_a_name_never_changes_and_is_there_once(here: House) -> None:
    actor = await okta(here)
    ana = await user(here, actor, "ana")
    with pytest.raises(Unacceptable):
        await here.wishes.change_user(actor, ana, {"userName": "dana"})
    with pytest.raises(Conflict):
        await user(here, actor, "ANA")
    with pytest.raises(Unacceptable):
        await user(here, actor, "bo", displayName="Bo\n+ eve joins the group officers")
    with pytest.raises(Unacceptable):
        await here.wishes.make_group(actor, {"displayName": "Officers", "members": [{"value": "nobody"}]})


async def test_a_stale_change_is_refused(here: House) -> None:
    actor = await okta(here)
    ana = await user(here, actor, "ana")
    await here.wishes.change_user(actor, ana, {"userName": "ana", "displayName": "Ana"})
    with pytest.raises(Conflict):
        await here.wishes.change_user(actor, ana, {"userName": "ana", "displayName": "Other"})


# -- claims -----------------------------------------------------------------------------------------------------------


async def test_a_group_that_a_provider_claims_takes_a_review_by_others(here: House) -> None:
    claim = here.provisioning.claims_seen
    await claim(OLIVIA, "sso", frozenset())
    assert here.groups("olivia") == {"owners"}
    await claim(OLIVIA, "sso", frozenset({"corp-officers"}))
    await claim(OLIVIA, "sso", frozenset({"corp-officers"}))  # joins what is asked already
    (review,) = await here.pending()
    assert await here.card(review) == ["+ olivia joins the group officers"]
    assert await here.vote(review, "olivia") == 403
    await here.vote(review, "dana")
    await here.provisioning.settle_due()
    assert here.groups("olivia") == {"officers", "owners"}


async def test_a_claim_that_is_gone_at_the_next_sign_in_isnt_asked_for_any_more(here: House) -> None:
    claim = here.provisioning.claims_seen
    await claim(OLIVIA, "sso", frozenset())
    await claim(OLIVIA, "sso", frozenset({"corp-officers"}))
    assert len(await here.pending()) == 1
    await claim(OLIVIA, "sso", frozenset())
    assert await here.pending() == []
