"""What happens before any door opens, and while the gateway is stopped."""

from __future__ import annotations

import structlog

from interlock import __version__, recovery
from interlock.app.core import Core, opened, record
from interlock.model.entry import EntryType
from interlock.model.names import Digest
from interlock.model.settings import Settings
from interlock.settings import unsafe
from interlock.settings.rules import FILES_DIFFER, checked, files_differ

log = structlog.get_logger()


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
        await record(core, EntryType.INTEGRITY_ALARM, {"because": f"the signer was reset at size {done.size}"})
        return done.size


async def _take_up_log(core: Core) -> None:
    """Holds the store against what was signed; on a new log, signs that it is empty and opens it."""
    size, _ = await core.store.head()
    if size == 0:
        await core.signer.begin_new_log()
    await core.signer.verify_first(core.store.waypoint)
    if size == 0:
        await record(core, EntryType.LOG_OPENED, {"origin": core.settings.origin})


async def begin(core: Core) -> None:
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
    core.desk.look_ahead()
    await core.provisioning.settle_due()
    started = {"version": __version__, "vkey": core.keys.public()["node"], "settings": core.settings.digest}
    await record(core, EntryType.NODE_STARTED, started)
    await record(core, EntryType.SETTINGS_CHANGED, {"settings": core.settings.digest})
    for name, catalog in core.catalogs.items():
        d = {"catalog": catalog.digest, "connection": name}
        await record(core, EntryType.CATALOG_CHANGED, d)
