"""Who may not sign: everyone in the chain, and who owns, made or holds its credentials."""

from __future__ import annotations

from interlock.identity.directory import Directory
from interlock.identity.exclusion import excluded_people
from interlock.model.actor import Actor, ActorKind
from interlock.model.names import ActorId, GroupName, KeyId, PersonId
from interlock.model.person import Person
from interlock.model.settings import AgentSettings


def actor(kind: ActorKind, name: str, owner: str, made_by: str, held_by: str, *chain: Actor) -> Actor:
    """An actor with people around it."""
    return Actor(
        kind=kind,
        id=ActorId(name),
        groups=frozenset(),
        owner=PersonId(owner),
        key=KeyId("k"),
        made_by=PersonId(made_by),
        held_by=PersonId(held_by),
        chain=chain,
    )


def test_owner_maker_and_holder_of_an_agents_key_are_excluded() -> None:
    assert excluded_people(actor(ActorKind.AGENT, "etl", "olivia", "max", "hana")) == {"olivia", "max", "hana"}


def test_a_person_who_asks_is_excluded() -> None:
    assert "pat" in excluded_people(actor(ActorKind.PERSON, "pat", "pat", "max", "pat"))


def test_everyone_along_the_chain_is_excluded() -> None:
    boss = actor(ActorKind.PERSON, "boss", "boss", "it", "boss")
    tool = actor(ActorKind.SERVICE, "runner", "ona", "ona", "ona", boss)
    assert excluded_people(actor(ActorKind.AGENT, "etl", "olivia", "olivia", "olivia", tool, boss)) >= {
        "boss",
        "it",
        "ona",
        "olivia",
    }


def test_the_directory_counts_people_and_not_agents() -> None:
    group, empty = GroupName("officers"), GroupName("bots")
    directory = Directory(
        {PersonId("dana"): Person(PersonId("dana"), "Dana", frozenset({group}))},
        {ActorId("etl"): AgentSettings(ActorId("etl"), ActorKind.AGENT, PersonId("dana"), frozenset({group, empty}))},
    )
    assert directory.members() == {group: {PersonId("dana")}, empty: frozenset()}
    assert directory.held_by("etl") == "dana"
    assert directory.held_by("nobody") is None
