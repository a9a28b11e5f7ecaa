"""A tool call made into an action: its ask, what of its arguments policy may read, digest documents, template.

The arguments are read strictly and written canonically (RFC 8785), and what was approved is that text: no second reader
can take it for something else. Text that has no canonical form is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from interlock.actions.call_template import UNREAD, Cut, cut_call, is_name
from interlock.errors import MalformedInput
from interlock.model import jcs
from interlock.model.action import Action, Ask
from interlock.model.actor import Actor
from interlock.model.canonical import JsonValue
from interlock.model.connection import Connection
from interlock.model.exposure import Exposure, Output
from interlock.model.jcs import Json
from interlock.model.label import Label
from interlock.model.names import ActionId, Digest
from interlock.model.payload import ToolPayload
from interlock.model.resource import Resource, ResourceKind
from interlock.model.tool import Tool
from interlock.model.verb import TOOL_CALL
from interlock.policy.tools import map_input
from interlock.sql.identifiers import invisible

NOT_PINNED = "the tool isn't pinned, so nothing is known of its arguments"
NOT_MAPPED = "some arguments aren't of a kind that policies can read"
BAD_NAME = "the tool's name looks like data; names are never hidden"
NOT_AN_OBJECT = "a tool's arguments are a JSON object"

_HIDDEN_NAME = "?"


@dataclass(frozen=True, slots=True)
class _Read:
    """The arguments as read: canonical text, template, what policy may see; or why the call is refused."""

    canonical: bytes
    cut: Cut
    input: Mapping[str, JsonValue] | None
    opaque_because: tuple[str, ...]


def from_tool_call(
    *,
    id: ActionId,
    actor: Actor,
    connection: Connection,
    tool: Tool | None,
    name: str,
    arguments: bytes,
    labels: frozenset[Label] = frozenset(),
    reason: str = "",
    ticket: str = "",
) -> Action:
    """The action that this call is. `arguments` is the JSON object as it came; `tool` the pinned definition of `name`
    on this connection (None, or another's: the call is opaque); `labels` what the call can reach.

    Arguments that can't be read, and a key or name that looks like data, set `refusal`. Raises `MalformedInput` only
    for a pinned definition that has no canonical form.
    """
    if tool is not None and (tool.connection, tool.name) != (connection.name, name):
        tool = None
    named = is_name(name) if tool is None else not invisible(name)
    called = f"{connection.name}/{name if named else _HIDDEN_NAME}"
    definition = tool.digest if tool is not None else Digest("")
    read = _read(tool, called, arguments, labels)
    payload = ToolPayload(called, definition, read.canonical)
    document: Mapping[str, JsonValue] = {
        "connection": connection.name,
        "tool": called,
        "definition": definition,
        "arguments": read.canonical.decode(),
    }
    return Action(
        id=id,
        actor=actor,
        connection=connection,
        asks=(Ask(TOOL_CALL, Resource(ResourceKind.TOOL, called, labels)),),
        payload=payload,
        cover=document,
        form=document,
        exposures=(_exposure(read, labels),),
        templates=(read.cut.template,),
        reason_given=reason,
        refusal=read.cut.refusal if named else BAD_NAME,
        ticket_given=ticket,
        input=read.input,
    )


def _exposure(read: _Read, labels: frozenset[Label]) -> Exposure:
    """What comes back may bear every label in reach, whatever was asked."""
    return Exposure(
        outputs=(Output("result", 0, labels, None),),
        labels=labels,
        opaque=bool(read.opaque_because),
        opaque_because=read.opaque_because,
    )


def _read(tool: Tool | None, called: str, arguments: bytes, labels: frozenset[Label]) -> _Read:
    try:
        values = jcs.read(arguments, most_values=jcs.MANY)
        canonical = jcs.encode(values)
    except MalformedInput as malformed:
        return _unread(malformed.sentence)
    if not isinstance(values, Mapping):
        return _unread(NOT_AN_OBJECT)
    cut = cut_call(called, values, tool, show=not labels)
    because, input = _input(tool, values)
    return _Read(canonical, cut, input, because)


def _unread(because: str) -> _Read:
    return _Read(b"", Cut(UNREAD, because), None, (because,))


def _input(tool: Tool | None, values: Mapping[str, Json]) -> tuple[tuple[str, ...], Mapping[str, JsonValue] | None]:
    if tool is None:
        return (NOT_PINNED,), None
    mapped = map_input(tool, values)
    return () if mapped.complete else (NOT_MAPPED,), mapped.input
