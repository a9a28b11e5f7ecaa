"""The pages on webhooks, mail and pagers: what they say to write into interlock.toml is read, and means that."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import pytest
from tests.test_settings import CONNECTION, LOG

from interlock.model.channels import Channel, Destination
from interlock.model.names import PersonId
from interlock.model.settings import Settings
from interlock.settings import load

HOWTO = Path(__file__).resolve().parents[2] / "docs" / "howto"
SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
ENVIRON = dict.fromkeys(
    ("CLINIC_PASSWORD", "SMTP_PASSWORD", "PAGERDUTY_KEY", "PAGERDUTY_ROUTING_KEY", "SLACK", "APP"), "x"
)
SLACK = '\n[slack]\nteam = "T01"\nbot_token = "env:SLACK"\napp_token = "env:APP"\n'
SAM = '\n[people.sam]\ngroups = ["privacy-officers"]\n'


def settings_of(page: str, directory: Path, more: str = "") -> Settings:
    text = (HOWTO / page).read_text(encoding="utf-8")
    blocks = [block.replace("\n   ", "\n") for block in re.findall(r"```toml\n(.*?)```", text, re.DOTALL)]
    assert blocks
    (directory / "keys").mkdir()
    key = directory / "keys" / "siem"
    key.touch(0o600)
    key.write_text(SECRET + "\n")
    path = directory / "interlock.toml"
    path.write_text("\n".join([LOG, CONNECTION, SAM, more, *blocks]), encoding="utf-8")
    return load(path, ENVIRON)


def test_the_page_on_webhooks(tmp_path: Path) -> None:
    channels = settings_of("be-told-by-webhook.md", tmp_path).channels
    assert channels.webhooks["siem"].url == "https://siem.example.org/interlock"
    assert channels.webhooks["siem"].secret.reveal() == SECRET
    assert [rule.to for rule in channels.notify] == [(Destination(Channel.WEBHOOK, "siem"),)]


def test_the_page_on_mail(tmp_path: Path) -> None:
    channels = settings_of("be-told-by-mail.md", tmp_path).channels
    assert channels.email is not None and (channels.email.tls, channels.email.port) == ("starttls", 587)
    assert channels.addresses == {PersonId("dana"): "dana@example.org"}
    assert [(rule.to, rule.reminders) for rule in channels.notify] == [((Destination(Channel.EMAIL, "people"),), 2)]


def test_the_page_on_pagers(tmp_path: Path) -> None:
    channels = settings_of("page-who-is-on-call.md", tmp_path, SLACK).channels
    assert channels.pagerduty is not None and channels.pagerduty.routing_key is not None
    assert channels.pager_accounts == {("pagerduty", "PUSER01"): PersonId("dana")}
    assert (channels.rotas["dbas"].pager, channels.rotas["dbas"].schedule) == ("pagerduty", "PSCHEDULE")
    assert {rule.name for rule in channels.notify} == {"page", "first", "then-everybody"}


@pytest.mark.parametrize("page", ["be-told-by-webhook.md", "be-told-by-mail.md", "page-who-is-on-call.md"])
def test_every_link_leads_somewhere(page: str) -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", (HOWTO / page).read_text(encoding="utf-8")):
        assert link.startswith("https://") or (HOWTO / link).exists()
