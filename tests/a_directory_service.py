"""An office whose people join and leave: a roster, a provisioning service, and a control port on top."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from tests.an_office import ACTORS, OFFICERS, PEOPLE, Office, office
from tests.promises.a_control_port import URL, signed_in
from tests.stores.a_store import ENTROPY, HandClock

from interlock.desk import Desk
from interlock.identity.directory import Directory
from interlock.ledger.entry import parse_entry
from interlock.model.decision import Quorum, Requirements
from interlock.model.entry import EntryType
from interlock.model.label import Label
from interlock.model.names import ConnectionName, GroupName, PersonId
from interlock.model.review import Review, ReviewState
from interlock.model.secret import Secret
from interlock.model.settings import OidcSettings, ProvisioningSettings, VoteSettings
from interlock.provisioning import Desired, Provisioning, Wishes
from interlock.registry import People
from interlock.registry.clearing import Clearing
from interlock.registry.overrides import Overrides
from interlock.registry.passkeys import Passkeys, Site
from interlock.registry.proposals import Proposals
from interlock.registry.stewards import Stewards
from interlock.settings.people import is_person_name
from interlock.web.control import control_app
from interlock.web.labelling import Labelling

APPROVERS = Requirements((Quorum(OFFICERS, 1),), timedelta(minutes=30), timedelta(minutes=10))
ON_CALL = GroupName("on-call")
CATALOGUED = {"clinic/public.patients.ssn": frozenset({Label("phi.ssn")})}
SETTINGS = ProvisioningSettings(True, {"Officers": OFFICERS, "On call": ON_CALL}, APPROVERS)
OIDC = OidcSettings("sso", "https://idp.test", "interlock", None, ("openid",), "groups", {"corp-officers": OFFICERS})


@dataclass
class House:
    """The office, its people's side and its directory's side."""

    office: Office
    people: People
    wishes: Wishes
    provisioning: Provisioning
    passkeys: Passkeys
    app: FastAPI
    clearing: Clearing
    labelling: Labelling

    async def key(self, made_by: str = "olivia", name: str = "okta") -> Secret[str]:
        """A provisioning key."""
        return (await self.people.issue_provisioning_key(name, PersonId(made_by)))[1]

    async def pending(self) -> list[Review]:
        """Reviews that wait."""
        return list(await self.office.desk.reviews(frozenset({ReviewState.PENDING}), 50))

    async def card(self, review: Review) -> list[str]:
        """What the card shows, line by line."""
        card: Mapping[str, Any] = (await self.office.desk.card(review.id)).content
        return list(card["statements"][0]["code"][0].split("\n"))

    async def entries(self, *types: EntryType) -> list[dict[str, Any]]:
        """`d` of the entries of these types, in order."""
        found = [parse_entry(raw) for raw in await self.office.store.entries(0, 4096)]
        return [dict(entry.d) for entry in found if entry.type in types]

    async def vote(self, review: Review, who: str, verdict: str = "approve") -> int:
        """A look at the card and a vote, in that person's console; the status that it was answered with."""
        async with signed_in(self.app, self.office, who) as client:
            card = await self.office.desk.card(review.id)
            body = {"verdict": verdict, "action_digest": card.action_digest, "card_digest": card.card_digest}
            return (await client.post(f"/api/reviews/{review.id}/votes", json=body)).status_code

    def groups(self, person: str) -> set[str] | None:
        """The groups of somebody; None when they aren't here."""
        found = self.people.directory.person(PersonId(person))
        return set(found.groups) if found is not None else None


@asynccontextmanager
async def house(
    path: Path,
    *,
    settings: ProvisioningSettings = SETTINGS,
    oidc: OidcSettings | None = OIDC,
    votes: VoteSettings | None = None,
    clock: HandClock | None = None,
    url: str = URL,
    always: bool = False,
) -> AsyncIterator[House]:
    """It may be left and entered again."""
    async with office(path, clock=clock) as plain:
        o = plain.with_directory(Directory(PEOPLE, ACTORS, plain.authority.roster))
        site = Site.of(url, url)
        passkeys = Passkeys(o.registry.directory, o.authority, o.store, o.clock, ENTROPY, site, always)
        accounts, providers = {("sso", "sub-remy"): PersonId("remy")}, frozenset({"sso", "slack"})
        people = People(o.registry, passkeys, votes or VoteSettings(), accounts, oidc, providers)
        desk: Desk = o.desk
        desired = Desired(o.store.records, desk.sealer)
        wishes = Wishes(o.store, people, desired, o.clock, ENTROPY, settings, is_person_name)
        provisioning = Provisioning(o.store, desk, people, o.gate.rules, ENTROPY, wishes, settings.approvers)
        clearing = Clearing(o.registry, passkeys, settings.approvers)
        stewards = Stewards(o.registry, approvers=settings.approvers)
        overrides = Overrides(
            o.registry,
            passkeys,
            stewards,
            lambda connection, column: CATALOGUED.get(column, frozenset()),
            lambda connection, key: hashlib.sha256(b"a key of the house" + key).hexdigest()[:32],
            frozenset({ConnectionName("clinic")}),
        )
        labelling = Labelling(Proposals(o.registry, passkeys, stewards), overrides, stewards)
        app = control_app(
            desk,
            o.registry,
            desk.sealer,
            o.clock,
            url,
            False,
            "test",
            lambda: None,
            people=people,
            provisioning=provisioning,
            passkeys=passkeys,
            clearing=clearing,
            labelling=labelling,
        )
        yield House(replace(o), people, wishes, provisioning, passkeys, app, clearing, labelling)
