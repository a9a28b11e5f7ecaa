"""A query of the server's catalogs alone, read whole: which of its outputs may show a definition's text.

Catalogs say what there is, and in some columns how it is defined: defaults, bodies, comments, labels of enums. Those
texts may hold data. A client that looks around asks for both at once, so the outputs are told apart, by names: a column
that is kept back marks its name, a query that makes something of a marked name marks the name of what it makes, until
nothing new is marked. One set of names for the whole text: an output is clean only when no marked name, no whole row
and no function that prints definitions occurs anywhere below it. Whatever can't be named so isn't read here at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from interlock.sql.functions import DEFINITIONS, PRINTS_SQL
from interlock.sql.marks import Expression, Names, Select, marked_names
from interlock.sql.shape import Looking
from interlock.sql.tree import Node, children, constant, typed, walk, words

MAX_NODES: Final = 10_000

# Calls that only pass a text on: nothing about it can be told from whether they fail.
_PASSING: Final = frozenset(
    [
        "any_value",
        "array_agg",
        "array_remove",
        "array_to_string",
        "btrim",
        "concat",
        "concat_ws",
        "json_agg",
        "json_build_array",
        "json_build_object",
        "jsonb_agg",
        "jsonb_build_array",
        "jsonb_build_object",
        "max",
        "min",
        "quote_ident",
        "quote_literal",
        "quote_nullable",
        "rtrim",
        "string_agg",
        "to_json",
        "to_jsonb",
    ]
)
_PASSING_TYPES: Final = frozenset({"text", "name", "varchar", "bpchar"})

_TESTING: Final = (
    "whereClause",
    "groupClause",
    "havingClause",
    "sortClause",
    "distinctClause",
    "limitOffset",
    "limitCount",
    "windowClause",
)


def looking(root: Node, names: Names) -> Looking | None:
    """What a query of listed catalogs shows; None where names alone don't tell."""
    nodes = list(walk(root))
    if len(nodes) > MAX_NODES or root[0] != "SelectStmt" or not _readable(nodes):
        return None
    selects = [Select(node, names) for node in nodes if node[0] == "SelectStmt"]
    marked = marked_names(nodes, selects, names)
    if marked is None:
        return None
    outermost = selects[0]
    starred = any(leaf.starred for leaf in outermost.leaves)
    texts = None if starred else tuple(outermost.taints(marked))
    return Looking(
        texts=texts,
        clean=names.columns - marked if starred else frozenset(),
        tests=_tests(nodes, selects, marked, names),
        sql=frozenset() if starred else frozenset(_printed(outermost, marked, names)),
    )


def _printed(select: Select, marked: set[str], names: Names) -> Iterator[int]:
    """The outputs that are printed SQL, whole: a piece of it could be the inside of a literal."""
    for at, (_, expressions) in enumerate(select.leaves[0].outputs):
        if not select.is_set and all(_prints(e.node, marked, names) for e in expressions):
            yield at


def _prints(node: Node, marked: set[str], names: Names) -> bool:
    stack = [node]
    while stack:
        node = stack.pop()
        kind, fields = node
        if not Expression(node, names).marked(marked):
            continue
        if kind == "FuncCall" and words(fields.get("funcname"))[-1] in PRINTS_SQL:
            continue
        below = _whole(kind, fields)
        if not below:
            return False
        stack.extend(typed(value) for value in below)
    return True


def _whole(kind: str, fields: Any) -> list[Any]:
    """The expressions of which a value is one, unchanged; none where it is made of them."""
    if kind == "TypeCast" and words(typed(fields["typeName"], "typeName")[1].get("names"))[-1:] == ("text",):
        return [fields["arg"]]
    if kind == "CoalesceExpr":
        return list(fields["args"])
    if kind == "CaseExpr":
        default = [fields["defresult"]] if "defresult" in fields else []
        return [typed(when)[1]["result"] for when in fields["args"]] + default
    if kind == "SubLink" and fields.get("subLinkType") == "EXPR_SUBLINK":
        select = typed(fields["subselect"])[1]
        return [typed(target)[1]["val"] for target in select.get("targetList", ())] if "larg" not in select else []
    return []


