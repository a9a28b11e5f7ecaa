"""From a vote in a chat to the first byte of what it lets run, beside the same vote by the API.

Budget: 50 ms at the median, beyond the service's own time. Measured from Slack's sending of the modal with the reason
(a signed HTTP request) to the client's first result byte. Nothing is taken off for Slack: here it is the test kit's, on
this machine, and answers at once. Whose the account is was asked when the button was pressed, as it is in earnest.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from statistics import median, quantiles
from time import perf_counter
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import httpx
from testkit.slack import BOT_TOKEN, SIGNING_SECRET, Json, Slack
from testkit.slack_user import SignedCalls, SlackUser, encoded, signed

from bench import hold_to_run
from bench.ground import Ground
from bench.link import Failed, Link
from bench.report import Peer, Result, at_most
from interlock.channels.slack.blocks import APPROVE
from interlock.demo import ownership
from interlock.demo.access import AGENT, OFFICER, OWNER, REVIEWER
from interlock.demo.embedded_postgres import HOST, free_port
from interlock.demo.gateway_process import gateway
from interlock.demo.installation import Installation, install
from interlock.model.channels import card_id
from interlock.model.names import Digest, ReviewId

VOTES = 50  # by two people in turn: one account is heard thirty times a minute
BUDGET = at_most(50.0)
SECONDS = 30.0

T = TypeVar("T")

_SLACK = """
[slack]
team = "{team}"
bot_token = "file:slack-bot"
signing_secret = "file:slack-signing"
api = "{api}"
"""
_WAITS = '@id("bench-waits")'


def run(ground: Ground) -> list[Result]:
    """Milliseconds from sending the modal to the client's first result byte."""
    p50, p95 = hold_to_run.run(ground)
    with _loop() as loop:
        waits = [each * 1000 for each in _all(ground, loop)]
    mode = f"modal sent to first result byte, {VOTES} votes in Slack"
    slow = quantiles(waits, n=20)[-1]
    return [
        Result("chat_vote", f"{mode}, p50", median(waits), "ms", Peer("by the API", p50.figure), BUDGET),
        Result("chat_vote", f"{mode}, p95", slow, "ms", Peer("by the API", p95.figure)),
    ]


def _all(ground: Ground, loop: _Loop) -> list[float]:
    slack = Slack()
    loop.wait(slack.start())
    try:
        installed, ports = _installed(ground, slack)
        url = f"http://{HOST}:{ports['control']}"
        with gateway(installed.settings, url, installed.directory / "gateway.log"):
            ownership.accept(url, installed.sign_in_link(url, OWNER), AGENT)
            key = installed.identity_keys(url)[AGENT].reveal()
            people = [_Person(name, url, slack, loop) for name in (OFFICER, REVIEWER)]
            for person in people:
                person.link(installed.sign_in_link(url, person.name))
            where = f"host={HOST} port={ports['postgres']} dbname=bench sslmode=disable"
            with Link(f"{where} user={AGENT} password={key}") as client:
                return [_once(client, people[number % 2], number) for number in range(1, VOTES + 1)]
    finally:
        loop.wait(slack.stop())


def _installed(ground: Ground, slack: Slack) -> tuple[Installation, dict[str, int]]:
    directory = ground.directory / "chat"
    directory.mkdir()
    installed = install(directory, reset=False)
    ports = {each: free_port() for each in ("control", "agents", "postgres")}
    ground.write_settings(installed, ports, _SLACK.format(team=slack.team, api=slack.api))
    policy = directory / "bench.cedar"
    text = policy.read_text(encoding="utf-8").replace(_WAITS, f'{_WAITS} @channels("slack")')
    policy.write_text(text, encoding="utf-8")
    (directory / "slack-bot").write_text(BOT_TOKEN, encoding="utf-8")
    (directory / "slack-signing").write_text(SIGNING_SECRET, encoding="utf-8")
    return installed, ports


