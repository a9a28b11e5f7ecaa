"""A labelled column of every built-in type is masked in every format, and its unlabelled neighbour is untouched.

`every` has each type twice: `l_TYPE` is labelled, `p_TYPE` holds the same value and isn't. What comes of the second
through the door equals byte by byte what the server gives; of the first nothing comes but a token or NULL.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from psycopg import sql
from tests.a_gateway import Gateway, gateway
from tests.postgres_fixture import Database
from tests.promises.a_stage import ANYTHING

# One value of each type; what isn't here is held against _NO_VALUES below.
SAMPLES: Final = {
    "aclitem": "empty_1=r/empty_1",
    "bit": "1",
    "bool": "true",
    "box": "((3,4),(1,2))",
    "bpchar": "kanarie",
    "bytea": "\\x6b616e61726965",
    "char": "k",
    "cid": "771",
    "cidr": "10.77.0.0/16",
    "circle": "<(1,2),77>",
    "date": "1931-07-19",
    "datemultirange": "{[1931-07-19,1931-08-01)}",
    "daterange": "[1931-07-19,1931-08-01)",
    "float4": "77.25",
    "float8": "771204.5",
    "inet": "10.77.12.4",
    "int2": "7712",
    "int2vector": "77 12",
    "int4": "771204533",
    "int4multirange": "{[77,99)}",
    "int4range": "[77,99)",
    "int8": "771204533771",
    "int8multirange": "{[77,99)}",
    "int8range": "[77,99)",
    "interval": "7 days 07:07:07",
    "json": '{"kanarie": 77}',
    "jsonb": '{"kanarie": 77}',
    "jsonpath": "$.kanarie",
    "line": "{1,2,77}",
    "lseg": "[(1,2),(3,77)]",
    "macaddr": "77:12:04:53:37:71",
    "macaddr8": "77:12:04:53:37:71:00:01",
    "money": "771204.53",
    "name": "kanarie",
    "numeric": "771204.533",
    "nummultirange": "{[77.5,99)}",
    "numrange": "[77.5,99)",
    "oid": "771204",
    "oidvector": "77 12",
    "path": "((1,2),(3,77))",
    "pg_lsn": "7/712045",
    "pg_snapshot": "77:99:77",
    "point": "(77,12)",
    "polygon": "((1,2),(3,77),(5,6))",
    "refcursor": "kanarie",
    "regclass": "every",
    "regcollation": '"C"',
    "regconfig": "simple",
    "regdictionary": "simple",
    "regnamespace": "public",
    "regoper": "||/",
    "regoperator": "||/(none,double precision)",
    "regproc": "pi",
    "regprocedure": "pi()",
    "regrole": "pg_monitor",
    "regtype": "jsonb",
    "text": "kanarie",
    "tid": "(77,12)",
    "time": "07:07:07.77",
    "timestamp": "1931-07-19 07:07:07",
    "timestamptz": "1931-07-19 07:07:07+00",
    "timetz": "07:07:07+02",
    "tsmultirange": "{[1931-07-19 07:07:07,1931-08-01 00:00:00)}",
    "tsquery": "'kanarie'",
    "tsrange": "[1931-07-19 07:07:07,1931-08-01 00:00:00)",
    "tstzmultirange": "{[1931-07-19 07:07:07+00,1931-08-01 00:00:00+00)}",
    "tstzrange": "[1931-07-19 07:07:07+00,1931-08-01 00:00:00+00)",
    "tsvector": "'kanarie':77",
    "txid_snapshot": "77:99:77",
    "uuid": "77120453-3771-2045-3377-120453377120",
    "varbit": "1011",
    "varchar": "kanarie",
    "xid": "771204",
    "xid8": "771204533771",
    "xml": "<kanarie/>",
}
# The server makes these itself: they have no text that one could put in.
_NO_VALUES: Final = {
    "gtsvector", "pg_brin_bloom_summary", "pg_brin_minmax_multi_summary", "pg_dependencies", "pg_mcv_list",
    "pg_ndistinct", "pg_node_tree",
}  # fmt: skip
_BUILT_IN = """
SELECT t.typname, t.typsend <> 0, a.typname
  FROM pg_type t LEFT JOIN pg_type a ON a.oid = t.typarray
 WHERE t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype IN ('b', 'r', 'm', 'e')
   AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
 ORDER BY 1
