"""Whom a token was made for, where it is presented (RFC 7519 section 4.1.3, RFC 8707, RFC 9068 section 4).

Off the MCP door it must name what the issuer's settings call us. At the door of one MCP connection it must name that
connection, or may name us in general; one that names another connection was made for that one.

Names are compared character by character, as RFC 9068 section 4 and RFC 9728 section 3.3 have it: a slash at the end,
an upper-case host or a default port make another name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from interlock.model.names import ConnectionName
from interlock.model.settings import IssuerSettings

Resources = Mapping[ConnectionName, str]
"""The URI of each MCP connection, by the settings alone; "" while they don't say under which address clients reach us.
A request's own `Host` never makes one: with it whoever holds a token for a server of the same path elsewhere could say
that this is that server."""


def is_meant(
    audiences: Collection[str], issuer: IssuerSettings, at: ConnectionName | None, resources: Resources
) -> bool:
    """Whether a token with these audiences was made for here: for the MCP connection `at`; None is any other door."""
    if at is None:
        return issuer.audience in audiences
    if (own := named(at, issuer, resources)) and own in audiences:
        return True
    if at in issuer.audiences or issuer.mcp_audience != "either":
        return False
    # Also by the URI where this issuer has a name of its own: its client asked for a token for that one.
    others = {*resources, *issuer.audiences} - {at}
    elsewhere = {name for other in others for name in (named(other, issuer, resources), resources.get(other, ""))}
    return issuer.audience in audiences and elsewhere.isdisjoint(audiences)


def named(connection: ConnectionName, issuer: IssuerSettings, resources: Resources) -> str:
    """What this issuer's tokens call a connection: what the settings say of it, else its URI."""
    return issuer.audiences.get(connection) or resources.get(connection, "")
