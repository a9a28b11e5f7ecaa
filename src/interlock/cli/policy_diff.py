"""`interlock policy diff`: what changed between two sets of policies, and which way it can go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

import typer

from interlock.cli.policy_inputs import DEFAULT_SETTINGS, AsJson, SettingsOption, Texts, named_texts, say, say_json
from interlock.policy.difference import Change, Detail, Difference, Kind, compare
from interlock.policy.terms import WAYS, Direction, together
from interlock.policy.tool_difference import TOOLS, ToolChange, ToolDifference, compare_tools

FORMAT: Final = "interlock/policy-diff/v1"

_NAMED = "in-force, settings, pack:NAME, a file or a directory of .cedar files, a .json file of tools."
_MARKS = {"added": "+", "removed": "-", "renamed": "=", "changed": "~"}


def diff(
    old: Annotated[str, typer.Argument(help=f"Before: {_NAMED}")],
    new: Annotated[str, typer.Argument(help="After: as OLD.")],
    settings: SettingsOption = DEFAULT_SETTINGS,
    as_json: AsJson = False,
) -> None:
    """Compares policies by id and meaning, and tools by their parts: what came, went and changed, and whether that can
    let more through.

    Text that moved or was laid out anew is no change. Exit code 0: no change; 1: there is one; 2: it can't be compared.
    """
    before, after = named_texts(old, settings), named_texts(new, settings)
    found, tools = compare(before.policies, after.policies), _tools(before, after)
    if as_json:
        say_json(document(found, tools, before, after))
    else:
        for line in (*lines(found), *tool_lines(tools)):
            say(line)
    if found.changes or tools.changes:
        raise typer.Exit(1)


def _tools(before: Texts, after: Texts) -> ToolDifference:
    """Nothing where one side couldn't have any: a directory of policies says nothing of tools."""
    told = [each.whole or any(name.startswith(TOOLS) for name in each.texts) for each in (before, after)]
    return compare_tools(before.texts, after.texts) if all(told) else ToolDifference((), Direction.NEITHER)


def lines(found: Difference) -> Iterator[str]:
    """The difference for people."""
    for change in found.changes:
        where = " -> ".join(dict.fromkeys(place for place in (change.before, change.after) if place))
        what = f'{_MARKS[change.kind]} {change.effect} "{change.policy}" {change.kind}'
        yield f"{what}: {WAYS[change.direction]} ({where})"
        yield from (f"    {_detail(detail)}" for detail in change.details)
    count = len(found.changes)
    if not count:
        yield "The policies are the same."
    else:
        yield f"{count} {'policy' if count == 1 else 'policies'} changed; altogether that {WAYS[found.direction]}."


def tool_lines(found: ToolDifference) -> Iterator[str]:
    """The difference of tools for people, each line by itself: what a server wrote can't look like one of ours."""
    for change in found.changes:
        yield f'{_MARKS[change.kind]} tool "{change.tool}" {change.kind}: {WAYS[change.direction]}'
        for detail in change.details:
            yield f"    {detail.what}" + (f": {WAYS[detail.direction]}" if change.kind is Kind.CHANGED else "")
            yield from (f"      - {line}" for line in _split(detail.before))
            yield from (f"      + {line}" for line in _split(detail.after))
    count = len(found.changes)
    if count:
        yield f"{count} {'tool' if count == 1 else 'tools'} changed; altogether that {WAYS[found.direction]}."


def document(found: Difference, tools: ToolDifference, before: Texts, after: Texts) -> Mapping[str, Any]:
    """The difference for programs."""
    return {
        "format": FORMAT,
        "old": before.origin,
        "new": after.origin,
        "direction": together((found.direction, tools.direction)).value,
        "changes": [_change(change) for change in found.changes],
        "tools": [_tool(change) for change in tools.changes],
    }


def _detail(detail: Detail) -> str:
    told = f" ({WAYS[detail.direction]})" if detail.direction is not Direction.NEITHER else ""
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
        "details": [_detailed(detail) for detail in change.details],
    }


def _tool(change: ToolChange) -> Mapping[str, Any]:
    return {
        "tool": change.tool,
        "kind": change.kind.value,
        "direction": change.direction.value,
        "details": [_detailed(detail) for detail in change.details],
    }


def _detailed(d: Detail) -> Mapping[str, str]:
    return {"what": d.what, "before": d.before, "after": d.after, "direction": d.direction.value}


def _split(text: str) -> list[str]:
    """Lines by line feeds alone: whatever else ends one is shown by its number."""
    return text.split("\n") if text else []
