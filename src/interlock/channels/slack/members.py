"""Whose click it is: the account, and whether it is a full member of our own workspace, by `users.info`.

What Slack doesn't plainly say counts against: an answer without the flags is a guest's. When Slack can't be asked,
nobody is let through, and the one who clicked is told.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from interlock.channels.slack.payloads import Payload, Sender, record, text
from interlock.channels.slack.web_api import WebApi
from interlock.errors import DestinationGone, UpstreamFailed
from interlock.model.channels import Account, Channel

_FRESH: Final = 60.0  # seconds for which an answer is good: so long may somebody made a guest still count
_MOST: Final = 1000
_TEAM: Final = re.compile(r"[TE][A-Z0-9]{1,30}", re.ASCII)
_USER: Final = re.compile(r"[UW][A-Z0-9]{1,30}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Member:
    """An account, and how Slack calls it, for its person to recognise."""

    account: Account
    shown: str


@dataclass(slots=True)
class Members:
    """Accounts of the workspace; `clock` gives seconds that only go forward."""

    api: WebApi
    clock: Callable[[], float]
    _known: OrderedDict[str, tuple[float, Member]] = field(default_factory=OrderedDict)

    async def member(self, sender: Sender) -> Member | None:
        """Who that is; None when Slack can't be asked now."""
        if _USER.fullmatch(sender.user) is None:
            return None
        found = await self._member(sender.user)
        if found is None or sender.team in ("", self.api.settings.team):
            return found
        account, team = found.account, sender.team if _TEAM.fullmatch(sender.team) else ""
        return Member(Account(account.channel, team, account.subject, account.guest, foreign=True), found.shown)

    async def _member(self, user: str) -> Member | None:
        now = self.clock()
        known = self._known.get(user)
        if known is not None and now - known[0] < _FRESH:
            return known[1]
        try:
            answer = await self.api.look_up("users.info", user=user)
        except DestinationGone:  # nobody whom this workspace can see
            return Member(Account(Channel.SLACK, "", user, guest=True, foreign=True), "")
        except UpstreamFailed:
            return None
        member = self._read(user, record(answer.get("user")))
        self._known[user] = (now, member)
        self._known.move_to_end(user)
        while len(self._known) > _MOST:
            self._known.popitem(last=False)
        return member

    def _read(self, user: str, found: Payload) -> Member:
        team = text(found, "team_id")
        guest = any(
            found.get(flag) is not False for flag in ("is_restricted", "is_ultra_restricted", "is_bot", "deleted")
        )
        foreign = team != self.api.settings.team or found.get("is_stranger", False) is not False
        named = text(found, "name")
        return Member(Account(Channel.SLACK, team, user, guest or text(found, "id") != user, foreign), f"@{named}")
