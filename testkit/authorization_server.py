"""An OAuth 2.1 authorization server as a real HTTP server on loopback: metadata (RFC 8414), the authorization code
grant with PKCE (RFC 7636), resource indicators (RFC 8707), tokens that are JWTs (RFC 9068). Whoever is sent there has
agreed.

    with AuthorizationServer() as server:
        server.grants = {"tracker", "tracker.write"}  # the scopes that somebody may have
        ... point `[issuers.NAME] issuer` at `server.url`, and a client at the gateway

`asked` keeps what came to the two endpoints. A client is taken by whatever id it names, and needs no secret.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from testkit.issuer import Issuer, b64

METADATA: Final = "/.well-known/oauth-authorization-server"
AUTHORIZE, TOKEN = "/authorize", "/token"


class AuthorizationServer(Issuer):
    """`subject` is whom its tokens are about; `grants` the scopes given when they are asked for; `claims` stand in
    every token besides; `audience`, where set, in place of the resource that was asked for."""

    def __init__(self, subject: str = "agent") -> None:
        self.subject, self.grants, self.audience = subject, set[str](), ""
        self.claims: dict[str, Any] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.tokens: list[str] = []  # every one that it gave
        self._codes: dict[str, dict[str, str]] = {}
        super().__init__()

    @property
    def metadata(self) -> dict[str, Any]:
        """What it says of itself."""
        return {
            "issuer": self.url,
            "authorization_endpoint": self.url + AUTHORIZE,
            "token_endpoint": self.url + TOKEN,
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["none"],
            "authorization_response_iss_parameter_supported": True,
        }

    def _authorized(self, asked: dict[str, str]) -> str:
        """Where the browser goes next: with a code, or with an error."""
        self.requests.append((AUTHORIZE, asked))
        told = {"state": asked.get("state", ""), "iss": self.url}
        if asked.get("response_type") != "code" or asked.get("code_challenge_method") != "S256":
            told["error"] = "invalid_request"
        else:
            told["code"] = secrets.token_urlsafe(16)
            self._codes[told["code"]] = asked
        return f"{asked.get('redirect_uri', '')}?{urlencode(told)}"

    def _exchanged(self, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """The token for a code, which is good once."""
        self.requests.append((TOKEN, asked))
        begun = self._codes.pop(asked.get("code", ""), None)
        verifier = hashlib.sha256(asked.get("code_verifier", "").encode()).digest()
        if begun is None or not hmac.compare_digest(b64(verifier), begun.get("code_challenge", "")):
            return 400, {"error": "invalid_grant"}
        if begun.get("resource") != asked.get("resource"):
            return 400, {"error": "invalid_target"}
        scope = " ".join(word for word in begun.get("scope", "").split() if word in self.grants)
        said = {
            "sub": self.subject,
            "aud": self.audience or asked.get("resource"),
            "client_id": asked.get("client_id"),
            "scope": scope or None,
            "auth_time": int(time.time()),
            "jti": secrets.token_urlsafe(16),
        }
        self.tokens.append(self.token(**{**said, **self.claims}))
        return 200, {"access_token": self.tokens[-1], "token_type": "Bearer", "expires_in": 600, "scope": scope}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(super()._handler()):  # type: ignore[misc]  # the issuer's own, with the two endpoints
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                if parts.path == AUTHORIZE:
                    self.send_response(302)
                    self.send_header("Location", server._authorized(dict(parse_qsl(parts.query))))
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                elif parts.path == METADATA:
                    self._tell(200, server.metadata)
                else:
                    super().do_GET()

            def do_POST(self) -> None:
                size = int(self.headers.get("Content-Length", "0"))
                asked = dict(parse_qsl(self.rfile.read(min(size, 65_536)).decode()))
                if self.path == TOKEN:
                    self._tell(*server._exchanged(asked))
                else:
                    self._tell(404, {})

            def _tell(self, status: int, document: dict[str, Any]) -> None:
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Cache-Control", "no-store")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler
