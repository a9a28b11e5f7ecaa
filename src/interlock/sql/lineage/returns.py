"""What built-in functions return, as far as names depend on it: fields, items of arrays, sets of rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from interlock.sql.functions import FUNCTION_COLUMNS
from interlock.sql.lineage.shapes import TSVECTOR, Fields, fields_of, item_of
from interlock.sql.lineage.traced import How
from interlock.sql.lineage.tracer import Tracer
from interlock.sql.lineage.values import FIRST_USER_TYPE, SCALAR_TYPE, UNKNOWN_TYPE, Value, carrying, either


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


ONLY_ARGUMENTS: Final = _names("""
    xml_is_well_formed xml_is_well_formed_content xml_is_well_formed_document xmlagg xmlcomment xmlconcat2 xmlexists
    xmltext xmlvalidate xpath xpath_exists
    json_populate_record json_populate_recordset json_to_record json_to_recordset jsonb_populate_record
    jsonb_populate_recordset jsonb_to_record jsonb_to_recordset
""")
"""Functions that `sql/functions.py` doesn't list, but that read nothing but their arguments. libxml loads nothing for
the server; the JSON ones call input functions of the types they fill."""

SETS: Final = _names("""
    generate_series generate_subscripts json_array_elements json_array_elements_text json_each json_each_text
    json_object_keys json_populate_recordset json_to_recordset jsonb_array_elements jsonb_array_elements_text jsonb_each
    jsonb_each_text jsonb_object_keys jsonb_path_query jsonb_path_query_tz jsonb_populate_recordset jsonb_to_recordset
    regexp_matches regexp_split_to_table string_to_table unnest
""")
"""Those that return rows: how many can be told from the result, whatever becomes of their values."""

ANY_ROW: Final = _names("""
    any_out any_value array_agg concat count cume_dist dense_rank first_value hash_record json_agg json_agg_strict
    json_build_array json_build_object jsonb_agg jsonb_agg_strict jsonb_build_array jsonb_build_object lag last_value
    lead max min mode num_nonnulls num_nulls percent_rank pg_collation_for pg_column_compression pg_column_size
    pg_column_toast_chunk_id pg_restore_attribute_stats pg_restore_relation_stats pg_typeof quote_literal quote_nullable
    rank record_out record_send row_to_json to_json to_jsonb anycompatible_out anycompatiblenonarray_out anyelement_out
    anynonarray_out
""")
"""Built-ins that take a row of any type as their only argument, so that `f(p)` is never the field `p.f`."""

ONE_OUTPUT: Final[Mapping[str, str]] = {
    "json_array_elements": "value",
    "json_array_elements_text": "value",
    "jsonb_array_elements": "value",
    "jsonb_array_elements_text": "value",
    "pg_partition_ancestors": "relid",
}
"""Built-ins with one OUT argument: it names their column in FROM, whatever the alias is."""

RECORDS: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: columns for name, columns in FUNCTION_COLUMNS.items() if len(columns) > 1},
    "json_each_text": ("key", "value"),
    "jsonb_each": ("key", "value"),
    "jsonb_each_text": ("key", "value"),
}
"""Built-ins with several OUT arguments."""

_SAME: Final[Mapping[str, int]] = {
    "any_value": 0, "array_append": 0, "array_cat": 0, "array_prepend": 1, "array_remove": 0, "array_replace": 0,
    "array_reverse": 0, "array_sort": 0, "first_value": 0, "lag": 0, "last_value": 0, "lead": 0, "max": 0, "min": 0,
    "mode": 0, "nth_value": 0, "percentile_disc": 1, "trim_array": 0,
}  # fmt: skip
"""Those that return the type of an argument (WITHIN GROUP's come after the direct ones)."""

_ARRAYS_OF: Final = _names("array_agg array_fill")
_FROM_ROW: Final = _names("json_populate_record json_populate_recordset jsonb_populate_record jsonb_populate_recordset")
_RANGES: Final = _names("lower upper range_agg range_intersect_agg range_merge")  # of texts too
_UNTYPED: Final = _names("json_to_record json_to_recordset jsonb_to_record jsonb_to_recordset")


def note_rows(t: Tracer, name: str, values: Sequence[Value]) -> None:
    """Notes that the number of rows depends on what a set is made of: all of a series, the lengths of others."""
    if name not in SETS:
        return
    for value in values:
        t.note_value(value, How.CONDITION if name == "generate_series" else How.NULLNESS)


def shaped(t: Tracer, name: str, values: list[Value]) -> Value:
    """A value made of all of these, with the type that the function returns as far as it is known."""
    made = carrying(values, SCALAR_TYPE)
    first = values[0] if values else None
    if name in _SAME and len(values) > _SAME[name]:
        at = _SAME[name]
        made = either([values[at]], carrying(v for n, v in enumerate(values) if n != at))
        return Value(made.sources, None, made.type_oid, made.fields, made.item, made.opaque)
    if name == "unnest" and first is not None:
        return _unnested(t, values, made)
    if name in _ARRAYS_OF and first is not None:
        made.type_oid, made.item = UNKNOWN_TYPE, first
    elif name in _FROM_ROW and first is not None:
        fields = fields_of(t, first)
        made.type_oid = UNKNOWN_TYPE
        made.fields = _filled([n for n, _ in fields], made) if fields is not None else None
    elif name in RECORDS:
        made.fields = _filled(RECORDS[name], made)
    elif name in _UNTYPED or (name in _RANGES and _may_be_range(t, values)):
        made.type_oid = UNKNOWN_TYPE
    return made


def _unnested(t: Tracer, values: list[Value], made: Value) -> Value:
    if values[0].type_oid == TSVECTOR:
        made.fields = _filled(("lexeme", "positions", "weights"), made)
        return made
    return item_of(t, values[0]) if len(values) == 1 else made


def _may_be_range(t: Tracer, values: list[Value]) -> bool:
    """Whether one may be a range of a user's type, whose bounds may have fields."""
    if not any(v.type_oid == UNKNOWN_TYPE or v.type_oid >= FIRST_USER_TYPE for v in values):
        return False
    return any(kind.kind in "rm" for kind in t.snapshot.user_types)


def _filled(names: Sequence[str], made: Value) -> Fields:
    whole = Value(made.sources, None, SCALAR_TYPE, None, None, made.opaque)
    return tuple((name, whole) for name in names)
