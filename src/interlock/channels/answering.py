"""How people answer from a chat: the one counter where a click becomes a vote, or is told why it doesn't.

A click proves an account of a service, nothing more. Whose account that is, the signed links say; whether that person
may sign, and whether a vote from there counts, the desk says. Everybody who clicks gets an answer, and what doesn't
count is on record.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, Self

import structlog

from interlock.channels.clicks import MOST_CLICKS, MOST_LOOKS, Clicks
from interlock.channels.notice import Notice
from interlock.channels.notice_of import Notices
from interlock.desk import Desk
from interlock.desk.signatures import BY_CHANNEL
from interlock.desk.words import MASKED
from interlock.errors import AuthenticationFailed, Conflict, InterlockError, LedgerCorrupt, NotEntitled, NotFound
from interlock.model.channels import Account, Channel, is_card, read_card_id
from interlock.model.names import KeyId, PersonId
from interlock.model.review import Ballot, Presence, Review, ReviewState, Verdict, Voter
from interlock.model.secret import Secret
from interlock.ports import Clock
from interlock.registry import People
from interlock.review import words

MAX_REASON: Final = 2000  # characters, as in the console
MOST_IN_CHAT: Final = 6000  # characters of one message: 18 KB of the widest letters, where Teams takes some 28 KB
MOST_IN_PIECE: Final = 1900  # of one fact; Slack takes 2000 in a field
MOST_IN_CODE: Final = 2900  # of one statement; Slack takes 3000 in a section
MOST_PIECES: Final = 30  # statements, facts and reasons together; Slack takes 50 blocks in a message
MOST_LISTED: Final = 50  # of one inbox

log = structlog.get_logger()

Refuse = Callable[[str, str], Awaitable[None]]
"""(channel, because): records a call to us that proved nothing: forged, stale, replayed, of another tenant. Bounded."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What to tell who clicked, and nobody else. `counted`: whether it changed anything. `url`: where to go on, "" if
    nowhere. `code` is the stable word for programs, "" when it counted."""

    text: str
    counted: bool
    url: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One review in somebody's list: `why_not` is None when they may say yes to it now, from this channel or not."""

    notice: Notice
    why_not: str | None


class Counter(Protocol):
    """What channels need; `Answering` fills it. None of these raises for what an account does: it is answered."""

    def person(self, account: Account) -> PersonId | None:
        """Whose account it is: linked, no guest, not of another workspace; None otherwise."""

    async def vote(self, account: Account, card: str, verdict: Verdict, reason: str) -> Answered:
        """A click on a card's button: `card` is what the button carried."""

    async def look(self, account: Account, card: str) -> Notice | Answered:
        """The review that a button stands for, as it is now, for who may see it; recorded as seen."""

    async def why_no_button(self, notice: Notice) -> str | None:
        """None when a message in this notice's channels may have buttons to vote; else why not, in words."""

    async def inbox(self, account: Account, most: int) -> Sequence[Line] | Answered:
        """The pending reviews that this person may see, what expires first in front."""

    async def claim(self, account: Account, code: str, shown: str) -> Answered:
        """Presents a link's code (`registry.people.claim_link`); `shown` is how the service names the account."""


@dataclass(frozen=True, slots=True)
class Clicker:
    """Who is on the other side of a click, as their service proved it: `name` as entries have it (the vote's key).

    `never`: why this account answers for nobody, whoever it is linked to; `how`: what links it, once there is a code.
    """

    presence: Presence
    provider: str
    subject: str
    name: str
    how: str
    never: str = ""

    @classmethod
    def of(cls, account: Account) -> Self:
        """Somebody at Slack or Teams; raises `ValueError` for channels that nobody clicks in."""
        how = "/interlock link CODE" if account.channel is Channel.SLACK else "link CODE"
        never = (
            "accounts of other workspaces never vote here"
            if account.foreign
            else "guest accounts never vote here"
            if account.guest
            else ""
        )
        presence = Presence(account.channel.value)
        return cls(presence, account.channel.value, account.linked_as, account.name, how, never)


