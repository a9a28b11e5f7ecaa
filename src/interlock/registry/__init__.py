"""Where people change things: keys, owners, links, passkeys, delegations, bundles. Each change has its maker and its
signed entry; what it authorises is read from those entries, never from a table."""

from interlock.registry.links import PendingLink
from interlock.registry.people import LinkedAccount, People, Ward
from interlock.registry.registry import OPERATOR, SIGN_IN_VALID, Registry

__all__ = ["OPERATOR", "SIGN_IN_VALID", "LinkedAccount", "PendingLink", "People", "Registry", "Ward"]
