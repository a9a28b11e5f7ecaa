"""Cuts a policy text into its statements, with line numbers, since Cedar's own messages have none.

Only the cut is ours: strings, comments and semicolons. What a statement means is Cedar's to say, one statement at a
time, and each must be exactly one policy (`checks`), so a cut that Cedar would make elsewhere can't hide anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Cedar's lexer: a comment ends at either line character, a string may span lines and escapes with a backslash.
_TOKEN = re.compile(
    r"""
    (?P<blank>\s+|//[^\n\r]*)
    | (?P<string>"(?:\\.|[^"\\])*")
    | (?P<at>@) | (?P<end>;) | (?P<word>\w+) | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One policy as written: its text, the line it starts on, and the name and line of each annotation in order."""

    file: str
    line: int
    text: str
    annotations: tuple[tuple[str, int], ...]

    def line_of(self, annotation: str) -> int:
        """The line of the first annotation of that name, or the statement's own."""
        return next((line for name, line in self.annotations if name == annotation), self.line)


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """Something wrong in a source, and where."""

    file: str
    line: int
    sentence: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.sentence}"


def split(file: str, text: str) -> Iterator[Statement]:
    """The statements of `text`. A last piece without its semicolon is one too; Cedar then refuses it."""
    begin: re.Match[str] | None = None
    annotations: list[tuple[str, int]] = []
    after_at: int | None = None
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "blank":
            continue
        begin = begin or token
        if token.lastgroup == "word" and after_at is not None:
            annotations.append((token[0], after_at))
        after_at = _line(text, token) if token.lastgroup == "at" else None
        if token.lastgroup == "end":
            yield Statement(file, _line(text, begin), text[begin.start() : token.end()], tuple(annotations))
            begin, annotations = None, []
    if begin is not None:
        yield Statement(file, _line(text, begin), text[begin.start() :], tuple(annotations))


def _line(text: str, token: re.Match[str]) -> int:
    return text.count("\n", 0, token.start()) + 1
