"""Names in a text under which definitions may be shown: the marks that `looking.py` goes by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from interlock.sql.functions import DEFINITIONS, FUNCTION_COLUMNS
from interlock.sql.session_settings import may_show
from interlock.sql.tree import Node, constant, typed, walk, words

MAX_ROUNDS: Final = 50

# Built-ins that take a whole row, so that `p.f` may mean f(p): every one of pg_catalog's with one argument of any type.
ROW_TAKERS: Final = frozenset(
    [
        "any_value",
        "array_agg",
        "concat",
        "count",
        "cume_dist",
        "dense_rank",
        "first_value",
        "json_agg",
        "json_build_array",
        "json_build_object",
        "jsonb_agg",
        "jsonb_build_array",
        "jsonb_build_object",
        "lag",
        "last_value",
        "lead",
        "max",
        "min",
        "mode",
        "num_nonnulls",
        "num_nulls",
        "percent_rank",
        "pg_collation_for",
        "pg_column_size",
        "pg_typeof",
        "quote_literal",
        "quote_nullable",
        "rank",
        "row_to_json",
        "to_json",
        "to_jsonb",
    ]
)

# Names that the server gives to an output by its form (FigureColname in parse_target.c), besides names in the text.
_FORMS: Final = frozenset({"?column?", "array", "case", "coalesce", "exists", "greatest", "least", "nullif", "row"})

_NAMED_BELOW: Final = frozenset({"TypeCast", "CollateClause", "CaseExpr", "A_Indirection", "SubLink"})


@dataclass(frozen=True, slots=True)
class Names:
    """What is known of names in a text: those that may mean a whole row, columns, and those kept back."""

    rows: frozenset[str]
    columns: frozenset[str]
    kept: frozenset[str]


def spoken(root: Node, names: Names) -> frozenset[str]:
    """Every name in a text, `*` where something may stand for a whole row."""
    found: set[str] = set()
    for kind, fields in walk(root):
        if kind == "String":
            found.add(str(fields.get("sval", "")))
        elif kind == "A_Star" or (kind == "ColumnRef" and _is_row(words(fields.get("fields")), names)):
            found.add("*")
    return frozenset(found)


def _is_row(path: tuple[str, ...], names: Names) -> bool:
    last = path[-1] if path else ""
    if "*" in path or (len(path) > 1 and last in ROW_TAKERS):
        return True
    return last in names.rows and (len(path) == 1 or last not in names.columns)


class Expression:
    """One expression: the names in it, and whether it shows definitions whatever the names are."""

    __slots__ = ("node", "shows", "words")

    def __init__(self, node: Node, names: Names) -> None:
        self.node = node
        self.shows = False
        found: set[str] = set()
        for kind, fields in walk(node):
            if kind == "ColumnRef":
                self._column(words(fields.get("fields")), found, names)
            elif kind == "A_Indirection":
                self._selected(words(fields.get("indirection")), found)
            elif kind == "FuncCall":
                self.shows = self.shows or shows_definitions(fields)
        self.words = frozenset(found)

    def _column(self, path: tuple[str, ...], found: set[str], names: Names) -> None:
        self.shows = self.shows or _is_row(path, names)
        found.update(path[-1:])

    def _selected(self, path: tuple[str, ...], found: set[str]) -> None:
        self.shows = self.shows or "*" in path or any(name in ROW_TAKERS for name in path)
        found.update(path)

    def marked(self, marked: set[str]) -> bool:
        """Whether it may show a definition."""
        return self.shows or not self.words.isdisjoint(marked)

    def candidates(self) -> Iterator[str]:
        """Every name that the server could give it as an output, as FigureColname descends."""
        yield from _FORMS
        kind, fields = self.node
        while True:
            for field in ("fields", "funcname", "indirection"):
                yield from words(fields.get(field))[-1:]
            yield from words(typed(fields.get("typeName") or {}, "typeName")[1].get("names"))[-1:]
            below = fields.get("defresult") or fields.get("arg")
            if kind == "SubLink":
                target = _first_target(typed(fields["subselect"]))
                yield str(target.get("name", ""))
                below = target.get("val")
            if kind not in _NAMED_BELOW or not below:
                return
            kind, fields = typed(below)


def _first_target(select: Node) -> Any:
    leaf = next(leaves_of(select))
    targets = leaf.get("targetList", ())
    return typed(targets[0])[1] if targets else {}


class Leaf:
    """One SELECT or VALUES without set operations: its outputs as (alias, expressions)."""

    __slots__ = ("outputs", "starred", "values")

    def __init__(self, fields: Any, names: Names) -> None:
        self.starred = False
        self.values = "valuesLists" in fields
        self.outputs: list[tuple[str, list[Expression]]] = []
        if self.values:
            rows = [typed(row)[1].get("items", ()) for row in fields["valuesLists"]]
            for at in range(min(map(len, rows))):
                self.outputs.append((f"column{at + 1}", [Expression(typed(row[at]), names) for row in rows]))
            return
        for item in fields.get("targetList", ()):
            target = typed(item)[1]
            value = typed(target.get("val") or {})
            if value[0] == "ColumnRef" and "*" in words(value[1].get("fields")):
                self.starred = True
                continue
            if value[0] == "A_Indirection" and "*" in words(value[1].get("indirection")):
                self.starred = True
            self.outputs.append((str(target.get("name", "")), [Expression(value, names)]))


class Select:
    """One SelectStmt with the leaves of its set operations, leftmost first."""

    __slots__ = ("fields", "leaves")

    def __init__(self, node: Node, names: Names) -> None:
        self.fields = node[1]
        self.leaves = [Leaf(fields, names) for fields in leaves_of(node)]

    @property
    def is_set(self) -> bool:
        return len(self.leaves) > 1

    def taints(self, marked: set[str]) -> list[bool]:
        """Whether each output may show a definition, in any leaf."""
        width = min(len(leaf.outputs) for leaf in self.leaves)
        return [any(e.marked(marked) for leaf in self.leaves for e in leaf.outputs[at][1]) for at in range(width)]


def leaves_of(node: Node) -> Iterator[Any]:
    stack = [node]
    while stack:
        _, fields = stack.pop()
        if "larg" in fields:
            stack.append(typed(fields["rarg"], "rarg"))
            stack.append(typed(fields["larg"], "larg"))
        else:
            yield fields


def marked_names(nodes: list[Node], selects: list[Select], names: Names) -> set[str] | None:
    """The names under which definitions may be shown; None when it can't be told."""
    if any(select.is_set and any(leaf.starred for leaf in select.leaves) for select in selects):
        return None  # positions of a star aren't known
    marked = set(names.kept)
    for _ in range(MAX_ROUNDS):
        before = len(marked)
        for at, select in enumerate(selects):
            _mark_outputs(select, marked, outermost=at == 0)
        for node in nodes:
            _mark_renamed(node, marked, names)
        if len(marked) == before:
            return marked
    return None


