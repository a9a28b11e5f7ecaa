"""One-time codes and PINs where words tell: `Your verification code is 493021`, `PIN: 4821`."""

from __future__ import annotations

import re

from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Candidate, Pattern, Structured, Verdict


def _code(candidate: Candidate) -> Verdict | None:
    length = len(candidate.matched) - len(candidate.matched.rstrip("0123456789"))
    year = length == 4 and candidate.matched[-4:-2] in ("19", "20") and "pin" not in candidate.matched.lower()
    return None if year else Verdict(0.8, "behind words of codes", len(candidate.matched) - length)


_SAID = re.compile(r"is |was |[:=#*]")


def _door(candidate: Candidate) -> Verdict | None:
    text = candidate.matched
    first = next(at for at, sign in enumerate(text) if sign.isdigit())
    told = text[max(0, first - 4) : first]
    if (
        text[first:].isdigit()
        and text[first:][:2] in ("19", "20")
        and len(text) - first == 4
        and not _SAID.search(told)
    ):
        return None  # the building code of 2021
    while text[first - 1] in "#*":
        first -= 1
    return Verdict(0.8, "behind words of doors", first)


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
        Pattern(
            # What opens doors: `gate code #7732`, `the lockbox code is 4410`.
            "one_time_code.door",
            r"(gate|door|garage|alarm|lock ?box|key ?box|key ?safe|keypad|entry|entrance|access|buzzer|building"
            r"|lobby|safe|vault"
            r"|cabinet|locker|pyxis|omnicell|house|apartment|front door|back door|burglar alarm|elevator"
            r"|parking|intercom)"
            r" (pass)?(code|pin)( is| was|:| =)?[ :]{0,2}[#*]{0,2}[0-9]{3,8}[#*]?"
            r"|(code|pin) (at|for|to|of|on) (the|our|my|her|his|their|your) (front |back |side |main )?"
            r"(gate|door|garage|alarm|lock ?box|key ?box|key ?safe|keypad|entrance|lobby|building|house"
            r"|elevator|intercom)"
            r"( is| was|:)?[ :]{1,2}[#*]{0,2}[0-9]{3,8}[A-Za-z#*]?",
            Label("secret.code"),
            0.8,
            Beside.WORD,
            _door,
            ignore_case=True,
        ),
    ),
    "one-time codes and PINs behind words",
)
