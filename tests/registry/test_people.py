"""Owners, links, delegations and departures: what is allowed, what is refused, and what the ledger says of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from testkit.authenticator import Authenticator
from tests.a_directory_service import House, house
from tests.an_office import ACTORS, OFFICERS, OWNERS, PEOPLE, export
from tests.promises.a_control_port import URL
from tests.stores.a_store import ENTROPY

from interlock.errors import AuthenticationFailed, Conflict, InterlockError, NotEntitled, NotFound
from interlock.gate import Held
from interlock.identity import passkeys as identity
from interlock.identity.directory import Directory
from interlock.model.change import Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ActorId, EntryId, GroupName, PersonId
from interlock.model.passkey import Assertion
from interlock.model.review import Verdict
from interlock.model.secret import Secret
from interlock.registry.confirming import delegating, linking, owning, unlinking

DANA, REMY, OLIVIA, ETL = PersonId("dana"), PersonId("remy"), PersonId("olivia"), ActorId("etl")


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


def in_days(here: House, days: float) -> datetime:
    return here.office.clock.now() + timedelta(days=days)


# -- owners -----------------------------------------------------------------------------------------------------------


async def test_an_agents_key_is_admitted_once_its_owner_has_accepted_and_no_longer(here: House) -> None:
    registry = here.office.registry
    _, key = await registry.issue_key("etl", OLIVIA, None)
    with pytest.raises(AuthenticationFailed) as refused:
        registry.authenticate(key)
    assert refused.value.code == "owner_not_accepted"
    assert [(w.id, w.accepted) for w in here.people.wards(OLIVIA)] == [("etl", False), ("other", False)]
    await here.people.accept_owner(OLIVIA, ETL)
    await here.people.accept_owner(OLIVIA, ETL)  # says nothing new, so it writes nothing
    agent = registry.authenticate(key)
    assert registry.current(agent) is not None
    await here.people.decline_owner(OLIVIA, ETL)
    assert registry.current(agent) is None
    assert [
        (d["what"], d["subject"], d["person"], d["by"]) for d in await here.entries(EntryType.IDENTITY_CHANGED)
    ] == [
        ("owner_accepted", "etl", "olivia", "olivia"),
        ("owner_declined", "etl", "olivia", "olivia"),
    ]


async def test_nobody_accepts_for_another(here: House) -> None:
    for who, what in ((DANA, ETL), (OLIVIA, ActorId("nobody")), (PersonId("nobody"), ETL)):
        with pytest.raises(NotFound):
            await here.people.accept_owner(who, what)
    assert await here.entries(EntryType.IDENTITY_CHANGED) == []


async def test_an_acceptance_ends_when_the_settings_name_another_owner(here: House) -> None:
    await here.people.accept_owner(OLIVIA, ETL)
    actors = {**ACTORS, ETL: replace(ACTORS[ETL], owner=DANA)}
    other = here.office.with_directory(Directory(PEOPLE, actors, here.office.authority.roster))
    _, key = await other.registry.issue_key("etl", DANA, None)
    with pytest.raises(AuthenticationFailed):
        other.registry.authenticate(key)


async def test_an_acceptance_ends_when_the_owner_leaves(here: House) -> None:
    await here.people.accept_owner(OLIVIA, ETL)
    _, key = await here.office.registry.issue_key("etl", OLIVIA, None)
    await here.people.remove_person(OLIVIA, "provisioning/okta")
    with pytest.raises(AuthenticationFailed):
        here.office.registry.authenticate(key)


# -- links ------------------------------------------------------------------------------------------------------------


async def test_a_link_is_begun_only_to_a_provider_that_is_set_up_and_five_wait_at_most(here: House) -> None:
    with pytest.raises(NotFound) as refused:
        here.people.begin_link(DANA, "elsewhere")
    assert refused.value.code == "no_such_provider" and here.people.pending_links(DANA) == ()
    many = replace(here.people, providers=frozenset(f"p{number}" for number in range(7)))
    theirs = many.begin_link(REMY, "p0")
    for number in range(7):
        many.begin_link(DANA, f"p{number}")
    assert [each.provider for each in many.pending_links(DANA)] == ["p2", "p3", "p4", "p5", "p6"]
    assert many.claim_link(theirs, "p0", "U1", "remy").person == REMY


async def test_a_link_is_begun_claimed_shown_and_confirmed(here: House) -> None:
    code = here.people.begin_link(DANA, "slack")
    assert here.people.pending_links(DANA)[0].subject is None
    shown = code.reveal()[:8].lower() + "-" + code.reveal()[8:]  # as somebody may type it
    here.people.claim_link(Secret(shown), "slack", "T1/U1", "dana.q")
    (waiting,) = here.people.pending_links(DANA)
    assert (waiting.subject, waiting.shown) == ("T1/U1", "dana.q")
    assert here.people.person_of("slack", "T1/U1") is None
    await here.people.confirm_link(DANA, "slack", "T1/U1")
    assert here.people.person_of("slack", "T1/U1") == DANA
    assert here.people.pending_links(DANA) == ()
    await here.people.unlink(DANA, "slack", "T1/U1")
    assert here.people.person_of("slack", "T1/U1") is None
    made, removed = await here.entries(EntryType.LINK_MADE, EntryType.LINK_REMOVED)
    assert made == {"person": "dana", "provider": "slack", "subject": "T1/U1", "by": "dana"}
    assert removed["because"] == "by the person"


async def test_a_code_is_good_once_at_its_provider_and_for_ten_minutes(here: House) -> None:
    people = here.people
    with pytest.raises(NotFound):
        people.claim_link(Secret("A" * 16), "slack", "U1", "guessed")
    code = people.begin_link(DANA, "slack")
    with pytest.raises(NotFound):
        people.claim_link(code, "teams", "U1", "another provider")
    people.claim_link(code, "slack", "U1", "dana")
    with pytest.raises(Conflict):
        people.claim_link(code, "slack", "U1", "dana")
    late = people.begin_link(REMY, "slack")
    here.office.clock.at += timedelta(minutes=10)
    with pytest.raises(NotFound):
        people.claim_link(late, "slack", "U2", "remy")
    with pytest.raises(NotFound):
        await people.confirm_link(DANA, "slack", "U1")  # and so is what was claimed


async def test_a_code_that_two_accounts_present_links_neither(here: House) -> None:
    code = here.people.begin_link(DANA, "slack")
    here.people.claim_link(code, "slack", "U-attacker", "dana")
    with pytest.raises(Conflict):
        here.people.claim_link(code, "slack", "U-dana", "dana")
    for subject in ("U-attacker", "U-dana"):
        with pytest.raises(NotFound):
            await here.people.confirm_link(DANA, "slack", subject)
    assert here.people.roster.linked("slack", "U-attacker") is None


async def test_only_the_account_that_was_shown_is_confirmed_and_only_by_who_began(here: House) -> None:
    code = here.people.begin_link(DANA, "slack")
    here.people.claim_link(code, "slack", "U1", "dana")
    for who, subject in ((REMY, "U1"), (DANA, "U2")):
        with pytest.raises(NotFound):
            await here.people.confirm_link(who, "slack", subject)
    here.people.cancel_link(DANA, "slack")
    with pytest.raises(NotFound):
        await here.people.confirm_link(DANA, "slack", "U1")


async def test_an_account_is_one_persons_by_link_or_settings(here: House) -> None:
    code = here.people.begin_link(DANA, "sso")
    with pytest.raises(Conflict):
        here.people.claim_link(code, "sso", "sub-remy", "the settings say it is remy's")
    assert here.people.person_of("sso", "sub-remy") == REMY
    await here.people.unlink(REMY, "sso", "sub-remy")
    assert here.people.person_of("sso", "sub-remy") is None  # the settings alone don't bring it back
    here.people.claim_link(code, "sso", "sub-remy", "free by now")
    await here.people.confirm_link(DANA, "sso", "sub-remy")
    assert here.people.person_of("sso", "sub-remy") == DANA


# -- delegations ------------------------------------------------------------------------------------------------------


async def test_a_delegation_is_of_ones_own_group_bounded_and_ends(here: House) -> None:
    people = here.people
    await people.delegate(OLIVIA, DANA, OWNERS, in_days(here, 3))
    ((given,), (received,)) = people.given(OLIVIA), people.received(DANA)
    assert given == received and given.until == in_days(here, 3)
    with pytest.raises(NotEntitled) as refused:
        await people.delegate(DANA, REMY, OWNERS, in_days(here, 1))  # what was delegated isn't one's own
    assert refused.value.code == "not_your_group"
    with pytest.raises(NotFound):
        await people.end_delegation(REMY, OLIVIA, OWNERS)
    await people.end_delegation(DANA, OLIVIA, OWNERS)  # given back
    assert people.given(OLIVIA) == ()
    await people.delegate(OLIVIA, DANA, OWNERS, in_days(here, 3))
    here.office.clock.at += timedelta(days=3)
    assert people.given(OLIVIA) == ()


@pytest.mark.parametrize(
    ("delegate", "group", "days"),
    [
        ("dana", "officers", 3),  # to oneself
        ("nobody", "officers", 3),
        ("etl", "officers", 3),  # agents sign for nobody
        ("remy", "owners", 3),
        ("remy", "no-such-group", 3),
        ("remy", "officers", 0),
        ("remy", "officers", -1),
        ("remy", "officers", 14.01),
    ],
)
async def test_what_isnt_a_delegation(here: House, delegate: str, group: str, days: float) -> None:
    with pytest.raises(InterlockError):
        await here.people.delegate(DANA, PersonId(delegate), GroupName(group), in_days(here, days))
    assert await here.entries(EntryType.DELEGATION_CHANGED) == []


async def test_one_person_has_one_delegate_and_naming_another_ends_what_was_given_before(here: House) -> None:
    people = here.people
    await people.delegate(OLIVIA, DANA, OWNERS, in_days(here, 3))
    await people.delegate(OLIVIA, REMY, OWNERS, in_days(here, 2))
    assert [(each.delegate, each.group) for each in people.given(OLIVIA)] == [(REMY, OWNERS)]
    assert people.received(DANA) == ()
    await people.delegate(OLIVIA, REMY, OWNERS, in_days(here, 4))  # the same one, for longer
    assert [each.until for each in people.received(REMY)] == [in_days(here, 4)]


async def test_the_end_of_a_delegation_is_the_same_moment_in_any_time_zone(here: House) -> None:
    until = in_days(here, 13.9)
    eastern = until.astimezone(timezone(timedelta(hours=14)))
    await here.people.delegate(OLIVIA, DANA, OWNERS, eastern)
    assert [each.until for each in here.people.given(OLIVIA)] == [until]
    assert delegating(OLIVIA, DANA, OWNERS, eastern) == delegating(OLIVIA, DANA, OWNERS, until)


# -- passkeys ---------------------------------------------------------------------------------------------------------


async def with_passkey(here: House, person: PersonId, counts: bool = True) -> Authenticator:
    """A passkey of somebody's."""
    device = Authenticator(URL, "control.test", count=0 if counts else None)
    made = device.register(here.passkeys.begin_registration(person, here.office.clock.now()).challenge)
    attestation = identity.unbase64url(made.attestation, identity.MAX_ATTESTATION)
    client_data = identity.unbase64url(made.client_data, identity.MAX_CLIENT_DATA)
    await here.passkeys.finish_registration(person, attestation, client_data, "laptop")
    return device


