"""The composition root: the only file that knows every concrete class."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
import stat
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import structlog
import uvicorn

from interlock import __version__, recovery
from interlock.adoption import Adoption
from interlock.desk import Desk, DeskRules
from interlock.doors.postgres.definitions import Definitions
from interlock.doors.postgres.door import PostgresDoor
from interlock.errors import InterlockError, LedgerCorrupt, Mistakes, SettingsMistakes, UpstreamFailed
from interlock.gate import Gate
from interlock.identity.directory import Directory
from interlock.ledger.authority import Authority
from interlock.ledger.note import parse_vkey
from interlock.ledger.recents import Recents
from interlock.model.change import Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ConnectionName, Digest, EntryId
from interlock.model.recent import DAY
from interlock.model.secret import Secret
from interlock.model.settings import ConnectionSettings, Listen, Settings
from interlock.model.snapshot import Snapshot
from interlock.registry import Registry
from interlock.rulebook import Loaded, LoadedRules
from interlock.sensitivity.catalog import Catalog
from interlock.sensitivity.columns import ColumnLabels
from interlock.settings import load_catalogs, unsafe
from interlock.settings.rules import FILES_DIFFER, RulesOf, checked, files_differ
from interlock.stores.bell import LocalBell
from interlock.stores.clock import SystemClock
from interlock.stores.entropy import SystemEntropy
from interlock.stores.keys import Keys, load_keys
from interlock.stores.seals import AesGcmSealer
from interlock.stores.sqlite import SqliteStore, Trust
from interlock.upstreams.postgres import DefinitionsWatch, load_snapshot
from interlock.web.control import agents_app, control_app
from interlock.web.patience import HeadWithinSeconds
from interlock.workers import adopter, sweeper
from interlock.workers.schema_refresh import SchemaRefresh
from interlock.workers.signer import Signer
from interlock.workers.signer_state import StateFile

STORE = "interlock.db"
SIGNER_STATE = "signer.json"
OPERATOR_TOKEN = "operator.token"  # noqa: S105  a file's name
STOP_SECONDS = 10.0
FIRST_LOOK_SECONDS = 15.0
HTTP_CONNECTIONS = 500  # on each HTTP port at once

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Core:
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
    desk: Desk
    rulebook: LoadedRules
    gate: Gate
    adoption: Adoption
    signer: Signer


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
async def opened(settings: Settings) -> AsyncIterator[Core]:
    """The core on an opened and verified store; raises when anything about it is wrong, before anything is served."""
    catalogs = load_catalogs(settings)
    rules_of = RulesOf(settings, catalogs)
    files = rules_of.from_files()
    keys = load_pinned_keys(settings)
    operator = _operator_token(settings.keys_dir)
    clock, entropy, bell, authority, recents = SystemClock(), SystemEntropy(), LocalBell(), Authority(), Recents()
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
    )
    try:
        sealer = AesGcmSealer(keys.sealing, entropy)
        directory = Directory(settings.people, settings.actors)
        registry = Registry(directory, authority, store, clock, entropy, operator)
        rules = DeskRules(settings.unsafe_token_votes, settings.limits.open_reviews_per_actor)
        desk = Desk(store, store.records, authority, registry, bell, sealer, clock, entropy, keys.lookup, rules)
        rulebook = LoadedRules(authority)
        gate = Gate(store, rulebook, recents, desk, registry, clock, entropy)
        approvers = settings.policy.approvers
        adoption = Adoption(store, desk, registry, rulebook, entropy, rules_of, store.records, approvers)
        signer = Signer(store, state, key=keys.log, node_keys=(parse_vkey(keys.public()["node"]),))
        yield Core(
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
            desk,
            rulebook,
            gate,
            adoption,
            signer,
        )
    finally:
        bell.close()
        await store.close()


async def serve(settings: Settings) -> None:
    """Runs the gateway until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    _raise_file_limit()
    with _signals(stop):
        async with opened(settings) as core:
            await _begin(core)
            try:
                await _serve(core, stop)
            finally:
                with contextlib.suppress(InterlockError):
                    await _record(core, EntryType.NODE_STOPPED, {})


async def unsafe_pin(settings: Settings) -> Digest:
    """Pins policies and catalogs as they lie there, without a review, while the gateway is stopped."""
    async with opened(settings) as core:
        rules = checked(core.files)
        await _take_up_log(core)
        await core.registry.unsafe_pin_bundle(rules.rules, rules.texts)
        return rules.rules


async def unsafe_reset_signer(settings: Settings) -> int:
    """Signs for the log as it lies there, while the gateway is stopped; its size. The ledger records that."""
    async with opened(settings) as core:
        done = await core.signer.unsafe_reset()
        await _record(core, EntryType.INTEGRITY_ALARM, {"because": f"the signer was reset at size {done.size}"})
        return done.size


async def _take_up_log(core: Core) -> None:
    """Holds the store against what was signed; on a new log, signs that it is empty and opens it."""
    size, _ = await core.store.head()
    if size == 0:
        await core.signer.begin_new_log()
    await core.signer.verify_first(core.store.waypoint)
    if size == 0:
        await _record(core, EntryType.LOG_OPENED, {"origin": core.settings.origin})


