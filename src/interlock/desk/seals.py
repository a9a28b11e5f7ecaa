"""What the desk keeps sealed: payloads, cards, voters' words. Each seal is bound to what it belongs to."""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from interlock.errors import LedgerCorrupt
from interlock.model.canonical import JsonValue, encode
from interlock.model.digest import NONCE_BYTES, card_digest, commitment, payload_document, payload_from_document
from interlock.model.label import Label
from interlock.model.names import Digest, EntryId, ReviewId
from interlock.model.obligation import Obligations
from interlock.model.payload import Payload
from interlock.model.reveal import Reveal
from interlock.model.secret import Secret
from interlock.ports import Entropy, Sealer


@dataclass(frozen=True, slots=True)
class Sealed:
    """What a review's seal holds: the payload voted on, the nonce of its digest, what the card promised must hold."""

    payload: Payload
    nonce: Secret[bytes]
    obligations: Obligations


@dataclass(frozen=True, slots=True)
class Seals:
    """Seals and opens; raises `LedgerCorrupt` for what doesn't open, or isn't what its entry names."""

    sealer: Sealer
    entropy: Entropy

    def payload(self, review: ReviewId, sealed: Sealed) -> bytes:
        """A payload with its nonce and masks, sealed for `review`."""
        document: Mapping[str, JsonValue] = {
            "nonce": sealed.nonce.reveal().hex(),
            "payload": payload_document(sealed.payload),
            "obligations": _obligations(sealed.obligations),
        }
        return self.sealer.seal(_payload(review), encode(document))

    def open_payload(self, review: ReviewId, stored: bytes) -> Sealed:
        """What `payload` sealed."""
        document = json.loads(self.sealer.open(_payload(review), stored).reveal())
        return Sealed(
            payload=payload_from_document(document["payload"]),
            nonce=Secret(bytes.fromhex(document["nonce"])),
            obligations=_from_document(document["obligations"]),
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
        if not words:
            return b"", {}
        salt = Secret(self.entropy.token(NONCE_BYTES))
        opening = encode({"reason": words, "salt": salt.reveal().hex()})
        return self.sealer.seal(_reason(entry), opening), {"reason": commitment(salt, "reason", words)}

    def open_reason(self, entry: EntryId, stored: bytes) -> str:
        """What `reason` sealed; empty where nothing was said."""
        return str(json.loads(self.sealer.open(_reason(entry), stored).reveal())["reason"]) if stored else ""


def _obligations(held: Obligations) -> Mapping[str, JsonValue]:
    return {
        "mask": sorted(held.mask),
        "reveal": [{"column": each.column, "label": each.label} for each in sorted(held.reveal)],
        "row_cap": held.row_cap,
        "reason": held.reason,
        "ticket": held.ticket,
        "step_up": sorted(held.step_up),
    }


def _from_document(document: Mapping[str, Any]) -> Obligations:
    return Obligations(
        mask=frozenset(map(Label, document["mask"])),
        reveal=frozenset(Reveal(each["column"], Label(each["label"])) for each in document["reveal"]),
        row_cap=document["row_cap"],
        reason=document["reason"],
        ticket=document["ticket"],
        step_up=frozenset(document["step_up"]),
    )


def _payload(review: ReviewId) -> str:
    return f"interlock/payload/v1/{review}"


def _card(review: ReviewId) -> str:
    return f"interlock/card/v1/{review}"


def _reason(entry: EntryId) -> str:
    return f"interlock/reason/v1/{entry}"
