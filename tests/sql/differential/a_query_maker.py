"""Queries by random choice: FROM of every kind, grouping, windows, set operations, WITH."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tests.sql.differential.a_from_maker import FromLists
from tests.sql.differential.a_schema_of_collisions import TABLES, Col
from tests.sql.differential.an_expression_maker import SIMPLE
from tests.sql.differential.names_in_scope import Here, Ref, Scope, here, quoted

_OUTPUTS: Final = ("name", "ssn", "id", "note", "age", "patients", "x", "visits", "select", "Name", "day")
_COLUMN: Final = re.compile(r'(?:(?:\w+|"\w+")\.)?([a-zA-Z_]\w*|"\w+")')
_WORDS: Final = frozenset({"true", "false", "current_date"})
_CTES: Final = ("q", "patients", "visits", "name", "recent", "adults", "p")


class Queries(FromLists):
    """Makes queries over the schema."""

    def statement(self) -> str:
        """A whole SELECT, VALUES or TABLE."""
        if self.chance(0.02):
            return f"TABLE {self.one(TABLES).name}"
        return self.query(Scope(), 3)[0]

    def query(self, scope: Scope, depth: int, want: Sequence[str] | None = None) -> tuple[str, tuple[Col, ...]]:
        """A query, perhaps with a WITH before it."""
        if not self.chance(0.3 if not scope.levels else 0.06) or depth < 1:
            return self._body(scope, depth, want)
        prefix, scope = self.ctes(scope, depth)
        body, columns = self._body(scope, depth, want)
        return f"{prefix} {body}", columns

    def ctes(self, scope: Scope, depth: int) -> tuple[str, Scope]:
        """A WITH clause, and the scope that knows what is in it."""
        items, recursive = [], False
        for name in self.random.sample(_CTES, self.one((1, 1, 2))):
            if self.chance(0.3):
                item, columns = self._recursive(name, scope, depth - 1)
                recursive = True
            else:
                item, columns = self._cte(name, scope, depth - 1)
            items.append(item)
            scope = scope.knowing(name, columns, recursive=recursive)
        return f"WITH {'RECURSIVE ' if recursive else ''}{', '.join(items)}", scope

    def _cte(self, name: str, scope: Scope, depth: int) -> tuple[str, tuple[Col, ...]]:
        query, columns = self.query(scope, depth)
        listed = _told_apart(columns)
        bare = listed == columns and bool(columns) and self.chance(0.4)
        names = "" if bare else f" ({', '.join(quoted(c.name) for c in listed)})"
        columns = listed
        kept = self.one(("", "", "MATERIALIZED ", "NOT MATERIALIZED "))
        return f"{quoted(name)}{names} AS {kept}({query})", columns

    def _recursive(self, name: str, scope: Scope, depth: int) -> tuple[str, tuple[Col, ...]]:
        columns = (Col("n", "int"), Col(self.one(_OUTPUTS), "text"), Col("z", "text"))
        types = [c.type for c in columns]
        others = {n: c for n, c in scope.ctes.items() if n != name}
        first, _ = self._simple(Scope(scope.levels, others), depth, types)
        tree = self.tree(Scope(scope.levels), 0, {name, "r", "n"})
        own = quoted(columns[1].name)
        alias = self.one(("r", "n"))
        values = [f"{alias}.n + 1", self.one((f"{alias}.{own}", f"{alias}.z")), f"{alias}.{own}"]
        inner = scope.within(here((tree,)))
        if self.chance(0.6):
            values[2] = self.expression("text", inner, 1)
        join = f"{quoted(name)} AS {alias}, {tree.sql}" if self.chance(0.7) else f"{quoted(name)} AS {alias}"
        if tree.sql not in join:
            values[2] = f"{alias}.z || {alias}.{own}"
        again = f"SELECT {', '.join(values)} FROM {join} WHERE {alias}.n < 5"
        union = self.one(("UNION", "UNION ALL"))
        names = ", ".join(quoted(c.name) for c in columns)
        further, extra = self._search(columns) if self.chance(0.3) else ("", ())
        return f"{quoted(name)} ({names}) AS (({first}) {union} ({again})){further}", (*columns, *extra)

    def _search(self, columns: tuple[Col, ...]) -> tuple[str, tuple[Col, ...]]:
        """SEARCH and CYCLE, and the columns that they add."""
        by = quoted(self.one(columns).name)
        kind = self.one(("DEPTH", "BREADTH"))
        search, seq = f" SEARCH {kind} FIRST BY {by} SET seq", Col("seq", "rows")
        cycle, added = f" CYCLE {by} SET again USING path", (Col("again", "bool"), Col("path", "rows"))
        return self.one(((search, (seq,)), (cycle, added), (search + cycle, (seq, *added))))

    def _body(self, scope: Scope, depth: int, want: Sequence[str] | None) -> tuple[str, tuple[Col, ...]]:
        if depth > 0 and self.chance(0.13):
            return self._set(scope, depth - 1, want)
        if self.chance(0.03):
            types = want or [self.one(SIMPLE)]
            rows = [", ".join(self.expression(t, scope, min(depth, 1)) for t in types) for _ in range(self.one((1, 2)))]
            columns = tuple(Col(f"column{n}", t) for n, t in enumerate(types, 1))
            return "VALUES " + ", ".join(f"({row})" for row in rows), columns
        return self._simple(scope, depth, want)

    def _set(self, scope: Scope, depth: int, want: Sequence[str] | None) -> tuple[str, tuple[Col, ...]]:
        types = list(want or [self.one(SIMPLE) for _ in range(self.one((1, 2, 3)))])
        left, columns = self._simple(scope, depth, types)
        right, _ = self._body(scope, depth, types)
        if right.startswith("SELECT") and left.startswith("SELECT"):
            left, right = f"({left})" if self.chance(0.3) else left, f"({right})"
        operator = self.one(("UNION", "UNION ALL", "EXCEPT", "INTERSECT", "EXCEPT ALL", "INTERSECT ALL"))
        order = self.one(("", "", " ORDER BY 1", " ORDER BY 1 DESC LIMIT 3"))
        plain = [Col(c.name, c.type) for c in columns]
        return f"{left if left.startswith('(') else '(' + left + ')'} {operator} {right}{order}", tuple(plain)

    # -- one SELECT ------------------------------------------------------------------------------------------------

    def _simple(self, scope: Scope, depth: int, want: Sequence[str] | None) -> tuple[str, tuple[Col, ...]]:
        trees = self.trees(scope, depth) if not self.chance(0.03) else ()
        level = here(trees)
        inner = scope.within(level)
        where = f" WHERE {self.expression('bool', inner, min(depth, 2))}" if self.chance(0.5) else ""
        source = (" FROM " + ", ".join(t.sql for t in trees) if trees else "") + where
        refs = [r for r in level.refs if r.type in SIMPLE]
        if refs and self.chance(0.22):
            return self._grouped(source, inner, level, depth, want)
        if self.chance(0.08):
            outputs = [(self.aggregate(t, inner, depth), t) for t in self._types(want)]
            return self._selected(outputs, source, "", named=True)
        if want is None and self.chance(0.12) and trees:
            item = self.one(trees[0].items)
            alias = quoted(item.alias)
            star, columns = self.one(
                (
                    ("*", tuple(c for t in trees for c in t.bare)),
                    (f"{alias}.*", item.columns),
                    (f"({alias}).*", item.columns),
                    (f"1 AS one, {alias}.*", (Col("one", "int"), *item.columns)),
                )
            )
            rows = [r for r in inner.refs() if r.type in self.rows]
            if rows and self.chance(0.5):
                star, columns = f"({rows[0].text}).*", self.rows[rows[0].type]
            return f"SELECT {star}{source}{self._order(inner, depth)}", columns
        return self._flat(source, inner, depth, want)

    def _types(self, want: Sequence[str] | None) -> list[str]:
        return list(want) if want else [self.one((*SIMPLE, "int", "text")) for _ in range(self.one((1, 2, 3)))]

    def _flat(self, source: str, inner: Scope, depth: int, want: Sequence[str] | None) -> tuple[str, tuple[Col, ...]]:
        outputs = []
        for kind in self._types(want):
            if self.chance(0.1):
                outputs.append((self.window(kind, inner, depth), kind))
            else:
                outputs.append((self.expression(kind, inner, depth), kind))
        if want is None and self.chance(0.15):
            outputs += self._further(inner, depth)
        ref = self.some_ref(inner)
        if want is None and ref is not None and self.chance(0.08):
            named = [(f"{self.one(('lag', 'max', 'first_value'))}({self.one((ref.text, 'name'))}) OVER w", ref.type)]
            by = self.one((f"PARTITION BY {ref.text}", f"ORDER BY {ref.text}", f"PARTITION BY {ref.text} ORDER BY 1"))
            return self._selected(outputs + named, source, f" WINDOW w AS ({by})", named=True)
        if any(" OVER " in text for text, _ in outputs) or self.chance(0.85):
            return self._selected(outputs, source, self._order(inner, depth))
        if ref is None or self.chance(0.5):
            return self._selected(outputs, source, self.one(("", " ORDER BY 1")), distinct="DISTINCT ")
        tail = self.one(("", f" ORDER BY {ref.text}", f" ORDER BY {ref.text} DESC, 1"))
        return self._selected(outputs, source, tail, distinct=f"DISTINCT ON ({ref.text}) ", renamed=False)

    def _further(self, inner: Scope, depth: int) -> list[tuple[str, str]]:
        """An output of another type: a whole row, an array, JSON, a composite column."""
        rows = list(inner.rows())
        if rows and self.chance(0.6):
            row = self.one(rows)
            kind = f"row:{len(self.rows)}"
            self.rows[kind] = row.columns
            return [(quoted(row.alias), kind)]
        kind = self.one(("ints", "texts", "info", "address"))
        text = self.expression(kind, inner, depth)
        if self.chance(0.3):
            ref = self.some_ref(inner)
            return [("unnest(" + self.expression("texts", inner, 1) + ")", "text")] if ref else [(text, kind)]
        return [(text, kind)]

    def _order(self, inner: Scope, depth: int) -> str:
        if not self.chance(0.3):
            return ""
        ref = self.some_ref(inner)
        by = self.one((ref.text if ref else "1", "1", self.expression("text", inner, min(depth, 1))))
        if by.startswith(("'", "DATE", "$")) or by in ("true", "false"):
            by = "1"
        tail = self.one(("", " DESC NULLS LAST", " LIMIT 5", " LIMIT 1 OFFSET 2", " FETCH FIRST 2 ROWS WITH TIES"))
        if self.chance(0.1) and depth > 0:
            counted, _ = self.query(inner.instead(Here((), (), frozenset(), frozenset())), 0, ["int"])
            tail = f" LIMIT ({counted} LIMIT 1)" if counted.startswith("SELECT") and " LIMIT" not in counted else tail
        return f" ORDER BY {by}{tail}"

    def _selected(
        self,
        outputs: list[tuple[str, str]],
        source: str,
        tail: str,
        *,
        distinct: str = "",
        named: bool = False,
        renamed: bool = True,
    ) -> tuple[str, tuple[Col, ...]]:
        texts, columns = [], []
        for text, kind in outputs:
            name = self.one(_OUTPUTS)
            column = _COLUMN.fullmatch(text)
            if named or (renamed and self.chance(0.5)) or column is None or text in _WORDS:
                texts.append(f"{text} AS {quoted(name)}")
                columns.append(Col(name, kind))
            else:
                texts.append(text)
                columns.append(Col(column[1].strip('"'), kind))
        if not tail and not distinct and self.chance(0.2):
            tail = f" ORDER BY {quoted(self.one(columns).name)}"  # an output's name, if it is one alone
        return f"SELECT {distinct}{', '.join(texts)}{source}{tail}", tuple(columns)

    # -- grouping and windows --------------------------------------------------------------------------------------

    def _grouped(
        self, source: str, inner: Scope, level: Here, depth: int, want: Sequence[str] | None
    ) -> tuple[str, tuple[Col, ...]]:
        own = [r for r in level.refs if r.type in SIMPLE]
        groups = self.random.sample(own, min(len(own), self.one((1, 2, 3))))
        after = inner.instead(level.only(tuple(groups)))
        outputs: list[tuple[str, str]] = []
        for kind in self._types(want):
            if self.chance(0.5):
                outputs.append((self.aggregate(kind, inner, depth), kind))
            else:
                outputs.append((self.expression(kind, after, min(depth, 1)), kind))
        by = ", ".join(r.text for r in groups)
        clause = self.one(
            (by, by, by, f"ROLLUP ({by})", f"CUBE ({by})", f"GROUPING SETS (({by}), ())", f"DISTINCT {by}")
        )
        tail = f" GROUP BY {clause}"
        if want is None and self.chance(0.15):  # by an output's name or number
            outputs[0] = (self.expression("text", inner.instead(level.only(tuple(own))), 1), "text")
            if not outputs[0][0].startswith(("'", "NULL", "$")):
                outputs = [(f"{outputs[0][0]} AS grouped", "text"), *outputs[1:]]
                columns = (Col("grouped", "text"), *(Col(f"o{n}", k) for n, (_, k) in enumerate(outputs[1:], 1)))
                texts = [outputs[0][0], *(f"{t} AS o{n}" for n, (t, _) in enumerate(outputs[1:], 1))]
                number = self.one(("1", "grouped"))
                return f"SELECT {', '.join(texts)}{source} GROUP BY {number}, {by}", columns
        if self.chance(0.1):
            outputs, tail = [*outputs, (f"GROUPING({groups[0].text})", "int")] if want is None else outputs, tail
        if self.chance(0.3):
            tail += f" HAVING {self.aggregate('int', inner, 1)} > {self.expression('int', after, 1)}"
        if self.chance(0.3):
            tail += self.one((f" ORDER BY {self._plain_by(groups)}", f" ORDER BY {self.aggregate('text', inner, 1)}"))
        return self._selected(outputs, source, tail)

    def _plain_by(self, groups: list[Ref]) -> str:
        return self.one(groups).text

    def aggregate(self, kind: str, scope: Scope, depth: int) -> str:
        """An aggregate of a type."""
        depth = min(depth, 2) - 1
        if self.chance(0.9):  # else it may be an aggregate of a query further out
            scope = Scope(scope.levels[-1:], scope.ctes)
        a, b = self.expression("text", scope, depth), self.expression("int", scope, depth)
        some = self.some_ref(scope)
        other = some.text if some else "1"
        made = {
            "int": (
                f"count({a})::int",
                "count(*)::int",
                f"max({b})",
                f"sum({b})::int",
                f"count(DISTINCT {other})::int",
                f"(percentile_disc(0.5) WITHIN GROUP (ORDER BY {b}))",
                f"rank(1) WITHIN GROUP (ORDER BY {b})::int",
                f"any_value({b})",
            ),
            "text": (
                f"max({a})",
                f"string_agg({a}, ',' ORDER BY {other})",
                f"min({a})",
                f"(array_agg({a}))[1]",
                f"string_agg(DISTINCT {a}, ',')",
                f"jsonb_agg({self.anything(scope, depth)})::text",
                f"jsonb_object_agg({a}, {b})::text",
                f"(mode() WITHIN GROUP (ORDER BY {a}))",
                f"JSON_ARRAYAGG({a})::text",
            ),
            "bool": (f"bool_or({self.expression('bool', scope, depth)})", "count(*) > 1"),
            "date": (f"max({self.expression('date', scope, depth)})",),
        }
        if kind not in made:
            return self.leaf(kind, Scope())
        chosen = self.one(made[kind])
        plain = chosen.endswith(")") and not chosen.startswith("(")
        return (
            f"{chosen} FILTER (WHERE {self.expression('bool', scope, depth)})" if plain and self.chance(0.2) else chosen
        )

    def window(self, kind: str, scope: Scope, depth: int) -> str:
        """A window function of a type."""
        depth = min(depth, 2) - 1
        a = self.expression(kind, scope, depth)
        chosen = self.one((f"first_value({a})", f"lag({a})", f"nth_value({a}, 2)"))
        if kind == "int":
            numbers = ("row_number()", "rank()", "dense_rank()", "count(*)", f"count({a})", "ntile(4)")
            chosen = self.one((f"sum({a})", f"lead({a})", *numbers))
        parts = [f"PARTITION BY {r.text}" for r in [self.some_ref(scope)] if r is not None and self.chance(0.5)]
        parts += [f"ORDER BY {r.text}" for r in [self.some_ref(scope)] if r is not None and self.chance(0.7)]
        frame = " ROWS BETWEEN 1 PRECEDING AND CURRENT ROW" if self.chance(0.15) and len(parts) else ""
        call = f"{chosen} OVER ({' '.join(parts)}{frame})"
        return f"({call})::int" if kind == "int" else call


def _told_apart(columns: Sequence[Col]) -> tuple[Col, ...]:
    """The columns under names that differ."""
    seen: dict[str, None] = {}
    found = []
    for column in columns:
        name = column.name
        while name in seen:
            name += "_"
        seen[name] = None
        found.append(Col(name, column.type))
    return tuple(found)
