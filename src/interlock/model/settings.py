"""The typed settings tree: what `settings.py` makes of interlock.toml, and `app.py` composes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path

from interlock.model.actor import ActorKind
from interlock.model.connection import Connection
from interlock.model.decision import Requirements
from interlock.model.names import ActorId, ConnectionName, GroupName, PersonId
from interlock.model.person import Person
from interlock.model.secret import Secret


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """A certificate chain and its key, both PEM files."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Listen:
    """An address to listen on. Without TLS, `host` must be a loopback address."""

    host: str
    port: int
    tls: TlsFiles | None = None


@dataclass(frozen=True, slots=True)
class UpstreamPostgres:
    """How to reach a PostgreSQL. `tls`: "disable" or "verify-full" (with `ca`, or the system's roots)."""

    host: str
    port: int
    database: str
    user: str
    password: Secret[str]
    tls: str = "disable"
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """One `[connections.NAME]` table: what policy sees of it, how to reach it, and its catalog file."""

    connection: Connection
    upstream: UpstreamPostgres
    catalog: Path | None


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """One `[agents.NAME]` or `[services.NAME]` table."""

    id: ActorId
    kind: ActorKind
    owner: PersonId
    groups: frozenset[GroupName]


@dataclass(frozen=True, slots=True)
class PolicySettings:
    """What the bundle is made of, and who signs for another one.

    Packs by name, further Cedar files, and files that define tools. `zone` is the one of `context.hour`.
    Without `approvers` no bundle can be proposed.
    """

    packs: tuple[str, ...]
    files: tuple[Path, ...]
    tools: tuple[Path, ...] = ()
    zone: tzinfo = UTC
    approvers: Requirements | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds (design: everything that waits has a bound, everything that queues has a limit)."""

    sessions: int = 512  # client connections on the PostgreSQL door
    open_reviews_per_actor: int = 20
    ledger_queue: int = 8192  # entries waiting for a flush; beyond that, refused
    login_seconds: int = 10


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything from interlock.toml, checked. `data_dir` holds the store; the keys lie in `keys_dir`, mode 0600."""

    origin: str  # the log's name, a schemaless URL (ledger.md 1.6)
    node: str
    node_key: str  # the pinned node vkey (signed-note text form)
    data_dir: Path
    keys_dir: Path
    control: Listen
    agents: Listen
    postgres: Listen
    public_url: str  # where people reach the control port; links in notices and cards start with it
    people: Mapping[PersonId, Person]
    actors: Mapping[ActorId, AgentSettings]
    groups: frozenset[GroupName]
    connections: Mapping[ConnectionName, ConnectionSettings]
    policy: PolicySettings
    unsafe_token_votes: bool
    limits: Limits
    digest: str  # SHA-256 of the settings file's bytes, for the ledger
