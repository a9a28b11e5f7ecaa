"""What must be signed, as review.opened entries carry it: flat, since the rows of an entry hold no rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from interlock.model.canonical import JsonValue
from interlock.model.decision import Quorum, Requirements, Reuse
from interlock.model.names import GroupName


def fields(asked: Requirements) -> dict[str, JsonValue]:
    """The members of `d` that say what must be signed; those that are optional only where they say something."""
    d: dict[str, JsonValue] = {"quorums": [_row(quorum) for quorum in asked.quorums]}
    if asked.any_of:
        d["any_of"] = [_row(q, choice=n) for n, choices in enumerate(asked.any_of) for q in choices]
    if asked.stages:
        d["stages"] = [
            _row(q, list=number, stage=level)
            for number, stages in enumerate(asked.stages)
            for level, stage in enumerate(stages)
            for q in stage
        ]
    if asked.reuse is not None:
        d["uses"] = asked.reuse.times
    if asked.channels:
        d["channels"] = sorted(asked.channels)
    if asked.break_glass:
        d["break_glass"] = sorted(asked.break_glass)
    return d


def requirements(d: Mapping[str, Any], expires: timedelta, valid: timedelta) -> Requirements:
    """What `fields` wrote, with the two times. Of what isn't so made: `KeyError`, `TypeError` or `ValueError`."""
    uses = int(d.get("uses", 1))
    stages: defaultdict[int, list[Mapping[str, Any]]] = defaultdict(list)
    for row in d.get("stages", ()):
        stages[int(row["list"])].append(row)
    return Requirements(
        quorums=tuple(_quorum(row) for row in d["quorums"]),
        expires=expires,
        valid=valid,
        any_of=_grouped(d.get("any_of", ()), "choice"),
        stages=tuple(_grouped(stages[number], "stage") for number in sorted(stages)),
        reuse=Reuse(uses, valid) if uses != 1 else None,
        channels=frozenset(str(channel) for channel in d.get("channels", ())),
        break_glass=frozenset(GroupName(str(group)) for group in d.get("break_glass", ())),
    )


def _grouped(rows: Iterable[Mapping[str, Any]], by: str) -> tuple[tuple[Quorum, ...], ...]:
    groups: defaultdict[int, list[Quorum]] = defaultdict(list)
    for row in rows:
        groups[int(row[by])].append(_quorum(row))
    return tuple(tuple(groups[number]) for number in sorted(groups))


def _quorum(row: Mapping[str, Any]) -> Quorum:
    return Quorum(GroupName(str(row["group"])), int(row["count"]))


def _row(quorum: Quorum, **place: int) -> dict[str, JsonValue]:
    return {"group": quorum.group, "count": quorum.count, **place}
