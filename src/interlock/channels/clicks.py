"""How often one account is heard in a minute: who clicks two hundred times fills neither the ledger nor the desk."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

MINUTE: Final = timedelta(minutes=1)
MOST_CLICKS: Final = 30  # votes and codes of one account in a minute
MOST_LOOKS: Final = 120  # a Teams client looks by itself at each card that comes into view
MOST_KNOWN: Final = 4096  # accounts remembered; the longest silent is forgotten first


@dataclass(slots=True)
class _Minute:
    began: datetime
    taken: int = 0


@dataclass(slots=True)
class Clicks:
    """Counts by account. `most` a minute are heard."""

    most: int
    _minutes: OrderedDict[str, _Minute] = field(default_factory=OrderedDict)

    def take(self, who: str, now: datetime) -> bool:
        """Whether this one is heard."""
        minute = self._minutes.get(who)
        if minute is None or not minute.began <= now < minute.began + MINUTE:
            minute = self._minutes[who] = _Minute(now)
        self._minutes.move_to_end(who)
        if len(self._minutes) > MOST_KNOWN:
            self._minutes.popitem(last=False)
        minute.taken += 1
        return minute.taken <= self.most
