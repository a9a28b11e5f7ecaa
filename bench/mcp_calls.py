"""Calls of MCP tools: one at a time, many at once, and many that wait for people.

direct     the server itself, a small one on the SDK's own parts
proxy      the SDK's server and client put together, forwarding and nothing else (`bench/mcp_proxy.py`)
Interlock  with every value looked into, and without

Budgets: an allowed call adds under 3 ms at the median, 300 calls a second a process, 2,000 open waits (issue 9). The
client is by hand: a library's would take more of the cores than what is measured. The gateway's own CPU a call is told
beside, since client, gateway and server share the cores.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from bench.ground import Ground, Running
from bench.link import Failed
from bench.progress import say
from bench.report import Peer, Result, at_least, at_most
from interlock.demo import ownership
from interlock.demo.access import AGENT, OWNER
from interlock.demo.embedded_postgres import HOST, free_port
from interlock.demo.gateway_process import gateway
from interlock.demo.installation import install
from interlock.errors import InterlockError

CALLS, ROUNDS, WARM = 150, 2, 30
AT_ONCE, SECONDS = 8, 3.0
OPEN, WAVE, FIRST = 2_000, 40, 50
READY_SECONDS = 20.0
ADDED, RATE, CPU = at_most(3.0), at_least(300.0), at_most(1000 / 300)
MODERN = "2026-07-28"
ROOT = Path(__file__).resolve().parents[1]

_POLICY = """
@id("mcp-waits") @because("The benchmark waits for a vote.") @review("privacy-officers:1")
forbid (principal, action, resource == Interlock::Tool::"plain/slow");
"""
_SETTINGS = """
[mcp.plain]
url = "{upstream}"
content = "off"
hold = "10m"
[mcp.looked]
url = "{upstream}"
"""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to call the server."""

    name: str
    url: str
    token: str = field(default="", repr=False)

    def head(self, tool: str) -> dict[str, str]:
        """The headers of one call."""
        told = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/call", "Mcp-Name": tool}
        told |= {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
        return told | ({"Authorization": f"Bearer {self.token}"} if self.token else {})


def body(number: int, tool: str, arguments: dict[str, Any], **meta: Any) -> bytes:
    """One call."""
    about = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
    params = {"name": tool, "arguments": arguments, "_meta": about | meta}
    return json.dumps({"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params}).encode()


def run(ground: Ground) -> list[Result]:
    """All three."""
    upstream, proxied = (f"http://{HOST}:{free_port()}/mcp" for _ in range(2))
    with (
        _child(upstream, "testkit.mcp_server"),
        _child(proxied, "bench.mcp_proxy", upstream),
        _gateway(ground, upstream) as (running, agents),
    ):
        key = running.keys[AGENT].reveal()
        ours = f"http://{HOST}:{agents}/mcp"
        plain, looked = Way("Interlock", f"{ours}/plain", key), Way("Interlock, looked into", f"{ours}/looked", key)
        ways = (Way("direct", upstream), Way("proxy", proxied), plain, looked)
        return asyncio.run(_measured(ways, running))


async def _measured(ways: tuple[Way, ...], running: Running) -> list[Result]:
    took = await _one_by_one(ways)
    direct, proxy, *ours = (took[way.name] for way in ways)
    names = [way.name for way in ways[2:]]
    results = [
        Result("mcp", f"one call, {name}, added p50", figure - direct, "ms", Peer("proxy", proxy - direct), ADDED)
        for name, figure in zip(names, ours, strict=True)
    ]
    rates, spent = dict[str, float](), dict[str, float]()
    for way in ways[1:]:
        rates[way.name], spent[way.name] = await _at_once(way, running)
    results += [
        Result("mcp", f"{AT_ONCE} at once, {name}", rates[name], "/s", Peer("proxy", rates["proxy"]), RATE)
        for name in names
    ]
    results += [Result("mcp", f"the gateway's CPU a call, {name}", spent[name], "ms", budget=CPU) for name in names]
    each = await _waits(ways[2], running)
    return [*results, Result("mcp", f"{OPEN} open waits, connection included", each, "KB each")]


async def _one_by_one(ways: tuple[Way, ...]) -> dict[str, float]:
    """Milliseconds at the median; the ways in turn, so that a noisy moment hits all of them."""
    took: dict[str, list[float]] = {way.name: [] for way in ways}
    for _ in range(ROUNDS):
        for way in ways:
            async with _caller(way) as caller:
                for number in range(WARM):
                    await caller.call(number)
                for number in range(CALLS):
                    began = time.perf_counter()
                    await caller.call(number)
                    took[way.name].append((time.perf_counter() - began) * 1000)
    say("one call, p50: " + ", ".join(f"{name} {median(each):.2f} ms" for name, each in took.items()))
    return {name: median(each) for name, each in took.items()}


@dataclass(frozen=True, slots=True)
class _Caller:
    """One client on one connection."""

    way: Way
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def call(self, number: int) -> None:
        """One call, whose answer is looked at."""
        self.writer.write(posted(self.way, "echo", body(number, "echo", {"text": f"Bay {number % 90} is free."})))
        async with asyncio.timeout(30.0):
            head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
            if not head.startswith(b"http/1.1 200 ") or b"\r\ncontent-length: " not in head:
                raise Failed(f"{self.way.name}: a call that should run was answered with {head[:200]!r}")
            length = int(head.partition(b"\r\ncontent-length: ")[2].partition(b"\r\n")[0])
            told = await self.reader.readexactly(length)
        if b'"isError":true' in told or b'"result"' not in told:
            raise Failed(f"{self.way.name}: a call that should run was answered with {told[:200]!r}")


@contextlib.asynccontextmanager
async def _caller(way: Way) -> AsyncIterator[_Caller]:
    at = httpx.URL(way.url)
    reader, writer = await asyncio.open_connection(at.host, at.port)
    try:
        yield _Caller(way, reader, writer)
    finally:
        writer.close()


def posted(way: Way, tool: str, content: bytes) -> bytes:
    """One POST."""
    at = httpx.URL(way.url)
    head = {"Host": f"{at.host}:{at.port}", **way.head(tool), "Content-Length": str(len(content))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"POST {at.path} HTTP/1.1\r\n{lines}\r\n".encode() + content


async def _at_once(way: Way, running: Running) -> tuple[float, float]:
    """Calls a second by so many clients, and what one costs in milliseconds of the gateway's CPU."""
    done, until = 0, 0.0

    async def client() -> None:
        nonlocal done
        async with _caller(way) as caller:
            while time.perf_counter() < until:
                await caller.call(done)
                done += 1

    await asyncio.sleep(2.0)  # what one actor may ask a second is bounded; begin with all of it
    before, until = _cpu(running.process), time.perf_counter() + SECONDS
    await asyncio.gather(*(client() for _ in range(AT_ONCE)))
    return done / SECONDS, (_cpu(running.process) - before) * 1000 / done


def _cpu(process: int) -> float:
    """Seconds of CPU that a process has taken (proc(5): fields 14 and 15 of stat, behind a name in brackets)."""
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _waits(way: Way, running: Running) -> float:
    """KB that a call costs the gateway while it waits, its client's connection included."""
    async with contextlib.AsyncExitStack() as stack:
        await _hold(way, stack, 0, FIRST)  # first: what is allocated once isn't a wait's cost
        before = running.resident()
        await _hold(way, stack, FIRST, OPEN)
        return (running.resident() - before) / 1024 / OPEN


async def _hold(way: Way, stack: contextlib.AsyncExitStack, first: int, count: int) -> None:
    for start in range(first, first + count, WAVE):
        until = time.perf_counter() + 0.2  # within what one actor may ask a second
        await asyncio.gather(*(_held(way, stack, number) for number in range(start, min(start + WAVE, first + count))))
        await asyncio.sleep(max(0.0, until - time.perf_counter()))


async def _held(way: Way, stack: contextlib.AsyncExitStack, number: int) -> None:
    """One call that waits, its stream left open. By hand, so that the client costs little."""
    at = httpx.URL(way.url)
    reader, writer = await asyncio.open_connection(at.host, at.port)
    stack.callback(writer.close)
    writer.write(posted(way, "slow", body(number, "slow", {"seconds": number / 100_000}, progressToken=f"p{number}")))
    async with asyncio.timeout(60.0):
        told = b""
        while b"notifications/progress" not in told:
            more = await reader.read(4096)
            if not more:
                raise Failed(f"a call that should wait ended: {told[:300]!r}")
            told += more
            if b'"result"' in told or b'"error"' in told:
                raise Failed(f"a call that should wait was answered: {told[-300:]!r}")


@contextlib.contextmanager
def _child(url: str, module: str, *arguments: str) -> Iterator[None]:
    command = [sys.executable, "-m", module, str(httpx.URL(url).port), *arguments]
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not _answers(url):
            if time.monotonic() > deadline or child.poll() is not None:
                raise Failed(f"{module} didn't start")
            time.sleep(0.05)
        yield
    finally:
        child.terminate()
        child.wait(10)


def _answers(url: str) -> bool:
    try:
        httpx.get(url, trust_env=False, timeout=2.0)
    except httpx.TransportError:
        return False
    return True


@contextlib.contextmanager
def _gateway(ground: Ground, upstream: str) -> Iterator[tuple[Running, int]]:
    """A gateway with the server behind it twice, and its agents' port."""
    installed = install(Path(tempfile.mkdtemp(prefix="mcp-", dir=ground.directory)), reset=False)
    ports = {each: free_port() for each in ("control", "agents", "postgres")}
    ground.write_settings(installed, ports, _SETTINGS.format(upstream=upstream))
    text = installed.settings.read_text(encoding="utf-8")
    files = ["plain.json", "looked.json"]
    text = text.replace('files = ["bench.cedar"]', f'files = ["bench.cedar", "mcp.cedar"]\ntools = {json.dumps(files)}')
    installed.settings.write_text(text, encoding="utf-8")
    (installed.directory / "mcp.cedar").write_text(_POLICY, encoding="utf-8")
    tools = _pinned(upstream)
    for name in ("plain", "looked"):
        document = json.dumps({"connection": name, "tools": tools})
        (installed.directory / f"{name}.json").write_text(document, encoding="utf-8")
    url = f"http://{HOST}:{ports['control']}"
    log = installed.directory / "gateway.log"
    try:
        with gateway(installed.settings, url, log) as child:
            ownership.accept(url, installed.sign_in_link(url, OWNER), AGENT)
            keys = installed.identity_keys(url)
            yield Running(child.pid, ports["postgres"], ports["control"], keys), ports["agents"]
    except InterlockError as error:
        raise Failed(error.sentence) from error


def _pinned(upstream: str) -> list[dict[str, Any]]:
    """The server's tools as it lists them, of which each reads."""
    about = {"io.modelcontextprotocol/protocolVersion": MODERN, "io.modelcontextprotocol/clientCapabilities": {}}
    asked = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {"_meta": about}}
    headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/list"}
    headers["Accept"] = "application/json, text/event-stream"
    answer = httpx.post(upstream, json=asked, headers=headers, trust_env=False, timeout=10.0)
    tools: list[dict[str, Any]] = answer.json()["result"]["tools"]
    return [{**tool, "interlock": {"does": ["read"]}} for tool in tools]
