"""SCRAM-SHA-256 and SCRAM-SHA-256-PLUS, the client's side (RFC 5802, RFC 7677), as PostgreSQL speaks them.

    ClientFirst(nonce).message  >>  server-first  >>  .answer(password, it).message  >>  server-final  >>  .verify(it)

The server proves that it knows the password's keys; before `verify` has returned nothing it says may be believed.
With PLUS both sides also prove that they see the same certificate (channel binding tls-server-end-point, RFC 5929
section 4), so that nobody stands between them with a certificate of their own. Without it a flag in the exchange says
whether we could have: if the server did offer PLUS and somebody took that out of its offer, the exchange fails.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import stringprep
import unicodedata
from dataclasses import dataclass, field
from enum import Enum

from interlock.errors import MalformedInput, UpstreamFailed
from interlock.model.secret import Secret

MECHANISM = "SCRAM-SHA-256"
MECHANISM_PLUS = "SCRAM-SHA-256-PLUS"

# Each iteration is an HMAC: a million takes about half a second. A server that asks for more wants to keep us busy.
MAX_ITERATIONS = 1_000_000

_NONCE = rb"[\x21-\x2b\x2d-\x7e]+"  # RFC 5802 section 7: printable, no comma
_SERVER_FIRST = re.compile(rb"r=(" + _NONCE + rb"),s=([A-Za-z0-9+/=]+),i=([1-9][0-9]{0,6})")
_SERVER_FINAL = re.compile(rb"v=([A-Za-z0-9+/=]+)")


class Binding(Enum):
    """Whether the exchange is bound to its channel: the header that it begins with (RFC 5802 section 7, gs2-header).

    There is never an authorization identity behind it.
    """

    CANNOT = b"n,,"  # we can't: no TLS
    NOT_OFFERED = b"y,,"  # we can, and the server says that it can't
    END_POINT = b"p=tls-server-end-point,,"  # it is


@dataclass(frozen=True, slots=True)
class ClientFirst:
    """The exchange's beginning. `nonce` is fresh randomness of at least 18 bytes in printable ASCII without commas.

    `channel` is what the binding binds to: the hash of the server's certificate with `Binding.END_POINT`, else empty.
    PostgreSQL takes the user's name from the startup packet and ignores `user` here; libpq leaves it empty.
    """

    nonce: str
    user: str = ""
    binding: Binding = Binding.CANNOT
    channel: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        assert bool(self.channel) == (self.binding is Binding.END_POINT), "a binding and what it binds to go together"

    @property
    def mechanism(self) -> str:
        """The mechanism that SASLInitialResponse names."""
        return MECHANISM_PLUS if self.binding is Binding.END_POINT else MECHANISM

    @property
    def _bare(self) -> bytes:
        name = self.user.replace("=", "=3D").replace(",", "=2C")
        return f"n={name},r={self.nonce}".encode()

    @property
    def message(self) -> bytes:
        """client-first-message, for SASLInitialResponse."""
        return self.binding.value + self._bare

    def answer(self, password: Secret[str], server_first: bytes) -> ClientFinal:
        """What to answer to server-first-message (AuthenticationSASLContinue).

        Takes as long as its iteration count says (4096 by default: about two milliseconds). Raises `MalformedInput`
        when the message isn't of its form, doesn't carry on our nonce or asks for too many iterations.
        """
        found = _SERVER_FIRST.fullmatch(server_first)
        if found is None:
            raise MalformedInput("the server's first SCRAM message isn't of its form")
        nonce, salt, iterations = found.group(1), _base64(found.group(2)), int(found.group(3))
        ours = self.nonce.encode()
        if not nonce.startswith(ours) or len(nonce) == len(ours):
            raise MalformedInput("the server's SCRAM nonce doesn't carry on ours")
        if iterations > MAX_ITERATIONS:
            raise MalformedInput("the server asks for more SCRAM iterations than are allowed here")
        salted = hashlib.pbkdf2_hmac("sha256", prepared(password.reveal()), salt, iterations)
        without_proof = b"c=" + base64.b64encode(self.binding.value + self.channel) + b",r=" + nonce
        signed = self._bare + b"," + server_first + b"," + without_proof
        return ClientFinal(
            message=without_proof + b",p=" + base64.b64encode(_proof(salted, signed)),
            server_signature=_hmac(_hmac(salted, b"Server Key"), signed),
        )


@dataclass(frozen=True, slots=True)
class ClientFinal:
    """Our proof, and what the server must answer to show its own."""

    message: bytes = field(repr=False)
    server_signature: bytes = field(repr=False)

    def verify(self, server_final: bytes) -> None:
        """Checks server-final-message (AuthenticationSASLFinal).

        Raises `MalformedInput` when it isn't of its form, and `UpstreamFailed` when the server reports an error or its
        signature is wrong: then it isn't a server that knows this password, and the connection is to be closed.
        """
        if server_final.startswith(b"e="):
            raise UpstreamFailed("the server refused the SCRAM exchange; check the upstream user's password")
        found = _SERVER_FINAL.fullmatch(server_final)
        if found is None:
            raise MalformedInput("the server's last SCRAM message isn't of its form")
        if not hmac.compare_digest(_base64(found.group(1)), self.server_signature):
            raise UpstreamFailed("the server couldn't prove that it knows the upstream user's password")


def prepared(password: str) -> bytes:
    """SASLprep (RFC 4013) as PostgreSQL does it: a password that it prohibits is used as it is.

    Raises `MalformedInput` when the password can't be written in UTF-8 at all.
    """
    try:
        raw = password.encode()
    except UnicodeEncodeError:
        raise MalformedInput("a password can't be written in UTF-8") from None
    if password.isascii():
        return raw
    mapped = "".join(" " if stringprep.in_table_c12(c) else c for c in password if not stringprep.in_table_b1(c))
    text = unicodedata.normalize("NFKC", mapped)
    return raw if not text or _prohibited(text) or _mixes_directions(text) else text.encode()


_PROHIBITED = (
    stringprep.in_table_a1,  # unassigned
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def _prohibited(text: str) -> bool:
    return any(table(c) for c in text for table in _PROHIBITED)


def _mixes_directions(text: str) -> bool:
    """RFC 3454 section 6: right-to-left text holds no left-to-right character, and begins and ends right-to-left."""
    if not any(map(stringprep.in_table_d1, text)):
        return False
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return not ends or any(map(stringprep.in_table_d2, text))


def _proof(salted: bytes, signed: bytes) -> bytes:
    client_key = _hmac(salted, b"Client Key")
    signature = _hmac(hashlib.sha256(client_key).digest(), signed)
    return bytes(a ^ b for a, b in zip(client_key, signature, strict=True))


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def _base64(text: bytes) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise MalformedInput("a SCRAM message holds broken base64") from None
    if not data:
        raise MalformedInput("a SCRAM message holds an empty salt or signature")
    return data
