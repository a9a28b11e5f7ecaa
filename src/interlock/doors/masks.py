"""What masks the results of one connection, beside its labels: whether values are looked into, and by which profile.

Made anew for each result as far as it may have changed: the day, the overrides in force, whose pseudonyms.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from interlock.doors.detection import Detection
from interlock.masking.keys import MaskKeys
from interlock.masking.masker import Masker
from interlock.masking.overrides import Overrides
from interlock.masking.profile import KEEP, REDACT, Profile
from interlock.masking.pseudonyms import ActorPseudonyms
from interlock.masking.rule import NOTHING_OF_IT
from interlock.model.names import ConnectionName
from interlock.model.override import Override
from interlock.ports import Clock, SurrogateVault
from interlock.sensitivity.classifier import ColumnDecisions
from interlock.sensitivity.labels import KNOWN

UNPROFILED: Final = Profile(
    name="content",
    rules={
        "phi": REDACT,
        "phi.clinical": KEEP,
        "pii": REDACT,
        "pci": REDACT,
        "secret": REDACT,
        "quasi": KEEP,
        "quasi.zip3": REDACT,
        "quasi.facility": REDACT,
    },
    allowed=NOTHING_OF_IT,
)
"""What is masked of what content detection finds where the connection has no profile: all that tells who somebody is,
and what is secret; not what they have, nor a state or a gender."""

_REMEMBERED: Final = 128  # maskers: one for each actor who asks, mostly


@dataclass(slots=True)
class Masks:
    """One connection's. `detection` None: values aren't looked into. `profile` None: labelled columns get constants.

    `overrides` tells those that hold now. `decisions` remember what columns hold; for one thread.
    """

    connection: ConnectionName
    clock: Clock
    detection: Detection | None = None
    profile: Profile | None = None
    keys: MaskKeys | None = None
    vault: SurrogateVault | None = None
    overrides: Callable[[], tuple[Override, ...]] = field(default=lambda: ())
    decisions: ColumnDecisions = field(default_factory=ColumnDecisions)
    _known: OrderedDict[tuple[bool, date, tuple[Override, ...], ActorPseudonyms | None], Masker] = field(
        default_factory=OrderedDict
    )

    @property
    def looks(self) -> bool:
        """Whether values without labels are looked into."""
        return self.detection is not None

    def masker(self, pseudonyms: ActorPseudonyms | None) -> Masker | None:
        """What masks columns by their labels, as of now; None without a profile."""
        return None if self.profile is None else self._made(self.profile, pseudonyms)

    def finds(self, pseudonyms: ActorPseudonyms | None) -> Masker:
        """What masks what is found in values."""
        return self._made(self.profile or UNPROFILED, pseudonyms)

    def constants(self) -> Masker:
        """What masks it so that no two values are told apart."""
        return self._made(UNPROFILED, None)

    def _made(self, profile: Profile, pseudonyms: ActorPseudonyms | None) -> Masker:
        """The same object while nothing changed: plans are remembered by it."""
        overrides = self.overrides()
        key = (profile is UNPROFILED, self.clock.now().date(), overrides, pseudonyms)
        known = self._known.get(key)
        if known is None:
            while len(self._known) >= _REMEMBERED:
                self._known.popitem(last=False)
            known = Masker(profile, key[1], self.keys, pseudonyms, overrides=Overrides(overrides), labels=KNOWN)
            self._known[key] = known
        else:
            self._known.move_to_end(key)
        return known
