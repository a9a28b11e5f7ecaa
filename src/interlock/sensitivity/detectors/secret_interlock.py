"""Interlock's own keys (`identity/keys.py`): `ilk_<id>_<secret>`."""

from __future__ import annotations

from interlock.sensitivity.credentials import token
from interlock.sensitivity.pattern import Structured

DETECTOR = Structured(
    "secret_interlock",
    (token("interlock.key", r"ilk_[0-9a-f]{16}_[A-Za-z0-9_-]{43}", "secret.interlock"),),
    "Interlock's own keys",
)
