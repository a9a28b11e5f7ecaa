"""The roster: what each entry about people changes, and that who leaves takes nothing along."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.ledger.making import NOW, Node, draft

from interlock.ledger.fields import format_time
from interlock.ledger.roster import Roster, counter
from interlock.model.canonical import JsonValue
from interlock.model.entry import Draft, EntryType
from interlock.model.identity_change import IdentityChange
from interlock.model.names import ActorId, GroupName, PersonId
from interlock.model.passkey import Passkey

ANA, BEA, CY = PersonId("ana"), PersonId("bea"), PersonId("cy")
RED, BLUE, ETL = GroupName("red"), GroupName("blue"), ActorId("etl")
LATER = NOW + timedelta(days=1)


class Story:
    """A node's flushes, folded as they become durable."""

    def __init__(self) -> None:
        self.node = Node()
        self.roster = Roster()

    def add(self, *drafts: Draft) -> None:
        for entry in self.node.flush(*drafts):
            self.roster.apply(entry)

    def delegations(self, now: datetime = NOW) -> list[tuple[str, str, str]]:
        return [(each.delegator, each.delegate, each.group) for each in self.roster.delegations(now)]


@pytest.fixture
def story() -> Story:
    return Story()


def changed(what: IdentityChange, subject: str, **more: JsonValue) -> Draft:
    plain = draft(EntryType.IDENTITY_CHANGED, obj=subject, what=what.value, by="someone")
    return replace(plain, d={**plain.d, **more})


def linked(person: str, subject: str, provider: str = "sso") -> Draft:
    return draft(EntryType.LINK_MADE, obj=person, provider=provider, subject=subject, by=person)


def unlinked(person: str, subject: str, provider: str = "sso") -> Draft:
    return draft(EntryType.LINK_REMOVED, obj=person, provider=provider, subject=subject, by=person, because="x")


def delegated(delegator: str, delegate: str, group: str, until: datetime | None = LATER) -> Draft:
    ends = format_time(until) if until else ""
    return draft(
        EntryType.DELEGATION_CHANGED, obj=delegator, delegate=delegate, group=group, until=ends, by=delegator
    )  # fmt: skip


def passkey(person: str, credential: str = "cred", count: int = 0) -> Draft:
    what, key = IdentityChange.PASSKEY_ADDED, "AQID"
    return changed(what, person, credential=credential, public_key=key, count=count, name="Laptop")


def lost(person: str, credential: str = "cred") -> Draft:
    return changed(IdentityChange.PASSKEY_REMOVED, person, credential=credential)


# -- every change ------------------------------------------------------------------------------------------------------


def test_every_kind_of_change_is_one_that_this_file_tells_of(story: Story) -> None:
    more: dict[str, JsonValue] = {
        "person": "ana",
        "group": "red",
        "name": "Ana",
        "credential": "cred",
        "public_key": "AQID",
        "count": 1,
    }
    for number, what in enumerate(IdentityChange, 1):
        story.add(changed(what, "ana", **more))
        assert story.roster.version == number
    assert story.roster.added() == {}  # somebody was added, and removed again
    assert story.roster.passkeys(ANA) == []


def test_an_owner_accepts_and_declines(story: Story) -> None:
    accepted = changed(IdentityChange.OWNER_ACCEPTED, "etl", person="ana")
    assert not story.roster.has_accepted(ETL, ANA)
    story.add(accepted)
    assert story.roster.has_accepted(ETL, ANA) and not story.roster.has_accepted(ETL, BEA)
    assert not story.roster.has_accepted(ActorId("other"), ANA)
    story.add(changed(IdentityChange.OWNER_DECLINED, "etl", person="ana"))
    assert not story.roster.has_accepted(ETL, ANA)
    story.add(accepted, changed(IdentityChange.OWNER_ACCEPTED, "etl", person="bea"))
    assert story.roster.has_accepted(ETL, BEA) and not story.roster.has_accepted(ETL, ANA)


def test_people_join_and_leave(story: Story) -> None:
    story.add(changed(IdentityChange.PERSON_ADDED, "ana", name="Ana", source="okta"))
    assert story.roster.added() == {ANA: "Ana"}
    assert not story.roster.is_gone(ANA) and story.roster.departures(ANA) == 0
    story.add(changed(IdentityChange.PERSON_REMOVED, "ana"))
    assert story.roster.added() == {} and story.roster.is_gone(ANA)
    assert story.roster.departures(ANA) == 1
    story.add(changed(IdentityChange.PERSON_ADDED, "ana", name="Ana Q."))
    assert story.roster.added() == {ANA: "Ana Q."} and not story.roster.is_gone(ANA)
    assert story.roster.departures(ANA) == 1  # what they did before then stays undone
    story.add(changed(IdentityChange.PERSON_REMOVED, "ana"))
    assert story.roster.departures(ANA) == 2


