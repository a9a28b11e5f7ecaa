"""Whole messages of MCP made of slots: what of a result, a list or a server's own request is passed on, and where.

What isn't named here isn't passed on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from interlock.doors.mcp import blocks
from interlock.doors.mcp.blocks import DROPPED, Unless
from interlock.doors.mcp.leaves import Slot
from interlock.doors.mcp.seams import Object
from interlock.doors.mcp.sheet import Sheet

LINK: Final = "[Interlock doesn't pass on the link: it holds values that may not leave.]"

# What servers may say by themselves, beside what is rebuilt below (2025-11-25, 2026-07-28).
_SAID: Final = frozenset(
    [
        "message",
        "mode",
        "requestedSchema",
        "elicitationId",
        "level",
        "logger",
        "data",
        "uri",
        "progress",
        "total",
        "systemPrompt",
        "includeContext",
        "temperature",
        "maxTokens",
        "stopSequences",
        "modelPreferences",
        "tools",
        "toolChoice",
        "requestId",
        "reason",
    ]
)


def result_of(result: Object, sheet: Sheet, built: list[Slot], *, media: bool) -> dict[str, Any]:
    given = result.get("content")
    content = [blocks.block(each, sheet, media=media, part=True) for each in given] if isinstance(given, list) else []
    made: dict[str, Any] = {"content": content}
    if "structuredContent" in result:
        slot = sheet.value(result["structuredContent"])
        built.append(slot)
        made["structuredContent"] = slot
    if isinstance(result.get("isError"), bool):
        made["isError"] = result["isError"]
    return made | blocks.protocols_own(result, sheet) | _asked(result, sheet, media=media)


def document_of(method: str, result: Object, sheet: Sheet, *, media: bool) -> dict[str, Any]:
    made: dict[str, Any] = {}
    match method:
        case "resources/read":
            given = result.get("contents")
            read = (
                [blocks.contents(each, sheet, media=media, part=True) for each in given]
                if isinstance(given, list)
                else []
            )
            made["contents"] = [each for each in read if each is not None]
        case "prompts/get":
            made["messages"] = _messages(result.get("messages"), sheet, media=media)
            if isinstance(result.get("description"), str):
                made["description"] = sheet.plain(result["description"])
        case "completion/complete":
            made["completion"] = _completion(result.get("completion"), sheet)
    return made | blocks.protocols_own(result, sheet) | _asked(result, sheet, media=media)


def _asked(result: Object, sheet: Sheet, *, media: bool) -> dict[str, Any]:
    """What a server wants to be told before it goes on (2026-07-28, `InputRequiredResult`). Its `requestState` never
    goes out as it is: whoever relays it seals it into one of ours."""
    given = result.get("inputRequests")
    if not isinstance(given, Mapping):
        return {}
    made: dict[str, Any] = {}
    for key, each in given.items():
        method, params = (each.get("method"), each.get("params", {})) if isinstance(each, Mapping) else (None, None)
        if isinstance(method, str) and isinstance(params, Mapping):
            asked = {"method": method, "params": params_of(method, params, sheet, media=media)}
            made[key] = Unless((sheet.plain(key), sheet.plain(method)), asked)
    return {"inputRequests": made}


def _messages(given: Any, sheet: Sheet, *, media: bool) -> list[Any]:
    made = []
    for each in given if isinstance(given, list) else ():
        if isinstance(each, Mapping) and each.get("role") in ("user", "assistant"):
            said = each.get("content")
            several = (
                [blocks.block(one, sheet, media=media, part=False) for one in said] if isinstance(said, list) else None
            )
            content = several if several is not None else blocks.block(said, sheet, media=media, part=False)
            made.append({"role": each["role"], "content": content})
    return made


def _completion(given: Any, sheet: Sheet) -> dict[str, Any]:
    read: Mapping[str, Any] = given if isinstance(given, Mapping) else {}
    values = read.get("values")
    made: dict[str, Any] = {
        "values": [sheet.plain(each) for each in values if isinstance(each, str)] if isinstance(values, list) else []
    }
    total, more = read.get("total"), read.get("hasMore")
    if isinstance(total, int) and not isinstance(total, bool):
        made["total"] = total
    if isinstance(more, bool):
        made["hasMore"] = more
    return made


def listing_of(key: str, result: Object, sheet: Sheet, left: list[Unless]) -> dict[str, Any]:
    given, made = result.get(key), []
    for each in given if isinstance(given, list) else ():
        if not isinstance(each, Mapping):
            continue
        member = blocks.listed(each, sheet)
        named = tuple(
            member[name] for name in ("uri", "uriTemplate", *(("name",) if key == "prompts" else ())) if name in member
        )
        made.append(Unless(named, member))
        left.append(made[-1])
    return ({key: made} if key else {}) | blocks.protocols_own(result, sheet)


def params_of(method: str, params: Object, sheet: Sheet, *, media: bool) -> dict[str, Any]:
    meta = blocks.meta(params, sheet)
    rest = {key: value for key, value in params.items() if key in _SAID}
    match method:
        case "sampling/createMessage":
            messages = _messages(params.get("messages"), sheet, media=media)
            return {**sheet.members(rest), "messages": messages, **meta}
        case "elicitation/create" if isinstance(url := params.get("url"), str):
            message = sheet.plain(str(rest.pop("message", "")))
            opened = sheet.plain(url)
            return {
                **sheet.members(rest),
                "message": Unless((opened,), message, LINK),
                "url": Unless((opened,), url, "about:blank"),
                **meta,
            }
        case "notifications/progress":
            token = params.get("progressToken", DROPPED)
            return {**sheet.members(rest), "progressToken": token, **meta}
        case _:
            return {**sheet.members(rest), **meta}
