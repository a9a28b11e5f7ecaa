"""A tool: something that a connection's server offers to be called, with the schemas of its arguments and results.

Its definition is the server's own words; its map is ours: what a call of it does, on what, with which labels. Both are
pinned in the policy bundle, so that people sign for either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from interlock.model.jcs import Json, encode
from interlock.model.label import Label
from interlock.model.names import ConnectionName, Digest, Verb
from interlock.model.verb import TOOL_CALL

_DOMAIN = b"interlock/tool/v1\0"
_DEFINITION = b"interlock/tool-definition/v1\0"


@dataclass(frozen=True)
class Tool:
    """A tool's definition as pinned, and its map.

    `input_schema`, `output_schema` (JSON Schema), `title` and `annotations` are MCP's `inputSchema`, `outputSchema`,
    `title` and `annotations` (2025-11-25, "Tool"); an empty one wasn't given. `execution` is MCP's too, of that version
    only: servers of two generations list it in one of them, so that listings aren't held against it.

    `verbs`: by which a call is asked for (`model.verb.TOOL_VERBS`); the first is its own action entity's. `labels`: all
    that a call can reach. `fields`: which label what lies at a path bears, of arguments ("arguments.patient.mrn") and
    results ("result.rows[].name"): names of properties with dots between, `[]` for every member of a list.
    `resources`: what it touches beside itself, by templates of arguments ("repo/{owner}/{repo}").
    """

    connection: ConnectionName
    name: str
    input_schema: Mapping[str, Json] = field(default_factory=dict)
    description: str = ""
    title: str = ""
    output_schema: Mapping[str, Json] = field(default_factory=dict)
    annotations: Mapping[str, Json] = field(default_factory=dict)
    verbs: tuple[Verb, ...] = (TOOL_CALL,)
    labels: frozenset[Label] = frozenset()
    fields: Mapping[str, Label] = field(default_factory=dict)
    resources: tuple[str, ...] = ()
    execution: Mapping[str, Json] = field(default_factory=dict)

    @property
    def task_support(self) -> str:
        """Whether calls may be ("optional") or have to be ("required") tasks of the server's (2025-11-25,
        "Tool-Level Negotiation"); "forbidden" unless said."""
        said = self.execution.get("taskSupport")
        return said if said in ("optional", "required") and isinstance(said, str) else "forbidden"

    @property
    def id(self) -> str:
        """Its full name, `github/create_issue`: the resource that a call touches."""
        return f"{self.connection}/{self.name}"

    @property
    def is_mapped(self) -> bool:
        """Whether anything is said of it besides its server's own words."""
        return bool(self.labels or self.fields or self.resources) or self.verbs != (TOOL_CALL,)

    @property
    def definition(self) -> Mapping[str, Json]:
        """What the server says of it, as far as clients are told: `_meta` and icons aren't passed on."""
        told: dict[str, Json] = {
            "name": self.name,
            "description": self.description,
            "input_schema": self.input_schema,
        }
        also: dict[str, Json] = {
            "title": self.title,
            "output_schema": self.output_schema,
            "annotations": self.annotations,
        }
        return told | {name: value for name, value in also.items() if value}

    @cached_property
    def definition_digest(self) -> Digest:
        """SHA-256 (hex) of what the server says: what a listing is held against. Raises `MalformedInput` likewise."""
        document: Json = {"connection": self.connection, **self.definition}
        return Digest(hashlib.sha256(_DEFINITION + encode(document)).hexdigest())

    @cached_property
    def digest(self) -> Digest:
        """SHA-256 (hex) of definition and map: a tool that is described or mapped otherwise is another tool.

        Raises `MalformedInput` for a definition that has no canonical form (RFC 8785).
        """
        mapped: dict[str, Json] = {}
        if self.verbs != (TOOL_CALL,):
            mapped["verbs"] = list(self.verbs)
        if self.labels:
            mapped["labels"] = sorted(self.labels)
        if self.fields:
            mapped["fields"] = dict(self.fields)
        if self.resources:
            mapped["resources"] = list(self.resources)
        if self.execution:
            mapped["execution"] = self.execution
        document: Json = {"connection": self.connection, **self.definition, **mapped}
        return Digest(hashlib.sha256(_DOMAIN + encode(document)).hexdigest())
