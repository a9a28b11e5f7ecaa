"""The server behind the MCP door, by the SDK's own client in both eras, over real HTTP to a real PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from tests.doors.mcp.a_door import MODERN, Bounds, _Server
from tests.doors.mcp.own.a_server import CANARY, Server, server
from tests.postgres_fixture import Database
from tests.stores.a_store import ENTROPY

from interlock.doors.mcp.door import McpDoor
from interlock.doors.mcp.own.mounting import own_upstream
from interlock.doors.mcp.place import Place
from interlock.model.names import ConnectionName
from interlock.model.review import ReviewState
from interlock.web.control import agents_app

ERAS = ["legacy", "auto", MODERN]
DELETE = {"connection": "clinic", "sql": "DELETE FROM log"}


@pytest.fixture
def database(empty_database: Database) -> Database:
    empty_database.execute(
        f"CREATE TABLE people (id int, ssn text); INSERT INTO people VALUES (1, '{CANARY}')",
        "CREATE TABLE log (id int); INSERT INTO log VALUES (1), (2)",
        "GRANT ALL ON people, log TO PUBLIC",
    )
    return empty_database


@asynccontextmanager
async def serving(own: Server) -> AsyncIterator[str]:
    """The door with nothing but it; its address."""
    office = own.gate.office
    door = McpDoor(
        {ConnectionName("interlock"): own_upstream(own.own)},
        gate=office.gate,
        registry=office.registry,
        clock=office.clock,
        entropy=ENTROPY,
        bounds=Bounds(),
        place=Place("", tls=False, loopback=True, hosts=frozenset()),
    )
    listening = socket.create_server(("127.0.0.1", 0))
    app = agents_app("1.0", lambda: None, {"/mcp/": door})
    config = uvicorn.Config(app, access_log=False, log_level="warning", lifespan="off", ws="none")
    http = _Server(config)
    await door.start()
    task = asyncio.ensure_future(http.serve(sockets=[listening]))
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/mcp/interlock"
    finally:
        await door.stop(5)
        http.should_exit = True
        await task
        listening.close()


@asynccontextmanager
async def client(own: Server, url: str, mode: str, **more: Any) -> AsyncIterator[Client]:
    """The SDK's client with the agent's key."""
    headers = {"Authorization": f"Bearer {own.gate.agent_key.reveal()}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=30, trust_env=False) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode, **more) as found,
    ):
        yield found


@pytest.mark.parametrize("mode", ERAS)
async def test_a_client_runs_sql(tmp_path: Path, database: Database, mode: str) -> None:
    async with server(tmp_path, database) as own, serving(own) as url, client(own, url, mode) as agent:
        listed = await agent.list_tools()
        names = {"run_sql", "connections", "my_reviews", "why", "await_approval", "cancel"}
        assert {tool.name for tool in listed.tools} == names
        result = await agent.call_tool("run_sql", {"connection": "clinic", "sql": "SELECT id, ssn FROM people"})
        assert not result.is_error and result.structured_content is not None
        assert result.structured_content["results"][0]["rows"][0][0] == 1
        assert CANARY not in json.dumps(result.structured_content) and CANARY not in result.content[0].text  # type: ignore[union-attr]
        refused = await agent.call_tool("run_sql", {"connection": "clinic", "sql": "DROP TABLE log"})
        assert refused.is_error


@pytest.mark.parametrize("mode", ERAS)
async def test_a_client_waits_with_progress(tmp_path: Path, database: Database, mode: str) -> None:
    told: list[str | None] = []

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        told.append(message)

    async with server(tmp_path, database) as own, serving(own) as url, client(own, url, mode) as agent:
        asking = asyncio.ensure_future(agent.call_tool("run_sql", DELETE, progress_callback=tell))
        await own.gate.sign()
        result = await asking
        assert not result.is_error and result.structured_content is not None
        assert result.structured_content["results"][0]["command"] == "DELETE 2"
        assert any("/reviews/" in (each or "") for each in told)


@pytest.mark.parametrize("mode", ERAS)
async def test_a_client_that_is_gone_takes_its_request_back(tmp_path: Path, database: Database, mode: str) -> None:
    async with server(tmp_path, database) as own, serving(own) as url:
        async with client(own, url, mode) as agent:
            asking = asyncio.ensure_future(agent.call_tool("run_sql", DELETE))
            (review,) = await own.gate.pending()
            asking.cancel()
            await asyncio.wait([asking])
        desk = own.gate.office.desk
        async with asyncio.timeout(15):
            while (await desk.review(review.id)).state is ReviewState.PENDING:
                await desk.bell.wait(review.id, 0.1)
        assert (await desk.review(review.id)).state is ReviewState.WITHDRAWN
