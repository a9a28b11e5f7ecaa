"""A comment: what people, and the actor who asked, say to each other about a review."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from interlock.model.names import EntryId, ReviewId


class CommentKind(StrEnum):
    """What a comment is for."""

    COMMENT = "comment"
    QUESTION = "question"  # a reviewer asks for information; the requester is told
    ANSWER = "answer"  # what the requester says to that: shown as unverified


@dataclass(frozen=True, slots=True)
class Comment:
    """`who` is `person/NAME`, `agent/NAME` or `service/NAME`. The words are kept sealed; the entry commits to them."""

    review: ReviewId
    kind: CommentKind
    who: str
    entry: EntryId
    at: datetime
    sealed_text: bytes = field(default=b"", repr=False)
    text: str = field(default="", repr=False)
