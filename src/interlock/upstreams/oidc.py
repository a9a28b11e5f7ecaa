"""The provider that people sign in at: OpenID Connect's code flow with PKCE, through the list of allowed calls.

browser                         here                                provider
   |  sign in                    |                                     |
   |---------------------------->|  discovery, once an hour            |
   |                             |------------------------------------>|
   |  302 authorization_url      |                                     |
   |<----------------------------|                                     |
   |  log in; back with a code   |                                     |
   |<----------------------------------------------------------------->|
   |  callback?code&state&iss    |                                     |
   |---------------------------->|  redeem: code, verifier -> ID token |
   |                             |------------------------------------>|
   |                             |  keys, when one is unknown          |
   |                             |------------------------------------>|
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote_plus, urlencode, urlsplit

from interlock.errors import AuthenticationFailed, InterlockError, MalformedInput, UpstreamFailed
from interlock.identity.id_tokens import ALGORITHMS, Expected, groups_of, key_id, read_id_token
from interlock.identity.sign_on import Account, Attempt
from interlock.identity.signing_keys import SigningKeys, read_key_set
from interlock.model.settings import OidcSettings
from interlock.ports import Clock
from interlock.upstreams.outgoing import Answer, Outgoing

DISCOVERY: Final = "/.well-known/openid-configuration"  # OpenID Connect Discovery 1.0 section 4
RENEWED: Final = timedelta(hours=1)  # how old the metadata may get before they are asked for again
KEYS_RENEWED: Final = timedelta(minutes=10)
STALE: Final = timedelta(hours=24)  # how long what was known serves while the provider doesn't answer
AGAIN: Final = timedelta(seconds=10)  # between two asks for the same, whoever wants it

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a provider says of itself, as far as we use it."""

    authorization: str
    token: str
    keys: str
    algorithms: tuple[str, ...]
    secret_in_body: bool
    names_itself: bool  # in its answers to browsers (RFC 9207)


class OidcProvider:
    """One provider. Satisfies `web.needs.Provider`."""

    def __init__(self, settings: OidcSettings, outgoing: Outgoing, clock: Clock) -> None:
        self._settings = settings
        self._outgoing = outgoing
        self._clock = clock
        self._metadata = _Kept(clock, self._discover, RENEWED)
        self._keys = _Kept(clock, self._fetch_keys, KEYS_RENEWED)

    @property
    def name(self) -> str:
        """What the settings call it, and links say."""
        return self._settings.provider

    async def authorization_url(self, attempt: Attempt) -> str:
        """Where to send the browser; raises `UpstreamFailed` when the provider doesn't answer."""
        metadata = await self._metadata.get()
        challenge = hashlib.sha256(attempt.verifier.encode("ascii")).digest()
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": attempt.redirect_uri,
            "scope": " ".join(self._settings.scopes),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode("ascii"),
            "code_challenge_method": "S256",
            # Asked for each time: a provider that is asked must say when the login was (Core 1.0 section 3.1.2.1).
            "max_age": str(int(attempt.max_age.total_seconds())),
        }
        if attempt.again:
            asked["prompt"] = "login"
        return f"{metadata.authorization}{'&' if '?' in metadata.authorization else '?'}{urlencode(asked)}"

    async def redeem(self, code: str, attempt: Attempt, issued_by: str | None) -> Account:
        """The account behind a code; `issued_by` is the answer's `iss`, None without one.

        Raises `AuthenticationFailed` when the code or its token isn't good, `UpstreamFailed` when the provider can't
        be asked.
        """
        metadata = await self._metadata.get()
        self._check_issuer(metadata, issued_by)
        answer = await self._exchange(metadata, code, attempt)
        token, access_token = answer.get("id_token"), answer.get("access_token", "")
        if not isinstance(token, str) or not isinstance(access_token, str):
            raise AuthenticationFailed("The provider's answer holds no ID token.", code="id_token_missing")
        settings = self._settings
        expected = Expected(
            settings.issuer, settings.client_id, attempt.nonce, attempt.max_age, algorithms=metadata.algorithms
        )
        keys = await self._keys_with(key_id(token))
        read = read_id_token(token, keys, expected, self._clock.now(), access_token=access_token)
        groups = groups_of(read.claims, settings.groups_claim) if settings.groups else None
        return Account(settings.provider, read.subject, read.name, read.auth_time, groups)

    def _check_issuer(self, metadata: Metadata, issued_by: str | None) -> None:
        """RFC 9207 section 2.4: an answer of another issuer is never redeemed here."""
        if issued_by != self._settings.issuer and (issued_by is not None or metadata.names_itself):
            raise AuthenticationFailed("This answer isn't from the provider that was asked.", code="wrong_issuer")

    async def _exchange(self, metadata: Metadata, code: str, attempt: Attempt) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": attempt.redirect_uri,
            "code_verifier": attempt.verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        secret = self._settings.client_secret
        if secret is None or metadata.secret_in_body:
            form["client_id"] = self._settings.client_id
        if secret is not None and metadata.secret_in_body:
            form["client_secret"] = secret.reveal()
        elif secret is not None:  # RFC 6749 section 2.3.1: each half is form-encoded first
            pair = f"{quote_plus(self._settings.client_id)}:{quote_plus(secret.reveal())}"
            headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode('ascii')}"
        answer = await self._outgoing.post(metadata.token, urlencode(form).encode("ascii"), headers=headers)
        if answer.status in (400, 401, 403):
            raise AuthenticationFailed("The provider didn't take this sign-in. Begin again.", code="code_refused")
        return _document(answer)

    async def _keys_with(self, kid: str) -> SigningKeys:
        keys = await self._keys.get()
        return keys if keys.named(kid) else await self._keys.anew()

    async def _discover(self) -> Metadata:
        found = _document(await self._outgoing.get(self._settings.issuer.rstrip("/") + DISCOVERY))
        if found.get("issuer") != self._settings.issuer:  # Discovery 1.0 section 4.3
            raise UpstreamFailed("the provider calls itself otherwise than [oidc] issuer does", code="oidc_discovery")
        signed = _texts(found, "id_token_signing_alg_values_supported", ("RS256",))
        methods = _texts(found, "token_endpoint_auth_methods_supported", ("client_secret_basic",))
        return Metadata(
            authorization=_page(found, "authorization_endpoint"),
            token=_address(found, "token_endpoint"),
            keys=_address(found, "jwks_uri"),
            algorithms=tuple(each for each in ALGORITHMS if each in signed),
            secret_in_body="client_secret_basic" not in methods and "client_secret_post" in methods,
            names_itself=found.get("authorization_response_iss_parameter_supported") is True,
        )

    async def _fetch_keys(self) -> SigningKeys:
        metadata = await self._metadata.get()
        answer = await self._outgoing.get(metadata.keys)
        _demand_success(answer)
        try:
            return read_key_set(answer.body)
        except MalformedInput:
            raise UpstreamFailed("the provider's key set can't be read", code="oidc_keys") from None


