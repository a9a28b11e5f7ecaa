"""Check digits, by published examples."""

from __future__ import annotations

import pytest

from interlock.sensitivity.check_digits import (
    digits_of,
    is_day,
    is_short_day,
    luhn,
    mod_11_10,
    mod_97,
    verhoeff,
    weighted,
)


@pytest.mark.parametrize(
    ("check", "good"),
    [
        (luhn, "79927398713"),
        (verhoeff, "2363"),
        (mod_11_10, "86095742719"),
        (mod_97, "GB82WEST12345698765432"),
    ],
)
def test_every_other_last_sign_fails(check: object, good: str) -> None:
    assert callable(check)
    assert check(good)
    assert not any(check(good[:-1] + digit) for digit in "0123456789" if digit != good[-1])


@pytest.mark.parametrize("check", [luhn, verhoeff, mod_11_10, mod_97])
def test_too_short_is_false(check: object) -> None:
    assert callable(check)
    assert not check("")
    assert not check("1")


def test_verhoeff_finds_neighbours_exchanged() -> None:
    assert not verhoeff("2633")
    assert not verhoeff("3263")


def test_days() -> None:
    assert is_day(2024, 2, 29)
    assert not is_day(2023, 2, 29)
    assert not is_day(2023, 4, 31)
    assert not is_day(2023, 0, 1)
    assert is_day(2023, 12, 31)
    assert is_short_day("00", "02", "29")
    assert not is_short_day("01", "02", "29")


def test_sums_and_digits() -> None:
    assert weighted("123", (3, 2, 1)) == 10
    assert digits_of("a1-2٣") == "12"
