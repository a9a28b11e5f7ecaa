"""An access evaluation made into an action: AuthZEN's {subject, action, resource, context} as a tool call.

The tool is the evaluation's action, on the connection that the resource's type belongs to. Its arguments are the
evaluation as it was sent, without who asks, so that a digest covers every part that could change what is done:

    {"resource": {"type", "id", "properties"}, "action": {"properties"}, "subject": {"properties"}, "context": {...}}

Parts that weren't sent aren't there. Not among them, and therefore not signed for: `time` (we have a clock), what the
asker says for people to read (`reason` or `business_justification`, `ticket`), the members by which the access request
profile works (`approval`, `access_request`, `evaluation_id`, `evaluated_at`), and `subject.properties.act`, a claim.
The caller runs it: nothing of it is run, masked or counted here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from interlock.actions.from_tool_call import from_tool_call
from interlock.errors import MalformedInput
from interlock.model import jcs
from interlock.model.action import Action, EnforcedBy
from interlock.model.actor import Actor, ActorKind
from interlock.model.connection import Connection
from interlock.model.jcs import Json
from interlock.model.names import ActionId
from interlock.model.payload import Payload, ToolPayload
from interlock.model.tool import Tool

MAX_TYPE: Final = 128  # characters
MAX_NAME: Final = 128
MAX_ID: Final = 1024
MAX_REASON: Final = 2000
MAX_TICKET: Final = 200

SAID: Final = ("reason", "business_justification")
BESIDE: Final = frozenset({*SAID, "ticket", "time", "approval", "access_request", "evaluation_id", "evaluated_at"})
_PERSON: Final = frozenset({"person", "user"})

Object = Mapping[str, Json]
Tools = Callable[[str], Tool | None]
"""The pinned definition behind a tool's full name (`deploy/rollout`), None where there is none."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was asked, read: who it is said to be about, what, and on what. `context` are the members that count.

    `approval` is the id of the approval that came along, "" for none. Parts are kept as they were sent.
    """

    subject: Object
    action: Object
    resource: Object
    context: Object = field(default_factory=dict)
    reason: str = ""
    ticket: str = ""
    approval: str = ""

    @property
    def name(self) -> str:
        """The action's name: the tool."""
        return str(self.action["name"])

    @property
    def resource_type(self) -> str:
        """What decides the connection."""
        return str(self.resource["type"])

    def bound(self) -> Json:
        """What a binding hash is of (ARAP draft 1, "Denial Binding Claims")."""
        parts: dict[str, Json] = {"subject": _without_act(self.subject), "resource": self.resource}
        return {**parts, "action": self.action, "context": self.context}

    def arguments(self) -> Json:
        """The tool call's."""
        parts: dict[str, Json] = {"resource": self.resource}
        for name, whole in (("action", self.action), ("subject", _without_act(self.subject))):
            if whole.get("properties"):
                parts[name] = {"properties": whole["properties"]}
        return {**parts, "context": self.context} if self.context else parts


def read_evaluation(value: Json) -> Evaluation:
    """The evaluation in a JSON value (Authorization API 1.0 section 6.1); raises `MalformedInput` for anything else.

    Members that nobody knows are refused: what isn't read wouldn't be signed for either.
    """
    whole = _members(value, "the evaluation", frozenset({"subject", "action", "resource", "context"}))
    entity = frozenset({"type", "id", "properties"})
    subject = _members(whole.get("subject"), "subject", entity)
    resource = _members(whole.get("resource"), "resource", entity)
    action = _members(whole.get("action"), "action", frozenset({"name", "properties"}))
    for part, name in ((subject, "subject"), (resource, "resource")):
        _text(part, "type", f"{name}.type", MAX_TYPE)
        _text(part, "id", f"{name}.id", MAX_ID)
    _text(action, "name", "action.name", MAX_NAME)
    for part, name in ((subject, "subject"), (resource, "resource"), (action, "action")):
        if "properties" in part:
            _members(part["properties"], f"{name}.properties")
    return _with_context(Evaluation(subject, action, resource), _members(whole.get("context", {}), "context"))


def from_access(*, id: ActionId, actor: Actor, connection: Connection, tools: Tools, asked: Evaluation) -> Action:
    """The action that the evaluation asks about, enforced by the caller."""
    arguments = jcs.encode(asked.arguments())
    return _action(id, actor, connection, tools, asked.name, arguments, (asked.reason, asked.ticket))


def as_sealed(payload: Payload, action: Action, tools: Tools) -> Action:
    """What was signed for, under the definitions of now, as the asker of `action` asks for it."""
    assert isinstance(payload, ToolPayload)  # an access connection has no others
    name = payload.tool.partition("/")[2]
    said = (action.reason_given, action.ticket_given)
    return _action(action.id, action.actor, action.connection, tools, name, payload.arguments, said)


def is_about(subject: Object, actor: Actor) -> bool:
    """Whether the subject is who asks, or somebody on whose verified behalf they ask."""
    return any(_is(subject, each) for each in (actor, *actor.chain))


def _action(
    id_: ActionId,
    actor: Actor,
    connection: Connection,
    tools: Tools,
    name: str,
    arguments: bytes,
    said: tuple[str, str],
) -> Action:
    called = from_tool_call(
        id=id_,
        actor=actor,
        connection=connection,
        tool=tools(f"{connection.name}/{name}"),
        name=name,
        arguments=arguments,
        reason=said[0],
        ticket=said[1],
    )
    return replace(called, enforced_by=EnforcedBy.CALLER)


def _is(subject: Object, actor: Actor) -> bool:
    kinds = _PERSON if actor.kind is ActorKind.PERSON else frozenset({actor.kind.value})
    return subject["type"] in kinds and subject["id"] == actor.id


def _without_act(subject: Object) -> Object:
    """The subject as it is bound: whoever acts for it is known by credential, and may be said otherwise elsewhere."""
    properties = subject.get("properties")
    if not isinstance(properties, Mapping):
        return subject
    return {**subject, "properties": {name: properties[name] for name in properties if name != "act"}}


def _with_context(asked: Evaluation, context: Object) -> Evaluation:
    said = next((name for name in SAID if name in context), None)
    approval = ""
    if "approval" in context:
        known = frozenset({"id", "approved_at", "approved_until"})
        approval = _text(_members(context["approval"], "context.approval", known), "id", "context.approval.id", MAX_ID)
    return replace(
        asked,
        context={name: context[name] for name in context if name not in BESIDE},
        reason=_text(context, said, f"context.{said}", MAX_REASON) if said else "",
        ticket=_text(context, "ticket", "context.ticket", MAX_TICKET) if "ticket" in context else "",
        approval=approval,
    )


def _members(value: Json, what: str, known: frozenset[str] | None = None) -> Object:
    if not isinstance(value, Mapping):
        raise MalformedInput(f"{what} must be an object")
    if known is not None and not known.issuperset(value):
        raise MalformedInput(f"{what} has a member that isn't known; known are {', '.join(sorted(known))}")
    return value


def _text(part: Object, name: str, what: str, most: int) -> str:
    value = part.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= most:
        raise MalformedInput(f"{what} must be a text of 1 to {most} characters")
    return value
