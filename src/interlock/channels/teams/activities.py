"""What Teams sends us: first the few fields that say whose call it is, then, once that is proved, what it wants.

The second reading is the Teams SDK's typed activities; what we use of them is checked again, strictly.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from microsoft_teams.api.activities.conversation import ConversationUpdateActivity
from microsoft_teams.api.activities.install_update import InstalledActivity, UninstalledActivity
from microsoft_teams.api.activities.invoke.adaptive_card import AdaptiveCardInvokeActivity
from microsoft_teams.api.activities.message.message import MessageActivity
from microsoft_teams.api.models import ActivityBase
from pydantic import ValidationError

from interlock.channels.teams.card import APPROVE, DENY, MAX_REASON, REFRESH
from interlock.channels.teams.connector import is_id
from interlock.channels.teams.members import is_object_id
from interlock.channels.teams.tokens import CHANNEL
from interlock.errors import AuthenticationFailed, MalformedInput
from interlock.model import jcs
from interlock.model.channel_settings import TeamsSettings
from interlock.model.channels import read_card_id

MAX_BODY: Final = 256 * 1024  # bytes
MAX_NAME: Final = 200
MAX_TEXT: Final = 400
OLDEST: Final = timedelta(minutes=10)
AHEAD: Final = timedelta(minutes=5)

_CARD_ACTION: Final = "adaptiveCard/action"
_VERBS: Final = frozenset({APPROVE, DENY, REFRESH})
_USED: Final = frozenset({"type", "id", "name", "action", "from", "recipient", "conversation", "value", "text"})
_AT: Final = re.compile(r"<at>[^<]{0,200}</at>")
_FRACTION: Final = re.compile(r"(\.[0-9]{6})[0-9]+")


@dataclass(frozen=True, slots=True)
class Envelope:
    """Whose call it says it is. `id` is one of its `conversation` ("" for none) alone.

    `tenants`: every directory that it names.
    """

    id: str
    conversation: str
    service: str
    channel: str
    tenants: frozenset[str]
    at: datetime
    document: Mapping[str, jcs.Json]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who did it, where. `user` is the object id in small letters; `alone`: in the bot's own chat with them."""

    user: str
    name: str
    conversation: str
    alone: bool


@dataclass(frozen=True, slots=True)
class Click:
    """A card's button, or its refresh. `as_message`: from a client that knows no Action.Execute, so that the answer
    is a message too."""

    sender: Sender
    verb: str
    card: str
    reason: str
    as_message: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A message to the bot."""

    sender: Sender
    text: str


@dataclass(frozen=True, slots=True)
class Moved:
    """The bot was installed or removed somewhere, or somebody joined."""

    sender: Sender
    installed: bool
    removed: bool


@dataclass(frozen=True, slots=True)
class Other:
    """Something that we have nothing to do with. `asks`: it wants an answer."""

    asks: bool


Activity = Click | Said | Moved | Other


def read_envelope(body: bytes) -> Envelope:
    """Raises `MalformedInput`."""
    document = jcs.read(body, limit=MAX_BODY, most_values=jcs.MANY)
    if not isinstance(document, Mapping):
        raise MalformedInput("an activity that isn't an object")
    tenants = (_at(document, "conversation", "tenantId"), _at(document, "channelData", "tenant", "id"))
    if not all(isinstance(tenant, str) or tenant is None for tenant in tenants):
        raise MalformedInput("an activity whose tenant isn't a text")
    identity = _text(document, "id")
    if not 0 < len(identity) <= 512:
        raise MalformedInput("an activity without an id, or with a longer one than is taken")
    conversation = _at(document, "conversation", "id")
    return Envelope(
        identity,
        conversation if isinstance(conversation, str) else "",
        _text(document, "serviceUrl"),
        _text(document, "channelId"),
        frozenset(tenant.lower() for tenant in tenants if isinstance(tenant, str)),
        _time(_text(document, "timestamp")),
        document,
    )


def check_envelope(envelope: Envelope, service: str, settings: TeamsSettings, now: datetime) -> None:
    """That it is of this tenant, of the service that its token names, and of now; raises `AuthenticationFailed`."""
    if envelope.channel != CHANNEL:
        raise AuthenticationFailed("an activity that isn't of Teams")
    if _ended(envelope.service) != _ended(service):
        raise AuthenticationFailed("an activity of another service than its token's")
    if not _ended(service).startswith(_origin(settings.service_url)) or "/.." in service or "\\" in service:
        raise AuthenticationFailed("an activity of another host than [teams] service_url")
    if envelope.tenants != {settings.tenant.lower()}:
        raise AuthenticationFailed("an activity of another tenant")
    if not now - OLDEST <= envelope.at <= now + AHEAD:
        raise AuthenticationFailed("a stale activity")


def read_activity(envelope: Envelope) -> Activity:
    """What it wants; raises `MalformedInput` for what isn't one of the documented forms."""
    # Only what is used: the SDK knows some fields by fewer values than Teams sends.
    document = {name: value for name, value in envelope.document.items() if name in _USED}
    kind, name = document.get("type"), document.get("name")
    try:
        match kind:
            case "invoke" if name == _CARD_ACTION:
                value = {"action": _at(document, "value", "action")}
                return _click(AdaptiveCardInvokeActivity.model_validate({**document, "value": value}))
            case "message":
                return _message(MessageActivity.model_validate(document))
            case "conversationUpdate":
                return _moved(ConversationUpdateActivity.model_validate(document))
            case "installationUpdate" if document.get("action") in ("add", "add-upgrade"):
                return _moved(InstalledActivity.model_validate({**document, "action": "add"}), installed=True)
            case "installationUpdate":
                return _moved(UninstalledActivity.model_validate({**document, "action": "remove"}), removed=True)
            case _:
                return Other(asks=kind == "invoke")
    except ValidationError:
        raise MalformedInput("an activity that isn't as Teams documents it") from None


