"""Policy bundles as the API tells them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from interlock.web.api.shapes import MAX_REASON, Told

PATH = "/api/bundles"


class BundleIn(BaseModel):
    """A bundle to put in force: every source by name (`packs/agents.cedar`, `local.cedar`, `tools/github.json`)."""

    model_config = ConfigDict(extra="forbid")

    sources: dict[str, str]
    note: Annotated[str, Field(max_length=MAX_REASON, description="Why; no patient data")] = ""


class ProposedOut(BaseModel):
    """The review that was opened, or was open already for the same. The digests are those of policies and catalogs."""

    review: str
    url: str
    bundle: str
    previous: str
    expires_at: datetime


class BundleOut(BaseModel):
    """A bundle as it was put in force. `signed_by` are those who approved, `has_texts` whether the ledger has them."""

    bundle: str
    at: datetime
    how: str
    by: str
    review: str | None
    previous: str | None
    signed_by: list[str]
    has_texts: bool


class BundleList(BaseModel):
    """Newest first: the first is in force."""

    bundles: list[BundleOut]


class TextsOut(BaseModel):
    """A bundle's sources by name."""

    bundle: str
    sources: dict[str, str]


class ToldMistakes(Told):
    """A refusal that lists mistakes, as `file:line: sentence`."""

    mistakes: list[str]
