"""Microsoft Teams as far as a bot sees it: the Connector, Microsoft's login, the Connector's keys, and users who click.

Everything is on one real socket. The Connector wants the bot's token, keeps conversations, members and messages, and
fails when it is told to (`faults` of `HttpService`, `remove_bot`, `delete_message`, `forget`). Users act through
`Teams.click`, `refresh`, `say`: what they do is sent to the bot as a signed activity. Each `Lie` breaks one thing that
makes such a call worth believing.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any
from urllib.parse import parse_qs

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from joserfc import jwt
from joserfc.jwk import OctKey

from testkit.http_service import HttpService, Reply, Request
from testkit.issuer import compact, jwk

ISSUER = "https://api.botframework.com"
METADATA = "/v1/.well-known/openidconfiguration"
KEYS = "/v1/.well-known/keys"
CARD = "application/vnd.microsoft.card.adaptive"
MOST = 28 * 1024  # bytes of a message; more is refused with 413

_CONVERSATION = re.compile(r"/teams/v3/conversations/([^/]+)/(activities|members|pagedMembers)(?:/([^/]+))?")


class Lie(Enum):
    """One thing that is wrong with a call to the bot."""

    NO_TOKEN = auto()
    WRONG_AUDIENCE = auto()
    WRONG_ISSUER = auto()
    EXPIRED = auto()
    NOT_YET = auto()
    NO_END = auto()
    OTHER_SERVICE = auto()  # the token's `serviceurl` isn't the activity's
    FOREIGN_SERVICE = auto()  # both agree on an address that isn't Teams'
    NO_SERVICE = auto()
    ALG_NONE = auto()
    HS256 = auto()  # with the public key as the secret
    UNKNOWN_KEY = auto()  # an id that isn't in the key set
    OTHER_KEY = auto()  # another key, under the published id
    NOT_ENDORSED = auto()  # a published key that may not speak for Teams
    OTHER_TENANT = auto()
    OTHER_TENANT_IN_DATA = auto()  # the conversation is of ours, the channel data aren't
    NO_TENANT = auto()
    OTHER_CHANNEL = auto()
    STALE = auto()
    NO_ID = auto()


@dataclass
class User:
    """A user of the directory. `id` is what Teams calls them, `object` what the directory does."""

    object: str
    id: str
    name: str
    role: str = "user"
    tenant: str = ""
    principal: str = ""


@dataclass
class Conversation:
    """A channel, a group or a chat. `kind`: "channel", "groupChat" or "personal"."""

    id: str
    kind: str
    members: dict[str, User] = field(default_factory=dict)
    bot: bool = True
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def cards(self) -> list[dict[str, Any]]:
        """The cards that stand in it, in order."""
        return [attachment["content"] for message in self.messages.values() for attachment in message["attachments"]]


class Teams(HttpService):
    """One tenant of Teams and one bot in it, whose endpoint is `endpoint`. `now` is its clock."""

    def __init__(self, app_id: str = "", tenant: str = "", secret: str = "the bot's secret: +/%") -> None:  # noqa: S107
        super().__init__()
        self.app_id, self.tenant, self.secret = app_id or _guid(), tenant or _guid(), secret
        self.endpoint = ""
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.conversations: dict[str, Conversation] = {}
        self.users: dict[str, User] = {}
        self.uninstalled: set[str] = set()  # object ids of users whom the bot can't write to
        self.tokens: list[str] = []  # of the bot, good ones
        self.logins = 0
        self.life = 3600
        self.down: set[str] = set()  # paths that answer 503
        self._count = 0
        self._keys: dict[str, rsa.RSAPrivateKey] = {}
        self._mute = (secrets.token_hex(4), _rsa())  # published, endorsed for another channel
        self.rotate()

    # -- what an installation is told ----------------------------------------------------------------------------------

    @property
    def service_url(self) -> str:
        """The Connector's address."""
        return f"{self.url}teams/"

    @property
    def metadata(self) -> str:
        """Where the Connector's keys are named."""
        return f"{self.url.rstrip('/')}{METADATA}"

    def rotate(self) -> None:
        """Signs with a new key from now on; the old one isn't published any more."""
        self._keys = {secrets.token_hex(4): _rsa()}

    # -- the tenant ----------------------------------------------------------------------------------------------------

    def user(self, name: str, *, role: str = "user", tenant: str = "", principal: str = "") -> User:
        """A new user of the directory, with a chat of their own with the bot."""
        who = User(_guid(), f"29:{secrets.token_hex(16)}", name, role, tenant or self.tenant, principal)
        self.users[who.object] = who
        return who

    def channel(self, *members: User, kind: str = "channel") -> Conversation:
        """A new channel, or a group ("groupChat")."""
        suffix = "thread.tacv2" if kind == "channel" else "thread.v2"
        made = Conversation(f"19:{secrets.token_hex(12)}@{suffix}", kind, {user.object: user for user in members})
        self.conversations[made.id] = made
        return made

    def chat(self, user: User) -> Conversation:
        """The bot's own chat with somebody: the same one each time."""
        identity = f"a:{user.object.replace('-', '')}"
        return self.conversations.setdefault(identity, Conversation(identity, "personal", {user.object: user}))

    def remove_bot(self, conversation: Conversation) -> None:
        """The bot is thrown out."""
        conversation.bot = False

    def delete_message(self, conversation: Conversation, message: str) -> None:
        """Somebody deletes one of the bot's messages."""
        del conversation.messages[message]

    def forget(self) -> None:
        """The Connector doesn't know the bot's tokens any more."""
        self.tokens.clear()

    # -- what users do -------------------------------------------------------------------------------------------------

    async def click(
        self, user: User, conversation: Conversation, card: Mapping[str, Any], verb: str, *lies: Lie, **inputs: str
    ) -> httpx.Response:
        """Presses the card's button of this verb. Raises `LookupError` when it has none."""
        action = next(a for a in buttons(card) if a["verb"] == verb)
        return await self.press(user, conversation, verb, {**action["data"], **inputs}, *lies)

    async def press(
        self, user: User, conversation: Conversation, verb: str, data: Mapping[str, Any], *lies: Lie
    ) -> httpx.Response:
        """What a button sends, made up."""
        action = {"type": "Action.Execute", "title": verb, "verb": verb, "data": dict(data)}
        told = {"type": "invoke", "name": "adaptiveCard/action", "value": {"action": action, "trigger": "manual"}}
        return await self.send(self.activity(user, conversation, **told), *lies)

    async def refresh(self, user: User, conversation: Conversation, card: Mapping[str, Any]) -> httpx.Response:
        """A card comes into sight of somebody whom its `refresh` names; raises `KeyError` when it doesn't."""
        if user.id not in card["refresh"]["userIds"]:
            raise KeyError(user.name)
        action = card["refresh"]["action"]
        told = {"type": "invoke", "name": "adaptiveCard/action", "value": {"action": action, "trigger": "automatic"}}
        return await self.send(self.activity(user, conversation, **told))

    async def say(self, user: User, conversation: Conversation, text: str, *lies: Lie) -> httpx.Response:
        """Writes something."""
        return await self.send(self.activity(user, conversation, type="message", text=text), *lies)

    def activity(self, user: User, conversation: Conversation, **told: Any) -> dict[str, Any]:
        """An activity of somebody, as the Connector makes them."""
        return {
            "id": f"f:{secrets.token_hex(8)}",
            "timestamp": self.now()
            .isoformat(timespec="microseconds")
            .replace("+00:00", "1Z"),  # seven digits, as it has them
            "channelId": "msteams",
            "serviceUrl": self.service_url,
            "from": {"id": user.id, "name": user.name, "aadObjectId": user.object},
            "recipient": {"id": f"28:{self.app_id}", "name": "Interlock"},
            "conversation": {"id": conversation.id, "conversationType": conversation.kind, "tenantId": self.tenant},
            "channelData": {"tenant": {"id": self.tenant}, "source": {"name": "message"}},
            "entities": [{"type": "clientInfo", "locale": "en-GB", "country": "GB", "platform": "Web"}],
            "locale": "en-GB",
            **told,
        }

    async def send(self, activity: Mapping[str, Any], *lies: Lie) -> httpx.Response:
        """Sends an activity to the bot, signed; with lies in it."""
        told = dict(activity)
        for lie in lies:
            _bend(told, lie)
        headers = {"Content-Type": "application/json"}
        if Lie.NO_TOKEN not in lies:
            headers["Authorization"] = f"Bearer {self.token(frozenset(lies))}"
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            return await client.post(self.endpoint, content=json.dumps(told).encode(), headers=headers)

    def token(self, lies: frozenset[Lie] = frozenset()) -> str:
        """The Connector's token for a call to the bot."""
        now = int(self.now().timestamp())
        service = self.service_url
        claims: dict[str, Any] = {
            "iss": "https://sts.example" if Lie.WRONG_ISSUER in lies else ISSUER,
            "aud": _guid() if Lie.WRONG_AUDIENCE in lies else self.app_id,
            "nbf": now + 900 if Lie.NOT_YET in lies else now - 5,
            "exp": now - 900 if Lie.EXPIRED in lies else now + 3600,
            "serviceurl": "https://elsewhere.example/teams/"
            if lies & {Lie.OTHER_SERVICE, Lie.FOREIGN_SERVICE}
            else service,
        }
        for lie, claim in ((Lie.NO_END, "exp"), (Lie.NO_SERVICE, "serviceurl")):
            if lie in lies:
                del claims[claim]
        return self._signed(claims, lies)

    def _signed(self, claims: dict[str, Any], lies: frozenset[Lie]) -> str:
        ((kid, key),) = self._keys.items()
        header = {"alg": "RS256", "typ": "JWT", "kid": kid, "x5t": kid}
        if Lie.ALG_NONE in lies:
            return compact({**header, "alg": "none"}, claims, None)
        if Lie.HS256 in lies:
            return jwt.encode({"alg": "HS256", "kid": kid}, claims, OctKey.import_key(json.dumps(jwk(key, kid))))
        if Lie.OTHER_KEY in lies:
            return compact(header, claims, _rsa())
        if Lie.UNKNOWN_KEY in lies:
            return compact({**header, "kid": "nobody's"}, claims, _rsa())
        if Lie.NOT_ENDORSED in lies:
            return compact({**header, "kid": self._mute[0]}, claims, self._mute[1])
        return compact(header, claims, key)

    # -- what the bot asks ---------------------------------------------------------------------------------------------

    async def answer(self, request: Request) -> Reply:
        """By the path."""
        if request.path in self.down:
            return Reply(503, {"error": {"code": "ServiceError"}})
        if request.path == METADATA:
            return Reply(200, {"issuer": ISSUER, "jwks_uri": f"{self.url.rstrip('/')}{KEYS}"})
        if request.path == KEYS:
            return Reply(200, self._key_set())
        if request.path == f"/login/{self.tenant}/oauth2/v2.0/token":
            return self._login(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return _wrong(401, "Unauthorized")
        if request.path == "/teams/v3/conversations" and request.method == "POST":
            return self._new_chat(request.json)
        found = _CONVERSATION.fullmatch(request.path)
        return _wrong(404, "NotFound") if found is None else self._in(request, found[1], found[2], found[3] or "")

    def _key_set(self) -> dict[str, Any]:
        published = [{**jwk(key, kid), "endorsements": ["msteams", "webchat"]} for kid, key in self._keys.items()]
        kid, key = self._mute
        return {"keys": [*published, {**jwk(key, kid), "endorsements": ["webchat"]}]}

    def _login(self, request: Request) -> Reply:
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        wanted = {"grant_type": "client_credentials", "client_id": self.app_id, "client_secret": self.secret}
        self.logins += 1
        if form != {**wanted, "scope": f"{ISSUER}/.default"}:
            return Reply(401, {"error": "invalid_client"})
        self.tokens.append(secrets.token_urlsafe(24))
        return Reply(200, {"access_token": self.tokens[-1], "token_type": "Bearer", "expires_in": self.life})

    def _new_chat(self, asked: Mapping[str, Any]) -> Reply:
        user = self.users.get(asked["members"][0]["id"])
        if user is None or asked["tenantId"] != self.tenant:
            return _wrong(400, "BadSyntax")
        if user.object in self.uninstalled:
            return _wrong(403, "BotNotInConversationRoster")
        return Reply(201, {"id": self.chat(user).id})

    def _in(self, request: Request, identity: str, what: str, of: str) -> Reply:
        root, _, thread = identity.partition(";messageid=")
        place = self.conversations.get(root)
        if place is None or (thread and thread not in place.messages):
            return _wrong(404, "ConversationNotFound")
        if not place.bot:
            return _wrong(403, "BotNotInConversationRoster")
        if what != "activities":
            return self._members(place, what, of)
        message = request.json
        if len(request.body.decode().encode("utf-16-le")) > MOST:
            return _wrong(413, "MessageSizeTooBig")
        if request.method == "PUT":
            if of not in place.messages:
                return _wrong(404, "ActivityNotFoundInConversation")
            place.messages[of] = message
            return Reply(200, {"id": of})
        self._count += 1
        place.messages[f"1700000000{self._count:03}"] = message
        return Reply(201, {"id": f"1700000000{self._count:03}"})

    def _members(self, place: Conversation, what: str, of: str) -> Reply:
        if what == "pagedMembers":
            return Reply(200, {"members": [_account(user) for user in place.members.values()]})
        user = next((user for user in place.members.values() if of in (user.object, user.id)), None)
        return _wrong(404, "MemberNotFoundInConversation") if user is None else Reply(200, _account(user))


def buttons(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A card's buttons that come back to the bot."""
    return [action for action in card.get("actions", []) if action["type"] == "Action.Execute"]


def texts(value: object) -> Iterator[str]:
    """Every text that a card shows."""
    if isinstance(value, Mapping):
        if isinstance(value.get("text"), str):
            yield value["text"]
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)


def _bend(activity: dict[str, Any], lie: Lie) -> None:
    match lie:
        case Lie.OTHER_TENANT:
            activity["conversation"] = {**activity["conversation"], "tenantId": _guid()}
            activity["channelData"] = {"tenant": {"id": activity["conversation"]["tenantId"]}}
        case Lie.OTHER_TENANT_IN_DATA:
            activity["channelData"] = {"tenant": {"id": _guid()}}
        case Lie.NO_TENANT:
            activity["conversation"] = {k: v for k, v in activity["conversation"].items() if k != "tenantId"}
            del activity["channelData"]
        case Lie.OTHER_CHANNEL:
            activity["channelId"] = "webchat"
        case Lie.FOREIGN_SERVICE:
            activity["serviceUrl"] = "https://elsewhere.example/teams/"
        case Lie.STALE:
            activity["timestamp"] = "2024-01-01T00:00:00.0000000Z"
        case Lie.NO_ID:
            del activity["id"]
        case _:
            pass


def _account(user: User) -> dict[str, str]:
    return {
        "id": user.id,
        "name": user.name,
        "objectId": user.object,
        "aadObjectId": user.object,
        "userPrincipalName": user.principal or f"{user.name}@example.test",
        "tenantId": user.tenant,
        "userRole": user.role,
    }


def _wrong(status: int, code: str) -> Reply:
    return Reply(status, {"error": {"code": code, "message": "No."}})


def _guid() -> str:
    text = secrets.token_hex(16)
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)
