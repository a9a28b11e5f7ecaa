"""Types, as far as names depend on them: fields of rows, items of arrays, and casts that can't fail.

Where a type would be needed and can't be known, None says so, and the caller is opaque.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from interlock.model.snapshot import TEMPORARY, Snapshot, UserType
from interlock.sql.functions import BUILT_IN_TYPES
from interlock.sql.lineage.passing import cast_may_fail
from interlock.sql.lineage.paths import words
from interlock.sql.lineage.tracer import Tracer
from interlock.sql.lineage.values import FIRST_USER_TYPE, SCALAR_TYPE, UNKNOWN_TYPE, Value

Fields = tuple[tuple[str, Value], ...]

TSVECTOR: Final = 3614
_ARRAYS: Final = """
    22 30 143 199 271 629 651 719 775 791 1000 1001 1002 1003 1005 1006 1007 1008 1009 1010 1011 1012 1013 1014 1015
    1016 1017 1018 1019 1020 1021 1022 1027 1028 1034 1040 1041 1115 1182 1183 1185 1187 1231 1263 1270 1561 1563 2201
    2207 2208 2209 2210 2211 2949 2951 3221 3643 3644 3645 3735 3770 3807 3905 3907 3909 3911 3913 3927 4073 4090 4097
    4192 5039 6150 6151 6152 6153 6155 6157
"""
BUILT_IN_ARRAYS: Final = frozenset(int(oid) for oid in _ARRAYS.split())
"""pg_type.oid of pg_catalog's arrays (pg_type.dat), the two vectors among them. A test asks the server."""

OIDS: Final[Mapping[str, int]] = {
    "bool": 16, "bytea": 17, "name": 19, "int8": 20, "int2": 21, "int4": 23, "text": 25, "oid": 26, "json": 114,
    "float4": 700, "float8": 701, "bpchar": 1042, "varchar": 1043, "date": 1082, "time": 1083, "timestamp": 1114,
    "timestamptz": 1184, "interval": 1186, "numeric": 1700, "uuid": 2950, "tsvector": TSVECTOR, "jsonb": 3802,
}  # fmt: skip
_WIDER: Final[Mapping[int, frozenset[int]]] = {
    16: frozenset({23}),
    21: frozenset({23, 20, 700, 701, 1700}),
    23: frozenset({20, 700, 701, 1700}),
    20: frozenset({700, 701, 1700}),
    700: frozenset({701}),
    1082: frozenset({1114, 1184}),
    1114: frozenset({1082, 1083, 1184}),
    1184: frozenset({1082, 1083, 1114}),
    3802: frozenset({114}),
}
"""Casts between built-in types that fail for no value that a column of the first would hold."""

_MOST_DOMAINS: Final = 32


def fields_of(t: Tracer, value: Value) -> Fields | None:
    """The fields of a row by name; None when it isn't a row, or nothing is known of it."""
    if value.fields is not None:
        return value.fields
    known = _composite(t.snapshot, value.type_oid)
    if known is None:
        return None
    return tuple((c.name, Value(value.sources, None, c.type_oid, None, None, value.opaque)) for c in known)


def _composite(snapshot: Snapshot, type_oid: int) -> Any:
    if type_oid < FIRST_USER_TYPE:
        return None
    kind = _below_domains(snapshot, type_oid)
    if kind is not None:
        return kind.attributes if kind.kind == "c" else None
    return next((r.columns for r in snapshot.relations if r.row_type == type_oid), None)


def _below_domains(snapshot: Snapshot, type_oid: int) -> UserType | None:
    kind = snapshot.types_by_oid.get(type_oid)
    for _ in range(_MOST_DOMAINS):
        if kind is None or kind.kind != "d":
            return kind
        kind = snapshot.types_by_oid.get(kind.element)
    return None


def is_row(t: Tracer, value: Value) -> bool | None:
    """Whether a value is a row; None when it can't be told."""
    if fields_of(t, value) is not None:
        return True
    if value.type_oid == UNKNOWN_TYPE:
        return None
    return False if value.type_oid < FIRST_USER_TYPE or value.type_oid in t.snapshot.types_by_oid else None


