"""The pieces that messages of MCP are made of, rebuilt key by key: what isn't known here isn't passed on.

Content (2025-11-25, "Content"; 2026-07-28, `ContentBlock`), contents of resources, what lists tell, `_meta`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from interlock.doors.mcp.leaves import Slot
from interlock.doors.mcp.sheet import Sheet

UNKNOWN: Final = "[Interlock doesn't pass on this part of the answer: it isn't of a kind that is known here.]"
UNREADABLE: Final = "[Interlock doesn't pass on this part of the answer: it isn't what it is said to be.]"
MEDIA: Final = (
    "[Interlock doesn't pass on this {kind}: what it shows can't be looked into for values that may not leave.]"
)

_MIME: Final = re.compile(r"[\w.+-]{1,64}/[\w.+-]{1,96}(?:; ?[\w-]{1,32}=[\w.+-]{1,64}){0,4}", re.ASCII)
_TEXTS: Final = re.compile(
    r"text/.*|application/(?:.*\+)?(?:json|xml|yaml|x-yaml|javascript|ecmascript|sql|x-ndjson|jsonl|toml|csv|x-sh)"
    r"|image/svg\+xml"
)
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_/-]{0,31}")
_ID: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_SUBSCRIPTION: Final = "io.modelcontextprotocol/subscriptionId"
_TASK: Final = "io.modelcontextprotocol/related-task"


class Dropped:
    """What stands where nothing is passed on: its key goes, too."""


DROPPED: Final = Dropped()


@dataclass(frozen=True, slots=True)
class Unless:
    """`then`, unless something was masked in one of the slots: `otherwise` in that case."""

    slots: tuple[Slot, ...]
    then: Any
    otherwise: Any = DROPPED


@dataclass(frozen=True, slots=True)
class Encoded:
    """A text that goes in base64."""

    slot: Slot


def filled(node: Any) -> Any:
    """The message with what may be passed on in place of slots."""
    match node:
        case Slot():
            return node.put()
        case Encoded(slot):
            return base64.b64encode(slot.put().encode("utf-8", "replace")).decode()
        case Unless(slots, then, otherwise):
            return filled(otherwise if any(slot.found for slot in slots) else then)
        case dict():
            return {key: made for key, each in node.items() if (made := filled(each)) is not DROPPED}
        case list():
            return [made for each in node if (made := filled(each)) is not DROPPED]
        case _:
            return node


def told(text: str) -> dict[str, Any]:
    """A block with a sentence of ours."""
    return {"type": "text", "text": text}


def block(raw: Any, sheet: Sheet, *, media: bool, part: bool) -> dict[str, Any] | Unless:
    """One block of content. `media`: whether pictures and sound pass. `part`: it is part of a tool's result, whose
    fields tell of JSON in it."""
    if not isinstance(raw, Mapping):
        return told(UNKNOWN)
    annotated = _annotated(raw, sheet)
    match raw.get("type"):
        case "text" if isinstance(text := raw.get("text"), str):
            return {"type": "text", "text": sheet.text(text, part=part), **annotated}
        case "image" | "audio" as kind:
            return _media(raw, kind, sheet, annotated, media=media)
        case "resource":
            return _embedded(raw, sheet, annotated, media=media, part=part)
        case "resource_link" if isinstance(raw.get("uri"), str):
            return {"type": "resource_link", **resource(raw, sheet), **annotated}
        case "tool_use":
            return _tool_use(raw, sheet)
        case "tool_result":
            return _tool_result(raw, sheet, media=media)
        case _:
            return told(UNKNOWN)


def resource(raw: Mapping[str, Any], sheet: Sheet) -> dict[str, Any]:
    """What a link or a list tells of a resource, a template or a prompt."""
    made: dict[str, Any] = {}
    for key in ("uri", "uriTemplate", "name", "title", "description"):
        if isinstance(value := raw.get(key), str):
            made[key] = sheet.plain(value)
    if (mime := _mime(raw, sheet)) is not None:
        made["mimeType"] = mime
    size = raw.get("size")
    if isinstance(size, int) and not isinstance(size, bool) and size >= 0:
        made["size"] = size
    return made


def listed(raw: Mapping[str, Any], sheet: Sheet) -> dict[str, Any]:
    """What a list tells of one member. A prompt's arguments are asked for by their names: one whose name holds
    something is left out."""
    made = {**resource(raw, sheet), **_annotated(raw, sheet)}
    given = raw.get("arguments")
    if isinstance(given, list):
        made["arguments"] = [_argument(each, sheet) for each in given if isinstance(each, Mapping)]
    return made


def _argument(raw: Mapping[str, Any], sheet: Sheet) -> Unless:
    name = raw.get("name")
    made: dict[str, Any] = {"name": name}
    for key in ("title", "description"):
        if isinstance(value := raw.get(key), str):
            made[key] = sheet.plain(value)
    if isinstance(raw.get("required"), bool):
        made["required"] = raw["required"]
    return Unless((sheet.plain(name),), made) if isinstance(name, str) else Unless((), DROPPED)


def contents(raw: Any, sheet: Sheet, *, media: bool, part: bool) -> dict[str, Any] | Unless | None:
    """The contents of a resource; None for what isn't any. Whatever a blob is said to be, it is read as a text if it is
    one."""
    if not isinstance(raw, Mapping) or not isinstance(uri := raw.get("uri"), str):
        return None
    made: dict[str, Any] = {"uri": sheet.plain(uri)}
    refused = {**made, "mimeType": "text/plain", "text": MEDIA.format(kind="file")}
    mime = _mime(raw, sheet)
    if mime is not None:
        made["mimeType"] = mime
    if isinstance(text := raw.get("text"), str):
        return {**made, "text": sheet.text(text, part=part)}
    if not isinstance(blob := raw.get("blob"), str) or (data := decoded(blob)) is None:
        return {**refused, "text": UNREADABLE}
    read = as_text(data)
    if read is not None:
        return {**made, "blob": Encoded(sheet.text(read, part=part))}
    passes = media and not _says_text(raw)
    return {**made, "blob": blob} if passes else refused


def decoded(blob: str) -> bytes | None:
    """The bytes that a text in base64 stands for (RFC 4648 section 4); None for what isn't exactly that."""
    try:
        return base64.b64decode(blob, validate=True)
    except (binascii.Error, ValueError):
        return None


