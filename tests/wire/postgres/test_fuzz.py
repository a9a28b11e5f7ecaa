"""The fuzzer (`tests/fuzzing`), briefly; and that it sees what it is there for."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Hashable
from random import Random

import pytest
from tests.fuzzing import TARGETS, loop
from tests.fuzzing.judging import Target, attempt
from tests.fuzzing.loop import Finding, Loop, Tally
from tests.fuzzing.mutation import boundaries, mutated
from tests.fuzzing.streams import CANARY, Streams, record

from interlock.demo.embedded_postgres import EmbeddedPostgres
from interlock.errors import MalformedInput
from interlock.wire.postgres.copy_data import CopyMasker, csv_options
from interlock.wire.postgres.rows import RowMasker

BRIEFLY = 2_000  # inputs: a few seconds
AT_LENGTH = 60.0  # seconds


@pytest.fixture(scope="module")
def streams(postgres: EmbeddedPostgres) -> Streams:
    return asyncio.run(record(postgres, "postgres"))


def told(findings: list[Finding]) -> str:
    return "\n".join(f"{finding.because}\n{finding.repro()[:2_000]}" for finding in findings)


def test_real_streams_changed_a_little(streams: Streams) -> None:
    fuzzing = Loop(TARGETS, streams, seed=6)
    fuzzing.untouched()
    fuzzing.rounds(BRIEFLY)
    assert not fuzzing.tally.findings, told(fuzzing.tally.findings)
    assert set(fuzzing.tally.inputs) == {target.name for target in TARGETS}
    assert all(fuzzing.tally.kept[target.name] > 1 for target in TARGETS)


@pytest.mark.slow
def test_real_streams_changed_for_a_minute(streams: Streams) -> None:
    seed = secrets.randbits(32)
    fuzzing = Loop(TARGETS, streams, seed)
    fuzzing.until(AT_LENGTH, lambda tally: None)
    assert not fuzzing.tally.findings, f"seed {seed}\n{told(fuzzing.tally.findings)}"


def test_streams_are_of_every_kind(streams: Streams) -> None:
    asked = {message.type for message in streams.messages_asked()}
    answered = {message.type for message in streams.messages_answered()}
    assert {b"Q", b"P", b"B", b"D", b"E", b"S", b"C", b"d", b"c", b"p", b"X"} <= asked
    assert {b"R", b"S", b"K", b"Z", b"T", b"D", b"C", b"E", b"1", b"2", b"t", b"d", b"H", b"G"} <= answered
    assert any(CANARY in stream for stream in streams.asked)
    assert any(CANARY in stream for stream in streams.answered)


def test_mutation_depends_on_its_seed_alone(streams: Streams) -> None:
    data = streams.asked[1]
    one, other = ([mutated(data, Random(9), streams.asked) for _ in range(3)] for _ in range(2))
    assert one == other
    assert len({mutated(data, Random(seed), streams.asked) for seed in range(50)}) > 40
    assert boundaries(b"S\0\0\0\4Q\0\0\0\6a\0H", 0) == [0, 5]


def planted(check: object, data: bytes = b"seed " + CANARY) -> Tally:
    """What a loop over one target says."""
    assert callable(check)
    fuzzing = Loop([Target("planted", lambda streams: [data], check)], Streams(), seed=1)
    fuzzing.untouched()
    fuzzing.rounds(300)
    return fuzzing.tally


def refusing(data: bytes) -> bytes:
    if len(data) % 2:
        raise MalformedInput("bytes that don't follow their format")
    return data


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    tally = planted(lambda data, random: str(attempt(refusing, data))[:5])
    assert not tally.findings
    assert tally.inputs["planted"] == 301


def quoting(data: bytes) -> bytes:
    raise MalformedInput(f"what is {data!r}?")


def in_hex(data: bytes) -> bytes:
    raise MalformedInput(data.hex())


def caused(data: bytes) -> bytes:
    try:
        raise ValueError(data)
    except ValueError as error:
        raise MalformedInput("bytes that don't follow their format") from error


def wrong_error(data: bytes) -> bytes:
    return bytes((data.index(b"\xff"),))


@pytest.mark.parametrize("parser", [quoting, in_hex, caused, wrong_error])
def test_a_parser_that_tells_values_or_raises_something_else_is_found(parser: object) -> None:
    assert callable(parser)
    tally = planted(lambda data, random: isinstance(attempt(parser, data), str))
    assert 1 <= len(tally.findings) <= loop.DIFFERENT * 2
    found = tally.findings[0]
    assert found.repro().endswith(found.data.hex())
    assert f"--case {found.case} " in found.repro()


def test_a_parser_that_doesn_t_end_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(data: bytes, random: Random) -> Hashable:
        while b"e" in data:
            pass
        return None

    monkeypatch.setattr(loop, "CPU_SECONDS", 0.01)
    monkeypatch.setattr(loop, "DIFFERENT", 1)
    fuzzing = Loop([Target("planted", lambda streams: [b"seed"], endless)], Streams(), seed=1)
    fuzzing.untouched()
    assert [finding.data for finding in fuzzing.tally.findings] == [b"seed"]


def test_a_parser_that_hoards_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "WEIGH_EACH", 1)
    tally = planted(lambda data, random: len(bytes(loop.MEMORY_FLOOR * 2)))
    assert "MemoryError" in tally.findings[0].because


def target(name: str) -> Target:
    return next(each for each in TARGETS if each.name == name)


def test_a_masker_that_lets_a_value_through_is_found(streams: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CopyMasker, "_encoded", lambda self, mask, field: field)
    fuzzing = Loop([target("copy-out")], streams, seed=1)
    fuzzing.untouched()
    assert "rows aren't masked as the witness says" in told(fuzzing.tally.findings)


def test_rows_that_go_on_unmasked_are_found(streams: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    class Lax(RowMasker):
        def rewrite_batch(self, data: bytes) -> bytes:
            return data

    monkeypatch.setattr("tests.fuzzing.kernels.rows.RowMasker", Lax)
    fuzzing = Loop([target("rows")], streams, seed=1)
    fuzzing.untouched()
    assert "rows aren't masked as the witness says" in told(fuzzing.tally.findings)


def test_an_empty_message_is_no_row() -> None:
    """Found by fuzzing: the quick way took a CopyData without a byte for a row of one empty field."""
    masker = CopyMasker(csv_options(), [lambda value: b"x"], 100)
    assert masker.feed_batch(b"d\0\0\0\4" * 3) == b""
    assert (masker.rows, masker.counts) == (0, (0,))
    assert masker.feed_batch(b"d\0\0\0\4d\0\0\0\6a\n") == b"d\0\0\0\6x\n"
