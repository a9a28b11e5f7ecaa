"""Bundles of many policies, in process: loading them, and deciding by them. `python -m bench.bundles` runs it alone.

Budgets (issue 3): a form seen before under 50 us with 1,000 policies, one never seen under 3 ms with 100, and loading
1,000 policies under 1 s. The policies are made up, each its own: permits for a group, forbids that test labels and
flags, some lifted; none of them applies to another's relation, and Cedar evaluates every one all the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from statistics import median
from time import perf_counter

from bench.link import Failed
from bench.report import Result, at_most, table
from interlock.model.action import Action, Ask
from interlock.model.actor import Actor, ActorKind
from interlock.model.connection import Connection
from interlock.model.decision import Allow
from interlock.model.exposure import Exposure, Output
from interlock.model.label import Label
from interlock.model.names import ActionId, ActorId, ConnectionName, GroupName, KeyId, PersonId
from interlock.model.payload import SqlPayload
from interlock.model.resource import Resource, ResourceKind
from interlock.model.verb import SQL_SELECT
from interlock.policy.bundle import Bundle, load
from interlock.policy.surroundings import Members
from interlock.sensitivity.labels import KNOWN

MANY, SOME = 1_000, 100
LOADS = 5
SEEN, NEW = 5_000, 300

GROUPS: Members = {
    GroupName("privacy-officers"): frozenset({PersonId("dana"), PersonId("remy")}),
    GroupName("platform-engineers"): frozenset({PersonId("olivia")}),
    GroupName("ai-agents"): frozenset(),
}
_NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
_PERMIT = '@id("read")\npermit (principal in Interlock::Group::"ai-agents", action, resource);\n'
_FORMS = (
    """permit (
  principal in Interlock::Group::"ai-agents",
  action in Interlock::Action::"read",
  resource in Interlock::Relation::"clinic/public.t{n}"
)
when {{ !context.unbounded && context.environment == "production" }};""",
    """@review("privacy-officers:1") @expires("30m") @because("Labelled values would leave.")
forbid (principal, action in Interlock::Action::"export", resource in Interlock::Relation::"clinic/public.t{n}")
when {{ context.labels.contains("phi") || context.labels.contains("pci") }};""",
    """forbid (principal, action == Interlock::Action::"sql.drop", resource)
when {{ resource.name == "public.t{n}" && context.environment == "production" }};""",
    """@review_any("privacy-officers:1, platform-engineers:1") @justify
forbid (principal, action in Interlock::Action::"write", resource in Interlock::Connection::"clinic")
when {{ context.unbounded && context.writes.containsAny(["phi.name", "phi.mrn"]) && resource.name like "t{n}.*" }};""",
)


def run() -> list[Result]:
    """Loading in seconds, deciding in microseconds; all at the median."""
    source = _source(MANY)
    loading = _timed(LOADS, lambda _: _loaded(source))
    many, some = _loaded(source), _loaded(_source(SOME))
    seen = _timed(SEEN, lambda _: _decide(many, _action()))
    new = _timed(NEW, lambda number: _decide(some, _action(number)))
    return [
        Result("decisions", f"loading {MANY:,} policies", loading, "s", budget=at_most(1.0)),
        Result("decisions", f"seen before, {MANY:,} policies", seen * 1e6, "us", budget=at_most(50.0)),
        Result("decisions", f"never seen, {SOME} policies", new * 1e6, "us", budget=at_most(3_000.0)),
    ]


def _source(count: int) -> str:
    policies = (f'@id("p{n}") {_FORMS[n % len(_FORMS)].format(n=n)}' for n in range(count - 1))
    return _PERMIT + "\n\n".join(policies)


def _loaded(source: str) -> Bundle:
    return load({"many.cedar": source}, GROUPS, frozenset(KNOWN))


def _decide(bundle: Bundle, action: Action) -> None:
    if not isinstance(bundle.decide(action, _NOW), Allow):
        raise Failed("a read that the bundle allows wasn't allowed")


def _timed(times: int, step: Callable[[int], object]) -> float:
    """Seconds a step at the median, after one that isn't counted."""
    step(0)
    taken = []
    for number in range(1, times + 1):
        begun = perf_counter()
        step(number)
        taken.append(perf_counter() - begun)
    return median(taken)


def _action(number: int = 0) -> Action:
    """A read of a labelled column, as a door makes it anew each time; by another actor for each number."""
    shown = frozenset({Label("phi.mrn")})
    return replace(
        _TEMPLATE,
        actor=replace(_TEMPLATE.actor, id=ActorId(f"agent-{number}")),
        asks=(Ask(SQL_SELECT, Resource(ResourceKind.RELATION, "clinic/public.patients", shown)),),
        exposures=(Exposure((Output("mrn", 25, shown, None),), shown),),
    )


_OWNER = PersonId("olivia")
_TEMPLATE = Action(
    id=ActionId("0190a000-0000-7000-8000-000000000001"),
    actor=Actor(
        kind=ActorKind.AGENT,
        id=ActorId("agent"),
        groups=frozenset({GroupName("ai-agents")}),
        owner=_OWNER,
        key=KeyId("key"),
        made_by=_OWNER,
        held_by=_OWNER,
    ),
    connection=Connection(ConnectionName("clinic"), "postgres", "production", frozenset({"hipaa"})),
    asks=(),
    payload=SqlPayload(()),
    cover={},
    form={},
    exposures=(),
    templates=(),
)

if __name__ == "__main__":
    print(table(run()))
