"""A gate, desk and registry on a real store: people, agents, a bundle, and a clock set by hand."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from tests.stores.a_store import ENTROPY, NODE, NODE_SIGNER, TRUST, HandClock

from interlock.desk import Desk, DeskRules, Openings
from interlock.gate import Gate
from interlock.identity.directory import Directory
from interlock.ledger.authority import Authority
from interlock.ledger.recents import Recents
from interlock.model.action import Action, Ask
from interlock.model.actor import Actor, ActorKind
from interlock.model.canonical import JsonValue
from interlock.model.connection import Connection
from interlock.model.digest import payload_document
from interlock.model.exposure import Exposure, Output
from interlock.model.label import Label
from interlock.model.names import ActionId, ActorId, ConnectionName, GroupName, KeyId, PersonId
from interlock.model.payload import Payload, SqlPayload, SqlStatement
from interlock.model.person import Person
from interlock.model.resource import Resource, ResourceKind
from interlock.model.review import Ballot, Presence, Review, Verdict, Voter
from interlock.model.secret import Secret
from interlock.model.settings import AgentSettings, Limits, VoteSettings
from interlock.model.template import Template
from interlock.model.verb import SQL_COPY_OUT, SQL_SELECT
from interlock.policy.bundle import Bundle, load
from interlock.ports import Policy
from interlock.registry import Registry
from interlock.stores.bell import LocalBell
from interlock.stores.connections import open_writer
from interlock.stores.seals import AesGcmSealer
from interlock.stores.sqlite import SqliteStore

OFFICERS, OWNERS, AGENTS = GroupName("officers"), GroupName("owners"), GroupName("ai-agents")
OPERATOR_TOKEN = "o" * 43

POLICY = """
@id("agents-read")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"read", resource);
@id("agents-export")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"export", resource);
@id("exports-are-signed") @review("officers:1") @expires("30m") @valid("10m") @because("Exports are signed for.")
forbid (principal, action in Interlock::Action::"export", resource);
"""
TWO_OFFICERS = POLICY.replace("officers:1", "officers:2")


def person(name: str, *groups: GroupName) -> Person:
    """A person in some groups."""
    return Person(PersonId(name), name.title(), frozenset(groups))


PEOPLE = {p.id: p for p in (person("dana", OFFICERS), person("remy", OFFICERS), person("olivia", OWNERS, OFFICERS))}
ACTORS = {
    ActorId("etl"): AgentSettings(ActorId("etl"), ActorKind.AGENT, PersonId("olivia"), frozenset({AGENTS})),
    ActorId("other"): AgentSettings(ActorId("other"), ActorKind.AGENT, PersonId("olivia"), frozenset({AGENTS})),
}
DIRECTORY = Directory(PEOPLE, ACTORS)


def bundle(text: str = POLICY, directory: Directory = DIRECTORY) -> Bundle:
    """A bundle of one file."""
    return load({"policy.cedar": text}, directory.members())


@dataclass(frozen=True)
class OneBundle:
    """A rulebook with one bundle in it, which is in force whatever the ledger says."""

    policy: Policy | None

    def current(self) -> Policy | None:
        """That bundle."""
        return self.policy


@dataclass
class Office:
    """Everything behind a door."""

    store: SqliteStore
    authority: Authority
    registry: Registry
    desk: Desk
    gate: Gate
    clock: HandClock

    async def agent(self, name: str = "etl", made_by: str = "olivia") -> Actor:
        """An agent with a fresh key."""
        _, secret = await self.registry.issue_key(name, PersonId(made_by), None)
        return self.registry.authenticate(secret)

    async def ballot(self, review: Review, verdict: Verdict = Verdict.APPROVE) -> Ballot:
        """The vote of somebody who looked at the card."""
        card = await self.desk.card(review.id)
        return Ballot(verdict, card.action_digest, card.card_digest)

    async def vote(self, review: Review, name: str, verdict: Verdict = Verdict.APPROVE) -> Review:
        """A vote from a console session."""
        return await self.desk.vote(review.id, self.voter(name), await self.ballot(review, verdict))

    def voter(self, name: str) -> Voter:
        """Somebody who signed in to the console just now."""
        return Voter(PersonId(name), Presence.CONSOLE, KeyId("session"), self.clock.now())

    def with_policy(self, text: str) -> Office:
        """The same office under other policies."""
        return replace(self, gate=replace(self.gate, rules=OneBundle(bundle(text))))

    def with_directory(self, directory: Directory) -> Office:
        """The same office with other people."""
        registry = replace(self.registry, directory=directory)
        desk = replace(self.desk, registry=registry)
        return replace(self, registry=registry, desk=desk, gate=replace(self.gate, desk=desk, registry=registry))


@asynccontextmanager
async def office(
    directory_path: Path,
    *,
    policy: str = POLICY,
    clock: HandClock | None = None,
    token_votes: bool = False,
    connect: Callable[[Path], sqlite3.Connection] = open_writer,
) -> AsyncIterator[Office]:
    """An office on the store at `directory_path`; it may be left and entered again."""
    clock = clock or HandClock()
    authority, bell = Authority(), LocalBell()
    store = await SqliteStore.open(
        directory_path / "interlock.db",
        node=NODE,
        signer=NODE_SIGNER,
        trust=TRUST,
        authority=authority,
        entropy=ENTROPY,
        clock=clock,
        bell=bell,
        connect=connect,
    )
    try:
        registry = Registry(DIRECTORY, authority, store, clock, ENTROPY, Secret(OPERATOR_TOKEN))
        desk = Desk(
            store,
            store.records,
            authority,
            registry,
            bell,
            AesGcmSealer(Secret(b"S" * 32), ENTROPY),
            clock,
            ENTROPY,
            Secret(b"K" * 32),
            DeskRules(
                VoteSettings(unsafe_token_votes=token_votes),
                limits=Limits(open_reviews_per_actor=5, cool_down_seconds=0),
            ),
            openings=Openings(TRUST.node_keys),
        )
        gate = Gate(store, OneBundle(bundle(policy)), Recents(), desk, registry, clock, ENTROPY)
        yield Office(store, authority, registry, desk, gate, clock)
    finally:
        await store.close()


CONNECTION = Connection(ConnectionName("clinic"), "postgres", "production", frozenset({"hipaa"}))
PATIENTS = Resource(ResourceKind.RELATION, "clinic/public.patients", frozenset({Label("phi.mrn")}))


def export(actor: Actor, text: str = "COPY patients TO STDOUT", **cover: str) -> Action:
    """An export of patients, which the office's policy holds; `cover` adds or changes fields of the digest."""
    return _action(actor, text, cover, export=True)


