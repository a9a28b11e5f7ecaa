"""France: numéro de sécurité sociale (NIR, decree 82-103): thirteen digits and a key, 97 less the rest."""

from __future__ import annotations

from typing import Final

from interlock.sensitivity.numbered import national_id
from interlock.sensitivity.pattern import Structured

_WORDS: Final = (
    "nir",
    "securite sociale",
    "sécurité sociale",
    "secu",
    "sécu",
    "insee",
    "numero de secu",
    "social security",
)


def is_nir(text: str) -> bool:
    """Corsica's departments 2A and 2B count as 19 and 18; months beyond 12 stand for births without a date."""
    number = text[:13].replace("2A", "19", 1).replace("2B", "18", 1) if text[5:7] in ("2A", "2B") else text[:13]
    return number.isdigit() and text[13:].isdigit() and 97 - int(number) % 97 == int(text[13:15])


DETECTOR = Structured(
    "national_id_fr",
    (
        national_id(
            "fr",
            "nir",
            r"[12378][0-9]{2}[0-9]{2}[0-9][0-9AB][0-9]{3}[0-9]{3}[0-9]{2}",
            is_nir,
            0.6,
            _WORDS,
            ignore_case=True,
        ),
        national_id(
            "fr",
            "nir_grouped",
            r"[12378][ .-][0-9]{2}[ .-][0-9]{2}[ .-][0-9][0-9AB][ .-][0-9]{3}[ .-][0-9]{3}[ .-]?[0-9]{2}",
            is_nir,
            0.85,
            _WORDS,
            ignore_case=True,
        ),
    ),
    "French social security numbers",
)
