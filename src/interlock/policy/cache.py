"""Remembers what was allowed, keyed by all that the bundle looks at and nothing else (design section 5, Cost).

Only `Allow` is kept: held outcomes and approvals are decided anew each time, and a denial is in no hurry.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Hashable

from interlock.model.action import Action
from interlock.model.decision import Allow
from interlock.model.exposure import Exposure
from interlock.model.payload import ToolPayload
from interlock.policy.obligations import mask
from interlock.policy.requests import principals, rows_estimate

MOST = 10_000

# With these in a policy the same question has another answer a moment later.
_MOVING = frozenset({"now", "hour", "recent"})


class DecisionCache:
    """The least recently used of at most `MOST` allowed decisions. For one thread, as the gate is.

    `reads` are the attributes of the context that the bundle reads, and what else of an action its obligations look at.
    """

    def __init__(self, reads: frozenset[str]) -> None:
        self._reads = tuple(sorted(reads))
        self._usable = not reads & _MOVING
        self._kept: OrderedDict[Hashable, Allow] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def key(self, action: Action) -> Hashable | None:
        """All that the decision depends on, or None when it may not be remembered."""
        if not self._usable or action.refusal is not None:
            return None
        who = tuple((each.kind, each.id, each.groups) for each in principals(action.actor))
        exposure = action.exposure
        if exposure.written and "writes_masked" in self._reads:
            return None  # what was read masked lately is another thing a moment later
        looked_at = tuple(_read(action, exposure, name) for name in self._reads)
        return (
            who,
            action.asks,
            action.reveals,
            action.connection,
            mask(exposure),
            exposure.own,
            _definition(action),
            looked_at,
        )

    def get(self, key: Hashable | None) -> Allow | None:
        """What was allowed under this key."""
        found = None if key is None else self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Hashable | None, allowed: Allow) -> None:
        """Remembers one decision and drops the oldest beyond the bound."""
        if key is None:
            return
        self._kept[key] = allowed
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)


def _definition(action: Action) -> Hashable:
    """By which definition a tool's arguments were read, if any: by another than the pinned one they don't count."""
    read_by = action.payload.definition if isinstance(action.payload, ToolPayload) else None
    return read_by, action.input is None


def _read(action: Action, exposure: Exposure, name: str) -> Hashable:
    match name:
        case "labels":
            return exposure.labels
        case "filters":
            return exposure.filters
        case "probes":
            return exposure.probes
        case "writes":
            return exposure.writes
        case "unbounded":
            return exposure.unbounded
        case "opaque":
            return exposure.opaque
        case "enforced_by":
            return action.enforced_by
        case "reason_given":
            return bool(action.reason_given.strip())
        case "ticket_given":
            return bool(action.ticket_given.strip())
        case "estimated":
            return rows_estimate(action) is not None
        case "rows_estimate":
            return rows_estimate(action)
        case "cappable":
            return action.cappable
        case "input":
            return json.dumps(action.input, sort_keys=True)  # tells true from 1, as Cedar does and == doesn't
        case "environment" | "tags" | "asked" | "writes_masked":
            return None  # the connection and what is asked are in every key; nothing labelled is written here
        case _:
            raise KeyError(name)  # an attribute that the schema has and this table doesn't
