"""JSON web tokens (RFC 7519), encrypted ones too (RFC 7516)."""

from __future__ import annotations

from interlock.model.label import Label
from interlock.sensitivity.pattern import Beside, Pattern, Structured

DETECTOR = Structured(
    "secret_jwt",
    (
        Pattern(
            "jwt.signed",
            # Two JSON objects (`{"` is eyJ) and a seal, perhaps an empty one.
            r"eyJ[A-Za-z0-9_-]{5,}\.eyJ[A-Za-z0-9_-]{4,}(\.[A-Za-z0-9_-]{0,})?",
            Label("secret.jwt"),
            0.95,
            Beside.NOTHING,
            longest=4096,
        ),
        Pattern(
            "jwt.encrypted",
            r"eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{0,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}",
            Label("secret.jwt"),
            0.95,
            Beside.NOTHING,
            longest=4096,
        ),
    ),
    "JSON web tokens",
)
