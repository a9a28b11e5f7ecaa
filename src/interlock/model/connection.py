"""A connection: a configured upstream, with its environment and tags."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.model.names import ConnectionName


@dataclass(frozen=True, slots=True)
class Connection:
    """What policies and cards know of an upstream. A tag may name a compliance regime (`hipaa`, `pci`)."""

    name: ConnectionName
    kind: str  # "postgres"
    environment: str
    tags: frozenset[str]
    unsafe_observe: bool = False  # nothing is stopped or masked here; what would have been is recorded
