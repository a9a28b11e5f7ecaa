"""An access evaluation made into an action: AuthZEN's {subject, action, resource, context} as a tool call.

The tool is the evaluation's action, on the connection that the resource's type belongs to. Its arguments are the
evaluation as it was sent, so that a digest covers every part that could change what is done:

    {"resource": {"type", "id", "properties"}, "action": {"properties"}, "subject": {"type", "id", "properties"},
     "context": {...}}

Parts that weren't sent aren't there; a subject of type `user` is a `person`. The subject's type and id are signed for
and shown on the card; policies don't find them in their input, where they have the principal, whom we know ourselves.

Not among the arguments, and therefore not signed for: `time` (we have a clock), what the asker says for people to read
(`reason` or `business_justification`, `ticket`), the members by which the access request profile works (`approval`,
`evaluation_id`, `evaluated_at`), and `subject.properties.act`, a claim. Each is short text of known names, so that
nothing travels there that a caller might act on. The caller runs it: nothing of it is run, masked or counted here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from interlock.actions.call_template import MAX_LEAVES
from interlock.actions.from_tool_call import from_tool_call
from interlock.errors import MalformedInput
from interlock.model import jcs
from interlock.model.action import Action, EnforcedBy
from interlock.model.actor import Actor, ActorKind
from interlock.model.connection import Connection
from interlock.model.jcs import Json
from interlock.model.names import ActionId
from interlock.model.payload import Payload, ToolPayload
from interlock.model.template import Template
from interlock.model.tool import Tool

MAX_VALUES: Final = MAX_LEAVES  # of one evaluation, lists and objects counted (`jcs.values_in`)
MAX_TYPE: Final = 128  # characters
MAX_NAME: Final = 128
MAX_ID: Final = 1024
MAX_REASON: Final = 2000
MAX_TICKET: Final = 200
MAX_NOTED: Final = 128  # characters of what is echoed and used for nothing
MAX_ACTORS: Final = 8  # one within the other, of an `act`

SAID: Final = ("reason", "business_justification")
NOTED: Final = ("time", "evaluation_id", "evaluated_at")
BESIDE: Final = frozenset({*SAID, *NOTED, "ticket", "approval"})
_ACT: Final = frozenset({"iss", "sub", "sub_profile", "client_id", "act"})
_WORDS: Final = frozenset({"resource", "action", "context", "subject", "type", "id", "properties"})
_TYPES: Final = {"user": ActorKind.PERSON.value}  # another word for it

NO_EVALUATION: Final = "what was sealed isn't an evaluation"

Object = Mapping[str, Json]
Tools = Callable[[str], Tool | None]
"""The pinned definition behind a tool's full name (`deploy/rollout`), None where there is none."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was asked, read: who it is said to be about, what, and on what. `context` are the members that count.

    `approval` is the id of the approval that came along, "" for none. Parts are kept as they were sent; `canonical` are
    the arguments (RFC 8785), `binding` is `bound` in the same form. One that was read can be decided.
    """

    subject: Object
    action: Object
    resource: Object
    context: Object = field(default_factory=dict)
    reason: str = ""
    ticket: str = ""
    approval: str = ""
    canonical: bytes = b""
    binding: bytes = b""

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
        subject: dict[str, Json] = {"type": _kind(self.subject), "id": self.subject["id"]}
        parts: dict[str, Json] = {"resource": self.resource, "subject": subject}
        if properties := _without_act(self.subject).get("properties"):
            subject["properties"] = properties
        if properties := self.action.get("properties"):
            parts["action"] = {"properties": properties}
        return {**parts, "context": self.context} if self.context else parts


def read_evaluation(value: Json) -> Evaluation:
    """The evaluation in a JSON value (Authorization API 1.0 section 6.1); raises `MalformedInput` for anything else.

    Members that nobody knows are refused: what isn't read wouldn't be signed for either.
    """
    if jcs.values_in(value, MAX_VALUES) > MAX_VALUES:
        raise MalformedInput(f"an evaluation of more than {MAX_VALUES} values")
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
    if "act" in (claims := _members(subject.get("properties", {}), "subject.properties")):
        _check_act(claims["act"])
    asked = _with_context(Evaluation(subject, action, resource), _members(whole.get("context", {}), "context"))
    return replace(asked, canonical=jcs.encode(asked.arguments()), binding=jcs.encode(asked.bound()))


def from_access(*, id: ActionId, actor: Actor, connection: Connection, tools: Tools, asked: Evaluation) -> Action:
    """The action that the evaluation asks about, enforced by the caller."""
    return _action(id, actor, connection, tools, asked.name, asked.canonical, (asked.reason, asked.ticket))


def as_sealed(payload: Payload, action: Action, tools: Tools) -> Action:
    """What was signed for, under the definitions of now, as the asker of `action` asks for it.

    Raises `MalformedInput` for what no evaluation was sealed as: a connection's name may have been another's before.
    """
    if not isinstance(payload, ToolPayload):
        raise MalformedInput(NO_EVALUATION)
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
    subject, readable = _apart(arguments)
    called = from_tool_call(
        id=id_,
        actor=actor,
        connection=connection,
        tool=tools(f"{connection.name}/{name}"),
        name=name,
        arguments=readable,
        words=_WORDS,
        reason=said[0],
        ticket=said[1],
    )
    assert isinstance(called.payload, ToolPayload)  # it makes no others
    document = {**called.cover, "arguments": arguments.decode()}
    return replace(
        called,
        payload=replace(called.payload, arguments=arguments),
        cover=document,
        form=document,
        templates=(_named(called.templates[0], called.payload.tool, subject, actor),),
        enforced_by=EnforcedBy.CALLER,
    )


def _apart(arguments: bytes) -> tuple[Object, bytes]:
    """The subject's type and id, and the arguments without them, which are what policies read."""
    whole = jcs.read(arguments, most_values=jcs.MANY)
    subject = whole.get("subject") if isinstance(whole, Mapping) else None
    if not isinstance(whole, Mapping) or not isinstance(subject, Mapping) or not {"type", "id"} <= subject.keys():
        raise MalformedInput(NO_EVALUATION)
    rest = {name: whole[name] for name in whole if name != "subject"}
    if "properties" in subject:
        rest["subject"] = {"properties": subject["properties"]}
    return subject, jcs.encode(rest)


