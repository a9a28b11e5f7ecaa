"""What the client does, written once: generators that yield what they need done and are sent what came of it.

A `Call` is answered with an `Answer` (or has `Unavailable` thrown in), a `Pause` with nothing. `client.py` has the two
drivers, a blocking one and one on asyncio's loop. Every path that isn't an explicit yes raises.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NoReturn, TypeVar

from interlock_client.canonical import encode
from interlock_client.errors import (
    ArgumentsChanged,
    Denied,
    InterlockError,
    NoLongerApproved,
    NotApprovedInTime,
    NotAuthenticated,
    NotSendable,
    NotTaken,
    Pending,
    Unavailable,
)
from interlock_client.handles import REVIEW_ID, Asked, Handle, Permit
from interlock_client.wire import JUNK, Answer, Call

LONGEST_LOOK: Final = 25  # seconds that one request waits at the gateway, which lets it wait 30
LONGEST_WAIT: Final = 30 * 86_400.0  # seconds
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds between looks while there is nothing to be heard
MAX_BODY: Final = 60 * 1024  # bytes; the gateway takes 64 KiB
MAX_BODY_DEPTH: Final = 30  # the gateway takes 32
REPORTS: Final = 3  # tries to say how it ended
_SENTENCE: Final = 300  # characters of the gateway's that are told on
_CODE: Final = re.compile(r"[a-z0-9_]{1,64}")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_.-]{1,4096}")
_RANDOM: Final = secrets.SystemRandom()  # a fork doesn't repeat it

EVALUATION: Final = "/access/v1/evaluation"
REQUESTS: Final = "/access/v1/requests"
OUTCOMES: Final = "/access/v1/outcomes"


class Standing(StrEnum):
    """How a request for sign-off stands."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    FAILED = "failed"  # overtaken before anybody approved it


class Outcome(StrEnum):
    """How what was permitted ended. What nobody says stays unknown."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing to do for so many seconds."""

    seconds: float


T = TypeVar("T")
Flow = Generator[Call | Pause, Any, T]
Subject = tuple[str, str]
"""Kind and name of who asks: `("agent", "etl")`."""


def who() -> Flow[Subject]:
    """Whose token it is; raises `NotAuthenticated`, `NotTaken`, `Unavailable`."""
    answer = yield Call("GET", "/api/whoami")
    told = _taken(answer)
    kind, name = told.get("kind"), told.get("id")
    if kind not in ("agent", "service", "person") or not isinstance(name, str) or not 0 < len(name) <= 1024:
        raise NotTaken("Only an agent, a service or a person asks for actions.", "wrong_caller")
    return str(kind), name


def evaluate(asked: Asked, subject: Subject, url: str) -> Flow[Permit | Handle]:
    """A permit, or the handle of the review that people were asked for; raises `Denied` and the others."""
    told = _decision((yield _call(asked, subject)))
    if told["decision"] is True:
        return _permit(asked, told)
    token, until = _binding(told)
    if not token:
        raise _denied(told)
    body = asked.evaluation(subject) | {"denial": {"binding_token": token, "expires_at": until}}
    call = Call("POST", REQUESTS, _body(body), idempotency_key=secrets.token_hex(16))
    return _handle(asked, _taken((yield call), 201, 202), url)


def look(handle: Handle, seconds: int = 0) -> Flow[Standing]:
    """How it stands, at once or when it is settled within `seconds` (at most `LONGEST_LOOK`)."""
    answer = yield Call("GET", f"{REQUESTS}/{handle.id}?wait={seconds}", seconds=seconds)
    return _standing(_taken(answer), handle.id)


def wait(handle: Handle, seconds: float) -> Flow[Standing]:
    """How it stands once it is settled; `PENDING` after `seconds`, also where the gateway was away meanwhile.

    A gateway that is away doesn't end the wait, since the review outlives it; one that refuses the token does.
    """
    until = time.monotonic() + _bounded(seconds)
    pause, at_once = FIRST_PAUSE, False
    while True:
        left = until - time.monotonic()
        ask, began, hint = 0 if at_once else int(max(0.0, min(left, LONGEST_LOOK))), time.monotonic(), 0.0
        try:
            standing = yield from look(handle, ask)
            if standing is not Standing.PENDING:
                return standing
            at_once = False
            if ask and time.monotonic() - began >= ask / 2:
                pause = FIRST_PAUSE  # it waited as it was asked to
                if time.monotonic() < until:
                    continue
        except Unavailable as away:
            at_once, hint = True, min(away.retry_after or 0.0, LONGEST_PAUSE)  # look for it before waiting at it
        left = until - time.monotonic()
        if left <= 0:
            return Standing.PENDING
        yield Pause(min(left, max(hint, pause * _RANDOM.uniform(0.5, 1.0))))
        pause = min(pause * 2, LONGEST_PAUSE)


