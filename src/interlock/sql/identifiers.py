"""Identifiers that look as if they carried data. They are always shown and stored, so such a statement is refused."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from interlock.model.snapshot import Snapshot
from interlock.sql.catalogs import harmless
from interlock.sql.functions import BUILT_IN_TYPES, class_of
from interlock.sql.parse import COMMENTS, Parsed, Token, identifier, keyword
from interlock.sql.shape import Refusal

MAX_IDENTIFIER: Final = 63  # bytes; NAMEDATALEN - 1
MAX_DIGITS: Final = 5
SHORTEST_ECHO: Final = 3  # characters; `t.kind = 't'` isn't a value that somebody hid in a name
FINDING: Final = Refusal("finding_in_code", "a name in the statement looks like data; names are never hidden")
FINDING_IN_CODE: Final = Refusal("finding_in_code", "something in the code looks like data; code is never hidden")

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_DATE_FIELDS: Final = frozenset({"week", "quarter", "dow", "doy", "isodow", "isoyear", "epoch", "decade", "century"})
_SERVER_SCHEMAS: Final = frozenset({"pg_catalog", "information_schema", "pg_toast"})
_DIGIT = re.compile(r"\d")
_ADDRESS = re.compile(r"\w@\w")
_SPACES = re.compile(r"[ \t\r\n]+")


def invisible(text: str) -> bool:
    """Whether a text holds control, format (bidirectional, zero-width), private or unassigned characters."""
    return any(unicodedata.category(c) in _INVISIBLE for c in text)


def suspicious(token: Token, snapshot: Snapshot) -> bool:
    """Whether an identifier looks like data. Names that the snapshot has are definitions, whatever they look like."""
    if token.name == "UIDENT":
        return True
    if token.name != "IDENT":
        return False
    name = identifier(token)
    plain = name.isascii() and name.isprintable()
    if (not plain and invisible(name)) or len(name.encode()) > MAX_IDENTIFIER:
        return True
    if "@" in name or len(_DIGIT.findall(name)) > MAX_DIGITS:
        return not defined(name, snapshot)
    return False


def echoes(token: Token, values: frozenset[str], snapshot: Snapshot) -> bool:
    """Whether an identifier repeats one of these literal values (case aside)."""
    if token.name != "IDENT" or not values:
        return False
    name = identifier(token)
    return (
        len(name) >= SHORTEST_ECHO
        and name.casefold() in values
        and name not in _DATE_FIELDS
        and not keyword(name)
        and not defined(name, snapshot)
    )


def finding(parsed: Parsed, snapshot: Snapshot) -> Refusal | None:
    """The refusal of a text with such an identifier, or with what looks like data in its code."""
    named = {t.text: t for t in parsed.tokens if t.name in ("IDENT", "UIDENT")}  # each name once
    if any(suspicious(t, snapshot) for t in named.values()):
        return FINDING
    return FINDING_IN_CODE if is_code(parsed) and holds_data(parsed) else None


def is_code(parsed: Parsed) -> bool:
    """Whether a text is code from its first word to its last: it says what is to run at another time."""
    return any("CreateFunctionStmt" in statement for statement in parsed.statements)


def holds_data(parsed: Parsed) -> bool:
    """Whether any word of a code looks like data: a long number, an address, a character that nobody sees."""
    return any(_looks_like_data(token.text) for token in parsed.tokens if token.name not in COMMENTS)


def _looks_like_data(text: str) -> bool:
    words = _SPACES.split(text)
    long = any(len(_DIGIT.findall(word)) > MAX_DIGITS for word in words)
    return long or _ADDRESS.search(text) is not None or invisible("".join(words))


def defined(name: str, snapshot: Snapshot) -> bool:
    """Whether a name is one of the snapshot's or the server's own."""
    if name in _SERVER_SCHEMAS or name in BUILT_IN_TYPES or class_of(name) is not None or harmless("pg_catalog", name):
        return True
    if name in snapshot.functions or name in snapshot.types:
        return True
    return any(
        name in (r.name, r.schema) or any(name == column.name for column in r.columns) for r in snapshot.relations
    )
