"""Links over streamable HTTP to real servers of the SDK."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from tests.doors.mcp.upstream.an_upstream import (
    LEGACY,
    AClient,
    Receive,
    Send,
    Speaking,
    asker,
    call,
    legacy,
    links,
    modern,
    served,
    text,
)
from tests.doors.mcp.upstream.servers.everything import Everything

from interlock.doors.mcp.seams import MODERN, McpRefused
from interlock.doors.mcp.upstream import UpstreamLinks
from interlock.errors import UpstreamFailed
from interlock.model.mcp_settings import McpHttp
from interlock.model.secret import Secret


@dataclass
class Place:
    """A server that runs, and links to it."""

    server: Everything
    front: Speaking
    url: str
    links: UpstreamLinks


@asynccontextmanager
async def place(era: str = "both", *, most: int = 8, idle: float = 600.0, **options: Any) -> AsyncIterator[Place]:
    server = Everything()
    front = Speaking(server.server.streamable_http_app(**options), era)
    async with served(front) as address:
        http = McpHttp(f"{address}/mcp", {"x-api-key": Secret("ours")})
        async with links(http, most=most, idle=idle) as linked:
            yield Place(server, front, http.url, linked)


@pytest.mark.parametrize("era", ["both", "legacy", "modern"])
async def test_a_client_of_either_era_reaches_a_server_of_either(era: str) -> None:
    async with place(era) as at:
        for client, session in ((modern(), None), (legacy(), "s1")):
            async with at.links.link(asker(), client, session) as link:
                wanted = {"modern": MODERN, "legacy": LEGACY}.get(era, client.protocol_version)
                assert link.protocol_version == wanted
                assert "tools" in link.capabilities
                assert link.instructions == "be kind"
                assert text(await link.request("tools/call", call("count")))["count"] >= 1


async def test_every_page_of_tools_is_listed() -> None:
    async with place() as at:
        tools = await at.links.listed()
        assert sorted(tool["name"] for tool in tools) == sorted(at.server._tools())


async def test_the_servers_error_is_whole_and_not_in_its_text() -> None:
    async with place() as at, at.links.link(asker(), modern(), None) as link:
        with pytest.raises(McpRefused) as refused:
            await link.request("tools/call", call("refuse"))
    assert (refused.value.code, refused.value.message, refused.value.data) == (
        -32050,
        "no, Mrs Canary",
        {"why": "canary"},
    )
    assert "anary" not in str(refused.value)


async def test_our_headers_and_no_others_and_no_cookies() -> None:
    async with place() as at:
        for client, session in ((modern(), None), (legacy(), "s1")):
            async with at.links.link(asker(presented="ilk_canary"), client, session) as link:
                await link.request("tools/call", call("count"))
        assert at.front.headers
        for headers in at.front.headers:
            assert headers["x-api-key"] == "ours"
            assert "cookie" not in headers
            assert "authorization" not in headers
            assert "canary" not in str(headers)


async def test_a_servers_questions_reach_the_client_of_the_session() -> None:
    answers = {
        "elicitation/create": {"action": "accept", "content": {"name": "Ada"}},
        "sampling/createMessage": {"role": "assistant", "content": {"type": "text", "text": "hi"}, "model": "m"},
    }
    client = AClient(LEGACY, {"elicitation": {"form": {}}, "sampling": {}}, answers)
    async with place() as at, at.links.link(asker(), client, "s1") as link:
        assert text(await link.request("tools/call", call("elicit"))) == answers["elicitation/create"]
        assert text(await link.request("tools/call", call("sample"))) == answers["sampling/createMessage"]
    assert [method for method, _ in client.asked] == ["elicitation/create", "sampling/createMessage"]
    assert client.asked[0][1]["message"] == "Who?"


async def test_a_client_without_the_feature_is_not_asked() -> None:
    client = legacy()
    async with place() as at, at.links.link(asker(), client, "s1") as link:
        result = await _refused(link.request("tools/call", call("sample")))
    assert result and not client.asked


async def test_a_clients_refusal_reaches_the_server_as_it_is() -> None:
    client = legacy(elicitation={"form": {}})
    async with place() as at, at.links.link(asker(), client, "s1") as link:
        with pytest.raises(McpRefused) as refused:
            await link.request("tools/call", call("elicit"))
    assert refused.value.code == -32042


async def test_what_a_server_needs_is_handed_to_a_modern_client_as_it_is() -> None:
    async with place() as at, at.links.link(asker(), modern(elicitation={"form": {}}), None) as link:
        result = await link.request("tools/call", call("needs"))
        assert result["resultType"] == "input_required"
        assert result["inputRequests"]["who"]["method"] == "elicitation/create"
        given = {"who": {"action": "accept", "content": {"name": "Ada"}}}
        more = {"inputResponses": given, "requestState": result["requestState"]}
        answered = await link.request("tools/call", call("needs") | more)
    assert text(answered)["given"] == {"name": "Ada"}


async def test_what_a_modern_server_needs_is_asked_of_a_legacy_client() -> None:
    given = {"action": "accept", "content": {"name": "Ada"}}
    client = AClient(LEGACY, {"elicitation": {"form": {}}}, {"elicitation/create": given})
    async with place("modern") as at, at.links.link(asker(), client, "s1") as link:
        assert text(await link.request("tools/call", call("needs")))["given"] == {"name": "Ada"}
    assert [method for method, _ in client.asked] == ["elicitation/create"]


async def test_a_legacy_server_is_told_of_no_features_for_a_modern_client() -> None:
    client = modern(elicitation={"form": {}}, sampling={})
    async with place("legacy") as at, at.links.link(asker(), client, None) as link:
        await _refused(link.request("tools/call", call("elicit")))
    assert not client.asked


@pytest.mark.parametrize("client", [modern(), legacy()])
async def test_progress_only_rises_and_comes_to_the_request(client: AClient) -> None:
    steps: list[tuple[float, float | None, str | None]] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        steps.append((done, total, message))

    async with place() as at, at.links.link(asker(), client, "s1") as link:
        await link.request("tools/call", call("progress"), progress=progress)
    assert steps == [(1.0, 3.0, "step 1.0"), (2.0, 3.0, "step 2.0"), (3.0, 3.0, "step 3.0")]


async def test_log_messages_reach_the_client_that_asked() -> None:
    asked, other = modern(), modern()
    level = {"_meta": {"io.modelcontextprotocol/logLevel": "debug"}}
    async with (
        place() as at,
        at.links.link(asker(), asked, None) as link,
        at.links.link(asker(), other, None) as beside,
    ):
        waiting = asyncio.create_task(beside.request("tools/call", call("wait")))
        await at.server.started.wait()
        await link.request("tools/call", call("log") | level)
        await asyncio.wait_for(asked.heard.wait(), 10)
        waiting.cancel()
    assert [(method, params["data"]) for method, params in asked.told] == [("notifications/message", "careful")]
    assert not other.told


@pytest.mark.parametrize("client", [modern(), legacy()])
async def test_cancelling_the_task_cancels_at_the_server(client: AClient) -> None:
    async with place() as at, at.links.link(asker(), client, "s1") as link:
        waiting = asyncio.create_task(link.request("tools/call", call("wait")))
        await asyncio.wait_for(at.server.started.wait(), 10)
        waiting.cancel()
        await asyncio.wait_for(at.server.cancelled.wait(), 10)
        assert text(await link.request("tools/call", call("count")))["count"] == 1


@pytest.mark.parametrize("client", [modern(), legacy()])
async def test_a_request_that_takes_too_long_fails_and_is_cancelled(client: AClient) -> None:
    async with place() as at, at.links.link(asker(), client, "s1") as link:
        with pytest.raises(UpstreamFailed) as failed:
            await link.request("tools/call", call("wait"), timeout=0.3)
        assert failed.value.code == "upstream_timeout"
        await asyncio.wait_for(at.server.cancelled.wait(), 10)


async def test_no_two_actors_share_a_session() -> None:
    async with place("legacy") as at:

        async def counted(name: str, session: str | None, client: AClient) -> tuple[int, int]:
            async with at.links.link(asker(name), client, session) as link:
                told = text(await link.request("tools/call", call("count")))
                return told["session"], told["count"]

        assert await counted("a", None, modern()) == (0, 1)
        assert await counted("b", None, modern()) == (1, 1)
        assert await counted("a", None, modern()) == (0, 2)
        assert await counted("a", "s1", legacy()) == (2, 1)
        assert await counted("b", "s1", legacy()) == (3, 1)  # another's session id is no way into it
        assert await counted("a", "s2", legacy()) == (4, 1)
        assert await counted("a", "s1", legacy()) == (2, 2)
        await at.links.end("s1")
        assert at.links.open_sessions == 3
        assert await counted("a", "s1", legacy()) == (5, 1)


async def test_only_so_many_sessions() -> None:
    async with place("legacy", most=2) as at:
        async with at.links.link(asker("a"), legacy(), "s1"), at.links.link(asker("b"), legacy(), "s2"):
            with pytest.raises(UpstreamFailed) as full:
                async with at.links.link(asker("c"), legacy(), "s3"):
                    pass
            assert full.value.code == "upstream_full"
        await at.links.end("s1")
        async with at.links.link(asker("c"), modern(), None) as link:
            await link.request("tools/call", call("count"))
        async with at.links.link(asker("d"), modern(), None) as link:  # an idle shared one gives way
            await link.request("tools/call", call("count"))


async def test_a_client_that_left_without_a_word_gives_way_to_its_own_actors_next() -> None:
    async with place("legacy", most=2) as at:

        async def counted(name: str, session: str) -> int:
            async with at.links.link(asker(name), legacy(), session) as link:
                return int(text(await link.request("tools/call", call("count")))["count"])

        assert [await counted("a", "s1"), await counted("a", "s2"), await counted("a", "s2")] == [1, 1, 2]
        assert await counted("a", "s3") == 1  # in the place of s1, which has been idle for longest
        assert await counted("a", "s2") == 3
        with pytest.raises(UpstreamFailed) as full:
            await counted("b", "s4")  # nobody loses a session to somebody else
        assert full.value.code == "upstream_full"
        async with at.links.link(asker("a"), legacy(), "s2"), at.links.link(asker("a"), legacy(), "s3"):
            with pytest.raises(UpstreamFailed):
                await counted("a", "s5")  # nor what it is in the middle of
        assert await counted("a", "s1") == 1  # begun anew


async def test_sessions_that_take_their_time_to_end_count_until_they_have() -> None:
    server, ends, greeted, ended = Everything(), asyncio.Event(), 0, 0
    front = Speaking(server.server.streamable_http_app(), "legacy")

    async def slow_to_end(scope: Any, receive: Receive, send: Send) -> None:
        nonlocal greeted, ended
        if scope["type"] == "http" and scope["method"] == "DELETE":
            await ends.wait()
            ended += 1
        elif scope["type"] == "http" and not any(name == b"mcp-session-id" for name, _ in scope["headers"]):
            greeted += 1
        await front(scope, receive, send)

    async with served(slow_to_end) as address, links(McpHttp(f"{address}/mcp"), most=4) as linked:

        async def opened(name: str, session: str) -> None:
            async with linked.link(asker(name), legacy(), session) as link:
                await link.request("tools/call", call("count"))

        for session in ("s1", "s2", "s3"):
            await opened("a", session)
        before = greeted
        waiting = []
        for number in range(4, 20):  # each gives up, and the next takes its place
            one = asyncio.ensure_future(opened("a", f"s{number}"))
            waiting.append(one)
            await asyncio.sleep(0.01)
            one.cancel()
        await asyncio.wait(waiting)
        last = asyncio.ensure_future(opened("a", "s20"))
        await opened("b", "s21")  # what is left to others stays theirs
        assert (greeted, ended) == (before + 1, 0) and not last.done()
        ends.set()
        await last


async def test_the_request_that_begins_a_session_is_in_it() -> None:
    async with place("legacy") as at:
        first, later = asker("a"), asker("a")
        later = replace(later, actor=replace(later.actor, session="told"))
        for number, each in enumerate((first, later, later), 1):
            async with at.links.link(each, legacy(), "s1") as link:
                assert text(await link.request("tools/call", call("count")))["count"] == number
        assert at.links.open_sessions == 1


async def test_idle_sessions_end() -> None:
    async with place("legacy", idle=0.05) as at:

        async def count(session: str) -> int:
            async with at.links.link(asker(session), legacy(), session) as link:
                return int(text(await link.request("tools/call", call("count")))["count"])

        async with at.links.link(asker("used"), legacy(), "used") as link:
            assert text(await link.request("tools/call", call("count")))["count"] == await count("idle") == 1
            assert at.links.open_sessions == 2
            async with asyncio.timeout(10):
                while at.links.open_sessions > 1:
                    await asyncio.sleep(0.02)
            for _ in range(10):
                await asyncio.sleep(0.02)
                assert at.links.open_sessions == 1, "one in use stays"
            assert text(await link.request("tools/call", call("count")))["count"] == 2
        assert await count("idle") == 1, "and the other is begun anew"
        async with asyncio.timeout(10):
            while at.links.open_sessions:
                await asyncio.sleep(0.02)


async def test_a_server_that_forgot_the_session_fails_one_request_and_is_greeted_anew() -> None:
    async with place() as at, at.links.link(asker(), legacy(), "s1") as link:
        await link.request("tools/call", call("count"))
        calls = at.server.calls
        manager = at.server.server.session_manager
        for transport in list(manager._server_instances.values()):
            await transport.terminate()
        manager._server_instances.clear()
        with pytest.raises(UpstreamFailed):
            await link.request("tools/call", call("count"))
        assert at.server.calls == calls  # nothing was repeated by itself
        assert text(await link.request("tools/call", call("count")))["count"] == 1


async def test_a_server_that_is_not_there() -> None:
    async with links(McpHttp("http://127.0.0.1:9/mcp")) as linked:
        with pytest.raises(UpstreamFailed) as failed:
            async with linked.link(asker(), modern(), None):
                pass
        assert failed.value.code == "upstream_away"
        with pytest.raises(UpstreamFailed):
            await linked.listed()


async def test_only_trace_and_log_level_of_a_clients_meta_pass() -> None:
    sent = {"traceparent": "00-" + "1" * 32 + "-" + "2" * 16 + "-01", "secret": "canary", "progressToken": "mine"}
    async with place() as at:
        for client, session in ((modern(), None), (legacy(), "s1")):
            async with at.links.link(asker(), client, session) as link:
                meta = text(await link.request("tools/call", call("meta") | {"_meta": sent}))
            assert meta["traceparent"] == sent["traceparent"]
            assert "canary" not in str(meta) and "mine" not in str(meta)


async def test_a_modern_request_says_what_its_own_client_can() -> None:
    async with place() as at:
        every: tuple[dict[str, Any], ...] = (
            {"elicitation": {"form": {}}},
            {},
            {"sampling": {}, "extensions": {"x/y": {}}},
        )
        for features in every:
            async with at.links.link(asker(), modern(**features), None) as link:
                meta = text(await link.request("tools/call", call("meta")))
            told = meta["io.modelcontextprotocol/clientCapabilities"]
            ours: dict[str, Any] = {"io.modelcontextprotocol/tasks": {}}
            assert told == {**features, "extensions": ours}, "of extensions only what the gateway itself takes"
        assert at.links.open_sessions == 1


async def test_progress_that_takes_its_time_comes_before_the_answer() -> None:
    steps: list[float] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        for _ in range(50):
            await asyncio.sleep(0)
        steps.append(done)

    async with place() as at, at.links.link(asker(), modern(), None) as link:
        await link.request("tools/call", call("progress"), progress=progress)
        assert steps == [1.0, 2.0, 3.0]


async def test_the_settings_own_authority_and_no_other(tmp_path: Path) -> None:
    certificate, key = _certificate(tmp_path)
    app = Everything().server.streamable_http_app()
    async with served(app, ssl_certfile=str(certificate), ssl_keyfile=str(key)) as address:
        url = f"{address.replace('http', 'https')}/mcp"
        async with links(McpHttp(url, ca=certificate)) as linked:
            assert await linked.listed()
        async with links(McpHttp(url)) as linked:
            with pytest.raises(UpstreamFailed) as failed:
                await linked.listed()
    assert failed.value.code == "upstream_away"


async def test_so_many_questions_at_once_and_no_more() -> None:
    gate = asyncio.Event()
    client = AClient(LEGACY, {"elicitation": {"form": {}}}, {"elicitation/create": {"action": "decline"}})
    client.waits_for = gate
    async with place() as at, at.links.link(asker(), client, "s1") as link:
        asking = asyncio.create_task(link.request("tools/call", call("flood")))
        await asyncio.wait_for(at.server.flooded.wait(), 10)
        gate.set()
        assert text(await asking) == {"answered": 8, "refused": 4}


async def test_notifications_keep_their_order() -> None:
    client = legacy()
    async with place() as at, at.links.link(asker(), client, "s1") as link:
        await link.request("tools/call", call("chatter"))
        async with asyncio.timeout(10):
            while len(client.told) < 50:
                await asyncio.sleep(0.01)
    assert [params["data"] for _, params in client.told] == list(range(50))


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate that signed itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")]), datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
    address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    signed = made.add_extension(address, critical=False).sign(key, hashes.SHA256())
    (folder / "cert.pem").write_bytes(signed.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder / "cert.pem", folder / "key.pem"


async def _refused(request: Any) -> bool:
    """Whether the server said no, by an error or by a result that says so."""
    try:
        return bool((await request).get("isError"))
    except McpRefused:
        return True
