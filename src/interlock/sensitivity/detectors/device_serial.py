"""Device identifiers and serial numbers: UDI and IMEI by their form, others where words tell them."""

from __future__ import annotations

from interlock.model.label import Label
from interlock.sensitivity.check_digits import luhn
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict
from interlock.sensitivity.told import told

_DEVICE = Label("phi.device")


def _numbered(candidate: Candidate) -> Verdict | None:
    """`device 4 of 12`, `"serial": 118` count; a few digits alone are no serial number."""
    value = candidate.matched
    return None if value.isdigit() and len(value) < 5 else Verdict(0.85, "told by words")


def _imei(candidate: Candidate) -> Verdict | None:
    digits = "".join(c for c in candidate.matched if c.isdigit())
    return Verdict(0.3, "check digit") if luhn(digits) and len(set(digits)) > 1 else None


DETECTOR = Structured(
    "device_serial",
    (
        told(
            "device_serial.told",
            _DEVICE,
            (
                "serial",
                "serials",
                "ser(?:ial)? ?(?:no|num|number|nbr)s?",
                "s/n",
                "sn",
                "udi",
                "imei",
                "meid",
                "iccid",
                "imsi",
                "asset tag",
                "(?:device|equipment|implant|lead|pump|pacemaker|icd|monitor|generator|sensor|transmitter|meter|scanner"
                "|prosthesis|stent|valve) ?(?:id|identifier|no|num|number|serial|sn|model)s?",
                "device",
                "pacemaker",
                "implant",
            ),
            0.85,
            least=3,
            check=_numbered,
        ),
        told("device_serial.glued", _DEVICE, ("serial ?(?:no|num|number)s?", "device ?(?:id|serial)"), 0.9, glued=True),
        # GS1 application identifiers: device, then production or expiry date, lot, serial (21 CFR 830).
        Pattern(
            "device_serial.udi",
            r"\(01\)[0-9]{14}(?:\((?:10|11|17|21|240)\)[A-Za-z0-9./-]+)*",
            _DEVICE,
            0.95,
            Beside.NOTHING,
        ),
        Pattern(
            "device_serial.imei",
            r"[0-9]{2}[- ]?[0-9]{6}[- ]?[0-9]{6}[- ]?[0-9]",
            _DEVICE,
            0.3,
            judge=_imei,
            context=frozenset({"imei", "handset", "device", "sim", "mobile equipment"}),
        ),
    ),
    "device identifiers and serial numbers",
)
