"""An office whose bundle can be replaced while it is open: the real rulebook, adoption and control port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from tests.an_office import DIRECTORY, OFFICERS, POLICY, Office, office
from tests.promises.a_control_port import URL, caller, key_of, signed_in
from tests.stores.a_store import ENTROPY, HandClock

from interlock.adoption import Adoption
from interlock.identity.directory import Directory
from interlock.ledger.texts import sources
from interlock.model.decision import Quorum, Requirements
from interlock.model.names import Digest
from interlock.policy.bundle import bundle_digest, load
from interlock.rulebook import Loaded, LoadedRules, loaded
from interlock.web.control import control_app

FILE = "policy.cedar"
APPROVERS = Requirements((Quorum(OFFICERS, 1),), timedelta(minutes=30), timedelta(minutes=10))
STRICTER = POLICY.replace("officers:1", "officers:2")
LOOSER = (
    POLICY
    + '\n@id("agents-write") permit (principal in Interlock::Group::"ai-agents", action in'
    + (' Interlock::Action::"write", resource);')
)


@dataclass
class Loading:
    """`adoption.Loader` for bundles without catalogs; `catalogs` can be set to have them change."""

    directory: Directory = DIRECTORY
    catalogs: Mapping[str, str] | None = None

    def load(self, sources: Mapping[str, str]) -> Loaded:
        """Checks them."""
        return loaded(load(sources, self.directory.members()), sources, self.catalogs or {})

    def digest(self, sources: Mapping[str, str]) -> Digest:
        """Of the policies."""
        return bundle_digest(sources)


@dataclass
class Rulebook:
    """An office, and who may replace its bundle."""

    office: Office
    adoption: Adoption
    rules: LoadedRules
    app: FastAPI

    @property
    def in_force(self) -> str | None:
        """The digest of the rules in force."""
        return self.office.authority.bundle

    def digest(self, text: str) -> Digest:
        """What the digest of rules of this one file is."""
        return self.adoption.loader.load({FILE: text}).rules

    async def propose(self, text: str, who: str = "dana", note: str = "") -> httpx.Response:
        """A proposal over the API, with a fresh key."""
        return await self.send({FILE: text}, await key_of(self.office, who, who), note)

    async def send(self, sources: Mapping[str, str], token: str | None, note: str = "") -> httpx.Response:
        """A proposal with that token."""
        async with caller(self.app, token) as client:
            return await client.post("/api/bundles", json={"sources": dict(sources), "note": note})

    async def vote(self, review: str, who: str, verdict: str = "approve") -> httpx.Response:
        """A look at the card and a vote, in that person's console."""
        async with signed_in(self.app, self.office, who) as client:
            card = (await client.get(f"/api/reviews/{review}")).json()["card"]
            body = {"verdict": verdict, "action_digest": card["action_digest"], "card_digest": card["card_digest"]}
            return await client.post(f"/api/reviews/{review}/votes", json=body)

    async def card(self, review: str, who: str = "remy") -> dict[str, Any]:
        """The review as somebody sees it."""
        async with signed_in(self.app, self.office, who) as client:
            shown: dict[str, Any] = (await client.get(f"/api/reviews/{review}")).json()
            return shown

    async def state(self, review: str) -> str:
        """How the review stands, by its row."""
        return str((await self.card(review))["review"]["state"])


@asynccontextmanager
async def rulebook(
    directory: Path,
    text: str = POLICY,
    *,
    approvers: Requirements | None = APPROVERS,
    clock: HandClock | None = None,
    loader: Loading | None = None,
) -> AsyncIterator[Rulebook]:
    """An office on the text in force, or on `text` at its first start; it may be left and entered again."""
    loader = loader or Loading()
    async with office(directory, clock=clock) as o:
        rules = LoadedRules(o.authority)
        texts = o.authority.texts(o.authority.bundle or "")
        first = loader.load(sources(texts) if texts is not None else {FILE: text})
        rules.load(first.rules, first.policy, first.sources)
        await o.registry.adopt_bundle(first.rules, first.texts)
        o = replace(o, gate=replace(o.gate, rules=rules))
        adoption = Adoption(o.store, o.desk, o.registry, rules, ENTROPY, loader, o.store.records, approvers)
        app = control_app(
            o.desk, o.registry, o.desk.sealer, o.clock, URL, False, "test", lambda: None, bundles=adoption
        )
        yield Rulebook(o, adoption, rules, app)
