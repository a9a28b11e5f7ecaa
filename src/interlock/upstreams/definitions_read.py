"""Rows of a PostgreSQL's catalogs made into what the model has of relations, types and routines.

Pure, and made for 100,000 columns: what is equal is one object, and nothing is kept of a row that isn't needed. The
rows are those of the queries in `catalog_queries`; each function says of which.
"""

from __future__ import annotations

import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from interlock.model.snapshot import EVERY_WRITE, Argument, Column, Relation, Routine, UserType
from interlock.upstreams.cascades import Cascades

Row = tuple[Any, ...]

_WRITES: Final = {"i": "insert", "u": "update", "d": "delete"}
_ROUTINE_BY_NAMES: Final = 11  # the first field of ROUTINES that defines a routine without OIDs


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """A line of `columns()`, apart."""

    number: int
    type_oid: int
    modifier: int
    collation: int
    not_null: str
    generated: str
    identity: str
    name: str


def _column_row(line: str) -> ColumnRow:
    number, type_oid, modifier, collation, not_null, made, name = line.split(" ", 6)
    generated, _, identity = made.partition(".")
    return ColumnRow(
        int(number), int(type_oid), int(modifier), int(collation), not_null, generated, identity, orjson.loads(name)
    )


class ColumnRows:
    """The rows of `columns()`: lines by relation, and each line taken apart once, since many tables share some."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self.by_relation: dict[int, str] = dict(rows)
        self.rows: dict[str, ColumnRow] = {}

    def read(self) -> ColumnRows:
        """Takes the lines apart; done once, away from the loop where there may be many."""
        for lines in self.by_relation.values():
            for line in lines.split("\n"):
                if line not in self.rows:
                    self.rows[line] = _column_row(line)
        return self

    def types(self) -> tuple[list[int], list[int]]:
        """The types that columns have and their modifiers, as the parameters of `COLUMN_TYPES`."""
        pairs = sorted({(row.type_oid, row.modifier) for row in self.rows.values()})
        return [type_oid for type_oid, _ in pairs], [modifier for _, modifier in pairs]

    def collations(self) -> list[int]:
        """The collations that columns have, as the parameter of `COLLATIONS`."""
        return sorted({row.collation for row in self.rows.values()})


@dataclass(slots=True)
class Found:
    """Everything that was read, one field a query."""

    relations: Sequence[Row] = ()
    columns: ColumnRows = field(default_factory=ColumnRows)
    column_types: Sequence[Row] = ()
    collations: Sequence[Row] = ()
    defaults: Sequence[Row] = ()
    parts: Sequence[Row] = ()
    children: Sequence[Row] = ()
    cascades: Sequence[Row] = ()
    hooks: Sequence[Row] = ()
    key_moves: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class _Read:
    """A relation's columns; `told` is all that defines them, `hidden`, `writes`, `code` as in the rows of `parts()`."""

    columns: tuple[Column, ...]
    told: tuple[Row, ...]
    hidden: bool
    writes: str
    code: bool


_NOTHING: Final = _Read((), (), False, "", code=False)


_Made = tuple[Column, Row, bool, str, bool]


