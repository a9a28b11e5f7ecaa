"""What is done about a click: the modal is opened first, since Slack lets us only for three seconds; then it is looked
at who it was. Everybody gets an answer: in the modal, else as a message that only they see."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Final

import structlog

from interlock.channels.answering import Answered, Counter, Refuse
from interlock.channels.slack.blocks import Json
from interlock.channels.slack.members import Member, Members
from interlock.channels.slack.payloads import Click, Sender, Submission, record, text
from interlock.channels.slack.tasks import Tasks
from interlock.channels.slack.views import (
    MAX_REASON,
    VERDICTS,
    card_view,
    reason_view,
    told_blocks,
    told_view,
    waiting_view,
)
from interlock.channels.slack.web_api import WebApi
from interlock.errors import InterlockError, UpstreamFailed
from interlock.model.channels import Channel
from interlock.model.review import Verdict

log = structlog.get_logger("interlock.slack")

_MOST_SUBMISSIONS: Final = 1000
NOT_SURE: Final = Answered(
    "Slack couldn't tell us who you are at this moment, so nothing was counted. Try again, or use the console.", False
)
WENT_WRONG: Final = Answered("Something went wrong on our side. Look in the console whether it was counted.", False)
TOO_LATE: Final = Answered("That took too long for Slack. Press it again, or use the console.", False)
ODD: Final = Answered("This isn't something that can be answered here. Nothing was counted.", False)


@dataclass(slots=True)
class Clicks:
    """Buttons and modals."""

    api: WebApi
    counter: Counter
    members: Members
    refuse: Refuse
    tasks: Tasks
    _sent: OrderedDict[tuple[str, str], asyncio.Task[Answered]] = field(default_factory=OrderedDict)

    async def pressed(self, click: Click, verdict: Verdict) -> None:
        """Approve or Deny: asks for the reason. Who may not vote at all is told so in its place."""
        method = "views.push" if click.view == "modal" else "views.open"
        view_id = await self._opened(method, click, reason_view(verdict, click.card))
        member = await self.members.member(click.sender)
        if member is None:
            await self._unsure(click.sender)
            await self._answer(click, view_id, NOT_SURE)
        elif self.counter.person(member.account) is None:
            # Nobody's account: the counter says why, and records it.
            await self._answer(click, view_id, await self._counted(member, click.card, verdict, ""))
        elif view_id is None:
            await self.tell(click.sender, click.channel, told_blocks(TOO_LATE))

    async def looked(self, click: Click) -> None:
        """Look, from the home tab: the whole card in a modal."""
        view_id = await self._opened("views.open", click, waiting_view())
        member = await self.members.member(click.sender)
        if member is None:
            await self._answer(click, view_id, NOT_SURE)
            return
        found = await self.counter.look(member.account, click.card)
        if isinstance(found, Answered):
            await self._answer(click, view_id, found)
        elif view_id is None:
            await self.tell(click.sender, click.channel, told_blocks(TOO_LATE))
        else:
            await self._update(view_id, card_view(found, await self.counter.why_no_button(found)))

    async def submitted(self, sent: Submission) -> Answered:
        """The modal with the reason: this is the vote. The same modal sent twice is answered twice, counted once."""
        key = (sent.sender.user, sent.view_id)
        task = self._sent.get(key)
        if task is None:
            task = self.tasks.start(self._voted(sent))
            self._sent[key] = task
            while len(self._sent) > _MOST_SUBMISSIONS:
                self._sent.popitem(last=False)
        return await asyncio.shield(task)

    async def answered_late(self, sent: Submission, answer: Answered) -> None:
        """The answer that couldn't be given at once: in the modal if it is still there, else as a message."""
        if not await self._update(sent.view_id, told_view(answer)):
            await self.tell(sent.sender, "", told_blocks(answer))

    async def tell(self, who: Sender, channel: str, blocks: list[Json]) -> None:
        """Tells them alone: in the channel where only they see it, else in their own conversation with us."""
        if channel:
            try:
                await self.api.call("chat.postEphemeral", channel=channel, user=who.user, text=_TOLD, blocks=blocks)
                return
            except UpstreamFailed:
                pass
        try:
            opened = await self.api.call("conversations.open", users=who.user)
            conversation = text(record(opened.get("channel")), "id")
            await self.api.call("chat.postMessage", channel=conversation, text=_TOLD, blocks=blocks)
        except UpstreamFailed as error:
            log.warning("slack.not_answered", because=error.code)

    async def _voted(self, sent: Submission) -> Answered:
        verdict = VERDICTS.get(sent.callback)
        if verdict is None or len(sent.reason) > MAX_REASON:
            return ODD
        member = await self.members.member(sent.sender)
        if member is None:
            self._sent.pop((sent.sender.user, sent.view_id), None)  # it may be sent again
            await self._unsure(sent.sender)
            return NOT_SURE
        return await self._counted(member, sent.card, verdict, sent.reason)

    async def _counted(self, member: Member, card: str, verdict: Verdict, reason: str) -> Answered:
        try:
            return await self.counter.vote(member.account, card, verdict, reason)
        except InterlockError as error:
            log.warning("slack.vote_failed", code=error.code)
            return WENT_WRONG

    async def _unsure(self, sender: Sender) -> None:
        await self.refuse(Channel.SLACK, "a click by somebody whom Slack couldn't tell us about")

    async def _opened(self, method: str, click: Click, view: Json) -> str | None:
        try:
            answer = await self.api.call(method, trigger_id=click.trigger, view=view)
        except UpstreamFailed as error:
            log.warning("slack.no_modal", code=error.code)
            return None
        return text(record(answer.get("view")), "id") or None

    async def _answer(self, click: Click, view_id: str | None, answer: Answered) -> None:
        if view_id is None or not await self._update(view_id, told_view(answer)):
            await self.tell(click.sender, click.channel, told_blocks(answer))

    async def _update(self, view_id: str, view: Json) -> bool:
        try:
            await self.api.call("views.update", view_id=view_id, view=view)
        except UpstreamFailed:
            return False
        return True


_TOLD: Final = "An answer from Interlock, for you alone."
