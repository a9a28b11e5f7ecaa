"""One query of the server's analysed tree, with what its variables come from and what it tests.

Names are resolved by the server: a VAR says range-table entry, attribute and how many queries up. All that is left is
to follow it. The release rules are those of `interlock.sql.lineage`: count, EXISTS and ranks release nothing; what is
asked here is the least that must be told, so nothing is added for safety.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Protocol

from tests.sql.differential.a_column import EMPTY, NOTHING, Column, Columns, Stored, either, merged, row_of
from tests.sql.differential.a_server_tree import Node, Value

COUNTS: Final = frozenset({2147, 2803})  # pg_proc.dat: count("any"), count(*)
# row_number, rank, dense_rank, percent_rank, cume_dist, ntile; the four of them as hypothetical-set aggregates
RANKS: Final = frozenset({3100, 3101, 3102, 3103, 3104, 3105, 3986, 3988, 3990, 3992})
FIRST_USER_OID: Final = 16384
INSERT = 3  # CmdType
_EXISTS, _EXPRESSION, _MULTI, _ARRAY = 0, 4, 5, 6  # SubLinkType
UNION, _EXCEPT = 1, 3  # SetOperation

# Clauses of a recursive CTE that add columns, the field that names what they are made of, and how many they add.
_ADDING: Final = (("search_clause", "search_col_list", 1), ("cycle_clause", "cycle_col_list", 2))


class Facts(Protocol):
    """What the tree leaves to the catalogs."""

    def columns(self, relation: int) -> tuple[Column, ...]:
        """What each attribute of a relation comes from, dropped ones included."""
        ...

    def inside(self, relation: int) -> Level | None:
        """The query of a view."""
        ...

    def orders(self, function: int) -> bool:
        """Whether an aggregate tells of its arguments how they are ordered: min and max."""
        ...

    def body(self, function: int, arguments: tuple[Column, ...]) -> Level:
        """The body of a function in SQL."""
        ...


class Level:
    """A query and what is above it. `returning`: its variables are those of a RETURNING list."""

    def __init__(
        self,
        query: Node,
        facts: Facts,
        above: Level | None = None,
        *,
        arguments: tuple[Column, ...] = (),
        returning: bool = False,
        recursion: dict[str, tuple[Column, ...]] | None = None,
    ) -> None:
        self.query = query
        self.facts = facts
        self.above = above
        self._arguments = arguments
        self._returning = returning
        self._recursion = {} if recursion is None else recursion  # recursive CTEs of this level: what is known so far
        self._below: dict[int, Level] = {}
        self._ctes: dict[str, Level] = {}
        self._columns: dict[tuple[int, int, int], Column] = {}
        self._assigned: tuple[Node, ...] = ()
        self._rtable = query.nodes("rtable")
        self.command = query.number("commandType")
        self.target = query.number("resultRelation")

    # -- the tree around -------------------------------------------------------------------------------------------

    def up(self, levels: int) -> Level:
        """The query so many levels above."""
        level = self
        for _ in range(levels):
            assert level.above is not None
            level = level.above
        return level

    def down(self, query: Node) -> Level:
        """A query right below: a subquery in FROM, a sublink's."""
        return self._below.setdefault(id(query), Level(query, self.facts, self))

    def entry(self, number: int) -> Node:
        """A range-table entry, counted from 1."""
        return self._rtable[number - 1]

    def entries(self) -> tuple[Node, ...]:
        """All range-table entries."""
        return self._rtable

    def cte(self, name: str) -> Level:
        """The query of a CTE of this level; of a recursive one when everything about it is known."""
        if name not in self._ctes:
            node = next(c for c in self.query.nodes("cteList") if c.text("ctename") == name)
            query = node.node("ctequery")
            assert query is not None
            if node.flag("cterecursive"):
                self._settle(name, query)
            self._ctes[name] = Level(query, self.facts, self)
        return self._ctes[name]

    def _settle(self, name: str, query: Node) -> None:
        known: tuple[Column, ...] = ()
        while True:
            self._recursion[name] = known
            found = tuple(Column(c.sources) for c in Level(query, self.facts, self).outputs())
            if found == known:
                return
            known = found

    def parameter(self, number: int) -> Column:
        """An argument of the function whose body this is in."""
        level = self
        while not level._arguments and level.above is not None:
            level = level.above
        return level._arguments[number - 1] if level._arguments else EMPTY

    # -- columns ---------------------------------------------------------------------------------------------------

    def outputs(self) -> tuple[Column, ...]:
        """What each column that it returns comes from."""
        if self.command != 1:
            level = Level(self.query, self.facts, self.above, returning=True, arguments=self._arguments)
            return tuple(level.column(t) for t in _visible(self.query.nodes("returningList")))
        found = tuple(self.column(t) for t in _visible(self.query.nodes("targetList")))
        operation = self.query.node("setOperations")
        return found if operation is None else self.set_outputs(operation)

    def names(self) -> tuple[str, ...]:
        """The names of the columns that it returns."""
        return tuple(t.text("resname") for t in self._shown())

    def origins(self) -> tuple[Stored | None, ...]:
        """For each of them the stored column that RowDescription would name."""
        places = ((t.number("resorigtbl"), t.number("resorigcol")) for t in self._shown())
        return tuple(place if place[0] and place[1] > 0 else None for place in places)

    def _shown(self) -> tuple[Node, ...]:
        return _visible(self.query.nodes("targetList" if self.command == 1 else "returningList"))

    def set_outputs(self, operation: Node) -> tuple[Column, ...]:
        """What a set operation, or one side of it, returns."""
        if operation.label == "RANGETBLREF":
            return self.subquery(operation.number("rtindex")).outputs()
        left, right = (self.set_outputs(side) for side in sides(operation))
        if operation.number("op") == _EXCEPT:
            return tuple(Column(c.sources) for c in left)
        return tuple(merged(pair) for pair in zip(left, right, strict=True))

    def subquery(self, number: int) -> Level:
        """The query of a subquery in FROM, which a set operation's sides are too."""
        query = self.entry(number).node("subquery")
        assert query is not None
        return self.down(query)

    def column(self, value: Value) -> Column:
        """What an expression comes from."""
        match value:
            case Node():
                return self._of_node(value)
            case tuple():
                return merged(self.column(v) for v in value)
            case _:
                return EMPTY

    def _of_node(self, node: Node) -> Column:
        match node.label:
            case "TARGETENTRY":
                return self.column(node.node("expr"))
            case "VAR":
                level = self.up(node.number("varlevelsup"))
                kind = node.number("varreturningtype")
                return level.variable(node.number("varno"), node.number("varattno"), kind)
            case "AGGREF":
                return self._aggregate(node)
            case "WINDOWFUNC":
                released = node.number("winfnoid") not in COUNTS | RANKS
                return merged(self.column(node.fields[f]) for f in ("args", "aggfilter")) if released else EMPTY
            case "SUBLINK":
                return self._sublink(node)
            case "FIELDSELECT":
                row = self.column(node.node("arg"))
                chosen = row.fields[node.number("fieldnum") - 1] if row.fields else row
                return Column(chosen.sources, None, chosen.fields if row.fields else None)
            case "COALESCEEXPR" | "ARRAYEXPR" | "CASEEXPR" | "SUBSCRIPTINGREF":
                return self._chosen(node)
            case "ROWEXPR":
                return row_of(self.column(a) for a in node.nodes("args"))
            case "PARAM":
                return self._parameter(node)
            case "GROUPINGFUNC" | "QUERY":
                return EMPTY
            case "FUNCEXPR" if node.number("funcid") >= FIRST_USER_OID:
                return merged(self.body(node).outputs())
            case _:
                return Column(merged(self.column(part) for part in node.parts()).sources)

    def _chosen(self, node: Node) -> Column:
        """One of several values, unchanged: rows of one shape keep it; what decides comes beside."""
        if node.label == "CASEEXPR":
            values = [w.node("result") for w in node.nodes("args")] + [node.node("defresult")]
            beside = (node.node("arg"), *(w.node("expr") for w in node.nodes("args")))
        elif node.label == "SUBSCRIPTINGREF":
            values = [node.node("refexpr")]
            beside = (node.node("refassgnexpr"), *node.nodes("refupperindexpr"), *node.nodes("reflowerindexpr"))
        else:
            values = list(node.nodes("args" if node.label == "COALESCEEXPR" else "elements"))
            beside = ()
        return either(self.column(v) for v in values).beside(self.column(beside).sources)

    def body(self, call: Node) -> Level:
        """The body of a user's function as it is called."""
        arguments = tuple(self.column(a) for a in call.nodes("args"))
        return self.facts.body(call.number("funcid"), arguments)

    def _aggregate(self, node: Node) -> Column:
        if node.number("aggfnoid") in COUNTS | RANKS:
            return EMPTY
        shown = tuple(t for t in node.nodes("args") if not t.flag("resjunk") or node.text("aggkind") != "n")
        return Column(
            merged(self.column(v) for v in (shown, node.fields["aggfilter"], node.fields["aggdirectargs"])).sources
        )

    def _sublink(self, node: Node) -> Column:
        kind, query = node.number("subLinkType"), node.node("subselect")
        assert query is not None
        if kind == _EXISTS:
            return EMPTY
        if kind in (_EXPRESSION, _ARRAY):
            return either(self.down(query).outputs())
        return Column(merged((self.column(node.fields["testexpr"]), *self.down(query).outputs())).sources)

    def _parameter(self, node: Node) -> Column:
        kind, number = node.number("paramkind"), node.number("paramid")
        if kind == 0:
            return self.parameter(number)
        if kind != 3:  # one of a sublink, told by the sublink itself
            return EMPTY
        for link in _below(self._assigned):  # a column of a multiple assignment; each list counts these from 1
            if link.label == "SUBLINK" and link.number("subLinkType") == _MULTI:
                query = link.node("subselect")
                if link.number("subLinkId") == number >> 16 and query is not None:
                    return Column(self.down(query).outputs()[(number & 0xFFFF) - 1].sources)
        raise AssertionError("a multiple assignment without its query")

    def variable(self, entry: int, attribute: int, returning: int = 0) -> Column:
        """An attribute of a range-table entry: 0 is the whole row. `returning`: 1 for OLD, 2 for NEW, 0 for neither."""
        key = (entry, attribute, returning)
        if key not in self._columns:
            if attribute == 0:
                width = self._width(entry)
                self._columns[key] = row_of(self.variable(entry, n, returning) for n in range(1, width + 1))
            else:
                self._columns[key] = self._attribute(entry, attribute, returning)
        return self._columns[key]

    def _width(self, entry: int) -> int:
        eref = self.entry(entry).node("eref")
        assert eref is not None
        return len(eref.items("colnames"))

    def _attribute(self, number: int, attribute: int, returning: int) -> Column:
        entry = self.entry(number)
        if attribute < 0:
            return EMPTY
        match entry.number("rtekind"):
            case 0:
                return self._relation(number, attribute, returning)
            case 1:
                return self.subquery(number).outputs()[attribute - 1]
            case 2:
                return self.column(entry.items("joinaliasvars")[attribute - 1])
            case 3:
                return self._function(entry, attribute)
            case 4:
                return Column(self.column(entry.node("tablefunc")).sources)
            case 5:
                rows = [row for row in entry.items("values_lists") if isinstance(row, tuple)]
                return merged(self.column(row[attribute - 1]) for row in rows)
            case 6:
                return self._common(entry, attribute)
            case 9:
                return self.column(entry.items("groupexprs")[attribute - 1])
            case other:
                raise AssertionError(f"a range-table entry of kind {other}")

    def _relation(self, number: int, attribute: int, returning: int) -> Column:
        entry = self.entry(number)
        conflict = self.query.node("onConflict")
        if conflict is not None and number == conflict.number("exclRelIndex"):
            return Column(self.written().get(attribute, NOTHING))
        stored = self.facts.columns(entry.number("relid"))[attribute - 1]
        if self._returning and number == self.target and returning != 1:
            return Column(stored.sources | self.written(every=True).get(attribute, NOTHING), stored.plain)
        return stored

    def _function(self, entry: Node, attribute: int) -> Column:
        before = 0
        for function in entry.nodes("functions"):
            width, call = function.number("funccolcount"), function.node("funcexpr")
            if attribute <= before + width:
                assert call is not None
                if call.label == "FUNCEXPR" and call.number("funcid") >= FIRST_USER_OID:
                    outputs = self.body(call).outputs()
                    return outputs[attribute - before - 1] if len(outputs) == width else merged(outputs)
                return Column(self.column(call).sources)
            before += width
        return EMPTY  # WITH ORDINALITY

    def _common(self, entry: Node, attribute: int) -> Column:
        level, name = self.up(entry.number("ctelevelsup")), entry.text("ctename")
        if entry.flag("self_reference"):
            known = level._recursion[name]
            return known[attribute - 1] if known else EMPTY
        outputs = level.cte(name).outputs()
        return outputs[attribute - 1] if attribute <= len(outputs) else level.searched(name, attribute)

    def searched(self, name: str, attribute: int) -> Column:
        """A column that SEARCH or CYCLE adds: made of the columns that the clause names."""
        cte = next(c for c in self.query.nodes("cteList") if c.text("ctename") == name)
        outputs = self.cte(name).outputs()
        columns = dict(zip(cte.items("ctecolnames"), outputs, strict=True))
        nodes = [(cte.node(clause), listed, more) for clause, listed, more in _ADDING]
        made = [merged(columns[c] for c in n.items(listed)) for n, listed, more in nodes if n for _ in range(more)]
        return made[attribute - len(outputs) - 1]

    # -- writes ----------------------------------------------------------------------------------------------------

    def written(self, *, every: bool = False) -> dict[int, Columns]:
        """By attribute of the target what its new values come from; `every`: what a conflict sets, too."""
        level = Level(self.query, self.facts, self.above, arguments=self._arguments) if self._returning else self
        found: dict[int, Columns] = {}
        for targets in level._assignments(every):
            for target in _visible(targets):
                level._assigned = targets  # again each time: EXCLUDED asks for what was inserted meanwhile
                number = target.number("resno")
                found[number] = found.get(number, NOTHING) | level.column(target).sources
        return found

    def _assignments(self, every: bool) -> Iterator[tuple[Node, ...]]:
        if self.command in (2, INSERT):
            yield self.query.nodes("targetList")
        for action in self.query.nodes("mergeActionList"):
            yield action.nodes("targetList")
        conflict = self.query.node("onConflict")
        if every and conflict is not None:
            yield conflict.nodes("onConflictSet")


def _visible(targets: Iterable[Node]) -> tuple[Node, ...]:
    return tuple(t for t in targets if not t.flag("resjunk"))


def sides(operation: Node) -> tuple[Node, Node]:
    """Left and right of a join or a set operation."""
    left, right = operation.node("larg"), operation.node("rarg")
    assert left is not None and right is not None
    return left, right


def _below(nodes: Iterable[Node]) -> Iterator[Node]:
    stack = list(nodes)
    while stack:
        node = stack.pop()
        yield node
        if node.label != "QUERY":
            stack.extend(node.parts())
