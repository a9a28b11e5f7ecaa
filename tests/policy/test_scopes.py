"""Which policy covers which, told from their texts."""

from __future__ import annotations

import cedarpy
import pytest
from cedarpy import pst

from interlock.model.actor import ActorKind
from interlock.model.connection import Connection
from interlock.model.names import ConnectionName, GroupName
from interlock.model.verb import TOOL_CALL, TOOL_READ
from interlock.policy.scopes import conditions, covers, may_be, reach, verbs
from interlock.policy.surroundings import Surroundings

TOOL = "tool:github/search"
TOOLS = {TOOL: TOOL_CALL}
READING = {TOOL: TOOL_READ}
CLINIC = Connection(ConnectionName("clinic"), "postgres", "production", frozenset())
AROUND = Surroundings(
    {CLINIC.name: CLINIC},
    {ActorKind.AGENT: {"etl": frozenset({GroupName("ai-agents")})}, ActorKind.PERSON: {"dana": frozenset()}},
)
AGENTS, ETL = 'principal in Interlock::Group::"ai-agents"', 'principal == Interlock::Agent::"etl"'
READ, SELECT = 'action in Interlock::Action::"read"', 'action == Interlock::Action::"sql.select"'
WITHIN, RELATION = (
    'resource in Interlock::Connection::"clinic"',
    'resource == Interlock::Relation::"clinic/public.patients"',
)


def tree(scope: str = "principal, action, resource", condition: str = "") -> pst.Template:
    parsed = cedarpy.PolicySet.from_str(f"permit ({scope}) {condition};").to_pst()
    (found,) = parsed.static_policies.values()
    return found


def scope(principal: str = "principal", action: str = "action", resource: str = "resource") -> pst.Template:
    return tree(f"{principal}, {action}, {resource}")


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        (scope(), scope(ETL, SELECT, RELATION)),
        (scope(AGENTS), scope(ETL)),
        (scope(AGENTS), scope('principal is Interlock::Agent in Interlock::Group::"ai-agents"')),
        (scope("principal is Interlock::Agent"), scope(ETL)),
        (scope("principal is Interlock::Agent"), scope('principal is Interlock::Agent in Interlock::Group::"x"')),
        (scope(action=READ), scope(action=SELECT)),
        (
            scope(action='action in [Interlock::Action::"read", Interlock::Action::"write"]'),
            scope(action='action in [Interlock::Action::"sql.update", Interlock::Action::"sql.explain"]'),
        ),
        (
            scope(action='action in Interlock::Action::"execute"'),
            scope(action=f'action == Interlock::Action::"{TOOL}"'),
        ),
        (
            scope(action='action in Interlock::Action::"tool.call"'),
            scope(action=f'action == Interlock::Action::"{TOOL}"'),
        ),
        (scope(resource=WITHIN), scope(resource=RELATION)),
        (
            scope(resource='resource in Interlock::Relation::"clinic/public.patients"'),
            scope(resource='resource == Interlock::Column::"clinic/public.patients.mrn"'),
        ),
        (scope(resource=WITHIN), scope(resource='resource is Interlock::Relation in Interlock::Connection::"clinic"')),
    ],
)
def test_wider_and_never_the_other_way_round(wide: pst.Template, narrow: pst.Template) -> None:
    assert covers(reach(wide, TOOLS), reach(narrow, TOOLS), AROUND)
    assert not covers(reach(narrow, TOOLS), reach(wide, TOOLS), AROUND)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (scope(AGENTS), scope('principal in Interlock::Group::"others"')),
        (scope(AGENTS), scope('principal == Interlock::Person::"dana"')),
        (scope(resource=WITHIN), scope(resource='resource == Interlock::Relation::"clinic2/public.patients"')),
        (
            scope(resource='resource in Interlock::Relation::"clinic/public.pat"'),
            scope(resource='resource == Interlock::Column::"clinic/public.patients.mrn"'),
        ),
        (
            scope(action='action == Interlock::Action::"tool.call"'),
            scope(action=f'action == Interlock::Action::"{TOOL}"'),
        ),
    ],
)
def test_neither_covers_the_other(one: pst.Template, other: pst.Template) -> None:
    assert not covers(reach(one, TOOLS), reach(other, TOOLS), AROUND)
    assert not covers(reach(other, TOOLS), reach(one, TOOLS), AROUND)


def test_without_surroundings_nobody_is_known_to_be_in_a_group() -> None:
    assert not covers(reach(scope(AGENTS)), reach(scope(ETL)))


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("when { context.opaque && context.unbounded }", "when { context.unbounded } when { context.opaque }"),
        ("unless { context.opaque || context.unbounded }", "when { !context.unbounded } unless { context.opaque }"),
        ('when { ["a", "b"].contains(context.environment) }', 'when { ["b", "a"].contains(context.environment) }'),
        ("when { context.hour == 3 }", "when { 3 == context.hour }"),
        ("when { context.opaque || context.hour < 3 }", "when {  context.hour<3||context.opaque  }"),
    ],
)
def test_conditions_that_mean_the_same_are_equal(one: str, same: str) -> None:
    assert conditions(tree(condition=one)) == conditions(tree(condition=same))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("when { context.hour < 3 }", "when { 3 < context.hour }"),
        ("when { context.opaque }", "unless { context.opaque }"),
        ("when { context.opaque && context.unbounded }", "when { context.opaque || context.unbounded }"),
        ("when { context.hour == 1 }", "when { context.opaque == true }"),
        ('when { resource.name like "a*" }', 'when { resource.name like "a\\*" }'),
    ],
)
def test_conditions_that_mean_something_else_aren_t(one: str, other: str) -> None:
    assert conditions(tree(condition=one)) != conditions(tree(condition=other))


def test_fewer_conditions_are_wider() -> None:
    both = "when { context.opaque && context.unbounded }"
    assert covers(reach(tree(condition="when { context.opaque }")), reach(tree(condition=both)))
    assert not covers(reach(tree(condition=both)), reach(tree(condition="when { context.opaque }")))


def test_the_verbs_of_a_scope() -> None:
    tools = {"tool.read", "document.read", "prompt.get", "prompt.complete"}
    assert verbs(scope(action=READ)) == {"sql.select", "sql.explain", "sql.listen", *tools}
    assert TOOL in verbs(scope(), TOOLS) and TOOL not in verbs(scope())


def test_a_group_takes_in_the_tools_that_are_mapped_to_it() -> None:
    own, every = scope(action=f'action == Interlock::Action::"{TOOL}"'), scope(action=READ)
    assert TOOL in verbs(every, READING) and TOOL not in verbs(every, TOOLS)
    assert covers(reach(every, READING), reach(own, READING))
    assert not covers(reach(every, TOOLS), reach(own, TOOLS))


def test_no_group_takes_in_a_tool_of_which_nothing_is_known() -> None:
    own, every = scope(action=f'action == Interlock::Action::"{TOOL}"'), scope(action=READ)
    assert not covers(reach(every, {TOOL: None}), reach(own, {TOOL: None}))
    assert covers(reach(scope(), {TOOL: None}), reach(own, {TOOL: None}))


def test_whom_a_scope_can_be_about() -> None:
    assert may_be(scope(AGENTS), ActorKind.AGENT, "etl", AROUND)
    assert not may_be(scope(AGENTS), ActorKind.PERSON, "dana", AROUND)
    assert not may_be(scope("principal is Interlock::Agent"), ActorKind.PERSON, "dana", AROUND)
