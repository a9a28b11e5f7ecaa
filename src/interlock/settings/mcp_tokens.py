"""`[mcp.NAME.tokens]` and `[issuers.NAME] audiences`: what issuers' tokens must bring to MCP connections."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Final

from interlock.identity.grants import MAX_SCOPES, WORD
from interlock.model.mcp_settings import McpTokens, TokenNeeds
from interlock.model.names import ConnectionName
from interlock.model.settings import IssuerSettings
from interlock.model.verb import TOOL_VERBS
from interlock.policy.spelling import nearest
from interlock.settings.durations import read_duration
from interlock.settings.table import Table

MAX_NAMED: Final = 20  # scopes or ways of one table: they stand in a header

_LONGEST_AGE: Final = timedelta(days=365)
_WORD_SENTENCE: Final = "each of these must be one word of printable ASCII, without quotes and backslashes"


def read_tokens(table: Table) -> McpTokens:
    """`tokens` of a connection: what is always needed, and under an action group's name what its calls need besides."""
    asked = table.table("tokens")
    groups = {group: _group(asked, group) for group in TOOL_VERBS if asked.has(group)}
    tokens = McpTokens(read_needs(asked), groups)
    ways = set(tokens.always.acr_values)
    for group, needs in groups.items():
        if needs.is_empty:
            asked.wrong(group, "this must name scopes, acr_values or a max_age")
        if ways and needs.acr_values and ways.isdisjoint(needs.acr_values):
            asked.wrong(group, "its acr_values and those of the whole connection can't both be met")
    if len(tokens.scopes) > MAX_SCOPES:
        asked.wrong("scopes", f"a token is taken with at most {MAX_SCOPES} scopes")
    return tokens


def _group(table: Table, group: str) -> TokenNeeds:
    return read_needs(table.table(group))


def read_needs(table: Table) -> TokenNeeds:
    """`scopes`, `acr_values` and `max_age` of a table, and nothing else."""
    needs = TokenNeeds(
        scopes=frozenset(_words(table, "scopes")),
        acr_values=_words(table, "acr_values"),
        max_age=read_duration(table, "max_age", "1h", _LONGEST_AGE, timedelta(0)) if table.has("max_age") else None,
    )
    table.done()
    return needs


def _words(table: Table, key: str) -> tuple[str, ...]:
    words = table.texts(key)
    if len(words) > MAX_NAMED:
        table.wrong(key, f"at most {MAX_NAMED} of these")
    if not all(WORD.fullmatch(word) for word in words):
        table.wrong(key, _WORD_SENTENCE)
    return words


def check_audiences(
    root: Table, issuers: Mapping[str, IssuerSettings], connections: Collection[ConnectionName], url: str
) -> None:
    """Notes what is wrong with the audiences of MCP connections. `url`: where clients reach them, "" for unsaid."""
    for name, issuer in issuers.items():
        where = f"issuers.{name}"
        if issuer.mcp_audience == "resource" and not url and not issuer.audiences.keys() >= set(connections):
            sentence = "mcp_audience: tokens name a connection by its address, so [listen.agents] url must say which"
            root.wrong(where, sentence)
        for connection, audience in issuer.audiences.items():
            if connection not in connections:
                root.wrong(where, f"audiences: there is no [mcp.{connection}]{nearest(connection, connections)}")
            if audience == issuer.audience:
                root.wrong(where, f"audiences: {connection} has the issuer's own audience, which is no name of its own")