def _once(client: Link, person: _Person, number: int) -> float:
    client.send(f"SELECT note FROM waiting WHERE id = {number}")
    body = person.fills_in_a_reason(hold_to_run.held(client))
    address = urlsplit(person.url)
    http = HTTPConnection(address.hostname or HOST, address.port, timeout=SECONDS)
    http.connect()
    headers = {"Content-Type": "application/x-www-form-urlencoded", **signed(SIGNING_SECRET, body)}
    begun = perf_counter()
    http.request("POST", "/channels/slack", body, headers)
    answer = client.answer(begun)
    status = http.getresponse().status
    http.close()
    if status != 200 or not answer.head.startswith(b"T"):
        raise Failed(f"a vote in Slack was answered with {status}, its statement with {answer.head[:1]!r}")
    return answer.first


@dataclass
class _Person:
    """Somebody with an account in Slack and a session in the console."""

    name: str
    url: str
    slack: Slack
    loop: _Loop
    session: dict[str, str] = field(default_factory=dict)

    @property
    def calls(self) -> SignedCalls:
        return SignedCalls(f"{self.url}/channels/slack")

    @property
    def user(self) -> str:
        return f"U{self.name.upper()}"

    def link(self, sign_in_link: str) -> None:
        """Links the account, as page You tells them to."""
        self.slack.user(self.user)
        token = parse_qs(urlsplit(sign_in_link).query)["token"][0]
        headers = {"Origin": self.url}
        answer = httpx.post(f"{self.url}/sign-in", data={"token": token}, headers=headers, trust_env=False)
        self.session = headers | {"Cookie": answer.headers["set-cookie"].partition(";")[0]}
        self.session["X-Interlock-CSRF"] = self._asked("GET", "/api/whoami")["csrf"]
        code = self._asked("POST", "/api/people/me/links", {"provider": "slack"})["code"]
        self.loop.wait(SlackUser(self.slack, self.user, self.calls).command(f"link {code}"))
        account = {"provider": "slack", "subject": f"{self.slack.team}/{self.user}"}
        self._asked("POST", "/api/people/me/links/confirm", account)

    def fills_in_a_reason(self, review: str) -> bytes:
        """Presses Approve and writes a reason; gives the request that sends it, and sends it not."""
        card = self._asked("GET", f"/api/reviews/{review}")["card"]["card_digest"]
        value = card_id(ReviewId(review), Digest(card))
        place = {"blocks": [{"type": "actions", "elements": [{"action_id": APPROVE, "value": value}]}]}
        return self.loop.wait(self._filled_in(place))

    async def _filled_in(self, place: Json) -> bytes:
        before, found = set(self.slack.views), list[bytes]()
        await SlackUser(self.slack, self.user, self.calls).press(APPROVE, place, f"D{self.user}")
        await self.slack.until(lambda: bool(self.slack.views.keys() - before))
        (view,) = self.slack.views.keys() - before

        async def keep(kind: str, payload: Json) -> Json:
            found.append(encoded(kind, payload)[1])
            return {}

        await SlackUser(self.slack, self.user, keep).submit(view, "measured")
        return found[0]

    def _asked(self, method: str, path: str, body: Json | None = None) -> Any:
        answer = httpx.request(
            method, self.url + path, json=body, headers=self.session, timeout=SECONDS, trust_env=False
        )
        if not answer.is_success:
            raise Failed(f"the gateway answered {answer.status_code} to {method} of what a person asks")
        return answer.json()


class _Loop:
    """The loop that the test kit's Slack lives on, in a thread beside the one that measures."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()

    def wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Does it there."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(SECONDS)


@contextmanager
def _loop() -> Iterator[_Loop]:
    made = _Loop()
    thread = threading.Thread(target=made.loop.run_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        made.loop.call_soon_threadsafe(made.loop.stop)
        thread.join(SECONDS)
        made.loop.close()
