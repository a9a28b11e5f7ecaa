"""The gate: the one path that every action takes.

    action -> who? -> what does policy say? -> (review) -> release -> run -> how did it end?

A door asks; the answer is `Denied`, `Held` or `Cleared`. What a door runs is the payload of the release it was given,
never its own copy. A held action is redeemed here once people have signed: it is decided anew, and runs only if what
was signed for is still what would run, under rules that ask no more than was given.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field, replace
from typing import assert_never

from interlock.actions.record import observed_told, only_observed, reasons_told, released_told, told, would_mask
from interlock.desk import Desk, Sealed, own_reasons
from interlock.desk.answers import Answer, Asking, Cleared, Denied, Held
from interlock.desk.entries import claimed_end, of_action, waiting
from interlock.desk.estimates import estimated, sized
from interlock.desk.repeats import Claim, Ran
from interlock.errors import Conflict
from interlock.masking.plan import without_kept
from interlock.masking.profile import Profile
from interlock.model.action import Action, EnforcedBy
from interlock.model.actor import Actor
from interlock.model.canonical import JsonValue
from interlock.model.change import Unit
from interlock.model.decision import Allow, Decision, Deny, NeedsReview, Reason, Requirements
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ActionId, ConnectionName, Digest, EntryId, PolicyId, ReviewId
from interlock.model.obligation import Obligations
from interlock.model.recent import QUIET
from interlock.model.release import Ending, Outcome, Release
from interlock.model.review import Review, ReviewState
from interlock.ports import Clock, Entropy, Estimator, Ledger, Policy, Rebuild, Receipt, Recents, Rulebook
from interlock.registry import Registry
from interlock.registry.derived import deriving
from interlock.review.states import Event
from interlock.rulebook import by_own_writes, is_denial

__all__ = ["Answer", "Asking", "Cleared", "Denied", "Gate", "Held"]

_OUTCOMES: Mapping[Outcome, Event] = {
    Outcome.SUCCEEDED: Event.SUCCEEDED,
    Outcome.FAILED: Event.FAILED,
    Outcome.ROLLED_BACK: Event.ROLLED_BACK,
    Outcome.UNKNOWN: Event.LOST,
}
_LOOKS = 3
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
    estimator: Estimator | None = None  # None: nothing is estimated
    profiles: Mapping[ConnectionName, Profile] = field(default_factory=dict)  # what connections keep though labelled

    async def ask(self, action: Action, asking: Asking = Asking.WHOLE) -> Answer:
        """Decides an action and records the decision; raises `LedgerUnavailable` when that can't be recorded.

        What has run under the action's idempotency key isn't released again: it is denied, saying what came of it.
        """
        for _ in range(_LOOKS):
            try:
                return await self._ask(action, asking)
            except _Overtaken:
                continue  # somebody used the same key, or opened the same review, in this moment: look again
        return await self._deny(action, (own_reasons.BUSY,))

    async def _ask(self, action: Action, asking: Asking) -> Answer:
        action = await self._sized(action)
        actor = self.registry.current(action.actor)
        if actor is None:
            return await self._deny(action, (own_reasons.GONE,))
        policy = self.rules.current()
        if policy is None:
            return await self._deny(action, (own_reasons.OTHER_RULES,))
        if actor != action.actor:
            action = replace(action, actor=actor)
        action = by_own_writes(action, self.recents, self.clock)
        claim = await self._claim(action)
        if isinstance(claim, Denied):
            return claim
        decision = self._decide(policy, action)
        if only_observed(action):
            return await self._observe(action, decision, claim)
        match decision:
            case Deny(reasons):
                return await self._deny(action, reasons, observed=decision.observed)
            case NeedsReview(_, _, reasons, _, observed) if asking is Asking.NOW:
                return await self._deny(action, (own_reasons.NEEDS_REQUEST, *reasons), observed=observed)
            case NeedsReview():
                return await self._hold(action, decision, claim)
            case Allow() if asking is Asking.REVIEW:
                return await self._deny(action, (own_reasons.ALLOWED_NOW,), observed=decision.observed)
            case Allow(obligations):
                return await self._release(action, obligations, decision, claim=claim)
            case _:
                assert_never(decision)

    async def _claim(self, action: Action) -> Claim | Denied | None:
        """The action's idempotency key, if it has one and that may go on."""
        if not action.idempotency_key:
            return None
        match await self.desk.repeats.look(action):
            case Claim() as claim:
                return claim
            case Ran(reason, review):
                return await self._deny(action, (reason,), review)
            case refusal:
                return await self._deny(action, (refusal,))

    async def refuse(
        self, action: Action, reason: Reason, review: ReviewId | None = None, *, also: tuple[Reason, ...] = ()
    ) -> Denied:
        """Records a no that was settled before policy had to be asked, or by `judged`."""
        return await self._deny(action, (reason, *also), review)

    def foresees_denial(self, action: Action) -> bool:
        """Whether policy denies it as far as it is known; asked before a statement is even described upstream."""
        policy = self.rules.current()
        return policy is None or (not only_observed(action) and is_denial(self._foreseen(policy, action)))

    def foresees_review(self, action: Action) -> bool:
        """Whether people would be asked, as far as it is known; asked before what they'd sign for is collected."""
        policy = self.rules.current()
        if policy is None or only_observed(action):
            return False
        return isinstance(self._foreseen(policy, action), NeedsReview)

    def _foreseen(self, policy: Policy, action: Action) -> Decision:
        return self._decide(policy, by_own_writes(action, self.recents, self.clock))

    async def redeem(self, review_id: ReviewId, action: Action, rebuild: Rebuild, *, by_itself: bool = False) -> Answer:
        """Runs what was approved, if it still may: `action` is what asked, `rebuild` makes the sealed payload anew.

        `by_itself`: nobody waits for it; it runs only where who asked wanted that, as signed entries have it.

        The answer is `Held` again when the review is still open, or when a new one had to be opened because the action,
        its definitions or the policies ask for more than was signed; its reasons say which.
        """
        review = await self.desk.review(review_id)
        actor = self.registry.current(action.actor)
        if actor is None:
            return await self._deny(action, (own_reasons.GONE,), review_id)
        if not self.desk.asked_by(review, actor):
            return await self._deny(action, (own_reasons.OTHER_ASKER,), review_id)
        if review.state is ReviewState.PENDING:
            return Held(review, ())
        if review.state is not ReviewState.APPROVED:
            if action.enforced_by is EnforcedBy.CALLER:
                # What a caller is told is on record.
                return await self._deny(action, (own_reasons.settled(review),), review_id)
            return Denied((own_reasons.settled(review),), review_id)
        sealed = await self.desk.unseal(review)
        built = await rebuild(sealed.payload)
        approved = replace(built, actor=actor, deferred=action.deferred, idempotency_key=action.idempotency_key)
        if action.enforced_by is EnforcedBy.CALLER and action.payload != approved.payload:
            # What runs is the caller's own copy.
            return await self._deny(action, (own_reasons.OUT_OF_SCOPE,), review_id)
        return await self._redeem(review, sealed, await self._sized(approved), by_itself=by_itself)

    async def _sized(self, action: Action) -> Action:
        """The action with its estimate, where policies ask for one. First of all: it may take seconds, and what is
        decided afterwards is decided by who and what there is then."""
        policy = self.rules.current()
        return action if policy is None or not policy.reads_estimate else await sized(self.estimator, action)

    def _decide(self, policy: Policy, action: Action) -> Decision:
        """What policy says; whatever it raises is a no, on record like any other (promise 4)."""
        try:
            now = self.clock.now()
            looks = policy.reads_recent or bool(action.exposure.written)
            recent = self.recents.of(action.actor.id, now) if looks else QUIET
            return self._kept(action, policy.decide(action, now, recent))
        except Exception:
            reason = Reason("policy_error", "Policy couldn't be evaluated, so the answer is no.")
            return Deny((reason,), Digest(policy.digest))

    def _kept(self, action: Action, decision: Decision) -> Decision:
        """Masked is the default, of what the connection's profile doesn't keep."""
        profile = self.profiles.get(action.connection.name)
        if profile is None or isinstance(decision, Deny):
            return decision
        return replace(decision, obligations=without_kept(decision.obligations, action.exposure, profile))

    async def _redeem(self, review: Review, sealed: Sealed, action: Action, *, by_itself: bool) -> Answer:
        if by_itself and not self.desk.waits_to_run(review.id):
            return Denied((own_reasons.NOT_WANTED,), review.id)
        action = by_own_writes(action, self.recents, self.clock)
        policy = self.rules.current()  # of this moment: it may have changed while the payload was rebuilt
        if policy is None:
            return await self._deny(action, (own_reasons.OTHER_RULES,), review.id)
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
        claim = await self._claim(action)
        if isinstance(claim, Denied):
            return claim
        try:
            return await self._release(action, obligations, decision, review, claim=claim, by_itself=by_itself)
        except _Overtaken:
            if isinstance(ran := await self._claim(action), Denied):
                return ran
            now = await self.desk.review(review.id)
            if now.state is ReviewState.APPROVED and now.uses_left < review.uses_left:
                return await self._redeem(
                    now, sealed, action, by_itself=by_itself
                )  # another run was taken at this moment; one is left
            return await self._deny(action, (own_reasons.USED,), review.id)

    async def _anew(self, review: Review, action: Action, because: str) -> Answer:
        """The signatures don't fit any more: that review ends, and the action is asked for as if new."""
        try:
            await self.desk.supersede(review, because)
        except Conflict:
            return await self._deny(action, (own_reasons.USED,), review.id)
        answer = await self.ask(action, Asking.NOW if action.enforced_by is EnforcedBy.CALLER else Asking.WHOLE)
        note = Reason("superseded", f"The earlier approval doesn't hold: {because}.")
        match answer:
            case Held(new, reasons):
                return Held(new, (note, *reasons))
            case Denied(reasons, other):
                return Denied((note, *reasons), other)
            case _:
                return answer

    def judged(self, action: Action) -> Decision:
        """What policy says of it now. For what is asked for and done in one breath; nothing is recorded."""
        policy = self.rules.current()
        return Deny((own_reasons.OTHER_RULES,), Digest("")) if policy is None else self._decide(policy, action)

    async def showed(self, action: Action, decision: Allow, shown: Draft) -> None:
        """Records what is done in one breath: its release, what was shown, and its end; durable when this returns."""
        release = self._released(action, decision.obligations, decision, None, {})
        ended: dict[str, JsonValue] = {"outcome": Outcome.SUCCEEDED.value, "rows": 1, "sqlstate": "", "review": ""}
        await self._commit(Unit((release, shown, of_action(self._id, EntryType.ACTION_ENDED, action, ended))))

    def end(self, release: Release, ending: Ending) -> Awaitable[Receipt]:
        """Records how a released action ended, and what was masked; its rows count from the moment of the call."""
        action, review = release.action, release.review
        d: dict[str, JsonValue] = {"outcome": ending.outcome.value, "rows": ending.rows, "sqlstate": ending.sqlstate}
        entries = [of_action(self._id, EntryType.ACTION_ENDED, action, {**d, "review": review or ""})]
        if ending.masked:
            counts: list[JsonValue] = [{"label": label, "count": count} for label, count in ending.masked]
            entries.append(of_action(self._id, EntryType.MASK_APPLIED, action, {"counts": counts}))
        changes = self.desk.ended(review, _OUTCOMES[ending.outcome]) if review else ()
        recorded = self._commit(Unit(tuple(entries), changes))
        return self._noted(recorded, action, ending.outcome) if action.idempotency_key else recorded

    async def claimed(self, actor: Actor, action: ActionId, review: ReviewId | None, outcome: Outcome) -> None:
        """Records how a caller who enforces decisions says that it ended: a late outcome after `action.unknown`."""
        await self._commit(Unit((claimed_end(self._id, actor, action, review, outcome),)))

    async def _noted(self, recorded: Awaitable[Receipt], action: Action, outcome: Outcome) -> Receipt:
        receipt = await recorded
        await self.desk.repeats.ended(action, outcome)
        return receipt

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
        await self._commit(Unit((of_action(self._id, EntryType.ACTION_DENIED, action, d, obj=review or ""),)))
        return Denied(reasons, review)

    async def _observe(self, action: Action, decision: Decision, claim: Claim | None) -> Answer:
        """On a connection in `unsafe_observe` everything runs as it is, and the entry says what would have been."""
        mask = would_mask(decision)
        would = {Allow: "masked" if mask else "", NeedsReview: "held", Deny: "denied"}[type(decision)]
        noted: dict[str, JsonValue] = {"would": would, "reasons": reasons_told(decision.reasons)} if would else {}
        allowed = Allow(Obligations(mask=mask, observing=True), decision.reasons, decision.bundle, decision.observed)
        return await self._release(action, allowed.obligations, allowed, noted=noted, claim=claim)

    async def _hold(self, action: Action, decision: NeedsReview, claim: Claim | None) -> Held | Denied:
        d = told(action) | {"review": "", "reasons": reasons_told(decision.reasons)} | observed_told(decision.observed)
        held = of_action(self._id, EntryType.ACTION_HELD, action, d, bundle=decision.bundle)
        noted = self.clock.now()
        self.recents.note(held, noted)  # before it waits: many at once must see each other
        try:
            action, decision = await estimated(self.estimator, action, decision)
            review = await self.desk.open_or_join(action, decision, held, claim)
        except Conflict:
            self.recents.take_back(held, noted)
            raise _Overtaken from None
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
        claim: Claim | None = None,
        by_itself: bool = False,
    ) -> Cleared:
        """Raises `_Overtaken` when the approval's run, or the action's key, was taken in this moment."""
        using = self.desk.use_up(review) if review else None
        said = {**(noted or {}), **(using.noted if using else {}), **waiting(by_itself)}
        entry = self._released(action, obligations, decision, review, said)
        derived = deriving(self.registry, action)  # durable with the release, and so in force before anything is sent
        waits = not action.effect_free or review is not None or derived  # what runs twice unharmed leaves its key alone
        changes = list(using.changes if using else ())
        try:
            if claim is not None and waits:
                changes.append(self.desk.repeats.released(claim, action.id, review.id if review else None))
            if by_itself and review is not None:
                changes.append(await self.desk.deferrals.taken(review.id))
            unit = self._handed_over(Unit((entry, *derived), tuple(changes)), action, review)
            durable = asyncio.ensure_future(self._commit(unit))
            if waits:
                await durable
        except Conflict:
            raise _Overtaken from None
        return Cleared(Release(action, entry.id, obligations, review.id if review else None), durable)

    def _handed_over(self, unit: Unit, action: Action, review: Review | None) -> Unit:
        """What a caller enforces has no end that we'd see: its release says so in the same breath."""
        if action.enforced_by is not EnforcedBy.CALLER:
            return unit
        d: dict[str, JsonValue] = {"because": _ELSEWHERE, "review": review.id if review else ""}
        unknown = of_action(self._id, EntryType.ACTION_UNKNOWN, action, d, obj=review.id if review else "")
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
        d = {**released_told(action, obligations, decision, review), **self._overrides(action), **noted}
        obj = review.id if review else ""
        return of_action(
            self._id, EntryType.ACTION_RELEASED, action, d, obj=obj, bundle=decision.bundle, reasons=decision.reasons
        )

    def _overrides(self, action: Action) -> Mapping[str, JsonValue]:
        """Which overrides of masks speak of what it shows, so that its release tells of them."""
        shown = {output.plain for exposure in action.exposures for output in exposure.outputs}
        overridden = self.registry.authority.overridden
        found: list[JsonValue] = [*overridden.about(self.clock.now(), action.connection.name, shown)]
        return {"overrides": found} if found else {}

    @property
    def _id(self) -> EntryId:
        return EntryId(self.entropy.uuid7())


class _Overtaken(Exception):
    """Somebody else did the same in this moment."""


def _asked(decision: Decision) -> tuple[Requirements, ...]:
    return (decision.requirements,) if isinstance(decision, NeedsReview) else ()
