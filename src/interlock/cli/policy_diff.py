"""`interlock policy diff`: what changed between two sets of policies, and which way it can go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import typer

from interlock.cli.policy_inputs import DEFAULT_SETTINGS, AsJson, SettingsOption, Texts, named_texts, say, say_json
from interlock.policy.difference import Change, Detail, Difference, compare
from interlock.policy.terms import Direction

FORMAT: Final = "interlock/policy-diff/v1"

_NAMED = "in-force, settings, pack:NAME, a file or a directory of .cedar files."
_SAID = {
    Direction.LOOSENS: "can only loosen",
    Direction.TIGHTENS: "can only tighten",
    Direction.EITHER: "may loosen or tighten",
    Direction.NEITHER: "decides nothing otherwise",
}
_MARKS = {"added": "+", "removed": "-", "renamed": "=", "changed": "~"}


def diff(
    old: Annotated[str, typer.Argument(help=f"Before: {_NAMED}")],
    new: Annotated[str, typer.Argument(help="After: as OLD.")],
    settings: SettingsOption = DEFAULT_SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Compares policies by id and meaning: added, removed, changed, and whether that can let more through.

    Text that moved or was laid out anew is no change. Exit code 0: no change; 1: there is one; 2: it can't be compared.
    """
    before, after = named_texts(old, settings), named_texts(new, settings)
    found = compare(before.policies, after.policies)
    if as_json:
        say_json(document(found, before, after))
    else:
        for line in lines(found):
            say(line)
    if found.changes:
        raise typer.Exit(1)


def lines(found: Difference) -> Iterator[str]:
    """The difference for people."""
    for change in found.changes:
        where = " -> ".join(dict.fromkeys(place for place in (change.before, change.after) if place))
        what = f'{_MARKS[change.kind]} {change.effect} "{change.policy}" {change.kind}'
        yield f"{what}: {_SAID[change.direction]} ({where})"
        yield from (f"    {_detail(detail)}" for detail in change.details)
    count = len(found.changes)
    if not count:
        yield "The policies are the same."
    else:
        yield f"{count} {'policy' if count == 1 else 'policies'} changed; altogether that {_SAID[found.direction]}."


def document(found: Difference, before: Texts, after: Texts) -> Mapping[str, Any]:
    """The difference for programs."""
    return {
        "format": FORMAT,
        "old": before.origin,
        "new": after.origin,
        "direction": found.direction.value,
        "changes": [_change(change) for change in found.changes],
    }


def _detail(detail: Detail) -> str:
    told = f" ({_SAID[detail.direction]})" if detail.direction is not Direction.NEITHER else ""
    if not detail.before and not detail.after:
        return f"{detail.what} changed{told}"
    return f"{detail.what}: {detail.before or 'none'} -> {detail.after or 'none'}{told}"


def _change(change: Change) -> Mapping[str, Any]:
    return {
        "policy": change.policy,
        "kind": change.kind.value,
        "effect": change.effect,
        "direction": change.direction.value,
        "before": change.before,
        "after": change.after,
        "details": [
            {"what": d.what, "before": d.before, "after": d.after, "direction": d.direction.value}
            for d in change.details
        ],
    }
