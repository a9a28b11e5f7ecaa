"""A tool: something that a connection's server offers to be called, with the schema of its arguments."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from interlock.model.jcs import Json, encode
from interlock.model.names import ConnectionName, Digest

_DOMAIN = b"interlock/tool/v1\0"


@dataclass(frozen=True)
class Tool:
    """A tool's definition as pinned: `input_schema` is the JSON Schema of its arguments (MCP, `inputSchema`)."""

    connection: ConnectionName
    name: str
    input_schema: Mapping[str, Json] = field(default_factory=dict)
    description: str = ""

    @property
    def id(self) -> str:
        """Its full name, `github/create_issue`: the resource that a call touches."""
        return f"{self.connection}/{self.name}"

    @cached_property
    def digest(self) -> Digest:
        """SHA-256 (hex) of the whole definition: a tool that is described otherwise is another tool.

        Raises `MalformedInput` for a definition that has no canonical form (RFC 8785).
        """
        document: Json = {
            "connection": self.connection,
            "name": self.name,
            "input_schema": self.input_schema,
            "description": self.description,
        }
        return Digest(hashlib.sha256(_DOMAIN + encode(document)).hexdigest())
