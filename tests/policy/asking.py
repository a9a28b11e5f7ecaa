"""Actions as the tests ask for them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from interlock.model.action import Action, Ask, EnforcedBy
from interlock.model.actor import Actor, ActorKind
from interlock.model.connection import Connection
from interlock.model.decision import Decision
from interlock.model.exposure import Exposure, Output
from interlock.model.label import Label
from interlock.model.names import ActionId, ActorId, ConnectionName, GroupName, KeyId, PersonId, Verb
from interlock.model.payload import SqlPayload, SqlStatement
from interlock.model.resource import Resource, ResourceKind
from interlock.model.reveal import Reveal
from interlock.policy.bundle import Bundle, load

NOON = datetime(2026, 11, 22, 12, 30, 15, 123456, tzinfo=UTC)
GROUPS = {
    GroupName("ai-agents"): frozenset[PersonId](),
    GroupName("privacy-officers"): frozenset({PersonId("dana"), PersonId("remy")}),
    GroupName("platform-engineers"): frozenset({PersonId("olivia")}),
    GroupName("on-call"): frozenset({PersonId("olivia"), PersonId("remy")}),
}
PACK = Path(__file__).parents[2] / "src" / "interlock" / "policy" / "packs" / "agents.cedar"

PERMIT_ALL = '@id("all") permit (principal, action, resource);\n'


def labels(*names: str) -> frozenset[Label]:
    return frozenset(Label(name) for name in names)


def actor(
    name: str = "etl-agent",
    *,
    groups: Iterable[str] = ("ai-agents",),
    kind: ActorKind = ActorKind.AGENT,
    chain: tuple[Actor, ...] = (),
) -> Actor:
    dana = PersonId("dana")
    return Actor(kind, ActorId(name), frozenset(map(GroupName, groups)), dana, KeyId("key1"), dana, dana, chain=chain)


def relation(name: str = "clinic/public.patients", *labelled: str) -> Resource:
    return Resource(ResourceKind.RELATION, name, labels(*labelled))


def action(
    *asks: tuple[Verb, Resource],
    by: Actor | None = None,
    exposure: Exposure | None = None,
    tags: Iterable[str] = ("hipaa",),
    environment: str = "production",
    reason: str = "",
    refusal: str | None = None,
    enforced_by: EnforcedBy = EnforcedBy.GATEWAY,
    ticket: str = "",
    reveals: Iterable[Reveal] = (),
    cappable: bool = False,
) -> Action:
    return Action(
        id=ActionId("0190a000-0000-7000-8000-000000000001"),
        actor=by or actor(),
        connection=Connection(ConnectionName("clinic"), "postgres", environment, frozenset(tags)),
        asks=tuple(Ask(verb, resource) for verb, resource in asks),
        payload=SqlPayload((SqlStatement(b"select 1", simple=True),)),
        cover={},
        form={},
        exposures=(exposure or Exposure(),),
        templates=(),
        reason_given=reason,
        refusal=refusal,
        enforced_by=enforced_by,
        ticket_given=ticket,
        reveals=frozenset(reveals),
        cappable=cappable,
    )


def reveal(column: str = "mrn", label: str = "phi.mrn") -> Reveal:
    return Reveal(f"clinic/public.patients.{column}", Label(label))


def showing(*names: str, unbounded: bool = False, opaque: bool = False) -> Exposure:
    """One output column that bears these labels."""
    shown = labels(*names)
    return Exposure((Output("x", 25, shown, None),), shown, unbounded=unbounded, opaque=opaque)


def bundle(*texts: str, known: frozenset[Label] = frozenset()) -> Bundle:
    return load({f"{n}.cedar": text for n, text in enumerate(texts)}, GROUPS, known)


def codes(decision: Decision) -> list[tuple[str, str | None]]:
    return [(reason.code, reason.policy) for reason in decision.reasons]
