"""What a directory wants, as it said it: users and groups, one sealed document each. Nothing here lets anybody in."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from interlock.model.canonical import JsonValue
from interlock.model.document import Document, DocumentKind
from interlock.model.names import KeyId, PersonId, ReviewId
from interlock.ports import Documents, Sealer

PAGE: Final = 200  # documents read at once


@dataclass(frozen=True, slots=True)
class Stored:
    """A user or group as the directory left it.

    `resource` is its SCIM form without what the server adds. `version` counts the document's changes, `revision` those
    that the directory made. `key` is the credential that made the last of these. `asked` says by which review each of
    its additions was asked for: of a user under "", of a group under the member's id.
    """

    kind: DocumentKind
    id: str
    name: str
    version: int
    at: datetime
    due_at: datetime | None
    resource: Mapping[str, Any]
    key: KeyId
    created: str
    modified: str
    revision: int = 1
    asked: Mapping[str, ReviewId] = field(default_factory=dict)

    @property
    def person(self) -> PersonId:
        """Who a user is here."""
        return PersonId(self.name)

    @property
    def active(self) -> bool:
        """Whether the directory wants this user in; unsaid means yes (RFC 7643 section 4.1.1 leaves it to us)."""
        return self.resource.get("active", True) is True

    @property
    def members(self) -> frozenset[str]:
        """The ids of a group's members."""
        return frozenset(str(each["value"]) for each in self.resource.get("members", ()) if "value" in each)

    @property
    def shown_name(self) -> str:
        """What a user is called."""
        name = self.resource.get("name", {})
        parts = " ".join(name[part] for part in ("givenName", "familyName") if name.get(part))
        return self.resource.get("displayName") or name.get("formatted") or parts or self.name

    @property
    def external(self) -> str:
        """What the directory itself calls it."""
        return str(self.resource.get("externalId", ""))


@dataclass(frozen=True, slots=True)
class Desired:
    """Reads and seals those documents. A document that doesn't open raises `LedgerCorrupt`."""

    documents: Documents
    sealer: Sealer

    async def one(self, kind: DocumentKind, id_: str) -> Stored | None:
        """The document of that id."""
        found = await self.documents.document(kind, id_)
        return self.opened(found) if found is not None else None

    async def named(self, kind: DocumentKind, name: str) -> Stored | None:
        """The document of that name."""
        found = await self.documents.document_named(kind, name)
        return self.opened(found) if found is not None else None

    async def count(self, kind: DocumentKind) -> int:
        """How many there are."""
        return await self.documents.count_documents(kind)

    async def every(self, kind: DocumentKind) -> AsyncIterator[Document]:
        """All of a kind by id, still sealed."""
        after = ""
        while page := await self.documents.documents(kind, after, PAGE):
            for document in page:
                yield document
            after = page[-1].id

    async def all(self, kind: DocumentKind) -> list[Stored]:
        """All of a kind by id, opened."""
        return [self.opened(document) async for document in self.every(kind)]

    async def due(self, kind: DocumentKind, now: datetime) -> list[Stored]:
        """Those that a worker has to look at."""
        return [self.opened(each) for each in await self.documents.documents_due(kind, now, PAGE)]

    def opened(self, document: Document) -> Stored:
        """A document unsealed."""
        inside = json.loads(self.sealer.open(_about(document.kind, document.id), document.sealed).reveal())
        return Stored(
            kind=document.kind,
            id=document.id,
            name=document.name,
            version=document.version,
            at=document.at,
            due_at=document.due_at,
            resource=inside["resource"],
            key=KeyId(inside["key"]),
            created=inside["created"],
            modified=inside["modified"],
            revision=inside["revision"],
            asked={member: ReviewId(review) for member, review in inside["asked"].items()},
        )

    def sealed(self, stored: Stored) -> Document:
        """The document to put."""
        inside: Mapping[str, JsonValue] = {
            "resource": dict(stored.resource),
            "key": stored.key,
            "created": stored.created,
            "modified": stored.modified,
            "revision": stored.revision,
            "asked": dict(stored.asked),
        }
        plain = json.dumps(inside, ensure_ascii=False, separators=(",", ":")).encode()
        sealed = self.sealer.seal(_about(stored.kind, stored.id), plain)
        return Document(stored.kind, stored.id, stored.name, stored.version, stored.at, stored.due_at, sealed)


def _about(kind: DocumentKind, id_: str) -> str:
    return f"interlock/document/v1/{kind.value}/{id_}"
