"""Comments: what people, and the actor who asked, say to each other about a review."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from interlock.desk.entries import about
from interlock.desk.seals import Seals
from interlock.desk.standing import Standing
from interlock.errors import MalformedInput, NotEntitled, NotFound
from interlock.model.actor import Actor, ActorKind
from interlock.model.change import AddComment, Unit
from interlock.model.comment import Comment, CommentKind
from interlock.model.entry import Draft, EntryType
from interlock.model.names import EntryId, PersonId, ReviewId
from interlock.model.review import Review
from interlock.ports import Clock, Entropy, Ledger, Records

MOST = 100  # comments on a review
MOST_BY_ONE = 30  # of these by one person, or by who asked: nobody takes the floor from the others
MOST_BY_PART = 10  # and of a person who is part of the request, whom it might suit that nobody else is heard
MOST_ANSWERED = 60  # with so many on it, the requester says no more: people keep the last word
LONGEST = 2000  # characters


@dataclass(frozen=True, slots=True)
class Talk:
    """Says, and tells what was said."""

    ledger: Ledger
    records: Records
    standing: Standing
    seals: Seals
    clock: Clock
    entropy: Entropy

    async def comment(self, review: Review, by: str | Actor, kind: CommentKind, text: str) -> Comment:
        """See `Desk.comment`."""
        self._check(review, by, kind)
        who = f"{by.kind}/{by.id}" if isinstance(by, Actor) else by
        text = _printable(text).strip()
        if not 0 < len(text) <= LONGEST:
            raise MalformedInput(f"a comment has 1 to {LONGEST} characters", code="comment_length")
        draft, change, comment = self.made(review.id, who, kind, text, most_by_one=self._most_by(review, who, kind))
        await self.ledger.commit(Unit((draft,), (change,)))
        return comment

    async def comments(self, review: ReviewId) -> Sequence[Comment]:
        """What was said, oldest first, with the words."""
        return [
            replace(each, text=self.seals.open_text(each.entry, each.sealed_text))
            for each in await self.records.comments(review)
        ]

    def made(
        self, review: ReviewId, who: str, kind: CommentKind, text: str, *, most_by_one: int | None = None
    ) -> tuple[Draft, AddComment, Comment]:
        """A comment with its entry and its change. Why the glass was broken, bounded elsewhere, is always taken."""
        entry = EntryId(self.entropy.uuid7())
        sealed, committed = self.seals.text(entry, text)
        comment = Comment(review, kind, who, entry, self.clock.now(), sealed, text)
        most = MOST + 1 if most_by_one is None else MOST_ANSWERED if kind is CommentKind.ANSWER else MOST
        draft = about(entry, EntryType.REVIEW_COMMENTED, {"who": who, "kind": kind.value}, review, committed=committed)
        return draft, AddComment(comment, most, most_by_one), comment

    def _most_by(self, review: Review, who: str, kind: CommentKind) -> int:
        opened = self.standing.authority.opened(review.id)
        excluded = review.excluded | (opened.excluded if opened is not None else frozenset())
        is_part = who.removeprefix("person/") in excluded and kind is not CommentKind.ANSWER
        return MOST_BY_PART if is_part else MOST_BY_ONE

    def _check(self, review: Review, by: str | Actor, kind: CommentKind) -> None:
        """Answers are the requester's; whatever else is said is said by people who may see the review."""
        if kind is CommentKind.ANSWER:
            if not isinstance(by, Actor) or not self.standing.asked_by(review, by):
                raise NotEntitled("only who asked answers")
            return
        what, _, name = by.partition("/") if isinstance(by, str) else (by.kind, "/", by.id)
        if what != ActorKind.PERSON:
            raise NotEntitled("only people comment on reviews; who asked answers")
        if not self.standing.may_see(review, PersonId(name)):
            raise NotFound("no review of that id")


def _printable(text: str) -> str:
    """The text without what can't be seen: it goes into notices and pages."""
    return "".join(c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text)
