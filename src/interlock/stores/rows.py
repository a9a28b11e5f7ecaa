"""Domain values to columns and back. What can't be read back raises `LedgerCorrupt`, never a guess."""

from __future__ import annotations

import json
from datetime import timedelta

from sqlalchemy import RowMapping

from interlock.errors import LedgerCorrupt, MalformedInput
from interlock.ledger.fields import format_time, parse_time
from interlock.ledger.requirements import fields, requirements
from interlock.model.canonical import encode
from interlock.model.change import OpenReview
from interlock.model.comment import Comment, CommentKind
from interlock.model.decision import Requirements
from interlock.model.document import Document, DocumentKind
from interlock.model.names import (
    ActionId,
    ActorId,
    ConnectionName,
    Digest,
    EntryId,
    KeyId,
    PersonId,
    ReviewId,
)
from interlock.model.review import Presence, Review, ReviewState, Verdict, Vote


def review_row(change: OpenReview) -> dict[str, object]:
    """The columns of a new review."""
    review = change.review
    return {
        "id": review.id,
        "action": review.action,
        "actor": review.actor,
        "connection": review.connection,
        "state": review.state.value,
        "digest": review.digest,
        "card_digest": review.card_digest,
        "requirements": requirements_text(review.requirements),
        "excluded": encode(sorted(review.excluded)).decode(),
        "opened_at": format_time(review.opened_at),
        "expires_at": format_time(review.expires_at),
        "approved_until": None if review.approved_until is None else format_time(review.approved_until),
        "opened_entry": review.opened_entry,
        "lookup": change.lookup,
        "form": change.form,
        "sealed_payload": change.sealed_payload,
        "sealed_card": change.sealed_card,
        "uses_left": review.uses_left,
    }


def review_from_row(row: RowMapping) -> Review:
    """The review that a row of il_review holds."""
    try:
        return Review(
            id=ReviewId(row["id"]),
            action=ActionId(row["action"]),
            actor=ActorId(row["actor"]),
            connection=ConnectionName(row["connection"]),
            state=ReviewState(row["state"]),
            digest=Digest(row["digest"]),
            card_digest=Digest(row["card_digest"]),
            requirements=_requirements(row["requirements"]),
            excluded=frozenset(PersonId(str(p)) for p in json.loads(row["excluded"])),
            opened_at=parse_time(row["opened_at"]),
            expires_at=parse_time(row["expires_at"]),
            approved_until=None if row["approved_until"] is None else parse_time(row["approved_until"]),
            opened_entry=EntryId(row["opened_entry"]),
            uses_left=int(row["uses_left"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError, MalformedInput):
        raise LedgerCorrupt("a row of il_review isn't one that Interlock wrote") from None


def vote_row(vote: Vote) -> dict[str, object]:
    """The columns of a vote."""
    return {
        "review": vote.review,
        "person": vote.person,
        "verdict": vote.verdict.value,
        "action_digest": vote.action_digest,
        "card_digest": vote.card_digest,
        "presence": vote.presence.value,
        "key": vote.key,
        "credential": vote.credential,
        "entry": vote.entry,
        "at": format_time(vote.at),
        "sealed_reason": vote.sealed_reason,
    }


def vote_from_row(row: RowMapping) -> Vote:
    """The vote that a row of il_vote holds."""
    try:
        return Vote(
            review=ReviewId(row["review"]),
            person=PersonId(row["person"]),
            verdict=Verdict(row["verdict"]),
            action_digest=Digest(row["action_digest"]),
            card_digest=Digest(row["card_digest"]),
            presence=Presence(row["presence"]),
            key=KeyId(row["key"]),
            entry=EntryId(row["entry"]),
            at=parse_time(row["at"]),
            sealed_reason=bytes(row["sealed_reason"]),
            credential=str(row["credential"]),
        )
    except (ValueError, TypeError, KeyError, MalformedInput):
        raise LedgerCorrupt("a row of il_vote isn't one that Interlock wrote") from None


def comment_row(comment: Comment) -> dict[str, object]:
    """The columns of a comment."""
    return {
        "entry": comment.entry,
        "review": comment.review,
        "kind": comment.kind.value,
        "who": comment.who,
        "at": format_time(comment.at),
        "sealed_text": comment.sealed_text,
    }


def comment_from_row(row: RowMapping) -> Comment:
    """The comment that a row of il_comment holds."""
    try:
        return Comment(
            review=ReviewId(row["review"]),
            kind=CommentKind(row["kind"]),
            who=str(row["who"]),
            entry=EntryId(row["entry"]),
            at=parse_time(row["at"]),
            sealed_text=bytes(row["sealed_text"]),
        )
    except (ValueError, TypeError, KeyError, MalformedInput):
        raise LedgerCorrupt("a row of il_comment isn't one that Interlock wrote") from None


def document_row(document: Document) -> dict[str, object]:
    """The columns of a document."""
    return {
        "kind": document.kind.value,
        "id": document.id,
        "name": document.name,
        "version": document.version,
        "at": format_time(document.at),
        "due_at": None if document.due_at is None else format_time(document.due_at),
        "sealed": document.sealed,
    }


def document_from_row(row: RowMapping) -> Document:
    """The document that a row of il_document holds; raises `LedgerCorrupt`."""
    try:
        return Document(
            kind=DocumentKind(row["kind"]),
            id=_plain(row["id"]),
            name=str(row["name"]),
            version=int(row["version"]),
            at=parse_time(row["at"]),
            due_at=None if row["due_at"] is None else parse_time(row["due_at"]),
            sealed=bytes(row["sealed"]),
        )
    except (ValueError, TypeError, KeyError, MalformedInput):
        raise LedgerCorrupt("a row of il_document isn't one that Interlock wrote") from None


def _plain(id_: object) -> str:
    """An id of ours: text, in ASCII, so that it sorts here as it does in the database."""
    if not isinstance(id_, str) or not id_.isascii():
        raise ValueError("not an id")
    return id_


def requirements_text(asked: Requirements) -> str:
    return encode(
        {
            **fields(asked),
            "expires_us": asked.expires // timedelta(microseconds=1),
            "valid_us": asked.valid // timedelta(microseconds=1),
        }
    ).decode()


def _requirements(text: str) -> Requirements:
    document = json.loads(text)
    expires, valid = (timedelta(microseconds=document[name]) for name in ("expires_us", "valid_us"))
    return requirements(document, expires, valid)
