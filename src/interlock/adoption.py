"""Putting another bundle in force: proposed by a person, signed by others, then taken up while the gateway runs.

    texts -> checked as at a start -> what differs -> review -> signed? -> checked anew -> one unit of the ledger

A proposal is an action like any other for the desk: a sealed payload, a card, votes, one release. No policy decides
about it, since what a bundle may be replaced by isn't the bundle's to say: the settings name who signs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import structlog

from interlock.actions.from_bundle import (
    ITSELF,
    MAX_DIFF,
    Proposal,
    cover_of,
    differences,
    from_bundle,
    name_mistakes,
    proposal_in,
    told,
)
from interlock.desk import Desk, Sealed
from interlock.errors import (
    AuthenticationFailed,
    Conflict,
    InterlockError,
    LedgerCorrupt,
    MalformedInput,
    Mistakes,
    NotEntitled,
    NotFound,
    PolicyMistakes,
)
from interlock.ledger import texts as ledger_texts
from interlock.ledger.authorised import Loading
from interlock.ledger.authority import Authority
from interlock.ledger.entry import parse_entry
from interlock.model.action import Action
from interlock.model.actor import Actor, ActorKind
from interlock.model.canonical import JsonValue
from interlock.model.change import Unit
from interlock.model.decision import NeedsReview, Reason, Requirements
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ActionId, Digest, EntryId, PersonId, ReviewId
from interlock.model.obligation import Obligations
from interlock.model.payload import BundlePayload
from interlock.model.release import Outcome
from interlock.model.review import Review, ReviewState
from interlock.ports import Entropy, Ledger, Records
from interlock.registry import Registry
from interlock.review.states import Event
from interlock.rulebook import Loaded, LoadedRules, check_size


class Loader(Protocol):
    """Reads a bundle's sources as a start does."""

    def load(self, sources: Mapping[str, str]) -> Loaded:
        """Checks them with the settings and catalogs of now; raises `Mistakes` with all of them."""

    def digest(self, sources: Mapping[str, str]) -> Digest:
        """The digest of the policies that they make, unchecked."""


SHORTEST_DIGEST = 8  # hex digits by which a bundle may be named

