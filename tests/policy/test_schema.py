"""The schema says what the model's tables say."""

from __future__ import annotations

import cedarpy
import pytest

from interlock.model.actor import ActorKind
from interlock.model.resource import ResourceKind
from interlock.model.verb import GROUPS, SQL_SELECT, VERBS
from interlock.policy.bundle import load
from interlock.policy.schema import CONTEXT, LABEL_SETS, RESOURCE, principal_type, resource_type, schema_text


def test_cedar_reads_it() -> None:
    cedarpy.Schema.from_str(schema_text())


@pytest.mark.parametrize("name", [*VERBS, *GROUPS])
def test_every_verb_and_group_can_be_named(name: str) -> None:
    applies = name in VERBS or any(name in groups for groups in VERBS.values())
    text = f'permit (principal, action in Interlock::Action::"{name}", resource);'
    assert cedarpy.validate_policies(text, schema_text()).validation_passed is applies


@pytest.mark.parametrize("kind", list(ActorKind))
def test_every_kind_of_actor_can_be_named(kind: ActorKind) -> None:
    load({"f": f'@id("x") forbid (principal is {principal_type(kind)}, action, resource);'}, {})


@pytest.mark.parametrize("kind", list(ResourceKind))
def test_every_kind_of_resource_can_be_named(kind: ResourceKind) -> None:
    load({"f": f'@id("x") forbid (principal, action, resource is {resource_type(kind)});'}, {})


@pytest.mark.parametrize(
    "attribute", [*(f"context.{name}" for name in CONTEXT), *(f"resource.{name}" for name in RESOURCE)]
)
def test_every_attribute_can_be_read(attribute: str) -> None:
    labels = attribute.split(".")[1] in LABEL_SETS
    condition = f"{attribute}.isEmpty()" if labels else f"{attribute} == {attribute}"
    load({"f": f'@id("x") forbid (principal, action, resource) when {{ {condition} }};'}, {})


def test_verbs_are_in_their_groups() -> None:
    scope = f'(principal, action == Interlock::Action::"{SQL_SELECT}", resource)'
    text = f'permit {scope} when {{ action in Interlock::Action::"read" }};'
    assert cedarpy.validate_policies(text, schema_text()).validation_passed
