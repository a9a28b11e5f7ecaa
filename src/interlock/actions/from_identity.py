"""People and groups that a directory would add -> the action of letting them in, and what a reviewer is shown of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from interlock.actions.from_bundle import ITSELF
from interlock.model.action import Action, Ask
from interlock.model.actor import Actor
from interlock.model.canonical import JsonValue
from interlock.model.digest import payload_document
from interlock.model.exposure import Exposure
from interlock.model.identity_change import IdentityChange
from interlock.model.names import ActionId
from interlock.model.payload import IdentityAddition, IdentityPayload
from interlock.model.resource import Resource, ResourceKind
from interlock.model.template import Template
from interlock.model.verb import IDENTITY_CHANGE

MAX_ADDITIONS: Final = 50
"""On one card: somebody is to read each line."""


def cover_of(payload: IdentityPayload) -> Mapping[str, JsonValue]:
    """What votes bind: who would join, with which groups, and who says so."""
    return {"kind": "identity", "payload": payload_document(payload)}


def from_identity(id_: ActionId, actor: Actor, payload: IdentityPayload) -> Action:
    """The action. Raises `ValueError` for more additions than a card holds, or none."""
    if not 0 < len(payload.additions) <= MAX_ADDITIONS:
        raise ValueError(f"one to {MAX_ADDITIONS} additions")
    touched = sorted({f"{ITSELF.name}/people/{each.person}" for each in payload.additions})
    return Action(
        id=id_,
        actor=actor,
        connection=ITSELF,
        asks=tuple(Ask(IDENTITY_CHANGE, Resource(ResourceKind.CONNECTION, name)) for name in touched),
        payload=payload,
        cover=cover_of(payload),
        form=cover_of(payload),
        exposures=(Exposure(),),
        templates=(Template(("\n".join(lines(payload.additions)),), ()),),
    )


def lines(additions: Sequence[IdentityAddition]) -> Iterator[str]:
    """One line for each addition, in the order in which they take effect."""
    for each in additions:
        if each.what is IdentityChange.PERSON_ADDED:
            known = f", known there as {each.external!a}" if each.external else ""
            brought = f", with the settings' groups {', '.join(each.groups)}" if each.groups else ""
            yield f"+ {each.person} joins, called {_quoted(each.name)}{known}{brought}"
        else:
            yield f"+ {each.person} joins the group {each.group}"


def _quoted(name: str) -> str:
    """In quotation marks that the name itself can't hold, so that a name can't look like the rest of a line."""
    return "“" + name.replace("“", "⟨U+201C⟩").replace("”", "⟨U+201D⟩") + "”"
