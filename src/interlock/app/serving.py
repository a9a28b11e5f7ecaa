"""Serving: the doors, the two HTTP ports and the workers, until somebody says stop."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager

import structlog

from interlock import __version__
from interlock.actions.code_findings import Finds, nothing
from interlock.actions.from_bundle import ITSELF
from interlock.app.assembly import Assembly, opened, record
from interlock.app.beginning import begin
from interlock.app.http_ports import http_servers
from interlock.app.labelling import labelling_of
from interlock.app.masks import masks_of, vault_of
from interlock.app.mcp import mcp_of
from interlock.app.reaching import Reaching, reaching
from interlock.doors.masks import Masks
from interlock.doors.postgres.definitions import Definitions
from interlock.doors.postgres.door import PostgresDoor
from interlock.errors import InterlockError, LedgerCorrupt, UpstreamFailed
from interlock.masking.pseudonyms import Pseudonyms
from interlock.model.entry import EntryType
from interlock.model.names import ConnectionName, ReviewId
from interlock.model.settings import ConnectionSettings, Settings
from interlock.model.snapshot import Snapshot
from interlock.registry.derived import DerivedLabels
from interlock.upstreams.postgres import DefinitionsWatch, load_snapshot
from interlock.upstreams.temporary import TemporaryRelations
from interlock.wire.postgres.kernel import COMPILED
from interlock.workers import adopter, sweeper
from interlock.workers.deferred import DeferredWork
from interlock.workers.schema_refresh import SchemaRefresh

STOP_SECONDS = 10.0
FIRST_LOOK_SECONDS = 15.0
KEPT_LOOK_SECONDS = 60.0  # how often what was kept for long enough is deleted

log = structlog.get_logger()


async def serve(settings: Settings) -> None:
    """Runs the gateway until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    _raise_file_limit()
    with _signals(stop):
        async with opened(settings) as assembly:
            await begin(assembly)
            try:
                async with reaching(assembly) as reached:
                    await _serve(assembly, reached, stop)
            finally:
                with contextlib.suppress(InterlockError):
                    await record(assembly, EntryType.NODE_STOPPED, {})


async def _serve(assembly: Assembly, reached: Reaching, stop: asyncio.Event) -> None:
    settings = assembly.settings
    definitions: dict[ConnectionName, Definitions | None] = dict.fromkeys(settings.connections)

    def is_ours(review: ReviewId) -> bool:
        opened = assembly.authority.opened(review)
        return opened is not None and opened.connection == ITSELF.name

    workers: list[Callable[[], Coroutine[None, None, None]]] = [
        lambda: sweeper.run(assembly.desk.expire_due, stop),
        lambda: adopter.run(assembly.adoption.adopt_due, assembly.bell.listen, stop, is_ours),
        lambda: adopter.run(assembly.provisioning.settle_due, assembly.bell.listen, stop, is_ours),
        lambda: _sign(assembly, stop),
        lambda: assembly.key_sets.run(stop),
        lambda: assembly.callbacks.run(assembly.bell.listen, stop),
        lambda: sweeper.run(assembly.desk.deferrals.sweep, stop, KEPT_LOOK_SECONDS),
    ]
    assembly.content.begin()
    labelling, discoveries = labelling_of(assembly)
    vault = vault_of(assembly)
    masks = await masks_of(assembly, labelling.overrides, vault)
    first_looks: list[Callable[[], Coroutine[None, None, None]]] = []
    for name, connection in settings.connections.items():
        refresh = _schema_refresh(assembly, name, connection, definitions, masks.get(name), assembly.content.finds)
        first_looks.append(refresh.refresh_now)
        workers.append(lambda refresh=refresh: refresh.run(stop))  # type: ignore[misc]
    await _first_looks(first_looks)
    door = PostgresDoor(
        listen=settings.postgres,
        connections=definitions,
        gate=assembly.gate,
        registry=assembly.registry,
        clock=assembly.clock,
        entropy=assembly.entropy,
        public_url=settings.public_url,
        limits=settings.limits,
        pseudonyms=Pseudonyms(assembly.keys.sealing),
    )
    reached.meters.count_statements(door.taster.figures.counts)
    mcp = await mcp_of(assembly, labelling.overrides, vault, reached.meters, door.dial)
    reached.meters.count_tools(mcp.unavailable)
    workers.append(lambda: mcp.watch(stop))
    deferred = DeferredWork(assembly.desk, [door.runner(), mcp.runner])
    workers.append(lambda: deferred.run(assembly.bell.listen, stop))
    workers.append(lambda: discoveries.run(stop))
    control, agents = http_servers(assembly, reached, stop, labelling, mcp.mounted)
    if not await assembly.content.ready():
        log.error("detection.code_refused", because="nothing looks into code yet: statements are refused")
    await door.start()
    await mcp.door.start()
    async with asyncio.TaskGroup() as group:
        for worker in workers:
            group.create_task(worker())
        for run in reached.runs:
            group.create_task(run(stop))
        group.create_task(control.serve())
        group.create_task(agents.serve())
        log.info(
            "serving",
            control=settings.public_url,
            postgres=settings.postgres.port,
            version=__version__,
            row_kernel="compiled" if COMPILED else "python",
        )
        await stop.wait()
        assembly.bell.close()
        control.should_exit = agents.should_exit = True
        await mcp.stop(STOP_SECONDS)
        await door.stop(STOP_SECONDS)
    if vault is not None:
        await vault.close()


async def _first_looks(looks: list[Callable[[], Coroutine[None, None, None]]]) -> None:
    """A connection whose server is away doesn't keep the gateway down: it is refused until the refresher reaches it."""
    for look in looks:
        try:
            await asyncio.wait_for(look(), FIRST_LOOK_SECONDS)
        except (UpstreamFailed, TimeoutError) as error:
            log.warning("schema.unknown", error=str(error) or "timeout")


def _schema_refresh(
    assembly: Assembly,
    name: ConnectionName,
    connection: ConnectionSettings,
    definitions: dict[ConnectionName, Definitions | None],
    masks: Masks | None = None,
    finds: Finds = nothing,
) -> SchemaRefresh:
    made: Definitions | None = None

    async def load() -> Snapshot:
        nonlocal made
        snapshot = await load_snapshot(connection.upstream, unsafe_superuser=connection.unsafe_superuser)
        made = definitions[name] or Definitions(
            connection.connection,
            connection.upstream,
            assembly.catalogs[name],
            snapshot,
            DerivedLabels(assembly.registry),
            refresh.refresh_now,
            connection.most_sessions,
            TemporaryRelations(),
            masks,
            finds,
        )
        await made.foresee(snapshot)
        return snapshot

    def changed(snapshot: Snapshot) -> None:
        assert made is not None, "what has changed was loaded"
        made.replace(snapshot)
        definitions[name] = made

    def settled() -> None:
        if made is not None:
            made.settle()

    refresh = SchemaRefresh(DefinitionsWatch(connection.upstream), load, changed, settled)
    return refresh


async def _sign(assembly: Assembly, stop: asyncio.Event) -> None:
    """The signer, beside the gateway. What it finds wrong ends the gateway: nothing may run on a ledger that lies."""
    try:
        await assembly.signer.run(stop)
    except LedgerCorrupt as error:
        log.critical("integrity.alarm", because=error.sentence)
        with contextlib.suppress(InterlockError):
            await record(assembly, EntryType.INTEGRITY_ALARM, {"because": error.sentence})
        raise


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
