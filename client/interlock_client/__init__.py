"""Ask Interlock before something is done, wait for people where they must sign, and do exactly that, once.

    from interlock_client import Interlock, guard

    @guard("snapshots.push", resource=lambda dataset: dataset)
    def push(dataset: str) -> None: ...

Nothing but the standard library. How to use it: docs/howto/guard-a-function.md.
"""

from interlock_client.client import AsyncInterlock, Interlock
from interlock_client.errors import (
    ArgumentsChanged,
    BadHandle,
    Denied,
    InterlockError,
    Misconfigured,
    NoLongerApproved,
    NotApprovedInTime,
    NotAuthenticated,
    NotSendable,
    NotTaken,
    Pending,
    Unavailable,
)
from interlock_client.flows import Outcome, Standing
from interlock_client.guarding import Guarded, guard
from interlock_client.handles import Asked, Handle, Permit, asked

__all__ = [
    "ArgumentsChanged",
    "Asked",
    "AsyncInterlock",
    "BadHandle",
    "Denied",
    "Guarded",
    "Handle",
    "Interlock",
    "InterlockError",
    "Misconfigured",
    "NoLongerApproved",
    "NotApprovedInTime",
    "NotAuthenticated",
    "NotSendable",
    "NotTaken",
    "Outcome",
    "Pending",
    "Permit",
    "Standing",
    "Unavailable",
    "asked",
    "guard",
]
