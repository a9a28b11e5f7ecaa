"""Checkpoints (C2SP tlog-checkpoint): a signed statement of what the log holds.

    <origin>
    <size, decimal>
    <root, base64>

Strict beyond what libraries ask: no leading zeros, a root of exactly 32 bytes in the one base64, no extension lines.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from interlock.errors import MalformedInput
from interlock.ledger import note
from interlock.ledger.merkle import HASH_BYTES, MAX_SIZE
from interlock.ledger.note import Signer, VerifyingKey

MAX_TEXT = 4_096  # bytes: an origin, a number and a hash

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log `origin` holds `size` entries under `root` (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> bytes:
        """The three lines that get signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n".encode()


def parse(text: bytes) -> Checkpoint:
    """The checkpoint that encodes to exactly `text`; raises `MalformedInput`."""
    if len(text) > MAX_TEXT:
        raise MalformedInput("a checkpoint that is too long")
    try:
        lines = text.decode("utf-8").split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise MalformedInput("a checkpoint has three lines: origin, size, root")
        origin, size, root = lines[:3]
        if not _SIZE.fullmatch(size) or int(size) > MAX_SIZE:
            raise MalformedInput("a checkpoint's size is a decimal number without leading zeros")
        checkpoint = Checkpoint(origin, int(size), base64.b64decode(root, validate=True))
    except (binascii.Error, ValueError):  # ValueError: not UTF-8, or not ASCII in the base64
        raise MalformedInput("a checkpoint that isn't UTF-8, or whose root isn't base64") from None
    if len(checkpoint.root) != HASH_BYTES or checkpoint.text() != text:
        raise MalformedInput("a checkpoint's root is 32 bytes in standard base64")
    return checkpoint


def sign(checkpoint: Checkpoint, signer: Signer) -> bytes:
    """The signed note of a checkpoint. The key's name is the log's origin; the caller never signs two that conflict."""
    if signer.name != checkpoint.origin:
        raise ValueError("a checkpoint is signed by the key named after its origin")
    return note.sign(checkpoint.text(), signer)


def verify(signed: bytes, key: VerifyingKey) -> Checkpoint:
    """The checkpoint in `signed`, held by `key`, whose name must be the origin; raises `MalformedInput`."""
    checkpoint = parse(note.verify(signed, (key,)))
    if checkpoint.origin != key.name:
        raise MalformedInput("a checkpoint of another log than the key's")
    return checkpoint
