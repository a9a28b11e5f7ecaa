"""Votes as they are shown: those that signed entries stand behind, whatever the rows say."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from tests.an_office import Office, office
from tests.desk.a_review import held, narrow, under, with_desk
from tests.stores.a_store import TRUST, write_raw

from interlock.desk import Openings
from interlock.model.narrowing import Narrowing
from interlock.model.review import Review, Verdict

COLUMNS = "review, person, verdict, action_digest, card_digest, presence, key, entry, at, sealed_reason"
FORGED = {
    "another person": "UPDATE il_vote SET person = 'bob'",
    "another verdict": "UPDATE il_vote SET verdict = iif(verdict = 'deny', 'approve', 'deny')",
    "another presence": "UPDATE il_vote SET presence = 'webauthn'",
    "another key": "UPDATE il_vote SET key = 'k'",
    "another card": "UPDATE il_vote SET card_digest = 'c'",
    "another action": "UPDATE il_vote SET action_digest = 'c'",
    "a passkey": "UPDATE il_vote SET credential = 'k'",
    "no entry": "UPDATE il_vote SET entry = 'none'",
    "an entry that is no vote": "UPDATE il_vote SET entry = (SELECT opened_entry FROM il_review)",
}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield under(opened, '@review("officers:2")')


async def shown(desk: Office, review: Review) -> list[tuple[str, Verdict]]:
    """Who said what."""
    return [(vote.person, vote.verdict) for vote in await desk.desk.votes(review.id)]


@pytest.mark.parametrize("row", FORGED.values(), ids=FORGED)
@pytest.mark.parametrize("verdict", list(Verdict))
async def test_a_row_that_is_no_vote_is_left_out_with_an_alarm(
    desk: Office, tmp_path: Path, row: str, verdict: Verdict
) -> None:
    """A yes leaves the review open; a no settles it, and the fold forgets it."""
    review, _ = await held(desk)
    await desk.vote(review, "ann", verdict)
    with structlog.testing.capture_logs() as logs:
        assert await shown(desk, review) == [("ann", verdict)]
        assert logs == []
        write_raw(tmp_path / "interlock.db", row)
        assert await shown(desk, review) == []
    assert [(each["event"], each["log_level"]) for each in logs] == [("integrity.alarm", "critical")]


async def test_a_row_beside_the_true_ones_hides_none(desk: Office, tmp_path: Path) -> None:
    review, _ = await held(desk)
    await desk.vote(review, "ann")
    copied = COLUMNS.replace("person", "'bob'")
    write_raw(tmp_path / "interlock.db", f"INSERT INTO il_vote ({COLUMNS}) SELECT {copied} FROM il_vote")
    assert await shown(desk, review) == [("ann", Verdict.APPROVE)]


async def test_a_vote_on_another_review_isnt_one_on_this(desk: Office, tmp_path: Path) -> None:
    review, _ = await held(desk)
    other, _ = await held(desk, "COPY patients TO STDOUT ")
    await desk.vote(review, "ann", Verdict.DENY)
    await desk.vote(other, "bob", Verdict.DENY)
    write_raw(
        tmp_path / "interlock.db",
        f"DELETE FROM il_vote WHERE review = '{review.id}'",
        f"UPDATE il_vote SET review = '{review.id}'",
    )
    assert await shown(desk, review) == []


async def test_what_the_fold_has_forgotten_is_read_from_its_entry_once(
    desk: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    review, _ = await held(desk, cappable=True)
    await desk.vote(review, "ann")
    await narrow(desk, review, "bob", Narrowing(row_cap=5))
    asked, entry = [], type(desk.desk.records).entry

    async def counted(self: object, id_: str) -> bytes | None:
        asked.append(id_)
        return await entry(self, id_)  # type: ignore[arg-type]

    monkeypatch.setattr(type(desk.desk.records), "entry", counted)
    for _ in range(2):
        assert await shown(desk, review) == [("ann", Verdict.APPROVE)]
    assert len(asked) == 1
    await desk.vote(await desk.desk.review(review.id), "bob")
    assert await shown(desk, review) == [("ann", Verdict.APPROVE), ("bob", Verdict.APPROVE)]
    assert len(asked) == 1  # while it is open, the votes that count are read from the fold
    nobody = with_desk(desk, openings=replace(Openings(TRUST.node_keys), node_keys=()))
    assert await shown(nobody, review) == [("bob", Verdict.APPROVE)]
