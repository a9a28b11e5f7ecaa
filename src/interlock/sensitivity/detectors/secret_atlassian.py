"""Atlassian: API tokens of the cloud, and app passwords of Bitbucket."""

from __future__ import annotations

from interlock.sensitivity.credentials import token
from interlock.sensitivity.pattern import Structured

DETECTOR = Structured(
    "secret_atlassian",
    (
        token("atlassian.token", r"AT[AC]TT3[A-Za-z0-9_=-]{50,}", "secret.atlassian", longest=512),
        token("bitbucket.app_password", r"ATBB[A-Za-z0-9]{28,}", "secret.atlassian"),
    ),
    "Atlassian and Bitbucket tokens",
)
