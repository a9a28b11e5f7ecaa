"""What a session's own history decides about a statement's meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SessionState:
    """Search path (schemas in order, pg_catalog implied first), effective role, and settings that change meaning.

    `settings` holds only what this session has set away from its start: `timezone`, `datestyle`, `intervalstyle`,
    `extra_float_digits`, in lower case. Temporary relations are in the session's own snapshot. The door changes it
    when a statement's effect has taken hold, and takes it back when the transaction rolls back.
    """

    search_path: tuple[str, ...]
    role: str
    settings: Mapping[str, str] = field(default_factory=dict)
