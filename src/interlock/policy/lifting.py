"""What lifts a forbid: what its annotations say beside the quorums, and the union of several such policies.

@expires("30m")              how long the review waits
@valid("10m")                how long an approval may wait for its release; not beside @reuse
@reuse("n within 10m")       the approval is good for n runs of the same form, so long after its sign-off
@channels("slack, teams")    where votes may settle it besides the console
@break_glass("group")        whose members may run it unsigned, loudly
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Final

from interlock.model.decision import Quorum, Requirements, Reuse, Stages
from interlock.model.names import GroupName
from interlock.policy import quorums
from interlock.policy.quorums import Wrong
from interlock.policy.spelling import nearest
from interlock.policy.surroundings import Members

BESIDE = ("expires", "valid", "reuse", "channels", "break_glass")
CHANNELS = ("console", "slack", "teams", "callback")

DEFAULT_EXPIRES: Final = timedelta(minutes=30)
DEFAULT_VALID: Final = timedelta(minutes=10)
# A review that waits for weeks, or an approval that is good for days, is a standing permit under another name.
LONGEST_EXPIRES: Final = timedelta(days=7)
LONGEST_VALID: Final = timedelta(days=1)
MOST_RUNS: Final = 100

_DURATION = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_REUSE = re.compile(r"\s*([1-9][0-9]{0,2})\s+within\s+(\S+)\s*", re.ASCII)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def read(values: Mapping[str, str], groups: Members, wrong: Wrong) -> Requirements:
    """What lifts a forbid with these annotations, of which one at least must be of `quorums.LIFTING`."""
    asked = quorums.read(values, groups, wrong)
    reuse = _reuse(values["reuse"], wrong) if "reuse" in values else None
    if "reuse" in values and "valid" in values:
        wrong("valid", "@valid means nothing beside @reuse, which says how long the approval is good for")
    valid = _time("valid", values, DEFAULT_VALID, LONGEST_VALID, wrong)
    return Requirements(
        quorums=asked.all_of,
        expires=_time("expires", values, DEFAULT_EXPIRES, LONGEST_EXPIRES, wrong),
        valid=reuse.within if reuse is not None else valid,
        any_of=(asked.any_of,) if asked.any_of else (),
        stages=(asked.stages,) if asked.stages else (),
        reuse=reuse,
        channels=_channels(values["channels"], wrong) if "channels" in values else frozenset(),
        break_glass=_break_glass(values["break_glass"], groups, wrong) if "break_glass" in values else frozenset(),
    )


def union(asked: Collection[Requirements]) -> Requirements:
    """All that several policies ask, of which there must be one: everything of each, the shortest of times.

    What makes it easier (another run, another place to vote, none to wait for) holds only where all of them offer it.
    """
    highest: dict[GroupName, int] = {}
    for quorum in (quorum for each in asked for quorum in each.quorums):
        highest[quorum.group] = max(quorum.count, highest.get(quorum.group, 0))
    return Requirements(
        quorums=tuple(Quorum(group, highest[group]) for group in sorted(highest)),
        expires=min(each.expires for each in asked),
        valid=min(each.valid for each in asked),
        any_of=tuple(sorted({choices for each in asked for choices in each.any_of}, key=_listed)),
        stages=tuple(sorted({stages for each in asked for stages in each.stages}, key=_in_order)),
        reuse=_all_reuse([each.reuse for each in asked]),
        channels=frozenset.intersection(*(each.channels for each in asked)),
        break_glass=frozenset.intersection(*(each.break_glass for each in asked)),
    )


def _all_reuse(offers: list[Reuse | None]) -> Reuse | None:
    offered = [offer for offer in offers if offer is not None]
    if len(offered) != len(offers):
        return None
    return Reuse(min(offer.times for offer in offered), min(offer.within for offer in offered))


def _listed(quorums: tuple[Quorum, ...]) -> list[tuple[str, int]]:
    return [(quorum.group, quorum.count) for quorum in quorums]


def _in_order(stages: Stages) -> list[list[tuple[str, int]]]:
    return [_listed(stage) for stage in stages]


def _time(name: str, values: Mapping[str, str], default: timedelta, longest: timedelta, wrong: Wrong) -> timedelta:
    if name not in values:
        return default
    found = _duration(values[name])
    if found is None or found > longest:
        wrong(name, f'@{name} needs a duration such as "30m" (s, m, h or d), at most {longest.days} d')
        return default
    return found


def _reuse(text: str, wrong: Wrong) -> Reuse | None:
    matched = _REUSE.fullmatch(text)
    within = None if matched is None else _duration(matched[2])
    if matched is None or within is None or within > LONGEST_VALID or not 2 <= int(matched[1]) <= MOST_RUNS:
        form = f"2 to {MOST_RUNS} runs within at most {LONGEST_VALID.days} d"
        wrong("reuse", f'@reuse needs "5 within 10m": {form} of the sign-off')
        return None
    return Reuse(int(matched[1]), within)


def _duration(text: str) -> timedelta | None:
    matched = _DURATION.fullmatch(text)
    return timedelta(seconds=int(matched[1]) * _UNITS[matched[2]]) if matched is not None else None


def _channels(text: str, wrong: Wrong) -> frozenset[str]:
    """Those named besides the console, which always counts."""
    named = [part.strip() for part in text.split(",")]
    for name in dict.fromkeys(named):
        if name not in CHANNELS:
            known = ", ".join(CHANNELS)
            wrong(
                "channels",
                f'@channels names the unknown channel "{name}"{nearest(name, CHANNELS) or f"; there are {known}"}',
            )
        elif named.count(name) > 1:
            wrong("channels", f'@channels names "{name}" twice')
    return frozenset(named) - {"console"}


def _break_glass(text: str, groups: Members, wrong: Wrong) -> frozenset[GroupName]:
    group = GroupName(text.strip())
    if not group:
        wrong("break_glass", '@break_glass needs the name of one group, as in @break_glass("on-call")')
    elif group not in groups:
        wrong("break_glass", f'@break_glass names the unknown group "{group}"{nearest(group, groups)}')
    elif not groups[group]:
        wrong("break_glass", f'@break_glass names "{group}", which has no people')
    return frozenset({group})