def _mark_outputs(select: Select, marked: set[str], *, outermost: bool) -> None:
    leaf = select.leaves[0]
    for (alias, expressions), tainted in zip(leaf.outputs, select.taints(marked), strict=False):
        if not tainted:
            continue
        if alias:
            marked.add(alias)
        elif outermost and not leaf.starred:
            marked.update(_call(expressions[0].node))  # what ORDER BY could call it
        elif expressions[0].node[0] != "ColumnRef" or expressions[0].shows or select.is_set:
            marked.update(expressions[0].candidates())


def _call(node: Node) -> tuple[str, ...]:
    return words(node[1].get("funcname"))[-1:]


def _mark_renamed(node: Node, marked: set[str], names: Names) -> None:
    """Columns that an alias or a WITH item renames by position: all of them, when one of what is below is marked."""
    kind, fields = node
    if kind not in ("RangeSubselect", "CommonTableExpr", "RangeFunction"):
        return
    alias = typed(fields.get("alias") or {}, "alias")[1]
    renamed = {*words(alias.get("colnames")), *words(fields.get("aliascolnames"))}
    if kind == "RangeFunction":
        expression = Expression(node, names)
        if expression.marked(marked):
            marked.update(renamed, _made(node), {str(alias.get("aliasname", ""))} - {""})
    elif renamed and not renamed <= marked:
        query = fields["subquery"] if kind == "RangeSubselect" else fields["ctequery"]
        below = Select(typed(query), names)
        starred = any(leaf.starred for leaf in below.leaves)
        if any(below.taints(marked)) or (starred and marked):
            marked.update(renamed)


def _made(node: Node) -> Iterator[str]:
    """Names of columns that a function in FROM makes."""
    for kind, fields in walk(node):
        if kind == "FuncCall":
            name = words(fields.get("funcname"))[-1]
            yield name
            yield from FUNCTION_COLUMNS.get(name, ("key", "value", "ordinality"))


def shows_definitions(fields: Any) -> bool:
    """Whether a call prints a definition, or a setting other than those that any client may see."""
    name = words(fields.get("funcname"))
    return bool(name) and name[-1] in DEFINITIONS and not shows_setting(fields)


def shows_setting(fields: Any) -> bool:
    """Whether a call is current_setting of a constant name that SHOW would tell as well."""
    arguments = fields.get("args", ())
    name = constant(arguments[0]) if words(fields.get("funcname"))[-1:] == ("current_setting",) and arguments else None
    return name is not None and may_show(name)
