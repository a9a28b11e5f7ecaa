"""What policies say of tools and their arguments: names that aren't there, and `has` where it has no place.

Arguments are optional, so Cedar's strict validation wants `has` before each is read. It takes a misspelt name there for
an argument that never comes, and is content; hence these checks.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from cedarpy import pst

from interlock.model.tool import Tool
from interlock.model.verb import TOOL_VERBS, VERBS
from interlock.policy import reads
from interlock.policy.schema import ACTION, INPUT, TOOL_ACTION
from interlock.policy.spelling import nearest
from interlock.policy.tools import Record, record_of

_ABOVE_TOOLS = frozenset({*TOOL_VERBS.values(), *TOOL_VERBS})

Path = tuple[str, ...]


def argument_mistakes(tree: pst.Template, parts: Sequence[object], tools: Sequence[Tool]) -> Iterator[str]:
    """A sentence for each. `parts` are all nodes of the tree, `tools` those that are pinned."""
    yield from _unknown(_tools_among(part for part in parts if isinstance(part, pst.EntityUid)), tools)
    misplaced = False
    asked: dict[Path, None] = {}
    for node in parts:
        match node:
            case pst.HasAttr(base=base, attrs=attrs) if (path := (*reads.path(base), *attrs))[:2] == ("context", INPUT):
                asked[path[2:]] = None
            case pst.HasAttr() | pst.BinaryOp(op="has_tag" | "get_tag"):
                misplaced = True
    if misplaced:
        yield (
            "every attribute is always there: leave `has` out (hasTag too), since a misspelt name would never match;"
            f" only what is in context.{INPUT} may be missing"
        )
    if asked:
        yield from _not_there(sorted(asked), tree, {tool.id: tool for tool in tools})


def _unknown(named: frozenset[str], tools: Sequence[Tool]) -> Iterator[str]:
    if named:
        known = frozenset(tool.id for tool in tools)
        for tool in sorted(named - known):
            yield f'there is no pinned tool "{tool}"{nearest(tool, sorted(known))}'


def _not_there(asked: Collection[Path], tree: pst.Template, tools: Mapping[str, Tool]) -> Iterator[str]:
    """Where a policy names its tools, each must have what it asks for; else one of all that it is about."""
    named, about_all = tools_in_scope(tree)
    records = {tool: record_of(tools[tool]) for tool in sorted(tools) if tool in named or _takes_in(tree, tools[tool])}
    if not records:
        yield f"no pinned tool is within this policy's scope, and nothing else has context.{INPUT}"
        return
    known = {".".join(path) for record in records.values() for path in _paths(record)}
    for path in asked:
        lacking = [tool for tool, record in records.items() if not _has(record, path)]
        hint = nearest(".".join(path), sorted(known))
        if about_all and len(lacking) == len(records):
            yield f'no pinned tool has an argument "{".".join(path)}" that policies can read{hint}'
        elif not about_all:
            for tool in lacking:
                yield f'the tool "{tool}" has no argument "{".".join(path)}" that policies can read{hint}'


def _takes_in(tree: pst.Template, tool: Tool) -> bool:
    """Whether a scope that names a verb or a group, or nothing, is about this tool's own action."""
    match tree.action:
        case pst.ActionEq():
            return False
        case pst.ActionIn(entities=uids):
            return not {uid.id for uid in uids}.isdisjoint((tool.verbs[0], *VERBS[tool.verbs[0]]))
        case _:
            return True


def tools_in_scope(tree: pst.Template) -> tuple[frozenset[str], bool]:
    """The tools that a policy's scope names, and whether it is about all of them, or all that are mapped alike."""
    match tree.action:
        case pst.ActionEq(entity=uid):
            uids: tuple[pst.EntityUid, ...] = (uid,)
        case pst.ActionIn(entities=uids):
            pass
        case _:
            return frozenset(), True
    return _tools_among(uids), any(uid.id in _ABOVE_TOOLS for uid in uids)


def _tools_among(uids: Iterable[pst.EntityUid]) -> frozenset[str]:
    return frozenset(
        uid.id.removeprefix(TOOL_ACTION) for uid in uids if str(uid.type) == ACTION and uid.id.startswith(TOOL_ACTION)
    )


def _has(record: Record, path: Path) -> bool:
    if not path:
        return True  # `context has input`
    shape = record.attributes.get(path[0])
    return _has(shape, path[1:]) if isinstance(shape, Record) else shape is not None and len(path) == 1


def _paths(record: Record) -> Iterator[Path]:
    for name, shape in record.attributes.items():
        yield (name,)
        if isinstance(shape, Record):
            yield from ((name, *path) for path in _paths(shape))
