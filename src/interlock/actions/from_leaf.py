"""A reviewer who wants to see one value that a card hides -> the action of showing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from interlock.errors import NotFound
from interlock.model.action import Action, Ask
from interlock.model.actor import Actor, ActorKind
from interlock.model.connection import Connection
from interlock.model.exposure import Exposure
from interlock.model.label import Label
from interlock.model.names import ActionId, ActorId, ConnectionName, KeyId
from interlock.model.payload import SqlPayload
from interlock.model.person import Person
from interlock.model.resource import Resource, ResourceKind
from interlock.model.template import Template
from interlock.model.verb import REVIEW_REVEAL

TOLD = Template(("show one hidden value of a review",), ())


def in_console(person: Person, key: KeyId) -> Actor:
    """A person asking in the console, which is a login of their own."""
    id_ = person.id
    return Actor(ActorKind.PERSON, ActorId(id_), person.groups, id_, key, made_by=id_, held_by=id_, authn="login")


def hidden_label(card: Mapping[str, Any], statement: int, leaf: int) -> str:
    """The label of a leaf that the card hides, "" if none is known; raises `NotFound` where nothing is hidden."""
    statements = card["statements"]
    leaves = statements[statement]["leaves"] if 0 <= statement < len(statements) else ()
    if not 0 <= leaf < len(leaves) or leaves[leaf]["shown"] is not None:
        raise NotFound("the card hides no value there")
    return str(leaves[leaf]["label"])


def from_leaf(id_: ActionId, actor: Actor, card: Mapping[str, Any], label: str) -> Action:
    """The action: `review.reveal` on the review's connection, as the card has it.

    A value whose label isn't known may be any that the whole action touches.
    """
    labels = frozenset({Label(label)} if label else map(Label, card["labels"]))
    about = card["connection"]
    connection = Connection(ConnectionName(about["name"]), "review", about["environment"], frozenset(about["tags"]))
    return Action(
        id=id_,
        actor=actor,
        connection=connection,
        asks=(Ask(REVIEW_REVEAL, Resource(ResourceKind.CONNECTION, connection.name, labels)),),
        payload=SqlPayload(()),
        cover={},
        form={},
        exposures=(Exposure(labels=labels),),
        templates=(TOLD,),
    )
