"""An action in Cedar's terms: one request for each verb on each resource and each reveal, the entities, the context."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Final

import orjson

from interlock.model.action import Action, Ask
from interlock.model.actor import Actor
from interlock.model.impact import about
from interlock.model.label import Label, upward
from interlock.model.payload import ToolPayload
from interlock.model.recent import Recent, Window
from interlock.model.resource import Resource, ResourceKind
from interlock.model.reveal import Reveal
from interlock.model.tool import Tool
from interlock.model.verb import SQL_REVEAL, VERBS
from interlock.policy.schema import ACTION, GROUP, INPUT, principal_type, resource_type, tool_action

Uid = dict[str, str]

_CONNECTION: Final = resource_type(ResourceKind.CONNECTION)
_MOST: Final = 2**63 - 1  # Cedar's Long


@dataclass(frozen=True, slots=True)
class Asked:
    """One Cedar request, and what of the action it asks about: a verb on a resource, or a reveal."""

    ask: Ask
    reveal: Reveal | None
    request: dict[str, object]


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
    if not labels:
        return []
    beneath = _beneath(known)
    return sorted(upward(labels).union(*(beneath[label] for label in labels if label in beneath)))


@lru_cache(maxsize=8)
def _beneath(known: frozenset[Label]) -> Mapping[Label, frozenset[Label]]:
    """For each label with known ones beneath it: all of those, closed upward. One table for each bundle's labels."""
    found: dict[Label, set[Label]] = {}
    for label in known:
        above = upward([label])
        for each in above - {label}:
            found.setdefault(each, set()).update(above)
    return {label: frozenset(below) for label, below in found.items()}


def context(action: Action, now: datetime, known: frozenset[Label], recent: Recent, zone: tzinfo) -> dict[str, object]:
    """The context of every request of an action; `now` must know its zone, `hour` is in `zone`."""
    if now.tzinfo is None:
        raise ValueError("a time without a zone")
    utc = now.astimezone(UTC)
    exposure = action.exposure
    rows = rows_estimate(action)
    return {
        "labels": close(exposure.labels, known),
        "filters": close(exposure.filters, known),
        "probes": close(exposure.probes, known),
        "writes": close(exposure.writes, known),
        "writes_masked": close(recent.written_back(exposure.written), known),
        "unbounded": exposure.unbounded,
        "opaque": exposure.opaque,
        "environment": action.connection.environment,
        "tags": sorted(action.connection.tags),
        "enforced_by": action.enforced_by.value,
        "reason_given": bool(action.reason_given.strip()),
        "estimated": rows is not None,
        **({} if rows is None else {"rows_estimate": rows}),
        "cappable": action.cappable,
        "asked": groups_asked(action),
        "now": {
            "__extn": {"fn": "datetime", "arg": utc.strftime("%Y-%m-%dT%H:%M:%S.") + f"{utc.microsecond // 1000:03}Z"}
        },
        "hour": now.astimezone(zone).hour,
        "recent": windows(recent),
    }


def rows_estimate(action: Action) -> int | None:
    """`context.rows_estimate`, as it is told on cards; None where nobody knows. Session traffic has no rows."""
    if action.rows_estimate is not None:
        return min(about(action.rows_estimate), _MOST)
    traffic = bool(action.exposures) and all(each.impact.nothing for each in action.exposures)
    return 0 if traffic else None


def groups_asked(action: Action) -> list[str]:
    """`context.asked`: the action groups of every verb of the action, sorted; with reveals, theirs too."""
    verbs = {ask.verb for ask in action.asks} | ({SQL_REVEAL} if action.reveals else set())
    return sorted({group for verb in verbs for group in VERBS.get(verb, ())})


def windows(recent: Recent) -> dict[str, object]:
    """`context.recent`."""
    return {"minute": _window(recent.minute), "hour": _window(recent.hour), "day": _window(recent.day)}


def _window(window: Window) -> dict[str, object]:
    return {
        "actions": min(window.actions, _MOST),
        "exports": min(window.exports, _MOST),
        "denials": min(window.denials, _MOST),
        "held": min(window.held, _MOST),
        "rows": min(window.rows, _MOST),
        "labels": sorted(upward(window.labels)),
    }


def requests(action: Action, principal: Actor, about: Mapping[str, object], tools: Mapping[str, Tool]) -> list[Asked]:
    """One Cedar request for each (verb, resource) of the action, repeats left out, and then for each reveal.

    `about` is the context. `tools` are the pinned ones by id. Dicts, not Cedar syntax: no character of a name is
    syntax, and they are faster.
    """
    who = _principal(principal)
    asked: dict[tuple[str, str, str], Asked] = {}
    for ask in action.asks:
        key = (ask.verb, ask.resource.kind.value, ask.resource.id)
        if key not in asked:
            asked[key] = Asked(ask, None, _request(action, who, ask, about, tools))
    return [*asked.values(), *(_reveal(who, reveal, about) for reveal in sorted(action.reveals))]


