"""What leads to a protected server around the gate, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from interlock.cli.doctor_findings import Finding, ok, warn
from interlock.upstreams.bypass import Bypass

MOST_TOLD: Final = 8


def ways_around(check: str, found: Bypass) -> Iterator[Finding]:
    """Other logins, and who is connected by them now."""
    todo = "Lock these logins, or let them in from the gateway's address alone (pg_hba.conf)."
    if found.logins:
        names = [each.name + (" (superuser)" if each.superuser else "") for each in found.logins]
        yield warn(check, f"these bypass the gate, by logins of their own: {few(names)}", todo)
    for each in found.sessions[:MOST_TOLD]:
        where = f" from {each.address}" if each.address else ""
        by = f' as "{each.application}"' if each.application else ""
        times = "1 session" if each.count == 1 else f"{each.count} sessions"
        yield warn(check, f"bypassing the gate now: {times} of {each.login}{by}{where}", todo)
    if not found.logins and not found.sessions:
        yield ok(check, "no other login leads to this database")


def few(names: list[str], count: int = 0) -> str:
    """The first of them, and how many more there are of `count` (as many as are named, unless said)."""
    told = names[:MOST_TOLD]
    more = max(count, len(names)) - len(told)
    return ", ".join(told) + (f" and {more} more" if more > 0 else "")
