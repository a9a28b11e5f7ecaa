"""Proposed labels and discovery as the API tells them: names, labels, shares; never a value."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from interlock.model.proposal import EvidenceRow, LabelProposal
from interlock.registry.discoveries import Run
from interlock.registry.proposals import Verdict
from interlock.sensitivity.classifier import Evidence, EvidenceKind
from interlock.sensitivity.drift import ColumnReport, TableReport
from interlock.web.api.label_shapes import LabelNames
from interlock.web.api.shapes import AssertionIn, RevokeIn

PROPOSED = "/api/labels/proposed"
DISCOVERIES = "/api/labels/discoveries"
OPERATOR_PROPOSED = "/api/operator/labels/proposed"
OPERATOR_DISCOVERIES = "/api/operator/labels/discoveries"
CONNECTION = "^[a-z0-9][a-z0-9._-]{0,62}$"


class ProposalOut(BaseModel):
    """A column and the labels that are proposed or were confirmed for it, with the evidence in words. `treatment`:
    `labelled` where every value is one, `scanned` where some hold one. `by`: who confirmed it."""

    id: str
    connection: str
    column: str
    labels: list[str]
    treatment: str
    evidence: list[str]
    since: datetime
    by: str


class ProposalList(BaseModel):
    """What waits for a person, and what was confirmed."""

    waiting: list[ProposalOut]
    confirmed: list[ProposalOut]


class JudgeAskIn(BaseModel):
    """What is to be said of a proposal, and of which labels."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    labels: LabelNames


class OperatorJudgeIn(RevokeIn):
    """The labels as they are listed (to confirm, some of them will do), and why; no patient data."""

    labels: LabelNames


class JudgeIn(OperatorJudgeIn):
    """The same, confirmed with a passkey by whoever has one."""

    assertion: AssertionIn | None = Field(None, description="Of your passkey; without one, none")


class DiscoverIn(BaseModel):
    """The connection to look at."""

    model_config = ConfigDict(extra="forbid")

    connection: Annotated[str, Field(pattern=CONNECTION)]


class ColumnOut(BaseModel):
    """A column: the labels that it has (`carries`), those that it should have besides (`lacks`), how its values are
    treated, why, and what has changed: `unlabelled`, `looks_otherwise` (than the labels in `otherwise`),
    `new_column`."""

    column: str
    type: str
    carries: list[str]
    lacks: list[str]
    treatment: str
    evidence: list[str]
    drift: list[str]
    otherwise: list[str]


class TableOut(BaseModel):
    """A table. `subject`: whose its rows are, by which column. `failed`: why nothing of it was sampled."""

    table: str
    subject: str
    failed: str
    columns: list[ColumnOut]


class RunOut(BaseModel):
    """One run of discovery. `missing`: the grants that would let it read the rest; `cut`: tables left out."""

    id: str
    connection: str
    by: str
    state: str
    begun: datetime
    ended: datetime | None
    failure: str
    proposed: int
    tables: list[TableOut]
    missing: list[str]
    cut: int
    gone: list[str]


def proposal_out(proposal: LabelProposal) -> ProposalOut:
    """A proposal as it is told."""
    return ProposalOut(
        id=proposal.id,
        connection=proposal.connection,
        column=proposal.column,
        labels=sorted(proposal.labels),
        treatment=proposal.treatment,
        evidence=list(told(proposal.evidence)),
        since=proposal.since,
        by=proposal.by,
    )


def told(evidence: Iterable[EvidenceRow]) -> Iterable[str]:
    """Evidence as entries hold it, in words; what an entry of another version says stays as it is."""
    for row in evidence:
        try:
            yield Evidence(EvidenceKind(row.kind), row.label, row.word, row.share, row.of).told
        except ValueError:
            yield f"{row.kind} ({row.label})"


def run_out(run: Run) -> RunOut:
    """A run as it is told."""
    report = run.report
    return RunOut(
        id=run.id,
        connection=run.connection,
        by=run.by,
        state=run.state.value,
        begun=run.begun,
        ended=run.ended,
        failure=run.failure,
        proposed=run.proposed,
        tables=[_table_out(table) for table in report.tables] if report is not None else [],
        missing=list(report.missing) if report is not None else [],
        cut=report.cut if report is not None else 0,
        gone=list(report.gone) if report is not None else [],
    )


def _table_out(table: TableReport) -> TableOut:
    return TableOut(
        table=f"{table.schema}.{table.name}",
        subject=table.subject.told,
        failed=table.failed,
        columns=[_column_out(column) for column in table.columns],
    )


def _column_out(column: ColumnReport) -> ColumnOut:
    return ColumnOut(
        column=column.column,
        type=column.type_name,
        carries=sorted(column.carries),
        lacks=sorted(column.lacks),
        treatment=column.treatment.value,
        evidence=[each.told for each in column.evidence],
        drift=[each.value for each in column.drift],
        otherwise=sorted(column.otherwise),
    )
