"""The application_name: upstream it names the actor, so that the server's logs and views do; downstream it is as given.

client: psql    upstream: interlock:etl psql
"""

from __future__ import annotations

from interlock.model.actor import Actor
from interlock.sql import effects

SETTING = "application_name"
MAX_NAME = 63  # bytes (NAMEDATALEN - 1)

_MARK = "interlock:"


def upstream_name(actor: Actor, own: str) -> str:
    """What the server is told; at most 63 bytes, no character cut in two: the server would cut it anywhere."""
    return f"{_MARK}{actor.id} {own}".strip().encode()[:MAX_NAME].decode(errors="ignore")


def shown(setting: str, value: str) -> str:
    """What the client is told where the server reports `value`."""
    return value.partition(" ")[2] if setting == SETTING and value.startswith(_MARK) else value


def upstream_set(effect: effects.SessionEffect | None, actor: Actor) -> bytes | None:
    """What to send for a SET of the application_name, also between other statements; None for any other statement."""
    match effect:
        case effects.SetSession(name, value) if name == SETTING:
            return _set("", upstream_name(actor, value))
        case effects.SetLocal(name, value) if name == SETTING:
            return _set("LOCAL ", upstream_name(actor, value))
        case _:
            return None


def _set(local: str, name: str) -> bytes:
    """A string's quotes are doubled, and standard_conforming_strings is pinned: a backslash means nothing."""
    quoted = name.replace("'", "''")
    return f"\nSET {local}{SETTING} = '{quoted}';".encode()
