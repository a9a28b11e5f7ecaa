"""The gateway's own engines, loaded once for all tests of a process; and masks of a connection that look by them."""

from __future__ import annotations

from functools import lru_cache

from tests.an_office import CONNECTION

from interlock.app.content import Engines, load_engines
from interlock.doors.masks import Masks
from interlock.masking.keys import MaskKeys
from interlock.masking.profiles import PROFILES
from interlock.model.secret import Secret
from interlock.ports import SurrogateVault
from interlock.sensitivity.regime import Regime
from interlock.stores.clock import SystemClock


@lru_cache(maxsize=1)
def engines() -> Engines:
    """Takes seconds the first time."""
    return load_engines()


def looking(regime: Regime = Regime.PII, profile: str = "", vault: SurrogateVault | None = None) -> Masks:
    """`content = "mask"` on the tests' connection, perhaps with a profile."""
    return Masks(
        CONNECTION.name,
        SystemClock(),
        engines().detections[regime],
        PROFILES[profile] if profile else None,
        MaskKeys(Secret(b"M" * 32), CONNECTION.name),
        vault,
    )
