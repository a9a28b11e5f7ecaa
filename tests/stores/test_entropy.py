"""Ids and the clock."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC

import pytest

from interlock.stores.clock import SystemClock
from interlock.stores.entropy import SystemEntropy


def test_ids_are_uuid7s_of_this_moment() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid.UUID(SystemEntropy().uuid7())
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_ids_rise_and_never_repeat() -> None:
    entropy = SystemEntropy()
    made = [entropy.uuid7() for _ in range(20_000)]
    assert made == sorted(set(made))


def test_ids_rise_while_the_clock_stands_back(monkeypatch: pytest.MonkeyPatch) -> None:
    entropy = SystemEntropy()
    first = entropy.uuid7()
    monkeypatch.setattr("interlock.stores.entropy.time.time_ns", lambda: 1_000_000_000)
    later = [entropy.uuid7() for _ in range(1000)]
    assert [first, *later] == sorted({first, *later})


def test_a_full_millisecond_runs_over_into_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("interlock.stores.entropy.os.urandom", lambda size: b"\xff" * size)
    monkeypatch.setattr("interlock.stores.entropy._STEP_BITS", 72)
    entropy = SystemEntropy()
    made = [entropy.uuid7() for _ in range(50)]
    assert made == sorted(set(made))
    assert all(uuid.UUID(one).version == 7 for one in made)


def test_threads_get_ids_of_their_own() -> None:
    entropy, made = SystemEntropy(), list[str]()
    threads = [threading.Thread(target=lambda: made.extend(entropy.uuid7() for _ in range(2000))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000


def test_tokens_have_the_size_asked_for() -> None:
    assert len(SystemEntropy().token(32)) == 32
    assert SystemEntropy().token(32) != SystemEntropy().token(32)


def test_the_clock_tells_utc() -> None:
    assert SystemClock().now().tzinfo is UTC


def test_a_forked_process_does_not_go_on_with_its_parents_random_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []

    def urandom(size: int) -> bytes:
        taken.append(size)
        return bytes([len(taken)]) * size

    monkeypatch.setattr("interlock.stores.entropy.os.urandom", urandom)
    entropy = SystemEntropy()
    entropy.uuid7()
    entropy.uuid7()
    assert len(taken) == 1
    monkeypatch.setattr("interlock.stores.entropy.os.getpid", lambda: -1)
    entropy.uuid7()
    assert len(taken) == 2
    entropy.token(16)
    assert taken[2:] == [16]
