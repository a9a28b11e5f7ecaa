"""Hardware addresses of network devices (IEEE 802: EUI-48 and EUI-64)."""

from __future__ import annotations

from interlock.model.label import Label
from interlock.sensitivity.pattern import Candidate, Pattern, Structured, Verdict

_DEVICE = Label("phi.device")
_CONTEXT = frozenset(
    {"mac", "mac address", "hwaddr", "ether", "ethernet", "bluetooth", "wifi", "bssid", "physical address"}
)


def _lettered(candidate: Candidate) -> Verdict | None:
    """Digits alone may be anything; two times over, a list of pairs."""
    if len(set(candidate.matched) - set(":-.")) < 2:
        return Verdict(0.2, "one digit alone")
    return Verdict(0.85 if not candidate.matched.replace("-", "").isdigit() else 0.45, "form")


DETECTOR = Structured(
    "mac_address",
    (
        Pattern(
            "mac_address.pairs",
            "[0-9a-f]{2}(?::[0-9a-f]{2}){5}(?::[0-9a-f]{2}:[0-9a-f]{2})?|[0-9a-f]{2}(?:-[0-9a-f]{2}){5}",
            _DEVICE,
            0.85,
            judge=_lettered,
            context=_CONTEXT,
            ignore_case=True,
        ),
        Pattern(
            "mac_address.fours",
            r"[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}",
            _DEVICE,
            0.55,
            judge=lambda c: Verdict(0.2 if c.matched.replace(".", "").isdigit() else 0.55, "form"),
            context=_CONTEXT,
            ignore_case=True,
        ),
    ),
    "hardware addresses of network devices",
)
