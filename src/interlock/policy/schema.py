"""Our Cedar schema, generated from the verbs and resource kinds of the model (design section 5).

Every attribute is required, so a policy never needs `has`, and a misspelt name is an error when the bundle loads.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import assert_never

from interlock.model.actor import ActorKind
from interlock.model.resource import ResourceKind
from interlock.model.verb import GROUPS, VERBS

NAMESPACE = "Interlock"
GROUP = f"{NAMESPACE}::Group"
ACTION = f"{NAMESPACE}::Action"

# What `context` holds. The first three are the whole action's labels, closed upward and downward (`requests.close`).
CONTEXT: Mapping[str, str] = MappingProxyType(
    {
        "labels": "Set<String>",
        "filters": "Set<String>",
        "writes": "Set<String>",
        "unbounded": "Bool",
        "opaque": "Bool",
        "environment": "String",
        "tags": "Set<String>",
        "enforced_by": "String",
        "reason_given": "Bool",
        "now": "datetime",
        "hour": "Long",
    }
)

# What every resource holds of its own.
RESOURCE: Mapping[str, str] = MappingProxyType(
    {"labels": "Set<String>", "environment": "String", "tags": "Set<String>", "name": "String"}
)

# Attributes whose strings are labels: literals that policies compare with them must have a label's form.
LABEL_SETS = frozenset({"labels", "filters", "writes"})


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
        case _:
            assert_never(kind)


def schema_text() -> str:
    """The schema in Cedar's own syntax: one action entity for each verb, a member of its groups."""
    principals = ", ".join(_bare(principal_type(kind)) for kind in ActorKind)
    inside = [_bare(resource_type(kind)) for kind in ResourceKind if kind is not ResourceKind.CONNECTION]
    return "\n".join(
        (
            f"namespace {NAMESPACE} {{",
            "  entity Group;",
            f"  entity {principals} in [Group];",
            f"  entity Connection {_record(RESOURCE)};",
            f"  entity {', '.join(inside)} in [Connection] {_record(RESOURCE)};",
            f"  type Context = {_record(CONTEXT)};",
            *(f'  action "{group}";' for group in GROUPS),
            *(_action(verb, groups, principals, ["Connection", *inside]) for verb, groups in VERBS.items()),
            "}",
        )
    )


def _action(verb: str, groups: tuple[str, ...], principals: str, resources: list[str]) -> str:
    members = ", ".join(f'"{group}"' for group in groups)
    applies = f"principal: [{principals}], resource: [{', '.join(resources)}], context: Context"
    return f'  action "{verb}" in [{members}] appliesTo {{ {applies} }};'


def _record(fields: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{name}: {kind}" for name, kind in fields.items()) + " }"


def _bare(entity_type: str) -> str:
    return entity_type.removeprefix(f"{NAMESPACE}::")
