"""What PostgreSQL itself makes of a statement's names: the oracle that lineage is held against.

A Parse message alone is sent: the server analyses the statement, logs its tree (`debug_print_parse`) and runs nothing.
The tree comes as a LOG notice, and goes to the server's own log with every literal in it: for throwaway servers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import generators
from psycopg.pq import ExecStatus
from tests.sql.differential.a_column import NOTHING, Column, Columns, Stored
from tests.sql.differential.a_query_level import Level
from tests.sql.differential.a_server_tree import Node, read_tree
from tests.sql.differential.what_a_level_tests import tested

Connection = psycopg.Connection[Any]

_RELATIONS = """
SELECT c.oid::int8, c.relkind::text,
       ARRAY(SELECT NOT a.attisdropped FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 ORDER BY a.attnum),
       CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
"""
_FUNCTIONS = """
SELECT p.oid::int8, p.prosrc, p.proargtypes::oid[]::int8[] FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
 WHERE p.oid >= 16384 AND l.lanname = 'sql'
"""

_ORDERING = "SELECT p.oid::int8 FROM pg_proc p WHERE p.prokind = 'a' AND p.proname IN ('min', 'max')"


@dataclass(frozen=True, slots=True)
class Told:
    """What must be told of a statement, at the least.

    `origins`: the stored column that RowDescription would name for each output, None where it names none or a whole
    row. `within`: its WITH writes, and gives back what it wrote.
    """

    names: tuple[str, ...]
    origins: tuple[Stored | None, ...]
    outputs: tuple[Column, ...]
    filters: Columns
    writes: dict[Stored, Columns]
    within: bool


@dataclass(frozen=True, slots=True)
class _Relation:
    kind: str
    present: list[bool]  # for each column that there is or was
    query: str | None


@dataclass(slots=True)
class Oracle:
    """Answers for one database whose definitions hold still."""

    connection: Connection
    search_path: str
    _notices: list[str]
    _relations: dict[int, _Relation] = field(default_factory=dict)
    _functions: dict[int, tuple[str, tuple[int, ...]]] = field(default_factory=dict)
    _ordering: frozenset[int] = frozenset()
    _trees: dict[tuple[str, str], Node] = field(default_factory=dict)
    _columns: dict[int, tuple[Column, ...]] = field(default_factory=dict)

    def told(self, text: str, types: Sequence[int] = ()) -> Told | None:
        """What the server makes of one statement, with parameters of these types; None where it refuses it."""
        tree = self.tree(text, types)
        if tree is None:
            return None
        level = Level(tree, self)
        writes: dict[Stored, Columns] = {}
        writing = list(_writing(level))
        for one in writing:
            for number, sources in one.written(every=True).items():
                for target in self._targets(one, number):
                    writes[target] = writes.get(target, NOTHING) | sources
        return Told(
            level.names(),
            level.origins(),
            level.outputs(),
            tested(level),
            writes,
            any(one is not level for one in writing),
        )

    def tree(self, text: str, types: Sequence[int] = ()) -> Node | None:
        """The server's analysed tree of one statement; None where it refuses it. Nothing runs."""
        self._notices.clear()
        self.connection.pgconn.send_prepare(b"", text.encode(), types or None)
        (result,) = self.connection.wait(generators.execute(self.connection.pgconn))
        if result.status != ExecStatus.COMMAND_OK:
            return None
        (logged,) = self._notices
        return read_tree(logged)

    def columns(self, relation: int) -> tuple[Column, ...]:
        """See `Facts`. A view's own column counts beside those below it.

        That a parent's rows are its children's, and a generated column is made of others, is for labels to know:
        `interlock.sensitivity.columns` gives them the same ones.
        """
        if relation not in self._columns:
            self._columns[relation] = tuple(self._attributes(relation))
        return self._columns[relation]

    def _attributes(self, oid: int) -> Iterator[Column]:
        inside = self._inside(oid)
        below = inside.outputs() if inside is not None else ()
        for number, present in enumerate(self._relations[oid].present, 1):
            own = frozenset({(oid, number)}) if present else NOTHING
            yield below[number - 1].beside(own) if below else Column(own, (oid, number))

    def inside(self, relation: int) -> Level | None:
        """See `Facts`. What a materialised view's query tests was decided when it was filled."""
        return self._inside(relation) if self._relations[relation].kind == "v" else None

    def _inside(self, relation: int) -> Level | None:
        query = self._relations[relation].query
        return None if query is None else Level(self._defined(query), self)

    def orders(self, function: int) -> bool:
        """See `Facts`."""
        return function in self._ordering

    def body(self, function: int, arguments: tuple[Column, ...]) -> Level:
        """See `Facts`."""
        text, types = self._functions[function]
        return Level(self._defined(text, types, self.search_path), self, arguments=arguments)

    def _defined(self, text: str, types: Sequence[int] = (), search_path: str = "") -> Node:
        """The tree of a definition, read as the server keeps it: under an empty search path unless told otherwise."""
        key = (search_path, text)
        if key not in self._trees:
            self.connection.execute("SELECT set_config('search_path', %s, false)", (search_path,))
            tree = self.tree(text, types)
            self.connection.execute("SELECT set_config('search_path', %s, false)", (self.search_path,))
            assert tree is not None, text
            self._trees[key] = tree
        return self._trees[key]

    def _targets(self, level: Level, number: int) -> list[Stored]:
        """The column written, and where it is a view's that plainly is another one, that too."""
        relation = level.entry(level.target).number("relid")
        plain = self.columns(relation)[number - 1].plain
        return [(relation, number), *([plain] if plain and plain[0] != relation else [])]


def _writing(level: Level) -> Iterator[Level]:
    """Every query that writes: the statement's own, and those in its WITH, which stands at the top alone."""
    if level.command != 1:
        yield level
    for node in level.query.nodes("cteList"):
        yield from _writing(level.cte(node.text("ctename")))
    for number, entry in enumerate(level.entries(), 1):
        if level.command != 1 and entry.number("rtekind") == 1:  # INSERT ... WITH ... SELECT
            yield from _writing(level.subquery(number))


@contextmanager
def oracle(conninfo: str, search_path: str) -> Iterator[Oracle]:
    """An oracle on a connection of its own, which may be lost: the server's log fills with trees."""
    with psycopg.connect(conninfo, autocommit=True) as connection:
        notices: list[str] = []
        connection.execute("SELECT set_config('search_path', '', false)")
        relations = {oid: _Relation(*rest) for oid, *rest in connection.execute(_RELATIONS)}
        functions = {oid: (text, tuple(types)) for oid, text, types in connection.execute(_FUNCTIONS)}
        ordering = frozenset(oid for (oid,) in connection.execute(_ORDERING))
        connection.execute("SELECT set_config('search_path', %s, false)", (search_path,))
        connection.add_notice_handler(
            lambda d: notices.append(d.message_detail or "") if d.message_primary == "parse tree:" else None
        )
        for setting in ("debug_print_parse = on", "debug_pretty_print = off", "client_min_messages = log"):
            connection.execute(f"SET {setting}".encode())
        yield Oracle(connection, search_path, notices, relations, functions, ordering)
