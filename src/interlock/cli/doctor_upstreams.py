"""The doctor at the protected servers: is our login more than its grants, and what leads around the gate?"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from interlock.cli.doctor_files import SKEW_SECONDS
from interlock.cli.doctor_findings import Finding, fail, ok, warn
from interlock.cli.ways_around import ways_around
from interlock.errors import UpstreamFailed
from interlock.model.settings import ConnectionSettings
from interlock.upstreams.bypass import look

FAR_APART_SECONDS: Final = 60.0


def check_upstream(name: str, connection: ConnectionSettings) -> Iterator[Finding]:
    """One connection's server."""
    check = f"upstream.{name}"
    try:
        found = asyncio.run(look(connection.upstream))
    except UpstreamFailed as failed:
        yield fail(check, failed.sentence, "Look at [connections] and at the server.")
        return
    todo = "Give it a login of its own with no more than the grants it needs."
    if not found.mighty:
        yield ok(check, "our login has no more than grants")
    elif connection.unsafe_superuser:
        yield warn(check, f"our login {found.mighty}, and unsafe_superuser lets it", todo)
    else:
        yield fail(check, f"our login {found.mighty}", todo)
    yield from ways_around(check, found)
    skew = abs((found.clock - datetime.now(UTC)).total_seconds())
    if skew > SKEW_SECONDS:
        level = fail if skew > FAR_APART_SECONDS else warn
        yield level("clock", f"{name}'s clock is {int(skew)} s from this machine's", "Set both by NTP.")
