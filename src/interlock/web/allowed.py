"""Who may call a route: named at the route, enforced there, and written into the API's description.

    @router.get("/x", summary="...", **allowed(CallerKind.PERSON, CallerKind.AGENT))

A route that names nobody fails the tests. Whoever isn't named is refused (403) before a body is looked at.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from enum import StrEnum
from typing import Annotated, Any, assert_never

from fastapi import Depends, Request
from fastapi.routing import APIRoute

from interlock.errors import AuthenticationFailed
from interlock.model.actor import ActorKind
from interlock.web.callers import (
    ByDirectory,
    ByKey,
    Caller,
    Operator,
    SignedIn,
    bearer_scheme,
    caller_of,
    cookie_scheme,
    signed_in_person,
)
from interlock.web.control_state import Control, Parts
from interlock.web.problems import Refused

CALLERS = "x-interlock-callers"  # in the API's description, of each operation
SHOWN_ONCE = "x-interlock-shown-once"  # its answer holds a secret that is never shown again


class CallerKind(StrEnum):
    """Kinds of callers. ANYONE needs no credential, and stands alone."""

    CONSOLE = "console"  # a person with a console session
    PERSON = "person"  # a person by a key or a login of theirs
    AGENT = "agent"
    SERVICE = "service"
    OPERATOR = "operator"
    PROVISIONING = "provisioning"  # a directory that tells us of people
    ANYONE = "anyone"


PEOPLE = frozenset({CallerKind.CONSOLE, CallerKind.PERSON})

Otherwise = Callable[[Control, Request, Caller], Awaitable[Refused]]
"""Makes the refusal of a caller who isn't named; it may record the attempt first."""


class Guard:
    """Enforces a route's kinds of callers; `depend` is the dependency."""

    def __init__(self, kinds: frozenset[CallerKind], otherwise: Otherwise | None = None) -> None:
        self.kinds = kinds
        self._otherwise = otherwise

    async def depend(
        self,
        request: Request,
        parts: Parts,
        _bearer_in_schema: Annotated[object, Depends(bearer_scheme)],
        _cookie_in_schema: Annotated[object, Depends(cookie_scheme)],
    ) -> None:
        """The dependency; see `check`."""
        await self.check(request, parts)

    async def check(self, request: Request, parts: Control) -> None:
        """Raises `AuthenticationFailed` for nobody, `Refused` (403) for a caller of another kind."""
        if is_page(request.url.path):
            caller: Caller | None = signed_in_person(parts, request)
        else:
            caller = await caller_of(request, parts)
        if caller is None:
            raise AuthenticationFailed("You are not signed in.")
        if kind_of(caller) in self.kinds:
            return
        if self._otherwise is not None:
            raise await self._otherwise(parts, request, caller)
        raise refusal(self.kinds, caller)


def allowed(*kinds: CallerKind, otherwise: Otherwise | None = None, shown_once: bool = False) -> dict[str, Any]:
    """What a route is given to let these kinds of callers in and nobody else; to be splatted into its decorator.

    `otherwise` makes the refusal where the usual one isn't enough. `shown_once` marks answers that
    hold a secret: they are never kept for a repeat under the same Idempotency-Key. Raises `ValueError` for no kind, or
    ANYONE with others.
    """
    named = frozenset(kinds)
    if not named or (CallerKind.ANYONE in named and len(named) > 1):
        raise ValueError("name the kinds of callers, or ANYONE alone")
    described: dict[str, Any] = {CALLERS: sorted(kind.value for kind in named)}
    if shown_once:
        described[SHOWN_ONCE] = True
    if CallerKind.ANYONE in named:
        return {"openapi_extra": {**described, "security": []}}
    return {"dependencies": [Depends(Guard(named, otherwise).depend)], "openapi_extra": described}


def kind_of(caller: Caller) -> CallerKind:
    """The kind of an authenticated caller."""
    match caller:
        case SignedIn():
            return CallerKind.CONSOLE
        case ByKey(actor):
            return _OF_ACTOR[actor.kind]
        case Operator():
            return CallerKind.OPERATOR
        case ByDirectory():
            return CallerKind.PROVISIONING
        case _:
            assert_never(caller)


_OF_ACTOR = {
    ActorKind.PERSON: CallerKind.PERSON,
    ActorKind.AGENT: CallerKind.AGENT,
    ActorKind.SERVICE: CallerKind.SERVICE,
}


_NO_PAGES = ("/api/", "/scim/", "/channels/", "/access/", "/.well-known/")


def is_page(path: str) -> bool:
    """Whether an address is the console's: there only a session counts, and forms carry the CSRF token themselves."""
    return not path.startswith(_NO_PAGES) and path not in ("/api", "/scim", "/metrics")


def guard_of(route: APIRoute) -> Guard | None:
    """The guard that `allowed` gave to a route; None where there is none (ANYONE, or no `allowed` at all)."""
    owners = (getattr(each.dependency, "__self__", None) for each in route.dependencies)
    return next((owner for owner in owners if isinstance(owner, Guard)), None)


def named_callers(route: APIRoute) -> Sequence[str]:
    """The kinds that a route names; empty when it doesn't."""
    return list((route.openapi_extra or {}).get(CALLERS, ()))


def shows_secret(route: APIRoute) -> bool:
    """Whether its answer holds a secret that is shown once."""
    return bool((route.openapi_extra or {}).get(SHOWN_ONCE))


async def guarded(request: Request) -> None:
    """Holds a request to its route's guard, where the framework found fault with the body before it asked the guard.

    Raises what the guard raises.
    """
    route = request.scope.get("route")
    guard = guard_of(route) if isinstance(route, APIRoute) else None
    if guard is not None:
        await guard.check(request, request.app.state.control)


def refusal(kinds: frozenset[CallerKind], caller: Caller) -> Refused:
    """The usual refusal of a caller who isn't of these kinds."""
    if kinds == {CallerKind.OPERATOR}:
        return Refused(403, "operator_only", "Only the operator's token can do this.")
    if kinds == {CallerKind.PROVISIONING}:
        return Refused(403, "provisioning_only", "Only the directory's own token can do this.")
    if kinds == {CallerKind.CONSOLE}:
        return Refused(403, "console_only", "Only a person signed in at the console can do this.")
    if kinds == {CallerKind.PERSON} and isinstance(caller, SignedIn):
        return Refused(403, "key_needed", "This is done with a person's key, not from the console.")
    if kinds <= PEOPLE:
        return Refused(403, "people_only", "Only people can do this.")
    if isinstance(caller, Operator) and kinds & PEOPLE:
        return Refused(403, "people_only", "The operator's token can't do this. Use a person's key.")
    listed = ", ".join(sorted(kind.value for kind in kinds))
    return Refused(403, "wrong_caller", f"This address is for other callers than you: {listed}.")
