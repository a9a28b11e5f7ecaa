"""What the expressions of a statement can reach: functions, operators, types, names, whole rows.

An allow-list of node types: an expression of a kind that isn't in `_PLAIN` or `_CHECKS` refuses the statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from interlock.model.snapshot import Snapshot
from interlock.sql.extension_functions import all_harmless
from interlock.sql.functions import (
    BUILT_IN_OPERATORS,
    BUILT_IN_TYPES,
    DEFINITIONS,
    FUNCTION_COLUMNS,
    LISTED,
    FunctionClass,
    class_of,
)
from interlock.sql.marks import shows_setting
from interlock.sql.resolve import Source
from interlock.sql.session_settings import may_show
from interlock.sql.shape import Refusal
from interlock.sql.survey import Survey
from interlock.sql.tree import Fields, Node, constant, typed, walk, words

_NAMING: Final = frozenset({"ResTarget", "Alias", "CommonTableExpr", "FuncCall"})
_SYSTEM_COLUMNS: Final = frozenset({"ctid", "xmin", "xmax", "cmin", "cmax", "tableoid"})
_FUNCTION_COLUMNS: Final = frozenset({"key", "value", "ordinality"})  # of json_each and the like
_ROWS: Final = frozenset({"excluded", "old", "new"})
_EXPAND: Final = ("information_schema", "_pg_expandarray")  # the server's own, numbers the members of an array
_KEPT: Final = "a catalog's columns that hold data"


@dataclass(slots=True)
class Findings:
    """What was found, gathered while walking.

    `because`: why every label of the connection counts, as far as names alone tell. `beyond`: those among them that no
    lineage takes away: code that runs unseen, wherever its values come from. `calls`: code of users that would run.
    `uncertain`: it can't be proved effect-free. `uncounted`: code of users may change rows that nobody counts.
    `filters`: something tests, orders, groups or decides whether an error occurs. `unread`: more stands in the way of
    reading it than definitions that catalogs keep, which `looking.py` follows.
    """

    because: dict[str, None] = field(default_factory=dict)
    beyond: dict[str, None] = field(default_factory=dict)
    calls: dict[str, None] = field(default_factory=dict)
    refusal: Refusal | None = None
    uncertain: bool = False
    uncounted: bool = False
    filters: bool = False
    unread: bool = False

    def reach(self, why: str) -> None:
        """Every label of the connection counts."""
        self.because[why] = None
        self.uncertain = True
        self.unread = True

    def unseen(self, why: str) -> None:
        """Every label of the connection counts, and lineage can't know better."""
        self.reach(why)
        self.beyond[why] = None

    def define(self, why: str) -> None:
        """Definitions may be shown: every label of the connection counts, unless it is read which outputs do."""
        self.because[why] = None
        self.uncertain = True

    def call(self, name: str, what: str) -> None:
        """Code that we can't read would run."""
        self.calls[name] = None
        self.uncounted = True
        self.reach(f"{what} {name} isn't one of the built-ins we know")

    def refuse(self, code: str, sentence: str) -> None:
        """The statement is refused; the first reason stays."""
        if self.refusal is None:
            self.refusal = Refusal(code, sentence)


@dataclass(frozen=True, slots=True)
class Scope:
    """What the names in a statement may mean. Coarse: one scope for the whole text.

    `columns`: every column or output name. `rows`: every name that may mean a whole row. `kept`: columns of the touched
    catalogs that hold data; when there are any, nothing that could name them indirectly is allowed to be harmless.
    """

    snapshot: Snapshot
    columns: frozenset[str]
    rows: frozenset[str]
    kept: frozenset[str]


