"""Tasks of ours that are no review: what was over at once (2025-11-25), and what a server does as a task of its own.

Their ids are ours and can't be guessed; each is bound to the actor, the chain and the credential that asked. That there
is one is durable before anybody is told of it, and so is what it came to. Who follows a server's task is this node: if
that dies the run ends as unknown, and the task says so once its lease has run out. Nothing is called a second time.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from interlock.desk.deferrals import KEPT, MOST_OF_ONE_ACTOR
from interlock.doors.mcp import answers
from interlock.doors.mcp.answers import Answered
from interlock.doors.mcp.following import LOOK_SECONDS, gone, unanswered
from interlock.doors.mcp.kept import Kept, kept_from, told_of_kept
from interlock.doors.mcp.nobody import Nobody
from interlock.doors.mcp.questions import questions_of
from interlock.doors.mcp.running import Ran, Running
from interlock.doors.mcp.seams import MODERN, Client, Link, Object, Words
from interlock.doors.mcp.task_shapes import Look, Seen, ServerTask, Status, ended
from interlock.errors import Conflict, InterlockError, LedgerCorrupt, UpstreamFailed
from interlock.gate import Cleared, Gate
from interlock.model.actor import Actor
from interlock.model.change import PutDocument, Unit
from interlock.model.document import Document, DocumentKind
from interlock.model.names import ActorId
from interlock.model.release import Ending, Outcome
from interlock.model.tool import Tool
from interlock.ports import Clock, Entropy, Sealer
from interlock.registry import Registry

LONGEST: Final = timedelta(hours=24)  # for which a server's task is followed
MOST: Final = 2_000  # followed at once, on one connection
LEASE: Final = timedelta(minutes=3)  # for which the word of a node that follows one is good
RENEWED: Final = 60.0  # seconds after which it is given again

_ID_BYTES: Final = 16
_LOST = "It was begun, and nobody knows whether it ran to its end."

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Under:
    """A server's task that is followed here, and its guide (`following.Guide`). `changed` is set when it is over, or
    something new is asked; who waits for that clears it. `tool`: the pinned one that was called, "" for another."""

    id: str
    actor: Actor
    created: datetime
    client: Client
    reviewed: bool
    tool: str
    words: Words = field(repr=False)
    alive: Callable[[], bool] = field(repr=False)
    renew: Callable[[Under], Awaitable[None]] = field(repr=False)
    message: str = field(default="", repr=False)
    questions: dict[str, Any] = field(default_factory=dict, repr=False)
    waits: bool = False  # the server asks, by whichever way
    listener: Client | None = None
    version: int = 1
    over: asyncio.Event = field(default_factory=asyncio.Event)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    run: asyncio.Task[None] | None = None
    _given: dict[str, Any] = field(default_factory=dict, repr=False)
    _said: str = field(default="", repr=False)
    _masked: float = float("-inf")
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _renewed: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    def give(self, responses: object) -> None:
        """A client's answers; those to what isn't asked are left out (SEP-2663, "Task Update Requests")."""
        given = responses if isinstance(responses, Mapping) else {}
        fits = {key: each for key, each in given.items() if key in self.questions and isinstance(each, Mapping)}
        if fits:
            self._given |= fits
            self.questions = {key: each for key, each in self.questions.items() if key not in fits}
            self._news.set()

    def listen(self, client: Client) -> None:
        """Who waits for the result may be asked for more meanwhile (2025-11-25, "Input Required Status")."""
        client.heed(self.words)
        self.listener = client
        self._news.set()

    # -- `Guide` ------------------------------------------------------------------------------------------------------

    async def pause(self, seconds: float) -> None:
        """See `Guide`."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while not self._news.is_set() and (left := until - loop.time()) > 0:
            self._check()
            try:
                await asyncio.wait_for(self._news.wait(), min(left, LOOK_SECONDS))
            except TimeoutError:
                continue
        self._news.clear()
        self._check()
        if loop.time() - self._renewed >= RENEWED:
            self._renewed = loop.time()
            await self.renew(self)

    def _check(self) -> None:
        if not self.alive():
            raise gone()

    async def heard(self, look: Look) -> None:
        """See `Guide`."""
        self.waits = look.status is Status.INPUT_REQUIRED
        if not self.waits:
            self.questions = {}
        now = asyncio.get_running_loop().time()
        if look.message != self._said and now - self._masked >= LOOK_SECONDS:
            self._said, self._masked = look.message, now
            self.message = await self.words.text(look.message) if look.message else ""

    async def answers(self, asks: Object) -> Object | None:
        """See `Guide`."""
        if self.reviewed:
            raise unanswered()
        if self._given:
            given, self._given = self._given, {}
            return given
        if self.questions.keys() != asks["inputRequests"].keys():
            try:
                self.questions = await questions_of(asks, self.client.capabilities, self.words.params)
            except Answered:
                raise unanswered() from None
            self.changed.set()
        return None

    def asked(self) -> Client | None:
        """See `Guide`."""
        if self.reviewed or self.client.protocol_version >= MODERN:
            raise unanswered()
        return self.listener


