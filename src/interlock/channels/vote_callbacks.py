"""Votes that another service sends us: it asks people itself, and says who answered what (`[vote_callbacks.NAME]`).

Signed as Standard Webhooks 1.0 has it: HMAC-SHA256 over id, time and body, with the secret or the one before it. Whose
account that is, links say, as for a chat; and the votes count where policy's `@channels` says "callback".

A message is handled once: while its time could still be taken for now, its id is remembered, and a repeat gets the
first one's answer, but for one that asked to send it again later. What is remembered is this node's, and lost with it:
a repeat elsewhere is a second vote of the same account on the same card, which the desk refuses by itself ("you have
voted").
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from interlock.channels.answering import Answered, Answering, Clicker, Refuse
from interlock.channels.clicks import Clicks
from interlock.errors import AuthenticationFailed, MalformedInput
from interlock.identity.webhook_signatures import verify
from interlock.model import jcs
from interlock.model.channel_settings import VoteCallbackSettings
from interlock.model.review import Presence, Verdict
from interlock.model.secret import Secret
from interlock.ports import Clock

TOLERANCE: Final = timedelta(minutes=5)  # Standard Webhooks 1.0 leaves it to us; its libraries take five minutes
MOST_BYTES: Final = 64 * 1024
MOST_REMEMBERED: Final = 10_000
MOST_A_MINUTE: Final = 60  # messages of one service that are looked at: each may cost an entry in the ledger

_WHY: Final = {"not_named": "no id or time of Standard Webhooks", "stale": "a time too far from now"}
_UNSIGNED: Final = "a signature that isn't the service's"
_TOO_OFTEN: Final = f"more than {MOST_A_MINUTE} messages in a minute"
_ACCOUNT = re.compile(r"[A-Za-z0-9._@+:-]{1,64}", re.ASCII)  # it may stand in the ledger
_CONFLICTS: Final = frozenset({"conflict", "stale_card", "already_linked", "code_used"})
_AGAIN: Final = frozenset({429, 500, 503})

Response = tuple[int, Mapping[str, str], bytes]


@dataclass(frozen=True, slots=True)
class _Vote:
    card: str
    account: str
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class _Link:
    code: str
    account: str
    shown: str


@dataclass(frozen=True, slots=True)
class _Known:
    """A message that was taken: what it said, its answer, and until when it could be sent again as it is."""

    body: bytes
    answer: asyncio.Task[Response]
    until: datetime


@dataclass(frozen=True, slots=True)
class VoteCallbacks:
    """One `[vote_callbacks.NAME]`; fills `web.needs.Inbound` for `callback/NAME`."""

    settings: VoteCallbackSettings
    answering: Answering
    refuse: Refuse
    clock: Clock
    _known: dict[str, _Known] = field(default_factory=dict)
    _pace: Clicks = field(default_factory=lambda: Clicks(MOST_A_MINUTE))

    @property
    def provider(self) -> str:
        """What links of its accounts, and refused calls, say."""
        return f"callback/{self.settings.name}"

    async def __call__(self, headers: Mapping[str, str], body: bytes) -> Response:
        """The answer to a call: 401 for what isn't signed, or not now; 400 for what isn't a message of ours."""
        now = self.clock.now()
        try:
            name = verify(self._secrets, headers, body, now, TOLERANCE)
        except AuthenticationFailed as error:
            await self.refuse(self.provider, _WHY.get(error.code, _UNSIGNED))
            return _problem(401, "not_signed", "This call isn't signed by this service, or not now.")
        self._forget(now)
        digest = hashlib.sha256(body).digest()
        known = self._known.get(name)
        if known is None:
            if len(self._known) >= MOST_REMEMBERED:
                return _problem(429, "slow_down", "Too many messages in ten minutes. Send it again later.")
            if not self._pace.take(self.provider, now):
                await self.refuse(self.provider, _TOO_OFTEN)
                return _problem(429, "slow_down", "Too many messages in a minute. Send it again later.")
            until = datetime.fromtimestamp(int(headers["webhook-timestamp"]), now.tzinfo) + TOLERANCE
            known = self._known[name] = _Known(digest, asyncio.ensure_future(self._once(name, body)), until)
        elif known.body != digest:
            await self.refuse(self.provider, "an id that another message had")
            return _problem(409, "id_used", "Another message had this webhook-id.")
        return await asyncio.shield(known.answer)  # who hangs up doesn't take the vote back

    async def close(self) -> None:
        """Lets what is being handled come to its end."""
        await asyncio.gather(*(known.answer for known in self._known.values()), return_exceptions=True)

    @property
    def _secrets(self) -> list[Secret[str]]:
        return [self.settings.secret, *([self.settings.previous] if self.settings.previous else [])]

    def _forget(self, now: datetime) -> None:
        for name in [name for name, known in self._known.items() if known.until < now and known.answer.done()]:
            del self._known[name]

    # -- what it says -------------------------------------------------------------------------------------------------

    async def _once(self, name: str, body: bytes) -> Response:
        answer: Response = _FAILED
        try:
            answer = await self._handled(body)
        finally:
            if answer[0] in _AGAIN:  # nothing came of it: the service sends it again, under the same id
                self._known.pop(name, None)
        return answer

    async def _handled(self, body: bytes) -> Response:
        try:
            message = _read(body)
        except MalformedInput as error:
            return _problem(400, error.code, f"This isn't a message of ours: {error.sentence}.")
        match message:
            case _Vote(card, account, verdict, reason):
                answer = await self.answering.vote_by(self._clicker(account), card, verdict, reason)
            case _Link(code, account, shown):
                answer = await self.answering.claim_by(self._clicker(account), code, shown)
        return _answer(answer)

    def _clicker(self, account: str) -> Clicker:
        how = 'your service sends {"type":"link"} with it'
        return Clicker(Presence.CALLBACK, self.provider, account, f"{self.provider}/{account}", how)


def _read(body: bytes) -> _Vote | _Link:
    """The message; raises `MalformedInput` for all that isn't exactly one."""
    found = jcs.read(body, limit=MOST_BYTES, most_values=jcs.MANY)
    if not isinstance(found, Mapping) or not all(isinstance(each, str) for each in found.values()):
        raise MalformedInput("it has to be a JSON object of texts")
    texts = {key: str(each) for key, each in found.items()}
    match texts.pop("type", ""):
        case "vote":
            _check(texts, {"card", "account", "verdict"}, {"reason"})
            if texts["verdict"] not in list(Verdict):
                raise MalformedInput('the verdict is "approve" or "deny"')
            return _Vote(texts["card"], texts["account"], Verdict(texts["verdict"]), texts.get("reason", ""))
        case "link":
            _check(texts, {"code", "account"}, {"shown"})
            return _Link(texts["code"], texts["account"], texts.get("shown", ""))
        case _:
            raise MalformedInput('the type is "vote" or "link"')


def _check(texts: Mapping[str, str], asked: set[str], more: set[str]) -> None:
    if not asked <= texts.keys() <= asked | more:
        raise MalformedInput(f"it has {', '.join(sorted(asked))}, and perhaps {', '.join(sorted(more))}; nothing else")
    if not _ACCOUNT.fullmatch(texts["account"]):
        raise MalformedInput("an account has 1 to 64 letters, digits and . _ @ + : -")


def _answer(answer: Answered) -> Response:
    if answer.counted:
        return _json(200, "application/json", {"code": "counted", "sentence": answer.text, "url": answer.url})
    status = {"slow_down": 429, "not_recorded": 503}.get(answer.code, 409 if answer.code in _CONFLICTS else 403)
    return _problem(status, answer.code, answer.text, answer.url)


def _problem(status: int, code: str, sentence: str, url: str = "") -> Response:
    return _json(status, "application/problem+json", {"code": code, "sentence": sentence, "url": url})


def _json(status: int, kind: str, said: Mapping[str, str]) -> Response:
    body = json.dumps({key: each for key, each in said.items() if each}, ensure_ascii=False).encode()
    return status, {"content-type": kind}, body


_FAILED: Final[Response] = _problem(500, "internal", "This failed; it is in the log.")
