"""A desk, a registry, a sealer and a clock that keep everything in memory, and keep its rules."""

from __future__ import annotations

import asyncio
import hashlib
import os
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from fastapi import FastAPI
from tests.web.reviewing import Reviewing

from interlock.desk.words import Typed
from interlock.errors import AuthenticationFailed, Conflict, LedgerCorrupt, NotEntitled, NotFound
from interlock.model.actor import Actor, ActorKind
from interlock.model.card import Card
from interlock.model.decision import Quorum, Requirements
from interlock.model.names import (
    ActionId,
    ActorId,
    ConnectionName,
    Digest,
    EntryId,
    GroupName,
    KeyId,
    PersonId,
    ReviewId,
)
from interlock.model.peer import Peer
from interlock.model.person import Person
from interlock.model.review import Ballot, Review, ReviewState, Verdict, Vote, Voter
from interlock.model.secret import Secret
from interlock.web.control import control_app
from interlock.web.sign_on import Means

OFFICERS = GroupName("privacy-officers")
PRIYA = Person(PersonId("priya"), "Priya Raman", frozenset({OFFICERS}))
OWEN = Person(PersonId("owen"), "Owen Blake", frozenset({OFFICERS}))  # owns the agent, so may not sign for it
SAM = Person(PersonId("sam"), "Sam Ortiz", frozenset())
OPEN = (ReviewState.PENDING, ReviewState.APPROVED)


class Clock:
    """A clock that moves when told to; `real` follows the machine's."""

    def __init__(self, *, real: bool = False) -> None:
        self._real = real
        self._now = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

    def now(self) -> datetime:
        return datetime.now(UTC) if self._real else self._now

    def pass_time(self, by: timedelta) -> None:
        self._now += by


class Sealer:
    """AES-256-GCM, as the real one."""

    def __init__(self) -> None:
        self._cipher = AESGCM(AESGCM.generate_key(256))

    def seal(self, about: str, plain: bytes) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, plain, about.encode())

    def open(self, about: str, sealed: bytes) -> Secret[bytes]:
        try:
            return Secret(self._cipher.decrypt(sealed[:12], sealed[12:], about.encode()))
        except (InvalidTag, ValueError):
            raise LedgerCorrupt("a seal doesn't hold") from None


def actor(kind: ActorKind, name: str, owner: str) -> Actor:
    person = PersonId(owner)
    return Actor(kind, ActorId(name), frozenset(), person, KeyId(f"key-{name}"), person, person)


class Registry:
    """Keys by their text."""

    def __init__(self) -> None:
        self.people = {p.id: p for p in (PRIYA, OWEN, SAM)}
        self.keys: dict[str, Actor] = {
            "agent-key": actor(ActorKind.AGENT, "etl-agent", "owen"),
            "other-agent-key": actor(ActorKind.AGENT, "other-agent", "owen"),
            "service-key": actor(ActorKind.SERVICE, "nightly", "owen"),
            "priya-key": actor(ActorKind.PERSON, "priya", "priya"),
            "owen-key": actor(ActorKind.PERSON, "owen", "owen"),
        }
        self.links: dict[str, PersonId] = {}
        self.issued: list[tuple[str, PersonId, timedelta | None]] = []
        self.bound: list[tuple[str, tuple[str, ...]]] = []
        self.peers: list[Peer] = []
        self.revoked: list[tuple[KeyId, PersonId, str]] = []
        self.ended: list[tuple[PersonId, PersonId, str, bool]] = []

    async def admit(self, presented: Secret[str], *, peer: Peer) -> Actor:
        self.peers.append(peer)
        found = self.keys.get(presented.reveal())
        if found is None:
            raise AuthenticationFailed("this credential isn't accepted")
        return found

    async def issue_key(
        self, holder: str, made_by: PersonId, expires_in: timedelta | None, certificate: str, networks: Sequence[str]
    ) -> tuple[KeyId, Secret[str]]:
        known = {a.id for a in self.keys.values()} | set(self.people)
        if holder not in known:
            raise NotFound("no person, agent or service of that name in the settings")
        if made_by not in self.people:
            raise NotFound("a key's maker must be a person of the settings")
        self.issued.append((holder, made_by, expires_in))
        self.bound.append((certificate, tuple(networks)))
        return KeyId(f"key-{len(self.issued)}"), Secret(f"secret-{len(self.issued)}")

    def owner_awaited(self, holder: str) -> PersonId | None:
        return PersonId("owen") if holder == "other-agent" else None

    async def issue_sign_in(self, person: PersonId) -> Secret[str]:
        if person not in self.people:
            raise NotFound("no person of that name in the settings")
        token = uuid.uuid4().hex
        self.links[token] = person
        return Secret(token)

    async def sign_in(self, presented: Secret[str]) -> tuple[PersonId, KeyId]:
        person = self.links.pop(presented.reveal(), None)
        if person is None:
            raise AuthenticationFailed("this credential isn't accepted")
        return person, KeyId(f"link-{person}")

    def sign_in_holder(self, presented: Secret[str]) -> PersonId | None:
        return self.links.get(presented.reveal())

    async def revoke_key(self, key: KeyId, by: PersonId, because: str) -> None:
        found = next((text for text, actor in self.keys.items() if actor.key == key), None)
        if found is None:
            raise NotFound("no live key of that id")
        del self.keys[found]
        self.revoked.append((key, by, because))

    def is_operator(self, presented: Secret[str]) -> bool:
        return presented == Secret("operator-token")

    def person(self, person: PersonId) -> Person | None:
        return self.people.get(person)

    def sessions_ended(self, person: PersonId) -> int:
        return sum(each[0] == person for each in self.ended)

    async def end_sessions(self, person: PersonId, by: PersonId, because: str, *, passwords: bool = False) -> None:
        if person not in self.people:
            raise NotFound("there is nobody of that name")
        self.ended.append((person, by, because, passwords))


