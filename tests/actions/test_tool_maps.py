"""What a tool's map says of a call: verbs, documents, labels of arguments; and what hints of a server add."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.actions.test_from_tool_call import call

from interlock.actions.from_tool_call import NOT_NAMED
from interlock.model.action import Action
from interlock.model.digest import payload_document, payload_from_document
from interlock.model.jcs import Json
from interlock.model.label import Label
from interlock.model.names import ConnectionName, Verb
from interlock.model.resource import ResourceKind
from interlock.model.tool import Tool
from interlock.model.verb import TOOL_CALL, TOOL_EXPORT, TOOL_READ, TOOL_WRITE

NAME, MRN = Label("phi.name"), Label("phi.mrn")
TEXT: Json = {"type": "string"}
MAPPED = Tool(
    ConnectionName("github"),
    "create_issue",
    {
        "type": "object",
        "properties": {
            "owner": TEXT,
            "path": TEXT,
            "kind": {"type": "string", "enum": ["fast", "slow"]},
            "patient": {"type": "object", "properties": {"name": TEXT, "mrns": {"type": "array", "items": TEXT}}},
        },
    },
    verbs=(TOOL_READ,),
    labels=frozenset({NAME, MRN}),
    fields={"arguments.patient.name": NAME, "arguments.patient.mrns[]": MRN, "result.rows[].name": NAME},
    resources=("repo/{owner}", "file/{+path}"),
)
GIVEN: dict[str, Json] = {
    "owner": "acme",
    "path": "a/b",
    "kind": "fast",
    "patient": {"name": "Zebulon", "mrns": ["77", "78"]},
}


def documents(action: Action) -> set[str]:
    return {ask.resource.id for ask in action.asks if ask.resource.kind is ResourceKind.DOCUMENT}


def test_a_mapped_call_is_asked_for_by_each_verb_on_the_tool_and_what_it_touches() -> None:
    action = call(GIVEN, replace(MAPPED, verbs=(TOOL_READ, TOOL_EXPORT)))
    asked = [(ask.verb, ask.resource.id) for ask in action.asks]
    assert asked == [
        (verb, name)
        for name in ("github/create_issue", "github/repo/acme", "github/file/a/b")
        for verb in (TOOL_READ, TOOL_EXPORT)
    ]
    assert all(ask.resource.labels == {NAME, MRN} for ask in action.asks)


def test_labels_of_arguments_count_where_they_were_given() -> None:
    exposure = call(GIVEN, MAPPED).exposure
    assert exposure.filters == exposure.probes == {NAME, MRN} and exposure.writes == frozenset()
    assert exposure.labels == {NAME, MRN} and [output.name for output in exposure.outputs] == [
        "result",
        "result.rows[].name",
    ]
    assert call({**GIVEN, "patient": {"mrns": []}}, MAPPED).exposure.filters == frozenset()
    assert call(GIVEN, replace(MAPPED, verbs=(TOOL_WRITE,))).exposure.writes == {NAME, MRN}


def test_what_the_asker_was_given_as_a_pseudonym_isnt_a_guess() -> None:
    mrns = ("/patient/mrns/0", "/patient/mrns/1")
    action = call(GIVEN, MAPPED, given=mrns)
    assert action.exposure.filters == {NAME, MRN} and action.exposure.probes == {NAME}
    assert call(GIVEN, MAPPED, given=(*mrns, "/patient/name")).exposure.probes == frozenset()
    assert call(GIVEN, MAPPED, given=mrns[:1]).exposure.probes == {NAME, MRN}, "one beside it is a guess"
    assert call(GIVEN, MAPPED, given=("/owner", "/patient")).exposure.probes == {NAME, MRN}
    assert action.payload != call(GIVEN, MAPPED).payload


def test_nothing_given_stops_being_a_guess_where_more_is_done_than_to_read_or_not_all_was_read() -> None:
    every = ("/patient/mrns/0", "/patient/mrns/1", "/patient/name")
    for verbs in ((TOOL_WRITE,), (TOOL_READ, TOOL_EXPORT), (TOOL_CALL,)):
        exposure = call(GIVEN, replace(MAPPED, verbs=verbs), given=every).exposure
        assert exposure.probes == exposure.writes == {NAME, MRN}
    opened = replace(MAPPED, annotations={"openWorldHint": True})
    assert call(GIVEN, opened, given=every).exposure.probes == {NAME, MRN}
    assert call({**GIVEN, "else": 1}, MAPPED, given=every).exposure.probes == {NAME, MRN}


def test_a_key_within_what_is_labelled_may_be_a_guess() -> None:
    whole = replace(MAPPED, fields={"arguments.patient": MRN})
    given = ("/patient/name", "/patient/mrns/0", "/patient/mrns/1")
    assert call(GIVEN, whole, given=given).exposure.probes == {MRN}
    only = replace(MAPPED, fields={"arguments.patient.mrns": MRN})
    assert call(GIVEN, only, given=given).exposure.probes == frozenset()
    assert call({**GIVEN, "patient": {"mrns": []}}, only, given=given).exposure.probes == {MRN}


def test_a_guess_joins_no_review_of_a_pseudonym() -> None:
    """Else the review's id would confirm it."""
    guess, given = call(GIVEN, MAPPED), call(GIVEN, MAPPED, given=("/patient/name",))
    assert guess.form != given.form and guess.cover != given.cover
    assert call(GIVEN, MAPPED, given=("/patient/name",)).form == given.form
    assert payload_from_document(payload_document(given.payload)) == given.payload


