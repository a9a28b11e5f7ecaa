"""Cutting a call's arguments into structure, which is shown and stored, and leaf values, which aren't.

Every scalar becomes a leaf. Keys are the tool's own words: what its pinned definition names, or a protocol. Any other
is the asker's, may be a value as well, and becomes a hidden leaf, too; one that doesn't even look like a name refuses
the call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Final

from interlock.model.jcs import Json, encode
from interlock.model.label import Label
from interlock.model.secret import Secret
from interlock.model.template import MAX_VALUE, Leaf, Template
from interlock.model.tool import Tool
from interlock.sql.identifiers import MAX_DIGITS, MAX_IDENTIFIER, invisible
from interlock.sql.template import Marks, length_class

MAX_LEAVES: Final = 2_000
FINDING: Final = "a key in the arguments looks like data, and no name"
TOO_MANY: Final = f"the arguments hold more than {MAX_LEAVES} values"
ARGUMENTS: Final = "arguments"
"""How a map's paths into the arguments begin."""
UNREAD: Final = Template(("(arguments that could not be read)",), ())

_NAME = re.compile(r"[\w$./:-]+")
_DIGIT = re.compile(r"\d")
_NO_WORDS: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Cut:
    """A template, and why the call is refused, if it is."""

    template: Template
    refusal: str | None


def is_name(text: str) -> bool:
    """Whether a word that no definition has may be shown and stored as a name."""
    if not _NAME.fullmatch(text) or invisible(text) or len(text.encode()) > MAX_IDENTIFIER:
        return False
    return len(_DIGIT.findall(text)) <= MAX_DIGITS


def cut_call(
    called: str, arguments: Mapping[str, Json], tool: Tool | None, *, show: bool, words: Set[str] = _NO_WORDS
) -> Cut:
    """The call cut. With `show`, flags and words that the pinned definition lists are shown: they say what is done.
    `words`: keys that the protocol names.

    What the tool's map labels bears its label, and is hidden whatever it is.
    """
    keys = words | frozenset(_names(tool.input_schema) if tool is not None else ())
    listed = frozenset(_listed(tool.input_schema)) if tool is not None and show else _NO_WORDS
    fields = tool.fields if tool is not None else {}
    cutting = _Cutting(keys, listed, show, fields, code=[f"{called} "])
    cutting.value(arguments, ARGUMENTS, fields.get(ARGUMENTS))
    if len(cutting.leaves) > MAX_LEAVES:
        return Cut(UNREAD, TOO_MANY)
    template = Template(tuple(cutting.code), tuple(cutting.leaves), tuple(cutting.values))
    return Cut(template, FINDING if cutting.found else None)


@dataclass(slots=True)
class _Cutting:
    """The walk: `code` has one piece more than there are leaves."""

    keys: Set[str]
    words: frozenset[str]
    show: bool
    fields: Mapping[str, Label]
    code: list[str]
    leaves: list[Leaf] = field(default_factory=list)
    values: list[Secret[str]] = field(default_factory=list, repr=False)
    marks: Marks = field(default_factory=Marks)
    found: bool = False

    def value(self, value: Json, path: str, label: Label | None) -> None:
        """`path` as a tool's map writes it; `label` of the nearest that is mapped above."""
        if isinstance(value, Mapping):
            self._object(value, path, label)
        elif isinstance(value, list | tuple):
            self.code[-1] += "["
            label = self.fields.get(f"{path}[]", label)
            for n, member in enumerate(value):
                self.code[-1] += ", " if n else ""
                self.value(member, f"{path}[]", label)
            self.code[-1] += "]"
        else:
            assert not isinstance(value, Sequence) or isinstance(value, str)
            self._leaf(value, label)

    def _object(self, value: Mapping[str, Json], path: str, label: Label | None) -> None:
        self.code[-1] += "{"
        for n, key in enumerate(sorted(value, key=lambda key: key.encode("utf-16-be"))):  # as in the canonical text
            self.code[-1] += ", " if n else ""
            self._key(key)
            self.code[-1] += ": "
            self.value(value[key], f"{path}.{key}", self.fields.get(f"{path}.{key}", label))
        self.code[-1] += "}"

    def _key(self, key: str) -> None:
        if key in self.keys:
            self.code[-1] += json.dumps(key, ensure_ascii=invisible(key))
        else:
            self.found |= not is_name(key)
            self._hide(key, "key")

    def _leaf(self, value: str | float | bool | None, label: Label | None) -> None:
        match value:
            case None:
                self._add(Leaf(None, "null", label, "0", ""), "")
            case bool():
                self._hide("true" if value else "false", "boolean", label, shown=self.show)
            case str():
                self._hide(value, "text", label, shown=value in self.words)
            case _:
                self._hide(encode(value).decode(), "number", label)

    def _hide(self, text: str, kind: str, label: Label | None = None, *, shown: bool = False) -> None:
        mark = self.marks.of(f"{kind} {text}")  # 5 and "5" aren't equal
        shown = shown and label is None
        self._add(Leaf(text if shown else None, kind, label, length_class(len(text)), mark), text)

    def _add(self, leaf: Leaf, value: str) -> None:
        self.leaves.append(leaf)
        self.values.append(Secret(value[:MAX_VALUE]))
        self.code.append("")


def _names(schema: Json) -> Iterator[str]:
    """Every name that a definition gives to a property."""
    for node in _nodes(schema):
        properties = node.get("properties") if isinstance(node, Mapping) else None
        if isinstance(properties, Mapping):
            yield from properties


def _listed(schema: Json) -> Iterator[str]:
    """Every word that a definition lists as a possible value."""
    for node in _nodes(schema):
        if isinstance(node, Mapping):
            listed = node.get("enum")
            yield from (word for word in listed if isinstance(word, str)) if isinstance(listed, list | tuple) else ()
            const = node.get("const")
            yield from (const,) if isinstance(const, str) else ()


def _nodes(value: Json) -> Iterator[Json]:
    stack = [value]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, Mapping):
            stack.extend(node.values())
        elif isinstance(node, list | tuple):
            stack.extend(node)