class _Kept(Generic[T]):
    """Something of the provider's, kept for a while; one ask at a time, and none too soon after the last."""

    def __init__(self, clock: Clock, fetch: Callable[[], Awaitable[T]], renewed: timedelta) -> None:
        self._clock, self._fetch, self._renewed = clock, fetch, renewed
        self._asking = asyncio.Lock()
        self._known: tuple[T, datetime] | None = None
        self._asked: datetime | None = None

    async def get(self) -> T:
        """What is known, if it is new enough or can't be had anew; raises `UpstreamFailed`."""
        async with self._asking:
            if self._known is not None and self._clock.now() - self._known[1] < self._renewed:
                return self._known[0]
            return await self._ask()

    async def anew(self) -> T:
        """As `get`, but asks although what is known is new: somebody misses something in it."""
        async with self._asking:
            return await self._ask()

    async def _ask(self) -> T:
        now = self._clock.now()
        if self._asked is not None and timedelta(0) <= now - self._asked < AGAIN:
            return self._stale(now, None)
        self._asked = now
        try:
            found = await self._fetch()
        except UpstreamFailed as error:
            return self._stale(now, error)
        self._known = (found, now)
        return found

    def _stale(self, now: datetime, error: InterlockError | None) -> T:
        if self._known is not None and now - self._known[1] < STALE:
            return self._known[0]
        raise error or UpstreamFailed("the provider didn't answer a moment ago", code="outgoing_failed")


def _document(answer: Answer) -> Mapping[str, Any]:
    _demand_success(answer)
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UpstreamFailed("the provider's answer isn't a JSON object", code="oidc_form")
    return found


def _demand_success(answer: Answer) -> None:
    if answer.status != 200:
        raise UpstreamFailed(f"the provider answered with status {answer.status}", code="oidc_status")


def _texts(found: Mapping[str, Any], name: str, otherwise: tuple[str, ...]) -> tuple[str, ...]:
    said = found.get(name, otherwise)
    return tuple(each for each in said if isinstance(each, str)) if isinstance(said, list | tuple) else otherwise


def _address(found: Mapping[str, Any], name: str) -> str:
    said = found.get(name)
    if not isinstance(said, str):
        raise UpstreamFailed(f"the provider names no {name}", code="oidc_discovery")
    return said


def _page(found: Mapping[str, Any], name: str) -> str:
    """An address that browsers are sent to: https, or http to this machine, as the issuer itself."""
    said = _address(found, name)
    parts = urlsplit(said)
    here = parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")
    if not (parts.scheme == "https" or here) or not parts.hostname or parts.fragment or not said.isascii():
        raise UpstreamFailed(f"the provider's {name} isn't an https address", code="oidc_discovery")
    return said
