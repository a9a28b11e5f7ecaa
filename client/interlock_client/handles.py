"""What is asked, and the handle by which it is found again."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from interlock_client.canonical import decode, digest, encode
from interlock_client.errors import BadHandle, NotSendable

MAX_NAME: Final = 128  # characters of an action's name, and of a connection's
MAX_RESOURCE: Final = 1024
MAX_REASON: Final = 2000
MAX_TICKET: Final = 200
MAX_HANDLE: Final = 4096
REVIEW_ID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_URL: Final = re.compile(r"https?://[\x21-\x7e]{1,1000}")
_TIME: Final = re.compile(r"[0-9TZ:.+-]{0,40}")


@dataclass(frozen=True, slots=True)
class Asked:
    """One action to be asked for, bound to its arguments. `asked()` makes it.

    `arguments` is their canonical JSON, `shown` the part of it that the gateway gets; `digest` covers all of it.
    """

    action: str
    connection: str
    resource: str = field(repr=False)
    arguments: bytes = field(repr=False)
    shown: bytes = field(repr=False)
    reason: str = field(default="", repr=False)
    ticket: str = field(default="", repr=False)

    @property
    def digest(self) -> str:
        """SHA-256 of the arguments' canonical JSON."""
        return digest(self.arguments)

    @property
    def binding(self) -> bytes:
        """What must be the same when it runs: all but what is only said to reviewers."""
        parts = [self.action, self.connection, self.resource, self.digest, digest(self.shown)]
        return encode(parts)

    def evaluation(self, subject: tuple[str, str], approval: str = "") -> dict[str, Any]:
        """The AuthZEN evaluation (Authorization API 1.0 section 6.1). Arguments stand in the action's properties: a
        member of the context could have a name that isn't signed for."""
        said = {"reason": self.reason, "ticket": self.ticket}
        context: dict[str, Any] = {name: text for name, text in said.items() if text}
        if approval:
            context["approval"] = {"id": approval}
        properties = {"arguments": decode(self.shown), "digest": self.digest}
        return {
            "subject": {"type": subject[0], "id": subject[1]},
            "action": {"name": self.action, "properties": properties},
            "resource": {"type": self.connection, "id": self.resource},
            "context": context,
        }


def asked(
    action: str,
    *,
    resource: str,
    connection: str | None = None,
    arguments: Mapping[str, object] | None = None,
    show: Collection[str] | None = None,
    reason: str = "",
    ticket: str = "",
) -> Asked:
    """What to ask for. Without `connection`, `snapshots.push` is the action `push` of the connection `snapshots`.

    With `show` the gateway gets these arguments only, and the digest of all. Raises `NotSendable`.
    """
    if connection is None:
        connection, _, action = action.partition(".")
    _text("the action", action, MAX_NAME)
    _text("the connection", connection, MAX_NAME)
    _text("the resource", resource, MAX_RESOURCE)
    for what, said, most in (("the reason", reason, MAX_REASON), ("the ticket", ticket, MAX_TICKET)):
        if said:
            _text(what, said, most)
    # A snapshot: what is shown and what the digest covers are one reading of values that may change.
    text = encode(dict(arguments or {}))
    shown = text if show is None else encode({name: value for name, value in decode(text).items() if name in show})
    return Asked(action, connection, resource, text, shown, reason, ticket)


def _text(what: str, value: object, most: int) -> None:
    if type(value) is not str or not 0 < len(value) <= most:
        raise NotSendable(f"{what.capitalize()} must be a text of 1 to {most} characters.")
    encode(value)


@dataclass(frozen=True, slots=True)
class Handle:
    """A held action: which review, and a salted commitment to what was asked. It holds no argument and no token, and
    gives nobody any right: only who asked can redeem it, and only for the same arguments."""

    id: str
    review_url: str
    expires_at: str
    salt: str = field(repr=False)
    commitment: str = field(repr=False)

    @classmethod
    def of(cls, asked: Asked, id_: str, review_url: str, expires_at: str) -> Handle:
        """The handle of what was asked."""
        salt = secrets.token_hex(32)
        return cls(id_, review_url, expires_at, salt, _commitment(salt, asked))

    def fits(self, asked: Asked) -> bool:
        """Whether it is about this."""
        return hmac.compare_digest(self.commitment, _commitment(self.salt, asked))

    def fits_its_form(self) -> bool:
        """Whether `load` would take its text."""
        return _loaded(self.dump()) is not None

    def dump(self) -> str:
        """A text to keep, for `Handle.load`."""
        parts = {"id": self.id, "url": self.review_url, "expires_at": self.expires_at}
        return json.dumps({"v": 1, **parts, "salt": self.salt, "commitment": self.commitment}, separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> Handle:
        """The handle in a text; raises `BadHandle`."""
        found = _loaded(text)
        if found is None:
            raise BadHandle("This isn't the text of a handle.")
        return found


def _loaded(text: object) -> Handle | None:
    if not isinstance(text, str) or len(text) > MAX_HANDLE:
        return None
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return None
    forms = {"id": REVIEW_ID, "url": _URL, "expires_at": _TIME, "salt": _HEX, "commitment": _HEX}
    if not isinstance(told, dict) or told.keys() != {"v", *forms} or told["v"] != 1:
        return None
    if not all(isinstance(told[name], str) and form.fullmatch(told[name]) for name, form in forms.items()):
        return None
    return Handle(told["id"], told["url"], told["expires_at"], told["salt"], told["commitment"])


def _commitment(salt: str, asked: Asked) -> str:
    return hashlib.sha256(f"interlock-client/handle/v1\0{salt}\0".encode() + asked.binding).hexdigest()


@dataclass(frozen=True, slots=True)
class Permit:
    """Leave to do once what was asked; its release is in the ledger. With `outcome_token` its end can be reported."""

    asked: Asked
    evaluation_id: str
    review: str = ""
    outcome_token: str = field(default="", repr=False)
