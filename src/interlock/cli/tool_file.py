"""The file that pins a server's tools, made anew from what it lists: the same list makes the same bytes.

What people said of a tool stays as it is, whatever becomes of its definition. Tools that the server doesn't list any
more stay too, unless they are to go.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from interlock.actions.tool_arguments import compiled
from interlock.cli.tool_maps import fields_of, proposed
from interlock.doors.mcp.reserved import is_reserved
from interlock.errors import InterlockError, MalformedInput, Mistakes
from interlock.model import jcs
from interlock.model.names import ConnectionName
from interlock.model.offer import OfferKind
from interlock.policy.tool_difference import TOOLS
from interlock.review.visible import visible
from interlock.sensitivity.regime import Regime
from interlock.settings.tools import GUESSED, MAP, read_tools

PARTS: Final = ("name", "title", "description", "inputSchema", "outputSchema", "annotations", "execution")
HEADER: Final = "x-mcp-header"


@dataclass(frozen=True, slots=True)
class Learnt:
    """The file's new text, what is to be told of tools (`name: sentence`), and how many maps wait for a look."""

    text: str
    told: tuple[str, ...]
    guessed: int


def learn(
    connection: ConnectionName, listed: Sequence[Mapping[str, Any]], before: str, regime: Regime, *, prune: bool = False
) -> Learnt:
    """What the file is to be. `before` is its text, "" for none. Raises `Mistakes` for one that isn't this
    connection's or has mistakes: what people wrote there isn't to be lost."""
    known = _known(connection, before)
    told: list[str] = []
    tools: dict[str, Mapping[str, Any]] = {}
    for raw in listed:
        name = str(raw.get("name"))
        tool = _told(raw, known.get(name), regime)
        because = _why_not(connection, tool)
        if because is None:
            tools[name] = tool
            told += [f"{name}: {remark}" for remark in _remarks(tool, known.get(name), regime)]
        else:
            told.append(f"{name}: can't be pinned: {because}")
    here = {str(raw.get("name")) for raw in listed}
    for name in sorted(known.keys() - here):
        told.append(f"{name}: the server doesn't list it any more" + ("" if prune else "; --prune takes it out"))
        if not prune:
            tools[name] = known[name]
    for name in sorted((known.keys() & here) - tools.keys()):
        tools[name] = known[name]  # as it was pinned: its calls are refused while the server lists it otherwise
    document = {"connection": str(connection), "tools": [tools[name] for name in sorted(tools)], **_offers(before)}
    waiting = sum(bool(_map_of(tool).get(GUESSED)) for tool in tools.values())
    return Learnt(text_of(document), tuple(told), waiting)


def guessed_in(texts: Mapping[str, str], connection: ConnectionName) -> list[str]:
    """The tools of a connection whose maps nobody has looked at, by a bundle's texts (which have no mistakes)."""
    documents = [json.loads(text) for name, text in texts.items() if name.startswith(TOOLS)]
    tools = [tool for each in documents if each["connection"] == connection for tool in each["tools"]]
    return [tool["name"] for tool in tools if _map_of(tool).get(GUESSED)]


def text_of(document: Mapping[str, Any]) -> str:
    """JSON with sorted keys; what can't be seen is written by its number: a reader sees what a machine reads."""
    text = json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True)
    if text.isascii():
        return text + "\n"
    return "".join(c if c in "\n⟨" or visible(c) == c else _escaped(c) for c in text) + "\n"


def _escaped(character: str) -> str:
    return json.dumps(character, ensure_ascii=True)[1:-1]


def _known(connection: ConnectionName, before: str) -> dict[str, Mapping[str, Any]]:
    if not before:
        return {}
    _, mistakes = read_tools("the file that is there", before)
    if mistakes:
        raise Mistakes(mistakes)
    document: Any = jcs.read(before.encode())
    if document["connection"] != connection:
        raise Mistakes([f'the file that is there is of the connection "{document["connection"]}"'])
    return {tool["name"]: tool for tool in document["tools"]}


def _offers(before: str) -> Mapping[str, Any]:
    """What people said of the server's resources and prompts: nobody asks for those here."""
    document: Any = jcs.read(before.encode()) if before else {}
    return {kind.value: document[kind.value] for kind in OfferKind if kind.value in document}


def _told(raw: Mapping[str, Any], known: Mapping[str, Any] | None, regime: Regime) -> Mapping[str, Any]:
    """The definition as it is pinned, with what people said of it, or a guess."""
    tool = {part: raw[part] for part in PARTS if raw.get(part) is not None}
    if known is None:
        return {**tool, MAP: proposed(tool, regime)}
    if "execution" in known:  # which a server lists in one generation of the protocol only
        tool = {"execution": known["execution"], **tool}
    return {**tool, MAP: known[MAP]} if MAP in known else tool


def _why_not(connection: ConnectionName, tool: Mapping[str, Any]) -> str | None:
    if is_reserved(str(tool.get("name"))):
        return "it has a name of one of Interlock's own"
    text = json.dumps({"connection": str(connection), "tools": [tool]})
    _, mistakes = read_tools("", text)
    if mistakes:
        return mistakes[0].removeprefix(": ").removeprefix("tool 1: ")
    for part in ("inputSchema", "outputSchema"):
        try:
            compiled(tool.get(part, {}))
        except MalformedInput as refused:
            return refused.sentence if part == "inputSchema" else refused.sentence.replace("input", "output", 1)
        except InterlockError as refused:
            return refused.sentence
    named = dict(_in_headers(tool.get("inputSchema", {})))
    labelled = sorted(path for path in named if f"arguments.{path}" in _map_of(tool).get("fields", {}))
    if labelled:
        return f'its server wants "{labelled[0]}" in an HTTP header too ({HEADER}), and that bears a label'
    return None


def _remarks(tool: Mapping[str, Any], known: Mapping[str, Any] | None, regime: Regime) -> Iterator[str]:
    """What a person should look at."""
    for path, header in _in_headers(tool.get("inputSchema", {})):
        yield f'its server wants "{path}" in the HTTP header Mcp-Param-{header} too, where proxies may log it'
    if known is None:
        return
    fields = _map_of(tool).get("fields", {})
    before = fields_of(known, regime)
    for path, label in fields_of(tool, regime).items():
        if path not in fields and path not in before:
            yield f"its definition changed: {path} looks like {label}, and the map doesn't say so"


def _in_headers(schema: Any) -> Iterator[tuple[str, str]]:
    """Arguments that a server wants in headers: their names, wherever they are, and the header's."""
    stack: list[tuple[str, Any]] = [("", schema)]
    while stack:
        path, node = stack.pop()
        if isinstance(node, Mapping):
            if path and HEADER in node:
                yield path, str(node[HEADER])
            named = node.get("properties")
            for key, part in named.items() if isinstance(named, Mapping) else ():
                stack.append((f"{path}.{key}" if path else str(key), part))


def _map_of(tool: Mapping[str, Any]) -> Mapping[str, Any]:
    found = tool.get(MAP)
    return found if isinstance(found, Mapping) else {}
