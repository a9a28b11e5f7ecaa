"""COPY's options, and its two text formats: how a row is cut into fields, and a field into its value and back.

Source: PostgreSQL documentation, COPY, "File Formats"; details the documentation leaves open (an escape before the end,
`\\x` without digits, quotes in mid-field) follow what the server itself reads and writes (copyto.c, copyfromparse.c).
Bytes are taken as an encoding in which every byte below 128 stands for itself (UTF-8): the session must pin it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from interlock.errors import MalformedInput, NotUnderstood


class CopyFormat(Enum):
    """COPY's formats. Binary has no delimiters, and none of this file's rules (`copy_binary.py`)."""

    TEXT = "text"
    CSV = "csv"
    BINARY = "binary"


class CopyRewriter(Protocol):
    """Masks one COPY TO STDOUT, whatever its format: `CopyMasker`, `BinaryCopyMasker`."""

    rows: int
    """Rows so far, without the header."""

    @property
    def counts(self) -> tuple[int, ...]:
        """How many fields were masked so far, by column."""

    def feed(self, data: bytes) -> bytes:
        """The payload in place of this one; raises `MalformedInput`."""

    def feed_batch(self, data: bytes) -> bytes:
        """Whole CopyData messages back to back, each rewritten; raises `MalformedInput`."""

    def finish(self) -> bytes:
        """At CopyDone: what is left to send; raises `MalformedInput` when the data ended too early."""


@dataclass(frozen=True, slots=True)
class CopyOptions:
    """A COPY's options as they stand after the server's defaults. Raises `NotUnderstood` on a combination that COPY
    refuses, or whose output can't be read back without doubt (a text null string with a backslash other than `\\N`).
    """

    format: CopyFormat = CopyFormat.TEXT
    delimiter: bytes = b"\t"
    null: bytes = b"\\N"
    header: bool = False
    quote: bytes = b'"'
    escape: bytes = b'"'

    def __post_init__(self) -> None:
        if self.format is CopyFormat.BINARY:
            return  # the rest means nothing there
        marks = (self.delimiter, self.quote, self.escape) if self.format is CopyFormat.CSV else (self.delimiter,)
        if any(len(mark) != 1 or mark in b"\r\n\0" or mark >= b"\x80" for mark in marks):
            raise NotUnderstood("COPY's delimiter, quote and escape must each be one ASCII character, not a line's end")
        if self.delimiter in self.null or any(byte in self.null for byte in (b"\r", b"\n", b"\0")):
            raise NotUnderstood("COPY's null string can't hold the delimiter or a line's end")
        match self.format:
            case CopyFormat.TEXT:
                self._check_text()
            case _:
                self._check_csv()

    @property
    def null_is_certain(self) -> bool:
        """Whether a field that reads as the null string must be NULL.

        In text format COPY TO writes a value that equals the null string just as it writes NULL, unless that is `\\N`
        (a value's backslash is doubled). So `NULL '123-45-6789'` would let that very value pass for NULL: such a field
        must be masked like any other. In CSV the value is quoted and NULL isn't.
        """
        return self.format is not CopyFormat.TEXT or self.null == b"\\N"

    def _check_text(self) -> None:
        if self.delimiter in b"\\.abcdefghijklmnopqrstuvwxyz0123456789":
            raise NotUnderstood("COPY's delimiter can't be a backslash, dot, digit or lower-case letter in text format")
        if b"\\" in self.null and self.null != b"\\N":
            raise NotUnderstood("COPY's null string can't hold a backslash here, unless it is \\N")

    def _check_csv(self) -> None:
        if self.delimiter in (self.quote, self.escape):
            raise NotUnderstood("COPY's delimiter can't be its quote or escape character too")
        if self.quote in self.null:
            raise NotUnderstood("COPY's null string can't hold the quote character")


def text_options(delimiter: bytes = b"\t", null: bytes = b"\\N", header: bool = False) -> CopyOptions:
    """Options of a COPY in text format, with the server's defaults."""
    return CopyOptions(CopyFormat.TEXT, delimiter, null, header)


def binary_options() -> CopyOptions:
    """Options of a COPY in binary format: it has none besides."""
    return CopyOptions(CopyFormat.BINARY)


def csv_options(
    delimiter: bytes = b",",
    null: bytes = b"",
    header: bool = False,
    quote: bytes = b'"',
    escape: bytes | None = None,
) -> CopyOptions:
    """Options of a COPY in CSV format, with the server's defaults (`escape` is the quote character unless given)."""
    return CopyOptions(CopyFormat.CSV, delimiter, null, header, quote, quote if escape is None else escape)


class Dialect(Protocol):
    """One format's rules."""

    def row_end(self, data: bytes | bytearray, at: int) -> int:
        """Looks for the newline that ends the row, going on from `at`; -1 when it isn't there yet.

        `at` is where the row starts. After -1 the next call must be about the same row with bytes added.
        """

    def fields(self, row: bytes) -> list[bytes]:
        """The row's fields as they are written, delimiters gone. Raises `MalformedInput`."""

    def decode(self, field: bytes) -> bytes | None:
        """A written field's value; None is NULL."""

    def encode(self, value: bytes | None) -> bytes:
        """A value as COPY TO would write it."""


def dialect(options: CopyOptions) -> Dialect:
    """The rules for these options; a new object a stream, since it remembers where it stands in a row.

    Raises `NotUnderstood` for the binary format.
    """
    match options.format:
        case CopyFormat.TEXT:
            return TextDialect(options)
        case CopyFormat.CSV:
            return CsvDialect(options)
        case CopyFormat.BINARY:
            raise NotUnderstood("COPY's binary format has no delimiters to be read by")


_LETTERS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
_ESCAPES = {value: b"\\" + letter for letter, value in _LETTERS.items()}
# No pattern here can be met in two ways, so that none takes longer than its text; each alternative rules the others out
# by the byte it begins with, or by a look ahead. Not by possessive quantifiers: early releases of Python 3.11 match too
# much with them (python/cpython#106052), and take a row that ends inside quotes for a whole one.
_ESCAPED = re.compile(rb"\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|(.?))", re.DOTALL)


class TextDialect:
    """Text format: fields between delimiters, special characters behind backslashes."""

    def __init__(self, options: CopyOptions) -> None:
        self._delimiter = options.delimiter
        self._null = options.null
        self._escaped_delimiter = b"\\" + options.delimiter
        outside = b"[^\\\\" + re.escape(options.delimiter) + b"]"
        self._field = re.compile(outside + b"*(?:\\\\." + outside + b"*)*", re.DOTALL)
        self._special = re.compile(b"[\\\\\b\f\n\r\t\v" + re.escape(options.delimiter) + b"]")
        self._scanned = 0  # how much of the row is known to hold no end

    def row_end(self, data: bytes | bytearray, at: int) -> int:
        """A newline with an even number of backslashes before it."""
        found = data.find(b"\n", at + self._scanned)
        while found >= 0 and _odd_backslashes(data, found, at):
            found = data.find(b"\n", found + 1)
        self._scanned = 0 if found >= 0 else len(data) - at
        return found

    def fields(self, row: bytes) -> list[bytes]:
        """Cut at every delimiter that no backslash stands before."""
        if row == b"\\.":
            raise MalformedInput("a COPY sends the end mark of an older protocol")
        if self._escaped_delimiter not in row and row[-1:] != b"\\":
            return row.split(self._delimiter)
        return _cut(row, self._field, self._delimiter)

    def decode(self, field: bytes) -> bytes | None:
        """The null string is compared before escapes are read, as COPY FROM does."""
        if field == self._null:
            return None
        return _ESCAPED.sub(_unescaped, field) if b"\\" in field else field

    def encode(self, value: bytes | None) -> bytes:
        """Control characters that have a letter get it, other specials a backslash."""
        if value is None:
            return self._null
        return self._special.sub(_escaped, value)


class CsvDialect:
    """CSV format: fields between delimiters, quoted where they must be; quoted ones may span lines."""

    def __init__(self, options: CopyOptions) -> None:
        self._delimiter, self._null, self._quote = options.delimiter, options.null, options.quote
        delimiter, quote, escape = (re.escape(m) for m in (options.delimiter, options.quote, options.escape))
        self._escape = options.escape
        inside, closing = b"[^" + quote + b"]*(?:" + quote * 2 + b"[^" + quote + b"]*)*", quote + b"(?!" + quote + b")"
        if options.escape != options.quote:
            either, plain = b"[" + quote + escape + b"]", b"[^" + quote + escape + b"]*"
            escaped = escape + b"(?:" + either + b"|(?!" + either + b"))"
            inside, closing = plain + b"(?:" + escaped + plain + b")*", quote
        outside = b"[^" + delimiter + quote + b"]*"
        self._field = re.compile(outside + b"(?:" + quote + inside + closing + outside + b")*", re.DOTALL)
        self._quoted = re.compile(quote + b"(" + inside + b")" + closing, re.DOTALL)
        self._pair = re.compile(escape + b"([" + quote + escape + b"])")
        self._needs_quotes = re.compile(b"[" + delimiter + quote + b"\r\n]")
        self._doubled = re.compile(b"[" + quote + escape + b"]")
        self._specials = re.compile(b"[\n" + quote + (escape if options.escape != options.quote else b"") + b"]")
        self._scanned, self._in_quotes = 0, False

    def row_end(self, data: bytes | bytearray, at: int) -> int:
        """The next newline outside quotes."""
        position = at + self._scanned
        while found := self._specials.search(data, position):
            position = found.end()
            mark = found.group()
            if mark == b"\n":
                if not self._in_quotes:
                    self._scanned = 0
                    return found.start()
            elif mark == self._quote:
                self._in_quotes = not self._in_quotes
            elif self._in_quotes:
                # An escape: the character behind it, if it is a quote or an escape, has no meaning of its own.
                if position == len(data):
                    self._scanned = found.start() - at
                    return -1
                position += data[position : position + 1] in (self._quote, self._escape)
        self._scanned = len(data) - at
        return -1

    def fields(self, row: bytes) -> list[bytes]:
        """Cut at every delimiter outside quotes."""
        if self._quote not in row:
            return row.split(self._delimiter)
        if self._escape == self._quote:
            return _paired(row.split(self._delimiter), self._quote, self._delimiter)
        return _cut(row, self._field, self._delimiter)

    def decode(self, field: bytes) -> bytes | None:
        """Quotes may open anywhere in a field; a field with any is never NULL."""
        if self._quote in field:
            return self._quoted.sub(lambda found: self._pair.sub(rb"\1", found.group(1)), field)
        return None if field == self._null else field

    def encode(self, value: bytes | None) -> bytes:
        """Quoted where the value holds a special character, or would be read as NULL or as the old end mark."""
        if value is None:
            return self._null
        if value not in (self._null, b"\\.") and not self._needs_quotes.search(value):
            return value
        return self._quote + self._doubled.sub(lambda found: self._escape + found.group(), value) + self._quote


def _cut(row: bytes, field: re.Pattern[bytes], delimiter: bytes) -> list[bytes]:
    """The row's fields, each as far as `field` (which may match nothing) matches, with a delimiter between them."""
    fields: list[bytes] = []
    at = 0
    while True:
        found = field.match(row, at)
        stop = found.end() if found else at
        fields.append(row[at:stop])
        if stop == len(row):
            return fields
        if row[stop : stop + 1] != delimiter:
            raise MalformedInput("a COPY row ends inside quotes or in the middle of an escape")
        at = stop + 1


def _paired(pieces: list[bytes], quote: bytes, delimiter: bytes) -> list[bytes]:
    """The fields of a row cut at every delimiter: where a quote within quotes is doubled, an odd number of them means
    that the piece ends inside quotes. Several times faster than `_cut`, which other escapes need.
    """
    fields: list[bytes] = []
    unfinished: list[bytes] = []
    for piece in pieces:
        toggles = piece.count(quote) % 2 == 1
        if unfinished:
            unfinished.append(piece)
            if toggles:
                fields.append(delimiter.join(unfinished))
                unfinished = []
        elif toggles:
            unfinished = [piece]
        else:
            fields.append(piece)
    if unfinished:
        raise MalformedInput("a COPY row ends inside quotes")
    return fields


def _odd_backslashes(data: bytes | bytearray, stop: int, start: int) -> bool:
    """Whether an odd number of backslashes stands right before `stop`, counted back to `start` at most."""
    at = stop
    while at > start and data[at - 1] == 0x5C:
        at -= 1
    return (stop - at) % 2 == 1


def _unescaped(found: re.Match[bytes]) -> bytes:
    octal, hexadecimal, letter = found.groups()
    if octal is not None:
        return bytes((int(octal, 8) & 0xFF,))
    if hexadecimal is not None:
        return bytes((int(hexadecimal, 16),))
    return _LETTERS.get(letter, letter)


def _escaped(found: re.Match[bytes]) -> bytes:
    return _ESCAPES.get(found.group(), b"\\" + found.group())
