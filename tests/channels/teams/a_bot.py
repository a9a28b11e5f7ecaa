"""The bot in an office: real desk, registry and counter, real sockets to Teams and back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from testkit.http_service import HttpService, Reply, Request
from testkit.teams import Conversation, Teams, User
from tests.channels.a_chat import EVERYWHERE, Chat, chat

from interlock.channels.notice import Fact, Notice
from interlock.channels.notice_of import Notices
from interlock.channels.readers import DeskReaders
from interlock.channels.teams.building import Teams as OurTeams
from interlock.channels.teams.building import build_teams, outgoing_of
from interlock.channels.teams.roll import LinkedRoll
from interlock.model.channel_settings import TeamsSettings
from interlock.model.channels import Account, Channel, Copy, Destination, card_id
from interlock.model.names import Digest, ReviewId
from interlock.model.review import Review, ReviewState
from interlock.model.secret import Secret
from interlock.upstreams.outgoing import Allowed, Outgoing
from interlock.workers.copies import copy_id

REVIEW = ReviewId("0192f0c1-2345-7abc-8def-0123456789ab")


class Endpoint(HttpService):
    """What Teams calls: `/channels/teams` of a gateway, as `web/api/channels.py` hands it on."""

    def __init__(self) -> None:
        super().__init__()
        self.inbound: Any = None

    async def answer(self, request: Request) -> Reply:
        """Hands the raw request on."""
        status, headers, body = await self.inbound(request.headers, request.body)
        return Reply(status, body, headers)


@dataclass
class Ticks:
    """Seconds that pass when they are told to."""

    at: float = 1000.0

    def __call__(self) -> float:
        """Now."""
        return self.at


@dataclass(frozen=True)
class Bot:
    """Everything, running."""

    chat: Chat
    teams: Teams
    ours: OurTeams
    ticks: Ticks

    async def linked(self, name: str, user: User | None = None) -> User:
        """A user of the tenant whose account is linked to that person."""
        user = user or self.teams.user(name)
        await self.chat.link(name, Account(Channel.TEAMS, self.teams.tenant, user.object))
        return user

    def copy(self, review: Review, address: str, handle: str = "") -> Copy:
        """A copy of a review's card."""
        destination = Destination(Channel.TEAMS, address)
        return Copy(copy_id(review.id, destination), review.id, destination, handle)

    async def posted(self, review: Review, place: Conversation) -> Copy:
        """The card, sent there."""
        return self.copy(review, place.id, await self.ours.courier.send(self.copy(review, place.id)))

    async def own_card(self, user: User, place: Conversation) -> dict[str, Any]:
        """The card that a signer sees in a place where many see one."""
        answer = (await self.teams.refresh(user, place, place.cards[-1])).json()
        assert answer["type"] == "application/vnd.microsoft.card.adaptive", answer
        card: dict[str, Any] = answer["value"]
        return card


def settings_of(teams: Teams) -> TeamsSettings:
    """`[teams]` for this service."""
    return TeamsSettings(
        teams.app_id, teams.tenant, Secret(teams.secret), teams.service_url, f"{teams.url}login/", teams.metadata
    )


@asynccontextmanager
async def bot(
    path: Path, annotations: str = EVERYWHERE, teams: Teams | None = None, *, seconds: float = 5.0
) -> AsyncIterator[Bot]:
    """A gateway's part of it; with the `teams` of before it is the same gateway, started again."""
    here = teams or Teams()
    await here.start()
    endpoint, ticks = Endpoint(), Ticks()
    try:
        async with chat(path, annotations) as office, endpoint.running():
            here.endpoint, here.now = f"{endpoint.url}channels/teams", office.office.clock.now
            settings = settings_of(here)
            outgoing = Outgoing([Allowed(place) for place in outgoing_of(settings)])
            ours = build_teams(
                settings,
                outgoing,
                Notices(office.office.desk, "https://console.test"),
                office.answering,
                LinkedRoll(office.people, office.office.desk, settings.tenant),
                DeskReaders(office.office.desk),
                office.refused,
                office.office.desk.refuse_vote,
                office.office.clock,
                now=ticks,
                seconds=seconds,
            )
            endpoint.inbound = ours.inbound
            try:
                yield Bot(office, here, ours, ticks)
            finally:
                await ours.close()
                await outgoing.close()
    finally:
        await here.stop()


def notice(**changed: Any) -> Notice:
    """A pending review of everything that a notice can have."""
    usual: dict[str, Any] = {
        "review": REVIEW,
        "card": card_id(REVIEW, Digest("c" * 64)),
        "url": f"https://interlock.example/reviews/{REVIEW}",
        "state": ReviewState.PENDING,
        "title": "agent claims-bot asks to export clinic/public.patients",
        "state_line": "Waiting for sign-off",
        "facts": (
            Fact("Who", "agent claims-bot, answered for by olivia"),
            Fact("Where", "clinic (production, hipaa)"),
            Fact("Touches", "clinic/public.patients (relation) [phi.mrn] [phi.name.family]"),
            Fact("Comes back", "3 columns, 2 of them masked"),
            Fact("Enforced by", "gateway"),
            Fact("On yes", "Exactly this may run once within 10 minutes."),
        ),
        "code": (
            "COPY (\n  SELECT mrn, family_name, city\n  FROM patients\n  WHERE mrn = ‹phi.mrn mrn#1›\n) TO STDOUT",
        ),
        "because": ("PHI would leave the database (phi-export-needs-privacy-officer)",),
        "said": "Monthly extract for the claims team, as agreed.",
        "ticket": "CLM-2041",
        "asks": "2 of officers, then 1 of owners",
        "answers": ("remy approved by teams",),
        "enforced_by": "gateway",
        "channels": frozenset({"teams", "slack"}),
        "expires_at": datetime(2026, 11, 22, 14, 30, tzinfo=UTC),
        "whole": True,
    }
    return Notice(**{**usual, **changed})


def body_of(request: Request) -> Mapping[str, Any]:
    """A request's JSON."""
    found: Mapping[str, Any] = json.loads(request.body)
    return found
