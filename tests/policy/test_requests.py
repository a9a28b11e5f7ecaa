"""An action in Cedar's terms."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import cedarpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.model.action import Action
from interlock.model.exposure import Exposure
from interlock.model.impact import Impact
from interlock.model.label import Label, upward
from interlock.model.names import ConnectionName, Digest
from interlock.model.payload import ToolPayload
from interlock.model.recent import QUIET, Recent, Window
from interlock.model.resource import Resource, ResourceKind
from interlock.model.reveal import Reveal
from interlock.model.tool import Tool
from interlock.model.verb import SQL_COPY_OUT, SQL_REVEAL, SQL_SELECT, TOOL_CALL
from interlock.policy.requests import close, context, entities, requests, reveal_entities
from interlock.policy.schema import CONTEXT, UNKNOWN, schema_text
from interlock.sensitivity.labels import KNOWN

from .asking import NOON, action, actor, labels, relation, showing

MERGE = Tool(ConnectionName("clinic"), "merge", {"type": "object", "properties": {"force": {"type": "boolean"}}})
CALLED = Resource(ResourceKind.TOOL, "clinic/merge", labels("phi.mrn"))
TOOLS = {MERGE.id: MERGE}
MRN = Reveal("clinic/public.patients.mrn", Label("phi.mrn"))
NAME = Reveal("clinic/public.patients.name", Label("phi.name"))
PATIENTS = 'I::Relation::"clinic/public.patients"'
ABOUT = context(action(), NOON, frozenset(), QUIET, UTC)


def zone_of(hours: float) -> tzinfo:
    return timezone(timedelta(hours=hours))


def call(input: dict[str, bool] | None = None, definition: Digest = MERGE.digest) -> Action:
    asked = action((TOOL_CALL, CALLED))
    return replace(asked, payload=ToolPayload("clinic/merge", definition, b"{}"), input=input)


def revealing(*reveals: Reveal, own: Resource | None = None) -> Action:
    return replace(action((SQL_SELECT, own or relation())), reveals=frozenset(reveals))


def allows(asked: Action, policy: str, known: frozenset[Label] = frozenset()) -> list[bool]:
    """What Cedar says of each request of an action under one policy."""
    schema = cedarpy.Schema.from_str(schema_text(list(TOOLS.values()), unknown=UNKNOWN))
    about = context(asked, NOON, known, QUIET, UTC)
    answers = []
    for each in requests(asked, asked.actor, about, TOOLS):
        plain = (entities(asked, asked.actor, known),)
        for beside in plain if each.reveal is None else reveal_entities(asked, asked.actor, each.reveal, known):
            answer = cedarpy.is_authorized(each.request, policy.replace("I::", "Interlock::"), beside, schema)
            assert answer.diagnostics.errors == []
            answers.append(answer.decision is cedarpy.Decision.Allow)
    return answers


def test_the_context_holds_what_the_schema_says() -> None:
    assert ABOUT.keys() == CONTEXT.keys() - UNKNOWN
    known = context(replace(action(), rows_estimate=12), NOON, frozenset(), QUIET, UTC)
    assert known.keys() == CONTEXT.keys()


def test_a_size_is_told_as_cards_tell_it_and_traffic_has_none() -> None:
    def told(asked: Action) -> tuple[object, object]:
        about = context(asked, NOON, frozenset(), QUIET, UTC)
        return about["estimated"], about.get("rows_estimate")

    traffic = replace(action(), exposures=(Exposure(impact=Impact(nothing=True)),) * 2)
    assert told(replace(action(), rows_estimate=1_234)) == (True, 1_300)
    assert told(action()) == (False, None)
    assert told(traffic) == (True, 0)
    assert told(replace(traffic, exposures=(*traffic.exposures, Exposure()))) == (False, None)
    assert told(replace(action(), exposures=())) == (False, None)


@pytest.mark.parametrize(
    ("zone", "hour"),
    [(UTC, 12), (zone_of(5.5), 18), (zone_of(-5), 7), (zone_of(-13), 23), (zone_of(12), 0)],
)
def test_the_hour_is_in_its_zone_and_now_in_utc(zone: tzinfo, hour: int) -> None:
    for now in (NOON, NOON.astimezone(zone_of(9))):
        about = context(action(), now, frozenset(), QUIET, zone)
        assert about["hour"] == hour
        assert about["now"] == {"__extn": {"fn": "datetime", "arg": "2026-11-22T12:30:15.123Z"}}


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        context(action(), datetime(2026, 1, 1), frozenset(), QUIET, UTC)


def test_recent_is_told_window_by_window() -> None:
    hour = Window(actions=3, exports=2, denials=1, held=4, rows=2**70, labels=labels("phi.mrn"))
    about = context(action(), NOON, frozenset(), Recent(hour=hour), UTC)
    quiet = {"actions": 0, "exports": 0, "denials": 0, "held": 0, "rows": 0, "labels": []}
    assert about["recent"] == {
        "minute": quiet,
        "hour": {"actions": 3, "exports": 2, "denials": 1, "held": 4, "rows": 2**63 - 1, "labels": ["phi", "phi.mrn"]},
        "day": quiet,
    }
    asked = action((SQL_SELECT, relation()))
    (only,) = requests(asked, asked.actor, about, {})
    condition = 'context.recent.hour.exports == 2 && context.recent.hour.labels.contains("phi")'
    answer = cedarpy.is_authorized(
        only.request,
        f"permit (principal, action, resource) when {{ {condition} }};",
        entities(asked, asked.actor, frozenset()),
        cedarpy.Schema.from_str(schema_text(unknown=UNKNOWN)),
    )
    assert answer.diagnostics.errors == []
    assert answer.decision is cedarpy.Decision.Allow


def test_asks_come_in_their_order_without_repeats_and_reveals_after_them() -> None:
    patients, claims = relation("clinic/public.patients"), relation("clinic/public.claims")
    again = relation("clinic/public.patients", "phi")
    asked = action((SQL_SELECT, patients), (SQL_COPY_OUT, patients), (SQL_SELECT, claims), (SQL_SELECT, again))
    asked = replace(asked, reveals=frozenset({NAME, MRN}))
    found = requests(asked, asked.actor, ABOUT, {})
    assert [(each.ask.verb, each.ask.resource.id) for each in found] == [
        (SQL_SELECT, patients.id),
        (SQL_COPY_OUT, patients.id),
        (SQL_SELECT, claims.id),
        (SQL_REVEAL, MRN.column),
        (SQL_REVEAL, NAME.column),
    ]
    assert [each.reveal for each in found] == [None, None, None, MRN, NAME]
    assert all(each.request["context"] is ABOUT for each in found)
    assert [each.ask.resource.kind for each in found[3:]] == [ResourceKind.COLUMN] * 2


def test_a_resource_asked_for_twice_bears_the_labels_of_both() -> None:
    asked = action((SQL_SELECT, relation("clinic/x", "phi.mrn")), (SQL_COPY_OUT, relation("clinic/x", "pci")))
    (resource,) = [e for e in json.loads(entities(asked, asked.actor, frozenset())) if "Relation" in e["uid"]["type"]]
    assert resource["attrs"]["labels"] == ["pci", "phi", "phi.mrn"]
    assert resource["attrs"]["name"] == "x"


def test_a_reveal_is_of_one_label_of_a_column_in_its_relation_and_connection() -> None:
    asked = revealing(MRN, NAME, own=relation("clinic/public.patients", "phi.mrn", "phi.name", "secret"))
    in_relation = (
        'permit (principal, action in I::Action::"reveal", resource in I::Relation::"clinic/public.patients");'
    )
    assert allows(asked, in_relation) == [False, True, True]
    assert allows(asked, in_relation.replace("patients", "claims")) == [False, False, False]
    in_connection = 'permit (principal, action == I::Action::"sql.reveal", resource in I::Connection::"clinic")'
    assert allows(asked, f"{in_connection};") == [False, True, True]
    names = [True, True]  # phi.name has labels beneath it, so it is asked about twice
    for label, expected in (
        ("phi.mrn", [True, False, False]),
        ("phi.name", [False, *names]),
        ("phi.name.given", [False, False, True]),
        ("phi", [True, *names]),
    ):
        condition = f'resource.labels.contains("{label}")'
        assert allows(asked, f"{in_connection} when {{ {condition} }};", frozenset(KNOWN))[1:] == expected
    assert allows(asked, f'{in_connection} when {{ resource.labels.contains("secret") }};')[1:] == [False, False]
    assert allows(asked, f'{in_connection} when {{ resource.name == "public.patients.mrn" }};')[1:] == [True, False]
    column = 'permit (principal, action, resource == I::Column::"clinic/public.patients.mrn");'
    assert allows(asked, column) == [False, True, False]


def test_a_coarse_label_is_revealed_as_what_it_is() -> None:
    """A permit for one kind of label doesn't reach a column that may hold any, and a forbid for it does.

    Both are asked, closed upward only and downward too, and both must be let through.
    """
    asked = revealing(Reveal("clinic/public.patients.note", Label("phi")))
    permit = "permit (principal, action, resource is I::Column) when {{ resource.labels.contains({}) }};"
    assert allows(asked, permit.format('"phi.mrn"'), frozenset(KNOWN)) == [False, False, True]
    assert allows(asked, permit.format('"phi"'), frozenset(KNOWN)) == [False, True, True]


@pytest.mark.parametrize("own", ["clinic/public.a.b", "clinic/public.a"])
def test_a_column_whose_names_hold_dots_is_in_the_relation_that_is_asked_for(own: str) -> None:
    asked = revealing(Reveal("clinic/public.a.b.c", Label("phi")), own=relation(own))
    assert allows(asked, f'permit (principal, action, resource in I::Relation::"{own}");') == [True, True]


def test_a_relation_that_isnt_asked_for_is_told_by_the_columns_name() -> None:
    asked = revealing(MRN, own=relation("clinic/public.patient"))
    assert allows(asked, 'permit (principal, action, resource in I::Relation::"clinic/public.patients");') == [
        False,
        True,
    ]


FORCED = "context.input has force && context.input.force"
SCOPE = 'permit (principal, action == I::Action::"tool:clinic/merge", resource)'


def test_a_pinned_tools_call_has_its_own_action_and_input() -> None:
    assert allows(call({"force": True}), f"{SCOPE} when {{ {FORCED} }};") == [True]
    assert allows(call({"force": False}), f"{SCOPE} when {{ {FORCED} }};") == [False]
    assert allows(call({}), f"{SCOPE} when {{ context.input has force }};") == [False]
    for group in ("tool.call", "execute"):
        assert allows(call({}), f'permit (principal, action in I::Action::"{group}", resource);') == [True]
    assert allows(call({}), f'{SCOPE} when {{ resource.labels.contains("phi") }};') == [True]


@pytest.mark.parametrize("asked", [call(None), call({"force": True}, Digest("0" * 64))])
def test_arguments_read_by_no_or_another_definition_are_absent_and_the_call_opaque(asked: Action) -> None:
    assert allows(asked, f"{SCOPE} when {{ context.input has force }};") == [False]
    assert allows(asked, f"{SCOPE} when {{ context.opaque }};") == [True]
    assert allows(call({}), f"{SCOPE} when {{ context.opaque }};") == [False]


def test_a_tool_that_isnt_pinned_is_only_called() -> None:
    other = replace(call({"force": True}), asks=action((TOOL_CALL, Resource(ResourceKind.TOOL, "clinic/x"))).asks)
    (only,) = requests(other, other.actor, ABOUT, TOOLS)
    assert only.request["action"] == {"type": "Interlock::Action", "id": "tool.call"}
    assert only.request["context"] is ABOUT
    assert allows(other, 'permit (principal, action == I::Action::"tool.call", resource);') == [True]


def test_no_character_of_a_name_is_syntax() -> None:
    strange = relation('clinic/x", "y\\ \n{}', 'a"b')
    asked = action((SQL_SELECT, strange), by=actor('a"\\', groups=['g"']))
    asked = replace(asked, reveals=frozenset({Reveal(f'{strange.id}.c"', Label('l"'))}))
    assert allows(asked, "permit (principal, action, resource);") == [True, True]


@given(st.frozensets(st.sampled_from(sorted(upward(KNOWN)))), st.frozensets(st.sampled_from(sorted(KNOWN))))
def test_closing_labels_is_downward_and_then_upward(own: frozenset[Label], known: frozenset[Label]) -> None:
    beneath = {k for k in known for label in own if k.startswith(f"{label}.")}
    assert close(own, known) == sorted(upward(own | beneath))


def test_a_connection_is_in_nothing_and_exposure_counts_for_the_whole() -> None:
    asked = action((SQL_SELECT, Resource(ResourceKind.CONNECTION, "clinic")), exposure=showing("phi.mrn"))
    assert allows(asked, 'permit (principal, action, resource == I::Connection::"clinic");') == [True]
    assert allows(asked, 'permit (principal, action, resource) when { context.labels.contains("phi") };') == [True]
