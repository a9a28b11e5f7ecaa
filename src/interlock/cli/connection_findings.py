"""What there is to say of one connection: is it reached, who are we taken for, and what does our login reach?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Final

from interlock.cli.doctor_findings import Finding, fail, ok, warn
from interlock.cli.ways_around import few, ways_around
from interlock.errors import UpstreamFailed
from interlock.model.settings import ConnectionSettings, UpstreamPostgres
from interlock.model.snapshot import Relation, Snapshot
from interlock.sensitivity.catalog import Catalog
from interlock.settings.addresses import is_loopback
from interlock.upstreams.bypass import look
from interlock.upstreams.connect import APPLICATION_NAME, STATEMENT_SECONDS
from interlock.upstreams.postgres import load_snapshot
from interlock.upstreams.reach import Reach, look_around

_UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")

GRANTS: Final = "`interlock connection add --print-grants` prints the SQL for an administrator."
ADVICE: Final = {
    "upstream_away": "Look at host and port, at the server's listen_addresses, and at what stands between.",
    "upstream_tls": "Give `ca`, and as `host` the name that the server's certificate is for.",
    "upstream_login": f"Look at user, password, `login` and the server's pg_hba.conf. {GRANTS}",
    "upstream_database": "Look at `database`.",
    "upstream_busy": "Give the server more connections, or end some.",
}
_LOOK: Final = "Look at the server's log."
_MIGHTY: Final = "login_mighty"
_BY_GRANTS: Final = frozenset({"upstream_login", "upstream_database", _MIGHTY})


def examine(name: str, settings: ConnectionSettings, catalog: Catalog) -> Iterator[Finding]:
    """Every finding, in the order in which things are looked at; after a failed login there are no more."""
    try:
        reach = asyncio.run(look_around(settings.upstream))
    except UpstreamFailed as failed:
        yield fail(f"{name}.login", failed.sentence, ADVICE.get(failed.code, _LOOK), failed.code)
        return
    yield from _session(name, settings.upstream, reach)
    yield _might(name, settings, reach)
    try:
        snapshot = asyncio.run(load_snapshot(settings.upstream, unsafe_superuser=True))
    except UpstreamFailed as failed:
        yield fail(f"{name}.snapshot", failed.sentence, ADVICE.get(failed.code, _LOOK), failed.code)
        return
    yield ok(f"{name}.snapshot", f"{_count(len(_relations(snapshot)), 'relation')} known")
    yield from _reach(name, reach)
    yield from _catalog(name, settings, catalog, snapshot)
    yield from _around(name, settings.upstream)


def refused(findings: list[Finding]) -> bool:
    """Whether the login didn't get in, or is too mighty: what an administrator's grants would mend."""
    return any(each.code in _BY_GRANTS for each in findings)


def _session(name: str, upstream: UpstreamPostgres, reach: Reach) -> Iterator[Finding]:
    at = f"{upstream.host}:{upstream.port}"
    yield ok(f"{name}.server", f"PostgreSQL {reach.version} at {at}, database {upstream.database}")
    if reach.encrypted:
        yield ok(f"{name}.tls", f"{reach.encrypted}; the certificate is for {upstream.host}")
    elif is_loopback(upstream.host):
        yield ok(f"{name}.tls", "none, and nothing leaves this machine")
    else:
        yield warn(f"{name}.tls", "none: password proofs and rows cross the network in clear", "tls = verify-full")
    yield _login(name, upstream, reach)
    if reach.guarded:
        bounds = f"read-only, statements end after {STATEMENT_SECONDS} s"
        yield ok(f"{name}.guard", f"our own sessions: {bounds}")
    else:
        told = "our own sessions aren't read-only and bounded: something between drops our start-up options"
        yield fail(f"{name}.guard", told, "Connect to the server itself, not to a pooler.")
    if reach.application == APPLICATION_NAME:
        yield ok(f"{name}.application", f'our sessions show as "{APPLICATION_NAME}" in pg_stat_activity')
    else:
        yield warn(f"{name}.application", "our sessions don't show by our name", "Connect to the server itself.")


def _login(name: str, upstream: UpstreamPostgres, reach: Reach) -> Finding:
    check, method = f"{name}.method", reach.method or upstream.login
    told = f"{upstream.user} by {method}" + (" with channel binding" if upstream.channel_binding else "")
    if upstream.login == "certificate" and reach.method not in ("", "cert"):
        return fail(check, f"{told}: the server doesn't ask for the certificate", "cert in its pg_hba.conf.")
    if upstream.login == "certificate" and not reach.method and reach.version_number >= 160000:
        return fail(check, "the server lets anybody in: it doesn't ask for the certificate", "cert in its pg_hba.conf.")
    if upstream.login in ("md5", "trust"):
        return warn(check, f"{told}: weak", "scram-sha-256 in its pg_hba.conf, and `login` accordingly.")
    return ok(check, told)


def _might(name: str, settings: ConnectionSettings, reach: Reach) -> Finding:
    check, todo = f"{name}.might", "Give it a login of its own with no more than the grants it needs."
    if not reach.mighty:
        return ok(check, "our login has no more than grants")
    if settings.unsafe_superuser:
        return warn(check, f"unsafe_superuser: our login {reach.mighty}; no grant bounds what it reaches", todo)
    return fail(check, f"our login {reach.mighty}", f"{todo} {GRANTS}", _MIGHTY)


def _reach(name: str, reach: Reach) -> Iterator[Finding]:
    size = f"about {_count(reach.rows, 'row')}" + (f", {_bytes(reach.size)}" if reach.size is not None else "")
    where = ", ".join(
        (
            _count(reach.schemas, "schema"),
            _count(reach.tables, "table") + f" ({reach.written} of them to write)",
            _count(reach.views, "view"),
            _count(reach.columns, "column"),
        )
    )
    told = f"{where}; {size}"
    if reach.columns or reach.written:
        yield ok(f"{name}.reach", told)
    else:
        yield warn(f"{name}.reach", "nothing: it has no grant on any table", GRANTS)
    if reach.definer_count:
        functions = _count(reach.definer_count, "function")
        told = f"may execute {functions} with the rights of the owner: {few(list(reach.definers), reach.definer_count)}"
        yield warn(f"{name}.definers", told, "REVOKE EXECUTE where agents needn't.")
    for each in reach.beyond:
        told = f"{each.what} {few(list(each.examples), each.count)}"
        yield warn(f"{name}.beyond.{each.name}", told, each.todo)


def _catalog(name: str, settings: ConnectionSettings, catalog: Catalog, snapshot: Snapshot) -> Iterator[Finding]:
    check, connection = f"{name}.catalog", settings.connection.name
    columns = [(r.schema, r.name, c.name) for r in _relations(snapshot) for c in r.columns]
    labelled = sum(bool(catalog.labels(connection, *column)) for column in columns)
    idle = [
        ".".join(rule.segments)
        for rule in catalog.rules
        if rule.connection in ("*", connection) and not any(rule.matches(connection, *each) for each in columns)
    ]
    if idle:
        told = f"nothing there is called {few(idle)}"
        yield warn(check, told, "A label protects nothing where its name is wrong: mend the catalog.")
    if labelled:
        yield ok(check, f"{labelled} of {_count(len(columns), 'column')} bear labels")
    else:
        yield warn(check, "no column bears a label: all come back in clear", "Name them in `catalog`.")


def _around(name: str, upstream: UpstreamPostgres) -> Iterator[Finding]:
    try:
        found = asyncio.run(look(upstream))
    except UpstreamFailed as failed:
        yield warn(f"{name}.around", failed.sentence, _LOOK)
        return
    yield from ways_around(f"{name}.around", found)


def _relations(snapshot: Snapshot) -> list[Relation]:
    """Without sequences: these have columns, and nobody labels them."""
    return [relation for relation in snapshot.relations if relation.kind != "S"]


def _count(count: int, one: str) -> str:
    return f"{count:,} {one}" + ("" if count == 1 else "s")


def _bytes(size: int) -> str:
    """1,536 as "1.5 kB"; steps of 1024, as the server's own pg_size_pretty."""
    step, left = 0, float(size)
    while left >= 1024 and step < len(_UNITS) - 1:
        step, left = step + 1, left / 1024
    return f"{left:.1f} {_UNITS[step]}" if step else f"{size} B"
