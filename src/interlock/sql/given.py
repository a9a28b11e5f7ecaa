"""Pseudonyms translated inward: where a text tests a column for equality with one, what it stands for takes its place.

    WHERE mrn = '[phi.mrn:K7Q4...]'    becomes    WHERE mrn = 'MRN-0007'

Only places that two witnesses agree on are translated: the lineage says that all that is tested there are plain
columns, each with the label that the pseudonym names, and the tree has it directly beside the sign. A parameter must
stand in the text once: the same one in an output, or beside a column of guesses, would give the value away. Whatever
else holds a pseudonym keeps it as text, which matches nothing and may not be written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from interlock.model.label import Label
from interlock.model.payload import SqlStatement
from interlock.sql.arrays import TextArray, read_array
from interlock.sql.lineage.traced import Filter, How, Lineage, StoredColumn
from interlock.sql.parse import Token
from interlock.sql.shape import Kind, Statement
from interlock.sql.template import format_of
from interlock.sql.tree import Fields, constant, typed, walk, words

ReadPseudonym = Callable[[str], tuple[Label, bytes] | None]
LabelsOf = Callable[[StoredColumn], frozenset[Label]]

# An EXPLAIN would show what took a pseudonym's place, and a view's definition would keep it.
KINDS: Final = frozenset({Kind.QUERY, Kind.WRITE, Kind.COPY_OUT})

_LIKELY = re.compile(rb"\[[^\]:\s]{1,200}:[a-z2-7]{26}", re.IGNORECASE)
_TEXTS: Final = frozenset({0, 19, 25, 705, 1042, 1043})  # pg_type.oid; 0 leaves the choice to the server
_TEXT_ARRAYS: Final = frozenset({0, 1003, 1009, 1014, 1015})
_CASTS: Final = frozenset({("text",), ("varchar",), ("pg_catalog", "varchar"), ("pg_catalog", "text")})
_EQUALS: Final = frozenset({("=",), ("pg_catalog", "=")})


@dataclass(frozen=True, slots=True)
class _Direct:
    """What stands directly beside a sign of equality: offsets of texts with what they say, numbers of parameters that
    stand nowhere else. `arrays`: those of them that are one whole array, `= ANY ($1)`."""

    literals: Mapping[int, str]
    parameters: frozenset[int]
    arrays: frozenset[int]


def translated(
    statement: Statement, payload: SqlStatement, read: ReadPseudonym, labels_of: LabelsOf
) -> SqlStatement | None:
    """The payload with what this actor's pseudonyms stand for in their places, and those places told; None where none
    is in a place for one. `read` opens pseudonyms. The new text has to be analysed in place of the old one.
    """
    if statement.kind not in KINDS or statement.lineage is None or not _may_hold(payload):
        return None
    direct = _direct(statement)
    tested = _tested(statement.lineage)
    literals = _literals(direct, tested, read, labels_of)
    parameters = _parameters(payload, direct, tested, read, labels_of)
    arrays = _arrays(payload, direct, tested, read, labels_of)
    if not literals and not parameters and not arrays:
        return None
    text, places = _rewritten(payload.text, literals, statement.source.tokens)
    meant = {**parameters, **{number: array.value for number, array in arrays.items()}}
    given = {*parameters, *(number for number, array in arrays.items() if array.whole)}
    values = tuple(meant.get(n, value) for n, value in enumerate(payload.parameters, start=1))
    return replace(payload, text=text, parameters=values, given_literals=places, given_parameters=tuple(sorted(given)))


def reads_as(statement: Statement, before: Statement) -> bool:
    """Whether a text says what another says but for the texts in it: nothing but constants may have been replaced."""
    return (statement.kind, statement.touches) == (before.kind, before.touches) and _shape(statement) == _shape(before)


def _shape(statement: Statement) -> list[str]:
    return ["SCONST" if t.name in ("SCONST", "USCONST") else t.text for t in statement.source.tokens]


def _may_hold(payload: SqlStatement) -> bool:
    sent = (payload.text, *(value for value in payload.parameters if value is not None))
    return any(_LIKELY.search(each) is not None for each in sent)


# -- where -----------------------------------------------------------------------------------------------------------


def _tested(lineage: Lineage) -> Mapping[tuple[str, int], list[Filter]]:
    """The tests at each place: ("literal", offset) or ("parameter", number)."""
    found: dict[tuple[str, int], list[Filter]] = {}
    for each in lineage.filters:
        for kind, places in (("literal", each.literals), ("parameter", each.parameters)):
            for place in places:
                found.setdefault((kind, place), []).append(each)
    return found


def _fits(tests: list[Filter], label: Label, labels_of: LabelsOf) -> bool:
    return bool(tests) and all(each.how is How.EQUALITY and label in labels_of(each.column) for each in tests)


def _literals(
    direct: _Direct, tested: Mapping[tuple[str, int], list[Filter]], read: ReadPseudonym, labels_of: LabelsOf
) -> Mapping[int, str]:
    found: dict[int, str] = {}
    for place, written in direct.literals.items():
        meant = read(written)
        if meant is not None and _fits(tested.get(("literal", place), []), meant[0], labels_of):
            value = _text(meant[1])
            found.update({} if value is None else {place: value})
    return found


def _parameters(
    payload: SqlStatement,
    direct: _Direct,
    tested: Mapping[tuple[str, int], list[Filter]],
    read: ReadPseudonym,
    labels_of: LabelsOf,
) -> Mapping[int, bytes]:
    found: dict[int, bytes] = {}
    for number, value in enumerate(payload.parameters, start=1):
        declared = payload.parameter_types[number - 1 : number] or (0,)
        if value is None or number not in direct.parameters or not _TEXTS.issuperset(declared):
            continue
        written = _text(value)
        meant = read(written) if written is not None else None
        if meant is not None and _fits(tested.get(("parameter", number), []), meant[0], labels_of):
            found[number] = meant[1]
    return found


@dataclass(frozen=True, slots=True)
class _Array:
    """An array with what pseudonyms stand for in their places. `whole`: it held nothing else, but for NULLs."""

    value: bytes
    whole: bool


def _arrays(
    payload: SqlStatement,
    direct: _Direct,
    tested: Mapping[tuple[str, int], list[Filter]],
    read: ReadPseudonym,
    labels_of: LabelsOf,
) -> Mapping[int, _Array]:
    found: dict[int, _Array] = {}
    for number in sorted(direct.arrays):
        declared = payload.parameter_types[number - 1 : number] or (0,)
        raw = payload.parameters[number - 1] if number <= len(payload.parameters) else None
        if raw is None or _LIKELY.search(raw) is None or not _TEXT_ARRAYS.issuperset(declared):
            continue
        binary = format_of(number, payload.parameter_formats) == 1
        array = read_array(raw, binary=binary)
        tests = tested.get(("parameter", number), [])
        if array is not None and (meant := _elements(array, tests, read, labels_of)) is not None:
            found[number] = meant
    return found


def _elements(array: TextArray, tests: list[Filter], read: ReadPseudonym, labels_of: LabelsOf) -> _Array | None:
    values: list[str | None] = []
    known = 0
    for written in array.values:
        meant = read(written) if written is not None else None
        value = _text(meant[1]) if meant is not None and _fits(tests, meant[0], labels_of) else None
        known += value is not None
        values.append(written if value is None else value)
    whole = known + array.values.count(None) == len(values)
    return _Array(array.written(values), whole) if known else None


def _text(value: bytes) -> str | None:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _direct(statement: Statement) -> _Direct:
    literals: dict[int, str] = {}
    beside: Counter[int] = Counter()
    everywhere: Counter[int] = Counter()
    arrays: set[int] = set()
    for root in statement.source.statements:
        for kind, fields in walk(typed(root)):
            if kind == "ParamRef":
                everywhere[_number(fields)] += 1
            elif kind == "A_Expr":
                if (array := _whole_array(fields)) is not None:
                    beside[_number(array)] += 1
                    arrays.add(_number(array))
                for node_kind, node in _compared(fields):
                    if node_kind == "ParamRef":
                        beside[_number(node)] += 1
                    elif "sval" in node and node.get("location", -1) >= 0:
                        literals[node["location"]] = constant({node_kind: node}) or ""
    alone = frozenset(n for n, count in beside.items() if count == everywhere[n] == 1)
    return _Direct(literals, alone - arrays, alone & arrays)


def _number(fields: Fields) -> int:
    return int(fields.get("number", 0))


def _compared(fields: Fields) -> Iterator[tuple[str, Fields]]:
    """The constants and parameters that an equality compares a column with."""
    if words(fields.get("name")) not in _EQUALS:
        return
    left, right = _node(fields.get("lexpr")), _node(fields.get("rexpr"))
    sides: list[tuple[tuple[str, Fields], list[tuple[str, Fields]]]] = []
    match fields.get("kind"):
        case "AEXPR_OP":
            sides = [(left, [right]), (right, [left])]
        case "AEXPR_IN" if right[0] == "List":
            sides = [(left, [_node(item) for item in right[1].get("items", ())])]
        case "AEXPR_OP_ANY" if right[0] == "A_ArrayExpr":
            sides = [(left, [_node(item) for item in right[1].get("elements", ())])]
    for column, values in sides:
        if column[0] == "ColumnRef":
            yield from (value for each in values if (value := _uncast(each))[0] in ("A_Const", "ParamRef"))


def _whole_array(fields: Fields) -> Fields | None:
    """The parameter that an equality compares a column with each element of: `mrn = ANY ($1)`, also `$1::text[]`."""
    if fields.get("kind") != "AEXPR_OP_ANY" or words(fields.get("name")) not in _EQUALS:
        return None
    kind, right = _node(fields.get("rexpr"))
    if kind == "TypeCast":
        type_ = typed(right["typeName"], "typeName")[1]
        one = len(type_.get("arrayBounds", ())) == 1 and words(type_.get("names")) in _CASTS
        kind, right = _node(right.get("arg")) if one and not type_.get("typmods") else ("", {})
    return right if kind == "ParamRef" and _node(fields.get("lexpr"))[0] == "ColumnRef" else None


def _node(value: Any) -> tuple[str, Fields]:
    return typed(value) if isinstance(value, dict) and value else ("", {})


def _uncast(node: tuple[str, Fields]) -> tuple[str, Fields]:
    """The operand of a cast that changes no text: `'...'::text`."""
    kind, fields = node
    if kind != "TypeCast":
        return node
    type_ = typed(fields["typeName"], "typeName")[1]
    plain = words(type_.get("names")) in _CASTS and not type_.get("typmods") and not type_.get("arrayBounds")
    return _node(fields.get("arg")) if plain else ("", {})


# -- what ------------------------------------------------------------------------------------------------------------


def _rewritten(text: bytes, literals: Mapping[int, str], tokens: tuple[Token, ...]) -> tuple[bytes, tuple[int, ...]]:
    """The text with these literals replaced, and where they stand in it. Strings conform to the standard here."""
    out: list[bytes] = []
    places: list[int] = []
    copied = length = 0
    for token in tokens:
        if token.start not in literals:
            continue
        literal = "'" + literals[token.start].replace("'", "''") + "'"
        before = text[copied : token.start]
        places.append(length + len(before))
        out += [before, literal.encode()]
        length += len(before) + len(literal.encode())
        copied = token.end
    return b"".join(out) + text[copied:], tuple(places)
