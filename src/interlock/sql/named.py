"""SQL's PREPARE and EXECUTE: statements that the gateway follows itself, and runs by the protocol's own messages.

A PREPARE does nothing that needs judging: what it names is judged whenever it is executed. EXECUTE's arguments become
text parameters, so each must be a constant whose text form is sure.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from interlock.sql.arguments import NotConstant, text_form
from interlock.sql.effects import ExecuteNamed, PrepareNamed
from interlock.sql.functions import BUILT_IN_TYPES
from interlock.sql.inner import text_behind
from interlock.sql.parse import COMMENTS, Parsed, Token
from interlock.sql.shape import Kind, Refusal, Statement
from interlock.sql.tree import Fields, typed, words

_PREPARED: Final = ("SelectStmt", "InsertStmt", "UpdateStmt", "DeleteStmt", "MergeStmt")
_TYPES = Refusal("not_built", "PREPARE takes parameters of built-in types only")
_ARGUMENTS = Refusal(
    "not_built",
    "EXECUTE takes constants only: strings, numbers, true, false, NULL and plain casts of these; leave out other casts",
)


def prepare(blank: Statement, fields: Fields) -> Statement:
    """PREPARE name [(types)] AS query."""
    query = fields["query"]
    if typed(query)[0] not in _PREPARED:
        return replace(blank, refusal=Refusal("not_built", "not built yet: PREPARE of this kind of statement"))
    given = [typed(t)[1] for t in fields.get("argtypes", ())]
    if not all(_is_built_in(t) for t in given):
        return replace(blank, refusal=_TYPES)
    types = _written_types(blank.source) if given else ()
    if len(types) != len(given):
        return replace(blank, refusal=_TYPES)
    inner = text_behind(blank.source, "AS", query)
    return replace(blank, kind=Kind.OURS, effect=PrepareNamed(str(fields.get("name", "")), types), inner=inner)


def execute(blank: Statement, fields: Fields) -> Statement:
    """EXECUTE name [(constants)]."""
    try:
        arguments = tuple(text_form(argument) for argument in fields.get("params", ()))
    except NotConstant:
        return replace(blank, refusal=_ARGUMENTS)
    return replace(blank, kind=Kind.OURS, effect=ExecuteNamed(str(fields.get("name", "")), arguments))


def _is_built_in(fields: Fields) -> bool:
    name = words(fields.get("names"))
    bare = len(name) == 1 or (len(name) == 2 and name[0] == "pg_catalog")
    return bare and name[-1] in BUILT_IN_TYPES and not fields.get("setof") and not fields.get("pct_type")


def _written_types(parsed: Parsed) -> tuple[str, ...]:
    """The names of types between PREPARE's parentheses, each as it is written."""
    found: list[list[Token]] = [[]]
    depth = 0
    for token in (t for t in parsed.tokens if t.name not in COMMENTS):
        if token.name == "AS":
            break
        depth -= token.text == ")"
        if depth == 1 and token.text == ",":
            found.append([])
        elif depth:
            found[-1].append(token)
        depth += token.text == "("
    return tuple(_joined(tokens) for tokens in found)


def _joined(tokens: list[Token]) -> str:
    text, end = "", tokens[0].start
    for token in tokens:
        text += (" " if token.start > end else "") + token.text
        end = token.end
    return text
