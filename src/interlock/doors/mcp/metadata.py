"""What a client is told of how to authenticate: protected resource metadata (RFC 9728), and the challenges that name it
(RFC 6750 section 3, RFC 9728 section 5.1, RFC 9470 section 3).

Whatever stands in a challenge is ours or the settings': nothing of what a client sent, but for the `Host` by which it
reached us where the settings don't say how clients do.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from interlock.doors.mcp.seams import Object

PATH: Final = "/mcp/"
WELL_KNOWN: Final = "/.well-known/oauth-protected-resource"


def resource_url(base: str, connection: str) -> str:
    """The resource's identifier: what clients connect to."""
    return f"{base}{PATH}{connection}"


def metadata_url(base: str, connection: str) -> str:
    """Where its metadata lies (RFC 9728 section 3.1: the well-known path goes before the resource's own)."""
    return f"{base}{WELL_KNOWN}{PATH}{connection}"


def metadata(base: str, connection: str, issuers: Sequence[str], scopes: Collection[str] = ()) -> Object:
    """The document (RFC 9728 section 2). `scopes` are those that the settings may ask for; what somebody may do beyond
    them is policy's to say.

    Without issuers there is no authorization server to name: clients then need an Interlock key.
    """
    document: dict[str, object] = {
        "resource": resource_url(base, connection),
        "bearer_methods_supported": ["header"],
        "resource_name": f"Interlock: {connection}",
    }
    if issuers:
        document["authorization_servers"] = list(issuers)
    if scopes:
        document["scopes_supported"] = sorted(scopes)
    return document


def challenge(
    base: str,
    connection: str,
    *,
    error: str = "",
    description: str = "",
    scopes: Collection[str] = (),
    acr_values: Sequence[str] = (),
    max_age: int | None = None,
) -> str:
    """`WWW-Authenticate` of a 401 or 403; `error` where a credential came: which of RFC 6750's or RFC 9470's it is.

    `scopes`, `acr_values` and `max_age` (seconds) are what the next token has to bring.
    """
    told = {
        "error": error,
        "error_description": description,
        "scope": " ".join(sorted(scopes)),
        "acr_values": " ".join(acr_values),
        "max_age": "" if max_age is None else str(max_age),
        "resource_metadata": metadata_url(base, connection),
    }
    return "Bearer " + ", ".join(f'{name}="{value}"' for name, value in told.items() if value)
