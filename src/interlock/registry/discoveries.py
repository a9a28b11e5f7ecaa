"""One run of discovery as people are told of it: who asked, how it stands, what it found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from interlock.model.names import ConnectionName
from interlock.model.proposal import DiscoveryId
from interlock.sensitivity.drift import Report


class RunState(StrEnum):
    """How a run stands."""

    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"  # the gateway was


@dataclass(frozen=True, slots=True)
class Run:
    """`by`: a person, or `operator`. `failure` says why it failed, safe to show. `proposed`: so many new proposals."""

    id: DiscoveryId
    connection: ConnectionName
    by: str
    begun: datetime
    state: RunState = RunState.RUNNING
    ended: datetime | None = None
    report: Report | None = None
    proposed: int = 0
    failure: str = ""