async def _begin(core: Core) -> None:
    """Before any door opens: settle what a crash left, pin the rules, say who we are and what is in force."""
    for sentence in unsafe(core.settings):
        log.warning("unsafe", because=sentence)
    await _take_up_log(core)
    rules = core.rules_of.to_start_on(core.files, core.authority)
    if files_differ(core.files, rules):
        log.warning("policy.files_differ", because=FILES_DIFFER)
    core.rulebook.load(rules.rules, rules.policy, rules.sources)
    await core.registry.adopt_bundle(rules.rules, rules.texts)
    unknown = await recovery.settle(core.store, core.authority, core.entropy)
    if unknown:
        log.warning("recovery.unknown", actions=unknown)
    await core.adoption.adopt_due()
    started = {"version": __version__, "vkey": core.keys.public()["node"], "settings": core.settings.digest}
    await _record(core, EntryType.NODE_STARTED, started)
    await _record(core, EntryType.SETTINGS_CHANGED, {"settings": core.settings.digest})
    for name, catalog in core.catalogs.items():
        d = {"catalog": catalog.digest, "connection": name}
        await _record(core, EntryType.CATALOG_CHANGED, d)


async def _record(core: Core, type_: EntryType, d: Mapping[str, str]) -> None:
    await core.store.commit(Unit((Draft(id=EntryId(core.entropy.uuid7()), type=type_, d=d),)))


async def _serve(core: Core, stop: asyncio.Event) -> None:
    settings = core.settings
    definitions: dict[ConnectionName, Definitions | None] = dict.fromkeys(settings.connections)
    workers: list[Callable[[], Coroutine[None, None, None]]] = [
        lambda: sweeper.run(core.desk.expire_due, stop),
        lambda: adopter.run(core.adoption.adopt_due, core.bell.listen, stop),
        lambda: _sign(core, stop),
    ]
    first_looks: list[Callable[[], Coroutine[None, None, None]]] = []
    for name, connection in settings.connections.items():
        refresh = _schema_refresh(core, name, connection, definitions)
        first_looks.append(refresh.refresh_now)
        workers.append(lambda refresh=refresh: refresh.run(stop))  # type: ignore[misc]
    await _first_looks(first_looks)
    door = PostgresDoor(
        listen=settings.postgres,
        connections=definitions,
        gate=core.gate,
        registry=core.registry,
        clock=core.clock,
        entropy=core.entropy,
        public_url=settings.public_url,
        limits=settings.limits,
    )
    control, agents = _http(core, stop)
    await door.start()
    async with asyncio.TaskGroup() as group:
        for worker in workers:
            group.create_task(worker())
        group.create_task(control.serve())
        group.create_task(agents.serve())
        log.info("serving", control=settings.public_url, postgres=settings.postgres.port, version=__version__)
        await stop.wait()
        core.bell.close()
        control.should_exit = agents.should_exit = True
        await door.stop(STOP_SECONDS)


async def _first_looks(looks: list[Callable[[], Coroutine[None, None, None]]]) -> None:
    """A connection whose server is away doesn't keep the gateway down: it is refused until the refresher reaches it."""
    for look in looks:
        try:
            await asyncio.wait_for(look(), FIRST_LOOK_SECONDS)
        except (UpstreamFailed, TimeoutError) as error:
            log.warning("schema.unknown", error=str(error) or "timeout")


def _schema_refresh(
    core: Core,
    name: ConnectionName,
    connection: ConnectionSettings,
    definitions: dict[ConnectionName, Definitions | None],
) -> SchemaRefresh:
    async def load() -> Snapshot:
        return await load_snapshot(connection.upstream)

    def changed(snapshot: Snapshot) -> None:
        known = definitions[name]
        if known is not None:
            known.replace(snapshot)
            return
        catalog = core.catalogs[name]
        labels = ColumnLabels(snapshot, catalog, name)
        definitions[name] = Definitions(
            connection.connection, connection.upstream, catalog, snapshot, labels, refresh.refresh_now
        )

    refresh = SchemaRefresh(DefinitionsWatch(connection.upstream), load, changed)
    return refresh


async def _sign(core: Core, stop: asyncio.Event) -> None:
    """The signer, beside the gateway. What it finds wrong ends the gateway: nothing may run on a ledger that lies."""
    try:
        await core.signer.run(stop)
    except LedgerCorrupt as error:
        log.critical("integrity.alarm", because=error.sentence)
        with contextlib.suppress(InterlockError):
            await _record(core, EntryType.INTEGRITY_ALARM, {"because": error.sentence})
        raise


class _Server(uvicorn.Server):
    """uvicorn without its own signal handling: signals are ours, so that our clean-up runs."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Does nothing."""
        yield


def _http(core: Core, stop: asyncio.Event) -> tuple[_Server, _Server]:
    settings = core.settings

    def ready() -> str | None:
        return "stopping" if stop.is_set() else None

    control = control_app(
        core.desk,
        core.registry,
        core.sealer,
        core.clock,
        settings.public_url,
        settings.unsafe_token_votes,
        __version__,
        ready,
        stop,
        bundles=core.adoption,
    )
    return _server(control, settings.control), _server(agents_app(__version__, ready), settings.agents)


def _server(app: Callable[..., object], listen: Listen) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            host=listen.host,
            port=listen.port,
            ssl_certfile=listen.tls.certificate if listen.tls else None,
            ssl_keyfile=listen.tls.key if listen.tls else None,
            access_log=False,
            log_level="warning",
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=5,
            http=HeadWithinSeconds,
            ws="none",
            limit_concurrency=HTTP_CONNECTIONS,
            proxy_headers=False,
        )
    )


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


def _raise_file_limit() -> None:
    """Takes all the descriptors that the system lets us have: each client of a door needs two."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
