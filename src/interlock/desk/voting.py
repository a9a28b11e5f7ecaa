"""Voting and narrowing: what somebody who may sign does to a pending review, on the very card they were shown."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace

from interlock.desk.entries import about, by_person
from interlock.desk.presence import Attendance
from interlock.desk.refusals import Refusals
from interlock.desk.seals import Sealed, Seals
from interlock.desk.standing import Standing
from interlock.errors import AuthenticationFailed, Conflict, InterlockError, NotEntitled, NotFound
from interlock.identity.passkeys import NARROW, terms_digest
from interlock.ledger.authorised import Opened
from interlock.model.change import AddVote, NarrowReview, Unit
from interlock.model.digest import NONCE_BYTES, card_digest, narrowed_digest
from interlock.model.entry import Draft, EntryType
from interlock.model.names import Digest, EntryId, ReviewId
from interlock.model.narrowing import Narrowing
from interlock.model.review import Ballot, Review, ReviewState, Verdict, Vote, Voter
from interlock.model.secret import Secret
from interlock.ports import Clock, Entropy, Ledger, Records
from interlock.review.narrowing import check, narrowed, narrowed_card, shortened, united
from interlock.review.states import OPEN


class Refusal(Exception):
    """An attempt that doesn't count: what the ledger says of it, and what who tried is told.

    It is recorded once nobody waits behind it any more: who is refused a thousand times keeps no one from voting.
    """

    def __init__(self, because: str, error: InterlockError) -> None:
        super().__init__(because)
        self.because = because
        self.error = error


@dataclass(frozen=True, slots=True)
class Voting:
    """Checks, counts, narrows; raises `Refusal` for what doesn't count. The caller lets one at a time in: two counted
    at once would each miss the other."""

    ledger: Ledger
    records: Records
    standing: Standing
    attendance: Attendance
    seals: Seals
    clock: Clock
    entropy: Entropy
    refusals: Refusals

    async def vote(self, review: Review, voter: Voter, ballot: Ballot) -> None:
        """See `Desk.vote`."""
        because = self._over(review, ballot.verdict) or self.standing.why_not_vote(review, voter.person, ballot.verdict)
        opened = self._allowed(review, voter, ballot.verdict, because)
        self.check_shown(opened, ballot.action_digest, ballot.card_digest)
        if ballot.verdict is Verdict.APPROVE or voter.assertion is not None:
            voter = self.attested(voter, review, ballot.verdict, ballot.action_digest, ballot.card_digest)
        await self._cast(review, voter, ballot)

    async def narrow(
        self, review: Review, voter: Voter, terms: Narrowing, action_digest: Digest, card_digest: Digest
    ) -> None:
        """See `Desk.narrow`."""
        refusal = self._over(review, Verdict.APPROVE) or self.standing.why_not_vote(
            review, voter.person, Verdict.APPROVE
        )
        opened = self._allowed(review, voter, Verdict.APPROVE, refusal or self.attendance.not_in_console(voter))
        self.check_shown(opened, action_digest, card_digest)
        stored = await self.records.sealed(review.id)
        if stored is None:
            raise NotFound("no review of that id")
        sealed = self.seals.open_payload(review.id, stored[0])
        check(terms, sealed.obligations, opened.requirements, cappable=sealed.cappable)
        signed = terms_digest(terms)
        voter = self.attested(voter, review, NARROW, action_digest, card_digest, signed)
        await self._narrow(review, voter, sealed, stored[1], opened, terms)

    def check_shown(self, opened: Opened, action_digest: Digest, card_digest: Digest) -> None:
        """Raises `Refusal` unless these are the digests of the card that is open."""
        shown = hmac.compare_digest(action_digest, opened.digest) and hmac.compare_digest(card_digest, opened.card)
        if not shown:
            stale = Conflict("this is for another card than the one that is open; look at it again")
            raise Refusal("digests of another card", stale)

    def attested(
        self, voter: Voter, review: Review, verdict: str, action_digest: Digest, card_digest: Digest, terms: str = ""
    ) -> Voter:
        """The voter as they proved to be there; raises `Refusal` for an answer that isn't one."""
        try:
            return self.attendance.attested(voter, review, verdict, action_digest, card_digest, terms)
        except AuthenticationFailed as failed:
            raise Refusal(failed.code, failed) from None

    async def refuse(self, review: ReviewId, who: str, because: str) -> None:
        """Records an attempt that doesn't count; of many in a minute the rest are told by `refuse_rest`."""
        if self.refusals.is_recorded(review, who, self.clock.now()):
            await self.ledger.commit(Unit((self._refused(review, who, because),)))

    async def refuse_rest(self) -> None:
        """Records how many attempts weren't recorded one by one, of those whose minute is over."""
        rest = self.refusals.due(self.clock.now())
        entries = tuple(self._refused(each.review, each.who, f"{each.attempts} more attempts") for each in rest)
        if entries:
            try:
                await self.ledger.commit(Unit(entries))
            except Exception:
                self.refusals.put_back(rest)
                raise

    def _refused(self, review: ReviewId, who: str, because: str) -> Draft:
        return about(self._entry(), EntryType.VOTE_REFUSED, {"person": who, "because": because}, review)

    def _over(self, review: Review, verdict: Verdict) -> str | None:
        """What is settled takes no yes; an approval can still be taken back by a no."""
        if review.state is ReviewState.APPROVED and verdict is Verdict.APPROVE:
            return "the review is approved"
        return None if review.state in OPEN else f"the review is {review.state}"

    def _allowed(self, review: Review, voter: Voter, verdict: Verdict, because: str | None) -> Opened:
        opened = self.standing.authority.opened(review.id)
        refusal = because or self.attendance.too_weak(review, voter, verdict)
        if refusal is not None or opened is None:
            refusal = refusal or "there is no signed entry behind this review"
            error = Conflict if self._over(review, verdict) is not None else NotEntitled
            raise Refusal(refusal, error(f"this vote doesn't count: {refusal}"))
        return opened

    async def _cast(self, review: Review, voter: Voter, ballot: Ballot) -> None:
        settles, changes = self.standing.settling(review, voter, ballot.verdict)
        again = settles == "approved" and self.standing.may_settle(review, voter.person, ballot.verdict)
        entry = self._entry()
        sealed, committed = self.seals.reason(entry, ballot.reason)
        vote = Vote(
            review=review.id,
            person=voter.person,
            verdict=ballot.verdict,
            action_digest=ballot.action_digest,
            card_digest=ballot.card_digest,
            presence=voter.presence,
            key=voter.key,
            entry=entry,
            at=self.clock.now(),
            sealed_reason=sealed,
            credential=voter.assertion.credential if voter.assertion is not None else "",
        )
        said = by_person(voter, ballot.action_digest, ballot.card_digest)
        d = {**said, "verdict": vote.verdict.value, "settles": settles}
        draft = about(entry, EntryType.VOTE_CAST, d, review.id, act=review.action, committed=committed)
        await self.ledger.commit(Unit((draft,), (AddVote(vote, again), *changes)))

    async def _narrow(
        self, review: Review, voter: Voter, sealed: Sealed, stored: bytes, opened: Opened, terms: Narrowing
    ) -> None:
        """The same review under another digest: of what it was opened with, and all terms so far."""
        if sealed.columns is None:
            raise Conflict("this was opened before reviews could be narrowed", code="not_narrowable")
        together, nonce = united(sealed.terms, terms), Secret(self.entropy.token(NONCE_BYTES))
        held, asked = narrowed(sealed.obligations, together), shortened(opened.requirements, together)
        before = self.seals.open_card(review.id, stored, sealed.nonce, opened.card)
        content = narrowed_card(before, sealed.columns, held, asked, voter.person)
        digest, card = narrowed_digest(nonce, opened.base, together.document()), card_digest(nonce, content)
        payload = self.seals.payload(review.id, replace(sealed, nonce=nonce, obligations=held, terms=together))
        change = NarrowReview(
            review.id, opened.digest, digest, card, asked, payload, self.seals.card(review.id, content)
        )
        said = by_person(voter, digest, card) | {"previous": opened.digest, "valid": int(asked.valid.total_seconds())}
        if held.row_cap is not None:
            said["row_cap"] = held.row_cap
        if together.reveals is not None:
            said["reveals"] = [f"{each.column} {each.label}" for each in sorted(held.reveal)]
        draft = about(self._entry(), EntryType.REVIEW_NARROWED, said, review.id, act=review.action)
        await self.ledger.commit(Unit((draft,), (change,)))

    def _entry(self) -> EntryId:
        return EntryId(self.entropy.uuid7())