@dataclass(frozen=True, slots=True)
class Answering:
    """Fills `Counter`. Beside the entries that the desk makes of votes, what names no review of ours goes to `refuse`.

    More than `MOST_CLICKS` votes and codes of one account in a minute are answered, and neither tried nor recorded.
    `note` is told of every vote: the provider, and whether it counted (to be measured, nothing more).
    """

    desk: Desk
    people: People
    notices: Notices
    public_url: str
    clock: Clock
    refuse: Refuse
    note: Callable[[str, bool], None] | None = None
    clicks: Clicks = field(default_factory=lambda: Clicks(MOST_CLICKS))
    looks: Clicks = field(default_factory=lambda: Clicks(MOST_LOOKS))

    # -- as channels call it ------------------------------------------------------------------------------------------

    def person(self, account: Account) -> PersonId | None:
        """See `Counter`."""
        return self._person(Clicker.of(account))

    async def vote(self, account: Account, card: str, verdict: Verdict, reason: str) -> Answered:
        """See `Counter`."""
        return await self.vote_by(Clicker.of(account), card, verdict, reason)

    async def claim(self, account: Account, code: str, shown: str) -> Answered:
        """See `Counter`."""
        return await self.claim_by(Clicker.of(account), code, shown)

    async def look(self, account: Account, card: str) -> Notice | Answered:
        """See `Counter`."""
        who = Clicker.of(account)
        if not self.looks.take(who.name, self.clock.now()):
            return _SLOW_DOWN
        try:
            return await self._look(who, card)
        except InterlockError as error:
            return _unsure(error)

    async def inbox(self, account: Account, most: int) -> Sequence[Line] | Answered:
        """See `Counter`. Never more than `MOST_LISTED`."""
        who = Clicker.of(account)
        if not self.looks.take(who.name, self.clock.now()):
            return _SLOW_DOWN
        person = self._person(who)
        if person is None:
            return self._nobody(who)
        try:
            return await self._lines(person, min(most, MOST_LISTED))
        except InterlockError as error:
            return _unsure(error)

    async def why_no_button(self, notice: Notice) -> str | None:
        """See `Counter`. In a channel that `notice.channels` doesn't name there is none, whatever this says."""
        if notice.state is not ReviewState.PENDING:
            return f"The review is {notice.state.value}."
        if not notice.channels & {presence.value for presence in BY_CHANNEL}:
            return "Policy wants this signed in the console."
        return _unfit(notice)

    # -- votes --------------------------------------------------------------------------------------------------------

    async def vote_by(self, who: Clicker, card: str, verdict: Verdict, reason: str) -> Answered:
        """`vote`, by whoever the caller has verified."""
        answered = await self._answered(who, card, verdict, reason)
        if self.note is not None:
            self.note(who.provider, answered.counted)
        return answered

    async def _answered(self, who: Clicker, card: str, verdict: Verdict, reason: str) -> Answered:
        if not self.clicks.take(who.name, self.clock.now()):
            return _SLOW_DOWN
        try:
            return await self._vote(who, card, verdict, reason)
        except InterlockError as error:
            return _unsure(error)

    async def _vote(self, who: Clicker, card: str, verdict: Verdict, reason: str) -> Answered:
        review, person = await self._review(card), self._person(who)
        if review is None:
            await self.refuse(who.provider, "a vote on no review of ours")
            return _NO_SUCH if person is not None else self._nobody(who)
        if person is None:
            await self._refuse_unknown(who, review)
            return self._nobody(who)
        if not self.desk.may_see(review, person):
            await self.desk.refuse_vote(review.id, person, "they may not see it")
            return _NO_SUCH
        if len(reason) > MAX_REASON:
            await self.desk.refuse_vote(review.id, person, "the reason is too long")
            return Answered(f"That didn't count: a reason has at most {MAX_REASON} characters.", False, code="too_long")
        return await self._count(who, person, review, card, verdict, reason)

    async def _refuse_unknown(self, who: Clicker, review: Review) -> None:
        """Slack and Teams vouch for their accounts. What another service calls one, it may have made up, and a new one
        each time: that is counted as the service's, and its words aren't kept."""
        because = who.never or "the account is linked to nobody"
        if who.presence is Presence.CALLBACK:
            await self.refuse(who.provider, f"a vote: {because}")
        else:
            await self.desk.refuse_vote(review.id, who.name, because)

    async def _count(
        self, who: Clicker, person: PersonId, review: Review, clicked: str, verdict: Verdict, reason: str
    ) -> Answered:
        shown, url = await self.notices.shown(review.id), self.notices.url(review.id)
        unfit = _unfit(shown.notice)
        if shown.card is None or unfit is not None:
            because = unfit or "the card can't be read"
            await self.desk.refuse_vote(review.id, person, "the card isn't for a chat: too long, or not whole")
            return Answered(f"That didn't count. {because}", False, url, "not_for_chat")
        found = read_card_id(clicked)
        if found is None or not is_card(found[1], shown.card.card_digest):
            await self.desk.refuse_vote(review.id, person, "digests of another card")
            return Answered("That didn't count: the card changed since. Look at it again.", False, url, "stale_card")
        said = reason.encode("utf-8", "replace").decode()  # a lone surrogate can't be kept
        ballot = Ballot(verdict, shown.card.action_digest, shown.card.card_digest, said)
        try:
            after = await self.desk.vote(review.id, Voter(person, who.presence, KeyId(who.name)), ballot)
        except (NotEntitled, Conflict, AuthenticationFailed) as refused:
            return Answered(_in_words(refused), False, url, refused.code)
        masked = f" {MASKED}" if (await self.desk.typed(said, review.id)).masked else ""
        return Answered(f"{_counted(after, verdict)}{masked}", True, url)

    # -- links, looks and lists ---------------------------------------------------------------------------------------

    async def claim_by(self, who: Clicker, code: str, shown: str) -> Answered:
        """`claim`, by whoever the caller has verified."""
        if not self.clicks.take(who.name, self.clock.now()):
            return _SLOW_DOWN
        if who.never:
            return self._nobody(who)
        try:
            self.people.claim_link(Secret(code), who.provider, who.subject, shown)
        except InterlockError as error:
            return Answered(_sentence(error.sentence), False, self._you, error.code)
        return Answered("Now confirm in the console, on your page You, that this account is yours.", True, self._you)

    async def _look(self, who: Clicker, card: str) -> Notice | Answered:
        person, review = self._person(who), await self._review(card)
        if person is None:
            return self._nobody(who)
        if review is None or not self.desk.may_see(review, person):
            return _NO_SUCH
        notice = await self.notices.of(review.id)
        await self.desk.seen(review, person, who.presence.value)
        return notice

    async def _lines(self, person: PersonId, most: int) -> list[Line]:
        lines: list[Line] = []
        for review, why_not in (await self.desk.waiting_for(person))[:most]:
            try:
                lines.append(Line(await self.notices.of(review.id), why_not))
            except NotFound:
                continue  # gone between two looks
            except LedgerCorrupt as spoilt:  # one that doesn't hold together hides no other
                log.critical("integrity.alarm", because=spoilt.sentence)
        return lines

    async def _review(self, card: str) -> Review | None:
        found = read_card_id(card)
        try:
            return await self.desk.review(found[0]) if found else None
        except NotFound:
            return None

    # -- who ----------------------------------------------------------------------------------------------------------

    def _person(self, who: Clicker) -> PersonId | None:
        return None if who.never else self.people.person_of(who.provider, who.subject)

    def _nobody(self, who: Clicker) -> Answered:
        """What an account is told that answers for nobody here."""
        if who.never:
            sentence = f"That doesn't count: {who.never}. Sign in to the console."
            return Answered(sentence, False, self.public_url, "account_never_votes")
        sentence = (
            "I don't know whose account this is, so nothing counts that is done with it. "
            f"Begin a link in the console, on your page You, then present its code here: {who.how}"
        )
        return Answered(sentence, False, self._you, "not_linked")

    @property
    def _you(self) -> str:
        return f"{self.public_url.rstrip('/')}/you"


