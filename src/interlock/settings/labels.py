"""`[labels]`: who looks after labels, and how long an override of a mask may last."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from interlock.model.names import GroupName
from interlock.model.settings import LabelSettings
from interlock.policy.spelling import nearest
from interlock.settings.durations import read_duration
from interlock.settings.table import Table

LONGEST: Final = timedelta(days=365)


def read_labels(root: Table, groups: frozenset[GroupName]) -> LabelSettings:
    """The table; `groups` are all that there are."""
    table = root.table("labels")
    named = frozenset(GroupName(name) for name in table.texts("stewards"))
    for name in sorted(named - groups):
        table.wrong("stewards", f'there is no group "{name}"{nearest(name, groups)}')
    settings = LabelSettings(named, read_duration(table, "overrides", "90d", LONGEST, timedelta(minutes=1)))
    table.done()
    return settings
