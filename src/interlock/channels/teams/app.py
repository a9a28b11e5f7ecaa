"""Teams calls us here: a call proves itself by its token, then a click becomes a vote, and a message an answer."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, assert_never

import structlog

from interlock.channels.answering import Answered, Counter, Refuse
from interlock.channels.notice import Notice
from interlock.channels.readers import Readers
from interlock.channels.teams import card as cards
from interlock.channels.teams import tokens
from interlock.channels.teams.activities import (
    Activity,
    Click,
    Envelope,
    Moved,
    Other,
    Said,
    Sender,
    check_envelope,
    read_activity,
    read_envelope,
)
from interlock.channels.teams.chats import Chats
from interlock.channels.teams.connector import Connector
from interlock.channels.teams.members import Members
from interlock.channels.teams.replies import Replies, Reply
from interlock.channels.teams.tokens import ConnectorKeys
from interlock.channels.teams.views import Notices, Views
from interlock.errors import AuthenticationFailed, InterlockError, MalformedInput, NotFound
from interlock.model.channel_settings import TeamsSettings
from interlock.model.channels import Account, Channel, read_card_id
from interlock.model.names import PersonId, ReviewId
from interlock.model.review import Verdict
from interlock.ports import Clock

RefuseVote = Callable[[ReviewId, str, str], Awaitable[None]]
"""(review, who, because): `desk.refuse_vote`."""

MAX_AT_ONCE: Final = 100
MAX_LISTED: Final = 10

_NAME: Final = "teams"
_JSON: Final = {"Content-Type": "application/json; charset=utf-8"}
_MESSAGE: Final = "application/vnd.microsoft.activity.message"
_ERROR: Final = "application/vnd.microsoft.error"
_REFUSED: Final[Reply] = (401, {"WWW-Authenticate": "Bearer"}, b"")
_BUSY: Final[Reply] = (503, {"Retry-After": "2"}, b"")
_DONE: Final[Reply] = (200, {}, b"")
_UNKNOWN: Final = "Teams doesn't say enough about your account just now. Try again, or go on in the console."
_TOO_LONG: Final = "the card is too long or not whole, and can't be signed in a chat"
_HELP: Final = (
    "Write “list” to see what waits for you, “link CODE” to link this account with the code that the console gave you "
    "under “Your accounts”. What you are asked to sign comes here by itself."
)
_ALONE: Final = "I answer in our own chat only."
_SPOILT: Final = (
    "A code that others could read is of no use any more: make a new one in the console, and write it to me in our own "
    "chat."
)

log = structlog.get_logger()


class TeamsInbound:
    """Fills `web.needs.Inbound`. Never raises for what it is sent, and nothing counts twice."""

    def __init__(
        self,
        settings: TeamsSettings,
        keys: ConnectorKeys,
        connector: Connector,
        members: Members,
        chats: Chats,
        views: Views,
        notices: Notices,
        counter: Counter,
        refuse: Refuse,
        refuse_vote: RefuseVote,
        readers: Readers,
        clock: Clock,
        now: Callable[[], float],
    ) -> None:
        self._settings, self._keys, self._clock = settings, keys, clock
        self._connector, self._members, self._chats = connector, members, chats
        self._views, self._notices, self._counter = views, notices, counter
        self._refuse, self._refuse_vote, self._readers = refuse, refuse_vote, readers
        self._replies = Replies(now)
        self._at_once = 0

    async def __call__(self, headers: Mapping[str, str], body: bytes) -> Reply:
        """Checks the call, and answers it once. Only calls that proved themselves take up room."""
        try:
            envelope = await self._proved(headers, body)
            return await self._once(envelope, body)
        except (AuthenticationFailed, MalformedInput) as error:
            return await self._turned_away(error.sentence)

    async def close(self) -> None:
        """Lets what is being answered come to its end; every part of it is bounded in time."""
        await self._replies.settled()

    async def _once(self, envelope: Envelope, body: bytes) -> Reply:
        if self._at_once >= MAX_AT_ONCE:
            return _BUSY
        self._at_once += 1
        identity = f"{envelope.conversation}\0{envelope.id}"  # ids are a conversation's own
        try:
            return await self._replies.once(identity, body, lambda: self._answered(envelope))
        finally:
            self._at_once -= 1

    async def _proved(self, headers: Mapping[str, str], body: bytes) -> Envelope:
        token = tokens.presented(headers.get("authorization", ""))
        endorsed = await self._keys.keys(token.kid)
        if endorsed is None:
            raise AuthenticationFailed("the keys of the Bot Connector can't be had to check a token with")
        now = self._clock.now()
        service = tokens.verify(token, endorsed, self._settings.app_id, now)
        envelope = read_envelope(body)
        check_envelope(envelope, service, self._settings, now)
        return envelope

    async def _turned_away(self, because: str) -> Reply:
        try:
            await self._refuse(_NAME, because)
        except InterlockError as error:
            log.warning("teams.refusal_unrecorded", because=error.sentence)
        return _REFUSED

    async def _answered(self, envelope: Envelope) -> Reply:
        """The answer to a call that is Teams'. A mistake of ours is an error in Teams' form, and logged."""
        asks = envelope.document.get("type") == "invoke"
        try:
            return await self._done(read_activity(envelope))
        except MalformedInput as error:
            return _error(400, "BadRequest", error.sentence) if asks else (400, {}, b"")
        except InterlockError as error:
            log.warning("teams.unanswered", because=error.sentence)
        except Exception as error:
            log.error("teams.failed", kind=type(error).__name__)
        return _error(500, "InternalError", "This didn't work. Go on in the console.") if asks else (500, {}, b"")

    async def _done(self, activity: Activity) -> Reply:
        match activity:
            case Click():
                return await self._clicked(activity)
            case Said():
                return await self._heard(activity)
            case Moved():
                return await self._moved(activity)
            case Other(asks):
                return (501, {}, b"") if asks else _DONE
            case _:
                assert_never(activity)

    # -- clicks --------------------------------------------------------------------------------------------------------

    async def _clicked(self, click: Click) -> Reply:
        """The answer to a click; a client that can't take one with the click gets it as a message of its own."""
        shown = await self._card_for(click)
        if not click.as_message:
            return _invoked(shown)
        card = cards.said(shown.text, shown.url) if isinstance(shown, Answered) else shown
        await self._connector.post(await self._chats.with_user(click.sender.user), card)
        return _DONE

    async def _card_for(self, click: Click) -> cards.Json | Answered:
        account = await self._members.account(click.sender.conversation, click.sender.user)
        if account is None:
            return await self._unknown(click)
        if click.verb == cards.REFRESH:
            found = await self._counter.look(account, click.card)
            if isinstance(found, Answered):
                return found
            return await self._views.for_user(found, account, click.sender.conversation)
        answered = await self._vote(account, click)
        if not answered.counted:
            return answered
        try:
            notice = await self._notices.of(_review_of(click.card))
            return await self._views.for_user(notice, account, click.sender.conversation, answered.text)
        except InterlockError:
            return answered  # it counted, whatever the card can't show now

    async def _vote(self, account: Account, click: Click) -> Answered:
        """A vote, unless the card could never have shown its button whole: then there was none to click."""
        person = self._counter.person(account)
        if person is not None:
            notice = await self._seen_by(person, _review_of(click.card))
            if notice is not None and not (notice.whole and cards.fits(notice)):
                await self._refuse_vote(notice.review, person, _TOO_LONG)
                return Answered(cards.TOO_LONG if notice.whole else cards.NOT_WHOLE, counted=False, url=notice.url)
        verdict = Verdict.APPROVE if click.verb == cards.APPROVE else Verdict.DENY
        return await self._counter.vote(account, click.card, verdict, click.reason)

    async def _seen_by(self, person: PersonId, review: ReviewId) -> Notice | None:
        """The review, for who may see it; else None: the counter says the same of one that isn't there, and records
        it."""
        try:
            return await self._notices.of(review) if await self._readers.may_see(review, person) else None
        except NotFound:
            return None

    async def _unknown(self, click: Click) -> Answered:
        """Teams names an account and can't say what it is in the conversation: nothing counts, and that is recorded."""
        if click.verb != cards.REFRESH:
            account = Account(Channel.TEAMS, self._settings.tenant.lower(), click.sender.user)
            because = "Teams didn't say whether the account is a full member"
            try:
                await self._refuse_vote(_review_of(click.card), account.name, because)
            except NotFound:
                await self._refuse(_NAME, "a click on a card of no review")
        return Answered(_UNKNOWN, counted=False)

    # -- messages ------------------------------------------------------------------------------------------------------

    async def _heard(self, said: Said) -> Reply:
        """A message, answered in the bot's own chat with whoever wrote it."""
        word, _, rest = said.text.partition(" ")
        sender = said.sender
        if not sender.alone:
            place = await self._chats.with_user(sender.user)
            await self._connector.post(place, cards.said(_SPOILT if word.lower() == "link" else _ALONE))
            return _DONE
        self._chats.remember(sender.user, sender.conversation)
        await self._connector.post(sender.conversation, await self._reply_to(sender, word.lower(), rest))
        return _DONE

    async def _reply_to(self, sender: Sender, word: str, rest: str) -> cards.Json:
        if word not in ("list", "link"):
            return cards.said(_HELP)
        account = await self._members.account(sender.conversation, sender.user)
        if account is None:
            return cards.said(_UNKNOWN)
        if word == "link":
            answered = await self._counter.claim(account, rest.strip(), sender.name)
            return cards.said(answered.text, answered.url)
        lines = await self._counter.inbox(account, MAX_LISTED)
        if isinstance(lines, Answered):
            return cards.said(lines.text, lines.url)
        return cards.listed([(line.notice, line.why_not) for line in lines])

    async def _moved(self, moved: Moved) -> Reply:
        """Remembers where the chat with somebody is, and greets who installed the bot there."""
        sender = moved.sender
        if sender.alone and moved.removed:
            self._chats.forget(sender.user)
        elif sender.alone:
            self._chats.remember(sender.user, sender.conversation)
            if moved.installed:
                await self._connector.post(sender.conversation, cards.said(_HELP))
        return _DONE


def _review_of(card: str) -> ReviewId:
    found = read_card_id(card)
    if found is None:
        raise MalformedInput("a click that isn't on one of our cards")
    return found[0]


def _invoked(shown: cards.Json | Answered) -> Reply:
    """The answer to an Action.Execute ("Universal Action Model", response format)."""
    if isinstance(shown, Answered):
        text = f"{shown.text} {shown.url}".strip()
        return _json(200, {"statusCode": 200, "type": _MESSAGE, "value": text})
    return _json(200, {"statusCode": 200, "type": cards.CONTENT_TYPE, "value": shown})


def _error(status: int, code: str, message: str) -> Reply:
    return _json(200, {"statusCode": status, "type": _ERROR, "value": {"code": code, "message": message}})


def _json(status: int, value: cards.Json) -> Reply:
    return status, _JSON, json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")
