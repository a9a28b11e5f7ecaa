"""An installation whose store holds recorded actions, as the gate writes them, without a gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tests.policy.asking import action, actor, relation, showing
from tests.stores.a_store import HandClock

from interlock import app as composition
from interlock import settings as settings_file
from interlock.actions.record import told
from interlock.cli.init import init
from interlock.ledger.authority import Authority
from interlock.ledger.note import parse_vkey
from interlock.model.action import Action
from interlock.model.canonical import JsonValue
from interlock.model.change import Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ActionId, EntryId, Verb
from interlock.stores.bell import LocalBell
from interlock.stores.entropy import SystemEntropy
from interlock.stores.keys import load_keys
from interlock.stores.sqlite import SqliteStore, Trust

ENTROPY = SystemEntropy()
BUNDLE = "b" * 64


@dataclass(frozen=True, slots=True)
class Step:
    """Some entries written at once, so many seconds after those before."""

    drafts: tuple[Draft, ...]
    seconds: float = 1.0


def installed(directory: Path) -> Path:
    """The settings of a new installation; CLINIC_PASSWORD must be set."""
    init(directory, "interlock.local/clinic/1", "n1")
    return directory / "interlock.toml"


def record(settings: Path, *steps: Step, clock: HandClock | None = None) -> None:
    """Writes entries into the installation's store, which it makes."""
    asyncio.run(_record(settings, steps, clock or HandClock()))


async def _record(settings: Path, steps: Sequence[Step], clock: HandClock) -> None:
    loaded = settings_file.load(settings)
    keys = load_keys(loaded.keys_dir)
    store = await SqliteStore.open(
        composition.store_path(loaded),
        node=loaded.node,
        signer=keys.node,
        trust=Trust((parse_vkey(keys.public()["node"]),), parse_vkey(keys.public()["log"])),
        authority=Authority(),
        entropy=ENTROPY,
        clock=clock,
        bell=LocalBell(),
    )
    try:
        for step in steps:
            clock.forward(seconds=step.seconds)
            await store.commit(Unit(step.drafts))
    finally:
        await store.close()


def asked(verb: str, table: str = "public.patients", *labels: str, by: str = "etl-agent") -> Action:
    """An action of a new id."""
    made = action((Verb(verb), relation(f"clinic/{table}", *labels)), by=actor(by), exposure=showing(*labels))
    return replace(made, id=ActionId(ENTROPY.uuid7()))


def entry(
    type_: EntryType, what: Action, more: Mapping[str, JsonValue], *, obj: str = "", policies: Sequence[str] = ()
) -> Draft:
    """An action.* entry."""
    pol: Mapping[str, JsonValue] = {"bundle": BUNDLE, "ids": list(policies)} if policies else {}
    d = {**told(what), **more}
    return Draft(
        EntryId(ENTROPY.uuid7()), type_, d, actor=what.actor, act=what.id, obj=obj, pol=pol, enforced="gateway"
    )


def released(what: Action, *, review: str = "", policies: Sequence[str] = ("agents-read",), **more: JsonValue) -> Draft:
    """It ran."""
    d = {"masks": [], "review": review, "digest": "d" * 64 if review else "", "bundle": BUNDLE, **more}
    return entry(EntryType.ACTION_RELEASED, what, d, obj=review, policies=policies)


def held(what: Action, review: str, *policies: str, **more: JsonValue) -> Draft:
    """It waits for people."""
    d = {"review": review, "reasons": [{"code": "needs_review", "policy": policy} for policy in policies], **more}
    return entry(EntryType.ACTION_HELD, what, d, obj=review)


def denied(what: Action, code: str, policy: str = "", **more: JsonValue) -> Draft:
    """It was refused."""
    return entry(EntryType.ACTION_DENIED, what, {"reasons": [{"code": code, "policy": policy}], **more})


def ended(what: Action, rows: int = 1) -> Draft:
    """It ran to its end."""
    d: Mapping[str, JsonValue] = {"outcome": "succeeded", "rows": rows, "sqlstate": "", "review": ""}
    return Draft(EntryId(ENTROPY.uuid7()), EntryType.ACTION_ENDED, d, actor=what.actor, act=what.id, enforced="gateway")
