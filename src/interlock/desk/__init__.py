"""The desk: where held actions are opened, joined, voted on, narrowed, expired and redeemed. It never decides."""

from interlock.desk.desk import Desk
from interlock.desk.openings import Openings
from interlock.desk.passkeys import NoPasskeys, Passkeys
from interlock.desk.rules import DeskRules
from interlock.desk.seals import Sealed

__all__ = ["Desk", "DeskRules", "NoPasskeys", "Openings", "Passkeys", "Sealed"]
