"""The client in its two faces: `Interlock` blocks, `AsyncInterlock` doesn't. Both do what `flows` says."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import Callable, Collection, Mapping
from types import TracebackType
from typing import Any, Final, NoReturn, Self, TypeVar

from interlock_client import flows
from interlock_client.errors import ArgumentsChanged, InterlockError, Misconfigured, Unavailable
from interlock_client.flows import Flow, Outcome, Pause, Standing, Subject
from interlock_client.handles import Asked, Handle, Permit, asked
from interlock_client.sending import send, send_async
from interlock_client.settings import SECONDS, Settings, Token, settings

WAIT: Final = 900.0  # seconds that people have by default, before `NotApprovedInTime`

log: Final = logging.getLogger("interlock_client")

T = TypeVar("T")
OnPending = Callable[[Handle], object]


def tell(handle: Handle) -> None:
    """What is done with a new handle where nobody says otherwise: its link goes to the log."""
    log.info("waiting for people to sign: %s", handle.review_url)


class Client:
    """What both faces are. Nothing in it is open or locked: threads share it, forks inherit it.

    `subject` is who asks (`"agent etl"`), where it isn't whom the token belongs to: somebody on whose verified behalf.
    """

    def __init__(
        self,
        url: str | None = None,
        token: Token | None = None,
        *,
        subject: str | None = None,
        seconds: float = SECONDS,
        tls: ssl.SSLContext | None = None,
        unsafe_http: bool = False,
        like: Client | None = None,
    ) -> None:
        """From INTERLOCK_URL and INTERLOCK_TOKEN where nothing is said; raises `Misconfigured`. `token` may be a
        function, for tokens that change. `seconds` bound each answer. `like`: the other face of a
        client that is there."""
        self.settings: Settings = like.settings if like else settings(url, token, seconds, tls, unsafe_http)
        self._subject: Subject | None = like._subject if like else None
        if subject is not None:
            kind, _, name = subject.partition(" ")
            if kind not in ("agent", "service", "person") or not name:
                raise Misconfigured("subject must be like `agent etl`: a kind and a name.")
            self._subject = kind, name

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.settings.place.url!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a client holds a token and can't be pickled or copied: make one where it is used")

    def _who(self) -> Flow[Subject]:
        if self._subject is None:
            self._subject = yield from flows.who()
        return self._subject

    def _evaluate(self, asked: Asked) -> Flow[Permit | Handle]:
        subject = yield from self._who()
        return (yield from flows.evaluate(asked, subject, self.settings.place.url))

    def _redeem(self, handle: Handle, asked: Asked) -> Flow[Permit]:
        subject = yield from self._who()
        return (yield from flows.redeem(handle, asked, subject))

    def _obtain(
        self, asked: Asked, wait: float, handle: Handle | None, told: OnPending | None, still: Callable[[], Asked]
    ) -> Flow[Permit]:
        subject = yield from self._who()
        if handle is None:
            url = self.settings.place.url
            permit = yield from flows.obtain(asked, subject, url, wait, told or tell, still)
        else:
            permit = yield from flows.resume(handle, subject, wait, still)
        if still().binding != asked.binding:
            try:
                yield from flows.report(permit, Outcome.FAILED)
            except InterlockError:
                log.warning("action %s wasn't run; the gateway couldn't be told", permit.evaluation_id)
            raise ArgumentsChanged("The arguments changed after they were signed for; nothing was run.")
        return permit


def run(flow: Flow[T], settings: Settings) -> T:
    """Does a flow, blocking."""
    sent: Any = None
    thrown: Unavailable | None = None
    try:
        while True:
            wanted = flow.send(sent) if thrown is None else flow.throw(thrown)
            sent, thrown = None, None
            if isinstance(wanted, Pause):
                time.sleep(wanted.seconds)
                continue
            try:
                sent = send(wanted, settings)
            except Unavailable as away:
                thrown = away
    except StopIteration as done:
        result: T = done.value
        return result


async def run_async(flow: Flow[T], settings: Settings) -> T:
    """Does a flow on the running loop."""
    sent: Any = None
    thrown: Unavailable | None = None
    try:
        while True:
            wanted = flow.send(sent) if thrown is None else flow.throw(thrown)
            sent, thrown = None, None
            if isinstance(wanted, Pause):
                await asyncio.sleep(wanted.seconds)
                continue
            try:
                sent = await send_async(wanted, settings)
            except Unavailable as away:
                thrown = away
    except StopIteration as done:
        result: T = done.value
        return result


class Interlock(Client):
    """The blocking face. It needs no event loop and can be called where one runs, as in a notebook."""

    def evaluate(self, asked: Asked) -> Permit | Handle:
        """A permit to do it once, now; or the handle of the review that people were asked for. Raises `Denied`."""
        return run(self._evaluate(asked), self.settings)

    def look(self, handle: Handle) -> Standing:
        """How it stands."""
        return run(flows.look(handle), self.settings)

    def wait(self, handle: Handle, seconds: float = WAIT) -> Standing:
        """How it stands once it is settled, or after `seconds`."""
        return run(flows.wait(handle, seconds), self.settings)

    def redeem(self, handle: Handle, asked: Asked) -> Permit:
        """Takes the approval, once; what it permits is for whoever gets the permit to do, next."""
        return run(self._redeem(handle, asked), self.settings)

    def withdraw(self, handle: Handle) -> None:
        """Takes the request back."""
        run(flows.withdraw(handle), self.settings)

    def report(self, permit: Permit, outcome: Outcome | str) -> None:
        """Says how it ended: `succeeded` or `failed`. What nobody says stays unknown."""
        run(flows.report(permit, Outcome(outcome)), self.settings)

    def obtain(
        self,
        asked: Asked,
        *,
        wait: float = WAIT,
        handle: Handle | None = None,
        on_pending: OnPending | None = None,
        still: Callable[[], Asked] | None = None,
    ) -> Permit:
        """Evaluates, waits, redeems; with `handle`, goes on from there. `still` reads anew what would run."""
        return run(self._obtain(asked, wait, handle, on_pending, still or (lambda: asked)), self.settings)

    def ended(self, permit: Permit, outcome: Outcome | None) -> None:
        """As `report`, for what has run already: that the gateway can't be told is logged, and raises nothing."""
        if outcome is None:
            return
        try:
            self.report(permit, outcome)
        except InterlockError as error:
            log.warning("action %s %s; the gateway wasn't told [%s]", permit.evaluation_id, outcome.value, error.code)

    def action(
        self,
        action: str,
        *,
        resource: str,
        connection: str | None = None,
        arguments: Mapping[str, object] | None = None,
        show: Collection[str] | None = None,
        reason: str = "",
        ticket: str = "",
        wait: float = WAIT,
        handle: Handle | None = None,
        on_pending: OnPending | None = None,
    ) -> Block:
        """`with client.action(...)`: the block runs once it may, and its end is reported."""

        def read() -> Asked:
            return asked(
                action,
                resource=resource,
                connection=connection,
                arguments=arguments,
                show=show,
                reason=reason,
                ticket=ticket,
            )

        return Block(self, read, wait, handle, on_pending)


