"""Every parser of outside bytes answers anything with a value or `MalformedInput`, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.making import LOG, LOG_KEY, checkpoint_of, story

from interlock.errors import MalformedInput
from interlock.ledger import canonical, checkpoint, note
from interlock.ledger.entry import parse_entry
from interlock.ledger.merkle import Frontier
from interlock.ledger.note import vkey
from interlock.ledger.tiles import decode_bundle, encode_bundle, split_tile

ENTRIES, _ = story(rounds=1)
CHECKPOINT = checkpoint_of(ENTRIES)
VKEY = vkey(LOG).encode()

PARSERS: dict[str, tuple[Callable[[bytes], object], list[bytes]]] = {
    "entry": (parse_entry, ENTRIES),
    "canonical": (canonical.parse, [raw.split(b"\n")[0] for raw in ENTRIES]),
    "note": (note.parse_note, [*(raw for raw in ENTRIES if b"\n\n" in raw), CHECKPOINT]),
    "verified note": (lambda data: note.verify(data, [LOG_KEY]), [CHECKPOINT]),
    "checkpoint": (checkpoint.parse, [CHECKPOINT.rpartition(b"\n\n")[0] + b"\n"]),
    "signed checkpoint": (lambda data: checkpoint.verify(data, LOG_KEY), [CHECKPOINT]),
    "vkey": (lambda data: note.parse_vkey(data.decode("utf-8", "surrogateescape")), [VKEY]),
    "bundle": (lambda data: decode_bundle(data, len(ENTRIES)), [encode_bundle(ENTRIES)]),
    "tile": (lambda data: split_tile(data, 3), [b"h" * 96]),
    "frontier": (Frontier.decode, [Frontier().extend([b"h" * 32] * 7).encode()]),
}

PIECES = [
    b"\n",
    b"\n\n",
    "— ".encode(),
    b"+",
    b" ",
    b"\0",
    b"\xff",
    b"{",
    b"}",
    b"[",
    b'"',
    b",",
    b"\\ud800",
    b"1e9",
    b"=",
]


@st.composite
def mutated(draw: st.DrawFn, seeds: list[bytes]) -> bytes:
    """A good input with a few stretches cut, doubled or replaced."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 3))):
        start = draw(st.integers(0, len(data)))
        stop = draw(st.integers(start, min(len(data), start + 40)))
        piece = draw(st.sampled_from(PIECES) | st.binary(max_size=8) | st.just(data[start:stop] * 2))
        data = data[:start] + piece + data[stop:]
    return data


def fuzz(name: str, examples: int) -> None:
    parser, seeds = PARSERS[name]

    @given(mutated(seeds) | st.binary(max_size=300))
    @settings(max_examples=examples, deadline=None, database=None)
    def run(data: bytes) -> None:
        try:
            parser(data)
        except MalformedInput as malformed:
            assert malformed.sentence

    run()


@pytest.mark.parametrize("name", PARSERS)
def test_seeds_are_good(name: str) -> None:
    parser, seeds = PARSERS[name]
    for seed in seeds:
        assert parser(seed) is not None


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_raises_one_error_only(name: str) -> None:
    fuzz(name, 150)


@pytest.mark.slow
@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_raises_one_error_only_for_long(name: str) -> None:
    fuzz(name, 3_000)


@pytest.mark.parametrize(
    "piece", [b"\n", b"{", b'{"a":', b"[", b'"', b"\\u0000", "— ".encode(), b"+", b"A", b"9", b"\0"]
)
@pytest.mark.parametrize("name", PARSERS)
def test_long_runs_of_one_thing_are_refused(name: str, piece: bytes) -> None:
    with pytest.raises(MalformedInput):
        PARSERS[name][0](piece * (2_000_000 // len(piece)))
