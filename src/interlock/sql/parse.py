"""Text to tokens and tree, through the server's own parser (libpg_query in postgast).

The parser is C and reads hostile text inside the gateway, so limits come first. Its recursive printers have no stack
check: on an 8 MiB stack about 70,000 chained operators crash the JSON printer, about 5,000 the protobuf one. How deep a
tree can be is therefore bounded before parsing (`depth.py`), and the tree is read as JSON (orjson refuses more than
1,024 levels). The protobuf tree and the deparser are never used: the latter also crashes on short, valid statements.
A door has hostile texts parsed in another process first (`doors.postgres.tasting`).

Every failure here is `NotUnderstood`. What the grammar refuses is `Unparsable`: the server's own message, which quotes
the text, goes with it out of the reach of records and logs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from importlib import import_module
from itertools import repeat
from operator import attrgetter
from typing import Any, Final, NamedTuple

import orjson

from interlock.errors import NotUnderstood
from interlock.sql.depth import MAX_TOKENS, demand_shallow
from interlock.sql.unparsable import TOO_COMPLEX, TOO_LONG, Unparsable

# Imported by name: the stub of postgast's generated protobuf module isn't valid Python, and mypy stops at it.
_postgast: Any = import_module("postgast")
lib: Any = import_module("postgast.native").lib

MAX_TEXT: Final = 10 << 20  # bytes

LITERALS: Final = frozenset({"SCONST", "USCONST", "ICONST", "FCONST", "BCONST", "XCONST", "PARAM"})
COMMENTS: Final = frozenset({"SQL_COMMENT", "C_COMMENT"})
_KEPT: Final = LITERALS | {"UIDENT"}  # as they are written, in the one spelling of a text

_PLACES: Final = frozenset(
    {"location", "stmt_location", "stmt_len", "rexpr_list_start", "rexpr_list_end", "list_start", "list_end"}
)
_NAMES: Final[Mapping[int, str]] = {v.number: v.name for v in _postgast.pg_query_pb2.Token.DESCRIPTOR.values}
# The scanner has no other tokens of letters alone or with _P behind them than its keywords and these.
_WORDS: Final = frozenset(_NAMES.values()) - LITERALS - COMMENTS - {"IDENT", "UIDENT", "NUL", "MODE_TYPE_NAME"}
_PLACED: Final = attrgetter("start", "end", "token")
_UNKNOWN = "the text isn't SQL that PostgreSQL's grammar accepts"
_TOO_MANY = f"the statement has more than {MAX_TOKENS} words and signs; split it"

# The SQLSTATEs that the grammar gives besides 42601, by what its messages hold that can't be the text's own words.
# Source: PostgreSQL 18, scan.l and gram.y; `tests/doors/postgres/test_misspelt.py` compares them with the server's.
_SYNTAX_ERROR: Final = "42601"
_OTHER_CODES: Final[Mapping[str, tuple[str, ...]]] = {
    "0A000": (
        "not yet implemented",
        "not supported on recursive views",
        "CREATE OR REPLACE CONSTRAINT TRIGGER is not supported",
        "constraints cannot be marked",
        "constraints cannot be altered",
        "cannot include schema elements",
        "aggregates cannot have output arguments",
        "current database cannot be changed",
        "only string constants are supported in JSON_TABLE",
        "UNENCRYPTED PASSWORD is no longer supported",
    ),
    "22023": ("precision for type float", "unrecognized JSON encoding", "unrecognized partitioning strategy"),
    "22021": ("invalid byte sequence for encoding",),
    "42710": ("provided more than once",),
    "42939": ("role name ", "cannot be used as a role name"),
    "42P20": ("frame start", "frame end"),
}


class Token(NamedTuple):
    """One token: byte offsets into the text, the scanner's name for it, and its text.

    A tuple, since a text of 300 lines has thousands: they are made without a line of Python for each.
    """

    start: int
    end: int
    name: str
    text: str


_TOKEN: Final = partial(tuple.__new__, Token)


@dataclass(frozen=True)
class Parsed:
    """A text with its tokens and the trees of its statements (empty ones don't count).

    `starts`: the byte offset at which the parser says that each statement begins. `scanned`: what the scanner gave, of
    which tokens are made when somebody asks for them.
    """

    text: bytes
    statements: tuple[Mapping[str, Any], ...] = field(repr=False)
    starts: tuple[int, ...] = field(repr=False)
    scanned: Sequence[Any] = field(repr=False, compare=False)

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """Every token, comments among them."""
        if not self.scanned:
            return ()
        starts, ends, codes = zip(*map(_PLACED, self.scanned), strict=True)
        places = map(slice, starts, ends)
        if self.text.isascii():
            texts = map(self.text.decode("ascii").__getitem__, places)
        else:
            texts = map(bytes.decode, map(self.text.__getitem__, places))
        return tuple(map(_TOKEN, zip(starts, ends, map(_NAMES.get, codes, repeat("?")), texts, strict=True)))


def parse(text: bytes) -> Parsed:
    """Tokens and trees of `text` (UTF-8). Raises `NotUnderstood` for anything that the grammar or our limits refuse."""
    demand_limits(text)
    scanned = _scanned(text)
    found = [s for s in _tree(text).get("stmts", ()) if s.get("stmt")]
    starts = tuple(int(s.get("stmt_location", 0)) for s in found)
    parsed = Parsed(text, tuple(s["stmt"] for s in found), starts, scanned)
    if not text.isascii():
        _demand_whole(parsed)
    return parsed


def canonical(parsed: Parsed) -> str:
    """The one spelling of a text: comments, spacing, case of keywords and of unquoted names gone, literals kept.

    Made of the scanner's tokens, so different trees never share a spelling. libpg_query's deparser isn't used: it
    crashes the process on valid statements as short as `LOAD ''` (found by fuzzing).
    """
    tokens = [t for t in parsed.tokens if t.name not in COMMENTS]
    while tokens and tokens[-1].text == ";":
        tokens.pop()
    each = {t[2:]: t for t in tokens}  # a word is spelled once, however often it stands there
    spelling = {key: t.text if t.name in _KEPT else spelled(t) for key, t in each.items()}
    return " ".join([spelling[token[2:]] for token in tokens])


def spelled(token: Token) -> str:
    """A keyword in lower case, an identifier as the server reads it and quoted, anything else as it is."""
    if token.name == "IDENT":
        return '"' + identifier(token).replace('"', '""') + '"'
    return token.text.lower() if token.text.isascii() else token.text


def identifier(token: Token) -> str:
    """An identifier token as the server reads it: quotes off, or folded to lower case (ASCII alone, as for UTF-8)."""
    if token.text.startswith('"'):
        return token.text[1:-1].replace('""', '"')
    if token.text.isascii():
        return token.text.lower()
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


def demand_limits(text: bytes) -> None:
    """Raises `Unparsable` where a text is past what is given to the native parser."""
    if len(text) > MAX_TEXT:
        raise Unparsable(f"the statement is longer than {MAX_TEXT >> 20} MiB", sqlstate=TOO_LONG)
    if b"\0" in text:
        raise NotUnderstood("the statement holds a NUL byte")
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        told = f'invalid byte sequence for encoding "UTF8": {_told_bytes(text[error.start :])}'
        raise Unparsable("the statement isn't UTF-8", sqlstate="22021", told=told) from None
    demand_shallow(text)


def _told_bytes(wrong: bytes) -> str:
    """The bytes as the server quotes them: as many as the first announces."""
    first = wrong[0]
    announced = 1 if first < 0xC0 else 2 if first < 0xE0 else 3 if first < 0xF0 else 4 if first < 0xF8 else 1
    return " ".join(f"0x{byte:02x}" for byte in wrong[:announced])


def _scanned(text: bytes) -> Sequence[Any]:
    try:
        found = _postgast.scan(text.decode("utf-8")).tokens
    except _postgast.PgQueryError:
        _tree(text)  # the grammar may have stopped at an earlier place
        raise NotUnderstood(_UNKNOWN) from None
    except (UnicodeDecodeError, ValueError):
        raise NotUnderstood(_UNKNOWN) from None
    if len(found) > MAX_TOKENS:
        raise Unparsable(_TOO_MANY, sqlstate=TOO_COMPLEX)
    scanned: Sequence[Any] = found
    return scanned


def _demand_whole(parsed: Parsed) -> None:
    """Raises `NotUnderstood` where a token ends within a character."""
    try:
        len(parsed.tokens)
    except UnicodeDecodeError:
        raise NotUnderstood(_UNKNOWN) from None


def _refused(error: Any) -> Unparsable:
    """What the server would say: libpg_query has its messages and places, but not its codes."""
    message = error.message.decode("utf-8", "replace")
    code = _SYNTAX_ERROR
    if error.funcname != b"scanner_yyerror":  # that one quotes the text, and always is a syntax error
        if message == "invalid Unicode escape" and error.filename == b"scan.l":
            code = "22025"
        code = next((c for c, said in _OTHER_CODES.items() if any(part in message for part in said)), code)
    return Unparsable(_UNKNOWN, sqlstate=code, told=message, position=max(error.cursorpos, 0))


def _tree(text: bytes) -> Mapping[str, Any]:
    result = lib.pg_query_parse(text)
    try:
        if result.error:
            raise _refused(result.error.contents)
        document = orjson.loads(result.parse_tree)
    except orjson.JSONDecodeError:
        raise Unparsable("the statement is nested too deeply to judge", sqlstate=TOO_COMPLEX) from None
    finally:
        lib.pg_query_free_parse_result(result)
    assert isinstance(document, dict)
    return document