def scope_of(whole: Survey, found: tuple[Source, ...], snapshot: Snapshot) -> Scope:
    """The one scope of a text."""
    columns: set[str] = set(_SYSTEM_COLUMNS | _FUNCTION_COLUMNS)
    kept: set[str] = set()
    for source in found:
        if source.relation is not None:
            columns.update(c.name for c in source.relation.columns)
        if source.catalog is not None:
            columns |= source.catalog.columns
            kept |= source.catalog.kept
    if _one_shown_setting(whole.root, found):
        columns.add("setting")
        kept.discard("setting")
    rows = {s.alias for s in found} | _ROWS
    for kind, fields in whole.of(_NAMING):
        if kind == "ResTarget" and "name" in fields:
            columns.add(str(fields["name"]))
        elif kind == "Alias":
            columns.update(words(fields.get("colnames")))
            rows.add(str(fields.get("aliasname", "")))
        elif kind == "CommonTableExpr":
            columns.update(words(fields.get("aliascolnames")))
            rows.add(str(fields.get("ctename", "")))
        elif kind == "FuncCall":
            name = words(fields.get("funcname"))[-1]
            columns.update(FUNCTION_COLUMNS.get(name, ()), {name} & LISTED)
    return Scope(snapshot, frozenset(columns), frozenset(rows), frozenset(kept))


def _one_shown_setting(root: Node, found: tuple[Source, ...]) -> bool:
    """Whether a text reads pg_settings alone, and of it one setting that SHOW would tell as well."""
    where = typed(root[1].get("whereClause") or {})
    if [s.name for s in found] != ["pg_catalog.pg_settings"] or where[0] != "A_Expr":
        return False
    names = words(typed(where[1].get("lexpr") or {})[1].get("fields"))[-1:]
    setting = constant(where[1].get("rexpr"))
    equals = where[1].get("kind") == "AEXPR_OP" and words(where[1].get("name")) == ("=",)
    return equals and names == ("name",) and setting is not None and may_show(setting)


def read(whole: Survey, scope: Scope) -> Findings:
    """Judges every node of the tree; names by themselves only where some of them are kept back."""
    found = Findings()
    seen: set[tuple[str, ...]] = set()
    for kind, fields in walk(whole.root) if scope.kept else whole.nodes:
        if kind == "ColumnRef":
            names = words(fields.get("fields"))
            if names not in seen:  # the same name finds the same again
                seen.add(names)
                _column_ref(names, scope, found)
            continue
        check = _CHECKS.get(kind)
        if check is not None:
            check(fields, scope, found)
        elif kind in _TRACED and not scope.kept:
            found.filters = True
            _sampling(fields, found)
        elif kind not in _PLAIN:
            found.refuse("not_built", f"statements with {_spoken(kind)} aren't built yet")
        if kind in _FILTERS:
            found.filters = True
        if scope.snapshot.casts and kind in _CASTING:
            found.unseen("casts that users defined, which run code of theirs unseen")
            found.uncounted = True
    return found


def _spoken(kind: str) -> str:
    return _SPOKEN.get(kind, f"{kind.lstrip('?')} parts")


def _column_ref(names: tuple[str, ...], scope: Scope, found: Findings) -> None:
    if "*" in names:
        _star({}, scope, found)
        return
    last = names[-1] if names else ""
    if last in scope.rows and (len(names) == 1 or last not in scope.columns):
        _whole_row(scope, found)
    else:
        _name(last, len(names) > 1, scope, found)


def _indirection(fields: Fields, scope: Scope, found: Findings) -> None:
    for name in words(fields.get("indirection")):
        if name == "*":
            _star(fields, scope, found)
        elif name:
            _name(name, True, scope, found)


def _name(name: str, qualified: bool, scope: Scope, found: Findings) -> None:
    """`p.f` is the column f or else the function f over the row (functional notation)."""
    if qualified and name in scope.snapshot.functions:
        found.call(name, "the function")
    elif name in scope.kept:
        found.define(_KEPT)
    elif name not in scope.columns:
        found.reach("a name that is no column we know")
    elif qualified and scope.kept and name in LISTED:
        found.define("a catalog's whole row")


def _star(_fields: Fields, scope: Scope, found: Findings) -> None:
    if scope.kept:
        found.define(_KEPT)


