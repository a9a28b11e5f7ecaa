from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.making import LOG, LOG_KEY, ORIGIN
from tests.ledger.vectors import VECTORS, logs, needs_vectors

from interlock.errors import MalformedInput
from interlock.ledger import checkpoint, note
from interlock.ledger.checkpoint import Checkpoint
from interlock.ledger.note import Ed25519Signer, VerifyingKey, parse_vkey
from interlock.model.secret import Secret

ROOT = bytes(range(32))
B64 = base64.b64encode(ROOT).decode()


@needs_vectors
@pytest.mark.parametrize("name", logs())
def test_an_independent_implementations_checkpoints_verify(name: str) -> None:
    key = parse_vkey((VECTORS / "logs" / f"{name}.vkey").read_text().strip())
    found = checkpoint.verify((VECTORS / "logs" / name / "checkpoint").read_bytes(), key)
    assert (found.origin, f"n{found.size}") == ("example.com/interlock-ref", name)


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_what_is_signed_verifies(size: int, root: bytes) -> None:
    made = Checkpoint(ORIGIN, size, root)
    assert checkpoint.parse(made.text()) == made
    assert checkpoint.verify(checkpoint.sign(made, LOG), LOG_KEY) == made


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        f"{ORIGIN}\n7\n{B64}",
        f"{ORIGIN}\n7\n",
        f"\n7\n{B64}\n",
        f"{ORIGIN}\n007\n{B64}\n",
        f"{ORIGIN}\n+7\n{B64}\n",
        f"{ORIGIN}\n-7\n{B64}\n",
        f"{ORIGIN}\n 7\n{B64}\n",
        f"{ORIGIN}\n7_0\n{B64}\n",
        f"{ORIGIN}\n٧\n{B64}\n",
        f"{ORIGIN}\n7.0\n{B64}\n",
        f"{ORIGIN}\n\n{B64}\n",
        f"{ORIGIN}\n{2**63}\n{B64}\n",
        f"{ORIGIN}\n{'9' * 3000}\n{B64}\n",
        f"{ORIGIN}\n7\n{B64}\nan extension\n",
        f"{ORIGIN}\n7\n{B64}\n\n",
        f"{ORIGIN}\n7\n{B64[:-4]}\n",
        f"{ORIGIN}\n7\n{B64} \n",
        f"{ORIGIN}\n7\n{B64[:-2]}9=\n",
        f"{ORIGIN}\n7\n{base64.urlsafe_b64encode(bytes([255] * 32)).decode()}\n",
        f"{ORIGIN}\n7\n{base64.b64encode(ROOT + ROOT).decode()}\n",
        f"{ORIGIN}\n7\né\n",
        f"{'x' * 5000}\n7\n{B64}\n",
    ],
)
def test_other_texts_are_refused_even_signed(text: str) -> None:
    with pytest.raises(MalformedInput):
        checkpoint.parse(text.encode())
    if text.endswith("\n"):
        with pytest.raises(MalformedInput):
            checkpoint.verify(note.sign(text.encode(), LOG), LOG_KEY)


def test_text_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(MalformedInput):
        checkpoint.parse(b"\xff\n7\n" + B64.encode() + b"\n")


def test_the_keys_name_must_be_the_origin() -> None:
    other = Checkpoint("audit.example.com/other", 7, ROOT)
    with pytest.raises(ValueError, match="origin"):
        checkpoint.sign(other, LOG)
    with pytest.raises(MalformedInput, match="another log"):
        checkpoint.verify(note.sign(other.text(), LOG), LOG_KEY)


def test_another_key_of_the_same_name_signs_nothing() -> None:
    impostor = Ed25519Signer(ORIGIN, Secret(b"i" * 32))
    signed = checkpoint.sign(Checkpoint(ORIGIN, 7, ROOT), impostor)
    with pytest.raises(MalformedInput, match="no known key"):
        checkpoint.verify(signed, LOG_KEY)
    assert checkpoint.verify(signed, VerifyingKey(ORIGIN, impostor.public)).size == 7
