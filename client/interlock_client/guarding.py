"""`@guard`: a function that runs only once it may, with the very arguments that were asked for."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, ParamSpec, Protocol, TypeVar, cast

from interlock_client.client import WAIT, AsyncInterlock, Client, Interlock, OnPending, outcome_of
from interlock_client.errors import NotSendable
from interlock_client.handles import Asked, Handle, asked

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
Text = str | Callable[..., str]

_WRONG: Final = "only functions and async functions can be guarded: calling a generator doesn't run it"


class Guarded(Protocol[P, R_co]):
    """A guarded function. Whenever it raises an `InterlockError` of its own, the function hasn't run."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Asks, waits for people where they must sign, runs, and reports how it ended."""

    def resume(self, handle: Handle | str, /, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Runs what a handle was given for, if people have signed by now: here, or in another process.

        Raises `Pending` while they haven't, and `ArgumentsChanged` for other arguments; nothing is used up then.
        """


def guard(
    action: str,
    *,
    resource: Text,
    connection: str | None = None,
    arguments: Collection[str] | None = None,
    describe: Callable[..., Mapping[str, object]] | None = None,
    reason: Text = "",
    ticket: Text = "",
    wait: float = WAIT,
    on_pending: OnPending | None = None,
    client: Client | None = None,
) -> Callable[[Callable[P, R]], Guarded[P, R]]:
    """Guards a function. Its bound arguments, defaults included, are what is evaluated and signed for.

    - `action`: `snapshots.push` is the action `push` of the connection `snapshots`, unless `connection` says which.
    - `resource`, `reason`, `ticket`: texts, or functions that give one, of those of the arguments that they name.
    - `arguments`: the names of those that the gateway gets; it gets the digest of all. Without it, all of them.
    - `describe`: such a function too; it gives an object, in JSON, that stands for them all, and is what is bound.
    - `wait`: so many seconds for people to sign, then `NotApprovedInTime`; with 0, `Pending` at once.
    - `client`: else one from INTERLOCK_URL and INTERLOCK_TOKEN, made at the first call.
    """
    rule = _Rule(action, resource, connection, arguments, describe, reason, ticket)

    def decorate(function: Callable[P, R]) -> Guarded[P, R]:
        if not (inspect.isfunction(function) or inspect.ismethod(function)) or _generates(function):
            raise TypeError(_WRONG)
        call = _Guard(function, rule, inspect.signature(function), wait, on_pending, client)
        return cast(Guarded[P, R], call.awaited() if inspect.iscoroutinefunction(function) else call.blocking())

    return decorate


@dataclass(frozen=True, slots=True)
class _Rule:
    """What `guard` was told."""

    action: str
    resource: Text
    connection: str | None
    shown: Collection[str] | None
    describe: Callable[..., Mapping[str, object]] | None
    reason: Text
    ticket: Text

    def asked(self, signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Asked:
        """What a call is asked as; raises `TypeError` for one that the function doesn't take, `NotSendable`."""
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        said = bound.arguments if self.describe is None else _said(self.describe, bound)
        if not isinstance(said, Mapping):
            raise NotSendable("describe= must give an object: names, and what stands for them.")
        return asked(
            self.action,
            resource=_text(self.resource, bound),
            connection=self.connection,
            arguments=said,
            show=self.shown,
            reason=_text(self.reason, bound),
            ticket=_text(self.ticket, bound),
        )


@dataclass(slots=True)
class _Guard:
    """One function with its rule. The face of the client that it needs is made at the first call."""

    function: Callable[..., Any]
    rule: _Rule
    signature: inspect.Signature
    wait: float
    on_pending: OnPending | None
    client: Client | None = field(repr=False)

    def blocking(self) -> Callable[..., Any]:
        """The function, guarded."""

        @functools.wraps(self.function)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            return self._run(None, self.wait, args, kwargs)

        def resume(handle: Handle | str, /, *args: Any, **kwargs: Any) -> Any:
            return self._run(_loaded(handle), 0.0, args, kwargs)

        return _with(guarded, resume)

    def awaited(self) -> Callable[..., Any]:
        """The async function, guarded."""

        @functools.wraps(self.function)
        async def guarded(*args: Any, **kwargs: Any) -> Any:
            return await self._run_async(None, self.wait, args, kwargs)

        async def resume(handle: Handle | str, /, *args: Any, **kwargs: Any) -> Any:
            return await self._run_async(_loaded(handle), 0.0, args, kwargs)

        return _with(guarded, resume)

    def _run(self, handle: Handle | None, wait: float, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        def read() -> Asked:
            return self.rule.asked(self.signature, args, kwargs)

        first = read()  # before there is a client: what can't be bound isn't asked
        if not isinstance(self.client, Interlock):
            self.client = Interlock(like=self.client)
        client = self.client
        permit = client.obtain(first, wait=wait, handle=handle, on_pending=self.on_pending, still=read)
        try:
            result = self.function(*args, **kwargs)
        except BaseException as error:
            client.ended(permit, outcome_of(error))
            raise
        if not (inspect.isawaitable(result) or inspect.isgenerator(result)):  # those have only been begun
            client.ended(permit, outcome_of(None))
        return result

    async def _run_async(
        self, handle: Handle | None, wait: float, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        def read() -> Asked:
            return self.rule.asked(self.signature, args, kwargs)

        first = read()
        if not isinstance(self.client, AsyncInterlock):
            self.client = AsyncInterlock(like=self.client)
        client = self.client
        permit = await client.obtain(first, wait=wait, handle=handle, on_pending=self.on_pending, still=read)
        try:
            result = await self.function(*args, **kwargs)
        except BaseException as error:
            await client.ended(permit, outcome_of(error))
            raise
        await client.ended(permit, outcome_of(None))
        return result


def _loaded(handle: Handle | str) -> Handle:
    return Handle.load(handle) if isinstance(handle, str) else handle


def _with(guarded: Callable[..., Any], resume: Callable[..., Any]) -> Callable[..., Any]:
    guarded.resume = resume  # type: ignore[attr-defined]  # `Guarded` tells of it
    return guarded


def _generates(function: Callable[..., Any]) -> bool:
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def _text(said: Text, bound: inspect.BoundArguments) -> str:
    return _said(said, bound) if callable(said) else said


def _said(says: Callable[..., Any], bound: inspect.BoundArguments) -> Any:
    """Calls it with those of the arguments that it names."""
    named = inspect.signature(says).parameters
    takes_all = any(each.kind is each.VAR_KEYWORD for each in named.values())
    return says(**{name: value for name, value in bound.arguments.items() if takes_all or name in named})
