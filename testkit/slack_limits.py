"""Block Kit's limits as Slack enforces them (docs.slack.dev/reference/block-kit): beyond, `invalid_blocks`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
WHOLE_MESSAGE = 13_200  # characters of all texts: msg_blocks_too_long beyond
_TEXTS = {"header": 150, "section": 3000, "context": 3000, "input": 2000}
_RICH = {"rich_text_section", "rich_text_preformatted", "rich_text_list", "rich_text_quote"}
_PARTS = {"text": {"type", "text", "style"}, "date": {"type", "timestamp", "format", "fallback", "style"}}
_BUTTON = {"type", "action_id", "text", "value", "url", "style"}
_BLOCKS = {
    "header": {"type", "text", "block_id"},
    "section": {"type", "text", "fields", "block_id"},
    "context": {"type", "elements", "block_id"},
    "actions": {"type", "elements", "block_id"},
    "divider": {"type", "block_id"},
    "rich_text": {"type", "elements", "block_id"},
    "input": {"type", "block_id", "optional", "label", "hint", "element"},
}


def faults_of_message(blocks: object, text: object) -> list[str]:
    """What is wrong with a message's blocks and fallback text."""
    faults = [] if isinstance(text, str) and 0 < len(text) <= 4000 else ["text"]
    faults += list(_blocks(blocks, MESSAGE_BLOCKS))
    return faults + (["msg_blocks_too_long"] if not faults and characters(blocks) > WHOLE_MESSAGE else [])


def faults_of_view(view: object) -> list[str]:
    """What is wrong with a modal or home tab."""
    if not isinstance(view, dict):
        return ["view"]
    faults = list(_blocks(view.get("blocks"), VIEW_BLOCKS))
    if view.get("type") == "modal":
        for name in ("title", "submit", "close"):
            if name in view or name == "title":
                faults += _plain(view.get(name), 24, f"view.{name}")
        needs_submit = any(block.get("type") == "input" for block in view.get("blocks", []))
        faults += ["submit"] if needs_submit and "submit" not in view else []
        known = {"type", "title", "submit", "close", "blocks", "callback_id", "private_metadata"}
    else:
        faults += [] if view.get("type") == "home" else ["view.type"]
        known = {"type", "blocks"}
    faults += [f"view.{name}" for name in sorted(set(view) - known)]
    metadata, callback = view.get("private_metadata", ""), view.get("callback_id", "")
    return faults + [
        name for name, value, most in (("metadata", metadata, 3000), ("callback", callback, 255)) if len(value) > most
    ]


def characters(value: object) -> int:
    """All text in it, in UTF-16 units."""
    if isinstance(value, dict):
        own = value.get("text")
        return (units(own) if isinstance(own, str) else 0) + sum(characters(each) for each in value.values())
    return sum(characters(each) for each in value) if isinstance(value, list) else 0


def units(text: str) -> int:
    """UTF-16 units, as JavaScript counts."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _blocks(blocks: object, most: int) -> Iterator[str]:
    if not isinstance(blocks, list) or not 0 < len(blocks) <= most:
        yield "blocks"
        return
    for number, block in enumerate(blocks):
        kind = block.get("type") if isinstance(block, dict) else None
        if kind not in _BLOCKS or set(block) - _BLOCKS[kind]:
            yield f"{number}: {kind}"
            continue
        yield from (f"{number}: {fault}" for fault in _block(kind, block))


def _block(kind: str, block: Mapping[str, Any]) -> Iterator[str]:
    match kind:
        case "header":
            yield from _plain(block.get("text"), 150, "header")
        case "section":
            yield from _text(block.get("text"), 3000, "section")
        case "context":
            elements = block.get("elements", [])
            yield from [] if 0 < len(elements) <= 10 else ["context"]
            for each in elements:
                yield from _text(each, 3000, "context")
        case "actions":
            elements = block.get("elements", [])
            yield from [] if 0 < len(elements) <= 25 else ["actions"]
            for each in elements:
                yield from _button(each)
        case "rich_text":
            yield from [] if block.get("elements") else ["rich_text"]
            for each in block.get("elements", []):
                yield from _rich(each)
        case "input":
            yield from _plain(block.get("label"), 2000, "label")
            yield from _plain(block.get("hint"), 2000, "hint")
            element = block.get("element", {})
            yield from [] if element.get("type") == "plain_text_input" else ["input"]
            yield from [] if 0 < element.get("max_length", 3000) <= 3000 else ["max_length"]


def _button(element: Mapping[str, Any]) -> Iterator[str]:
    if element.get("type") != "button" or set(element) - _BUTTON or not 0 < len(element.get("action_id", "")) <= 255:
        yield "button"
    yield from _plain(element.get("text"), 75, "button.text")
    if units(element.get("value", "")) > 2000 or units(element.get("url", "")) > 3000:
        yield "button.value"
    if element.get("style", "primary") not in ("primary", "danger"):
        yield "button.style"


def _rich(element: Mapping[str, Any]) -> Iterator[str]:
    if element.get("type") not in _RICH or not element.get("elements"):
        yield f"rich_text: {element.get('type')}"
    for part in element.get("elements", []):
        if element.get("type") == "rich_text_list":
            yield from _rich(part)
            continue
        kind = part.get("type")
        if kind not in _PARTS or set(part) - _PARTS[kind] or (kind == "text" and not 0 < units(part["text"]) <= 3000):
            yield f"rich_text.{kind}"


def _plain(text: object, most: int, where: str) -> list[str]:
    if not isinstance(text, dict) or text.get("type") != "plain_text":
        return [where]
    return _text(text, most, where)


def _text(text: object, most: int, where: str) -> list[str]:
    if not isinstance(text, dict) or text.get("type") not in ("plain_text", "mrkdwn"):
        return [where]
    known = {"type", "text", "emoji"} if text["type"] == "plain_text" else {"type", "text", "verbatim"}
    return (
        [where]
        if set(text) - known or not 0 < units(text.get("text", "").strip()) <= units(text["text"]) <= most
        else []
    )
