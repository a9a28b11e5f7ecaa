"""`/interlock`: what waits for you, and linking your account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from interlock.channels.answering import Answered, Counter
from interlock.channels.slack.blocks import Json
from interlock.channels.slack.clicks import NOT_SURE
from interlock.channels.slack.members import Member, Members
from interlock.channels.slack.payloads import Command
from interlock.channels.slack.views import HELP, lines, told_blocks

_LISTED: Final = 10


@dataclass(slots=True)
class Commands:
    """What is said back, for nobody else to see."""

    counter: Counter
    members: Members

    async def answer(self, command: Command) -> list[Json]:
        """The blocks to answer with."""
        word, _, rest = command.text.partition(" ")
        word = word.lower()
        if word not in ("", "list", "link"):
            return told_blocks(Answered(HELP, False))
        member = await self.members.member(command.sender)
        if member is None:
            return told_blocks(NOT_SURE)
        if word == "link":
            return told_blocks(await self._link(member, rest.strip()))
        return lines(await self.counter.inbox(member.account, _LISTED + 1), _LISTED)

    async def _link(self, member: Member, code: str) -> Answered:
        if not code:
            return Answered(HELP, False)
        return await self.counter.claim(member.account, code, member.shown)