class AsyncInterlock(Client):
    """The face for asyncio: the same calls, awaited."""

    async def evaluate(self, asked: Asked) -> Permit | Handle:
        """As `Interlock.evaluate`."""
        return await run_async(self._evaluate(asked), self.settings)

    async def look(self, handle: Handle) -> Standing:
        """As `Interlock.look`."""
        return await run_async(flows.look(handle), self.settings)

    async def wait(self, handle: Handle, seconds: float = WAIT) -> Standing:
        """As `Interlock.wait`."""
        return await run_async(flows.wait(handle, seconds), self.settings)

    async def redeem(self, handle: Handle, asked: Asked) -> Permit:
        """As `Interlock.redeem`."""
        return await run_async(self._redeem(handle, asked), self.settings)

    async def withdraw(self, handle: Handle) -> None:
        """As `Interlock.withdraw`."""
        await run_async(flows.withdraw(handle), self.settings)

    async def report(self, permit: Permit, outcome: Outcome | str) -> None:
        """As `Interlock.report`."""
        await run_async(flows.report(permit, Outcome(outcome)), self.settings)

    async def obtain(
        self,
        asked: Asked,
        *,
        wait: float = WAIT,
        handle: Handle | None = None,
        on_pending: OnPending | None = None,
        still: Callable[[], Asked] | None = None,
    ) -> Permit:
        """As `Interlock.obtain`."""
        return await run_async(self._obtain(asked, wait, handle, on_pending, still or (lambda: asked)), self.settings)

    async def ended(self, permit: Permit, outcome: Outcome | None) -> None:
        """As `Interlock.ended`."""
        if outcome is None:
            return
        try:
            await self.report(permit, outcome)
        except InterlockError as error:
            log.warning("action %s %s; the gateway wasn't told [%s]", permit.evaluation_id, outcome.value, error.code)

    def action(
        self,
        action: str,
        *,
        resource: str,
        connection: str | None = None,
        arguments: Mapping[str, object] | None = None,
        show: Collection[str] | None = None,
        reason: str = "",
        ticket: str = "",
        wait: float = WAIT,
        handle: Handle | None = None,
        on_pending: OnPending | None = None,
    ) -> AsyncBlock:
        """`async with client.action(...)`: the block runs once it may, and its end is reported."""

        def read() -> Asked:
            return asked(
                action,
                resource=resource,
                connection=connection,
                arguments=arguments,
                show=show,
                reason=reason,
                ticket=ticket,
            )

        return AsyncBlock(self, read, wait, handle, on_pending)


class Block:
    """One run of a `with`; it can't be entered twice. `permit` is there within it."""

    permit: Permit

    def __init__(
        self,
        client: Interlock,
        read: Callable[[], Asked],
        wait: float,
        handle: Handle | None,
        on_pending: OnPending | None,
    ) -> None:
        self._client, self._read, self._wait = client, read, wait
        self._handle, self._on_pending, self._entered = handle, on_pending, False

    def __enter__(self) -> Self:
        first = _first(self)
        self.permit = self._client.obtain(
            first, wait=self._wait, handle=self._handle, on_pending=self._on_pending, still=self._read
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._client.ended(self.permit, outcome_of(error))


class AsyncBlock:
    """One run of an `async with`; it can't be entered twice. `permit` is there within it."""

    permit: Permit

    def __init__(
        self,
        client: AsyncInterlock,
        read: Callable[[], Asked],
        wait: float,
        handle: Handle | None,
        on_pending: OnPending | None,
    ) -> None:
        self._client, self._read, self._wait = client, read, wait
        self._handle, self._on_pending, self._entered = handle, on_pending, False

    async def __aenter__(self) -> Self:
        first = _first(self)
        self.permit = await self._client.obtain(
            first, wait=self._wait, handle=self._handle, on_pending=self._on_pending, still=self._read
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._client.ended(self.permit, outcome_of(error))


def _first(block: Block | AsyncBlock) -> Asked:
    if block._entered:
        raise RuntimeError("a permit is for one run: ask with a new client.action(...)")
    block._entered = True
    return block._read()


def outcome_of(error: BaseException | None) -> Outcome | None:
    """What an end says; None where it was cut off in the middle (cancelled, interrupted): unknown, as it stands."""
    if error is None:
        return Outcome.SUCCEEDED
    return Outcome.FAILED if isinstance(error, Exception) else None
