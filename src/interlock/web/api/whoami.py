"""Who the gateway takes the caller for."""

from __future__ import annotations

from typing import Any, assert_never

from fastapi import APIRouter

from interlock.web.allowed import CallerKind, allowed
from interlock.web.api.shapes import Told, Whoami
from interlock.web.callers import ApiCaller, ByDirectory, ByKey, Operator, SignedIn
from interlock.web.control_state import Parts

_TOLD: dict[int | str, dict[str, Any]] = {401: {"model": Told}, 429: {"model": Told}}

router = APIRouter(prefix="/api", tags=["callers"], responses=_TOLD)


@router.get(
    "/whoami",
    summary="Who am I?",
    **allowed(CallerKind.CONSOLE, CallerKind.PERSON, CallerKind.AGENT, CallerKind.SERVICE, CallerKind.OPERATOR),
)
async def whoami(parts: Parts, caller: ApiCaller) -> Whoami:
    """The caller's kind and name, and whether a vote of theirs could count."""
    here: dict[str, Any] = {"version": parts.version, "unsafe_token_votes": parts.unsafe_token_votes}
    match caller:
        case SignedIn(person, session):
            return Whoami(
                kind="person", id=person.id, name=person.name, by="console", may_vote=True, csrf=session.csrf, **here
            )
        case ByKey(actor):
            person_known = parts.registry.person(actor.owner) if caller.person is not None else None
            name = person_known.name if person_known else actor.id
            votes = caller.person is not None and parts.unsafe_token_votes
            return Whoami(kind=actor.kind.value, id=actor.id, name=name, by="key", may_vote=votes, **here)
        case Operator():
            return Whoami(kind="operator", id="operator", name="operator", by="operator_token", may_vote=False, **here)
        case ByDirectory(actor):
            return Whoami(kind="directory", id=actor.id, name=actor.id, by="provisioning_key", may_vote=False, **here)
        case _:
            assert_never(caller)
