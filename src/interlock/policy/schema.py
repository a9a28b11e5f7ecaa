"""Our Cedar schema, generated from the verbs and resource kinds of the model (design section 5), and pinned tools.

Every attribute is required, so a policy never needs `has`, and a misspelt name is an error when the bundle loads. Only
the arguments of a tool are optional, as they are in its own schema. What isn't always known is left out of a request
all the same (`UNKNOWN`): a policy that reads it then errs, and its error is a denial.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import assert_never

from interlock.errors import MalformedInput
from interlock.model.actor import ActorKind
from interlock.model.names import Verb
from interlock.model.resource import ResourceKind
from interlock.model.tool import Tool
from interlock.model.verb import (
    DOCUMENT_READ,
    GROUPS,
    MODEL_INFER,
    PROMPT_COMPLETE,
    PROMPT_GET,
    REVIEW_REVEAL,
    SQL_REVEAL,
    TOOL_VERBS,
    VERBS,
)
from interlock.policy.tools import cedar_string, record_text

NAMESPACE = "Interlock"
GROUP = f"{NAMESPACE}::Group"
ACTION = f"{NAMESPACE}::Action"
TOOL_ACTION = "tool:"
"""What the ids of pinned tools' action entities begin with."""

_IN_CONNECTION = (
    ResourceKind.RELATION,
    ResourceKind.CATALOG,
    ResourceKind.TOOL,
    ResourceKind.DOCUMENT,
    ResourceKind.MODEL,
)

# What `context` holds. The first five are the whole action's labels, closed upward and downward (`requests.close`).
CONTEXT: Mapping[str, str] = MappingProxyType(
    {
        "labels": "Set<String>",
        "filters": "Set<String>",
        "probes": "Set<String>",
        "writes": "Set<String>",
        "writes_masked": "Set<String>",  # of columns that the actor read masked within the last hour
        "unbounded": "Bool",
        "opaque": "Bool",
        "environment": "String",
        "tags": "Set<String>",
        "enforced_by": "String",
        "reason_given": "Bool",
        "estimated": "Bool",  # whether `rows_estimate` is known
        "rows_estimate": "Long",
        "cappable": "Bool",  # its rows can be counted, and undone when there are too many
        "asked": "Set<String>",  # the action groups of all that it asks: a COPY (SELECT ...) is read and export
        "now": "datetime",
        "hour": "Long",
        "recent": "Recent",
    }
)

UNKNOWN = frozenset({"rows_estimate"})
"""What a request may lack, though policies are validated as if it were always there."""

INPUT = "input"
"""What the context of a pinned tool's action holds besides: its arguments, each optional."""

# The windows of `context.recent`, and what each holds. Labels are closed upward.
WINDOWS = ("minute", "hour", "day")
WINDOW: Mapping[str, str] = MappingProxyType(
    {
        "actions": "Long",
        "exports": "Long",
        "denials": "Long",
        "held": "Long",
        "rows": "Long",
        "labels": "Set<String>",
    }
)

# What every resource holds of its own.
RESOURCE: Mapping[str, str] = MappingProxyType(
    {"labels": "Set<String>", "environment": "String", "tags": "Set<String>", "name": "String"}
)

# Attributes whose strings are labels: literals that policies compare with them must have a label's form.
LABEL_SETS = frozenset({"labels", "filters", "probes", "writes", "writes_masked"})


def principal_type(kind: ActorKind) -> str:
    """The Cedar entity type of an actor of this kind."""
    match kind:
        case ActorKind.AGENT:
            return f"{NAMESPACE}::Agent"
        case ActorKind.SERVICE:
            return f"{NAMESPACE}::Service"
        case ActorKind.PERSON:
            return f"{NAMESPACE}::Person"
        case _:
            assert_never(kind)


def resource_type(kind: ResourceKind) -> str:
    """The Cedar entity type of a resource of this kind."""
    match kind:
        case ResourceKind.CONNECTION:
            return f"{NAMESPACE}::Connection"
        case ResourceKind.RELATION:
            return f"{NAMESPACE}::Relation"
        case ResourceKind.CATALOG:
            return f"{NAMESPACE}::Catalog"
        case ResourceKind.COLUMN:
            return f"{NAMESPACE}::Column"
        case ResourceKind.TOOL:
            return f"{NAMESPACE}::Tool"
        case ResourceKind.DOCUMENT:
            return f"{NAMESPACE}::Document"
        case ResourceKind.MODEL:
            return f"{NAMESPACE}::Model"
        case _:
            assert_never(kind)


