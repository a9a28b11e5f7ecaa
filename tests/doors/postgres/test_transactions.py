"""What a transaction settles, without any server."""

from __future__ import annotations

from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from interlock.doors.postgres.transactions import Settled, Transaction
from interlock.model.release import Ending, Outcome, Release

WENT = Ending(Outcome.SUCCEEDED, rows=1)


def release(name: str) -> Release:
    """The tracker never looks into one."""
    return cast(Release, name)


def told(settled: list[Settled]) -> dict[str, Outcome]:
    return {cast(str, r): ending.outcome for r, ending in settled}


def test_commit_lets_all_be_as_it_went_and_rollback_undoes_it() -> None:
    for ends, outcome in (
        (Transaction.committed, Outcome.SUCCEEDED),
        (Transaction.rolled_back, Outcome.ROLLED_BACK),
        (Transaction.unknown, Outcome.UNKNOWN),
    ):
        transaction = Transaction()
        transaction.ran(release("a"), WENT)
        transaction.savepoint("s")
        transaction.ran(release("b"), WENT)
        assert len(transaction) == 2
        assert told(ends(transaction)) == {"a": outcome, "b": outcome}
        assert len(transaction) == transaction.depth == 0


def test_a_savepoint_is_found_by_the_latest_of_its_name() -> None:
    transaction = Transaction()
    for name in "ab":
        transaction.savepoint("s")
        transaction.ran(release(name), WENT)
    depth, undone = transaction.rollback_to("s")
    assert (depth, told(undone)) == (2, {"b": Outcome.ROLLED_BACK})
    assert transaction.release("s") == 1
    depth, undone = transaction.rollback_to("s")
    assert (depth, told(undone)) == (1, {"a": Outcome.ROLLED_BACK})


def test_what_ran_in_a_released_savepoint_belongs_to_what_is_around() -> None:
    transaction = Transaction()
    transaction.savepoint("outer")
    transaction.savepoint("inner")
    transaction.ran(release("a"), WENT)
    assert transaction.release("inner") == 1
    assert told(transaction.rollback_to("outer")[1]) == {"a": Outcome.ROLLED_BACK}
    assert transaction.committed() == []


def test_a_name_that_there_isnt_changes_nothing() -> None:
    transaction = Transaction()
    transaction.ran(release("a"), WENT)
    assert transaction.release("none") == 0
    assert transaction.rollback_to("none")[1] == []
    assert told(transaction.committed()) == {"a": Outcome.SUCCEEDED}


@given(st.lists(st.sampled_from(["run", "save", "back", "release"]), max_size=40), st.booleans())
def test_everything_is_settled_once(steps: list[str], committed: bool) -> None:
    transaction, settled, count = Transaction(), list[Settled](), 0
    for step in steps:
        match step:
            case "run":
                transaction.ran(release(str(count)), WENT)
                count += 1
            case "save":
                transaction.savepoint("s")
            case "back":
                settled += transaction.rollback_to("s")[1]
            case _:
                transaction.release("s")
    settled += transaction.committed() if committed else transaction.rolled_back()
    assert sorted(cast(str, r) for r, _ in settled) == sorted(str(n) for n in range(count))
