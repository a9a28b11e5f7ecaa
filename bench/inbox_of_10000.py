"""The inbox of somebody for whom 10,000 reviews wait: what the server takes for the page.

Budget: 100 ms (issue 4). The store, desk and console are the real ones, called over ASGI: no socket and no browser. The
first page reads the cards that it shows; the pages after it know them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

import httpx
import uvloop

from bench.ground import Ground
from bench.link import Failed
from bench.progress import say
from bench.report import Result, at_most
from interlock.desk import Desk, DeskRules
from interlock.identity.directory import Directory
from interlock.ledger.authority import Authority
from interlock.ledger.note import parse_vkey
from interlock.model.action import Action, Ask
from interlock.model.actor import Actor, ActorKind
from interlock.model.canonical import JsonValue
from interlock.model.connection import Connection
from interlock.model.decision import NeedsReview, Quorum, Reason, Requirements
from interlock.model.digest import payload_document
from interlock.model.entry import Draft, EntryType
from interlock.model.exposure import Exposure, Output
from interlock.model.label import Label
from interlock.model.names import ActionId, ActorId, ConnectionName, Digest, EntryId, GroupName, KeyId, PersonId
from interlock.model.obligation import Obligations
from interlock.model.payload import SqlPayload, SqlStatement
from interlock.model.person import Person
from interlock.model.resource import Resource, ResourceKind
from interlock.model.review import Review
from interlock.model.secret import Secret
from interlock.model.settings import Limits
from interlock.model.template import Leaf, Template
from interlock.model.verb import SQL_COPY_OUT
from interlock.registry import Registry
from interlock.stores.bell import LocalBell
from interlock.stores.clock import SystemClock
from interlock.stores.entropy import SystemEntropy
from interlock.stores.keys import create_keys, load_keys
from interlock.stores.seals import AesGcmSealer
from interlock.stores.sqlite import SqliteStore, Trust
from interlock.web.control import control_app, warm

WAITING = 10_000
ACTORS = 500
AT_ONCE = 64  # opened at a time, so that they share flushes
PAGES = 21
BUDGET = at_most(100.0)
URL = "https://interlock.test"

OFFICERS, _MRN = GroupName("privacy-officers"), Label("phi.mrn")
_PRIYA = Person(PersonId("priya"), "Priya Raman", frozenset({OFFICERS}))
_OWNER = PersonId("owen")
_CONNECTION = Connection(ConnectionName("clinic"), "postgres", "production", frozenset({"hipaa"}))
_PATIENTS = Resource(ResourceKind.RELATION, "clinic/public.patients", frozenset({_MRN}))
ASKED = Requirements((Quorum(OFFICERS, 1),), timedelta(hours=8), timedelta(minutes=10))


def run(ground: Ground) -> list[Result]:
    """Milliseconds for the first page and for those after it."""
    return uvloop.run(_run(ground.directory / "inbox"))


async def _run(directory: Path) -> list[Result]:
    async with a_desk(directory) as (desk, registry, sealer):
        begun = perf_counter()
        for first in range(0, WAITING, AT_ONCE):
            await asyncio.gather(*(opened(desk, n) for n in range(first, min(first + AT_ONCE, WAITING))))
        say(f"opened {WAITING} reviews in {perf_counter() - begun:.0f} s")
        times = await _pages(desk, registry, sealer)
    mode = f"{WAITING} waiting, of {ACTORS} actors"
    return [
        Result("inbox_of_10000", f"{mode}, first page", times[0], "ms", budget=BUDGET),
        Result("inbox_of_10000", f"{mode}, median after it", median(times[1:]), "ms", budget=BUDGET),
    ]


async def _pages(desk: Desk, registry: Registry, sealer: AesGcmSealer) -> list[float]:
    app = control_app(desk, registry, sealer, desk.clock, URL, False, "bench", lambda: None)
    warm(app)  # as the gateway does before it serves
    transport = httpx.ASGITransport(app=app)
    times = []
    async with httpx.AsyncClient(transport=transport, base_url=URL, headers={"Origin": URL}) as client:
        link = await registry.issue_sign_in(_PRIYA.id)
        await client.post("/sign-in", data={"token": link.reveal()})
        for _ in range(PAGES):
            begun = perf_counter()
            page = await client.get("/")
            times.append((perf_counter() - begun) * 1000)
            if page.status_code != 200 or f">{WAITING}</span>" not in page.text:
                raise Failed("the inbox doesn't hold what waits")
    return times


async def opened(desk: Desk, number: int, asked: Requirements = ASKED) -> Review:
    """A review of the export of one patient."""
    name = f"agent-{number % ACTORS}"
    actor = Actor(
        ActorKind.AGENT, ActorId(name), frozenset(), _OWNER, KeyId(f"key-{name}"), made_by=_OWNER, held_by=_OWNER
    )
    action = _action(desk, actor, number)
    decision = NeedsReview(asked, Obligations(), (Reason("held", "PHI would leave the database"),), Digest("0" * 64))
    held = Draft(
        id=EntryId(desk.entropy.uuid7()),
        type=EntryType.ACTION_HELD,
        d={
            "review": "", "connection": "clinic", "verbs": [SQL_COPY_OUT], "resources": [_PATIENTS.id],
            "labels": [_MRN], "filters": [], "writes": [], "statements": ["COPY ?"], "reasons": [],
        },
        actor=actor,
        act=action.id,
    )  # fmt: skip
    review = await desk.open_or_join(action, decision, held)
    if isinstance(review, Reason):
        raise Failed(f"a review couldn't be opened: {review.code}")
    return review


def _action(desk: Desk, actor: Actor, number: int) -> Action:
    text = f"COPY (SELECT mrn FROM patients WHERE id = {number}) TO STDOUT"
    payload = SqlPayload((SqlStatement(text.encode(), simple=True),))
    document: dict[str, JsonValue] = {"kind": "sql", "payload": payload_document(payload)}
    leaf = Leaf(str(number), "number", None, "1-4", "#1")
    output = Output("mrn", 25, frozenset({_MRN}), "clinic/public.patients.mrn")
    return Action(
        id=ActionId(desk.entropy.uuid7()),
        actor=actor,
        connection=_CONNECTION,
        asks=(Ask(SQL_COPY_OUT, _PATIENTS),),
        payload=payload,
        cover=document,
        form=document,
        exposures=(Exposure((output,), labels=frozenset({_MRN})),),
        templates=(Template(("COPY (SELECT mrn FROM patients WHERE id = ", ") TO STDOUT"), (leaf,)),),
    )


@asynccontextmanager
async def a_desk(
    directory: Path, people: Iterable[Person] = (_PRIYA,)
) -> AsyncIterator[tuple[Desk, Registry, AesGcmSealer]]:
    """A desk with its registry and sealer on a new store; the owner of every agent is here besides `people`."""
    entropy, clock, authority, bell = SystemEntropy(), SystemClock(), Authority(), LocalBell()
    create_keys(directory / "keys", "interlock.local/bench/1", "n1", entropy)
    keys = load_keys(directory / "keys")
    store = await SqliteStore.open(
        directory / "interlock.db",
        node="n1",
        signer=keys.node,
        trust=Trust((parse_vkey(keys.public()["node"]),), parse_vkey(keys.public()["log"])),
        authority=authority,
        entropy=entropy,
        clock=clock,
        bell=bell,
    )
    try:
        owner = Person(_OWNER, "Owen Blake", frozenset({OFFICERS}))
        directory_of_people = Directory({each.id: each for each in (*people, owner)}, {}, authority.roster)
        registry = Registry(directory_of_people, authority, store, clock, entropy, Secret("o" * 43))
        sealer = AesGcmSealer(Secret(b"S" * 32), entropy)
        rules = DeskRules(limits=Limits(open_reviews_per_actor=WAITING))
        yield (
            Desk(
                store, store.records, authority, registry, bell, sealer, clock, entropy, Secret(b"K" * 32), rules
            ),
            registry,
            sealer,
        )  # fmt: skip
    finally:
        await store.close()
