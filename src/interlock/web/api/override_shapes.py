"""Overrides of masks as the API tells them. A row's key comes in and never goes out: entries hold its keyed hash."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from interlock.ledger.overridden import Standing
from interlock.model.label import Label
from interlock.model.names import ConnectionName
from interlock.registry.overrides import Wish
from interlock.web.api.label_shapes import MAX_COLUMN
from interlock.web.api.proposal_shapes import CONNECTION
from interlock.web.api.shapes import AssertionIn, RevokeIn

OVERRIDES = "/api/labels/overrides"
OPERATOR_OVERRIDES = "/api/operator/labels/overrides"
MAX_ROW_KEY = 256  # characters
MAX_SECONDS = 366 * 86400


class OverrideAskIn(BaseModel):
    """What is to be overridden: a label on a column (in full, "" for all of the connection's), for one row (by its key,
    "" for all), by another rule or `not_this_label`, and for how long."""

    model_config = ConfigDict(extra="forbid")

    connection: Annotated[str, Field(pattern=CONNECTION)]
    column: Annotated[str, Field(max_length=MAX_COLUMN)] = ""
    label: Annotated[str, Field(min_length=1, max_length=200)]
    rule: Annotated[str, Field(min_length=1, max_length=64)]
    row_key: Annotated[str, Field(max_length=MAX_ROW_KEY, repr=False)] = ""
    seconds: Annotated[int, Field(ge=1, le=MAX_SECONDS)]

    def wish(self) -> Wish:
        """As `Overrides` takes it."""
        return Wish(
            ConnectionName(self.connection),
            self.column,
            Label(self.label),
            self.rule,
            timedelta(seconds=self.seconds),
            self.row_key,
        )


class OperatorOverrideIn(OverrideAskIn, RevokeIn):
    """The same, and why; no patient data in that."""


class OverrideIn(OperatorOverrideIn):
    """The same, confirmed with a passkey by whoever has one."""

    assertion: AssertionIn | None = Field(None, description="Of your passkey; without one, none")


class OverrideOut(BaseModel):
    """One that holds: `scope` is `row`, `column` or `label`; `by` made it."""

    id: str
    connection: str
    column: str
    label: str
    rule: str
    scope: str
    by: str
    since: datetime
    expires_at: datetime


class OverrideList(BaseModel):
    """All that hold now, oldest first."""

    overrides: list[OverrideOut]


def override_out(standing: Standing) -> OverrideOut:
    """An override as it is told."""
    override = standing.override
    return OverrideOut(
        id=override.id,
        connection=override.connection,
        column=override.column or "",
        label=override.label,
        rule=override.rule,
        scope=override.scope.value,
        by=standing.person,
        since=standing.since,
        expires_at=datetime.fromisoformat(override.expires_at),
    )
