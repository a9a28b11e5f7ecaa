"""Files that define tools: the result of MCP's tools/list, with the connection that the tools belong to.

    {"connection": "github", "tools": [{"name": "create_issue", "description": "...", "inputSchema": {...}}]}

What else a tool's definition has (title, annotations, outputSchema) isn't pinned: policies can't ask for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from interlock.errors import MalformedInput
from interlock.model import jcs
from interlock.model.names import ConnectionName
from interlock.model.tool import Tool
from interlock.settings.people import NAME, NAME_SENTENCE

MAX_NAME: Final = 128  # characters; MCP 2025-11-25, "Tool Names"


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
        tool = _tool(connection, raw)
        if isinstance(tool, str):
            mistakes.append(f"{file}: tool {number}: {tool}")
        elif tool.id in known:
            mistakes.append(f'{file}: tool {number}: "{tool.name}" is there already')
        else:
            tools.append(tool)
            known.add(tool.id)
    return tools, mistakes


def _tool(connection: ConnectionName, raw: Any) -> Tool | str:
    """The tool, or what is wrong with it."""
    if not isinstance(raw, dict):
        return "this must be an object"
    name, schema, description = raw.get("name"), raw.get("inputSchema", {}), raw.get("description", "")
    if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME or not name.isprintable() or not name.strip():
        return f'"name" must be a string of 1 to {MAX_NAME} printable characters'
    if not isinstance(schema, Mapping):
        return f'"inputSchema" of "{name}" must be an object'
    if not isinstance(description, str):
        return f'"description" of "{name}" must be a string'
    tool = Tool(connection, name, schema, description)
    try:
        _ = tool.digest
    except MalformedInput as refused:
        return f'"{name}" can\'t be pinned: {refused.sentence}'
    return tool
