"""Going on with a call that its server asked about (2026-07-28, "Multi Round-Trip Requests").

The server's own state never gets to the client: ours does, sealed, with the server's within. It is good once, for a
while, for the same asker, tool and arguments, and for the one release that it belongs to; which is remembered here, as
the run isn't over. After a restart it is good for nothing, and that release is recorded as unknown.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from interlock.doors.mcp.answers import INTERNAL, INVALID_PARAMS, Answered
from interlock.doors.mcp.questions import Mask, no_question, questions_of
from interlock.doors.mcp.seams import Client, Object
from interlock.doors.mcp.task_shapes import ServerTask
from interlock.errors import LedgerCorrupt
from interlock.gate import Cleared
from interlock.model.action import Action
from interlock.model.actor import Actor
from interlock.model.names import ConnectionName
from interlock.model.payload import ToolPayload
from interlock.ports import Entropy, Sealer

SECONDS: Final = 600.0
MOST: Final = 2_000  # runs that wait for answers
ROUNDS: Final = 10
MAX_STATE: Final = 64 * 1024  # characters of a server's

_ID_BYTES: Final = 16


@dataclass(slots=True)
class _Open:
    """A run that waits for its client's answers."""

    cleared: Cleared
    round: int
    timer: asyncio.TimerHandle
    task: ServerTask | None
    asked: frozenset[str]  # by which keys


@dataclass(frozen=True, slots=True)
class Going:
    """A run that goes on: what it was released as, which round it is, and the server's own state. `task`: in which the
    server asked, if it made one of the call."""

    cleared: Cleared
    round: int
    more: Object = field(repr=False)
    task: ServerTask | None = None


class Continuing:
    """One connection's runs that wait for answers. `drop(release)` records the end of one that nobody goes on with."""

    def __init__(
        self,
        connection: ConnectionName,
        sealer: Sealer,
        entropy: Entropy,
        drop: Callable[[Cleared], None],
    ) -> None:
        self._about = f"interlock/mcp-state/v1/{connection}"
        self._sealer, self._entropy, self._drop = sealer, entropy, drop
        self._open: OrderedDict[str, _Open] = OrderedDict()

    async def asked(
        self,
        cleared: Cleared,
        asks: Object,
        client: Client,
        mask: Mask,
        round: int = 0,
        task: ServerTask | None = None,
    ) -> Object:
        """What the client is asked: the server's questions, masked, and a state of ours.

        Raises `Answered` for questions that the client can't answer or that aren't any; then the run is dropped.
        """
        try:
            questions, state = await questions_of(asks, client.capabilities, mask), asks.get("requestState")
            if round >= ROUNDS or not isinstance(state, str | None) or len(state or "") > MAX_STATE:
                raise Answered(INTERNAL, "The server keeps asking")
            if not questions and state is None:
                raise no_question()
        except BaseException:
            self._drop(cleared)
            raise
        id_ = self._entropy.token(_ID_BYTES).hex()
        told = {"id": id_, "asks": _fingerprint(cleared.release.action), "server": state}
        sealed = self._sealer.seal(self._about, json.dumps(told).encode())
        while len(self._open) >= MOST:
            self._end(next(iter(self._open)))
        timer = asyncio.get_running_loop().call_later(SECONDS, self._end, id_)
        self._open[id_] = _Open(cleared, round + 1, timer, task, frozenset(questions))
        answer: dict[str, Any] = {"resultType": "input_required", "requestState": _text(sealed)}
        return answer | ({"inputRequests": questions} if questions else {})

    def resumed(self, state: object, responses: object, action: Action) -> Going:
        """What goes on, once; `action` is what is asked now. Raises `Answered` for a state that isn't good for it."""
        told = self._opened(state)
        if told is None or not hmac.compare_digest(told["asks"], _fingerprint(action)):
            raise _not_good()
        found = self._open.pop(told["id"], None)
        if found is None:
            raise _not_good()
        found.timer.cancel()
        more: dict[str, Any] = {} if told["server"] is None else {"requestState": told["server"]}
        if isinstance(responses, Mapping) and found.asked:  # nobody decided on more than what was asked
            fits = {key: each for key, each in responses.items() if key in found.asked and isinstance(each, Mapping)}
            more["inputResponses"] = fits
        return Going(found.cleared, found.round, more, found.task)

    def close(self) -> None:
        """Ends all that waits."""
        for id_ in tuple(self._open):
            self._end(id_)

    def _end(self, id_: str) -> None:
        found = self._open.pop(id_, None)
        if found is not None:
            found.timer.cancel()
            self._drop(found.cleared)

    def _opened(self, state: object) -> dict[str, Any] | None:
        if not isinstance(state, str) or len(state) > 4 * MAX_STATE:
            return None
        try:
            sealed = base64.urlsafe_b64decode(state.encode("ascii") + b"==")
            told: dict[str, Any] = json.loads(self._sealer.open(self._about, sealed).reveal())
        except (binascii.Error, UnicodeEncodeError, ValueError, LedgerCorrupt):
            return None
        return told


def _fingerprint(action: Action) -> str:
    """Who asks for what: only within a seal, so it needs no salt."""
    payload = action.payload
    assert isinstance(payload, ToolPayload)
    about = [_whose(action.actor), _credential(action.actor), action.connection.name, payload.tool, payload.definition]
    return hashlib.sha256(json.dumps(about).encode() + b"\0" + payload.arguments).hexdigest()


def _whose(actor: Actor) -> list[str]:
    return [f"{each.kind.value}/{each.id}" for each in (actor, *actor.chain)]


def _credential(actor: Actor) -> str:
    """The key that asks. Of a workload the tokens are short: it goes on from one to the next."""
    return str(actor.key) if actor.expires_at is None else ""


def _text(sealed: bytes) -> str:
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _not_good() -> Answered:
    return Answered(INVALID_PARAMS, "The request state isn't good for this request, or any more; call without it.")
