"""Reads the text form of PostgreSQL's own node trees (nodeToString), as `debug_print_parse` logs them.

The form (`src/backend/nodes/outfuncs.c` writes it, `read.c` reads it): `{LABEL :field value ...}` is a node, `(...)` a
list, `<>` nothing, `"..."` a string, `\\` escapes the next character, `(b 1 2)` a set of integers, `(i ...)`, `(o ...)`
and `(x ...)` lists of integers, OIDs and transaction ids, `4 [ 1 0 0 0 ]` a datum's bytes. The log wraps it at spaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

Value: TypeAlias = "str | frozenset[int] | tuple[Value, ...] | Node | None"

_TOKEN: Final = re.compile(r'[(){}]|"(?:[^"\\]|\\.)*"|(?:[^\s(){}"\\]|\\.)+', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_NUMBERS: Final = frozenset("iox")


class NotATree(Exception):
    """The text isn't of the form that PostgreSQL prints."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node: its label (`QUERY`, `VAR` ...) and fields. Numbers and booleans are still text: see the accessors."""

    label: str
    fields: dict[str, Value]

    def node(self, name: str) -> Node | None:
        """A field that holds a node or nothing."""
        value = self.fields.get(name)
        assert value is None or isinstance(value, Node), (self.label, name)
        return value

    def nodes(self, name: str) -> tuple[Node, ...]:
        """A field that holds a list of nodes; empty where it is nothing."""
        value = self.fields.get(name)
        if value is None:
            return ()
        assert isinstance(value, tuple), (self.label, name)
        return tuple(item for item in value if isinstance(item, Node))

    def items(self, name: str) -> tuple[Value, ...]:
        """A field that holds a list of anything."""
        value = self.fields.get(name)
        assert value is None or isinstance(value, tuple), (self.label, name)
        return value or ()

    def number(self, name: str) -> int:
        """A field that holds an integer."""
        value = self.fields[name]
        assert isinstance(value, str), (self.label, name)
        return int(value)

    def flag(self, name: str) -> bool:
        """A field that holds a boolean."""
        value = self.fields[name]
        assert value in ("true", "false"), (self.label, name)
        return value == "true"

    def text(self, name: str) -> str:
        """A field that holds a string; empty where it is nothing."""
        value = self.fields.get(name)
        assert value is None or isinstance(value, str), (self.label, name)
        return value or ""

    def parts(self) -> Iterator[Node]:
        """Every node directly below, in lists too."""
        yield from _nodes(tuple(self.fields.values()))


def _nodes(values: tuple[Value, ...]) -> Iterator[Node]:
    for value in values:
        if isinstance(value, Node):
            yield value
        elif isinstance(value, tuple):
            yield from _nodes(value)


def read_tree(text: str) -> Node:
    """The one node that `text` holds. Raises `NotATree`."""
    tokens = _TOKEN.findall(text)
    try:
        value, at = _value(tokens, 0)
    except IndexError:
        raise NotATree("the text ends within a node or list") from None
    if at != len(tokens) or not isinstance(value, Node):
        raise NotATree("not one node")
    return value


def _value(tokens: list[str], at: int) -> tuple[Value, int]:
    token = tokens[at]
    if token == "{":
        return _node(tokens, at + 1)
    if token == "(":
        return _list(tokens, at + 1)
    if token in ")}":
        raise NotATree("a closing bracket where a value should be")
    if token == "<>":
        return None, at + 1
    return _unescaped(token), at + 1


def _node(tokens: list[str], at: int) -> tuple[Node, int]:
    label, at = tokens[at], at + 1
    fields: dict[str, Value] = {}
    while tokens[at] != "}":
        name = tokens[at]
        if not name.startswith(":"):
            raise NotATree(f"a field's name expected in {label}")
        values: list[Value] = []
        at += 1
        while tokens[at] != "}" and not tokens[at].startswith(":"):
            value, at = _value(tokens, at)
            values.append(value)
        fields[name[1:]] = values[0] if len(values) == 1 else tuple(values)  # more than one: a datum with its bytes
    return Node(label, fields), at + 1


def _list(tokens: list[str], at: int) -> tuple[Value, int]:
    kind = tokens[at]
    values: list[Value] = []
    if kind == "b" or kind in _NUMBERS:
        at += 1
        while tokens[at] != ")":
            values.append(tokens[at])
            at += 1
        return (frozenset(int(str(v)) for v in values) if kind == "b" else tuple(values)), at + 1
    while tokens[at] != ")":
        value, at = _value(tokens, at)
        values.append(value)
    return tuple(values), at + 1


def _unescaped(token: str) -> str:
    if token.startswith('"'):
        token = token[1:-1]
    return _ESCAPED.sub(lambda found: " " if found[1].isspace() else found[1], token) if "\\" in token else token
