"""How people answer from a chat: the one counter where a click becomes a vote, or is told why it doesn't.

A click proves an account of a service, nothing more. Whose account that is, the signed links say; whether that person
may sign, and whether a vote from there counts, the desk says. Everybody who clicks gets an answer, and what doesn't
count is on record.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from interlock.channels.notice import Notice
from interlock.model.channels import Account
from interlock.model.names import PersonId
from interlock.model.review import Verdict

Refuse = Callable[[str, str], Awaitable[None]]
"""(channel, because): records a call to us that proved nothing: forged, stale, replayed, of another tenant. Bounded."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What to tell who clicked, and nobody else. `counted`: whether it changed anything. `url`: where to go on, "" if
    nowhere."""

    text: str
    counted: bool
    url: str = ""


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
