"""What a token must bring for a request besides being good: scopes (RFC 6750 section 3.1; MCP, "Scope Challenge
Handling") and a person authenticated well and lately enough (RFC 9470). What it lacks is said before anything else of
the request happens.

What a task gives is what its call gave: who asks for that needs what a call of its tool needs.

Only issuers' tokens are asked for this. What an Interlock key may do, policy says alone; and policy decides on every
action whatever a token brings.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from interlock.actions.from_document import METHODS
from interlock.actions.from_tool_call import verbs_of
from interlock.doors.mcp.metadata import challenge
from interlock.doors.mcp.needs import Pins
from interlock.doors.mcp.reading import Kind, Message
from interlock.doors.mcp.reserved import AWAIT, is_reserved
from interlock.identity.grants import Grant
from interlock.model.decision import Reason
from interlock.model.mcp_settings import McpTokens, TokenNeeds
from interlock.model.verb import VERBS

SCOPE: Final = "insufficient_scope"
AUTHENTICATION: Final = "insufficient_user_authentication"

_TASKS: Final = frozenset({"tasks/get", "tasks/result", "tasks/update"})
"""What tells of a call's result, or goes on with it. To list tasks, or give one up, tells and does nothing of it."""
_LISTEN: Final = "subscriptions/listen"

_ANY: Final = "execute"  # what a call is that may be anything (`model.verb.TOOL_CALL`)
_STATUS: Final = {SCOPE: 403, AUTHENTICATION: 401}  # RFC 6750 section 3.1, RFC 9470 section 3
_SENTENCES: Final = {
    SCOPE: "The token lacks a scope that this needs.",
    AUTHENTICATION: "The login behind the token is too long ago, or too weak, for this.",
}


@dataclass(frozen=True, slots=True)
class Lacking:
    """What a token lacks, and all that the next one must bring."""

    code: str
    scopes: frozenset[str]
    acr_values: tuple[str, ...] = ()
    max_age: int | None = None  # seconds

    @property
    def status(self) -> int:
        """HTTP's."""
        return _STATUS[self.code]

    @property
    def reason(self) -> Reason:
        """As it is on record."""
        return Reason(self.code, _SENTENCES[self.code])

    def challenge(self, base: str, connection: str) -> str:
        """`WWW-Authenticate`."""
        return challenge(
            base,
            connection,
            error=self.code,
            description=_SENTENCES[self.code],
            scopes=self.scopes,
            acr_values=self.acr_values,
            max_age=self.max_age,
        )


def task_in(message: Message | None) -> object:
    """The id of the task that a message asks for the result of, or goes on with; None for none."""
    if message is None or message.kind is not Kind.REQUEST:
        return None
    if message.method in _TASKS:
        return message.params.get("taskId")
    given = message.params.get("arguments")
    waits = message.method == "tools/call" and message.params.get("name") == AWAIT and isinstance(given, Mapping)
    return given.get("approval_id") if waits and isinstance(given, Mapping) else None


def lacking(
    tokens: McpTokens, grant: Grant, message: Message | None, pins: Pins, now: datetime, behind: str | None = None
) -> Lacking | None:
    """What the token of a request lacks for it; None for nothing. `message` is None for a GET or DELETE; `behind` is
    the tool of the task that it is about (`task_in`), None for no such task.

    A challenge for scopes names all that this request needs, and those it needs elsewhere that the token has: a client
    that asks for just these loses nothing (MCP, "Runtime Insufficient Scope Errors").
    """
    asked = [tokens.always, *(tokens.groups[group] for group in _groups(tokens.groups, message, pins, behind))]
    needed = frozenset[str]().union(*(needs.scopes for needs in asked))
    scopes = needed | (grant.scopes & tokens.scopes)
    weak = [needs for needs in asked if not _is_authenticated(needs, grant, now)]
    if weak:
        ages = [needs.max_age for needs in asked if needs.max_age is not None]
        ways = _ways(asked)
        return Lacking(AUTHENTICATION, scopes, ways, int(min(ages).total_seconds()) if ages else None)
    return None if needed <= grant.scopes else Lacking(SCOPE, scopes)


def _groups(known: Mapping[str, object], message: Message | None, pins: Pins, behind: str | None) -> list[str]:
    """Those of the groups with needs that a message does something of."""
    if message is None or message.kind is not Kind.REQUEST:
        return []
    if message.method in METHODS or _hears_of_resources(message):
        return [group for group in known if group == "read"]
    name = behind if behind is not None else str(message.params.get("name"))
    if behind is None and (message.method != "tools/call" or is_reserved(name)):
        return []
    done = {group for verb in verbs_of(pins.tool(name)) for group in VERBS[verb]}
    # Nobody knows what a tool does that nobody has mapped: unless the settings say what `execute` needs, all of it.
    if _ANY in done and _ANY not in known:
        return list(known)
    return [group for group in known if group in done]


def _hears_of_resources(message: Message) -> bool:
    """Whether it asks to hear of single resources, which is decided on as reading them."""
    wanted = message.params.get("notifications") if message.method == _LISTEN else None
    return isinstance(wanted, Mapping) and bool(wanted.get("resourceSubscriptions"))


def _is_authenticated(needs: TokenNeeds, grant: Grant, now: datetime) -> bool:
    if needs.acr_values and grant.acr not in needs.acr_values:
        return False
    return needs.max_age is None or (grant.auth_time is not None and now - grant.auth_time <= needs.max_age)


def _ways(asked: Collection[TokenNeeds]) -> tuple[str, ...]:
    """The ways in which its person may be authenticated: those that will do for all of it."""
    named = [needs.acr_values for needs in asked if needs.acr_values]
    return tuple(way for way in named[0] if all(way in each for each in named)) if named else ()
