"""The catalog file: which columns carry which labels.

    [[column]]
    match = "public.patients.ssn"      # schema.table.column; * stands for any run of characters in its segment
    labels = ["phi.ssn"]
    connection = "clinic"              # optional; * and patterns as above, every connection when absent

All columns that any rule matches carry the union of the rules' labels.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

from interlock.errors import SettingsMistakes
from interlock.model.label import Label
from interlock.model.names import ConnectionName
from interlock.model.snapshot import Relation
from interlock.sensitivity.labels import KNOWN, nearest

_KEYS = ("match", "labels", "connection")


@dataclass(frozen=True, slots=True)
class Rule:
    """One pattern of (connection, schema, table, column) and the labels it gives."""

    connection: str
    segments: tuple[str, str, str]
    labels: frozenset[Label]

    def matches(self, connection: str, schema: str, table: str, column: str) -> bool:
        """Whether the column is one that this rule labels."""
        pairs = zip((self.connection, *self.segments), (connection, schema, table, column), strict=True)
        return all(_fits(pattern, name) for pattern, name in pairs)


def _fits(pattern: str, name: str) -> bool:
    if pattern == "*":
        return True
    return _pattern(pattern).fullmatch(name) is not None if "*" in pattern else pattern == name


@lru_cache(maxsize=4096)
def _pattern(glob: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in glob.split("*")), re.DOTALL)


@dataclass(frozen=True, slots=True)
class Catalog:
    """All rules of one file. `digest` is the SHA-256 (hex) of its text, for the ledger."""

    rules: tuple[Rule, ...]
    digest: str

    def labels(self, connection: ConnectionName, schema: str, table: str, column: str) -> frozenset[Label]:
        """The labels of one column."""
        found = (r.labels for r in self.rules if r.matches(connection, schema, table, column))
        return frozenset().union(*found)

    def of_connection(self, connection: ConnectionName) -> ConnectionRules:
        """The same for all columns of one connection, for who asks about many."""
        return ConnectionRules(r for r in self.rules if _fits(r.connection, connection))

    def of_relation(self, connection: ConnectionName, relation: Relation) -> frozenset[Label]:
        """The labels of all columns of a relation."""
        return frozenset().union(
            *(self.labels(connection, relation.schema, relation.name, c.name) for c in relation.columns)
        )

    def all_labels(self, connection: ConnectionName) -> frozenset[Label]:
        """Every label that some column of the connection may carry, whether or not the snapshot has it."""
        return frozenset().union(*(r.labels for r in self.rules if _fits(r.connection, connection)))


class ConnectionRules:
    """One connection's rules, for 5,000 tables and more: a table's rules are found by its name where they have it in
    full, and tables that the same rules are about share what is found."""

    __slots__ = ("_found", "_of_patterns", "_of_tables")

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._of_tables: dict[str, list[tuple[int, Rule]]] = {}
        self._of_patterns: list[tuple[int, Rule]] = []
        self._found: dict[tuple[int, ...], TableRules] = {}
        for number, rule in enumerate(rules):
            table = rule.segments[1]
            place = self._of_patterns if "*" in table else self._of_tables.setdefault(table, [])
            place.append((number, rule))

    def of_table(self, schema: str, table: str) -> TableRules:
        """The rules about one table or view."""
        about = [(n, r) for n, r in self._of_tables.get(table, ()) if _fits(r.segments[0], schema)]
        about += [(n, r) for n, r in self._of_patterns if _fits(r.segments[0], schema) and _fits(r.segments[1], table)]
        key = tuple(number for number, _ in about)
        if key not in self._found:
            self._found[key] = TableRules(tuple(rule for _, rule in about))
        return self._found[key]


_NONE = frozenset[Label]()  # one object: most columns have no labels


class TableRules:
    """Rules that are about a table; what they say of a column's name is remembered."""

    __slots__ = ("_known", "_rules")

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules
        self._known: dict[str, frozenset[Label]] = {}

    def labels(self, column: str) -> frozenset[Label]:
        """The labels of one column, as `Catalog.labels` has them."""
        known = self._known.get(column)
        if known is None:
            found = (r.labels for r in self._rules if _fits(r.segments[2], column))
            known = self._known[column] = _NONE.union(*found) or _NONE
        return known


EMPTY = Catalog((), hashlib.sha256(b"").hexdigest())
"""The catalog of a connection without a catalog file."""


def parse_catalog(text: str, where: str) -> Catalog:
    """The catalog in `text` (TOML); `where` names the file in messages. Raises `SettingsMistakes` with all of them."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsMistakes([f"{where}: not TOML: {error}"]) from None
    mistakes: list[str] = [f"{where}: unknown key {k!r}; a catalog holds [[column]]" for k in document if k != "column"]
    tables = document.get("column", [])
    if not isinstance(tables, list) or not all(isinstance(t, dict) for t in tables):
        raise SettingsMistakes([*mistakes, f"{where}: write each rule as [[column]]"])
    rules = [_rule(table, f"{where}: column {n}", mistakes) for n, table in enumerate(tables, 1)]
    if mistakes:
        raise SettingsMistakes(mistakes)
    return Catalog(tuple(r for r in rules if r is not None), hashlib.sha256(text.encode()).hexdigest())


def _rule(table: Mapping[str, object], where: str, mistakes: list[str]) -> Rule | None:
    before = len(mistakes)
    for key in table:
        if key not in _KEYS:
            close = get_close_matches(key, _KEYS, n=1)
            mistakes.append(f"{where}: unknown key {key!r}" + (f"; did you mean {close[0]!r}?" if close else ""))
    segments = _segments(table.get("match"), where, mistakes)
    labels = _labels(table.get("labels"), where, mistakes)
    connection = table.get("connection", "*")
    if not isinstance(connection, str) or not connection:
        mistakes.append(f"{where}: connection is a name, or a pattern with *")
    if len(mistakes) > before or segments is None:
        return None
    return Rule(str(connection), segments, labels)


def _segments(value: object, where: str, mistakes: list[str]) -> tuple[str, str, str] | None:
    parts = value.split(".") if isinstance(value, str) else []
    if len(parts) != 3 or not all(parts):
        mistakes.append(f"{where}: match is written schema.table.column, such as public.patients.ssn")
        return None
    return parts[0], parts[1], parts[2]


def _labels(value: object, where: str, mistakes: list[str]) -> frozenset[Label]:
    if not isinstance(value, list) or not value or not all(isinstance(v, str) for v in value):
        mistakes.append(f'{where}: labels is a list, such as ["phi.ssn"]')
        return frozenset()
    for name in value:
        if name not in KNOWN:
            close = nearest(name)
            mistakes.append(f"{where}: unknown label {name!r}" + (f"; did you mean {close!r}?" if close else ""))
    return frozenset(Label(name) for name in value)
