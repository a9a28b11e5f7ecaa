"""`[slack]` to `[notify.NAME]` and `[access.NAME]`: read, and mistakes told."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.test_settings import ENVIRON, WHOLE, write

from interlock.errors import SettingsMistakes
from interlock.model.channel_settings import Quiet
from interlock.model.channels import Channel, Destination
from interlock.model.names import ConnectionName, GroupName, PersonId
from interlock.settings import load

HOOK = "whsec_" + base64.b64encode(b"k" * 32).decode()
NAMED = {**ENVIRON, "BOT": "xoxb-1", "APP": "xapp-1", "HOOK": HOOK, "KEY": "k" * 20, "SHORT": "whsec_c2hvcnQ="}
CHANNELS = """
[slack]
team = "T01"
bot_token = "env:BOT"
app_token = "env:APP"
[teams]
app_id = "A1B2C3D4-0000-4000-8000-00000000000A"
tenant = "a1b2c3d4-0000-4000-8000-00000000000b"
secret = "env:KEY"
[email]
host = "mail.acme.test"
sender = "interlock@acme.test"
[webhooks.siem]
url = "https://siem.acme.test/in"
secret = "env:HOOK"
[vote_callbacks.portal]
secret = "env:HOOK"
[pagerduty]
key = "env:KEY"
sender = "bot@acme.test"
routing_key = "env:KEY"
[opsgenie]
key = "env:KEY"
[rotas.nights]
people = ["dana"]
starts = "2026-01-05T09:00"
zone = "Europe/Berlin"
shift = "12h"
[rotas.duty]
pagerduty = "PSCHED"
[notify.first]
to = ["slack:C0123", "slack:people", "webhook:siem"]
[notify.later]
to = ["email:people", "pagerduty:alert", "opsgenie:note"]
after = "10m"
rota = "nights"
remind = "15m"
quiet = "22:00-07:00"
zone = "Europe/Berlin"
[access.deployments]
environment = "production"
tags = ["pci"]
resource_types = ["deployment"]
"""


def mistakes(directory: Path, text: str) -> str:
    """All of them, a line each."""
    with pytest.raises(SettingsMistakes) as caught:
        load(write(directory, text), NAMED)
    return "\n".join(caught.value.mistakes)


def test_channels_are_read_with_their_defaults(tmp_path: Path) -> None:
    channels = load(write(tmp_path, WHOLE + CHANNELS), NAMED).channels
    assert channels.slack is not None and channels.slack.api == "https://slack.com/api/"
    assert channels.slack.app_token is not None and channels.slack.signing_secret is None
    assert channels.teams is not None and channels.teams.service_url == "https://smba.trafficmanager.net/teams/"
    assert channels.teams.app_id == "a1b2c3d4-0000-4000-8000-00000000000a", "ids are compared in lower case"
    assert channels.email is not None and (channels.email.tls, channels.email.port) == ("implicit", 465)
    assert channels.webhooks["siem"].secret.reveal() == HOOK
    assert channels.vote_callbacks["portal"].previous is None
    assert channels.pagerduty is not None and channels.pagerduty.events == "https://events.pagerduty.com/"
    assert channels.opsgenie is not None and channels.opsgenie.api == "https://api.opsgenie.com/"


def test_rotas_and_rules_are_read(tmp_path: Path) -> None:
    channels = load(write(tmp_path, WHOLE + CHANNELS), NAMED).channels
    nights, duty = channels.rotas["nights"], channels.rotas["duty"]
    assert nights.people == (PersonId("dana"),)
    assert nights.starts == datetime(2026, 1, 5, 9, tzinfo=ZoneInfo("Europe/Berlin"))
    assert (nights.shift, duty.pager, duty.schedule) == (timedelta(hours=12), "pagerduty", "PSCHED")
    first, later = channels.notify
    assert first.to[0] == Destination(Channel.SLACK, "C0123")
    assert (first.after, first.remind, first.reminders, first.quiet) == (timedelta(0), None, 0, None)
    assert (later.after, later.rota, later.remind, later.reminders) == (
        timedelta(minutes=10),
        "nights",
        timedelta(minutes=15),
        3,
    )
    assert later.quiet == Quiet(time(22), time(7), ZoneInfo("Europe/Berlin"))


def test_what_callers_guard_themselves_is_a_connection(tmp_path: Path) -> None:
    (access,) = load(write(tmp_path, WHOLE + CHANNELS), NAMED).access.values()
    assert access.connection.name == ConnectionName("deployments")
    assert (access.connection.environment, access.connection.tags) == ("production", frozenset({"pci"}))
    assert access.resource_types == {"deployment", "deployments"}


def test_where_people_are_reached(tmp_path: Path) -> None:
    text = WHOLE.replace("[people.dana]", '[people.dana]\nemail = "dana@acme.test"\npagerduty = "PDANA"', 1)
    channels = load(write(tmp_path, text), ENVIRON).channels
    assert channels.addresses == {PersonId("dana"): "dana@acme.test"}
    assert channels.pager_accounts == {("pagerduty", "PDANA"): PersonId("dana")}


def test_a_rule_is_of_groups_that_exist(tmp_path: Path) -> None:
    rule = '[email]\nhost = "mail.acme.test"\nsender = "i@acme.test"\n[notify.x]\nto = ["email:people"]\ngroups = {}\n'
    group = sorted(load(write(tmp_path, WHOLE), ENVIRON).groups)[0]
    (read,) = load(write(tmp_path, WHOLE + rule.format(f'["{group}"]')), NAMED).channels.notify
    assert read.groups == {GroupName(group)}
    assert "[notify.x] groups: there is no group" in mistakes(tmp_path, WHOLE + rule.format('["nobody-here"]'))


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ('app_token = "env:APP"\n', "", "[slack] app_token: give app_token (socket mode) or signing_secret"),
        (
            'host = "mail.acme.test"',
            'host = "mail.acme.test"\ntls = "none"',
            "[email] tls: without TLS the server must",
        ),
        ("interlock@acme.test", "interlock@acme.test\\nBcc: x@y", "[email] sender: this must be"),
        ("interlock@acme.test", "Interlock <i@acme.test>", "[email] sender: this must be a plain mail address"),
        ('url = "https://siem', 'url = "http://siem', "[webhooks.siem] url: this must be an https:// URL"),
        ('portal]\nsecret = "env:HOOK"', 'portal]\nsecret = "env:SHORT"', "[vote_callbacks.portal] secret: this must"),
        ('to = ["slack:C0123", ', 'to = ["irc:x", ', '[notify.first] to: "irc:x" isn\'t a destination'),
        ('"webhook:siem"', '"webhook:sime"', '[notify.first] to: "webhook:sime": there is no [webhooks.sime]'),
        ("email:people", "email:dana", '[notify.later] to: "email:dana": take "email:people"'),
        ("pagerduty:alert", "pagerduty:page", 'a pager takes "alert" or "note"'),
        ('routing_key = "env:KEY"\n', "", "alerts need [pagerduty] routing_key"),
        ('rota = "nights"', 'rota = "night"', "there is no [rotas.night]; did you mean"),
        ("22:00-07:00", "22-7", "[notify.later] quiet: this must be hours"),
        ("22:00-07:00", "07:00-07:00", "[notify.later] quiet: this must be hours"),
        ('people = ["dana"]', 'people = ["dan"]', '[rotas.nights] people: there is no person "dan"'),
        ('people = ["dana"]\n', "", "[rotas.nights] people: this is missing"),
        ("2026-01-05T09:00", "monday", "[rotas.nights] starts: this must be a date and time"),
        ('resource_types = ["deployment"]', 'resource_types = ["deployment"]\nkind = "x"', "there is no such key"),
        ("T01", "acme", "[slack] team: this must be the workspace's id"),
        ("T01", "t0123", "[slack] team: this must be the workspace's id"),
        ("A1B2C3D4-", "", "[teams] app_id: this must be an id such as"),
        ("a1b2c3d4-0000-4000-8000-00000000000b", "acme.onmicrosoft.com", "[teams] tenant: this must be an id such as"),
        ("[access.deployments]", "[access.clinic]", "[access.clinic]: a connection has this name already"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, was: str, now: str, told: str) -> None:
    assert was in CHANNELS
    assert told in mistakes(tmp_path, WHOLE + CHANNELS.replace(was, now, 1))


def test_two_tables_cannot_have_one_resource_type(tmp_path: Path) -> None:
    text = WHOLE + '[access.a]\nresource_types = ["job"]\n[access.b]\nresource_types = ["job"]\n'
    assert '[access.b] resource_types: "job" is of [access.a] already' in mistakes(tmp_path, text)


def test_an_account_at_a_pager_is_of_one_person(tmp_path: Path) -> None:
    text = WHOLE.replace("[people.dana]", '[people.zoe]\npagerduty = "P1"\n[people.dana]\npagerduty = "P1"', 1)
    assert "[people.zoe] has this account already" in mistakes(tmp_path, text)


def test_a_quiet_zone_is_utc_unless_said(tmp_path: Path) -> None:
    text = WHOLE + CHANNELS.replace('quiet = "22:00-07:00"\nzone = "Europe/Berlin"', 'quiet = "22:00-07:00"')
    assert load(write(tmp_path, text), NAMED).channels.notify[1].quiet == Quiet(time(22), time(7), UTC)
