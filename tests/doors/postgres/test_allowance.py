"""Counting rows against a cap: whatever the cut of the stream, never more than the cap go on."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.doors.postgres.allowance import Allowance
from interlock.errors import MalformedInput
from interlock.wire.postgres.body import frame
from interlock.wire.postgres.copy_data import CopyMasker, text_options

BATCHES = st.lists(st.lists(st.binary(max_size=5), min_size=1, max_size=4), max_size=5)


@given(BATCHES, st.integers(1, 12))
def test_rows_go_on_up_to_the_cap(batches: list[list[bytes]], cap: int) -> None:
    allowance = Allowance(cap)
    rows = [frame(b"D", body) for batch in batches for body in batch]
    sent = b""
    for batch in batches:
        if not allowance.overdrawn:
            sent += allowance.rows_within(b"".join(frame(b"D", body) for body in batch))
    assert sent == b"".join(rows[:cap])
    assert allowance.overdrawn == (len(rows) > cap)
    assert allowance.rows == min(cap, len(rows))


@given(BATCHES, st.integers(1, 12))
def test_copied_rows_go_on_up_to_the_cap(batches: list[list[bytes]], cap: int) -> None:
    allowance, masker = Allowance(cap), CopyMasker(text_options(), [None], 100)
    count = sum(map(len, batches))
    sent = b""
    for batch in batches:
        if not allowance.overdrawn:
            sent += allowance.copied(b"".join(frame(b"d", b"x\n") for _ in batch), masker)
    assert sent == frame(b"d", b"x\n") * min(cap, count)
    assert allowance.overdrawn == (count > cap)


def test_a_message_of_several_copied_rows_goes_whole_or_not_at_all() -> None:
    allowance, masker = Allowance(3), CopyMasker(text_options(), [None], 100)
    two = frame(b"d", b"x\ny\n")
    assert allowance.copied(two, masker) == two
    assert allowance.copied(two, masker) == b"" and allowance.overdrawn


def test_the_command_tag_counts_where_it_says_more() -> None:
    allowance = Allowance(3)
    allowance.rows_within(frame(b"D", b"") * 2)
    assert allowance.completed(0) and allowance.rows == 2
    assert not allowance.completed(2) and allowance.rows == 4


def test_statements_of_a_unit_share_it() -> None:
    allowance = Allowance(3)
    assert allowance.rows_within(frame(b"D", b"")) and allowance.completed(1)
    assert allowance.rows_within(frame(b"D", b"") * 3) == frame(b"D", b"") * 2
    assert allowance.overdrawn and not allowance.out_of_room


def test_rows_held_back_have_only_so_much_room() -> None:
    allowance = Allowance(10, room=len(frame(b"D", b"1234")))
    allowance.rows_within(frame(b"D", b"1234"))
    assert not allowance.overdrawn
    allowance.rows_within(frame(b"D", b""))
    assert allowance.overdrawn and allowance.out_of_room


def test_lengths_that_lie_are_malformed() -> None:
    with pytest.raises(MalformedInput):
        Allowance(3).rows_within(frame(b"D", b"x")[:-1])
