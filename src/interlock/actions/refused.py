"""A text or message that was refused before it could be understood, as an action, so that the refusal is on record."""

from __future__ import annotations

from interlock.model.action import Action
from interlock.model.actor import Actor
from interlock.model.connection import Connection
from interlock.model.exposure import Exposure
from interlock.model.names import ActionId
from interlock.model.payload import SqlPayload


def refused(*, id: ActionId, actor: Actor, connection: Connection, because: str) -> Action:
    """An action that policy always denies. It has no template: what wasn't understood is stored nowhere."""
    return Action(
        id=id,
        actor=actor,
        connection=connection,
        asks=(),
        payload=SqlPayload(()),
        cover={"kind": "refused"},
        form={"kind": "refused"},
        exposures=(Exposure(opaque=True, opaque_because=(because,)),),
        templates=(),
        refusal=because,
    )
