"""What each literal and parameter of a text is bound to: its value, the columns it meets, and whether it limits rows.

A literal is bound to a column when it is compared with it directly or written to it. Names are looked up coarsely: a
bare name binds only if every source in the text is a base table, and then to all columns of that name; a qualified one
only if every source of that alias is a base table that has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from interlock.model.snapshot import Column, Relation, Snapshot
from interlock.sql.identifiers import holds_data, is_code
from interlock.sql.parse import LITERALS, Parsed, Token
from interlock.sql.resolve import Source, lookup, sources
from interlock.sql.session_state import SessionState
from interlock.sql.survey import Survey, survey
from interlock.sql.tree import Fields, constant, typed, walk, words

Pair = tuple[Relation, Column]

_COMPARED: Final = frozenset(
    {
        "AEXPR_OP",
        "AEXPR_OP_ANY",
        "AEXPR_OP_ALL",
        "AEXPR_DISTINCT",
        "AEXPR_NOT_DISTINCT",
        "AEXPR_IN",
        "AEXPR_LIKE",
        "AEXPR_ILIKE",
        "AEXPR_BETWEEN",
        "AEXPR_NOT_BETWEEN",
        "AEXPR_BETWEEN_SYM",
        "AEXPR_NOT_BETWEEN_SYM",
    }
)
_BINDING: Final = frozenset({"A_Const", "NotifyStmt", "SelectStmt", "A_Expr", "InsertStmt", "UpdateStmt"})
_DERIVED: Final = frozenset({"RangeSubselect", "RangeFunction", "CommonTableExpr", "JoinExpr"})
_OPERATORS: Final = frozenset({"=", "<>", "<", ">", "<=", ">=", "~~", "!~~", "~~*", "!~~*"})


@dataclass(frozen=True, slots=True)
class Bindings:
    """By byte offset in the text: values of constants, columns they meet, row limits, minus signs of numbers.

    `code`: all of the text is, and its literals are shown.
    """

    values: Mapping[int, str]
    columns: Mapping[int, tuple[Pair, ...]]
    limits: frozenset[int]
    signs: frozenset[int]
    words: frozenset[int]
    code: bool = False

    def is_literal(self, token: Token) -> bool:
        """A literal by spelling, or a bare word that the grammar took for a value (`SET x TO word`)."""
        if self.code:
            return False
        return token.name in LITERALS or (token.name == "IDENT" and token.start in self.words)

    def is_sign(self, token: Token) -> bool:
        """Whether the token is the minus of a negative number."""
        return token.text == "-" and token.start in self.signs


def bind(parsed: Parsed, snapshot: Snapshot, state: SessionState) -> Bindings:
    """The bindings of every statement in the text."""
    values: dict[int, str] = {}
    columns: dict[int, tuple[Pair, ...]] = {}
    limits: set[int] = set()
    strings: set[int] = set()
    for statement in parsed.statements:
        whole = survey(typed(statement))
        named = _Names(sources(whole, snapshot, state), _derived(whole), {})
        for kind, fields in whole.of(_BINDING):
            if kind == "A_Const":
                if (place := fields.get("location", -1)) >= 0:
                    values[place] = constant({kind: fields}) or ""
                    if "sval" in fields:
                        strings.add(place)
            elif kind == "NotifyStmt" and "payload" in fields:
                values.update((t.start, str(fields["payload"])) for t in parsed.tokens if t.name == "SCONST")
            elif kind == "SelectStmt":
                limits.update(_limits(fields))
            else:
                for place, pairs in _met(kind, fields, named, snapshot, state):
                    columns[place] = (*columns.get(place, ()), *pairs)
    signs = {place for place, value in values.items() if value.startswith("-")} - strings
    code = is_code(parsed) and not holds_data(parsed)
    return Bindings(values, columns, frozenset(limits), frozenset(signs), frozenset(strings), code)


def string_constants(parsed: Parsed) -> Iterator[str]:
    """Every string in the text as the server reads it, escapes undone; names of things are among them."""
    for statement in parsed.statements:
        for kind, fields in walk(typed(statement)):
            if kind in ("A_Const", "String"):
                yield constant({kind: fields}) or ""
            else:  # those that the grammar keeps without a node: NOTIFY's payload, COMMENT's text
                yield from (value for value in fields.values() if isinstance(value, str))


@dataclass(frozen=True, slots=True)
class _Names:
    """The sources of a text, and the names of what isn't a base table: `None` among them when it takes bare names.
    `known`: the columns of names that were asked for.
    """

    found: tuple[Source, ...]
    derived: frozenset[str | None]
    known: dict[tuple[str, ...], tuple[Pair, ...]]

    def columns(self, value: Any) -> tuple[Pair, ...]:
        """The plain columns that a ColumnRef may be; none unless all it may be are known."""
        kind, fields = typed(value) if isinstance(value, dict) and value else ("", {})
        names = words(fields.get("fields")) if kind == "ColumnRef" else ()
        found = self.known.get(names)
        if found is None:
            found = self.known[names] = self._named(names)
        return found

    def _named(self, names: tuple[str, ...]) -> tuple[Pair, ...]:
        if not names or "*" in names or len(names) > 2:
            return ()
        candidates = self.found if len(names) == 1 else tuple(s for s in self.found if s.alias == names[0])
        if not candidates or not all(_is_plain(s) for s in candidates) or self._may_be_derived(names):
            return ()
        pairs = tuple(p for s in candidates if s.relation for p in _column(s.relation, names[-1]))
        return pairs if len(names) == 1 or len(pairs) == len(candidates) else ()

    def _may_be_derived(self, names: tuple[str, ...]) -> bool:
        return None in self.derived if len(names) == 1 else names[0] in self.derived


def _derived(whole: Survey) -> frozenset[str | None]:
    found: set[str | None] = set()
    for kind, fields in whole.of(_DERIVED):
        alias = typed(fields.get("alias") or fields.get("join_using_alias") or {}, "alias")[1]
        found.update(str(n) for n in (alias.get("aliasname"), fields.get("ctename")) if n)
        if kind != "JoinExpr" or alias:
            found.add(None)
    return frozenset(found)


def _is_plain(source: Source) -> bool:
    known = source.relation is not None and source.relation.is_base_table
    return known and not source.cte and not source.renames


def _column(relation: Relation, name: str) -> tuple[Pair, ...]:
    return tuple((relation, c) for c in relation.columns if c.name == name)


def _limits(fields: Fields) -> Iterator[int]:
    for name in ("limitCount", "limitOffset"):
        yield from _places(fields.get(name))


def _places(value: Any) -> Iterator[int]:
    """Offsets of the constants and parameters that a value directly is: itself, a list, an array, a cast of one."""
    values = [value] if isinstance(value, dict) and value else []
    while values:
        kind, fields = typed(values.pop())
        if kind in ("A_Const", "ParamRef") and fields.get("location", -1) >= 0:
            yield fields["location"]
        elif kind == "TypeCast":
            values.append(fields["arg"])
        elif kind in ("List", "A_ArrayExpr"):
            values.extend(i for i in fields.get("items", fields.get("elements", ())) if isinstance(i, dict) and i)


def _met(
    kind: str, fields: Fields, named: _Names, snapshot: Snapshot, state: SessionState
) -> Iterator[tuple[int, tuple[Pair, ...]]]:
    if kind == "A_Expr":
        yield from _compared(fields, named)
    elif kind in ("InsertStmt", "UpdateStmt"):
        target = fields.get("relation", {})
        relation = lookup(str(target.get("schemaname", "")), str(target.get("relname", "")), snapshot, state)[1]
        if relation is not None and relation.is_base_table:
            yield from _assigned(fields.get("targetList", ()), relation)
            clause = fields.get("onConflictClause")
            yield from _assigned(clause.get("targetList", ()) if clause else (), relation)
            yield from _inserted(fields, relation)


def _compared(fields: Fields, named: _Names) -> Iterator[tuple[int, tuple[Pair, ...]]]:
    kind, name = fields.get("kind"), words(fields.get("name"))
    if kind not in _COMPARED or ("BETWEEN" not in str(kind) and not set(name) & _OPERATORS):
        return
    for here, there in (("lexpr", "rexpr"), ("rexpr", "lexpr")):
        pairs = named.columns(fields.get(here))
        for place in _places(fields.get(there)) if pairs else ():
            yield place, pairs


def _assigned(targets: Any, relation: Relation) -> Iterator[tuple[int, tuple[Pair, ...]]]:
    for target in targets:
        fields = typed(target)[1]
        for place in _places(fields.get("val")):
            yield place, _column(relation, str(fields.get("name")))


def _inserted(fields: Fields, relation: Relation) -> Iterator[tuple[int, tuple[Pair, ...]]]:
    named = [str(typed(c)[1].get("name")) for c in fields.get("cols", ())]
    names = named or [c.name for c in sorted(relation.columns, key=lambda c: c.number)]
    rows = typed(fields["selectStmt"])[1].get("valuesLists", ()) if "selectStmt" in fields else ()
    for row in rows:
        for name, value in zip(names, typed(row)[1].get("items", ()), strict=False):
            for place in _places(value):
                yield place, _column(relation, name)
