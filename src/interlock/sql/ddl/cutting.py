"""A file of DDL cut into its statements, as psql cuts it: backslash lines and COPY's rows are passed over.

PostgreSQL's documentation: SQL Syntax, lexical structure; psql's meta-commands; COPY's file formats (`\\.` ends rows).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_PART: Final = re.compile(
    rb"""(?P<space>\s+|--[^\n]*)
    |(?P<open>/\*)
    |(?P<quoted>[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*")
    |(?P<dollar>\$(?:[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)?\$)
    |(?P<word>[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT: Final = re.compile(rb"/\*|\*/")
_ROWS_FOLLOW: Final = re.compile(rb"copy\b.*\bfrom\s+stdin\b", re.IGNORECASE | re.DOTALL)
_ROWS_END: Final = re.compile(rb"^\\\.\r?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement: its text without the semicolon, and the line (from 1) on which it begins."""

    text: bytes
    line: int


def pieces(text: bytes) -> Iterator[Piece]:
    """Every statement in the text. What isn't closed (a quote, a comment) runs to the end: the parser refuses it."""
    at = counted = 0
    line = 1
    while (at := _begins(text, at)) < len(text):
        line += text.count(b"\n", counted, at)
        counted, end = at, _ends(text, at)
        piece = text[at:end]
        yield Piece(piece, line)
        at = end + 1
        if _ROWS_FOLLOW.match(piece):
            found = _ROWS_END.search(text, at)
            at = found.end() if found else len(text)


def _begins(text: bytes, at: int) -> int:
    """Where the next statement begins: behind space, comments, lone semicolons and backslash lines."""
    while at < len(text):
        found = _PART.match(text, at)
        assert found is not None
        if found.lastgroup == "space":
            at = found.end()
        elif found.lastgroup == "open":
            at = _comment_end(text, at)
        elif found[0] == b"\\":
            at = _line_end(text, at)
        elif found[0] == b";":
            at = found.end()
        else:
            break
    return at


def _ends(text: bytes, at: int) -> int:
    """Where the semicolon stands that ends the statement which begins here."""
    depth = atomic = 0
    before = b""
    while at < len(text):
        found = _PART.match(text, at)
        assert found is not None
        part, kind = found[0], found.lastgroup
        if part == b";" and depth <= 0 and atomic == 0:
            return at
        depth += (part == b"(") - (part == b")")
        if kind == "word":
            atomic += _deepens(part.lower(), before, atomic)
        before = part.lower() if kind not in ("space", "open") else before
        at = _behind(text, found)
    return at


def _deepens(word: bytes, before: bytes, atomic: int) -> int:
    """Semicolons within BEGIN ATOMIC ... END end no statement; CASE has an END of its own there."""
    if word == b"atomic" and before == b"begin":
        return 1
    if atomic:
        return (word == b"case") - (word == b"end")
    return 0


def _behind(text: bytes, found: re.Match[bytes]) -> int:
    if found.lastgroup == "open":
        return _comment_end(text, found.start())
    if found.lastgroup == "dollar":
        end = text.find(found[0], found.end())
        return len(text) if end < 0 else end + len(found[0])
    return found.end()


def _comment_end(text: bytes, at: int) -> int:
    depth = 0
    while (found := _COMMENT.search(text, at)) is not None:
        depth += 1 if found[0] == b"/*" else -1
        at = found.end()
        if depth == 0:
            return at
    return len(text)


def _line_end(text: bytes, at: int) -> int:
    end = text.find(b"\n", at)
    return len(text) if end < 0 else end + 1