class ColumnsRead:
    """Columns by the OID of their relation or of a composite type's row in pg_class; equal ones are one object."""

    def __init__(self, found: Found) -> None:
        self._lines, self._rows = found.columns.by_relation, found.columns.rows
        self._types = {(row[0], row[1]): row[2:] for row in found.column_types}
        self._collations = {row[0]: row[1] for row in found.collations}
        self._defaults = {(row[0], row[1]): row[2:] for row in found.defaults}
        self._known: dict[object, _Made] = {}
        self._together: dict[tuple[int, ...], tuple[Column, ...]] = {}

    def of(self, oid: int) -> _Read:
        """The columns of one of them, none where there are none."""
        lines = self._lines.get(oid)
        if not lines:
            return _NOTHING
        read = [self._column(oid, line) for line in lines.split("\n")]
        columns = tuple(each[0] for each in read)
        # Partitions have their parent's columns, in the same order.
        columns = self._together.setdefault(tuple(map(id, columns)), columns)
        told = tuple(each[1] for each in read)
        hidden, code = any(each[2] for each in read), any(each[4] for each in read)
        return _Read(columns, told, hidden, "".join(each[3] for each in read), code)

    def _column(self, oid: int, line: str) -> _Made:
        row = self._rows[line]
        key = (line, self._defaults.get((oid, row.number)))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._made(line, row, key[1] or ("", False, False))
        return known

    def _made(self, line: str, row: ColumnRow, default: Row) -> _Made:
        expression, users_code, computed = default
        written, brings_code, has_default = self._types[row.type_oid, row.modifier]
        generated = row.generated != ""
        hidden = bool(generated or has_default or computed)
        column = Column(row.number, sys.intern(row.name), row.type_oid, generated, sys.intern(expression))
        told = (line, written, self._collations.get(row.collation, ""), expression, hidden)
        return column, told, hidden, "iu" if users_code or brings_code else "", bool(users_code)


def relations_of(found: Found, columns: ColumnsRead) -> tuple[Relation, ...]:
    """Relations (`relations()`) with their columns, what else defines them, and what their writes reach."""
    names = {row[0]: f"{row[1]}.{row[2]}" for row in found.relations}
    cascades = Cascades(names, found.cascades, found.hooks, found.children)
    parts, children = by_first(found.parts), by_first(found.children)
    rewriting, moves = rewrites_of(found, columns), _moves(found.key_moves)
    return tuple(
        replace(
            _relation(row, columns.of(row[0]), parts.get(row[0], ()), children.get(row[0], ()), cascades.of(row[0])),
            rewrites=row[0] in rewriting,
            rewrites_on=rewriting.get(row[0], EVERY_WRITE),
            key_moves=moves.get(row[0], ()),
        )
        for row in found.relations
    )


def rewrites_of(found: Found, columns: ColumnsRead) -> Mapping[int, frozenset[str]]:
    """Those of the relations whose writes may set off code of users (`Relation.rewrites`), and the kinds of writes that
    do: where it is triggers, rules and the like of their own alone, those that these are for."""
    coded: defaultdict[int, set[str]] = defaultdict(set)
    for part in found.parts:
        if part[5]:
            coded[part[0]].update(part[3])
    own = _by_itself(found, columns)
    above: defaultdict[int, list[int]] = defaultdict(list)
    for at, to, *_ in (*found.cascades, *found.children):
        above[to].append(at)
    every = _closed({up for oid in _closed(own | coded.keys(), above) for up in above.get(oid, ())} | own, above)
    return {oid: EVERY_WRITE if oid in every else _writes(frozenset(coded[oid])) for oid in {*every, *coded}}


def _by_itself(found: Found, columns: ColumnsRead) -> set[int]:
    """Those in which every kind of write may set off code of users, whatever their triggers and rules are for."""
    known = {row[0] for row in found.relations}
    own = {row[0] for row in found.relations if row[-3] or columns.of(row[0]).code} | _inherited(found)
    # What is set by default is computed by the default's text, which no write shows.
    own |= {to for _, to, *does in found.cascades if "d" in does and columns.of(to).hidden}
    # A relation that wasn't read may have anything.
    own |= {at for at, to, *_ in (*found.cascades, *found.children) if at in known and to not in known}
    return own


def _inherited(found: Found) -> set[int]:
    """What a relation is itself its partitions and heirs are, too."""
    below: defaultdict[int, list[int]] = defaultdict(list)
    for parent, child in found.children:
        below[parent].append(child)
    return _closed({row[0] for row in found.relations if row[-2]}, below)


def _closed(oids: Iterable[int], onward: Mapping[int, Sequence[int]]) -> set[int]:
    """These, and all that they lead to."""
    reached = set(oids)
    waiting = list(reached)
    while waiting:
        fresh = set(onward.get(waiting.pop(), ())) - reached
        reached |= fresh
        waiting += fresh
    return reached


