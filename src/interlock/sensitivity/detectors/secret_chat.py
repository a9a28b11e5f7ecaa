"""Chat services: Slack, Discord, Telegram, Teams. Whoever holds a webhook may post as it."""

from __future__ import annotations

from interlock.sensitivity.credentials import token
from interlock.sensitivity.pattern import Beside, Structured

DETECTOR = Structured(
    "secret_chat",
    (
        token("slack.token", r"xox[abeoprs](\.xox[bp])?-[A-Za-z0-9-]{10,}", "secret.slack", random=True),
        token("slack.app", r"xapp-[0-9]-[A-Za-z0-9]{8,}-[0-9]{8,}-[A-Za-z0-9]{32,}", "secret.slack"),
        token(
            "slack.webhook",
            r"https://hooks\.slack\.com/(services|workflows|triggers)/[A-Za-z0-9/_-]{20,}",
            "secret.slack",
        ),
        token(
            "discord.bot",
            r"[MNO][A-Za-z0-9_-]{22,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}",
            "secret.discord",
            beside=Beside.WORD,
            random=True,
        ),
        token(
            "discord.webhook",
            r"https://([a-z]{3,8}\.)?discord(app)?\.com/api/(v[0-9]{1,2}/)?webhooks/[0-9]{15,}/[A-Za-z0-9_-]{40,}",
            "secret.discord",
        ),
        token("telegram.bot", r"[0-9]{8,10}:AA[A-Za-z0-9_-]{33}", "secret.telegram", beside=Beside.DIGIT),
        token(
            "teams.webhook",
            r"https://[a-z0-9-]{1,}\.webhook\.office\.com/webhookb2/[A-Za-z0-9@/_-]{40,}",
            "secret.teams",
        ),
    ),
    "bot tokens and webhooks of Slack, Discord, Telegram and Teams",
)
