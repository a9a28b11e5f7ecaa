"""The page about oneself: agents and services to answer for, linked accounts, delegations, passkeys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from interlock.errors import InterlockError
from interlock.model.names import ActorId, GroupName, PersonId
from interlock.registry import People
from interlock.registry.confirming import delegating, linking, owning, unlinking
from interlock.web.allowed import CallerKind, allowed
from interlock.web.answers import Answered, refusing
from interlock.web.api.people import NAME, PROVIDER, check_recent, people_of
from interlock.web.callers import SignedIn, check_csrf, check_origin
from interlock.web.console.reading import Me, Sender, pages_of
from interlock.web.control_state import Control, Parts
from interlock.web.passkeys import passkeys_of, passkeys_view, request_options
from interlock.web.problems import Problem, Refused, problem

MAX_SUBJECT = 255
_MINE = allowed(CallerKind.CONSOLE)

router = APIRouter(prefix="/you", include_in_schema=False)

Named = Annotated[str, Form(pattern=NAME)]
OfProvider = Annotated[str, Form(pattern=PROVIDER)]
Csrf = Annotated[str, Form(max_length=128)]
Subject = Annotated[str, Form(min_length=1, max_length=MAX_SUBJECT)]
Until = Annotated[str, Form(max_length=32)]


@router.get("", **_MINE)
async def you(request: Request, parts: Parts, me: Me) -> Response:
    """All of it."""
    return _page(request, parts, me)


@router.get("/links/confirm", **_MINE)
async def waiting(
    request: Request, parts: Parts, me: Me, provider: Annotated[str, Query(max_length=64)] = ""
) -> Response:
    """Where a provider sends people back to: the account that came is on the page, and waits for a click."""
    return _page(request, parts, me)


@router.post("/wards/accept", **_MINE)
async def accept(request: Request, parts: Parts, me: Me, actor: Named, csrf: Csrf, answer: Answered) -> Response:
    """I answer for it."""
    return await _change(
        request, parts, me, csrf, lambda people: people.accept_owner(me.person.id, ActorId(actor), answer)
    )


@router.post("/wards/accept/challenge", **_MINE)
async def ward_challenge(parts: Parts, me: Sender, actor: Named) -> Response:
    """What a passkey is asked before I answer for it."""
    asked = owning(me.person.id, ActorId(actor))
    return request_options(passkeys_of(parts).asks_to_confirm(me.person.id, asked))


@router.post("/wards/decline", **_MINE)
async def decline(request: Request, parts: Parts, me: Me, actor: Named, csrf: Csrf) -> Response:
    """I don't answer for it, or no longer."""
    return await _change(request, parts, me, csrf, lambda people: people.decline_owner(me.person.id, ActorId(actor)))


@router.post("/links/begin", **_MINE)
async def begin_link(request: Request, parts: Parts, me: Me, provider: OfProvider, csrf: Csrf) -> Response:
    """A code for an account that can be told one; it is on the answered page and nowhere else."""
    people = _changing(request, parts, me, csrf)
    try:
        check_recent(people, me)
        code = people.begin_link(me.person.id, provider)
    except InterlockError as error:
        return _page(request, parts, me, problem(error))
    return _page(request, parts, me, code=code.reveal(), code_for=provider)


@router.post("/links/confirm", **_MINE)
async def confirm_link(
    request: Request,
    parts: Parts,
    me: Me,
    provider: OfProvider,
    subject: Subject,
    csrf: Csrf,
    answer: Answered,
) -> Response:
    """The account that was shown is mine."""
    return await _change(
        request, parts, me, csrf, lambda people: people.confirm_link(me.person.id, provider, subject, answer)
    )


@router.post("/links/confirm/challenge", **_MINE)
async def link_challenge(parts: Parts, me: Sender, provider: OfProvider, subject: Subject) -> Response:
    """What a passkey is asked before the account is mine."""
    asked = linking(me.person.id, provider, subject)
    return request_options(passkeys_of(parts).asks_to_confirm(me.person.id, asked))


@router.post("/links/cancel", **_MINE)
async def cancel_link(request: Request, parts: Parts, me: Me, provider: OfProvider, csrf: Csrf) -> Response:
    """It isn't, or I want it no more."""
    _changing(request, parts, me, csrf).cancel_link(me.person.id, provider)
    return _back()


