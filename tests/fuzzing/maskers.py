"""The maskers: what comes out is what the witness says, value by value, so that no masked value gets through.

The first byte of an input chooses the masks (and COPY's form), so that what is found can be found again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.fuzzing.dialects import DIALECTS, Row, Unreadable, fields, witness
from tests.fuzzing.judging import Broken, Target, attempt, cuts, demand, silent
from tests.fuzzing.kernels import VARIANTS
from tests.fuzzing.streams import CANARY, Streams

from interlock.wire.postgres.answers import write_data_row
from interlock.wire.postgres.body import frame as frame_bytes
from interlock.wire.postgres.copy_binary import BinaryCopyMasker, payloads
from interlock.wire.postgres.copy_data import CopyMasker, copy_masker
from interlock.wire.postgres.copy_format import CopyFormat, CopyOptions
from interlock.wire.postgres.rows import ColumnMask

_LIMIT = 2**30


@dataclass(frozen=True)
class Constant:
    """A mask as the gateway's own: `ConstantMask`."""

    replacement: bytes | None
    keeps_null: bool

    def __call__(self, value: bytes | None) -> bytes | None:
        return None if value is None and self.keeps_null else self.replacement


def lengthened(value: bytes | None) -> bytes | None:
    """A mask that has to be called, and that needs escapes in text."""
    return None if value is None else b'<\t\\,">' + bytes((65 + len(value) % 26,))


MASKS: tuple[ColumnMask, ...] = (
    Constant(b"[phi.mrn]", True),
    Constant(b"[phi.mrn]", False),
    Constant(b"", True),
    Constant(b'x,"y"\\\t|^-]\';', False),
    lengthened,
)
NULLING = Constant(None, False)  # in a dialect whose NULL is certain


def chosen(columns: int, random: Random, *, nulling: bool) -> list[ColumnMask | None]:
    """A mask or none for each column; the first is always masked."""
    masks: tuple[ColumnMask, ...] = (*MASKS, NULLING) if nulling else MASKS
    some: list[ColumnMask | None] = [random.choice((None, *masks)) for _ in range(columns)]
    if some:
        some[0] = random.choice(masks)
    return some


def expected(masks: list[ColumnMask | None], row: Row) -> Row:
    """The row as it should come out."""
    return [value if mask is None else mask(value) for mask, value in zip(masks, row, strict=True)]


def check_rows(data: bytes, random: Random) -> Hashable:
    """DataRows: refused exactly when the witness can't read them, else masked to the byte; compiled or not."""
    if not data:
        return None
    columns, batch = data[0] % 8, data[1:]
    masks = chosen(columns, random, nulling=True)
    try:
        wanted: bytes | None = b"".join(write_data_row(expected(masks, row)) for row in _rows(batch, columns))
    except Unreadable:
        wanted = None
    for module in VARIANTS["rows"]:
        masker = module.RowMasker(masks)
        got = attempt(masker.rewrite_batch, batch)
        demand((None if isinstance(got, str) else got) == wanted, "rows aren't masked as the witness says")
        attempt(module.RowMasker(masks).rewrite, batch)
    _no_canary(masks, columns, batch, wanted)
    return columns, wanted is None, masker.rows.bit_length()


def _no_canary(masks: list[ColumnMask | None], columns: int, batch: bytes, out: bytes | None) -> None:
    """Where every column is masked, nothing that came may go."""
    if out is not None and masks and None not in masks:
        silent(out, "a masked row")


def _rows(data: bytes, columns: int) -> list[Row]:
    rows: list[Row] = []
    at = 0
    while at < len(data):
        stop = at + 1 + int.from_bytes(data[at + 1 : at + 5], signed=True)
        count = int.from_bytes(data[at + 5 : at + 7])
        if data[at : at + 1] != b"D" or at + 7 > len(data) or stop > len(data) or count != columns or stop < at + 7:
            raise Unreadable
        row, end = fields(data[:stop], at + 7, count)
        if end != stop:
            raise Unreadable
        rows.append(row)
        at = stop
    return rows


def check_copies(data: bytes, random: Random) -> Hashable:
    """COPY TO STDOUT: what comes out reads as the witness says, for any cut and any of the ways that rows go."""
    if len(data) < 2:
        return None
    number, columns, stream = data[0] % len(DIALECTS), data[1] % 8, data[2:]
    options = DIALECTS[number].options
    masks = chosen(columns, random, nulling=options.null_is_certain)
    wanted = _wanted(options, masks, stream)
    outcomes: set[bytes | None] = set()
    for pieces in ([stream], stream.splitlines(keepends=True), cuts(stream, random)):
        for way in _WAYS:
            got = attempt(way, options, masks, pieces)
            outcomes.add(None if isinstance(got, str) else got)
        if random.random() < 0.05:
            _lying_batch(options, masks, pieces, random)
    demand(len(outcomes) == 1, "a cut, or another way, changes what comes out")
    (out,) = outcomes
    if out is not None:
        _check_out(options, masks, out, wanted)
    small = copy_masker(options, masks, random.choice((0, 10, 100)))
    attempt(_bounded, small, cuts(stream, random))
    return number, columns, out is None, 0 if wanted is None else len(wanted).bit_length()


