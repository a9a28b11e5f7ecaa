"""What makes a vote count: `[votes]` and `[break_glass]`; and who may read every card."""

from __future__ import annotations

from datetime import timedelta

from interlock.model.names import GroupName
from interlock.model.settings import BreakGlassSettings, VoteSettings
from interlock.policy.spelling import nearest
from interlock.settings.durations import read_duration
from interlock.settings.table import Table

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)


def read_votes(root: Table) -> VoteSettings:
    """`[votes]`."""
    table = root.table("votes")
    votes = VoteSettings(
        unsafe_token_votes=table.flag("unsafe_token_votes", False),
        recent_login=read_duration(table, "recent_login", "1h", timedelta(hours=8), _MINUTE),
        passkeys=table.one_of("passkeys", ("if_registered", "required"), "if_registered"),
        delegation=read_duration(table, "delegation", "14d", timedelta(days=60), timedelta(0)),
    )
    table.done()
    return votes


def read_break_glass(root: Table) -> BreakGlassSettings:
    """`[break_glass]`."""
    table = root.table("break_glass")
    settings = BreakGlassSettings(
        per_person_per_day=table.number("per_person_per_day", 2, 0, 50),
        valid=read_duration(table, "valid", "10m", timedelta(hours=1), _MINUTE),
        review_within=read_duration(table, "review_within", "24h", 7 * _DAY, timedelta(hours=1)),
    )
    table.done()
    return settings


def read_auditors(root: Table, groups: frozenset[GroupName]) -> frozenset[GroupName]:
    """`[audit] readers`: groups whose members may read every card; that alone lets nobody sign."""
    table = root.table("audit")
    named = frozenset(GroupName(name) for name in table.texts("readers"))
    for name in sorted(named - groups):
        table.wrong("readers", f'there is no group "{name}"{nearest(name, groups)}')
    table.done()
    return named
