"""The courier that takes copies of cards to Teams."""

from __future__ import annotations

from typing import Final

from interlock.channels.notice import Notice
from interlock.channels.teams.card import reminder_of
from interlock.channels.teams.chats import Chats
from interlock.channels.teams.connector import Connector, is_id, root_of, thread_of
from interlock.channels.teams.limits import Limits
from interlock.channels.teams.views import Notices, Roll, Views
from interlock.errors import DeliveryUnsure, DestinationGone, NotFound
from interlock.model.channels import Channel, Copy
from interlock.model.names import PersonId

_PERSON: Final = "person/"


class TeamsCourier:
    """Fills `ports.Courier`. A handle is a conversation's id and a message's, a blank between them."""

    def __init__(
        self, connector: Connector, limits: Limits, chats: Chats, notices: Notices, views: Views, roll: Roll
    ) -> None:
        self._connector, self._limits, self._chats = connector, limits, chats
        self._notices, self._views, self._roll = notices, views, roll

    @property
    def channel(self) -> Channel:
        """Teams."""
        return Channel.TEAMS

    def pause(self, copy: Copy) -> float:
        """Until Teams' limits allow a call for this copy."""
        user = self._user(copy)
        known = _read_handle(copy.handle)[0] if copy.handle else self._chats.known(user) if user else ""
        return self._limits.pause(root_of(known or copy.destination.address))

    async def send(self, copy: Copy) -> str:
        """Posts the card."""
        user, conversation = await self._place(copy)
        card = await self._views.in_place(await self._notice(copy), conversation, user)
        try:
            return f"{conversation} {await self._connector.post(conversation, card)}"
        except DestinationGone:
            self._chats.forget(user)
            raise

    async def find(self, copy: Copy) -> str | None:
        """The Connector can't be asked for messages: raises `DeliveryUnsure`."""
        raise DeliveryUnsure("Teams can't be asked whether a message arrived.")

    async def update(self, copy: Copy) -> str:
        """Changes the card where it stands."""
        conversation, message = _read_handle(copy.handle)
        notice = await self._notice(copy)
        card = await self._views.in_place(notice, conversation, self._user(copy) or "")
        await self._connector.put(conversation, message, card)
        return copy.handle

    async def remind(self, copy: Copy) -> None:
        """Says it in the card's thread, or in the chat."""
        conversation, message = _read_handle(copy.handle)
        notice = await self._notice(copy)
        await self._connector.post(thread_of(conversation, message), reminder_of(notice))

    async def _notice(self, copy: Copy) -> Notice:
        try:
            return await self._notices.of(copy.review)
        except NotFound:
            raise DestinationGone("there is no such review to tell of", code="nothing_to_tell") from None

    async def _place(self, copy: Copy) -> tuple[str, str]:
        """(the user whose chat it is, "" for others; the conversation). Raises `DestinationGone`, `ServiceAway`."""
        user = self._user(copy)
        if user is None:
            raise DestinationGone("nobody's account at Teams is linked to this person", code="not_linked")
        if user:
            return user, await self._chats.with_user(user)
        if not is_id(copy.destination.address):
            raise DestinationGone("this isn't an id of a conversation at Teams", code="not_an_id")
        return "", copy.destination.address

    def _user(self, copy: Copy) -> str | None:
        """Whose chat it goes to; "" for a conversation, None for somebody without a linked account."""
        address = copy.destination.address
        if not address.startswith(_PERSON):
            return ""
        return self._roll.account_of(PersonId(address.removeprefix(_PERSON)))


def _read_handle(handle: str) -> tuple[str, str]:
    conversation, _, message = handle.partition(" ")
    if not is_id(conversation) or not is_id(message):
        raise DestinationGone("this copy has no message at Teams", code="no_message")
    return conversation, message
