"""A whole control port to attack: the real desk, gate and registry with everything that can be changed over HTTP."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import APIRoute
from testkit.authenticator import Authenticator
from tests.a_directory_service import House, house
from tests.a_rulebook import APPROVERS, FILE, Loading
from tests.an_office import POLICY, Again, Office, export
from tests.promises.a_control_port import signed_in
from tests.stores.a_store import ENTROPY, HandClock

from interlock.adoption import Adoption
from interlock.app.leaves import ShownLeaves
from interlock.gate import Answer, Held
from interlock.ledger.entry import Entry, parse_entry
from interlock.model.action import Action
from interlock.model.names import ActorId, GroupName, PersonId
from interlock.model.review import Review, ReviewState
from interlock.model.settings import VoteSettings
from interlock.registry import People
from interlock.registry.logins import Logins
from interlock.registry.passkeys import Passkeys, Site
from interlock.revealing import Revealing
from interlock.rulebook import LoadedRules
from interlock.web.callers import CSRF_HEADER
from interlock.web.control import control_app
from interlock.web.described import operations
from interlock.web.sign_on import Means

URL, HOST = "https://control.test", "control.test"
DANA, REMY, OLIVIA = PersonId("dana"), PersonId("remy"), PersonId("olivia")
READS = frozenset({"GET", "HEAD", "OPTIONS"})
LOOSE = POLICY + '\n@id("everything") permit (principal, action, resource);'


@dataclass
class Target:
    """What is attacked. `review` is held for `etl`, whose owner olivia has accepted it; dana and remy may sign."""

    house: House
    office: Office
    people: People
    passkeys: Passkeys
    app: FastAPI
    review: Review
    action: Action

    @property
    def clock(self) -> HandClock:
        """Stands still."""
        return self.office.clock

    async def since(self, size: int) -> list[Entry]:
        """What the ledger was told after it had `size` entries; the node's own seals left out."""
        found = [parse_entry(raw) for raw in await self.office.store.entries(size, 4096)]
        return [entry for entry in found if entry.type.value != "node.seal"]

    async def size(self) -> int:
        """How many entries there are."""
        return (await self.office.store.head())[0]

    async def redeemed(self) -> Answer:
        """What the gate says when the agent comes back."""
        return await self.office.gate.redeem(self.review.id, self.action, Again(self.action))

    async def state(self) -> ReviewState:
        """How the review stands."""
        return (await self.office.desk.review(self.review.id)).state

    def standing(self) -> object:
        """Everything that says who may do what: to be the same before an attack and after it."""
        roster, authority = self.office.authority.roster, self.office.authority
        everyone = {id_: sorted(person.groups) for id_, person in self.people.directory.everyone().items()}
        return (
            authority.bundle,
            everyone,
            [(id_, list(roster.links(id_)), list(roster.passkeys(id_))) for id_ in everyone],
            list(roster.delegations(self.clock.now())),
            [(actor, roster.has_accepted(actor, OLIVIA)) for actor in (ActorId("etl"), ActorId("other"))],
        )

    def operations(self) -> list[tuple[str, str]]:
        """(method, path) of everything that isn't a read: by the application's description, and of its pages."""
        described = {(method.upper(), path) for path, method, _ in operations(self.app.openapi())}
        routed = {(method, route.path) for route in routes(self.app) for method in route.methods or ()}
        assert described <= routed
        return sorted((method, path) for method, path in described | routed if method not in READS)

    def paths(self, path: str) -> str:
        """The path with things of the victim's in it."""
        credential = next(iter(self.passkeys.of(DANA)), None)
        filled = {"review": self.review.id, "key": self.action.actor.key, "person": DANA, "actor": "other"}
        filled |= dict.fromkeys(("passkey", "credential"), credential.credential if credential else "AAAA")
        for name, value in filled.items():
            path = path.replace("{" + name + "}", value)
        while "{" in path:
            start, _, rest = path.partition("{")
            path = start + self.review.id + rest.partition("}")[2]
        return path

    def values(self) -> dict[str, Any]:
        """What an attacker would send, by the name of the field."""
        digests = {"action_digest": self.review.digest, "card_digest": self.review.card_digest}
        until = (self.clock.now() + timedelta(days=2)).isoformat(timespec="minutes")
        return {
            **digests,
            "verdict": "approve",
            "reason": "because the attacker says so, at length",
            "member": f"{self.review.id}:{self.review.digest}:{self.review.card_digest}",
            "kind": "comment",
            "text": "please approve",
            "row_cap": 1,
            "valid_minutes": 1,
            "justified": True,
            "leaf": "0.0",
            "actor": "other",
            "provider": "slack",
            "subject": "U-mallory",
            "delegator": DANA,
            "delegate": OLIVIA,
            "group": "officers",
            "until": until,
            "sources": {FILE: LOOSE},
            "note": "nothing to see",
            "holder": "etl",
            "made_by": REMY,
            "because": "lost",
            "name": "stolen",
            "url": "https://evil.test/",
            "says": "confirm",
            "elsewhere": "true",
            "token": "ilk_0123456789abcdef_" + "a" * 43,
            "client_id": "interlock-cli",
            "userName": "mallory",
        }

    def body(self, path: str, method: str) -> dict[str, Any]:
        """A JSON body with the fields that the description asks for at this address; empty where it asks for none."""
        document = self.app.openapi()
        found = document["paths"].get(path, {}).get(method.lower(), {}).get("requestBody", {})
        schema = found.get("content", {}).get("application/json", {}).get("schema", {})
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        values = self.values()
        return {name: values[name] for name in schema.get("properties", {}) if name in values}

    async def attack(self, client: httpx.AsyncClient, *spared: str) -> dict[tuple[str, str], int]:
        """Everything that isn't a read, tried once by whoever `client` is; the statuses. `spared` aren't tried."""
        client.headers.setdefault("Idempotency-Key", "")
        del client.headers["Idempotency-Key"]
        csrf = client.headers.get(CSRF_HEADER, "")
        answers: dict[tuple[str, str], int] = {}
        for method, path in self.operations():
            if path in spared:
                continue
            form = not path.startswith(("/api/", "/scim/")) or path.startswith("/api/device/")
            fields = {name: value for name, value in self.values().items() if not isinstance(value, dict)}
            sent: Mapping[str, Any] = {"data": {**fields, "csrf": csrf}} if form else {"json": self.body(path, method)}
            answer = await client.request(method, self.paths(path), **sent)
            assert answer.status_code != 500, (method, path, answer.text)
            answers[method, path] = answer.status_code
        return answers


