"""A map for a tool that nobody has mapped yet, guessed from what its server says: for a person to look at.

    proposed({"name": "find_patient", "inputSchema": {"properties": {"mrn": ...}}}, Regime.PHI)
    -> {"does": ["read"], "fields": {"arguments.mrn": "phi.mrn"}, "guessed": ["does", "fields"]}

A name says what a tool does by its words; one without a word that is known executes, which no pack lets through. What
the server says of itself (annotations) adds to that and never takes away: whoever writes `delete_all` may write
`readOnlyHint` too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from interlock.sensitivity.column_names import SqlClass, judged, words
from interlock.sensitivity.regime import Regime
from interlock.settings.tools import GUESSED, MAX_FIELDS

MAX_DEPTH: Final = 12  # of properties in one another
MAX_PLACES: Final = 5_000  # places of one schema that are looked at

EXECUTE: Final = "execute"
READ: Final = "read"


def _of(text: str) -> frozenset[str]:
    return frozenset(text.split())


# From what can do most harm to what can do least: the first is the group of the tool's own action.
_DOES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "privilege": _of(
            "grant revoke permission permissions role roles acl share unshare invite member members user users account"
            " accounts sudo impersonate"
        ),
        "schema": _of("migrate migration alter schema schemas table tables index indexes"),
        "export": _of(
            "send email mail sms fax export publish share upload notify notification broadcast forward post message"
            " reply invite sync copy dump backup webhook tweet deploy push submit print"
        ),
        "write": _of(
            "create add new update edit set put write insert upsert patch append save store delete remove drop clear"
            " purge truncate close reopen merge comment reply assign unassign move rename archive restore cancel"
            " approve reject lock unlock enable disable start stop restart pause resume book order pay refund charge"
            " transfer import upload post submit register schedule reset replace mark tag untag label link unlink"
            " fork commit push publish deploy mutate modify change migrate alter grant revoke share invite"
        ),
        EXECUTE: _of("run exec execute eval shell bash command script call invoke sql code terminal process spawn"),
        "infer": _of("ask chat complete completion generate summarize summarise translate embed classify prompt llm"),
        READ: _of(
            "get list read search find fetch show describe query lookup look view count check status browse select"
            " explain retrieve download inspect peek stat tail head history diff compare"
        ),
    }
)
_NOUNS: Final = _of(
    "permission permissions role roles acl member members user users account accounts schema schemas table tables"
    " index indexes email mail sms fax message notification comment label tag order history code process command script"
)
"""Words of `_DOES` that name a thing as often as a deed: beside a verb that reads they raise nothing."""

_KEY: Final = re.compile(r"[^.\[\]{}]{1,128}")
_TYPES: Final = {
    "string": SqlClass.TEXT,
    "integer": SqlClass.NUMBER,
    "number": SqlClass.NUMBER,
    "boolean": SqlClass.BOOLEAN,
}
_LOCAL: Final = "#/"


def proposed(tool: Mapping[str, Any], regime: Regime) -> dict[str, Any]:
    """The map, with `guessed`; `tool` is as the server lists it."""
    fields = fields_of(tool, regime)
    guessed = ["does", "fields"] if fields else ["does"]
    return {"does": list(does_of(tool)), **({"fields": fields} if fields else {}), GUESSED: guessed}


def does_of(tool: Mapping[str, Any]) -> tuple[str, ...]:
    """The action groups, what can do most harm first."""
    said = words(str(tool.get("name", "")))
    reads = not _DOES[READ].isdisjoint(said)
    deeds = [word for word in said if not (reads and word in _NOUNS)]
    found = {group for group, known in _DOES.items() if not known.isdisjoint(deeds)}
    hints = tool.get("annotations")
    told: Mapping[str, Any] = hints if isinstance(hints, Mapping) else {}
    found = found or {EXECUTE}
    if told.get("destructiveHint") is True or (told.get("readOnlyHint") is False and found == {READ}):
        found.add("write")
    if told.get("openWorldHint") is True and found == {READ}:
        found.add("export")
    return tuple(group for group in _DOES if group in found)


def fields_of(tool: Mapping[str, Any], regime: Regime) -> dict[str, str]:
    """The label of each property whose name says one, by its path; sorted, at most as many as a map may have."""
    found: dict[str, str] = {}
    for root, key in (("arguments", "inputSchema"), ("result", "outputSchema")):
        schema = tool.get(key)
        if isinstance(schema, Mapping):
            for path, name, sql_class in _properties(schema, root):
                matches = judged(name, "", sql_class).matches
                if matches and path not in found:
                    found[path] = str(regime.name_of(matches[0].label))
    return dict(sorted(found.items())[:MAX_FIELDS])


def _properties(schema: Mapping[str, Any], root: str) -> Iterator[tuple[str, str, SqlClass]]:
    """Every property: its path, its name and what kind of values it holds. Local references are followed."""
    stack: list[tuple[Any, str, str, int]] = [(schema, root, "", 0)]
    for _ in range(MAX_PLACES):
        if not stack:
            return
        node, path, name, depth = stack.pop()
        node = _resolved(node, schema)
        if not isinstance(node, Mapping) or depth > MAX_DEPTH:
            continue
        if name and (sql_class := _class(node)) is not None:
            yield path, name, sql_class
        for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
            each = node.get(key)
            inner = f"{path}[]" if key == "prefixItems" else path
            stack += [(part, inner, name, depth + 1) for part in each] if isinstance(each, list) else []
        if isinstance(node.get("items"), Mapping):
            stack.append((node["items"], f"{path}[]", name, depth + 1))
        named = node.get("properties")
        for key, part in named.items() if isinstance(named, Mapping) else ():
            if isinstance(key, str) and _KEY.fullmatch(key):
                stack.append((part, f"{path}.{key}", key, depth + 1))


def _resolved(node: Any, schema: Mapping[str, Any]) -> Any:
    """Where a local reference leads; what isn't one stays. A loop ends by depth."""
    reference = node.get("$ref") if isinstance(node, Mapping) else None
    if not isinstance(reference, str) or not reference.startswith(_LOCAL):
        return node
    found: Any = schema
    for step in reference.removeprefix(_LOCAL).split("/"):
        found = found.get(step.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
    return found


def _class(node: Mapping[str, Any]) -> SqlClass | None:
    """What a schema's values are; None for what only holds others. What isn't said is taken for a text."""
    kind = node.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), None)
    if kind in ("object", "array", "null") or any(key in node for key in ("anyOf", "oneOf", "allOf", "properties")):
        return None
    if kind == "string" and node.get("format") in ("date", "date-time", "time"):
        return SqlClass.MOMENT
    return _TYPES.get(kind, SqlClass.TEXT) if isinstance(kind, str) else SqlClass.TEXT
