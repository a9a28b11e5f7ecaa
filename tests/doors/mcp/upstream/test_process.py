"""Links to servers that run as children of ours: good ones, bad ones, and what they are let see."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pwd
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from tests.doors.mcp.upstream.an_upstream import (
    LEGACY,
    SERVERS,
    AClient,
    asker,
    call,
    legacy,
    links,
    modern,
    ourselves,
    text,
)

from interlock.doors.mcp.seams import MODERN, McpRefused
from interlock.doors.mcp.upstream.process_launch import PATH, separation
from interlock.errors import UpstreamFailed
from interlock.model.mcp_settings import McpProcess
from interlock.model.secret import Secret

PLAIN = "/usr/bin/python3"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs children as somebody else")
needs_python = pytest.mark.skipif(not Path(PLAIN).exists(), reason=f"no {PLAIN} that another user can run")


def everything(**environment: str) -> McpProcess:
    """The SDK's server as a child, as our own user: another can't read our Python."""
    command = (sys.executable, str(SERVERS / "everything.py"))
    return McpProcess(command, {name: Secret(value) for name, value in environment.items()}, user=ourselves())


def plain(mode: str = "", user: str = "") -> McpProcess:
    """The plain server, in one of its moods."""
    return McpProcess((PLAIN, str(SERVERS / "plain.py"), mode), user=user or ourselves())


def alive(pid: int) -> bool:
    """Whether it runs (and isn't only waiting to be buried)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


async def test_its_environment_is_what_the_settings_say(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_SECRET", "canary")
    async with links(everything(TOKEN="theirs")) as linked, linked.link(asker(), modern(), None) as link:
        told = text(await link.request("tools/call", call("environ")))
    seen = {name: value for name, value in told["environ"].items() if name != "LC_CTYPE"}  # Python's own (PEP 538)
    assert seen == {"TOKEN": "theirs", "PATH": PATH, "HOME": "/", "LANG": "C.UTF-8"}
    assert told["cwd"] == "/"


@pytest.mark.parametrize("client", [modern(), legacy()])
async def test_both_eras_over_stdio(client: AClient) -> None:
    async with links(everything()) as linked, linked.link(asker(), client, "s1") as link:
        assert link.protocol_version == client.protocol_version
        assert text(await link.request("tools/call", call("count")))["count"] == 1
        assert len(await linked.listed()) == 13


async def test_an_older_server_serves_a_modern_client() -> None:
    async with links(plain()) as linked, linked.link(asker(), modern(), None) as link:
        assert link.protocol_version != MODERN
        assert text(await link.request("tools/call", call("call")))["uid"] == os.geteuid()
        assert [tool["name"] for tool in await linked.listed()] == ["call"]


async def test_questions_and_progress_over_stdio() -> None:
    answers = {"elicitation/create": {"action": "accept", "content": {"name": "Ada"}}}
    client = AClient(LEGACY, {"elicitation": {"form": {}}}, answers)
    steps: list[float] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        steps.append(done)

    async with links(everything()) as linked, linked.link(asker(), client, "s1") as link:
        assert text(await link.request("tools/call", call("elicit"))) == answers["elicitation/create"]
        await link.request("tools/call", call("progress"), progress=progress)
        await link.request("tools/call", call("log"))
        await asyncio.wait_for(client.heard.wait(), 10)
    assert steps == [1.0, 2.0, 3.0]
    assert [method for method, _ in client.told] == ["notifications/message"]


@needs_root
@needs_python
async def test_as_another_user_with_nothing_of_ours() -> None:
    nobody = pwd.getpwnam("nobody")
    holding = os.open("/etc/hostname", os.O_RDONLY)
    os.set_inheritable(holding, True)
    try:
        async with links(plain(user="nobody")) as linked, linked.link(asker(), legacy(), "s1") as link:
            told = text(await link.request("tools/call", call("call")))
    finally:
        os.close(holding)
    assert told["uid"] == nobody.pw_uid
    assert set(told["groups"]) <= {nobody.pw_gid}
    assert told["core"] == [0, 0]
    assert told["no_new_privs"] == ["1"]
    # uvloop leaves the child its own three a second time.
    assert set(told["files"].values()) == {told["files"][name] for name in "012"}


@needs_root
async def test_a_user_that_is_not_there() -> None:
    async with links(plain(user="nobody-of-that-name")) as linked:
        with pytest.raises(UpstreamFailed) as failed:
            await linked.listed()
    assert failed.value.code == "upstream_user"


async def test_what_is_not_separated_is_logged_once() -> None:
    with capture_logs() as lines:
        async with links(plain()) as linked:
            for name in ("a", "b"):
                async with linked.link(asker(name), legacy(), "s1") as link:
                    await link.request("tools/call", call("call"))
    said = [line for line in lines if line["event"] == "mcp.process_not_separated"]
    assert len(said) == 1
    assert "user" in said[0]["lacking"]


async def test_without_setpriv_it_still_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interlock.doors.mcp.upstream.process_launch._DROPS", ())
    how = await separation(plain())
    assert how.before == () and "new privileges" in how.lacking


@pytest.mark.parametrize("mode", ["die", "junk", "unknown", "huge", "type"])
async def test_a_server_that_breaks_the_protocol(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with capture_logs() as lines:
        async with links(plain(mode)) as linked, linked.link(asker(), legacy(), "s1") as link:
            for _ in range(2):  # the session is replaced at the next request
                with pytest.raises(UpstreamFailed) as failed:
                    await link.request("tools/call", call("call"))
                assert failed.value.code in ("upstream_gone", "upstream_junk")
                assert "anary" not in failed.value.sentence
            assert (await link.request("tools/list", {}))["tools"]
    assert "anary" not in caplog.text and "anary" not in str(lines)


async def test_a_server_that_hangs() -> None:
    async with links(plain("hang"), seconds=0.5) as linked, linked.link(asker(), legacy(), "s1") as link:
        with pytest.raises(UpstreamFailed) as failed:
            await link.request("tools/call", call("call"))
    assert failed.value.code == "upstream_timeout"


async def test_an_error_of_its_own_with_the_code_of_a_closed_connection_is_its_own() -> None:
    async with links(plain("error")) as linked, linked.link(asker(), legacy(), "s1") as link:
        with pytest.raises(McpRefused) as refused:
            await link.request("tools/call", call("call"))
    assert refused.value.code == -32000


@pytest.mark.parametrize("mode", ["banner", "noisy"])
async def test_a_server_that_talks_beside_the_protocol_at_its_start(mode: str) -> None:
    async with links(plain(mode)) as linked, linked.link(asker(), legacy(), "s1") as link:
        assert text(await link.request("tools/call", call("call")))["uid"] == os.geteuid()


async def test_a_server_that_never_says_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interlock.doors.mcp.upstream.session.DISCOVERING", 0.3)
    monkeypatch.setattr("interlock.doors.mcp.upstream.session.INITIALIZING", 0.3)
    async with links(plain("silent")) as linked:
        with pytest.raises(UpstreamFailed):
            await linked.listed()


async def test_a_command_that_is_not_there() -> None:
    async with links(McpProcess(("no-such-command",), user=ourselves())) as linked:
        with pytest.raises(UpstreamFailed):
            await linked.listed()


@pytest.mark.parametrize("mode", ["children", "stubborn"])
async def test_it_and_its_children_are_gone_at_the_end(mode: str) -> None:
    started: list[int] = []
    async with links(plain(mode), seconds=0.5 if mode == "stubborn" else 20) as linked:
        async with linked.link(asker(), legacy(), "s1") as link:
            with contextlib.suppress(UpstreamFailed):
                started = text(await link.request("tools/call", call("call")))["pids"]
        if mode == "stubborn":
            started = [pid for pid in _pids() if "plain.py\0stubborn" in _command(pid)]
        assert started and all(alive(pid) for pid in started)
        await linked.end("s1")
        assert not any(alive(pid) for pid in started)


async def test_requests_in_flight_fail_when_it_dies() -> None:
    async with links(everything()) as linked, linked.link(asker(), legacy(), "s1") as link:
        waiting = [asyncio.create_task(link.request("tools/call", call("wait"))) for _ in range(3)]
        await link.request("tools/call", call("count"))
        with pytest.raises(UpstreamFailed):
            await link.request("tools/call", call("die"))
        for failed in await asyncio.gather(*waiting, return_exceptions=True):
            assert isinstance(failed, UpstreamFailed)
        assert text(await link.request("tools/call", call("count")))["count"] == 1


async def test_closing_ends_what_is_on_its_way() -> None:
    async with links(plain("silent")) as linked:
        asking = asyncio.create_task(linked.listed())
        async with asyncio.timeout(10):
            while not linked.open_sessions:
                await asyncio.sleep(0.01)
        await linked.close()
        with pytest.raises(UpstreamFailed):
            await asking
        with pytest.raises(UpstreamFailed):
            await linked.listed()


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""