def test_somebody_of_the_settings_is_gone_too(story: Story) -> None:
    story.add(changed(IdentityChange.PERSON_REMOVED, "bea"))
    assert story.roster.is_gone(BEA) and not story.roster.is_gone(ANA)


def test_groups_are_added_and_taken(story: Story) -> None:
    story.add(changed(IdentityChange.GROUP_ADDED, "ana", group="red"))
    story.add(changed(IdentityChange.GROUP_REMOVED, "ana", group="blue"))
    assert story.roster.groups_added(ANA) == {RED} and story.roster.groups_taken(ANA) == {BLUE}
    assert not story.roster.groups_added(BEA) | story.roster.groups_taken(BEA)
    story.add(changed(IdentityChange.GROUP_REMOVED, "ana", group="red"))
    story.add(changed(IdentityChange.GROUP_ADDED, "ana", group="blue"))
    assert story.roster.groups_added(ANA) == {BLUE} and story.roster.groups_taken(ANA) == {RED}


# -- links -------------------------------------------------------------------------------------------------------------


def test_an_account_is_one_persons_until_it_is_unlinked(story: Story) -> None:
    story.add(linked("ana", "s1"), linked("bea", "s1"), linked("bea", "s2"))
    assert story.roster.linked("sso", "s1") == ANA and story.roster.linked("slack", "s1") is None
    assert story.roster.links(ANA) == [("sso", "s1")] and story.roster.links(BEA) == [("sso", "s2")]
    story.add(unlinked("ana", "s1"))
    assert story.roster.linked("sso", "s1") is None and story.roster.was_unlinked("sso", "s1")
    assert not story.roster.was_unlinked("sso", "s2")
    story.add(linked("bea", "s1"))
    assert story.roster.linked("sso", "s1") == BEA and not story.roster.was_unlinked("sso", "s1")


def test_an_account_of_the_settings_can_be_unlinked(story: Story) -> None:
    story.add(unlinked("ana", "s1"))
    assert story.roster.was_unlinked("sso", "s1")


# -- passkeys ----------------------------------------------------------------------------------------------------------


def test_a_passkey_is_registered_counted_and_removed(story: Story) -> None:
    story.add(passkey("ana", count=5), passkey("ana", "second"), passkey("bea", "third"))
    assert story.roster.passkey("cred") == Passkey("cred", ANA, b"\x01\x02\x03", 5, "Laptop")
    assert [each.credential for each in story.roster.passkeys(ANA)] == ["cred", "second"]
    for count, known in ((4, 5), (9, 9), (9, 9), (0, 9)):
        story.roster.counted("cred", count)
        found = story.roster.passkey("cred")
        assert found is not None and found.count == known
    story.roster.counted("unknown", 3)
    assert story.roster.passkey("unknown") is None
    story.add(lost("ana"))
    assert [each.credential for each in story.roster.passkeys(ANA)] == ["second"]


@pytest.mark.parametrize("gone", [lost("ana"), changed(IdentityChange.PERSON_REMOVED, "ana")])
def test_one_that_was_removed_is_never_revived_by_anybody(story: Story, gone: Draft) -> None:
    story.add(passkey("ana"), gone, changed(IdentityChange.PERSON_ADDED, "ana", name="Ana"))
    story.add(passkey("ana"), passkey("bea"))
    assert story.roster.passkey("cred") is None
    assert story.roster.passkeys(ANA) == [] and story.roster.passkeys(BEA) == []


def test_one_removed_before_it_was_ever_added_is_never_added(story: Story) -> None:
    story.add(lost("ana"), passkey("ana"))
    assert story.roster.passkey("cred") is None


def test_a_passkey_stays_whose_it_was_and_as_it_was(story: Story) -> None:
    story.add(passkey("ana", count=5), passkey("bea"), passkey("ana", count=0))
    found = story.roster.passkey("cred")
    assert found is not None and (found.person, found.count) == (ANA, 5)


@pytest.mark.parametrize(
    ("data", "count"),
    [("A" * 44 + "AAAAKg", 42), ("", 0), ("A" * 48, 0), ("!", 0), ("A", 0), ("A" * 44 + "_____w", 2**32 - 1)],
)
def test_a_counter_is_read_from_where_it_stands(data: str, count: int) -> None:
    assert counter(data) == count


# -- delegations -------------------------------------------------------------------------------------------------------


def test_a_delegation_is_in_force_until_its_end_or_until_it_is_ended(story: Story) -> None:
    story.add(delegated("ana", "bea", "red"))
    assert story.delegations() == [("ana", "bea", "red")]
    assert story.delegations(LATER - timedelta(microseconds=1)) and not story.delegations(LATER)
    story.add(delegated("ana", "bea", "red", None))
    assert story.delegations() == []


