"""What the desk keeps sealed: payloads, cards, voters' words. Each seal is bound to what it belongs to."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from interlock.errors import LedgerCorrupt
from interlock.ledger.authorised import Opened
from interlock.model.canonical import JsonValue, encode
from interlock.model.digest import (
    NONCE_BYTES,
    action_digest,
    card_digest,
    commitment,
    narrowed_digest,
    payload_document,
    payload_from_document,
)
from interlock.model.label import Label
from interlock.model.names import Digest, EntryId, ReviewId
from interlock.model.narrowing import Narrowing
from interlock.model.obligation import Obligations
from interlock.model.payload import Payload
from interlock.model.reveal import Reveal
from interlock.model.secret import Secret
from interlock.ports import Entropy, Sealer
from interlock.review.narrowing import document_of


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a review's seal holds: the payload voted on, the nonce of its digest, what the card promised must hold.

    `base` is the nonce of the digest that it was opened with, `terms` all narrowings since. `cappable`: whether its
    rows can be counted. `columns` are what each output plainly is; None in what was sealed before these were kept.
    `values` are what the leaves of each statement stand for.
    """

    payload: Payload
    nonce: Secret[bytes]
    obligations: Obligations
    base: Secret[bytes]
    terms: Narrowing = field(default_factory=Narrowing)
    cappable: bool = False
    columns: tuple[str | None, ...] | None = None
    values: tuple[tuple[Secret[str], ...], ...] = field(default=(), repr=False)

    def is_signed_as(self, opened: Opened, cover: Mapping[str, JsonValue]) -> bool:
        """Whether `cover` is what the review was opened with, and its digest of now is of that under these terms."""
        if not hmac.compare_digest(action_digest(self.base, cover), opened.base):
            return False
        terms = self.terms.document()
        digest = narrowed_digest(self.nonce, opened.base, terms) if terms else opened.base
        return hmac.compare_digest(digest, opened.digest)


@dataclass(frozen=True, slots=True)
class Seals:
    """Seals and opens; raises `LedgerCorrupt` for what doesn't open, or isn't what its entry names."""

    sealer: Sealer
    entropy: Entropy

    def payload(self, review: ReviewId, sealed: Sealed) -> bytes:
        """A payload with all that belongs to it, sealed for `review`."""
        document: dict[str, JsonValue] = {
            "nonce": sealed.nonce.reveal().hex(),
            "base": sealed.base.reveal().hex(),
            "payload": payload_document(sealed.payload),
            "obligations": _obligations(sealed.obligations),
            "terms": sealed.terms.document(),
            "cappable": sealed.cappable,
            "values": [[value.reveal() for value in values] for values in sealed.values],
        }
        if sealed.columns is not None:
            document["columns"] = [column or "" for column in sealed.columns]
        return self.sealer.seal(_payload(review), encode(document))

    def open_payload(self, review: ReviewId, stored: bytes) -> Sealed:
        """What `payload` sealed."""
        document = json.loads(self.sealer.open(_payload(review), stored).reveal())
        columns = document.get("columns")
        return Sealed(
            payload=payload_from_document(document["payload"]),
            nonce=Secret(bytes.fromhex(document["nonce"])),
            obligations=_from_document(document["obligations"]),
            base=Secret(bytes.fromhex(document.get("base", document["nonce"]))),
            terms=document_of(document.get("terms", {})),
            cappable=document.get("cappable", False),
            columns=None if columns is None else tuple(column or None for column in columns),
            values=tuple(tuple(map(Secret, values)) for values in document.get("values", ())),
        )

    def card(self, review: ReviewId, content: Mapping[str, JsonValue]) -> bytes:
        """A card's content, sealed for `review`."""
        return self.sealer.seal(_card(review), encode(content))

    def open_card(
        self, review: ReviewId, stored: bytes, nonce: Secret[bytes], digest: Digest
    ) -> Mapping[str, JsonValue]:
        """What `card` sealed, if it is the very card of this digest."""
        content: Mapping[str, JsonValue] = json.loads(self.sealer.open(_card(review), stored).reveal())
        if not hmac.compare_digest(card_digest(nonce, content), digest):
            raise LedgerCorrupt("a stored card isn't the one its entry names")
        return content

    def reason(self, entry: EntryId, words: str) -> tuple[bytes, Mapping[str, str]]:
        """A voter's words sealed for the row, and a salted commitment to them for the entry."""
        return self._words(_reason(entry), "reason", words) if words else (b"", {})

    def open_reason(self, entry: EntryId, stored: bytes) -> str:
        """What `reason` sealed; empty where nothing was said."""
        return self._open_words(_reason(entry), "reason", stored) if stored else ""

    def text(self, entry: EntryId, words: str) -> tuple[bytes, Mapping[str, str]]:
        """A comment sealed for the row, and a salted commitment to it for the entry."""
        return self._words(_text(entry), "text", words)

    def open_text(self, entry: EntryId, stored: bytes) -> str:
        """What `text` sealed."""
        return self._open_words(_text(entry), "text", stored)

    def _words(self, about: str, name: str, words: str) -> tuple[bytes, Mapping[str, str]]:
        salt = Secret(self.entropy.token(NONCE_BYTES))
        opening = encode({name: words, "salt": salt.reveal().hex()})
        return self.sealer.seal(about, opening), {name: commitment(salt, name, words)}

    def _open_words(self, about: str, name: str, stored: bytes) -> str:
        return str(json.loads(self.sealer.open(about, stored).reveal())[name])


def _obligations(held: Obligations) -> Mapping[str, JsonValue]:
    return {
        "mask": sorted(held.mask),
        "reveal": [{"column": each.column, "label": each.label} for each in sorted(held.reveal)],
        "row_cap": held.row_cap,
        "reason": held.reason,
        "ticket": held.ticket,
        "step_up": sorted(held.step_up),
        "pseudonyms": sorted(held.pseudonyms),
        "estimated": held.estimated,
    }


def _from_document(document: Mapping[str, Any]) -> Obligations:
    return Obligations(
        mask=frozenset(map(Label, document["mask"])),
        reveal=frozenset(Reveal(each["column"], Label(each["label"])) for each in document["reveal"]),
        row_cap=document["row_cap"],
        reason=document["reason"],
        ticket=document["ticket"],
        step_up=frozenset(document["step_up"]),
        pseudonyms=frozenset(map(Label, document.get("pseudonyms", ()))),
        estimated=document.get("estimated", False),
    )


def _payload(review: ReviewId) -> str:
    return f"interlock/payload/v1/{review}"


def _card(review: ReviewId) -> str:
    return f"interlock/card/v1/{review}"


def _reason(entry: EntryId) -> str:
    return f"interlock/reason/v1/{entry}"


def _text(entry: EntryId) -> str:
    return f"interlock/comment/v1/{entry}"
