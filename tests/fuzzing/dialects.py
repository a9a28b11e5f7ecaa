"""COPY's forms as they are fuzzed, and a slow reader of them that shares nothing with the gateway's: the witness.

Source: PostgreSQL's own reading (copyfromparse.c), a character at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from interlock.wire.postgres.copy_format import CopyFormat, CopyOptions, binary_options, csv_options, text_options

_SIGNATURE = b"PGCOPY\n\xff\r\n\0"


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the COPY statement, and the options that it means."""

    sql: str
    options: CopyOptions


DIALECTS: tuple[Form, ...] = (
    Form("", text_options()),
    Form("(FORMAT text, HEADER)", text_options(header=True)),
    Form("(DELIMITER '|')", text_options(delimiter=b"|")),
    Form("(DELIMITER '^', NULL 'NA')", text_options(delimiter=b"^", null=b"NA")),
    Form("(DELIMITER ',', NULL '')", text_options(delimiter=b",", null=b"")),
    Form("(FORMAT csv)", csv_options()),
    Form("(FORMAT csv, HEADER, FORCE_QUOTE *)".replace(", FORCE_QUOTE *", ""), csv_options(header=True)),
    Form("(FORMAT csv, NULL '\\N', DELIMITER ';')", csv_options(delimiter=b";", null=b"\\N")),
    Form("(FORMAT csv, QUOTE '''', ESCAPE '\\')", csv_options(quote=b"'", escape=b"\\")),
    Form("(FORMAT csv, QUOTE '^', ESCAPE '-', DELIMITER ']')", csv_options(quote=b"^", escape=b"-", delimiter=b"]")),
    Form("(FORMAT binary)", binary_options()),
)


class Unreadable(Exception):
    """The witness can't read it either."""


Row = list[bytes | None]


def witness(options: CopyOptions, data: bytes) -> tuple[list[Row], bytes]:
    """The rows, and what is left behind the last whole one; raises `Unreadable`."""
    match options.format:
        case CopyFormat.TEXT:
            return _text(options, data)
        case CopyFormat.CSV:
            return _csv(options, data)
        case CopyFormat.BINARY:
            return list(_binary(data)), b""


def _text(options: CopyOptions, data: bytes) -> tuple[list[Row], bytes]:
    rows: list[Row] = []
    raw: list[bytes] = [b""]
    at = start = 0
    while at < len(data):
        byte = data[at : at + 1]
        if byte == b"\\":
            raw[-1] += data[at : at + 2]
            at += 2
            continue
        at += 1
        if byte == b"\n":
            rows.append([None if r == options.null else _unescaped(r) for r in raw])
            raw, start = [b""], at
        elif byte == options.delimiter:
            raw.append(b"")
        else:
            raw[-1] += byte
    return rows, data[start:]


_LETTERS = {ord("b"): 8, ord("f"): 12, ord("n"): 10, ord("r"): 13, ord("t"): 9, ord("v"): 11}
_OCTAL, _HEX = b"01234567", b"0123456789abcdefABCDEF"


def _unescaped(raw: bytes) -> bytes:
    out = bytearray()
    at = 0
    while at < len(raw):
        byte = raw[at]
        at += 1
        if byte != 0x5C or at == len(raw):
            out.append(byte)
            continue
        letter = raw[at]
        at += 1
        if letter in _OCTAL:
            start = at - 1
            while at < len(raw) and at - start < 3 and raw[at] in _OCTAL:
                at += 1
            out.append(int(raw[start:at], 8) & 0xFF)
        elif letter == ord("x") and at < len(raw) and raw[at] in _HEX:
            start = at
            while at < len(raw) and at - start < 2 and raw[at] in _HEX:
                at += 1
            out.append(int(raw[start:at], 16))
        else:
            out.append(_LETTERS.get(letter, letter))
    return bytes(out)


def _csv(options: CopyOptions, data: bytes) -> tuple[list[Row], bytes]:
    rows: list[Row] = []
    row: Row = []
    value, inside, quoted, at, start = bytearray(), False, False, 0, 0
    quote, escape = options.quote[0], options.escape[0]
    while at < len(data):
        byte = data[at]
        at += 1
        if inside:
            if byte == escape and at < len(data) and data[at] in (quote, escape):
                value.append(data[at])
                at += 1
            elif byte == quote:
                inside = False
            else:
                value.append(byte)
        elif byte == quote:
            inside = quoted = True
        elif byte in (options.delimiter[0], 0x0A):
            row.append(None if not quoted and value == options.null else bytes(value))
            value, quoted = bytearray(), False
            if byte == 0x0A:
                rows.append(row)
                row, start = [], at
        else:
            value.append(byte)
    return rows, data[start:]


def _binary(data: bytes) -> Iterator[Row]:
    if data[:19] != _SIGNATURE + bytes(8):
        raise Unreadable
    at = 19
    while (count := _number(data, at, 2)) != -1:
        if count < 0:
            raise Unreadable
        row, at = fields(data, at + 2, count)
        yield row
    if at + 2 != len(data):
        raise Unreadable


def fields(data: bytes, at: int, count: int) -> tuple[Row, int]:
    """So many values behind their lengths, as a binary COPY and a DataRow have them; and where they end."""
    row: Row = []
    for _ in range(count):
        size = _number(data, at, 4)
        at += 4
        if size < -1 or at + max(size, 0) > len(data):
            raise Unreadable
        row.append(data[at : at + size] if size >= 0 else None)
        at += max(size, 0)
    return row, at


def _number(data: bytes, at: int, size: int) -> int:
    if at + size > len(data):
        raise Unreadable
    return int.from_bytes(data[at : at + size], signed=True)
