"""The profile's problem types (ARAP draft 1, "Error Responses"): problem details under their own URNs.

What isn't one of the profile's is told as everywhere else (`web.problems`), under the same `code` and `sentence`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fastapi.responses import JSONResponse

from interlock.web.problems import Problem, Refused, answer

URN: Final = "urn:openid:authzen:access-request:error:"

NOT_REQUESTABLE: Final = "not_requestable"
EXPIRED: Final = "expired_denial"
INVALID: Final = "invalid_denial_binding"
DUPLICATE: Final = "duplicate_request"
UNKNOWN_TASK: Final = "unknown_task"
WRONG_STATE: Final = "invalid_task_state"
# Of outcomes, which are our own.
NO_OUTCOME: Final = "invalid_outcome_token"
TOO_LATE: Final = "outcome_too_late"

STATUS: Mapping[str, int] = MappingProxyType(
    {NOT_REQUESTABLE: 400, EXPIRED: 410, INVALID: 400, DUPLICATE: 409, UNKNOWN_TASK: 404, WRONG_STATE: 409}
)
# Ours that mean the profile's, on the addresses of requests.
_SAME: Mapping[str, str] = MappingProxyType(
    {"idempotency_mismatch": DUPLICATE, "not_found": UNKNOWN_TASK, "conflict": WRONG_STATE}
)

REQUESTS: Final = "/access/v1/requests"
OUTCOMES: Final = "/access/v1/outcomes"


def refused(code: str, sentence: str) -> Refused:
    """A refusal of one of the profile's types."""
    return Refused(STATUS[code], code, sentence)


def told(problem: Problem, path: str) -> JSONResponse:
    """A problem on an address under `/access/`."""
    code = _SAME.get(problem.code, problem.code) if path.startswith(REQUESTS) else problem.code
    if code not in STATUS:
        return answer(problem)
    return answer(problem._replace(status=STATUS[code], code=code), {"type": URN + code})
