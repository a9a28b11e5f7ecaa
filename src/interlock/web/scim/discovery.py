"""What this SCIM service can do (RFC 7644 section 4)."""

from __future__ import annotations

from typing import Any, Final

from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    Context,
    ETag,
    Filter,
    ListResponse,
    Pagination,
    Patch,
    Resource,
    ResourceType,
    Schema,
    ServiceProviderConfig,
    Sort,
)

from interlock.web.scim.resources import MODELS

MAX_RESULTS: Final = 200


def service_provider_config() -> dict[str, Any]:
    """`/ServiceProviderConfig`."""
    found = ServiceProviderConfig(
        patch=Patch(supported=True),
        bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
        filter=Filter(supported=True, max_results=MAX_RESULTS),
        change_password=ChangePassword(supported=False),
        sort=Sort(supported=False),
        etag=ETag(supported=True),
        pagination=Pagination(cursor=False, index=True),
        authentication_schemes=[
            AuthenticationScheme(
                type=AuthenticationScheme.Type.oauthbearertoken,
                name="Provisioning key",
                description="A key of `interlock token create --provisioning`, as a bearer token.",
                primary=True,
            )
        ],
    )
    return found.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE)


def resource_types() -> list[ResourceType]:
    """`/ResourceTypes`."""
    return [ResourceType.from_resource(model) for model in MODELS.values()]


def schemas() -> list[Schema]:
    """`/Schemas`."""
    return [model.to_schema() for model in MODELS.values()]


def listed(found: list[Resource[Any]]) -> dict[str, Any]:
    """A list of discovery's resources, which is always whole."""
    resources = [each.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE) for each in found]
    return list_response(resources, len(resources), 1)


def list_response(resources: list[dict[str, Any]], total: int, start: int) -> dict[str, Any]:
    """A page of a list (RFC 7644 section 3.4.2)."""
    return {
        "schemas": [str(ListResponse.__schema__)],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": len(resources),
        "Resources": resources,
    }
