"""Deferred runs: whom they are for, and what they gave.

That a review is to be run by the gateway itself is said in signed entries, by who asked (`review.opened`,
`review.joined`): a row approves nothing here either. The documents say with which credential and session state to run
it, and keep what it gave, sealed, for `KEPT`. Each run takes the document's next version in the unit of its release, so
that of two workers one runs it.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from interlock.errors import Conflict, LedgerCorrupt
from interlock.model.action import Action
from interlock.model.actor import Actor, ActorKind
from interlock.model.canonical import JsonValue, encode
from interlock.model.change import DropDocument, PutDocument, Unit
from interlock.model.deferred import Deferred
from interlock.model.document import Document, DocumentKind
from interlock.model.names import ActorId, ConnectionName, GroupName, KeyId, PersonId, ReviewId
from interlock.model.review import Review
from interlock.model.secret import Secret
from interlock.ports import Clock, Documents, Ledger, Sealer

KEPT = timedelta(hours=24)  # what a run gave, and that there was one
MOST_OF_ONE_ACTOR = 100  # deferred runs that wait or are kept: with results of 8 MiB, 800 MiB
SWEPT_AT_ONCE = 8  # documents: each may hold a whole result

_STATE = ("search_path", "role", "settings")


@dataclass(frozen=True, slots=True)
class Deferrals:
    """Documents about deferred runs. Reads raise `LedgerCorrupt` for one that isn't what was sealed."""

    ledger: Ledger
    documents: Documents
    sealer: Sealer
    clock: Clock

    async def wish(self, action: Action, review: ReviewId, waits_until: datetime) -> PutDocument:
        """What an asker's wish leaves behind, for the unit of its entry: the last who asked is whom it runs for."""
        known = await self.documents.document(DocumentKind.DEFERRED, review)
        told = {
            "actor": _actor_document(action.actor),
            "connection": action.connection.name,
            "state": {name: action.cover[name] for name in _STATE if name in action.cover},
        }
        version = 1 if known is None else known.version + 1
        sealed = self.sealer.seal(_about(DocumentKind.DEFERRED, review), encode(told))
        name, now = _names_of(action.actor.id) + review, self.clock.now()
        return PutDocument(
            Document(DocumentKind.DEFERRED, review, name, version, now, max(now, waits_until) + KEPT, sealed)
        )

    async def has_room(self, actor: ActorId) -> bool:
        """Whether this actor may have another one."""
        return await self.documents.count_named(DocumentKind.DEFERRED, _names_of(actor)) < MOST_OF_ONE_ACTOR

    async def of(self, review: ReviewId) -> Deferred | None:
        """Whom a deferred run is for, and how; None where nobody has said."""
        found = await self.documents.document(DocumentKind.DEFERRED, review)
        if found is None:
            return None
        told = self._opened(found)
        actor, connection = _actor_from(told["actor"]), ConnectionName(told["connection"])
        return Deferred(review, actor, connection, told["state"])

    async def taken(self, review: ReviewId) -> PutDocument:
        """The guard of a release: the document's next version; raises `Conflict` when it isn't there any more."""
        found = await self.documents.document(DocumentKind.DEFERRED, review)
        if found is None:
            raise Conflict("nobody says any more for whom this is run")
        now = self.clock.now()
        version, sealed = found.version + 1, found.sealed
        return PutDocument(Document(found.kind, found.id, found.name, version, now, now + KEPT, sealed))

    async def keep(self, review: Review, result: bytes) -> None:
        """Keeps what a run gave, in place of what the run before gave; raises `Conflict`, `LedgerUnavailable`."""
        kind, now = DocumentKind.RESULT, self.clock.now()
        known = await self.documents.document(kind, review.id)
        version = 1 if known is None else known.version + 1
        sealed = self.sealer.seal(_about(kind, review.id), result)
        name = _names_of(review.actor) + review.id
        put = PutDocument(Document(kind, review.id, name, version, now, now + KEPT, sealed))
        await self.ledger.commit(Unit((), (put,)))

    async def result(self, review: ReviewId) -> Secret[bytes] | None:
        """What its last run gave, while that is kept."""
        found = await self.documents.document(DocumentKind.RESULT, review)
        if found is None or found.due_at is None or found.due_at <= self.clock.now():
            return None
        return self.sealer.open(_about(DocumentKind.RESULT, review), found.sealed)

    async def sweep(self) -> int:
        """Deletes what has been kept for long enough; how many. Raises `LedgerUnavailable`."""
        count = 0
        for kind in (DocumentKind.RESULT, DocumentKind.DEFERRED, DocumentKind.IDEMPOTENCY):
            while due := await self.documents.documents_due(kind, self.clock.now(), SWEPT_AT_ONCE):
                dropped = [self.ledger.commit(Unit((), (DropDocument(kind, each.id),))) for each in due]
                for outcome in await asyncio.gather(*dropped, return_exceptions=True):
                    if isinstance(outcome, BaseException) and not isinstance(outcome, Conflict):
                        raise outcome
                    count += 1  # or another node was first
        return count

    def _opened(self, document: Document) -> Mapping[str, Any]:
        told: Mapping[str, Any] = json.loads(
            self.sealer.open(_about(document.kind, ReviewId(document.id)), document.sealed).reveal()
        )
        return told


def _names_of(actor: ActorId) -> str:
    """How the names of an actor's documents begin. Actors' names have no slash."""
    return f"{actor}/"


def _about(kind: DocumentKind, review: ReviewId) -> str:
    return f"interlock/{kind.value}/v1/{review}"


def _actor_document(actor: Actor) -> JsonValue:
    return {
        "kind": actor.kind.value,
        "id": actor.id,
        "groups": sorted(actor.groups),
        "owner": actor.owner,
        "key": actor.key,
        "made_by": actor.made_by,
        "held_by": actor.held_by,
        "authn": actor.authn,
        "session": actor.session,
        "chain": [_actor_document(each) for each in actor.chain],
        "expires_at": None if actor.expires_at is None else actor.expires_at.isoformat(),
    }


def _actor_from(d: Mapping[str, Any]) -> Actor:
    try:
        return Actor(
            kind=ActorKind(d["kind"]),
            id=ActorId(d["id"]),
            groups=frozenset(map(GroupName, d["groups"])),
            owner=PersonId(d["owner"]),
            key=KeyId(d["key"]),
            made_by=PersonId(d["made_by"]),
            held_by=PersonId(d["held_by"]),
            authn=d["authn"],
            session=d["session"],
            chain=tuple(_actor_from(each) for each in d["chain"]),
            expires_at=None if d["expires_at"] is None else datetime.fromisoformat(d["expires_at"]),
        )
    except (KeyError, TypeError, ValueError):
        raise LedgerCorrupt("a deferred run's document isn't one that Interlock wrote") from None