"""
_USERS = {
    "mood": ("CREATE TYPE mood AS ENUM ('kanarie', 'calm')", "kanarie"),
    "short": ("CREATE DOMAIN short AS text", "kanarie"),
    "pair": ("CREATE TYPE pair AS (a int, b text)", "(77,kanarie)"),
    "span": ("CREATE TYPE span AS RANGE (subtype = float8)", "[77.5,99)"),
}
NO_XML = "xml"  # a server may be built without it


@pytest.fixture
def made(empty_database: Database) -> tuple[Database, list[str], list[str]]:
    """The database; the types in its table, and those of them that have no binary form."""
    with empty_database.admin() as connection:
        listed = connection.execute(_BUILT_IN).fetchall()
        assert {str(name) for name, _, _ in listed} == set(SAMPLES) | _NO_VALUES
        for text, _ in _USERS.values():
            connection.execute(text.encode())
        connection.execute(b"CREATE TABLE every (id int)")
        connection.execute(b"INSERT INTO every VALUES (1), (2)")
        names: list[str] = []
        textual: list[str] = []
        arrays = {str(name): bool(array) for name, _, array in listed} | dict.fromkeys(_USERS, True)
        sends = {str(name): bool(has) for name, has, _ in listed}
        samples = SAMPLES | {name: sample for name, (_, sample) in _USERS.items()}
        samples["aclitem"] = f"{empty_database.user}=r/{empty_database.user}"
        for name, sample in samples.items():
            try:
                for kind, value in ((name, sample), (f"{name}[]", None)) if arrays[name] else ((name, sample),):
                    column = _column(kind)
                    _add(connection, column, name, sample, array=value is None)
                    names.append(column)
                    textual += [] if sends.get(name, True) else [column]
            except psycopg.errors.FeatureNotSupported:
                assert name == NO_XML
        connection.execute(b"GRANT ALL ON every TO PUBLIC")
    return empty_database, names, textual


def _column(kind: str) -> str:
    return kind.replace("[]", "_array")


def _add(connection: psycopg.Connection[Any], column: str, name: str, sample: str, *, array: bool) -> None:
    kind = sql.SQL("{}{}").format(sql.Identifier(name), sql.SQL("[]" if array else ""))
    value = sql.SQL("ARRAY[{}::{}]" if array else "{}::{}").format(sample, sql.Identifier(name))
    for side in "lp":
        named = sql.Identifier(f"{side}_{column}")
        connection.execute(sql.SQL("ALTER TABLE every ADD {} {}").format(named, kind))
        connection.execute(sql.SQL("UPDATE every SET {} = {} WHERE id = 1").format(named, value))


@pytest.fixture
async def running(tmp_path: Path, made: tuple[Database, list[str], list[str]]) -> AsyncIterator[Gateway]:
    """A gateway whose policy allows everything."""
    labels = "\n".join(f'[[column]]\nmatch = "public.every.l_{n}"\nlabels = ["phi.ssn"]' for n in made[1])
    async with gateway(tmp_path, made[0], labels, policy=ANYTHING) as found:
        yield found


Row = list[bytes | None]


def compared(names: Sequence[str], told: Sequence[Row], directly: Sequence[Row]) -> list[object]:
    """What is wrong with these rows: of each name the labelled value, then the plain one."""
    wrong: list[object] = [] if len(told) == len(directly) else [(len(told), len(directly))]
    for row, theirs in zip(told, directly, strict=False):
        for at, name in enumerate(names):
            masked, plain = row[2 * at], row[2 * at + 1]
            if plain != theirs[2 * at + 1]:
                wrong.append((name, plain, theirs[2 * at + 1]))
            if masked is not None and b"[phi.ssn]" not in masked:
                wrong.append((name, masked))
    return wrong


def listed(names: Sequence[str]) -> str:
    return ", ".join(f"l_{name}, p_{name}" for name in names)


async def rows(connection: psycopg.AsyncConnection[Any], text: str, binary: bool, prepare: bool) -> list[Row]:
    """The very bytes of each field."""
    async with connection.cursor(binary=binary) as cursor:
        await cursor.execute(text.encode(), prepare=prepare or None)
        result = cursor.pgresult
        assert result is not None
        return [[result.get_value(r, c) for c in range(result.nfields)] for r in range(result.ntuples)]


async def fetched(connection: psycopg.AsyncConnection[Any], text: str, binary: bool, _: bool) -> list[Row]:
    """By a cursor of SQL's, some at a time."""
    async with connection.transaction():
        await connection.execute(f"DECLARE c {'BINARY ' if binary else ''}CURSOR FOR {text}".encode())
        return [row for _ in range(3) for row in await rows(connection, "FETCH 1 FROM c", False, False)]


