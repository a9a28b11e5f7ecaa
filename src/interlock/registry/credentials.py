"""Credentials that others issue: workloads' tokens and client certificates, made into actors of the settings.

Verifying is `identity`'s; here it meets the directory of this moment: owners must have accepted, links must be people
who are still here, and a credential that was revoked is none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from interlock.errors import AuthenticationFailed, MalformedInput
from interlock.identity import certificates, tokens
from interlock.identity.audience import Resources
from interlock.identity.binding import holds
from interlock.identity.directory import Directory
from interlock.identity.grants import Grant, granted
from interlock.identity.signing_keys import SigningKeys
from interlock.identity.workloads import told_by, told_by_certificate
from interlock.ledger.authority import Authority
from interlock.model.actor import Actor, ActorKind
from interlock.model.names import ConnectionName, KeyId, PersonId
from interlock.model.peer import Peer
from interlock.model.settings import IssuerSettings
from interlock.ports import Clock

JWT: Final = "jwt"  # what `Actor.authn` says
X509: Final = "x509"

_REFUSED: Final = "this credential isn't accepted"


class KeySets(Protocol):
    """Issuers' keys (`upstreams.key_sets`)."""

    async def keys(self, issuer: IssuerSettings, kid: str, /) -> SigningKeys | None:
        """The issuer's keys, looked up anew if `kid` isn't among them; None while there are none to trust."""


class NoKeySets:
    """For tools and tests without issuers."""

    async def keys(self, issuer: IssuerSettings, kid: str) -> SigningKeys | None:
        """None."""
        return None


@dataclass(frozen=True, slots=True)
class Issuers:
    """Who may issue credentials: issuers by their URL, and whose accounts at the people's provider are whose.

    `provider` is (our name of it, its issuer's URL), and None without `[oidc]`; `accounts` are those of the settings;
    `resources` the MCP connections that tokens can be made for.
    """

    by_url: Mapping[str, IssuerSettings] = field(default_factory=dict)
    keys: KeySets = field(default_factory=NoKeySets)
    provider: tuple[str, str] | None = None
    accounts: Mapping[tuple[str, str], PersonId] = field(default_factory=dict)
    resources: Resources = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Admission:
    """Who was admitted at an MCP connection. `grant`: what a token was granted for; None for an Interlock key, which
    policy alone gives its rights to."""

    actor: Actor
    grant: Grant | None = None


@dataclass(frozen=True, slots=True)
class Credentials:
    """Admits by tokens and certificates, and says whether what it admitted still holds."""

    directory: Directory
    authority: Authority
    clock: Clock
    issuers: Issuers

    async def by_token(self, presented: str, session: str, peer: Peer, at: ConnectionName | None = None) -> Admission:
        """The actor that a token tells, with the chain it acts for, at the MCP connection `at` (None: elsewhere; there
        nobody asks for its grant). Raises `AuthenticationFailed`."""
        try:
            read = tokens.read(presented)
            issuer = self.issuers.by_url.get(read.issuer)
            keys = await self.issuers.keys.keys(issuer, read.kid) if issuer is not None else None
            if issuer is None or keys is None:
                raise AuthenticationFailed(_REFUSED)
            now = self.clock.now()
            verified = tokens.verify(read, issuer, keys, now, at, self.issuers.resources)
            grant = granted(verified.claims, now) if at is not None else None
            told = told_by(verified, self.directory.actors.values(), self._person_of)
        except MalformedInput:
            raise AuthenticationFailed(_REFUSED) from None
        if not holds(verified.certificate, (), peer):
            raise AuthenticationFailed(_REFUSED)
        chain = tuple(self._link(name, verified.key) for name in told.chain)
        actor = replace(self._link(told.actor, verified.key), session=session, chain=chain)
        return Admission(self._admitted(replace(actor, expires_at=verified.expires_at)), grant)

    def by_certificate(self, peer: Peer, session: str) -> Actor:
        """The actor that a verified client certificate tells; raises `AuthenticationFailed`."""
        if peer.certificate is None:
            raise AuthenticationFailed(_REFUSED)
        try:
            certificate = certificates.read(peer.certificate)
        except MalformedInput:
            raise AuthenticationFailed(_REFUSED) from None
        if not certificate.begins_at <= self.clock.now() < certificate.expires_at:
            raise AuthenticationFailed(_REFUSED)
        name = told_by_certificate(certificate, self.directory.actors.values())
        actor = replace(self._link(name, certificate.key, X509), session=session)
        return self._admitted(replace(actor, expires_at=certificate.expires_at))

    def current(self, actor: Actor) -> Actor | None:
        """What was admitted here, as of this moment: groups, owners and people of now. None if any of it is gone."""
        if actor.expires_at is None or actor.expires_at <= self.clock.now() or self.authority.is_revoked(actor.key):
            return None
        try:
            chain = tuple(self._link(link.id, actor.key, actor.authn) for link in actor.chain)
            now = self._link(actor.id, actor.key, actor.authn)
        except AuthenticationFailed:
            return None
        if any(not self.directory.owner_stands(each) for each in (now, *chain)):
            return None
        return replace(now, session=actor.session, chain=chain, expires_at=actor.expires_at)

    def _admitted(self, actor: Actor) -> Actor:
        if self.authority.is_revoked(actor.key):
            raise AuthenticationFailed(_REFUSED)
        for each in (actor, *actor.chain):
            demand_owner(self.directory, each)
        return actor

    def _link(self, name: str, key: KeyId, authn: str = JWT) -> Actor:
        """Somebody in a token, as of now. Who answers for them holds their credential, as far as we can tell."""
        owner = self.directory.held_by(name)
        found = self.directory.actor(name, key=key, made_by=owner, held_by=owner) if owner is not None else None
        if found is None:
            raise AuthenticationFailed(_REFUSED)
        return replace(found, authn=authn)

    def _person_of(self, issuer: str, subject: str) -> PersonId | None:
        """Whose account that is, by a link of theirs or, unless they took it away, by the settings."""
        if self.issuers.provider is None or self.issuers.provider[1] != issuer:
            return None
        account, roster = (self.issuers.provider[0], subject), self.authority.roster
        person = roster.linked(*account)
        if person is None and not roster.was_unlinked(*account):
            person = self.issuers.accounts.get(account)
        return person if person is not None and self.directory.person(person) is not None else None


def demand_owner(directory: Directory, actor: Actor) -> None:
    """Raises `AuthenticationFailed` unless who answers for the actor is here and has accepted to.

    Said plainly, since it is said only to who has proved the credential, and tells them what to do.
    """
    if directory.owner_stands(actor):
        return
    if actor.kind is ActorKind.PERSON or directory.person(actor.owner) is None:
        raise AuthenticationFailed(_REFUSED)
    raise AuthenticationFailed(
        "The owner of this agent or service hasn't accepted it yet. They do so in the console, on the page You.",
        code="owner_not_accepted",
    )
