"""Running what people have signed for by itself, on an upstream session of its own, for a client that has left.

    whom it is for, still known? -> a session in the state that was asked in -> the sealed payload, read anew
        -> redeem -> run, masked, into a bounded place -> the ending -> kept for its asker

What can't be had any more (the credential, the session's state, a view that is gone) ends the review with a reason, and
nothing runs. Writes run inside a transaction of ours where they can: what gives more than is kept is undone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from interlock.doors.endings import Endings
from interlock.doors.postgres.capped import CappedRun
from interlock.doors.postgres.copying_in import CopyingIn
from interlock.doors.postgres.definitions import Definitions
from interlock.doors.postgres.gathering import Gathered
from interlock.doors.postgres.kept_results import MAX_KEPT, KeptResult, write_result
from interlock.doors.postgres.meeting import upstream_settings
from interlock.doors.postgres.parking import Places
from interlock.doors.postgres.preparing import Preparing
from interlock.doors.postgres.running import Run, RunEnd
from interlock.doors.postgres.tasting import Tastes
from interlock.doors.postgres.texts import Texts
from interlock.doors.postgres.units import Planned, Stop, UnitPlan
from interlock.doors.postgres.upstream import Upstream
from interlock.errors import Conflict, InterlockError, LedgerUnavailable, NotUnderstood, UpstreamFailed
from interlock.gate import Cleared, Gate
from interlock.masking.pseudonyms import Pseudonyms
from interlock.model.action import Action
from interlock.model.deferred import Deferred
from interlock.model.names import ActorId, ConnectionName
from interlock.model.payload import Payload, SqlPayload
from interlock.model.release import Ending, Outcome, Release
from interlock.model.review import Review
from interlock.ports import Entropy
from interlock.registry import Registry
from interlock.sql.session_state import SessionState
from interlock.sql.shape import Kind
from interlock.wire.postgres.frames import Frame
from interlock.wire.postgres.session import Session

TOO_MUCH = "54000"
RUN_SECONDS = 4 * 3600.0  # how long one may run; the server is then asked to stop
KEEP_TRIES = 5  # to put the result down, a second apart

_TOO_MUCH = f"What it gave is more than the {MAX_KEPT // (1 << 20)} MiB that are kept"
_THEIR_NAMES: Mapping[str, str] = {"timezone": "TimeZone", "datestyle": "DateStyle", "intervalstyle": "IntervalStyle"}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class DeferredRuns:
    """`ports.Runner` for a door's connections. `slots_of`: deferred runs count among a connection's sessions.

    `pseudonyms`: the installation's; None where nobody gets any.
    """

    connections: Mapping[ConnectionName, Definitions | None]
    gate: Gate
    registry: Registry
    endings: Endings
    entropy: Entropy
    slots_of: Callable[[Definitions, ActorId], Places | None]
    pseudonyms: Pseudonyms | None = None
    taster: Tastes | None = None
    _texts: dict[ConnectionName, Texts] = field(default_factory=dict, repr=False)

    def takes(self, connection: ConnectionName) -> bool:
        """See `Runner`."""
        return connection in self.connections

    async def run(self, deferred: Deferred) -> None:
        """See `Runner`."""
        definitions = self.connections[deferred.connection]
        if definitions is None:
            raise UpstreamFailed("the connection's schema isn't known yet")
        review = await self.gate.desk.review(deferred.review)
        actor = self.registry.current(deferred.actor)
        if actor is None:
            await self._give_up(review, "the credential that asked isn't accepted any more")
            return
        asked = upstream_settings(_startup(deferred), actor)
        up = Upstream(definitions.upstream, asked, self.entropy, self.slots_of(definitions, actor.id))
        try:
            await definitions.refresh()
            await up.ready()
            facts = await up.facts()
            facts.demand_readable()
            texts = self._texts.setdefault(deferred.connection, Texts(self.taster))
            preparing = Preparing(
                up=up,
                facts=facts,
                definitions=definitions,
                texts=texts,
                actor=actor,
                entropy=self.entropy,
                pseudonyms=self.pseudonyms.of(deferred.connection, actor) if self.pseudonyms is not None else None,
            )
            if _document(preparing.state) != deferred.state:
                await self._give_up(review, "a session in the state that it was asked in can't be had any more")
                return
            await self._redeem(review, preparing)
        finally:
            up.close()

    async def _redeem(self, review: Review, preparing: Preparing) -> None:
        sealed = await self.gate.desk.unseal(review)
        assert isinstance(sealed.payload, SqlPayload), "reviews of these connections hold SQL"
        try:
            planned = await _planned(preparing, sealed.payload)
            action = replace(preparing.action(planned), deferred=True)
        except (Stop, NotUnderstood):
            await self._give_up(review, "what was signed for can't be prepared by the definitions of now")
            return

        async def rebuilt(payload: Payload) -> Action:
            assert payload == sealed.payload, "what is sealed doesn't change"
            return action

        answer = await self.gate.redeem(review.id, action, rebuilt, by_itself=True)
        if isinstance(answer, Cleared):
            running = _Running(self, preparing, planned, review, answer.release)
            if not any(p.redefines for p in planned):
                await running.through()
                return
            with preparing.definitions.changes.begun() as change:
                await running.through()
                change.answered.set()
                with contextlib.suppress(UpstreamFailed):  # then whoever watches finds out
                    await preparing.definitions.refresh()

    async def _give_up(self, review: Review, because: str) -> None:
        try:
            await self.gate.desk.supersede(review, because)
        except Conflict:
            return  # it moved on by itself

    async def keep(self, review: Review, kept: KeptResult) -> None:
        """Puts a result down, trying again for a moment while the store can't be written."""
        for _ in range(KEEP_TRIES):
            try:
                await self.gate.desk.deferrals.keep(review, write_result(kept))
                return
            except LedgerUnavailable:
                await asyncio.sleep(1.0)
            except InterlockError as error:
                log.error("deferred.not_kept", review=review.id, code=error.code)
                return
        log.error("deferred.not_kept", review=review.id, code="ledger_unavailable")


