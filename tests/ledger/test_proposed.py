"""Proposed labels and overrides as the entries have them: what waits, was confirmed or rejected, and what has ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.making import NOW, Node, draft, uuid

from interlock.errors import LedgerCorrupt
from interlock.ledger.authority import Authority
from interlock.ledger.fields import format_time
from interlock.ledger.overridden import OVERRIDING, Overridden
from interlock.ledger.proposed import PROPOSING, Proposed
from interlock.ledger.verify import verify_entries
from interlock.model.canonical import JsonValue
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ConnectionName
from interlock.model.proposal import ProposalId, ProposalState

CLINIC = ConnectionName("clinic")
COLUMN = "clinic/public.t.x"
KEYS = ["name:phi.ssn:ssn"]


def told(*labels: str, column: str = COLUMN) -> dict[str, JsonValue]:
    named: list[JsonValue] = [*labels]
    return {"connection": CLINIC, "column": column, "oid": 7, "number": 2, "labels": named}


def made(type_: EntryType, number: int, about: int, d: dict[str, JsonValue]) -> Draft:
    plain = draft(type_, number, obj=uuid(about))
    return replace(plain, d={**plain.d, **d})


def proposed(proposal: int, *labels: str, column: str = COLUMN, word: str = "ssn") -> Draft:
    evidence: list[JsonValue] = [
        {"kind": "name", "label": label, "word": word, "share": 0, "of": 0} for label in labels
    ]
    more: dict[str, JsonValue] = {"treatment": "labelled", "evidence": evidence, "discovery": "d"}
    d = {**told(*labels, column=column), **more}
    return made(EntryType.LABEL_PROPOSED, proposal, proposal, d)


def confirmed(proposal: int, *labels: str, column: str = COLUMN) -> Draft:
    d: dict[str, JsonValue] = {**told(*labels, column=column), "person": "dana", "because": "x"}
    return made(EntryType.LABEL_CONFIRMED, 50 + proposal, proposal, d)


def rejected(proposal: int, *labels: str, column: str = COLUMN) -> Draft:
    keys: list[JsonValue] = [f"name:{label}:ssn" for label in labels]
    d: dict[str, JsonValue] = {**told(*labels, column=column), "keys": keys, "person": "dana", "because": "x"}
    return made(EntryType.LABEL_REJECTED, 90 + proposal, proposal, d)


def folded(*drafts: Draft) -> Proposed:
    node, fold = Node(), Proposed()
    for each in drafts:
        fold.apply(node.flush(each)[0])
    return fold


def carried(fold: Proposed) -> dict[str, set[str]]:
    return {each.column: set(each.labels) for each in fold.columns(CLINIC)}


def test_what_is_proposed_waits_and_labels_nothing() -> None:
    fold = folded(proposed(1, "phi.ssn"))
    (waits,) = fold.proposals(ProposalState.WAITING)
    assert (waits.column, waits.place, set(waits.labels)) == (COLUMN, (7, 2), {"phi.ssn"})
    assert [each.key for each in waits.evidence] == KEYS
    assert fold.waiting_for(CLINIC, COLUMN) == waits
    assert (carried(fold), fold.version(CLINIC)) == ({}, 0)


def test_of_one_column_the_newest_waits() -> None:
    fold = folded(proposed(1, "phi.ssn"), proposed(2, "phi.mrn"), proposed(3, "phi", column="clinic/public.t.y"))
    assert [each.id for each in fold.proposals(ProposalState.WAITING)] == [uuid(2), uuid(3)]
    assert fold.proposal(ProposalId(uuid(1))) is None


def test_what_is_confirmed_labels_the_column_and_says_who_did_it() -> None:
    fold = folded(proposed(1, "phi.ssn", "phi.mrn"), confirmed(1, "phi.ssn"))
    assert carried(fold) == {COLUMN: {"phi.ssn"}}
    (column,) = fold.columns(CLINIC)
    assert column.places == {(7, 2)}
    (origin,) = column.labels.values()
    assert (origin.by_person, origin.action) == (True, uuid(1))
    assert fold.waiting_for(CLINIC, COLUMN) is None
    assert fold.version(CLINIC) == 1
    assert carried(folded(confirmed(1, "phi.ssn"))) == {COLUMN: {"phi.ssn"}}  # without its proposal, too


def test_what_is_rejected_is_remembered_by_its_evidence() -> None:
    fold = folded(proposed(1, "phi.ssn"), rejected(1, "phi.ssn"))
    assert fold.proposals(ProposalState.WAITING) == ()
    assert fold.rejected(CLINIC, COLUMN) == set(KEYS)
    assert fold.rejected(CLINIC, "clinic/public.t.y") == set()
    assert fold.version(CLINIC) == 0


def test_what_was_confirmed_can_be_rejected_after_all() -> None:
    fold = folded(proposed(1, "phi.ssn"), confirmed(1, "phi.ssn"), rejected(1, "phi.ssn"))
    assert carried(fold) == {}
    assert fold.version(CLINIC) == 2


def test_a_later_proposal_adds_to_what_was_confirmed() -> None:
    steps = (proposed(1, "phi.ssn"), confirmed(1, "phi.ssn"), proposed(2, "phi.mrn"), confirmed(2, "phi.mrn"))
    assert carried(folded(*steps)) == {COLUMN: {"phi.ssn", "phi.mrn"}}
    assert carried(folded(*steps, rejected(2, "phi.mrn"))) == {COLUMN: {"phi.ssn"}}


def test_an_id_is_given_once() -> None:
    fold = folded(proposed(1, "phi.ssn"), confirmed(1, "phi.ssn"), proposed(1, "phi.mrn"))
    assert fold.proposals(ProposalState.WAITING) == ()
    assert carried(fold) == {COLUMN: {"phi.ssn"}}


@given(
    st.lists(
        st.tuples(st.sampled_from(["propose", "confirm", "reject"]), st.integers(1, 4), st.sampled_from("xy")),
        max_size=14,
    )
)
def test_whatever_comes_confirmed_labels_are_those_confirmed_and_not_rejected(
    steps: list[tuple[str, int, str]],
) -> None:
    make = {"propose": proposed, "confirm": confirmed, "reject": rejected}
    expected: dict[int, str] = {}
    for what, number, _ in steps:
        if what == "confirm":
            expected[number] = f"clinic/public.t.{'xy'[number % 2]}"
        elif what == "reject":
            expected.pop(number, None)
    drafts = [
        make[what](number, f"phi.{number}", column=f"clinic/public.t.{'xy'[number % 2]}") for what, number, _ in steps
    ]
    found = {(column, label) for column, labels in carried(folded(*drafts)).items() for label in labels}
    assert found == {(column, f"phi.{number}") for number, column in expected.items()}


# -- overrides ---------------------------------------------------------------------------------------------------------


def overridden(number: int, *, days: int = 7, column: str = COLUMN, subject: str = "") -> Draft:
    d: dict[str, JsonValue] = {
        "connection": CLINIC,
        "column": column,
        "label": "phi.ssn",
        "rule": "not_this_label",
        "subject": subject,
        "expires_at": format_time(NOW + timedelta(days=days)),
    }
    return made(EntryType.MASK_OVERRIDDEN, number, number, {**d, "person": "dana", "because": "x"})


def ended(number: int) -> Draft:
    return made(EntryType.MASK_OVERRIDE_ENDED, 50 + number, number, {"connection": CLINIC})


def overrides(*drafts: Draft, after: int = 0) -> list[str]:
    node, fold = Node(), Overridden()
    for each in drafts:
        fold.apply(node.flush(each)[0])
    return [each.override.id for each in fold.standing(NOW + timedelta(days=after), CLINIC)]


def test_an_override_holds_until_it_expires_or_ends() -> None:
    assert overrides(overridden(1)) == [uuid(1)]
    assert overrides(overridden(1), after=6) == [uuid(1)]
    assert overrides(overridden(1), after=7) == []
    assert overrides(overridden(1), overridden(2), ended(1)) == [uuid(2)]


def test_one_that_ended_never_comes_back() -> None:
    assert overrides(overridden(1), ended(1), overridden(1)) == []


def test_how_far_it_reaches() -> None:
    node, fold = Node(), Overridden()
    for each in (overridden(1), overridden(2, column=""), overridden(3, subject="ab" * 16)):
        fold.apply(node.flush(each)[0])
    told = [(each.override.scope.value, each.override.column) for each in fold.standing(NOW)]
    assert told == [("column", COLUMN), ("label", None), ("row", COLUMN)]
    assert fold.standing(NOW, ConnectionName("other")) == ()


def test_the_authority_holds_both_and_forgeries_are_found_out() -> None:
    assert Authority.reads >= PROPOSING | OVERRIDING
    authority, node = Authority(), Node()
    for each in (proposed(1, "phi.ssn"), confirmed(1, "phi.ssn"), overridden(2)):
        authority.apply(node.flush(each)[0])
    assert carried(authority.proposed) == {COLUMN: {"phi.ssn"}}
    assert len(authority.overridden.standing(NOW)) == 1
    honest = Node()
    honest.flush(honest.started())
    for forged in (confirmed(3, "phi"), rejected(3, "phi"), overridden(3), ended(3)):
        log = list(honest.log)
        Node("n2", "x1", log).flush(forged)
        with pytest.raises(LedgerCorrupt, match=r"signed|known"):
            list(verify_entries(log, [honest.key]))