def _whole_row(scope: Scope, found: Findings) -> None:
    found.uncertain = True
    if scope.kept:
        found.define(_KEPT)
    if scope.snapshot.functions:
        found.define("a whole row, which code of users could take")


def _string(fields: Fields, scope: Scope, found: Findings) -> None:
    if fields.get("sval") in scope.kept:
        found.define(_KEPT)


def _renaming(fields: Fields, scope: Scope, found: Findings) -> None:
    if scope.kept and (fields.get("colnames") or fields.get("aliascolnames")):
        found.define("a catalog's columns under other names")


def _cte(fields: Fields, scope: Scope, found: Findings) -> None:
    _renaming(fields, scope, found)


def _operator(name: tuple[str, ...], scope: Scope, found: Findings) -> None:
    bare = name[-1] if name else "="
    shadowed = len(name) <= 1 and bare in scope.snapshot.operators
    if _elsewhere(name) or shadowed or bare not in BUILT_IN_OPERATORS:
        found.call(bare, "the operator")


def _expression(fields: Fields, scope: Scope, found: Findings) -> None:
    if "BETWEEN" in str(fields.get("kind", "")):
        for op in ("<", "<=", ">", ">="):
            _operator((op,), scope, found)
    else:
        _operator(words(fields.get("name")), scope, found)


def _sublink(fields: Fields, scope: Scope, found: Findings) -> None:
    if "testexpr" in fields:
        _operator(words(fields.get("operName")), scope, found)


def _case(fields: Fields, scope: Scope, found: Findings) -> None:
    if "arg" in fields:
        _operator(("=",), scope, found)


def _join(fields: Fields, scope: Scope, found: Findings) -> None:
    if fields.get("isNatural") or "usingClause" in fields:
        _operator(("=",), scope, found)
    if scope.kept and fields.get("isNatural"):
        found.define(_KEPT)


def _sort(fields: Fields, scope: Scope, found: Findings) -> None:
    if "useOp" in fields:
        _operator(words(fields["useOp"]), scope, found)


def _function(fields: Fields, scope: Scope, found: Findings) -> None:
    name = words(fields.get("funcname"))
    bare = name[-1] if name else ""
    known = class_of(bare)
    if known is FunctionClass.REFUSED:
        found.refuse("function", f"the function {bare} isn't let through")
    elif name == _EXPAND:
        return
    elif all_harmless(name, scope.snapshot):
        found.uncertain = True
    elif known is None or _elsewhere(name) or (len(name) == 1 and bare in scope.snapshot.functions):
        found.call(bare, "the function")
    elif shows_setting(fields):
        return
    elif known is FunctionClass.OPAQUE:
        tell = found.define if bare in DEFINITIONS else found.reach
        tell(f"the function {bare} can show what isn't in the statement")
    elif known is FunctionClass.VOLATILE:
        found.uncertain = True


def _elsewhere(name: tuple[str, ...]) -> bool:
    """Whether a name is qualified with another schema than pg_catalog."""
    return len(name) > 1 and name[0] != "pg_catalog"


def _type(fields: Fields, scope: Scope, found: Findings) -> None:
    name = words(fields.get("names"))
    bare = name[-1] if name else ""
    shadowed = len(name) == 1 and bare in scope.snapshot.types
    if fields.get("setof") or fields.get("pct_type") or _elsewhere(name) or shadowed or bare not in BUILT_IN_TYPES:
        found.reach("a type that isn't one of the built-ins we know")


def _select(fields: Fields, _scope: Scope, found: Findings) -> None:
    distinct_set = fields.get("op", "SETOP_NONE") != "SETOP_NONE" and not (
        fields.get("op") == "SETOP_UNION" and fields.get("all")
    )
    if distinct_set or any(c in fields for c in _TESTING_CLAUSES):
        found.filters = True


def _locking(_fields: Fields, _scope: Scope, found: Findings) -> None:
    found.uncertain = True


