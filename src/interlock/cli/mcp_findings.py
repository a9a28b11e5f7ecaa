"""What there is to say of an `[mcp.NAME]`: is it reached, as whom does it run, are its tools as they were pinned?"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from interlock import settings as settings_file
from interlock.cli.doctor_findings import Finding, fail, ok, warn
from interlock.cli.mcp_learning import listed
from interlock.cli.tool_file import guessed_in
from interlock.errors import UpstreamFailed
from interlock.model.mcp_settings import McpHttp, McpProcess, McpSettings
from interlock.model.settings import Settings
from interlock.model.tool import Tool
from interlock.model.verb import TOOL_CALL
from interlock.settings.tools import tool_of

MOST_NAMED: Final = 5


def examine(settings: Settings, server: McpSettings) -> Iterator[Finding]:
    """Every finding of one server. Raises `Mistakes` where the policies' files can't be read."""
    name, upstream = server.connection.name, server.upstream
    check = f"mcp.{name}"
    tools = [tool for tool in settings_file.load_tools(settings) if tool.connection == name]
    if isinstance(upstream, McpHttp):
        yield from _by_url(check, upstream)
    else:
        yield from _as_whom(check, upstream)
    try:
        here = listed(server)
    except UpstreamFailed as failed:
        yield fail(check, failed.sentence, f"Look at [mcp.{name}] and at the server.", failed.code)
        return
    yield ok(check, f"reached; it lists {_count(len(here), 'tool')}")
    yield from _tools(check, server, tools, here)
    guessed = guessed_in(settings_file.load_texts(settings), name)
    if guessed:
        todo = 'Look at each map, mend it, and take its "guessed" away.'
        yield warn(check, f"mapped by a guess that nobody has looked at: {_named(guessed)}", todo)


def _by_url(check: str, upstream: McpHttp) -> Iterator[Finding]:
    if urlsplit(upstream.url).scheme != "https":
        yield warn(check, "it is reached without TLS: whoever is on this machine can listen", "Give it a certificate.")


def _as_whom(check: str, upstream: McpProcess) -> Iterator[Finding]:
    from interlock.doors.mcp.upstream.process_launch import separation  # brings the SDK along

    try:
        how = asyncio.run(separation(upstream))
    except UpstreamFailed as failed:
        yield fail(check, failed.sentence, "Name a user of this machine, or make one.", failed.code)
        return
    if "user" in how.lacking:
        sentence = "its process runs as the gateway's own user, and can read what the gateway can: its keys too"
        yield warn(check, sentence, "Run it elsewhere and reach it by a URL, or the gateway where it may change users.")
    elif how.lacking:
        kept = ", ".join(how.lacking)
        yield warn(check, f"its process runs as {upstream.user}, but could win back {kept}", "Install setpriv.")
    else:
        yield ok(check, f"its process runs as {upstream.user}, without privileges")


def _tools(
    check: str, server: McpSettings, tools: Sequence[Tool], here: Sequence[Mapping[str, Any]]
) -> Iterator[Finding]:
    """The pinned ones against what the server lists."""
    learn = f"`interlock mcp learn {server.connection.name}` shows what differs."
    live = {str(raw.get("name")): tool_of(server.connection.name, raw) for raw in here}
    pinned = {tool.name: tool for tool in tools}
    changed = [name for name in pinned.keys() & live.keys() if _differs(pinned[name], live[name])]
    if changed:
        yield fail(check, f"listed otherwise than pinned, so refused: {_named(changed)}", learn, "tool_changed")
    if gone := pinned.keys() - live.keys():
        yield warn(check, f"pinned, and not listed by the server: {_named(gone)}", learn)
    if new := live.keys() - pinned.keys():
        how = "agents aren't told of them" if server.unpinned == "hide" else "policy sees nothing of their arguments"
        yield warn(check, f"not pinned, so {how}: {_named(new)}", learn)
    if unmapped := [tool.name for tool in tools if tool.verbs == (TOOL_CALL,)]:
        todo = 'Say it: docs/reference/mcp-tools.md, "does".'
        yield warn(check, f"nobody has said what they do: {_named(unmapped)}", todo)
    if pinned and not changed and not gone:
        yield ok(check, f"{_count(len(pinned), 'tool')} pinned, as the server lists them")


def _differs(pinned: Tool, live: Tool | str) -> bool:
    return not isinstance(live, Tool) or live.definition_digest != pinned.definition_digest


def _named(names: Collection[str]) -> str:
    few = sorted(names)[:MOST_NAMED]
    more = len(names) - len(few)
    return ", ".join(few) + (f" and {more} more" if more else "")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
