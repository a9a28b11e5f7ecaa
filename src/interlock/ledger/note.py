"""Signed notes (C2SP signed-note): a text, a blank line, and signature lines that any note library checks.

    text (ends in a newline)
    <blank line>
    — <key name> base64(key id[4] || signature)

Only keys of type 0x01 (Ed25519) are spoken here. A key travels as `<name>+<key id, 8 hex>+base64(type || public key)`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from interlock.errors import MalformedInput
from interlock.model.secret import Secret

ED25519 = 0x01
PUBLIC_BYTES = 32
SEED_BYTES = 32
SIGNATURE_BYTES = 64
KEY_ID_BYTES = 4
MAX_NOTE = 1_000_000  # bytes; room for the 100 signatures of up to about 5 kB that other libraries accept
MAX_SIGNATURES = 100
MAX_VKEY = 4_096  # characters

_PREFIX = "— ".encode()
_CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f]")
_NAME = re.compile(r"[^\s+\x00-\x1f]+")
_VKEY = re.compile(r"([^+]*)\+([0-9a-f]{8})\+(.*)", re.DOTALL)


class Signer(Protocol):
    """Something that signs under a name: a key in memory here, later perhaps one in a module or another process."""

    @property
    def name(self) -> str:
        """The key's name, as on signature lines."""

    @property
    def public(self) -> bytes:
        """The 32-byte Ed25519 public key."""

    def sign(self, data: bytes) -> bytes:
        """The 64-byte Ed25519 signature of `data`."""


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A named Ed25519 public key. Raises `MalformedInput` when the name or the key can't be one."""

    name: str
    public: bytes
    key_id: bytes = field(init=False)
    _key: Ed25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_name(self.name)
        try:
            key = Ed25519PublicKey.from_public_bytes(self.public)
        except ValueError:
            raise MalformedInput("an Ed25519 public key has 32 bytes") from None
        object.__setattr__(self, "key_id", key_id(self.name, self.public))
        object.__setattr__(self, "_key", key)

    def holds(self, signature: bytes, data: bytes) -> bool:
        """Whether `signature` is this key's, of `data`."""
        if len(signature) != SIGNATURE_BYTES:
            return False
        try:
            self._key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Ed25519Signer:
    """A signing key held in memory, made of a 32-byte seed."""

    name: str
    seed: Secret[bytes] = field(repr=False, compare=False)
    public: bytes = field(init=False)
    _key: Ed25519PrivateKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_name(self.name)
        if len(self.seed.reveal()) != SEED_BYTES:
            raise ValueError("an Ed25519 seed has 32 bytes")
        key = Ed25519PrivateKey.from_private_bytes(self.seed.reveal())
        object.__setattr__(self, "_key", key)
        object.__setattr__(self, "public", key.public_key().public_bytes_raw())

    def sign(self, data: bytes) -> bytes:
        """The 64-byte signature of `data`."""
        return self._key.sign(data)


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature line, not yet checked."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Note:
    """A note taken apart; nothing in it is to be believed before `verify`."""

    text: bytes
    signatures: tuple[SignatureLine, ...]


def key_id(name: str, public: bytes) -> bytes:
    """The 4-byte id: SHA-256(name || 0x0A || type || public key), cut."""
    return hashlib.sha256(name.encode() + b"\n" + bytes((ED25519,)) + public).digest()[:KEY_ID_BYTES]


def vkey(key: VerifyingKey | Signer) -> str:
    """The key's text form, to be handed to whoever will verify."""
    material = base64.b64encode(bytes((ED25519,)) + key.public).decode("ascii")
    return f"{key.name}+{key_id(key.name, key.public).hex()}+{material}"