def _named(template: Template, called: str, subject: Object, actor: Actor) -> Template:
    """The template with whom it is about: a name of ours, never one that was only said."""
    first, *rest = template.code
    if not first.startswith(called) or not is_about(subject, actor):
        return template
    about = f"{called} for {subject['type']}/{subject['id']}{first.removeprefix(called)}"
    return replace(template, code=(about, *rest))


def _is(subject: Object, actor: Actor) -> bool:
    return _kind(subject) == actor.kind.value and subject["id"] == actor.id


def _kind(subject: Object) -> str:
    return _TYPES.get(str(subject["type"]), str(subject["type"]))


def _without_act(subject: Object) -> Object:
    """The subject as it is bound: whoever acts for it is known by credential, and may be said otherwise elsewhere."""
    properties = subject.get("properties")
    if not isinstance(properties, Mapping) or "act" not in properties:
        return subject
    rest = {name: properties[name] for name in properties if name != "act"}
    bare = {name: subject[name] for name in subject if name != "properties"}
    return {**bare, "properties": rest} if rest else bare


def _check_act(value: Json) -> None:
    """An `act` claim (RFC 8693 section 4.1): who acts, and within it for whom that one does."""
    for _ in range(MAX_ACTORS):
        claim = _members(value, "act", _ACT)
        for name in claim.keys() - {"act"}:
            _text(claim, name, f"act.{name}", MAX_ID)
        if "act" not in claim:
            return
        value = claim["act"]
    raise MalformedInput(f"act holds more than {MAX_ACTORS} actors, one within the other")


def _with_context(asked: Evaluation, context: Object) -> Evaluation:
    if "access_request" in context:
        raise MalformedInput("context.access_request is what we answer; it isn't taken")
    if set(SAID) <= context.keys():
        raise MalformedInput(f"context has {' and '.join(SAID)}; say it once")
    for name in NOTED:
        if name in context:
            _text(context, name, f"context.{name}", MAX_NOTED)
    said = next((name for name in SAID if name in context), None)
    return replace(
        asked,
        context={name: context[name] for name in context if name not in BESIDE},
        reason=_text(context, said, f"context.{said}", MAX_REASON) if said else "",
        ticket=_text(context, "ticket", "context.ticket", MAX_TICKET) if "ticket" in context else "",
        approval=_approval(context["approval"]) if "approval" in context else "",
    )


def _approval(value: Json) -> str:
    told = _members(value, "context.approval", frozenset({"id", "approved_at", "approved_until"}))
    for name in told.keys() - {"id"}:
        _text(told, name, f"context.approval.{name}", MAX_NOTED)
    return _text(told, "id", "context.approval.id", MAX_ID)


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
