"""Webhooks: services that are told of reviews, signed as Standard Webhooks 1.0 has it.

A message says how the review stands now, whole, so that one that is missed is made good by the next. Its `webhook-id`
is the same for the same thing said to the same place: an answer that got lost is repeated with the same id, and who
receives drops what it has already (docs/howto/be-told-by-webhook.md). What is told are names, labels and the
statements' templates; never a value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from interlock.channels.calling import Calling, failed, refused
from interlock.channels.details import Details, Notices, details_of
from interlock.errors import DestinationGone, ServiceAway, UpstreamFailed
from interlock.identity.webhook_signatures import sign
from interlock.model.canonical import JsonValue, encode
from interlock.model.channel_settings import WebhookSettings
from interlock.model.channels import Channel, Copy
from interlock.model.names import ReviewId
from interlock.model.review import ReviewState, Vote
from interlock.model.steady import Steady
from interlock.ports import Clock
from interlock.review.card import timestamp

OPENED: Final = "review.opened"
MOVED: Final = "review.moved"
SETTLED: Final = "review.settled"
REMINDER: Final = "review.reminder"
Votes = Callable[[ReviewId], Awaitable[Sequence[Vote]]]
"""The votes on a review so far, oldest first (`Desk.votes`)."""

_ID_DIGITS: Final = 32  # hex: 128 bits of the digest of what is said


class Webhooks:
    """The courier of `[webhooks]`."""

    def __init__(
        self, webhooks: Mapping[str, WebhookSettings], *, notices: Notices, votes: Votes, calling: Calling, clock: Clock
    ) -> None:
        self._webhooks, self._notices, self._votes = webhooks, notices, votes
        self._calling, self._clock = calling, clock
        self._steady = Steady()
        self._until: dict[str, float] = {}  # by name: when a receiver that asked us to wait may be called again

    @property
    def channel(self) -> Channel:
        """Webhooks."""
        return Channel.WEBHOOK

    def service_of(self, copy: Copy) -> str:
        """Each receiver is one by itself."""
        return copy.destination.address

    def pause(self, copy: Copy) -> float:
        """As long as the receiver asked for; it has no limits of its own that we know."""
        return max(0.0, self._until.get(copy.destination.address, 0.0) - self._moment())

    async def send(self, copy: Copy) -> str:
        """Tells of a review that was opened; or of how it ended, where it is settled by now."""
        return await self._tell(copy, OPENED)

    async def find(self, copy: Copy) -> str | None:
        """None: what was cut off is said again with the same id."""
        return None

    async def update(self, copy: Copy) -> str:
        """Tells how it stands; nothing where just that was told last."""
        return await self._tell(copy, MOVED)

    async def remind(self, copy: Copy) -> None:
        """Tells once more that it waits."""
        await self._tell(copy, REMINDER)

    async def _tell(self, copy: Copy, kind: str) -> str:
        to = self._webhooks.get(copy.destination.address)
        if to is None:
            raise DestinationGone("The settings name no such webhook any more.")
        details = await details_of(self._notices, copy.review)
        if details.notice.state is not ReviewState.PENDING:
            kind = SETTLED
        data = await self._data(details)
        id_ = _message_id(copy, data, copy.reminders if kind == REMINDER else 0)
        if id_ != copy.handle:
            await self._post(to, id_, {"type": kind, "timestamp": timestamp(self._clock.now()), "data": data})
        return id_

    async def _post(self, to: WebhookSettings, id_: str, message: Mapping[str, JsonValue]) -> None:
        now, body = self._clock.now(), encode(message)
        secrets = [to.secret] if to.previous is None else [to.secret, to.previous]
        headers = {"Content-Type": "application/json", **sign(secrets, id_, now, body)}
        service = f"The webhook {to.name}"
        try:
            answer = await self._calling.post(to.url, body, headers=headers)
        except UpstreamFailed as error:
            raise failed(service, error) from None
        if not 200 <= answer.status < 300:
            wrong = refused(service, answer, self._clock.now())
            if isinstance(wrong, ServiceAway) and wrong.seconds is not None:
                self._until[to.name] = self._moment() + wrong.seconds
            raise wrong

    def _moment(self) -> float:
        return self._steady.of(self._clock.now()).timestamp()

    async def _data(self, details: Details) -> dict[str, JsonValue]:
        notice, card = details.notice, details.card
        votes = await self._votes(notice.review)
        data: dict[str, JsonValue] = {
            "review": notice.review,
            "card": notice.card,
            "state": notice.state.value,
            "title": notice.title,
            "asks": notice.asks,
            "votes": [{"person": v.person, "verdict": v.verdict.value, "at": timestamp(v.at)} for v in votes],
            "statements": list(notice.code),
            "expires_at": timestamp(notice.expires_at),
            "url": notice.url,
            "enforced_by": notice.enforced_by,
        }
        if card is not None:
            data["connection"], data["environment"] = card.connection.name, card.connection.environment
            data["actor"] = card.actor.id
            data["verbs"], data["labels"] = list(card.verbs), list(card.labels)
            data["resources"] = [resource.id for resource in card.resources]
        return data


def _message_id(copy: Copy, data: Mapping[str, JsonValue], reminder: int) -> str:
    """Of what is said, where, and which reminder it is (0: none): the time of saying it isn't part of it."""
    parts = (b"interlock/webhook/v1", copy.id.encode(), str(reminder).encode(), encode(data))
    return "msg_" + hashlib.sha256(b"\0".join(parts)).hexdigest()[:_ID_DIGITS]
