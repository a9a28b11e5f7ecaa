"""One-time codes and PINs where words tell: `Your verification code is 493021`, `PIN: 4821`."""

from __future__ import annotations

from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict


def _code(candidate: Candidate) -> Verdict | None:
    length = len(candidate.matched) - len(candidate.matched.rstrip("0123456789"))
    year = length == 4 and candidate.matched[-4:-2] in ("19", "20") and "pin" not in candidate.matched.lower()
    return None if year else Verdict(0.8, "behind words of codes", len(candidate.matched) - length)


DETECTOR = Structured(
    "secret_one_time_code",
    (
        Pattern(
            "one_time_code.told",
            r"(otp|one[ -]time (code|password|passcode|pin)|(verification|2fa|mfa|login|sms|sign-in) (code|pin)|totp|"
            r"passcode|pin|pin code|pincode|pin number|access pin)( code)?[\"']?( is|:| =|=| was)"
            r"[ :#\"']{0,4}[0-9]{4,8}",
            Label("secret.code"),
            0.8,
            Beside.WORD,
            _code,
            ignore_case=True,
        ),
    ),
    "one-time codes and PINs behind words",
)
