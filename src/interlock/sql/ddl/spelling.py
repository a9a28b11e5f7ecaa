"""Pieces of a statement's text as the server would print them: with every name outside pg_catalog in full.

Views and bodies in standard SQL are bound to what their names mean when they are made; a snapshot keeps their text as
it reads under an empty search path.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from interlock.errors import NotUnderstood
from interlock.sql.ddl.builtin_types import OIDS
from interlock.sql.ddl.world import World
from interlock.sql.extension_functions import is_harmless
from interlock.sql.functions import class_of
from interlock.sql.parse import Parsed, Token, identifier, parse, same_tree
from interlock.sql.resolve import range_vars
from interlock.sql.tree import Node, typed, walk, words

_OPENING: Final = ("(", "[")
_CLOSING: Final = (")", "]")
# What may follow a column's DEFAULT at its own depth (gram.y, ColConstraintElem).
_AFTER_DEFAULT: Final = frozenset({
    "CONSTRAINT", "NOT", "NULL_P", "UNIQUE", "PRIMARY", "CHECK", "REFERENCES", "COLLATE", "GENERATED",
    "DEFERRABLE", "INITIALLY", "NO", "STORAGE", "COMPRESSION",
})  # fmt: skip
_OPERATIONS: Final = ("A_Expr", "SubLink", "SortBy")


class Unspelled(Exception):
    """The text can't be printed in full: what it is part of must be opaque."""


def top(tokens: Iterable[Token]) -> Iterator[tuple[int, Token]]:
    """(index, token) of those outside all brackets."""
    depth = 0
    for n, token in enumerate(tokens):
        depth -= token.text in _CLOSING
        if depth == 0:
            yield n, token
        depth += token.text in _OPENING


def in_full(parsed: Parsed, start: int, end: int, roots: Iterable[Node], world: World) -> str:
    """The text from `start` to `end`, which is what `roots` were read from. Raises `Unspelled`."""
    by_start = {t.start: t for t in parsed.tokens}
    edits: dict[int, bytes] = {}
    for root in roots:
        for location, name, schema in _bare_names(root, world):
            token = by_start.get(location)
            if token is None or identifier(token) != name:
                raise Unspelled
            edits[location] = quoted(schema).encode() + b"."
    text = b""
    at = start
    for location in sorted(edits):
        text += parsed.text[at:location] + edits[location]
        at = location
    return (text + parsed.text[at:end]).decode().strip()


def quoted(name: str) -> str:
    """A name in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def query_text(parsed: Parsed, query: Node, world: World) -> str:
    """The query behind AS in CREATE VIEW, CREATE TABLE AS and the like. Raises `Unspelled`."""
    tokens = [t for t in parsed.tokens if t.name not in ("SQL_COMMENT", "C_COMMENT")]
    first = next((n for n, t in top(tokens) if t.name == "AS"), None)
    if first is None:
        raise Unspelled
    last = len(tokens)
    for n, token in top(tokens):
        rest = [t.text.upper() for t in tokens[n:]]
        if n > first and token.text.upper() == "WITH" and rest[-1] in ("OPTION", "DATA") and len(rest) <= 4:
            last = n
            break
    start, end = tokens[first + 1].start, tokens[last - 1].end
    try:
        alone = parse(parsed.text[start:end]).statements
    except NotUnderstood:
        raise Unspelled from None
    if len(alone) != 1 or not same_tree(dict([typed(alone[0])]), dict([query])):
        raise Unspelled
    return in_full(parsed, start, end, [query], world)


def default_text(parsed: Parsed, location: int, value: Any, world: World) -> str:
    """The expression behind DEFAULT or GENERATED ALWAYS AS of the constraint at `location`. Raises `Unspelled`."""
    tokens = [t for t in parsed.tokens if t.start >= location and t.name not in ("SQL_COMMENT", "C_COMMENT")]
    first = next((n for n, t in enumerate(tokens) if t.text == "(" or t.name == "DEFAULT"), None)
    if first is None:
        raise Unspelled
    generated = tokens[first].text == "("
    first += not generated
    last = first + _length(tokens[first:], generated)
    start, end = tokens[first].start, tokens[last - 1].end
    try:
        alone = parse(b"SELECT " + parsed.text[start:end]).statements
    except NotUnderstood:
        raise Unspelled from None
    targets = typed(alone[0])[1].get("targetList", ())
    if len(alone) != 1 or len(targets) != 1 or not same_tree(typed(targets[0])[1].get("val"), value):
        raise Unspelled
    return in_full(parsed, start, end, [typed(value)], world)


def _length(tokens: list[Token], generated: bool) -> int:
    """How many tokens the expression has that begins there: a whole bracket, or up to what may follow a default."""
    depth = 0
    for n, token in enumerate(tokens):
        depth -= token.text in _CLOSING
        if depth < 0 or (depth == 0 and n > 0 and (token.text in (",", ";") or token.name in _AFTER_DEFAULT)):
            return n
        if generated and depth == 0 and n > 0:
            return n + 1
        depth += token.text in _OPENING
    return len(tokens)


def _bare_names(root: Node, world: World) -> Iterator[tuple[int, str, str]]:
    """(byte offset, name, schema) of every name without a schema that means something outside pg_catalog."""
    for fields, visible, target in range_vars(root):
        name = str(fields.get("relname", ""))
        bare = "schemaname" not in fields and not (name in visible and not target)
        found = world.find("", name) if bare else None
        if found is not None:
            yield int(fields.get("location", -1)), name, found.schema
    functions, operators = world.shadowed(), {name for _, name in world.operators}
    for kind, fields in walk(root):
        if kind in _OPERATIONS and operators & set(words(fields.get("name") or fields.get("operName") or ())):
            raise Unspelled
        called = words(fields.get("funcname")) if kind == "FuncCall" else ()
        if len(called) == 1 and called[0] in functions and not _means_the_same(called[0], world):
            yield int(fields.get("location", -1)), called[0], _schema_of_function(called[0], world)
        meant = words(fields.get("names")) if kind == "TypeName" else ()
        owner = (world.find_type(meant) or world.find("", meant[0])) if len(meant) == 1 else None
        if owner is not None and meant[0] not in OIDS:
            yield int(fields.get("location", -1)), meant[0], owner.schema


def _means_the_same(name: str, world: World) -> bool:
    """Whether a built-in and an extension's function of that name do the same: gen_random_uuid and pgcrypto's."""
    return class_of(name) is not None and all(is_harmless(r) for r in world.routines if r.name == name)


def _schema_of_function(name: str, world: World) -> str:
    schemas = [s for s in world.path if any(r.schema == s and r.name == name for r in world.routines)]
    if len(schemas) != 1 or class_of(name) is not None:
        raise Unspelled  # a built-in or one of several schemas' may match better
    return schemas[0]
