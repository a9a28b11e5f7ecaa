"""How errors look from outside: a status, a stable code and a safe sentence; never internals, never values."""

from __future__ import annotations

from typing import NamedTuple

from interlock import errors


class Refused(errors.InterlockError):
    """The web's own refusals (CSRF, wrong kind of caller, too fast), with their HTTP status."""

    fault = errors.Fault.THEIRS

    def __init__(self, status: int, code: str, sentence: str) -> None:
        super().__init__(sentence, code=code)
        self.status = status


class Problem(NamedTuple):
    """What a client is told."""

    status: int
    code: str
    sentence: str


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
        return Problem(error.status, error.code, error.sentence)
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return Problem(status, error.code, error.sentence)
    for kind, status, sentence in _OURS:
        if isinstance(error, kind):
            return Problem(status, error.code, sentence)
    return INTERNAL