def test_the_same_delegate_may_have_several_groups_each_until_its_own_end(story: Story) -> None:
    longer = LATER + timedelta(days=1)
    story.add(delegated("ana", "bea", "red"), delegated("ana", "bea", "blue", longer), delegated("cy", "bea", "red"))
    assert story.delegations(LATER) == [("ana", "bea", "blue")]
    story.add(delegated("ana", "bea", "red", longer))  # replaces the one of that group
    assert sorted(story.delegations(LATER)) == [("ana", "bea", "blue"), ("ana", "bea", "red")]


def test_another_delegate_ends_what_the_first_had_in_every_group(story: Story) -> None:
    story.add(delegated("ana", "bea", "red"), delegated("ana", "bea", "blue"), delegated("cy", "bea", "blue"))
    story.add(delegated("ana", "cy", "red"))
    assert sorted(story.delegations()) == [("ana", "cy", "red"), ("cy", "bea", "blue")]
    story.add(delegated("ana", "cy", "red", None))  # and what was replaced doesn't come back
    assert story.delegations() == [("cy", "bea", "blue")]


def test_nobody_is_their_own_delegate(story: Story) -> None:
    story.add(delegated("ana", "bea", "red"), delegated("ana", "ana", "blue"))
    assert story.delegations() == [("ana", "bea", "red")]


# -- leaving -----------------------------------------------------------------------------------------------------------


def test_who_leaves_takes_nothing_along_and_gets_nothing_back(story: Story) -> None:
    story.add(
        changed(IdentityChange.PERSON_ADDED, "ana", name="Ana"),
        changed(IdentityChange.GROUP_ADDED, "ana", group="red"),
        changed(IdentityChange.GROUP_REMOVED, "ana", group="blue"),
        changed(IdentityChange.OWNER_ACCEPTED, "etl", person="ana"),
        linked("ana", "s1"),
        passkey("ana"),
        delegated("ana", "bea", "red"),
        delegated("cy", "ana", "blue"),
    )
    story.add(changed(IdentityChange.PERSON_REMOVED, "ana"))
    story.add(changed(IdentityChange.PERSON_ADDED, "ana", name="Ana"))
    assert story.roster.added() == {ANA: "Ana"}
    assert story.roster.groups_added(ANA) == set()
    assert story.roster.groups_taken(ANA) == {BLUE}  # what was taken stays taken, whatever the settings say
    assert not story.roster.has_accepted(ETL, ANA)
    assert story.roster.links(ANA) == [] and story.roster.linked("sso", "s1") is None
    assert story.roster.was_unlinked("sso", "s1")  # nor do the settings give it to whom it was before
    assert story.roster.passkeys(ANA) == []
    assert story.delegations() == []


def test_who_stays_keeps_everything(story: Story) -> None:
    story.add(
        changed(IdentityChange.PERSON_ADDED, "bea", name="Bea"),
        changed(IdentityChange.GROUP_ADDED, "bea", group="red"),
        changed(IdentityChange.OWNER_ACCEPTED, "etl", person="bea"),
        linked("bea", "s2"),
        passkey("bea"),
        delegated("bea", "cy", "red"),
        changed(IdentityChange.PERSON_REMOVED, "ana"),
    )
    assert story.roster.added() == {BEA: "Bea"} and story.roster.groups_added(BEA) == {RED}
    assert story.roster.has_accepted(ETL, BEA) and story.roster.linked("sso", "s2") == BEA
    assert [each.credential for each in story.roster.passkeys(BEA)] == ["cred"]
    assert story.delegations() == [("bea", "cy", "red")]


def test_a_stay_ends_with_the_departure_and_never_comes_back(story: Story) -> None:
    first = story.roster.stay(ANA)
    assert story.roster.is_staying(ANA, first)
    story.add(changed(IdentityChange.PERSON_REMOVED, "ana"))
    meanwhile = story.roster.stay(ANA)  # of what reached the ledger just behind the departure
    story.add(changed(IdentityChange.PERSON_ADDED, "ana", name="Ana"))
    assert not story.roster.is_staying(ANA, first) and not story.roster.is_staying(ANA, meanwhile)
    assert story.roster.is_staying(ANA, story.roster.stay(ANA))
    assert story.roster.is_staying(BEA, story.roster.stay(BEA))


def test_sessions_ended_are_counted_and_of_nobody_else(story: Story) -> None:
    story.add(changed(IdentityChange.SESSIONS_ENDED, ANA, because="x"))
    story.add(changed(IdentityChange.SESSIONS_ENDED, ANA), changed(IdentityChange.PERSON_REMOVED, ANA))
    assert [story.roster.sessions_ended(each) for each in (ANA, BEA)] == [3, 0]  # who leaves has no session either


def test_ends_of_passwords_are_counted_apart(story: Story) -> None:
    story.add(changed(IdentityChange.SESSIONS_ENDED, ANA), changed(IdentityChange.SESSIONS_ENDED, ANA, passwords="yes"))
    story.add(changed(IdentityChange.PERSON_REMOVED, ANA))
    assert [story.roster.passwords_ended(each) for each in (ANA, BEA)] == [1, 0]
    assert story.roster.sessions_ended(ANA) == 3
