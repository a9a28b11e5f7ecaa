"""Brazil: CPF: eleven digits, two check digits by modulus 11."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.check_digits import weighted
from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = ("cpf", "cadastro de pessoas", "brazilian")


def is_cpf(digits: str) -> bool:
    """Weights 10 to 2, then 11 to 2; a rest of 10 is written as 0."""
    first = weighted(digits[:9], range(10, 1, -1)) * 10 % 11 % 10
    second = weighted(digits[:10], range(11, 1, -1)) * 10 % 11 % 10
    return len(set(digits)) > 1 and digits[9:] == f"{first}{second}"


DETECTOR = Structured(
    "national_id_br",
    (
        national_id("br", "cpf_grouped", r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}", is_cpf, 0.95, _WORDS),
        national_id("br", "cpf", r"[0-9]{11}", is_cpf, 0.45, _WORDS),
    ),
    "Brazilian CPF numbers",
)