def tool_action(tool: str) -> str:
    """The id of the action entity of a pinned tool, by the tool's own id."""
    return f"{TOOL_ACTION}{tool}"


def schema_text(
    tools: Sequence[Tool] = (),
    *,
    verbs: Collection[str] = VERBS.keys(),
    actors: Collection[ActorKind] = tuple(ActorKind),
    unknown: Collection[str] = (),
) -> str:
    """The schema in Cedar's own syntax: one action entity for each verb and each pinned tool, a member of its group.

    With fewer `verbs` or `actors` than there are, the others can be named but never ask for anything (`stand_ins`).
    `unknown`: attributes of the context that requests may lack; policies are validated without any.
    Raises `MalformedInput` when two tools have one id, or an id that isn't text.
    """
    every = ", ".join(_bare(principal_type(kind)) for kind in ActorKind)
    principals = ", ".join(_bare(principal_type(kind)) for kind in actors)
    inside = ", ".join(_bare(resource_type(kind)) for kind in _IN_CONNECTION)
    return "\n".join(
        (
            f"namespace {NAMESPACE} {{",
            "  entity Group;",
            f"  entity {every} in [Group];",
            f"  entity Connection {_record(RESOURCE)};",
            f"  entity {inside} in [Connection] {_record(RESOURCE)};",
            f"  entity Column in [Relation, Connection] {_record(RESOURCE)};",
            f"  type Window = {_record(WINDOW)};",
            f"  type Recent = {_record(dict.fromkeys(WINDOWS, 'Window'))};",
            f"  type Context = {_record(CONTEXT, unknown)};",
            *(f'  action "{group}";' for group in GROUPS),
            *(_action(verb, principals if verb in verbs else "") for verb in VERBS),
            *_tool_actions(tools, principals, unknown),
            "}",
        )
    )


def kinds_of(verb: Verb) -> tuple[ResourceKind, ...]:
    """The kinds of resource that a verb can be asked on: for a tool's, what it touches besides too."""
    match verb:
        case _ if "session" in VERBS[verb] or verb == REVIEW_REVEAL:
            return (ResourceKind.CONNECTION,)
        case _ if verb == SQL_REVEAL:
            return (ResourceKind.COLUMN,)
        case _ if verb in TOOL_VERBS.values():
            return (ResourceKind.TOOL, ResourceKind.DOCUMENT)
        case _ if verb in (DOCUMENT_READ, PROMPT_GET, PROMPT_COMPLETE):
            return (ResourceKind.DOCUMENT,)
        case _ if verb == MODEL_INFER:
            return (ResourceKind.MODEL, ResourceKind.CONNECTION)
        case _:
            return (ResourceKind.CONNECTION, ResourceKind.RELATION, ResourceKind.CATALOG)


def _action(verb: Verb, principals: str) -> str:
    members = ", ".join(f'"{group}"' for group in VERBS[verb])
    kinds = ", ".join(_bare(resource_type(kind)) for kind in kinds_of(verb))
    applies = f" appliesTo {{ principal: [{principals}], resource: [{kinds}], context: Context }}" if principals else ""
    return f'  action "{verb}" in [{members}]{applies};'


def _tool_actions(tools: Sequence[Tool], principals: str, unknown: Collection[str]) -> Iterator[str]:
    seen: set[str] = set()
    for tool in sorted(tools, key=lambda tool: tool.id):
        if tool.id in seen:
            raise MalformedInput("two tools of one connection have the same name")
        seen.add(tool.id)
        context = _record({**CONTEXT, INPUT: record_text(tool)}, unknown)
        applies = f"principal: [{principals}], resource: [Tool], context: {context}"
        yield f'  action {cedar_string(tool_action(tool.id))} in ["{tool.verbs[0]}"] appliesTo {{ {applies} }};'


def _record(fields: Mapping[str, str], optional: Collection[str] = ()) -> str:
    named = (f"{name}?" if name in optional else name for name in fields)
    return "{ " + ", ".join(f"{name}: {kind}" for name, kind in zip(named, fields.values(), strict=True)) + " }"


def _bare(entity_type: str) -> str:
    return entity_type.removeprefix(f"{NAMESPACE}::")
