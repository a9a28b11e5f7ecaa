"""The name that the server gives to an output without an alias (FigureColname in parse_target.c)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from interlock.sql.lineage.paths import words

_UNNAMED: Final = "?column?"
_NONE, _WEAK, _STRONG = 0, 1, 2

_FIXED: Final[Mapping[str, str]] = {
    "GroupingFunc": "grouping",
    "MergeSupportFunc": "merge_action",
    "A_ArrayExpr": "array",
    "RowExpr": "row",
    "CoalesceExpr": "coalesce",
    "XmlSerialize": "xmlserialize",
    "JsonParseExpr": "json",
    "JsonScalarExpr": "json_scalar",
    "JsonSerializeExpr": "json_serialize",
    "JsonObjectConstructor": "json_object",
    "JsonArrayConstructor": "json_array",
    "JsonArrayQueryConstructor": "json_array",
    "JsonObjectAgg": "json_objectagg",
    "JsonArrayAgg": "json_arrayagg",
}
_BY_OPERATION: Final[Mapping[str, str]] = {
    "IS_XMLCONCAT": "xmlconcat",
    "IS_XMLELEMENT": "xmlelement",
    "IS_XMLFOREST": "xmlforest",
    "IS_XMLPARSE": "xmlparse",
    "IS_XMLPI": "xmlpi",
    "IS_XMLROOT": "xmlroot",
    "IS_XMLSERIALIZE": "xmlserialize",
    "IS_GREATEST": "greatest",
    "IS_LEAST": "least",
    "JSON_EXISTS_OP": "json_exists",
    "JSON_QUERY_OP": "json_query",
    "JSON_VALUE_OP": "json_value",
    "SVFOP_CURRENT_DATE": "current_date",
    "SVFOP_CURRENT_TIME": "current_time",
    "SVFOP_CURRENT_TIME_N": "current_time",
    "SVFOP_CURRENT_TIMESTAMP": "current_timestamp",
    "SVFOP_CURRENT_TIMESTAMP_N": "current_timestamp",
    "SVFOP_LOCALTIME": "localtime",
    "SVFOP_LOCALTIME_N": "localtime",
    "SVFOP_LOCALTIMESTAMP": "localtimestamp",
    "SVFOP_LOCALTIMESTAMP_N": "localtimestamp",
    "SVFOP_CURRENT_ROLE": "current_role",
    "SVFOP_CURRENT_USER": "current_user",
    "SVFOP_USER": "user",
    "SVFOP_SESSION_USER": "session_user",
    "SVFOP_CURRENT_CATALOG": "current_catalog",
    "SVFOP_CURRENT_SCHEMA": "current_schema",
}


def output_name(node: Any) -> str:
    """What an expression is called as an output."""
    return _figured(node)[0] or _UNNAMED


def _figured(node: Any) -> tuple[str, int]:
    ((kind, fields),) = node.items()
    if kind == "ColumnRef":
        name = _last(fields["fields"])
        return name, _STRONG if name else _NONE
    if kind == "FuncCall":
        return _last(fields["funcname"]), _STRONG
    if kind == "A_Indirection":
        name = _last(fields.get("indirection"))
        return (name, _STRONG) if name else _figured(fields["arg"])
    if kind == "TypeCast":
        return _or_weak(fields["arg"], _last(fields["typeName"].get("names")))
    if kind == "CollateClause":
        return _figured(fields["arg"])
    if kind == "CaseExpr":
        return _or_weak(fields.get("defresult"), "case")
    if kind == "SubLink":
        return _of_sublink(fields)
    if kind == "A_Expr":
        return ("nullif", _STRONG) if fields["kind"] == "AEXPR_NULLIF" else ("", _NONE)
    name = _FIXED.get(kind) or _BY_OPERATION.get(str(fields.get("op")), "")
    return name, _STRONG if name else _NONE


def _last(names: Any) -> str:
    """The last plain name of a path: subscripts and stars are passed over."""
    found = [name for name in words(names) if name and name != "*"]
    return found[-1] if found else ""


def _or_weak(below: Any, name: str) -> tuple[str, int]:
    found = _figured(below) if below else ("", _NONE)
    return found if found[1] == _STRONG or not name else (name, _WEAK)


def _of_sublink(fields: Any) -> tuple[str, int]:
    kind = fields["subLinkType"]
    if kind == "EXISTS_SUBLINK":
        return "exists", _STRONG
    if kind == "ARRAY_SUBLINK":
        return "array", _STRONG
    if kind != "EXPR_SUBLINK":
        return "", _NONE
    select = fields["subselect"].get("SelectStmt", {})
    while "larg" in select:
        select = select["larg"]
    if "valuesLists" in select:
        return "column1", _STRONG
    target = select["targetList"][0]["ResTarget"]
    return (target["name"], _STRONG) if "name" in target else _figured(target["val"])
