"""`interlock sql explain`: which stored columns a statement reads, returns, tests and writes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from interlock.errors import InterlockError, MalformedInput, NotUnderstood
from interlock.model import verb
from interlock.model.names import Verb
from interlock.model.snapshot import Snapshot
from interlock.sql.ddl import snapshot_of
from interlock.sql.lineage.trace import trace
from interlock.sql.lineage.traced import Lineage, OutputLineage, StoredColumn, WriteLineage
from interlock.sql.parse import parse
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Kind, Reach, Statement
from interlock.sql.statement import analyse
from interlock.sql.tree import typed
from interlock.sql.unparsable import Unparsable

MOST_TEXT: Final = 64 << 20  # bytes of DDL, and of SQL: both are read whole

app = typer.Typer(no_args_is_help=True)


class Dialect(StrEnum):
    """Whose SQL it is."""

    POSTGRES = "postgres"
    MYSQL = "mysql"


DialectOption = Annotated[Dialect, typer.Option("--dialect", help="Whose SQL it is.")]
SchemaOption = Annotated[Path, typer.Option("--schema", metavar="FILE.sql", help="The tables, as DDL.", dir_okay=False)]
SqlArgument = Annotated[str, typer.Argument(metavar="SQL", help="One statement; - reads it from standard input.")]

_BY_KIND: Final[Mapping[str, Verb]] = {
    "CallStmt": verb.SQL_CALL,
    "ClusterStmt": verb.SQL_MAINTAIN,
    "CopyStmt": verb.SQL_COPY_OUT,
    "CreateTableAsStmt": verb.SQL_CREATE,
    "DoStmt": verb.SQL_CALL,
    "ExplainStmt": verb.SQL_EXPLAIN,
    "GrantStmt": verb.SQL_GRANT,
    "IndexStmt": verb.SQL_CREATE,
    "MergeStmt": verb.SQL_MERGE,
    "RefreshMatViewStmt": verb.SQL_MAINTAIN,
    "ReindexStmt": verb.SQL_MAINTAIN,
    "RenameStmt": verb.SQL_ALTER,
    "RuleStmt": verb.SQL_CREATE,
    "SelectStmt": verb.SQL_SELECT,
    "VacuumStmt": verb.SQL_MAINTAIN,
    "ViewStmt": verb.SQL_CREATE,
}
_BY_WORD: Final = (("Create", verb.SQL_CREATE), ("Alter", verb.SQL_ALTER), ("Drop", verb.SQL_DROP))
_OF_CATALOGS: Final = frozenset({Kind.QUERY, Kind.WRITE, Kind.COPY_OUT, Kind.EXPLAIN})
_CATALOGS: Final = "the server's catalogs aren't traced column by column"
_SEVERAL: Final = "the text holds several statements; explain one at a time"


@app.callback()
def _sql() -> None:
    """SQL: explain what a statement reads, returns, tests and writes."""


@app.command()
def explain(sql: SqlArgument, schema: SchemaOption, dialect: DialectOption = Dialect.POSTGRES) -> None:
    """Prints as JSON which stored columns a statement reads, returns, tests and writes; nothing is run.

    Names are schema.table.column. `opaque` tells why part of it can't be told, else it is null: where it isn't, every
    output counts as if it held everything. Exit code 2 when the SQL or the DDL can't be read.
    """
    if dialect is not Dialect.POSTGRES:
        raise InterlockError("the SQL of MySQL isn't explained yet; use --dialect postgres")
    known = _known(schema)
    text = _given(sql)
    try:
        found = explained(text, known)
    except Unparsable as error:
        _say_where(error, text)
        raise typer.Exit(2) from None
    typer.echo(json.dumps(found, ensure_ascii=False, indent=2))


def explained(text: bytes, known: Snapshot) -> Mapping[str, Any]:
    """The document that the command prints. Raises `NotUnderstood`, and of it `Unparsable` for what isn't SQL."""
    statements = parse(text).statements
    if len(statements) > 1:
        raise NotUnderstood(_SEVERAL)
    state = SessionState(known.search_path, "")
    judged = analyse(text, known, state)
    root = typed(statements[0]) if statements else ("", {})
    lineage = judged.lineage
    if lineage is None and root[0]:
        lineage = trace(root, known, state)
    told = lineage or Lineage()
    named = _Names(known)
    return {
        "verbs": sorted(_verbs(judged, root[0])),
        "reads": named.of(told.reads),
        "outputs": [_output(output, named) for output in told.outputs],
        "filters": named.of(f.column for f in told.filters),
        "writes": sorted({*_written(told.writes, named), *_wholly(judged, told.writes)}),
        "opaque": _opaque(judged, lineage),
    }


