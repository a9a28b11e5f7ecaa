"""FROM lists by random choice: tables, CTEs, subqueries, functions, VALUES, and joins of them in every spelling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from tests.sql.differential.a_schema_of_collisions import TABLES, Col
from tests.sql.differential.an_expression_maker import Expressions
from tests.sql.differential.names_in_scope import Item, Scope, Tree, here, quoted

_ALIASES: Final = ("p", "v", "n", "x", "name", "ssn", "patients", "visits", "q", "id", "note", "t", "age", "home")
_COLUMNS: Final = ("a", "name", "ssn", "id", "patients", "b", "note", "age", "z", "k", "y", "w", "u", "s")


class FromLists(Expressions):
    """Makes what stands in FROM."""

    def trees(self, scope: Scope, depth: int, besides: str = "") -> tuple[Tree, ...]:
        """One to three of them, later ones perhaps lateral; the name `besides` is taken."""
        taken = {besides}
        found: list[Tree] = []
        for _ in range(self.one((1, 1, 1, 2, 2, 3)) if depth > 0 else 1):
            found.append(self._tree(scope, depth, taken, tuple(found)))
        return tuple(found)

    def tree(self, scope: Scope, depth: int, taken: set[str]) -> Tree:
        """One thing in FROM that stands alone."""
        return self._tree(scope, depth, taken, ())

    def _tree(self, scope: Scope, depth: int, taken: set[str], before: tuple[Tree, ...]) -> Tree:
        left = self._item(scope, depth, taken, before)
        while depth > 0 and self.chance(0.35):
            left = self._join(left, scope, depth - 1, taken, before)
        return left

    # -- joins -----------------------------------------------------------------------------------------------------

    def _join(self, left: Tree, scope: Scope, depth: int, taken: set[str], before: tuple[Tree, ...]) -> Tree:
        kind = self.one(("JOIN", "JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN"))
        sideways = (*before, left) if kind in ("JOIN", "LEFT JOIN", "CROSS JOIN") else before
        right = self._item(scope, depth, taken, sideways)
        common = _common(left, right)
        items = (*left.items, *right.items)
        if kind == "CROSS JOIN":
            return self._named(f"{left.sql} {kind} {right.sql}", items, (*left.bare, *right.bare), taken)
        natural = {c.name for c in left.bare} & {c.name for c in right.bare}
        if natural and natural == set(common) and self.chance(0.2):
            bare = _merged(left, right, [c.name for c in left.bare if c.name in natural])
            return self._named(f"{left.sql} NATURAL {kind} {right.sql}", items, bare, taken)
        if common and self.chance(0.5):
            names = self.random.sample(common, min(len(common), self.one((1, 1, 2))))
            using = f"USING ({', '.join(quoted(n) for n in names)})"
            if self.chance(0.2) and "u" not in taken:
                taken.add("u")
                kinds = {c.name: c.type for c in left.bare}
                items = (*items, Item("u", tuple(Col(n, kinds[n]) for n in names)))
                using += " AS u"
            return self._named(f"{left.sql} {kind} {right.sql} {using}", items, _merged(left, right, names), taken)
        inside = scope.within(here((left, right)))
        on = self.expression("bool", inside, min(depth, 1))
        return self._named(f"{left.sql} {kind} {right.sql} ON {on}", items, (*left.bare, *right.bare), taken)

    def _named(self, sql: str, items: tuple[Item, ...], bare: tuple[Col, ...], taken: set[str]) -> Tree:
        """Perhaps in parentheses with a name of its own, which hides its members."""
        if not self.chance(0.15):
            return Tree(f"({sql})" if self.chance(0.2) else sql, items, bare)
        alias = self._alias(taken)
        renamed = self.random.sample(_COLUMNS, min(len(bare), self.one((0, 1, 2))))
        columns = tuple(Col(n, c.type) for n, c in zip(renamed, bare, strict=False)) + bare[len(renamed) :]
        names = f" ({', '.join(quoted(n) for n in renamed)})" if renamed else ""
        return Tree(f"({sql}) AS {quoted(alias)}{names}", (Item(alias, columns),), columns)

    def _alias(self, taken: set[str]) -> str:
        free = [a for a in _ALIASES if a not in taken]
        alias = self.one(free) if free else f"t{len(taken)}"
        taken.add(alias)
        return alias

    # -- single items ----------------------------------------------------------------------------------------------

    def _item(self, scope: Scope, depth: int, taken: set[str], before: tuple[Tree, ...]) -> Tree:
        """`before`: what LATERAL may look at."""
        if scope.ctes and self.chance(0.4):
            name = self.one(tuple(scope.ctes))
            return self._relation(quoted(name), name, scope.ctes[name], taken)
        roll = self.random.random()
        if depth > 0 and roll < 0.2:
            return self._subquery(scope, depth - 1, taken, before)
        if roll < 0.27:
            return self._values(scope, taken, before)
        if roll < 0.36:
            return self._function(scope, depth, taken, before)
        table = self.one(TABLES)
        schema, _, bare = table.name.rpartition(".")
        shadowed = bare in scope.ctes and not schema
        spelled = ".".join(quoted(part) for part in table.name.split("."))
        if shadowed or (table.key and not schema and table.name != "codes" and self.chance(0.15)):
            spelled = f"public.{spelled}" if table.name != "codes" else "other.codes"
        if table.name == "people" and self.chance(0.2):
            spelled = f"ONLY {spelled}"
        return self._relation(spelled, bare, table.columns, taken)

    def _relation(self, spelled: str, name: str, columns: Sequence[Col], taken: set[str]) -> Tree:
        if name not in taken and self.chance(0.5):
            taken.add(name)
            schema = "" if "." not in spelled else spelled.rpartition(" ")[2].partition(".")[0]
            return Tree(spelled, (Item(name, tuple(columns), schema),), tuple(columns))
        alias = self._alias(taken)
        renamed = self.random.sample(_COLUMNS, min(len(columns), self.one((0, 0, 0, 1, 2))))
        shown = tuple(Col(n, c.type) for n, c in zip(renamed, columns, strict=False)) + tuple(columns[len(renamed) :])
        names = f" ({', '.join(quoted(n) for n in renamed)})" if renamed else ""
        sample = " TABLESAMPLE system (50)" if self.chance(0.02) and spelled in ("notes", "totals") else ""
        return Tree(f"{spelled} AS {quoted(alias)}{names}{sample}", (Item(alias, shown),), shown)

    def _subquery(self, scope: Scope, depth: int, taken: set[str], before: tuple[Tree, ...]) -> Tree:
        sideways = bool(before) and self.chance(0.6)
        query, columns = self.query(scope.within(here(before)) if sideways else scope, depth)
        alias = self._alias(taken)
        text = f"{'LATERAL ' if sideways else ''}({query}) AS {quoted(alias)}"
        if self.chance(0.2) and columns:
            renamed = self.random.sample(_COLUMNS, len(columns)) if len(columns) <= len(_COLUMNS) else []
            if renamed:
                columns = tuple(Col(n, c.type) for n, c in zip(renamed, columns, strict=True))
                text += f" ({', '.join(quoted(n) for n in renamed)})"
        return Tree(text, (Item(alias, columns),), columns)

    def _values(self, scope: Scope, taken: set[str], before: tuple[Tree, ...]) -> Tree:
        kinds = [self.one(("int", "text")) for _ in range(self.one((1, 2)))]
        outer = scope.within(here(before)) if before else scope
        rows = [", ".join(self.expression(k, outer, 1) for k in kinds) for _ in range(self.one((1, 2)))]
        alias = self._alias(taken)
        columns = tuple(Col(n, k) for n, k in zip(self.random.sample(_COLUMNS, len(kinds)), kinds, strict=True))
        names = ", ".join(quoted(c.name) for c in columns)
        sideways = "LATERAL " if before else ""
        rows_text = ", ".join(f"({row})" for row in rows)
        return Tree(f"{sideways}(VALUES {rows_text}) AS {quoted(alias)} ({names})", (Item(alias, columns),), columns)

    def _function(self, scope: Scope, depth: int, taken: set[str], before: tuple[Tree, ...]) -> Tree:
        outer = scope.within(here(before)) if before else scope
        number, text = self.expression("int", outer, 1), self.expression("text", outer, 1)
        array, info = self.expression("texts", outer, 1), self.expression("info", outer, 1)
        alias = self._alias(taken)
        a, b = self.random.sample(_COLUMNS, 2)
        sql, columns = self.one(
            (
                (f"generate_series(1, {number}) AS {quoted(alias)} ({a})", (Col(a, "int"),)),
                (f"generate_series(1, {number}) AS {quoted(alias)}", (Col(alias, "int"),)),
                (f"unnest({array}) AS {quoted(alias)} ({a})", (Col(a, "text"),)),
                (f"unnest({array}) WITH ORDINALITY AS {quoted(alias)} ({a}, {b})", (Col(a, "text"), Col(b, "bigint"))),
                (f"unnest({array}, ARRAY[{number}]) AS {quoted(alias)} ({a}, {b})", (Col(a, "text"), Col(b, "int"))),
                (f"string_to_table({text}, ',') AS {quoted(alias)} ({a})", (Col(a, "text"),)),
                (f"jsonb_each_text({info}) AS {quoted(alias)}", (Col("key", "text"), Col("value", "text"))),
                (f"jsonb_to_record({info}) AS {quoted(alias)} ({a} text, {b} int)", (Col(a, "text"), Col(b, "int"))),
                (f"seen_by({number}) AS {quoted(alias)}", (Col("id", "int"), Col("note", "text"))),
                (
                    f"ROWS FROM (unnest({array}), generate_series(1, {number})) AS {quoted(alias)} ({a}, {b})",
                    (Col(a, "text"), Col(b, "int")),
                ),
                (
                    f"JSON_TABLE({info}, '$[*]' COLUMNS ({a} text PATH '$.a', {b} int PATH '$.b')) AS {quoted(alias)}",
                    (Col(a, "text"), Col(b, "int")),
                ),
                (f"upper({text}) AS {quoted(alias)}", (Col(alias, "text"),)),
            )
        )
        return Tree(sql, (Item(alias, columns),), columns)


def _common(left: Tree, right: Tree) -> list[str]:
    """Columns of one name and type, told apart on each side: USING can merge them."""
    mine, theirs = Counter(c.name for c in left.bare), Counter(c.name for c in right.bare)
    kinds = {c.name: c.type for c in left.bare}
    fit = {"int", "text", "date", "bool"}
    return [
        c.name
        for c in right.bare
        if mine[c.name] == 1 and theirs[c.name] == 1 and kinds[c.name] == c.type and c.type in fit
    ]


def _merged(left: Tree, right: Tree, names: Sequence[str]) -> tuple[Col, ...]:
    kinds = {c.name: c.type for c in left.bare}
    first = tuple(Col(n, kinds[n]) for n in names)
    rest = tuple(c for side in (left, right) for c in side.bare if c.name not in names)
    return first + rest
