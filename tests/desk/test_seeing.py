"""Who sees which reviews: open ones from the entries alone, approvals that still run, an actor's own, earlier ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.an_office import Again, Office, export, office
from tests.desk.a_review import AUDITORS, break_glass, delegate, held, ruled, under, with_desk
from tests.stores.a_store import NODE_SIGNER, TRUST, write_raw

from interlock.desk import Openings, openings
from interlock.errors import NotFound
from interlock.gate import Cleared, Held
from interlock.ledger.note import Ed25519Signer, VerifyingKey
from interlock.model.names import ActorId, PersonId
from interlock.model.review import ReviewState, Verdict
from interlock.model.secret import Secret
from interlock.ports import Sealer

SEEN_BY = {"ann", "bob", "olivia", "gil", "ida"}  # officers, part of the request, on call, auditor
OFFERED = '@review("officers:1") @break_glass("on-call")'


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Office]:
    async with office(tmp_path) as opened:
        yield ruled(under(opened, OFFERED), auditors=frozenset({AUDITORS}))


def everybody(desk: Office) -> list[PersonId]:
    return list(desk.registry.directory.everyone())


async def test_whoever_has_a_say_is_part_of_it_or_audits_sees_it(desk: Office) -> None:
    review, _ = await held(desk)
    assert {p for p in everybody(desk) if desk.desk.may_see(review, p)} == SEEN_BY
    pending = {p for p in everybody(desk) if [r.id for r in await desk.desk.pending_for(p)] == [review.id]}
    assert pending == SEEN_BY
    assert not desk.desk.may_see(review, PersonId("nobody"))
    await delegate(desk, "ann", "eve", "officers")
    assert [r.id for r in await desk.desk.pending_for(PersonId("eve"))] == [review.id]


async def test_an_auditor_reads_and_signs_nothing(desk: Office) -> None:
    review, _ = await held(desk)
    for verdict in Verdict:
        assert desk.desk.why_not(review, PersonId("ida"), verdict) is not None


async def test_it_stays_so_when_it_is_settled(desk: Office) -> None:
    review, _ = await held(desk)
    settled = await desk.vote(review, "ann", Verdict.DENY)
    assert {p for p in everybody(desk) if desk.desk.may_see(settled, p)} == SEEN_BY


async def test_a_row_that_names_another_group_shows_an_open_review_to_nobody_more(desk: Office, tmp_path: Path) -> None:
    review, _ = await held(desk)
    write_raw(
        tmp_path / "interlock.db", "UPDATE il_review SET requirements = replace(requirements, 'officers', 'security')"
    )
    found = await desk.desk.review(review.id)
    assert {p for p in everybody(desk) if desk.desk.may_see(found, p)} == SEEN_BY


def forgetful(desk: Office) -> Office:
    """The desk as after a start: it remembers nothing of what is settled."""
    return with_desk(desk, openings=Openings(TRUST.node_keys))


EVES = {
    "names her as part of it": "UPDATE il_review SET excluded = '[\"eve\"]'",
    "names her group": "UPDATE il_review SET requirements = replace(requirements, 'officers', 'security')",
}


@pytest.mark.parametrize("row", EVES.values(), ids=EVES)
@pytest.mark.parametrize("after_a_start", [False, True])
async def test_a_written_row_opens_a_settled_card_to_nobody(
    desk: Office, tmp_path: Path, row: str, after_a_start: bool
) -> None:
    review, _ = await held(desk)
    await desk.vote(review, "ann", Verdict.DENY)
    if after_a_start:
        desk = forgetful(desk)
    write_raw(tmp_path / "interlock.db", row)
    found = await desk.desk.review(review.id)
    (listed,) = await desk.desk.reviews(frozenset({ReviewState.DENIED}), 10)
    for shown in (found, listed):
        assert {p for p in everybody(desk) if desk.desk.may_see(shown, p)} == SEEN_BY
    assert listed == found and found.state is ReviewState.DENIED and found.excluded == review.excluded


async def test_a_settled_row_that_names_another_opening_is_there_for_nobody(desk: Office, tmp_path: Path) -> None:
    review, _ = await held(desk)
    await desk.vote(review, "ann", Verdict.DENY)
    desk.clock.forward(seconds=1)
    other, _ = await held(desk, "COPY patients TO STDOUT ")
    desk = forgetful(desk)
    vote = (await desk.desk.votes(review.id))[0].entry
    for entry in (other.opened_entry, vote, "none"):
        write_raw(tmp_path / "interlock.db", f"UPDATE il_review SET opened_entry = '{entry}' WHERE id = '{review.id}'")
        with pytest.raises(NotFound):
            await desk.desk.review(review.id)
        assert [each.id for each in await desk.desk.reviews(None, 10)] == [other.id]
        assert [each.id for each in await desk.desk.reviews_of(ActorId("etl"), None, 10)] == [other.id]


async def test_an_opening_that_no_node_of_ours_signed_shows_nothing(desk: Office) -> None:
    review, _ = await held(desk)
    await desk.vote(review, "ann", Verdict.DENY)
    stranger = Ed25519Signer(NODE_SIGNER.name, Secret(b"x" * 32))
    for keys in ((), (VerifyingKey(stranger.name, stranger.public),)):
        with pytest.raises(NotFound):
            await with_desk(desk, openings=Openings(keys)).desk.review(review.id)
    assert (await desk.desk.review(review.id)).id == review.id


async def test_openings_are_remembered_up_to_a_bound(desk: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openings, "MOST_REMEMBERED", 2)
    desk = forgetful(desk)
    for n in range(5):
        review, _ = await held(desk, "COPY patients TO STDOUT" + " " * n)
        await desk.vote(review, "ann", Verdict.DENY)
    assert len(await desk.desk.reviews(None, 10)) == 5
    assert 0 < len(desk.desk.openings._known) <= 2


class _NoSealer:
    def seal(self, about: str, plain: bytes) -> bytes:
        raise AssertionError("nothing is sealed here")

    def open(self, about: str, sealed: bytes) -> Secret[bytes]:
        raise AssertionError("nothing is unsealed here")


async def test_listing_what_is_pending_unseals_nothing(desk: Office) -> None:
    for n in range(3):
        await held(desk, "COPY patients TO STDOUT" + " " * n)
        desk.clock.forward(seconds=1)
    sealer: Sealer = _NoSealer()
    shown = with_desk(desk, sealer=sealer)
    pending = await shown.desk.pending_for(PersonId("ann"))
    assert len(pending) == 3
    assert [r.expires_at for r in pending] == sorted(r.expires_at for r in pending)
    row = await shown.desk.review(pending[0].id)
    assert row == replace(pending[0], opened_at=row.opened_at, requirements=row.requirements)
    desk.clock.forward(minutes=31)
    assert await shown.desk.pending_for(PersonId("ann")) == []


async def test_approvals_that_still_run(desk: Office) -> None:
    desk = under(desk, '@review("officers:1") @break_glass("on-call") @reuse("2 within 10m")')
    review, action = await held(desk)
    ann = PersonId("ann")
    assert await desk.desk.running_approvals(ann) == []
    await desk.vote(review, "ann")
    assert isinstance(await desk.gate.redeem(review.id, action, Again(action)), Cleared)
    (good,) = await desk.desk.running_approvals(ann)
    row = await desk.desk.review(review.id)
    assert (good.id, good.state, good.uses_left) == (review.id, ReviewState.APPROVED, 1)
    assert good.approved_until == row.approved_until
    assert await desk.desk.running_approvals(PersonId("eve")) == []
    second = export(action.actor)
    assert isinstance(await desk.gate.redeem(review.id, second, Again(second)), Cleared)
    assert await desk.desk.running_approvals(ann) == []


async def test_one_by_broken_glass_is_shown_with_its_one_run_and_a_no_ends_it(desk: Office) -> None:
    review, _ = await held(desk)
    await break_glass(desk, review, "gil")
    (good,) = await desk.desk.running_approvals(PersonId("ann"))
    assert good.uses_left == 1
    await desk.vote(good, "ann", Verdict.DENY)
    assert await desk.desk.running_approvals(PersonId("ann")) == []


async def test_an_actor_lists_its_own_and_pages_through_them(desk: Office) -> None:
    for n in range(3):
        await held(desk, "COPY patients TO STDOUT" + " " * n)
        desk.clock.forward(seconds=1)
    assert isinstance(await desk.gate.ask(export(await desk.agent("other"))), Held)
    mine = await desk.desk.reviews_of(ActorId("etl"), None, 10)
    assert [r.actor for r in mine] == ["etl"] * 3
    first = mine[0]
    assert await desk.desk.reviews_of(ActorId("etl"), None, 10, (first.opened_at, first.id)) == mine[1:]
    assert await desk.desk.reviews_of(ActorId("etl"), frozenset({ReviewState.DENIED}), 10) == []


async def test_earlier_ones_of_the_same_form_as_far_as_one_may_see_them(desk: Office) -> None:
    denied, _ = await held(desk)
    await desk.vote(denied, "ann", Verdict.DENY)
    desk.clock.forward(seconds=1)
    review, _ = await held(desk)
    await held(desk, "COPY patients TO STDOUT ")
    assert [r.id for r in await desk.desk.history(review.id, PersonId("ann"))] == [denied.id]
    assert await desk.desk.history(review.id, PersonId("eve")) == []
    assert await desk.desk.history(denied.id, PersonId("ann")) == []