_NO_SUCH = Answered("That didn't count: no review of that id.", False, code="no_such_review")
_SLOW_DOWN = Answered("Slow down: too much at once. Try again in a minute.", False, code="slow_down")


def _unfit(notice: Notice) -> str | None:
    """Why this can't be judged from a chat message: one that hides something, or that nobody reads to its end."""
    if not notice.whole:
        return "This card can't be shown whole, so it can't be approved. The console tells more."
    facts, reasons = [fact.name + fact.text for fact in notice.facts], [*notice.because, notice.said, notice.ticket]
    pieces = [*facts, *reasons, *notice.code]
    too_long = (
        len(pieces) > MOST_PIECES
        or sum(map(len, pieces)) > MOST_IN_CHAT
        or any(len(each) > MOST_IN_PIECE for each in (*facts, *reasons))
        or any(len(each) > MOST_IN_CODE for each in notice.code)
    )
    return "This card is too long for a chat message. Read and sign it in the console." if too_long else None


def _counted(after: Review, verdict: Verdict) -> str:
    if after.state is ReviewState.PENDING:
        asked = after.requirements
        return f"Your yes counts. All in all it needs {words.needs(asked.quorums, asked.any_of, asked.stages)}."
    return f"Your {'yes' if verdict is Verdict.APPROVE else 'no'} counts. {words.state_words(after)}."


def _in_words(refused: InterlockError) -> str:
    if isinstance(refused, AuthenticationFailed):
        return "That didn't count: you have a passkey, so your yes counts in the console only, with its answer."
    return _sentence(refused.sentence)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def _unsure(error: InterlockError) -> Answered:
    """Nothing that the account did: the ledger is away, or a row is broken."""
    log.warning("channel.not_answered", code=error.code)
    return Answered("That couldn't be recorded. Look in the console whether it counted.", False, code="not_recorded")
