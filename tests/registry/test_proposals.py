"""Proposed labels: what is put down, who may judge it, what the ledger says of it, and what doors then go by."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from testkit.authenticator import Authenticator
from tests.a_directory_service import APPROVERS, House, house
from tests.an_office import OWNERS
from tests.registry.a_write import CLINIC, snapshot
from tests.registry.test_people import answer, with_passkey

from interlock.errors import AuthenticationFailed, Conflict, NotEntitled, NotFound
from interlock.model.decision import Quorum
from interlock.model.entry import EntryType
from interlock.model.label import Label
from interlock.model.names import PersonId
from interlock.model.proposal import DiscoveryId, EvidenceRow, LabelProposal, ProposalId
from interlock.registry.derived import DerivedLabels
from interlock.registry.proposals import MOST_AT_ONCE, Proposals, Suggestion, Verdict
from interlock.registry.stewards import Stewards
from interlock.sensitivity.catalog import EMPTY
from interlock.sensitivity.columns import ColumnLabels

DANA, OLIVIA = PersonId("dana"), PersonId("olivia")
SSN, MRN = Label("phi.ssn"), Label("phi.mrn")
COLUMN = "clinic/public.t.x"
RUN = DiscoveryId("019aa6b4-0000-7000-8000-000000000001")


def suggestion(*labels: Label, kind: str = "name", word: str = "ssn", column: str = COLUMN) -> Suggestion:
    evidence = tuple(EvidenceRow(kind, label, word, 93, 256) for label in labels)
    return Suggestion(column, (7, 1), frozenset(labels), "labelled", evidence)


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path) as opened:
        yield opened


async def proposed(here: House, *found: Suggestion) -> tuple[LabelProposal, ...]:
    return await here.labelling.proposals.propose(CLINIC, RUN, found or [suggestion(SSN)])


def carried(here: House) -> dict[tuple[int, int], set[str]]:
    """What sessions go by, of a table t with a column x."""
    now = snapshot((7, "t", "x"))
    derived = DerivedLabels(here.office.registry)
    labels = ColumnLabels(now, EMPTY, CLINIC, None, derived.columns(CLINIC, now))
    return {(7, 1): set(labels.for_column(7, 1))}


async def test_what_is_proposed_waits_with_its_evidence_and_labels_nothing(here: House) -> None:
    await proposed(here)
    (waits,) = here.labelling.proposals.waiting()
    assert (waits.column, set(waits.labels)) == (COLUMN, {SSN})
    (entry,) = await here.entries(EntryType.LABEL_PROPOSED)
    assert entry == {
        "connection": "clinic",
        "column": COLUMN,
        "oid": 7,
        "number": 1,
        "labels": ["phi.ssn"],
        "treatment": "labelled",
        "evidence": [{"kind": "name", "label": "phi.ssn", "word": "ssn", "share": 93, "of": 256}],
        "discovery": RUN,
    }
    assert carried(here) == {(7, 1): set()}


async def test_the_same_isnt_proposed_twice_and_more_is(here: House) -> None:
    assert len(await proposed(here)) == 1
    assert await proposed(here) == ()
    (again,) = await proposed(here, suggestion(SSN, kind="most_values", word=""))
    assert [each.id for each in here.labelling.proposals.waiting()] == [again.id]


async def test_a_person_confirms_it_and_every_session_goes_by_it(here: House) -> None:
    derived = DerivedLabels(here.office.registry)
    before = derived.version(CLINIC)
    (waits,) = await proposed(here, suggestion(SSN, MRN))
    await here.labelling.proposals.judge(DANA, waits.id, Verdict.CONFIRM, frozenset({SSN}), "ticket 7")
    assert carried(here) == {(7, 1): {SSN}}
    assert derived.version(CLINIC) > before
    now = snapshot((7, "renamed", "other"))
    labels = ColumnLabels(now, EMPTY, CLINIC, None, derived.columns(CLINIC, now))
    assert labels.for_column(7, 1) == labels.catalogued(7, 1) == {SSN}
    (entry,) = await here.entries(EntryType.LABEL_CONFIRMED)
    assert (entry["person"], entry["because"], entry["labels"]) == ("dana", "ticket 7", ["phi.ssn"])
    with pytest.raises(NotFound):
        await here.labelling.proposals.judge(DANA, waits.id, Verdict.CONFIRM, frozenset({SSN}), "again")


async def test_it_stays_after_a_restart(tmp_path: Path) -> None:
    async with house(tmp_path) as here:
        (waits, other) = await proposed(here, suggestion(SSN), suggestion(MRN, column="clinic/public.t.y"))
        await here.labelling.proposals.judge(DANA, waits.id, Verdict.CONFIRM, frozenset({SSN}), "x")
        await here.labelling.proposals.judge(DANA, other.id, Verdict.REJECT, frozenset({MRN}), "x")
    async with house(tmp_path) as again:
        assert carried(again) == {(7, 1): {SSN}}
        assert await proposed(again, suggestion(MRN, column="clinic/public.t.y")) == ()


async def test_what_was_rejected_isnt_proposed_again_for_the_same_evidence(here: House) -> None:
    (waits,) = await proposed(here)
    await here.labelling.proposals.judge(DANA, waits.id, Verdict.REJECT, frozenset({SSN}), "codes")
    assert await proposed(here) == ()
    assert here.labelling.proposals.waiting() == ()
    assert len(await proposed(here, suggestion(SSN, kind="most_values", word=""))) == 1


@pytest.mark.parametrize("verdict", list(Verdict))
@pytest.mark.parametrize("labels", [frozenset[Label](), frozenset({MRN}), frozenset({SSN, MRN, Label("phi")})])
async def test_only_what_was_shown_is_judged(here: House, verdict: Verdict, labels: frozenset[Label]) -> None:
    (waits,) = await proposed(here)
    with pytest.raises(Conflict) as refused:
        await here.labelling.proposals.judge(DANA, waits.id, verdict, labels, "x")
    assert refused.value.code == "labels_changed"
    with pytest.raises(NotFound):
        await here.labelling.proposals.operator_judge(ProposalId("nothing"), verdict, labels, "x")


@pytest.mark.parametrize("who", ["etl", "other", "nobody", "operator"])
@pytest.mark.parametrize("verdict", list(Verdict))
async def test_agents_are_nobody_here(here: House, who: str, verdict: Verdict) -> None:
    (waits,) = await proposed(here)
    with pytest.raises(NotFound):
        await here.labelling.proposals.judge(PersonId(who), waits.id, verdict, frozenset({SSN}), "x")
    assert len(here.labelling.proposals.waiting()) == 1


def with_stewards(here: House, stewards: Stewards) -> Proposals:
    return Proposals(here.office.registry, here.passkeys, stewards)


async def test_stewards_of_the_settings_judge_and_others_dont(here: House) -> None:
    (waits,) = await proposed(here)
    registry = here.office.registry
    for stewards, code in (
        (Stewards(registry), "no_stewards"),
        (Stewards(registry, frozenset({OWNERS}), APPROVERS), "not_a_steward"),
        (Stewards(registry, approvers=replace(APPROVERS, quorums=(Quorum(OWNERS, 1),))), "not_a_steward"),
    ):
        with pytest.raises(NotEntitled) as refused:
            await with_stewards(here, stewards).judge(DANA, waits.id, Verdict.CONFIRM, frozenset({SSN}), "x")
        assert refused.value.code == code
    ours = with_stewards(here, Stewards(registry, frozenset({OWNERS}), APPROVERS))
    await ours.judge(OLIVIA, waits.id, Verdict.CONFIRM, frozenset({SSN}), "x")
    assert carried(here) == {(7, 1): {SSN}}


async def test_what_was_confirmed_is_taken_back_by_those_alone_who_sign_for_policies(here: House) -> None:
    (waits,) = await proposed(here)
    registry = here.office.registry
    await here.labelling.proposals.judge(DANA, waits.id, Verdict.CONFIRM, frozenset({SSN}), "x")
    owners_alone = Stewards(registry, frozenset({OWNERS}), replace(APPROVERS, quorums=(Quorum(OWNERS, 1),)))
    with pytest.raises(NotEntitled):
        await with_stewards(here, owners_alone).judge(DANA, waits.id, Verdict.REJECT, frozenset({SSN}), "x")
    await here.labelling.proposals.judge(DANA, waits.id, Verdict.REJECT, frozenset({SSN}), "a mistake")
    assert carried(here) == {(7, 1): set()}


async def test_who_has_a_passkey_confirms_exactly_this_with_it(here: House) -> None:
    device: Authenticator = await with_passkey(here, DANA)
    (waits,) = await proposed(here)
    proposals = here.labelling.proposals
    other = proposals.asked(DANA, waits.id, Verdict.REJECT, frozenset({SSN}))
    for assertion in (None, answer(here, device, DANA, other)):
        with pytest.raises(AuthenticationFailed):
            await proposals.judge(DANA, waits.id, Verdict.CONFIRM, frozenset({SSN}), "x", assertion)
    said = proposals.asked(DANA, waits.id, Verdict.CONFIRM, frozenset({SSN}))
    await proposals.judge(DANA, waits.id, Verdict.CONFIRM, frozenset({SSN}), "x", answer(here, device, DANA, said))
    assert carried(here) == {(7, 1): {SSN}}


async def test_a_discovery_proposes_so_many_at_most(here: House) -> None:
    many = [suggestion(SSN, column=f"clinic/public.t.c{n}") for n in range(MOST_AT_ONCE + 5)]
    assert len(await proposed(here, *many)) == MOST_AT_ONCE
    assert len(await proposed(here, *many)) == 5