def answer(here: House, device: Authenticator, person: PersonId, said: bytes) -> Assertion:
    """What the device answers when the person's passkey is asked to confirm this, now."""
    asked = here.passkeys.asks_to_confirm(person, said)
    return identity.read_assertion(**device.answer(asked.challenge).fields())


async def test_who_has_a_passkey_delegates_with_it_and_ends_without(here: House) -> None:
    laptop, remys = await with_passkey(here, OLIVIA), await with_passkey(here, REMY)
    until, people = in_days(here, 3), here.people
    asked = delegating(OLIVIA, DANA, OWNERS, until)
    with pytest.raises(AuthenticationFailed) as refused:
        await people.delegate(OLIVIA, DANA, OWNERS, until)
    assert refused.value.code == "passkey_needed"
    for device, person, said in (
        (laptop, OLIVIA, delegating(OLIVIA, REMY, OWNERS, until)),
        (laptop, OLIVIA, delegating(OLIVIA, DANA, OWNERS, in_days(here, 2))),
        (laptop, OLIVIA, delegating(OLIVIA, DANA, OFFICERS, until)),
        (laptop, OLIVIA, linking(OLIVIA, "dana", "owners")),
        (remys, OLIVIA, asked),
        (remys, REMY, delegating(REMY, DANA, OWNERS, until)),
        (remys, REMY, asked),
    ):
        here.passkeys.asks_to_confirm(OLIVIA, asked)
        given = answer(here, device, person, said)
        with pytest.raises(AuthenticationFailed) as refused:
            await people.delegate(OLIVIA, DANA, OWNERS, until, given)
        assert refused.value.code not in ("passkey_needed", "passkey_expired")
    assert people.given(OLIVIA) == ()
    await people.delegate(OLIVIA, DANA, OWNERS, until, answer(here, laptop, OLIVIA, asked))
    await people.end_delegation(OLIVIA, OLIVIA, OWNERS)
    assert people.given(OLIVIA) == ()


