"""Words that are typed, masked by the gateway's engines (`desk.words.Words`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from interlock.app.content import Loading
from interlock.desk.words import Typed
from interlock.doors.detection import LONG
from interlock.doors.masks import UNPROFILED
from interlock.masking.masker import Masker
from interlock.masking.text import mask
from interlock.masking.tokens import token_of
from interlock.model.label import Label
from interlock.model.names import ConnectionName
from interlock.ports import Clock
from interlock.sensitivity.labels import KNOWN
from interlock.sensitivity.regime import Regime

MOST: Final = 64 * 1024  # characters of a text that is looked into; no form takes so many

_WHOLE: Final = token_of([Label("phi")])


class TypedWords:
    """By the regime of the connection that a text is about."""

    def __init__(self, loading: Loading, regimes: Mapping[ConnectionName, Regime], clock: Clock) -> None:
        self._loading, self._regimes, self._clock = loading, regimes, clock

    async def typed(self, text: str, connection: ConnectionName | None) -> Typed:
        """See `desk.words.Words`."""
        try:
            return await self._masked(text, connection)
        except Exception:  # an engine that is gone, or a mistake of ours
            return Typed(_WHOLE, masked=True)

    async def _masked(self, text: str, connection: ConnectionName | None) -> Typed:
        if not text.strip():
            return Typed(text)
        if len(text) > MOST:
            return Typed(_WHOLE, masked=True)
        engines = await self._loading.engines()
        regime = self._regimes.get(connection, Regime.PII) if connection is not None else Regime.PII
        detection = engines.detections[regime]
        found = await detection.within(
            lambda: detection.looking().in_text(text), len(text.encode("utf-8", "replace")), long=len(text) >= LONG
        )
        told = mask(text, found, Masker(UNPROFILED, self._clock.now().date(), labels=KNOWN))
        return Typed(told.text, masked=bool(told.counts))
