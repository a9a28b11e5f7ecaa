"""What a log may say once is said once, whoever asks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.making import Node, draft, uuid

from interlock.errors import LedgerCorrupt
from interlock.ledger.claims import Claim, Marks, claims, marks, refusal
from interlock.ledger.verify import verify_entries
from interlock.model.entry import Draft, EntryType

REVIEW, OTHER = uuid(70), uuid(71)


def released(number: int, review: str = REVIEW) -> Draft:
    """A release of an action of that number."""
    return draft(EntryType.ACTION_RELEASED, number, act=uuid(1000 + number), obj=review, review=review, digest="")


def said(*drafts: Draft) -> tuple[Claim, ...]:
    """What drafts claim."""
    return tuple(claim for d in drafts for claim in claims(d.type, d.act, d.obj, d.d))


def verified(*drafts: Draft) -> int:
    """How many entries of a log of one entry a flush verify."""
    node = Node()
    for one in drafts:
        node.flush(one)
    return len(list(verify_entries(node.log, [node.key])))


SETTLING = {
    "expired": draft(EntryType.REVIEW_EXPIRED, 2, obj=REVIEW),
    "withdrawn": draft(EntryType.REVIEW_WITHDRAWN, 2, obj=REVIEW),
    "superseded": draft(EntryType.REVIEW_SUPERSEDED, 2, obj=REVIEW),
    "denied": draft(EntryType.VOTE_CAST, 2, obj=REVIEW, verdict="deny", settles="denied"),
    "released": released(2),
}


@pytest.mark.parametrize("first", SETTLING.values(), ids=SETTLING)
def test_a_second_use_of_an_approval_is_found(first: Draft) -> None:
    """The index is that of the second: the first is entry 0, with a seal behind it if it is a plain one."""
    index = 2 if first.type is EntryType.ACTION_RELEASED else 1
    with pytest.raises(LedgerCorrupt, match=rf"step 9 failed .*entry {index}: the review was used up"):
        verified(first, released(3))
    assert refusal(said(first, released(3))) is not None


def run(number: int, use: int) -> Draft:
    """A release of an action of that number, on one of the review's numbered runs."""
    act = uuid(1000 + number)
    return draft(EntryType.ACTION_RELEASED, number, act=act, obj=REVIEW, review=REVIEW, digest="", use=use)


TWICE = draft(EntryType.REVIEW_OPENED, 1, obj=REVIEW, uses=2)


def test_an_approval_for_two_runs_is_good_for_two() -> None:
    drafts = (TWICE, run(2, 1), run(3, 2), draft(EntryType.REVIEW_EXPIRED, 4, obj=REVIEW))
    assert verified(*drafts) == len(drafts) + 2
    assert refusal(said(*drafts)) is None


OVERUSED = {
    "a third run": (TWICE, run(2, 1), run(3, 2), run(4, 3)),
    "a run again": (TWICE, run(2, 1), run(3, 1)),
    "a run before its turn": (TWICE, run(2, 2)),
    "a run without a number": (TWICE, released(2)),
    "a run without a number after one with": (TWICE, run(2, 1), released(3)),
    "a number where there is but one run": (draft(EntryType.REVIEW_OPENED, 1, obj=REVIEW), run(2, 1)),
    "a number where nothing was opened": (run(2, 1),),
    "a run of number 0": (TWICE, run(2, 0)),
    "a run after it expired": (TWICE, run(2, 1), draft(EntryType.REVIEW_EXPIRED, 3, obj=REVIEW), run(4, 2)),
    "a run after it was denied": (TWICE, run(2, 1), SETTLING["denied"], run(4, 2)),
    "opened a second time for more": (
        draft(EntryType.REVIEW_OPENED, 1, obj=REVIEW, uses=2),
        run(2, 1),
        run(3, 2),
        draft(EntryType.REVIEW_OPENED, 4, obj=REVIEW, uses=9),
        run(5, 3),
    ),
}


@pytest.mark.parametrize("drafts", OVERUSED.values(), ids=OVERUSED)
def test_more_runs_than_the_approval_says_are_found(drafts: tuple[Draft, ...]) -> None:
    with pytest.raises(LedgerCorrupt, match="step 9 failed"):
        verified(*drafts)
    assert refusal(said(*drafts)) is not None


def test_runs_count_whether_said_long_ago_or_in_this_batch() -> None:
    long_ago = Marks()
    long_ago.update(marks(said(TWICE)))
    batch = set(marks(said(run(2, 1))))
    assert refusal(said(run(3, 2)), long_ago, batch) is None
    assert refusal(said(run(3, 1)), long_ago, batch) is not None
    assert refusal(said(run(3, 2)), long_ago) is not None


