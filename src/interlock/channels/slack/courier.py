"""Takes copies of cards to Slack: `chat.postMessage` and `chat.update`, to a channel or one person.

A handle is `CHANNEL:TS`, for one person `CHANNEL:TS:USER`. Each message carries the copy's id as metadata, by which one
whose answer got lost is found again: nothing is posted twice. Before a person's message is sent,
changed or repeated, it is asked whether it is still
theirs to see, and the account still theirs.
"""

from __future__ import annotations

import contextlib
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from interlock.channels.notice import Notice
from interlock.channels.readers import NOT_YOURS, Readers, not_theirs, person_in
from interlock.channels.slack.blocks import Message, message, section, short_message, waits
from interlock.channels.slack.pacing import Pacing
from interlock.channels.slack.payloads import dicts, record, text
from interlock.channels.slack.web_api import AnswerLost, TooMuch, WebApi
from interlock.errors import DeliveryUnsure, DestinationGone, MessageGone, ServiceAway
from interlock.model.channels import Channel, Copy
from interlock.model.names import PersonId, ReviewId

EVENT: Final = "interlock_review"
_CHANNEL: Final = re.compile(r"[CGD][A-Z0-9]{1,30}", re.ASCII)
_HANDLE: Final = re.compile(r"([CGD][A-Z0-9]{1,30}):([0-9]{1,20}\.[0-9]{1,10})(?::([UW][A-Z0-9]{1,30}))?", re.ASCII)
_PAGES, _PAGE = 5, 100  # how far back a lost message is looked for
_MOST: Final = 5000  # conversations remembered


class Notices(Protocol):
    """What a review shows now (`channels.notice_of.Notices`)."""

    async def of(self, review: ReviewId, /) -> Notice:
        """The notice; raises `NotFound`."""


class Buttons(Protocol):
    """Whether a message may have buttons (`answering.Counter`)."""

    async def why_no_button(self, notice: Notice) -> str | None:
        """None when it may; else why not."""


class Linked(Protocol):
    """An account of a person."""

    @property
    def provider(self) -> str:
        """Whose account it is: "slack" for ours."""

    @property
    def subject(self) -> str:
        """`TEAM/USER`."""


class Accounts(Protocol):
    """The accounts that are linked to people (`registry.people.People`)."""

    def linked_accounts(self, person: PersonId, /) -> Sequence[Linked]:
        """A person's."""


