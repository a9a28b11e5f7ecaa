"""Tools with verbs of their own: which policies let a call through, and what the checks of policies make of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from interlock.errors import PolicyMistakes
from interlock.model.action import Action, Ask
from interlock.model.decision import Allow, Deny
from interlock.model.exposure import Exposure
from interlock.model.jcs import Json
from interlock.model.names import ConnectionName, Verb
from interlock.model.recent import QUIET
from interlock.model.resource import Resource, ResourceKind
from interlock.model.tool import Tool
from interlock.model.verb import (
    DOCUMENT_READ,
    GROUPS,
    PROMPT_COMPLETE,
    PROMPT_GET,
    TOOL_CALL,
    TOOL_EXPORT,
    TOOL_READ,
    TOOL_VERBS,
    VERBS,
)
from interlock.policy.bundle import load
from interlock.policy.difference import compare
from interlock.policy.rehearsal import rehearse
from interlock.policy.requests import groups_asked
from interlock.policy.terms import Direction
from interlock.policy.warnings import WarningCode, warnings

from .asking import GROUPS as PEOPLE
from .asking import NOON, action
from .test_holes import AROUND, KNOWN_LABELS

CLINIC = ConnectionName("clinic")
SCHEMA: Mapping[str, Json] = {"type": "object", "properties": {"mrn": {"type": "string"}}}
FIND = Tool(CLINIC, "find", SCHEMA, verbs=(TOOL_READ,))
DUMP = Tool(CLINIC, "dump", SCHEMA, verbs=(TOOL_READ, TOOL_EXPORT))
RUN = Tool(CLINIC, "run", SCHEMA)
EVERY = (FIND, DUMP, RUN)
READ = 'permit (principal, action in Interlock::Action::"read", resource);'
EXPORT = 'permit (principal, action in Interlock::Action::"export", resource);'
EXECUTE = 'permit (principal, action in Interlock::Action::"execute", resource);'


def call(tool: Tool, *documents: str, input: dict[str, str] | None = None) -> Action:
    """As `from_tool_call` asks: the tool, and each document, by every verb of the tool."""
    resources = [Resource(ResourceKind.TOOL, tool.id)]
    resources += [Resource(ResourceKind.DOCUMENT, f"{tool.connection}/{name}") for name in documents]
    asks = tuple(Ask(verb, resource) for resource in resources for verb in tool.verbs)
    return replace(action(exposure=Exposure()), asks=asks, input={} if input is None else input)


def allowed(asked: Action, *policies: str) -> bool:
    texts = "\n".join(f'@id("p{number}") {policy}' for number, policy in enumerate(policies))
    bundle = load({"f": texts}, PEOPLE, KNOWN_LABELS, AROUND, tools=EVERY)
    decision = bundle.decide(asked, NOON, QUIET)
    assert isinstance(decision, Allow | Deny)
    return isinstance(decision, Allow)


@pytest.mark.parametrize("group", sorted(TOOL_VERBS))
def test_every_group_that_a_tool_can_be_mapped_to_is_one_and_lets_its_own_through_alone(group: str) -> None:
    assert group in GROUPS and VERBS[TOOL_VERBS[group]] == (group,)
    tool = replace(FIND, name="find", verbs=(TOOL_VERBS[group],))
    bundles = {
        each: load(
            {"f": f'@id("x") permit (principal, action in Interlock::Action::"{each}", resource);'},
            PEOPLE,
            KNOWN_LABELS,
            AROUND,
            tools=(tool,),
        )
        for each in TOOL_VERBS
    }
    through = {each for each, bundle in bundles.items() if isinstance(bundle.decide(call(tool), NOON, QUIET), Allow)}
    assert through == {group}


def test_a_reading_tool_is_permitted_by_read_and_not_by_execute() -> None:
    assert allowed(call(FIND), READ)
    assert not allowed(call(FIND), EXECUTE)
    assert allowed(call(RUN), EXECUTE)
    assert not allowed(call(RUN), READ)


def test_a_tool_that_reads_and_exports_needs_both() -> None:
    assert allowed(call(DUMP), READ, EXPORT)
    assert not allowed(call(DUMP), READ)
    assert not allowed(call(DUMP), EXPORT)
    assert not allowed(call(DUMP), READ, EXPORT, 'forbid (principal, action in Interlock::Action::"export", resource);')


def test_naming_the_tools_own_action_isnt_naming_its_other_verbs() -> None:
    own = 'permit (principal, action == Interlock::Action::"tool:clinic/dump", resource);'
    assert not allowed(call(DUMP), own)
    assert allowed(call(DUMP), own, EXPORT)


def test_its_own_action_has_its_arguments_and_its_other_verbs_havent() -> None:
    named = 'action == Interlock::Action::"tool:clinic/dump"'
    by_number = f'forbid (principal, {named}, resource) when {{ context.input has mrn && context.input.mrn == "1" }};'
    assert not allowed(call(DUMP, input={"mrn": "1"}), READ, EXPORT, by_number)
    assert allowed(call(DUMP, input={"mrn": "2"}), READ, EXPORT, by_number)
    plain = f"permit (principal, {named.replace('tool:clinic/dump', 'tool.export')}, resource)"
    with pytest.raises(PolicyMistakes):
        allowed(call(DUMP), f"{plain} when {{ context has input.mrn }};")


def test_all_that_a_call_touches_is_asked_for() -> None:
    asked = call(FIND, "ward/7")
    tools_alone = 'permit (principal, action in Interlock::Action::"read", resource is Interlock::Tool);'
    documents = 'permit (principal, action in Interlock::Action::"read", resource is Interlock::Document);'
    assert not allowed(asked, tools_alone)
    assert not allowed(asked, documents)
    assert allowed(asked, tools_alone, documents)
    ward = 'forbid (principal, action, resource == Interlock::Document::"clinic/ward/7");'
    assert not allowed(asked, READ, ward)
    assert allowed(call(FIND, "ward/8"), READ, ward)
    assert allowed(asked, 'permit (principal, action, resource in Interlock::Connection::"clinic");')


@pytest.mark.parametrize("verb", [DOCUMENT_READ, PROMPT_GET, PROMPT_COMPLETE])
def test_documents_and_prompts_are_read(verb: Verb) -> None:
    asked = action((verb, Resource(ResourceKind.DOCUMENT, "clinic/prompts/triage")))
    assert allowed(asked, READ)
    assert not allowed(asked, EXECUTE)
    assert allowed(
        asked, f'permit (principal, action == Interlock::Action::"{verb}", resource is Interlock::Document);'
    )


def test_what_is_asked_tells_every_group() -> None:
    assert groups_asked(call(DUMP)) == ["export", "read"]
    only_reads = 'permit (principal, action, resource) when { context.asked == ["read"] };'
    assert allowed(call(FIND, "ward/7"), only_reads)
    assert not allowed(call(DUMP), only_reads)


def rehearsed(policy: str, tools: Sequence[Tool] = EVERY) -> list[str]:
    return rehearse({"f": f'@id("x") {policy}'}, PEOPLE, KNOWN_LABELS, AROUND, tools)


def test_the_rehearsal_asks_as_mapped_tools_are_asked_for() -> None:
    """What nothing could make fire is told of tools' own actions too, and nothing else is."""
    for named in (
        'action in Interlock::Action::"tool.read"',
        'action in Interlock::Action::"read"',
        'action == Interlock::Action::"tool:clinic/find"',
        'action == Interlock::Action::"tool:clinic/dump"',
    ):
        policy = f"forbid (principal, {named}, resource is Interlock::Tool)"
        assert rehearsed(f"{policy} when {{ context.opaque }};") == []
        assert len(rehearsed(f"{policy} when {{ context.opaque && !context.opaque }};")) == 1


