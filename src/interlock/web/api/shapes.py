"""What the API sends and takes: the source of /api/openapi.json."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from interlock.model.card import Card
from interlock.model.comment import Comment, CommentKind
from interlock.model.decision import Quorum
from interlock.model.review import Presence, Review, ReviewState, Verdict, Vote
from interlock.review.card_view import CardView, read_card

HexDigest = Annotated[str, Field(pattern="^[0-9a-f]{64}$", description="64 hex digits of a SHA-256")]
# No underscore in a key's own id: a whole key, sent by mistake, isn't one. What others issue has names too.
KEY_ID = "^([A-Za-z0-9-]{1,64}|jwt:[a-z0-9][a-z0-9._-]{0,62}:[0-9a-f]{16}|x509:[0-9a-f]{16})$"
MAX_BECAUSE = 200  # characters of the reason for ending a key
MAX_PART = 4096  # characters of one part of a passkey's answer
MAX_REASON = 2000  # characters of a voter's reason
MAX_COMMENT = 2000  # characters of a comment, question or answer


class Told(BaseModel):
    """Every error: problem details (RFC 9457), with a stable code and a safe sentence."""

    type: str = Field(description="`/problems/` and the code")
    title: str
    status: int
    detail: str = Field(description="The sentence")
    code: str
    sentence: str
    review: str | None = None


class Whoami(BaseModel):
    """Who the gateway takes the caller for. `csrf` is set for console sessions only."""

    kind: Literal["person", "agent", "service", "operator", "directory"]
    id: str
    name: str
    by: Literal["console", "key", "operator_token", "provisioning_key"]
    may_vote: bool
    unsafe_token_votes: bool
    version: str
    csrf: str | None = None


class QuorumOut(BaseModel):
    """`count` different people of `group` must say yes."""

    group: str
    count: int


class ReviewOut(BaseModel):
    """One held action and what has become of it. Times are UTC."""

    id: str
    action: str
    actor: str
    connection: str
    state: ReviewState
    action_digest: str
    card_digest: str
    requirements: list[QuorumOut] = Field(description="All of these")
    any_of: list[list[QuorumOut]] = Field(description="Of each member, one")
    stages: list[list[list[QuorumOut]]] = Field(description="Each list, a stage after the other; all of each stage")
    channels: list[str] = Field(description="Where votes count besides the console")
    break_glass: list[str] = Field(description="Groups whose members policy would let run it unsigned")
    valid_seconds: int
    uses: int = Field(description="How many runs an approval is good for")
    uses_left: int
    wait: Literal["attached", "deferred"] = Field(description="Whether the gateway runs it by itself when approved")
    excluded: list[str]
    opened_at: datetime
    expires_at: datetime
    approved_until: datetime | None


class CardOut(BaseModel):
    """The card as sealed. A card that isn't `whole` can't be approved; `faults` says which fields can't be shown."""

    content: dict[str, Any]
    action_digest: str
    card_digest: str
    whole: bool
    faults: list[str]


class VoteOut(BaseModel):
    """One person's vote."""

    person: str
    verdict: Verdict
    presence: Presence
    at: datetime
    reason: str = Field(description="The voter's own words; may be empty")


class CommentOut(BaseModel):
    """What somebody said about a review; an `answer` is the asker's own words, unverified."""

    kind: CommentKind
    who: str = Field(description="`person/NAME`, `agent/NAME`, `service/NAME`; to the asker, `a reviewer`")
    at: datetime
    text: str


class ListedReview(BaseModel):
    """A review in a list, with whether the caller may sign it and why not; saying no may be theirs even so."""

    view: Literal["person"] = "person"
    review: ReviewOut
    url: str = Field(description="Where the console shows it")
    may_sign: bool
    may_deny: bool
    why_not: str | None


class ShownReview(ListedReview):
    """A review with its card and votes: what people see."""

    card: CardOut
    votes: list[VoteOut]
    comments: list[CommentOut]


class OwnReview(BaseModel):
    """A review as the asker sees it: how it stands and why it was held, nothing else of the card."""

    view: Literal["asker"] = "asker"
    id: str
    state: ReviewState
    action_digest: str
    labels: list[str]
    reasons: list[str]
    wait: Literal["attached", "deferred"] = Field(description="Whether the gateway runs it by itself when approved")
    narrowed: bool = Field(description="Whether a reviewer took something away before signing")
    row_cap: int | None = Field(
        description="How many rows it may give or change at most, where policy or a reviewer says so"
    )
    questions: list[CommentOut] = Field(description="What reviewers asked and you answered, oldest first")
    opened_at: datetime
    expires_at: datetime
    approved_until: datetime | None


class ReviewList(BaseModel):
    """Newest first. `next` is the `after` of the page that follows; null when nothing does."""

    reviews: list[ListedReview] | list[OwnReview]
    next: str | None = None


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


