from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from tests.wire.postgres.cuts import cut, places, single_bytes

from interlock.errors import MalformedInput, NotUnderstood
from interlock.wire.postgres.answers import write_copy_data
from interlock.wire.postgres.copy_data import CopyMasker, CopyOptions, csv_options, text_options
from interlock.wire.postgres.copy_format import dialect
from interlock.wire.postgres.rows import ColumnMask

LIMIT = 10_000


@dataclass(frozen=True)
class Constant:
    replacement: bytes | None
    keeps_null: bool

    def __call__(self, value: bytes | None) -> bytes | None:
        return None if value is None and self.keeps_null else self.replacement


def reversed_value(value: bytes | None) -> bytes | None:
    return None if value is None else value[::-1]


OPTIONS = st.sampled_from(
    [
        text_options(),
        text_options(header=True),
        text_options(delimiter=b"|"),
        text_options(delimiter=b"^", null=b"NULL"),
        text_options(delimiter=b",", null=b""),
        csv_options(),
        csv_options(header=True),
        csv_options(delimiter=b";", null=b"\\N"),
        csv_options(quote=b"'", escape=b"\\"),
        csv_options(delimiter=b"]", quote=b"^", escape=b"-", null=b"nil"),
    ]
)
MASKS: st.SearchStrategy[ColumnMask | None] = st.one_of(
    st.none(),
    st.builds(Constant, st.none() | st.binary(max_size=5), st.booleans()),
    st.just(reversed_value),
)
# Mostly the characters that mean something somewhere, or hardly any value would need an escape.
VALUES = st.none() | st.lists(st.sampled_from([bytes((b,)) for b in b"\\\t\n\r\b\v\f\"',;|^-].NnLUxab01\0\xc3"])).map(
    b"".join
)


def run(options: CopyOptions, masks: list[ColumnMask | None], pieces: list[bytes]) -> bytes | None:
    """All that comes out, or None when the input was malformed."""
    masker = CopyMasker(options, masks, LIMIT)
    try:
        return b"".join([masker.feed(piece) for piece in pieces]) + masker.finish()
    except MalformedInput:
        return None


@st.composite
def tables(draw: st.DrawFn) -> tuple[CopyOptions, list[ColumnMask | None], list[list[bytes | None]]]:
    options, masks = draw(OPTIONS), draw(st.lists(MASKS, min_size=1, max_size=4))
    row = st.lists(VALUES, min_size=len(masks), max_size=len(masks))
    return options, masks, draw(st.lists(row, max_size=5))


def written(options: CopyOptions, rows: list[list[bytes | None]]) -> bytes:
    form = dialect(options)
    return b"".join(options.delimiter.join(map(form.encode, row)) + b"\n" for row in rows)


def masked(options: CopyOptions, mask: ColumnMask | None, value: bytes | None) -> bytes | None:
    """What the mask gives; where NULL can't be told from a value, it is masked as the value it may be."""
    if mask is None:
        return value
    if not options.null_is_certain and value in (None, options.null):
        value = options.null
    return mask(value)


@given(tables(), places())
def test_rows_are_masked_as_their_masks_say_however_cut(
    table: tuple[CopyOptions, list[ColumnMask | None], list[list[bytes | None]]], where: list[int]
) -> None:
    options, masks, rows = table
    data = written(options, rows)
    body = rows[1:] if options.header else rows
    expected = written(options, rows[:1] if options.header else []) + written(
        options, [[masked(options, m, v) for m, v in zip(masks, row, strict=True)] for row in body]
    )
    assert run(options, masks, [data]) == expected
    assert run(options, masks, cut(data, where)) == expected
    assert run(options, masks, single_bytes(data)) == expected


@given(OPTIONS, VALUES)
def test_a_value_written_is_read(options: CopyOptions, value: bytes | None) -> None:
    form = dialect(options)
    field = form.encode(value)
    assert form.fields(field) == [field]
    read = form.decode(field)
    assert read == value or (not options.null_is_certain and read is None and value == options.null)


@given(OPTIONS, st.lists(st.none(), max_size=3), VALUES, places())
def test_any_bytes_pass_or_are_malformed_however_cut(
    options: CopyOptions, masks: list[None], data: bytes | None, where: list[int]
) -> None:
    whole = run(options, [*masks, reversed_value], [data or b""])
    assert run(options, [*masks, reversed_value], cut(data or b"", where)) == whole
    passed = run(options, list(masks), [data or b""])
    assert passed is None or passed == data or not data


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (b"\\N", None),
        (b"", b""),
        (b"plain", b"plain"),
        (b"\\b\\f\\n\\r\\t\\v", b"\b\f\n\r\t\v"),
        (b"\\101\\7\\0604", b"A\x0704"),
        (b"\\x41\\x4\\x414\\xg", b"A\x04A4xg"),
        (b"\\.\\\\\\a", b".\\a"),
        (b"\\777", b"\xff"),
        (b"a\\\tb", b"a\tb"),
        (b"a\\\nb", b"a\nb"),
        (b"\\\\N", b"\\N"),
    ],
)
def test_text_fields_are_read_by_copys_rules(field: bytes, value: bytes | None) -> None:
    seen: list[bytes | None] = []

    def watch(given_value: bytes | None) -> bytes | None:
        seen.append(given_value)
        return b"x"

    assert run(text_options(), [None, watch], [b"1\t" + field + b"\n"]) == b"1\tx\n"
    assert seen == [value]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (b"", None),
        (b'""', b""),
        (b"plain", b"plain"),
        (b'"a,b"', b"a,b"),
        (b'"a\nb"', b"a\nb"),
        (b'"say ""so"""', b'say "so"'),
        (b'ab"c,d"ef', b"abc,def"),
        (b'"""x"""', b'"x"'),
        (b"\\N", b"\\N"),
    ],
)
def test_csv_fields_are_read_by_copys_rules(field: bytes, value: bytes | None) -> None:
    seen: list[bytes | None] = []

    def watch(given_value: bytes | None) -> bytes | None:
        seen.append(given_value)
        return b"x"

    assert run(csv_options(), [None, watch], [b"1," + field + b"\n"]) == b"1,x\n"
    assert seen == [value]


