"""Statements read once: everything about one that its parameters don't decide, remembered while it stays true.

    Readings().of(statement, described, basis) -> Reading

A reading is pure in the statement, the server's description and the basis. What is remembered is handed out only for
the very statement and labels it was made of, under an equal description and basis; otherwise it is made anew.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from interlock.actions.basis import Basis
from interlock.actions.cover import around
from interlock.actions.exposing import exposure_of
from interlock.model import verb
from interlock.model.action import Ask
from interlock.model.canonical import JsonValue
from interlock.model.connection import Connection
from interlock.model.exposure import Exposure
from interlock.model.resource import Resource, ResourceKind
from interlock.model.snapshot import DescribedColumn
from interlock.sensitivity.columns import ColumnLabels
from interlock.sql.bindings import string_constants
from interlock.sql.shape import Kind, Statement, Touch
from interlock.sql.template import Pattern, pattern

MOST: Final = 2_000  # readings remembered for one connection
MAX_TEXT: Final = 4 * 1024  # bytes; what is longer, or wider, is read each time
MAX_REMEMBERED: Final = 512 * 1024  # bytes of text altogether: a tree takes some 700 bytes for each byte of it
MAX_COLUMNS: Final = 256

Described = tuple[DescribedColumn, ...] | None


@dataclass(frozen=True, slots=True)
class Reading:
    """One statement as part of an action, its parameters left out.

    `constants` are the strings in its text as the server reads them, taken only where a mask token in them matters.
    `around` is what an action of this statement alone has in its cover besides the payload.
    """

    statement: Statement = field(repr=False)
    basis: Basis = field(repr=False)
    asks: tuple[Ask, ...]
    exposure: Exposure
    pattern: Pattern = field(repr=False)
    constants: tuple[str, ...] = field(repr=False)
    around: Mapping[str, JsonValue] = field(repr=False)


class Readings:
    """The least recently used of one connection's readings, shared by its sessions. For one thread."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[int, Described], Reading] = OrderedDict()
        self._size = 0

    def __len__(self) -> int:
        return len(self._known)

    def of(self, statement: Statement, described: Described, basis: Basis) -> Reading:
        """The reading of a statement."""
        key = (id(statement), described)
        known = self._known.get(key)
        # A reading holds its statement, so while it is known no other can have that id; looked at all the same.
        if known is not None and known.statement is statement and known.basis.same(basis):
            self._known.move_to_end(key)
            return known
        reading = _described_anew(self._known.get((id(statement), None)), statement, described, basis)
        if len(statement.text) <= MAX_TEXT and len(described or ()) <= MAX_COLUMNS:
            self._keep(key, reading)
        return reading

    def forget(self, statement: Statement, described: Described) -> None:
        """Lets go of a statement's readings: of the text alone, and under this description."""
        for key in {(id(statement), None), (id(statement), described)}:
            known = self._known.get(key)
            if known is not None and known.statement is statement:
                del self._known[key]
                self._size -= len(statement.text)

    def _keep(self, key: tuple[int, Described], reading: Reading) -> None:
        replaced = self._known.pop(key, None)
        self._size += len(reading.statement.text) - (len(replaced.statement.text) if replaced else 0)
        self._known[key] = reading
        while len(self._known) > MOST or self._size > MAX_REMEMBERED:
            _, oldest = self._known.popitem(last=False)
            self._size -= len(oldest.statement.text)


def _described_anew(known: Reading | None, statement: Statement, described: Described, basis: Basis) -> Reading:
    """The reading of a statement; what its description doesn't decide is taken from one of the text alone, which was
    made when the door asked whether policy would deny it anyway."""
    if known is None or known.statement is not statement or not known.basis.same(basis):
        return read(statement, described, basis)
    return replace(known, exposure=exposure_of(statement, described, basis))


def read(statement: Statement, described: Described, basis: Basis) -> Reading:
    """The reading of a statement, made anew."""
    connection, labels = basis.connection, basis.labels
    return Reading(
        statement=statement,
        basis=basis,
        asks=asks_of(statement, connection, labels),
        exposure=exposure_of(statement, described, basis),
        pattern=pattern(statement.source, basis.snapshot, basis.state, labels.of),
        constants=tuple(string_constants(statement.source)) if may_write_back(statement) else (),
        around=around((statement,), connection, basis.identity, basis.snapshot, basis.state),
    )


def may_write_back(statement: Statement) -> bool:
    """Whether a masked value in it would be written into the data."""
    return statement.kind in (Kind.WRITE, Kind.SCHEMA, Kind.COPY_IN)


def asks_of(statement: Statement, connection: Connection, labels: ColumnLabels) -> tuple[Ask, ...]:
    """Its verbs on resources, repeats left out."""
    asks = [Ask(t.verb, _resource(t, connection, labels)) for t in statement.touches]
    if not asks:
        word = verb.SESSION_OPEN if statement.is_session_traffic else verb.SQL_SELECT
        asks.append(Ask(word, Resource(ResourceKind.CONNECTION, connection.name)))
    return tuple(dict.fromkeys(asks))


def _resource(touch: Touch, connection: Connection, labels: ColumnLabels) -> Resource:
    if touch.relation is not None:
        known = labels.for_relation(touch.relation.oid)
        return Resource(ResourceKind.RELATION, f"{connection.name}/{touch.relation.qualified}", known)
    if touch.catalog is not None and touch.catalog.harmless:
        return Resource(ResourceKind.CATALOG, f"{connection.name}/{touch.name.partition('.')[0]}")
    if not touch.name:
        return Resource(ResourceKind.CONNECTION, connection.name)
    return Resource(ResourceKind.RELATION, f"{connection.name}/{touch.name}", labels.for_connection())
