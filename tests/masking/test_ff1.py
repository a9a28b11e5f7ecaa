"""FF1 against NIST's own samples, and its bounds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.masking.ff1 import DOMAIN_LEAST, FF1, LONGEST
from interlock.model.secret import Secret

ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
KEY_128 = "2b7e151628aed2a6abf7158809cf4f3c"
KEY_192 = KEY_128 + "ef4359d8d580aa4f"
KEY_256 = KEY_192 + "7f036d6f04fc6a94"
TWEAK_10, TWEAK_11 = "39383736353433323130", "3737373770717273373737"
DIGITS, WORDS = "0123456789", "0123456789abcdefghi"

# NIST, "Examples with Intermediate Values", FF1 samples 1 to 9 (csrc.nist.gov, FF1samples.pdf).
SAMPLES = [
    (KEY_128, 10, "", DIGITS, "2433477484"),
    (KEY_128, 10, TWEAK_10, DIGITS, "6124200773"),
    (KEY_128, 36, TWEAK_11, WORDS, "a9tv40mll9kdu509eum"),
    (KEY_192, 10, "", DIGITS, "2830668132"),
    (KEY_192, 10, TWEAK_10, DIGITS, "2496655549"),
    (KEY_192, 36, TWEAK_11, WORDS, "xbj3kv35jrawxv32ysr"),
    (KEY_256, 10, "", DIGITS, "6657667009"),
    (KEY_256, 10, TWEAK_10, DIGITS, "1001623463"),
    (KEY_256, 36, TWEAK_11, WORDS, "xs8a0azh2avyalyzuwd"),
]


def cipher(key: str, radix: int) -> FF1:
    return FF1(Secret(bytes.fromhex(key)), radix)


def numerals(text: str) -> list[int]:
    return [ALPHABET.index(letter) for letter in text]


@pytest.mark.parametrize(("key", "radix", "tweak", "plain", "sealed"), SAMPLES)
def test_nist_samples(key: str, radix: int, tweak: str, plain: str, sealed: str) -> None:
    ff1 = cipher(key, radix)
    assert ff1.encrypt(numerals(plain), bytes.fromhex(tweak)) == numerals(sealed)
    assert ff1.decrypt(numerals(sealed), bytes.fromhex(tweak)) == numerals(plain)


@given(st.data(), st.sampled_from([2, 10, 26, 36, 1 << 16]), st.binary(max_size=20))
def test_back_and_forth_in_every_length(data: st.DataObject, radix: int, tweak: bytes) -> None:
    ff1 = cipher(KEY_256, radix)
    least = next(n for n in range(2, 30) if radix**n >= DOMAIN_LEAST)
    plain = data.draw(st.lists(st.integers(0, radix - 1), min_size=least, max_size=40))
    sealed = ff1.encrypt(plain, tweak)
    assert len(sealed) == len(plain) and all(0 <= numeral < radix for numeral in sealed)
    assert ff1.decrypt(sealed, tweak) == plain


def test_the_longest_and_another_tweak() -> None:
    ff1 = cipher(KEY_256, 36)
    plain = [n % 36 for n in range(LONGEST)]
    assert ff1.decrypt(ff1.encrypt(plain, b"t"), b"t") == plain
    assert ff1.encrypt(plain, b"t") != ff1.encrypt(plain, b"u")


@pytest.mark.parametrize(("radix", "least"), [(10, 6), (26, 5), (36, 4), (2, 20), (1 << 16, 2)])
def test_domains_of_less_than_a_million_are_refused(radix: int, least: int) -> None:
    ff1 = cipher(KEY_128, radix)
    assert ff1.takes(least) and not ff1.takes(least - 1)
    assert len(ff1.encrypt([0] * least, b"")) == least
    with pytest.raises(ValueError, match="length"):
        ff1.encrypt([0] * (least - 1), b"")


@pytest.mark.parametrize("wrong", [[10] * 8, [-1] * 8, [0] * (LONGEST + 1), []])
def test_what_is_out_of_bounds_is_refused(wrong: list[int]) -> None:
    with pytest.raises(ValueError, match=r"numeral|length"):
        cipher(KEY_128, 10).encrypt(wrong, b"")


@pytest.mark.parametrize("radix", [0, 1, (1 << 16) + 1])
def test_a_radix_has_bounds(radix: int) -> None:
    with pytest.raises(ValueError, match="radix"):
        cipher(KEY_128, radix)