def redeem(handle: Handle, asked: Asked, subject: Subject) -> Flow[Permit]:
    """Takes the approval, once: of two who redeem it, one gets the permit. Raises `ArgumentsChanged` first."""
    if not handle.fits(asked):
        raise _changed(handle)
    told = _decision((yield _call(asked, subject, handle.id)))
    if told["decision"] is not True:
        raise _not_redeemed(told, handle)
    approval = _context(told).get("approval")
    if not isinstance(approval, Mapping) or approval.get("id") != handle.id:
        raise Unavailable(JUNK, "junk")
    return _permit(asked, told, handle.id)


def obtain(
    asked: Asked,
    subject: Subject,
    url: str,
    seconds: float,
    on_pending: Callable[[Handle], object],
    still: Callable[[], Asked],
) -> Flow[Permit]:
    """All of it: evaluates, waits up to `seconds` for people, redeems. `still` reads anew what would run."""
    found = yield from evaluate(asked, subject, url)
    if isinstance(found, Permit):
        return found
    on_pending(found)
    if seconds <= 0:
        raise Pending(found)
    return (yield from resume(found, subject, seconds, still))


def resume(handle: Handle, subject: Subject, seconds: float, still: Callable[[], Asked]) -> Flow[Permit]:
    """Goes on from a handle: waits up to `seconds` where it isn't settled, and redeems."""
    if not handle.fits(still()):
        raise _changed(handle)
    standing = yield from wait(handle, seconds) if seconds > 0 else look(handle)
    if standing is Standing.PENDING:
        raise NotApprovedInTime(handle) if seconds > 0 else Pending(handle)
    if standing is not Standing.APPROVED:
        raise unapproved(standing, handle)
    return (yield from redeem(handle, still(), subject))


def withdraw(handle: Handle) -> Flow[None]:
    """Takes the request back; raises `NotTaken` once it is settled."""
    _taken((yield Call("POST", f"{REQUESTS}/{handle.id}/cancel", b"")))


def report(permit: Permit, outcome: Outcome) -> Flow[None]:
    """Says how it ended. Saying it again is harmless; what can't be said stays unknown. Raises as the others do."""
    if not permit.outcome_token:
        raise NotTaken("This gateway doesn't take outcomes.", "no_outcomes")
    body = _body({"token": permit.outcome_token, "outcome": outcome.value})
    for left in reversed(range(REPORTS)):
        try:
            _taken((yield Call("POST", OUTCOMES, body)))
            return
        except Unavailable as away:
            if not left:
                raise
            hint = min(away.retry_after or 0.0, 5.0)
        yield Pause(max(hint, FIRST_PAUSE * _RANDOM.uniform(0.5, 1.0)))


def unapproved(standing: Standing, handle: Handle) -> InterlockError:
    """What to raise for one that was settled without approval."""
    if standing is Standing.DENIED:
        return Denied("The people who were asked said no.", "review_denied", handle.id)
    if standing is Standing.CANCELLED:
        return Denied("The request was taken back.", "review_withdrawn", handle.id)
    if standing is Standing.EXPIRED:
        return Denied("Nobody settled it in time.", "review_expired", handle.id)
    return NoLongerApproved("The request was overtaken; ask again.", "review_superseded", handle.id)


# -- reading answers --------------------------------------------------------------------------------------------------


def _changed(handle: Handle) -> ArgumentsChanged:
    return ArgumentsChanged("This isn't what was asked for: nothing was run, and nothing is used up.", "", handle.id)


def _bounded(seconds: float) -> float:
    if not 0 <= seconds <= LONGEST_WAIT:
        raise ValueError(f"a wait is of 0 to {LONGEST_WAIT:.0f} seconds")
    return seconds


def _call(asked: Asked, subject: Subject, approval: str = "") -> Call:
    return Call("POST", EVALUATION, _body(asked.evaluation(subject, approval)))


def _body(value: dict[str, Any]) -> bytes:
    """Canonical: what is signed for is byte for byte what was sent."""
    return encode(value, most=MAX_BODY, depth=MAX_BODY_DEPTH)


def _taken(answer: Answer, *wanted: int) -> Mapping[str, Any]:
    """The body of an answer that isn't an error."""
    if answer.status not in (wanted or (200,)):
        _refuse(answer)
    return answer.body


