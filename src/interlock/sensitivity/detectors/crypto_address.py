"""Addresses of crypto-currencies: Bitcoin (base58check, bech32 of BIP 173 and 350), Ethereum."""

from __future__ import annotations

import hashlib
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict

_LABEL: Final = Label("pii.crypto_address")
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CONSTANTS: Final = (1, 0x2BC830A3)  # bech32 and bech32m


def _base58check(candidate: Candidate) -> Verdict | None:
    """Twenty-one bytes and the first four of their double SHA-256."""
    number = 0
    for char in candidate.matched:
        number = number * 58 + _BASE58.index(char)
    if number >= 1 << 200:
        return None
    raw = number.to_bytes(25, "big")
    check = hashlib.sha256(hashlib.sha256(raw[:21]).digest()).digest()[:4]
    return Verdict(0.98, "base58check") if check == raw[21:] else None


def _bech32(candidate: Candidate) -> Verdict | None:
    text = candidate.matched.lower()
    prefix, _, data = text.rpartition("1")
    if any(c not in _BECH32 for c in data):
        return None
    values = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + [_BECH32.index(c) for c in data]
    return Verdict(0.98, "bech32") if _polymod(values) in _CONSTANTS else None


def _polymod(values: list[int]) -> int:
    check = 1
    for value in values:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            check ^= generator if top >> bit & 1 else 0
    return check


def _ethereum(candidate: Candidate) -> Verdict | None:
    return Verdict(0.85, "form") if len(set(candidate.matched[2:])) > 4 else None


DETECTOR = Structured(
    "crypto_address",
    (
        Pattern("crypto.base58", r"[13][1-9A-HJ-NP-Za-km-z]{25,34}", _LABEL, 0.98, Beside.WORD, _base58check),
        Pattern("crypto.bech32", r"(bc|tb)1[a-z0-9]{25,87}", _LABEL, 0.98, Beside.WORD, _bech32, ignore_case=True),
        Pattern("crypto.ethereum", r"0x[0-9a-fA-F]{40}", _LABEL, 0.85, Beside.WORD, _ethereum),
    ),
    "addresses of Bitcoin and Ethereum",
)
