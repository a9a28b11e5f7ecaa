"""Passkeys: registered and removed here, each with its signed entry, and asked for with every approval.

What is registered is read from the entries (`Authority.roster`). A challenge for a new passkey is remembered by this
process alone, for five minutes, and so is the nonce of a confirmation (`confirming.Nonces`); the challenges of votes
are made of the votes and remembered by nobody.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

import structlog

from interlock.errors import AuthenticationFailed, Conflict, NotEntitled, NotFound
from interlock.identity import passkeys
from interlock.ledger.authority import Authority
from interlock.model.canonical import JsonValue
from interlock.model.change import Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.identity_change import IdentityChange
from interlock.model.names import Digest, EntryId, PersonId, ReviewId
from interlock.model.passkey import Assertion, Passkey
from interlock.model.person import Person
from interlock.model.review import Voter
from interlock.ports import Clock, Entropy, Ledger
from interlock.registry.confirming import Nonces

RECENT = timedelta(minutes=5)  # how old the login may be when a passkey is registered or removed
VALID = timedelta(minutes=5)  # how long a challenge for a new passkey is good
MAX_BEGUN = 1000  # of these remembered at once, one a person
MAX_PASSKEYS = 20  # of one person
MAX_NAME = 64  # characters of a passkey's name
OPERATOR = PersonId("operator")

_NO_ANSWER = "this needs an answer of your passkey; open the review in the console"
_NOT_YOURS = "the passkey's answer isn't accepted: try again, with a passkey that you registered here"
_CONFIRM = "confirm this with a passkey that you have"
_NOT_ASKED = "this wasn't asked of your passkey just now, or it was answered before; try again"

log = structlog.get_logger()


class People(Protocol):
    """Who there is now (`identity.directory.Directory`)."""

    def person(self, person: PersonId, /) -> Person | None:
        """The person of that id."""


@dataclass(frozen=True, slots=True)
class Site:
    """Where passkeys are made and used (WebAuthn sections 4 and 5.1.2): the console's origin and its host, the RP ID.

    `url` is the console's address; `fault` says why no passkey can be made there, "" when one can.
    """

    url: str
    origin: str
    rp_id: str
    fault: str = ""

    @classmethod
    def of(cls, public_url: str, origin: str) -> Site:
        """The site of the console at `public_url`. An RP ID is a domain, so an IP address makes none."""
        host = urlsplit(public_url).hostname or ""
        return cls(public_url.rstrip("/"), origin, host, _fault(host))


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page asks an authenticator: which passkeys may answer (base64url), and the challenge."""

    challenge: bytes
    rp_id: str
    credentials: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Begun:
    """What a page needs to make a passkey. `confirm` is what one that the person has must answer first, if any."""

    challenge: bytes
    rp_id: str
    user: bytes
    person: Person
    known: tuple[str, ...]
    confirm: Asked | None


@dataclass(frozen=True, slots=True)
class _Waiting:
    nonce: bytes
    until: datetime


