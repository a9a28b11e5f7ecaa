"""Germany: tax ids (Steuer-ID, section 139b AO: ISO 7064 MOD 11,10) and identity cards (ICAO 9303: 7-3-1)."""

from __future__ import annotations

from collections import Counter
from typing import Final

from interlock.model.label import Label
from interlock.sensitivity.check_digits import mod_11_10
from interlock.sensitivity.numbered import national_id, told_number
from interlock.sensitivity.pattern import Structured

_TAX: Final = (
    "steuer-id",
    "steuerid",
    "steuer id",
    "idnr",
    "tin",
    "identifikationsnummer",
    "steuernummer",
    "tax id",
    "steuer",
)
_CARD: Final = ("personalausweis", "ausweis", "ausweisnummer", "perso", "id card", "identity card", "ausweisnr")


_PENSION: Final = (
    "rentenversicherungsnummer",
    "sozialversicherungsnummer",
    "versicherungsnummer",
    "rvnr",
    "svnr",
    "sv-nummer",
    "rv-nummer",
    "sozialversicherung",
    "national_id",
    "national id",
    "nat_id",
    "pension",
)


def is_pension(text: str) -> bool:
    """Area, day of birth, initial, serial number (section 2 VKVV); the day may have 50 added by area."""
    return 1 <= int(text[4:6]) <= 12 and text[8].isalpha()


def is_tax_id(digits: str) -> bool:
    """One digit of the first ten comes twice or three times, the others once at most."""
    times = sorted(Counter(digits[:10]).values())
    return digits[0] != "0" and times[-1] in (2, 3) and times[-2] <= 2 and times.count(2) <= 1 and mod_11_10(digits)


def is_card(text: str) -> bool:
    """Letters count from A = 10, weights 7, 3, 1 over and over; some write no check digit."""
    total = sum(int(c, 36) * (7, 3, 1)[place % 3] for place, c in enumerate(text[:9]))
    return any(c.isdigit() for c in text) and (len(text) == 9 or total % 10 == int(text[9]))


DETECTOR = Structured(
    "national_id_de",
    (
        national_id("de", "tax_id", r"[1-9][0-9]{10}", is_tax_id, 0.4, _TAX),
        national_id("de", "tax_id_grouped", r"[1-9][0-9][ /][0-9]{3}[ /][0-9]{3}[ /][0-9]{3}", is_tax_id, 0.7, _TAX),
        national_id("de", "card", r"[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8}[0-9]?", is_card, 0.3, _CARD),
        told_number(
            "national_id.de.pension",
            r"[0-9]{2} ?[0-3][0-9][01][0-9]{3} ?[A-Z] ?[0-9]{3}",
            Label("pii.national_id.de"),
            is_pension,
            0.9,
            _PENSION,
            why="form",
        ),
    ),
    "German tax ids and identity cards",
)