def parse_vkey(text: str) -> VerifyingKey:
    """The key that `text` names; raises `MalformedInput` for any other type than Ed25519 (0x01) and for a wrong id."""
    match = _VKEY.fullmatch(text) if len(text) <= MAX_VKEY else None
    if match is None:
        raise MalformedInput("a verifying key reads <name>+<8 hex digits>+<base64>")
    name, claimed, material = match.groups()
    raw = _base64(material.encode("utf-8", "replace"))
    if not raw or raw[0] != ED25519 or len(raw) != 1 + PUBLIC_BYTES:
        raise MalformedInput("only verifying keys of type Ed25519 (0x01) are understood")
    key = VerifyingKey(name, raw[1:])
    if key.key_id.hex() != claimed:
        raise MalformedInput("a verifying key whose id isn't that of its name and key")
    return key


def sign(text: bytes, signer: Signer) -> bytes:
    """The note of `text` under one key. `text` is UTF-8, ends in a newline and holds no other control character."""
    if not text.endswith(b"\n") or _CONTROL.search(text):
        raise ValueError("a note's text ends in a newline and holds no other control character")
    return text + b"\n" + _signature_line(signer, signer.sign(text))


def parse_note(note: bytes) -> Note:
    """A note taken apart at its last blank line; raises `MalformedInput`."""
    if len(note) > MAX_NOTE:
        raise MalformedInput("a note longer than 1,000,000 bytes")
    if _CONTROL.search(note):
        raise MalformedInput("a note with a control character")
    try:
        note.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedInput("a note that isn't UTF-8") from None
    blank = note.rfind(b"\n\n")
    if blank < 0 or not note.endswith(b"\n") or blank + 2 == len(note):
        raise MalformedInput("a note without signature lines after a blank line")
    lines = note[blank + 2 : -1].split(b"\n", MAX_SIGNATURES)
    if len(lines) > MAX_SIGNATURES:
        raise MalformedInput("a note with more than 100 signatures")
    return Note(note[: blank + 1], tuple(_parse_line(line) for line in lines))


def verify(note: bytes, known: Iterable[VerifyingKey]) -> bytes:
    """The note's text, signed by at least one of `known`.

    Raises `MalformedInput` when no known key signed, when a known key's line fails or comes twice, or when the note is
    malformed. Lines of other keys are ignored.
    """
    parsed = parse_note(note)
    keys: dict[tuple[str, bytes], VerifyingKey] = {}
    for key in known:
        if keys.setdefault((key.name, key.key_id), key) != key:
            raise MalformedInput("two known keys with the same name and id")
    seen = set()
    for line in parsed.signatures:
        who = (line.name, line.key_id)
        signer = keys.get(who)
        if signer is None:
            continue
        if who in seen:
            raise MalformedInput("a known key signed twice")
        seen.add(who)
        if not signer.holds(line.signature, parsed.text):
            raise MalformedInput("a known key's signature doesn't hold")
    if not seen:
        raise MalformedInput("no known key signed this")
    return parsed.text


def _signature_line(signer: Signer, signature: bytes) -> bytes:
    material = base64.b64encode(key_id(signer.name, signer.public) + signature)
    return _PREFIX + signer.name.encode() + b" " + material + b"\n"


def _parse_line(line: bytes) -> SignatureLine:
    if not line.startswith(_PREFIX):
        raise MalformedInput("a signature line that doesn't start with an em dash")
    name, space, material = line[len(_PREFIX) :].partition(b" ")
    if not space:
        raise MalformedInput("a signature line without a signature")
    raw = _base64(material)
    if len(raw) <= KEY_ID_BYTES:
        raise MalformedInput("a signature line that is too short")
    decoded = name.decode("utf-8")
    _check_name(decoded)
    return SignatureLine(decoded, raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])


def _base64(text: bytes) -> bytes:
    """RFC 4648 section 4, padded, and only the one spelling: stray bits in the last character are refused too."""
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error:
        raise MalformedInput("a key or signature that isn't base64") from None
    if base64.b64encode(raw) != text:
        raise MalformedInput("a key or signature in another base64 than the standard one")
    return raw


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise MalformedInput("a key's name is empty, or holds a space, a plus or a control character")
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        raise MalformedInput("a key's name that isn't Unicode text") from None
