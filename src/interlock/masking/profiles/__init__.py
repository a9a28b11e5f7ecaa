"""The profiles that come with Interlock, by name. None is a certificate: recall is never 1."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from interlock.masking.profile import Profile
from interlock.masking.profiles.expert import EXPERT
from interlock.masking.profiles.internal import INTERNAL
from interlock.masking.profiles.limited_dataset import LIMITED_DATASET
from interlock.masking.profiles.prompt_guard import PROMPT_GUARD
from interlock.masking.profiles.safe_harbor import SAFE_HARBOR
from interlock.masking.profiles.secrets_only import SECRETS_ONLY

PROFILES: Final[Mapping[str, Profile]] = MappingProxyType(
    {profile.name: profile for profile in (SAFE_HARBOR, LIMITED_DATASET, EXPERT, INTERNAL, PROMPT_GUARD, SECRETS_ONLY)}
)
