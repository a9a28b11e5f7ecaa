"""What the signed entries say of proposed labels: what waits for a person, what was confirmed, what was rejected.

A fold like `Derived`, which `Authority` feeds. Of one column the newest proposal waits. Confirmed labels stay, unless
what was confirmed is rejected after all; they never take anything from what the catalog says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from interlock.ledger.entry import Entry
from interlock.model.derived import DerivedColumn, Origin, Place
from interlock.model.entry import EntryType
from interlock.model.label import Label
from interlock.model.names import ActionId, ConnectionName
from interlock.model.proposal import EvidenceRow, LabelProposal, ProposalId, ProposalState

PROPOSING = frozenset({EntryType.LABEL_PROPOSED, EntryType.LABEL_CONFIRMED, EntryType.LABEL_REJECTED})

_Column = tuple[ConnectionName, str]


@dataclass(slots=True)
class Proposed:
    """The fold. A connection's `version` grows with each entry that changes its confirmed labels."""

    _waiting: dict[_Column, ProposalId] = field(default_factory=dict)
    _proposals: dict[ProposalId, LabelProposal] = field(default_factory=dict)  # waiting and confirmed ones
    _rejected: dict[_Column, frozenset[str]] = field(default_factory=dict)
    _versions: dict[ConnectionName, int] = field(default_factory=dict)

    def version(self, connection: ConnectionName) -> int:
        """While it is the same, so are the connection's confirmed labels."""
        return self._versions.get(connection, 0)

    def proposal(self, proposal: ProposalId) -> LabelProposal | None:
        """One that waits or was confirmed."""
        return self._proposals.get(proposal)

    def proposals(self, state: ProposalState) -> tuple[LabelProposal, ...]:
        """Those in this state, oldest first."""
        return tuple(each for each in self._proposals.values() if each.state is state)

    def waiting_for(self, connection: ConnectionName, column: str) -> LabelProposal | None:
        """What waits for a person about a column of this name."""
        found = self._waiting.get((connection, column))
        return self._proposals.get(found) if found is not None else None

    def rejected(self, connection: ConnectionName, column: str) -> frozenset[str]:
        """Evidence about a column that somebody rejected, by its keys."""
        return self._rejected.get((connection, column), frozenset())

    def columns(self, connection: ConnectionName) -> tuple[DerivedColumn, ...]:
        """The connection's columns with confirmed labels, as those of derived labels are told."""
        found: dict[str, DerivedColumn] = {}
        for each in self._proposals.values():
            if each.state is not ProposalState.CONFIRMED or each.connection != connection:
                continue
            known = found.get(each.column, DerivedColumn(each.column, {}))
            origin = Origin(each.since, ActionId(each.id), each.by, by_person=True)
            labels = {**dict.fromkeys(sorted(each.labels), origin), **known.labels}
            places = known.places | ({each.place} if each.place is not None else frozenset[Place]())
            found[each.column] = replace(known, labels=labels, places=places)
        return tuple(found.values())

    def apply(self, entry: Entry) -> None:
        """Takes the next entry of the log, of the types in `PROPOSING`."""
        match entry.type:
            case EntryType.LABEL_PROPOSED:
                self._propose(entry)
            case EntryType.LABEL_CONFIRMED:
                self._confirm(entry)
            case EntryType.LABEL_REJECTED:
                self._reject(entry)
            case _:
                pass

    def _propose(self, entry: Entry) -> None:
        made = _made(entry, ProposalState.WAITING, "")
        if made.id in self._proposals:
            return  # an id is given once
        column = (made.connection, made.column)
        if (older := self._waiting.pop(column, None)) is not None:
            self._proposals.pop(older, None)
        self._waiting[column], self._proposals[made.id] = made.id, made

    def _confirm(self, entry: Entry) -> None:
        """The entry says all of it, so that what was confirmed stands whatever became of the proposal."""
        known = self._proposals.get(ProposalId(entry.obj))
        made = _made(entry, ProposalState.CONFIRMED, entry.d["person"])
        evidence = known.evidence if known is not None else ()
        self._proposals[made.id] = replace(made, evidence=evidence)
        self._settled(made)
        self._versions[made.connection] = self.version(made.connection) + 1

    def _reject(self, entry: Entry) -> None:
        d = entry.d
        connection, column = ConnectionName(d["connection"]), d["column"]
        known = self._proposals.pop(ProposalId(entry.obj), None)
        self._rejected[connection, column] = self.rejected(connection, column) | frozenset(d["keys"])
        if known is not None:
            self._settled(known)
            if known.state is ProposalState.CONFIRMED:
                self._versions[connection] = self.version(connection) + 1

    def _settled(self, proposal: LabelProposal) -> None:
        column = (proposal.connection, proposal.column)
        if self._waiting.get(column) == proposal.id:
            del self._waiting[column]


def _made(entry: Entry, state: ProposalState, by: str) -> LabelProposal:
    d: Mapping[str, Any] = entry.d
    return LabelProposal(
        id=ProposalId(entry.obj),
        connection=ConnectionName(d["connection"]),
        column=d["column"],
        place=(d["oid"], d["number"]) if d["oid"] else None,
        labels=frozenset(Label(label) for label in d["labels"]),
        treatment=d.get("treatment", ""),
        evidence=tuple(
            EvidenceRow(row["kind"], Label(row["label"]), row["word"], row["share"], row["of"])
            for row in d.get("evidence", ())
        ),
        since=entry.ts,
        state=state,
        by=by,
    )
