"""An offer: a resource or prompt of an MCP server that people signed for, with the labels of what it gives."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import Enum

from interlock.model.jcs import Json, encode
from interlock.model.label import Label
from interlock.model.names import ConnectionName, Digest

_DOMAIN = b"interlock/offer/v1\0"


class OfferKind(Enum):
    """What is offered, in the protocol's words: as the ids of documents have it."""

    RESOURCE = "resources"
    PROMPT = "prompts"


@dataclass(frozen=True, slots=True)
class Offer:
    """`name`: a resource's URI or URI template (RFC 6570), a prompt's name. `labels`: all that it can give."""

    connection: ConnectionName
    kind: OfferKind
    name: str
    labels: frozenset[Label] = frozenset()

    @property
    def id(self) -> str:
        """Its full name, `kb/prompts/triage`: the document that a request touches."""
        return f"{self.connection}/{self.kind.value}/{self.name}"

    @property
    def digest(self) -> Digest:
        """SHA-256 (hex) of all of it. Raises `MalformedInput` for a name that has no canonical form (RFC 8785)."""
        document: Json = {"id": self.id, "labels": sorted(self.labels)}
        return Digest(hashlib.sha256(_DOMAIN + encode(document)).hexdigest())
