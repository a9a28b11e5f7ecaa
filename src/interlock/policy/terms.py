"""The terms on which a policy lets through (who signs, how long, how often, what is owed), and which way a change goes.

`Direction` is of what an action meets afterwards: loosened, tightened, either, or the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Final, assert_never

from interlock.model.decision import Quorum, Requirements, Reuse, Stages
from interlock.model.label import Label
from interlock.model.names import GroupName
from interlock.model.obligation import Obligations
from interlock.policy.annotations import Annotations


class Direction(StrEnum):
    """Which way a change can go."""

    LOOSENS = "loosens"
    TIGHTENS = "tightens"
    EITHER = "either"
    NEITHER = "neither"

    @property
    def opposite(self) -> Direction:
        """That of the change back."""
        match self:
            case Direction.LOOSENS:
                return Direction.TIGHTENS
            case Direction.TIGHTENS:
                return Direction.LOOSENS
            case Direction.EITHER | Direction.NEITHER:
                return self
            case _:
                assert_never(self)


WAYS: Final = {
    Direction.LOOSENS: "can only loosen",
    Direction.TIGHTENS: "can only tighten",
    Direction.EITHER: "may loosen or tighten",
    Direction.NEITHER: "decides nothing otherwise",
}
"""Each in words."""


def together(directions: Iterable[Direction]) -> Direction:
    """That of several changes at once."""
    found = frozenset(directions) - {Direction.NEITHER}
    if len(found) > 1:
        return Direction.EITHER
    return next(iter(found), Direction.NEITHER)


def term_changes(was: Annotations, now: Annotations, shared: frozenset[str]) -> Iterator[tuple[str, Direction]]:
    """The annotations whose meaning changed, by name, and the way each goes, of a policy that is a permit or a forbid
    before and after.

    `shared` are the annotations that other policies have too: equal choices and equal stages of several policies are
    asked for once, so there a change may make two of one, or one of two.
    """
    before, after = was.lifted_by, now.lifted_by
    if before is not None and after is not None:
        yield from _lifted(before, after, shared)
    elif after is not None:  # what was forbidden for good now has a way round it, whatever is owed on that way
        yield from ((name, Direction.LOOSENS) for name in _lifting(after))
        return
    elif before is not None:
        yield from ((name, Direction.TIGHTENS) for name in _lifting(before))
        return
    yield from _owed(was.asks, now.asks)


def _lifting(asked: Requirements) -> Iterator[str]:
    for name, there in (("review", asked.quorums), ("review_any", asked.any_of), ("stages", asked.stages)):
        if there:
            yield name


def _lifted(was: Requirements, now: Requirements, shared: frozenset[str]) -> Iterator[tuple[str, Direction]]:
    either = Direction.EITHER
    choices = either if was.any_of and now.any_of and "review_any" in shared else _choices(was.any_of, now.any_of)
    stages = either if was.stages and now.stages and "stages" in shared else _stages(was.stages, now.stages)
    yield from _if_changed("review", was.quorums, now.quorums, _quorums(was.quorums, now.quorums))
    yield from _if_changed("review_any", was.any_of, now.any_of, choices)
    yield from _if_changed("stages", was.stages, now.stages, stages)
    yield from _if_changed("expires", was.expires, now.expires, _larger_loosens(was.expires > now.expires))
    if was.reuse is None and now.reuse is None:
        yield from _if_changed("valid", was.valid, now.valid, _larger_loosens(was.valid > now.valid))
    yield from _if_changed("reuse", was.reuse, now.reuse, _reuse(was, now))
    yield from _if_changed("channels", was.channels, now.channels, _set(was.channels, now.channels))
    yield from _if_changed("break_glass", was.break_glass, now.break_glass, _set(was.break_glass, now.break_glass))


def _owed(was: Obligations, now: Obligations) -> Iterator[tuple[str, Direction]]:
    yield from _if_changed("justify", was.reason, now.reason, _larger_loosens(now.reason))
    yield from _if_changed("ticket", was.ticket, now.ticket, _larger_loosens(now.ticket))
    yield from _if_changed("step_up", was.step_up, now.step_up, _set(now.step_up, was.step_up))
    no_cap = float("inf")
    before = no_cap if was.row_cap is None else was.row_cap
    after = no_cap if now.row_cap is None else now.row_cap
    yield from _if_changed("row_cap", before, after, _larger_loosens(before > after))
    yield from _if_changed("pseudonym", was.pseudonyms, now.pseudonyms, _set(was.pseudonyms, now.pseudonyms))


def _if_changed(name: str, was: object, now: object, direction: Direction) -> Iterator[tuple[str, Direction]]:
    if was != now:
        yield name, direction


def _larger_loosens(shrank: bool) -> Direction:
    return Direction.TIGHTENS if shrank else Direction.LOOSENS


def _set(
    was: frozenset[str] | frozenset[GroupName] | frozenset[Label],
    now: frozenset[str] | frozenset[GroupName] | frozenset[Label],
) -> Direction:
    """Of a set whose members each make it easier."""
    if was <= now:
        return Direction.LOOSENS
    return Direction.TIGHTENS if now <= was else Direction.EITHER


def _quorums(was: tuple[Quorum, ...], now: tuple[Quorum, ...]) -> Direction:
    before, after = _counts(was), _counts(now)
    every = before.keys() | after.keys()
    more = any(after.get(group, 0) > before.get(group, 0) for group in every)
    less = any(after.get(group, 0) < before.get(group, 0) for group in every)
    return Direction.EITHER if more and less else _larger_loosens(more)


def _choices(was: tuple[tuple[Quorum, ...], ...], now: tuple[tuple[Quorum, ...], ...]) -> Direction:
    """Of one policy there is one list of choices, or none. Another choice, or a smaller one, makes it easier."""
    if not was or not now:
        return _larger_loosens(bool(now))
    before, after = _counts(was[0]), _counts(now[0])
    easier = any(count < before.get(group, count + 1) for group, count in after.items())
    harder = any(count < after.get(group, count + 1) for group, count in before.items())
    return Direction.EITHER if easier and harder else _larger_loosens(harder)


def _stages(was: tuple[Stages, ...], now: tuple[Stages, ...]) -> Direction:
    if not was or not now:
        return _larger_loosens(bool(now))
    if len(was[0]) != len(now[0]):
        return Direction.EITHER
    pairs = zip(was[0], now[0], strict=True)
    return together(_quorums(before, after) for before, after in pairs if before != after)


def _reuse(was: Requirements, now: Requirements) -> Direction:
    """With @reuse an approval is good for more runs, for a time that takes the place of @valid."""
    before, after = was.reuse or Reuse(1, was.valid), now.reuse or Reuse(1, now.valid)
    more = after.times > before.times or after.within > before.within
    less = after.times < before.times or after.within < before.within
    return Direction.EITHER if more and less else _larger_loosens(less)


def _counts(quorums: tuple[Quorum, ...]) -> dict[GroupName, int]:
    return {quorum.group: quorum.count for quorum in quorums}
