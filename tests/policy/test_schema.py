"""The schema says what the model's tables say."""

from __future__ import annotations

import cedarpy
import pytest

from interlock.model.actor import ActorKind
from interlock.model.names import ConnectionName, Verb
from interlock.model.resource import ResourceKind
from interlock.model.tool import Tool
from interlock.model.verb import GROUPS, SQL_SELECT, VERBS
from interlock.policy.bundle import load
from interlock.policy.schema import (
    CONTEXT,
    LABEL_SETS,
    RESOURCE,
    WINDOW,
    WINDOWS,
    kinds_of,
    principal_type,
    resource_type,
    schema_text,
)
from interlock.policy.stand_ins import validation_text

from .test_holes import FINE, HOLES, IDLE, NAMES, scope, when

TOOL = Tool(
    ConnectionName("github"),
    "merge",
    {"type": "object", "properties": {"force": {"type": "boolean"}, "by": {"type": "string"}}},
)
OTHER = Tool(ConnectionName("github"), "close", {"type": "object", "properties": {"force": {"type": "string"}}})


FORCED = "context.input has force && context.input.force"


def valid(text: str, *tools: Tool) -> bool:
    return cedarpy.validate_policies(text, schema_text(tools)).validation_passed


def test_cedar_reads_it() -> None:
    cedarpy.Schema.from_str(schema_text())


@pytest.mark.parametrize("name", [*VERBS, *GROUPS])
def test_every_verb_and_group_can_be_named(name: str) -> None:
    assert valid(f'permit (principal, action in Interlock::Action::"{name}", resource);')


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("kind", list(ResourceKind))
def test_a_verb_is_asked_of_its_kinds_of_resource_only(verb: Verb, kind: ResourceKind) -> None:
    text = f'permit (principal, action == Interlock::Action::"{verb}", resource is {resource_type(kind)});'
    assert valid(text) is (kind in kinds_of(verb))


@pytest.mark.parametrize("kind", list(ActorKind))
def test_every_kind_of_actor_can_be_named(kind: ActorKind) -> None:
    load({"f": f'@id("x") forbid (principal is {principal_type(kind)}, action, resource);'}, {})


@pytest.mark.parametrize("kind", list(ResourceKind))
def test_every_kind_of_resource_can_be_named(kind: ResourceKind) -> None:
    load({"f": f'@id("x") forbid (principal, action, resource is {resource_type(kind)});'}, {})


WHOLE = [f"context.{name}" for name in CONTEXT if name != "recent"] + [f"resource.{name}" for name in RESOURCE]
RECENT = [f"context.recent.{window}.{name}" for window in WINDOWS for name in WINDOW]


@pytest.mark.parametrize("attribute", [*WHOLE, *RECENT])
def test_every_attribute_can_be_read(attribute: str) -> None:
    labels = attribute.rpartition(".")[2] in LABEL_SETS
    condition = f"{attribute}.isEmpty()" if labels else f"{attribute} == {attribute}"
    load({"f": f'@id("x") forbid (principal, action, resource) when {{ {condition} }};'}, {})


@pytest.mark.parametrize("name", ["recent.week.actions", "recent.hour.action", "recents.hour.actions", "input.force"])
def test_any_other_attribute_is_an_error(name: str) -> None:
    assert not valid(f"forbid (principal, action, resource) when {{ context.{name} == context.{name} }};")


def test_verbs_are_in_their_groups() -> None:
    scope = f'(principal, action == Interlock::Action::"{SQL_SELECT}", resource)'
    assert valid(f'permit {scope} when {{ action in Interlock::Action::"read" }};')


def test_a_pinned_tool_has_an_action_of_its_own_with_its_arguments() -> None:
    for one in ('== Interlock::Action::"tool:github/merge"', 'in [Interlock::Action::"tool:github/merge"]'):
        text = f"forbid (principal, action {one}, resource) when {{ {FORCED} }};"
        assert valid(text, TOOL)
        assert not valid(text)
    every = 'forbid (principal, action in Interlock::Action::"tool.call", resource is Interlock::Tool)'
    assert valid(f"{every};", TOOL)
    assert valid(f"{every} when {{ context has input.force && context.input.force }};", TOOL)
    assert not valid(f"{every} when {{ context has input.force && context.input.force }};", TOOL, OTHER)
    assert not valid(f"{every} when {{ context.input has force }};", TOOL)


@pytest.mark.parametrize("condition", ["context.input.force", 'context.input has force && context.input.force == "x"'])
def test_an_argument_is_read_strictly(condition: str) -> None:
    scope = 'principal, action == Interlock::Action::"tool:github/merge", resource'
    assert not valid(f"forbid ({scope}) when {{ {condition} }};", TOOL)


TEXTS = [
    *(text for text, _ in (*NAMES, *HOLES)),
    *FINE,
    *IDLE,
    *(scope(action=f'action in I::Action::"{name}"') for name in (*VERBS, *GROUPS, "x")),
    *(scope(action=f'action == I::Action::"{verb}"', resource="resource is I::Column") for verb in VERBS),
    scope("principal is I::Robot"),
    scope("principal is I::Agent in I::Group"),
    when('principal == I::Agent::"a" || principal == I::Person::"b"'),
    when("principal == resource"),
    scope(action='action in I::Action::"reveal"', resource='resource in I::Relation::"c/x"'),
    scope(action='action in I::Action::"read"', resource="resource is I::Tool"),
    scope(action='action in I::Action::"tool.call"').replace(";", " when { context.input has force };"),
    scope(action='action in I::Action::"tool.call"').replace(";", " when { context has input.by };"),
    scope(action='action in I::Action::"execute"').replace(";", f" when {{ context has input && {FORCED} }};"),
    when(f"context has input && {FORCED}"),
    when(FORCED),
    scope(action='action == I::Action::"tool:github/merge"').replace(";", f" when {{ {FORCED} }};"),
    scope(action='action == I::Action::"tool:github/close"').replace(";", f" when {{ {FORCED} }};"),
    scope(action='action == I::Action::"tool:github/none"'),
    when("context.recent.hour.rows > context.recent.day.labels"),
    when('context.recent.hour.labels.contains("phi") && principal.x'),
]


@pytest.mark.parametrize("tools", [(), (TOOL, OTHER)], ids=len)
def test_policies_validate_the_same_under_the_smaller_schema(tools: tuple[Tool, ...]) -> None:
    whole = cedarpy.Schema.from_str(schema_text(tools))
    for text in TEXTS:
        try:
            (tree,) = cedarpy.PolicySet.from_str(text).to_pst().static_policies.values()
        except ValueError:
            continue
        smaller = validation_text([tree], tools)
        expected = cedarpy.validate_policies(text, whole).validation_passed
        assert cedarpy.validate_policies(text, smaller).validation_passed is expected, text


def test_policies_together_keep_what_any_of_them_names() -> None:
    texts = [
        'permit (principal is Interlock::Service, action == Interlock::Action::"sql.merge", resource);',
        'forbid (principal == Interlock::Person::"x", action in [Interlock::Action::"sql.drop"], resource);',
        'forbid (principal, action == Interlock::Action::"tool:github/close", resource);',
    ]
    trees = [tree for text in texts for tree in cedarpy.PolicySet.from_str(text).to_pst().static_policies.values()]
    assert cedarpy.validate_policies("\n".join(texts), validation_text(trees, (TOOL, OTHER))).validation_passed