def as_text(data: bytes) -> str | None:
    """Bytes as the text that they are; None where they are none: NUL stands in no text."""
    try:
        return None if b"\0" in data else data.decode()
    except UnicodeDecodeError:
        return None


def meta(raw: Mapping[str, Any], sheet: Sheet) -> dict[str, Any]:
    """What of `_meta` is passed on: by which the protocol itself tells messages apart."""
    given = raw.get("_meta")
    kept: dict[str, Any] = {}
    if isinstance(given, Mapping):
        subscription, task = given.get(_SUBSCRIPTION), given.get(_TASK)
        if (id := _id(subscription, sheet)) is not None:
            kept[_SUBSCRIPTION] = id
        if isinstance(task, Mapping) and (id := _id(task.get("taskId"), sheet)) is not None:
            kept[_TASK] = Unless((id,), {"taskId": id}) if isinstance(id, Slot) else {"taskId": id}
    return {"_meta": kept} if kept else {}


def protocols_own(raw: Mapping[str, Any], sheet: Sheet) -> dict[str, Any]:
    """What any result may have: its kind, how long it may be kept and by whom, where a list goes on."""
    made: dict[str, Any] = {}
    kind, scope, kept, cursor = (raw.get(key) for key in ("resultType", "cacheScope", "ttlMs", "nextCursor"))
    if isinstance(kind, str) and _WORD.fullmatch(kind):
        made["resultType"] = clean(kind, sheet)
    if scope in ("private", "public"):
        made["cacheScope"] = scope
    if isinstance(kept, int) and not isinstance(kept, bool) and kept >= 0:
        made["ttlMs"] = kept
    if isinstance(cursor, str):
        made["nextCursor"] = clean(cursor, sheet)
    return made | meta(raw, sheet)


