"""How a child process is started: as whom, with which environment, and what the machine lets us take from it.

Its environment is what the settings say, with a PATH, HOME and LANG that hold nothing of ours. Where we are root it
runs as another user. `setpriv` (util-linux) takes from it whatever it could win back: new privileges, capabilities,
and living on when we die.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from interlock.errors import UpstreamFailed
from interlock.model.mcp_settings import McpProcess

PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_TRY: Final = 5.0  # seconds for trying whether the machine allows it
_OPEN: Final = Path("/proc/self/fd")
_DROPS: Final = (
    ("--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--pdeathsig", "KILL"),
    ("--no-new-privs", "--pdeathsig", "KILL"),
    ("--no-new-privs",),
)


@dataclass(frozen=True, slots=True)
class Separation:
    """What stands between a child and us: a command to go before its own, or user and group for the start itself.
    `lacking`: what isn't separated, in our words."""

    before: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None
    lacking: tuple[str, ...] = ()


def environment(settings: McpProcess) -> dict[str, str]:
    """All that it sees of variables."""
    plain = {"PATH": PATH, "HOME": str(settings.directory or "/"), "LANG": "C.UTF-8"}
    return plain | {name: value.reveal() for name, value in settings.environment.items()}


async def separation(settings: McpProcess) -> Separation:
    """The best that this machine allows; raises `UpstreamFailed` when the user isn't known here."""
    account = _account(settings.user)
    other = account is not None and account.pw_uid != os.geteuid()
    switching = other and os.geteuid() == 0 and account is not None
    setpriv = shutil.which("setpriv", path=PATH)
    became: tuple[str, ...] = ()
    if switching and account is not None:
        became = (f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups")
    for drops in _DROPS if setpriv is not None else ():
        before = (setpriv, *became, *drops, "--")
        if await _works(Separation(before)):
            lacking = () if drops == _DROPS[0] else ("capabilities",)
            return Separation(before, lacking=lacking if switching else (*lacking, "user"))
    if switching and account is not None:
        plain = Separation((), account.pw_uid, account.pw_gid, ("new privileges", "capabilities"))
        if await _works(plain):
            return plain
    return Separation(lacking=("user", "new privileges", "capabilities"))


def _account(user: str) -> pwd.struct_passwd | None:
    """The user's account. Who isn't root can't become anybody, so that it needn't be known there."""
    try:
        return pwd.getpwnam(user)
    except KeyError:
        if os.geteuid() == 0:
            raise UpstreamFailed(
                "The user that an MCP server's process is to run as isn't known on this machine.", code="upstream_user"
            ) from None
        return None


async def _works(tried: Separation) -> bool:
    nothing = shutil.which("true", path=PATH)
    if nothing is None:
        return False
    try:
        process = await start((nothing,), {"PATH": PATH}, "/", tried, talking=False)
    except (OSError, ValueError, TypeError):
        return False
    try:
        async with asyncio.timeout(_TRY):
            return await process.wait() == 0
    except TimeoutError:
        process.kill()
        return False


async def start(
    command: tuple[str, ...], variables: Mapping[str, str], directory: str, how: Separation, *, talking: bool = True
) -> asyncio.subprocess.Process:
    """Starts it in a session and group of its own, with no file of ours but its three and no core files (where
    there is `prlimit`). Raises `OSError`; a command that isn't there may only end at once."""
    _keep_files()
    become: dict[str, Any] = {}  # which uvloop doesn't know
    if how.user is not None:
        become = {"user": how.user, "group": how.group, "extra_groups": []}
    # A core file would hold what passed through it. (A shell's `ulimit` would add variables of its own.)
    limiter = shutil.which("prlimit", path=PATH)
    limited = (limiter, "--core=0:0") if limiter is not None else ()
    pipe = asyncio.subprocess.PIPE if talking else asyncio.subprocess.DEVNULL
    return await asyncio.create_subprocess_exec(
        *limited,
        *how.before,
        *command,
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        env=dict(variables),
        cwd=directory,
        start_new_session=True,
        close_fds=True,
        **become,
    )


def _keep_files() -> None:
    """No file of ours is handed on: uvloop's start doesn't close those that a library opened to be inherited."""
    with contextlib.suppress(OSError):
        for number in [int(entry.name) for entry in _OPEN.iterdir()]:
            if number > 2:
                with contextlib.suppress(OSError):  # the directory's own, closed by now
                    os.set_inheritable(number, False)