def _moves(rows: Iterable[Row]) -> Mapping[int, tuple[tuple[int, int, int], ...]]:
    moves: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for referenced, keys, referencing, columns in rows:
        moves[referenced] += [(key, referencing, column) for key, column in zip(keys, columns, strict=True)]
    return {oid: tuple(dict.fromkeys(each)) for oid, each in moves.items()}


def _relation(
    row: Row, read: _Read, parts: Sequence[Row], children: Sequence[Row], reaches: tuple[str, ...]
) -> Relation:
    oid, schema, name, kind, row_type, query, *rest = row
    letters = {letter for part in parts for letter in part[3]} | set(read.writes)
    return Relation(
        oid=oid,
        schema=sys.intern(schema),
        name=name,
        kind=sys.intern(kind),
        columns=read.columns,
        hidden_effects=bool(rest[-1]) or read.hidden or any(part[4] for part in parts),
        definition=digest([schema, name, kind, query, rest, read.told, sorted(_told(part) for part in parts)]),
        children=tuple(child[1] for child in children),
        writes_more=_writes(frozenset(letters)),
        row_type=row_type,
        query=query,
        reaches=reaches,
    )


def _told(part: Row) -> Row:
    """What of a part's row tells what it is; the writes that change more follow from it."""
    return (*part[1:3], part[4])


_EVERY_WRITES: Final = {
    frozenset(letters): frozenset(_WRITES[letter] for letter in letters)
    for letters in ("", "i", "u", "d", "iu", "id", "ud", "iud")
}


def _writes(letters: frozenset[str]) -> frozenset[str]:
    return _EVERY_WRITES[letters]


def types_of(rows: Iterable[Row], columns: ColumnsRead) -> tuple[UserType, ...]:
    """Users' types (`TYPES`): a relation's row type is among them, with the relation's columns as attributes."""
    return tuple(
        UserType(oid, sys.intern(schema), name, sys.intern(kind), element, columns.of(relation).columns)
        for name, schema, oid, kind, element, relation, *_ in rows
    )


def routines_of(rows: Iterable[Row]) -> tuple[Routine, ...]:
    """Routines (`ROUTINES`)."""
    return tuple(_routine(*row[: _ROUTINE_BY_NAMES + 7]) for row in rows)


def _routine(
    oid: int,
    types: Sequence[int],
    names: Sequence[str],
    modes: Sequence[str],
    returns: int,
    returns_set: bool,
    settings: Sequence[str],
    defaults: int,
    security_definer: bool,
    namesake: bool,
    library: str,
    name: str,
    schema: str,
    kind: str,
    language: str,
    volatility: str,
    source: str,
    standard: str,
) -> Routine:
    return Routine(
        oid=oid,
        schema=sys.intern(schema),
        name=name,
        kind=sys.intern(kind),
        language=sys.intern(language),
        arguments=tuple(
            Argument(names[at] if at < len(names) else "", type_oid, sys.intern(modes[at]) if at < len(modes) else "i")
            for at, type_oid in enumerate(types)
        ),
        returns=returns,
        returns_set=returns_set,
        volatility=sys.intern(volatility),
        body=standard or source,
        standard_body=bool(standard),
        settings=tuple(settings),
        defaults=defaults,
        security_definer=security_definer,
        namesake=namesake,
        library=sys.intern(library),
    )


def routine_definitions(rows: Iterable[Row]) -> Mapping[str, str]:
    """A hash over all routines of each bare name, by what they are and not by their OIDs."""
    named: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        named[row[_ROUTINE_BY_NAMES]].append(row[_ROUTINE_BY_NAMES:])
    return {name: digest(told) for name, told in named.items()}


def by_first(rows: Iterable[Row]) -> Mapping[Any, Sequence[Row]]:
    """Rows by their first field."""
    grouped: defaultdict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row[0]].append(row)
    return grouped


def digest(what: object) -> str:
    """SHA-256 (hex) of the JSON form."""
    return hashlib.sha256(orjson.dumps(what)).hexdigest()
