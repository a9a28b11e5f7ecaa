"""What writes of a relation do beyond itself: by foreign keys that cascade, triggers and rules. For people's eyes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

MOST: Final = 64  # told of one relation; behind them AND_MORE
AND_MORE: Final = "and more"

_WRITES: Final = ("insert", "update", "delete")
_BITS: Final = {"insert": 4, "update": 16, "delete": 8, "truncate": 32}  # of pg_trigger.tgtype
_RULES: Final = {"2": "update", "3": "insert", "4": "delete"}  # pg_rewrite.ev_type
_ACTIONS: Final = {"c": "delete", "n": "update", "d": "update"}  # what ON DELETE does to the rows that refer

Row = tuple[Any, ...]


class Cascades:
    """What the rows of `CASCADES`, `HOOKS` and `CHILDREN` (catalog_queries) say, followed from any relation."""

    def __init__(
        self, names: Mapping[int, str], cascades: Iterable[Row], hooks: Iterable[Row], children: Iterable[Row]
    ) -> None:
        """`names`: the qualified name of each relation that is known."""
        self._names = names
        self._onward: defaultdict[int, list[tuple[str, int, str]]] = defaultdict(list)
        self._hooks: defaultdict[int, list[tuple[tuple[str, ...], str, str]]] = defaultdict(list)
        self._children: defaultdict[int, list[int]] = defaultdict(list)
        for referenced, referencing, on_delete, on_update in cascades:
            if on_delete in _ACTIONS:
                self._onward[referenced].append(("delete", referencing, _ACTIONS[on_delete]))
            if on_update in _ACTIONS:
                self._onward[referenced].append(("update", referencing, "update"))
        for relation, *hook in hooks:
            self._hooks[relation].append(_hook(*hook))
        for parent, child in children:
            self._children[parent].append(child)

    def of(self, oid: int) -> tuple[str, ...]:
        """What writes of the relation reach, each said once."""
        if not (oid in self._onward or oid in self._hooks or oid in self._children):
            return ()
        told: dict[str, None] = {}
        for sentence in self._said(oid):
            told[sentence] = None
            if len(told) > MOST:
                return (*list(told)[:MOST], AND_MORE)
        return tuple(told)

    def _said(self, oid: int) -> Iterator[str]:
        for events, what, calls in self._hooks.get(oid, ()):
            yield f"{what} on {' or '.join(events)}{calls}"
        for event in _WRITES:
            yield from self._followed(oid, event)

    def _followed(self, oid: int, event: str) -> Iterator[str]:
        """Everything that a write of this kind leads to: each relation is entered once for each thing done to it.

        Rows of a table's partitions and heirs are its own: these aren't told, only where they lead.
        """
        waiting = [(oid, event, True)]
        entered = set(waiting)
        while waiting:
            at, done, own = waiting.pop(0)
            if not own:
                yield f"{event}: {self._name(at)}"
            if at != oid:
                for events, what, calls in self._hooks.get(at, ()):
                    if done in events:
                        yield f"{event}: {what} of {self._name(at)}{calls}"
            onward = [(to, then, False) for on, to, then in self._onward.get(at, ()) if on == done]
            heirs = [(child, done, True) for child in self._children.get(at, ())]
            fresh = [step for step in dict.fromkeys((*onward, *heirs)) if step not in entered]
            entered.update(fresh)
            waiting += fresh

    def _name(self, oid: int) -> str:
        return self._names.get(oid, "a relation that isn't known here")


def _hook(kind: str, name: str, bits: int, rule_of: str, function: str) -> tuple[tuple[str, ...], str, str]:
    """(the kinds of writes it is for, what it is, what it calls)."""
    if kind == "rule":
        return (_RULES.get(rule_of, "any write"),), f"rule {name}", ""
    return tuple(event for event, bit in _BITS.items() if bits & bit), f"trigger {name}", f" calls {function}()"
