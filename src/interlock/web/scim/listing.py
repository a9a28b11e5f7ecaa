"""Lists of users and groups: paged by index, filtered by equality (RFC 7644 sections 3.4.2.2 and 3.4.2.4)."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, Field
from scim2_models import InvalidFilterException

from interlock.model.document import DocumentKind
from interlock.provisioning import Desired, Stored
from interlock.web.scim.discovery import MAX_RESULTS, list_response
from interlock.web.scim.resources import read_filter, read_parameters, shown

MAX_FILTER: Final = 700  # characters


class Asked(BaseModel):
    """A list's query parameters; what a client may send besides is ignored, as is `sortBy`."""

    filter: str = ""
    start_index: int = Field(1, alias="startIndex")
    count: int = MAX_RESULTS
    attributes: str = ""
    excluded_attributes: str = Field("", alias="excludedAttributes")


async def page(desired: Desired, kind: DocumentKind, asked: Asked, url: str) -> dict[str, Any]:
    """The page asked for, resources by id; raises `SCIMException`."""
    parameters = read_parameters(kind, asked.attributes, asked.excluded_attributes)
    start, count = max(asked.start_index, 1), min(max(asked.count, 0), MAX_RESULTS)
    if asked.filter:
        found = await _equal(desired, kind, asked.filter)
        total, found = len(found), found[start - 1 : start - 1 + count]
    else:
        total, found = await desired.count(kind), await _slice(desired, kind, start - 1, count)
    return list_response([shown(each, url, parameters) for each in found], total, start)


async def _slice(desired: Desired, kind: DocumentKind, skip: int, count: int) -> list[Stored]:
    found: list[Stored] = []
    at = 0
    async for document in desired.every(kind):
        if len(found) >= count:
            break
        if at >= skip:
            found.append(desired.opened(document))
        at += 1
    return found


async def _equal(desired: Desired, kind: DocumentKind, text: str) -> list[Stored]:
    if len(text) > MAX_FILTER:
        raise InvalidFilterException(detail="the filter is too long")
    attribute, value = read_filter(kind, text)
    match attribute:
        case "id":
            found = await desired.one(kind, value)
        case "userName":  # never case-sensitive (RFC 7643 section 4.1.1); the document's name is in lower case
            found = await desired.named(kind, value.lower())
        case "displayName":
            return [each for each in await desired.all(kind) if each.name.lower() == value.lower()]
        case _:
            return [each for each in await desired.all(kind) if each.external == value]
    return [found] if found is not None else []
