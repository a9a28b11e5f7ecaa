"""Biometric identifiers: the numbers of templates and prints."""

from __future__ import annotations

from interlock.model.label import Label
from interlock.sensitivity.pattern import Structured
from interlock.sensitivity.told import told

_WHAT = (
    "(?:voice ?prints?|finger ?prints?|thumb ?prints?|palm ?prints?|hand ?prints?|retina(?:l)?|iris|face|facial"
    "|biometrics?|gait|vein|dna|genetic|ear ?print|signature)"
)
_KIND = (
    "(?:template|scan|hash|id|identifier|profile|pattern|signature|record|recognition|sample|image|print|enrollment"
    "|ref)s?"
)

DETECTOR = Structured(
    "biometric",
    (
        told(
            "biometric.told",
            Label("phi.biometric"),
            (rf"{_WHAT} {_KIND}", f"{_WHAT} {_KIND} {_KIND}"),
            0.9,
            glued=True,
            least=2,
        ),
        told(
            "biometric.print",
            Label("phi.biometric"),
            ("(?:voice|finger|thumb|palm|hand) ?prints?", "biometrics?", "face ?id"),
            0.85,
        ),
    ),
    "biometric templates and prints, told by words",
)
