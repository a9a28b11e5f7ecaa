"""`[mcp.NAME]` and the maps in files of tools: read, and mistakes told."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from tests.test_settings import ENVIRON, WHOLE, write

from interlock.cli.mcp import app
from interlock.errors import SettingsMistakes
from interlock.model.label import Label
from interlock.model.mcp_settings import McpHttp, McpProcess, McpTokens, OwnMcpSettings, TokenNeeds
from interlock.model.names import ConnectionName
from interlock.model.tool import Tool
from interlock.model.verb import TOOL_CALL, TOOL_EXPORT, TOOL_READ, TOOL_VERBS
from interlock.settings import load
from interlock.settings.mcp import VERBS
from interlock.settings.tools import read_tools

NAMED = {**ENVIRON, "TOKEN": "t0ken-value", "PIN": "pin-value"}
MCP = """
[mcp.tracker]
url = "https://tracker.acme.test/mcp"
tags = ["hipaa"]
profile = "safe_harbor"
hold = "20s"
timeout = "1m"
most_sessions = 8
unpinned = "allow"
[mcp.tracker.headers]
X-Api-Key = "env:TOKEN"
[mcp.tracker.oauth]
token_url = "https://idp.acme.test/token"
client_id = "interlock"
client_secret = "env:TOKEN"
scopes = ["tracker"]
[mcp.files]
command = ["files-server", "--root", "/srv"]
content = "off"
user = "files"
directory = "srv"
[mcp.files.environment_variables]
PIN = "env:PIN"
"""


def _tool(**also: object) -> dict[str, object]:
    return {"name": "find", "description": "Finds.", "inputSchema": {"type": "object"}, **also}


def _read(*tools: dict[str, object]) -> tuple[list[Tool], list[str]]:
    return read_tools("tools/x.json", json.dumps({"connection": "tracker", "tools": list(tools)}))


def _one(**also: object) -> Tool:
    tools, mistakes = _read(_tool(**also))
    assert mistakes == []
    return tools[0]


def test_a_server_by_url_and_one_as_a_child(tmp_path: Path) -> None:
    settings = load(write(tmp_path, WHOLE + MCP), NAMED)
    tracker, files = settings.mcp[ConnectionName("tracker")], settings.mcp[ConnectionName("files")]
    assert isinstance(tracker.upstream, McpHttp) and isinstance(files.upstream, McpProcess)
    assert tracker.upstream.headers["X-Api-Key"].reveal() == "t0ken-value"
    assert (tracker.connection.kind, tracker.connection.tags) == ("mcp", frozenset({"hipaa"}))
    assert (tracker.profile, tracker.content, tracker.unpinned) == ("safe_harbor", "mask", "allow")
    assert (tracker.hold, tracker.timeout, tracker.most_sessions) == (timedelta(seconds=20), timedelta(minutes=1), 8)
    assert tracker.oauth is not None
    assert (tracker.oauth.grant, tracker.oauth.resource) == ("client_credentials", tracker.upstream.url)
    assert files.upstream.command == ("files-server", "--root", "/srv")
    assert {name: value.reveal() for name, value in files.upstream.environment.items()} == {"PIN": "pin-value"}
    assert (files.upstream.user, files.content, files.unpinned) == ("files", "off", "hide")
    assert files.upstream.directory == tmp_path / "srv"


_NEEDS = '[mcp.x]\nurl = "https://a.test/"\n[mcp.x.tokens]\n'


def test_what_tokens_must_bring(tmp_path: Path) -> None:
    told = _NEEDS + 'scopes = ["open"]\n[mcp.x.tokens.write]\nscopes = ["w"]\nacr_values = ["mfa"]\nmax_age = "15m"\n'
    tokens = load(write(tmp_path, WHOLE + told), NAMED).mcp[ConnectionName("x")].tokens
    assert tokens.always == TokenNeeds(frozenset({"open"}))
    assert tokens.groups == {"write": TokenNeeds(frozenset({"w"}), ("mfa",), timedelta(minutes=15))}
    assert tokens.scopes == {"open", "w"}


def test_our_own_server(tmp_path: Path) -> None:
    assert load(write(tmp_path, WHOLE), NAMED).own_mcp == OwnMcpSettings()
    told = '[mcp.interlock]\nhold = "0s"\ntimeout = "10s"\n[mcp.interlock.tokens]\nscopes = ["sql"]\n'
    settings = load(write(tmp_path, WHOLE + told), NAMED)
    wanted = McpTokens(TokenNeeds(frozenset({"sql"})))
    assert settings.own_mcp == OwnMcpSettings(timedelta(0), timedelta(seconds=10), wanted)
    assert "interlock" not in settings.mcp


def test_words_of_the_command_are_no_names_of_connections() -> None:
    assert {command.name for command in app.registered_commands} == VERBS


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('[mcp.x]\nurl = "http://far.test/mcp"', "https://"),
        ("[mcp.x]", "either this or command"),
        ('[mcp.x]\nurl = "https://a.test/"\ncommand = ["a"]', "either this or command"),
        ("[mcp.x]\ncommand = []", "must name a program"),
        ('[mcp.x]\ncommand = ["a"]\n[mcp.x.headers]\nA = "env:TOKEN"', "means nothing for a child"),
        ('[mcp.x]\nurl = "https://a.test/"\nuser = "me"', "reached by a URL"),
        ('[mcp.x]\nurl = "https://a.test/"\n[mcp.x.headers]\nCookie = "env:TOKEN"', "can't be set here"),
        ('[mcp.x]\nurl = "https://a.test/"\n[mcp.x.headers]\nX-Key = "plain"', "write env:NAME"),
        ('[mcp.clinic]\nurl = "https://a.test/"', "a connection has this name already"),
        ('[mcp.interlock]\nurl = "https://a.test/"', "own server"),
        ('[mcp.interlock]\nhold = "11m"', "[mcp.interlock] hold"),
        ('[mcp.interlock]\ntimeout = "0s"', "[mcp.interlock] timeout"),
        ('[mcp.interlock]\ntimeout = "5h"', "at most 4h"),
        ('[mcp.interlock]\ncontent = "off"', "[mcp.interlock] content"),
        ('[mcp.interlock.tokens.write]\nscopes = ["w"]', "[mcp.interlock.tokens] write"),
        ('[mcp.learn]\nurl = "https://a.test/"', "`interlock mcp learn` means something else"),
        ('[mcp.connect]\nurl = "https://a.test/"', "`interlock mcp connect` means something else"),
        (_NEEDS + 'scopes = ["a b"]', "one word"),
        (_NEEDS + "scopes = ['a\"']", "one word"),
        (_NEEDS + 'scopes = ["a", "a"]', "twice"),
        (_NEEDS + f"scopes = {[str(n) for n in range(21)]}", "at most 20"),
        (_NEEDS + 'acr_values = ["\u00e4"]', "one word"),
        (_NEEDS + 'max_age = "soon"', "max_age"),
        (_NEEDS + 'scope = ["a"]', 'did you mean "scopes"'),
        (_NEEDS + "[mcp.x.tokens.wirte]", 'did you mean "write"'),
        (_NEEDS + "[mcp.x.tokens.write]", "must name scopes"),
        (_NEEDS + 'acr_values = ["a"]\n[mcp.x.tokens.write]\nacr_values = ["b"]', "can't both be met"),
        ('[mcp.x]\nurl = "https://a.test/"\nunpinned = "maybe"', "isn't one of"),
        ('[mcp.x]\nurl = "https://a.test/"\nhold = "1h"', "at most 10m"),
        ('[mcp.x]\nurl = "https://a.test/"\nunpined = "hide"', "unpinned"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, table: str, told: str) -> None:
    with pytest.raises(SettingsMistakes) as found:
        load(write(tmp_path, WHOLE + table + "\n"), NAMED)
    assert told in " ".join(found.value.mistakes)
    assert "t0ken-value" not in " ".join(found.value.mistakes)


def test_what_we_say_of_a_tool_is_read() -> None:
    said = {
        "does": ["read", "export"],
        "labels": ["phi"],
        "fields": {"result.rows[].name": "phi.name", "arguments.mrn": "phi.mrn"},
        "resources": ["ward/{ward}"],
    }
    tool = _one(interlock=said, title="Find", annotations={"readOnlyHint": True})
    assert tool.verbs == (TOOL_READ, TOOL_EXPORT)
    assert tool.labels == {Label("phi"), Label("phi.name"), Label("phi.mrn")}
    assert tool.fields["result.rows[].name"] == "phi.name"
    assert (tool.resources, tool.title, tool.annotations) == (("ward/{ward}",), "Find", {"readOnlyHint": True})


def test_the_map_is_pinned_and_the_definition_is_told_apart() -> None:
    plain, mapped, titled = _one(), _one(interlock={"does": ["read"]}), _one(title="Find")
    assert plain.verbs == (TOOL_CALL,)
    assert plain.digest != mapped.digest
    assert plain.definition_digest == mapped.definition_digest != titled.definition_digest


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ([], "must be an object"),
        ({"doe": ["read"]}, 'no such key as "doe"'),
        ({"does": ["look"]}, "can't be said to do"),
        ({"guessed": ["all"]}, "names parts of a map"),
        ({"guessed": "does"}, "different strings"),
        ({"does": ["read", "read"]}, "different strings"),
        ({"labels": ["PHI"]}, "lower-case words"),
        ({"fields": {"rows.name": "phi"}}, "isn't a path"),
        ({"fields": {"result.rows[0]": "phi"}}, "isn't a path"),
        ({"fields": {"result.rows": 5}}, "must be a string"),
        ({"resources": ["a b"]}, "isn't a template"),
        ({"resources": ["{a[]}"]}, "isn't a template"),
    ],
)
def test_mistakes_in_a_map_are_told(said: object, told: str) -> None:
    tools, mistakes = _read(_tool(interlock=said))
    assert tools == []
    assert told in " ".join(mistakes)


def test_a_guess_decides_nothing() -> None:
    plain, guessed = _one(interlock={"does": ["read"]}), _one(interlock={"does": ["read"], "guessed": ["does"]})
    assert plain == guessed and plain.digest == guessed.digest


PAGE = (Path(__file__).parents[1] / "docs" / "reference" / "mcp-tools.md").read_text(encoding="utf-8")


def test_the_reference_pages_example_is_read_as_it_says() -> None:
    example = PAGE.split("## The file")[1].split("`name`, `title`")[0]
    tools, mistakes = read_tools("records.json", example)
    assert mistakes == []
    assert [(each.id, each.verbs, each.resources) for each in tools] == [
        ("records/find_patient", (TOOL_READ,), ("ward/{ward}",))
    ]
    assert tools[0].labels == {Label("phi"), Label("phi.mrn"), Label("phi.name")}


def test_the_reference_page_lists_the_keys_of_a_map_and_what_a_tool_can_do() -> None:
    table = PAGE.split("| key of `interlock` |")[1].split("\n\n")[0]
    keys = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    tools, mistakes = _read(_tool(interlock={key: [] for key in [*keys, "nothing"]}))
    assert tools == [] and mistakes == [
        'tools/x.json: tool 1: "interlock" of "find": there is no such key as "nothing"'
    ]
    groups = re.findall(r"`(\w+)`", table.split("of a call: ")[1].split(".")[0])
    assert set(groups) == set(TOOL_VERBS)
