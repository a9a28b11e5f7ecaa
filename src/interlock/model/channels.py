"""Channels: where cards go, and what is out there of each review."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from interlock.model.names import Digest, ReviewId

PEOPLE: Final = "people"
"""The address that stands for each person who may sign: told to themselves, by their linked account or address."""

_CARD = re.compile(r"([0-9a-f-]{36})\.([0-9a-f]{32})", re.ASCII)
_PREFIX: Final = 32  # hex digits of the card's digest in its id: 128 bits


class Channel(StrEnum):
    """The ways in which people and services are told. `slack` and `teams` are classes of votes as well."""

    SLACK = "slack"
    TEAMS = "teams"
    EMAIL = "email"
    WEBHOOK = "webhook"
    PAGERDUTY = "pagerduty"
    OPSGENIE = "opsgenie"


@dataclass(frozen=True, slots=True, order=True)
class Destination:
    """One place that a copy goes to.

    `address` is a channel's id at Slack or Teams, the NAME of `[webhooks.NAME]`, "alert" or "note" at a pager, or
    `person/NAME` for one person: whose account or mail address that is, is looked up when it is sent.
    """

    channel: Channel
    address: str


@dataclass(frozen=True, slots=True)
class Copy:
    """One message about one review at one destination, as far as we know it.

    `id` is the same for ever for this review and destination: services that take a key against repeats get it.
    `handle` is the service's own name for the message ("" while there is none), opaque to everybody but its courier.
    `reminders` counts those sent so far.
    """

    id: str
    review: ReviewId
    destination: Destination
    handle: str = ""
    reminders: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody on the other side, as the service's signed request names them: `tenant` is the workspace or directory,
    `subject` their id in it. `guest`: not a full member; `foreign`: of another workspace (a shared channel)."""

    channel: Channel
    tenant: str
    subject: str
    guest: bool = False
    foreign: bool = False

    @property
    def linked_as(self) -> str:
        """The subject of its link (`registry.people`); the provider is the channel's name."""
        return f"{self.tenant}/{self.subject}"

    @property
    def name(self) -> str:
        """As entries name it: `slack/T01/U02`."""
        return f"{self.channel}/{self.tenant}/{self.subject}"


def card_id(review: ReviewId, card: Digest) -> str:
    """What a button carries: which card of which review was shown, and nothing else."""
    return f"{review}.{card[:_PREFIX]}"


def read_card_id(text: str) -> tuple[ReviewId, str] | None:
    """The review and the beginning of the card's digest; None for anything else."""
    found = _CARD.fullmatch(text)
    return (ReviewId(found[1]), found[2]) if found else None


def is_card(shown: str, card: Digest) -> bool:
    """Whether a card id's second part names this card."""
    return hmac.compare_digest(shown, card[:_PREFIX])
