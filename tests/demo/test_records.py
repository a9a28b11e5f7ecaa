"""The demo's MCP server: what it lists is what is pinned, it lets in nobody without the key, and it ends with us."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import resources

import httpx
import pytest
from mcp_types import Tool as Listed

from interlock.demo.embedded_postgres import HOST
from interlock.demo.mcp_process import RecordsServer, records_server
from interlock.demo.mcp_server import FILE, TURNED, TURNS, tools
from interlock.demo.tool_script import EXPORT
from interlock.model.secret import Secret
from interlock.model.tool import Tool
from interlock.settings.tools import read_tools


@pytest.fixture(scope="module")
def pinned() -> dict[str, Tool]:
    read, mistakes = read_tools(FILE, (resources.files("interlock.demo") / "files" / FILE).read_text())
    assert mistakes == []
    return {tool.name: tool for tool in read}


@pytest.fixture(scope="module")
def server() -> Iterator[RecordsServer]:
    with records_server(Secret("host=127.0.0.1 port=1"), Secret("a-key")) as running:
        yield running


def _live(listed: Listed, pinned: Tool) -> Tool:
    told = listed.model_dump(by_alias=True, mode="json", exclude_none=True)
    return Tool(
        pinned.connection,
        told["name"],
        told["inputSchema"],
        told["description"],
        told["title"],
        told.get("outputSchema", {}),
        told.get("annotations", {}),
    )


def test_what_it_lists_is_what_is_pinned(pinned: dict[str, Tool]) -> None:
    live = {tool.name: _live(tool, pinned[tool.name]) for tool in tools()}
    assert {name: tool.definition_digest for name, tool in live.items()} == {
        name: tool.definition_digest for name, tool in pinned.items()
    }
    assert {TURNS, EXPORT} <= pinned.keys()


def test_a_turned_description_is_another_definition(pinned: dict[str, Tool]) -> None:
    listed = next(tool for tool in tools() if tool.name == TURNS)
    turned = listed.model_copy(update={"description": f"{listed.description}{TURNED}"})
    assert _live(turned, pinned[TURNS]).definition_digest != pinned[TURNS].definition_digest


def test_it_lets_in_nobody_without_the_key(server: RecordsServer) -> None:
    assert server.answers()
    url = f"http://{HOST}:{server.port}"
    for headers in ({}, {"x-records-key": "another"}):
        for method, path in (("POST", "/mcp"), ("POST", "/update"), ("GET", "/nothing")):
            assert httpx.request(method, url + path, headers=headers, trust_env=False).status_code == 403
    server.update()
    assert not RecordsServer(server.port, Secret("another")).answers()


def test_it_is_gone_once_it_is_left() -> None:
    with records_server(Secret("host=127.0.0.1 port=1"), Secret("a-key")) as running:
        assert running.answers()
    assert not running.answers()
