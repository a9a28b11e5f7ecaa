"""The policy tools: recorded actions replayed a second by `interlock policy simulate`.

Budget: 1,000 actions a second with 100 policies. The log lies in a store as a gateway leaves it, with an action.ended
and a seal for each release; reading it, rebuilding each action and deciding it by both bundles are all counted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from bench.ground import Ground
from bench.ledger_appends import _store
from bench.link import Failed
from bench.report import Result, at_least
from interlock.actions.record import told
from interlock.cli.log_entries import action_entries, decided_entries, store_log
from interlock.cli.recorded import Recall
from interlock.model.action import Action, Ask
from interlock.model.actor import Actor, ActorKind
from interlock.model.canonical import JsonValue
from interlock.model.change import Unit
from interlock.model.connection import Connection
from interlock.model.entry import Draft, EntryType
from interlock.model.exposure import Exposure, Output
from interlock.model.label import Label
from interlock.model.names import ActionId, ActorId, ConnectionName, EntryId, GroupName, KeyId, PersonId
from interlock.model.payload import SqlPayload
from interlock.model.resource import Resource, ResourceKind
from interlock.model.settings import Settings
from interlock.model.template import Template
from interlock.model.verb import SQL_SELECT
from interlock.policy.bundle import Bundle, load
from interlock.policy.simulate import simulate
from interlock.sensitivity.labels import KNOWN
from interlock.settings import load as load_settings
from interlock.stores.entropy import SystemEntropy
from interlock.stores.keys import load_keys

ACTIONS = 5_000
FORMS = 200  # different actions in a log that repeats itself, as logs of agents do
POLICIES = 100
BUDGET = at_least(1_000)

_OWNER, _AGENT, _GROUP = PersonId("olivia"), ActorId("etl-agent"), GroupName("ai-agents")

_SETTINGS = """
[log]
origin = "interlock.local/bench/1"
node = "n1"
node_key = "{node_key}"
[people.olivia]
groups = ["privacy-officers"]
[people.dana]
groups = ["privacy-officers"]
[agents.etl-agent]
owner = "olivia"
groups = ["ai-agents"]
[connections.bench]
kind = "postgres"
host = "127.0.0.1"
database = "bench"
user = "bench"
password = "file:password"
tls = "disable"
environment = "production"
tags = ["hipaa"]
"""


@dataclass(frozen=True, slots=True)
class Mode:
    """A log and a bundle: how many different actions there are, and a condition that each policy asks besides.

    `named`: policies name the relations that they are about; else they read names. `moment`: one reads the time, and
    then nothing can be remembered.
    """

    name: str
    forms: int
    condition: str = ""
    named: bool = True
    moment: bool = False


MODES = (
    Mode("a log that repeats itself", FORMS),
    Mode("no relation twice, policies that read names", ACTIONS, named=False),
    Mode(
        "policies on what was done lately", FORMS, " && context.recent.hour.denials < 3 && context.recent.day.rows < 9"
    ),
    Mode("a policy reads the time, so each is decided anew", FORMS, moment=True),
)


def run(ground: Ground) -> list[Result]:
    """Actions a second, by what is in the log and in the policies."""
    return [_mode(ground.directory / f"simulate-{number}", mode) for number, mode in enumerate(MODES)]


def _mode(directory: Path, mode: Mode) -> Result:
    asyncio.run(_write(directory, mode.forms))
    settings = _settings(directory)
    present, edited = _bundle(mode, 1), _bundle(mode, 2)
    begun = perf_counter()
    recall = Recall(settings, with_recent=present.reads_recent)
    log = store_log(directory / "interlock.db")
    entries = action_entries(log) if recall.with_recent else decided_entries(log)
    found = simulate(recall.actions(entry for _, entry in entries), present, edited)
    taken = perf_counter() - begun
    if found.replayed != ACTIONS or not found.changes:
        raise Failed("the simulation didn't replay what was recorded")
    name, budget = f"simulate, {POLICIES} policies: {mode.name}", None if mode.moment else BUDGET
    return Result("policy_tools", name, ACTIONS / taken, "/s", budget=budget)


async def _write(directory: Path, forms: int) -> None:
    store, entropy = await _store(directory)
    try:
        for begin in range(0, ACTIONS, 250):
            drafts = [each for number in range(begin, begin + 250) for each in _entries(number % forms, entropy)]
            await store.commit(Unit(tuple(drafts)))
    finally:
        await store.close()


def _entries(form: int, entropy: SystemEntropy) -> Iterator[Draft]:
    action = _action(form, ActionId(entropy.uuid7()))
    d = {**told(action), "masks": ["phi.mrn"], "review": "", "digest": "", "bundle": "0" * 64}
    ended: dict[str, JsonValue] = {"outcome": "succeeded", "rows": 3, "sqlstate": "", "review": ""}
    for type_, fields in ((EntryType.ACTION_RELEASED, d), (EntryType.ACTION_ENDED, ended)):
        yield Draft(EntryId(entropy.uuid7()), type_, fields, actor=action.actor, act=action.id, enforced="gateway")


def _action(form: int, id_: ActionId) -> Action:
    labels = frozenset({Label("phi.mrn"), Label("phi.name.given")})
    resource = Resource(ResourceKind.RELATION, f"bench/public.people_{form}", labels)
    text = f"SELECT given_name, mrn, city FROM people_{form} WHERE id = ?"
    return Action(
        id=id_,
        actor=Actor(ActorKind.AGENT, _AGENT, frozenset({_GROUP}), _OWNER, KeyId("k"), _OWNER, _OWNER),
        connection=Connection(ConnectionName("bench"), "postgres", "production", frozenset({"hipaa"})),
        asks=(Ask(SQL_SELECT, resource),),
        payload=SqlPayload(()),
        cover={},
        form={},
        exposures=(Exposure((Output("mrn", 25, labels, None),), labels, filters=labels),),
        templates=(Template((text,), ()),),
    )


def _settings(directory: Path) -> Settings:
    (directory / "password").write_text("not used", encoding="utf-8")
    path = directory / "interlock.toml"
    node_key = load_keys(directory / "keys").public()["node"]
    path.write_text(_SETTINGS.format(node_key=node_key), encoding="utf-8")
    return load_settings(path)


def _bundle(mode: Mode, asked: int) -> Bundle:
    """A permit, forbids that hold every tenth relation, and others that are asked and stay silent."""
    policies = ['@id("read") permit (principal in Interlock::Group::"ai-agents", action, resource);']
    if mode.moment:
        policies.append('@id("p") forbid (principal, action, resource) when { context.now < datetime("2000-01-01") };')
    for number in range(POLICIES - len(policies)):
        holds = f'@review("privacy-officers:{asked}") ' if number < 10 else ""
        about, tested = f"public.people_{number * 10}" if holds else f"public.other_{number}", "phi" if holds else "pci"
        scope = f'resource in Interlock::Relation::"bench/{about}"' if mode.named else "resource"
        name = "" if mode.named else f' && resource.name == "{about}"'
        policies.append(
            f'@id("p-{number}") {holds}forbid (principal in Interlock::Group::"ai-agents", action, {scope})'
            f' when {{ context.labels.contains("{tested}") {name}{mode.condition} }};'
        )
    people = frozenset({PersonId("olivia"), PersonId("dana")})
    groups = {_GROUP: frozenset[PersonId](), GroupName("privacy-officers"): people}
    return load({"bench.cedar": "\n".join(policies)}, groups, frozenset(KNOWN))
