"""What changed about pinned tools between two bundles, part by part, and whether that can let more through.

Files that define tools are long, and much of them is a server's prose, in which a changed word is lost. Here each tool
is compared by its name, wherever its definition stands: what the server says of it (`description`, `title`,
`inputSchema`, `outputSchema`, `annotations`) and what we say (`does`, `labels`, `fields`, `resources`).

Resources and prompts that are pinned are compared likewise, by their labels; one that comes or goes may change which
policy speaks of it.

The map decides: less in it loosens, more of it tightens. What the server says goes either way: agents are told it, and
policies read arguments by it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from interlock.errors import MalformedInput, PolicyMistakes
from interlock.model import jcs
from interlock.model.offer import OfferKind
from interlock.policy.difference import Detail, Kind
from interlock.policy.terms import Direction, together

TOOLS: Final = "tools/"
"""What the names of files that define tools begin with, among a bundle's texts."""

_TOLD: Final = ("title", "description", "inputSchema", "outputSchema", "annotations", "execution")
_LISTS: Final = ("labels", "resources")
_HINTS: Final = ("destructiveHint", "openWorldHint")  # what adds to what a reading tool is asked for by


@dataclass(frozen=True, slots=True)
class ToolChange:
    """What became of one tool, resource or prompt. `details` are its parts that changed: of one that came, what it is
    mapped to."""

    tool: str
    kind: Kind
    direction: Direction
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolDifference:
    """Every change, by the tool's name; `direction` is that of all of them together."""

    changes: tuple[ToolChange, ...]
    direction: Direction


def compare_tools(old: Mapping[str, str], new: Mapping[str, str]) -> ToolDifference:
    """What changed about tools from one set of a bundle's texts to another; other files aren't looked at.

    Raises `PolicyMistakes` for a file that can't be read. What is in one isn't checked any further.
    """
    before, after = _read(old), _read(new)
    changes = [_change(name, before.get(name), after.get(name)) for name in sorted(before.keys() | after.keys())]
    was, now = _offered(old), _offered(new)
    changes += [_offer_change(name, was.get(name), now.get(name)) for name in sorted(was.keys() | now.keys())]
    found = tuple(change for change in changes if change is not None)
    return ToolDifference(found, together(change.direction for change in found))


def _read(texts: Mapping[str, str]) -> Mapping[str, Mapping[str, Any]]:
    """Definitions by the tool's full name."""
    found: dict[str, Mapping[str, Any]] = {}
    for file in sorted(texts):
        if not file.startswith(TOOLS):
            continue
        try:
            document = jcs.read(texts[file].encode(errors="surrogatepass"))
        except MalformedInput as malformed:
            raise PolicyMistakes([f"{file}: {malformed.sentence}"]) from None
        if not isinstance(document, dict) or not isinstance(listed := document.get("tools"), list):
            raise PolicyMistakes([f"{file}: this defines no tools"])
        for tool in listed:
            if isinstance(tool, dict):
                found[f"{document.get('connection')}/{tool.get('name')}"] = tool
    return found


def _change(name: str, was: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> ToolChange | None:
    if was is None:
        mapped = (replace(each, direction=Direction.NEITHER) for each in _mapped({}, _map(now or {})))
        return ToolChange(name, Kind.ADDED, Direction.LOOSENS, tuple(mapped))
    if now is None:
        return ToolChange(name, Kind.REMOVED, Direction.TIGHTENS)
    details = (*_told(was, now), *_mapped(_map(was), _map(now)))
    return ToolChange(name, Kind.CHANGED, together(each.direction for each in details), details) if details else None


def _offered(texts: Mapping[str, str]) -> Mapping[str, Mapping[str, Any]]:
    """Resources and prompts by their full names."""
    found: dict[str, Mapping[str, Any]] = {}
    for file in (each for each in sorted(texts) if each.startswith(TOOLS)):
        document: Any = jcs.read(texts[file].encode(errors="surrogatepass"))  # `_read` has read it
        for kind, key in ((OfferKind.RESOURCE, "uriTemplate"), (OfferKind.PROMPT, "name")):
            listed = document.get(kind.value)
            for each in listed if isinstance(listed, list) else ():
                if isinstance(each, dict):
                    found[f"{document.get('connection')}/{kind.value}/{each.get(key)}"] = each
    return found


def _offer_change(name: str, was: Mapping[str, Any] | None, now: Mapping[str, Any] | None) -> ToolChange | None:
    before, after = (set(_words(_map(each or {}), "labels")) for each in (was, now))
    direction = _lost_and_won(bool(before - after), bool(after - before))
    told = Detail("labels", ", ".join(sorted(before)), ", ".join(sorted(after)), direction)
    details = (told,) if before != after else ()
    if was is None or now is None:
        return ToolChange(name, Kind.ADDED if was is None else Kind.REMOVED, Direction.EITHER, details)
    return ToolChange(name, Kind.CHANGED, direction, details) if details else None


def _told(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Detail]:
    for part in _TOLD:
        before, after = was.get(part) or None, now.get(part) or None
        if _canonical(before) != _canonical(after):
            direction = _by_hints(before, after) if part == "annotations" else Direction.EITHER
            yield Detail(part, _text(before), _text(after), direction)


def _by_hints(before: Any, after: Any) -> Direction:
    """Annotations only ever raise what is asked for, so one hint less can only loosen."""
    old, new = _raising(before), _raising(after)
    return _lost_and_won(bool(old - new), bool(new - old)) if old != new else Direction.NEITHER


def _raising(annotations: Any) -> set[str]:
    return {hint for hint in _HINTS if isinstance(annotations, dict) and annotations.get(hint) is True}


def _mapped(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Detail]:
    """What we say of a tool: `was` is empty for one that comes."""
    old, new = _words(was, "does"), _words(now, "does")
    if old != new:
        # The first verb is that of the tool's own action, so another order is another thing to policies.
        direction = _lost_and_won(bool(set(old) - set(new)), bool(set(new) - set(old)))
        told = Direction.EITHER if direction is Direction.NEITHER else direction
        yield Detail("does", ", ".join(old), ", ".join(new), told)
    for part in _LISTS:
        before, after = set(_words(was, part)), set(_words(now, part))
        if before != after:
            direction = _lost_and_won(bool(before - after), bool(after - before))
            yield Detail(part, ", ".join(sorted(before)), ", ".join(sorted(after)), direction)
    yield from _fields(was.get("fields") or {}, now.get("fields") or {})


def _fields(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Detail]:
    for path in sorted(was.keys() | now.keys()):
        before, after = str(was.get(path, "")), str(now.get(path, ""))
        if before != after:
            direction = _lost_and_won(bool(before), bool(after))
            yield Detail(f"fields {path}", before, after, direction)


def _lost_and_won(lost: bool, won: bool) -> Direction:
    return together(way for way, is_so in ((Direction.LOOSENS, lost), (Direction.TIGHTENS, won)) if is_so)


def _map(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    said = tool.get("interlock")
    plain: Mapping[str, Any] = said if isinstance(said, dict) else {}
    return {**plain, "does": plain.get("does") or ["execute"]}


def _words(said: Mapping[str, Any], key: str) -> Sequence[str]:
    found = said.get(key)
    return [str(each) for each in found] if isinstance(found, list) else []


def _canonical(value: Any) -> bytes:
    return jcs.encode(value)


def _text(value: Any) -> str:
    """As people read it; "" for what isn't there."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)