def routes(app: FastAPI) -> Iterator[APIRoute]:
    """All of the application's own."""
    for route in app.router.routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            included = getattr(route, "original_router", None)
            yield from (each for each in getattr(included, "routes", ()) if isinstance(each, APIRoute))


@asynccontextmanager
async def target(path: Path, *, clock: HandClock | None = None) -> AsyncIterator[Target]:
    """Opens it, with an export held."""
    async with house(path, url=URL, clock=clock) as plain:
        o = plain.office
        site = Site.of(URL, URL)
        passkeys = Passkeys(o.registry.directory, o.authority, o.store, o.clock, ENTROPY, site)
        desk = replace(o.desk, passkeys=passkeys)
        loader, rules = Loading(o.registry.directory), LoadedRules(o.authority)
        first = loader.load({FILE: POLICY})
        rules.load(first.rules, first.policy, first.sources)
        await o.registry.adopt_bundle(first.rules, first.texts)
        gate = replace(o.gate, desk=desk, rules=rules)
        o = replace(o, desk=desk, gate=gate)
        people = replace(plain.people, registry=o.registry, passkeys=passkeys, votes=VoteSettings())
        adoption = Adoption(o.store, desk, o.registry, rules, ENTROPY, loader, o.store.records, APPROVERS)
        provisioning = replace(plain.provisioning, desk=desk, people=people)
        app = control_app(
            desk, o.registry, desk.sealer, o.clock, URL, False, "test", lambda: None,
            bundles=adoption, people=people, provisioning=provisioning, leaves=ShownLeaves(Revealing(gate)),
            passkeys=passkeys,
            means=Means(accounts=people, logins=Logins(o.registry)),
        )  # fmt: skip
        await people.accept_owner(OLIVIA, ActorId("etl"))
        action = export(await o.agent())
        answer = await gate.ask(action)
        assert isinstance(answer, Held)
        yield Target(plain, o, people, passkeys, app, answer.review, action)


@asynccontextmanager
async def thief(here: Target, victim: str, *, age: timedelta = timedelta(0)) -> AsyncIterator[httpx.AsyncClient]:
    """Whoever has the cookie of somebody who signed in that long ago: in a browser of their own, with our pages."""
    async with signed_in(here.app, here.office, victim) as client:
        here.clock.at += age
        yield client


async def register(here: Target, client: httpx.AsyncClient, device: Authenticator) -> int:
    """A first passkey for whoever is signed in there; the status."""
    csrf = client.headers[CSRF_HEADER]
    asked = await client.post("/you/passkeys/options", data={"csrf": csrf})
    if asked.status_code != 200:
        return asked.status_code
    challenge = asked.json()["create"]["challenge"]
    made = device.register(unpadded(challenge))
    form = {"csrf": csrf, "name": "Mine", "attestation": made.attestation, "made_client_data": made.client_data}
    return (await client.post("/you/passkeys", data=form)).status_code


async def with_passkey(here: Target, person: str) -> Authenticator:
    """Gives somebody a passkey, as they would: within minutes of their own login."""
    device = Authenticator(URL, HOST)
    async with signed_in(here.app, here.office, person) as client:
        assert await register(here, client, device) == 303
    return device


def unpadded(text: str) -> bytes:
    """base64url."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def kinds(entries: Sequence[Entry]) -> set[str]:
    """Their types; of changes of identity also what changed."""
    return {f"{e.type.value}:{e.d['what']}" if "what" in e.d else e.type.value for e in entries}


OFFICERS = GroupName("officers")
