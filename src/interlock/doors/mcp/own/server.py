"""The server itself: its tools, and what a call of one comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog

from interlock.actions.from_bundle import ITSELF
from interlock.actions.session import session_open
from interlock.doors.inside import Dial
from interlock.doors.mcp.own import definitions, shown
from interlock.doors.mcp.own.arguments import BadArguments, checked, whole
from interlock.doors.mcp.own.attached import Attached, take_back
from interlock.doors.mcp.own.requests import Requests
from interlock.doors.mcp.own.statements import RunSql, Statements
from interlock.doors.mcp.seams import Asker, Client, Object, Progress
from interlock.doors.mcp.waiting import Waiting
from interlock.errors import InterlockError
from interlock.gate import Gate
from interlock.model.connection import Connection
from interlock.model.names import ActionId, ConnectionName, ReviewId
from interlock.model.payload import SessionPayload
from interlock.model.review import ReviewState
from interlock.ports import Clock, Entropy

HOLD: Final = 45.0  # seconds that a call waits for people at most: clients give up after 60 (agents.md 2.5)
LONGEST: Final = 300.0  # seconds that a call's statements may take

_UNKNOWN: Final = ("unknown_approval", "There is no request of that id that you made.")
_COPY: Final = ("copy", "NOT EXECUTED. COPY isn't taken here: use SELECT, or INSERT with the values in its text.")

log = structlog.get_logger()


class OwnServer:
    """Interlock's own MCP server. `connections`: those that `dial` leads to; `hold` and `longest` in seconds."""

    def __init__(
        self,
        connections: Mapping[ConnectionName, Connection],
        dial: Dial,
        gate: Gate,
        clock: Clock,
        entropy: Entropy,
        public_url: str,
        *,
        hold: float = HOLD,
        longest: float = LONGEST,
    ) -> None:
        self._connections, self._gate, self._entropy, self._hold = connections, gate, entropy, hold
        self._waiting = Waiting(gate.desk, gate.registry, ITSELF.name, public_url)
        self._attached = Attached(gate.desk)
        self._statements = Statements(dial, self._waiting, self._attached, clock, longest)
        self._requests = Requests(gate.desk, connections)

    def tools(self) -> Sequence[Object]:
        """What tools/list tells, the same for everybody."""
        return definitions.DEFINITIONS

    async def call(
        self, asker: Asker, client: Client | None, name: str, arguments: object, *, progress: Progress | None = None
    ) -> Object:
        """Answers tools/call with its result; a tool that there isn't and arguments that are wrong are results too."""
        if name not in definitions.SCHEMAS:
            return shown.refused("unknown_tool", "There is no tool of that name here.")
        try:
            given = checked(name, {} if arguments is None else arguments)
            return await self._called(asker, name, given, progress)
        except BadArguments as bad:
            return shown.refused("arguments", str(bad))
        except InterlockError as error:
            log.warning("mcp.own_failed", tool=name, code=error.code)
            return shown.refused(error.code, f"Refused: {error.sentence}.")

    async def stop(self, seconds: float) -> None:
        """Waits until what clients left behind is taken back, for at most `seconds`."""
        await self._attached.settled(seconds)

    async def _called(self, asker: Asker, name: str, given: Mapping[str, Any], progress: Progress | None) -> Object:
        match name:
            case definitions.RUN_SQL:
                return await self._run_sql(asker, given, progress)
            case definitions.CONNECTIONS:
                return shown.plain({"connections": [_told(each) for each in self._open_to(asker)]})
            case definitions.MY_REVIEWS:
                state = ReviewState(given["state"]) if "state" in given else None
                limit = whole(given.get("limit", definitions.USUAL_LISTED))
                return shown.plain({"reviews": await self._requests.listed(asker.actor, state, limit)})
            case definitions.WHY:
                why = await self._requests.why(given["id"], asker.actor)
                return shown.plain(why) if why is not None else shown.refused(*_UNKNOWN)
            case definitions.AWAIT:
                return await self._await(asker, given, progress)
            case _:
                return await self._cancel(asker, given)

    async def _run_sql(self, asker: Asker, given: Mapping[str, Any], progress: Progress | None) -> Object:
        connection = ConnectionName(given["connection"])
        if connection not in self._connections:
            return shown.refused("unknown_connection", f"There is no such database; call {definitions.CONNECTIONS}.")
        if given["sql"].lstrip()[:4].lower() == "copy":
            return shown.refused(*_COPY)  # the others are found out by what the door answers
        asked = RunSql(
            connection,
            given["sql"],
            given.get("reason", ""),
            given.get("ticket", ""),
            self._seconds(given.get("wait_seconds")),
            whole(given.get("max_rows", definitions.USUAL_ROWS)),
        )
        return await self._statements.run(asker, asked, progress)

    async def _await(self, asker: Asker, given: Mapping[str, Any], progress: Progress | None) -> Object:
        review = await self._requests.own(given["approval_id"], asker.actor)
        if review is None:
            return shown.refused(*_UNKNOWN)
        if review.connection not in self._connections:
            sentence = "That isn't a request of run_sql: wait for it on its own connection."
            return shown.refused("other_connection", sentence, approval_id=review.id)
        seconds = self._seconds(given.get("seconds"))
        rows = whole(given.get("max_rows", definitions.USUAL_ROWS))
        return await self._statements.awaited(review.id, asker, seconds, rows, progress)

    async def _cancel(self, asker: Asker, given: Mapping[str, Any]) -> Object:
        review = await self._requests.own(given["approval_id"], asker.actor)
        if review is None:
            return shown.refused(*_UNKNOWN)
        done = await take_back(self._gate.desk, review.id, asker.actor)
        now = await self._gate.desk.review(ReviewId(review.id))
        if not done:
            sentence = f"Nothing is left to take back: it is {now.state.value}."
            return shown.refused("too_late", sentence, approval_id=now.id)
        return shown.plain({"approval_id": now.id, "status": now.state.value})

    def _seconds(self, asked: int | float | None) -> float:
        return self._hold if asked is None else min(float(asked), self._hold)

    def _open_to(self, asker: Asker) -> list[Connection]:
        """Those that policy doesn't deny this asker a session of. Nothing is recorded: nothing was asked for."""
        return [
            each
            for _, each in sorted(self._connections.items())
            if not self._gate.foresees_denial(
                session_open(
                    id=ActionId(self._entropy.uuid7()),
                    actor=asker.actor,
                    connection=each,
                    payload=SessionPayload(each.name, ""),
                )
            )
        ]


def _told(connection: Connection) -> dict[str, str]:
    return {"name": connection.name, "kind": connection.kind, "environment": connection.environment}
