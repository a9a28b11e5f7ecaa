"""What people change about themselves and each other: owners, links, delegations; and who leaves.

Whoever calls has verified who `person` is, by a console session. Each change is a signed entry, checked against what
the entries so far say; what isn't allowed raises and writes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from interlock.errors import AuthenticationFailed, Conflict, NotEntitled, NotFound
from interlock.identity import keys
from interlock.identity.directory import Directory
from interlock.ledger.authorised import KeyKind
from interlock.ledger.roster import Roster
from interlock.model.actor import Actor, ActorKind
from interlock.model.canonical import JsonValue
from interlock.model.change import AddKey, Change, Unit
from interlock.model.delegation import Delegation
from interlock.model.entry import Draft, EntryType
from interlock.model.identity_change import IdentityChange
from interlock.model.names import ActorId, EntryId, GroupName, KeyId, PersonId
from interlock.model.passkey import Assertion
from interlock.model.person import Person
from interlock.model.secret import Secret
from interlock.model.settings import OidcSettings, VoteSettings
from interlock.registry.confirming import Confirming, delegating, linking, owning, unlinking
from interlock.registry.links import CODE_BYTES, MAX_SHOWN, MAX_SUBJECT, PendingLink, PendingLinks
from interlock.registry.registry import Registry
from interlock.review.card import timestamp

MAX_LINKS = 20  # accounts of one person
PROVISIONING = "provisioning/"  # in front of a provisioning key's name: no name of the settings holds a slash

_REFUSED = "this credential isn't accepted"


@dataclass(frozen=True, slots=True)
class Ward:
    """An agent or service, and whether the person whom the settings name as its owner has accepted that."""

    id: ActorId
    kind: ActorKind
    groups: frozenset[GroupName]
    accepted: bool


@dataclass(frozen=True, slots=True)
class LinkedAccount:
    """An account that is a person's; `by_settings` when the settings say so and not a link."""

    provider: str
    subject: str
    by_settings: bool


