"""A label that discovery proposes for a column, with its evidence, until a person has confirmed or rejected it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType

from interlock.model.derived import Place
from interlock.model.label import Label
from interlock.model.names import ConnectionName

ProposalId = NewType("ProposalId", str)
DiscoveryId = NewType("DiscoveryId", str)


class ProposalState(StrEnum):
    """Where a proposal stands. A rejected one isn't kept: only what evidence was rejected is."""

    WAITING = "waiting"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One reason, as ledger entries hold it (`sensitivity.classifier.Evidence`): nothing of a value."""

    kind: str
    label: Label
    word: str
    share: int  # percent
    of: int  # sampled values

    @property
    def key(self) -> str:
        """What makes evidence the same when a column is looked at again."""
        return f"{self.kind}:{self.label}:{self.word}"


@dataclass(frozen=True, slots=True)
class LabelProposal:
    """`column` is the full name, `clinic/public.patients.dob`; `place` where it was seen. `labels`: those proposed, or
    confirmed. `treatment`: "labelled" where every value is one, "scanned" where some hold one. `by`: who confirmed it.
    """

    id: ProposalId
    connection: ConnectionName
    column: str
    place: Place | None
    labels: frozenset[Label]
    treatment: str
    evidence: tuple[EvidenceRow, ...]
    since: datetime
    state: ProposalState = ProposalState.WAITING
    by: str = ""
