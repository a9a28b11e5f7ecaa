"""What people see and change about themselves: whom they own, which accounts are theirs, who signs for them.

Changes take a console session, and all but the end of a delegation take a recent login: a key or a stolen cookie lying
about changes nothing. And the operator's making of provisioning keys.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from interlock.model.names import ActorId, GroupName, PersonId
from interlock.registry import People
from interlock.web.allowed import CallerKind, allowed
from interlock.web.answers import answer_in_json, refusing
from interlock.web.api.shapes import AssertionIn, KeyOut, Told
from interlock.web.callers import ApiCaller, SignedIn
from interlock.web.control_state import Control, Parts
from interlock.web.problems import Refused

NAME = "^[a-z0-9][a-z0-9._-]{0,62}$"
PROVIDER = "^(callback/)?[a-z0-9][a-z0-9._-]{0,62}$"  # where an account is: sso, slack, callback/desk

_TOLD: dict[int | str, dict[str, Any]] = {code: {"model": Told} for code in (401, 403, 404, 409, 422, 429, 503)}

router = APIRouter(prefix="/api/people/me", tags=["people"], responses=_TOLD)
operators = APIRouter(prefix="/api/operator", tags=["operator"], responses=_TOLD)


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WardOut(BaseModel):
    """An agent or service that names you as its owner."""

    id: str
    kind: str
    groups: list[str]
    accepted: bool = Field(description="Until you accept, its credentials aren't admitted")


class AccountOut(BaseModel):
    """An account that is yours."""

    provider: str
    subject: str
    by_settings: bool


class WaitingLinkOut(BaseModel):
    """A link that you began. `subject` is empty until an account has presented its code."""

    provider: str
    subject: str
    shown: str
    until: datetime


class DelegationOut(BaseModel):
    """Somebody who may sign in another's place."""

    delegator: str
    delegate: str
    group: str
    until: datetime


class MeOut(BaseModel):
    """You, as the gateway knows you."""

    id: str
    name: str
    groups: list[str]
    wards: list[WardOut]
    accounts: list[AccountOut]
    waiting_links: list[WaitingLinkOut]
    given: list[DelegationOut]
    received: list[DelegationOut]


class BeginLinkIn(_In):
    """The provider whose account is to be linked."""

    provider: str = Field(pattern=PROVIDER)


class LinkCodeOut(BaseModel):
    """The code that the account has to present, within ten minutes. It is shown this once."""

    code: str


class AccountIn(_In):
    """One account, exactly as it was shown."""

    provider: str = Field(pattern=PROVIDER)
    subject: str = Field(min_length=1, max_length=255)


class WardIn(_In):
    """Whoever has a passkey confirms with it that they answer for it."""

    assertion: AssertionIn | None = Field(None, description="Of your passkey; without one, none")


class ConfirmedAccountIn(AccountIn):
    """The account, exactly as it was shown to you. Whoever has a passkey confirms with it."""

    assertion: AssertionIn | None = Field(None, description="Of your passkey; without one, none")


class DelegationIn(_In):
    """Who signs in your place, in which group of yours, until when. You have one delegate at a time: another one ends
    what you gave before, in every group. Whoever has a passkey confirms with it."""

    delegate: str = Field(pattern=NAME)
    group: str = Field(pattern=NAME)
    until: AwareDatetime
    assertion: AssertionIn | None = Field(None, description="Of your passkey; without one, none")


class EndDelegationIn(_In):
    """One that you gave, or one that you have."""

    delegator: str = Field(pattern=NAME)
    group: str = Field(pattern=NAME)


class ProvisioningKeyIn(_In):
    """A key for a directory that speaks SCIM. Its maker signs for nothing that comes through it."""

    name: str = Field(pattern=NAME)
    made_by: str = Field(pattern=NAME)
    expires_in_seconds: int | None = Field(None, ge=60, le=10 * 366 * 86400)


def people_of(parts: Control) -> People:
    """The people's side of the registry; raises `Refused` where this port is run without."""
    if parts.people is None:
        raise Refused(404, "not_found", "There is nothing at this address.")
    return parts.people


def check_recent(people: People, me: SignedIn) -> None:
    """Raises `Refused` for a login too old for what gives somebody power."""
    if not people.login_is_recent(me.session.signed_in_at):
        raise Refused(403, "login_too_old", "Sign in again: your login is too old for this.")


def _me(caller: ApiCaller) -> SignedIn:
    assert isinstance(caller, SignedIn), "the route's guard lets nobody else through"
    return caller


def _describe(people: People, person: PersonId) -> MeOut:
    found = people.directory.person(person)
    assert found is not None
    return MeOut(
        id=found.id,
        name=found.name,
        groups=sorted(found.groups),
        wards=[
            WardOut(id=w.id, kind=w.kind.value, groups=sorted(w.groups), accepted=w.accepted)
            for w in people.wards(person)
        ],
        accounts=[
            AccountOut(provider=a.provider, subject=a.subject, by_settings=a.by_settings)
            for a in people.linked_accounts(person)
        ],
        waiting_links=[
            WaitingLinkOut(provider=w.provider, subject=w.subject or "", shown=w.shown, until=w.until)
            for w in people.pending_links(person)
        ],
        given=[_delegation(each) for each in people.given(person)],
        received=[_delegation(each) for each in people.received(person)],
    )