@dataclass(frozen=True, slots=True)
class People:
    """Owners, links, delegations and departures. `accounts` are those that the settings link; `oidc` maps the
    provider's groups. `providers` are those whose accounts can be linked: the ones that are set up here."""

    registry: Registry
    passkeys: Confirming
    votes: VoteSettings = field(default_factory=VoteSettings)
    accounts: Mapping[tuple[str, str], PersonId] = field(default_factory=dict)
    oidc: OidcSettings | None = None
    providers: frozenset[str] = frozenset()
    _pending: PendingLinks = field(default_factory=PendingLinks)
    _changing: asyncio.Lock = field(default_factory=asyncio.Lock)  # each change is a look before a write

    @property
    def directory(self) -> Directory:
        """Who there is."""
        return self.registry.directory

    @property
    def roster(self) -> Roster:
        """What the entries say about people."""
        return self.registry.authority.roster

    def login_is_recent(self, signed_in_at: datetime) -> bool:
        """Whether a console login is young enough for what gives somebody power (`[votes] recent_login`)."""
        return self.registry.clock.now() - signed_in_at <= self.votes.recent_login

    # -- owners -------------------------------------------------------------------------------------------------------

    def wards(self, person: PersonId) -> tuple[Ward, ...]:
        """The agents and services that name this person as their owner."""
        mine = (each for each in self.directory.actors.values() if each.owner == person)
        return tuple(
            Ward(each.id, each.kind, each.groups, self.roster.has_accepted(each.id, person))
            for each in sorted(mine, key=lambda each: each.id)
        )

    async def accept_owner(self, person: PersonId, actor: ActorId, assertion: Assertion | None = None) -> None:
        """The person answers for the agent or service from now on; whoever has a passkey confirms it
        (`confirming.owning`). Raises `NotFound` unless the settings name them, `AuthenticationFailed`."""
        async with self._changing:
            if not self._ward(person, actor).accepted:
                self.passkeys.confirm(person, assertion, owning(person, actor))
                await self._identity(IdentityChange.OWNER_ACCEPTED, actor, person, person=person)

    async def decline_owner(self, person: PersonId, actor: ActorId) -> None:
        """The person doesn't, or no longer does: its credentials aren't admitted from now on."""
        async with self._changing:
            if self._ward(person, actor).accepted:
                await self._identity(IdentityChange.OWNER_DECLINED, actor, person, person=person)

    def _ward(self, person: PersonId, actor: ActorId) -> Ward:
        self._here(person)
        found = next((ward for ward in self.wards(person) if ward.id == actor), None)
        if found is None:
            raise NotFound("no agent or service of that name has you as its owner", code="not_your_ward")
        return found

    # -- links --------------------------------------------------------------------------------------------------------

    def person_of(self, provider: str, subject: str) -> PersonId | None:
        """Whose account that is: by a link, else by the settings unless it was unlinked. None if theirs is gone."""
        found = self.roster.linked(provider, subject)
        if found is None and not self.roster.was_unlinked(provider, subject):
            found = self.accounts.get((provider, subject))
        return found if found is not None and self.directory.person(found) is not None else None

    def linked_accounts(self, person: PersonId) -> tuple[LinkedAccount, ...]:
        """A person's accounts."""
        made = {LinkedAccount(*account, by_settings=False) for account in self.roster.links(person)}
        named = {
            LinkedAccount(*account, by_settings=True)
            for account, whose in self.accounts.items()
            if whose == person and self.roster.linked(*account) is None and not self.roster.was_unlinked(*account)
        }
        return tuple(sorted(made | named, key=lambda each: (each.provider, each.subject)))

    def begin_link(self, person: PersonId, provider: str) -> Secret[str]:
        """A code, good once and for ten minutes, that the account on the other side has to present. Raises `NotFound`
        for a provider that isn't set up, `Conflict`."""
        self._here(person)
        if provider not in self.providers:
            raise NotFound("no such provider is set up here", code="no_such_provider")
        if len(self.linked_accounts(person)) >= MAX_LINKS:
            raise Conflict(f"{MAX_LINKS} accounts are linked to you: unlink one first", code="too_many_links")
        registry = self.registry
        return self._pending.begin(person, provider, registry.entropy.token(CODE_BYTES), registry.clock.now())

    def claim_link(self, code: Secret[str], provider: str, subject: str, shown: str) -> PendingLink:
        """The account that `provider` verified presents the code; its person has to confirm it in the console.

        `shown` is how the provider calls the account. Raises `NotFound` for a code that doesn't wait, `Conflict` for
        one used before and for an account that is somebody's.
        """
        if not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
            raise NotEntitled("the provider names this account in a way that can't be linked", code="odd_account")
        if self._is_somebodys(provider, subject):
            raise Conflict("this account is linked already", code="already_linked")
        name = shown[:MAX_SHOWN] if shown.isprintable() else ""
        return self._pending.claim(code, provider, subject, name, self.registry.clock.now())

    def pending_links(self, person: PersonId) -> tuple[PendingLink, ...]:
        """Links that this person began and hasn't confirmed."""
        return self._pending.waiting(person, self.registry.clock.now())

    async def confirm_link(
        self, person: PersonId, provider: str, subject: str, assertion: Assertion | None = None
    ) -> None:
        """The person has seen the account that claimed their code and says that it is theirs, with their passkey if
        they have one (`confirming.linking`).

        `subject` is the one that was shown: raises `NotFound` unless exactly that one waits, `Conflict` when it has
        become somebody's meanwhile, `AuthenticationFailed`.
        """
        async with self._changing:
            self._here(person)
            if not any((each.provider, each.subject) == (provider, subject) for each in self.pending_links(person)):
                raise NotFound("no such account waits for you to confirm it: begin again", code="no_such_link")
            self.passkeys.confirm(person, assertion, linking(person, provider, subject))
            self._pending.drop(person, provider)
            if self._is_somebodys(provider, subject):
                raise Conflict("this account is linked already", code="already_linked")
            d = {"person": person, "provider": provider, "subject": subject, "by": person}
            await self._commit(self._draft(EntryType.LINK_MADE, d, person))

    def cancel_link(self, person: PersonId, provider: str) -> None:
        """The person wants it no more, or doesn't know the account."""
        self._pending.drop(person, provider)

    async def unlink(self, person: PersonId, provider: str, subject: str, assertion: Assertion | None = None) -> None:
        """The account is no longer this person's, whatever the settings say; whoever has a passkey confirms it
        (`confirming.unlinking`). Raises `NotFound` if it isn't theirs, `AuthenticationFailed`."""
        async with self._changing:
            accounts = self.linked_accounts(person)
            if not any((each.provider, each.subject) == (provider, subject) for each in accounts):
                raise NotFound("no such account is linked to you", code="no_such_link")
            self.passkeys.confirm(person, assertion, unlinking(person, provider, subject))
            d = {"person": person, "provider": provider, "subject": subject, "by": person, "because": "by the person"}
            await self._commit(self._draft(EntryType.LINK_REMOVED, d, person))

    def _is_somebodys(self, provider: str, subject: str) -> bool:
        if self.roster.linked(provider, subject) is not None:
            return True
        return (provider, subject) in self.accounts and not self.roster.was_unlinked(provider, subject)

    # -- delegations --------------------------------------------------------------------------------------------------

    async def delegate(
        self,
        person: PersonId,
        delegate: PersonId,
        group: GroupName,
        until: datetime,
        assertion: Assertion | None = None,
    ) -> None:
        """`delegate` may sign in this person's place in `group` until then; whoever has a passkey confirms it
        (`confirming.delegating`). It replaces one of that group before. One person has one delegate: naming another
        ends whatever they gave before, in every group.

        Raises `NotEntitled` for a group that isn't the person's own or a time beyond `[votes] delegation`; `NotFound`
        for somebody unknown; `AuthenticationFailed`.
        """
        async with self._changing:
            mine, now = self._here(person), self.registry.clock.now()
            if not self.votes.delegation:
                raise NotEntitled("The settings allow no delegation.", code="no_delegation")
            if delegate == person or self.directory.person(delegate) is None:
                raise NotFound("there is nobody else of that name", code="no_such_person")
            if group not in mine.groups:
                raise NotEntitled(
                    "That isn't a group of yours; what was delegated to you stays.", code="not_your_group"
                )
            if not now < until <= now + self.votes.delegation:
                longest = _days(self.votes.delegation)
                raise NotEntitled(f"A delegation ends in the future, and within {longest}.", code="too_long")
            self.passkeys.confirm(person, assertion, delegating(person, delegate, group, until))
            made = Delegation(person, delegate, group, until.astimezone(UTC))
            await self._commit(self._delegation(made, timestamp(made.until), person))

    async def end_delegation(self, by: PersonId, delegator: PersonId, group: GroupName) -> None:
        """Ended by who gave it or by who has it; raises `NotFound` for anybody else's and where there is none."""
        async with self._changing:
            found = next((d for d in self._delegations() if (d.delegator, d.group) == (delegator, group)), None)
            if found is None or by not in (found.delegator, found.delegate):
                raise NotFound("there is no such delegation of yours", code="no_such_delegation")
            await self._commit(self._delegation(found, "", by))

    def given(self, person: PersonId) -> tuple[Delegation, ...]:
        """Delegations in force by this person."""
        return tuple(each for each in self._delegations() if each.delegator == person)

    def received(self, person: PersonId) -> tuple[Delegation, ...]:
        """Delegations in force to this person."""
        return tuple(each for each in self._delegations() if each.delegate == person)

    def _delegations(self) -> Sequence[Delegation]:
        return self.roster.delegations(self.registry.clock.now())

    def _delegation(self, delegation: Delegation, until: str, by: str) -> Draft:
        d: Mapping[str, JsonValue] = {
            "delegator": delegation.delegator,
            "delegate": delegation.delegate,
            "group": delegation.group,
            "until": until,
            "by": by,
        }
        return self._draft(EntryType.DELEGATION_CHANGED, d, delegation.delegator)

    # -- leaving ------------------------------------------------------------------------------------------------------

    async def remove_person(self, person: PersonId, by: str) -> None:
        """The person is gone at once, whatever the settings say. Raises `NotFound` if they aren't here."""
        async with self._changing:
            await self._commit(*self.leaving(person, by))

    async def remove_group(self, person: PersonId, group: GroupName, by: str) -> None:
        """The person is out of the group at once, whatever the settings say. Raises `NotFound` if they aren't in it."""
        async with self._changing:
            if group not in self._here(person).groups:
                raise NotFound("this person isn't in that group", code="not_in_group")
            await self._commit(self.out_of(person, group, by))

    def leaving(self, person: PersonId, by: str) -> tuple[Draft, ...]:
        """The entries by which a person leaves, and with them every key that they have, made or hold: coming back, they
        get new ones, and so do their agents. For whoever commits them with something else. Raises `NotFound` if they
        aren't here."""
        self._here(person)
        held = self.registry.authority.keys_through(person)
        ended: list[Mapping[str, JsonValue]] = [{"key": key, "because": "the person left", "by": by} for key in held]
        revoked = (self._draft(EntryType.KEY_REVOKED, d, str(d["key"])) for d in ended)
        return (self._changed(IdentityChange.PERSON_REMOVED, person, by), *revoked)

    def out_of(self, person: PersonId, group: GroupName, by: str) -> Draft:
        """The entry by which a person is taken out of a group."""
        return self._changed(IdentityChange.GROUP_REMOVED, person, by, group=group)

    async def claims_seen(self, person: PersonId, provider: str, groups: frozenset[str]) -> frozenset[GroupName]:
        """What the provider said at a sign-in, in its own words for groups. Groups that it governs and doesn't name are
        lost at once; what is answered are the groups that it names and the person isn't in: these take a review
        (`Provisioning.claimed`)."""
        if self.oidc is None or provider != self.oidc.provider:
            return frozenset()
        named = {ours for theirs, ours in self.oidc.groups.items() if theirs in groups}
        async with self._changing:
            mine = self._here(person).groups
            lost = (set(self.oidc.groups.values()) - named) & mine
            if lost:
                by = f"sign-on/{provider}"
                await self._commit(*(self.out_of(person, group, by) for group in sorted(lost)))
        return frozenset(named - mine)

    # -- provisioning keys --------------------------------------------------------------------------------------------

    async def issue_provisioning_key(
        self, name: str, made_by: PersonId, expires_in: timedelta | None = None
    ) -> tuple[KeyId, Secret[str]]:
        """A key for a directory that tells us of people over SCIM; shown here and never again. Whoever makes it signs
        for nothing that comes through it. Raises `NotFound` for an unknown maker, `Conflict` for a name in use."""
        if self.directory.person(made_by) is None:
            raise NotFound("a key's maker must be a person of the settings")
        if self.directory.knows(name):
            raise Conflict("a person, agent or service has this name", code="name_taken")
        registry, random = self.registry, self.registry.entropy.token
        key, secret, hashed = keys.make(random(keys.ID_BYTES), random(keys.SECRET_BYTES))
        expires_at = registry.clock.now() + expires_in if expires_in is not None else None
        d: Mapping[str, JsonValue] = {
            "key": key,
            "kind": KeyKind.PROVISIONING.value,
            "holder": name,
            "made_by": made_by,
            "held_by": made_by,
            "hash": hashed,
            "expires_at": timestamp(expires_at) if expires_at else "",
        }
        change = AddKey(key, name, expires_at)
        await self._commit(self._draft(EntryType.KEY_ISSUED, d, key), changes=(change,))
        return key, secret

    def provisioner(self, presented: Secret[str]) -> Actor:
        """The directory behind a provisioning key; raises `AuthenticationFailed`, never saying why."""
        key = keys.key_id(presented)
        record = self.registry.authority.key(key)
        keys.check(presented, record.hash if record else None)
        actor = self.provisioner_by(key)
        if actor is None:
            raise AuthenticationFailed(_REFUSED)
        return actor

    def provisioner_by(self, key: KeyId) -> Actor | None:
        """The directory of that key as of now; None once the key or who made it is gone."""
        record = self.registry.authority.key(key)
        if record is None or record.kind is not KeyKind.PROVISIONING:
            return None
        if not self.registry.is_made_here(record):
            return None
        if record.expires_at is not None and record.expires_at <= self.registry.clock.now():
            return None
        return Actor(
            kind=ActorKind.SERVICE,
            id=ActorId(PROVISIONING + record.holder),
            groups=frozenset(),
            owner=record.made_by,
            key=key,
            made_by=record.made_by,
            held_by=record.held_by,
        )

    # -- entries ------------------------------------------------------------------------------------------------------

    def _here(self, person: PersonId) -> Person:
        found = self.directory.person(person)
        if found is None:
            raise NotFound("there is nobody of that name", code="no_such_person")
        return found

    async def _identity(self, what: IdentityChange, subject: str, by: str, **more: str) -> None:
        await self._commit(self._changed(what, subject, by, **more))

    def _changed(self, what: IdentityChange, subject: str, by: str, **more: str) -> Draft:
        return self._draft(
            EntryType.IDENTITY_CHANGED, {"what": what.value, "subject": subject, "by": by, **more}, subject
        )

    def _draft(self, type_: EntryType, d: Mapping[str, JsonValue], obj: str) -> Draft:
        return Draft(id=EntryId(self.registry.entropy.uuid7()), type=type_, d=d, obj=obj)

    async def _commit(self, *entries: Draft, changes: tuple[Change, ...] = ()) -> None:
        await self.registry.ledger.commit(Unit(entries, changes))


def _days(span: timedelta) -> str:
    return f"{span.days} days" if span.days > 1 else f"{int(span.total_seconds() // 3600)} hours"
