"""COPY as a real server writes it: read back, every field must be the value that is in the table."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql
from tests.postgres_fixture import Database

from interlock.wire.postgres.copy_data import CopyMasker, CopyOptions, csv_options, text_options

VALUES = [
    None,
    "",
    "plain",
    "\\N",
    "\\.",
    ".",
    "NA",
    "a,b;c|d\te",
    'say "so"',
    "it's",
    "two\nlines\r\nand\rmore",
    "\b\f\v\x01\x7f",
    "back\\slash\\",
    '"',
    '""',
    "\\\"'",
    "^]-[",
    "päß 漢字 🙂",
    " spaces ",
    "\\x41\\101",
]

CASES: list[tuple[str, CopyOptions]] = [
    ("", text_options()),
    ("(FORMAT text, HEADER)", text_options(header=True)),
    ("(DELIMITER '|')", text_options(delimiter=b"|")),
    ("(DELIMITER '^', NULL 'NA')", text_options(delimiter=b"^", null=b"NA")),
    ("(DELIMITER ',', NULL '')", text_options(delimiter=b",", null=b"")),
    ("(FORMAT csv)", csv_options()),
    ("(FORMAT csv, HEADER, FORCE_QUOTE *)", csv_options(header=True)),
    ("(FORMAT csv, NULL '\\N', DELIMITER ';')", csv_options(delimiter=b";", null=b"\\N")),
    ("(FORMAT csv, NULL 'NA')", csv_options(null=b"NA")),
    ("(FORMAT csv, QUOTE '''', ESCAPE '\\')", csv_options(quote=b"'", escape=b"\\")),
    (
        "(FORMAT csv, QUOTE '^', ESCAPE '-', DELIMITER ']')",
        csv_options(quote=b"^", escape=b"-", delimiter=b"]"),
    ),
]


class Watch:
    """A mask that keeps what it sees and changes nothing."""

    def __init__(self) -> None:
        self.seen: list[bytes | None] = []

    def __call__(self, value: bytes | None) -> bytes | None:
        self.seen.append(value)
        return value


def copied(connection: psycopg.Connection[tuple[object, ...]], query: str, options: str) -> list[bytes]:
    """The payloads of the server's CopyData messages."""
    with connection.cursor() as cursor, cursor.copy(sql.SQL(f"COPY ({query}) TO STDOUT {options}")) as copy:
        return [bytes(payload) for payload in copy]


def through(options: CopyOptions, payloads: list[bytes]) -> tuple[list[bytes], list[bytes | None], list[bytes | None]]:
    """What comes out, and what the masks of the first two columns saw."""
    first, second = Watch(), Watch()
    masker = CopyMasker(options, [first, second, None], 10_000)
    out = [masker.feed(payload) for payload in payloads]
    assert masker.finish() == b""
    assert masker.rows == len(VALUES)
    return out, first.seen, second.seen


@pytest.mark.parametrize(("sql_options", "options"), CASES)
def test_every_field_is_read_as_it_is_stored_and_written_as_it_came(
    empty_database: Database, sql_options: str, options: CopyOptions
) -> None:
    with empty_database.admin() as connection:
        connection.execute("CREATE TABLE t (id int, a text, b text)")
        for number, value in enumerate(VALUES):
            connection.execute("INSERT INTO t VALUES (%s, %s, %s)", (number, value, VALUES[-1 - number]))
        payloads = copied(connection, "SELECT a, b, id FROM t ORDER BY id", sql_options)
    out, first, second = through(options, payloads)
    if "csv" not in sql_options:
        assert out == payloads
    # CSV may be quoted more or less than it was: what counts is that it says the same.
    assert through(options, out)[1:] == (first, second)
    stored = [None if value is None else value.encode() for value in VALUES]
    if not options.null_is_certain:  # NULL and the value that reads like it are one
        stored = [options.null if value is None else value for value in stored]
    assert first == stored
    assert second == stored[::-1]


@pytest.mark.parametrize(("sql_options", "options"), CASES)
def test_a_single_column(empty_database: Database, sql_options: str, options: CopyOptions) -> None:
    with empty_database.admin() as connection:
        values = "VALUES (1, '\\.'), (2, ''), (3, NULL), (4, 'x')"
        payloads = copied(connection, f"SELECT v FROM ({values}) AS t (n, v) ORDER BY n", sql_options)
    watch = Watch()
    masker = CopyMasker(options, [watch], 10_000)
    out = [masker.feed(payload) for payload in payloads]
    assert out == payloads or "FORCE_QUOTE" in sql_options
    assert masker.finish() == b""
    nothing = None if options.null_is_certain else options.null
    assert watch.seen == [b"\\.", b"", nothing, b"x"]
