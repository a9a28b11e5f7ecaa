"""A card is whole or it can't be approved."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.web.in_memory import actor, content

from interlock.model.action import Action, Ask
from interlock.model.actor import ActorKind
from interlock.model.connection import Connection
from interlock.model.decision import NeedsReview, Quorum, Reason, Requirements
from interlock.model.exposure import Exposure, Output
from interlock.model.label import Label
from interlock.model.names import ActionId, ConnectionName, Digest, GroupName, PolicyId
from interlock.model.obligation import Obligations
from interlock.model.payload import SqlPayload
from interlock.model.resource import Resource, ResourceKind
from interlock.model.template import Leaf, Template
from interlock.model.verb import SQL_SELECT
from interlock.review import card
from interlock.web.card_view import CardContent, read_card


def test_a_whole_card_is_read() -> None:
    view = read_card(content())
    assert view.whole
    assert view.content is not None
    assert view.content.statements[0].leaves[0].label == "phi.mrn"


@pytest.mark.parametrize("field", sorted(CardContent.model_fields))
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


def test_the_card_that_the_desk_makes_is_whole() -> None:
    label = Label("phi.mrn")
    asked = Action(
        id=ActionId("0192f0c1-0000-7000-9000-000000000000"),
        actor=actor(ActorKind.AGENT, "etl-agent", "owen"),
        connection=Connection(ConnectionName("clinic"), "postgres", "production", frozenset({"hipaa"})),
        asks=(Ask(SQL_SELECT, Resource(ResourceKind.RELATION, "clinic/public.patients", frozenset({label}))),),
        payload=SqlPayload(()),
        cover={},
        form={},
        exposures=(Exposure(outputs=(Output("mrn", 25, frozenset({label}), None),), labels=frozenset({label})),),
        templates=(Template(("SELECT mrn FROM patients WHERE mrn = ", ""), (Leaf(None, "text", label, "5-8", "#1"),)),),
    )
    lifted = NeedsReview(
        Requirements((Quorum(GroupName("privacy-officers"), 1),), timedelta(minutes=30), timedelta(minutes=10)),
        Obligations(),
        (Reason("needs_review", "PHI would leave the database", PolicyId("export")),),
        Digest("0" * 64),
    )
    made = card.content(asked, lifted, datetime(2026, 11, 22, tzinfo=UTC), votes_by_token=False)
    assert read_card(made).faults == ()


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
