"""What an entry tells of an action: enough to ask policy the same again, never a value, and never too much."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.actions.record import MAX_COLUMNS, MAX_TEXTS, recalled, told
from interlock.errors import NotUnderstood
from interlock.ledger.entry import MAX_ENTRY, ChainState, chain
from interlock.ledger.note import Ed25519Signer
from interlock.model.action import Action, Ask, EnforcedBy
from interlock.model.actor import Actor, ActorKind
from interlock.model.canonical import JsonValue, encode
from interlock.model.connection import Connection
from interlock.model.entry import Draft, EntryType
from interlock.model.exposure import Exposure, Output
from interlock.model.label import Label
from interlock.model.names import ActionId, ActorId, ConnectionName, EntryId, GroupName, KeyId, PersonId
from interlock.model.payload import SqlPayload, SqlStatement
from interlock.model.recent import QUIET
from interlock.model.resource import Resource, ResourceKind
from interlock.model.reveal import Reveal
from interlock.model.secret import Secret
from interlock.model.template import Leaf, Template
from interlock.model.verb import SQL_SELECT, VERBS
from interlock.policy.requests import context, entities, requests, reveal_entities
from interlock.sensitivity.labels import KNOWN

NOW = datetime(2026, 11, 22, 2, 24, tzinfo=UTC)
ANA = PersonId("ana")
AGENT = Actor(ActorKind.AGENT, ActorId("etl"), frozenset({GroupName("ai-agents")}), ANA, KeyId("k"), ANA, ANA)
CLINIC = Connection(ConnectionName("clinic"), "postgres", "production", frozenset({"hipaa"}))
SIGNER = Ed25519Signer("audit.example.com/interlock/node/n1", Secret(b"N" * 32))

NAMES = st.text(st.characters(codec="utf-8"), max_size=12).map(lambda name: f"clinic/{name}")
LABELS = st.frozensets(st.sampled_from(sorted(KNOWN)), max_size=4)
RESOURCES = st.builds(Resource, st.sampled_from(ResourceKind), NAMES, LABELS)
ASKS = st.lists(st.builds(Ask, st.sampled_from(sorted(VERBS)), RESOURCES), max_size=6).map(tuple)
OUTPUTS = st.lists(st.builds(lambda own: Output("x", 25, own, None), LABELS), max_size=2).map(tuple)
EXPOSURES = st.builds(Exposure, OUTPUTS, LABELS, LABELS, LABELS, unbounded=st.booleans(), opaque=st.booleans())
REVEALS = st.frozensets(st.builds(Reveal, NAMES, st.sampled_from(sorted(KNOWN))), max_size=3)


def action(
    asks: tuple[Ask, ...] = (),
    exposures: tuple[Exposure, ...] = (Exposure(),),
    templates: tuple[Template, ...] = (),
    *,
    reason: str = "",
    ticket: str = "",
    refusal: str | None = None,
    enforced: EnforcedBy = EnforcedBy.GATEWAY,
    reveals: frozenset[Reveal] = frozenset(),
    cappable: bool = False,
) -> Action:
    return Action(
        id=ActionId("019aa6b4-0000-7000-8000-000000000001"),
        actor=AGENT,
        connection=CLINIC,
        asks=asks,
        payload=SqlPayload((SqlStatement(b"select 'a secret'", simple=True),)),
        cover={"x": "a secret"},
        form={"x": "a secret"},
        exposures=exposures,
        templates=templates,
        reason_given=reason,
        ticket_given=ticket,
        refusal=refusal,
        enforced_by=enforced,
        reveals=reveals,
        cappable=cappable,
    )


ACTIONS = st.builds(
    action,
    ASKS,
    st.lists(EXPOSURES, min_size=1, max_size=2).map(tuple),
    reason=st.sampled_from(["", " ", "because"]),
    ticket=st.sampled_from(["", "\t", "OPS-1"]),
    refusal=st.none() | st.just("no"),
    enforced=st.sampled_from(EnforcedBy),
    reveals=REVEALS,
    cappable=st.booleans(),
)


def entry(d: dict[str, JsonValue], type_: EntryType = EntryType.ACTION_HELD) -> bytes:
    """The bytes of an entry with these facts, and the rest that the gate adds."""
    reasons: JsonValue = [{"code": "needs_review", "policy": "p" * 80}] * 20
    rest: dict[str, JsonValue] = {"reasons": reasons}
    if type_ is not EntryType.ACTION_DENIED:
        rest["review"] = "r"
    if type_ is EntryType.ACTION_RELEASED:
        rest |= {"masks": sorted(KNOWN), "digest": "d" * 64, "bundle": "b" * 64}
    uuid = "019aa6b4-0000-7000-8000-00000000000"
    obj = "r" if "review" in rest else ""
    draft = Draft(EntryId(f"{uuid}2"), type_, d | rest, AGENT, act=f"{uuid}1", obj=obj)
    (raw, _), _ = chain([draft], ChainState("n1", "b1"), NOW, SIGNER, EntryId(f"{uuid}3"))
    return raw


def again(asked: Action) -> Action:
    masks = frozenset[Label]().union(*(output.labels for output in asked.exposure.outputs))
    return recalled(asked.id, told(asked), masks, asked.actor, asked.connection, asked.enforced_by)


@given(ACTIONS)
def test_policy_is_asked_the_same_of_what_was_recorded(asked: Action) -> None:
    back = again(asked)
    known = frozenset(KNOWN)
    about = context(asked, NOW, known, QUIET, UTC)
    assert context(back, NOW, known, QUIET, UTC) == about
    assert requests(back, AGENT, about, {}) == requests(asked, AGENT, about, {})
    assert entities(back, AGENT, known) == entities(asked, AGENT, known)
    for reveal in asked.reveals:
        assert reveal_entities(back, AGENT, reveal, known) == reveal_entities(asked, AGENT, reveal, known)
    assert (back.refusal is None) is (asked.refusal is None)
    assert bool(back.ticket_given.strip()) is bool(asked.ticket_given.strip())
    assert back.cappable is asked.cappable
    assert back.enforced_by is asked.enforced_by
    shown = [output.labels for output in back.exposure.outputs]
    assert frozenset().union(*shown) == frozenset().union(*(output.labels for output in asked.exposure.outputs))


@given(ACTIONS)
def test_what_is_told_fits_the_ledger_and_tells_the_same_a_second_time(asked: Action) -> None:
    facts = told(asked)
    for type_ in (EntryType.ACTION_HELD, EntryType.ACTION_RELEASED, EntryType.ACTION_DENIED):
        assert entry(dict(facts), type_)
    second = told(again(asked))
    assert {name: second[name] for name in facts} == facts


def test_no_value_is_told() -> None:
    leaf = Leaf("a secret", "text", None, "1-8", "#1")
    asked = action(
        (), templates=(Template(("select ", ""), (leaf,)),), reason="a secret", ticket="a secret", refusal="a secret"
    )
    assert told(asked)["statements"] == ["select ?"]
    assert b"a secret" not in encode(told(asked))


def test_an_entry_from_before_it_told_all_isnt_recalled() -> None:
    facts = told(action((Ask(SQL_SELECT, Resource(ResourceKind.RELATION, "clinic/x")),)))
    del facts["asked"]
    with pytest.raises(NotUnderstood):
        recalled(ActionId("x"), facts, (), AGENT, CLINIC, EnforcedBy.GATEWAY)


def test_a_call_isnt_recalled() -> None:
    with pytest.raises(NotUnderstood):
        again(replace(action(), input={"force": True}))
    with pytest.raises(NotUnderstood):
        again(replace(action(), input={}))


def asking(name: str, count: int, *own: str) -> tuple[Ask, ...]:
    labels = frozenset(map(Label, own))
    return tuple(Ask(SQL_SELECT, Resource(ResourceKind.RELATION, f"clinic/{n}{name}", labels)) for n in range(count))


# Characters that JSON writes as themselves, as two, as six, and in two to four bytes of UTF-8.
NASTY = ["x" * 63, '"\\' * 30, "\x01" * 63, "ä" * 31, "\U0001f600" * 15]


@pytest.mark.parametrize("name", NASTY)
@pytest.mark.parametrize("type_", [EntryType.ACTION_HELD, EntryType.ACTION_RELEASED, EntryType.ACTION_DENIED])
def test_the_biggest_action_fits_an_entry(name: str, type_: EntryType) -> None:
    every = frozenset(KNOWN)
    exposure = Exposure((Output("x", 25, every, None),), every, every, every, unbounded=True, opaque=True)
    asked = action(
        tuple(Ask(verb, ask.resource) for ask in asking(name, 400, *KNOWN) for verb in VERBS),
        (exposure,),
        tuple(Template((f"select {n} {name * 100}",), ()) for n in range(100)),
        reveals=frozenset(Reveal(f"clinic/{n}{name}", Label("phi.mrn")) for n in range(500)),
        cappable=True,
    )
    facts = told(asked)
    raw = entry(facts, type_)
    assert len(raw) <= MAX_ENTRY
    with pytest.raises(NotUnderstood):
        again(asked)


@pytest.mark.parametrize("name", NASTY)
def test_each_list_alone_is_cut_where_it_doesnt_fit(name: str) -> None:
    for count in (1, 20, 80, 300, 2_000):
        facts = told(action(asking(name, count)))
        for list_ in ("asked", "resources"):
            assert len(encode(facts[list_])) <= MAX_TEXTS + 100
        whole = len(encode([{"verb": "", "kind": "", "resource": f"{n}{name}", "labels": ""} for n in range(count)]))
        assert (facts["asked"][-1]["verb"] == "") is (whole + 35 * count > MAX_TEXTS)  # type: ignore[index,call-overload]


@pytest.mark.parametrize("name", NASTY)
def test_reveals_that_dont_fit_are_said_to_be_missing(name: str) -> None:
    few = frozenset({Reveal(f"clinic/{name}", Label("phi.mrn")), Reveal("clinic/... and 5 bytes", Label("more"))})
    assert again(action(reveals=few)).reveals == few
    many = frozenset(Reveal(f"clinic/{n}{name}", Label("phi.mrn")) for n in range(MAX_COLUMNS // 20))
    facts = told(action(reveals=many))
    assert len(encode(facts["reveals"])) <= MAX_COLUMNS + 10
    with pytest.raises(NotUnderstood):
        again(action(reveals=many))


def test_a_long_statement_is_cut_and_the_rest_counted() -> None:
    statements = told(action(templates=(Template(("x" * 20_000,), ()),)))["statements"]
    assert isinstance(statements, list)
    kept, rest = statements
    assert MAX_TEXTS - 10 < len(kept) <= MAX_TEXTS
    assert rest == f"... and {20_000 - len(kept)} bytes more"
