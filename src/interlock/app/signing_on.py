"""How people sign in besides an operator's link, put together."""

from __future__ import annotations

from interlock.model.settings import Settings
from interlock.ports import Clock
from interlock.registry import Registry
from interlock.registry.logins import Logins
from interlock.upstreams.oidc import OidcProvider
from interlock.upstreams.outgoing import Outgoing
from interlock.web.needs import Accounts
from interlock.web.sign_on import Means


def means_of(settings: Settings, registry: Registry, accounts: Accounts, outgoing: Outgoing, clock: Clock) -> Means:
    """The provider of the settings, if there is one, and passwords for doors."""
    return Means(
        provider=OidcProvider(settings.oidc, outgoing, clock) if settings.oidc else None,
        accounts=accounts if settings.oidc else None,
        logins=Logins(registry),
        recent_login=settings.votes.recent_login,
        door_port=settings.postgres.port,
    )
