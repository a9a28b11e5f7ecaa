"""The addresses under /scim/v2 (RFC 7644 section 3.2)."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from scim2_models import PreconditionFailedException, Resource

from interlock.errors import NotFound
from interlock.model.actor import Actor
from interlock.model.document import DocumentKind
from interlock.provisioning import Stored, Wishes
from interlock.web.allowed import CallerKind, allowed
from interlock.web.callers import ApiCaller, ByDirectory
from interlock.web.control_state import Parts
from interlock.web.problems import Refused
from interlock.web.scim import discovery
from interlock.web.scim.answers import Answer
from interlock.web.scim.listing import Asked, page
from interlock.web.scim.resources import PATH, etag, location, read_parameters, read_patch, read_resource, shown

USER, GROUP = DocumentKind.SCIM_USER, DocumentKind.SCIM_GROUP
_BY = allowed(CallerKind.PROVISIONING)

router = APIRouter(prefix=PATH, include_in_schema=False)


def _wishes(parts: Parts) -> Wishes:
    """The directory's side; raises `NotFound` where SCIM is off."""
    if parts.provisioning is None or not parts.provisioning.wishes.settings.scim:
        raise NotFound("SCIM is off here: [provisioning] scim = true turns it on.")
    return parts.provisioning.wishes


def _directory(caller: ApiCaller) -> Actor:
    """Who is telling us; the guard of each route lets nobody else through."""
    if not isinstance(caller, ByDirectory):
        raise Refused(403, "provisioning_only", "Only the directory's own token can do this.")
    return caller.actor


Told = Annotated[Wishes, Depends(_wishes)]
Directory = Annotated[Actor, Depends(_directory)]


# -- discovery (RFC 7644 section 4) ------------------------------------------------------------------------------------


@router.get("/ServiceProviderConfig", summary="What this SCIM service can do", **_BY)
async def service_provider_config(_: Told) -> Answer:
    """What is supported."""
    return Answer(discovery.service_provider_config())


@router.get("/ResourceTypes", summary="The kinds of resources", **_BY)
async def resource_types(_: Told) -> Answer:
    """Users and groups."""
    return Answer(discovery.listed([*discovery.resource_types()]))


@router.get("/ResourceTypes/{name}", summary="One kind of resources", **_BY)
async def resource_type(_: Told, name: str) -> Answer:
    """One of them."""
    return _one([*discovery.resource_types()], name)


@router.get("/Schemas", summary="The schemas", **_BY)
async def schemas(_: Told) -> Answer:
    """What is kept of users and groups."""
    return Answer(discovery.listed([*discovery.schemas()]))


@router.get("/Schemas/{name}", summary="One schema", **_BY)
async def schema(_: Told, name: str) -> Answer:
    """One of them."""
    return _one([*discovery.schemas()], name)


def _one(found: list[Resource[Any]], name: str) -> Answer:
    for each in found:
        if each.id == name or getattr(each, "name", None) == name:
            return Answer(discovery.listed([each])["Resources"][0])
    raise NotFound("there is no such resource")


# -- users and groups (RFC 7644 sections 3.3 to 3.6) -------------------------------------------------------------------


@router.get("/Users", summary="Users", **_BY)
async def list_users(parts: Parts, wishes: Told, asked: Annotated[Asked, Query()]) -> Answer:
    """A page of them."""
    return Answer(await page(wishes.desired, USER, asked, _url(parts)))


@router.get("/Groups", summary="Groups", **_BY)
async def list_groups(parts: Parts, wishes: Told, asked: Annotated[Asked, Query()]) -> Answer:
    """A page of them."""
    return Answer(await page(wishes.desired, GROUP, asked, _url(parts)))


@router.post("/Users", summary="Make a user", **_BY)
async def make_user(request: Request, parts: Parts, wishes: Told, directory: Directory) -> Answer:
    """Who isn't here joins once the review is signed; until then they are only wanted."""
    made = await wishes.make_user(directory, await _read(USER, request))
    return _answer(made, _url(parts), 201)


@router.post("/Groups", summary="Make a group", **_BY)
async def make_group(request: Request, parts: Parts, wishes: Told, directory: Directory) -> Answer:
    """Its members join ours once the review is signed."""
    made = await wishes.make_group(directory, await _read(GROUP, request))
    return _answer(made, _url(parts), 201)


