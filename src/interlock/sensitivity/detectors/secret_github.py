"""GitHub: personal, OAuth, user, server and refresh tokens, and fine-grained ones."""

from __future__ import annotations

from interlock.sensitivity.credentials import token
from interlock.sensitivity.pattern import Structured

DETECTOR = Structured(
    "secret_github",
    (
        token("github.token", r"gh[pousr]_[A-Za-z0-9]{36,}", "secret.github"),
        token("github.fine_grained", r"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59,}", "secret.github"),
    ),
    "GitHub tokens",
)
