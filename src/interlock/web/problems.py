"""How errors look from outside: problem details (RFC 9457) with a stable code and a safe sentence; never internals,
never values. `code` and `sentence` say what `type` and `detail` say; clients may read either."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi.responses import JSONResponse

from interlock import errors


class Refused(errors.InterlockError):
    """The web's own refusals (CSRF, wrong kind of caller, too fast), with their HTTP status."""

    fault = errors.Fault.THEIRS

    def __init__(self, status: int, code: str, sentence: str, *, retry_after: int | None = None) -> None:
        super().__init__(sentence, code=code)
        self.status = status
        self.retry_after = retry_after


class Problem(NamedTuple):
    """What a client is told. `retry_after` is in seconds; 429 and 503 always have one."""

    status: int
    code: str
    sentence: str
    retry_after: int | None = None

    def members(self) -> dict[str, Any]:
        """The members of the problem document (RFC 9457 section 3.1); `type` is relative to the gateway's address."""
        try:
            title = HTTPStatus(self.status).phrase
        except ValueError:
            title = "Error"
        return {
            "type": f"/problems/{self.code}",
            "title": title,
            "status": self.status,
            "detail": self.sentence,
            "code": self.code,
            "sentence": self.sentence,
        }

    def headers(self) -> dict[str, str]:
        """The headers that go with it (RFC 9110 sections 10.2.3, 11.6.1)."""
        told = {"WWW-Authenticate": "Bearer"} if self.status == 401 else {}
        if self.status in (429, 503):
            told["Retry-After"] = str(RETRY_SECONDS if self.retry_after is None else self.retry_after)
        return told


PROBLEM_JSON = "application/problem+json"
RETRY_SECONDS = 5  # where nothing says better

INTERNAL = Problem(500, "internal", "Something went wrong in the gateway. Nothing was approved or run by this request.")

_STATUS: tuple[tuple[type[errors.InterlockError], int], ...] = (
    (errors.MalformedInput, 400),
    (errors.NotUnderstood, 422),
    (errors.AuthenticationFailed, 401),
    (errors.NotEntitled, 403),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
)

# Sentences of our own faults may speak of the inside; these are told instead.
_OURS: tuple[tuple[type[errors.InterlockError], int, str], ...] = (
    (errors.LedgerUnavailable, 503, "The ledger can't be written now, so nothing can be changed. Try again shortly."),
    (errors.LedgerCorrupt, 500, "What is stored about this review doesn't hold its seal. It can't be approved."),
    (errors.UpstreamFailed, 502, "The protected system didn't answer as it should."),
)


def problem(error: errors.InterlockError) -> Problem:
    """What to tell about an error."""
    if isinstance(error, Refused):
        return Problem(error.status, error.code, error.sentence, error.retry_after)
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return Problem(status, error.code, error.sentence)
    for kind, status, sentence in _OURS:
        if isinstance(error, kind):
            return Problem(status, error.code, sentence)
    return INTERNAL


def answer(told: Problem, more: Mapping[str, Any] | None = None) -> JSONResponse:
    """The problem as an answer; `more` are further members of the document."""
    return JSONResponse({**told.members(), **(more or {})}, told.status, told.headers(), PROBLEM_JSON)
