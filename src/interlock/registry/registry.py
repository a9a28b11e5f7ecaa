"""Where people change things: keys and the policy bundle. Each change has its maker and its signed entry.

What a key or bundle may do is read from those entries (`Authority`), never from a table: a row written into the store
opens nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from interlock.errors import AuthenticationFailed, Conflict, NotFound, PolicyMistakes
from interlock.identity import keys
from interlock.identity.directory import Directory
from interlock.ledger.authorised import KeyRecord
from interlock.ledger.authority import Authority
from interlock.ledger.texts import fields
from interlock.model.actor import Actor
from interlock.model.canonical import JsonValue
from interlock.model.change import AddKey, Change, RetireKey, Unit
from interlock.model.entry import Draft, EntryType
from interlock.model.names import Digest, EntryId, KeyId, PersonId, ReviewId
from interlock.model.person import Person
from interlock.model.secret import Secret
from interlock.ports import Clock, Entropy, Ledger
from interlock.review.card import timestamp

SIGN_IN_VALID = timedelta(minutes=10)
OPERATOR = PersonId("operator")  # not a person: who holds the machine's operator token; never votes

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

    def authenticate(self, presented: Secret[str], *, session: str = "") -> Actor:
        """The actor behind a key, as of now; raises `AuthenticationFailed`, never saying why."""
        record = self._live(presented, "actor")
        actor = self.directory.actor(
            record.holder,
            key=KeyId(record.key),
            made_by=PersonId(record.made_by),
            held_by=PersonId(record.held_by),
            session=session,
        )
        if actor is None:
            raise AuthenticationFailed(_REFUSED)
        return actor

    def current(self, actor: Actor) -> Actor | None:
        """The same actor as of this moment: key still live, groups and owner of now. None if any of it is gone."""
        record = self.authority.key(actor.key)
        if record is None or self._expired(record) or record.holder != actor.id:
            return None
        return self.directory.actor(
            record.holder,
            key=actor.key,
            made_by=PersonId(record.made_by),
            held_by=PersonId(record.held_by),
            session=actor.session,
        )

    def texts(self, rules: Digest) -> Mapping[str, str] | None:
        """The texts of the bundle in force or of the one before it, from the ledger; None where it has none."""
        return self.authority.texts(rules)

    def sign_in_holder(self, presented: Secret[str]) -> PersonId | None:
        """Whom a live sign-in key would sign in, without using it up; None for anything else."""
        try:
            return PersonId(self._live(presented, "sign_in").holder)
        except AuthenticationFailed:
            return None

    def key_maker(self, key: KeyId) -> PersonId | None:
        """Who made a key that is or was in use."""
        record = self.authority.key(key)
        return PersonId(record.made_by) if record else None

    def is_operator(self, presented: Secret[str]) -> bool:
        """Whether this is the operator token of this machine (a file of mode 0600 beside the keys)."""
        return hmac.compare_digest(presented.reveal().encode(), self.operator_token.reveal().encode())

    def person(self, person: PersonId) -> Person | None:
        """A person of the settings."""
        return self.directory.person(person)

    async def issue_key(
        self, holder: str, made_by: PersonId, expires_in: timedelta | None
    ) -> tuple[KeyId, Secret[str]]:
        """A new key for a person, agent or service; the key itself is shown here and never again.

        Raises `NotFound` when nobody has that name.
        """
        held_by = self.directory.held_by(holder)
        if held_by is None:
            raise NotFound("no person, agent or service of that name in the settings")
        if self.directory.person(made_by) is None:
            raise NotFound("a key's maker must be a person of the settings")
        return await self._issue("actor", holder, made_by, held_by, expires_in)

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
        if self.directory.person(person) is None:
            raise AuthenticationFailed(_REFUSED)
        try:
            await self._revoke(KeyId(record.key), "used", record.holder, RetireKey(KeyId(record.key)))
        except Conflict:
            raise AuthenticationFailed(_REFUSED) from None
        return person, KeyId(record.key)

    async def revoke_key(self, key: KeyId, by: PersonId, because: str) -> None:
        """Ends a key; raises `NotFound` when it isn't live."""
        if self.authority.key(key) is None:
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

    def _live(self, presented: Secret[str], kind: str) -> KeyRecord:
        record = self.authority.key(keys.key_id(presented))
        keys.check(presented, record.hash if record else None)
        if record is None or record.kind != kind or self._expired(record):
            raise AuthenticationFailed(_REFUSED)
        return record

    def _expired(self, record: KeyRecord) -> bool:
        return record.expires_at is not None and record.expires_at <= self.clock.now()

    async def _issue(
        self, kind: str, holder: str, made_by: PersonId, held_by: PersonId, expires_in: timedelta | None
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