@dataclass(slots=True)
class SlackCourier:
    """`ports.Courier` for Slack. A person gets their message in the first of their accounts here that takes one."""

    api: WebApi
    notices: Notices
    buttons: Buttons
    accounts: Accounts
    readers: Readers
    pacing: Pacing
    _conversations: OrderedDict[str, str] = field(default_factory=OrderedDict)  # user -> their conversation with us
    _us: tuple[str, str] | None = None  # our bot's user and id, once asked

    @property
    def channel(self) -> Channel:
        """Slack."""
        return Channel.SLACK

    def service_of(self, copy: Copy) -> str:
        """One service."""
        return ""

    def pause(self, copy: Copy) -> float:
        """Seconds to wait by Slack's limits."""
        if copy.handle:
            return self.pacing.before_update(copy.destination.address)
        person = person_in(copy.destination)
        opens = person is not None and not self._known(person)
        return self.pacing.before_post(copy.destination.address, opens=opens)

    async def send(self, copy: Copy) -> str:
        """Posts the card. Raises also `AnswerLost`: then `find` comes before it is sent again."""
        return await self._posted(copy)

    async def find(self, copy: Copy) -> str | None:
        """Looks through the newest messages there for the one of ours with this copy's id: other apps may write
        whatever metadata they like."""
        channel, user = await self._place_of(copy)
        us = await self._ourselves()
        cursor = ""
        for _ in range(_PAGES):
            answer = await self._looked_up(
                "conversations.history", channel=channel, limit=str(_PAGE), include_all_metadata="true", cursor=cursor
            )
            for each in dicts(answer.get("messages")):
                if _is_by(each, us) and _copy_of(each) == copy.id and isinstance(each.get("ts"), str):
                    return _handle(channel, each["ts"], user)
            cursor = text(record(answer.get("response_metadata")), "next_cursor")
            if not cursor:
                break
        return None

    async def _ourselves(self) -> tuple[str, str]:
        """Our bot's user and id, asked once. Raises `AnswerLost` where Slack doesn't say: then nothing is known."""
        if self._us is None:
            answer = await self._looked_up("auth.test")
            user, bot = text(answer, "user_id"), text(answer, "bot_id")
            if not user and not bot:
                raise AnswerLost("Slack doesn't say who our bot is")
            self._us = (user, bot)
        return self._us

    async def update(self, copy: Copy) -> str:
        """Changes the message; posts it where there is none yet."""
        where = _HANDLE.fullmatch(copy.handle)
        if where is None:
            return await self.find(copy) or await self._posted(copy)
        notice = await self.notices.of(copy.review)
        await self._check_theirs(copy, where)
        self.pacing.updating()
        await self._shown("chat.update", notice, channel=where[1], ts=where[2], metadata=_metadata(copy))
        return copy.handle

    async def remind(self, copy: Copy) -> None:
        """A reply in the message's thread, there only."""
        where = _HANDLE.fullmatch(copy.handle)
        if where is None:
            raise MessageGone("there is no message to remind of")
        notice = await self.notices.of(copy.review)
        await self._check_theirs(copy, where)
        self.pacing.posting(copy.destination.address)
        try:
            await self._called(
                "chat.postMessage",
                channel=where[1],
                thread_ts=where[2],
                text="This review still waits for an answer.",
                blocks=list(waits(notice.expires_at)),
                reply_broadcast=False,
                **_QUIETLY,
            )
        except AnswerLost as lost:
            raise DeliveryUnsure("it isn't known whether a reminder arrived in Slack") from lost

    # -- sending ------------------------------------------------------------------------------------------------------

    async def _posted(self, copy: Copy) -> str:
        notice = await self.notices.of(copy.review)
        if not await self._may_see(copy):
            raise not_theirs()
        self.pacing.posting(copy.destination.address)
        channel, user = await self._place_of(copy)
        try:
            answer = await self._shown("chat.postMessage", notice, channel=channel, metadata=_metadata(copy))
        except AnswerLost as lost:
            return await self._found_again(copy, lost)
        handle = _handle(text(answer, "channel"), text(answer, "ts"), user)
        if _HANDLE.fullmatch(handle) is None:
            raise DeliveryUnsure("Slack took a message and didn't say where it is")
        return handle

    async def _found_again(self, copy: Copy, lost: AnswerLost) -> str:
        with contextlib.suppress(ServiceAway, AnswerLost):
            found = await self.find(copy)
            if found is not None:
                return found
        raise lost

    async def _shown(self, method: str, notice: Notice, **where: object) -> Mapping[str, object]:
        """The card, or what stands in for it where Slack refuses it: that was surely not done."""
        whole = message(notice, await self.buttons.why_no_button(notice))
        try:
            return await self._show(method, whole, where)
        except TooMuch:
            pass
        try:
            return await self._show(method, short_message(notice), where)
        except TooMuch as error:
            raise DestinationGone("Slack refuses even the short form of this card", code="blocks_refused") from error

    async def _show(self, method: str, shown: Message, where: Mapping[str, object]) -> Mapping[str, object]:
        quietly = _QUIETLY if method == "chat.postMessage" else {}
        return await self._called(method, text=shown.text, blocks=list(shown.blocks), **where, **quietly)

    # -- whose --------------------------------------------------------------------------------------------------------

    async def _check_theirs(self, copy: Copy, where: re.Match[str]) -> None:
        """Raises `DestinationGone` when a person's message isn't theirs any more; nothing of the review stays there."""
        person = person_in(copy.destination)
        if person is None:
            return
        linked, sees = where[3] in self._users(person), await self._may_see(copy)
        if linked and sees:
            return
        self.pacing.updating()
        with contextlib.suppress(MessageGone):
            await self._called(
                "chat.update", channel=where[1], ts=where[2], text=NOT_YOURS, blocks=[section(NOT_YOURS)]
            )
        raise _not_linked() if sees else not_theirs()

    async def _may_see(self, copy: Copy) -> bool:
        person = person_in(copy.destination)
        return person is None or await self.readers.may_see(copy.review, person)

    # -- where --------------------------------------------------------------------------------------------------------

    async def _place_of(self, copy: Copy) -> tuple[str, str]:
        """The conversation, and the user whom it is with: "" for a channel's."""
        address, person = copy.destination.address, person_in(copy.destination)
        if person is not None:
            return await self._conversation(person)
        if _CHANNEL.fullmatch(address) is None:
            raise DestinationGone("a Slack destination is a channel's id, such as C0123456789", code="no_such_channel")
        return address, ""

    async def _conversation(self, person: PersonId) -> tuple[str, str]:
        gone: DestinationGone | None = None
        for user in self._users(person):
            if user in self._conversations:
                return self._conversations[user], user
            self.pacing.opening()
            try:
                answer = await self._called("conversations.open", users=user)
            except DestinationGone as error:
                gone = error
                continue
            channel = text(record(answer.get("channel")), "id")
            if _CHANNEL.fullmatch(channel) is None:
                raise ServiceAway("Slack opened a conversation and didn't say which")
            _remember(self._conversations, user, channel)
            return channel, user
        raise gone or _not_linked()

    def _users(self, person: PersonId) -> list[str]:
        team = f"{self.api.settings.team}/"
        mine = (each for each in self.accounts.linked_accounts(person) if each.provider == Channel.SLACK)
        return sorted(each.subject.removeprefix(team) for each in mine if each.subject.startswith(team))

    def _known(self, person: PersonId) -> bool:
        users = self._users(person)
        return not users or users[0] in self._conversations

    # -- calls --------------------------------------------------------------------------------------------------------

    async def _called(self, method: str, **arguments: object) -> Mapping[str, object]:
        try:
            return await self.api.call(method, **arguments)
        except ServiceAway as away:
            self._waits(away)
            raise

    async def _looked_up(self, method: str, **arguments: object) -> Mapping[str, object]:
        try:
            return await self.api.look_up(method, **arguments)
        except ServiceAway as away:
            self._waits(away)
            raise

    def _waits(self, away: ServiceAway) -> None:
        if away.seconds is not None:
            self.pacing.told_to_wait(away.seconds)


