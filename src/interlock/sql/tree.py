"""Walking libpg_query's JSON trees.

A node is `{"SelectStmt": {fields}}`, except where the C struct's type is fixed by the field: `"alias": {fields}`. Both
come out of here as (type, fields). A bare struct in a field that isn't in `_BARE` comes out as `?field`, which no
allow-list holds. Walks are iterative: a tree of the depth that the parser lets through would exhaust Python's stack.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

Fields = Mapping[str, Any]
Node = tuple[str, Fields]

_BARE: Final[Mapping[str, str]] = {
    "alias": "Alias",
    "join_using_alias": "Alias",
    "relation": "RangeVar",
    "view": "RangeVar",
    "sequence": "RangeVar",
    "rel": "RangeVar",
    "typeName": "TypeName",
    "withClause": "WithClause",
    "returningClause": "ReturningClause",
    "onConflictClause": "OnConflictClause",
    "infer": "InferClause",
    "intoClause": "IntoClause",
    "larg": "SelectStmt",
    "rarg": "SelectStmt",
    "over": "WindowDef",
    "search_clause": "CTESearchClause",
    "cycle_clause": "CTECycleClause",
}

LEAVES: Final = frozenset({"A_Const", "String", "Integer", "Float", "Boolean"})


def typed(value: Mapping[str, Any], field: str = "") -> Node:
    """(type, fields) of one node as it stands in a tree, `field` naming where it stands."""
    if len(value) == 1:
        for name, fields in value.items():  # the one
            if name[:1].isupper() and isinstance(fields, dict):
                return name, fields
    return _BARE.get(field, f"?{field}"), value


def children(node: Node) -> Iterator[tuple[str, Node]]:
    """(field, child) of every node directly below. Constants are leaves."""
    kind, fields = node
    if kind in LEAVES:
        return
    for name, value in fields.items():
        if isinstance(value, dict):
            yield name, typed(value, name)
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, dict) and item:
                    yield name, typed(item, name)


def walk(root: Node) -> Iterator[Node]:
    """The node and everything below it, parents first."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        kind, fields = node
        if kind in LEAVES:
            continue
        # As `children` has it, written out: walks are half of what reading a new text costs.
        for name, value in fields.items():
            if isinstance(value, dict):
                stack.append(typed(value, name))
            elif isinstance(value, list):
                stack.extend([typed(item, name) for item in value if isinstance(item, dict) and item])


def words(items: Any) -> tuple[str, ...]:
    """The names in a list of String nodes; a star or anything else gives `*` or the empty name."""
    try:
        return tuple([item["String"]["sval"] for item in items or ()])
    except (KeyError, TypeError):
        return tuple(map(_word, items))


def _word(item: Any) -> str:
    kind, fields = typed(item)
    return str(fields.get("sval", "")) if kind == "String" else "*" if kind == "A_Star" else ""


def joined(items: Any) -> str | None:
    """Constants as one text, as SET takes a list of them; None when there are none, or one isn't a constant."""
    values = [constant(item) for item in items]
    if not values or None in values:
        return None
    return ", ".join(str(value) for value in values)


def constant(value: Any) -> str | None:
    """A constant's value as text (`''` for the empty string, `NULL` as None); None too when it isn't a constant."""
    if not isinstance(value, dict):
        return None
    kind, fields = typed(value)
    if kind == "A_Const":
        for name in ("sval", "fval", "bsval"):
            if name in fields:
                return str(fields[name].get(name, ""))
        if "ival" in fields:
            return str(fields["ival"].get("ival", 0))
        if "boolval" in fields:
            return "true" if fields["boolval"].get("boolval") else "false"
        return None
    if kind in ("String", "Float"):
        return str(fields.get("sval", fields.get("fval", "")))
    if kind == "Integer":
        return str(fields.get("ival", 0))
    if kind == "Boolean":
        return "true" if fields.get("boolval") else "false"
    return None
