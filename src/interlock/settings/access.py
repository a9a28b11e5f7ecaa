"""What callers guard themselves and ask us about: `[access.NAME]` (AuthZEN)."""

from __future__ import annotations

from collections.abc import Collection

from interlock.model.channel_settings import AccessSettings
from interlock.model.connection import Connection
from interlock.model.names import ConnectionName
from interlock.settings.people import check_name, check_words
from interlock.settings.table import Table

KIND = "access"


def read_access(root: Table, connections: Collection[ConnectionName]) -> dict[ConnectionName, AccessSettings]:
    """`[access.NAME]`: each is a connection to policy, so no `[connections.NAME]` may have its name."""
    found: dict[ConnectionName, AccessSettings] = {}
    whose: dict[str, str] = {}
    for name, table in root.tables("access"):
        check_name(root, f"access.{name}", name)
        if ConnectionName(name) in connections:
            root.wrong(f"access.{name}", "a connection has this name already")
        environment, tags = table.text("environment", "production"), table.texts("tags")
        types = frozenset((name, *table.texts("resource_types")))
        check_words(table, "environment", [environment] if environment else [])
        check_words(table, "tags", tags)
        for each in sorted(types):
            if whose.setdefault(each, name) != name:
                table.wrong("resource_types", f'"{each}" is of [access.{whose[each]}] already')
        connection = Connection(ConnectionName(name), KIND, environment, frozenset(tags))
        found[connection.name] = AccessSettings(connection, types)
        table.done()
    return found
