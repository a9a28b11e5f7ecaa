"""Labels that discovery proposes, and what people make of them: signed entries, each with its maker.

    discovery -> label.proposed -> a steward: label.confirmed | label.rejected -> Authority -> labels in every session

A confirmed label adds to what the catalog says and takes nothing away. Evidence that somebody rejected isn't proposed
again: whoever answers for agents, who would go on seeing the values, rejects nothing. What was confirmed can be
rejected after all, which lets values out: that takes whoever signs for policies.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from interlock.errors import Conflict, NotEntitled, NotFound
from interlock.model.canonical import JsonValue
from interlock.model.change import Unit
from interlock.model.derived import Place
from interlock.model.entry import Draft, EntryType
from interlock.model.label import Label
from interlock.model.names import ConnectionName, EntryId, PersonId
from interlock.model.passkey import Assertion
from interlock.model.proposal import DiscoveryId, EvidenceRow, LabelProposal, ProposalId, ProposalState
from interlock.registry.confirming import Confirming, judging
from interlock.registry.registry import OPERATOR, Registry
from interlock.registry.stewards import Stewards

MOST_AT_ONCE: Final = 500  # proposals of one discovery; the next one finds the rest
MOST_EVIDENCE: Final = 20  # reasons of one proposal
_IN_A_UNIT: Final = 50

_OTHER_LABELS = "Other labels are proposed for this column than you were shown. Look again."


class Verdict(StrEnum):
    """What a person says of a proposal."""

    CONFIRM = "confirm"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a discovery has found that a column lacks. `column` in full, `clinic/public.patients.dob`."""

    column: str
    place: Place | None
    labels: frozenset[Label]
    treatment: str
    evidence: tuple[EvidenceRow, ...]


