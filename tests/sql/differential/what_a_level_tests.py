"""The predicate columns of a query of the server's tree: all that decide which rows come, in which order and groups."""

from __future__ import annotations

from collections.abc import Iterator

from tests.sql.differential.a_column import NOTHING, Columns
from tests.sql.differential.a_query_level import COUNTS, FIRST_USER_OID, INSERT, RANKS, UNION, Level, sides
from tests.sql.differential.a_server_tree import Node, Value


def tested(level: Level) -> Columns:
    """Every column that the query tests, queries within it included."""
    return frozenset().union(*_own(level), *_of_entries(level), *_of_ctes(level), *_of_writes(level))


def _predicate(level: Level, value: Value) -> Columns:
    """A value that decides: all it comes from, and what it tests within."""
    return level.column(value).sources | _within(level, value)


def _own(level: Level) -> Iterator[Columns]:
    query = level.query
    for join in _joins(query.node("jointree")):
        yield _predicate(level, join.fields["quals"])
    for name in ("havingQual", "limitOffset", "limitCount", "mergeJoinCondition"):
        yield _predicate(level, query.fields[name])
    for name in ("targetList", "returningList"):
        yield _within(level, query.fields[name])
    for reference in _references(query):
        yield _predicate(level, reference)
    operation = query.node("setOperations")
    if operation is not None:
        yield from _of_set(level, operation)


def _joins(node: Node | None) -> Iterator[Node]:
    if node is None or node.label == "RANGETBLREF":
        return
    yield node
    below = node.nodes("fromlist") if node.label == "FROMEXPR" else sides(node)
    for part in below:
        yield from _joins(part)


def _references(query: Node) -> Iterator[Node]:
    """The targets by which it sorts, groups, and drops repeats; offsets of windows."""
    targets = {t.number("ressortgroupref"): t for t in query.nodes("targetList") if t.number("ressortgroupref")}
    clauses = [*query.nodes("groupClause"), *query.nodes("distinctClause"), *query.nodes("sortClause")]
    for window in query.nodes("windowClause"):
        clauses += [*window.nodes("partitionClause"), *window.nodes("orderClause")]
        yield from (o for o in (window.node("startOffset"), window.node("endOffset")) if o is not None)
    for clause in clauses:
        yield targets[clause.number("tleSortGroupRef")]


def _of_set(level: Level, operation: Node) -> Iterator[Columns]:
    if operation.label != "SETOPERATIONSTMT":
        return
    both = sides(operation)
    if operation.number("op") != UNION or not operation.flag("all"):
        yield from (c.sources for side in both for c in level.set_outputs(side))
    for side in both:
        yield from _of_set(level, side)


def _of_entries(level: Level) -> Iterator[Columns]:
    for number, entry in enumerate(level.entries(), 1):
        match entry.number("rtekind"):
            case 0:
                yield _predicate(level, entry.fields["tablesample"])
                yield _of_view(level, number)
            case 1:
                yield tested(level.subquery(number))
            case 3:
                for function in entry.nodes("functions"):
                    yield _of_call(level, function.node("funcexpr"))
            case 4:
                yield _predicate(level, entry.fields["tablefunc"])
            case 5:
                yield _within(level, entry.fields["values_lists"])
            case 9:
                yield _predicate(level, entry.fields["groupexprs"])
            case _:
                pass


def _of_view(level: Level, number: int) -> Columns:
    """What a view's query tests; an INSERT into it, and EXCLUDED, don't run it."""
    conflict = level.query.node("onConflict")
    if conflict is not None and number == conflict.number("exclRelIndex"):
        return NOTHING
    if number == level.target and level.command == INSERT:
        return NOTHING
    view = level.facts.inside(level.entry(number).number("relid"))
    return tested(view) if view is not None else NOTHING


def _of_call(level: Level, call: Node | None) -> Columns:
    """What decides how many rows a call in FROM makes: the arguments of one that returns a set, what a body tests."""
    if call is None or call.label != "FUNCEXPR" or call.number("funcid") >= FIRST_USER_OID:
        return _within(level, call)
    return _predicate(level, call) if call.flag("funcretset") else _within(level, call)


def _of_ctes(level: Level) -> Iterator[Columns]:
    for node in level.query.nodes("cteList"):
        below = level.cte(node.text("ctename"))
        if node.number("cterefcount") or below.command != 1:  # a query that nobody refers to never runs
            yield tested(below)
            if node.node("cycle_clause") is not None:  # its last column is made of all that it compares
                added = 2 + (node.node("search_clause") is not None)
                yield level.searched(node.text("ctename"), len(below.outputs()) + added).sources


def _of_writes(level: Level) -> Iterator[Columns]:
    for action in level.query.nodes("mergeActionList"):
        yield _predicate(level, action.fields["qual"])
        yield _within(level, action.fields["targetList"])
    conflict = level.query.node("onConflict")
    if conflict is not None:
        for name in ("arbiterElems", "arbiterWhere", "onConflictWhere"):
            yield _predicate(level, conflict.fields[name])
        yield _within(level, conflict.fields["onConflictSet"])


def _within(level: Level, value: Value) -> Columns:
    """What a value tests on its way: CASE conditions, filters and orders of aggregates, queries in it."""
    if isinstance(value, tuple):
        return frozenset().union(*(_within(level, v) for v in value))
    if not isinstance(value, Node):
        return NOTHING
    below = frozenset().union(*(_within(level, part) for part in value.parts() if part.label != "QUERY"))
    return below | _tests_of(level, value)


def _tests_of(level: Level, node: Node) -> Columns:
    match node.label:
        case "CASEEXPR":
            return level.column((node.node("arg"), *(w.node("expr") for w in node.nodes("args")))).sources
        case "AGGREF":
            ordered = tuple(t for t in node.nodes("args") if t.flag("resjunk") or _decides(level, node))
            return level.column((ordered, node.fields["aggfilter"])).sources
        case "WINDOWFUNC":
            function = node.number("winfnoid")
            looked_at = function in COUNTS | RANKS or level.facts.orders(function)
            return level.column((node.fields["args"] if looked_at else None, node.fields["aggfilter"])).sources
        case "SUBLINK":
            query = node.node("subselect")
            assert query is not None
            return tested(level.down(query))
        case "FUNCEXPR" if node.number("funcid") >= FIRST_USER_OID:
            return tested(level.body(node))
        case "FUNCEXPR" if node.flag("funcretset"):  # in a list of outputs: it decides how many rows there are
            return level.column(node.fields["args"]).sources
        case _:
            return NOTHING


def _decides(level: Level, aggregate: Node) -> bool:
    """Whether every argument of an aggregate decides: it counts, ranks, orders, drops repeats, is an ordered set's."""
    function = aggregate.number("aggfnoid")
    counts = function in COUNTS | RANKS or level.facts.orders(function)
    return counts or bool(aggregate.nodes("aggdistinct")) or aggregate.text("aggkind") != "n"
