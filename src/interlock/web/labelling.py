"""What the routes about labels work with: proposals, overrides, discovery."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from interlock.model.names import ConnectionName
from interlock.registry.discoveries import Run
from interlock.registry.overrides import Overrides
from interlock.registry.proposals import Proposals
from interlock.registry.stewards import Stewards


class Discoveries(Protocol):
    """Runs of discovery (`workers.discovery.Discoveries`)."""

    async def begin(self, connection: ConnectionName, by: str, /) -> Run:
        """Begins one; raises `NotFound`, `Conflict`."""

    def last(self, connection: ConnectionName, /) -> Run:
        """The last one of a connection; raises `NotFound`."""


@dataclass(frozen=True, slots=True)
class Labelling:
    """`discoveries` is None where nothing can be sampled."""

    proposals: Proposals
    overrides: Overrides
    stewards: Stewards
    discoveries: Discoveries | None = None
