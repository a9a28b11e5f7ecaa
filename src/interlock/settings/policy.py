"""`[policy]`: what the bundle is made of, in which zone its hours are, and who signs for another one."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, timedelta, tzinfo
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from interlock.model.decision import Requirements
from interlock.model.names import GroupName
from interlock.model.person import Person
from interlock.model.settings import PolicySettings
from interlock.policy import quorums
from interlock.policy.spelling import nearest
from interlock.policy.surroundings import opened
from interlock.settings.durations import read_duration
from interlock.settings.table import Table

SUFFIX: Final = ".cedar"
EXPIRES: Final = "30m"  # the usual of @expires and @valid
VALID: Final = "10m"
LONGEST: Final = {"expires": timedelta(days=7), "valid": timedelta(days=1)}


def pack_names() -> frozenset[str]:
    """The packs that come with Interlock."""
    packs = resources.files("interlock.policy").joinpath("packs").iterdir()
    return frozenset(each.name.removesuffix(SUFFIX) for each in packs if each.name.endswith(SUFFIX))


def read_policy(
    root: Table, people: Collection[Person], groups: frozenset[GroupName], open_groups: frozenset[GroupName]
) -> PolicySettings:
    """The table; `groups` are all that there are, `open_groups` those that a directory or provider fills later."""
    table = root.table("policy")
    packs, files, tools = table.texts("packs"), table.files("files"), table.files("tools")
    for pack in packs:
        if pack not in pack_names():
            table.wrong("packs", f'there is no pack "{pack}"{nearest(pack, pack_names())}')
    _different(table, "files", [file.name for file in files])
    _different(table, "tools", [file.name for file in tools])
    settings = PolicySettings(packs, files, tools, read_zone(table), read_approvers(table, people, groups, open_groups))
    table.done()
    return settings


def _different(table: Table, key: str, names: Collection[str]) -> None:
    for name in sorted({name for name in names if list(names).count(name) > 1}):
        table.wrong(key, f"two files are called {name}, and a policy is told by its file's name")


def read_zone(table: Table) -> tzinfo:
    name = table.text("zone", "UTC")
    if name in ("", "UTC"):
        return UTC  # also where the system has no list of zones
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        table.wrong(
            "zone",
            f"\"{name}\" isn't a time zone that this system knows: write it as Europe/Berlin, or install the system's"
            " list of zones (the package tzdata)",
        )
        return UTC


def read_approvers(
    table: Table,
    people: Iterable[Person],
    groups: frozenset[GroupName],
    open_groups: frozenset[GroupName] = frozenset(),
) -> Requirements | None:
    """`approvers`, `expires` and `valid` of a table: who signs for its changes, in the grammar of `@review`."""
    expires, valid = (
        read_duration(table, key, usual, LONGEST[key], timedelta(seconds=1))
        for key, usual in (("expires", EXPIRES), ("valid", VALID))
    )
    text = table.optional("approvers")
    if text is None:
        return None
    everybody = tuple(people)
    members = {group: frozenset(p.id for p in everybody if group in p.groups) for group in groups}
    found = quorums.read(
        {"review": text},
        opened(members, open_groups),
        lambda _, sentence: table.wrong("approvers", sentence.replace("@review", "this")),
    )
    return Requirements(found.all_of, expires, valid) if found.all_of else None
