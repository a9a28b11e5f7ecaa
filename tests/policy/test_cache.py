"""The decision cache: keyed by what the bundle reads, and never holding what must be decided anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.model.action import Action
from interlock.model.canonical import JsonValue
from interlock.model.decision import Allow, Deny, NeedsReview
from interlock.model.exposure import Exposure
from interlock.model.names import ActorId, ConnectionName, Digest
from interlock.model.obligation import Obligations
from interlock.model.payload import ToolPayload
from interlock.model.resource import Resource, ResourceKind
from interlock.model.tool import Tool
from interlock.model.verb import SQL_SELECT, SQL_UPDATE, TOOL_CALL
from interlock.policy import cache
from interlock.policy.bundle import load
from interlock.policy.cache import DecisionCache
from interlock.policy.schema import CONTEXT, INPUT, LABEL_SETS

from .asking import GROUPS, NOON, PERMIT_ALL, action, actor, bundle, labels, relation, reveal, showing

SCOPE = "(principal, action, resource)"
READ = action((SQL_SELECT, relation()))
ALLOWED = Allow(Obligations(), (), READ.id)  # type: ignore[arg-type]


def test_the_same_question_is_answered_from_memory() -> None:
    loaded = bundle(PERMIT_ALL)
    again = replace(READ, id="other", cover={"x": 1})  # type: ignore[arg-type]
    assert loaded.decide(READ, NOON) is loaded.decide(again, NOON)


@pytest.mark.parametrize(
    "other",
    [
        replace(READ, actor=actor("other")),
        replace(READ, actor=actor(groups=())),
        replace(READ, actor=actor(chain=(actor("x"),))),
        action((SQL_UPDATE, relation())),
        action((SQL_SELECT, relation("clinic/public.claims"))),
        action((SQL_SELECT, relation("clinic/public.patients", "phi"))),
        action((SQL_SELECT, relation()), tags=()),
        action((SQL_SELECT, relation()), environment="staging"),
        action((SQL_SELECT, relation()), exposure=showing("phi")),
        action((SQL_SELECT, relation()), reveals=[reveal()]),
        action((SQL_SELECT, relation()), reveals=[reveal(label="phi.name")]),
    ],
)
def test_another_question_isnt(other: Action) -> None:
    loaded = bundle(PERMIT_ALL)
    assert loaded.decide(READ, NOON) is not loaded.decide(other, NOON)


READS = {
    "labels": Exposure(labels=labels("phi")),
    "filters": Exposure(filters=labels("phi")),
    "writes": Exposure(writes=labels("phi")),
    "unbounded": Exposure(unbounded=True),
}


@pytest.mark.parametrize("name", READS)
def test_only_what_the_bundle_reads_tells_questions_apart(name: str) -> None:
    other = replace(READ, exposures=(READS[name],))
    silent = bundle(PERMIT_ALL)
    assert silent.decide(READ, NOON) is silent.decide(other, NOON)
    condition = f"context.{name}.isEmpty()" if name in LABEL_SETS else f"context.{name}"
    reading = bundle(PERMIT_ALL, f'@id("r") permit {SCOPE} when {{ {condition} }};')
    assert reading.decide(READ, NOON) is not reading.decide(other, NOON)


@pytest.mark.parametrize(
    "condition",
    [
        "context.hour < 23",
        'context.now > datetime("2020-01-01")',
        "context.recent.minute.actions < 100",
        "context == context",
    ],
)
def test_a_bundle_that_reads_the_time_remembers_nothing(condition: str) -> None:
    loaded = bundle(PERMIT_ALL, f'@id("r") permit {SCOPE} when {{ {condition} }};')
    assert loaded.decide(READ, NOON) is not loaded.decide(READ, NOON)


@pytest.mark.parametrize("condition", ["context.hour < 23", "context.recent.day.rows > 5"])
def test_what_an_observed_policy_reads_counts_too(condition: str) -> None:
    loaded = bundle(PERMIT_ALL, f'@id("w") @observe forbid {SCOPE} when {{ {condition} }};')
    assert loaded.decide(READ, NOON) is not loaded.decide(READ, NOON)


OWING = [
    ("@justify", replace(READ, reason_given="x"), READ),
    ("@ticket", replace(READ, ticket_given="x"), READ),
    ('@row_cap("5")', replace(READ, cappable=True), READ),
]


@pytest.mark.parametrize(("annotation", "met", "unmet"), OWING)
def test_a_met_obligation_isnt_remembered_for_who_doesnt_meet_it(annotation: str, met: Action, unmet: Action) -> None:
    loaded = bundle(f'@id("a") {annotation} permit {SCOPE};')
    first = loaded.decide(met, NOON)
    assert isinstance(first, Allow)
    assert isinstance(loaded.decide(unmet, NOON), Deny)
    assert loaded.decide(met, NOON) is first


def test_what_is_owed_nowhere_tells_nobody_apart() -> None:
    loaded = bundle(PERMIT_ALL)
    other = replace(READ, reason_given="x", ticket_given="y", cappable=True)
    assert loaded.decide(READ, NOON) is loaded.decide(other, NOON)


CREATE = Tool(
    ConnectionName("clinic"),
    "create",
    {"type": "object", "properties": {"urgent": {"type": "boolean"}, "count": {"type": "integer"}}},
)


def call(input: dict[str, JsonValue] | None, definition: str = CREATE.digest) -> Action:
    asked = action((TOOL_CALL, Resource(ResourceKind.TOOL, CREATE.id)))
    return replace(asked, input=input, payload=ToolPayload(CREATE.name, Digest(definition), b"{}"))


def test_a_tools_arguments_tell_questions_apart_once_they_are_read() -> None:
    reading = (
        '@id("r") forbid (principal, action == Interlock::Action::"tool:clinic/create", resource)'
        " when { context.input has count && context.input.count == 1 };"
    )
    silent = load({"a": PERMIT_ALL}, GROUPS, tools=[CREATE])
    assert silent.decide(call({"count": 0}), NOON) is silent.decide(call({"urgent": False}), NOON)
    loaded = load({"a": PERMIT_ALL + reading}, GROUPS, tools=[CREATE])
    first = loaded.decide(call({"count": 0, "urgent": False}), NOON)
    assert isinstance(first, Allow)
    assert loaded.decide(call({"urgent": False, "count": 0}), NOON) is first
    assert loaded.decide(call({"count": 0, "urgent": True}), NOON) is not first
    assert isinstance(loaded.decide(call({"count": 1}), NOON), Deny)
    # To Python these two are equal; Cedar has one of them for a mistake.
    assert isinstance(loaded.decide(call({"count": False}), NOON), Deny)


def test_arguments_read_by_another_definition_are_another_question() -> None:
    loaded = load({"a": PERMIT_ALL, "b": f'@id("o") forbid {SCOPE} when {{ context.opaque }};'}, GROUPS, tools=[CREATE])
    assert isinstance(loaded.decide(call({}), NOON), Allow)
    assert isinstance(loaded.decide(call({}, "0" * 64), NOON), Deny)
    assert isinstance(loaded.decide(call(None), NOON), Deny)


def test_held_and_denied_are_decided_anew() -> None:
    for text, kind in ((f'@id("h") @review("privacy-officers:1") forbid {SCOPE};', NeedsReview), ("", Deny)):
        loaded = bundle(PERMIT_ALL, text) if text else bundle("")
        first, second = loaded.decide(READ, NOON), loaded.decide(READ, NOON)
        assert isinstance(first, kind)
        assert first == second
        assert first is not second


def test_a_refusal_isnt_answered_from_memory() -> None:
    loaded = bundle(PERMIT_ALL)
    assert isinstance(loaded.decide(READ, NOON), Allow)
    assert isinstance(loaded.decide(replace(READ, refusal="No."), NOON), Deny)


def test_the_cache_has_a_bound_and_drops_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST", 3)
    kept = DecisionCache(frozenset())
    keys = [kept.key(replace(READ, actor=actor(ActorId(f"a{n}")))) for n in range(4)]
    for key in keys[:3]:
        kept.keep(key, ALLOWED)
    assert kept.get(keys[0]) is ALLOWED
    kept.keep(keys[3], ALLOWED)
    assert len(kept) == 3
    assert kept.get(keys[1]) is None
    assert kept.get(keys[0]) is ALLOWED


def test_every_attribute_of_the_schema_has_its_place_in_the_key() -> None:
    moving = {"now", "hour", "recent"}
    still = frozenset(CONTEXT) - moving | {INPUT, "ticket_given", "cappable"}
    assert DecisionCache(still).key(READ) is not None
    for name in moving:
        assert DecisionCache(still | {name}).key(READ) is None
    with pytest.raises(KeyError):
        DecisionCache(frozenset({"new"})).key(READ)