def test_two_releases_of_one_action_are_found() -> None:
    twice = [draft(EntryType.ACTION_RELEASED, n, act=uuid(5), review="", digest="") for n in (1, 2)]
    with pytest.raises(LedgerCorrupt, match=r"step 9 failed .*entry 2: this action"):
        verified(*twice)
    assert refusal(said(*twice)) is not None


def test_what_may_be_said_often_verifies() -> None:
    vote = draft(EntryType.VOTE_CAST, 1, obj=REVIEW, verdict="approve", settles="approved", person="cleo")
    drafts = (
        vote,
        draft(EntryType.VOTE_CAST, 2, obj=REVIEW, verdict="approve", settles="", person="bo"),
        draft(EntryType.VOTE_CAST, 3, obj=REVIEW, verdict="deny", settles="", person="cleo"),
        released(4),
        released(5, OTHER),
        released(6, ""),
        released(7, ""),
        draft(EntryType.REVIEW_SUPERSEDED, 8, obj=REVIEW),
        draft(EntryType.ACTION_ENDED, 9, act=uuid(1004)),
        draft(EntryType.ACTION_ENDED, 10, act=uuid(1004)),
    )
    assert verified(*drafts) == len(drafts) + 6  # seals behind the plain ones
    assert refusal(said(*drafts)) is None


@pytest.mark.parametrize(
    ("type_", "d"),
    [
        (EntryType.KEY_REVOKED, {}),
        (EntryType.REVIEW_OPENED, {}),
        (EntryType.VOTE_CAST, {"person": "cleo", "verdict": "approve", "settles": ""}),
        (EntryType.VOTE_CAST, {"person": "cleo", "verdict": "deny", "settles": "denied"}),
    ],
)
def test_what_is_said_twice_is_refused_but_no_corruption(type_: EntryType, d: dict[str, str]) -> None:
    """The fold passes over the second; a log that has it is strange, and nothing was gained by it."""
    twice = [draft(type_, n, obj=REVIEW, **d) for n in (1, 2)]
    assert refusal(said(*twice)) is not None
    assert verified(*twice) == 2
    assert refusal(said(draft(type_, 1, obj=REVIEW, **d), draft(type_, 2, obj=OTHER, **d))) is None


def test_the_same_vote_by_another_credential_is_another() -> None:
    """The first may be void by now; whose votes they are is one person all the same."""
    cast = {"person": "cleo", "verdict": "approve", "settles": "", "presence": "token", "key": "k1"}
    first = draft(EntryType.VOTE_CAST, 1, obj=REVIEW, **cast)
    assert refusal(said(first, draft(EntryType.VOTE_CAST, 2, obj=REVIEW, **cast))) is not None
    for other in ({"key": "k2"}, {"presence": "console"}, {"credential": "c"}):
        assert refusal(said(first, draft(EntryType.VOTE_CAST, 2, obj=REVIEW, **{**cast, **other}))) is None


def test_a_vote_that_settled_nothing_is_cast_once_more_to_settle() -> None:
    """Each of the two once."""
    cast = {"person": "cleo", "verdict": "approve", "presence": "console", "key": "k1"}
    first, settling, again = (
        draft(EntryType.VOTE_CAST, n, obj=REVIEW, settles=settles, **cast)
        for n, settles in enumerate(("", "approved", "approved"), 1)
    )
    assert refusal(said(first, settling)) is None
    assert refusal(said(first, settling, again)) is not None


def test_claims_of_different_things_do_not_meet() -> None:
    one = said(
        draft(EntryType.REVIEW_OPENED, 1, obj=REVIEW),
        draft(EntryType.KEY_REVOKED, 2, obj=REVIEW),
        draft(EntryType.ACTION_RELEASED, 3, act=REVIEW, obj=REVIEW, review=REVIEW, digest=""),
    )
    assert len({claim.mark for claim in one}) == len(one) == 5


@given(st.sets(st.integers(0, (1 << 76) - 1)), st.sets(st.integers(0, (1 << 76) - 1)))
def test_marks_are_a_set(first: set[int], second: set[int]) -> None:
    marks = Marks()
    marks.update(first)
    marks.update(first | second)
    assert all(mark in marks for mark in first | second)
    assert not any(mark ^ 1 in marks for mark in first | second if mark ^ 1 not in first | second)
    assert not any(mark ^ 1 << 70 in marks for mark in first | second if mark ^ 1 << 70 not in first | second)
    assert "text" not in marks