def _click(activity: AdaptiveCardInvokeActivity) -> Click:
    action = activity.value.action
    return _pressed(_sender(activity), action.verb, action.data, as_message=action.type == "Action.Submit")


def _pressed(sender: Sender, verb: object, data: Mapping[str, Any], *, as_message: bool) -> Click:
    """Nothing but what our cards send: which card, and the reason that was typed."""
    told = {key: value for key, value in data.items() if key != "verb"}
    spoken = verb if verb is not None else data.get("verb")
    card, reason = told.pop("card", None), told.pop("reason", "")
    known = isinstance(card, str) and read_card_id(card) is not None
    if told or not known or not isinstance(spoken, str) or spoken not in _VERBS or not isinstance(reason, str | None):
        raise MalformedInput("a click that isn't on one of our cards")
    if len(reason or "") > MAX_REASON:
        raise MalformedInput("a longer reason than our cards take")
    return Click(sender, spoken, str(card), reason or "", as_message)


def _message(activity: MessageActivity) -> Activity:
    sender = _sender(activity)
    if activity.value is not None:
        if not isinstance(activity.value, Mapping):
            raise MalformedInput("a message with a value that isn't one of our cards'")
        return _pressed(sender, None, activity.value, as_message=True)
    text = " ".join(_AT.sub(" ", activity.text[:MAX_TEXT]).replace("&nbsp;", " ").split())
    return Said(sender, text)


def _moved(activity: ActivityBase, *, installed: bool = False, removed: bool = False) -> Activity:
    user = (activity.from_.aad_object_id or "").lower()
    if not is_object_id(user):
        return Other(asks=False)  # teams and channels do things too
    return Moved(_sender(activity), installed, removed)


def _sender(activity: ActivityBase) -> Sender:
    user, conversation = (activity.from_.aad_object_id or "").lower(), activity.conversation
    if not is_object_id(user) or not is_id(conversation.id):
        raise MalformedInput("an activity that doesn't say who did it, or where")
    alone = conversation.conversation_type == "personal"
    return Sender(user, (activity.from_.name or "")[:MAX_NAME], conversation.id, alone)


def _at(document: jcs.Json, *path: str) -> jcs.Json:
    for name in path:
        document = document.get(name) if isinstance(document, Mapping) else None
    return document


def _text(document: Mapping[str, jcs.Json], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise MalformedInput(f"an activity without {name}")
    return value


def _time(text: str) -> datetime:
    """RFC 3339, with as many digits of a second as the Connector likes."""
    try:
        moment = datetime.fromisoformat(_FRACTION.sub(r"\1", text[:64]))
    except ValueError:
        raise MalformedInput("an activity whose timestamp isn't one") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _origin(url: str) -> str:
    """Scheme and host of an address, with a slash. Teams names a region's path (`/emea/`), and perhaps the tenant's,
    where the settings may name the one for all (`/teams/`); and what is named is never called."""
    return "/".join(url.split("/", 3)[:3]) + "/"


def _ended(url: str) -> str:
    return url if url.endswith("/") else url + "/"
