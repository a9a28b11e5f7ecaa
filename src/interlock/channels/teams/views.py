"""Which card somebody sees: the one in a place, which many see, and everybody's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from interlock.channels.answering import Counter
from interlock.channels.notice import Notice
from interlock.channels.teams.card import MAX_USERS, Json, View, card_of, may_have_buttons
from interlock.channels.teams.members import Members
from interlock.model.channels import Account
from interlock.model.names import PersonId, ReviewId
from interlock.model.review import ReviewState

NOT_YOU = "You can't sign this one."
IN_CONSOLE = "Policy wants this signed in the console."


class Notices(Protocol):
    """Makes notices (`channels.notice_of.Notices`)."""

    async def of(self, review_id: ReviewId, /) -> Notice:
        """The review as it is now; raises `NotFound`."""


class Roll(Protocol):
    """Who is who. Users are object ids of the settings' tenant, in small letters; only linked accounts count."""

    def account_of(self, person: PersonId, /) -> str | None:
        """The user that this person linked; None where there is none."""

    def accounts_of(self, person: PersonId, /) -> Sequence[str]:
        """All users that this person linked."""

    async def signers(self, review: ReviewId, /) -> Sequence[str]:
        """The users whose persons may say yes to it now (`desk.why_not` is None)."""


class Views:
    """Makes the cards."""

    def __init__(self, counter: Counter, roll: Roll, members: Members) -> None:
        self._counter, self._roll, self._members = counter, roll, members

    async def in_place(self, notice: Notice, conversation: str, user: str = "") -> Json:
        """The card as it is posted. In the chat with one `user` it is theirs; elsewhere it has no buttons to vote,
        and those who may sign get theirs by refreshing."""
        if not may_have_buttons(notice):
            return card_of(notice, View(because=await self._because(notice)))
        signers = await self._roll.signers(notice.review)
        because = await self._counter.why_no_button(notice)
        users = await self._members.user_ids(conversation, ([user] if user else signers)[:MAX_USERS])
        if user:
            return card_of(notice, self._own(user in signers, because, users))
        return card_of(notice, View(because=because or "", users=users, shared=because is None))

    async def for_user(self, notice: Notice, account: Account, conversation: str, answer: str = "") -> Json:
        """The card for who looks at it or clicked on it, and nobody else."""
        if not may_have_buttons(notice):
            return card_of(notice, View(because=await self._because(notice), answer=answer))
        signers = await self._roll.signers(notice.review)
        because = await self._counter.why_no_button(notice)
        users = await self._members.user_ids(conversation, [account.subject])
        return card_of(notice, self._own(account.subject in signers, because, users, answer))

    def _own(self, signs: bool, because: str | None, users: tuple[str, ...], answer: str = "") -> View:
        why = because if because is not None else "" if signs else NOT_YOU
        return View(buttons=not why, because=why, users=users, answer=answer)

    async def _because(self, notice: Notice) -> str:
        """Why a pending card has no buttons, where the card itself doesn't say it."""
        if notice.state is not ReviewState.PENDING or not notice.whole:
            return ""
        return await self._counter.why_no_button(notice) or IN_CONSOLE
