"""What a run of the gateway's own gave, as it is kept for its asker: a masked result, or a masked error."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from interlock.doors.mcp import answers
from interlock.doors.mcp.answers import Answered
from interlock.doors.mcp.seams import Object
from interlock.errors import LedgerCorrupt

MAX_KEPT: Final = 8 * 1024 * 1024  # bytes of one result

_TOO_MUCH: Final = f"It ran; what it gave is more than the {MAX_KEPT // (1 << 20)} MiB that are kept."
_CANCELLED: Final = "It was cancelled."


@dataclass(frozen=True, slots=True)
class Kept:
    """`error` is a JSON-RPC error object. `cancelled`: it was stopped, or taken back before it ran."""

    result: Object | None = field(default=None, repr=False)
    error: Object | None = field(default=None, repr=False)
    cancelled: bool = False

    def answer(self) -> Object:
        """What its asker gets; raises `Answered` for an error."""
        if self.error is not None:
            raise Answered(self.error["code"], self.error["message"], self.error.get("data"))
        return self.result if self.result is not None else answers.failed("cancelled", _CANCELLED)


def write_kept(kept: Kept) -> bytes:
    """The bytes of it; of more than `MAX_KEPT` only that it ran."""
    return json.dumps(told_of_kept(kept)).encode()


def told_of_kept(kept: Kept) -> Object:
    """The same as JSON values."""
    told: dict[str, Any] = {"result": kept.result, "error": kept.error, "cancelled": kept.cancelled}
    small = len(json.dumps(told)) <= MAX_KEPT
    return told if small else told_of_kept(Kept(answers.failed("too_much", _TOO_MUCH)))


def read_kept(data: bytes) -> Kept:
    """What `write_kept` wrote; raises `LedgerCorrupt`."""
    try:
        return kept_from(json.loads(data))
    except ValueError:
        raise LedgerCorrupt("a kept result isn't one that Interlock wrote") from None


def kept_from(told: Any) -> Kept:
    """What `told_of_kept` told; raises `LedgerCorrupt`."""
    try:
        return Kept(told["result"], told["error"], told["cancelled"])
    except (KeyError, TypeError):
        raise LedgerCorrupt("a kept result isn't one that Interlock wrote") from None
