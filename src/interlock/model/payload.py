"""Payloads: the exact thing that runs, as it is sealed and digested."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.model.names import Digest


@dataclass(frozen=True, slots=True)
class SqlStatement:
    """One statement as it will be sent: its bytes, and for the extended protocol its bound values.

    `simple` tells the Query message from Parse/Bind/Execute. Type OIDs, format codes and values are those of Parse and
    Bind (PostgreSQL protocol 3); a value of None is NULL. `max_rows` is Execute's limit, 0 for none.
    """

    text: bytes
    simple: bool
    parameter_types: tuple[int, ...] = ()
    parameter_formats: tuple[int, ...] = ()
    parameters: tuple[bytes | None, ...] = ()
    result_formats: tuple[int, ...] = ()
    max_rows: int = 0


@dataclass(frozen=True, slots=True)
class SqlPayload:
    """What one unit of decision sends: a simple query, or everything up to a Sync."""

    statements: tuple[SqlStatement, ...]


@dataclass(frozen=True, slots=True)
class SessionPayload:
    """The opening of a session: nothing but who and where."""

    database: str
    upstream_user: str


@dataclass(frozen=True, slots=True)
class ToolPayload:
    """One call of a tool: by which definition (its digest), and the arguments as canonical JSON."""

    tool: str
    definition: Digest
    arguments: bytes


@dataclass(frozen=True, slots=True)
class BundlePayload:
    """A policy bundle that is to be put in force: its sources, (name, text), by name."""

    sources: tuple[tuple[str, str], ...]


Payload = SqlPayload | SessionPayload | ToolPayload | BundlePayload