async def test_an_answer_confirms_once_also_of_a_passkey_that_counts_nothing(here: House) -> None:
    """Synced passkeys keep no counter: only the nonce tells an answer from a copy of it."""
    phone, people, until = await with_passkey(here, OLIVIA, counts=False), here.people, in_days(here, 3)
    people.claim_link(people.begin_link(OLIVIA, "slack"), "slack", "U1", "olivia")
    good = answer(here, phone, OLIVIA, delegating(OLIVIA, DANA, OWNERS, until))
    own = answer(here, phone, OLIVIA, owning(OLIVIA, ETL))
    links = answer(here, phone, OLIVIA, linking(OLIVIA, "slack", "U1"))
    await people.delegate(OLIVIA, DANA, OWNERS, until, good)
    await people.accept_owner(OLIVIA, ETL, own)
    await people.confirm_link(OLIVIA, "slack", "U1", links)
    await people.end_delegation(OLIVIA, OLIVIA, OWNERS)
    await people.decline_owner(OLIVIA, ETL)
    await people.unlink(OLIVIA, "slack", "U1", answer(here, phone, OLIVIA, unlinking(OLIVIA, "slack", "U1")))
    people.claim_link(people.begin_link(OLIVIA, "slack"), "slack", "U1", "olivia")
    here.passkeys.asks_to_confirm(OLIVIA, owning(OLIVIA, ETL))  # asked anew, under another nonce
    for again in (
        people.delegate(OLIVIA, DANA, OWNERS, until, good),
        people.accept_owner(OLIVIA, ETL, own),
        people.confirm_link(OLIVIA, "slack", "U1", links),
    ):
        with pytest.raises(AuthenticationFailed):
            await again
    assert people.given(OLIVIA) == () and people.person_of("slack", "U1") is None
    assert not any(ward.accepted for ward in people.wards(OLIVIA))


