"""Policies that could never mean what they say don't load; forbids that never fire are warned of."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from interlock.errors import PolicyMistakes
from interlock.model.actor import ActorKind
from interlock.model.connection import Connection
from interlock.model.names import ConnectionName, GroupName
from interlock.model.tool import Tool
from interlock.policy import rehearsal
from interlock.policy.bundle import load
from interlock.policy.rehearsal import rehearse
from interlock.policy.surroundings import Surroundings
from interlock.sensitivity.labels import KNOWN

from .asking import GROUPS, PACK, labels

CLINIC = Connection(ConnectionName("clinic"), "postgres", "production", frozenset({"hipaa"}))
LAB = Connection(ConnectionName("lab"), "postgres", "staging", frozenset())
AI = frozenset({GroupName("ai-agents")})
AROUND = Surroundings(
    {each.name: each for each in (CLINIC, LAB)},
    {
        ActorKind.AGENT: {"etl-agent": AI},
        ActorKind.SERVICE: {"nightly": frozenset()},
        ActorKind.PERSON: {"dana": frozenset({GroupName("privacy-officers")})},
    },
)
KNOWN_LABELS = frozenset(KNOWN)
ANY = "(principal, action, resource)"


MERGE = Tool(
    ConnectionName("clinic"),
    "merge",
    {
        "type": "object",
        "properties": {
            "force": {"type": "boolean"},
            "labels": {"type": "array", "items": {"type": "string"}},
            "hour": {"type": "integer"},
            "environment": {"type": "string"},
            "by": {"type": "object", "properties": {"name": {"type": "string"}}},
            "amount": {"type": "number"},
        },
    },
)
CLOSE = Tool(ConnectionName("clinic"), "close", {"type": "object", "properties": {"why": {"type": "string"}}})
TOOLS = (MERGE, CLOSE)


def mistakes(text: str, around: Surroundings | None = AROUND, tools: Sequence[Tool] = ()) -> tuple[str, ...]:
    try:
        load({"f": f'@id("x") {text}'}, GROUPS, KNOWN_LABELS, around, tools=tools)
    except PolicyMistakes as found:
        return found.mistakes
    return ()


def warnings(text: str) -> list[str]:
    return rehearse({"f": f'@id("x") {text}'}, GROUPS, KNOWN_LABELS, AROUND)


def scope(principal: str = "principal", action: str = "action", resource: str = "resource") -> str:
    return f"forbid ({principal}, {action}, {resource});".replace("I::", "Interlock::")


def when(condition: str, clause: str = "when") -> str:
    return f"forbid {ANY} {clause} {{ {condition} }};".replace("I::", "Interlock::")


def of(tool: str, condition: str) -> str:
    return f'forbid (principal, action == Interlock::Action::"tool:clinic/{tool}", resource) when {{ {condition} }};'


NAMES = [
    (
        scope(resource='resource in I::Connection::"clnic"'),
        'there is no connection "clnic"; did you mean "clinic"?',
    ),
    (scope('principal == I::Agent::"etl-agnet"'), 'there is no agent "etl-agnet"; did you mean "etl-agent"?'),
    (scope('principal == I::Service::"etl-agent"'), '"etl-agent" is of the kind agent, not service'),
    (scope('principal == I::Service::"x"'), 'there is no service "x"'),
    (when('principal == I::Person::"dan"'), 'there is no person "dan"; did you mean "dana"?'),
    (when('[I::Agent::"zz"].contains(principal)'), 'there is no agent "zz"'),
    (scope(resource='resource == I::Relation::"public.patients"'), "must begin with a connection's name and a slash"),
    (
        scope(resource='resource == I::Relation::"clnic/public.patients"'),
        'in "clinic/public.patients"; did you mean "clinic"?',
    ),
    (scope(resource='resource == I::Catalog::"clinic/"'), "must begin with a connection's name and a slash"),
    (scope(resource='resource == I::Column::"public.patients.mrn"'), 'in "clinic/public.patients.mrn"'),
    (scope(resource='resource == I::Tool::"clnic/merge"'), 'in "github/create_issue"; did you mean "clinic"?'),
    (when('resource == I::Model::"clinic"'), "must begin with a connection's name and a slash"),
    (when('context.recent.hour.labels.contains("phi.mnr")'), 'no label "phi.mnr"; did you mean "phi.mrn"?'),
    (when('["phy"].containsAny(context.recent.day.labels)'), 'no label "phy"; did you mean "phi"?'),
    (scope('principal in I::Group::"ai-agent"'), 'no person or actor is in the group "ai-agent"'),
    (when('context.environment == "prodution"'), 'has the environment "prodution"; did you mean "production"?'),
    (when('["prod", "staging"].contains(resource.environment)'), 'nothing here has the environment "prod"'),
    (when('context.environment like "prd*"'), 'nothing here has an environment like "prd*"'),
    (when('context.enforced_by != "gatway"'), 'has the enforced_by "gatway"; did you mean "gateway"?'),
    (when('context.tags.contains("hippa")'), 'nothing here has the tag "hippa"; did you mean "hipaa"?'),
    (when('resource.tags.containsAny(["pci"])'), 'nothing here has the tag "pci"'),
]


@pytest.mark.parametrize(("text", "sentence"), NAMES)
def test_every_name_is_of_something_there(text: str, sentence: str) -> None:
    assert any(sentence in mistake for mistake in mistakes(text)), mistakes(text)


HOLES = [
    (scope(action='action == I::Action::"export"'), "nothing is ever equal to a group: use `in`"),
    (when('action == I::Action::"export"'), "nothing is ever equal to a group: use `in`"),
    (when('I::Action::"export" != action'), "nothing is ever equal to a group: use `in`"),
    (when('[I::Action::"export"].contains(action)'), "nothing is ever equal to a group: use `in`"),
    (when('(if context.opaque then I::Action::"read" else action) == action'), "nothing is ever equal to a group"),
    (scope('principal == I::Group::"ai-agents"'), "nothing is ever equal to a group: use `in`"),
    (when('principal == I::Group::"ai-agents"'), "nothing is ever equal to a group: use `in`"),
    (when('resource in I::Group::"ai-agents"'), "compared with what can never be in it"),
    (when('I::Agent::"etl-agent" in I::Group::"ai-agents"'), "compared with what can never be in it"),
    (when('resource == I::Agent::"etl-agent"'), "compared with what can never be equal to it"),
    (scope(action="action in []"), "`action in []` is true of no action"),
    (scope(resource='resource == I::Connection::"clinic"'), "which `==` and `!=` miss: use `in`"),
    (when('resource != I::Connection::"clinic"', "unless"), "which `==` and `!=` miss: use `in`"),
    (when('context.labels == ["phi"]'), "labels are closed upward"),
    (when("context.labels != resource.labels"), "labels are closed upward"),
    (when("[context.labels].contains(context.filters)"), "labels are closed upward"),
    (when('(if context.opaque then context.labels else context.filters) == ["phi"]'), "labels are closed upward"),
    (when('(if context.opaque then context.labels else context.filters).contains("phi.mnr")'), 'no label "phi.mnr"'),
    (when('context.labels.contains(if context.opaque then "phi" else "phi.mnr")'), 'no label "phi.mnr"'),
    (when('["phi", {x: "phi.mnr"}.x].containsAny(context.labels)'), 'no label "phi.mnr"'),
    (when('principal.hasTag("x")'), "leave `has` out"),
    (when("context has opaque && context.opaque"), "leave `has` out"),
    (when("context.recent has hour"), "leave `has` out"),
    (when('resource has "name"'), "leave `has` out"),
    (when("{input: context.recent} has input"), "leave `has` out"),
    (scope(action='action == I::Action::"tool.call"'), "every pinned tool has an action of its own"),
    (when('action != I::Action::"tool.call"'), "every pinned tool has an action of its own"),
    (when("context.recent == context.recent"), "context.recent is asked for what is in it"),
    (when("[context.recent.day].contains(context.recent.hour)"), "context.recent is asked for what is in it"),
    (when('context.recent.hour.labels == ["phi"]'), "labels are closed upward"),
    (when('I::Relation::"clinic/x".labels.isEmpty()'), "an entity that is only named has no attributes"),
    (when('(if context.opaque then resource else I::Tool::"clinic/x").name == "x"'), "an entity that is only named"),
    (when("context.recent.hour.exports < 0"), "a count is 0 or more, so this comparison is always false"),
    (when("context.opaque || -1 < context.recent.day.rows"), "a count is 0 or more, so this comparison is always true"),
    (when("context.opaque && context.recent.minute.held >= 0"), "so this comparison is always true"),
    (when("context.opaque && context.recent.minute.denials != -(5)"), "so this comparison is always true"),
    (when("context.recent.hour.rows > 9223372036854775807"), "so this comparison is always false"),
    (when("[-1, 5].contains(context.recent.hour.rows)"), "a count is 0 or more and never -1"),
    (when("false"), "this `when` is always false"),
    (when("true", "unless"), "this `unless` is always true"),
    (when("context.opaque && !(1 == 1)"), "this `when` is always false"),
    (when('"a" == "b" || 2 < 1'), "this `when` is always false"),
    (when("if context.opaque then false else false"), "this `when` is always false"),
    (when("context.hour > 24"), "an hour is 0 to 23, so this comparison is always false"),
    (when("context.opaque || 23 < context.hour"), "so this comparison is always false"),
    (when("context.opaque && context.hour >= 0"), "so this comparison is always true"),
    (when("context.hour == 24"), "so this comparison is always false"),
    (when("[22, 23, 24].contains(context.hour)"), "an hour is 0 to 23 and never 24"),
]


@pytest.mark.parametrize(("text", "sentence"), HOLES)
def test_what_would_never_mean_what_it_says_is_a_mistake(text: str, sentence: str) -> None:
    assert any(sentence in mistake for mistake in mistakes(text, None)), mistakes(text, None)


ARGUMENTS = [
    (
        scope(action='action == I::Action::"tool:clinic/mrge"'),
        'no pinned tool "clinic/mrge"; did you mean "clinic/merge"?',
    ),
    (when('[I::Action::"tool:x"].contains(action)'), 'there is no pinned tool "x"'),
    (
        of("merge", "context.input has frce"),
        '"clinic/merge" has no argument "frce" that policies can read; did',
    ),
    (of("merge", "context.input has amount"), 'no argument "amount" that policies can read'),
    (of("merge", "context.input has by.nam"), 'no argument "by.nam" that policies can read; did you mean "by.name"?'),
    (of("merge", "context.input has force.x"), 'no argument "force.x"'),
    (of("close", "context.input has force"), 'the tool "clinic/close" has no argument "force"'),
    (
        'forbid (principal, action in [Interlock::Action::"tool:clinic/merge", Interlock::Action::"tool:clinic/close"],'
        " resource) when { context.input has force };",
        'the tool "clinic/close" has no argument "force"',
    ),
    (
        when("context has input.frce"),
        'no pinned tool has an argument "frce" that policies can read; did you mean "force"?',
    ),
    (when("context has inptu.force"), "leave `has` out"),
    (when("context has inptu"), "leave `has` out"),
    (
        'forbid (principal, action in Interlock::Action::"read", resource) when { context has input.force };',
        "no pinned tool is within this policy's scope",
    ),
    (of("merge", "resource has force"), "leave `has` out"),
    (of("merge", "(if context.opaque then context.input else context.input) has force"), "leave `has` out"),
]


@pytest.mark.parametrize(("text", "sentence"), ARGUMENTS)
def test_an_argument_that_no_tool_has_is_a_mistake(text: str, sentence: str) -> None:
    assert any(sentence in mistake for mistake in mistakes(text, None, TOOLS)), mistakes(text, None, TOOLS)


@pytest.mark.parametrize("text", [when("context has input"), when("context has input.force")])
def test_without_pinned_tools_there_are_no_arguments(text: str) -> None:
    assert any("no pinned tool" in mistake for mistake in mistakes(text))


ABOUT_TOOLS = [
    of("merge", "context.input has force && context.input.force"),
    of("merge", 'context.input has by.name && context.input.by.name like "a*"'),
    of("merge", 'context.input has labels && context.input.labels.contains("not one of ours")'),
    of("merge", 'context.input has labels && context.input.labels == ["bug"]'),
    of("merge", 'context.input has environment && context.input.environment == "moon"'),
    of("merge", "context.input has hour && context.input.hour > 24"),
    of("merge", "!(context.input has force)"),
    when("context has input.force && context.input.force"),
    when("context has input", "unless"),
    when('context has input.why && context.input.why == ""'),
    scope(action='action in I::Action::"tool.call"'),
    scope(action='action in [I::Action::"tool:clinic/merge", I::Action::"tool:clinic/close"]'),
    scope(resource='resource == I::Tool::"clinic/none"'),
]


@pytest.mark.parametrize("text", ABOUT_TOOLS)
def test_arguments_that_are_there_can_be_asked_about(text: str) -> None:
    assert mistakes(text, AROUND, TOOLS) == ()


FINE = [
    scope('principal == I::Agent::"etl-agent"', 'action in I::Action::"read"', 'resource in I::Connection::"lab"'),
    scope('principal is I::Agent in I::Group::"ai-agents"', 'action == I::Action::"sql.select"'),
    scope(action='action == I::Action::"session.open"', resource='resource == I::Connection::"clinic"'),
    scope(resource='resource == I::Relation::"clinic/public.patients"'),
    when('principal in [I::Group::"ai-agents", I::Group::"privacy-officers"] && action in [I::Action::"read"]'),
    when('[I::Action::"sql.drop", I::Action::"sql.alter"].contains(action)'),
    when('context.labels.contains("phi") == (context.environment == "production")'),
    when('["quasi"].containsAll(context.labels)', "unless"),
    when('context.labels.contains("phi.mrn") && context.labels.contains("pci") && !context.labels.contains("secret")'),
    when("context.hour >= 22 || context.hour < 6"),
    when('context.tags.contains("hipaa") && context.environment like "prod*"'),
    when('resource.name like "audit.*" && resource is I::Relation && resource.labels.isEmpty()'),
    when('context.enforced_by == "caller" && context.opaque == true'),
    when('context.now > datetime("2100-01-01")'),
    when('resource.name == "public.patients" && context.writes.contains("phi")'),
    when("context.recent.hour.exports >= 3 && context.recent.day.rows + context.recent.minute.rows > 10000"),
    when("context.recent.minute.denials > 0 || context.recent.hour.held == 0"),
    when('context.recent.day.labels.contains("phi.mrn")'),
    scope(action='action in I::Action::"reveal"', resource='resource in I::Relation::"clinic/public.patients"'),
    scope(resource='resource == I::Column::"clinic/public.patients.mrn"'),
    scope(action='action in I::Action::"execute"', resource="resource is I::Tool"),
    scope(action='action in I::Action::"infer"', resource='resource in I::Connection::"clinic"'),
]


@pytest.mark.parametrize("text", FINE)
def test_what_means_something_loads_and_fires(text: str) -> None:
    assert mistakes(text) == ()
    assert warnings(text) == []


IDLE = [
    when("principal is I::Person && principal is I::Agent"),
    scope('principal is I::Person in I::Group::"ai-agents"'),
    scope('principal is I::Service in I::Group::"privacy-officers"', resource='resource in I::Connection::"lab"'),
    scope(action='action in I::Action::"write"', resource="resource is I::Connection"),
    when("context.hour > 22 && context.hour < 6"),
    when('context.labels.contains("phi.mrn") && !context.labels.contains("phi")'),
    when('context.environment == "staging" && context.tags.contains("hipaa")'),
    when("context.opaque && !context.opaque"),
    when('action in I::Action::"read" && action in I::Action::"write"'),
    when('resource.name like "a*" && resource.name like "b*"'),
]


@pytest.mark.parametrize("text", IDLE)
def test_a_forbid_that_never_fires_is_warned_of(text: str) -> None:
    assert mistakes(text) == ()
    assert warnings(text) == ['f:1: nothing that can be asked makes the forbid "x" fire']


def test_every_forbid_of_the_pack_fires() -> None:
    assert rehearse({"agents.cedar": PACK.read_text(encoding="utf-8")}, GROUPS, KNOWN_LABELS, AROUND) == []


def test_a_forbid_that_errs_denies_and_so_isnt_idle() -> None:
    assert warnings(when("context.hour + 9223372036854775807 > 0")) == []


def test_what_cant_be_tried_whole_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    idle = when("context.opaque && !context.opaque")
    assert warnings(idle)
    monkeypatch.setattr(rehearsal, "MOST", 3)
    assert warnings(idle) == []
    assert rehearse({"f": f'@id("x") {idle}'}, GROUPS, labels("phi"), Surroundings({}, {})) == []
