"""What directories tell us of people. It is kept as they want it, sealed and without authority. Who leaves by it leaves
at once; who joins by it joins through a review, once it is signed and checked anew, in one unit of the ledger."""

from interlock.provisioning.desired import Desired, Stored
from interlock.provisioning.directory import Unacceptable, Wishes
from interlock.provisioning.joining import Provisioning
from interlock.provisioning.sign_on import Accounts

__all__ = ["Accounts", "Desired", "Provisioning", "Stored", "Unacceptable", "Wishes"]
