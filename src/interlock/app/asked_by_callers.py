"""AuthZEN's part of the control port, on the assembly."""

from __future__ import annotations

from interlock.app.assembly import Assembly
from interlock.model.tool import Tool
from interlock.policy.bundle import Bundle
from interlock.web.access.asking import Access
from interlock.web.access.binding import BindingTokens
from interlock.web.access.problems import REQUESTS


def access_of(assembly: Assembly) -> Access:
    """What callers who enforce decisions themselves ask; its tools are those of the bundle in force, whichever."""

    def pinned(name: str) -> Tool | None:
        policy = assembly.rulebook.current()
        return policy.rules.tools.get(name) if isinstance(policy, Bundle) else None

    base = assembly.settings.public_url.rstrip("/")
    tokens = BindingTokens(assembly.keys.lookup, base, base + REQUESTS)
    return Access(
        assembly.gate, assembly.desk, assembly.settings.access, pinned, tokens, assembly.clock, assembly.entropy
    )