_QUIETLY: Final[Mapping[str, object]] = {
    "unfurl_links": False,
    "unfurl_media": False,
    "parse": "none",
    "link_names": False,
}


def _handle(channel: str, ts: object, user: str) -> str:
    return f"{channel}:{ts}:{user}" if user else f"{channel}:{ts}"


def _not_linked() -> DestinationGone:
    return DestinationGone("this person has linked no account of this Slack workspace", code="not_linked")


def _metadata(copy: Copy) -> Mapping[str, object]:
    return {"event_type": EVENT, "event_payload": {"copy": copy.id}}


def _copy_of(found: Mapping[str, object]) -> str:
    metadata = record(found.get("metadata"))
    return text(record(metadata.get("event_payload")), "copy") if metadata.get("event_type") == EVENT else ""


def _is_by(found: Mapping[str, object], us: tuple[str, str]) -> bool:
    """Whether our bot posted it: Slack names the bot and its user in each message, and nobody writes those."""
    user, bot = us
    posted_by = text(found, "bot_id")
    return posted_by == bot if bot and posted_by else bool(user) and text(found, "user") == user


def _remember(kept: OrderedDict[str, str], name: str, value: str) -> None:
    kept[name] = value
    while len(kept) > _MOST:
        kept.popitem(last=False)
