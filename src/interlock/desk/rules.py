"""What the settings say about reviews."""

from __future__ import annotations

from dataclasses import dataclass, field

from interlock.model.names import GroupName
from interlock.model.settings import BreakGlassSettings, Limits, VoteSettings


@dataclass(frozen=True, slots=True)
class DeskRules:
    """The parts of the settings that the desk goes by."""

    votes: VoteSettings = field(default_factory=VoteSettings)
    glass: BreakGlassSettings = field(default_factory=BreakGlassSettings)
    limits: Limits = field(default_factory=Limits)
    auditors: frozenset[GroupName] = frozenset()