def _readable(nodes: Iterable[Node]) -> bool:
    """Joins and tables whose aliases rename columns by position aren't followed."""
    return not any(
        kind in ("JoinExpr", "RangeVar") and typed(fields.get("alias") or {}, "alias")[1].get("colnames")
        for kind, fields in nodes
    )


def _tests(nodes: list[Node], selects: list[Select], marked: set[str], names: Names) -> bool:
    """Whether a definition decides which rows come, in which order, or whether an error occurs."""
    return any(_select_tests(select, marked, names) for select in selects) or any(
        _node_tests(node, marked, names) for node in nodes
    )


def _select_tests(select: Select, marked: set[str], names: Names) -> bool:
    tainted = select.taints(marked)
    distinct = select.fields.get("distinctClause") is not None or (select.is_set and not select.fields.get("all"))
    if (any(tainted) and distinct) or any(_tested_outputs(select, marked, names)):
        return True
    for clause in _TESTING:
        value = select.fields.get(clause)
        for item in value if isinstance(value, list) else (value,) if value else ():
            if item and (Expression(typed(item), names).marked(marked) or _ordinal(item, tainted)):
                return True
    return False


def _ordinal(item: Any, tainted: list[bool]) -> bool:
    """Whether ORDER BY 2 or GROUP BY 2 means a tainted output (any, when a star hides which)."""
    node = typed(item)
    number = constant(node[1].get("node") if node[0] == "SortBy" else item)
    if number is None or not number.isdigit():
        return False
    return tainted[int(number) - 1] if 0 < int(number) <= len(tainted) else any(tainted)


def _node_tests(node: Node, marked: set[str], names: Names) -> bool:
    kind, fields = node
    if kind == "JoinExpr":
        if fields.get("isNatural") and names.kept:
            return True
        quals = fields.get("quals")
        using = not marked.isdisjoint(words(fields.get("usingClause")))
        return using or (quals is not None and Expression(typed(quals), names).marked(marked))
    if kind == "RangeFunction":
        calls = [node for node in walk(node) if node[0] == "FuncCall"]
        return any(_risky(call, marked, names) for call in calls)
    return False


def _tested_outputs(select: Select, marked: set[str], names: Names) -> Iterator[bool]:
    """For each output whether a marked name is used there in more than passing on."""
    width = min(len(leaf.outputs) for leaf in select.leaves)
    for at in range(width):
        yield any(_risky(e.node, marked, names) for leaf in select.leaves for e in leaf.outputs[at][1])


def _risky(node: Node, marked: set[str], names: Names) -> bool:
    stack = [node]
    while stack:
        node = stack.pop()
        kind, fields = node
        if kind == "ColumnRef" or not Expression(node, names).marked(marked):
            continue
        if kind == "SubLink" and "testexpr" not in fields and fields.get("subLinkType") != "EXISTS_SUBLINK":
            continue  # its outputs are judged with those of every other query
        if not _passes(node, marked, names):
            return True
        stack.extend(child for _, child in children(node))
    return False


def _passes(node: Node, marked: set[str], names: Names) -> bool:
    kind, fields = node
    match kind:
        case "FuncCall":
            plain = not {"agg_order", "agg_filter", "over"} & fields.keys()
            name = words(fields.get("funcname"))[-1]
            return plain and (name in _PASSING or name in DEFINITIONS)
        case "TypeCast":
            cast = typed(fields["typeName"], "typeName")[1]
            return words(cast.get("names"))[-1:] != () and words(cast["names"])[-1] in _PASSING_TYPES
        case "CaseExpr":
            tests = [typed(w)[1]["expr"] for w in fields.get("args", ())] + [fields[k] for k in ("arg",) if k in fields]
            return not any(Expression(typed(test), names).marked(marked) for test in tests)
        case "A_Expr":
            return words(fields.get("name")) == ("||",)
        case "CoalesceExpr" | "CaseWhen" | "A_ArrayExpr" | "CollateClause" | "List" | "ResTarget":
            return True
        case _:
            return False