@dataclass(frozen=True, slots=True)
class Proposals:
    """Proposing, looking, judging."""

    registry: Registry
    passkeys: Confirming
    stewards: Stewards
    _judging: asyncio.Lock = field(default_factory=asyncio.Lock)  # a look before a write

    def waiting(self) -> tuple[LabelProposal, ...]:
        """What waits for a person, by connection and column."""
        return self._sorted(ProposalState.WAITING)

    def confirmed(self) -> tuple[LabelProposal, ...]:
        """What was confirmed, likewise."""
        return self._sorted(ProposalState.CONFIRMED)

    def is_new(self, connection: ConnectionName, suggestion: Suggestion) -> bool:
        """Whether it says something that neither waits for a person already nor was rejected."""
        fold = self.registry.authority.proposed
        keys = {each.key for each in suggestion.evidence}
        if not keys - fold.rejected(connection, suggestion.column):
            return False
        waits = fold.waiting_for(connection, suggestion.column)
        known = {each.key for each in waits.evidence} if waits is not None else set()
        return waits is None or waits.labels != suggestion.labels or bool(keys - known)

    async def propose(
        self, connection: ConnectionName, discovery: DiscoveryId, found: Sequence[Suggestion]
    ) -> tuple[LabelProposal, ...]:
        """Puts down what is new of it, `MOST_AT_ONCE` at most. Raises `LedgerUnavailable`."""
        new = [each for each in found if each.labels and self.is_new(connection, each)][:MOST_AT_ONCE]
        drafts = [self._proposed(connection, discovery, each) for each in new]
        for at in range(0, len(drafts), _IN_A_UNIT):
            await self.registry.ledger.commit(Unit(tuple(drafts[at : at + _IN_A_UNIT])))
        fold = self.registry.authority.proposed
        made = (fold.proposal(ProposalId(draft.obj)) for draft in drafts)
        return tuple(each for each in made if each is not None)

    def asked(self, person: PersonId, proposal: ProposalId, verdict: Verdict, labels: frozenset[Label]) -> bytes:
        """What a passkey of the person's confirms; raises as `judge` does."""
        self._may(person, self._found(proposal, labels, verdict), verdict)
        return judging(person, proposal, verdict.value, labels)

    async def judge(
        self,
        person: PersonId,
        proposal: ProposalId,
        verdict: Verdict,
        labels: frozenset[Label],
        because: str,
        assertion: Assertion | None = None,
    ) -> LabelProposal:
        """A steward confirms these labels of a proposal, or rejects all of it: `labels` are those that were shown.

        Whoever has a passkey confirms it (`confirming.judging`). Raises `NotFound`, `Conflict` when other labels are
        proposed by now, `NotEntitled`, `AuthenticationFailed`.
        """
        async with self._judging:
            found = self._found(proposal, labels, verdict)
            self._may(person, found, verdict)
            self.passkeys.confirm(person, assertion, judging(person, proposal, verdict.value, labels))
            await self._judge(found, verdict, labels, person, because)
            return found

    async def operator_judge(
        self, proposal: ProposalId, verdict: Verdict, labels: frozenset[Label], because: str
    ) -> LabelProposal:
        """The same by whoever holds the operator's token; raises `NotFound`, `Conflict`."""
        async with self._judging:
            found = self._found(proposal, labels, verdict)
            await self._judge(found, verdict, labels, OPERATOR, because)
            return found

    def _sorted(self, state: ProposalState) -> tuple[LabelProposal, ...]:
        found = self.registry.authority.proposed.proposals(state)
        return tuple(sorted(found, key=lambda each: (each.connection, each.column, each.since)))

    def _found(self, proposal: ProposalId, labels: frozenset[Label], verdict: Verdict) -> LabelProposal:
        found = self.registry.authority.proposed.proposal(proposal)
        if found is None or (verdict is Verdict.CONFIRM and found.state is not ProposalState.WAITING):
            raise NotFound("nothing is proposed under that id", code="nothing_proposed")
        whole = labels == found.labels
        if not labels or not (whole if verdict is Verdict.REJECT else labels <= found.labels):
            raise Conflict(_OTHER_LABELS, code="labels_changed")
        return found

    def _may(self, person: PersonId, found: LabelProposal, verdict: Verdict) -> None:
        """Rejecting what waits keeps values in sight, and others from being asked: it is loosening, too."""
        if verdict is Verdict.REJECT and found.state is ProposalState.CONFIRMED:
            self.stewards.admit_to_loosen(person)
        else:
            self.stewards.admit(person)
        if verdict is Verdict.REJECT and self.stewards.answers_for_agents(person):
            raise NotEntitled("You answer for agents, who would see what you unmask.", code="part_of_it")

    async def _judge(
        self, found: LabelProposal, verdict: Verdict, labels: frozenset[Label], person: PersonId, because: str
    ) -> None:
        type_ = EntryType.LABEL_CONFIRMED if verdict is Verdict.CONFIRM else EntryType.LABEL_REJECTED
        d = {**_column(found.connection, found.column, found.place, labels), "person": person, "because": because}
        if verdict is Verdict.REJECT:
            d["keys"] = [each.key for each in found.evidence]
        draft = Draft(id=EntryId(self.registry.entropy.uuid7()), type=type_, d=d, obj=found.id)
        await self.registry.ledger.commit(Unit((draft,)))

    def _proposed(self, connection: ConnectionName, discovery: DiscoveryId, each: Suggestion) -> Draft:
        rows: list[JsonValue] = [
            {"kind": row.kind, "label": row.label, "word": row.word, "share": row.share, "of": row.of}
            for row in each.evidence[:MOST_EVIDENCE]
        ]
        d: Mapping[str, JsonValue] = {
            **_column(connection, each.column, each.place, each.labels),
            "treatment": each.treatment,
            "evidence": rows,
            "discovery": discovery,
        }
        entropy = self.registry.entropy
        return Draft(id=EntryId(entropy.uuid7()), type=EntryType.LABEL_PROPOSED, d=d, obj=entropy.uuid7())


def _column(
    connection: ConnectionName, column: str, place: Place | None, labels: frozenset[Label]
) -> dict[str, JsonValue]:
    oid, number = place or (0, 0)
    named: list[JsonValue] = [*sorted(labels)]
    return {"connection": connection, "column": column, "oid": oid, "number": number, "labels": named}
