"""Idempotency keys: an asker's own word for one thing asked for, under which it runs once.

A key is an actor's, on behalf of the same people: nobody else can use it up. It is kept as an HMAC under the
installation's key, with what it was used for, in a document whose next version goes into the unit of the release: of
two requests that race, one is released. For a day at least; an actor has at most `MOST_OF_ONE_ACTOR`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from interlock.errors import Conflict, LedgerUnavailable
from interlock.ledger.authority import Authority
from interlock.model.action import Action
from interlock.model.canonical import encode
from interlock.model.change import PutDocument, Unit
from interlock.model.decision import Reason
from interlock.model.digest import lookup
from interlock.model.document import Document, DocumentKind
from interlock.model.names import ActionId, ReviewId
from interlock.model.release import Outcome
from interlock.model.review import ReviewState
from interlock.model.secret import Secret
from interlock.ports import Clock, Ledger, Rows, Sealer

KEPT: Final = timedelta(hours=24)
MOST_OF_ONE_ACTOR: Final = 1_000
MAX_KEY: Final = 200  # characters

_DOMAIN: Final = b"interlock/idempotency/v1\0"
_CONFLICT = Reason("idempotency_conflict", "This idempotency key was used for another request; take a new one.")
_TOO_LONG = Reason("idempotency_key", f"An idempotency key has at most {MAX_KEY} characters.")
_TOO_MANY = Reason(
    "too_many_keys", f"You used {MOST_OF_ONE_ACTOR} idempotency keys within a day; wait, or ask without one."
)


@dataclass(frozen=True, slots=True)
class Used:
    """What a key was used for. `action` is the one that ran under it, "" while none has; `outcome` once it is known."""

    form: str
    review: str = ""
    action: str = ""
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """A key as it was found: `version` 0 when nobody has used it yet."""

    id: str
    name: str
    version: int
    used: Used


@dataclass(frozen=True, slots=True)
class Ran:
    """It has run under this key, and isn't run again."""

    reason: Reason
    review: ReviewId | None


@dataclass(frozen=True, slots=True)
class Repeats:
    """What actors' keys were used for. Raises `LedgerCorrupt` for a document that isn't what was sealed."""

    ledger: Ledger
    rows: Rows
    authority: Authority
    sealer: Sealer
    clock: Clock
    key: Secret[bytes]

    async def look(self, action: Action) -> Claim | Ran | Reason:
        """What is known of an action's key: it may go on, it has run, or why it can't go on."""
        if len(action.idempotency_key) > MAX_KEY:
            return _TOO_LONG
        id_, form = self._id(action), lookup(self.key, {"form": dict(action.form)}).hex()
        found = await self.rows.document(DocumentKind.IDEMPOTENCY, id_)
        name = f"{action.actor.id}/{id_}"
        if found is None:
            if await self.rows.count_named(DocumentKind.IDEMPOTENCY, f"{action.actor.id}/") >= MOST_OF_ONE_ACTOR:
                return _TOO_MANY
            return Claim(id_, name, 0, Used(form))
        used = self._opened(found)
        if not hmac.compare_digest(used.form, form):
            return _CONFLICT
        ran = await self._ran(used)
        return ran if ran is not None else Claim(id_, name, found.version, used)

    def held(self, claim: Claim, review: ReviewId) -> tuple[PutDocument, ...]:
        """For the unit that opens or joins a review: what the key stands for from here on."""
        if claim.version and claim.used.review == review:
            return ()
        return (self._put(claim, replace(claim.used, review=review)),)

    def released(self, claim: Claim, action: ActionId, review: ReviewId | None) -> PutDocument:
        """For the unit of the release: the key has been used for this run."""
        return self._put(claim, replace(claim.used, action=action, review=review or ""))

    async def ended(self, action: Action, outcome: Outcome) -> None:
        """Notes how the run ended, for who asks again; what can't be noted is told as unknown."""
        found = await self.rows.document(DocumentKind.IDEMPOTENCY, self._id(action))
        used = self._opened(found) if found is not None else None
        if found is None or used is None or used.action != action.id:
            return
        claim = Claim(found.id, found.name, found.version, used)
        try:
            await self.ledger.commit(Unit((), (self._put(claim, replace(used, outcome=outcome.value)),)))
        except (Conflict, LedgerUnavailable):
            return

    async def _ran(self, used: Used) -> Ran | None:
        if used.action:
            running = any(act == used.action for act, _ in self.authority.unended())
            how = used.outcome or ("running" if running else Outcome.UNKNOWN.value)
            return _told(f"action {used.action}", how, used.review, fetched=False)
        review = await self.rows.review(ReviewId(used.review)) if used.review else None
        deferred = review and await self.rows.document(DocumentKind.DEFERRED, review.id)
        if review is None or not deferred:
            return None
        run_once = review.state is ReviewState.APPROVED and not self.authority.waits_to_run(review.id)
        if review.state not in _RAN and not run_once:
            return None
        return _told(f"review {review.id}", review.state.value, review.id, fetched=True)

    def _id(self, action: Action) -> str:
        whose = [action.actor.id, *(link.id for link in action.actor.chain)]
        about = encode({"whose": list(whose), "key": action.idempotency_key})
        return hmac.new(self.key.reveal(), _DOMAIN + about, hashlib.sha256).hexdigest()

    def _put(self, claim: Claim, used: Used) -> PutDocument:
        now = self.clock.now()
        told = {"form": used.form, "review": used.review, "action": used.action, "outcome": used.outcome}
        sealed = self.sealer.seal(_about(claim.id), encode(told))
        kind = DocumentKind.IDEMPOTENCY
        return PutDocument(Document(kind, claim.id, claim.name, claim.version + 1, now, now + KEPT, sealed))

    def _opened(self, document: Document) -> Used:
        told: dict[str, Any] = json.loads(self.sealer.open(_about(document.id), document.sealed).reveal())
        return Used(**told)


_RAN: Final = frozenset(
    {
        ReviewState.RELEASED,
        ReviewState.SUCCEEDED,
        ReviewState.FAILED,
        ReviewState.ROLLED_BACK,
        ReviewState.UNKNOWN,
    }
)


def _told(what: str, how: str, review: str, *, fetched: bool) -> Ran:
    where = f"{what}, review {review}" if review and not fetched else what
    fetch = " What it gave can be fetched by the review's id." if fetched else ""
    said = {"running": "it is running", "released": "it is running", "unknown": "nobody knows how it ended"}.get(
        how, f"it ended as {how}"
    )
    reason = Reason("already_ran", f"This has run under the same idempotency key ({where}): {said}.{fetch}")
    return Ran(reason, ReviewId(review) if review else None)


def _about(id_: str) -> str:
    return f"interlock/idempotency/v1/{id_}"
