"""Google: API keys, OAuth secrets, access and refresh tokens. A service account is known by its private key."""

from __future__ import annotations

from interlock.sensitivity.credentials import token
from interlock.sensitivity.pattern import Beside, Structured

DETECTOR = Structured(
    "secret_google",
    (
        token("google.api_key", r"AIza[A-Za-z0-9_-]{35}", "secret.gcp"),
        token("google.oauth_secret", r"GOCSPX-[A-Za-z0-9_-]{24,}", "secret.gcp"),
        token("google.access_token", r"ya29\.[A-Za-z0-9_-]{20,}", "secret.gcp", longest=2048),
        token("google.refresh_token", r"1//0[A-Za-z0-9_-]{30,}", "secret.gcp", longest=512),
        token("google.cloud_messaging", r"AAAA[A-Za-z0-9_-]{7}:[A-Za-z0-9_-]{100,}", "secret.gcp", beside=Beside.WORD),
    ),
    "Google API keys, OAuth secrets and tokens",
)
