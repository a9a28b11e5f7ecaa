"""Social networks and maps: Facebook, X (Twitter), Mapbox."""

from __future__ import annotations

from interlock.sensitivity.credentials import token
from interlock.sensitivity.pattern import Beside, Structured

DETECTOR = Structured(
    "secret_social",
    (
        token(
            "facebook.token", r"EAA[A-Za-z0-9]{80,}", "secret.facebook", beside=Beside.WORD, longest=512, random=True
        ),
        token("twitter.bearer", r"A{18,22}[A-Za-z0-9%]{60,}", "secret.twitter", beside=Beside.WORD, random=True),
        token("mapbox.token", r"sk\.eyJ[A-Za-z0-9_-]{40,}\.[A-Za-z0-9_-]{20,}", "secret.mapbox"),
    ),
    "tokens of Facebook, X and Mapbox",
)
