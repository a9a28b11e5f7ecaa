"""Tasks as they are on the wire, in both of their shapes: those that servers give us, and those that we give clients.

2025-11-25 has them in the core ("Tasks"): `{"task": {...}}` where a call asked for one, and `tasks/result` gives what
came of it. Since 2026-07-28 they are the extension `io.modelcontextprotocol/tasks` (SEP-2663): `resultType: "task"`
where the server likes, and `tasks/get` has the result within it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from interlock.doors.mcp.answers import MISSING_CAPABILITY, Answered
from interlock.doors.mcp.kept import Kept
from interlock.doors.mcp.seams import MODERN, Client, Object
from interlock.errors import UpstreamFailed

EXTENSION: Final = "io.modelcontextprotocol/tasks"
NAMED_BY: Final[Mapping[str, str]] = dict.fromkeys(("tasks/get", "tasks/update", "tasks/cancel"), "taskId")
"""The param that the header `Mcp-Name` repeats (SEP-2663, "Routing Headers")."""

POLL_MS: Final = 5_000  # how often clients are told to look
LONGEST_ID: Final = 1_024  # characters of a server's id
LONGEST_MESSAGE: Final = 2_000  # characters of a server's status message; a longer one isn't passed on
SOONEST, LATEST, USUAL = 0.25, 15.0, 1.0  # seconds between two looks at a server's task, whatever it suggests


class Status(StrEnum):
    """Of a task (2025-11-25 and SEP-2663, "Task Status")."""

    WORKING = "working"
    INPUT_REQUIRED = "input_required"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


OPEN: Final = frozenset({Status.WORKING, Status.INPUT_REQUIRED})


@dataclass(frozen=True, slots=True)
class ServerTask:
    """A server's own task. Its id is good at the server for whoever knows it: it goes to nobody, and isn't logged."""

    id: str = field(repr=False)
    modern: bool
    pause: float = USUAL


@dataclass(frozen=True, slots=True)
class Look:
    """A server's task as it says it stands; nothing of it is masked yet."""

    status: Status
    message: str = field(default="", repr=False)
    pause: float = USUAL
    body: Object = field(default_factory=dict, repr=False)  # the whole answer


@dataclass(frozen=True, slots=True)
class Seen:
    """A task of ours as it stands. `kept` once there is something to give; `questions`: what is asked, masked."""

    id: str
    status: Status
    message: str
    created: datetime
    ttl_ms: int
    kept: Kept | None = field(default=None, repr=False)
    questions: Object | None = field(default=None, repr=False)


def takes_tasks(client: Client) -> bool:
    """Whether a client of 2026-07-28 has said, with this request, that it takes tasks."""
    extensions = client.capabilities.get("extensions")
    return client.protocol_version >= MODERN and isinstance(extensions, Mapping) and EXTENSION in extensions


def demand_tasks(client: Client) -> None:
    """Raises `Answered` for a client that asks about tasks and hasn't said that it knows them (SEP-2663)."""
    if client.protocol_version >= MODERN and not takes_tasks(client):
        needed: Object = {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}
        raise Answered(MISSING_CAPABILITY, "Missing required client capability", needed)


# -- a server's -------------------------------------------------------------------------------------------------------


def may_augment(capabilities: Object) -> bool:
    """Whether a server of 2025-11-25 has said that it takes calls as tasks."""
    match capabilities:
        case {"tasks": {"requests": {"tools": {"call": Mapping()}}}}:
            return True
        case _:
            return False


def task_in(result: Object, *, modern: bool, asked: bool) -> ServerTask | None:
    """The task that a call was answered with. `asked`: whether the call asked for one, as a server of 2025-11-25 must
    be. None for any other answer; raises `UpstreamFailed` for what isn't a task."""
    if modern:
        return _task(result, modern=True) if result.get("resultType") == "task" else None
    given = result.get("task")
    return _task(given, modern=False) if asked and given is not None else None


def look_of(task: ServerTask, answer: Object) -> Look:
    """An answer to tasks/get, read. Raises `UpstreamFailed` for one that isn't about this task."""
    if answer.get("taskId") != task.id or answer.get("resultType", "complete") != "complete":
        raise _junk()
    return _look(answer, modern=task.modern)


def _task(given: Any, *, modern: bool) -> ServerTask:
    match given:
        case {"taskId": str() as id_} if 0 < len(id_) <= LONGEST_ID:
            return ServerTask(id_, modern, _look(given, modern=modern).pause)
        case _:
            raise _junk()


def _look(given: Object, *, modern: bool) -> Look:
    try:
        status = Status(given.get("status", ""))
    except ValueError:
        raise _junk() from None
    message = given.get("statusMessage")
    said = message if isinstance(message, str) and len(message) <= LONGEST_MESSAGE else ""
    every = given.get("pollIntervalMs" if modern else "pollInterval")
    seconds = every / 1000 if isinstance(every, int) and not isinstance(every, bool) else USUAL
    return Look(status, said, min(max(seconds, SOONEST), LATEST), given)


def _junk() -> UpstreamFailed:
    return UpstreamFailed("The MCP server answered with what isn't its task.", code="upstream_junk")


# -- ours -------------------------------------------------------------------------------------------------------------


def created(seen: Seen, *, modern: bool) -> Object:
    """The answer to a call that is handed out."""
    told = told_of(seen, modern=modern)
    return {"resultType": "task", **told} if modern else {"task": told}


def got(seen: Seen, *, modern: bool) -> Object:
    """The answer to tasks/get."""
    told = told_of(seen, modern=modern)
    if not modern:
        return told
    match seen.status, seen.kept:
        case Status.COMPLETED, Kept(result) if result is not None:
            told["result"] = result
        case Status.FAILED, Kept(error=error) if error is not None:
            told["error"] = error
        case Status.INPUT_REQUIRED, _:
            told["inputRequests"] = dict(seen.questions or {})
        case _:
            pass
    return {"resultType": "complete", **told}


def told_of(seen: Seen, *, modern: bool) -> dict[str, Any]:
    """The task itself."""
    ttl, poll = ("ttlMs", "pollIntervalMs") if modern else ("ttl", "pollInterval")
    at = seen.created.isoformat().replace("+00:00", "Z")
    told: dict[str, Any] = {"taskId": seen.id, "status": seen.status.value, "createdAt": at, "lastUpdatedAt": at}
    told |= {ttl: seen.ttl_ms, poll: POLL_MS}
    return told | ({"statusMessage": seen.message} if seen.message else {})


def ended(kept: Kept) -> Status:
    """How what is kept is told."""
    if kept.cancelled:
        return Status.CANCELLED
    return Status.FAILED if kept.error is not None else Status.COMPLETED
