"""Expressions by random choice, of a type that is asked for, over the names in scope."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Final, TypeVar

from tests.sql.differential.a_schema_of_collisions import TABLES, Col
from tests.sql.differential.names_in_scope import Ref, Scope, quoted

T = TypeVar("T")
Made = Callable[[Scope, int], str]

SIMPLE: Final = ("int", "text", "bool", "date")
_SQL: Final = {
    "int": "int",
    "text": "text",
    "bool": "bool",
    "date": "date",
    "ints": "int[]",
    "texts": "text[]",
    "info": "jsonb",
    "address": "address",
}
_LITERALS: Final = {
    "int": ("1", "42", "NULL::int", "$1"),
    "text": ("'7'::text", "'12'::text", "NULL::text", "$2"),
    "bool": ("true", "false"),
    "date": ("DATE '2001-02-03'", "current_date"),
    "ints": ("ARRAY[1, 2]", "'{1}'::int[]"),
    "texts": ("ARRAY['a', 'b']", "'{x}'::text[]"),
    "info": ("'{}'::jsonb", "'[1]'::jsonb"),
    "address": ("ROW('s', 1, 'n')::address",),
}
_ADDRESS: Final = (Col("street", "text"), Col("zip", "int"), Col("name", "text"))


class Expressions:
    """Makes expressions. `query` comes from the class that makes queries."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.rows: dict[str, tuple[Col, ...]] = {"patient": TABLES[0].columns, "address": _ADDRESS}

    def query(self, scope: Scope, depth: int, want: Sequence[str] | None = None) -> tuple[str, tuple[Col, ...]]:
        """A query and its columns."""
        raise NotImplementedError

    # -- choices ---------------------------------------------------------------------------------------------------

    def one(self, choices: Sequence[T]) -> T:
        """One of some."""
        return self.random.choice(choices)

    def chance(self, share: float) -> bool:
        """True so often."""
        return self.random.random() < share

    def refs(self, scope: Scope, kind: str) -> list[Ref]:
        """What can be named that is of a type."""
        return [r for r in scope.refs() if r.type == kind]

    def some_ref(self, scope: Scope) -> Ref | None:
        """Any column that can be named and compared."""
        found = [r for r in scope.refs() if r.type in SIMPLE]
        return self.one(found) if found else None

    # -- expressions -----------------------------------------------------------------------------------------------

    def expression(self, kind: str, scope: Scope, depth: int) -> str:
        """An expression of a type."""
        if depth <= 0 or self.chance(0.3):
            return self.leaf(kind, scope)
        makers: dict[str, tuple[Made, ...]] = {
            "int": (self._arithmetic, self._of_text, self._case_int, self._choice_int, self._element, self._field_int),
            "text": (self._text, self._text, self._shown, self._case_text, self._choice_text, self._field_text),
            "bool": (self._compared, self._compared, self._of_query, self._joined, self._matched, self._rowwise),
            "date": (self._date,),
            "ints": (self._array,),
            "texts": (self._array_of_text,),
            "info": (self._json,),
            "address": (self._address,),
        }
        if kind in makers:
            return self.one(makers[kind])(scope, depth - 1)
        return self.leaf(kind, scope)

    def leaf(self, kind: str, scope: Scope) -> str:
        """A column where there is one, else a literal."""
        found = self.refs(scope, kind)
        if found and not self.chance(0.12):
            return self.one(found).text
        if kind not in _LITERALS:
            return f"NULL::{_SQL.get(kind, 'text')}" if not found else self.one(found).text
        return self.one(_LITERALS[kind])

    def anything(self, scope: Scope, depth: int) -> str:
        """An expression of any type, whole rows among them."""
        rows = list(scope.rows())
        if rows and self.chance(0.3):
            return quoted(self.one(rows).alias)
        return self.expression(self.one((*SIMPLE, "info", "texts")), scope, depth)

    def _int(self, scope: Scope, depth: int) -> str:
        return self.expression("int", scope, depth)

    def _str(self, scope: Scope, depth: int) -> str:
        return self.expression("text", scope, depth)

    def _arithmetic(self, scope: Scope, depth: int) -> str:
        a, b = self._int(scope, depth), self._int(scope, depth)
        return self.one((f"({a} + {b})", f"abs({a})", f"(- {a})", f"mod({a}, 7)", f"({a} * {b})"))

    def _of_text(self, scope: Scope, depth: int) -> str:
        text = self._str(scope, depth)
        return self.one(
            (
                f"length({text})",
                f"ascii({text})",
                f"({text})::int",
                f"strpos({text}, {self._str(scope, depth)})",
                f"CAST({text} AS integer)",
                f"hashtext({text})" if self.chance(0.1) else f"octet_length({text})",
            )
        )

    def _case(self, kind: str, scope: Scope, depth: int) -> str:
        then, other = self.expression(kind, scope, depth), self.expression(kind, scope, depth)
        if self.chance(0.5):
            return f"CASE WHEN {self.expression('bool', scope, depth)} THEN {then} ELSE {other} END"
        return f"CASE {self._str(scope, depth)} WHEN {self._str(scope, 0)} THEN {then} ELSE {other} END"

    def _case_int(self, scope: Scope, depth: int) -> str:
        return self._case("int", scope, depth)

    def _case_text(self, scope: Scope, depth: int) -> str:
        return self._case("text", scope, depth)

    def _choice(self, kind: str, scope: Scope, depth: int) -> str:
        a, b = self.expression(kind, scope, depth), self.expression(kind, scope, depth)
        query, _ = self.query(scope, depth - 1, [kind])
        return self.one((f"coalesce({a}, {b})", f"nullif({a}, {b})", f"greatest({a}, {b})", f"({query})", f"({query})"))

    def _choice_int(self, scope: Scope, depth: int) -> str:
        return self._choice("int", scope, depth)

    def _choice_text(self, scope: Scope, depth: int) -> str:
        return self._choice("text", scope, depth)

    def _element(self, scope: Scope, depth: int) -> str:
        array = self.expression(self.one(("ints", "texts")), scope, depth)
        day = self.expression("date", scope, depth)
        inner, _ = self.query(scope, depth - 1, [self.one(SIMPLE)])
        return self.one(
            (
                f"cardinality({array})",
                f"({self.expression('ints', scope, depth)})[1]",
                f"extract(year FROM {day})::int",
                f"(SELECT count(*)::int FROM ({inner}) AS c)",
                f"array_position({self.expression('ints', scope, depth)}, 3)",
            )
        )

    def _field(self, kind: str, scope: Scope, depth: int) -> str:
        """A field of a row or composite column: `(p).name`, `name(p)`, `(p.home).zip`, `(q.r).name`."""
        ways = []
        for item in scope.rows():
            for column in item.columns:
                if column.type == kind:
                    alias, name = quoted(item.alias), quoted(column.name)
                    ways += [f"({alias}).{name}", f"{name}({alias})", self._picked(alias, scope, depth) + f".{name}"]
        if self.chance(0.15):
            table = self.one([t for t in TABLES if any(c.type == kind for c in t.columns)])
            name = quoted(self.one([c.name for c in table.columns if c.type == kind]))
            bare = table.name if "." in table.name else f"public.{quoted(table.name)}"
            bare = "other.codes" if table.name == "codes" else bare
            info = self.expression("info", scope, depth)
            ways = [
                f"((SELECT w FROM {bare} AS w LIMIT 1)).{name}",
                f"(jsonb_populate_record(NULL::{bare}, {info})).{name}",
            ]
        for ref in scope.refs():
            if ref.type in self.rows:
                ways += [f"({ref.text}).{quoted(c.name)}" for c in self.rows[ref.type] if c.type == kind]
        return self.one(ways) if ways else self.expression(kind, scope, depth)

    def _picked(self, row: str, scope: Scope, depth: int) -> str:
        """A whole row in brackets, by ways that leave it what it is."""
        condition = self.expression("bool", scope, min(depth, 1))
        return self.one(
            (
                f"(coalesce({row}, {row}))",
                f"(CASE WHEN {condition} THEN {row} END)",
                f"((ARRAY[{row}])[1])",
                f"((SELECT {row}))",
            )
        )

    def _field_int(self, scope: Scope, depth: int) -> str:
        return self._field("int", scope, depth)

    def _field_text(self, scope: Scope, depth: int) -> str:
        return self._field("text", scope, depth)

    def _text(self, scope: Scope, depth: int) -> str:
        a, b = self._str(scope, depth), self._str(scope, depth)
        return self.one(
            (
                f"({a} || {b})",
                f"upper({a})",
                f"reverse({a})",
                f"md5({a})",
                f"substr({a}, 1, 2)",
                f"left({a}, 3)",
                f"format('%s-%s', {a}, {self.anything(scope, depth)})",
                f"translate({a}, 'a', {b})",
                f"encode(convert_to({a}, 'UTF8'), 'hex')",
                f"concat({a}, {self.anything(scope, depth)})",
                f"regexp_replace({a}, 'x', {b})",
                f"overlay({a} PLACING {b} FROM 1)",
                f'({a} COLLATE "C")',
                f"ssn_of({self._int(scope, depth)})",
            )
        )

    def _shown(self, scope: Scope, depth: int) -> str:
        """Other types as text."""
        rows = list(scope.rows())
        ways = [
            f"({self._int(scope, depth)})::text",
            f"({self.expression('date', scope, depth)})::text",
            f"({self.expression('info', scope, depth)} ->> 'k')",
            f"array_to_string({self.expression('texts', scope, depth)}, ',')",
            f"({self.expression('texts', scope, depth)})[1]",
            f"({self.expression('address', scope, depth)})::text",
            f"jsonb_pretty({self.expression('info', scope, depth)})",
            f"JSON_VALUE({self.expression('info', scope, depth)}, '$.a')",
        ]
        for item in rows:
            row = quoted(item.alias)
            ways += [f"{row}::text", f"row_to_json({row})::text", f"ROW({row}.*)::text", f"({row} IS NULL)::text"]
            ways += [f"CAST({row} AS text)", f"{row}.to_jsonb::text"] if self.chance(0.5) else []
        ways += [f"{ref.text}::text" for ref in scope.refs() if ref.type == "rows"]
        for ref in scope.refs():
            ways += [f"initials({ref.text})", f"({ref.text}).initials"] if ref.type == "patient" else []
        return self.one(ways)

    def _compared(self, scope: Scope, depth: int) -> str:
        kind = self.one(SIMPLE)
        a, b = self.expression(kind, scope, depth), self.expression(kind, scope, depth)
        operator = self.one(("=", "=", "<>", "<", ">="))
        return self.one(
            (
                f"{a} {operator} {b}",
                f"{a} BETWEEN {b} AND {self.leaf(kind, scope)}",
                f"{a} IS NOT NULL",
                f"{a} IS DISTINCT FROM {b}",
                f"{a} IN ({b}, {self.leaf(kind, scope)})",
                f"{a} = ANY (ARRAY[{b}])",
            )
        )

    def _of_query(self, scope: Scope, depth: int) -> str:
        kind = self.one(SIMPLE)
        a = self.expression(kind, scope, depth)
        query, _ = self.query(scope, depth - 1, [kind])
        other, _ = self.query(scope, depth - 1)
        return self.one(
            (
                f"EXISTS ({other})",
                f"NOT EXISTS ({other})",
                f"{a} IN ({query})",
                f"{a} NOT IN ({query})",
                f"{a} > ALL ({query})",
                f"{a} = ANY ({query})",
                f"({query}) = {a}",
            )
        )

    def _joined(self, scope: Scope, depth: int) -> str:
        a, b = self.expression("bool", scope, depth), self.expression("bool", scope, depth)
        return self.one((f"({a} AND {b})", f"({a} OR {b})", f"NOT ({a})", f"({a}) IS TRUE"))

    def _matched(self, scope: Scope, depth: int) -> str:
        text = self._str(scope, depth)
        return self.one(
            (
                f"{text} LIKE 'a%'",
                f"{text} ~ '^a'",
                f"starts_with({text}, 'q')",
                f"{text} SIMILAR TO 'b'",
                f"{self.expression('info', scope, depth)} ? 'k'",
                f"{self._str(scope, depth)} = ANY ({self.expression('texts', scope, depth)})",
                f"{self.expression('texts', scope, depth)} && ARRAY[{text}]",
                f"JSON_EXISTS({self.expression('info', scope, depth)}, '$.a')",
            )
        )

    def _rowwise(self, scope: Scope, depth: int) -> str:
        a, b = self._int(scope, depth), self._str(scope, depth)
        query, _ = self.query(scope, depth - 1, ["int", "text"])
        return self.one(
            (
                f"({a}, {b}) = ({self.leaf('int', scope)}, {self.leaf('text', scope)})",
                f"({a}, {b}) IN ({query})",
                f"ROW({a}, {b}) < ROW(1, {self.leaf('text', scope)})",
                f"({a}, {b}) = ({query})",
            )
        )

    def _date(self, scope: Scope, depth: int) -> str:
        a = self.expression("date", scope, depth)
        return self.one(
            (f"({a} + {self._int(scope, depth)})", f"date_trunc('month', {a})::date", f"coalesce({a}, now()::date)")
        )

    def _array(self, scope: Scope, depth: int) -> str:
        query, _ = self.query(scope, depth - 1, ["int"])
        return self.one((f"ARRAY[{self._int(scope, depth)}, {self._int(scope, depth)}]", f"ARRAY({query})"))

    def _array_of_text(self, scope: Scope, depth: int) -> str:
        query, _ = self.query(scope, depth - 1, ["text"])
        text = self._str(scope, depth)
        return self.one(
            (
                f"ARRAY[{text}]",
                f"ARRAY({query})",
                f"string_to_array({text}, '-')",
                f"array_append({self.leaf('texts', scope)}, {text})",
            )
        )

    def _json(self, scope: Scope, depth: int) -> str:
        a = self.anything(scope, depth)
        query, _ = self.query(scope, depth - 1, ["text"])
        return self.one(
            (
                f"to_jsonb({a})",
                f"jsonb_build_object('k', {a})",
                f"jsonb_build_array({a}, {self.anything(scope, depth)})",
                f"JSON_OBJECT('k': {self._str(scope, depth)} RETURNING jsonb)",
                f"JSON_ARRAY({query} RETURNING jsonb)",
                f"({self.leaf('info', scope)} -> 'k')",
                f"({self.leaf('info', scope)} || to_jsonb({self._str(scope, depth)}))",
            )
        )

    def _address(self, scope: Scope, depth: int) -> str:
        return f"ROW({self._str(scope, depth)}, {self._int(scope, depth)}, {self._str(scope, depth)})::address"
