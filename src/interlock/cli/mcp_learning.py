"""What `interlock mcp learn` does: asks the server, makes the file, shows what differs, writes it.

Whatever a server says is shown through `visible`: no terminal makes anything of it, and what can't be seen is a number.
"""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import structlog
import typer

from interlock import settings as settings_file
from interlock.cli.policy_diff import tool_lines
from interlock.cli.policy_inputs import read_text, say
from interlock.cli.tool_file import Learnt, learn
from interlock.errors import InterlockError, NotFound, UpstreamFailed
from interlock.model.mcp_settings import McpSettings
from interlock.model.names import ConnectionName
from interlock.model.settings import Settings
from interlock.policy.spelling import nearest
from interlock.policy.tool_difference import TOOLS, compare_tools
from interlock.sensitivity.regime import regime_of
from interlock.settings.tools import read_tools

PATIENCE: Final = 60.0  # seconds for the whole list


def run(name: str, file: Path, out: Path | None, *, yes: bool, prune: bool) -> None:
    """The command; raises `InterlockError`, `Mistakes`."""
    settings = settings_file.load(file)
    server = server_named(settings, name)
    target = out or tools_file(settings, server.connection.name, file.absolute().parent)
    before = read_text(target) if target.exists() else ""
    learnt = learn(server.connection.name, listed(server), before, regime_of(server.connection), prune=prune)
    for line in (*learnt.told, *shown(target.name, before, learnt.text)):
        say(line)
    if learnt.text == before:
        say(f"{target.name} is as the server lists its tools; nothing was written.")
        return
    if not yes and not typer.confirm(f"Write {target.name}?"):
        raise typer.Exit(1)
    write(target, learnt.text)
    for line in _next(settings, target, learnt):
        say(line)


def server_named(settings: Settings, name: str) -> McpSettings:
    """`[mcp.NAME]`; raises `NotFound`."""
    found = settings.mcp.get(ConnectionName(name))
    if found is None:
        raise NotFound(f'there is no [mcp.NAME] "{name}"{nearest(name, settings.mcp)}')
    return found


def listed(server: McpSettings) -> Sequence[Mapping[str, Any]]:
    """All that the server lists now; raises `UpstreamFailed`."""
    from interlock.doors.mcp.upstream.links import UpstreamLinks  # brings the SDK along, which not every verb needs

    async def ask() -> Sequence[Mapping[str, Any]]:
        links = UpstreamLinks(server)
        try:
            async with asyncio.timeout(PATIENCE):
                return await links.listed()
        except TimeoutError:
            raise UpstreamFailed("The MCP server took too long to list its tools.") from None
        finally:
            await links.close()

    with _logged_beside():
        return asyncio.run(ask())


@contextlib.contextmanager
def _logged_beside() -> Iterator[None]:
    """What is logged goes to standard error: on standard output is what was asked for, which may be JSON."""
    before = structlog.get_config()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    try:
        yield
    finally:
        structlog.configure(**before)


def tools_file(settings: Settings, connection: ConnectionName, base: Path) -> Path:
    """The file of `[policy] tools` that has this connection's; else `NAME.json` beside the settings."""
    for file in settings.policy.tools:
        tools, _ = read_tools(file.name, read_text(file))
        if any(tool.connection == connection for tool in tools):
            return file
    return base / f"{connection}.json"


def shown(name: str, before: str, after: str) -> Iterator[str]:
    """What differs, tool by tool and then line by line."""
    file = f"{TOOLS}{name}"
    yield from tool_lines(compare_tools({file: before} if before else {}, {file: after}))
    old, new = (text.split("\n") if text else [] for text in (before, after))
    yield from difflib.unified_diff(old, new, name if before else "nothing", name, lineterm="")


def write(target: Path, text: str) -> None:
    """All of it or nothing. Raises `InterlockError`."""
    fresh = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text.encode())
                os.fchmod(file.fileno(), mode)
                os.fsync(file.fileno())
            fresh.replace(target.resolve())
        finally:
            fresh.unlink(missing_ok=True)
    except OSError as error:
        raise InterlockError(f"{target.name} can't be written ({error.strerror})", code="not_written") from None


def _next(settings: Settings, target: Path, learnt: Learnt) -> Iterator[str]:
    yield f"Wrote {target.name}."
    if learnt.guessed:
        tools = "1 tool is" if learnt.guessed == 1 else f"{learnt.guessed} tools are"
        yield f'{tools} mapped by a guess: look at each, mend it, and take its "guessed" away.'
    if target.resolve() not in [file.resolve() for file in settings.policy.tools]:
        yield f'Name it in interlock.toml: [policy] tools = ["{target.name}"].'
    yield "Nothing is in force by that. Look with `interlock policy diff in-force settings`,"
    yield "then put it to those who sign for policies: `interlock policy propose`."
