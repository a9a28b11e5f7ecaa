"""Activities that were answered already: sent again, they get the same answer, and do nothing a second time."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from interlock.errors import AuthenticationFailed

REMEMBER: Final = 900.0  # seconds: as long as an activity's own timestamp is taken, and 5 minutes more
MAX_IDS: Final = 20_000
MAX_ANSWERS: Final = 200  # kept whole; before these it is only known that there was one

Reply = tuple[int, Mapping[str, str], bytes]

FORGOTTEN: Final[Reply] = (200, {}, b"")


@dataclass(slots=True)
class _Seen:
    digest: bytes
    at: float
    reply: asyncio.Future[Reply] | None


class Replies:
    """Remembers them for a while, boundedly. `now`: seconds of a clock that never goes back."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._kept: OrderedDict[str, None] = OrderedDict()

    async def once(self, identity: str, body: bytes, make: Callable[[], Awaitable[Reply]]) -> Reply:
        """The answer to an activity: made now, or the one that was made before, waited for if it is being made.

        Raises `AuthenticationFailed` when the id was another activity's.
        """
        self._drop_old()
        digest = hashlib.sha256(body).digest()
        seen = self._seen.get(identity)
        if seen is not None:
            if not hmac.compare_digest(seen.digest, digest):
                raise AuthenticationFailed("a replayed activity: its id was another one's")
            return FORGOTTEN if seen.reply is None else await asyncio.shield(seen.reply)
        made = asyncio.ensure_future(make())
        self._seen[identity] = _Seen(digest, self._now(), made)
        self._keep(identity)
        return await asyncio.shield(made)  # a caller that leaves doesn't undo half of it

    async def settled(self) -> None:
        """Waits for answers that are being made."""
        waiting = [seen.reply for seen in self._seen.values() if seen.reply is not None and not seen.reply.done()]
        await asyncio.gather(*waiting, return_exceptions=True)

    def _keep(self, identity: str) -> None:
        self._kept[identity] = None
        while len(self._kept) > MAX_ANSWERS:
            oldest, _ = self._kept.popitem(last=False)
            if (seen := self._seen.get(oldest)) is not None:
                seen.reply = None
        while len(self._seen) > MAX_IDS:
            self._seen.popitem(last=False)

    def _drop_old(self) -> None:
        while self._seen and self._now() - next(iter(self._seen.values())).at >= REMEMBER:
            self._seen.popitem(last=False)