def _delegation(each: Any) -> DelegationOut:
    return DelegationOut(delegator=each.delegator, delegate=each.delegate, group=each.group, until=each.until)


@router.get("", summary="Read what is known of you", **allowed(CallerKind.CONSOLE, CallerKind.PERSON))
async def read_me(parts: Parts, caller: ApiCaller) -> MeOut:
    """Whom you own, your accounts, your delegations."""
    person = caller.person.id if isinstance(caller, SignedIn) else getattr(caller, "person", None)
    assert person is not None, "the route's guard lets nobody else through"
    return _describe(people_of(parts), person)


@router.post("/wards/{actor}/accept", summary="Accept to own an agent or service", **allowed(CallerKind.CONSOLE))
async def accept(
    parts: Parts, caller: ApiCaller, actor: Annotated[str, Path(pattern=NAME)], wanted: WardIn | None = None
) -> MeOut:
    """You answer for it from now on, and never sign for what it asks."""
    me, people = _me(caller), people_of(parts)
    check_recent(people, me)
    with refusing():
        answer = answer_in_json(wanted.assertion if wanted is not None else None)
        await people.accept_owner(me.person.id, ActorId(actor), answer)
    return _describe(people, me.person.id)


@router.post("/wards/{actor}/decline", summary="Decline to own an agent or service", **allowed(CallerKind.CONSOLE))
async def decline(parts: Parts, caller: ApiCaller, actor: Annotated[str, Path(pattern=NAME)]) -> MeOut:
    """Its credentials aren't admitted from now on."""
    me, people = _me(caller), people_of(parts)
    check_recent(people, me)
    await people.decline_owner(me.person.id, ActorId(actor))
    return _describe(people, me.person.id)


@router.post(
    "/links", summary="Begin to link an account", status_code=201, **allowed(CallerKind.CONSOLE, shown_once=True)
)
async def begin_link(parts: Parts, caller: ApiCaller, wanted: BeginLinkIn) -> LinkCodeOut:
    """A code for the account to present. What presents it is shown to you, and linked only once you confirm it."""
    me, people = _me(caller), people_of(parts)
    check_recent(people, me)
    return LinkCodeOut(code=people.begin_link(me.person.id, wanted.provider).reveal())


@router.post("/links/confirm", summary="Confirm a linked account", **allowed(CallerKind.CONSOLE))
async def confirm_link(parts: Parts, caller: ApiCaller, account: ConfirmedAccountIn) -> MeOut:
    """It is yours from now on: who signs in or votes with it is you."""
    me, people = _me(caller), people_of(parts)
    check_recent(people, me)
    with refusing():
        answer = answer_in_json(account.assertion)
        await people.confirm_link(me.person.id, account.provider, account.subject, answer)
    return _describe(people, me.person.id)


@router.post("/links/remove", summary="Unlink an account", **allowed(CallerKind.CONSOLE))
async def unlink(parts: Parts, caller: ApiCaller, account: ConfirmedAccountIn) -> MeOut:
    """It is no longer yours, whatever the settings say."""
    me, people = _me(caller), people_of(parts)
    check_recent(people, me)
    with refusing():
        await people.unlink(me.person.id, account.provider, account.subject, answer_in_json(account.assertion))
    return _describe(people, me.person.id)


@router.post("/delegations", summary="Delegate a group of yours", **allowed(CallerKind.CONSOLE))
async def delegate(parts: Parts, caller: ApiCaller, wanted: DelegationIn) -> MeOut:
    """They may sign in your place in that group until then. It doesn't pass on. You have one delegate at a time."""
    me, people = _me(caller), people_of(parts)
    check_recent(people, me)
    delegate, group = PersonId(wanted.delegate), GroupName(wanted.group)
    with refusing():
        answer = answer_in_json(wanted.assertion)
        await people.delegate(me.person.id, delegate, group, wanted.until, answer)
    return _describe(people, me.person.id)


@router.post("/delegations/end", summary="End a delegation", **allowed(CallerKind.CONSOLE))
async def end_delegation(parts: Parts, caller: ApiCaller, which: EndDelegationIn) -> MeOut:
    """One that you gave, or one that you have."""
    me, people = _me(caller), people_of(parts)
    await people.end_delegation(me.person.id, PersonId(which.delegator), GroupName(which.group))
    return _describe(people, me.person.id)


@operators.post(
    "/provisioning-keys",
    summary="Make a provisioning key",
    status_code=201,
    **allowed(CallerKind.OPERATOR, shown_once=True),
)
async def make_provisioning_key(parts: Parts, wanted: ProvisioningKeyIn) -> KeyOut:
    """A key for a directory that tells us of people over SCIM. It is shown in this answer and never again."""
    lasts = timedelta(seconds=wanted.expires_in_seconds) if wanted.expires_in_seconds is not None else None
    key, token = await people_of(parts).issue_provisioning_key(wanted.name, PersonId(wanted.made_by), lasts)
    return KeyOut(key=key, token=token.reveal())
