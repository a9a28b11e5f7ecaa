from __future__ import annotations

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.vectors import VECTORS, load, needs_vectors

from interlock.errors import MalformedInput
from interlock.ledger.note import (
    MAX_SIGNATURES,
    Ed25519Signer,
    VerifyingKey,
    parse_note,
    parse_vkey,
    sign,
    verify,
    vkey,
)
from interlock.model.secret import Secret

TEXT = b"one line\n\nand another\n"
ALICE = Ed25519Signer("example.com/alice", Secret(b"a" * 32))
BOB = Ed25519Signer("example.com/bob", Secret(b"b" * 32))
ALICE_KEY = VerifyingKey(ALICE.name, ALICE.public)
BOB_KEY = VerifyingKey(BOB.name, BOB.public)
NOTE = sign(TEXT, ALICE)
BODY, LINE = NOTE[: len(TEXT) + 1], NOTE[len(TEXT) + 1 :]
BOBS_LINE = sign(TEXT, BOB)[len(TEXT) + 1 :]
OTHER_LINE = sign(b"something else\n", ALICE).rpartition(b"\n\n")[2]


@needs_vectors
def test_the_example_of_the_specification() -> None:
    example = load("core_vectors.json")["note_example"]
    key = parse_vkey(example["vkey"])
    assert verify(example["note"].encode(), [key]) == b"This is an example message.\n"
    assert vkey(key) == example["vkey"]


@needs_vectors
def test_cosignatures_of_other_types_are_ignored_like_any_unknown_line() -> None:
    signed = (VECTORS / "checkpoint.70000.cosigned").read_bytes()
    key = parse_vkey((VECTORS / "logs" / "n1000.vkey").read_text().strip())
    assert len(parse_note(signed).signatures) == 3
    assert verify(signed, [key]).startswith(b"example.com/interlock-ref\n70000\n")


@needs_vectors
@pytest.mark.parametrize("name", ["witness-ed25519.vkey", "witness-mldsa44.vkey"])
def test_keys_of_types_not_spoken_here_are_refused(name: str) -> None:
    with pytest.raises(MalformedInput, match="type Ed25519"):
        parse_vkey((VECTORS / name).read_text().strip())


def test_what_is_signed_verifies_and_comes_back() -> None:
    assert verify(NOTE, [ALICE_KEY]) == TEXT
    assert verify(BODY + LINE + BOBS_LINE, [ALICE_KEY]) == TEXT
    assert verify(BODY + BOBS_LINE + LINE, [ALICE_KEY]) == TEXT
    assert verify(BODY + BOBS_LINE + LINE, [BOB_KEY, ALICE_KEY]) == TEXT


def test_a_key_goes_through_its_text_form() -> None:
    assert parse_vkey(vkey(ALICE)) == ALICE_KEY
    assert ALICE.public == ALICE_KEY.public


def test_the_seed_stays_hidden() -> None:
    assert "aaaa" not in repr(ALICE)


@pytest.mark.parametrize(
    "note",
    [
        pytest.param(BODY + BOBS_LINE, id="no known key"),
        pytest.param(BODY + OTHER_LINE, id="signature of another text"),
        pytest.param(BODY + BOBS_LINE + OTHER_LINE, id="a failing known line beside an unknown one"),
        pytest.param(BODY + LINE + LINE, id="a known key twice"),
        pytest.param(BODY + LINE + OTHER_LINE, id="a known key twice, the second failing"),
        pytest.param(BODY, id="no signature line"),
        pytest.param(TEXT, id="no blank line before a signature"),
        pytest.param(LINE, id="no text"),
        pytest.param(b"\n" + LINE, id="no text before the blank line"),
        pytest.param(BODY + LINE[:-1], id="no newline at the end"),
        pytest.param(BODY + LINE + b"\n", id="blank line at the end"),
        pytest.param(BODY + LINE + b"hello\n", id="another line among the signatures"),
        pytest.param(BODY + LINE.replace("—".encode(), b"-"), id="hyphen"),
        pytest.param(BODY + LINE.replace(b" example", b"  example"), id="two spaces"),
        pytest.param(BODY + LINE.replace(b"alice ", b"alice\xc2\xa0x "), id="Unicode space in the name"),
        pytest.param(BODY + LINE + "— a+b AAAAAAAA\n".encode(), id="plus in another's name"),
        pytest.param(BODY + LINE + "— bob AAAA\n".encode(), id="another's signature too short"),
        pytest.param(BODY + LINE + "— bob AAAAAAAA \n".encode(), id="space behind"),
        pytest.param(BODY + LINE + "— bob AAAAAAB\n".encode(), id="padding missing"),
        pytest.param(BODY + LINE + "— bob AAAAAAB=\n".encode(), id="stray bits in the last character"),
        pytest.param(BODY + LINE + "— bob AAAA_AAA\n".encode(), id="URL-safe base64"),
        pytest.param(BODY + LINE + "— bob\n".encode(), id="no signature in the line"),
        pytest.param(NOTE.replace(b"one", b"o\te"), id="tab"),
        pytest.param(NOTE.replace(b"one", b"o\r\n"), id="carriage return"),
        pytest.param(NOTE.replace(b"one", b"o\0e"), id="NUL"),
        pytest.param(NOTE.replace(b"one", b"o\xffe"), id="not UTF-8"),
        pytest.param(NOTE.replace(b"one", b"two"), id="another text"),
        pytest.param(b"", id="nothing"),
        pytest.param(b"\n\n", id="only a blank line"),
    ],
)
def test_what_must_not_verify(note: bytes) -> None:
    with pytest.raises(MalformedInput):
        verify(note, [ALICE_KEY])


