"""A small OpenID Connect provider on a real socket: people log in at a form, codes are bound to PKCE, keys rotate.

It does what RFC 6749, RFC 7636, RFC 9207 and OpenID Connect Core 1.0 ask of a provider; each `Lie` makes it break one
of these promises. Meant for tests of an installation as well as for ours: nothing here is safe to run in earnest.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum, auto
from html import escape
from typing import Any
from urllib.parse import unquote_plus, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CODE_SECONDS = 60
TOKEN_SECONDS = 300
START_SECONDS = 20.0
SSO_COOKIE = "idp"


class Lie(Enum):
    """One thing that the provider does wrong."""

    WRONG_NONCE = auto()
    NO_NONCE = auto()
    WRONG_AUDIENCE = auto()
    FOREIGN_PRESENTER = auto()  # two audiences, `azp` another than the client
    WRONG_ISSUER = auto()
    ALG_NONE = auto()
    SIGNED_WITH_THE_SECRET = auto()  # HS256 with the client's secret
    SIGNED_WITH_THE_PUBLIC_KEY = auto()  # HS256 with the published key's bytes
    OTHER_KEY = auto()  # under the published key's id
    EXPIRED = auto()
    OLD_LOGIN = auto()  # `auth_time` of yesterday, whatever was asked
    NO_AUTH_TIME = auto()
    WRONG_ACCESS_TOKEN = auto()  # `at_hash` of another one
    NO_ID_TOKEN = auto()
    GROUPS_ELSEWHERE = auto()  # a distributed claim, as some do with many groups
    NAMES_ANOTHER_ISSUER = auto()  # in the answer to the browser
    NAMES_NO_ISSUER = auto()  # there, although the metadata say that it does
    OTHER_METADATA = auto()  # the discovery document is another issuer's


@dataclass
class Person:
    """An account: what to type in, and what the ID token says."""

    username: str
    password: str
    subject: str
    name: str
    groups: list[str] = field(default_factory=list)


@dataclass
class _Code:
    asked: Mapping[str, str]
    person: Person
    auth_time: int
    until: float


class Idp:
    """A provider; `running()` serves it. `lies` and `outage` may change while it runs."""

    def __init__(self, client_id: str = "interlock", client_secret: str = "the client's secret: +/%") -> None:  # noqa: S107
        self.client_id, self.client_secret = client_id, client_secret
        self.people: dict[str, Person] = {}
        self.redirect_uris: set[str] = set()
        self.lies: set[Lie] = set()
        self.outage = False
        self.asked: list[str] = []  # the paths that were asked for, in order
        self._codes: dict[str, _Code] = {}
        self._logins: dict[str, tuple[Person, int]] = {}  # the browser's cookie -> who, when
        self._keys: list[RSAKey | ECKey] = [_rsa()]
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.issuer = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._metadata),
                Route("/authorize", self._authorize),
                Route("/login", self._login, methods=["POST"]),
                Route("/token", self._token, methods=["POST"]),
                Route("/keys", self._jwks),
            ]
        )

    def person(self, username: str, *groups: str, name: str = "", subject: str = "") -> Person:
        """Adds an account; its password is `<username>'s password`."""
        made = Person(username, f"{username}'s password", subject or f"sub-{username}", name or username, list(groups))
        self.people[username] = made
        return made

    def rotate(self, *, elliptic: bool = False) -> None:
        """Signs with a new key from now on; the old one isn't published any more."""
        self._keys = [ECKey.generate_key("P-256", {"kid": secrets.token_hex(4)}) if elliptic else _rsa()]

    @contextmanager
    def running(self) -> Iterator[Idp]:
        """Serves until the end of the block."""
        server = _Server(
            uvicorn.Config(self._served, interface="asgi3", access_log=False, log_level="warning", lifespan="off")
        )
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[self._socket])), daemon=True)
        thread.start()
        assert server.began.wait(START_SECONDS)
        try:
            yield self
        finally:
            server.should_exit = True
            thread.join(START_SECONDS)
            self._socket.close()

    async def _served(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            self.asked.append(scope["path"])
            if self.outage:
                await Response("down for maintenance", 503)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    # -- what it says of itself ----------------------------------------------------------------------------------------

    async def _metadata(self, _: Request) -> Response:
        issuer = "https://elsewhere.test" if Lie.OTHER_METADATA in self.lies else self.issuer
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256", "none"],
                "code_challenge_methods_supported": ["S256"],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def _jwks(self, _: Request) -> Response:
        return JSONResponse(KeySet(list(self._keys)).as_dict())

    # -- the browser's part --------------------------------------------------------------------------------------------

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        if asked.get("client_id") != self.client_id or asked.get("redirect_uri") not in self.redirect_uris:
            return HTMLResponse("<h1>Unknown client or address</h1>", 400)
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return self._back(asked, {"error": "invalid_request"})
        known = self._logins.get(request.cookies.get(SSO_COOKIE, ""))
        old = known is not None and time.time() - known[1] > int(asked.get("max_age", 10**9))
        if known is None or old or asked.get("prompt") == "login":
            return _form(asked)
        return self._answered(asked, *known)

    async def _login(self, request: Request) -> Response:
        form = await request.form()
        asked = json.loads(str(form["asked"]))
        if "refuse" in form:
            return self._back(asked, {"error": "access_denied", "error_description": "<script>alert(1)</script>"})
        person = self.people.get(str(form.get("username")))
        if person is None or str(form.get("password")) != person.password:
            return _form(asked, "That isn't right.")
        cookie, now = secrets.token_urlsafe(16), int(time.time())
        self._logins[cookie] = (person, now)
        answer = self._answered(asked, person, now)
        answer.set_cookie(SSO_COOKIE, cookie, httponly=True)
        return answer

    def _answered(self, asked: Mapping[str, str], person: Person, auth_time: int) -> Response:
        code = secrets.token_urlsafe(24)
        self._codes[code] = _Code(asked, person, auth_time, time.time() + CODE_SECONDS)
        return self._back(asked, {"code": code})

    def _back(self, asked: Mapping[str, str], answer: dict[str, str]) -> Response:
        answer["state"] = asked.get("state", "")
        if Lie.NAMES_NO_ISSUER not in self.lies:
            other = Lie.NAMES_ANOTHER_ISSUER in self.lies
            answer["iss"] = "https://elsewhere.test" if other else self.issuer
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 303)

    # -- the gateway's part --------------------------------------------------------------------------------------------

    async def _token(self, request: Request) -> Response:
        form = await request.form()
        if not self._is_client(request.headers.get("authorization", "")):
            return JSONResponse({"error": "invalid_client"}, 401)
        made = self._codes.pop(str(form.get("code")), None)
        if made is None or time.time() > made.until or form.get("redirect_uri") != made.asked["redirect_uri"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        if _challenge(str(form.get("code_verifier"))) != made.asked["code_challenge"]:
            return JSONResponse({"error": "invalid_grant"}, 400)
        access_token = secrets.token_urlsafe(24)
        answer = {"access_token": access_token, "token_type": "Bearer", "expires_in": TOKEN_SECONDS}
        if Lie.NO_ID_TOKEN not in self.lies:
            answer["id_token"] = self._id_token(made, access_token)
        return JSONResponse(answer)

    def _is_client(self, header: str) -> bool:
        scheme, _, pair = header.partition(" ")
        name, _, secret = base64.b64decode(pair).decode().partition(":") if scheme == "Basic" else ("", "", "")
        return (unquote_plus(name), unquote_plus(secret)) == (self.client_id, self.client_secret)

    def _id_token(self, made: _Code, access_token: str) -> str:
        now, lies = int(time.time()), self.lies
        claims: dict[str, Any] = {
            "iss": "https://elsewhere.test" if Lie.WRONG_ISSUER in lies else self.issuer,
            "sub": made.person.subject,
            "aud": "another-client" if Lie.WRONG_AUDIENCE in lies else self.client_id,
            "iat": now,
            "exp": now - 60 if Lie.EXPIRED in lies else now + TOKEN_SECONDS,
            "nonce": "another" if Lie.WRONG_NONCE in lies else made.asked.get("nonce", ""),
            "auth_time": now - 86_400 if Lie.OLD_LOGIN in lies else made.auth_time,
            "at_hash": _half("another" if Lie.WRONG_ACCESS_TOKEN in lies else access_token),
            "name": made.person.name,
            "groups": made.person.groups,
        }
        if Lie.FOREIGN_PRESENTER in lies:
            claims |= {"aud": [self.client_id, "another-client"], "azp": "another-client"}
        if Lie.GROUPS_ELSEWHERE in lies:
            del claims["groups"]
            claims |= {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": self.issuer}}}
        for lie, claim in ((Lie.NO_NONCE, "nonce"), (Lie.NO_AUTH_TIME, "auth_time")):
            if lie in lies:
                del claims[claim]
        return self._signed(claims)

    def _signed(self, claims: dict[str, Any]) -> str:
        key = self._keys[-1]
        kid = key.kid or ""
        if Lie.ALG_NONE in self.lies:
            parts = (json.dumps({"alg": "none", "kid": kid}), json.dumps(claims), "")
            return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts)
        shared = self.client_secret.encode() if Lie.SIGNED_WITH_THE_SECRET in self.lies else None
        if Lie.SIGNED_WITH_THE_PUBLIC_KEY in self.lies:
            shared = json.dumps(key.as_dict(private=False)).encode()
        if shared is not None:
            return jwt.encode({"alg": "HS256", "kid": kid}, claims, OctKey.import_key(shared))
        if Lie.OTHER_KEY in self.lies:
            key = _rsa(kid)
        return jwt.encode({"alg": "ES256" if isinstance(key, ECKey) else "RS256", "kid": kid}, claims, key)


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.began = threading.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield  # signals are the test run's

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.began.set()


def _rsa(kid: str = "") -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid or secrets.token_hex(4)})


def _form(asked: Mapping[str, str], wrong: str = "") -> HTMLResponse:
    return HTMLResponse(
        f"""<!doctype html><title>Log in</title><h1>Log in at the provider</h1><p>{escape(wrong)}</p>
        <form method="post" action="/login"><input type="hidden" name="asked" value="{escape(json.dumps(asked))}">
        <label>User name <input name="username"></label><label>Password <input name="password" type="password"></label>
        <button>Log in</button><button name="refuse" value="yes">Refuse</button></form>""",
        401 if wrong else 200,
    )


def _challenge(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _half(token: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).rstrip(b"=").decode()
