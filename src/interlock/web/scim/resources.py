"""SCIM's users and groups as far as they mean anything here (RFC 7643 sections 4.1 and 4.2); the rest isn't kept.

A directory may send more: e-mail addresses, titles, passwords. What isn't in these schemas is dropped unread, so that
we hold no more about people than who they are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import ValidationError
from scim2_models import (
    Context,
    Error,
    GroupMember,
    InvalidFilterException,
    InvalidSyntaxException,
    InvalidValueException,
    Name,
    PatchOp,
    Required,
    Resource,
    ResponseParameters,
    SCIMException,
    ScimPolicy,
    Uniqueness,
)
from scim2_models.urn import URN

from interlock.errors import MalformedInput
from interlock.model import jcs
from interlock.model.document import DocumentKind
from interlock.provisioning import Stored

MAX_OPERATIONS: Final = 1000  # of one PATCH; a body of 64 KiB holds about as many
PATH: Final = "/scim/v2"
ENDPOINTS: Final = {DocumentKind.SCIM_USER: "/Users", DocumentKind.SCIM_GROUP: "/Groups"}

_LENIENT: Final = ScimPolicy(unknown=ScimPolicy.Unknown.ignore)
_FILTER: Final = re.compile(r'\s*([A-Za-z]{1,32})\s+[eE][qQ]\s+("(?:[^"\\]|\\.){0,512}")\s*')


class User(Resource[Any]):
    """A person of the directory; `userName` is who they are here."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    display_name: str | None = None
    name: Name | None = None
    active: bool | None = None


class Group(Resource[Any]):
    """A group of the directory; what it is here the settings say."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true] = None
    members: list[GroupMember] | None = None


Model = type[User] | type[Group]

MODELS: Final[Mapping[DocumentKind, Model]] = {DocumentKind.SCIM_USER: User, DocumentKind.SCIM_GROUP: Group}


def read_resource(kind: DocumentKind, body: bytes, *, replaces: bool = False) -> dict[str, Any]:
    """A POST's or PUT's body as it is kept; raises `SCIMException`."""
    context = Context.RESOURCE_REPLACEMENT_REQUEST if replaces else Context.RESOURCE_CREATION_REQUEST
    try:
        found = MODELS[kind].model_validate(_document(body), scim_ctx=context, scim_policy=_LENIENT)
    except ValidationError as wrong:
        raise _told(wrong) from None
    return _kept(found)


def read_patch(kind: DocumentKind, body: bytes, resource: Mapping[str, Any]) -> dict[str, Any]:
    """What a PATCH's body makes of a resource (RFC 7644 section 3.5.2); raises `SCIMException`."""
    document = _document(body)
    operations = document.get("Operations")
    if isinstance(operations, list):
        document["Operations"] = [each for op in operations for each in _plain(op)]
        if len(document["Operations"]) > MAX_OPERATIONS:
            raise InvalidValueException(detail=f"at most {MAX_OPERATIONS} operations")
    model = MODELS[kind]
    try:
        with _LENIENT:
            patch = PatchOp[model].model_validate(document, scim_ctx=Context.RESOURCE_PATCH_REQUEST)  # type: ignore[valid-type]
            patched = model.model_validate(resource)
            patch.patch(patched)
        return _kept(patched)
    except ValidationError as wrong:
        raise _told(wrong) from None


def shown(stored: Stored, url: str, parameters: ResponseParameters[Any] | None = None) -> dict[str, Any]:
    """The resource as it is answered. `url` is that of the SCIM service."""
    meta = {
        "resourceType": MODELS[stored.kind].__name__,
        "created": stored.created,
        "lastModified": stored.modified,
        "location": location(stored, url),
        "version": etag(stored),
    }
    found = MODELS[stored.kind].model_validate({**stored.resource, "id": stored.id, "meta": meta})
    return found.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=parameters)


def location(stored: Stored, url: str) -> str:
    """The resource's address."""
    return f"{url}{ENDPOINTS[stored.kind]}/{stored.id}"


def etag(stored: Stored) -> str:
    """Which revision this is (RFC 7644 section 3.14)."""
    return f'W/"{stored.revision}"'


def read_parameters(kind: DocumentKind, attributes: str, excluded: str) -> ResponseParameters[Any]:
    """Which attributes to answer with; raises `SCIMException`."""
    asked = {"attributes": attributes or None, "excludedAttributes": excluded or None}
    model = MODELS[kind]
    try:
        with _LENIENT:
            return ResponseParameters[model].model_validate(asked)  # type: ignore[valid-type]
    except ValidationError as wrong:
        raise _told(wrong) from None


def read_filter(kind: DocumentKind, text: str) -> tuple[str, str]:
    """(attribute, value) of `attribute eq "value"`: userName, displayName, externalId or id; raises `SCIMException`."""
    found = _FILTER.fullmatch(text)
    known = {"id": "id", "externalid": "externalId"}
    known |= {"username": "userName"} if kind is DocumentKind.SCIM_USER else {"displayname": "displayName"}
    attribute = known.get(found[1].lower()) if found else None
    if found is None or attribute is None:
        raise InvalidFilterException(detail=f'filters here are {", ".join(known.values())}, each with eq "value"')
    try:
        value = str(jcs.read(found[2].encode()))
    except (MalformedInput, UnicodeEncodeError):
        raise InvalidFilterException(detail="the value isn't a JSON string") from None
    if not value.isprintable():
        raise InvalidFilterException(detail="the value holds what can't be printed")
    return attribute, value


def _document(body: bytes) -> dict[str, Any]:
    try:
        found = jcs.read(body, most_values=jcs.MANY)
    except MalformedInput as wrong:
        raise InvalidSyntaxException(detail=wrong.sentence) from None
    if not isinstance(found, dict):
        raise InvalidSyntaxException(detail="the body is a JSON object")
    try:
        jcs.encode(found)
    except MalformedInput as wrong:  # half a character: JSON can spell it, and nothing can store it
        raise InvalidValueException(detail=wrong.sentence) from None
    return found


def _plain(operation: Any) -> list[Any]:
    """Entra ID takes members away by value where RFC 7644 section 3.5.2.2 wants a filter; both mean the same."""
    if not isinstance(operation, dict) or str(operation.get("op", "")).lower() != "remove":
        return [operation]
    members = operation.get("value")
    if str(operation.get("path", "")).lower() != "members" or not isinstance(members, list):
        return [operation]
    named = [each.get("value") if isinstance(each, dict) else None for each in members]
    if not all(isinstance(each, str) and re.fullmatch(r"[A-Za-z0-9._-]{1,64}", each) for each in named):
        raise InvalidValueException(detail="members: each has a value, which is a user's id")
    return [{"op": "remove", "path": f'members[value eq "{each}"]'} for each in named]


def _kept(found: User | Group) -> dict[str, Any]:
    kept: dict[str, Any] = found.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
    for ours in ("id", "meta"):
        kept.pop(ours, None)
    kept["schemas"] = [str(type(found).__schema__)]
    if isinstance(found, Group):
        values = dict.fromkeys(str(each["value"]) for each in kept.get("members", ()) if "value" in each)
        if not all(value.isprintable() for value in values):
            raise InvalidValueException(detail="members: each has a value, which is a user's id")
        kept["members"] = [{"value": value} for value in values]
    return kept


def _told(wrong: ValidationError) -> SCIMException:
    """The first mistake, without the value that was wrong."""
    found = Error.from_validation_errors(wrong.errors(include_input=False, include_url=False))[0]
    return SCIMException.from_error(found)
