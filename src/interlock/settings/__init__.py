"""interlock.toml -> the typed tree of `model/settings.py`, all mistakes at once with the nearest valid key.

`docs/reference/settings.md` lists every table and key. A mistake reads `interlock.toml: [table] key: sentence` and
never quotes a secret.
"""

from interlock.settings.addresses import shared_host
from interlock.settings.read import Survey, is_node, is_origin, load, survey
from interlock.settings.sources import load_bundle, load_catalogs, load_sources, members, rehearse, surroundings

__all__ = [
    "Survey",
    "is_node",
    "is_origin",
    "load",
    "load_bundle",
    "load_catalogs",
    "load_sources",
    "members",
    "rehearse",
    "shared_host",
    "surroundings",
    "survey",
]