def _request(
    action: Action, who: Uid, ask: Ask, about: Mapping[str, object], tools: Mapping[str, Tool]
) -> dict[str, object]:
    tool = _own_action(ask, tools)
    return {
        "principal": who,
        "action": {"type": ACTION, "id": str(ask.verb) if tool is None else tool_action(tool.id)},
        "resource": _resource(ask.resource),
        "context": about if tool is None else _with_input(action, tool, about),
    }


def _own_action(ask: Ask, tools: Mapping[str, Tool]) -> Tool | None:
    """The pinned tool whose own action entity this ask is: that of its first verb, on itself."""
    tool = tools.get(ask.resource.id) if ask.resource.kind is ResourceKind.TOOL else None
    return tool if tool is not None and ask.verb == tool.verbs[0] else None


def _with_input(action: Action, tool: Tool, about: Mapping[str, object]) -> dict[str, object]:
    """The context of a pinned tool's call. Arguments that were read by another definition count as not read."""
    payload = action.payload
    if action.input is None or (isinstance(payload, ToolPayload) and payload.definition != tool.digest):
        return {**about, INPUT: {}, "opaque": True}
    return {**about, INPUT: action.input}


def _reveal(who: Uid, reveal: Reveal, about: Mapping[str, object]) -> Asked:
    column = Resource(ResourceKind.COLUMN, reveal.column, frozenset({reveal.label}))
    request: dict[str, object] = {
        "principal": who,
        "action": {"type": ACTION, "id": str(SQL_REVEAL)},
        "resource": _resource(column),
        "context": about,
    }
    return Asked(Ask(SQL_REVEAL, column), reveal, request)


def entities(action: Action, principal: Actor, known: frozenset[Label]) -> str:
    """The principal with its groups and the resources with their attributes, as Cedar's entity JSON.

    A resource asked for twice bears the labels of both mentions.
    """
    labels: dict[tuple[ResourceKind, str], frozenset[Label]] = {}
    for ask in action.asks:
        key = (ask.resource.kind, ask.resource.id)
        labels[key] = labels.get(key, frozenset()) | ask.resource.labels
    connection = {"type": _CONNECTION, "id": str(action.connection.name)}
    everything = [_principal_entity(principal)]
    for (kind, name), own in labels.items():
        parents = [] if kind is ResourceKind.CONNECTION else [connection]
        everything.append(_resource_entity(action, kind, name, close(own, known), parents))
    return orjson.dumps(everything).decode()


def reveal_entities(action: Action, principal: Actor, reveal: Reveal, known: frozenset[Label]) -> tuple[str, ...]:
    """The entities beside each request for one reveal: its column bears that one label and no other.

    The column is in its relation, which is there with its own labels, and in the connection. A coarse label is asked
    about twice, and both must be let through: closed upward only, so that a permit for `phi.name` doesn't open a column
    known as no more than `phi`; and closed downward too, so that a forbid for `phi.ssn` fires on what may be one.
    """
    ways = dict.fromkeys((tuple(sorted(upward([reveal.label]))), tuple(close([reveal.label], known))))
    return tuple(_beside_reveal(action, principal, reveal, way, known) for way in ways)


def _beside_reveal(
    action: Action, principal: Actor, reveal: Reveal, bears: Sequence[str], known: frozenset[Label]
) -> str:
    connection = {"type": _CONNECTION, "id": str(action.connection.name)}
    everything = [_principal_entity(principal)]
    parents = [connection]
    for relation, own in _relations_of(action, reveal.column).items():
        entity = _resource_entity(action, ResourceKind.RELATION, relation, close(own, known), [connection])
        everything.append(entity)
        parents.append(_resource(Resource(ResourceKind.RELATION, relation)))
    everything.append(_resource_entity(action, ResourceKind.COLUMN, reveal.column, list(bears), parents))
    return orjson.dumps(everything).decode()


def _relations_of(action: Action, column: str) -> Mapping[str, frozenset[Label]]:
    """The relations asked for that a column's full name may mean, with their labels.

    A name may hold dots of its own, so more than one may fit; without any it is what stands before the last dot.
    """
    found: dict[str, frozenset[Label]] = {}
    for ask in action.asks:
        name = ask.resource.id
        if ask.resource.kind is ResourceKind.RELATION and column.startswith(f"{name}."):
            found[name] = found.get(name, frozenset()) | ask.resource.labels
    return found or {column.rpartition(".")[0]: frozenset()}


def _principal_entity(principal: Actor) -> dict[str, object]:
    groups = [{"type": GROUP, "id": str(group)} for group in sorted(principal.groups)]
    return {"uid": _principal(principal), "attrs": {}, "parents": groups}


def _resource_entity(
    action: Action, kind: ResourceKind, name: str, labels: Sequence[str], parents: list[Uid]
) -> dict[str, object]:
    connection = action.connection
    return {
        "uid": {"type": resource_type(kind), "id": name},
        "attrs": {
            "labels": labels,
            "environment": connection.environment,
            "tags": sorted(connection.tags),
            "name": name.removeprefix(f"{connection.name}/"),
        },
        "parents": parents,
    }


def _principal(actor: Actor) -> Uid:
    return {"type": principal_type(actor.kind), "id": str(actor.id)}


def _resource(resource: Resource) -> Uid:
    return {"type": resource_type(resource.kind), "id": resource.id}
