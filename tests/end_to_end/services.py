"""Every service that a gateway reaches people by, faked on real sockets, and the settings that point at them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from testkit.opsgenie import Opsgenie
from testkit.pagerduty import PagerDuty
from testkit.slack import APP_TOKEN, BOT_TOKEN, SIGNING_SECRET, Json, Slack
from testkit.slack_user import buttons
from testkit.smtp import SmtpService
from testkit.teams import Conversation, Teams, User
from testkit.webhook_receiver import WebhookReceiver

REVIEWS = "C0REVIEWS"  # the Slack channel that sees every card
HOOK_SECRET = "whsec_" + "aG9vay1zZWNyZXQtb2YtdGhlLXRlc3RzLTMyYnl0ZXM="
PAGER_KEY, ROUTING_KEY, GENIE_KEY = "a-pager-key", "a-routing-key", "a-genie-key"

_TOLD = """
[slack]
team = "{team}"
bot_token = "file:secrets/bot"
{inbound}
api = "{slack}"
[teams]
app_id = "{app_id}"
tenant = "{tenant}"
secret = "file:secrets/teams"
service_url = "{service_url}"
login = "{teams}login/"
metadata = "{metadata}"
[email]
host = "127.0.0.1"
port = {smtp}
tls = "none"
sender = "interlock@hospital.example"
[webhooks.desk]
url = "{hook}in"
secret = "file:secrets/hook"
[pagerduty]
key = "file:secrets/pager"
routing_key = "file:secrets/routing"
sender = "interlock@hospital.example"
api = "{pager}"
events = "{pager}"
[opsgenie]
key = "file:secrets/genie"
api = "{genie}"
[notify.everybody]
to = ["slack:{reviews}", "slack:people", "teams:{place}", "teams:people", "email:people", "webhook:desk",
      "pagerduty:alert", "opsgenie:alert"]
"""


@dataclass
class Services:
    """All of them, and the two people who have accounts there."""

    slack: Slack
    teams: Teams
    place: Conversation
    users: dict[str, User]  # by person: their account at Teams
    mail: SmtpService
    hook: WebhookReceiver
    pager: PagerDuty
    genie: Opsgenie

    def settings(self, *, socket: bool) -> str:
        """The tables of every channel; `socket`: Slack is reached by socket mode, and doesn't call us."""
        key = 'app_token = "file:secrets/app"' if socket else 'signing_secret = "file:secrets/signing"'
        return _TOLD.format(
            team=self.slack.team,
            inbound=key,
            slack=self.slack.api,
            app_id=self.teams.app_id,
            tenant=self.teams.tenant,
            service_url=self.teams.service_url,
            teams=self.teams.url,
            metadata=self.teams.metadata,
            smtp=self.mail.port,
            hook=self.hook.url,
            pager=self.pager.url,
            genie=self.genie.url,
            reviews=REVIEWS,
            place=self.place.id,
        )

    @property
    def secrets(self) -> dict[str, str]:
        """Each by the name of its file."""
        return {
            "bot": BOT_TOKEN,
            "app": APP_TOKEN,
            "signing": SIGNING_SECRET,
            "teams": self.teams.secret,
            "hook": HOOK_SECRET,
            "pager": PAGER_KEY,
            "routing": ROUTING_KEY,
            "genie": GENIE_KEY,
        }

    def everything(self) -> str:
        """All that any of them was ever sent, as one text to search in; mails decoded as well as raw."""
        heard = [self.teams, self.hook, self.pager, self.genie]
        raw = b"\n".join([self.mail.everything, *(each.everything for each in heard)]).decode("utf-8", "replace")
        mails = [
            part.get_content() for mail in self.mail.mails for part in mail.message.walk() if not part.is_multipart()
        ]
        return "\n".join([self.slack.traffic(), raw, *mails])

    # -- what is out there of one review ------------------------------------------------------------------------------

    def in_slack(self, review: str) -> list[tuple[str, Json]]:
        """(channel, message) of each message in Slack that is about a review."""
        places = self.slack.conversations.items()
        return [(name, each) for name, place in places for each in place.messages if review in json.dumps(each)]

    def in_teams(self, review: str) -> list[tuple[Conversation, Json]]:
        """(conversation, card) of each in Teams."""
        places = self.teams.conversations.values()
        return [(place, card) for place in places for card in place.cards if review in json.dumps(card)]

    def mails(self, review: str) -> list[tuple[str, str]]:
        """(whom to, subject) of each mail."""
        found = [mail.message for mail in self.mail.mails if review.encode() in mail.raw]
        return [(str(mail["To"]), str(mail["Subject"])) for mail in found]

    def hooks(self, review: str) -> list[Any]:
        """Each message to the webhook."""
        return [each for each in self.hook.messages if each["data"]["review"] == review]

    def alerts(self, review: str) -> list[bool]:
        """Of each alert at a pager: whether it is over."""
        duty = [each.resolved for each in self.pager.alerts if review in json.dumps(each.events)]
        return duty + [each.closed for each in self.genie.alerts if review in json.dumps(each.raised)]

    def is_everywhere(self, review: str) -> bool:
        """Whether everybody was told: a channel and two people in both chats, two mails, a webhook, two alerts."""
        chats = len(self.in_slack(review)) == 3 and len(self.in_teams(review)) == 3
        return chats and len(self.mails(review)) == 2 and bool(self.hooks(review)) and len(self.alerts(review)) == 2

    def is_settled(self, review: str, words: str) -> bool:
        """Whether every copy says `words`, has nothing to press that votes, and the alerts are over."""
        slack, teams = self.in_slack(review), self.in_teams(review)
        told = all(words in json.dumps(each, ensure_ascii=False) for _, each in [*slack, *teams])
        still = [each["action_id"] for _, message in slack for each in buttons(message)]
        votes = {each for each in still if each != "interlock_open"} or any("Execute" in str(c) for _, c in teams)
        ends = [each for each in self.hooks(review) if each["type"] == "review.settled"]
        mails = [subject for _, subject in self.mails(review) if subject.startswith("Re: ")]
        return told and not votes and bool(ends) and len(mails) == 2 and all(self.alerts(review))


@asynccontextmanager
async def services() -> AsyncIterator[Services]:
    """All of them, running; dana and remy have an account in both chats."""
    slack, teams, mail = Slack(), Teams(), SmtpService()
    hook, pager, genie = WebhookReceiver(HOOK_SECRET), PagerDuty(PAGER_KEY, ROUTING_KEY), Opsgenie(GENIE_KEY)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(slack)
        for each in (teams, mail, hook, pager, genie):
            await stack.enter_async_context(each.running())
        slack.channel(REVIEWS)
        users = {name: teams.user(name) for name in ("dana", "remy")}
        for name in users:
            slack.user(f"U{name.upper()}")
        yield Services(slack, teams, teams.channel(*users.values()), users, mail, hook, pager, genie)
