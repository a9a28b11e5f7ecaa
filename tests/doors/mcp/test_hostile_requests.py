"""What bad requests get: the protocol's own error, on record, and nothing of them goes any further."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.doors.mcp.a_door import Running, a_tool, message, modern, running

from interlock.doors.mcp import reading
from interlock.model.names import PersonId


async def _post(r: Running, http: httpx.AsyncClient, body: bytes | object, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await http.post(r.url, content=content, headers={k.replace("_", "-"): v for k, v in headers.items()})


BAD: list[tuple[bytes, int]] = [
    (b"", -32700),
    (b"not json", -32700),
    (b'{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', -32700),
    (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"read","name":"write"}}', -32700),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"n":1e400}}', -32700),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"n":0.1000000000000000055511151231257827}}', -32700),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"n":NaN}}', -32700),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"n":"\\ud800"}}', -32700),
    (b"[" * 100_000, -32700),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":{"n":' + b"[" * 200 + b"]" * 200 + b"}}", -32700),
    (b'[{"jsonrpc":"2.0","id":1,"method":"ping"}]', -32600),
    (b'"ping"', -32600),
    (b'{"id":1,"method":"ping"}', -32600),
    (b'{"jsonrpc":"1.0","id":1,"method":"ping"}', -32600),
    (b'{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600),
    (b'{"jsonrpc":"2.0","id":true,"method":"ping"}', -32600),
    (b'{"jsonrpc":"2.0","id":1.5,"method":"ping"}', -32600),
    (b'{"jsonrpc":"2.0","id":"_GET_stream","method":"ping"}', -32600),
    (b'{"jsonrpc":"2.0","id":1,"method":7}', -32600),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}', -32600),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}', -32600),
    (b'{"jsonrpc":"2.0","id":1,"result":{},"error":{}}', -32600),
    (b'{"jsonrpc":"2.0","id":1,"method":"ping","more":1}', -32600),
]


async def test_bytes_that_are_no_message(tmp_path: Path) -> None:
    async with running(tmp_path) as r, r.raw() as http:
        await r.begin(http)
        for n, (body, code) in enumerate(BAD, 1):
            answer = await _post(r, http, body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, code), body[:100]
            assert len(await r.entries("action.denied")) == n, body[:100]
        assert not r.calls.asked
        refused = await r.entries("action.denied")
        assert [each["reasons"][0]["code"] for each in refused] == ["mcp_malformed"] * len(BAD)


async def test_bodies_are_bounded_and_typed(tmp_path: Path) -> None:
    async with running(tmp_path) as r, r.raw() as http:
        await r.begin(http)
        large = message("tools/call", {"name": "read", "arguments": {"title": "x" * (reading.MAX_BODY - 1_000)}})
        assert (await _post(r, http, large)).status_code == 200
        large["params"]["arguments"]["title"] += "x" * 1_000
        assert (await _post(r, http, large)).status_code == 413
        assert (await _post(r, http, message("ping"), content_type="text/plain")).status_code == 415
        assert (
            await _post(r, http, message("ping"), content_type="application/json; charset=utf-16")
        ).status_code == 415
        assert (await _post(r, http, message("ping"), content_encoding="gzip")).status_code == 415
        many = message("tools/call", {"name": "read", "arguments": {"n": [0] * 60_000}})
        assert (await _post(r, http, many)).json()["error"]["code"] == -32700
        assert len(r.calls.asked) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        {"Mcp-Method": "tools/list"},
        {"Mcp-Name": "write"},
        {"Mcp-Name": "=?base64?d3JpdGU=?="},
        {"Mcp-Protocol-Version": "2025-11-25"},
        {"Mcp-Param-Owner": "mallory"},
    ],
)
async def test_headers_that_disagree_with_the_body(tmp_path: Path, wrong: dict[str, str]) -> None:
    schema = {"type": "object", "properties": {"owner": {"type": "string", "x-mcp-header": "Owner"}}}
    async with running(tmp_path) as r, r.raw() as http:
        r.pins.tools = [a_tool("read", input_schema=schema), a_tool("write")]
        body, headers = modern("tools/call", {"name": "read", "arguments": {"owner": "alice"}})
        right = {**headers, "Mcp-Param-Owner": "alice"}
        assert (await http.post(r.url, json=body, headers=right)).status_code == 200
        answer = await http.post(r.url, json=body, headers={**right, **wrong})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32020)
        assert len(r.calls.asked) == 1


async def test_headers_of_the_older_era_may_not_disagree_either(tmp_path: Path) -> None:
    async with running(tmp_path) as r, r.raw() as http:
        await r.begin(http)
        body = message("tools/call", {"name": "write", "arguments": {}})
        for wrong in ({"Mcp-Method": "tools/list"}, {"Mcp-Name": "read"}):
            answer = await http.post(r.url, json=body, headers=wrong)
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32020)
        assert not r.calls.asked


@pytest.mark.parametrize(
    "name", ["Mcp-Method", "Mcp-Name", "Mcp-Protocol-Version", "Mcp-Param-Owner", "Authorization", "Mcp-Session-Id"]
)
async def test_a_header_that_decides_comes_once(tmp_path: Path, name: str) -> None:
    async with running(tmp_path) as r, r.raw() as http:
        body, headers = modern("tools/call", {"name": "read", "arguments": {}})
        pairs = [*http.headers.multi_items(), *headers.items(), (name, "a"), (name, "b")]
        answer = await http.post(r.url, json=body, headers=pairs)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, -32020)
        assert not r.calls.asked


async def test_who_is_not_known_learns_where_to_ask(tmp_path: Path) -> None:
    async with running(tmp_path) as r, httpx.AsyncClient(trust_env=False) as http:
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
            answer = await http.post(r.url, json=message("ping"), headers=headers)
            assert answer.status_code == 401
            told = answer.headers["www-authenticate"]
            where = f"http://127.0.0.1:{r.port}/.well-known/oauth-protected-resource/mcp/tracker"
            assert told.startswith("Bearer ") and f'resource_metadata="{where}"' in told
            assert ('error="invalid_token"' in told) is bool(headers)
        document = (await http.get(where)).json()
        assert document["resource"] == r.url
        assert document["authorization_servers"] == ["https://issuer.test"]
        assert (await http.post(f"{r.url}x", json=message("ping"))).status_code == 404
        assert (await http.get(f"{where}x")).status_code == 404
        assert (await http.put(where)).status_code == 405


async def test_guessing_and_haste_are_bounded(tmp_path: Path) -> None:
    async with running(tmp_path) as r, httpx.AsyncClient(trust_env=False) as http:
        r.bounds.most_guesses = 2
        bad = {"Authorization": "Bearer nonsense"}
        seen = [(await http.post(r.url, json=message("ping"), headers=bad)).status_code for _ in range(3)]
        assert seen == [401, 401, 429]
    async with running(tmp_path / "..") as r, r.raw() as http:
        r.bounds.wait = 7
        answer = await http.post(r.url, json=message("ping"))
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://evil.test"}, {"Host": "evil.test"}, {"Origin": "null"}, {"Host": "[bad"}]
)
async def test_a_page_of_a_strangers_is_kept_out(tmp_path: Path, headers: dict[str, str]) -> None:
    async with running(tmp_path) as r, r.raw() as http:
        assert (await http.post(r.url, json=message("ping"), headers=headers)).status_code in (400, 403)
        assert not r.calls.asked


async def test_methods_that_are_not_there(tmp_path: Path) -> None:
    async with running(tmp_path) as r, r.raw() as http:
        await r.begin(http)
        for method in ("secrets/list", "tasks/get", "server/discover", "subscriptions/listen"):
            answer = await http.post(r.url, json=message(method))
            assert '"code":-32601' in answer.text
        codes = [each["reasons"][0]["code"] for each in await r.entries("action.denied")]
        assert codes == ["mcp_unknown_method"] * 4
        assert not [method for method, _ in r.links.one.asked if method != "initialize"]
        body, headers = modern("secrets/list")
        assert (await http.post(r.url, json=body, headers=headers)).status_code == 404
        assert (await http.put(r.url)).status_code == 405


async def test_no_stream_is_taken_up_again(tmp_path: Path) -> None:
    async with running(tmp_path) as r, r.raw() as http:
        await r.begin(http)
        answer = await http.get(r.url, headers={"Last-Event-ID": "5"})
        assert answer.status_code == 400 and "open one anew" in answer.text
        assert '"result"' in (await http.post(r.url, json=message("ping"))).text


async def test_a_session_is_nobody_elses(tmp_path: Path) -> None:
    async with running(tmp_path) as r, r.raw() as http, r.raw(r.other) as thief:
        thief.headers["Mcp-Session-Id"] = await r.begin(http)
        assert (await thief.post(r.url, json=message("tools/list"))).status_code == 404
        assert (await thief.get(r.url)).status_code == 404
        assert (await thief.delete(r.url)).status_code == 404
        assert (await http.post(r.url, json=message("ping"))).status_code == 200
        del thief.headers["Mcp-Session-Id"]
        assert (await thief.post(r.url, json=message("tools/list"))).status_code == 400
        assert (await thief.get(r.url)).status_code == 400


async def test_an_id_that_is_in_use_is_not_taken_again(tmp_path: Path) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def waits(asker: Any, client: Any, params: Any, progress: Any) -> Any:
        begun.set()
        await go.wait()
        return {"content": []}

    async with running(tmp_path) as r, r.raw() as http:
        r.calls.answers["write"] = waits
        await r.begin(http)
        first = asyncio.ensure_future(http.post(r.url, json=message("tools/call", {"name": "write"}, 5)))
        await begun.wait()
        assert (await http.post(r.url, json=message("ping", id="5"))).status_code == 400
        go.set()
        assert (await first).status_code == 200
        assert (await http.post(r.url, json=message("ping", id=5))).status_code == 200


async def test_sessions_of_one_actor_are_counted(tmp_path: Path) -> None:
    async with running(tmp_path, most=2) as r, r.raw() as a, r.raw() as b, r.raw() as c, r.raw(r.other) as d:
        await r.begin(a)
        await r.begin(b)
        assert (await c.post(r.url, json=message("initialize", {}))).status_code == 429
        await r.begin(d)
        assert (await a.delete(r.url)).status_code == 200
        # A handshake that fails keeps no place.
        for _ in range(3):
            assert '"error"' in (await c.post(r.url, json=message("initialize", {}))).text
        await r.begin(c)
        assert len(r.door.sessions) == 3


@pytest.mark.parametrize("era", ["legacy", "modern"])
async def test_a_revoked_key_ends_what_waits(tmp_path: Path, era: str) -> None:
    begun = asyncio.Event()

    async def waits(asker: Any, client: Any, params: Any, progress: Any) -> Any:
        begun.set()
        await asyncio.Event().wait()

    async with running(tmp_path) as r, r.raw() as http:
        r.calls.answers["write"] = waits
        body, headers = modern("tools/call", {"name": "write"})
        if era == "legacy":
            await r.begin(http)
            body, headers = message("tools/call", {"name": "write"}), {}
        call = asyncio.ensure_future(http.post(r.url, json=body, headers=headers))
        await begun.wait()
        await r.office.registry.revoke_key(r.key_id, PersonId("olivia"), "test")
        await r.door.sessions.look()
        async with asyncio.timeout(10):
            await asyncio.wait({call})
            while r.calls.cancelled != 1 or len(r.door.sessions):
                await asyncio.sleep(0.01)
        assert (await http.post(r.url, json=message("ping"))).status_code == 401


async def test_cookies_go_neither_way_and_pages_are_sandboxed(tmp_path: Path) -> None:
    seen: list[Any] = []

    async def look(asker: Any, client: Any, params: Any, progress: Any) -> Any:
        return {"content": []}

    async with running(tmp_path) as r, r.raw(Cookie="a=b") as http:
        r.calls.answers["read"] = look
        inner = r.door._http._whole

        async def spy(manager: Any, exchange: Any, scope: Any, receive: Any, send: Any) -> None:
            seen.append({key for key, _ in scope["headers"]})
            await inner(manager, exchange, scope, receive, send)

        r.door._http._whole = spy  # type: ignore[method-assign]
        await r.begin(http)
        answer = await http.post(r.url, json=message("tools/call", {"name": "read"}))
        assert "set-cookie" not in answer.headers
        assert answer.headers["content-security-policy"].startswith("sandbox")
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert seen and not any(names & {b"cookie", b"authorization"} for names in seen)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        assert json.loads(reading.read(body).text)["jsonrpc"] == "2.0"
    except reading.Unacceptable as refused:
        assert refused.code in (-32700, -32600)
