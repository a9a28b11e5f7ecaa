"""interlock.toml -> the typed tree of `model/settings.py`, all mistakes at once with the nearest valid key.

`docs/reference/settings.md` lists every table and key. A mistake reads `interlock.toml: [table] key: sentence` and
never quotes a secret.
"""

from interlock.settings.addresses import no_passkeys, shared_host, unsafe
from interlock.settings.read import Survey, is_node, is_origin, load, survey
from interlock.settings.sources import (
    bundle_of,
    connections,
    load_bundle,
    load_catalogs,
    load_sources,
    load_texts,
    load_tools,
    members,
    policies_digest,
    rehearse,
    surroundings,
)

__all__ = [
    "Survey",
    "bundle_of",
    "connections",
    "is_node",
    "is_origin",
    "load",
    "load_bundle",
    "load_catalogs",
    "load_sources",
    "load_texts",
    "load_tools",
    "members",
    "no_passkeys",
    "policies_digest",
    "rehearse",
    "shared_host",
    "surroundings",
    "survey",
    "unsafe",
]