def _one_line(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise ValueError("one printable line is needed")
    return text


class AssertionIn(_In):
    """A passkey's answer (WebAuthn section 5.2.2), each part in base64url."""

    credential: Annotated[str, Field(max_length=MAX_PART)]
    authenticator_data: Annotated[str, Field(max_length=MAX_PART)]
    client_data: Annotated[str, Field(max_length=MAX_PART)]
    signature: Annotated[str, Field(max_length=MAX_PART)]


class BallotIn(_In):
    """A vote: the verdict and the two digests that came with the card the voter saw."""

    verdict: Verdict
    action_digest: HexDigest
    card_digest: HexDigest
    reason: Annotated[str, Field(max_length=MAX_REASON)] = ""
    assertion: Annotated[AssertionIn | None, Field(description="Of your passkey; without one, none")] = None


class CommentIn(_In):
    """Something to say: people send `comment` or `question`, the asker `answer`. No patient data."""

    kind: CommentKind
    text: Annotated[str, Field(min_length=1, max_length=MAX_COMMENT, pattern=r"\S")]


class KeyIn(_In):
    """A key to make. Without `expires_in_seconds` it lasts until it is revoked.

    With a certificate or networks it is bound to them: used otherwise, it is refused.
    """

    holder: Annotated[str, Field(min_length=1, max_length=128)]
    made_by: Annotated[str, Field(min_length=1, max_length=128)]
    expires_in_seconds: Annotated[int, Field(ge=60, le=366 * 86400)] | None = None
    certificate: HexDigest | None = None
    networks: Annotated[list[Annotated[str, Field(min_length=2, max_length=64)]], Field(max_length=20)] = []


class KeyOut(BaseModel):
    """The key, shown this once. `owner_awaited`: who must accept to own the holder before it is taken."""

    key: str
    token: str
    owner_awaited: str | None = None


class RevokeIn(_In):
    """Why a key is ended; it goes into the ledger, so no patient data."""

    because: Annotated[str, Field(min_length=1, max_length=MAX_BECAUSE), AfterValidator(_one_line)]


class RevokedOut(BaseModel):
    """The key that has ended."""

    key: str


class EndedOut(BaseModel):
    """Whose sessions and passwords for doors have ended."""

    person: str


class LinkIn(_In):
    """For whom."""

    person: Annotated[str, Field(min_length=1, max_length=128)]


class LinkOut(BaseModel):
    """A one-use sign-in link, good for ten minutes."""

    url: str


def review_out(review: Review) -> ReviewOut:
    """A review as people see it."""
    asked = review.requirements
    return ReviewOut(
        id=review.id,
        action=review.action,
        actor=review.actor,
        connection=review.connection,
        state=review.state,
        action_digest=review.digest,
        card_digest=review.card_digest,
        requirements=_quorums(asked.quorums),
        any_of=[_quorums(choices) for choices in asked.any_of],
        stages=[[_quorums(stage) for stage in stages] for stages in asked.stages],
        channels=sorted(asked.channels),
        break_glass=sorted(asked.break_glass),
        valid_seconds=int(asked.valid.total_seconds()),
        uses=review.uses,
        uses_left=review.uses_left,
        wait=_wait(review),
        excluded=sorted(review.excluded),
        opened_at=review.opened_at,
        expires_at=review.expires_at,
        approved_until=review.approved_until,
    )


def _wait(review: Review) -> Literal["attached", "deferred"]:
    return "deferred" if review.deferred else "attached"


def _quorums(quorums: Sequence[Quorum]) -> list[QuorumOut]:
    return [QuorumOut(group=quorum.group, count=quorum.count) for quorum in quorums]


def card_out(card: Card, view: CardView) -> CardOut:
    """A card as people see it."""
    return CardOut(
        content=dict(card.content),
        action_digest=card.action_digest,
        card_digest=card.card_digest,
        whole=view.whole,
        faults=list(view.faults),
    )


def vote_out(vote: Vote) -> VoteOut:
    """A vote as people see it."""
    return VoteOut(person=vote.person, verdict=vote.verdict, presence=vote.presence, at=vote.at, reason=vote.reason)


def comment_out(comment: Comment) -> CommentOut:
    """A comment as people see it."""
    return CommentOut(kind=comment.kind, who=comment.who, at=comment.at, text=comment.text)


def own_review(review: Review, card: Card, said: Sequence[Comment]) -> OwnReview:
    """A review as its asker sees it: of what people say, only what they ask the asker."""
    content = read_card(card.content).content
    return OwnReview(
        id=review.id,
        state=review.state,
        action_digest=review.digest,
        labels=list(content.labels) if content else [],
        reasons=[policy.because for policy in content.policies] if content else [],
        wait=_wait(review),
        narrowed=bool(content and content.narrowed),
        row_cap=content.row_cap if content and content.row_cap != content.estimate_cap else None,
        questions=[_unnamed(c) for c in said if c.kind is not CommentKind.COMMENT],
        opened_at=review.opened_at,
        expires_at=review.expires_at,
        approved_until=review.approved_until,
    )


def _unnamed(said: Comment) -> CommentOut:
    """Who asks isn't told which person reviews (design, promise 9)."""
    who = said.who if said.kind is CommentKind.ANSWER else "a reviewer"
    return CommentOut(kind=said.kind, who=who, at=said.at, text=said.text)
