"""What a settled review was opened with, and the votes on it: read from their signed entries, since the fold keeps
little but its id.

A row only says which entry that is. Whoever can write rows could name other people in one, and so open a card to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import structlog

from interlock.desk.standing import Standing
from interlock.errors import MalformedInput, NotFound
from interlock.ledger.authorised import CountedVote, Opened
from interlock.ledger.entry import Entry, parse_entry, verify_signature
from interlock.ledger.note import VerifyingKey
from interlock.ledger.opening import opened_by
from interlock.model.entry import EntryType
from interlock.model.names import EntryId, ReviewId
from interlock.model.review import Review, Vote
from interlock.ports import Records

MOST_REMEMBERED = 20_000  # about a kilobyte each

log = structlog.get_logger()


class Cast(NamedTuple):
    """What a vote says."""

    person: str
    verdict: str
    presence: str
    key: str
    digest: str
    card: str
    credential: str


@dataclass(frozen=True, slots=True)
class Openings:
    """The openings of reviews that are settled, and the votes on them.

    `node_keys` are the public keys of the nodes whose entries count: with
    none, none does. Remembers at most `MOST_REMEMBERED`."""

    node_keys: tuple[VerifyingKey, ...] = ()
    _known: dict[ReviewId, Opened] = field(default_factory=dict, repr=False)
    _casts: dict[tuple[ReviewId, EntryId], Cast] = field(default_factory=dict, repr=False)

    async def true(self, row: Review, standing: Standing, records: Records) -> Review:
        """The row with what its signed entries say in place of what the row says, be it open or settled.

        Raises `NotFound`, and tells the operators, when the entry that the row names isn't this review's opening.
        """
        if standing.authority.opened(row.id) is not None:
            return standing.true(row)
        opened = self._known.get(row.id)
        if opened is None:
            opened = _opening(row.id, await records.entry(row.opened_entry), self.node_keys)
            if opened is None:
                log.critical("integrity.alarm", because="a row of il_review names an entry that didn't open it")
                raise NotFound("no review of that id")
            if len(self._known) >= MOST_REMEMBERED:
                self._known.clear()
            self._known[row.id] = opened
        # Digests, card and validity stay the row's: a narrowing may have changed them since.
        return replace(
            row,
            action=opened.action,
            actor=opened.actor,
            connection=opened.connection,
            requirements=replace(opened.requirements, valid=row.requirements.valid, reuse=row.requirements.reuse),
            excluded=opened.excluded,
            expires_at=opened.expires_at,
            opened_entry=opened.entry,
            chain=opened.chain,
            deferred=opened.deferred,
        )

    async def cast(self, review: ReviewId, entry: EntryId, records: Records) -> Cast | None:
        """What the vote of that entry says, where the fold holds it no more; None unless it is one on this review."""
        known = self._casts.get((review, entry))
        if known is None:
            known = _cast(review, await records.entry(entry), self.node_keys)
            if known is not None:
                if len(self._casts) >= MOST_REMEMBERED:
                    self._casts.clear()
                self._casts[(review, entry)] = known
        return known

    async def all_true(self, rows: Sequence[Review], standing: Standing, records: Records) -> list[Review]:
        """The same of each, without those that have no such entry."""
        found: list[Review] = []
        for row in rows:
            try:
                found.append(await self.true(row, standing, records))
            except NotFound:
                continue
        return found


def cast_of(vote: Vote | CountedVote) -> Cast:
    """What a vote says, be it in a row or in the fold."""
    digest, card = (vote.action_digest, vote.card_digest) if isinstance(vote, Vote) else (vote.digest, vote.card)
    return Cast(vote.person, vote.verdict, vote.presence, vote.key, digest, card, vote.credential)


def _cast(review: ReviewId, raw: bytes | None, keys: Sequence[VerifyingKey]) -> Cast | None:
    """What the vote on this review says that these bytes are, signed by a node of ours; None when they aren't."""
    entry = _signed(raw, keys)
    if entry is None or entry.type is not EntryType.VOTE_CAST or entry.obj != review:
        return None
    d = entry.d
    return Cast(d["person"], d["verdict"], d["presence"], d["key"], d["digest"], d["card"], d.get("credential", ""))


def _opening(review: ReviewId, raw: bytes | None, keys: Sequence[VerifyingKey]) -> Opened | None:
    """The opening of this review that these bytes are, signed by a node of ours; None when they aren't."""
    entry = _signed(raw, keys)
    if entry is None or entry.type is not EntryType.REVIEW_OPENED or entry.obj != review:
        return None
    return opened_by(entry)


def _signed(raw: bytes | None, keys: Sequence[VerifyingKey]) -> Entry | None:
    if raw is None:
        return None
    try:
        entry = parse_entry(raw)
        verify_signature(entry, keys)
    except MalformedInput:
        return None
    return entry
