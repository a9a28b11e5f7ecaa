"""What the door itself answers: results of calls that didn't run, and errors, in words that are safe to show.

Every answer has a stable code and, where there is one, the review's id. A call that didn't run says so first: a model
reads that text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from mcp.shared.exceptions import MCPError

from interlock.doors.mcp.reserved import AWAIT
from interlock.doors.mcp.seams import Object
from interlock.gate import Denied
from interlock.model.decision import Reason
from interlock.model.names import ReviewId
from interlock.model.review import Review

INVALID_PARAMS: Final = -32602  # JSON-RPC 2.0 section 5.1
METHOD_NOT_FOUND: Final = -32601
INTERNAL: Final = -32603
MISSING_CAPABILITY: Final = -32021  # MCP 2026-07-28
SERVERS: Final = -32000  # JSON-RPC 2.0 section 5.1: an error of the server's own, unless it says more
HELD: Final = -32050  # ours, of the range for servers (-32000 to -32099), clear of what MCP and its SDKs use
REFUSED: Final = -32051

RETRY_MS: Final = 5_000
OURS: Final = "interlock"  # under which results say what we have to say of a call


class Answered(MCPError):
    """An error that the client is answered with (JSON-RPC 2.0 section 5.1); every part of it is safe to show."""


def theirs(code: int) -> int:
    """A server's error code as it is passed on: a number of the protocol's (JSON-RPC 2.0 section 5.1), which isn't one
    of ours. Any other may stand for anything."""
    return code if -32768 <= code <= SERVERS and code not in (HELD, REFUSED) else SERVERS


def result(text: str, told: Object, *, error: bool = True) -> Object:
    """A result of our own for a call. Where it is an error, it needn't fit the tool's output schema."""
    return {
        "content": [{"type": "text", "text": text}],
        "structuredContent": {OURS: dict(told)},
        "isError": error,
    }


def sentences(reasons: Sequence[Reason]) -> str:
    """The reasons' sentences, once each, as one text."""
    said = dict.fromkeys(reason.sentence for reason in reasons)
    return " ".join(each if each.endswith((".", "!", "?")) else f"{each}." for each in said)


def address(review: ReviewId, public_url: str) -> str:
    """Where people find a review."""
    return f"{public_url.rstrip('/')}/reviews/{review}"


def denied(answer: Denied) -> Object:
    """A call that was refused."""
    codes = list(dict.fromkeys(reason.code for reason in answer.reasons)) or ["denied"]
    told: dict[str, Any] = {"status": "denied", "code": codes[0], "codes": codes}
    if answer.review is not None:
        told["approval_id"] = answer.review
    return result(f"NOT EXECUTED. {sentences(answer.reasons)}".strip(), told)


def pending(review: Review, reasons: Sequence[Reason], public_url: str) -> Object:
    """A call that waits for people: its handle."""
    because = f" {sentences(reasons)}" if reasons else ""
    text = (
        f"NOT EXECUTED. Pending human approval {review.id}.{because} Repeat the identical call later, or call the tool"
        f" {AWAIT} with this approval_id. People approve it; you can't."
    )
    return result(text, handle(review, public_url))


def handle(review: Review, public_url: str) -> Object:
    """How a client finds what waits for people again."""
    return {
        "status": "pending_approval",
        "approval_id": review.id,
        "status_url": address(review.id, public_url),
        "retry_after_ms": RETRY_MS,
    }


def failed(code: str, sentence: str, review: ReviewId | None = None) -> Object:
    """A call that was released, and gave nothing that can be shown."""
    told: dict[str, Any] = {"status": "failed", "code": code}
    return result(sentence, told | ({"approval_id": review} if review is not None else {}))


def as_error(answer: Object) -> Answered:
    """The same for a request whose result can't say that it is an error."""
    told = answer["structuredContent"]["interlock"]
    code = HELD if told["status"] == "pending_approval" else REFUSED
    return Answered(code, answer["content"][0]["text"], {"interlock": told})
