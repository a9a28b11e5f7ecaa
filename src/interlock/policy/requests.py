"""An action in Cedar's terms: one request for each verb on each resource, the entities beside it, the context."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime

from interlock.model.action import Action
from interlock.model.actor import Actor
from interlock.model.label import Label, upward
from interlock.model.names import Verb
from interlock.model.resource import Resource
from interlock.policy.schema import ACTION, GROUP, principal_type, resource_type

Uid = dict[str, str]


def principals(actor: Actor) -> Iterator[Actor]:
    """The actor and everybody verified on whose behalf it asks."""
    yield actor
    for delegator in actor.chain:
        yield from principals(delegator)


def close(labels: Collection[Label], known: frozenset[Label]) -> list[str]:
    """The labels closed downward, then upward, sorted.

    A label with known ones beneath it is coarse: what bears it may be any of those. `phi.mrn` brings `phi`, and not
    `phi.name`.
    """
    beneath = {k for k in known if any(k.startswith(f"{label}.") for label in labels)}
    return sorted(upward(beneath.union(labels)))


def context(action: Action, now: datetime, known: frozenset[Label]) -> dict[str, object]:
    """The context of every request of an action; `now` must know its zone."""
    if now.tzinfo is None:
        raise ValueError("a time without a zone")
    utc = now.astimezone(UTC)
    exposure = action.exposure
    return {
        "labels": close(exposure.labels, known),
        "filters": close(exposure.filters, known),
        "writes": close(exposure.writes, known),
        "unbounded": exposure.unbounded,
        "opaque": exposure.opaque,
        "environment": action.connection.environment,
        "tags": sorted(action.connection.tags),
        "enforced_by": action.enforced_by.value,
        "reason_given": bool(action.reason_given.strip()),
        "now": {
            "__extn": {"fn": "datetime", "arg": utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03}Z"}
        },
        "hour": utc.hour,
    }


def requests(action: Action, principal: Actor, about: Mapping[str, object]) -> list[dict[str, object]]:
    """One Cedar request for each (verb, resource) of the action, repeats left out. Dicts, not Cedar syntax: no
    character of a name is syntax, and they are faster."""
    asked: dict[tuple[Verb, str, str], dict[str, object]] = {}
    for ask in action.asks:
        asked[ask.verb, ask.resource.kind.value, ask.resource.id] = {
            "principal": _principal(principal),
            "action": {"type": ACTION, "id": str(ask.verb)},
            "resource": _resource(ask.resource),
            "context": about,
        }
    return list(asked.values())


def entities(action: Action, principal: Actor, known: frozenset[Label]) -> str:
    """The principal with its groups and the resources with their attributes, as Cedar's entity JSON.

    A resource asked for twice bears the labels of both mentions.
    """
    labels: dict[Resource, set[Label]] = {}
    for ask in action.asks:
        labels.setdefault(Resource(ask.resource.kind, ask.resource.id), set()).update(ask.resource.labels)
    groups = [{"type": GROUP, "id": group} for group in sorted(principal.groups)]
    everything: list[dict[str, object]] = [{"uid": _principal(principal), "attrs": {}, "parents": groups}]
    for resource, own in labels.items():
        everything.append(_resource_entity(resource, close(own, known), action))
    return json.dumps(everything)


def _resource_entity(resource: Resource, labels: list[str], action: Action) -> dict[str, object]:
    connection = action.connection
    within = {"type": "Interlock::Connection", "id": str(connection.name)}
    uid = _resource(resource)
    return {
        "uid": uid,
        "attrs": {
            "labels": labels,
            "environment": connection.environment,
            "tags": sorted(connection.tags),
            "name": resource.id.removeprefix(f"{connection.name}/"),
        },
        "parents": [] if uid["type"] == within["type"] else [within],
    }


def _principal(actor: Actor) -> Uid:
    return {"type": principal_type(actor.kind), "id": str(actor.id)}


def _resource(resource: Resource) -> Uid:
    return {"type": resource_type(resource.kind), "id": resource.id}