class _Nobody:
    """The client that has left: what it would still have to send isn't there."""

    async def frame(self) -> Frame | None:
        """Nothing."""
        return None


class _Running:
    """One released run."""

    def __init__(
        self, runs: DeferredRuns, preparing: Preparing, planned: Sequence[Planned], review: Review, release: Release
    ) -> None:
        self._runs, self._review, self._release = runs, review, release
        self._up = preparing.up
        self._upstream = preparing.definitions.upstream
        simple = planned[0].payload.simple
        self._unit = UnitPlan(tuple(planned), b"", Session(), simple=simple, pseudonyms=preparing.pseudonyms)
        changes = None if any(p.redefines for p in planned) else preparing.definitions.changes
        still, masks = preparing.still(release.action, planned), preparing.definitions.masks
        self._unit = replace(self._unit, still=still, changes=changes, masks=masks)
        self._cancelling: list[asyncio.Task[None]] = []
        self._gathered = Gathered(lambda: self._cancelling.append(self._cancel()))
        kinds = {p.statement.kind for p in planned}
        self._ours = Kind.WRITE in kinds and kinds <= {Kind.WRITE, Kind.QUERY, Kind.EMPTY}

    async def through(self) -> None:
        """Runs it, records how it ended, keeps what it gave."""
        run = self._run()
        try:
            async with asyncio.timeout(RUN_SECONDS):
                ending, kept = await self._outcome(run)
        except TimeoutError:
            await self._runs.endings.record(self._release, run.unknown())
            await asyncio.wait([self._cancel()])
            log.error("deferred.too_long", review=self._review.id)
            return
        except Exception as error:
            await self._runs.endings.record(self._release, run.unknown())
            if not isinstance(error, InterlockError):
                raise  # a mistake of ours; what it left is recorded as what it is
            log.error("deferred.broke_off", review=self._review.id, code=error.code)
            return
        finally:
            for task in self._cancelling:
                task.cancel()
        await self._runs.keep(self._review, kept)
        await self._runs.endings.record(self._release, ending)

    def _run(self) -> Run | CappedRun:
        if self._release.obligations.row_cap is None:
            copying = CopyingIn(_Nobody(), self._gathered)
            return Run(self._up, self._gathered, self._unit, self._release, cancel=self._cancel, copying=copying)
        self._ours = False  # a capped run has a transaction of its own
        return CappedRun(self._up, self._gathered, self._unit, self._release, cancel=self._cancel)

    async def _outcome(self, run: Run | CappedRun) -> tuple[Ending, KeptResult]:
        if self._release.obligations.row_cap is not None and not self._release.action.cappable:
            sentence = "Refused: policy limits its rows, and they can't be counted."
            return Ending(Outcome.FAILED), KeptResult(sqlstate="42501", because=sentence)
        if self._ours and (refused := await self._up.command(b"BEGIN")) is not None:
            return Ending(Outcome.FAILED, sqlstate=refused.sqlstate), KeptResult(sqlstate=refused.sqlstate)
        end = await run.through(None)
        if self._cancelling:
            await asyncio.wait(self._cancelling)
        ending = await self._committed(end) if self._ours else end.ending
        return self._told(end, ending)

    async def _committed(self, end: RunEnd) -> Ending:
        """What our transaction made of it."""
        undone = self._gathered.overflowed or bool(end.ending.sqlstate)
        refused = await self._up.command(b"ROLLBACK" if undone else b"COMMIT")
        if refused is not None:
            return replace(end.ending, outcome=Outcome.FAILED, sqlstate=refused.sqlstate)
        if self._gathered.overflowed:
            return replace(end.ending, outcome=Outcome.ROLLED_BACK, sqlstate=TOO_MUCH)
        return end.ending

    def _told(self, end: RunEnd, ending: Ending) -> tuple[Ending, KeptResult]:
        if end.stop is not None:
            return ending, KeptResult(sqlstate=end.stop.sqlstate, because=end.stop.sentence)
        if self._gathered.overflowed and ending.outcome is not Outcome.SUCCEEDED:
            sqlstate = TOO_MUCH
            return replace(ending, sqlstate=sqlstate), KeptResult(
                sqlstate=sqlstate, because=f"{_TOO_MUCH}; it was undone."
            )
        if self._gathered.overflowed:
            return ending, KeptResult(because=f"{_TOO_MUCH}; it ran to its end all the same.")
        if ending.sqlstate:
            return ending, KeptResult(sqlstate=ending.sqlstate)
        masked = tuple(sorted(label for label, count in ending.masked if count))
        return ending, replace(self._gathered.result(self._unit.statements), masked=masked)

    def _cancel(self) -> asyncio.Task[None]:
        async def cancel() -> None:
            try:
                await self._up.cancel(self._upstream)
            except UpstreamFailed as error:
                log.warning("cancel.failed", code=error.code)

        return asyncio.ensure_future(cancel())


async def _planned(preparing: Preparing, payload: SqlPayload) -> list[Planned]:
    """The sealed payload, read and described by this session; raises `Stop`, `NotUnderstood`."""
    planned = []
    for statement in payload.statements:
        read = await preparing.read(statement, failed=False)
        planned.append(await preparing.described(read, statement, anew=True))
    return planned


def _startup(deferred: Deferred) -> dict[str, str]:
    """The start-up settings of a session in the state that was asked in, as far as one can be told so."""
    path, settings = deferred.state.get("search_path"), deferred.state.get("settings")
    asked: dict[str, str] = {}
    if isinstance(path, list):
        asked["search_path"] = ", ".join('"' + str(schema).replace('"', '""') + '"' for schema in path) or '""'
    for pair in settings if isinstance(settings, list) else ():
        if isinstance(pair, list) and pair[0] in _THEIR_NAMES:
            asked[_THEIR_NAMES[str(pair[0])]] = str(pair[1])
    return asked


def _document(state: SessionState) -> Mapping[str, object]:
    """As the action's cover tells a state (`actions.cover.around`)."""
    settings = [[name, state.settings[name]] for name in sorted(state.settings)]
    return {"search_path": list(state.search_path), "role": state.role, "settings": settings}