def test_no_known_keys_verify_nothing() -> None:
    with pytest.raises(MalformedInput):
        verify(NOTE, [])


def test_the_number_of_signatures_is_capped() -> None:
    strangers = b"".join(f"— stranger{n} AAAAAAAA\n".encode() for n in range(MAX_SIGNATURES - 1))
    assert verify(BODY + strangers + LINE, [ALICE_KEY]) == TEXT
    with pytest.raises(MalformedInput, match="100"):
        verify(BODY + strangers + "— one-more AAAAAAAA\n".encode() + LINE, [ALICE_KEY])


def test_large_hostile_notes_are_refused_without_much_work() -> None:
    for note in (b"\n" * 999_999, BODY + LINE * 5_000, b"x\n\n" * 300_000 + LINE, BODY + b"\xe2\x80\x94 " * 200_000):
        with pytest.raises(MalformedInput):
            verify(note, [ALICE_KEY])
    with pytest.raises(MalformedInput, match="1,000,000"):
        verify(b"x" * 1_000_000 + NOTE, [ALICE_KEY])


@given(st.integers(0, 8 * len(NOTE) - 1))
@settings(max_examples=200)
def test_every_flipped_bit_is_found(bit: int) -> None:
    flipped = bytearray(NOTE)
    flipped[bit // 8] ^= 1 << bit % 8
    with pytest.raises(MalformedInput):
        verify(bytes(flipped), [ALICE_KEY])


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=1))
def test_any_text_that_can_be_signed_verifies(lines: list[str]) -> None:
    text = "".join(line + "\n" for line in lines).encode()
    assert verify(sign(text, ALICE), [ALICE_KEY]) == text


@pytest.mark.parametrize("text", [b"", b"no newline", b"a\tb\n", b"a\r\n"])
def test_what_would_not_verify_is_not_signed(text: bytes) -> None:
    with pytest.raises(ValueError, match="newline"):
        sign(text, ALICE)


@pytest.mark.parametrize("seed", [b"", b"a" * 31, b"a" * 33])
def test_a_seed_has_32_bytes(seed: bytes) -> None:
    with pytest.raises(ValueError, match="32"):
        Ed25519Signer("n", Secret(seed))


GOOD = vkey(ALICE)
NAME, HEX, MATERIAL = GOOD.split("+", 2)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "++",
        NAME,
        f"{NAME}+{HEX}",
        f"{NAME}+{HEX}+",
        f"{NAME}+{HEX}+{MATERIAL[:-4]}",
        f"{NAME}+{HEX}+{MATERIAL}=",
        f"{NAME}+{HEX.upper()}+{MATERIAL}" if HEX.upper() != HEX else "",
        f"{NAME}+00000000+{MATERIAL}",
        f"{NAME}x+{HEX}+{MATERIAL}",
        f"+{HEX}+{MATERIAL}",
        f"a b+{HEX}+{MATERIAL}",
        f" {GOOD}",
        f"{GOOD}\n",
        f"{NAME}+{HEX}+{base64.b64encode(bytes([2]) + ALICE.public).decode()}",
        f"{NAME}+{HEX}+{base64.b64encode(bytes([1]) + ALICE.public + b'x').decode()}",
        "\ud800" + GOOD,
        f"{NAME}+{HEX}+\ud800",
        f"{NAME}+{HEX}+é",
        "x" * 100_000 + GOOD,
        "+" * 4_000,
    ],
)
def test_other_verifying_keys_are_refused(text: str) -> None:
    with pytest.raises(MalformedInput):
        parse_vkey(text)


def test_two_known_keys_that_cannot_be_told_apart_are_refused() -> None:
    twin = VerifyingKey(ALICE.name, BOB.public)
    object.__setattr__(twin, "key_id", ALICE_KEY.key_id)
    with pytest.raises(MalformedInput, match="same name"):
        verify(NOTE, [ALICE_KEY, twin])
