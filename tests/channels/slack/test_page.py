"""docs/howto/review-in-slack.md names the scopes that the calls need, and its picture is drawn from what we send."""

from __future__ import annotations

import re
from pathlib import Path

from testkit.slack_picture import pictures

from interlock.channels.extras import missing
from interlock.model.channels import Channel

ROOT = Path(__file__).resolve().parents[3]
NEEDED = {
    "chat.postEphemeral": "chat:write",
    "chat.postMessage": "chat:write",
    "chat.update": "chat:write",
    "conversations.history": "im:history",
    "conversations.open": "im:write",
    "users.info": "users:read",
    "views.open": "",
    "views.publish": "",
    "views.push": "",
    "views.update": "",
    "apps.connections.open": "",  # an app-level token's
}


def test_the_manifest_has_the_scope_of_each_method_that_is_called() -> None:
    page = (ROOT / "docs" / "howto" / "review-in-slack.md").read_text()
    scopes = set(re.findall(r"^      - ([a-z:]+)", page, re.MULTILINE))
    sources = (ROOT / "src" / "interlock" / "channels" / "slack").glob("*.py")
    called = {name for file in sources for name in re.findall(r'"((?:[a-z]+\.)+[a-z][A-Za-z]+)"', file.read_text())}
    called &= {name for name in called if name.split(".")[0] in {"apps", "chat", "conversations", "users", "views"}}
    assert called == set(NEEDED)
    assert {scope for scope in NEEDED.values() if scope} <= scopes


def test_every_picture_can_be_drawn_and_is_there() -> None:
    for name, html in pictures().items():
        assert "<!channel>" not in html
        assert (ROOT / "docs" / "pictures" / f"{name}.png").is_file()


def test_what_slack_needs_is_installed_here() -> None:
    assert missing(Channel.SLACK) is None
