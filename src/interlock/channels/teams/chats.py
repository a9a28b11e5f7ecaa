"""The bot's own chats with people: where each one is, asked once and remembered while the gateway runs.

Nothing is stored: Teams gives the same conversation again when it is asked for by the same user.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from interlock.channels.teams.connector import Connector, is_id

MAX_CHATS: Final = 5_000


class Chats:
    """Object ids of users, and the conversations with them."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector
        self._known: OrderedDict[str, str] = OrderedDict()

    def known(self, user: str) -> str:
        """The conversation if we know it, "" otherwise."""
        return self._known.get(user, "")

    async def with_user(self, user: str) -> str:
        """The conversation; raises `ServiceAway`, and `DestinationGone` where the bot isn't installed for them."""
        known = self.known(user)
        if not known:
            known = await self._connector.open_chat(user)
            self.remember(user, known)
        return known

    def remember(self, user: str, conversation: str) -> None:
        """They spoke to us there."""
        if not is_id(conversation):
            return
        self._known[user] = conversation
        self._known.move_to_end(user)
        while len(self._known) > MAX_CHATS:
            self._known.popitem(last=False)

    def forget(self, user: str) -> None:
        """It is no more."""
        self._known.pop(user, None)
