"""The gate: the one path that every action takes.

    action -> who? -> what does policy say? -> (review) -> release -> run -> how did it end?

A door asks; the answer is `Denied`, `Held` or `Cleared`. What a door runs is the payload of the release it was given,
never its own copy. A held action is redeemed here once people have signed: it is decided anew, and runs only if what
was signed for is still what would run, under rules that ask no more than was given.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from interlock.desk import Desk, Sealed
from interlock.errors import Conflict
from interlock.model.action import Action
from interlock.model.canonical import JsonValue
from interlock.model.change import Change, Unit
from interlock.model.decision import Allow, Decision, Deny, NeedsReview, Reason, Requirements
from interlock.model.digest import action_digest
from interlock.model.entry import Draft, EntryType
from interlock.model.names import Digest, EntryId, ReviewId
from interlock.model.obligation import Obligations
from interlock.model.release import Ending, Outcome, Release
from interlock.model.review import Review, ReviewState
from interlock.ports import Clock, Entropy, Ledger, Policy, Rebuild, Receipt
from interlock.registry import Registry
from interlock.review.states import Event


@dataclass(frozen=True, slots=True)
class Denied:
    """No. The reasons are safe to show downstream."""

    reasons: tuple[Reason, ...]
    review: ReviewId | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """People must sign first. `review.state` may already be approved, when the request joined one that is."""

    review: Review
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Cleared:
    """It may run. No result byte goes downstream before `durable` is done.

    For anything that isn't proved effect-free, it is done already when the door gets this: nothing effectful is sent
    before its release is on disk.
    """

    release: Release
    durable: Awaitable[Receipt]


Answer = Denied | Held | Cleared

MAX_TEXTS = 16_000  # bytes of statements, and of resources, in one entry, which holds 65,535 (ledger.md 1.2)

_OUTCOMES: Mapping[Outcome, Event] = {
    Outcome.SUCCEEDED: Event.SUCCEEDED,
    Outcome.FAILED: Event.FAILED,
    Outcome.ROLLED_BACK: Event.ROLLED_BACK,
    Outcome.UNKNOWN: Event.LOST,
}
_GONE = Reason("credential_gone", "The credential this session began with isn't accepted any more.")

_OTHER_RULES = Reason("rules_not_in_force", "The policies loaded here aren't the ones in force.")


@dataclass(frozen=True, slots=True)
class Gate:
    """Who, which labels, what policy says, and the record of it."""

    ledger: Ledger
    policy: Policy
    desk: Desk
    registry: Registry
    clock: Clock
    entropy: Entropy
    rules: Digest | None = None  # of policies and catalogs as loaded: what the signed policy.loaded entry must name

    async def ask(self, action: Action) -> Answer:
        """Decides an action and records the decision; raises `LedgerUnavailable` when that can't be recorded."""
        actor = self.registry.current(action.actor)
        if actor is None:
            return await self._deny(action, (_GONE,))
        if not self._in_force():
            return await self._deny(action, (_OTHER_RULES,))
        if actor != action.actor:
            action = replace(action, actor=actor)
        decision = self._decide(action)
        match decision:
            case Deny(reasons):
                return await self._deny(action, reasons)
            case NeedsReview():
                return await self._hold(action, decision)
            case Allow(obligations):
                return await self._release(action, obligations, decision)
            case _:
                assert_never(decision)

    def foresees_denial(self, action: Action) -> bool:
        """Whether policy denies it as far as it is known; asked before a statement is even described upstream."""
        return isinstance(self._decide(action), Deny)

    async def redeem(self, review_id: ReviewId, action: Action, rebuild: Rebuild) -> Answer:
        """Runs what was approved, if it still may: `action` is what asked, `rebuild` makes the sealed payload anew.

        The answer is `Held` again when the review is still open, or when a new one had to be opened because the action,
        its definitions or the policies ask for more than was signed; its reasons say which.
        """
        review = await self.desk.review(review_id)
        actor = self.registry.current(action.actor)
        if actor is None or review.actor != actor.id:
            return await self._deny(action, (_GONE,), review_id)
        if not self._in_force():
            return await self._deny(action, (_OTHER_RULES,), review_id)
        if review.state is ReviewState.PENDING:
            return Held(review, ())
        if review.state is not ReviewState.APPROVED:
            return Denied((_settled(review),), review_id)
        sealed = await self.desk.unseal(review)
        approved = replace(await rebuild(sealed.payload), actor=actor)
        return await self._redeem(review, sealed, approved)

    def _decide(self, action: Action) -> Decision:
        """What policy says; whatever it raises is a no, on record like any other (promise 4)."""
        try:
            return self.policy.decide(action, self.clock.now())
        except Exception:
            reason = Reason("policy_error", "Policy couldn't be evaluated, so the answer is no.")
            return Deny((reason,), Digest(self.policy.digest))

    def _in_force(self) -> bool:
        return self.rules is None or self.registry.in_force(self.rules)

    async def _redeem(self, review: Review, sealed: Sealed, action: Action) -> Answer:
        if not hmac.compare_digest(action_digest(sealed.nonce, action.cover), review.digest):
            return await self._anew(review, action, "what the request means has changed since it was signed")
        decision = self._decide(action)
        if isinstance(decision, Deny):
            await self.desk.overrule(review, "policy denies it by now")
            return await self._deny(action, decision.reasons, review.id)
        because = self.desk.standing.why_not_signed(review, action.actor, _asked(decision))
        if because is not None:
            return await self._anew(review, action, because)
        obligations = decision.obligations.and_also(Obligations(mask=sealed.mask))
        try:
            return await self._release(action, obligations, decision, review)
        except Conflict:
            return Denied((Reason("used", "The approval was used, or has run out; ask again."),), review.id)

    async def _anew(self, review: Review, action: Action, because: str) -> Answer:
        """The signatures don't fit any more: that review ends, and the action is asked for as if new."""
        try:
            await self.desk.supersede(review, because)
        except Conflict:
            return Denied((Reason("used", "The approval was used, or has run out; ask again."),), review.id)
        answer = await self.ask(action)
        note = Reason("superseded", f"The earlier approval doesn't hold: {because}.")
        match answer:
            case Held(new, reasons):
                return Held(new, (note, *reasons))
            case Denied(reasons, other):
                return Denied((note, *reasons), other)
            case _:
                return answer

    async def end(self, release: Release, ending: Ending) -> None:
        """Records how a released action ended, and what was masked."""
        action, review = release.action, release.review
        entries = [
            self._draft(
                EntryType.ACTION_ENDED,
                action,
                {
                    "outcome": ending.outcome.value,
                    "rows": ending.rows,
                    "sqlstate": ending.sqlstate,
                    "review": review or "",
                },
            )
        ]
        if ending.masked:
            counts: list[JsonValue] = [{"label": label, "count": count} for label, count in ending.masked]
            entries.append(self._draft(EntryType.MASK_APPLIED, action, {"counts": counts}))
        changes = (self.desk.ended(review, _OUTCOMES[ending.outcome]),) if review else ()
        await self.ledger.commit(Unit(tuple(entries), changes))

    async def _deny(self, action: Action, reasons: tuple[Reason, ...], review: ReviewId | None = None) -> Denied:
        d: dict[str, JsonValue] = {
            "connection": action.connection.name,
            "verbs": _verbs(action),
            "resources": _resources(action),
            "labels": sorted(action.exposure.labels),
            "statements": _statements(action),
            "reasons": _reasons(reasons),
        }
        await self.ledger.commit(Unit((self._draft(EntryType.ACTION_DENIED, action, d, obj=review or ""),)))
        return Denied(reasons, review)

    async def _hold(self, action: Action, decision: NeedsReview) -> Held | Denied:
        d = _touched(action) | {"review": "", "reasons": _reasons(decision.reasons)}
        held = self._draft(EntryType.ACTION_HELD, action, d, bundle=decision.bundle)
        review = await self.desk.open_or_join(action, decision, held)
        if isinstance(review, Reason):
            return await self._deny(action, (review, *decision.reasons))
        return Held(review, decision.reasons)

    async def _release(
        self, action: Action, obligations: Obligations, decision: Allow | NeedsReview, review: Review | None = None
    ) -> Cleared:
        entry = self._released(action, obligations, decision, review)
        changes: tuple[Change, ...] = (self.desk.use_up(review),) if review else ()
        durable = asyncio.ensure_future(self.ledger.commit(Unit((entry,), changes)))
        if not action.effect_free or review is not None:
            await durable
        return Cleared(Release(action, entry.id, obligations, review.id if review else None), durable)

    def _released(
        self, action: Action, obligations: Obligations, decision: Allow | NeedsReview, review: Review | None
    ) -> Draft:
        d = _touched(action) | {
            "masks": sorted(obligations.mask),
            "review": review.id if review else "",
            "digest": review.digest if review else "",
            "bundle": decision.bundle,
        }
        obj = review.id if review else ""
        return self._draft(
            EntryType.ACTION_RELEASED, action, d, obj=obj, bundle=decision.bundle, reasons=decision.reasons
        )

    def _draft(
        self,
        type_: EntryType,
        action: Action,
        d: Mapping[str, JsonValue],
        *,
        obj: str = "",
        bundle: Digest | None = None,
        reasons: tuple[Reason, ...] = (),
    ) -> Draft:
        pol: Mapping[str, JsonValue] = (
            {"bundle": bundle, "ids": [r.policy for r in reasons if r.policy]} if bundle is not None else {}
        )
        return Draft(
            id=EntryId(self.entropy.uuid7()),
            type=type_,
            d=d,
            actor=action.actor,
            act=action.id,
            obj=obj,
            pol=pol,
            enforced=action.enforced_by.value,
        )


