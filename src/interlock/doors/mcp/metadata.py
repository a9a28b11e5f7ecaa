"""What a client is told of how to authenticate: protected resource metadata (RFC 9728), and the challenge that names it
(RFC 6750 section 3, RFC 9728 section 5.1)."""

from __future__ import annotations

from collections.abc import Sequence
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


def metadata(base: str, connection: str, issuers: Sequence[str]) -> Object:
    """The document (RFC 9728 section 2). Scopes aren't told: what somebody may do is policy's to say, not a token's.

    Without issuers there is no authorization server to name: clients then need an Interlock key.
    """
    document: dict[str, object] = {
        "resource": resource_url(base, connection),
        "bearer_methods_supported": ["header"],
        "resource_name": f"Interlock: {connection}",
    }
    if issuers:
        document["authorization_servers"] = list(issuers)
    return document


def challenge(base: str, connection: str, *, wrong: bool) -> str:
    """`WWW-Authenticate` of a 401; `wrong`: a credential came, and wasn't accepted."""
    error = 'error="invalid_token", error_description="The credential was not accepted.", ' if wrong else ""
    return f'Bearer {error}resource_metadata="{metadata_url(base, connection)}"'
