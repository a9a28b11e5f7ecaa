"""AuthZEN's part of the control port, on the core."""

from __future__ import annotations

from interlock.app.core import Core
from interlock.model.tool import Tool
from interlock.policy.bundle import Bundle
from interlock.web.access.asking import Access
from interlock.web.access.binding import BindingTokens
from interlock.web.access.problems import REQUESTS


def access_of(core: Core) -> Access:
    """What callers who enforce decisions themselves ask; its tools are those of the bundle in force, whichever."""

    def pinned(name: str) -> Tool | None:
        policy = core.rulebook.current()
        return policy.rules.tools.get(name) if isinstance(policy, Bundle) else None

    base = core.settings.public_url.rstrip("/")
    tokens = BindingTokens(core.keys.lookup, base, base + REQUESTS)
    return Access(core.gate, core.desk, core.settings.access, pinned, tokens, core.clock, core.entropy)