async def copied(connection: psycopg.AsyncConnection[Any], text: str, how: str) -> list[Row]:
    """Out by COPY."""
    async with connection.cursor().copy(f"COPY ({text}) TO STDOUT WITH (FORMAT {how})".encode()) as copy:
        data = b"".join([bytes(block) async for block in copy])
    if how == "binary":
        return _binary(data)
    if how == "csv":
        read = csv.reader(io.StringIO(data.decode()))
        return [[field.encode() if field else None for field in line] for line in read]
    lines = data.decode().splitlines()
    return [[None if field == "\\N" else field.encode() for field in line.split("\t")] for line in lines]


def _binary(data: bytes) -> list[Row]:
    found: list[Row] = []
    at = 19  # signature, flags, no extension
    while (width := int.from_bytes(data[at : at + 2], signed=True)) >= 0:
        at += 2
        row: Row = []
        for _ in range(width):
            size = int.from_bytes(data[at : at + 4], signed=True)
            row.append(None if size < 0 else data[at + 4 : at + 4 + size])
            at += 4 + max(size, 0)
        found.append(row)
    return found


async def _both(running: Gateway, database: Database, ask: Callable[[Any], Any]) -> tuple[list[Row], list[Row]]:
    server = database.server
    line = f"host={server.host} port={server.port} dbname={database.name} user={database.user} sslmode=disable"
    async with (
        await psycopg.AsyncConnection.connect(line, password=database.password.reveal(), autocommit=True) as directly,
        await running.connect() as through,
    ):
        return await ask(through), await ask(directly)


@pytest.mark.parametrize("by", ["simple", "prepared", "cursor"])
@pytest.mark.parametrize("binary", [False, True])
async def test_rows(running: Gateway, made: tuple[Database, list[str], list[str]], by: str, binary: bool) -> None:
    database, names, textual = made
    asked = [name for name in names if not binary or name not in textual]
    assert len(asked) > 130
    text = f"SELECT {listed(asked)} FROM every ORDER BY id"
    way = fetched if by == "cursor" else rows
    told, directly = await _both(running, database, lambda c: way(c, text, binary, by == "prepared"))
    assert len(told) == 2
    assert not (wrong := compared(asked, told, directly)), wrong
    assert all(value is not None for value in directly[0])


@pytest.mark.parametrize("how", ["text", "csv", "binary"])
async def test_copies(running: Gateway, made: tuple[Database, list[str], list[str]], how: str) -> None:
    database, names, textual = made
    asked = [name for name in names if how != "binary" or name not in textual]
    text = f"SELECT {listed(asked)} FROM every ORDER BY id"
    told, directly = await _both(running, database, lambda c: copied(c, text, how))
    assert len(told) == 2
    assert not (wrong := compared(asked, told, directly)), wrong


async def test_what_is_made_of_every_type_is_masked_too(
    running: Gateway, made: tuple[Database, list[str], list[str]]
) -> None:
    """Cast to text, as JSON, and in a row with its plain neighbour; masked also where it is NULL."""
    database, names, _ = made
    for made_of in ("l_{0}::text", "to_jsonb(l_{0})", "ROW(p_{0}, l_{0})", "ARRAY[l_{0}::text]"):
        text = "SELECT " + ", ".join(f"{made_of.format(n)}, p_{n}" for n in names) + " FROM every ORDER BY id"
        told, directly = await _both(running, database, partial(rows, text=text, binary=False, prepare=False))
        assert not (wrong := compared(names, told, directly)), (made_of, wrong)
