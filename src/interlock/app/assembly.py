"""The assembly: every concrete class that any way of running Interlock needs, put together."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from interlock import recovery
from interlock.adoption import Adoption
from interlock.app.content import Loading
from interlock.app.outside import callbacks_of, issuers_of, providers_of
from interlock.app.signing_on import means_of
from interlock.app.words import TypedWords
from interlock.desk import Desk, DeskRules, Openings
from interlock.errors import InterlockError, Mistakes, SettingsMistakes
from interlock.gate import Gate
from interlock.identity.directory import Directory
from interlock.ledger.authority import Authority
from interlock.ledger.figures import Figures
from interlock.ledger.note import parse_vkey
from interlock.ledger.recents import Recents
from interlock.masking.profile import Profile
from interlock.masking.profiles import PROFILES
from interlock.model.change import Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ConnectionName, EntryId
from interlock.model.recent import DAY
from interlock.model.secret import Secret
from interlock.model.settings import Settings
from interlock.provisioning import Accounts, Desired, Provisioning, Wishes
from interlock.registry import People, Registry
from interlock.registry.passkeys import Passkeys, Site
from interlock.rulebook import Loaded, LoadedRules
from interlock.sensitivity.catalog import Catalog
from interlock.sensitivity.regime import Regime, regime_of
from interlock.settings import load_catalogs
from interlock.settings.people import is_person_name
from interlock.settings.rules import RulesOf
from interlock.stores.bell import LocalBell
from interlock.stores.clock import SystemClock
from interlock.stores.entropy import SystemEntropy
from interlock.stores.keys import Keys, load_keys
from interlock.stores.seals import AesGcmSealer
from interlock.stores.sqlite import SqliteStore, Trust
from interlock.upstreams.estimate import Estimates
from interlock.upstreams.key_sets import KeySets
from interlock.upstreams.outgoing import Allowed, Outgoing, allowed_by
from interlock.web.session import origin_of
from interlock.web.sign_on import Means
from interlock.workers.callbacks import Callbacks
from interlock.workers.signer import Signer
from interlock.workers.signer_state import StateFile

STORE = "interlock.db"
SIGNER_STATE = "signer.json"
OPERATOR_TOKEN = "operator.token"  # noqa: S105  a file's name


@dataclass(frozen=True, slots=True)
class Assembly:
    """What every way of running Interlock needs: the store with its authority, and what stands on it."""

    settings: Settings
    keys: Keys
    files: Loaded | Mistakes  # the policies as their files are now, or what is wrong with them
    rules_of: RulesOf
    catalogs: Mapping[ConnectionName, Catalog]
    store: SqliteStore
    bell: LocalBell
    sealer: AesGcmSealer
    clock: SystemClock
    entropy: SystemEntropy
    authority: Authority
    registry: Registry
    passkeys: Passkeys
    desk: Desk
    rulebook: LoadedRules
    gate: Gate
    adoption: Adoption
    people: People
    provisioning: Provisioning
    signer: Signer
    key_sets: KeySets
    callbacks: Callbacks
    means: Means
    figures: Figures
    content: Loading


def store_path(settings: Settings) -> Path:
    """Where the store's file lies."""
    return settings.data_dir / STORE


