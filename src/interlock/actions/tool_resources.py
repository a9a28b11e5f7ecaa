"""What a tool's map says of one call: which documents it touches, which labels its arguments bear, and which of these
may be guesses.

A name of a document is on cards and in the ledger, so that only what may be a name is put into it: no labelled argument
and nothing that looks like data. What can't be named keeps its place in the template, and makes the call opaque.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from interlock.actions.call_template import ARGUMENTS, is_name
from interlock.model.jcs import Json, encode
from interlock.model.label import Label
from interlock.model.tool import Tool

_VARIABLE: Final = re.compile(r"\{(\+?)([^{}]*)\}")
_DOTS: Final = frozenset({"", ".", ".."})


@dataclass(frozen=True, slots=True)
class Touched:
    """The documents of one call, by their full names; `complete` when every one of them could be named."""

    documents: tuple[str, ...] = ()
    complete: bool = True


def touched(tool: Tool, arguments: Mapping[str, Json]) -> Touched:
    """What a call touches besides its tool.

    `{owner}` is one argument, `{patient.id}` one within another; `{+path}` may hold slashes (as in RFC 6570).
    """
    documents, complete = [], True
    for template in tool.resources:
        name, whole = _filled(template, tool, arguments)
        documents.append(f"{tool.connection}/{name}")
        complete &= whole
    return Touched(tuple(dict.fromkeys(documents)), complete)


def labels_given(tool: Tool, arguments: Json) -> frozenset[Label]:
    """The labels of the arguments that were given."""
    if not any(path.startswith(ARGUMENTS) for path in tool.fields):
        return frozenset()
    return frozenset(tool.fields[path] for path in _paths(arguments) if path in tool.fields)


def labels_guessed(tool: Tool, arguments: Json, given: Collection[str]) -> frozenset[Label]:
    """The labels of arguments whose values the asker may have made up: all but those that it was given as pseudonyms.

    `given`: JSON pointers (RFC 6901) to these. The key of an object within what is labelled may be a guess, too.
    """
    if not given:
        return labels_given(tool, arguments)
    found: set[Label] = set()
    stack: list[tuple[str, str, frozenset[Label], Json]] = [(ARGUMENTS, "", frozenset(), arguments)]
    while stack:
        path, pointer, labels, node = stack.pop()
        labels |= {tool.fields[path]} if path in tool.fields else frozenset()
        if isinstance(node, Mapping):
            found |= labels
            stack.extend((f"{path}.{key}", f"{pointer}/{escaped(key)}", labels, node[key]) for key in node)
        elif isinstance(node, list | tuple) and node:
            stack.extend((f"{path}[]", f"{pointer}/{at}", labels, member) for at, member in enumerate(node))
        elif pointer not in given:
            found |= labels
    return frozenset(found)


def escaped(key: str) -> str:
    """A key as it stands in a JSON pointer (RFC 6901 section 3)."""
    return key.replace("~", "~0").replace("/", "~1")


def _filled(template: str, tool: Tool, arguments: Mapping[str, Json]) -> tuple[str, bool]:
    complete = True

    def value(found: re.Match[str]) -> str:
        nonlocal complete
        text = _text(found[2], tool, arguments)
        if text is None or not _fits(text, slashes=bool(found[1])):
            complete = False
            return found[0]
        return text

    return _VARIABLE.sub(value, template), complete


def _fits(text: str, *, slashes: bool) -> bool:
    """Whether it is a name that leads nowhere else: `a/../b` would be another document."""
    if not is_name(text) or (not slashes and "/" in text):
        return False
    return _DOTS.isdisjoint(text.split("/"))


def _text(name: str, tool: Tool, arguments: Mapping[str, Json]) -> str | None:
    """The argument as text; None where there is none, or it is labelled, it or what it lies in."""
    node: Json = arguments
    path = ARGUMENTS
    for key in name.split("."):
        if path in tool.fields or not isinstance(node, Mapping) or key not in node:
            return None
        node, path = node[key], f"{path}.{key}"
    if path in tool.fields:
        return None
    if isinstance(node, str):
        return node
    return encode(node).decode() if isinstance(node, int) and not isinstance(node, bool) else None


def _paths(arguments: Json) -> Iterator[str]:
    """The path of every value, as a tool's map writes it."""
    stack: list[tuple[str, Json]] = [(ARGUMENTS, arguments)]
    while stack:
        path, node = stack.pop()
        yield path
        if isinstance(node, Mapping):
            stack.extend((f"{path}.{key}", member) for key, member in node.items())
        elif isinstance(node, list | tuple):
            stack.extend((f"{path}[]", member) for member in node)
