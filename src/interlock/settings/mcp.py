"""`[mcp.NAME]`: servers that speak MCP, each a connection to policy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from interlock.masking.profiles import PROFILES
from interlock.model.connection import Connection
from interlock.model.mcp_settings import McpHttp, McpOAuth, McpProcess, McpSettings, McpTokens, OwnMcpSettings
from interlock.model.names import ConnectionName
from interlock.model.secret import Secret
from interlock.settings.durations import read_duration
from interlock.settings.identity import url_of
from interlock.settings.mcp_tokens import read_needs, read_tokens
from interlock.settings.people import check_name, check_words
from interlock.settings.table import Table

KIND: Final = "mcp"
OURS: Final = ConnectionName("interlock")
"""The connection of Interlock's own MCP server."""

VERBS: Final = frozenset({"connect", "learn"})
"""What `interlock mcp` does by a word of its own: a connection of such a name couldn't be connected to."""

_LONGEST_HOLD: Final = timedelta(minutes=10)
_LONGEST_REQUEST: Final = timedelta(hours=4)
_GRANTS: Final = ("client_credentials", "token_exchange")
_OURS_ALONE: Final = frozenset({"authorization", "cookie", "host", "content-type", "content-length", "accept"})


def read_mcp(root: Table, connections: Collection[ConnectionName]) -> dict[ConnectionName, McpSettings]:
    """Every `[mcp.NAME]`. No other connection may have its name, and Interlock's own server has one too."""
    found: dict[ConnectionName, McpSettings] = {}
    for name, table in root.tables("mcp"):
        check_name(root, f"mcp.{name}", name)
        if ConnectionName(name) in connections:
            root.wrong(f"mcp.{name}", "a connection has this name already")
        if name in VERBS:
            sentence = f"`interlock mcp {name}` means something else already: give it another name"
            root.wrong(f"mcp.{name}", sentence)
        if name == OURS:
            continue  # `read_own_mcp`
        found[ConnectionName(name)] = _read(name, table)
        table.done()
    return found


def read_own_mcp(root: Table) -> OwnMcpSettings:
    """`[mcp.interlock]`: Interlock's own server."""
    if OURS not in root.table("mcp").names():
        return OwnMcpSettings()
    table = root.table("mcp").table(OURS)
    if not {"url", "command"}.isdisjoint(table.names()):
        root.wrong(f"mcp.{OURS}", "Interlock's own server has this name, and leads to nobody else's")
        return OwnMcpSettings()
    settings = OwnMcpSettings(
        hold=read_duration(table, "hold", "45s", _LONGEST_HOLD, timedelta(0)),
        timeout=read_duration(table, "timeout", "5m", _LONGEST_REQUEST, timedelta(seconds=1)),
        tokens=McpTokens(read_needs(table.table("tokens"))),
    )
    table.done()
    return settings


def _read(name: str, table: Table) -> McpSettings:
    environment, tags = table.text("environment", "production"), table.texts("tags")
    check_words(table, "environment", [environment] if environment else [])
    check_words(table, "tags", tags)
    usual = McpSettings(
        Connection(ConnectionName(name), KIND, environment, frozenset(tags), table.flag("unsafe_observe", False)),
        _upstream(table),
    )
    profile = table.one_of("profile", ("none", *PROFILES), "none")
    return McpSettings(
        usual.connection,
        usual.upstream,
        oauth=_oauth(table, usual.upstream),
        content=table.one_of("content", ("off", "mask"), usual.content),
        profile="" if profile == "none" else profile,
        hold=read_duration(table, "hold", "45s", _LONGEST_HOLD, timedelta(0)),
        most_sessions=table.number("most_sessions", usual.most_sessions, 1, 10_000),
        timeout=read_duration(table, "timeout", "5m", _LONGEST_REQUEST, timedelta(seconds=1)),
        unpinned=table.one_of("unpinned", ("hide", "allow"), usual.unpinned),
        tokens=read_tokens(table),
    )


def _upstream(table: Table) -> McpHttp | McpProcess:
    """Either `url` or `command`, with what belongs to it."""
    if table.has("url") == table.has("command"):
        table.wrong("url", "either this or command must be there")
    if table.has("command"):
        return _process(table)
    return McpHttp(url_of(table, "url", table.text("url")), _headers(table), table.file("ca"))


def _process(table: Table) -> McpProcess:
    command, directory = table.texts("command"), table.optional("directory")
    if not command:
        table.wrong("command", "this must name a program, and its arguments after it")
    for key in ("headers", "ca"):
        if table.has(key):
            table.wrong(key, "this means nothing for a child process")
    environment = _secrets(table.table("environment_variables"))
    return McpProcess(
        command,
        environment,
        user=table.text("user", "nobody"),
        directory=table.path("directory", "") if directory else None,
    )


def _headers(table: Table) -> Mapping[str, Secret[str]]:
    for key in ("environment_variables", "user", "directory"):
        if table.has(key):
            table.wrong(key, "this means nothing for a server that is reached by a URL")
    headers = table.table("headers")
    for name in headers.names():
        if name.lower() in _OURS_ALONE - {"authorization"} or not name.replace("-", "").isalnum():
            headers.wrong(name, "this header can't be set here")
    return _secrets(headers)


def _secrets(table: Table) -> Mapping[str, Secret[str]]:
    found = {name: table.secret(name) for name in table.names()}
    table.done()
    return found


def _oauth(table: Table, upstream: McpHttp | McpProcess) -> McpOAuth | None:
    if not table.has("oauth"):
        return None
    asked = table.table("oauth")
    if isinstance(upstream, McpProcess):
        asked.wrong("grant", "a child process has no use for tokens")
    read = McpOAuth(
        grant=asked.one_of("grant", _GRANTS, "client_credentials"),
        token_url=url_of(asked, "token_url", asked.text("token_url")),
        client_id=asked.text("client_id"),
        client_secret=asked.secret("client_secret"),
        scopes=asked.texts("scopes"),
        resource=asked.text("resource", upstream.url) if isinstance(upstream, McpHttp) and upstream.url else "",
        ca=asked.file("ca"),
    )
    if isinstance(upstream, McpHttp) and any(name.lower() == "authorization" for name in upstream.headers):
        asked.wrong("grant", "headers has an Authorization already")
    if read.resource and not urlsplit(read.resource).scheme:
        asked.wrong("resource", "this must be a URL (RFC 8707)")
    asked.done()
    return read
