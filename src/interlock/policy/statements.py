"""Cuts a policy text into its statements, with line numbers, since Cedar's own messages have none.

Only the cut is ours: strings, comments and semicolons. What a statement means is Cedar's to say, one statement at a
time, and each must be exactly one policy (`checks`), so a cut that Cedar would make elsewhere can't hide anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Cedar's lexer: a comment ends at either line character, a string may span lines and escapes with a backslash. No
# text can be met in two ways, so that none takes long, and a look ahead keeps a name from being found within a comment.
# Not by possessive quantifiers: early releases of Python 3.11 match too much with them (python/cpython#106052).
_TOKEN = re.compile(
    r"""
    (?P<blank>(?:\s+|//[^\n\r]*)+)
    | "[^"\\]*(?:\\.[^"\\]*)*"
    | @(?:\s|//[^\n\r]*(?![^\n\r]))*(?P<annotation>\w+)
    | (?P<end>;)
    | [^"@;/]+
    | .
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


# Cedar's reader is recursive and has been seen to end the whole process: at 800 brackets within each other, at 4,000
# operators in a row. Its own limit is a nesting of 100, which it tells in good order where it comes to telling.
DEEPEST = 100
MOST_OPERATORS = 1_000

_BUILT = re.compile(
    r"""
    //[^\n\r]*
    | "[^"\\]*(?:\\.[^"\\]*)*"
    | (?P<open>[(\[{])
    | (?P<close>[)\]}])
    | (?P<operator>&&|\|\||[-+*!.<>=]|\b(?:if|then|else|in|is|has|like)\b)
    """,
    re.VERBOSE | re.DOTALL,
)


def too_deep(text: str) -> str | None:
    """Why Cedar may not be handed this text of one policy; None when it may."""
    depth = operators = 0
    for token in _BUILT.finditer(text):
        if token.lastgroup == "open":
            depth += 1
        elif token.lastgroup == "close":
            depth -= 1
        elif token.lastgroup == "operator":
            operators += 1
        if depth > DEEPEST:
            return f"this is nested more than {DEEPEST} deep"
    if operators > MOST_OPERATORS:
        return f"this has more than {MOST_OPERATORS} operators: make several policies of it"
    return None


def split(file: str, text: str) -> Iterator[Statement]:
    """The statements of `text`. A last piece without its semicolon is one too; Cedar then refuses it."""
    begin: tuple[int, int] | None = None  # where the statement begins, and on which line
    annotations: list[tuple[str, int]] = []
    line, counted = 1, 0
    for token in _TOKEN.finditer(text):
        if token.lastgroup == "blank":
            continue
        if begin is None or token.lastgroup == "annotation":
            line, counted = line + text.count("\n", counted, token.start()), token.start()
        begin = begin or (token.start(), line)
        if token.lastgroup == "annotation":
            annotations.append((token["annotation"], line))
        elif token.lastgroup == "end":
            yield Statement(file, begin[1], text[begin[0] : token.end()], tuple(annotations))
            begin, annotations = None, []
    if begin is not None:
        yield Statement(file, begin[1], text[begin[0] :], tuple(annotations))
