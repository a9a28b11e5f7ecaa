"""A statement's tree walked once, for all who look for nodes of some kind in it.

Names are left out: the texts of column references, functions, operators and types stay with the node that they belong
to, which is half of a tree. Who looks for any word anywhere walks the tree itself (`tree.walk`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from interlock.sql.tree import LEAVES, Fields, Node, typed

_NAMES: Final = frozenset({"String", "A_Star"})
_LEAVES: Final = LEAVES | {"ColumnRef"}
_OF_NAMES: Final = frozenset({"funcname", "names", "name"})  # fields that hold lists of names and nothing else


@dataclass(frozen=True, slots=True)
class Survey:
    """A tree's nodes, parents first and in the order of `tree.walk`, without names."""

    root: Node
    nodes: tuple[Node, ...]

    def of(self, kinds: frozenset[str]) -> list[Node]:
        """The nodes of these kinds."""
        return [node for node in self.nodes if node[0] in kinds]


def survey(root: Node) -> Survey:
    """The nodes of a tree."""
    found: list[Node] = []
    stack = [root]
    while stack:
        node = stack.pop()
        found.append(node)
        if node[0] not in _LEAVES:
            _below(node[1], stack)
    return Survey(root, tuple(found))


def _below(fields: Fields, stack: list[Node]) -> None:
    """As `tree.children` has it, written out: of all that reading a new text costs, this runs most often."""
    for field, value in fields.items():
        if type(value) is dict:
            stack.append(typed(value, field))
        elif type(value) is list and field not in _OF_NAMES:
            for item in value:
                if type(item) is dict and item:
                    node = _wrapped(item) or typed(item, field)
                    if node[0] not in _NAMES:
                        stack.append(node)


def _wrapped(item: Mapping[str, Any]) -> Node | None:
    """A node that has its type's name around it, as those in lists have; None where that takes a closer look."""
    for kind, fields in item.items():
        if len(item) == 1 and kind[0] < "a" and type(fields) is dict:
            return kind, fields
        break
    return None
