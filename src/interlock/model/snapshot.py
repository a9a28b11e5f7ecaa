"""A schema snapshot: what we knew of an upstream database's definitions at one moment."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

EVERY_WRITE = frozenset({"insert", "update", "delete"})
TEMPORARY: Final = "pg_temp"  # the schema that a session's own temporary relations go by in its snapshots


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `number` is pg_attribute.attnum, `type_oid` its atttypid; a `generated` one is made of the others."""

    number: int
    name: str
    type_oid: int
    generated: bool = False
    default: str = ""  # its default, or what it is generated from: SQL as the server prints it


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, view or the like, as pg_class has it.

    `kind` is relkind: r table, p partitioned table, v view, m materialised view, f foreign table, S sequence ...
    `children` are the relations that inherit from it directly or are its partitions: reading it reads them.
    `hidden_effects` says that triggers, rules, row security or computed defaults make more happen than a text shows.
    `definition` is a SHA-256 of everything that defines it (columns, view text, triggers, rules, policies).
    `writes_more` are the kinds of writes of it that may change rows which their command tags don't count: by triggers,
    rules, cascading foreign keys, or code of users in defaults, constraints, indexes and policies.
    `reaches`: what writes of it do beyond itself, for people: `delete: public.visits` where a foreign key takes it
    there (also by way of others), `trigger audit_patients on update calls public.audit()`, `rule keep on delete`.
    `key_moves`: where an UPDATE of a key takes the new value along (ON UPDATE CASCADE): the key's column here, the
    relation that refers to it, the column there. `rewrites`: code that no lineage sees may change what is written to
    it, or write it elsewhere: triggers, rules, row security, users' functions in defaults, domains, constraints,
    indexes or partition keys; its own, those of its partitions and heirs, and those of relations that its foreign keys'
    cascades reach. Of a view its own alone: what lies below is for who writes through it to look at. `rewrites_on`: the
    kinds of writes that set that code off, all of them where that isn't known (TRUNCATE and MERGE count as all).
    """

    oid: int
    schema: str
    name: str
    kind: str
    columns: tuple[Column, ...]
    hidden_effects: bool
    definition: str
    children: tuple[int, ...] = ()  # pg_class.oid
    writes_more: frozenset[str] = EVERY_WRITE  # unless a snapshot knows better
    row_type: int = 0  # pg_class.reltype: the type of its whole rows
    query: str = ""  # what a view or materialised view selects: SQL as the server prints it under an empty search_path
    reaches: tuple[str, ...] = ()
    key_moves: tuple[tuple[int, int, int], ...] = ()
    rewrites: bool = True  # unless a snapshot knows better
    rewrites_on: frozenset[str] = EVERY_WRITE

    @property
    def qualified(self) -> str:
        """`schema.name`, unquoted: the form used in resources."""
        return f"{self.schema}.{self.name}"

    def rewrites_by(self, events: frozenset[str]) -> bool:
        """Whether any of these kinds of writes sets off code that no lineage sees."""
        return self.rewrites and (events == EVERY_WRITE or not events.isdisjoint(self.rewrites_on))

    @property
    def is_temporary(self) -> bool:
        """Whether it is one session's own, and gone with it."""
        return self.schema == TEMPORARY

    @property
    def is_base_table(self) -> bool:
        """Whether its columns hold values of their own."""
        return self.kind in ("r", "p")


@dataclass(frozen=True, slots=True)
class UserType:
    """A type outside pg_catalog, as pg_type has it; array types of users' types and row types are among them.

    `kind` is typtype: d domain, c composite, e enum, r range, m multirange, b base, p pseudo. `element`: what an array,
    or a domain (its base type), is made of; 0 for none. `attributes`: of a composite.
    """

    oid: int
    schema: str
    name: str
    kind: str
    element: int = 0
    attributes: tuple[Column, ...] = ()


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a routine. `mode` is proargmodes': i in, o out, b both, v variadic, t column of a table."""

    name: str
    type_oid: int
    mode: str = "i"


@dataclass(frozen=True, slots=True)
class Routine:
    """A function, procedure, aggregate or window function outside pg_catalog, as pg_proc has it.

    `kind` is prokind (f, p, a, w), `volatility` provolatile (i, s, v). `body` is its source; of a function with a body
    in standard SQL what the server prints (`RETURN ...` or `BEGIN ATOMIC ... END`), which `standard_body` tells.
    `settings`: it sets configuration of its own (proconfig), such as a search_path. `defaults`: so many of its last
    inputs needn't be given (pronargdefaults). `security_definer`: it runs as its owner, whom we don't know.
    `namesake`: pg_catalog has a function of this name too, which a call by the bare name may mean as well.
    """

    oid: int
    schema: str
    name: str
    kind: str
    language: str
    arguments: tuple[Argument, ...]
    returns: int
    returns_set: bool
    volatility: str
    body: str
    standard_body: bool = False
    settings: tuple[str, ...] = ()
    defaults: int = 0
    security_definer: bool = False
    namesake: bool = False
    library: str = ""  # of one in C, where its symbol (`body`) is: pg_proc.probin


@dataclass(frozen=True)
class Snapshot:
    """All relations outside the catalogs, and which names are user-defined.

    `version` is a SHA-256 over all of it: equal versions mean equal definitions. `functions`, `operators` and `types`
    hold the bare names defined outside pg_catalog: a statement that uses one of these can't be judged by our tables of
    built-ins. `search_path` is the session default, schemas in order (pg_catalog implied).
    """

    version: str
    server_version: int
    relations: tuple[Relation, ...]
    functions: frozenset[str]
    operators: frozenset[str]
    types: frozenset[str]
    search_path: tuple[str, ...]
    casts: bool = False  # whether somebody defined casts that run functions: then values of users' types run code
    function_definitions: Mapping[str, str] = field(default_factory=dict)  # bare name -> SHA-256 of all its bodies
    routines: tuple[Routine, ...] = ()
    user_types: tuple[UserType, ...] = ()

    @cached_property
    def by_oid(self) -> Mapping[int, Relation]:
        """Relations by pg_class.oid."""
        return {r.oid: r for r in self.relations}

    @cached_property
    def by_name(self) -> Mapping[tuple[str, str], Relation]:
        """Relations by (schema, name)."""
        return {(r.schema, r.name): r for r in self.relations}

    @cached_property
    def routines_by_name(self) -> Mapping[str, tuple[Routine, ...]]:
        """Routines by their bare name."""
        found: dict[str, tuple[Routine, ...]] = {}
        for routine in self.routines:
            found[routine.name] = (*found.get(routine.name, ()), routine)
        return found

    @cached_property
    def worked_out(self) -> dict[str, Any]:
        """What was worked out from these definitions and stays true as long as they do, by the name of who did: a
        cache, never more than there are definitions. For one thread.
        """
        return {}

    @cached_property
    def types_by_oid(self) -> Mapping[int, UserType]:
        """Users' types by pg_type.oid."""
        return {t.oid: t for t in self.user_types}


def session_version(shared: Snapshot, temporary: Iterable[Relation]) -> str:
    """The version of a snapshot that has a session's temporary relations as well."""
    told = "\n".join((shared.version, *(r.definition for r in temporary)))
    return hashlib.sha256(told.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class DescribedColumn:
    """One field of the server's own RowDescription (PostgreSQL protocol 3, message 'T').

    `table_oid` and `number` are 0 when the output isn't a plain column; a whole row has a table with number 0.
    """

    name: str
    table_oid: int
    number: int
    type_oid: int
    type_size: int
    type_modifier: int
    format: int  # 0 text, 1 binary
