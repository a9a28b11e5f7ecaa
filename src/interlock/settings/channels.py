"""Where people are reached, and when: `[slack]`, `[teams]`, `[email]`, `[webhooks.NAME]`, `[vote_callbacks.NAME]`,
`[pagerduty]`, `[opsgenie]`, `[rotas.NAME]`, `[notify.NAME]`."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final

from interlock.model.channel_settings import (
    ChannelSettings,
    EmailSettings,
    NotifyRule,
    PagerSettings,
    Quiet,
    Rota,
    SlackSettings,
    TeamsSettings,
    VoteCallbackSettings,
    WebhookSettings,
)
from interlock.model.channels import PEOPLE, Channel, Destination
from interlock.model.names import GroupName, PersonId
from interlock.model.secret import Secret
from interlock.policy.spelling import nearest
from interlock.settings.addresses import is_loopback
from interlock.settings.durations import read_duration
from interlock.settings.identity import url_of
from interlock.settings.people import ADDRESS_SENTENCE, Reached, check_name, is_address
from interlock.settings.policy import read_zone
from interlock.settings.table import Table

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_HOURS: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_SECRET: Final = "whsec_"  # noqa: S105  Standard Webhooks 1.0: what stands in front of a secret
_LEAST, _MOST = 24, 64  # bytes of a secret, by the same
_METADATA: Final = "https://login.botframework.com/v1/.well-known/openidconfiguration"
_PAGERS: Final = ("pagerduty", "opsgenie")
_PORTS: Final = {"implicit": 465, "starttls": 587, "none": 25}
_TEAM: Final = re.compile(r"[TE][A-Z0-9]{2,20}", re.ASCII)  # a workspace, or an organisation of several
_GUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_ALERTS: Final = ("alert", "note")


def read_channels(
    root: Table, people: Mapping[PersonId, object], groups: Collection[GroupName], reached: Reached
) -> ChannelSettings:
    """All of them; `people` and `groups` are those of the settings."""
    webhooks = {name: WebhookSettings(name, *_hook(root, "webhooks", name, t)) for name, t in root.tables("webhooks")}
    callbacks = {name: _vote_callback(root, name, table) for name, table in root.tables("vote_callbacks")}
    pagers = {name: _pager(root, name) for name in _PAGERS}
    rotas = {name: _rota(root, name, table, people, pagers) for name, table in root.tables("rotas")}
    settings = ChannelSettings(
        slack=_slack(root),
        teams=_teams(root),
        email=_email(root),
        webhooks=webhooks,
        vote_callbacks=callbacks,
        pagerduty=pagers["pagerduty"],
        opsgenie=pagers["opsgenie"],
        rotas=rotas,
        addresses=reached.addresses,
        pager_accounts=reached.pager_accounts,
    )
    notify = tuple(_rule(root, name, table, settings, groups) for name, table in root.tables("notify"))
    return ChannelSettings(
        settings.slack,
        settings.teams,
        settings.email,
        webhooks,
        callbacks,
        settings.pagerduty,
        settings.opsgenie,
        rotas,
        notify,
        reached.addresses,
        reached.pager_accounts,
    )


def _slack(root: Table) -> SlackSettings | None:
    if not root.has("slack"):
        return None
    table = root.table("slack")
    settings = SlackSettings(
        team=table.text("team"),
        bot_token=table.secret("bot_token"),
        app_token=table.secret("app_token") if table.has("app_token") else None,
        signing_secret=table.secret("signing_secret") if table.has("signing_secret") else None,
        api=_base(table, "api", "https://slack.com/api/"),
    )
    if settings.team and not _TEAM.fullmatch(settings.team):
        table.wrong("team", "this must be the workspace's id, such as T0123456789")
    if settings.app_token is None and settings.signing_secret is None:
        table.wrong("app_token", "give app_token (socket mode) or signing_secret (Slack calls us), or both")
    table.done()
    return settings


def _teams(root: Table) -> TeamsSettings | None:
    if not root.has("teams"):
        return None
    table = root.table("teams")
    settings = TeamsSettings(
        app_id=_guid(table, "app_id"),
        tenant=_guid(table, "tenant"),
        secret=table.secret("secret"),
        service_url=_base(table, "service_url", "https://smba.trafficmanager.net/teams/"),
        login=_base(table, "login", "https://login.microsoftonline.com/"),
        metadata=url_of(table, "metadata", table.text("metadata", _METADATA)),
    )
    table.done()
    return settings


def _email(root: Table) -> EmailSettings | None:
    if not root.has("email"):
        return None
    table = root.table("email")
    tls = table.one_of("tls", tuple(_PORTS), "implicit")
    settings = EmailSettings(
        host=table.text("host"),
        port=table.number("port", _PORTS.get(tls, 465), 1, 65535),
        tls=tls,
        sender=table.text("sender"),
        user=table.optional("user") or "",
        password=table.secret("password") if table.has("password") else None,
    )
    if tls == "none" and settings.host and not is_loopback(settings.host):
        table.wrong("tls", 'without TLS the server must be on this machine; take "implicit" or "starttls"')
    if settings.sender and not is_address(settings.sender):
        table.wrong("sender", ADDRESS_SENTENCE)
    table.done()
    return settings


def _hook(root: Table, key: str, name: str, table: Table) -> tuple[str, Secret[str], Secret[str] | None]:
    check_name(root, f"{key}.{name}", name)
    found = url_of(table, "url", table.text("url")), *_secrets(table)
    table.done()
    return found


def _vote_callback(root: Table, name: str, table: Table) -> VoteCallbackSettings:
    check_name(root, f"vote_callbacks.{name}", name)
    settings = VoteCallbackSettings(name, *_secrets(table))
    table.done()
    return settings


def _secrets(table: Table) -> tuple[Secret[str], Secret[str] | None]:
    secret, previous = table.secret("secret"), table.secret("previous") if table.has("previous") else None
    for key, each in (("secret", secret), ("previous", previous)):
        if each is not None and each.reveal() and not _is_secret(each.reveal()):
            table.wrong(key, f"this must be {_SECRET} and {_LEAST} to {_MOST} bytes in base64 (Standard Webhooks)")
    return secret, previous


def _is_secret(text: str) -> bool:
    try:
        key = base64.b64decode(text.removeprefix(_SECRET), validate=True)
    except binascii.Error:
        return False
    return text.startswith(_SECRET) and _LEAST <= len(key) <= _MOST


def _pager(root: Table, name: str) -> PagerSettings | None:
    if not root.has(name):
        return None
    table, duty = root.table(name), name == "pagerduty"
    settings = PagerSettings(
        key=table.secret("key"),
        routing_key=table.secret("routing_key") if duty and table.has("routing_key") else None,
        sender=table.text("sender") if duty else "",
        api=_base(table, "api", "https://api.pagerduty.com/" if duty else "https://api.opsgenie.com/"),
        events=_base(table, "events", "https://events.pagerduty.com/") if duty else "",
    )
    table.done()
    return settings


def _rota(
    root: Table, name: str, table: Table, people: Collection[PersonId], pagers: Mapping[str, PagerSettings | None]
) -> Rota:
    check_name(root, f"rotas.{name}", name)
    pager = next((each for each in _PAGERS if table.has(each)), "")
    if pager:
        rota = Rota(name, pager=pager, schedule=table.text(pager))
        if pagers[pager] is None:
            table.wrong(pager, f"there is no [{pager}] to ask")
        table.done()
        return rota
    named = tuple(PersonId(person) for person in table.texts("people"))
    for person in named:
        if person not in people:
            table.wrong("people", f'there is no person "{person}"{nearest(person, people)}')
    if not named:
        table.wrong("people", "this is missing: who takes turns; or pagerduty or opsgenie with a schedule")
    rota = Rota(name, named, _starts(table), read_duration(table, "shift", "7d", 60 * _DAY, _MINUTE * 30))
    table.done()
    return rota


def _starts(table: Table) -> datetime:
    text, zone = table.text("starts"), read_zone(table)
    try:
        moment = datetime.fromisoformat(text) if text else datetime(2000, 1, 1, tzinfo=UTC)
    except ValueError:
        table.wrong("starts", "this must be a date and time, such as 2026-01-05T09:00")
        return datetime(2000, 1, 1, tzinfo=UTC)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)


def _rule(root: Table, name: str, table: Table, channels: ChannelSettings, groups: Collection[GroupName]) -> NotifyRule:
    check_name(root, f"notify.{name}", name)
    asked = frozenset(GroupName(group) for group in table.texts("groups"))
    for group in sorted(asked - frozenset(groups)):
        table.wrong("groups", f'there is no group "{group}"{nearest(group, groups)}')
    rota = table.optional("rota") or ""
    if rota and rota not in channels.rotas:
        table.wrong("rota", f"there is no [rotas.{rota}]{nearest(rota, channels.rotas)}")
    remind = read_duration(table, "remind", "15m", 7 * _DAY, _MINUTE) if table.has("remind") else None
    reminders = table.number("reminders", 3, 0, 50)
    rule = NotifyRule(
        name=name,
        to=_destinations(table, channels),
        groups=asked,
        environments=frozenset(table.texts("environments")),
        after=read_duration(table, "after", "0s", 7 * _DAY, timedelta(0)),
        rota=rota,
        remind=remind,
        reminders=reminders if remind is not None else 0,
        quiet=_quiet(table),
    )
    table.done()
    return rule


def _destinations(table: Table, channels: ChannelSettings) -> tuple[Destination, ...]:
    found: list[Destination] = []
    for text in table.texts("to"):
        kind, _, address = text.partition(":")
        if kind not in set(Channel) or not address:
            table.wrong(
                "to", f'"{text}" isn\'t a destination such as "slack:C0123", "email:{PEOPLE}", "pagerduty:alert"'
            )
            continue
        destination = Destination(Channel(kind), address)
        mistake = _mistake(destination, channels)
        if mistake is not None:
            table.wrong("to", f'"{text}": {mistake}')
        found.append(destination)
    if not found:
        table.wrong("to", "this is missing: who is told")
    return tuple(found)


def _mistake(to: Destination, channels: ChannelSettings) -> str | None:
    match to.channel:
        case Channel.WEBHOOK:
            known = channels.webhooks
            return None if to.address in known else f"there is no [webhooks.{to.address}]{nearest(to.address, known)}"
        case Channel.PAGERDUTY | Channel.OPSGENIE:
            pager = channels.pagerduty if to.channel is Channel.PAGERDUTY else channels.opsgenie
            if pager is None:
                return f"there is no [{to.channel}]"
            if to.address not in _ALERTS:
                return 'a pager takes "alert" or "note"'
            needs_key = to.channel is Channel.PAGERDUTY and to.address == "alert" and pager.routing_key is None
            return "alerts need [pagerduty] routing_key" if needs_key else None
        case Channel.SLACK | Channel.TEAMS | Channel.EMAIL:
            if getattr(channels, to.channel.value) is None:
                return f"there is no [{to.channel}]"
            mailbox = to.channel is Channel.EMAIL and to.address != PEOPLE
            return f'take "email:{PEOPLE}": mail goes to people who may sign' if mailbox else None


def _quiet(table: Table) -> Quiet | None:
    zone = read_zone(table)
    if not (text := table.optional("quiet")):
        return None
    found = _HOURS.fullmatch(text)
    if found is None or found[1] + found[2] == found[3] + found[4]:
        table.wrong("quiet", 'this must be hours such as "22:00-07:00"')
        return None
    return Quiet(time(int(found[1]), int(found[2])), time(int(found[3]), int(found[4])), zone)


def _guid(table: Table, key: str) -> str:
    """In lower case, as it is compared."""
    text = table.text(key).lower()
    if text and not _GUID.fullmatch(text):
        table.wrong(key, "this must be an id such as 01234567-89ab-cdef-0123-456789abcdef")
    return text


def _base(table: Table, key: str, default: str) -> str:
    url = url_of(table, key, table.text(key, default))
    if url and not url.endswith("/"):
        table.wrong(key, "this must end in /")
    return url