def _into(_fields: Fields, _scope: Scope, found: Findings) -> None:
    found.refuse("not_built", "SELECT INTO isn't built yet")


def _sampling(fields: Fields, found: Findings) -> None:
    """TABLESAMPLE may name a method of users'."""
    method = words(fields.get("method"))
    if method and (method[-1] not in ("system", "bernoulli") or _elsewhere(method)):
        found.call(method[-1], "the sampling method")


def _conflict(fields: Fields, _scope: Scope, found: Findings) -> None:
    if any(typed(e)[1].get("opclass") for e in typed(fields.get("infer") or {})[1].get("indexElems", ())):
        found.refuse("not_built", "operator classes in ON CONFLICT aren't built yet")


def _kinds(names: str) -> frozenset[str]:
    return frozenset(names.split())


_Check = Callable[[Fields, Scope, Findings], None]

_CHECKS: Final[Mapping[str, _Check]] = {
    "A_Expr": _expression,
    "A_Indirection": _indirection,
    "A_Star": _star,
    "Alias": _renaming,
    "CaseExpr": _case,
    "CommonTableExpr": _cte,
    "FuncCall": _function,
    "IntoClause": _into,
    "JoinExpr": _join,
    "DeleteStmt": _select,
    "LockingClause": _locking,
    "MergeStmt": _select,
    "OnConflictClause": _conflict,
    "SelectStmt": _select,
    "SortBy": _sort,
    "String": _string,
    "SubLink": _sublink,
    "TypeName": _type,
    "UpdateStmt": _select,
}

_TESTING_CLAUSES: Final = ("whereClause", "groupClause", "havingClause", "distinctClause")

_PLAIN: Final = _kinds("""
    A_ArrayExpr A_Const A_Indices BoolExpr BooleanTest CaseWhen CoalesceExpr CollateClause GroupingFunc GroupingSet
    IndexElem InferClause InsertStmt Integer List MergeSupportFunc MergeWhenClause MinMaxExpr MultiAssignRef
    NamedArgExpr NullTest ParamRef RangeFunction RangeSubselect RangeVar ResTarget ReturningClause ReturningOption
    RowExpr SQLValueFunction SetToDefault TypeCast WindowDef WithClause
""")

# What lineage follows and names alone can't: only where nothing in reach is a definition that is kept back.
_TRACED: Final = _kinds("""
    ?arg ?constructor ?context_item ?expr ?format ?on_empty ?on_error ?output ?pathspec ?returning ?val ?value ColumnDef
    CTECycleClause CTESearchClause JsonArgument JsonArrayAgg JsonArrayConstructor JsonArrayQueryConstructor JsonFuncExpr
    JsonIsPredicate JsonKeyValue JsonObjectAgg JsonObjectConstructor JsonParseExpr JsonScalarExpr JsonSerializeExpr
    JsonTable JsonTableColumn JsonValueExpr RangeTableFunc RangeTableFuncCol RangeTableSample XmlExpr XmlSerialize
""")

_FILTERS: Final = _kinds("""
    A_Expr A_Indirection BoolExpr BooleanTest CaseExpr CoalesceExpr FuncCall GroupingSet JoinExpr MinMaxExpr NullTest
    OnConflictClause SortBy SubLink TypeCast WindowDef
""")

_CASTING: Final = _kinds("A_Expr A_ArrayExpr CaseExpr CoalesceExpr FuncCall MinMaxExpr TypeCast")

_SPOKEN: Final[Mapping[str, str]] = {
    "ColumnDef": "column definitions",
    "CurrentOfExpr": "WHERE CURRENT OF",
    "JsonFuncExpr": "SQL/JSON query functions",
    "JsonTable": "JSON_TABLE",
    "RangeTableFunc": "XMLTABLE",
    "RangeTableSample": "TABLESAMPLE",
    "XmlExpr": "XML functions",
    "XmlSerialize": "XMLSERIALIZE",
}