def read(actor: Actor, text: str = "SELECT mrn FROM patients") -> Action:
    """A read of patients, which passes."""
    return _action(actor, text, {}, export=False)


def _action(actor: Actor, text: str, cover: Mapping[str, str], *, export: bool) -> Action:
    payload = SqlPayload((SqlStatement(text.encode(), simple=True),))
    labels = frozenset({Label("phi.mrn")})
    document: dict[str, JsonValue] = {"kind": "sql", "payload": payload_document(payload), "search_path": "public"}
    document |= cover
    asks = [Ask(SQL_SELECT, PATIENTS)] + ([Ask(SQL_COPY_OUT, PATIENTS)] if export else [])
    return Action(
        id=ActionId(ENTROPY.uuid7()),
        actor=actor,
        connection=CONNECTION,
        asks=tuple(asks),
        payload=payload,
        cover=document,
        form=document,
        exposures=(Exposure((Output("mrn", 25, labels, "clinic/public.patients.mrn"),), labels=labels),),
        templates=(Template(("COPY patients TO STDOUT",), ()),),
        effect_free=not export,
    )


class Again:
    """Rebuilds what was sealed as it was, or as `change` says it is by now."""

    def __init__(self, action: Action, **change: str) -> None:
        self._action, self._change = action, change

    async def __call__(self, payload: Payload) -> Action:
        """The action anew, for the payload given."""
        assert payload == self._action.payload
        return replace(self._action, cover={**self._action.cover, **self._change})
