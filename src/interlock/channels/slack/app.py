"""The one code path behind both ways in: a Bolt app whose listeners acknowledge at once and leave the work to others.

A payload of another workspace goes no further than the first middleware. Bolt's own check of signatures is off: it
raises at a timestamp that isn't a number and logs what it refuses; `inbound` has checked before a request comes here,
and socket mode has none. Nor does Bolt ask `auth.test` before the first click: the token's owner is in the settings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

import structlog
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse

from interlock.channels.answering import Answered, Refuse
from interlock.channels.slack.blocks import APPROVE, DENY, LOOK, OPEN, Json
from interlock.channels.slack.clicks import WENT_WRONG, Clicks
from interlock.channels.slack.commands import Commands
from interlock.channels.slack.home import Home
from interlock.channels.slack.payloads import (
    Command,
    Submission,
    read_click,
    read_command,
    read_home,
    read_submission,
    team_of,
)
from interlock.channels.slack.tasks import Tasks
from interlock.channels.slack.views import VERDICTS, told_blocks, told_view, waiting_view
from interlock.channels.slack.web_api import WebApi
from interlock.model.channels import Channel
from interlock.model.review import Verdict

log = structlog.get_logger("interlock.slack")

COMMAND: Final = "/interlock"
ACK: Final = 2.0  # seconds for an answer within the acknowledgement; Slack waits for three
_TEXT: Final = "An answer from Interlock, for you alone."

Ack = Callable[..., Awaitable[Any]]
Next = Callable[[], Awaitable[Any]]
Body = dict[str, object]


class SlackApp:
    """What Slack's calls lead to."""

    def __init__(
        self,
        api: WebApi,
        clicks: Clicks,
        commands: Commands,
        home: Home,
        refuse: Refuse,
        tasks: Tasks,
        patience: float = ACK,
    ) -> None:
        """`patience`: seconds for which an answer is waited for before the call is acknowledged without it."""
        self.tasks, self._patience = tasks, patience
        self._team, self._refuse = api.settings.team, refuse
        self._clicks, self._commands, self._home = clicks, commands, home
        self._bolt = AsyncApp(
            name="interlock",
            logger=api.logger,
            client=api.client,
            signing_secret="",
            authorize=_Ours(self._team),
            request_verification_enabled=False,
            ssl_check_enabled=False,
            attaching_function_token_enabled=False,
        )
        self._listen()

    async def dispatch(self, request: AsyncBoltRequest) -> BoltResponse:
        """Answers one call that is known to be Slack's; never raises for what it is sent."""
        if self.tasks.full:
            return BoltResponse(status=503)
        try:
            return await self._bolt.async_dispatch(request)
        except Exception as error:  # whatever a payload of an unknown shape makes Bolt do
            log.warning("slack.dispatch_failed", because=type(error).__name__)
            return BoltResponse(status=500)

    async def close(self) -> None:
        """Ends what is under way."""
        await self.tasks.close()

    def _listen(self) -> None:
        bolt = self._bolt
        bolt.use(self._ours)
        bolt.error(self._failed)
        bolt.action(APPROVE)(self._approve)
        bolt.action(DENY)(self._deny)
        bolt.action(LOOK)(self._look)
        bolt.action(OPEN)(self._open)
        for callback in VERDICTS:
            bolt.view(callback)(self._submit)
        bolt.command(COMMAND)(self._command)
        bolt.event("app_home_opened")(self._home_opened)

    async def _ours(self, body: Body, next: Next) -> BoltResponse | None:
        if team_of(body) != self._team:
            await self._refuse(Channel.SLACK, "a call of another workspace")
            return BoltResponse(status=401)
        await next()
        return None

    async def _failed(self, error: Exception) -> None:
        log.warning("slack.listener_failed", because=type(error).__name__)

    # -- listeners ----------------------------------------------------------------------------------------------------

    async def _approve(self, ack: Ack, body: Body) -> None:
        await ack()
        self.tasks.start(self._clicks.pressed(read_click(body), Verdict.APPROVE))

    async def _deny(self, ack: Ack, body: Body) -> None:
        await ack()
        self.tasks.start(self._clicks.pressed(read_click(body), Verdict.DENY))

    async def _look(self, ack: Ack, body: Body) -> None:
        await ack()
        self.tasks.start(self._clicks.looked(read_click(body)))

    async def _open(self, ack: Ack) -> None:
        await ack()  # a link: the browser does the rest

    async def _home_opened(self, ack: Ack, body: Body) -> None:
        await ack()
        sender = read_home(body)
        if sender is not None:
            self.tasks.start(self._home.opened(sender))

    async def _submit(self, ack: Ack, body: Body) -> None:
        sent = read_submission(body)
        task = self.tasks.start(self._clicks.submitted(sent))
        done, _ = await asyncio.wait({task}, timeout=self._patience)
        await ack(response_action="update", view=told_view(_answer(task)) if done else waiting_view())
        if not done:
            self.tasks.start(self._answered_late(sent, task))

    async def _command(self, ack: Ack, body: Body) -> None:
        command = read_command(body)
        task = self.tasks.start(self._commands.answer(command))
        done, _ = await asyncio.wait({task}, timeout=self._patience)
        if done:
            await ack(response_type="ephemeral", text=_TEXT, blocks=_blocks(task))
            return
        await ack(response_type="ephemeral", text="One moment…")
        self.tasks.start(self._commanded_late(command, task))

    async def _answered_late(self, sent: Submission, task: asyncio.Task[Answered]) -> None:
        await asyncio.wait({task})
        await self._clicks.answered_late(sent, _answer(task))

    async def _commanded_late(self, command: Command, task: asyncio.Task[list[Json]]) -> None:
        await asyncio.wait({task})
        await self._clicks.tell(command.sender, command.channel, _blocks(task))


class _Ours(AsyncAuthorize):
    """The one workspace that there is. Listeners call Slack by our own client, so no token is handed out."""

    def __init__(self, team: str) -> None:
        self._team = team

    async def __call__(self, **_: Any) -> AuthorizeResult:
        return AuthorizeResult(enterprise_id=None, team_id=self._team)


def _answer(task: asyncio.Task[Answered]) -> Answered:
    return WENT_WRONG if task.cancelled() or task.exception() is not None else task.result()


def _blocks(task: asyncio.Task[list[Json]]) -> list[Json]:
    return told_blocks(WENT_WRONG) if task.cancelled() or task.exception() is not None else task.result()
