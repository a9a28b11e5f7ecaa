"""Derived labels as the API tells them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from interlock.web.api.shapes import AssertionIn, RevokeIn

PATH = "/api/labels"
MAX_COLUMN = 1024  # characters: a connection and three names of at most 63 bytes each
MAX_LABELS = 200

Column = Annotated[str, Field(min_length=1, max_length=MAX_COLUMN)]
LabelNames = Annotated[list[Annotated[str, Field(max_length=200)]], Field(min_length=1, max_length=MAX_LABELS)]


class DerivedLabelOut(BaseModel):
    """One label, and the write that first took it there: when it was released, which action, who asked."""

    label: str
    since: datetime
    action: str
    actor: str


class LabelledOut(BaseModel):
    """A column with derived labels. `column` is what it was called when it was written, `now` what columns with that
    data are called by now, where that differs."""

    connection: str
    column: str
    now: list[str]
    labels: list[DerivedLabelOut]


class LabelledList(BaseModel):
    """Every column with derived labels, by name."""

    columns: list[LabelledOut]


class ClearAskIn(BaseModel):
    """The column exactly as it is listed, and all labels that are derived for it."""

    model_config = ConfigDict(extra="forbid")

    column: Column
    labels: LabelNames


class OperatorClearIn(RevokeIn):
    """The column exactly as it is listed, all labels that are derived for it, and why they are cleared; no patient
    data."""

    column: Column
    labels: LabelNames


class ClearIn(OperatorClearIn):
    """The same, confirmed with a passkey by whoever has one."""

    assertion: AssertionIn | None = Field(None, description="Of your passkey; without one, none")
