"""The action that a session's opening is."""

from __future__ import annotations

from collections.abc import Mapping

from interlock.model import verb
from interlock.model.action import Action, Ask
from interlock.model.actor import Actor
from interlock.model.canonical import JsonValue
from interlock.model.connection import Connection
from interlock.model.digest import payload_document
from interlock.model.exposure import Exposure
from interlock.model.names import ActionId
from interlock.model.payload import SessionPayload
from interlock.model.resource import Resource, ResourceKind
from interlock.model.template import Template


def session_open(*, id: ActionId, actor: Actor, connection: Connection, payload: SessionPayload) -> Action:
    """`session.open` on the connection: BEGIN, COMMIT, SHOW and harmless SETs belong to it (design section 7)."""
    document: Mapping[str, JsonValue] = {"connection": connection.name, "payload": payload_document(payload)}
    return Action(
        id=id,
        actor=actor,
        connection=connection,
        asks=(Ask(verb.SESSION_OPEN, Resource(ResourceKind.CONNECTION, connection.name)),),
        payload=payload,
        cover=document,
        form=document,
        exposures=(Exposure(),),
        templates=(Template(("open a session",), ()),),
    )
