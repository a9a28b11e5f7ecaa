"""Where people change things: keys and the policy bundle. Each change has its maker and its signed entry.

What a key or bundle may do is read from those entries (`Authority`), never from a table: a row written into the store
opens nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import MappingProxyType

from interlock.errors import AuthenticationFailed, Conflict, MalformedInput, NotFound, PolicyMistakes
from interlock.identity import keys, tokens
from interlock.identity.binding import MAX_NETWORKS, holds, network
from interlock.identity.certificates import is_digest
from interlock.identity.directory import Directory
from interlock.ledger.authorised import KeyKind, KeyRecord
from interlock.ledger.authority import Authority
from interlock.ledger.texts import fields
from interlock.model.actor import Actor, ActorKind
from interlock.model.canonical import JsonValue
from interlock.model.change import AddKey, Change, RetireKey, Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.identity_change import IdentityChange
from interlock.model.names import ActorId, ConnectionName, Digest, EntryId, KeyId, PersonId, ReviewId
from interlock.model.peer import Peer
from interlock.model.person import Person
from interlock.model.secret import Secret
from interlock.model.snapshot import Snapshot
from interlock.ports import Clock, Entropy, Ledger
from interlock.registry.credentials import JWT, X509, Admission, Credentials, Issuers, demand_owner
from interlock.review.card import timestamp

SIGN_IN_VALID = timedelta(minutes=10)
OPERATOR = PersonId("operator")  # not a person: who holds the machine's operator token; never votes

NOBODY_KNOWN = Peer()
NOTHING: Mapping[str, JsonValue] = MappingProxyType({})
ACTING = (KeyKind.ACTOR, KeyKind.LOGIN)  # keys that somebody asks for actions with

_REFUSED = "this credential isn't accepted"


@dataclass(frozen=True, slots=True)
class Registry:
    """Keys, sign-in links and the bundle's pin."""

    directory: Directory
    authority: Authority
    ledger: Ledger
    clock: Clock
    entropy: Entropy
    operator_token: Secret[str]
    issuers: Issuers = field(default_factory=Issuers)
    snapshots: dict[ConnectionName, Snapshot] = field(default_factory=dict)  # what doors last saw; no authority

    async def admit(self, presented: Secret[str], *, session: str = "", peer: Peer = NOBODY_KNOWN) -> Actor:
        """The actor behind an Interlock key or a token of an issuer, as of now.

        Raises `AuthenticationFailed`, saying why only where the credential itself was proved (`owner_not_accepted`).
        """
        if tokens.is_token(presented.reveal()):
            return (await self._outside.by_token(presented.reveal(), session, peer)).actor
        return self.authenticate(presented, session=session, peer=peer)

    async def admit_at(
        self, connection: ConnectionName, presented: Secret[str], *, session: str = "", peer: Peer = NOBODY_KNOWN
    ) -> Admission:
        """As `admit`, at an MCP connection: a token must have been made for it, and tells what it was granted for."""
        if tokens.is_token(presented.reveal()):
            return await self._outside.by_token(presented.reveal(), session, peer, connection)
        return Admission(self.authenticate(presented, session=session, peer=peer))

    def admit_certificate(self, peer: Peer, *, session: str = "") -> Actor:
        """The actor that a client certificate tells, which the listener's handshake verified; raises as `admit`."""
        return self._outside.by_certificate(peer, session)

    def authenticate(self, presented: Secret[str], *, session: str = "", peer: Peer = NOBODY_KNOWN) -> Actor:
        """The actor behind a key, as of now; raises `AuthenticationFailed` as `admit` does."""
        record = self._live(presented, *ACTING)
        actor = self._actor(record, session) if self._answered_for(record) else None
        if actor is None or not holds(record.certificate, record.networks, peer):
            raise AuthenticationFailed(_REFUSED)
        demand_owner(self.directory, actor)
        return actor

    def current(self, actor: Actor) -> Actor | None:
        """The same actor as of this moment: a live credential, groups and owner of now. None if any of it is gone."""
        if actor.authn in (JWT, X509):
            return self._outside.current(actor)
        record = self.authority.key(actor.key)
        if record is None or self._expired(record) or record.holder != actor.id or record.kind not in ACTING:
            return None
        now = self._actor(record, actor.session) if self._answered_for(record) else None
        return now if now is not None and self.directory.owner_stands(now) else None

    def _answered_for(self, record: KeyRecord) -> bool:
        """Whether who made and who held the key have been here all the time since, and a login wasn't ended with the
        others. What somebody left behind opens nothing, not even once they are back."""
        if record.kind is KeyKind.LOGIN and record.after < self.passwords_ended(record.held_by):
            return False
        return self.is_made_here(record) and self._is_held_here(record)

    def is_made_here(self, record: KeyRecord) -> bool:
        """Whether who made the key has been here all the time since."""
        here = self.directory.person(record.made_by) is not None
        return here and self.authority.roster.is_staying(record.made_by, record.made_stay)

    def _is_held_here(self, record: KeyRecord) -> bool:
        here = self.directory.person(record.held_by) is not None
        return here and self.authority.roster.is_staying(record.held_by, record.held_stay)

    @property
    def _outside(self) -> Credentials:
        return Credentials(self.directory, self.authority, self.clock, self.issuers)

    def _actor(self, record: KeyRecord, session: str) -> Actor | None:
        found = self.directory.actor(
            record.holder, key=record.key, made_by=record.made_by, held_by=record.held_by, session=session
        )
        if found is None or record.kind is not KeyKind.LOGIN:
            return found
        return replace(found, authn="login") if found.kind is ActorKind.PERSON else None

    def texts(self, rules: Digest) -> Mapping[str, str] | None:
        """The texts of the bundle in force or of the one before it, from the ledger; None where it has none."""
        return self.authority.texts(rules)

    def sign_in_holder(self, presented: Secret[str]) -> PersonId | None:
        """Whom a live sign-in key would sign in, without using it up; None for anything else."""
        try:
            return PersonId(self._live(presented, "sign_in").holder)
        except AuthenticationFailed:
            return None

    def owner_awaited(self, holder: str) -> PersonId | None:
        """Who must accept to own this agent or service before anything that it presents is taken; None if nobody."""
        agent = self.directory.actors.get(ActorId(holder))
        if agent is None or self.directory.changes.has_accepted(agent.id, agent.owner):
            return None
        return agent.owner

    def key_maker(self, key: KeyId) -> PersonId | None:
        """Who made a key that is or was in use."""
        record = self.authority.key(key)
        return PersonId(record.made_by) if record else None

    def is_operator(self, presented: Secret[str]) -> bool:
        """Whether this is the operator token of this machine (a file of mode 0600 beside the keys)."""
        return hmac.compare_digest(presented.reveal().encode(), self.operator_token.reveal().encode())

    def person(self, person: PersonId) -> Person | None:
        """A person who is here."""
        return self.directory.person(person)

    def sessions_ended(self, person: PersonId) -> int:
        """How often all of a person's console sessions were ended: one that began when it was fewer is over.

        It is read from the ledger, so it holds on every node and after every restart.
        """
        return self.authority.roster.sessions_ended(person)

    def passwords_ended(self, person: PersonId) -> int:
        """How often all of a person's passwords for doors were ended: one that was made when it was fewer is over."""
        return self.authority.roster.passwords_ended(person)

    async def end_sessions(self, person: PersonId, by: PersonId, because: str, *, passwords: bool = False) -> None:
        """Ends all console sessions that the person has begun, wherever; with `passwords`, those for doors too.

        What they confirm or begin from then on is new. Raises `NotFound` for somebody who isn't here, `Conflict` when
        one of the passwords was revoked at this very moment: then nothing was ended.
        """
        if self.directory.person(person) is None:
            raise NotFound("there is nobody of that name", code="no_such_person")
        said: dict[str, JsonValue] = {"subject": person, "by": by, "because": because}
        if passwords:
            said["passwords"] = "yes"  # ends even one that is being handed out at this moment
        ended = self._about(
            EntryType.IDENTITY_CHANGED, {"what": IdentityChange.SESSIONS_ENDED.value, **said}, obj=person
        )
        logins = self._logins(person) if passwords else ()
        revoked = (
            self._about(EntryType.KEY_REVOKED, {"key": key, "because": because, "by": by}, obj=key) for key in logins
        )
        await self.ledger.commit(Unit((ended, *revoked)))

    def _logins(self, person: PersonId) -> tuple[KeyId, ...]:
        """Passwords for doors that the person has, and that haven't run out."""
        records = (self.authority.key(key) for key in self.authority.keys_of(person))
        return tuple(each.key for each in records if each and each.kind is KeyKind.LOGIN and not self._expired(each))

    async def issue_key(
        self,
        holder: str,
        made_by: PersonId,
        expires_in: timedelta | None,
        certificate: str = "",
        networks: Sequence[str] = (),
    ) -> tuple[KeyId, Secret[str]]:
        """A new key for a person, agent or service; the key itself is shown here and never again.

        `certificate` (SHA-256, hex) and `networks` (CIDR) bind it: used otherwise it is refused. Raises `NotFound` when
        nobody has that name, `MalformedInput` for a binding that isn't one.
        """
        bound = _binding(certificate, networks)
        held_by = self.directory.held_by(holder)
        if held_by is None:
            raise NotFound("no person, agent or service of that name in the settings")
        if self.directory.person(made_by) is None:
            raise NotFound("a key's maker must be a person of the settings")
        return await self._issue("actor", holder, made_by, held_by, expires_in, bound)

    async def issue_sign_in(self, person: PersonId) -> Secret[str]:
        """A key that signs `person` in to the console once, within ten minutes."""
        if self.directory.person(person) is None:
            raise NotFound("no person of that name in the settings")
        _, secret = await self._issue("sign_in", person, OPERATOR, person, SIGN_IN_VALID)
        return secret

    async def sign_in(self, presented: Secret[str]) -> tuple[PersonId, KeyId]:
        """Uses a sign-in key up; raises `AuthenticationFailed` when it isn't live any more."""
        record = self._live(presented, "sign_in")
        person = PersonId(record.holder)
        if not self._is_held_here(record):
            raise AuthenticationFailed(_REFUSED)
        try:
            await self._revoke(KeyId(record.key), "used", record.holder, RetireKey(KeyId(record.key)))
        except Conflict:
            raise AuthenticationFailed(_REFUSED) from None
        return person, KeyId(record.key)

    async def revoke_key(self, key: KeyId, by: PersonId, because: str) -> None:
        """Ends a key, or a token or certificate by its name (`jwt:...`, `x509:...`); raises `NotFound` when it isn't
        live, which of what others issue is known only once it was revoked."""
        from_outside = key.startswith((f"{JWT}:", f"{X509}:"))
        if self.authority.is_revoked(key) or (self.authority.key(key) is None and not from_outside):
            raise NotFound("no live key of that id")
        await self._revoke(key, because, by)  # the entry alone ends it: a row in the way could keep it alive

    async def adopt_bundle(self, digest: Digest, texts: Mapping[str, str] | None = None) -> None:
        """Pins the bundle on the first start, with its texts; afterwards demands the pinned one.

        Raises `PolicyMistakes` when it is another: a bundle takes effect through a review (`interlock policy propose`),
        and else only by `interlock policy unsafe-pin`, run on the machine while the gateway is stopped.
        """
        pinned = self.authority.bundle
        if pinned == digest:
            return
        if pinned is not None:
            raise PolicyMistakes(
                [
                    f"the policies or catalogs ({digest[:16]}…) aren't those in force ({pinned[:16]}…):"
                    " put the files back,"
                    " or run `interlock policy unsafe-pin` on this machine while the gateway is stopped"
                ]
            )
        await self._pin(digest, "first_start", texts)

    async def unsafe_pin_bundle(self, digest: Digest, texts: Mapping[str, str] | None = None) -> None:
        """Pins a changed bundle without a review; the entry says so."""
        await self._pin(digest, "unsafe_pin", texts)

    async def _pin(self, digest: Digest, how: str, texts: Mapping[str, str] | None) -> None:
        await self.ledger.commit(Unit(self.loading(digest, texts or {}, how, OPERATOR)))

    def loading(
        self, rules: Digest, texts: Mapping[str, str], how: str, by: PersonId, review: ReviewId | None = None
    ) -> tuple[Draft, ...]:
        """The entries that put a bundle in force: its texts, and behind them policy.loaded. They belong in one unit."""
        d: dict[str, JsonValue] = {"bundle": rules, "how": how, "by": by}
        if review is not None:
            d["review"] = review
        if self.authority.bundle is not None:
            d["previous"] = self.authority.bundle
        parts = [self._about(EntryType.POLICY_TEXT, part, rules) for part in fields(rules, texts)]
        return (*parts, self._about(EntryType.POLICY_LOADED, d, rules))

    def _live(self, presented: Secret[str], *kinds: str) -> KeyRecord:
        record = self.authority.key(keys.key_id(presented))
        keys.check(presented, record.hash if record else None)
        if record is None or record.kind not in kinds or self._expired(record):
            raise AuthenticationFailed(_REFUSED)
        return record

    def _expired(self, record: KeyRecord) -> bool:
        return record.expires_at is not None and record.expires_at <= self.clock.now()

    async def _issue(
        self,
        kind: str,
        holder: str,
        made_by: PersonId,
        held_by: PersonId,
        expires_in: timedelta | None,
        bound: Mapping[str, JsonValue] = NOTHING,
    ) -> tuple[KeyId, Secret[str]]:
        key, secret, hashed = keys.make(self.entropy.token(keys.ID_BYTES), self.entropy.token(keys.SECRET_BYTES))
        expires_at = self.clock.now() + expires_in if expires_in else None
        d: Mapping[str, JsonValue] = {
            "key": key,
            "kind": kind,
            "holder": holder,
            "made_by": made_by,
            "held_by": held_by,
            "hash": hashed,
            "expires_at": timestamp(expires_at) if expires_at else "",
            **bound,
        }
        await self._commit(EntryType.KEY_ISSUED, d, AddKey(key, holder, expires_at), obj=key)
        return key, secret

    async def _revoke(self, key: KeyId, because: str, by: str, *guards: Change) -> None:
        d: Mapping[str, JsonValue] = {"key": key, "because": because, "by": by}
        await self._commit(EntryType.KEY_REVOKED, d, *guards, obj=key)

    async def _commit(self, type_: EntryType, d: Mapping[str, JsonValue], *changes: Change, obj: str) -> None:
        await self.ledger.commit(Unit((self._about(type_, d, obj),), changes))

    def _about(self, type_: EntryType, d: Mapping[str, JsonValue], obj: str) -> Draft:
        return Draft(id=EntryId(self.entropy.uuid7()), type=type_, d=d, obj=obj)


def _binding(certificate: str, networks: Sequence[str]) -> Mapping[str, JsonValue]:
    if certificate and not is_digest(certificate):
        raise MalformedInput("a certificate is named by its SHA-256, in 64 hex digits")
    if len(networks) > MAX_NETWORKS:
        raise MalformedInput(f"a key is bound to at most {MAX_NETWORKS} networks")
    found: dict[str, JsonValue] = {"certificate": certificate} if certificate else {}
    return found | ({"networks": [network(each) for each in networks]} if networks else {})