_WHY = Reason("policy_change", "Another bundle of policies takes effect through a review.")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal that waits for its signatures; the digests are those of rules, as policy.loaded names them."""

    review: Review
    rules: Digest
    previous: Digest


@dataclass(frozen=True, slots=True)
class Adoption:
    """Takes proposals, and puts in force what was signed."""

    ledger: Ledger
    desk: Desk
    registry: Registry
    rulebook: LoadedRules
    entropy: Entropy
    loader: Loader
    records: Records
    approvers: Requirements | None
    _checking: asyncio.Lock = field(default_factory=asyncio.Lock)
    _adopting: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def authority(self) -> Authority:
        """What the signed entries say."""
        return self.registry.authority

    # -- proposing ----------------------------------------------------------------------------------------------------

    async def propose(self, actor: Actor, sources: Mapping[str, str], note: str = "") -> Proposed:
        """Opens a review of putting these sources in force, or joins the one that is open.

        Raises `NotEntitled` for anybody but a person with a key of theirs, and where the settings name no approvers;
        `Mistakes` with every mistake in the sources; `Conflict` when nothing differs or the review can't be opened.
        """
        if actor.kind is not ActorKind.PERSON:
            raise NotEntitled("Only people propose policies. Agents and services never do.", code="people_only")
        if self.approvers is None:
            raise NotEntitled(
                'Nobody is named who signs for policies. Set `[policy] approvers = "group:1"` in interlock.toml and'
                " start the gateway anew; or stop it and run `interlock policy unsafe-pin`, which nobody reviews.",
                code="no_approvers",
            )
        if self._checking.locked():  # checking takes up to a second; who sends many at once waits by asking again
            raise Conflict("Another proposal is being checked at this moment. Ask again.", code="busy")
        async with self._checking:
            loaded = await asyncio.to_thread(self._checked, sources)
            action, proposal = await self._action(actor, loaded, note)
            return await self._open(action, proposal, self.approvers)

    def _checked(self, sources: Mapping[str, str]) -> Loaded:
        wrong = name_mistakes(sources)
        if wrong:
            raise PolicyMistakes(wrong)
        check_size(sources)
        return self.loader.load(sources)

    async def _action(self, actor: Actor, loaded: Loaded, note: str) -> tuple[Action, Proposal]:
        now = self.registry.current(actor)
        if now is None:
            raise AuthenticationFailed("The credential wasn't accepted.")
        in_force = Digest(self.authority.bundle or "")
        old = self.rulebook.sources(in_force)
        if old is None:
            raise Conflict("The bundle in force isn't loaded here, so nothing compares with it.", code="no_texts")
        if loaded.rules == in_force:
            raise Conflict("Nothing differs: these are the policies in force.", code="nothing_differs")
        shown = await asyncio.to_thread(differences, old, loaded.sources)
        if len(shown) > MAX_DIFF:
            most = f"What differs has {len(shown):,} characters, and a card holds {MAX_DIFF:,}: change less at once."
            raise Conflict(most, code="too_long_for_a_card")
        proposal = Proposal(loaded.sources, loaded.rules, in_force, now.key)
        return from_bundle(ActionId(self.entropy.uuid7()), now, proposal, shown, note), proposal

    async def _open(self, action: Action, proposal: Proposal, approvers: Requirements) -> Proposed:
        d = told(action) | {"review": "", "reasons": [{"code": _WHY.code, "policy": ""}]}
        decision = NeedsReview(approvers, Obligations(), (_WHY,), self._policies())
        review = await self.desk.open_or_join(action, decision, self._draft(EntryType.ACTION_HELD, action, d))
        if isinstance(review, Reason):
            raise Conflict(review.sentence, code=review.code)
        return Proposed(review, proposal.rules, proposal.previous)

    # -- taking up ----------------------------------------------------------------------------------------------------

    async def adopt_due(self) -> int:
        """Puts in force what was signed, or ends it saying why not; how many proposals were settled by that.

        One that can't be settled now (the ledger can't be written, a seal doesn't hold) stays and is tried again.
        """
        settled = 0
        async with self._adopting:
            for review in self.authority.approved(ITSELF.name):
                try:
                    settled += await self._adopt(review)
                except InterlockError as error:
                    log.warning("policy.not_adopted", review=review, code=error.code, because=error.sentence)
        return settled

    async def _adopt(self, review_id: ReviewId) -> bool:
        review = await self.desk.review(review_id)
        if review.state is not ReviewState.APPROVED:
            return False
        sealed = await self.desk.unseal(review)
        if not isinstance(sealed.payload, BundlePayload):
            return False  # an upstream that is called as we are
        try:
            because = await self._take_up(review, proposal_in(sealed.payload), sealed)
        except Mistakes as found:
            because = f"by now it has mistakes: {found.mistakes[0]}"
        if because is not None:
            log.warning("policy.superseded", review=review.id, because=because)
            await self.desk.supersede(review, because)
        return True

    async def _take_up(self, review: Review, proposal: Proposal, sealed: Sealed) -> str | None:
        """Puts the proposal in force; else why not."""
        loaded = await asyncio.to_thread(self._checked, proposal.sources)
        in_force = Digest(self.authority.bundle or "")
        if proposal.previous != in_force:
            return "another bundle was put in force since it was proposed"
        if proposal.rules != loaded.rules:
            return "the catalogs aren't those that it was proposed with"
        cover = cover_of(replace(proposal, rules=loaded.rules, previous=in_force))
        if not self.desk.is_signed_as(review.id, sealed, cover):
            return "what is sealed isn't what was signed"
        actor = self._proposer(review, proposal)
        if actor is None:
            return "the key that it was proposed with isn't accepted any more"
        if self.approvers is None:
            return "the settings name nobody any more who signs for policies"
        because = self.desk.standing.why_not_signed(review, actor, (self.approvers,))
        if because is None:
            await self._put_in_force(review, from_bundle(review.action, actor, proposal, "", ""), loaded)
        return because

    def _proposer(self, review: Review, proposal: Proposal) -> Actor | None:
        """The person of now, by the key of then."""
        person = PersonId(review.actor)
        asked = Actor(ActorKind.PERSON, review.actor, frozenset(), person, proposal.key, person, person)
        actor = self.registry.current(asked)
        return actor if actor is not None and actor.kind is ActorKind.PERSON else None

    async def _put_in_force(self, review: Review, action: Action, loaded: Loaded) -> None:
        """One unit: all of it happens, once, or nothing. From its last entry on every question gets the new bundle."""
        using = self.desk.use_up(review)
        about: dict[str, JsonValue] = {"review": review.id}
        released = told(action) | {"masks": [], "digest": review.digest, "bundle": self._policies()}
        ended: dict[str, JsonValue] = {"outcome": Outcome.SUCCEEDED.value, "rows": 0, "sqlstate": ""}
        entries = (
            self._draft(EntryType.ACTION_RELEASED, action, {**released, **about, **using.noted}, review.id),
            *self.registry.loading(loaded.rules, loaded.texts, "review", action.actor.owner, review.id),
            self._draft(EntryType.ACTION_ENDED, action, {**ended, **about}),
        )
        self.rulebook.load(loaded.rules, loaded.policy, loaded.sources)
        await self.ledger.commit(Unit(entries, (*using.changes, *self.desk.ended(review.id, Event.SUCCEEDED))))
        log.info("policy.in_force", rules=loaded.rules, review=review.id)

    # -- looking ------------------------------------------------------------------------------------------------------

    def history(self) -> tuple[Loading, ...]:
        """The newest bundles put in force, oldest first; the last one is in force."""
        return self.authority.loadings()

    async def texts(self, which: str) -> tuple[Digest, Mapping[str, str]]:
        """A bundle that is or was in force, and its sources: "in-force", "previous", or how its digest begins.

        Raises `NotFound` for any other and where the ledger has no texts, `LedgerCorrupt` when they aren't the ones.
        """
        rules = self._named(which)
        texts = self.registry.texts(rules) or await self._from_log(rules)
        if texts is None:
            sources = self.rulebook.sources(rules)
            if sources is None:
                raise NotFound("the ledger has no texts of this bundle: it is older than they are")
            return rules, sources
        sources = ledger_texts.sources(texts)
        if texts[ledger_texts.RULES].split("\n")[0] != self.loader.digest(sources):
            raise LedgerCorrupt("the texts stored for a bundle aren't the ones that its digest is of")
        return rules, sources

    def _named(self, which: str) -> Digest:
        ends = {"in-force": self.authority.bundle, "previous": self.authority.previous}
        if which in ends:
            found = {ends[which]}
        else:
            long_enough = len(which) >= SHORTEST_DIGEST
            found = {each.bundle for each in self.history() if long_enough and each.bundle.startswith(which)}
        named = next(iter(found), None)
        if named is None or len(found) > 1:
            raise NotFound("no bundle of that digest was put in force lately; `interlock policy history` lists them")
        return Digest(named)

    async def _from_log(self, rules: Digest) -> Mapping[str, str] | None:
        """The texts as the entries in front of a policy.loaded have them; what isn't of this digest is none."""
        gathering = ledger_texts.Gathering()
        for loading in self.history():
            if loading.bundle == rules and loading.texts:
                for entry in loading.texts:
                    gathering.add(entry, _text_entry(await self.records.entry(entry)))
                return gathering.take(rules)[0]
        return None

    def _policies(self) -> Digest:
        """The policies that decide now; they don't decide about this, and the entry says which they were."""
        current = self.rulebook.current()
        return Digest(current.digest if current is not None else "")

    def _draft(self, type_: EntryType, action: Action, d: Mapping[str, JsonValue], obj: str = "") -> Draft:
        return Draft(
            id=EntryId(self.entropy.uuid7()),
            type=type_,
            d=d,
            actor=action.actor,
            act=action.id,
            obj=obj,
            enforced=action.enforced_by.value,
        )


def _text_entry(raw: bytes | None) -> Mapping[str, Any]:
    try:
        entry = parse_entry(raw or b"")
    except MalformedInput as malformed:
        raise LedgerCorrupt(malformed.sentence) from None
    if entry.type is not EntryType.POLICY_TEXT:
        raise LedgerCorrupt("an entry is of another type than it was")
    return entry.d
