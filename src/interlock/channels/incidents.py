"""What pagers are told of a review, the same at each of them; and which incident a ticket names.

An alert or a note says who wants what where, who must sign and where: names of the settings, no code, no reason. Notes
go onto the incident that the asker's ticket names, whoever it belongs to there: what they say can do no harm.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from interlock.channels.details import Details
from interlock.errors import DestinationGone, MalformedInput
from interlock.model import jcs
from interlock.model.channels import Copy
from interlock.model.review import ReviewState

ALERT: Final = "alert"
NOTE: Final = "note"
RAISED: Final = "raised"  # the handle of an alert that stands
CLOSED: Final = "closed"
PHASES: Final = ("held", "signed", "refused", "ran")  # of notes, in order; the handle of a copy is the last one noted
MOST_TEXT: Final = 1_000  # characters of a title or a list of groups; services take more
_MARK: Final = 16  # hex digits
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def phase_of(state: ReviewState) -> str:
    """Which note a state asks for."""
    match state:
        case ReviewState.PENDING:
            return "held"
        case ReviewState.APPROVED | ReviewState.RELEASED:
            return "signed"
        case ReviewState.DENIED | ReviewState.EXPIRED | ReviewState.WITHDRAWN | ReviewState.SUPERSEDED:
            return "refused"
        case _:
            return "ran"


def title(details: Details) -> str:
    """One line: who asks for what where."""
    return _line(details.headline)


def asks(details: Details) -> str:
    """One line: who must sign."""
    return _line(details.notice.asks)


def note(copy: Copy, details: Details, phase: str) -> str:
    """A note's text; its last word is the mark that it is found by."""
    said = {
        "held": f"Interlock holds an action until people sign: {title(details)}. Must sign: {asks(details)}.",
        "signed": f"Interlock: signed ({details.notice.state.value}): {title(details)}.",
        "refused": f"Interlock: it won't run ({details.notice.state.value}): {title(details)}.",
        "ran": f"Interlock: it ran ({details.notice.state.value}): {title(details)}.",
    }
    return f"{said[phase]} {details.notice.url} {mark(copy, phase)}"


def mark(copy: Copy, phase: str) -> str:
    """By which our own note of a phase is known again: services take no key against repeats.

    It is this review's alone: many reviews may name one incident.
    """
    return f"[interlock {hashlib.sha256(copy.id.encode()).hexdigest()[:_MARK]} {phase}]"


def noted(copy: Copy, texts: list[str]) -> str | None:
    """The last phase that one of these notes is of; None where none is ours."""
    found = [phase for phase in PHASES if any(text.endswith(mark(copy, phase)) for text in texts)]
    return found[-1] if found else None


def named(ticket: str, *patterns: re.Pattern[str]) -> str:
    """The incident that a ticket is, whole: the group of the first pattern that it fits.

    Raises `DestinationGone` ("nothing_to_tell") for a ticket that names none.
    """
    for pattern in patterns:
        if found := pattern.fullmatch(ticket.strip()):
            return found[1]
    raise nothing_to_tell()


def nothing_to_tell() -> DestinationGone:
    """There is no incident to write a note on; nobody needs to be told of that."""
    return DestinationGone("The review's ticket names no incident there.", code="nothing_to_tell")


def read_object(body: bytes) -> dict[str, jcs.Json]:
    """The JSON object that an answer is; raises `MalformedInput`."""
    answer = jcs.read(body, most_values=jcs.MANY)
    if not isinstance(answer, dict):
        raise MalformedInput("a pager's answer that isn't an object")
    return answer


def members(answer: dict[str, jcs.Json], key: str, most: int) -> list[dict[str, jcs.Json]]:
    """The objects in the list under `key` of an answer; raises `MalformedInput` for any other shape."""
    found = answer.get(key)
    if not isinstance(found, list) or len(found) > most:
        raise MalformedInput("a pager's answer without the list that was asked for")
    objects = [each for each in found if isinstance(each, dict)]
    if len(objects) != len(found):
        raise MalformedInput("a pager's list holds something else than objects")
    return objects


def text_of(member: dict[str, jcs.Json], key: str) -> str:
    """A text in one of these objects; raises `MalformedInput`."""
    found = member.get(key)
    if not isinstance(found, str):
        raise MalformedInput("a pager's answer lacks a text")
    return found


def flag(answer: dict[str, jcs.Json], key: str) -> bool:
    """A flag of an answer, absent for no; raises `MalformedInput`."""
    found = answer.get(key, False)
    if not isinstance(found, bool):
        raise MalformedInput("a pager's answer with a flag that isn't one")
    return found


def _line(text: str) -> str:
    return _BREAKS.sub(" ", text)[:MOST_TEXT]