def clean(text: str, sheet: Sheet) -> Unless:
    """A text that is passed on as it is or not at all."""
    return Unless((sheet.plain(text),), text)


def _id(value: Any, sheet: Sheet) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return clean(value, sheet) if isinstance(value, str) and _ID.fullmatch(value) else None


def _annotated(raw: Mapping[str, Any], sheet: Sheet) -> dict[str, Any]:
    """For whom a block is, how much it matters, and of when it is."""
    given, made = raw.get("annotations"), dict[str, Any]()
    if not isinstance(given, Mapping):
        return {}
    audience, priority, modified = (given.get(key) for key in ("audience", "priority", "lastModified"))
    if isinstance(audience, list) and all(each in ("user", "assistant") for each in audience):
        made["audience"] = list(audience)
    if isinstance(priority, int | float) and 0 <= priority <= 1:
        made["priority"] = priority
    if isinstance(modified, str):
        made["lastModified"] = clean(modified, sheet)
    return {"annotations": made} if made else {}


def _mime(raw: Mapping[str, Any], sheet: Sheet) -> Unless | None:
    mime = raw.get("mimeType")
    return clean(mime, sheet) if isinstance(mime, str) and _MIME.fullmatch(mime) else None


def _says_text(raw: Mapping[str, Any]) -> bool:
    mime = raw.get("mimeType")
    return isinstance(mime, str) and _TEXTS.fullmatch(mime.lower().partition(";")[0].strip()) is not None


def _media(
    raw: Mapping[str, Any], kind: str, sheet: Sheet, annotated: dict[str, Any], *, media: bool
) -> dict[str, Any] | Unless:
    refused = told(MEDIA.format(kind="image" if kind == "image" else "sound"))
    data = raw.get("data")
    read = decoded(data) if isinstance(data, str) else None
    mime = _mime(raw, sheet)
    if read is None or mime is None:
        return told(UNREADABLE)
    if not media:
        return refused
    passed = {"type": kind, "data": data, "mimeType": mime, **annotated}
    inside = as_text(read)  # a drawing in SVG, or no picture at all
    slots = (*mime.slots, *((sheet.plain(inside),) if inside is not None else ()))
    return Unless(slots, passed, refused)


def _embedded(
    raw: Mapping[str, Any], sheet: Sheet, annotated: dict[str, Any], *, media: bool, part: bool
) -> dict[str, Any]:
    made = contents(raw.get("resource"), sheet, media=media, part=part)
    return {"type": "resource", "resource": made, **annotated} if made is not None else told(UNKNOWN)


def _tool_use(raw: Mapping[str, Any], sheet: Sheet) -> dict[str, Any] | Unless:
    """In sampling: what a model asked for earlier."""
    id, name = raw.get("id"), raw.get("name")
    if not isinstance(id, str) or not isinstance(name, str):
        return told(UNKNOWN)
    made = {"type": "tool_use", "id": id, "name": name, "input": sheet.value(raw.get("input"))}
    return Unless((sheet.plain(id), sheet.plain(name)), made, told(UNKNOWN))


def _tool_result(raw: Mapping[str, Any], sheet: Sheet, *, media: bool) -> dict[str, Any] | Unless:
    id, given = raw.get("toolUseId"), raw.get("content")
    if not isinstance(id, str) or not isinstance(given, list):
        return told(UNKNOWN)
    made: dict[str, Any] = {
        "type": "tool_result",
        "toolUseId": id,
        "content": [block(each, sheet, media=media, part=False) for each in given],
    }
    if "structuredContent" in raw:
        made["structuredContent"] = sheet.value(raw["structuredContent"])
    if isinstance(raw.get("isError"), bool):
        made["isError"] = raw["isError"]
    return Unless((sheet.plain(id),), made, told(UNKNOWN))