def _refuse(answer: Answer) -> NoReturn:
    code, sentence = _said(answer.body.get("code")), _sentence(answer.body.get("sentence"))
    match answer.status:
        case 401:
            raise NotAuthenticated(sentence or "The gateway doesn't take the token.", code)
        case 400 if code == "not_requestable":
            raise Denied(sentence or "People can't be asked for this now.", code)
        case 413:
            raise NotSendable("The gateway doesn't take as much; say with describe= what stands for it.", code)
        case 408 | 429:
            raise Unavailable(sentence or "The gateway has too much to do.", code, "", answer.retry_after)
        case status if 400 <= status < 500:
            raise NotTaken(sentence or "The gateway doesn't take this.", code)
        case status if status >= 500:
            raise Unavailable(sentence or "The gateway can't answer now.", code, "", answer.retry_after)
        case _:
            raise Unavailable(JUNK, "junk")


def _decision(answer: Answer) -> Mapping[str, Any]:
    told = _taken(answer)
    if not isinstance(told.get("decision"), bool):
        raise Unavailable(JUNK, "junk")
    return told


def _context(told: Mapping[str, Any]) -> Mapping[str, Any]:
    context = told.get("context")
    return context if isinstance(context, Mapping) else {}


def _permit(asked: Asked, told: Mapping[str, Any], review: str = "") -> Permit:
    context = _context(told)
    id_, outcome = context.get("evaluation_id"), context.get("outcome")
    if not isinstance(id_, str) or not REVIEW_ID.fullmatch(id_):
        raise Unavailable(JUNK, "junk")
    token = outcome.get("token") if isinstance(outcome, Mapping) else ""
    known = isinstance(token, str) and _TOKEN.fullmatch(token)
    return Permit(asked, id_, review, str(token) if known else "")


def _binding(told: Mapping[str, Any]) -> tuple[str, str]:
    """The binding token and until when it holds; nothing where people can't be asked."""
    request = _context(told).get("access_request")
    if not isinstance(request, Mapping):
        return "", ""
    token, until = request.get("binding_token"), request.get("expires_at")
    if not isinstance(token, str) or not _TOKEN.fullmatch(token) or not isinstance(until, str) or len(until) > 64:
        raise Unavailable(JUNK, "junk")
    return token, until


def _handle(asked: Asked, told: Mapping[str, Any], url: str) -> Handle:
    task = told.get("task")
    id_ = task.get("id") if isinstance(task, Mapping) else None
    if not isinstance(task, Mapping) or not isinstance(id_, str) or not REVIEW_ID.fullmatch(id_):
        raise Unavailable(JUNK, "junk")
    until = task.get("expires_at")
    # Where people find it may be another address than ours; requests go to ours all the same.
    address, end = task.get("status_endpoint"), f"{REQUESTS}/{id_}"
    base = address.removesuffix(end) if isinstance(address, str) and address.endswith(end) else url
    handle = Handle.of(asked, id_, f"{base}/reviews/{id_}", until if isinstance(until, str) else "")
    if not handle.fits_its_form():
        raise Unavailable(JUNK, "junk")
    return handle


def _standing(told: Mapping[str, Any], id_: str) -> Standing:
    task = told.get("task")
    if not isinstance(task, Mapping) or task.get("id") != id_:
        raise Unavailable(JUNK, "junk")
    found = next((each for each in Standing if each.value == task.get("status")), None)
    if found is None:
        raise Unavailable(JUNK, "junk")
    return found


def _denied(told: Mapping[str, Any]) -> Denied:
    context = _context(told)
    return Denied(_for_people(context) or "Policy says no.", _said(context.get("reason")))


def _not_redeemed(told: Mapping[str, Any], handle: Handle) -> InterlockError:
    context = _context(told)
    reason, sentence = _said(context.get("reason")), _for_people(context)
    inner = context.get("reason_admin")
    codes = str(inner.get("en", "")).split(", ") if isinstance(inner, Mapping) else []
    if reason == "approval_pending":
        return Pending(handle)
    if reason == "out_of_scope":
        return ArgumentsChanged(sentence or "This isn't what was signed for.", "", handle.id)
    if "review_denied" in codes or "review_withdrawn" in codes:
        return unapproved(Standing.DENIED if "review_denied" in codes else Standing.CANCELLED, handle)
    if reason == "approval_expired":
        return NoLongerApproved(sentence or "The approval is used or has run out.", "", handle.id)
    return Denied(sentence or "The gateway says no.", reason, handle.id)


def _for_people(context: Mapping[str, Any]) -> str:
    told = context.get("reason_user")
    return _sentence(told.get("en")) if isinstance(told, Mapping) else ""


def _said(value: object) -> str:
    return value if isinstance(value, str) and _CODE.fullmatch(value) else ""


def _sentence(value: object) -> str:
    """A sentence of the gateway's as far as it can be told on: one line that can be seen."""
    if not isinstance(value, str):
        return ""
    return "".join(each if each.isprintable() else " " for each in value[:_SENTENCE]).strip()