def shadowed(*policies: str) -> list[str]:
    texts = "\n".join(f'@id("p{number}") {policy}' for number, policy in enumerate(policies))
    found = warnings({"f": texts}, PEOPLE, KNOWN_LABELS, AROUND, {}, EVERY)
    return [str(each.policy) for each in found if each.code is WarningCode.SHADOWED]


def test_a_group_shadows_the_tools_that_are_mapped_to_it_and_no_others() -> None:
    on_find = 'forbid (principal, action == Interlock::Action::"tool:clinic/find", resource);'
    assert shadowed('forbid (principal, action in Interlock::Action::"read", resource);', on_find) == ["p1"]
    assert shadowed('forbid (principal, action in Interlock::Action::"tool.read", resource);', on_find) == ["p1"]
    assert shadowed('forbid (principal, action in Interlock::Action::"execute", resource);', on_find) == []
    on_run = 'forbid (principal, action == Interlock::Action::"tool:clinic/run", resource);'
    assert shadowed('forbid (principal, action in Interlock::Action::"execute", resource);', on_run) == ["p1"]


def test_a_forbid_on_a_verb_alone_is_a_mistake_since_tools_have_actions_of_their_own() -> None:
    for verb in TOOL_VERBS.values():
        with pytest.raises(PolicyMistakes, match="action of its own"):
            allowed(call(RUN), f'forbid (principal, action == Interlock::Action::"{verb}", resource);')


def test_the_difference_of_policies_knows_no_map_and_says_so_by_either() -> None:
    """Maps aren't in the policies' texts, so that a group may take in the tool or not."""
    tool = '@id("x") forbid (principal, action == Interlock::Action::"tool:clinic/find", resource);'
    group = '@id("x") forbid (principal, action in Interlock::Action::"read", resource);'
    assert compare({"f": tool}, {"f": group}).direction is Direction.EITHER
    every = '@id("x") forbid (principal, action, resource);'
    assert compare({"f": tool}, {"f": every}).direction is Direction.TIGHTENS


def test_arguments_are_those_of_the_tools_that_a_group_takes_in() -> None:
    asks = 'forbid (principal, action in Interlock::Action::"{}", resource) when {{ context has input.mrn }};'
    assert not allowed(call(FIND, input={"mrn": "1"}), READ, asks.format("tool.read"))
    for group in ("write", "tool.write"):
        with pytest.raises(PolicyMistakes, match="no pinned tool is within this policy's scope"):
            allowed(call(FIND), READ, asks.format(group))


def test_an_unpinned_tool_is_called_and_opaque_whatever_it_is_named_like() -> None:
    asked = replace(action((TOOL_CALL, Resource(ResourceKind.TOOL, "clinic/unknown"))), input=None)
    assert not allowed(asked, READ)
    assert allowed(asked, EXECUTE)
