"""LISTEN, UNLISTEN and NOTIFY.

A channel is no relation, and its name is whatever a client makes it: it isn't a resource of its own, so that no policy
about a table can be met by a channel that is called like one. It is in the text that cards show.
"""

from __future__ import annotations

from dataclasses import replace

from interlock.model import verb
from interlock.sql.effects import Listen, Unlisten
from interlock.sql.shape import Kind, Reach, Statement, Touch
from interlock.sql.tree import Fields


def listen(blank: Statement, fields: Fields) -> Statement:
    """What will be heard isn't in the text: every label of the connection counts."""
    return replace(
        blank,
        kind=Kind.QUERY,
        touches=(Touch(verb.SQL_LISTEN, ""),),
        reach=Reach.CONNECTION,
        because=("what is notified on a channel can be anything",),
        effect=Listen(str(fields.get("conditionname", ""))),
    )


def unlisten(blank: Statement, fields: Fields) -> Statement:
    """Hearing less is session traffic."""
    name = fields.get("conditionname")
    return replace(blank, kind=Kind.DISCARD, effect=Unlisten(None if name is None else str(name)))


def notify(blank: Statement) -> Statement:
    """A write of its payload, a literal, to whoever listens. It changes no rows."""
    return replace(blank, kind=Kind.WRITE, touches=(Touch(verb.SQL_NOTIFY, ""),), reach=Reach.NONE, countable=True)
