"""What the signed entries say about people: who joined and left, owners, links, passkeys, delegations.

A fold like `Authority`, which feeds it. Settings say who there is to begin with; this says what has changed since.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from interlock.ledger.entry import Entry
from interlock.ledger.fields import parse_time
from interlock.model.delegation import Delegation
from interlock.model.entry import EntryType
from interlock.model.identity_change import IdentityChange
from interlock.model.names import ActorId, GroupName, PersonId
from interlock.model.passkey import Passkey

NO_STAY: Final = -1
NO_LINK: Final = -1

CHANGES = frozenset(
    {EntryType.IDENTITY_CHANGED, EntryType.LINK_MADE, EntryType.LINK_REMOVED, EntryType.DELEGATION_CHANGED}
)


def counter(authenticator_data: str) -> int:
    """The signature counter in base64url authenticator data (WebAuthn section 6.1, bytes 33 to 36); 0 if none."""
    try:
        raw = base64.urlsafe_b64decode(authenticator_data + "=" * (-len(authenticator_data) % 4))
    except ValueError:
        return 0
    return int.from_bytes(raw[33:37]) if len(raw) >= 37 else 0


@dataclass(slots=True)
class Roster:
    """The fold; satisfies `identity.directory.Changes`. `version` grows with every change of people or groups."""

    version: int = 0
    _names: dict[PersonId, str] = field(default_factory=dict)  # of people that were added
    _gone: set[PersonId] = field(default_factory=set)
    _departures: dict[PersonId, int] = field(default_factory=dict)
    _added: dict[PersonId, frozenset[GroupName]] = field(default_factory=dict)
    _taken: dict[PersonId, frozenset[GroupName]] = field(default_factory=dict)
    _accepted: dict[ActorId, PersonId] = field(default_factory=dict)
    _links: dict[tuple[str, str], PersonId] = field(default_factory=dict)
    _unlinked: set[tuple[str, str]] = field(default_factory=set)
    _unlinkings: dict[tuple[str, str], int] = field(default_factory=dict)
    _passkeys: dict[str, Passkey] = field(default_factory=dict)
    _retired: set[str] = field(default_factory=set)  # passkeys that were removed: never again
    _delegations: dict[tuple[PersonId, GroupName], Delegation] = field(default_factory=dict)
    _ends: dict[PersonId, int] = field(default_factory=dict)
    _password_ends: dict[PersonId, int] = field(default_factory=dict)

    # -- people and groups (identity.directory.Changes) ----------------------------------------------------------------

    def added(self) -> Mapping[PersonId, str]:
        """People whom the settings needn't know, by id, with their names; those removed since aren't among them."""
        return {person: name for person, name in self._names.items() if person not in self._gone}

    def is_gone(self, person: PersonId) -> bool:
        """Whether the person was removed, whatever the settings say."""
        return person in self._gone

    def departures(self, person: PersonId) -> int:
        """How often the person was removed; they may be back by now.

        A number and no time: clocks of nodes differ and may be put back, the order of entries doesn't change.
        """
        return self._departures.get(person, 0)

    def stay(self, person: PersonId) -> int:
        """Which stay of the person's this is, to be kept with what they do: `is_staying` compares it later.

        Of somebody who is gone it is none: what reaches the ledger behind their departure never comes to count.
        """
        return NO_STAY if person in self._gone else self.departures(person)

    def is_staying(self, person: PersonId, stay: int) -> bool:
        """Whether the person hasn't been removed since that stay was noted."""
        return stay == self.departures(person)

    def groups_added(self, person: PersonId) -> frozenset[GroupName]:
        """Groups beyond those of the settings."""
        return self._added.get(person, frozenset())

    def groups_taken(self, person: PersonId) -> frozenset[GroupName]:
        """Groups that the person is out of, whatever the settings say."""
        return self._taken.get(person, frozenset())

    def has_accepted(self, actor: ActorId, owner: PersonId) -> bool:
        """Whether this very person accepted to own this agent or service."""
        return self._accepted.get(actor) == owner

    def sessions_ended(self, person: PersonId) -> int:
        """How often all of a person's console sessions were ended, be it by their departure. A session that began when
        it was fewer is over.

        A number and no time: clocks of nodes differ, and stand still for a while.
        """
        return self._ends.get(person, 0)

    def passwords_ended(self, person: PersonId) -> int:
        """How often a person's passwords for doors were ended: one that was made when it was fewer is over."""
        return self._password_ends.get(person, 0)

    # -- links ---------------------------------------------------------------------------------------------------------

    def linked(self, provider: str, subject: str) -> PersonId | None:
        """Whose account that is, by a link that the person made."""
        return self._links.get((provider, subject))

    def was_unlinked(self, provider: str, subject: str) -> bool:
        """Whether a link of this account was taken away and not made again: then the settings' word isn't enough."""
        return (provider, subject) in self._unlinked

    def link(self, person: PersonId, account: tuple[str, str]) -> int:
        """Which link of this account to this person that is, to be kept with what is done through it; `NO_LINK` where
        it isn't theirs. One that was taken away and made again is another."""
        return self._unlinkings.get(account, 0) if self._links.get(account) == person else NO_LINK

    def links(self, person: PersonId) -> Sequence[tuple[str, str]]:
        """(provider, subject) of each of a person's links."""
        return [account for account, linked in self._links.items() if linked == person]

    # -- passkeys ------------------------------------------------------------------------------------------------------

    def passkey(self, credential: str) -> Passkey | None:
        """A registered passkey, with the count last seen."""
        return self._passkeys.get(credential)

    def passkeys(self, person: PersonId) -> Sequence[Passkey]:
        """A person's passkeys, oldest first."""
        return [each for each in self._passkeys.values() if each.person == person]

    def counted(self, credential: str, count: int) -> None:
        """An assertion with this signature counter was accepted."""
        known = self._passkeys.get(credential)
        if known is not None and count > known.count:
            self._passkeys[credential] = replace(known, count=count)

    # -- delegations ---------------------------------------------------------------------------------------------------

    def delegations(self, now: datetime) -> Sequence[Delegation]:
        """Those in force at `now`; one person's are all to one other person."""
        return [each for each in self._delegations.values() if now < each.until]

    # -- the fold ------------------------------------------------------------------------------------------------------

    def apply(self, entry: Entry) -> None:
        """Takes the next entry of the log, of the types in `CHANGES`."""
        d = entry.d
        match entry.type:
            case EntryType.IDENTITY_CHANGED:
                self._change(IdentityChange(d["what"]), d)
                self.version += 1
            case EntryType.LINK_MADE:
                account = (d["provider"], d["subject"])
                # An account is one person's until it is unlinked.
                self._links.setdefault(account, PersonId(d["person"]))
                self._unlinked.discard(account)
            case EntryType.LINK_REMOVED:
                self._unlink((d["provider"], d["subject"]))
            case EntryType.DELEGATION_CHANGED:
                self._delegate(d)
            case _:
                pass

    def _change(self, what: IdentityChange, d: Mapping[str, Any]) -> None:
        person, group = PersonId(d["subject"]), GroupName(d.get("group", ""))
        match what:
            case IdentityChange.OWNER_ACCEPTED:
                self._accepted[ActorId(d["subject"])] = PersonId(d["person"])
            case IdentityChange.OWNER_DECLINED:
                self._accepted.pop(ActorId(d["subject"]), None)
            case IdentityChange.PASSKEY_ADDED:
                self._register(person, d)
            case IdentityChange.PASSKEY_REMOVED:
                self._passkeys.pop(d["credential"], None)
                self._retired.add(d["credential"])
            case IdentityChange.PERSON_ADDED:
                self._names[person] = d["name"]
                self._gone.discard(person)
            case IdentityChange.PERSON_REMOVED:
                self._leave(person)
            case IdentityChange.GROUP_ADDED:
                self._added[person] = self.groups_added(person) | {group}
                self._taken[person] = self.groups_taken(person) - {group}
            case IdentityChange.GROUP_REMOVED:
                self._added[person] = self.groups_added(person) - {group}
                self._taken[person] = self.groups_taken(person) | {group}
            case IdentityChange.SESSIONS_ENDED:
                self._ends[person] = self.sessions_ended(person) + 1
                if "passwords" in d:
                    self._password_ends[person] = self.passwords_ended(person) + 1

    def _leave(self, person: PersonId) -> None:
        """Who leaves takes nothing along: should they come back, groups, links, passkeys and delegations are made anew.

        What was taken from them stays taken, and of their accounts the settings' word isn't enough from then on.
        """
        self._gone.add(person)
        self._departures[person] = self.departures(person) + 1
        self._ends[person] = self.sessions_ended(person) + 1
        self._added.pop(person, None)
        for account in self.links(person):
            self._unlink(account)
        for credential in [each.credential for each in self.passkeys(person)]:
            del self._passkeys[credential]
            self._retired.add(credential)
        for key in [key for key, each in self._delegations.items() if person in (each.delegator, each.delegate)]:
            del self._delegations[key]
        for actor in [actor for actor, owner in self._accepted.items() if owner == person]:
            del self._accepted[actor]

    def _unlink(self, account: tuple[str, str]) -> None:
        self._links.pop(account, None)
        self._unlinked.add(account)
        self._unlinkings[account] = self._unlinkings.get(account, 0) + 1

    def _register(self, person: PersonId, d: Mapping[str, Any]) -> None:
        credential = d["credential"]
        if credential in self._passkeys or credential in self._retired:
            return  # an id is registered once; a second entry revives or changes nothing
        key = base64.urlsafe_b64decode(d["public_key"] + "=" * (-len(d["public_key"]) % 4))
        self._passkeys[credential] = Passkey(credential, person, key, d.get("count", 0), d.get("name", ""))

    def _delegate(self, d: Mapping[str, Any]) -> None:
        delegator, delegate, group = PersonId(d["delegator"]), PersonId(d["delegate"]), GroupName(d["group"])
        if not d["until"]:
            self._delegations.pop((delegator, group), None)
        elif delegate != delegator:
            # One person's say is one other person's at a time: two who stand in for the same one would be two of them.
            for key in [k for k, each in self._delegations.items() if k[0] == delegator and each.delegate != delegate]:
                del self._delegations[key]
            self._delegations[delegator, group] = Delegation(delegator, delegate, group, parse_time(d["until"]))
