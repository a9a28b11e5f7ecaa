"""The gate: the one path that every action takes.

    action -> who? -> what does policy say? -> (review) -> release -> run -> how did it end?

A door asks; the answer is `Denied`, `Held` or `Cleared`. What a door runs is the payload of the release it was given,
never its own copy. A held action is redeemed here once people have signed: it is decided anew, and runs only if what
was signed for is still what would run, under rules that ask no more than was given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import assert_never

from interlock.actions.from_leaf import from_leaf, hidden_label, in_console
from interlock.actions.record import observed_told, only_observed, reasons_told, told, would_mask
from interlock.desk import Desk, Sealed
from interlock.desk.presence import proof
from interlock.errors import AuthenticationFailed, Conflict, NotFound
from interlock.identity.passkeys import REVEAL, leaf_terms
from interlock.model.action import Action, EnforcedBy
from interlock.model.canonical import JsonValue
from interlock.model.change import Unit
from interlock.model.decision import Allow, Decision, Deny, NeedsReview, Reason, Requirements
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ActionId, Digest, EntryId, PersonId, PolicyId, ReviewId
from interlock.model.obligation import Obligations
from interlock.model.recent import QUIET
from interlock.model.release import Ending, Outcome, Release
from interlock.model.review import Review, ReviewState, Voter
from interlock.model.secret import Secret
from interlock.ports import Clock, Entropy, Ledger, Policy, Rebuild, Receipt, Recents, Rulebook
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


class Asking(Enum):
    """How far an ask goes. Who enforces a decision itself asks first, and asks people only by a second call."""

    WHOLE = "released or held, as policy says"
    NOW = "released or refused: no review is opened"
    REVIEW = "held or refused: nothing is released"


_OUTCOMES: Mapping[Outcome, Event] = {
    Outcome.SUCCEEDED: Event.SUCCEEDED,
    Outcome.FAILED: Event.FAILED,
    Outcome.ROLLED_BACK: Event.ROLLED_BACK,
    Outcome.UNKNOWN: Event.LOST,
}
_OTHER_ASKER = Reason("not_your_review", "That review is of somebody else's request; ask for yourself.")
_GONE = Reason("credential_gone", "The credential this session began with isn't accepted any more.")

_PART_OF_IT = Reason("part_of_the_request", "Who is part of a request isn't shown the values in it.")
_OTHER_RULES = Reason("rules_not_in_force", "The policies loaded here aren't the ones in force.")
_USED = Reason("used", "The approval was used, or has run out; ask again.")
_NEEDS_REQUEST = Reason("needs_request", "People must sign for this first; ask for a review of it.")
_ALLOWED_NOW = Reason("allowed_now", "Policy allows this as it is; there is nothing to sign.")
_OUT_OF_SCOPE = Reason("out_of_scope", "People signed for another request than this one.")
_ELSEWHERE = "the caller runs it, and doesn't say here how it ended"


@dataclass(frozen=True, slots=True)
class Gate:
    """Who, which labels, what policy says, and the record of it."""

    ledger: Ledger
    rules: Rulebook
    recents: Recents
    desk: Desk
    registry: Registry
    clock: Clock
    entropy: Entropy

    async def ask(self, action: Action, asking: Asking = Asking.WHOLE) -> Answer:
        """Decides an action and records the decision; raises `LedgerUnavailable` when that can't be recorded."""
        actor = self.registry.current(action.actor)
        if actor is None:
            return await self._deny(action, (_GONE,))
        policy = self.rules.current()
        if policy is None:
            return await self._deny(action, (_OTHER_RULES,))
        if actor != action.actor:
            action = replace(action, actor=actor)
        decision = self._decide(policy, action)
        if only_observed(action):
            return await self._observe(action, decision)
        match decision:
            case Deny(reasons):
                return await self._deny(action, reasons, observed=decision.observed)
            case NeedsReview(_, _, reasons, _, observed) if asking is Asking.NOW:
                return await self._deny(action, (_NEEDS_REQUEST, *reasons), observed=observed)
            case NeedsReview():
                return await self._hold(action, decision)
            case Allow() if asking is Asking.REVIEW:
                return await self._deny(action, (_ALLOWED_NOW,), observed=decision.observed)
            case Allow(obligations):
                return await self._release(action, obligations, decision)
            case _:
                assert_never(decision)

    async def refuse(self, action: Action, reason: Reason, review: ReviewId | None = None) -> Denied:
        """Records a no that was settled before policy had to be asked."""
        return await self._deny(action, (reason,), review)

    def foresees_denial(self, action: Action) -> bool:
        """Whether policy denies it as far as it is known; asked before a statement is even described upstream."""
        policy = self.rules.current()
        return policy is None or (not only_observed(action) and isinstance(self._decide(policy, action), Deny))

    async def redeem(self, review_id: ReviewId, action: Action, rebuild: Rebuild) -> Answer:
        """Runs what was approved, if it still may: `action` is what asked, `rebuild` makes the sealed payload anew.

        The answer is `Held` again when the review is still open, or when a new one had to be opened because the action,
        its definitions or the policies ask for more than was signed; its reasons say which.
        """
        review = await self.desk.review(review_id)
        actor = self.registry.current(action.actor)
        if actor is None:
            return await self._deny(action, (_GONE,), review_id)
        if not self.desk.asked_by(review, actor):
            return await self._deny(action, (_OTHER_ASKER,), review_id)
        if review.state is ReviewState.PENDING:
            return Held(review, ())
        if review.state is not ReviewState.APPROVED:
            if action.enforced_by is EnforcedBy.CALLER:
                return await self._deny(action, (_settled(review),), review_id)  # what it is told is on record
            return Denied((_settled(review),), review_id)
        sealed = await self.desk.unseal(review)
        approved = replace(await rebuild(sealed.payload), actor=actor)
        if action.enforced_by is EnforcedBy.CALLER and action.payload != approved.payload:
            return await self._deny(action, (_OUT_OF_SCOPE,), review_id)  # what runs is the caller's own copy
        return await self._redeem(review, sealed, approved)

    def _decide(self, policy: Policy, action: Action) -> Decision:
        """What policy says; whatever it raises is a no, on record like any other (promise 4)."""
        try:
            now = self.clock.now()
            return policy.decide(action, now, self.recents.of(action.actor.id, now) if policy.reads_recent else QUIET)
        except Exception:
            reason = Reason("policy_error", "Policy couldn't be evaluated, so the answer is no.")
            return Deny((reason,), Digest(policy.digest))

    async def _redeem(self, review: Review, sealed: Sealed, action: Action) -> Answer:
        policy = self.rules.current()  # of this moment: it may have changed while the payload was rebuilt
        if policy is None:
            return await self._deny(action, (_OTHER_RULES,), review.id)
        if not self.desk.is_signed_as(review.id, sealed, action.cover):
            return await self._anew(review, action, "what the request means has changed since it was signed")
        decision = self._decide(policy, action)
        if isinstance(decision, Deny):
            await self.desk.overrule(review, "policy denies it by now")
            return await self._deny(action, decision.reasons, review.id)
        because = self.desk.standing.why_not_signed(review, action.actor, _asked(decision))
        if because is not None:
            return await self._anew(review, action, because)
        obligations = decision.obligations.and_also(sealed.obligations)
        try:
            return await self._release(action, obligations, decision, review)
        except Conflict:
            now = await self.desk.review(review.id)
            if now.state is ReviewState.APPROVED and now.uses_left < review.uses_left:
                return await self._redeem(now, sealed, action)  # another run was taken at this moment; one is left
            return await self._deny(action, (_USED,), review.id)

    async def _anew(self, review: Review, action: Action, because: str) -> Answer:
        """The signatures don't fit any more: that review ends, and the action is asked for as if new."""
        try:
            await self.desk.supersede(review, because)
        except Conflict:
            return await self._deny(action, (_USED,), review.id)
        answer = await self.ask(action, Asking.NOW if action.enforced_by is EnforcedBy.CALLER else Asking.WHOLE)
        note = Reason("superseded", f"The earlier approval doesn't hold: {because}.")
        match answer:
            case Held(new, reasons):
                return Held(new, (note, *reasons))
            case Denied(reasons, other):
                return Denied((note, *reasons), other)
            case _:
                return answer

    def may_show(self, review: Review, person: PersonId) -> bool:
        """Whether asking to see a hidden value can lead to anything: nobody who is part of the request sees one."""
        return self.desk.may_see(review, person) and person not in review.excluded

    async def show_leaf(self, review_id: ReviewId, voter: Voter, statement: int, leaf: int) -> Secret[str] | Denied:
        """One value that a review's card hides, for one reviewer; raises `NotFound`.

        It is an action of the person's, decided like any other and on record before the value is handed out. Nobody can
        sign for it: what would need a review is denied, and so is who has a passkey and doesn't answer with it.
        """
        review, person = await self.desk.review(review_id), self.registry.directory.person(voter.person)
        if person is None or not self.desk.may_see(review, person.id):
            raise NotFound("no review of that id")
        card = (await self.desk.card(review_id)).content
        label = hidden_label(card, statement, leaf)
        actor = in_console(person, voter.key)
        action = from_leaf(ActionId(self.entropy.uuid7()), actor, card, label)
        decision = self._may_reveal(review, voter, action)
        if not isinstance(decision, Allow):
            return await self._deny(action, decision.reasons, review_id)
        about = (review, REVEAL, review.digest, review.card_digest, leaf_terms(statement, leaf))
        try:
            voter = self.desk.attendance.attested(voter, *about)
        except AuthenticationFailed as failed:
            sentence = f"{failed.sentence[:1].upper()}{failed.sentence[1:]}."
            return await self._deny(action, (Reason("no_passkey_answer", sentence),), review_id)
        value = await self.desk.leaf(review_id, statement, leaf)
        release = self._released(action, decision.obligations, decision, None, {})
        shown: dict[str, JsonValue] = {"review": review_id, "person": person.id, "statement": statement, "leaf": leaf}
        shown |= {"label": label, **proof(voter)}
        ended: dict[str, JsonValue] = {"outcome": Outcome.SUCCEEDED.value, "rows": 1, "sqlstate": "", "review": ""}
        entries = (
            release,
            self._draft(EntryType.REVEAL_SHOWN, action, shown, obj=review_id),
            self._draft(EntryType.ACTION_ENDED, action, ended),
        )
        await self._commit(Unit(entries))
        return value

    def _may_reveal(self, review: Review, voter: Voter, action: Action) -> Decision:
        policy = self.rules.current()
        refusal = self.desk.attendance.not_in_console(voter)
        if policy is None:
            return Deny((_OTHER_RULES,), Digest(""))
        if refusal is not None or not self.may_show(review, voter.person):
            reason = Reason("not_present", "Hidden values are shown in the console only, after a recent login.")
            return Deny((reason if refusal else _PART_OF_IT,), Digest(policy.digest))
        return self._decide(policy, action)

    def end(self, release: Release, ending: Ending) -> Awaitable[Receipt]:
        """Records how a released action ended, and what was masked; its rows count from the moment of the call."""
        action, review = release.action, release.review
        d: dict[str, JsonValue] = {"outcome": ending.outcome.value, "rows": ending.rows, "sqlstate": ending.sqlstate}
        entries = [self._draft(EntryType.ACTION_ENDED, action, {**d, "review": review or ""})]
        if ending.masked:
            counts: list[JsonValue] = [{"label": label, "count": count} for label, count in ending.masked]
            entries.append(self._draft(EntryType.MASK_APPLIED, action, {"counts": counts}))
        changes = self.desk.ended(review, _OUTCOMES[ending.outcome]) if review else ()
        return self._commit(Unit(tuple(entries), changes))

    def _commit(self, unit: Unit) -> Awaitable[Receipt]:
        """Queues the unit; what it says of the actor counts from here on, whether it is durable yet or not."""
        now = self.clock.now()
        for draft in unit.entries:
            self.recents.note(draft, now)
        return self.ledger.commit(unit)

    async def _deny(
        self,
        action: Action,
        reasons: tuple[Reason, ...],
        review: ReviewId | None = None,
        observed: tuple[PolicyId, ...] = (),
    ) -> Denied:
        d = told(action) | {"reasons": reasons_told(reasons)} | observed_told(observed)
        await self._commit(Unit((self._draft(EntryType.ACTION_DENIED, action, d, obj=review or ""),)))
        return Denied(reasons, review)

    async def _observe(self, action: Action, decision: Decision) -> Answer:
        """On a connection in `unsafe_observe` everything runs as it is, and the entry says what would have been."""
        mask = would_mask(decision)
        would = {Allow: "masked" if mask else "", NeedsReview: "held", Deny: "denied"}[type(decision)]
        noted: dict[str, JsonValue] = {"would": would, "reasons": reasons_told(decision.reasons)} if would else {}
        allowed = Allow(Obligations(mask=mask, observing=True), decision.reasons, decision.bundle, decision.observed)
        return await self._release(action, allowed.obligations, allowed, noted=noted)

    async def _hold(self, action: Action, decision: NeedsReview) -> Held | Denied:
        d = told(action) | {"review": "", "reasons": reasons_told(decision.reasons)} | observed_told(decision.observed)
        held = self._draft(EntryType.ACTION_HELD, action, d, bundle=decision.bundle)
        noted = self.clock.now()
        self.recents.note(held, noted)  # before it waits: many at once must see each other
        try:
            review = await self.desk.open_or_join(action, decision, held)
        except Exception:
            self.recents.take_back(held, noted)
            raise
        if isinstance(review, Reason):
            self.recents.take_back(held, noted)
            return await self._deny(action, (review, *decision.reasons))
        return Held(review, decision.reasons)

    async def _release(
        self,
        action: Action,
        obligations: Obligations,
        decision: Allow | NeedsReview,
        review: Review | None = None,
        noted: Mapping[str, JsonValue] | None = None,
    ) -> Cleared:
        using = self.desk.use_up(review) if review else None
        entry = self._released(
            action, obligations, decision, review, {**(noted or {}), **(using.noted if using else {})}
        )
        unit = self._handed_over(Unit((entry,), using.changes if using else ()), action, review)
        durable = asyncio.ensure_future(self._commit(unit))
        if not action.effect_free or review is not None:
            await durable
        return Cleared(Release(action, entry.id, obligations, review.id if review else None), durable)

    def _handed_over(self, unit: Unit, action: Action, review: Review | None) -> Unit:
        """What a caller enforces has no end that we'd see: its release says so in the same breath."""
        if action.enforced_by is not EnforcedBy.CALLER:
            return unit
        d: dict[str, JsonValue] = {"because": _ELSEWHERE, "review": review.id if review else ""}
        unknown = self._draft(EntryType.ACTION_UNKNOWN, action, d, obj=review.id if review else "")
        ended = self.desk.ended(review.id, Event.LOST) if review else ()
        return Unit((*unit.entries, unknown), (*unit.changes, *ended))

    def _released(
        self,
        action: Action,
        obligations: Obligations,
        decision: Allow | NeedsReview,
        review: Review | None,
        noted: Mapping[str, JsonValue],
    ) -> Draft:
        d: dict[str, JsonValue] = {
            **told(action),
            "masks": sorted(obligations.mask),
            "review": review.id if review else "",
            "digest": review.digest if review else "",
            "bundle": decision.bundle,
            **observed_told(decision.observed),
            **noted,
        }
        if obligations.row_cap is not None:
            d["row_cap"] = obligations.row_cap
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
