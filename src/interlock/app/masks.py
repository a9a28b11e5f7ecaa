"""What masks each connection's results beside its labels: content detection and profiles, as the settings ask."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from interlock.app.assembly import Assembly, profiles_of, store_path
from interlock.doors.masks import Masks
from interlock.masking.keys import MaskKeys
from interlock.masking.profile import Profile
from interlock.masking.rule import RuleName
from interlock.model.names import ConnectionName
from interlock.registry.overrides import Overrides
from interlock.sensitivity.regime import regime_of
from interlock.stores.vault import Vault


async def masks_of(assembly: Assembly, overrides: Overrides, vault: Vault | None) -> Mapping[ConnectionName, Masks]:
    """For those connections that have any. Waits for the engines where one's values are looked into."""
    settings = assembly.settings
    profiles = profiles_of(settings)
    made: dict[ConnectionName, Masks] = {}
    for name, each in settings.connections.items():
        looks = each.content == "mask"
        if not looks and name not in profiles:
            continue
        engines = await assembly.content.engines() if looks else None
        made[name] = Masks(
            name,
            assembly.clock,
            engines.detections[regime_of(each.connection)] if engines is not None else None,
            profiles.get(name),
            MaskKeys(assembly.keys.sealing, name),
            vault if _wants(profiles.get(name)) else None,
            partial(overrides.of, name),
        )
    return made


def vault_of(assembly: Assembly) -> Vault | None:
    """The vault of surrogates, where a profile has any; to be closed."""
    if not any(map(_wants, profiles_of(assembly.settings).values())):
        return None
    return Vault(
        store_path(assembly.settings),
        key=assembly.keys.sealing,
        sealer=assembly.sealer,
        entropy=assembly.entropy,
        clock=assembly.clock,
    )


def _wants(profile: Profile | None) -> bool:
    """Whether one of its labels may get a surrogate, also by an override."""
    return profile is not None and RuleName.SURROGATE in profile.allowed