class Handed:
    """One connection's. `close` when the door ends."""

    def __init__(
        self, running: Running, gate: Gate, registry: Registry, sealer: Sealer, clock: Clock, entropy: Entropy
    ) -> None:
        self._running, self._gate, self._registry = running, gate, registry
        self._sealer, self._clock, self._entropy = sealer, clock, entropy
        self._connection = running.settings.connection.name
        self._under: dict[str, Under] = {}
        self._beginning: Counter[ActorId] = Counter()

    def __len__(self) -> int:
        return len(self._under)

    def close(self) -> None:
        """Stops following; how those runs ended isn't known."""
        for under in tuple(self._under.values()):
            if under.run is not None:
                under.run.cancel()

    async def has_room(self, actor: Actor) -> bool:
        """Whether one more task of this actor's may be kept."""
        begun = self._beginning[actor.id]
        count = await self._gate.desk.records.count_named(DocumentKind.RESULT, f"{actor.id}/")
        return count + begun < MOST_OF_ONE_ACTOR

    async def over(self, actor: Actor, tool: str, result: Object) -> Seen:
        """A task for a call of that tool which is over already; durable when this returns."""
        id_, now = self._entropy.token(_ID_BYTES).hex(), self._clock.now()
        kept = Kept(result)
        await self._put(id_, actor, tool, 1, now, kept)
        return Seen(id_, Status.COMPLETED, "", now, _ms(KEPT), kept)

    async def out(
        self, cleared: Cleared, link: Link, client: Client, tool: Tool | None, task: ServerTask
    ) -> Seen | None:
        """Follows a server's task under an id of ours; None where this actor may have no more of them."""
        actor = cleared.release.action.actor
        if len(self._under) + self._beginning.total() >= MOST or not await self.has_room(actor):
            return None
        self._beginning[actor.id] += 1
        try:
            id_, now = self._entropy.token(_ID_BYTES).hex(), self._clock.now()
            await self._put(id_, actor, "" if tool is None else tool.name, 1, now, None)
        finally:
            self._beginning -= Counter([actor.id])
        reviewed = cleared.release.review is not None
        under = Under(
            id_,
            actor,
            now,
            Nobody(client.protocol_version, client.capabilities, hushed=reviewed),
            reviewed,
            "" if tool is None else tool.name,
            self._running.words(cleared.release, tool),
            lambda: self._registry.current(actor) is not None,
            self._renew,
        )
        under.run = asyncio.ensure_future(self._follow(under, cleared, link, tool, task))
        self._under[id_] = under
        under.run.add_done_callback(lambda run: self._ended(under, cleared, begun=not run.cancelled()))
        return _seen(under)

    # -- looking ------------------------------------------------------------------------------------------------------

    async def seen(self, id_: str, actor: Actor) -> Seen | None:
        """The task of that id, if it is this asker's; nobody learns of another."""
        under = self.under(id_, actor)
        if under is not None and not under.over.is_set():
            return _seen(under)
        if (read := await self._read(id_, actor)) is None:
            return None
        found, told = read
        try:
            kept = None if told["kept"] is None else kept_from(told["kept"])
        except (LedgerCorrupt, KeyError):
            return None
        created, ttl = datetime.fromisoformat(told["created"]), _ms(KEPT)
        if kept is None and self._clock.now() - found.at < LEASE:
            return Seen(id_, Status.WORKING, "", created, _ms(LONGEST + KEPT))
        kept = kept or Kept(answers.failed("unknown", _LOST))
        return Seen(id_, ended(kept), "", created, ttl, kept)

    async def tool_of(self, id_: str, actor: Actor) -> str | None:
        """The pinned tool whose call that task is, "" for another; None where it isn't this asker's."""
        if (under := self.under(id_, actor)) is not None:
            return under.tool
        read = await self._read(id_, actor)
        return None if read is None else str(read[1].get("tool", ""))

    async def _read(self, id_: str, actor: Actor) -> tuple[Document, dict[str, Any]] | None:
        """What was put down of this asker's task."""
        found = await self._gate.desk.records.document(DocumentKind.RESULT, id_)
        if found is None or found.due_at is None or found.due_at <= self._clock.now():
            return None
        try:
            told: dict[str, Any] = json.loads(self._sealer.open(_about(id_), found.sealed).reveal())
            mine = _is_whose(told["whose"], actor) and told["connection"] == self._connection
        except (LedgerCorrupt, KeyError):
            return None
        return (found, told) if mine else None

    def under(self, id_: str, actor: Actor) -> Under | None:
        """The one that is followed here, if it is this asker's."""
        under = self._under.get(id_)
        return under if under is not None and _is_whose(_whose(under.actor), actor) else None

    def mine(self, actor: Actor) -> Sequence[Seen]:
        """All that are followed here for this asker."""
        return [_seen(each) for each in self._under.values() if _is_whose(_whose(each.actor), actor)]

    async def cancel(self, id_: str, actor: Actor) -> bool:
        """Stops following it, and has its server told; whether there was anything to stop."""
        under = self.under(id_, actor)
        if under is None or under.run is None or under.over.is_set():
            return False
        under.run.cancel()
        await asyncio.wait([under.run])
        return True

    # -- following ----------------------------------------------------------------------------------------------------

    async def _follow(self, under: Under, cleared: Cleared, link: Link, tool: Tool | None, task: ServerTask) -> None:
        followed, release = False, cleared.release
        try:
            async with link.again(under.client) as own:
                followed = True
                ran, ending = await self._running.followed(cleared, own, tool, task, under, LONGEST.total_seconds())
        except asyncio.CancelledError:
            if not followed:
                self._running.stopping.tell(link, task)
                self._running.endings.soon(release, Ending(Outcome.UNKNOWN))
            await self._keep(under, Kept(cancelled=True))
            return
        except UpstreamFailed as failed:
            log.warning("mcp.upstream_failed", action=release.action.id, code=failed.code)
            ran, ending = Ran(answers.failed("unknown", _LOST)), Ending(Outcome.UNKNOWN)
        await self._keep(under, ran.kept())
        await self._running.endings.record(release, ending)

    def _ended(self, under: Under, cleared: Cleared, *, begun: bool) -> None:
        if not begun:  # it was cancelled before its first step: `_follow` catches all that comes later
            self._running.drop(cleared)
        self._under.pop(under.id, None)
        under.over.set()
        under.changed.set()

    async def _keep(self, under: Under, kept: Kept) -> None:
        """Puts down what it came to. Where that fails its lease runs out, and then nobody knows."""
        for version in (under.version + 1, under.version + 2):  # a lease may just have been written
            try:
                await self._put(under.id, under.actor, under.tool, version, under.created, kept)
            except Conflict:
                continue
            except InterlockError as error:
                log.error("mcp.task_not_kept", code=error.code)
            return

    async def _renew(self, under: Under) -> None:
        try:
            await self._put(under.id, under.actor, under.tool, under.version + 1, under.created, None)
        except InterlockError as error:  # and again in a while
            log.warning("mcp.task_not_renewed", code=error.code)
            return
        under.version += 1

    async def _put(self, id_: str, actor: Actor, tool: str, version: int, created: datetime, kept: Kept | None) -> None:
        now = self._clock.now()
        told = {
            "whose": _whose(actor),
            "connection": self._connection,
            "tool": tool,
            "created": created.isoformat(),
            "kept": None if kept is None else told_of_kept(kept),
        }
        sealed = self._sealer.seal(_about(id_), json.dumps(told).encode())
        name = f"{actor.id}/{id_}"
        document = Document(DocumentKind.RESULT, id_, name, version, now, now + KEPT, sealed)
        await self._gate.ledger.commit(Unit((), (PutDocument(document),)))


def _seen(under: Under) -> Seen:
    status = Status.INPUT_REQUIRED if under.questions or (under.waits and _is_core(under)) else Status.WORKING
    return Seen(under.id, status, under.message, under.created, _ms(LONGEST + KEPT), None, under.questions)


def _is_core(under: Under) -> bool:
    """Whether its client is asked by who waits for the result (2025-11-25)."""
    return under.client.protocol_version < MODERN


def _whose(actor: Actor) -> list[str]:
    """Actor, chain and credential. Of a workload the tokens are short: it keeps its tasks from one to the next."""
    chain = [f"{each.kind.value}/{each.id}" for each in (actor, *actor.chain)]
    return [*chain, str(actor.key) if actor.expires_at is None else ""]


def _is_whose(told: object, actor: Actor) -> bool:
    return hmac.compare_digest(json.dumps(told), json.dumps(_whose(actor)))


def _about(id_: str) -> str:
    return f"interlock/mcp-task/v2/{id_}"


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
