"""What happens before any door opens, and while the gateway is stopped."""

from __future__ import annotations

import structlog

from interlock import __version__, recovery
from interlock.app.assembly import Assembly, opened, record
from interlock.model.entry import EntryType
from interlock.model.names import Digest
from interlock.model.settings import Settings
from interlock.settings import unsafe
from interlock.settings.rules import FILES_DIFFER, checked, files_differ

log = structlog.get_logger()


async def unsafe_pin(settings: Settings) -> Digest:
    """Pins policies and catalogs as they lie there, without a review, while the gateway is stopped."""
    async with opened(settings) as assembly:
        rules = checked(assembly.files)
        await _take_up_log(assembly)
        await assembly.registry.unsafe_pin_bundle(rules.rules, rules.texts)
        return rules.rules


async def unsafe_reset_signer(settings: Settings) -> int:
    """Signs for the log as it lies there, while the gateway is stopped; its size. The ledger records that."""
    async with opened(settings) as assembly:
        done = await assembly.signer.unsafe_reset()
        await record(assembly, EntryType.INTEGRITY_ALARM, {"because": f"the signer was reset at size {done.size}"})
        return done.size


async def _take_up_log(assembly: Assembly) -> None:
    """Holds the store against what was signed; on a new log, signs that it is empty and opens it."""
    size, _ = await assembly.store.head()
    if size == 0:
        await assembly.signer.begin_new_log()
    await assembly.signer.verify_first(assembly.store.waypoint)
    if size == 0:
        await record(assembly, EntryType.LOG_OPENED, {"origin": assembly.settings.origin})


async def begin(assembly: Assembly) -> None:
    """Before any door opens: settle what a crash left, pin the rules, say who we are and what is in force."""
    for sentence in unsafe(assembly.settings):
        log.warning("unsafe", because=sentence)
    await _take_up_log(assembly)
    rules = assembly.rules_of.to_start_on(assembly.files, assembly.authority)
    if files_differ(assembly.files, rules):
        log.warning("policy.files_differ", because=FILES_DIFFER)
    assembly.rulebook.load(rules.rules, rules.policy, rules.sources)
    await assembly.registry.adopt_bundle(rules.rules, rules.texts)
    unknown = await recovery.settle(assembly.store, assembly.authority, assembly.entropy)
    if unknown:
        log.warning("recovery.unknown", actions=unknown)
    await assembly.adoption.adopt_due()
    assembly.desk.look_ahead()
    await assembly.provisioning.settle_due()
    started = {"version": __version__, "vkey": assembly.keys.public()["node"], "settings": assembly.settings.digest}
    await record(assembly, EntryType.NODE_STARTED, started)
    await record(assembly, EntryType.SETTINGS_CHANGED, {"settings": assembly.settings.digest})
    for name, catalog in assembly.catalogs.items():
        d = {"catalog": catalog.digest, "connection": name}
        await record(assembly, EntryType.CATALOG_CHANGED, d)
