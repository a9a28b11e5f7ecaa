"""Signatures of Standard Webhooks 1.0 (www.standardwebhooks.com): made for what we send, checked for what comes.

A message is signed as HMAC-SHA256 over its id, its time and its body, joined by full stops. The secret is `whsec_` and
base64. While a secret is being changed a message carries two signatures, and one that holds is enough.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from interlock.errors import AuthenticationFailed
from interlock.model.secret import Secret

PREFIX: Final = "whsec_"
_MOST_SIGNATURES: Final = 8  # in one header; more are somebody trying
_MOST_HEADER: Final = 1_024  # characters
_ID = re.compile(r"[A-Za-z0-9_:-]{1,128}", re.ASCII)  # no full stop: it is what separates the signed parts
_SECONDS = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)
_SCHEME: Final = "v1,"


def sign(secrets: Sequence[Secret[str]], id_: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers for a message: `webhook-id`, `webhook-timestamp` (Unix seconds) and `webhook-signature`, one
    signature for each secret, divided by spaces. A repeat of a message keeps its id; receivers drop repeats by it."""
    seconds = str(int(at.timestamp()))
    made = (_signature(secret, id_, seconds, body) for secret in secrets)
    signatures = " ".join(_SCHEME + base64.b64encode(each).decode("ascii") for each in made)
    return {"webhook-id": id_, "webhook-timestamp": seconds, "webhook-signature": signatures}


def verify(
    secrets: Sequence[Secret[str]], headers: Mapping[str, str], body: bytes, now: datetime, tolerance: timedelta
) -> str:
    """The id of a message that was signed with one of these secrets within `tolerance` of `now`, to either side.

    Names in `headers` are in lower case. Raises `AuthenticationFailed`: "stale" for one that is signed, but too old or
    from the future; "not_named" for one without an id of letters, digits, `_`, `:` and `-`, or without a time;
    "bad_signature" for everything else, more than eight signatures among it. Whoever calls remembers ids for twice the
    tolerance: a message may come again within it.
    """
    id_, seconds = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not _ID.fullmatch(id_) or not _SECONDS.fullmatch(seconds):
        raise AuthenticationFailed("The message has no id or time of Standard Webhooks.", code="not_named")
    given = _signatures(headers.get("webhook-signature", ""))
    held = False
    for secret in secrets:
        expected = _signature(secret, id_, seconds, body)
        for each in given:
            held |= hmac.compare_digest(expected, each)
    if not held:
        raise _bad()
    if abs(now.timestamp() - int(seconds)) > tolerance.total_seconds():
        raise AuthenticationFailed("The message's time lies too far from ours.", code="stale")
    return id_


def _signature(secret: Secret[str], id_: str, seconds: str, body: bytes) -> bytes:
    key = base64.b64decode(secret.reveal().removeprefix(PREFIX))
    return hmac.new(key, f"{id_}.{seconds}.".encode() + body, hashlib.sha256).digest()


def _signatures(header: str) -> list[bytes]:
    """Those of the scheme that we know. Others (`v1a`, asymmetric) may stand beside them and prove nothing."""
    parts = header.split(" ")
    if len(header) > _MOST_HEADER or len(parts) > _MOST_SIGNATURES:
        return []
    found = []
    for part in parts:
        if part.startswith(_SCHEME):
            try:
                found.append(base64.b64decode(part.removeprefix(_SCHEME), validate=True))
            except ValueError:  # binascii.Error is one, and so is what a letter outside ASCII raises
                continue
    return found


def _bad() -> AuthenticationFailed:
    return AuthenticationFailed("The message isn't signed with a secret that we know.", code="bad_signature")