def _settled(review: Review) -> Reason:
    return Reason(f"review_{review.state.value}", f"The review is {review.state.value}; what it held didn't run.")


def _asked(decision: Decision) -> tuple[Requirements, ...]:
    return (decision.requirements,) if isinstance(decision, NeedsReview) else ()


def _touched(action: Action) -> dict[str, JsonValue]:
    exposure = action.exposure
    return {
        "connection": action.connection.name,
        "verbs": _verbs(action),
        "resources": _resources(action),
        "labels": sorted(exposure.labels),
        "filters": sorted(exposure.filters),
        "writes": sorted(exposure.writes),
        "statements": _statements(action),
    }


def _verbs(action: Action) -> list[str]:
    return sorted({ask.verb for ask in action.asks})


def _resources(action: Action) -> list[str]:
    return _bounded(sorted({ask.resource.id for ask in action.asks}))


def _statements(action: Action) -> list[str]:
    """The stored templates, each once: an executemany is one text."""
    return _bounded(list(dict.fromkeys(t.stored for t in action.templates)))


def _bounded(texts: list[str]) -> list[str]:
    """As many of the texts as an entry has room for, the last cut; then how many bytes were left out."""
    kept: list[str] = []
    room = MAX_TEXTS
    for text in texts:
        cut = text.encode()[:room].decode(errors="ignore")
        if cut:
            kept.append(cut)
        room -= len(cut.encode())
    left_out = sum(len(t.encode()) for t in texts) - sum(len(t.encode()) for t in kept)
    return [*kept, f"... and {left_out} bytes more"] if left_out else kept


def _reasons(reasons: tuple[Reason, ...]) -> list[JsonValue]:
    return [{"code": r.code, "policy": r.policy or ""} for r in reasons]