class Desk(Reviewing):
    """Reviews in a dict, moves to every listener."""

    def __init__(self, clock: Clock, registry: Registry) -> None:
        super().__init__(clock, registry.people, OFFICERS)
        self.registry = registry
        self.refused: list[tuple[ReviewId, str, str]] = []
        self.corrupt: set[ReviewId] = set()
        self.listening: list[asyncio.Queue[ReviewId]] = []
        self.not_now: dict[PersonId, str] = {}  # who may say no, and not yes yet: why

    def open(self, content: Mapping[str, Any], actor: str = "etl-agent", count: int = 1) -> Review:
        number = len(self.held)
        name = ReviewId(f"0192f0c1-0000-7000-8000-{number:012x}")
        now = self.clock.now()
        review = Review(
            id=name,
            action=ActionId(f"0192f0c1-0000-7000-9000-{number:012x}"),
            actor=ActorId(actor),
            connection=ConnectionName("clinic"),
            state=ReviewState.PENDING,
            digest=Digest(hashlib.sha256(b"action" + name.encode()).hexdigest()),
            card_digest=Digest(hashlib.sha256(b"card" + name.encode()).hexdigest()),
            requirements=Requirements((Quorum(OFFICERS, count),), timedelta(minutes=30), timedelta(minutes=10)),
            excluded=frozenset({PersonId("owen")}),
            opened_at=now,
            expires_at=now + timedelta(minutes=30),
            approved_until=None,
            opened_entry=EntryId(str(uuid.uuid4())),
        )
        self.cards[name] = content
        self._put(review)
        return review

    def move(self, review: ReviewId, to: ReviewState) -> None:
        self._put(replace(self.held[review], state=to))

    def _put(self, review: Review) -> None:
        self.held[review.id] = review
        for queue in self.listening:
            queue.put_nowait(review.id)

    async def review(self, review: ReviewId) -> Review:
        if review not in self.held:
            raise NotFound("no review of that id")
        return self.held[review]

    async def reviews(
        self, states: frozenset[ReviewState] | None, limit: int, before: tuple[datetime, ReviewId] | None = None
    ) -> Sequence[Review]:
        newest = list(reversed(self.held.values()))
        if before is not None:
            newest = newest[1 + [r.id for r in newest].index(before[1]) :]
        return [r for r in newest if states is None or r.state in states][:limit]

    async def reviews_of(
        self,
        actor: ActorId,
        states: frozenset[ReviewState] | None,
        limit: int,
        before: tuple[datetime, ReviewId] | None = None,
    ) -> Sequence[Review]:
        return [r for r in await self.reviews(states, len(self.held), before) if r.actor == actor][:limit]

    async def card(self, review: ReviewId) -> Card:
        found = await self.review(review)
        if review in self.corrupt:
            raise LedgerCorrupt("a stored card isn't the one its entry names: offset 17")
        self.unsealed += 1
        return Card(review, self.cards[review], found.digest, found.card_digest)

    async def votes(self, review: ReviewId) -> Sequence[Vote]:
        return [v for v in self.cast if v.review == review]

    def why_not(self, review: Review, person: PersonId, verdict: Verdict = Verdict.APPROVE) -> str | None:
        if review.state not in OPEN:
            return f"the review is {review.state.value}"
        if person in review.excluded:
            return "you are part of the request"
        if OFFICERS not in self.registry.people[person].groups:
            return f"only members of {OFFICERS} may sign"
        if any(v.person == person and v.review == review.id and v.verdict is verdict for v in self.cast):
            return "you have voted"
        return None if verdict is Verdict.DENY else self.not_now.get(person)

    async def vote(self, review: ReviewId, voter: Voter, ballot: Ballot) -> Review:
        found = await self.review(review)
        refusal = self.why_not(found, voter.person, ballot.verdict)
        if refusal is not None:
            await self.refuse_vote(review, voter.person, refusal)
            raise (Conflict if found.state not in OPEN else NotEntitled)(f"this vote doesn't count: {refusal}")
        if (ballot.action_digest, ballot.card_digest) != (found.digest, found.card_digest):
            await self.refuse_vote(review, voter.person, "digests of another card")
            raise Conflict("this vote is for another card than the one that is open; look at it again")
        self.cast.append(
            Vote(
                review=review,
                person=voter.person,
                verdict=ballot.verdict,
                action_digest=ballot.action_digest,
                card_digest=ballot.card_digest,
                presence=voter.presence,
                key=voter.key,
                entry=EntryId(str(uuid.uuid4())),
                at=self.clock.now(),
            )
        )
        self._put(self._settled(found, ballot.verdict))
        return self.held[review]

    def _settled(self, review: Review, verdict: Verdict) -> Review:
        if verdict is Verdict.DENY:
            return replace(review, state=ReviewState.DENIED)
        yes = sum(v.review == review.id and v.verdict is Verdict.APPROVE for v in self.cast)
        if yes < review.requirements.quorums[0].count:
            return review
        until = self.clock.now() + review.requirements.valid
        return replace(review, state=ReviewState.APPROVED, approved_until=until)

    async def typed(self, text: str, review: ReviewId | None = None) -> Typed:
        return Typed(text.replace("123-45-6789", "[pii.ssn]"), "123-45-6789" in text)

    async def withdraw(self, review: ReviewId, actor: Actor) -> Review:
        found = await self.review(review)
        if found.actor != actor.id:
            raise NotEntitled("only who asked can withdraw it")
        if found.state is not ReviewState.PENDING:
            raise Conflict(f"a review that is {found.state.value} can't become withdrawn")
        self.move(review, ReviewState.WITHDRAWN)
        return self.held[review]

    async def moves(self) -> AsyncIterator[ReviewId]:
        queue: asyncio.Queue[ReviewId] = asyncio.Queue()
        self.listening.append(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self.listening.remove(queue)

    async def refuse_vote(self, review: ReviewId, who: str, because: str) -> None:
        self.refused.append((review, who, because))


@dataclass
class Office:
    """A control port with everything behind it."""

    public_url: str = "https://interlock.test"
    unsafe_token_votes: bool = False
    clock: Clock = field(default_factory=Clock)
    registry: Registry = field(default_factory=Registry)
    sealer: Sealer = field(default_factory=Sealer)
    unready: str | None = None
    means: Means = field(default_factory=Means)

    def __post_init__(self) -> None:
        self.desk = Desk(self.clock, self.registry)
        self.app: FastAPI = control_app(
            self.desk,
            self.registry,
            self.sealer,
            self.clock,
            self.public_url,
            self.unsafe_token_votes,
            "0.1.0",
            lambda: self.unready,
            leaves=self.desk,
            means=self.means,
        )


def rich(**changes: Any) -> dict[str, Any]:
    """A card that has something of everything."""
    fields: dict[str, Any] = {
        "tool": {"name": "clinic/cohort_export", "definition": "a" * 64},
        "reveals": [{"column": "clinic/public.patients.mrn", "label": "phi.mrn"}],
        "any_of": [[{"group": "owners", "count": 1}, {"group": "stewards", "count": 2}]],
        "stages": [[[{"group": "privacy-officers", "count": 2}], [{"group": "security", "count": 1}]]],
        "channels": ["slack", "teams"],
        "break_glass": ["on-call"],
        "ticket_given": "CHG-4711",
        "uses": 3,
        "row_cap": 1000,
        "unbounded": True,
        "opaque": True,
        "opaque_because": ["a definition isn't known"],
    }
    return content(**{**fields, **changes})


DIFF = "\n".join(
    (
        "=== clinic.cedar: changed",
        "@@ -1,3 +1,3 @@",
        ' @id("exports")',
        '-@review("officers:2")',
        '+@review("officers:1") // <b>weaker</b>',
        "    forbid (principal, action, resource);",
    )
)


def change_of_policies(**changes: Any) -> dict[str, Any]:
    """The card of putting another bundle in force."""
    fields: dict[str, Any] = {
        "connection": {"name": "interlock", "environment": "gateway", "tags": []},
        "verbs": ["policy.load"],
        "resources": [{"id": "interlock/bundle/" + "b" * 64, "kind": "connection", "labels": []}],
        "statements": [{"code": [DIFF], "leaves": []}],
        "outputs": [],
        "labels": [],
        "filters": [],
    }
    return content(**{**fields, **changes})


def content(**changes: Any) -> dict[str, Any]:
    """A card as review/card.py makes it: the export of the demo."""
    fields: dict[str, Any] = {
        "version": 1,
        "action": "0192f0c1-0000-7000-9000-000000000000",
        "connection": {"name": "clinic", "environment": "production", "tags": ["hipaa"]},
        "actor": {"kind": "agent", "id": "etl-agent", "owner": "owen", "chain": []},
        "enforced_by": "gateway",
        "verbs": ["sql.copy_out", "sql.select"],
        "resources": [
            {"id": "clinic/public.patients", "kind": "relation", "labels": ["phi.mrn", "phi.name.family", "phi.ssn"]},
            {"id": "clinic/public.encounters", "kind": "relation", "labels": ["phi.clinical.diagnosis"]},
        ],
        "tool": None,
        "statements": [
            {
                "code": [
                    "COPY (\n  SELECT p.id, p.mrn, p.family_name, e.diagnosis\n  FROM public.patients p\n"
                    "  JOIN public.encounters e ON e.patient_id = p.id\n  WHERE p.mrn = ",
                    "\n    OR p.mrn = ",
                    "\n    OR e.ward = ",
                    "\n  LIMIT ",
                    "\n) TO STDOUT WITH (FORMAT csv)",
                ],
                "leaves": [
                    {"shown": None, "kind": "text", "label": "phi.mrn", "length": "5-8", "mark": "#1"},
                    {"shown": None, "kind": "text", "label": "phi.mrn", "length": "5-8", "mark": "#1"},
                    {"shown": None, "kind": "text", "label": "", "length": "33-64", "mark": "#2"},
                    {"shown": "500", "kind": "number", "label": "", "length": "1-4", "mark": "#3"},
                ],
            }
        ],
        "outputs": [
            {"name": "id", "labels": [], "masked": False},
            {"name": "mrn", "labels": ["phi.mrn"], "masked": True},
            {"name": "family_name", "labels": ["phi.name.family"], "masked": True},
            {"name": "diagnosis", "labels": ["phi.clinical.diagnosis"], "masked": True},
        ],
        "reveals": [],
        "labels": ["phi.clinical.diagnosis", "phi.mrn", "phi.name.family", "phi.ssn"],
        "filters": ["phi.mrn"],
        "writes": [],
        "unbounded": False,
        "opaque": False,
        "opaque_because": [],
        "policies": [{"id": "phi-export-needs-privacy-officer", "because": "PHI would leave the database"}],
        "requirements": [{"group": "privacy-officers", "count": 1}],
        "any_of": [],
        "stages": [],
        "channels": [],
        "break_glass": [],
        "ticket_given": "",
        "row_cap": None,
        "reason_given": "Nightly cohort extract for the readmission study.",
        "expires_at": "2026-11-22T10:00:00.000000Z",
        "valid_seconds": 600,
        "uses": 1,
        "estimate": "not estimated",
        "votes_by_token": False,
    }
    return {**fields, **changes}
