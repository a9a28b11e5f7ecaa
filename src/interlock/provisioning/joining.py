"""Who joins: proposed as an action, signed by those whom the settings name, then taken up once.

    what the directory wants, less what is -> review -> signed? -> still wanted? -> one unit of the ledger

As with a bundle (`adoption`), no policy decides about it, since whom policies are about isn't a policy's to say. Nobody
signs for their own joining, nor for what comes through a key that they made.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final

import structlog

from interlock.actions.from_bundle import ITSELF, told
from interlock.actions.from_identity import MAX_ADDITIONS, cover_of, from_identity
from interlock.desk import Desk, Sealed
from interlock.errors import Conflict, InterlockError, NotFound
from interlock.model.action import Action
from interlock.model.actor import Actor, ActorKind
from interlock.model.canonical import JsonValue
from interlock.model.change import PutDocument, Unit
from interlock.model.decision import NeedsReview, Reason, Requirements
from interlock.model.entry import Draft, EntryType
from interlock.model.identity_change import IdentityChange
from interlock.model.names import ActionId, ActorId, Digest, EntryId, GroupName, KeyId, PersonId, ReviewId
from interlock.model.obligation import Obligations
from interlock.model.payload import IdentityAddition, IdentityPayload
from interlock.model.release import Outcome
from interlock.model.review import Review, ReviewState
from interlock.ports import Entropy, Ledger, Rulebook
from interlock.provisioning.desired import Stored
from interlock.provisioning.directory import GROUP, USER, Wishes
from interlock.registry import People
from interlock.review.matching import named
from interlock.review.states import Event

LOOK_AGAIN: Final = timedelta(minutes=1)
SIGN_ON: Final = "sign-on/"

_OPEN: Final = frozenset({ReviewState.PENDING, ReviewState.APPROVED, ReviewState.RELEASED})
_WHY: Final = Reason("identity_change", "People and groups that a directory adds join through a review.")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Wanted:
    """One addition that a due document asks for, and where its review is to be written down."""

    addition: IdentityAddition
    document: str
    member: str  # "" for the user themself


@dataclass(frozen=True, slots=True)
class Provisioning:
    """Proposes what is wanted, and takes up what was signed."""

    ledger: Ledger
    desk: Desk
    people: People
    rulebook: Rulebook
    entropy: Entropy
    wishes: Wishes
    approvers: Requirements | None
    _settling: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def settle_due(self) -> int:
        """Proposes what is due and takes up what was signed; how many reviews were opened or ended by that.

        What can't be settled now (the ledger can't be written, a seal doesn't hold) stays and is tried again.
        """
        async with self._settling:
            taken = 0
            for review in self.people.registry.authority.approved(ITSELF.name):
                try:
                    taken += await self._settle(review)
                except InterlockError as error:
                    log.warning("identity.not_taken_up", review=review, code=error.code, because=error.sentence)
            return taken + await self._propose_due()

    # -- proposing what a directory wants -----------------------------------------------------------------------------

    async def _propose_due(self) -> int:
        """Opens a review for each card's worth of additions that due documents want."""
        desired, now = self.wishes.desired, self.wishes.clock.now()
        due = [*await desired.due(USER, now), *await desired.due(GROUP, now)]
        opened = 0
        for key in sorted({stored.key for stored in due}):
            mine = {stored.id: stored for stored in due if stored.key == key}
            actor = self.people.provisioner_by(key)
            wanted = [] if actor is None or self.approvers is None else await self._wanted(mine.values())
            for batch in self._batches(wanted):
                assert actor is not None
                review = await self._propose_batch(actor, batch)
                if review is not None:
                    opened += 1
                    self._note(mine, batch, review)
            await self._looked_at(mine.values(), actor is not None and self.approvers is not None)
        return opened

    async def _propose_batch(self, actor: Actor, batch: Sequence[Wanted]) -> ReviewId | None:
        payload = IdentityPayload(str(actor.id), actor.key, tuple(each.addition for each in batch))
        try:
            return (await self._propose(self._with_subjects(actor, payload), payload)).id
        except Conflict as refused:
            log.warning("identity.not_proposed", code=refused.code, because=refused.sentence)
            return None

    def _note(self, mine: dict[str, Stored], batch: Sequence[Wanted], review: ReviewId) -> None:
        for each in batch:
            stored = mine[each.document]
            mine[each.document] = replace(stored, asked={**stored.asked, each.member: review})

    async def _looked_at(self, documents: Iterable[Stored], again: bool) -> None:
        """Writes down what was asked; what isn't as wanted is looked at again, since reviews may expire unsigned."""
        now = self.wishes.clock.now()
        for stored in documents:
            later = now + LOOK_AGAIN if again and await self._lacks(stored) else None
            looked = replace(stored, version=stored.version + 1, at=now, due_at=later)
            try:
                await self.ledger.commit(Unit((), (PutDocument(self.wishes.desired.sealed(looked)),)))
            except Conflict:
                continue  # the directory changed it meanwhile: it is due again already

    async def _wanted(self, due: Iterable[Stored]) -> list[Wanted]:
        """What these documents want that isn't, and isn't asked for or denied."""
        found: list[Wanted] = []
        due = list(due)
        for user in (each for each in due if each.kind is USER):
            joining = self._joining(user)
            if joining is not None and await self._asks(user, ""):
                found.append(Wanted(joining, user.id, ""))
        coming = {each.addition.person: frozenset(each.addition.groups) for each in found}
        for group in (each for each in due if each.kind is GROUP):
            for member in sorted(group.members):
                asked_for = await self.wishes.desired.one(USER, member)
                addition = self._into_group(asked_for, group, coming) if asked_for is not None else None
                if addition is not None and await self._asks(group, member):
                    found.append(Wanted(addition, group.id, member))
        # A person in front of their groups: that is the order in which they take effect.
        return sorted(found, key=lambda each: (each.addition.person, each.addition.group or ""))

    async def _lacks(self, stored: Stored) -> bool:
        """Whether anything is missing of what a document wants, and wasn't denied."""
        if stored.kind is USER:
            return self._joining(stored) is not None and not await self._is_denied(stored, "")
        ours = self.wishes.settings.groups.get(stored.name)
        for member in stored.members if ours is not None else ():
            user = await self.wishes.desired.one(USER, member)
            person = self.people.directory.person(user.person) if user is not None else None
            missing = user is not None and user.active and (person is None or ours not in person.groups)
            if missing and not await self._is_denied(stored, member):
                return True
        return False

    async def _is_denied(self, stored: Stored, member: str) -> bool:
        asked = stored.asked.get(member)
        if asked is None:
            return False
        try:
            return (await self.desk.review(asked)).state is ReviewState.DENIED
        except NotFound:
            return False

    async def _asks(self, stored: Stored, member: str) -> bool:
        """Whether this has to be asked: not while its review is open, and not after a denial."""
        asked = stored.asked.get(member)
        if asked is None:
            return True
        try:
            state = (await self.desk.review(asked)).state
        except NotFound:
            return True
        return state not in _OPEN and state is not ReviewState.DENIED

    def _joining(self, user: Stored) -> IdentityAddition | None:
        """The person's own joining; None while they are in, or aren't wanted."""
        directory = self.people.directory
        if not user.active or directory.person(user.person) is not None or ActorId(user.name) in directory.actors:
            return None
        known = directory.people.get(user.person)
        kept = (known.groups if known else frozenset()) - self.people.roster.groups_taken(user.person)
        name = known.name if known else user.shown_name
        return IdentityAddition(
            IdentityChange.PERSON_ADDED, user.person, name, external=user.external, groups=tuple(sorted(kept))
        )

    def _into_group(
        self, user: Stored, group: Stored, coming: Mapping[PersonId, frozenset[GroupName]]
    ) -> IdentityAddition | None:
        """A member's joining of ours; None where the group isn't mapped, the person is in it, or not here nor coming
        with the same card."""
        ours = self.wishes.settings.groups.get(group.name)
        person = self.people.directory.person(user.person)
        has = person.groups if person is not None else coming.get(user.person)
        if ours is None or not user.active or has is None or ours in has:
            return None
        return IdentityAddition(IdentityChange.GROUP_ADDED, user.person, group=ours)

    def _batches(self, wanted: Sequence[Wanted]) -> Iterable[Sequence[Wanted]]:
        """Cards of bounded length. Who could sign gets cards of their own, so that they may sign for all others."""
        groups = named(self.approvers) if self.approvers is not None else frozenset[GroupName]()
        signing = {id_ for id_, person in self.people.directory.everyone().items() if person.groups & groups}
        others = [each for each in wanted if each.addition.person not in signing]
        yield from (others[at : at + MAX_ADDITIONS] for at in range(0, len(others), MAX_ADDITIONS))
        for person in sorted(signing):
            mine = [each for each in wanted if each.addition.person == person]
            if mine:
                yield mine[:MAX_ADDITIONS]

    # -- proposing what a provider claims -----------------------------------------------------------------------------

    async def claims_seen(self, person: PersonId, provider: str, groups: frozenset[str]) -> None:
        """What the provider said of a person's groups at a sign-in: lost ones are lost at once, new ones are asked for.

        `groups` are in the provider's words. Where the settings name nobody who signs, nothing is added.
        """
        new = await self.people.claims_seen(person, provider, groups)
        actor = self._signed_on(person)
        if actor is None:
            return
        await self._withdraw_stale(actor, new)
        if not new or self.approvers is None:
            return
        additions = tuple(IdentityAddition(IdentityChange.GROUP_ADDED, person, group=group) for group in sorted(new))
        try:
            await self._propose(actor, IdentityPayload(SIGN_ON + provider, KeyId(""), additions))
        except Conflict as refused:  # signing in goes on without them
            log.warning("identity.not_proposed", code=refused.code, because=refused.sentence)

    async def _withdraw_stale(self, actor: Actor, new: frozenset[GroupName]) -> None:
        """Takes back what was asked for at an earlier sign-in and isn't claimed any more."""
        for review in await self.desk.reviews(frozenset({ReviewState.PENDING}), 1000):
            if review.actor != actor.id or review.connection != ITSELF.name:
                continue
            payload = (await self.desk.unseal(review)).payload
            if isinstance(payload, IdentityPayload) and {each.group for each in payload.additions} != new:
                await self.desk.withdraw(review.id, actor.id)

    def _signed_on(self, person: PersonId) -> Actor | None:
        found = self.people.directory.person(person)
        if found is None:
            return None
        return Actor(ActorKind.PERSON, ActorId(person), found.groups, person, KeyId(""), person, person, authn="login")

    # -- the review ---------------------------------------------------------------------------------------------------

    def _with_subjects(self, actor: Actor, payload: IdentityPayload) -> Actor:
        """The directory, on behalf of those whom it is about: so none of them signs for it."""
        subjects = sorted({each.person for each in payload.additions})
        chain = (
            Actor(ActorKind.PERSON, ActorId(person), frozenset(), person, KeyId(""), person, person)
            for person in subjects
        )
        return replace(actor, chain=tuple(chain))

    async def _propose(self, actor: Actor, payload: IdentityPayload) -> Review:
        assert self.approvers is not None
        action = from_identity(ActionId(self.entropy.uuid7()), actor, payload)
        d = told(action) | {"review": "", "reasons": [{"code": _WHY.code, "policy": ""}]}
        decision = NeedsReview(self.approvers, Obligations(), (_WHY,), self._policies())
        review = await self.desk.open_or_join(action, decision, self._draft(EntryType.ACTION_HELD, action, d))
        if isinstance(review, Reason):
            raise Conflict(review.sentence, code=review.code)
        return review

    # -- taking up ----------------------------------------------------------------------------------------------------

    async def _settle(self, review_id: ReviewId) -> bool:
        review = await self.desk.review(review_id)
        if review.state is not ReviewState.APPROVED:
            return False
        sealed = await self.desk.unseal(review)
        if not isinstance(sealed.payload, IdentityPayload):
            return False  # a bundle, which is `Adoption`'s; or an upstream that is called as we are
        because = await self._take_up(review, sealed.payload, sealed)
        if because is not None:
            log.warning("identity.superseded", review=review.id, because=because)
            await self.desk.supersede(review, because)
        return True

    async def _take_up(self, review: Review, payload: IdentityPayload, sealed: Sealed) -> str | None:
        """Lets them in; else why not."""
        if not self.desk.is_signed_as(review.id, sealed, cover_of(payload)):
            return "what is sealed isn't what was signed"
        actor = self._asker(review, payload)
        if actor is None:
            return "the credential that it was asked with isn't accepted any more"
        if self.approvers is None:
            return "the settings name nobody any more who signs for people"
        for addition in payload.additions:
            if not await self._still_wanted(payload, addition):
                return "what is wanted has changed since it was asked for"
        because = self.desk.standing.why_not_signed(review, actor, (self.approvers,))
        if because is None:
            await self._let_in(review, from_identity(review.action, actor, payload), payload)
        return because

    def _asker(self, review: Review, payload: IdentityPayload) -> Actor | None:
        """Whoever asked, as of now."""
        if payload.source.startswith(SIGN_ON):
            return self._signed_on(PersonId(review.actor))
        actor = self.people.provisioner_by(payload.key)
        if actor is None or actor.id != review.actor or actor.id != payload.source:
            return None
        return self._with_subjects(actor, payload)

    async def _still_wanted(self, payload: IdentityPayload, addition: IdentityAddition) -> bool:
        """Whether this would be asked for now, exactly so."""
        directory = self.people.directory
        if payload.source.startswith(SIGN_ON):
            person = directory.person(addition.person)
            return (
                person is not None and addition.group not in person.groups and self._governs(payload.source, addition)
            )
        user = await self.wishes.desired.named(USER, addition.person)
        if user is None:
            return False
        if addition.what is IdentityChange.PERSON_ADDED:
            return self._joining(user) == addition
        person = directory.person(addition.person)
        joins = any(
            each.person == addition.person and each.what is IdentityChange.PERSON_ADDED for each in payload.additions
        )
        has = person.groups if person is not None else frozenset[GroupName]() if joins else None
        return has is not None and addition.group not in has and addition.group in await self.wishes.wanted_groups(user)

    def _governs(self, source: str, addition: IdentityAddition) -> bool:
        oidc = self.people.oidc
        return oidc is not None and source == SIGN_ON + oidc.provider and addition.group in oidc.groups.values()

    async def _let_in(self, review: Review, action: Action, payload: IdentityPayload) -> None:
        """One unit: all of it happens, once, or nothing."""
        using = self.desk.use_up(review)
        about: dict[str, JsonValue] = {"review": review.id}
        released = told(action) | {"masks": [], "digest": review.digest, "bundle": self._policies()}
        ended: dict[str, JsonValue] = {"outcome": Outcome.SUCCEEDED.value, "rows": 0, "sqlstate": ""}
        entries = (
            self._draft(EntryType.ACTION_RELEASED, action, {**released, **about, **using.noted}, review.id),
            *(self._changed(action, payload, each, review.id) for each in payload.additions),
            self._draft(EntryType.ACTION_ENDED, action, {**ended, **about}),
        )
        await self.ledger.commit(Unit(entries, (*using.changes, *self.desk.ended(review.id, Event.SUCCEEDED))))
        log.info("identity.changed", review=review.id, additions=len(payload.additions))

    def _changed(self, action: Action, payload: IdentityPayload, addition: IdentityAddition, review: ReviewId) -> Draft:
        d: dict[str, JsonValue] = {
            "what": addition.what.value,
            "subject": addition.person,
            "by": action.actor.id,
            "source": payload.source,
            "review": review,
        }
        more = {"name": addition.name, "group": addition.group, "external": addition.external}
        d |= {member: said for member, said in more.items() if said}
        return Draft(
            id=EntryId(self.entropy.uuid7()),
            type=EntryType.IDENTITY_CHANGED,
            d=d,
            actor=action.actor,
            obj=addition.person,
        )

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