def test_who_mapped_a_tool_has_said_which_arguments_bear_labels_so_that_listed_words_are_shown() -> None:
    result_only = replace(MAPPED, labels=frozenset({Label("phi")}), fields={}, verbs=(TOOL_EXPORT,))
    assert "fast" in [leaf.shown for leaf in call(GIVEN, result_only).templates[0].leaves]
    bare = replace(result_only, labels=frozenset(), resources=(), verbs=(TOOL_CALL,))
    action = call(GIVEN, bare, labels=frozenset({Label("phi")}))  # labelled by somebody else than the map
    assert all(leaf.shown is None for leaf in action.templates[0].leaves)


def test_a_labelled_argument_is_hidden_with_its_label_and_others_are_shown_as_before() -> None:
    leaves = {leaf.label: leaf for leaf in call(GIVEN, MAPPED).templates[0].leaves}
    assert set(leaves) == {None, NAME, MRN} and leaves[NAME].shown is None
    shown = [leaf.shown for leaf in call(GIVEN, MAPPED).templates[0].leaves]
    assert "fast" in shown and "Zebulon" not in shown
    kind = replace(MAPPED, fields={"arguments.kind": NAME, **MAPPED.fields})
    assert all(leaf.shown is None for leaf in call(GIVEN, kind).templates[0].leaves)


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ({"owner": "a/../b"}, "github/repo/{owner}"),
        ({"owner": ".."}, "github/repo/{owner}"),
        ({"owner": "123-45-6789"}, "github/repo/{owner}"),
        ({"owner": "a b"}, "github/repo/{owner}"),
        ({"owner": ""}, "github/repo/{owner}"),
        ({"owner": None}, "github/repo/{owner}"),
        ({"path": "a/../b"}, "github/file/{+path}"),
        ({"path": "/a"}, "github/file/{+path}"),
    ],
)
def test_what_cant_be_named_keeps_its_place_and_makes_the_call_opaque(change: dict[str, Any], left: str) -> None:
    action = call({**GIVEN, **change}, MAPPED)
    assert left in documents(action) and NOT_NAMED in action.exposure.opaque_because


def test_a_labelled_argument_never_becomes_a_name() -> None:
    for fields in ({"arguments.owner": NAME}, {"arguments": NAME}):
        action = call(GIVEN, replace(MAPPED, fields=fields))
        assert "github/repo/{owner}" in documents(action) and action.exposure.opaque


@pytest.mark.parametrize(
    ("verbs", "hints", "asked"),
    [
        ((TOOL_READ,), {"destructiveHint": True}, (TOOL_READ, TOOL_WRITE)),
        ((TOOL_READ,), {"openWorldHint": True}, (TOOL_READ, TOOL_EXPORT)),
        ((TOOL_READ,), {"destructiveHint": "true", "openWorldHint": 1}, (TOOL_READ,)),
        ((TOOL_WRITE,), {"readOnlyHint": True, "destructiveHint": False}, (TOOL_WRITE,)),
        ((TOOL_CALL,), {"readOnlyHint": True}, (TOOL_CALL,)),
    ],
)
def test_hints_only_add(verbs: tuple[Verb, ...], hints: dict[str, Json], asked: tuple[Verb, ...]) -> None:
    action = call(GIVEN, replace(MAPPED, verbs=verbs, annotations=hints, resources=()))
    assert tuple(ask.verb for ask in action.asks) == asked
