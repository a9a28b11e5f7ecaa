"""The typed settings tree: what `settings.py` makes of interlock.toml, and `app.py` composes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta, tzinfo
from pathlib import Path

from interlock.model.actor import ActorKind
from interlock.model.channel_settings import AccessConnections, ChannelSettings
from interlock.model.connection import Connection
from interlock.model.decision import Requirements
from interlock.model.mcp_settings import McpConnections, OwnMcpSettings
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
    """An address to listen on. Without TLS, `host` must be a loopback address. `url`: where clients reach the agents'
    port, if something stands between."""

    host: str
    port: int
    tls: TlsFiles | None = None
    client_ca: Path | None = None  # authorities whose client certificates are taken, beside other credentials
    url: str = ""


@dataclass(frozen=True, slots=True)
class UpstreamPostgres:
    """How to reach a PostgreSQL. `tls`: "disable" or "verify-full" (with `ca`, or the system's roots).

    `login`: the one way in which the server may ask who we are: "scram-sha-256", "md5", "certificate" or "trust".
    `certificate` and `key` (PEM files) are ours, for a server that asks for one. `direct_tls`: the handshake comes
    first, without an SSLRequest (PostgreSQL 17 and newer). `channel_binding`: SCRAM-SHA-256-PLUS or nothing.
    """

    host: str
    port: int
    database: str
    user: str
    password: Secret[str]
    tls: str = "disable"
    ca: Path | None = None
    login: str = "scram-sha-256"
    certificate: Path | None = None
    key: Path | None = None
    direct_tls: bool = False
    channel_binding: bool = False


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """One `[connections.NAME]` table: what policy sees of it, how to reach it, and its catalog file.

    `most_sessions`: upstream sessions at once, those of our own not counted. `unsafe_superuser`: its login may be more
    than its grants. `content`: "mask" where values without labels are looked into, else "off". `profile`: the masking
    profile by whose rules values are masked; "" where labelled ones become constants.
    """

    connection: Connection
    upstream: UpstreamPostgres
    catalog: Path | None
    most_sessions: int = 80
    unsafe_superuser: bool = False
    content: str = "off"
    profile: str = ""


@dataclass(frozen=True, slots=True)
class IssuerSettings:
    """One `[issuers.NAME]` table: who signs workloads' JWTs. `keys`: an https URL, "discovery", or a JWK Set file.

    `audience` must be in every token, but for those that name an MCP connection as the resource that they are for
    (`identity.audience`): by its URI, or by what `audiences` has for it. `mcp_audience`: "either", or "resource" where
    a token must do so at the MCP door. `delegates`: whether its `act` chains count (RFC 8693).
    """

    name: str
    issuer: str
    audience: str
    keys: str | Path
    algorithms: tuple[str, ...]
    ca: Path | None = None
    delegates: bool = False
    mcp_audience: str = "either"
    audiences: Mapping[ConnectionName, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JwtMatch:
    """Which tokens of an issuer are this actor's: `subject` exactly ("" for any), and each claim exactly."""

    issuer: str  # the issuer's name in the settings
    subject: str
    claims: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """`[oidc]`: the provider that people sign in at (OpenID Connect Core 1.0, code flow with PKCE).

    `groups` maps the provider's group names, in the claim `groups_claim`, to ours. `provider` is our name for it: what
    links say.
    """

    provider: str
    issuer: str
    client_id: str
    client_secret: Secret[str] | None
    scopes: tuple[str, ...]
    groups_claim: str
    groups: Mapping[str, GroupName]
    ca: Path | None = None


@dataclass(frozen=True, slots=True)
class ProvisioningSettings:
    """`[provisioning]`: SCIM, and who signs for what it adds. `groups` maps SCIM groups' display names to ours."""

    scim: bool = False
    groups: Mapping[str, GroupName] = field(default_factory=dict)
    approvers: Requirements | None = None


@dataclass(frozen=True, slots=True)
class VoteSettings:
    """`[votes]`: what makes a vote count.

    `recent_login`: how old the login behind it may be. `passkeys`: "if_registered" (who has one must use it) or
    "required". `delegation`: the longest, zero for none.
    """

    unsafe_token_votes: bool = False
    recent_login: timedelta = timedelta(hours=1)
    passkeys: str = "if_registered"
    delegation: timedelta = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class BreakGlassSettings:
    """`[break_glass]`: how often one person may in a day, how long such an approval waits for its run, and within what
    time somebody else must have looked at it, else the glass is locked."""

    per_person_per_day: int = 2
    valid: timedelta = timedelta(minutes=10)
    review_within: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class AgentSettings:
    """One `[agents.NAME]` or `[services.NAME]` table."""

    id: ActorId
    kind: ActorKind
    owner: PersonId
    groups: frozenset[GroupName]
    jwt: tuple[JwtMatch, ...] = ()  # any one of these tells this actor
    spiffe: tuple[str, ...] = ()  # SPIFFE IDs of its X.509-SVIDs
    certificates: tuple[str, ...] = ()  # SHA-256 (hex) of its client certificates


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
class LabelSettings:
    """`[labels]`: the groups of those who confirm labels and override masks (none: those of `[policy] approvers`), and
    how long an override lasts at most."""

    stewards: frozenset[GroupName] = frozenset()
    overrides: timedelta = timedelta(days=90)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds (design: everything that waits has a bound, everything that queues has a limit)."""

    sessions: int = 512  # client connections on the PostgreSQL door
    sessions_per_actor: int = 128  # of these, by one agent or service
    open_reviews_per_actor: int = 20
    ledger_queue: int = 8192  # entries waiting for a flush; beyond that, refused
    login_seconds: int = 10
    cool_down_seconds: int = 600  # how long the form that was denied isn't asked about again
    denied_per_hour: int = 10  # of one actor; then nothing more is held for it until the hour is over


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
    limits: Limits
    digest: str  # SHA-256 of the settings file's bytes, for the ledger
    votes: VoteSettings = VoteSettings()
    break_glass: BreakGlassSettings = BreakGlassSettings()
    labels: LabelSettings = LabelSettings()
    issuers: Mapping[str, IssuerSettings] = field(default_factory=dict)
    oidc: OidcSettings | None = None
    provisioning: ProvisioningSettings = ProvisioningSettings()
    accounts: Mapping[tuple[str, str], PersonId] = field(default_factory=dict)  # (provider, subject) that settings link
    auditors: frozenset[GroupName] = frozenset()  # who may read every card and sign none by that
    outgoing: tuple[str, ...] = ()  # URL prefixes that may be called besides issuers and providers (callbacks)
    channels: ChannelSettings = field(default_factory=ChannelSettings)
    access: AccessConnections = field(default_factory=dict)
    mcp: McpConnections = field(default_factory=dict)
    own_mcp: OwnMcpSettings = field(default_factory=OwnMcpSettings)

    @property
    def unsafe_token_votes(self) -> bool:
        """Whether votes by token count."""
        return self.votes.unsafe_token_votes
