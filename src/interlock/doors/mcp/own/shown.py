"""What calls are answered with, as tool results: the machine's part, and the same as text for the model.

A call that didn't run says so first.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from interlock.doors.mcp import answers
from interlock.doors.mcp.own.definitions import AWAIT
from interlock.doors.mcp.own.gathering import Gathering
from interlock.doors.mcp.own.speaking import Said
from interlock.doors.mcp.seams import Object
from interlock.model.review import Review

_DENIED: Final = "42501"
_LEFT_OPEN: Final = Said(
    "ERROR",
    "25000",
    "The transaction was left open, so it was rolled back: nothing of it is kept. Put BEGIN and COMMIT into one call.",
)
_RAN: Final = frozenset({"ran_deferred", "already_ran"})  # refused, since it was run before
_NOT_YET: Final = "IL002"


def plain(told: Mapping[str, Any]) -> Object:
    """An answer that is as the tool's output schema has it; its text is the same (MCP 2025-11-25, "Structured
    Content")."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return {"content": [{"type": "text", "text": text}], "structuredContent": dict(told), "isError": False}


def refused(code: str, sentence: str, **more: Any) -> Object:
    """A call that was refused before anything was asked for."""
    return answers.result(sentence, {"status": "refused", "code": code, **more})


def ran(gathered: Gathering) -> Object:
    """What the door answered: rows, or an error with what came before it."""
    if gathered.error is not None:
        return failed(gathered.error, gathered)
    if gathered.status != b"I":
        return failed(_LEFT_OPEN, gathered)
    return plain(_results(gathered))


def failed(said: Said, gathered: Gathering | None = None) -> Object:
    """The door's no, or the protected system's error."""
    denied = said.is_ours and said.sqlstate == _DENIED
    code = said.code or "sql_error"
    told: dict[str, Any] = {"status": "denied" if denied else "failed", "code": code, "sqlstate": said.sqlstate}
    if said.review:
        told["approval_id"] = said.review
    begun = "NOT EXECUTED. " if denied and code not in _RAN else "" if code in _RAN else "FAILED. "
    text = f"{begun}{said.sentence} (SQLSTATE {said.sqlstate}, code {code})"
    if said.hint and not said.is_ours:
        text += f" Hint: {said.hint}"
    notices = [] if gathered is None else [_notice(each) for each in gathered.notices]
    if notices:
        text += " Notices: " + " ".join(notices)
    answer = answers.result(text, told)
    more = {} if gathered is None else _results(gathered)
    return {**answer, "structuredContent": {**more, **answer["structuredContent"]}}


def pending(review: Review, public_url: str) -> Object:
    """A statement that waits for people: its handle."""
    by_itself = (
        f"Once they have, the gateway runs it: call {AWAIT} with this approval_id for its result. Don't repeat it."
        if review.deferred
        else f"Call {AWAIT} with this approval_id, and repeat the identical call once it is approved."
    )
    text = f"NOT EXECUTED. People must approve this, review {review.id}; you can't. {by_itself}"
    return answers.result(text, dict(answers.handle(review, public_url)))


def running(review: Review, public_url: str) -> Object:
    """A statement that the gateway runs just now."""
    told = {**answers.handle(review, public_url), "status": "running"}
    return answers.result(f"Approved; the gateway is running it. Call {AWAIT} again in a moment.", told)


def approved(review: Review) -> Object:
    """An approval that waits for who asked."""
    until = review.approved_until.isoformat() if review.approved_until else ""
    told = {"status": "approved", "approval_id": review.id, "approved_until": until}
    text = "APPROVED, and not executed yet. Repeat the identical call now, with the very same arguments."
    return answers.result(text, told, error=False)


def is_not_yet(gathered: Gathering) -> bool:
    """Whether the gateway's own run hasn't ended yet."""
    return gathered.error is not None and gathered.error.sqlstate == _NOT_YET


def _results(gathered: Gathering) -> dict[str, Any]:
    return {
        "results": [each.told() for each in gathered.results],
        "masked": list(gathered.masked),
        "notices": [_notice(each) for each in gathered.notices],
    }


def _notice(said: Said) -> str:
    link = f" ({said.detail}: {said.hint})" if said.detail and said.hint else ""
    return f"{said.severity}: {said.sentence}{link}"
