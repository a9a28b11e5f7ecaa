"""An issuer of workloads' tokens, as a real HTTP server on loopback: discovery, a JWK Set, key rotation, outages.

    with Issuer() as issuer:
        token = issuer.token(sub="repo:acme/etl:ref:refs/heads/main", aud="interlock")

Point `[issuers.NAME] issuer` at `issuer.url`.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

DISCOVERY: Final = "/.well-known/openid-configuration"
JWKS: Final = "/keys.json"


def b64(data: bytes) -> str:
    """Base64url without padding (RFC 7515 section 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def compact(header: Mapping[str, Any] | bytes, claims: Mapping[str, Any] | bytes, key: PrivateKey | None) -> str:
    """A token of exactly these parts, signed with `key` (or with nothing). Bytes are taken as they are."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
    signed = ".".join(b64(part) for part in parts)
    return f"{signed}.{b64(sign(key, signed.encode()) if key is not None else b'')}"


def sign(key: PrivateKey, data: bytes) -> bytes:
    """ES256, RS256 or EdDSA, by the kind of key."""
    match key:
        case ec.EllipticCurvePrivateKey():
            r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32) + s.to_bytes(32)
        case rsa.RSAPrivateKey():
            return key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        case _:
            return key.sign(data)


def algorithm_of(key: PrivateKey) -> str:
    """What `alg` says for a key."""
    match key:
        case ec.EllipticCurvePrivateKey():
            return "ES256"
        case rsa.RSAPrivateKey():
            return "RS256"
        case _:
            return "EdDSA"


def jwk(key: PrivateKey, kid: str) -> dict[str, str]:
    """The public part as a JWK (RFC 7517)."""
    told = {"kid": kid, "use": "sig", "alg": algorithm_of(key)}
    match key:
        case ec.EllipticCurvePrivateKey():
            point = key.public_key().public_numbers()
            return {**told, "kty": "EC", "crv": "P-256", "x": b64(point.x.to_bytes(32)), "y": b64(point.y.to_bytes(32))}
        case rsa.RSAPrivateKey():
            numbers = key.public_key().public_numbers()
            n = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)
            return {**told, "kty": "RSA", "n": b64(n), "e": b64(numbers.e.to_bytes(3))}
        case _:
            return {**told, "kty": "OKP", "crv": "Ed25519", "x": b64(key.public_key().public_bytes_raw())}


class Issuer:
    """One issuer. `down` makes it answer 503; `asked` counts what it was asked for, by path."""

    def __init__(self) -> None:
        self.keys: dict[str, PrivateKey] = {}
        self.down = False
        self.asked: dict[str, int] = {}
        self.discovery: dict[str, Any] = {}  # what to say otherwise than usual
        self.newest = ""
        self.rotate()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        """The issuer, as its tokens name it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def key_set(self) -> dict[str, list[dict[str, str]]]:
        """Its JWK Set."""
        return {"keys": [jwk(key, kid) for kid, key in self.keys.items()]}

    def rotate(self, key: PrivateKey | None = None, *, keep: bool = True) -> str:
        """A new key signs from here on; without `keep` the old ones are taken back. Gives the new one's id."""
        if not keep:
            self.keys.clear()
        self.newest = f"key-{len(self.asked)}-{len(self.keys) + 1}-{b64(time.time_ns().to_bytes(8))}"
        self.keys[self.newest] = key or ec.generate_private_key(ec.SECP256R1())
        return self.newest

    def token(self, *, kid: str | None = None, now: float | None = None, lasts: int = 600, **claims: Any) -> str:
        """A token of this issuer. `now` (seconds since 1970) is the system's unless given; None leaves a claim out."""
        kid = kid or self.newest
        begins = int(time.time() if now is None else now)
        said = {"iss": self.url, "iat": begins, "nbf": begins, "exp": begins + lasts, **claims}
        told = {name: value for name, value in said.items() if value is not None}
        key = self.keys[kid]
        return compact({"alg": algorithm_of(key), "kid": kid, "typ": "JWT"}, told, key)

    def _answer(self, path: str) -> tuple[int, bytes]:
        self.asked[path] = self.asked.get(path, 0) + 1
        if self.down:
            return 503, b"{}"
        if path == DISCOVERY:
            usual = {"issuer": self.url, "jwks_uri": self.url + JWKS}
            return 200, json.dumps({**usual, **self.discovery}).encode()
        if path == JWKS:
            return 200, json.dumps(self.key_set).encode()
        return 404, b"{}"

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = issuer._answer(self.path)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Says nothing."""

        return Handler
