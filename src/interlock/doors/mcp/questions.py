"""What a server wants to be told before it goes on, as it may be put to a client: few, known, masked, and of a kind
that the client said it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from interlock.actions.call_template import is_name
from interlock.doors.mcp.answers import INTERNAL, MISSING_CAPABILITY, Answered
from interlock.doors.mcp.seams import Client, Object

MOST: Final = 16  # at once
ASKABLE: Final[Mapping[str, str]] = {
    "elicitation/create": "elicitation",
    "sampling/createMessage": "sampling",
    "roots/list": "roots",
}

Mask = Callable[[str, Object], Awaitable[Object]]


async def questions_of(asks: Object, capabilities: Object, mask: Mask) -> dict[str, Any]:
    """The `inputRequests` of an answer, masked; raises `Answered` for what the client can't answer, or isn't any."""
    asked = asks.get("inputRequests") or {}
    if not isinstance(asked, Mapping) or len(asked) > MOST:
        raise no_question()
    return {key: await _question(key, each, capabilities, mask) for key, each in asked.items()}


async def _question(key: object, asked: Any, capabilities: Object, mask: Mask) -> Object:
    """One of them, masked. Its key is the server's own word and goes out as it is, so that it must be a name."""
    match asked:
        case {"method": str() as method} if method in ASKABLE and isinstance(key, str) and is_name(key):
            params = asked.get("params") or {}
        case _:
            raise no_question()
    if not isinstance(params, Mapping):
        raise no_question()
    if ASKABLE[method] not in capabilities:
        raise Answered(MISSING_CAPABILITY, f"The server asks what this client can't answer: {ASKABLE[method]}")
    bare = {name: value for name, value in params.items() if name != "_meta"}
    return {"method": method, "params": dict(await mask(method, bare))}


async def put(client: Client, questions: Object, seconds: float) -> dict[str, Any]:
    """A client's answers to masked questions, one after the other; raises `McpRefused`, `UpstreamFailed`."""
    return {
        key: dict(await client.ask(each["method"], each["params"], timeout=seconds)) for key, each in questions.items()
    }


def no_question() -> Answered:
    """The error for a client whose server asks nonsense."""
    return Answered(INTERNAL, "The server asks what isn't a question")