def test_a_null_string_that_values_can_equal_hides_nothing() -> None:
    # COPY (SELECT ssn ...) TO STDOUT (NULL '123-45-6789') writes that very value as it writes NULL.
    options = text_options(null=b"123-45-6789")
    mask = Constant(b"[phi.ssn]", keeps_null=True)
    assert run(options, [mask], [b"123-45-6789\n"]) == b"[phi.ssn]\n"
    assert run(options, [reversed_value], [b"123-45-6789\n"]) == b"9876-54-321\n"


def test_unmasked_fields_pass_byte_for_byte() -> None:
    odd = b"\\101\\x41\tsecret\t\\.\n"
    assert run(text_options(), [None, Constant(b"x", True), None], [odd]) == b"\\101\\x41\tx\t\\.\n"
    assert run(csv_options(), [None, Constant(b"x", True)], [b'"needless",secret\n']) == b'"needless",x\n'


def test_what_is_counted() -> None:
    masker = CopyMasker(text_options(header=True), [Constant(b"x", True), Constant(b"x", False), None], LIMIT)
    masker.feed(b"a\tb\tc\n1\t2\t3\n\\N\t\\N\t\\N\n")
    assert (masker.rows, masker.counts) == (2, (1, 2, 0))


def test_one_message_a_row_stays_one_message_a_row() -> None:
    masker = CopyMasker(text_options(), [Constant(b"x", True)], LIMIT)
    batch = b"".join(map(write_copy_data, [b"secret\n", b"halved se", b"cret\n", b"a\nb\n"]))
    assert masker.feed_batch(batch) == b"".join(map(write_copy_data, [b"x\n", b"x\n", b"x\nx\n"]))
    assert masker.finish() == b""


@pytest.mark.parametrize(
    ("options", "columns", "data"),
    [
        (text_options(), 2, b"one\n"),
        (text_options(), 2, b"1\t2\t3\n"),
        (text_options(header=True), 2, b"one\n"),
        (text_options(), 1, b"cut off"),
        (text_options(), 1, b"cut off\\\n"),
        (text_options(), 1, b"\\.\n"),
        (text_options(), 0, b"x\n"),
        (text_options(), 1, b"x" * (LIMIT + 1)),
        (text_options(), 1, b"x" * (LIMIT + 1) + b"\n"),
        (csv_options(), 1, b'"cut off\n'),
        (csv_options(), 2, b'"a,b"\n'),
    ],
)
def test_rows_that_arent_what_was_announced_are_malformed(options: CopyOptions, columns: int, data: bytes) -> None:
    for pieces in ([data], single_bytes(data)):
        assert run(options, [Constant(b"x", True)] * columns, pieces) is None


def test_a_row_without_columns() -> None:
    assert run(text_options(), [], [b"\n\n"]) == b"\n\n"


@pytest.mark.parametrize("data", [b"d\0\0\0", b"d\0\0\0\x03", b"d\0\0\0\x06a", b"D\0\0\0\x04"])
def test_a_batch_of_anything_but_copy_data_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedInput):
        CopyMasker(text_options(), [None], LIMIT).feed_batch(data)


def test_many_escaped_delimiters_and_newlines_take_no_quadratic_time() -> None:
    # A copy for each of half a million pieces would move a hundred gigabytes and never come back.
    field = b"\\\t\\\n" * 500_000
    masker = CopyMasker(text_options(), [reversed_value], 10**7)
    assert len(masker.feed(field + b"\n")) == len(field) + 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: text_options(delimiter=b"\\"),
        lambda: text_options(delimiter=b"a"),
        lambda: text_options(delimiter=b"\n"),
        lambda: text_options(delimiter=b""),
        lambda: text_options(delimiter=b"||"),
        lambda: text_options(delimiter=b"\xa7"),
        lambda: text_options(null=b"a\tb"),
        lambda: text_options(null=b"a\n"),
        lambda: text_options(null=b"a\\"),
        lambda: csv_options(quote=b","),
        lambda: csv_options(escape=b","),
        lambda: csv_options(quote=b""),
        lambda: csv_options(escape=b"\n"),
        lambda: csv_options(null=b'"'),
    ],
)
def test_options_that_cant_be_read_back_are_refused(make: object) -> None:
    assert callable(make)
    with pytest.raises(NotUnderstood):
        make()


@pytest.mark.slow
@hypothesis_settings(max_examples=20_000)
@given(OPTIONS, st.lists(st.none(), max_size=3), st.lists(VALUES, max_size=6), places())
def test_any_bytes_pass_or_are_malformed_at_length(
    options: CopyOptions, masks: list[None], parts: list[bytes | None], where: list[int]
) -> None:
    data = b"\n".join(part or b"" for part in parts)
    whole = run(options, [*masks, reversed_value], [data])
    assert run(options, [*masks, reversed_value], cut(data, where)) == whole
