"""Given and family names from around the world that the US Census list is short of. Lower case, with their accents."""

from __future__ import annotations

from interlock.sensitivity.names import families, given_beyond, given_europe, given_today

WORLD_GIVEN: tuple[str, ...] = tuple(
    sorted({*given_europe.GIVEN.split(), *given_beyond.GIVEN.split(), *given_today.GIVEN.split()})
)
"""Given names, sorted."""

WORLD_SURNAMES: tuple[str, ...] = tuple(sorted(set(families.FAMILIES.split())))
"""Family names, sorted."""