async def test_who_has_a_passkey_links_and_unlinks_with_it_and_declines_without(here: House) -> None:
    laptop, people = await with_passkey(here, OLIVIA), here.people
    people.claim_link(people.begin_link(OLIVIA, "slack"), "slack", "U1", "olivia")
    for other in (None, linking(OLIVIA, "slack", "U2"), linking(DANA, "slack", "U1")):
        here.passkeys.asks_to_confirm(OLIVIA, linking(OLIVIA, "slack", "U1"))
        given = answer(here, laptop, OLIVIA, other) if other is not None else None
        with pytest.raises(AuthenticationFailed):
            await people.confirm_link(OLIVIA, "slack", "U1", given)
    assert people.person_of("slack", "U1") is None
    await people.confirm_link(OLIVIA, "slack", "U1", answer(here, laptop, OLIVIA, linking(OLIVIA, "slack", "U1")))
    assert people.person_of("slack", "U1") == OLIVIA
    for other in (None, linking(OLIVIA, "slack", "U1"), unlinking(OLIVIA, "slack", "U2")):
        here.passkeys.asks_to_confirm(OLIVIA, unlinking(OLIVIA, "slack", "U1"))
        given = answer(here, laptop, OLIVIA, other) if other is not None else None
        with pytest.raises(AuthenticationFailed):
            await people.unlink(OLIVIA, "slack", "U1", given)
    assert people.person_of("slack", "U1") == OLIVIA
    await people.unlink(OLIVIA, "slack", "U1", answer(here, laptop, OLIVIA, unlinking(OLIVIA, "slack", "U1")))
    await people.accept_owner(OLIVIA, ETL, answer(here, laptop, OLIVIA, owning(OLIVIA, ETL)))
    await people.decline_owner(OLIVIA, ETL)
    assert people.person_of("slack", "U1") is None