@router.post("/links/remove", **_MINE)
async def unlink(
    request: Request,
    parts: Parts,
    me: Me,
    provider: OfProvider,
    subject: Subject,
    csrf: Csrf,
    answer: Answered,
) -> Response:
    """It is no longer mine."""
    return await _change(
        request, parts, me, csrf, lambda people: people.unlink(me.person.id, provider, subject, answer)
    )


@router.post("/links/remove/challenge", **_MINE)
async def unlink_challenge(parts: Parts, me: Sender, provider: OfProvider, subject: Subject) -> Response:
    """What a passkey is asked before the account is no longer mine."""
    asked = unlinking(me.person.id, provider, subject)
    return request_options(passkeys_of(parts).asks_to_confirm(me.person.id, asked))


@router.post("/delegations", **_MINE)
async def delegate(
    request: Request,
    parts: Parts,
    me: Me,
    delegate: Named,
    group: Named,
    until: Until,
    csrf: Csrf,
    answer: Answered,
) -> Response:
    """Somebody signs in my place."""

    async def delegated(people: People) -> None:
        await people.delegate(me.person.id, PersonId(delegate), GroupName(group), _moment(until), answer)

    return await _change(request, parts, me, csrf, delegated)


@router.post("/delegations/challenge", **_MINE)
async def delegation_challenge(parts: Parts, me: Sender, delegate: Named, group: Named, until: Until) -> Response:
    """What a passkey is asked before somebody signs in my place."""
    asked = delegating(me.person.id, PersonId(delegate), GroupName(group), _moment(until))
    return request_options(passkeys_of(parts).asks_to_confirm(me.person.id, asked))


@router.post("/delegations/end", **_MINE)
async def end_delegation(
    request: Request, parts: Parts, me: Me, delegator: Named, group: Named, csrf: Csrf
) -> Response:
    """One that I gave or have ends."""
    people = _changing(request, parts, me, csrf)
    try:
        await people.end_delegation(me.person.id, PersonId(delegator), GroupName(group))
    except InterlockError as error:
        return _page(request, parts, me, problem(error))
    return _back()


async def _change(
    request: Request, parts: Control, me: SignedIn, csrf: str, deed: Callable[[People], Awaitable[object]]
) -> Response:
    """What takes a recent login; a refusal comes back on the page."""
    people = _changing(request, parts, me, csrf)
    try:
        check_recent(people, me)
        with refusing():
            await deed(people)
    except InterlockError as error:
        return _page(request, parts, me, problem(error))
    return _back()


def _changing(request: Request, parts: Control, me: SignedIn, csrf: str) -> People:
    check_origin(parts, request)
    check_csrf(me.session, csrf)
    return people_of(parts)


def _moment(text: str) -> datetime:
    """A form's date and time, which is said to be UTC."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise Refused(422, "malformed", "That isn't a date and time.") from None


def _back() -> Response:
    return RedirectResponse("/you", 303)


def _page(
    request: Request, parts: Control, me: SignedIn, told: Problem | None = None, *, code: str = "", code_for: str = ""
) -> Response:
    people, person = people_of(parts), me.person.id
    now = parts.clock.now()
    provider = parts.sign_on.means.provider
    return pages_of(request).render(
        "you.html",
        told.status if told else 200,
        told=told,
        wards=people.wards(person),
        accounts=people.linked_accounts(person),
        waiting=people.pending_links(person),
        provider=provider.name if provider is not None else "",
        services=sorted(people.providers - {provider.name if provider is not None else ""}),
        code=code,
        code_for=code_for,
        given=people.given(person),
        received=people.received(person),
        others=sorted(id_ for id_ in people.directory.everyone() if id_ != person),
        longest=people.votes.delegation,
        usual=(now + min(people.votes.delegation, timedelta(days=7))).strftime("%Y-%m-%dT%H:%M"),
        passkey=parts.passkeys is not None and parts.passkeys.required(person),
        passkeys=passkeys_view(parts, person) if parts.passkeys is not None else None,
        now=now,
        me=me.person,
        csrf=me.session.csrf,
    )