class _Names:
    """Names of stored columns. Those of views are left out: what lies below them is told beside them."""

    def __init__(self, known: Snapshot) -> None:
        self.first = next(iter(known.search_path), "public")
        self.names = {
            StoredColumn(relation.oid, column.number): f"{relation.qualified}.{column.name}"
            for relation in known.relations
            if not (relation.kind in ("v", "m") and relation.query)
            for column in relation.columns
        }

    def of(self, columns: Iterable[StoredColumn]) -> list[str]:
        """Sorted, each once."""
        return sorted({self.names[c] for c in columns if c in self.names})


def _output(output: OutputLineage, named: _Names) -> Mapping[str, Any]:
    return {"name": output.name, "sources": named.of(output.sources), "plain": output.plain}


def _written(writes: Iterable[WriteLineage], named: _Names) -> Iterable[str]:
    for write in writes:
        if write.made is not None:
            schema, relation, column = write.made
            yield f"{schema or named.first}.{relation}.{column}"
        else:
            yield from named.of((write.target,))


def _wholly(judged: Statement, writes: Iterable[WriteLineage]) -> Iterable[str]:
    """Every column of a table that is written whole: its rows go (DELETE, TRUNCATE), or no columns are named."""
    traced = {w.target.relation for w in writes}
    for written in judged.written:
        relation = written.relation
        if relation is not None and relation.oid not in traced:
            names = [c.name for c in relation.columns if written.columns is None or c.name in written.columns]
            yield from (f"{relation.qualified}.{name}" for name in names)


def _verbs(judged: Statement, kind: str) -> set[str]:
    """The verbs that policies see; of a statement that is refused before its parts are looked at, its kind's."""
    if judged.touches:
        return {str(t.verb) for t in judged.touches}
    if judged.kind is not Kind.REFUSED:
        return {str(verb.SESSION_OPEN if judged.is_session_traffic else verb.SQL_SELECT)}
    known = _BY_KIND.get(kind) or next((v for word, v in _BY_WORD if kind.startswith(word)), None)
    return {str(known)} if known else set()


def _opaque(judged: Statement, lineage: Lineage | None) -> str | None:
    """Why not all of it can be told; a refusal first."""
    if judged.refusal is not None:
        return judged.refusal.sentence
    if lineage is not None:
        return "; ".join(lineage.opaque) or None
    if judged.kind in _OF_CATALOGS:
        return _CATALOGS
    return "; ".join(judged.because) or None if judged.reach is Reach.CONNECTION else None


def _known(schema: Path) -> Snapshot:
    try:
        return snapshot_of(_read(schema))
    except NotUnderstood as error:
        raise NotUnderstood(f"{schema.name}: {error.sentence}") from None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            found = file.read(MOST_TEXT + 1)
    except OSError as error:
        raise MalformedInput(f"{path.name} can't be read: {error.strerror}") from None
    if len(found) > MOST_TEXT:
        raise MalformedInput(f"{path.name} is longer than {MOST_TEXT >> 20} MiB")
    return found


def _given(sql: str) -> bytes:
    return sys.stdin.buffer.read(MOST_TEXT) if sql == "-" else sql.encode("utf-8", "surrogateescape")


def _say_where(error: Unparsable, text: bytes) -> None:
    """The parser's message as psql shows it, with the line and the place in it."""
    typer.echo(f"ERROR:  {error.told.reveal()}", err=True)
    if error.position > 0:
        before = text.decode("utf-8", "replace")[: error.position - 1]
        number, column = before.count("\n") + 1, len(before) - before.rfind("\n") - 1
        line = text.decode("utf-8", "replace").split("\n")[number - 1]
        head = f"LINE {number}: "
        typer.echo(f"{head}{line}\n{' ' * (len(head) + column)}^", err=True)
