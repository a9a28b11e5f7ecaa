"""Files that define tools: the result of MCP's tools/list, the connection that they belong to, and what we say of each.

    {"connection": "github", "tools": [
        {"name": "create_issue", "description": "...", "inputSchema": {...},
         "interlock": {"does": ["write"], "labels": ["pii"], "fields": {"result.author.email": "pii.email"},
                       "resources": ["repo/{owner}/{repo}"]}}]}

`does`: action groups; a tool without them executes. `fields` and `resources` are `model.tool.Tool`'s. `guessed` names
the parts of a map that a machine wrote and nobody has looked at. `_meta` and icons aren't read, nor are clients told
them.

Names hold nothing that a reader can't see: of tools, of properties, in paths. What else a server says may hold
anything: it is shown by its numbers wherever people sign for it (`review.visible`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from interlock.errors import MalformedInput
from interlock.model import jcs
from interlock.model.jcs import Json
from interlock.model.label import Label, parse_label
from interlock.model.names import ConnectionName, Verb
from interlock.model.tool import Tool
from interlock.model.verb import TOOL_CALL, TOOL_VERBS
from interlock.policy.spelling import nearest
from interlock.review.visible import visible
from interlock.settings.people import NAME, NAME_SENTENCE

MAX_NAME: Final = 128  # characters; MCP 2025-11-25, "Tool Names"
MAX_FIELDS: Final = 256
MAP: Final = "interlock"
GUESSED: Final = "guessed"

_MAPPED: Final = ("does", "fields", "labels", "resources")
_MAP_KEYS: Final = (*_MAPPED, GUESSED)
_STEP: Final = r"[^.\[\]{}]{1,128}(?:\[\])*"
_PATH: Final = re.compile(rf"(?:arguments|result)(?:\[\])*(?:\.{_STEP})*")
_TEMPLATE: Final = re.compile(r"(?:[\w.~:@/+-]|\{[^{}\[\]]{1,128}\}){1,256}")


def read_tools(file: str, text: str, before: Sequence[Tool] = ()) -> tuple[list[Tool], list[str]]:
    """The tools that `text` defines, and each mistake as `file: sentence`; `before` are those of other files."""
    try:
        document = jcs.read(text.encode(errors="surrogatepass"))
    except MalformedInput as malformed:
        return [], [f"{file}: {malformed.sentence}"]
    if not isinstance(document, dict) or not isinstance(document.get("tools"), list):
        return [], [f'{file}: this must be an object with "connection" and "tools", as tools/list answers']
    connection = document.get("connection")
    if not isinstance(connection, str) or not NAME.fullmatch(connection):
        return [], [f'{file}: "connection" must say whose tools these are; {NAME_SENTENCE}']
    return _tools(file, ConnectionName(connection), document["tools"], before)


def _tools(
    file: str, connection: ConnectionName, listed: Sequence[Any], before: Sequence[Tool]
) -> tuple[list[Tool], list[str]]:
    tools: list[Tool] = []
    mistakes: list[str] = []
    known = {tool.id for tool in before}
    for number, raw in enumerate(listed, 1):
        tool = tool_of(connection, raw)
        if isinstance(tool, str):
            mistakes.append(f"{file}: tool {number}: {tool}")
        elif tool.id in known:
            mistakes.append(f'{file}: tool {number}: "{tool.name}" is there already')
        else:
            tools.append(tool)
            known.add(tool.id)
    return tools, mistakes


def tool_of(connection: ConnectionName, raw: Any) -> Tool | str:
    """One definition of a file, or of what a server lists: the tool, or what is wrong with it."""
    if not isinstance(raw, dict):
        return "this must be an object"
    name, schema, description = raw.get("name"), raw.get("inputSchema", {}), raw.get("description", "")
    if not isinstance(name, str) or len(name) > MAX_NAME or not is_plain(name):
        return f'"name" must be a string of 1 to {MAX_NAME} characters, each of which can be seen'
    if not isinstance(schema, Mapping):
        return f'"inputSchema" of "{name}" must be an object'
    if not isinstance(description, str):
        return f'"description" of "{name}" must be a string'
    also = _also(raw, name)
    if isinstance(also, str):
        return also
    title, output, annotations, execution = also
    if not all(is_plain(each) for part in (schema, output, annotations) for each in _keys(part)):
        return f'a property of "{name}" has a name with characters that nobody sees'
    try:
        verbs, labels, fields, resources = _map(raw.get(MAP, {}))
    except MalformedInput as wrong:
        return f'"{MAP}" of "{name}": {wrong.sentence}'
    tool = Tool(
        connection, name, schema, description, title, output, annotations, verbs, labels, fields, resources, execution
    )
    try:
        _ = tool.digest
    except MalformedInput as refused:
        return f'"{name}" can\'t be pinned: {refused.sentence}'
    return tool


def is_plain(name: str) -> bool:
    """Whether all of a name can be seen: no control, format or blank characters, no heaps of combining marks."""
    return bool(name.strip()) and visible(name) == name


def _keys(schema: Json) -> Iterator[str]:
    """Every key in it: keywords, and names of properties."""
    stack = [schema]
    while stack:
        node = stack.pop()
        if isinstance(node, Mapping):
            yield from node
            stack.extend(node.values())
        elif isinstance(node, list | tuple):
            stack.extend(node)


def _also(
    raw: Mapping[str, Any], name: str
) -> tuple[str, Mapping[str, Json], Mapping[str, Json], Mapping[str, Json]] | str:
    """What a definition may have besides; null is as good as nothing."""
    title, output, annotations = raw.get("title"), raw.get("outputSchema"), raw.get("annotations")
    execution = raw.get("execution")
    if title is not None and not isinstance(title, str):
        return f'"title" of "{name}" must be a string'
    if not isinstance(output, Mapping | None) or not isinstance(annotations, Mapping | None):
        return f'"outputSchema" and "annotations" of "{name}" must be objects'
    if not isinstance(execution, Mapping | None):
        return f'"execution" of "{name}" must be an object'
    return title or "", output or {}, annotations or {}, execution or {}


def _map(raw: Any) -> tuple[tuple[Verb, ...], frozenset[Label], Mapping[str, Label], tuple[str, ...]]:
    """What we say of a tool; raises `MalformedInput`."""
    if not isinstance(raw, dict):
        raise MalformedInput("this must be an object")
    for key in raw:
        if key not in _MAP_KEYS:
            raise MalformedInput(f'there is no such key as "{visible(key)}"{nearest(key, _MAP_KEYS)}')
    for part in _texts(raw, GUESSED):
        if part not in _MAPPED:
            raise MalformedInput(f'"{GUESSED}" names parts of a map: {", ".join(_MAPPED)}')
    does, resources = _texts(raw, "does"), _texts(raw, "resources")
    for group in does:
        if group not in TOOL_VERBS:
            raise MalformedInput(f'a tool can\'t be said to do "{group}"; it can {", ".join(sorted(TOOL_VERBS))}')
    for template in resources:
        if not _TEMPLATE.fullmatch(template) or not is_plain(template):
            raise MalformedInput(f'"{visible(template)}" isn\'t a template such as repo/{{owner}}/{{repo}}')
    fields = raw.get("fields", {})
    if not isinstance(fields, dict) or len(fields) > MAX_FIELDS:
        raise MalformedInput(f'"fields" must be an object of at most {MAX_FIELDS} members')
    labels = frozenset(parse_label(each) for each in _texts(raw, "labels"))
    found = {path: _field(path, label) for path, label in fields.items()}
    verbs = tuple(TOOL_VERBS[group] for group in does) or (TOOL_CALL,)
    return verbs, labels | frozenset(found.values()), found, resources


def _field(path: str, label: Any) -> Label:
    if not _PATH.fullmatch(path) or not is_plain(path):
        raise MalformedInput(f'"{visible(path)}" isn\'t a path such as result.rows[].name or arguments.patient.mrn')
    if not isinstance(label, str):
        raise MalformedInput(f'the label of "{path}" must be a string')
    return parse_label(label)


def _texts(raw: Mapping[str, Any], key: str) -> tuple[str, ...]:
    found = raw.get(key, [])
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found) or len(set(found)) < len(found):
        raise MalformedInput(f'"{key}" must be an array of different strings')
    return tuple(found)