def _wanted(options: CopyOptions, masks: list[ColumnMask | None], stream: bytes) -> list[Row] | None:
    """The rows that should come out; None where the stream can't be read."""
    try:
        rows, left = witness(options, stream)
    except Unreadable:
        return None
    if left:
        return None
    rows = [[] if row in ([None], [b""]) and not masks else row for row in rows]
    if any(len(row) != len(masks) for row in rows):
        return None
    body = rows[1:] if options.header and options.format is not CopyFormat.BINARY else rows
    if not options.null_is_certain:
        body = [[options.null if value is None else value for value in row] for row in body]
    return [*rows[: len(rows) - len(body)], *(expected(masks, row) for row in body)]


def _check_out(options: CopyOptions, masks: list[ColumnMask | None], got: bytes, wanted: list[Row] | None) -> None:
    if wanted is None:
        raise Broken("what the witness can't read is masked all the same")
    try:
        rows, left = witness(options, got)
    except Unreadable:
        raise Broken("what comes out can't be read") from None
    rows = [[] if row in ([None], [b""]) and not masks else row for row in rows]
    if not options.null_is_certain:
        rows = [[options.null if value is None else value for value in row] for row in rows]
        wanted = [[options.null if value is None else value for value in row] for row in wanted]
    demand(not left and rows == wanted, "rows aren't masked as the witness says")
    if masks and None not in masks and not options.header:
        demand(CANARY not in got, "a masked value gets through")


def _by_feed(options: CopyOptions, masks: list[ColumnMask | None], pieces: list[bytes]) -> bytes:
    masker = copy_masker(options, masks, _LIMIT)
    return b"".join([masker.feed(piece) for piece in pieces]) + masker.finish()


def _by_batch(options: CopyOptions, masks: list[ColumnMask | None], pieces: list[bytes]) -> bytes:
    return _batched(copy_masker(options, masks, _LIMIT), pieces)


def _as_python(options: CopyOptions, masks: list[ColumnMask | None], pieces: list[bytes]) -> bytes:
    masker = copy_masker(options, masks, _LIMIT)
    if isinstance(masker, CopyMasker):
        masker._plain_rows = None
    return _batched(masker, pieces)


def _by_plain_rows(options: CopyOptions, masks: list[ColumnMask | None], pieces: list[bytes]) -> bytes:
    masker: Any = copy_masker(options, masks, _LIMIT)
    if isinstance(masker, CopyMasker) and masker._compiled_rows() is not None:
        constants = [(s.column, s.constant, s.keeps_null) for s in masker._steps]
        masker._plain_rows = VARIANTS["copy_rows"][-1].PlainRows(
            len(masks),
            constants,
            delimiter=options.delimiter,
            special=masker._special,
            null=masker._null,
            limit=_LIMIT,
        )
    return _batched(masker, pieces)


_WAYS: tuple[Callable[[CopyOptions, list[ColumnMask | None], list[bytes]], bytes], ...] = (
    _by_feed,
    _by_batch,
    _as_python,
    _by_plain_rows,
)


def _batched(masker: Any, pieces: list[bytes]) -> bytes:
    half = len(pieces) // 2
    out = [masker.feed_batch(b"".join(frame_bytes(b"d", p) for p in part)) for part in (pieces[:half], pieces[half:])]
    end: bytes = masker.finish()
    return b"".join(payload for batch in out for payload in payloads(batch)) + end


def _lying_batch(options: CopyOptions, masks: list[ColumnMask | None], pieces: list[bytes], random: Random) -> None:
    batch = bytearray(b"".join(frame_bytes(b"d", piece) for piece in pieces))
    if batch:
        batch[random.randrange(len(batch))] ^= 1 << random.randrange(8)
    attempt(copy_masker(options, masks, _LIMIT).feed_batch, bytes(batch))


def _bounded(masker: CopyMasker | BinaryCopyMasker, pieces: list[bytes]) -> None:
    for piece in pieces:
        masker.feed(piece)
        inside: Any = masker._tuples if isinstance(masker, BinaryCopyMasker) else masker
        demand(len(inside._held) <= max(inside._limit, 19) + 8, "more is held than a row")


def _batches(streams: Streams) -> list[bytes]:
    """DataRows that came together, behind their number of columns."""
    found: dict[bytes, None] = {}
    batch = b""
    for message in [*streams.messages_answered()]:
        if message.type == b"D":
            row = frame_bytes(b"D", message.body)
            batch = batch + row if batch[:1] and batch[6:8] == row[5:7] else row[6:7] + row
        elif batch:
            found[batch] = None
            batch = b""
    return [batch for batch in found if len(batch) < 8192]


def _copied(streams: Streams) -> list[bytes]:
    whole = [bytes((number, 3)) + rows for number, rows in streams.copied_out.items()]
    single = [bytes((number, 1)) + b"plain\n\\N\n" for number in range(len(DIALECTS) - 1)]
    return whole + single + [bytes((number, 0)) + b"\n\n" for number in range(len(DIALECTS) - 1)]


TARGETS = (
    Target("rows", _batches, check_rows, 3.0),
    Target("copy-out", _copied, check_copies, 3.0),
)
