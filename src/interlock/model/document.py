"""A document: something that a service told us and that authorises nothing by itself, kept sealed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class DocumentKind(StrEnum):
    """What is kept."""

    SCIM_USER = "scim_user"  # what a provisioning service wants; what counts is in the ledger
    SCIM_GROUP = "scim_group"
    CALLBACK = "callback"  # whom to tell when a review is settled
    COPY_SLACK = "copy_slack"  # a card out there, by channel: a service that is away keeps no other's waiting
    COPY_TEAMS = "copy_teams"
    COPY_EMAIL = "copy_email"
    COPY_WEBHOOK = "copy_webhook"
    COPY_PAGERDUTY = "copy_pagerduty"
    COPY_OPSGENIE = "copy_opsgenie"
    DEFERRED = "deferred"  # whom a deferred run is for, and in which session state
    RESULT = "result"  # what a deferred run gave, masked
    DISCOVERED = "discovered"  # which columns a discovery saw, to tell new ones the next time
    IDEMPOTENCY = "idempotency"  # that somebody used a key, for what, and what came of it


@dataclass(frozen=True, slots=True)
class Document:
    """`name` is unique within its kind. `version` counts its changes from 1. `due_at`: when a worker has to look at it
    again, UTC; None for never."""

    kind: DocumentKind
    id: str
    name: str
    version: int
    at: datetime
    due_at: datetime | None
    sealed: bytes = field(repr=False)
