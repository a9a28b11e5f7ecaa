"""The desk: where held actions are opened, joined, voted on, expired and redeemed. It never decides."""

from interlock.desk.desk import Desk, DeskRules
from interlock.desk.seals import Sealed

__all__ = ["Desk", "DeskRules", "Sealed"]
