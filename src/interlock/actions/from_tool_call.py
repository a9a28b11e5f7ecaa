"""A tool call made into an action: its asks, what of its arguments policy may read, digest documents, template.

The arguments are read strictly and written canonically (RFC 8785), and what was approved is that text: no second reader
can take it for something else. Text that has no canonical form is refused.

A pinned tool's map says by which verbs a call is asked for, on the tool and on the documents that it touches, and which
labels are in it. What the server itself says of a tool (its annotations) adds to what is asked, and never takes away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Final

from interlock.actions.call_template import UNREAD, Cut, cut_call, is_name
from interlock.actions.tool_resources import Touched, labels_given, labels_guessed, touched
from interlock.errors import MalformedInput
from interlock.model import jcs
from interlock.model.action import Action, Ask
from interlock.model.actor import Actor
from interlock.model.canonical import JsonValue
from interlock.model.connection import Connection
from interlock.model.exposure import Exposure, Output
from interlock.model.jcs import Json
from interlock.model.label import Label
from interlock.model.names import ActionId, Digest, Verb
from interlock.model.payload import ToolPayload
from interlock.model.resource import Resource, ResourceKind
from interlock.model.tool import Tool
from interlock.model.verb import TOOL_CALL, TOOL_EXPORT, TOOL_READ, TOOL_WRITE
from interlock.policy.tools import map_input
from interlock.sql.identifiers import invisible

NOT_PINNED = "the tool isn't pinned, so nothing is known of its arguments"
NOT_MAPPED = "some arguments aren't of a kind that policies can read"
NOT_NAMED = "what it touches can't all be named"
BAD_NAME = "the tool's name looks like data; names are never hidden"
NOT_AN_OBJECT = "a tool's arguments are a JSON object"

_HIDDEN_NAME = "?"
_RESULT: Final = "result"
_NOTHING: Final = Touched()


@dataclass(frozen=True, slots=True)
class _Read:
    """The arguments as read: canonical text, template, what policy may see; or why the call is refused."""

    canonical: bytes
    cut: Cut
    input: Mapping[str, JsonValue] | None
    opaque_because: tuple[str, ...]
    touched: Touched = _NOTHING
    labels: frozenset[Label] = frozenset()  # of the arguments
    guessed: frozenset[Label] = frozenset()  # of those among them that the asker wasn't given as pseudonyms


def from_tool_call(
    *,
    id: ActionId,
    actor: Actor,
    connection: Connection,
    tool: Tool | None,
    name: str,
    arguments: bytes,
    given: Sequence[str] = (),
    labels: frozenset[Label] = frozenset(),
    words: Set[str] = frozenset(),
    reason: str = "",
    ticket: str = "",
) -> Action:
    """The action that this call is. `arguments` is the JSON object as it came; `tool` the pinned definition of `name`
    on this connection (None, or another's: the call is opaque); `given` JSON pointers to the arguments that stand for
    pseudonyms of the asker's; `labels` what the call can reach besides what its map says; `words` keys that a protocol
    names, so that they are nobody's values.

    Arguments that can't be read, and a key or name that looks like data, set `refusal`. Raises `MalformedInput` only
    for a pinned definition that has no canonical form.
    """
    if tool is not None and (tool.connection, tool.name) != (connection.name, name):
        tool = None
    labels = labels if tool is None else labels | tool.labels
    named = is_name(name) if tool is None else not invisible(name)
    called = f"{connection.name}/{name if named else _HIDDEN_NAME}"
    definition = tool.digest if tool is not None else Digest("")
    read = _read(tool, called, arguments, labels, words, frozenset(given))
    payload = ToolPayload(called, definition, read.canonical, tuple(sorted(given)))
    document: Mapping[str, JsonValue] = {
        "connection": connection.name,
        "tool": called,
        "definition": definition,
        "arguments": read.canonical.decode(),
    }
    if payload.given:
        # A call with the value itself doesn't join the review of one with its pseudonym: that would confirm a guess.
        document = {**document, "given": list(payload.given)}
    return Action(
        id=id,
        actor=actor,
        connection=connection,
        asks=_asks(tool, called, read.touched, labels),
        payload=payload,
        cover=document,
        form=document,
        exposures=(_exposure(read, tool, labels),),
        templates=(read.cut.template,),
        reason_given=reason,
        refusal=read.cut.refusal if named else BAD_NAME,
        ticket_given=ticket,
        input=read.input,
    )


def verbs_of(tool: Tool | None) -> tuple[Verb, ...]:
    """By which a call is asked for; its own action entity's first. Who is said to read only, and says itself that it
    destroys or reaches an open world (MCP 2025-11-25, "ToolAnnotations"), is asked for by that too."""
    if tool is None:
        return (TOOL_CALL,)
    if frozenset(tool.verbs) != {TOOL_READ}:
        return tool.verbs
    hints = (("destructiveHint", TOOL_WRITE), ("openWorldHint", TOOL_EXPORT))
    return (*tool.verbs, *(verb for hint, verb in hints if tool.annotations.get(hint) is True))


def _asks(tool: Tool | None, called: str, touched: Touched, labels: frozenset[Label]) -> tuple[Ask, ...]:
    resources = [Resource(ResourceKind.TOOL, called, labels)]
    resources += [Resource(ResourceKind.DOCUMENT, name, labels) for name in touched.documents]
    return tuple(Ask(verb, resource) for resource in resources for verb in verbs_of(tool))


def _exposure(read: _Read, tool: Tool | None, labels: frozenset[Label]) -> Exposure:
    """What comes back may bear every label in reach, whatever was asked. Arguments choose what is looked at, so their
    values can be guessed by what comes back; where more is done than to read, they are written too.

    What the asker was given as a pseudonym guesses at nothing, but only where a tool reads and all of the call was
    read: of any other nobody can tell whether it looks something up by the value or puts it somewhere.
    """
    reads = frozenset(verbs_of(tool)) == {TOOL_READ}
    results = {path: label for path, label in (tool.fields.items() if tool else ()) if path.startswith(_RESULT)}
    return Exposure(
        outputs=(
            Output(_RESULT, 0, labels, None),
            *(Output(path, 0, frozenset({results[path]}), None) for path in sorted(results) if path != _RESULT),
        ),
        labels=labels,
        filters=read.labels,
        probes=read.guessed if reads and not read.opaque_because else read.labels,
        writes=frozenset() if reads else read.labels,
        opaque=bool(read.opaque_because),
        opaque_because=read.opaque_because,
    )


def _read(
    tool: Tool | None,
    called: str,
    arguments: bytes,
    labels: frozenset[Label],
    words: Set[str],
    given: frozenset[str],
) -> _Read:
    try:
        values = jcs.read(arguments, most_values=jcs.MANY)
        canonical = jcs.encode(values)
    except MalformedInput as malformed:
        return _unread(malformed.sentence)
    if not isinstance(values, Mapping):
        return _unread(NOT_AN_OBJECT)
    # Whoever mapped a tool has said which of its arguments bear labels: the others' flags and listed words are what a
    # reviewer goes by.
    show = not labels or (tool is not None and tool.is_mapped)
    cut = cut_call(called, values, tool, show=show, words=words)
    because, input = _input(tool, values)
    if tool is None:
        return _Read(canonical, cut, input, because)
    documents = touched(tool, values)
    because += () if documents.complete else (NOT_NAMED,)
    known, guessed = labels_given(tool, values), labels_guessed(tool, values, given)
    return _Read(canonical, cut, input, because, documents, known, guessed)


def _unread(because: str) -> _Read:
    return _Read(b"", Cut(UNREAD, because), None, (because,))


def _input(tool: Tool | None, values: Mapping[str, Json]) -> tuple[tuple[str, ...], Mapping[str, JsonValue] | None]:
    if tool is None:
        return (NOT_PINNED,), None
    mapped = map_input(tool, values)
    return () if mapped.complete else (NOT_MAPPED,), mapped.input