def is_array(t: Tracer, value: Value) -> bool:
    """Whether a value is known to be an array."""
    if value.item is not None or value.type_oid in BUILT_IN_ARRAYS:
        return True
    kind = t.snapshot.types_by_oid.get(value.type_oid)
    return kind is not None and kind.kind == "b" and kind.element != 0


def item_of(t: Tracer, value: Value) -> Value:
    """What an array is made of."""
    if value.item is not None:
        item = value.item
        opaque = value.opaque or item.opaque
        return Value(value.sources | item.sources, None, item.type_oid, item.fields, item.item, opaque)
    element = UNKNOWN_TYPE
    if value.type_oid == SCALAR_TYPE or 0 < value.type_oid < FIRST_USER_TYPE:
        element = SCALAR_TYPE
    elif value.type_oid >= FIRST_USER_TYPE:
        kind = _below_domains(t.snapshot, value.type_oid)
        element = kind.element if kind is not None and kind.kind == "b" else UNKNOWN_TYPE
    return Value(value.sources, None, element, None, None, value.opaque)


def type_named(t: Tracer, type_name: Any) -> tuple[int, str]:
    """(pg_type.oid, or what stands for it; why a cast to it is opaque, empty when it isn't) of a TypeName."""
    path = words(type_name.get("names"))
    if type_name.get("setof") or type_name.get("pct_type"):
        return UNKNOWN_TYPE, "a type that we don't know"
    oid = _built_in(t, path)
    if oid is not None:
        return (SCALAR_TYPE if type_name.get("arrayBounds") else oid), ""
    if t.snapshot.casts:
        return UNKNOWN_TYPE, "a user's type, whose casts may run code of users"
    kind = _users_type(t, path)
    if kind is None or (kind.kind not in "dcerm" and not kind.element):
        return UNKNOWN_TYPE, "a type that we don't know"
    if not type_name.get("arrayBounds"):
        return kind.oid, ""
    array = next((u.oid for u in t.snapshot.user_types if u.element == kind.oid and u.kind == "b"), UNKNOWN_TYPE)
    return array, ""


def _built_in(t: Tracer, path: tuple[str, ...]) -> int | None:
    """The oid of a built-in type; None when the name is, or may be, a user's."""
    bare = path[-1]
    if len(path) > 1 and path[0] != "pg_catalog":
        return None
    if len(path) == 1 and bare in t.snapshot.types and not t.in_definition:
        return None
    if bare.startswith("_") and bare[1:] in BUILT_IN_TYPES:
        return SCALAR_TYPE
    if bare in BUILT_IN_TYPES or bare in ("xml", "json", "regrole"):
        return OIDS.get(bare, SCALAR_TYPE)
    return None


def _users_type(t: Tracer, path: tuple[str, ...]) -> UserType | None:
    bare = path[-1]
    places = path[-2:-1] or (TEMPORARY, *t.state.search_path)
    for place in places:
        schema = t.state.role if place in ("$user", '"$user"') else place
        for kind in t.snapshot.user_types:
            if kind.name == bare and kind.schema == schema:
                return kind
        relation = t.snapshot.by_name.get((schema, bare))
        if relation is not None:
            return UserType(relation.row_type or UNKNOWN_TYPE, schema, bare, "c", 0, relation.columns)
    return None


def cast_fails(value: Value, oid: int, type_name: Any) -> bool:
    """Whether a cast of a value can fail for some values and not for others."""
    if type_name.get("arrayBounds"):
        return True
    if oid != SCALAR_TYPE and value.type_oid == oid and not type_name.get("typmods"):
        return False
    if value.plain is not None and oid in _WIDER.get(value.type_oid, ()) and not type_name.get("typmods"):
        return False
    return oid >= FIRST_USER_TYPE or oid == UNKNOWN_TYPE or cast_may_fail(words(type_name.get("names"))[-1])
