"""GitLab: personal, deploy, runner, trigger, feed and other tokens."""

from __future__ import annotations

from interlock.sensitivity.credentials import token
from interlock.sensitivity.pattern import Structured

DETECTOR = Structured(
    "secret_gitlab",
    (
        token(
            "gitlab.token",
            r"gl(pat|ptt|dt|rt|cbt|ft|soat|agent|oas|imt|ffct)-[A-Za-z0-9_=-]{20,}(\.[0-9a-z]{2}\.[0-9a-z]{7,})?",
            "secret.gitlab",
        ),
        token("gitlab.runner", r"GR1348941[A-Za-z0-9_-]{20,}", "secret.gitlab"),
    ),
    "GitLab tokens",
)
