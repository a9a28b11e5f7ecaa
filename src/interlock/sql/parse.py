"""Text to tokens and tree, through the server's own parser (libpg_query in postgast).

The parser is C and reads hostile text inside the gateway, so limits come first. Its recursive printers have no stack
check: on an 8 MiB stack about 70,000 chained operators crash the JSON printer, about 5,000 the protobuf one. Tokens
that can deepen a tree are therefore counted before parsing, and the tree is read as JSON (orjson refuses more than
1,024 levels). The protobuf tree and the deparser are never used: the latter also crashes on short, valid statements.

Every failure here is `NotUnderstood`; the parser's own messages quote the text and never leave this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Final

import orjson

from interlock.errors import NotUnderstood

# Imported by name: the stub of postgast's generated protobuf module isn't valid Python, and mypy stops at it.
_postgast: Any = import_module("postgast")
lib: Any = import_module("postgast.native").lib

MAX_TEXT: Final = 1 << 20  # bytes
MAX_TOKENS: Final = 100_000
MAX_DEEPENING: Final = 10_000  # a seventh of what crashed the JSON printer

LITERALS: Final = frozenset({"SCONST", "USCONST", "ICONST", "FCONST", "BCONST", "XCONST", "PARAM"})
COMMENTS: Final = frozenset({"SQL_COMMENT", "C_COMMENT"})
# Tokens that deepen no tree: values, comments, the comma and the closing parenthesis.
_FLAT: Final = LITERALS | COMMENTS | {"ASCII_44", "ASCII_41", "NULL_P", "TRUE_P", "FALSE_P", "DEFAULT"}

_PLACES: Final = frozenset(
    {"location", "stmt_location", "stmt_len", "rexpr_list_start", "rexpr_list_end", "list_start", "list_end"}
)
_NAMES: Final[Mapping[int, str]] = {v.number: v.name for v in _postgast.pg_query_pb2.Token.DESCRIPTOR.values}
# The scanner has no other tokens of letters alone or with _P behind them than its keywords and these.
_WORDS: Final = frozenset(_NAMES.values()) - LITERALS - COMMENTS - {"IDENT", "UIDENT", "NUL", "MODE_TYPE_NAME"}
_UNKNOWN = "the text isn't SQL that PostgreSQL's grammar accepts"


@dataclass(frozen=True, slots=True)
class Token:
    """One token: byte offsets into the text, the scanner's name for it, and its text."""

    start: int
    end: int
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """A text with its tokens and the trees of its statements (empty ones don't count).

    `starts`: the byte offset at which the parser says that each statement begins.
    """

    text: bytes
    tokens: tuple[Token, ...] = field(repr=False)
    statements: tuple[Mapping[str, Any], ...] = field(repr=False)
    starts: tuple[int, ...] = field(default=(), repr=False)


def parse(text: bytes) -> Parsed:
    """Tokens and trees of `text` (UTF-8). Raises `NotUnderstood` for anything that the grammar or our limits refuse."""
    _check_text(text)
    tokens = _tokens(text)
    if sum(t.name not in _FLAT for t in tokens) > MAX_DEEPENING:
        raise NotUnderstood("the statement is too long to judge; split it")
    found = [s for s in _tree(text).get("stmts", ()) if s.get("stmt")]
    starts = tuple(int(s.get("stmt_location", 0)) for s in found)
    return Parsed(text, tokens, tuple(s["stmt"] for s in found), starts)


def canonical(parsed: Parsed) -> str:
    """The one spelling of a text: comments, spacing, case of keywords and of unquoted names gone, literals kept.

    Made of the scanner's tokens, so different trees never share a spelling. libpg_query's deparser isn't used: it
    crashes the process on valid statements as short as `LOAD ''` (found by fuzzing).
    """
    tokens = [t for t in parsed.tokens if t.name not in COMMENTS]
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    return " ".join(t.text if t.name in LITERALS or t.name == "UIDENT" else spelled(t) for t in tokens)


def spelled(token: Token) -> str:
    """A keyword in lower case, an identifier as the server reads it and quoted, anything else as it is."""
    if token.name == "IDENT":
        return '"' + identifier(token).replace('"', '""') + '"'
    return token.text.lower() if token.text.isascii() else token.text


def identifier(token: Token) -> str:
    """An identifier token as the server reads it: quotes off, or folded to lower case (ASCII alone, as for UTF-8)."""
    if token.text.startswith('"'):
        return token.text[1:-1].replace('""', '"')
    return "".join(c.lower() if c.isascii() else c for c in token.text)


def keyword(name: str) -> bool:
    """Whether a name, quotes off, is a word of the grammar: psql calls a column "Table" beside the literal 'table'."""
    return name.isascii() and not {name.upper(), f"{name.upper()}_P"}.isdisjoint(_WORDS)


def same_tree(one: Any, other: Any) -> bool:
    """Whether two trees are equal, places in the text aside."""
    pairs = [(one, other)]
    while pairs:
        a, b = pairs.pop()
        if isinstance(a, dict) and isinstance(b, dict):
            keys = a.keys() - _PLACES
            if keys != b.keys() - _PLACES:
                return False
            pairs.extend((a[k], b[k]) for k in keys)
        elif isinstance(a, list) and isinstance(b, list):
            if len(a) != len(b):
                return False
            pairs.extend(zip(a, b, strict=True))
        elif a != b:
            return False
    return True


def _check_text(text: bytes) -> None:
    if len(text) > MAX_TEXT:
        raise NotUnderstood("the statement is longer than 1 MiB")
    if b"\0" in text:
        raise NotUnderstood("the statement holds a NUL byte")
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        raise NotUnderstood("the statement isn't UTF-8") from None


def _tokens(text: bytes) -> tuple[Token, ...]:
    try:
        found = _postgast.scan(text.decode("utf-8")).tokens
    except (_postgast.PgQueryError, UnicodeDecodeError, ValueError):
        raise NotUnderstood(_UNKNOWN) from None
    if len(found) > MAX_TOKENS:
        raise NotUnderstood("the statement is too long to judge; split it")
    try:
        return tuple(
            Token(t.start, t.end, _NAMES.get(t.token, "?"), text[t.start : t.end].decode("utf-8")) for t in found
        )
    except UnicodeDecodeError:
        raise NotUnderstood(_UNKNOWN) from None


def _tree(text: bytes) -> Mapping[str, Any]:
    result = lib.pg_query_parse(text)
    try:
        if result.error:
            raise NotUnderstood(_UNKNOWN)
        document = orjson.loads(result.parse_tree)
    except orjson.JSONDecodeError:
        raise NotUnderstood("the statement is nested too deeply to judge") from None
    finally:
        lib.pg_query_free_parse_result(result)
    assert isinstance(document, dict)
    return document
