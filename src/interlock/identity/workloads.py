"""From a verified token or certificate to an actor of the settings, and from an `act` chain to who is in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from interlock.errors import AuthenticationFailed, MalformedInput
from interlock.identity.certificates import ClientCertificate
from interlock.identity.tokens import MAX_TEXT, Verified
from interlock.model import jcs
from interlock.model.names import ActorId, PersonId
from interlock.model.settings import AgentSettings

MAX_LINKS: Final = 5  # of `act` in `act`

_REFUSED: Final = "this credential isn't accepted"
_T = TypeVar("_T", bound=str)

PersonOf = Callable[[str, str], PersonId | None]
"""Whose account that is: an issuer's URL and a subject."""


@dataclass(frozen=True, slots=True)
class Told:
    """Who a token is from: the actor that asks, and its delegators, nearest first."""

    actor: ActorId
    chain: tuple[ActorId | PersonId, ...] = ()


def told_by(verified: Verified, actors: Iterable[AgentSettings], person_of: PersonOf) -> Told:
    """Who a token tells; raises `AuthenticationFailed` unless it tells everybody in it, and exactly one of each.

    Without `act` the subject is the actor. With it (RFC 8693 section 4.1) the outermost `act` is the actor, the ones
    within are those it had it from, and the subject is whose wish it was to begin with.
    """
    known = tuple(actors)
    issuer, claims = verified.issuer, verified.claims
    if "act" not in claims:
        return Told(_one(_actors(known, issuer.name, claims)))
    if not issuer.delegates:
        raise AuthenticationFailed(_REFUSED)
    links = _links(claims)
    if _issuer(links[0], issuer.issuer) != issuer.issuer:
        raise AuthenticationFailed(_REFUSED)  # an issuer speaks for its own actors, not for another's
    current = _one(_actors(known, issuer.name, links[0]))

    def whoever(link: Mapping[str, jcs.Json]) -> ActorId | PersonId:
        said = _issuer(link, issuer.issuer)
        found: list[ActorId | PersonId] = [*_actors(known, issuer.name, link)] if said == issuer.issuer else []
        person = person_of(said, _subject(link))
        return _one([*found, person] if person is not None else found)

    return Told(current, tuple(whoever(link) for link in (*links[1:], claims)))


def told_by_certificate(certificate: ClientCertificate, actors: Iterable[AgentSettings]) -> ActorId:
    """The one actor that has this certificate or SPIFFE ID; raises `AuthenticationFailed`."""
    return _one(
        [
            actor.id
            for actor in actors
            if certificate.sha256 in actor.certificates
            or (certificate.spiffe_id and certificate.spiffe_id in actor.spiffe)
        ]
    )


def _actors(actors: Iterable[AgentSettings], issuer: str, claims: Mapping[str, jcs.Json]) -> list[ActorId]:
    return [
        actor.id
        for actor in actors
        if any(
            match.issuer == issuer
            and (not match.subject or claims.get("sub") == match.subject)
            and all(claims.get(name) == wanted for name, wanted in match.claims.items())
            and (match.subject or match.claims)
            for match in actor.jwt
        )
    ]


def _links(claims: Mapping[str, jcs.Json]) -> tuple[Mapping[str, jcs.Json], ...]:
    """The `act` claims, outermost first."""
    found: list[Mapping[str, jcs.Json]] = []
    inner: Mapping[str, jcs.Json] = claims
    while "act" in inner:
        link = inner["act"]
        if not isinstance(link, Mapping) or len(found) == MAX_LINKS:
            raise MalformedInput("a chain of delegation that isn't one, or is longer than is taken")
        _subject(link)
        found.append(link)
        inner = link
    return tuple(found)


def _subject(link: Mapping[str, jcs.Json]) -> str:
    subject = link.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_TEXT:
        raise MalformedInput("somebody in a chain of delegation without a subject")
    return subject


def _issuer(link: Mapping[str, jcs.Json], otherwise: str) -> str:
    issuer = link.get("iss", otherwise)
    if not isinstance(issuer, str) or not issuer:
        raise MalformedInput("an issuer in a chain of delegation that isn't one")
    return issuer


def _one(found: Sequence[_T]) -> _T:
    if len(set(found)) != 1:
        raise AuthenticationFailed(_REFUSED)
    return found[0]