async def test_where_all_must_have_one_nobody_delegates_or_links_without(tmp_path: Path) -> None:
    async with house(tmp_path, always=True) as here:
        with pytest.raises(AuthenticationFailed, match="register one at") as refused:
            await here.people.delegate(OLIVIA, DANA, OWNERS, in_days(here, 3))
        assert refused.value.code == "passkey_needed"
        here.people.claim_link(here.people.begin_link(DANA, "slack"), "slack", "U1", "dana")
        with pytest.raises(AuthenticationFailed):
            await here.people.confirm_link(DANA, "slack", "U1")
        assert await here.entries(EntryType.DELEGATION_CHANGED, EntryType.LINK_MADE) == []


# -- leaving ----------------------------------------------------------------------------------------------------------


async def test_who_leaves_loses_keys_votes_and_say_at_once(here: House) -> None:
    o = here.office
    await here.people.accept_owner(OLIVIA, ETL)
    _, key = await o.registry.issue_key("dana", DANA, None)
    held = await o.gate.ask(export(await o.agent()))
    assert isinstance(held, Held)
    await here.people.remove_person(DANA, "provisioning/okta")
    with pytest.raises(AuthenticationFailed):
        o.registry.authenticate(key)
    assert o.desk.why_not(held.review, DANA, Verdict.APPROVE) is not None
    with pytest.raises(InterlockError):
        await o.vote(held.review, "dana")
    revoked = await here.entries(EntryType.KEY_REVOKED)
    assert [(d["because"], d["by"]) for d in revoked] == [("the person left", "provisioning/okta")]
    with pytest.raises(NotFound):
        await here.people.remove_person(DANA, "provisioning/okta")


async def returned(here: House, person: PersonId) -> None:
    """Whom a review let back in."""
    here.office.clock.at += timedelta(seconds=1)
    d = {"what": "person_added", "subject": person, "by": "directory", "name": "Another"}
    await here.office.store.commit(Unit((Draft(EntryId(ENTROPY.uuid7()), EntryType.IDENTITY_CHANGED, d, obj=person),)))
    here.office.clock.at += timedelta(seconds=1)
    assert here.people.directory.person(person) is not None


async def test_who_leaves_takes_the_keys_along_that_they_made(here: House) -> None:
    registry = here.office.registry
    await here.people.accept_owner(OLIVIA, ETL)
    made, secret = await registry.issue_key("etl", DANA, None)
    _, others = await registry.issue_key("etl", OLIVIA, None)
    agent, theirs = registry.authenticate(secret), await here.key("dana")
    here.people.provisioner(theirs)
    await here.people.remove_person(DANA, "provisioning/okta")
    await returned(here, DANA)
    assert made in {d["key"] for d in await here.entries(EntryType.KEY_REVOKED)}
    assert registry.current(agent) is None
    for key, take in ((secret, registry.authenticate), (theirs, here.people.provisioner)):
        with pytest.raises(AuthenticationFailed):
            take(key)
    assert registry.authenticate(others).made_by == OLIVIA
    _, anew = await registry.issue_key("etl", DANA, None)
    assert registry.authenticate(anew).made_by == DANA


