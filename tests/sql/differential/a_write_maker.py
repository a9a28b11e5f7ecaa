"""INSERT, UPDATE, DELETE and MERGE by random choice, and WITH that holds them."""

from __future__ import annotations

from typing import Final

from tests.sql.differential.a_query_maker import Queries
from tests.sql.differential.a_schema_of_collisions import TABLES, Col, Table
from tests.sql.differential.an_expression_maker import SIMPLE
from tests.sql.differential.names_in_scope import Here, Item, Scope, Tree, here, quoted

_TARGETS: Final = tuple(t for t in TABLES if t.writable)
_ALIASES: Final = ("t", "tgt", "name", "p", "ssn", "patients")


class Writes(Queries):
    """Makes statements that write."""

    def statement(self) -> str:
        """A whole statement that writes, somewhere in it."""
        prefix, scope = self.ctes(Scope(), 2) if self.chance(0.25) else ("", Scope())
        if not self.chance(0.18):
            return f"{prefix} {self._write(scope)[0]}".strip()
        inner, columns = self._write(scope, returning=True)
        names = ", ".join(quoted(c.name) for c in columns)
        item = f"w ({names}) AS ({inner})"
        prefix = f"{prefix}, {item}" if prefix else f"WITH {item}"
        after = scope.knowing("w", columns)
        return f"{prefix} {self.one((self._write(after)[0], self._body(after, 2, None)[0]))}"

    def _write(self, scope: Scope, *, returning: bool = False) -> tuple[str, tuple[Col, ...]]:
        """`returning`: it must, with names told apart."""
        table = self.one(_TARGETS)
        name = table.name.rpartition(".")[2]
        alias = self.one(_ALIASES) if self.chance(0.5) else name
        makers = (self._insert, self._insert, self._update, self._update, self._delete, self._merge)
        make = self.one(makers[:5] if scope.recursive else makers)  # the server has no WITH RECURSIVE ... MERGE
        return make(table, alias, scope, returning)

    # -- the four --------------------------------------------------------------------------------------------------

    def _insert(self, table: Table, alias: str, scope: Scope, returning: bool) -> tuple[str, tuple[Col, ...]]:
        columns = self._columns(table)
        kinds = [c.type for c in columns]
        names = [f"{quoted(c.name)}" for c in columns]
        if self.chance(0.05) and any(c.type == "address" for c in columns):
            at = kinds.index("address")
            names[at], kinds[at] = "home.street", "text"
        listed = f" ({', '.join(names)})"
        if self.chance(0.4):
            rows = [", ".join(self._value(k, scope) for k in kinds) for _ in range(self.one((1, 2)))]
            source = "VALUES " + ", ".join(f"({row})" for row in rows)
        elif self.chance(0.04):
            listed, source = "", "DEFAULT VALUES"
        else:
            source, _ = self.query(scope, 2, kinds)
        override = self._conflict(table, alias, scope) if table.key and self.chance(0.35) else ""
        target = Tree("", (Item(alias, table.columns),), table.columns)
        tail, outputs = self._returning(scope, (target,), alias, returning)
        return f"INSERT INTO {self._spelled(table, alias)}{listed} {source}{override}{tail}", outputs

    def _value(self, kind: str, scope: Scope) -> str:
        return "DEFAULT" if self.chance(0.1) else self.expression(kind, scope, 2)

    def _conflict(self, table: Table, alias: str, scope: Scope) -> str:
        on = f" ON CONFLICT ({quoted(table.key)})"
        if self.chance(0.25):
            return f"{on} DO NOTHING"
        both = Tree("", (Item(alias, table.columns), Item("excluded", table.columns)), ())
        inner = scope.within(here((both,)))
        where = f" WHERE {self.expression('bool', inner, 2)}" if self.chance(0.4) else ""
        return f"{on} DO UPDATE SET {self._assignments(table, inner)}{where}"

    def _update(self, table: Table, alias: str, scope: Scope, returning: bool) -> tuple[str, tuple[Col, ...]]:
        target = Tree("", (Item(alias, table.columns),), table.columns)
        trees = self.trees(scope, 1, alias) if self.chance(0.55) else ()
        inner = scope.within(here((target, *trees)))
        source = f" FROM {', '.join(t.sql for t in trees)}" if trees else ""
        where = f" WHERE {self.expression('bool', inner, 2)}" if self.chance(0.7) else ""
        tail, outputs = self._returning(scope, (target, *trees), alias, returning)
        only = "ONLY " if table.name == "people" and self.chance(0.3) else ""
        text = f"UPDATE {only}{self._spelled(table, alias)} SET {self._assignments(table, inner)}{source}{where}{tail}"
        return text, outputs

    def _delete(self, table: Table, alias: str, scope: Scope, returning: bool) -> tuple[str, tuple[Col, ...]]:
        target = Tree("", (Item(alias, table.columns),), table.columns)
        trees = self.trees(scope, 1, alias) if self.chance(0.5) else ()
        inner = scope.within(here((target, *trees)))
        source = f" USING {', '.join(t.sql for t in trees)}" if trees else ""
        where = f" WHERE {self.expression('bool', inner, 2)}" if self.chance(0.8) else ""
        tail, outputs = self._returning(scope, (target, *trees), alias, returning)
        return f"DELETE FROM {self._spelled(table, alias)}{source}{where}{tail}", outputs

    def _merge(self, table: Table, alias: str, scope: Scope, returning: bool) -> tuple[str, tuple[Col, ...]]:
        target = Tree("", (Item(alias, table.columns),), table.columns)
        source = self.tree(scope, 1, {alias})
        both = scope.within(here((target, source)))
        on = self.expression("bool", both, 2)
        actions = [self._action(table, target, source, scope, both) for _ in range(self.one((1, 2, 3)))]
        tail, outputs = self._returning(scope, (source, target), alias, returning, merge=True)
        into = self._spelled(table, alias)
        return f"MERGE INTO {into} USING {source.sql} ON {on} {' '.join(actions)}{tail}", outputs

    def _action(self, table: Table, target: Tree, source: Tree, scope: Scope, both: Scope) -> str:
        kind = self.one(("MATCHED", "MATCHED", "NOT MATCHED", "NOT MATCHED BY TARGET", "NOT MATCHED BY SOURCE"))
        seen = both
        if kind in ("NOT MATCHED", "NOT MATCHED BY TARGET"):
            seen = scope.within(here((source,)))
        elif kind == "NOT MATCHED BY SOURCE":
            seen = scope.within(here((target,)))
        when = f"WHEN {kind}{' AND ' + self.expression('bool', seen, 2) if self.chance(0.8) else ''} THEN"
        if kind in ("NOT MATCHED", "NOT MATCHED BY TARGET"):
            columns = self._columns(table)
            values = ", ".join("DEFAULT" if self.chance(0.1) else self.expression(c.type, seen, 2) for c in columns)
            names = ", ".join(quoted(c.name) for c in columns)
            return f"{when} {self.one(('DO NOTHING', *[f'INSERT ({names}) VALUES ({values})'] * 4))}"
        update = f"UPDATE SET {self._assignments(table, seen)}"
        return f"{when} {self.one(('DELETE', 'DO NOTHING', update, update, update))}"

    # -- their parts -----------------------------------------------------------------------------------------------

    def _spelled(self, table: Table, alias: str) -> str:
        schema, _, name = table.name.rpartition(".")
        spelled = ".".join(quoted(p) for p in (schema or self.one(("", "", "public")), name) if p)
        if name == "codes":
            spelled = self.one(("codes", "other.codes"))
        return f"{spelled} AS {quoted(alias)}" if alias != name else spelled

    def _columns(self, table: Table) -> list[Col]:
        plain = [c for c in table.columns if c.name not in table.generated]
        return self.random.sample(plain, self.random.randint(1, min(len(plain), 4)))

    def _assignments(self, table: Table, scope: Scope) -> str:
        columns = self._columns(table)
        texts = []
        if len(columns) > 1 and self.chance(0.4):
            pair, columns = columns[:2], columns[2:]
            texts.append(f"({', '.join(quoted(c.name) for c in pair)}) = {self._pair(pair, scope)}")
        for column in columns:
            name, kind = quoted(column.name), column.type
            if column.type == "address" and self.chance(0.5):
                name, kind = self.one(((f"{name}.street", "text"), (f"{name}.zip", "int")))
            elif column.type in ("ints", "texts") and self.chance(0.5):
                name, kind = f"{name}[1]", column.type.removesuffix("s")
            texts.append(
                f"{name} = {self._value(kind, scope) if kind == column.type else self.expression(kind, scope, 2)}"
            )
        return ", ".join(texts)

    def _pair(self, pair: list[Col], scope: Scope) -> str:
        values = ", ".join(self._value(c.type, scope) for c in pair)
        query, _ = self.query(scope, 1, [c.type for c in pair])
        return self.one((f"({values})", f"ROW({values})", f"({query})", f"({query})"))

    def _returning(
        self, scope: Scope, trees: tuple[Tree, ...], alias: str, wanted: bool, *, merge: bool = False
    ) -> tuple[str, tuple[Col, ...]]:
        if not wanted and self.chance(0.4):
            return "", ()
        target = next(i for t in trees for i in t.items if i.alias == alias)
        old, new, clause = "old", "new", ""
        if self.chance(0.25):
            old, new, clause = "o", "name", "WITH (OLD AS o, NEW AS name) "
            if any(i.alias in ("o", "name") for t in trees for i in t.items):
                old, new, clause = "old", "new", ""
        further = Tree("", (Item(old, target.columns), Item(new, target.columns)), ())
        seen = here((*trees, further))
        inner = scope.within(Here(seen.refs, seen.rows, seen.aliases, seen.names))
        if not wanted and self.chance(0.2):
            return f" RETURNING {clause}{self.one(('*', f'{quoted(alias)}.*', f'{new}.*', quoted(alias)))}", ()
        kinds = [self.one(SIMPLE) for _ in range(self.one((1, 2, 3)))]
        columns = tuple(Col(f"r{n}" if n else "name", k) for n, k in enumerate(kinds))
        texts = [f"{self.expression(k, inner, 2)} AS {quoted(c.name)}" for k, c in zip(kinds, columns, strict=True)]
        if merge and self.chance(0.3):
            texts[0], columns = "merge_action() AS name", (Col("name", "text"), *columns[1:])
        return f" RETURNING {clause}{', '.join(texts)}", columns
