"""What the maker of statements knows of the names that are visible where it writes an expression."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.sql.differential.a_schema_of_collisions import Col

_BARE: Final = re.compile(r"[a-z_][a-z0-9_]*")
_RESERVED: Final = frozenset({"select", "order", "table", "user", "end", "all", "current_user"})


def quoted(name: str) -> str:
    """A name as a statement spells it."""
    return name if _BARE.fullmatch(name) and name not in _RESERVED else '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class Ref:
    """A column as it may be named here: `schema.alias.name`, `alias.name`, or the bare name where `alias` is empty."""

    type: str
    name: str
    alias: str = ""
    schema: str = ""

    @property
    def text(self) -> str:
        """As a statement spells it."""
        return ".".join(quoted(part) for part in (self.schema, self.alias, self.name) if part)


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in FROM that has a name of its own; of a table without an alias also its schema's name."""

    alias: str
    columns: tuple[Col, ...]
    schema: str = ""


@dataclass(frozen=True, slots=True)
class Tree:
    """One thing in FROM, or several joined. `bare`: the columns that a star gives, which bare names may mean."""

    sql: str
    items: tuple[Item, ...]
    bare: tuple[Col, ...]


@dataclass(frozen=True, slots=True)
class Here:
    """The names that one query adds. `aliases` and `names` hide those of the queries around it."""

    refs: tuple[Ref, ...]
    rows: tuple[Item, ...]
    aliases: frozenset[str]
    names: frozenset[str]

    def only(self, refs: tuple[Ref, ...]) -> Here:
        """The same query where only these may be named: behind GROUP BY."""
        return Here(refs, (), self.aliases, self.names)


def here(trees: tuple[Tree, ...]) -> Here:
    """The names of a FROM list."""
    items = tuple(i for t in trees for i in t.items)
    bare = [c for t in trees for c in t.bare]
    counts = Counter(c.name for c in bare)
    refs = [Ref(c.type, c.name) for c in bare if counts[c.name] == 1]
    for item in items:
        own = Counter(c.name for c in item.columns)
        single = [c for c in item.columns if own[c.name] == 1]
        refs += [Ref(c.type, c.name, item.alias) for c in single]
        refs += [Ref(c.type, c.name, item.alias, item.schema) for c in single[:2] if item.schema]
    aliases = frozenset(i.alias for i in items)
    return Here(tuple(refs), items, aliases, frozenset(counts) | {c.name for i in items for c in i.columns})


@dataclass(frozen=True, slots=True)
class Scope:
    """The queries around an expression, the innermost last, and the CTEs that may be read."""

    levels: tuple[Here, ...] = ()
    ctes: Mapping[str, tuple[Col, ...]] = field(default_factory=dict)
    recursive: bool = False  # whether the WITH that it stands behind is

    def within(self, level: Here) -> Scope:
        """One query further in."""
        return Scope((*self.levels, level), self.ctes)

    def instead(self, level: Here) -> Scope:
        """With the innermost query's names replaced."""
        return Scope((*self.levels[:-1], level), self.ctes)

    def knowing(self, name: str, columns: tuple[Col, ...], *, recursive: bool = False) -> Scope:
        """With one more CTE."""
        return Scope(self.levels, {**self.ctes, name: columns}, recursive or self.recursive)

    def refs(self) -> Iterator[Ref]:
        """Every column that can be named, none hidden by an inner query."""
        aliases: set[str] = set()
        names: set[str] = set()
        for level in reversed(self.levels):
            for ref in level.refs:
                if ref.alias not in aliases if ref.alias else ref.name not in names:
                    yield ref
            aliases |= level.aliases
            names |= level.names

    def rows(self) -> Iterator[Item]:
        """Every whole row that a bare alias means: no column anywhere around has the name."""
        names = {n for level in self.levels for n in level.names}
        aliases: set[str] = set()
        for level in reversed(self.levels):
            yield from (i for i in level.rows if i.alias not in aliases | names)
            aliases |= level.aliases