@dataclass(frozen=True, slots=True)
class Passkeys:
    """The passkeys of people. With `always`, an approval takes one from everybody, else from whoever has one."""

    people: People
    authority: Authority
    ledger: Ledger
    clock: Clock
    entropy: Entropy
    site: Site
    always: bool = False
    _begun: dict[PersonId, _Waiting] = field(default_factory=dict, init=False, repr=False)
    _counts: dict[str, int] = field(default_factory=dict, init=False, repr=False)  # beyond what entries say
    _nonces: Nonces = field(default_factory=Nonces, init=False, repr=False)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock, init=False, repr=False)

    def of(self, person: PersonId) -> Sequence[Passkey]:
        """A person's passkeys, oldest first."""
        return self.authority.roster.passkeys(person)

    # -- votes ---------------------------------------------------------------------------------------------------------

    def required(self, person: PersonId) -> bool:
        """Whether an approval of this person counts only with a passkey's answer."""
        return self.always or bool(self.of(person))

    def verify(
        self, voter: Voter, review: ReviewId, verdict: str, action_digest: Digest, card_digest: Digest, terms: str = ""
    ) -> None:
        """Raises `AuthenticationFailed` unless the voter's own passkey answered for exactly this.

        `verdict` is that of a vote, or one of `identity.passkeys` (`NARROW` and the like), with its `terms` if any.
        The counter in the answer counts once the entry is durable that the caller makes of it. A `REVEAL` can be wanted
        again, so it takes a fresh answer, as a confirmation does (`asks` gave the nonce).
        """
        if voter.assertion is None:
            raise AuthenticationFailed(self._no_answer(voter.person), code="passkey_needed")
        challenge = passkeys.challenge(review, voter.person, verdict, action_digest, card_digest, terms)
        if verdict == passkeys.REVEAL:
            challenge = self._once(voter.person, challenge)
        self._check(voter.person, voter.assertion, challenge)

    def asks(
        self,
        person: PersonId,
        review: ReviewId,
        verdict: str,
        action_digest: Digest,
        card_digest: Digest,
        terms: str = "",
    ) -> Asked:
        """What the person's authenticator is asked for `verify` to be content; raises `NotFound` without passkeys."""
        if not self.of(person):
            raise NotFound(self._no_answer(person))
        challenge = passkeys.challenge(review, person, verdict, action_digest, card_digest, terms)
        return self._ask(person, self._fresh(person, challenge) if verdict == passkeys.REVEAL else challenge)

    # -- registering ---------------------------------------------------------------------------------------------------

    def begin_registration(self, person: PersonId, signed_in_at: datetime) -> Begun:
        """A challenge for a new passkey, good for `VALID` and while the login is recent; a second one takes the first
        one's place.

        Raises `NotEntitled` when the login is older than `RECENT`, `Conflict` where no passkey can be made.
        """
        found = self._entitled(person, signed_in_at)
        now, known = self.clock.now(), tuple(each.credential for each in self.of(person))
        if self.site.fault:
            raise Conflict(self.site.fault, code="passkeys_impossible")
        if len(known) >= MAX_PASSKEYS:
            raise Conflict(f"you have {MAX_PASSKEYS} passkeys; remove one first")
        for gone in [each for each, waiting in self._begun.items() if waiting.until <= now]:
            del self._begun[gone]
        if len(self._begun) >= MAX_BEGUN and person not in self._begun:
            raise Conflict("too many people are registering passkeys; try again in a few minutes")
        nonce = self.entropy.token(passkeys.NONCE_BYTES)
        self._begun[person] = _Waiting(nonce, min(now + VALID, signed_in_at + RECENT))
        confirm = self._ask(person, passkeys.adding(person, nonce)) if known else None
        return Begun(nonce, self.site.rp_id, passkeys.user_handle(person), found, known, confirm)

    async def finish_registration(
        self, person: PersonId, attestation: bytes, client_data: bytes, name: str, confirmation: Assertion | None = None
    ) -> Passkey:
        """Registers the passkey that answered the challenge begun last, which is used up by this whatever comes of it.

        Whoever has a passkey confirms with it. Raises `AuthenticationFailed`, `Conflict`, `LedgerUnavailable`.
        """
        async with self._lock:
            waiting = self._begun.pop(person, None)
            if waiting is None or waiting.until <= self.clock.now() or self.people.person(person) is None:
                raise AuthenticationFailed("that took too long; begin again", code="passkey_expired")
            if self.of(person):
                self._confirm(person, confirmation, passkeys.adding(person, waiting.nonce))
            made = passkeys.verify_registration(
                person, _name(name), attestation, client_data, waiting.nonce, self.site.origin, self.site.rp_id
            )
            return await self._add(made)

    async def _add(self, made: Passkey) -> Passkey:
        again = Conflict("this passkey was registered before, here or by somebody else; make a new one")
        if self.authority.roster.passkey(made.credential) is not None:
            raise again
        d: dict[str, JsonValue] = {
            "credential": made.credential,
            "public_key": passkeys.base64url(made.public_key),
            "count": made.count,
            "name": made.name,
        }
        await self._change(IdentityChange.PASSKEY_ADDED, made.person, made.person, d)
        if self.authority.roster.passkey(made.credential) is None:  # one that was removed is never taken again
            raise again
        return made

    # -- removing ------------------------------------------------------------------------------------------------------

    def asks_to_remove(self, person: PersonId, credential: str) -> Asked:
        """What the person's authenticator is asked before one of their passkeys is removed."""
        return self._ask(person, passkeys.removing(person, credential))

    async def remove(
        self, person: PersonId, credential: str, assertion: Assertion | None, signed_in_at: datetime
    ) -> None:
        """Removes one's own passkey, confirmed by any one of theirs, for good.

        Raises `NotEntitled` when the login is older than `RECENT`, `AuthenticationFailed`, `NotFound`.
        """
        self._entitled(person, signed_in_at)
        async with self._lock:
            self._owned(person, credential)
            self._confirm(person, assertion, passkeys.removing(person, credential))
            await self._change(IdentityChange.PASSKEY_REMOVED, person, person, {"credential": credential})

    async def operator_remove(self, person: PersonId, credential: str, because: str) -> None:
        """Removes a passkey that its holder can't use any more, without an answer of it; logged as a warning.

        Raises `NotFound`.
        """
        async with self._lock:
            self._owned(person, credential)
            d: dict[str, JsonValue] = {"credential": credential, "because": because}
            await self._change(IdentityChange.PASSKEY_REMOVED, person, OPERATOR, d)
        log.warning("passkey.removed_by_operator", person=person, credential=credential)

    # -- confirming --------------------------------------------------------------------------------------------------

    def asks_to_confirm(self, person: PersonId, said: bytes) -> Asked:
        """What the person's authenticator is asked for `confirm` to be content with an answer, once and within five
        minutes; raises `NotFound` without passkeys. `said` is what is confirmed (`registry.confirming`)."""
        if not self.of(person):
            raise NotFound(self._no_answer(person))
        return self._ask(person, self._fresh(person, said))

    def confirm(self, person: PersonId, assertion: Assertion | None, said: bytes) -> None:
        """Raises `AuthenticationFailed` (`passkey_needed` without an answer, `passkey_expired` when nothing was asked)
        unless a passkey of this person's answered what was asked last for `said`, or they need none (`required`).

        Whoever calls checks everything else first, and acts on it at once: any answer, right or wrong, uses it up.
        """
        if not self.required(person):
            return
        if not self.of(person):
            raise AuthenticationFailed(self._no_answer(person), code="passkey_needed")
        if assertion is None:
            raise AuthenticationFailed(_CONFIRM, code="passkey_needed")
        self._confirm(person, assertion, self._once(person, said))

    # -- inside --------------------------------------------------------------------------------------------------------

    def _entitled(self, person: PersonId, signed_in_at: datetime) -> Person:
        found = self.people.person(person)
        if found is None:
            raise NotFound("no person of that name")
        if signed_in_at + RECENT <= self.clock.now():
            minutes = int(RECENT.total_seconds()) // 60
            sentence = f"sign in again: passkeys are registered and removed within {minutes} minutes of a login"
            raise NotEntitled(sentence, code="login_too_old")
        return found

    def _owned(self, person: PersonId, credential: str) -> Passkey:
        found = self.authority.roster.passkey(credential)
        if found is None or found.person != person:
            raise NotFound("this person has no such passkey")
        return found

    def _ask(self, person: PersonId, challenge: bytes) -> Asked:
        return Asked(challenge, self.site.rp_id, tuple(each.credential for each in self.of(person)))

    def _fresh(self, person: PersonId, said: bytes) -> bytes:
        nonce = self.entropy.token(passkeys.NONCE_BYTES)
        self._nonces.give(person, said, nonce, self.clock.now())
        return passkeys.once(said, nonce)

    def _once(self, person: PersonId, said: bytes) -> bytes:
        """The challenge that was asked for this; from here on nothing answers it any more."""
        nonce = self._nonces.take(person, said, self.clock.now())
        if nonce is None:
            raise AuthenticationFailed(_NOT_ASKED, code="passkey_expired")
        return passkeys.once(said, nonce)

    def _confirm(self, person: PersonId, assertion: Assertion | None, challenge: bytes) -> None:
        """Checks an answer that no vote entry will tell of, and so remembers its counter here."""
        if assertion is None:
            raise AuthenticationFailed(_CONFIRM, code="passkey_needed")
        count = self._check(person, assertion, challenge)
        if count:
            self._counts[assertion.credential] = count

    def _check(self, person: PersonId, assertion: Assertion, challenge: bytes) -> int:
        found = self.authority.roster.passkey(assertion.credential)
        if found is None or found.person != person:
            raise AuthenticationFailed(_NOT_YOURS)
        known = replace(found, count=max(found.count, self._counts.get(found.credential, 0)))
        return passkeys.verify_assertion(known, assertion, challenge, self.site.origin, self.site.rp_id)

    def _no_answer(self, person: PersonId) -> str:
        if self.of(person):
            return _NO_ANSWER
        return f"this takes a passkey here, and you have none: register one at {self.site.url}/you/passkeys"

    async def _change(self, what: IdentityChange, person: PersonId, by: str, more: Mapping[str, JsonValue]) -> None:
        d: dict[str, JsonValue] = {"what": what.value, "subject": person, "by": by, **more}
        draft = Draft(id=EntryId(self.entropy.uuid7()), type=EntryType.IDENTITY_CHANGED, d=d, obj=person)
        await self.ledger.commit(Unit((draft,)))


def _name(name: str) -> str:
    named = " ".join(name.split())
    if not 0 < len(named) <= MAX_NAME:
        raise Conflict(f"give the passkey a name of at most {MAX_NAME} characters")
    return named


def _fault(host: str) -> str:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return ""
    return (
        f"passkeys can't be made at {host}: they belong to a host name, never to an IP address; whoever runs this"
        " gateway can give the console one, such as http://interlock.localhost:8080, in [control] url"
    )
