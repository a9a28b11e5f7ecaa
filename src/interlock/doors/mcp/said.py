"""What a request says, read: which tool and with what, and what it says beside that for people, in `_meta`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from interlock.doors.mcp import answers
from interlock.doors.mcp.answers import INVALID_PARAMS, Answered
from interlock.doors.mcp.seams import Object
from interlock.errors import MalformedInput
from interlock.model import jcs

REASON: Final = "interlock/reason"
TICKET: Final = "interlock/ticket"
KEY: Final = "interlock/idempotencyKey"
MAX_SAID: Final[Mapping[str, int]] = {REASON: 2_000, TICKET: 200, KEY: 200}  # characters


@dataclass(frozen=True, slots=True)
class Said:
    """What the asker says beside its request, in `_meta`."""

    reason: str = ""
    ticket: str = ""
    key: str = field(default="", repr=False)


def named(params: Object) -> tuple[str, Object]:
    """The tool's name and its arguments; raises `Answered`."""
    name, arguments = params.get("name"), params.get("arguments")
    if not isinstance(name, str) or not name:
        raise Answered(INVALID_PARAMS, "The call names no tool")
    if arguments is not None and not isinstance(arguments, Mapping):
        raise Answered(INVALID_PARAMS, "A tool's arguments are an object")
    return name, arguments or {}


def canonical(values: Object) -> bytes:
    """Their canonical form (RFC 8785); raises `Answered` for what has none."""
    try:
        return jcs.encode(values)
    except MalformedInput as malformed:
        raise Answered(INVALID_PARAMS, f"The params can't be read: {malformed.sentence}") from None


def said_in(params: Object) -> Said:
    """What `_meta` says for people; raises `Answered` for what isn't short text."""
    meta = params.get("_meta")
    said = []
    for name, most in MAX_SAID.items():
        text = meta.get(name, "") if isinstance(meta, Mapping) else ""
        if not isinstance(text, str) or len(text) > most:
            raise Answered(INVALID_PARAMS, f"_meta {name} is a text of at most {most} characters")
        said.append(text)
    return Said(*said)


def or_error(answer: Object) -> Object:
    """A result of ours says by itself that it is an error; those of these methods can't."""
    told = answer.get("structuredContent")
    if answer.get("isError") is True and isinstance(told, Mapping) and "interlock" in told:
        raise answers.as_error(answer)
    return answer
