"""The typed settings of channels, rotas and who is told when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta, tzinfo

from interlock.model.channels import Destination
from interlock.model.connection import Connection
from interlock.model.names import ConnectionName, GroupName, PersonId
from interlock.model.secret import Secret


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """`[slack]`: one workspace. With `app_token` it is reached by socket mode, with `signing_secret` Slack calls us at
    `/channels/slack`; one of the two at least. `api` ends in `/`."""

    team: str
    bot_token: Secret[str]
    app_token: Secret[str] | None
    signing_secret: Secret[str] | None
    api: str


@dataclass(frozen=True, slots=True)
class TeamsSettings:
    """`[teams]`: one tenant's bot. Teams calls us at `/channels/teams`. `service_url` is where messages go, `login`
    where our own token comes from, `metadata` where the keys of their tokens are named."""

    app_id: str
    tenant: str
    secret: Secret[str]
    service_url: str
    login: str
    metadata: str


@dataclass(frozen=True, slots=True)
class EmailSettings:
    """`[email]`. `tls`: "implicit", "starttls", or "none" (this machine only)."""

    host: str
    port: int
    tls: str
    sender: str
    user: str = ""
    password: Secret[str] | None = None


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """`[webhooks.NAME]`: a service that is told of reviews, signed as Standard Webhooks with `secret` (`whsec_...`).
    `previous`: the secret before, while it is being changed; messages are signed with both."""

    name: str
    url: str
    secret: Secret[str]
    previous: Secret[str] | None = None


@dataclass(frozen=True, slots=True)
class VoteCallbackSettings:
    """`[vote_callbacks.NAME]`: a service that asks people itself and sends their votes, signed with `secret`, to
    `/channels/callback/NAME`. They count where policy's `@channels` says "callback"."""

    name: str
    secret: Secret[str]
    previous: Secret[str] | None = None


@dataclass(frozen=True, slots=True)
class PagerSettings:
    """`[pagerduty]` or `[opsgenie]`. `key` opens its REST API (who is on call, notes); `routing_key` (PagerDuty's
    Events API) raises alerts, at Opsgenie the one key does both. `sender` is the mail address that PagerDuty's notes
    are made in the name of. `api` and `events` end in `/`."""

    key: Secret[str]
    routing_key: Secret[str] | None
    sender: str
    api: str
    events: str


@dataclass(frozen=True, slots=True)
class Rota:
    """`[rotas.NAME]`: who is on call. Either `people` in turn, each for `shift` from `starts` on, or a `schedule` of a
    `pager` ("pagerduty" or "opsgenie"), whose users `pager_accounts` maps to people."""

    name: str
    people: tuple[PersonId, ...] = ()
    starts: datetime | None = None
    shift: timedelta = timedelta(days=7)
    pager: str = ""
    schedule: str = ""


@dataclass(frozen=True, slots=True)
class Quiet:
    """Hours in which nobody is told by a rule, local to `zone`; `begins` may lie behind `ends` (over midnight)."""

    begins: time
    ends: time
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class NotifyRule:
    """`[notify.NAME]`: who is told of a review that is still pending `after` it was opened.

    `groups` and `environments`: only reviews that ask for one of these groups, or are of one of these; empty for all.
    `to`: destinations; the address "people" (`channels.PEOPLE`) is each person who may sign now, or of them those on
    call by `rota`. `remind`: how often again while it is pending, at most `reminders` times. In `quiet` hours it
    waits, unless the review would run out before they end. It adds people who are told, and changes nothing about
    who has to sign.
    """

    name: str
    to: tuple[Destination, ...]
    groups: frozenset[GroupName] = frozenset()
    environments: frozenset[str] = frozenset()
    after: timedelta = timedelta(0)
    rota: str = ""
    remind: timedelta | None = None
    reminders: int = 0
    quiet: Quiet | None = None


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """Everything about how people are reached.

    `addresses` are mail addresses of people. `pager_accounts`: whose each user id at a pager is. Without `[notify]`
    tables each person who may sign is told at once by every channel that is set up for people.
    """

    slack: SlackSettings | None = None
    teams: TeamsSettings | None = None
    email: EmailSettings | None = None
    webhooks: Mapping[str, WebhookSettings] = field(default_factory=dict)
    vote_callbacks: Mapping[str, VoteCallbackSettings] = field(default_factory=dict)
    pagerduty: PagerSettings | None = None
    opsgenie: PagerSettings | None = None
    rotas: Mapping[str, Rota] = field(default_factory=dict)
    notify: tuple[NotifyRule, ...] = ()
    addresses: Mapping[PersonId, str] = field(default_factory=dict)
    pager_accounts: Mapping[tuple[str, str], PersonId] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AccessSettings:
    """`[access.NAME]`: something that callers themselves guard and ask us about (AuthZEN), as a connection. Its tools
    (`[policy] tools`) are the names of what can be asked; `resource_types` are the AuthZEN resource types that mean
    it, its own name always among them."""

    connection: Connection
    resource_types: frozenset[str]


AccessConnections = Mapping[ConnectionName, AccessSettings]