@pytest.mark.parametrize("jump", [timedelta(), timedelta(hours=-1)], ids=["clock on", "clock back"])
async def test_a_key_whose_maker_was_away_opens_nothing_though_nobody_revoked_it(here: House, jump: timedelta) -> None:
    """A log of before keys left with their makers; or a maker whom the settings name no more."""
    registry, people = here.office.registry, here.people
    await people.accept_owner(OLIVIA, ETL)
    _, secret = await registry.issue_key("etl", DANA, None)
    agent, provisioning = registry.authenticate(secret), await here.key("dana")
    link = await registry.issue_sign_in(DANA)
    here.office.clock.at += jump
    d = {"what": "person_removed", "subject": DANA, "by": "directory"}
    await here.office.store.commit(Unit((Draft(EntryId(ENTROPY.uuid7()), EntryType.IDENTITY_CHANGED, d, obj=DANA),)))
    for back in (False, True):
        if back:
            await returned(here, DANA)
        assert registry.current(agent) is None
        for key, take in ((secret, registry.authenticate), (provisioning, people.provisioner)):
            with pytest.raises(AuthenticationFailed):
                take(key)
        with pytest.raises(AuthenticationFailed):
            await registry.sign_in(link)
    assert (await registry.sign_in(await registry.issue_sign_in(DANA)))[0] == DANA
    without = Directory({k: v for k, v in PEOPLE.items() if k != DANA}, ACTORS, here.office.authority.roster)
    _, secret = await registry.issue_key("etl", REMY, None)
    agent = registry.authenticate(secret)
    gone = Directory({k: v for k, v in PEOPLE.items() if k != REMY}, ACTORS, here.office.authority.roster)
    assert here.office.with_directory(without).registry.current(agent) is not None
    assert here.office.with_directory(gone).registry.current(agent) is None


async def test_who_leaves_takes_no_account_along_nor_does_the_settings_word_bring_it_back(here: House) -> None:
    people = here.people
    await people.unlink(REMY, "sso", "sub-remy")
    people.claim_link(people.begin_link(DANA, "sso"), "sso", "sub-remy", "dana")
    await people.confirm_link(DANA, "sso", "sub-remy")
    await people.remove_person(DANA, "provisioning/okta")
    assert people.roster.links(DANA) == []
    assert people.person_of("sso", "sub-remy") is None
    people.claim_link(people.begin_link(REMY, "sso"), "sso", "sub-remy", "remy")
    await people.confirm_link(REMY, "sso", "sub-remy")
    assert people.person_of("sso", "sub-remy") == REMY


async def test_a_group_is_lost_whatever_the_settings_say(here: House) -> None:
    await here.people.remove_group(DANA, OFFICERS, "provisioning/okta")
    assert here.groups("dana") == set()
    with pytest.raises(NotFound):
        await here.people.remove_group(DANA, OFFICERS, "provisioning/okta")


async def test_claims_take_away_at_once_and_give_nothing(here: House) -> None:
    assert await here.people.claims_seen(DANA, "sso", frozenset({"corp-officers", "other"})) == frozenset()
    assert await here.people.claims_seen(DANA, "elsewhere", frozenset()) == frozenset()
    assert here.groups("dana") == {"officers"}
    assert await here.people.claims_seen(OLIVIA, "sso", frozenset()) == frozenset()
    assert here.groups("olivia") == {"owners"}  # of groups that the provider doesn't govern it says nothing
    assert await here.people.claims_seen(OLIVIA, "sso", frozenset({"corp-officers"})) == {OFFICERS}
    assert here.groups("olivia") == {"owners"}


# -- provisioning keys ------------------------------------------------------------------------------------------------


async def test_a_provisioning_key_is_no_actors_key_and_an_actors_is_no_provisioning_key(here: House) -> None:
    registry, key = here.office.registry, await here.key()
    assert here.people.provisioner(key).id == "provisioning/okta"
    with pytest.raises(AuthenticationFailed):
        registry.authenticate(key)
    _, of_dana = await registry.issue_key("dana", DANA, None)
    with pytest.raises(AuthenticationFailed):
        here.people.provisioner(of_dana)
    await here.people.remove_person(OLIVIA, "provisioning/okta")
    with pytest.raises(AuthenticationFailed):
        here.people.provisioner(key)  # nobody answers for it any more
    with pytest.raises(Conflict):
        await here.key("dana", "etl")
    with pytest.raises(NotFound):
        await here.key("nobody")