@router.get("/Users/{id_}", summary="A user", **_BY)
async def read_user(request: Request, parts: Parts, wishes: Told, id_: str) -> Response:
    """As the directory wants them."""
    return await _get(USER, request, parts, wishes, id_)


@router.get("/Groups/{id_}", summary="A group", **_BY)
async def read_group(request: Request, parts: Parts, wishes: Told, id_: str) -> Response:
    """As the directory wants it."""
    return await _get(GROUP, request, parts, wishes, id_)


@router.put("/Users/{id_}", summary="Replace a user", **_BY)
async def replace_user(request: Request, parts: Parts, wishes: Told, directory: Directory, id_: str) -> Answer:
    """Somebody who isn't active any more leaves at once."""
    was = await _current(USER, request, wishes, id_)
    resource = await _read(USER, request, replaces=True)
    return _answer(await wishes.change_user(directory, was, resource), _url(parts))


@router.put("/Groups/{id_}", summary="Replace a group", **_BY)
async def replace_group(request: Request, parts: Parts, wishes: Told, directory: Directory, id_: str) -> Answer:
    """Who isn't in it any more is out of ours at once."""
    was = await _current(GROUP, request, wishes, id_)
    resource = await _read(GROUP, request, replaces=True)
    return _answer(await wishes.change_group(directory, was, resource), _url(parts))


@router.patch("/Users/{id_}", summary="Change a user", **_BY)
async def change_user(request: Request, parts: Parts, wishes: Told, directory: Directory, id_: str) -> Answer:
    """As PUT, by operations."""
    was = await _current(USER, request, wishes, id_)
    resource = await asyncio.to_thread(read_patch, USER, await request.body(), was.resource)
    return _answer(await wishes.change_user(directory, was, resource), _url(parts))


@router.patch("/Groups/{id_}", summary="Change a group", **_BY)
async def change_group(request: Request, parts: Parts, wishes: Told, directory: Directory, id_: str) -> Answer:
    """As PUT, by operations."""
    was = await _current(GROUP, request, wishes, id_)
    resource = await asyncio.to_thread(read_patch, GROUP, await request.body(), was.resource)
    return _answer(await wishes.change_group(directory, was, resource), _url(parts))


@router.delete("/Users/{id_}", summary="Delete a user", **_BY)
async def drop_user(request: Request, wishes: Told, directory: Directory, id_: str) -> Response:
    """The person leaves at once."""
    await wishes.drop_user(directory, await _current(USER, request, wishes, id_))
    return Response(status_code=204)


@router.delete("/Groups/{id_}", summary="Delete a group", **_BY)
async def drop_group(request: Request, wishes: Told, directory: Directory, id_: str) -> Response:
    """Its members are out of ours at once."""
    await wishes.drop_group(directory, await _current(GROUP, request, wishes, id_))
    return Response(status_code=204)


# -- parts -------------------------------------------------------------------------------------------------------------


def _url(parts: Parts) -> str:
    return parts.public_url + PATH


async def _read(kind: DocumentKind, request: Request, *, replaces: bool = False) -> dict[str, Any]:
    return await asyncio.to_thread(read_resource, kind, await request.body(), replaces=replaces)


async def _found(kind: DocumentKind, wishes: Wishes, id_: str) -> Stored:
    found = await wishes.desired.one(kind, id_)
    if found is None:
        raise NotFound("there is no such resource")
    return found


async def _current(kind: DocumentKind, request: Request, wishes: Wishes, id_: str) -> Stored:
    """The resource, if it is at the revision that the client knows (RFC 7644 section 3.14)."""
    found = await _found(kind, wishes, id_)
    known = request.headers.get("if-match")
    if known is not None and known.strip() != "*" and etag(found) not in _tags(known):
        raise PreconditionFailedException(detail="it was changed since: read it again")
    return found


async def _get(kind: DocumentKind, request: Request, parts: Parts, wishes: Wishes, id_: str) -> Response:
    found = await _found(kind, wishes, id_)
    if etag(found) in _tags(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers={"ETag": etag(found)})
    query = request.query_params
    parameters = read_parameters(kind, query.get("attributes", ""), query.get("excludedAttributes", ""))
    return Answer(shown(found, _url(parts), parameters), headers={"ETag": etag(found)})


def _tags(header: str) -> set[str]:
    return {tag.strip() for tag in header.split(",")}


def _answer(stored: Stored, url: str, status: int = 200) -> Answer:
    headers = {"ETag": etag(stored), "Location": location(stored, url)}
    return Answer(shown(stored, url), status, headers=headers)
