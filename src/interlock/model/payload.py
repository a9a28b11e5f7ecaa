"""Payloads: the exact thing that runs, as it is sealed and digested."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.model.identity_change import IdentityChange
from interlock.model.names import Digest, GroupName, KeyId, PersonId


@dataclass(frozen=True, slots=True)
class SqlStatement:
    """One statement as it will be sent: its bytes, and for the extended protocol its bound values.

    `simple` tells the Query message from Parse/Bind/Execute. Type OIDs, format codes and values are those of Parse and
    Bind (PostgreSQL protocol 3); a value of None is NULL. `max_rows` is Execute's limit, 0 for none. `copy_data`: the
    rows of a COPY FROM STDIN that people signed for (None where they are streamed, or there are none).

    `given_literals` (byte offsets into the text) and `given_parameters` (numbers, from 1) are values that the asker
    gave as pseudonyms, and that were translated.
    """

    text: bytes
    simple: bool
    parameter_types: tuple[int, ...] = ()
    parameter_formats: tuple[int, ...] = ()
    parameters: tuple[bytes | None, ...] = ()
    result_formats: tuple[int, ...] = ()
    max_rows: int = 0
    copy_data: bytes | None = None
    given_literals: tuple[int, ...] = ()
    given_parameters: tuple[int, ...] = ()


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
    """One call of a tool: by which definition (its digest), and the arguments as canonical JSON.

    `given`: JSON pointers (RFC 6901) to the arguments that the asker gave as pseudonyms, and that were translated.
    """

    tool: str
    definition: Digest
    arguments: bytes
    given: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BundlePayload:
    """A policy bundle that is to be put in force: its sources, (name, text), by name."""

    sources: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class IdentityAddition:
    """Somebody who would join (PERSON_ADDED), or a group they would be in (GROUP_ADDED, `group`).

    `external` is the id that the source knows them by. `groups` are those of the settings that a person brings along.
    """

    what: IdentityChange
    person: PersonId
    name: str = ""
    group: GroupName | None = None
    external: str = ""
    groups: tuple[GroupName, ...] = ()


@dataclass(frozen=True, slots=True)
class IdentityPayload:
    """Whom a source of identities ("provisioning/NAME" or "sign-on/PROVIDER") would add, and by which credential."""

    source: str
    key: KeyId
    additions: tuple[IdentityAddition, ...]


Payload = SqlPayload | SessionPayload | ToolPayload | BundlePayload | IdentityPayload
