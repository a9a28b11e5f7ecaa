"""COPY as a real server writes it: read back, every field must be the value that is in the table."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql
from tests.postgres_fixture import Database

from interlock.wire.postgres.copy_binary import BinaryCopyMasker
from interlock.wire.postgres.copy_data import CopyMasker, CopyOptions, csv_options, text_options
from interlock.wire.postgres.copy_in import copy_in_reader

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


def test_binary_is_read_as_it_is_stored_and_written_as_it_came(empty_database: Database) -> None:
    first, second = Watch(), Watch()
    masker = BinaryCopyMasker([first, second, None], 10_000)
    with empty_database.admin() as connection:
        connection.execute("CREATE TABLE t (id int, a text, b text)")
        for number, value in enumerate(VALUES):
            connection.execute("INSERT INTO t VALUES (%s, %s, %s)", (number, value, VALUES[-1 - number]))
        payloads = copied(connection, "SELECT a, b, id FROM t ORDER BY id", "(FORMAT binary)")
        assert [masker.feed(payload) for payload in payloads] == payloads
        assert copied(connection, "SELECT 1 WHERE false", "(FORMAT binary)") == [
            BinaryCopyMasker([None], 100).feed(b"".join(copied(connection, "SELECT 1 WHERE false", "(FORMAT binary)")))
        ]
    assert masker.finish() == b""
    stored = [None if value is None else value.encode() for value in VALUES]
    assert (first.seen, second.seen, masker.rows) == (stored, stored[::-1], len(VALUES))


def test_masked_binary_is_a_binary_copy_again(empty_database: Database) -> None:
    with empty_database.admin() as connection:
        payloads = copied(
            connection, "SELECT n::text, 'x' || n FROM generate_series(1, 50) AS t (n)", "(FORMAT binary)"
        )
        masker = BinaryCopyMasker([None, lambda value: b"[phi.mrn]"], 10_000)
        connection.execute("CREATE TABLE t (a text, b text)")
        with connection.cursor() as cursor, cursor.copy("COPY t FROM STDIN (FORMAT binary)") as copy:
            for payload in payloads:
                copy.write(masker.feed(payload))
        rows = connection.execute("SELECT count(*), count(DISTINCT a), min(b), max(b) FROM t").fetchone()
    assert rows == (50, 50, "[phi.mrn]", "[phi.mrn]")


IN = [
    ("", text_options(), b"1\t\\133phi.mrn\\135\n2\t[\\phi.mrn]\r\n".replace(b"\r", b"")),
    ("", text_options(), b"1\tx\r\n2\tmore\\\nlines\r\n"),
    ("", text_options(), b"1\tx\n2\t\\x5bphi.\\mrn]\n\\.\n"),
    ("(FORMAT csv)", csv_options(), b'1,"[phi".mrn]\n2,["phi.mrn"]'),
    ("(FORMAT csv)", csv_options(), b'1,"two ""lines""\r\nand"\r\n2,x\r\n'),
    ("(FORMAT csv, HEADER)", csv_options(header=True), b'id,"a\nb"\n1,x\n2,"\\.y"\n'),
    (
        "(FORMAT csv, QUOTE '^', ESCAPE '-', NULL 'n', FORCE_NOT_NULL (a))",
        csv_options(quote=b"^", escape=b"-", null=b"n"),
        b"1,n\n2,^-^[-phi^.mrn]--\n",
    ),
]


@pytest.mark.parametrize(("sql_options", "options", "data"), IN)
def test_what_goes_in_is_found_as_the_server_stores_it(
    empty_database: Database, sql_options: str, options: CopyOptions, data: bytes
) -> None:
    with empty_database.admin() as connection:
        connection.execute("CREATE TABLE t (id int, a text)")
        with connection.cursor() as cursor, cursor.copy(sql.SQL(f"COPY t FROM STDIN {sql_options}")) as copy:
            copy.write(data)
        stored = connection.execute("SELECT a FROM t ORDER BY id").fetchall()
    reader = copy_in_reader(options, 10_000)
    found = b"\n".join([*reader.feed(data), *reader.finish()])
    assert len(stored) == 2
    quotes = b'"' if options.quote == options.escape else b"none"  # of these no piece tells
    assert all(str(value).encode().replace(quotes, b"") in found for (value,) in stored)
    assert reader.rows == 2 + (b"\\.\n" in data)
