"""What Slack sends us, read: who, where, and which card. A field that isn't there or isn't text is empty.

Sources: docs.slack.dev/interactivity, .../slash-commands, .../events/app_home_opened. `response_url` is never read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from interlock.channels.slack.views import REASON, REASON_BLOCK

Payload = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who did it, as the payload says: `team` is the user's own workspace where it is given, else empty."""

    user: str
    team: str = ""


@dataclass(frozen=True, slots=True)
class Click:
    """A button was pressed: `card` is what it carried, `channel` where its message is ("" in a modal or home tab),
    `view` the kind of view that it is in: "modal", "home" or ""."""

    sender: Sender
    card: str
    trigger: str
    channel: str
    view: str


@dataclass(frozen=True, slots=True)
class Submission:
    """A modal was sent: `callback` says which, `card` is its private metadata."""

    sender: Sender
    card: str
    callback: str
    view_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Command:
    """`/interlock` and what stood behind it."""

    sender: Sender
    text: str
    channel: str


def team_of(body: Payload) -> str:
    """The workspace that a payload is of; empty for one that names none."""
    return text(record(body.get("team")), "id") or text(body, "team_id")


def read_click(body: Payload) -> Click:
    """A `block_actions` payload."""
    pressed = dicts(body.get("actions"))
    return Click(
        _sender(body),
        text(pressed[0], "value") if pressed else "",
        text(body, "trigger_id"),
        text(record(body.get("channel")), "id"),
        text(record(body.get("view")), "type"),
    )


def read_submission(body: Payload) -> Submission:
    """A `view_submission` payload."""
    view = record(body.get("view"))
    values = record(record(view.get("state")).get("values"))
    reason = record(record(values.get(REASON_BLOCK)).get(REASON))
    return Submission(
        _sender(body),
        text(view, "private_metadata"),
        text(view, "callback_id"),
        text(view, "id"),
        text(reason, "value"),
    )


def read_command(body: Payload) -> Command:
    """A slash command's form."""
    return Command(Sender(text(body, "user_id")), text(body, "text").strip(), text(body, "channel_id"))


def read_home(body: Payload) -> Sender | None:
    """Who opened the home tab; None when it is another tab of the app."""
    event = record(body.get("event"))
    return Sender(text(event, "user")) if event.get("tab", "home") == "home" else None


def record(value: object) -> Payload:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def dicts(value: object) -> list[Payload]:
    """The list's objects."""
    return [record(each) for each in value] if isinstance(value, list) else []


def text(value: Payload, name: str) -> str:
    """The text by that name, or an empty one."""
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _sender(body: Payload) -> Sender:
    user = record(body.get("user"))
    return Sender(text(user, "id"), text(user, "team_id"))
