"""A card is whole or it can't be approved."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.web.in_memory import actor, change_of_policies, content, rich

from interlock.model.action import Action, Ask
from interlock.model.actor import ActorKind
from interlock.model.connection import Connection
from interlock.model.decision import NeedsReview, Quorum, Reason, Requirements, Reuse
from interlock.model.exposure import Exposure, Output
from interlock.model.label import Label
from interlock.model.names import ActionId, ConnectionName, Digest, GroupName, PolicyId
from interlock.model.obligation import Obligations
from interlock.model.payload import SqlPayload, ToolPayload
from interlock.model.resource import Resource, ResourceKind
from interlock.model.reveal import Reveal
from interlock.model.template import Leaf, Template
from interlock.model.verb import SQL_SELECT
from interlock.review import card
from interlock.review.card_view import CardContent, read_card
from interlock.review.words import needs, runs


def test_a_whole_card_is_read() -> None:
    view = read_card(content())
    assert view.whole
    assert view.content is not None
    assert view.content.statements[0].leaves[0].label == "phi.mrn"


@pytest.mark.parametrize("field", sorted(name for name, f in CardContent.model_fields.items() if f.is_required()))
def test_a_missing_field_makes_it_unwhole(field: str) -> None:
    fields = content()
    del fields[field]
    view = read_card(fields)
    assert not view.whole
    assert view.faults == (field,)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"surprise": "new in version 2"},
        {"unbounded": "no"},
        {"uses": True},
        {"requirements": []},
        {"any_of": [[]]},
        {"stages": [[]]},
        {"stages": [[[]]]},
        {"uses": 0},
        {"row_cap": "1000"},
        {"tool": {"name": "clinic/export"}},
        {"statements": [{"code": ["a", "b", "c"], "leaves": []}]},
        {"statements": [{"code": ["a"], "leaves": [], "tail": "; DROP TABLE t"}]},
        {"outputs": [{"name": "ssn", "labels": [], "masked": 1}]},
    ],
)
def test_what_this_version_cannot_show_makes_it_unwhole(change: dict[str, Any]) -> None:
    view = read_card(content(**change))
    assert not view.whole
    assert view.faults
    assert "DROP" not in " ".join(view.faults)


@pytest.mark.parametrize("fields", [rich(), change_of_policies(), content(requirements=[], any_of=rich()["any_of"])])
def test_cards_of_every_kind_are_whole(fields: dict[str, Any]) -> None:
    assert read_card(fields).faults == ()


def asking() -> Action:
    """A read of two columns: one plainly the table's, one an expression."""
    label = Label("phi.mrn")
    return Action(
        id=ActionId("0192f0c1-0000-7000-9000-000000000000"),
        actor=actor(ActorKind.AGENT, "etl-agent", "owen"),
        connection=Connection(ConnectionName("clinic"), "postgres", "production", frozenset({"hipaa"})),
        asks=(Ask(SQL_SELECT, Resource(ResourceKind.RELATION, "clinic/public.patients", frozenset({label}))),),
        payload=SqlPayload(()),
        cover={},
        form={},
        exposures=(
            Exposure(
                outputs=(
                    Output("mrn", 25, frozenset({label, Label("phi.id")}), "clinic/public.patients.mrn"),
                    Output("lower", 25, frozenset({label}), None),
                    Output("id", 23, frozenset(), "clinic/public.patients.id"),
                ),
                labels=frozenset({label}),
            ),
        ),
        templates=(Template(("SELECT mrn FROM patients WHERE mrn = ", ""), (Leaf(None, "text", label, "5-8", "#1"),)),),
    )


def made(action: Action, requirements: Requirements, obligations: Obligations) -> CardContent:
    """The card as the desk makes it and the console reads it."""
    lifted = NeedsReview(
        requirements,
        obligations,
        (Reason("needs_review", "PHI would leave the database", PolicyId("export")),),
        Digest("0" * 64),
    )
    view = read_card(card.content(action, lifted, datetime(2026, 11, 22, tzinfo=UTC), votes_by_token=False))
    assert view.content is not None, view.faults
    return view.content


OFFICER = Quorum(GroupName("privacy-officers"), 1)
MASK = frozenset({Label("phi.mrn"), Label("phi.id")})
SIMPLE = Requirements((OFFICER,), timedelta(minutes=30), timedelta(minutes=10))


def test_the_card_that_the_desk_makes_is_whole() -> None:
    shown = made(asking(), SIMPLE, Obligations(MASK))
    assert [output.masked for output in shown.outputs] == [True, True, False]
    assert (shown.uses, shown.row_cap, shown.reveals, shown.tool) == (1, None, [], None)


def test_the_card_says_all_that_is_required_and_owed() -> None:
    asked = replace(
        SIMPLE,
        any_of=((OFFICER, Quorum(GroupName("owners"), 2)),),
        stages=(((OFFICER,), (Quorum(GroupName("security"), 1),)),),
        reuse=Reuse(3, timedelta(minutes=10)),
        channels=frozenset({"teams", "slack"}),
        break_glass=frozenset({GroupName("on-call")}),
    )
    shown = made(replace(asking(), ticket_given="CHG-1"), asked, Obligations(row_cap=100))
    assert needs(shown.requirements, shown.any_of, shown.stages) == (
        "1 of privacy-officers; and 1 of privacy-officers, then 1 of security; and 1 of privacy-officers or 2 of owners"
    )
    assert runs(shown.uses, shown.valid_seconds) == "may run 3 times within 10 minutes"
    assert (shown.row_cap, shown.ticket_given) == (100, "CHG-1")
    assert (shown.channels, shown.break_glass) == (["slack", "teams"], ["on-call"])


def test_an_output_leaves_in_clear_only_if_each_of_its_labels_is_revealed() -> None:
    column = "clinic/public.patients.mrn"
    some = frozenset({Reveal(column, Label("phi.mrn")), Reveal("clinic/public.other.mrn", Label("phi.id"))})
    assert [o.masked for o in made(asking(), SIMPLE, Obligations(MASK, reveal=some)).outputs] == [True, True, False]
    every = some | {Reveal(column, Label("phi.id"))}
    shown = made(asking(), SIMPLE, Obligations(MASK, reveal=every))
    assert [output.masked for output in shown.outputs] == [False, True, False]
    assert [(r.column, r.label) for r in shown.reveals] == [(r.column, r.label) for r in sorted(every)]


def test_what_the_connections_profile_keeps_leaves_in_clear() -> None:
    shown = made(asking(), SIMPLE, Obligations(frozenset({Label("phi.id")})))
    assert [output.masked for output in shown.outputs] == [True, False, False]


def test_a_tool_call_names_the_definition_it_goes_by() -> None:
    call = replace(asking(), payload=ToolPayload("github/create_issue", Digest("e" * 64), b"{}"))
    tool = made(call, SIMPLE, Obligations()).tool
    assert tool is not None and (tool.name, tool.definition) == ("github/create_issue", "e" * 64)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(field=st.sampled_from(sorted(CardContent.model_fields)), value=JSON)
def test_whatever_is_in_a_field_reading_never_raises_and_never_guesses(field: str, value: Any) -> None:
    view = read_card(content(**{field: value}))
    assert view.whole == (view.faults == ())
    if view.content is not None:
        assert view.content.model_dump()[field] == value
