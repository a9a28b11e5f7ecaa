"""What the DDL has made so far: relations, types and routines by name, under a search path. Turns into a snapshot."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from interlock.errors import NotUnderstood
from interlock.model.snapshot import Column, Relation, Routine, Snapshot, UserType
from interlock.sql.catalogs import FIRST_USER_OID
from interlock.sql.ddl.builtin_types import ARRAYS, OIDS
from interlock.sql.tree import Fields

SERVER_VERSION: Final = 180000  # the grammar's
DEFAULT_PATH: Final = ("public",)
UNTOLD: Final = "interlock: this body can't be told"  # no SQL: what calls it is opaque
NUMBERING: Final = "nextval"  # defaults that call it only number rows
_SIMPLE: Final = re.compile(
    rf"(pg_catalog\.)?{NUMBERING}\(.*\)|-?[0-9.]+|('([^'\\]|'')*'|true|false|null)(::[\w .\"]+(\([0-9, ]+\))?(\[\])?)?",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(slots=True)
class Table:
    """A relation in the making. `reads`: of a view, the relations that its query names. `hidden`: as in `Relation`.
    `code`: users' code runs on writes of it (`users_code`); `cascades`: what writes of it write, too.
    """

    oid: int
    schema: str
    name: str
    kind: str
    row_type: int
    columns: list[Column] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    query: str = ""
    starred: bool = False  # of a view: its query holds a star, which more columns would widen
    reads: frozenset[int] = frozenset()
    hidden: bool = False
    code: bool = False
    cascades: set[int] = field(default_factory=set)
    taken: int = 0  # the highest column number ever given out

    def add(self, column: Column) -> None:
        """A further column, numbered anew; one of the same name is merged with it (inheritance)."""
        if any(c.name == column.name for c in self.columns):
            return
        self.taken += 1
        self.columns.append(replace(column, number=self.taken))

    def column(self, name: str) -> Column:
        """By name. Raises `NotUnderstood`."""
        found = next((c for c in self.columns if c.name == name), None)
        if found is None:
            raise NotUnderstood("a column that the text hasn't made")
        return found

    def put(self, old: Column, new: Column) -> None:
        """One column in the place of another."""
        self.columns[self.columns.index(old)] = new


@dataclass(slots=True)
class World:
    """All definitions so far. `coded`: domains whose checks or defaults run users' code (pg_type.oid)."""

    path: tuple[str, ...] = DEFAULT_PATH
    default_path: tuple[str, ...] = DEFAULT_PATH  # of sessions to come
    tables: dict[tuple[str, str], Table] = field(default_factory=dict)
    types: dict[tuple[str, str], UserType] = field(default_factory=dict)
    routines: list[Routine] = field(default_factory=list)
    operators: set[tuple[str, str]] = field(default_factory=set)
    casts: bool = False
    coded: set[int] = field(default_factory=set)
    made: int = FIRST_USER_OID

    def oid(self) -> int:
        """A number that nothing else has."""
        self.made += 1
        return self.made - 1

    def place(self, fields: Fields) -> tuple[str, str]:
        """(schema, name) of what a RangeVar is to make."""
        schema = str(fields.get("schemaname", ""))
        if fields.get("relpersistence") == "t" or schema.startswith("pg_temp"):
            raise NotUnderstood("temporary objects have no place in a schema")
        return schema or self.first(), str(fields["relname"])

    def named(self, name: tuple[str, ...]) -> tuple[str, str]:
        """(schema, name) of what a list of words is to make."""
        return (name[-2] if len(name) > 1 else self.first()), name[-1]

    def first(self) -> str:
        """The schema in which things are made that name none."""
        if not self.path:
            raise NotUnderstood("no schema has been selected to create in")
        return self.path[0]

    def find(self, schema: str, name: str) -> Table | None:
        """A relation as the server finds it under the search path."""
        return next((t for s in ((schema,) if schema else self.path) if (t := self.tables.get((s, name)))), None)

    def table(self, fields: Fields) -> Table:
        """The relation that a RangeVar means. Raises `NotUnderstood`."""
        found = self.find(str(fields.get("schemaname", "")), str(fields["relname"]))
        if found is None:
            raise NotUnderstood("a relation that the text hasn't made")
        return found

    def find_type(self, name: tuple[str, ...]) -> UserType | None:
        """A user's type, by its words."""
        places = (name[-2],) if len(name) > 1 else self.path
        return next((t for s in places if (t := self.types.get((s, name[-1])))), None)

    def make_table(self, place: tuple[str, str], kind: str) -> Table:
        """A new relation, and its row type. Raises `NotUnderstood` when there is one of that name."""
        if place in self.tables:
            raise NotUnderstood("a relation that is there already")
        table = Table(self.oid(), *place, kind, self.oid() if kind != "S" else 0)
        self.tables[place] = table
        if table.row_type:
            array = (place[0], f"_{place[1]}")
            self.types.setdefault(array, UserType(self.oid(), *array, "b", table.row_type))
        return table

    def make_type(self, place: tuple[str, str], kind: str, element: int = 0) -> UserType:
        """A new type and its array type. Raises `NotUnderstood` when there is one of that name."""
        if place in self.types:
            raise NotUnderstood("a type that is there already")
        made = UserType(self.oid(), *place, kind, element)
        self.types[place] = made
        array = (place[0], f"_{place[1]}")
        self.types[array] = UserType(self.oid(), *array, "b", made.oid)
        return made

    def array_of(self, element: int) -> int:
        """The array type of a type; arrays of arrays are the same type. Raises `NotUnderstood`."""
        if element in ARRAYS:
            return ARRAYS[element]
        if element in OIDS.values():
            return element
        made = next((t for t in self.types.values() if t.element == element and t.name.startswith("_")), None)
        if made is not None:
            return made.oid
        if any(t.oid == element for t in self.types.values()):
            return element
        raise NotUnderstood("an array of a type that has none")

    def children(self, table: Table) -> Iterator[Table]:
        """Those that inherit from it directly, or are its partitions."""
        return (t for t in self.tables.values() if table.oid in t.parents)

    def forget(self, table: Table, starred_only: bool = False) -> None:
        """What views and bodies in standard SQL say of a relation that changes can't be read off their text any more:
        they become opaque. Bodies in strings look names up when they run."""
        for view in list(self.tables.values()):
            if table.oid in view.reads and view.query and (view.starred or not starred_only):
                view.query = ""
        for at, routine in enumerate(self.routines):
            if routine.standard_body and table.name in routine.body and ("*" in routine.body or not starred_only):
                self.routines[at] = replace(routine, body=UNTOLD)

    def forget_word(self, word: str) -> None:
        """The same, of those in which a word stands: a type, a function or an attribute that goes by another name."""
        for table in self.tables.values():
            table.query = "" if word in table.query else table.query
        self.routines = [replace(r, body=UNTOLD) if r.standard_body and word in r.body else r for r in self.routines]

    def shadowed(self) -> frozenset[str]:
        """Every bare name of a function outside pg_catalog."""
        return frozenset(r.name for r in self.routines)

    def add_unreadable(self, schema: str, name: str) -> None:
        """A function of an extension or a range type: its name counts, and nothing else is known of it."""
        self.routines.append(Routine(self.oid(), schema, name, "f", "c", (), 0, False, "v", ""))

    def beside(self, found: Iterable[Table]) -> Snapshot:
        """What a query of these relations needs to know, and no more: a snapshot in passing, without digests."""
        near = {t.oid: t for t in found}
        by_oid = {t.oid: t for t in self.tables.values()} if any(t.reads for t in near.values()) else {}
        waiting = list(near.values())
        while waiting:
            more = [by_oid[oid] for oid in waiting.pop().reads if oid in by_oid and oid not in near]
            near.update((t.oid, t) for t in more)
            waiting.extend(more)
        return self._told(tuple(_relation(t, (), "", rewrites=True) for t in near.values()), "")

    def snapshot(self, rewriting: frozenset[int]) -> Snapshot:
        """All of it, as the server's catalogs would tell it. `rewriting`: those of `Relation.rewrites`."""
        below: dict[int, list[int]] = {}
        for table in self.tables.values():
            for parent in table.parents:
                below.setdefault(parent, []).append(table.oid)
        told = ((t, tuple(below.get(t.oid, ()))) for t in self.tables.values())
        relations = tuple(
            _relation(t, children, _hash([t, sorted(t.cascades), children]), rewrites=t.oid in rewriting)
            for t, children in told
        )
        others = [self.types, self.routines, sorted(self.operators), self.casts, self.path, self.default_path]
        return self._told(relations, _hash([relations, *others]))

    def _told(self, relations: tuple[Relation, ...], version: str) -> Snapshot:
        rows = [UserType(r.row_type, r.schema, r.name, "c", 0, r.columns) for r in relations if r.row_type]
        types = (*self.types.values(), *rows)
        named = {r.name for r in self.routines} if version else set()
        return Snapshot(
            version=version,
            server_version=SERVER_VERSION,
            relations=relations,
            functions=self.shadowed(),
            operators=frozenset(name for _, name in self.operators),
            types=frozenset(t.name for t in types),
            search_path=self.path if self.path and self.path != DEFAULT_PATH else self.default_path,
            casts=self.casts,
            function_definitions={n: _hash([r for r in self.routines if r.name == n]) for n in named},
            routines=tuple(self.routines),
            user_types=types,
        )


def _relation(table: Table, children: tuple[int, ...], definition: str, *, rewrites: bool) -> Relation:
    computed = any(c.generated or not simple_default(c.default) for c in table.columns)
    related = bool(children or table.parents) or table.kind in ("p", "f")
    return Relation(
        oid=table.oid,
        schema=table.schema,
        name=table.name,
        kind=table.kind,
        columns=tuple(table.columns),
        hidden_effects=table.hidden or related or (computed and table.kind not in ("v", "m")),
        definition=definition,
        children=children,
        row_type=table.row_type,
        query=table.query,
        rewrites=rewrites,
    )


def simple_default(default: str) -> bool:
    """Whether a default only numbers rows, is one constant, or isn't there."""
    return not default or _SIMPLE.fullmatch(default) is not None


def _hash(value: object) -> str:
    return sha256(repr(value).encode()).hexdigest()
