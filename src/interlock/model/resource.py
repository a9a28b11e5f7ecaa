"""A resource: what is touched."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from interlock.model.label import Label


class ResourceKind(StrEnum):
    """The kinds that policies can name (their Cedar entity types)."""

    CONNECTION = "connection"
    RELATION = "relation"
    CATALOG = "catalog"  # server catalogs that hold no data values: pg_class, pg_type
    COLUMN = "column"  # what a reveal is about: clinic/public.patients.mrn
    TOOL = "tool"  # github/create_issue
    DOCUMENT = "document"  # what an MCP server offers to read or prompt with: kb/prompts/triage
    MODEL = "model"  # anthropic/claude-sonnet-4


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing touched, by its full name (`clinic/public.patients`), with the labels known of it."""

    kind: ResourceKind
    id: str
    labels: frozenset[Label] = frozenset()