def load_pinned_keys(settings: Settings) -> Keys:
    """The keys, if the node's is the one pinned in the settings."""
    keys = load_keys(settings.keys_dir)
    if keys.public()["node"] != settings.node_key:
        raise SettingsMistakes(["interlock.toml: [log] node_key: this isn't the key in the keys directory"])
    return keys


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Assembly]:
    """The assembly on an opened and verified store; raises when anything about it is wrong: nothing is served."""
    catalogs = load_catalogs(settings)
    rules_of = RulesOf(settings, catalogs)
    files = rules_of.from_files()
    keys = load_pinned_keys(settings)
    operator = _operator_token(settings.keys_dir)
    clock, entropy, bell, authority, recents = SystemClock(), SystemEntropy(), LocalBell(), Authority(), Recents()
    figures = Figures()
    # The signer's state lies with its key, out of reach of whoever can write to the store.
    state = StateFile(settings.keys_dir / SIGNER_STATE)
    signed = state.load()
    store = await SqliteStore.open(
        store_path(settings),
        node=settings.node,
        signer=keys.node,
        trust=Trust((parse_vkey(keys.public()["node"]),), parse_vkey(keys.public()["log"])),
        authority=authority,
        entropy=entropy,
        clock=clock,
        bell=bell,
        queue_limit=settings.limits.ledger_queue,
        waypoint=signed.size if signed is not None else 0,
        listener=recovery.remembering(recents, clock.now() - DAY),
        follower=figures.take,
    )
    content = Loading()
    outgoing, calling = Outgoing(allowed_by(settings)), Outgoing([Allowed(prefix) for prefix in settings.outgoing])
    try:
        sealer = AesGcmSealer(keys.sealing, entropy)
        directory = Directory(settings.people, settings.actors, authority.roster)
        key_sets = KeySets(settings.issuers.values(), outgoing, clock)
        issuers = issuers_of(settings, key_sets)
        registry = Registry(directory, authority, store, clock, entropy, operator, issuers)
        site = Site.of(settings.public_url, origin_of(settings.public_url))
        always = settings.votes.passkeys == "required"
        passkeys = Passkeys(directory, authority, store, clock, entropy, site, always)
        rules = DeskRules(settings.votes, settings.break_glass, settings.limits, settings.auditors)
        desk = Desk(
            store,
            store.records,
            authority,
            registry,
            bell,
            sealer,
            clock,
            entropy,
            keys.lookup,
            rules,
            passkeys,
            Openings((parse_vkey(keys.public()["node"]),)),
            TypedWords(content, regimes_of(settings), clock),
        )
        rulebook = LoadedRules(authority)
        estimates = Estimates({name: each.upstream for name, each in settings.connections.items()})
        gate = Gate(store, rulebook, recents, desk, registry, clock, entropy, estimates, profiles_of(settings))
        approvers = settings.policy.approvers
        adoption = Adoption(store, desk, registry, rulebook, entropy, rules_of, store.records, approvers)
        callbacks = callbacks_of(settings, store, sealer, clock, entropy, calling)
        accounts, oidc = settings.accounts, settings.oidc
        people = People(registry, passkeys, settings.votes, accounts, oidc, providers_of(settings))
        desired, scim = Desired(store.records, sealer), settings.provisioning
        wishes = Wishes(store, people, desired, clock, entropy, scim, is_person_name)
        provisioning = Provisioning(store, desk, people, rulebook, entropy, wishes, scim.approvers)
        signer = Signer(store, state, key=keys.log, node_keys=(parse_vkey(keys.public()["node"]),))
        yield Assembly(
            settings,
            keys,
            files,
            rules_of,
            catalogs,
            store,
            bell,
            sealer,
            clock,
            entropy,
            authority,
            registry,
            passkeys,
            desk,
            rulebook,
            gate,
            adoption,
            people,
            provisioning,
            signer,
            key_sets,
            callbacks,
            means_of(settings, registry, Accounts(provisioning), outgoing, clock),
            figures,
            content,
        )
    finally:
        bell.close()
        await content.close()
        await outgoing.close()
        await calling.close()
        await store.close()


def profiles_of(settings: Settings) -> Mapping[ConnectionName, Profile]:
    """The masking profiles of those connections that have one."""
    ours = {name: each.profile for name, each in settings.connections.items()}
    named = {**ours, **{name: each.profile for name, each in settings.mcp.items()}}
    return {name: PROFILES[profile] for name, profile in named.items() if profile}


def regimes_of(settings: Settings) -> Mapping[ConnectionName, Regime]:
    """Health care where a connection is tagged so."""
    ours = {name: regime_of(each.connection) for name, each in settings.connections.items()}
    return {**ours, **{name: regime_of(each.connection) for name, each in settings.mcp.items()}}


async def record(assembly: Assembly, type_: EntryType, d: Mapping[str, str]) -> None:
    await assembly.store.commit(Unit((Draft(id=EntryId(assembly.entropy.uuid7()), type=type_, d=d),)))


def _operator_token(keys_dir: Path) -> Secret[str]:
    path = keys_dir / OPERATOR_TOKEN
    try:
        with path.open(encoding="utf-8") as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise InterlockError(f"{path.name} may be read by others; set it to mode 0600", code="key_mode")
            token = file.read().strip()
    except OSError:
        raise InterlockError(f"{path.name} can't be read; `interlock init` makes it", code="key_missing") from None
    if len(token) < 32:
        raise InterlockError(f"{path.name} holds no token that `interlock init` wrote", code="key_malformed")
    return Secret(token)
