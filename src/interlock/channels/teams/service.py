"""The courier that takes copies of cards to Teams."""

from __future__ import annotations

import contextlib

from interlock.channels.notice import Notice
from interlock.channels.readers import NOT_YOURS, Readers, not_theirs, person_in
from interlock.channels.teams.card import reminder_of, said
from interlock.channels.teams.chats import Chats
from interlock.channels.teams.connector import Connector, is_id, root_of, thread_of
from interlock.channels.teams.limits import Limits
from interlock.channels.teams.members import is_object_id
from interlock.channels.teams.views import Notices, Roll, Views
from interlock.errors import DeliveryUnsure, DestinationGone, MessageGone, NotFound
from interlock.model.channels import Channel, Copy


class TeamsCourier:
    """Fills `ports.Courier`. A handle is a conversation's id and a message's, and for one person the user's whose chat
    it is, with blanks between them. Before a person's message is sent, changed or repeated, it is asked whether it is
    still theirs to see, and the account still theirs."""

    def __init__(
        self,
        connector: Connector,
        limits: Limits,
        chats: Chats,
        notices: Notices,
        views: Views,
        roll: Roll,
        readers: Readers,
    ) -> None:
        self._connector, self._limits, self._chats = connector, limits, chats
        self._notices, self._views, self._roll, self._readers = notices, views, roll, readers

    @property
    def channel(self) -> Channel:
        """Teams."""
        return Channel.TEAMS

    def service_of(self, copy: Copy) -> str:
        """One service."""
        return ""

    def pause(self, copy: Copy) -> float:
        """Until Teams' limits allow a call for this copy."""
        user = self._user(copy)
        known = _read_handle(copy.handle)[0] if copy.handle else self._chats.known(user) if user else ""
        return self._limits.pause(root_of(known or copy.destination.address))

    async def send(self, copy: Copy) -> str:
        """Posts the card."""
        notice = await self._notice(copy)
        if not await self._may_see(copy):
            raise not_theirs()
        user, conversation = await self._place(copy)
        card = await self._views.in_place(notice, conversation, user)
        try:
            return f"{conversation} {await self._connector.post(conversation, card)} {user}".rstrip()
        except DestinationGone:
            self._chats.forget(user)
            raise

    async def find(self, copy: Copy) -> str | None:
        """The Connector can't be asked for messages: raises `DeliveryUnsure`."""
        raise DeliveryUnsure("Teams can't be asked whether a message arrived.")

    async def update(self, copy: Copy) -> str:
        """Changes the card where it stands."""
        if not copy.handle:
            return ""  # nobody knows whether there is one: a click on it is answered by how the review is then
        conversation, message, user = _read_handle(copy.handle)
        notice = await self._notice(copy)
        await self._check_theirs(copy)
        card = await self._views.in_place(notice, conversation, user)
        await self._connector.put(conversation, message, card)
        return copy.handle

    async def remind(self, copy: Copy) -> None:
        """Says it in the card's thread, or in the chat; where nobody knows the card, in the conversation itself."""
        if not copy.handle:
            if not await self._may_see(copy):
                raise not_theirs()
            _, place = await self._place(copy)
            await self._connector.post(place, reminder_of(await self._notice(copy)))
            return
        conversation, message, _ = _read_handle(copy.handle)
        notice = await self._notice(copy)
        await self._check_theirs(copy)
        await self._connector.post(thread_of(conversation, message), reminder_of(notice))

    async def _notice(self, copy: Copy) -> Notice:
        try:
            return await self._notices.of(copy.review)
        except NotFound:
            raise DestinationGone("there is no such review to tell of", code="nothing_to_tell") from None

    async def _check_theirs(self, copy: Copy) -> None:
        """Raises `DestinationGone` when a person's message isn't theirs any more; nothing of the review stays there."""
        person = person_in(copy.destination)
        conversation, message, user = _read_handle(copy.handle)
        if person is None:
            return
        linked, sees = user in self._roll.accounts_of(person), await self._may_see(copy)
        if linked and sees:
            return
        with contextlib.suppress(MessageGone):
            await self._connector.put(conversation, message, said(NOT_YOURS))
        raise _not_linked() if sees else not_theirs()

    async def _may_see(self, copy: Copy) -> bool:
        person = person_in(copy.destination)
        return person is None or await self._readers.may_see(copy.review, person)

    async def _place(self, copy: Copy) -> tuple[str, str]:
        """(the user whose chat it is, "" for others; the conversation). Raises `DestinationGone`, `ServiceAway`."""
        user = self._user(copy)
        if user is None:
            raise _not_linked()
        if user:
            return user, await self._chats.with_user(user)
        if not is_id(copy.destination.address):
            raise DestinationGone("this isn't an id of a conversation at Teams", code="not_an_id")
        return "", copy.destination.address

    def _user(self, copy: Copy) -> str | None:
        """Whose chat it goes to; "" for a conversation, None for somebody without a linked account."""
        person = person_in(copy.destination)
        return "" if person is None else self._roll.account_of(person)


def _not_linked() -> DestinationGone:
    return DestinationGone("nobody's account at Teams is linked to this person", code="not_linked")


def _read_handle(handle: str) -> tuple[str, str, str]:
    """The conversation, the message in it, and the user whose chat it is: "" for a conversation of many."""
    conversation, message, user, *more = [*handle.split(" "), "", ""]
    if not is_id(conversation) or not is_id(message) or any(more) or not (user == "" or is_object_id(user)):
        raise DestinationGone("this copy has no message at Teams", code="no_message")
    return conversation, message, user
