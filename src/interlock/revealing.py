"""Showing a reviewer one value that a card hides: an action of the person's own, on record before the value is handed
out."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.actions.from_leaf import from_leaf, hidden_label, in_console
from interlock.desk import own_reasons
from interlock.desk.entries import of_action
from interlock.desk.presence import proof
from interlock.errors import AuthenticationFailed, NotFound
from interlock.gate import Denied, Gate
from interlock.identity.passkeys import REVEAL, leaf_terms
from interlock.model.action import Action
from interlock.model.canonical import JsonValue
from interlock.model.decision import Allow, Decision, Deny, Reason
from interlock.model.entry import EntryType
from interlock.model.names import ActionId, Digest, EntryId, PersonId, ReviewId
from interlock.model.review import Review, Voter
from interlock.model.secret import Secret

_NOT_PRESENT = Reason("not_present", "Hidden values are shown in the console only, after a recent login.")
_NO_POLICY = Digest("")  # settled before any was asked


@dataclass(frozen=True, slots=True)
class Revealing:
    """Hidden values, one at a time."""

    gate: Gate

    def may_show(self, review: Review, person: PersonId) -> bool:
        """Whether asking to see a hidden value can lead to anything: nobody who is part of the request sees one."""
        return self.gate.desk.may_see(review, person) and person not in review.excluded

    async def show_leaf(self, review_id: ReviewId, voter: Voter, statement: int, leaf: int) -> Secret[str] | Denied:
        """One value that a review's card hides, for one reviewer; raises `NotFound`, `LedgerUnavailable`.

        It is decided like any other action. Nobody can sign for it: what would need a review is denied, and so is who
        has a passkey and doesn't answer with it.
        """
        gate, desk = self.gate, self.gate.desk
        review, person = await desk.review(review_id), gate.registry.directory.person(voter.person)
        if person is None or not desk.may_see(review, person.id):
            raise NotFound("no review of that id")
        card = (await desk.card(review_id)).content
        label = hidden_label(card, statement, leaf)
        action = from_leaf(ActionId(gate.entropy.uuid7()), in_console(person, voter.key), card, label)
        decision = self._decided(review, voter, action)
        if not isinstance(decision, Allow):
            first, *also = decision.reasons
            return await gate.refuse(action, first, review_id, also=tuple(also))
        about = (review, REVEAL, review.digest, review.card_digest, leaf_terms(statement, leaf))
        try:
            voter = desk.attendance.attested(voter, *about)
        except AuthenticationFailed as failed:
            sentence = f"{failed.sentence[:1].upper()}{failed.sentence[1:]}."
            return await gate.refuse(action, Reason("no_passkey_answer", sentence), review_id)
        value = await desk.leaf(review_id, statement, leaf)
        shown: dict[str, JsonValue] = {"review": review_id, "person": person.id, "statement": statement, "leaf": leaf}
        shown |= {"label": label, **proof(voter)}
        entry = of_action(EntryId(gate.entropy.uuid7()), EntryType.REVEAL_SHOWN, action, shown, obj=review_id)
        await gate.showed(action, decision, entry)
        return value

    def _decided(self, review: Review, voter: Voter, action: Action) -> Decision:
        if self.gate.desk.attendance.not_in_console(voter) is not None:
            return Deny((_NOT_PRESENT,), _NO_POLICY)
        if not self.may_show(review, voter.person):
            return Deny((own_reasons.PART_OF_IT,), _NO_POLICY)
        return self.gate.judged(action)
