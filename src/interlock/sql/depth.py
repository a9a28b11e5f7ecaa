"""How deep a text's tree can be at most, from its bytes alone: what a hostile text may not do to the native parser.

One walk of our own over the words, brackets and operators, which knows PostgreSQL's lexical rules (strings in every
spelling, dollar quotes, nested comments) and of its grammar only what deepens a tree:

    a + b :: t COLLATE c      a chain: one level for each operator or keyword
    ( ... )  CASE ... END     one level, and under the chain that goes on behind it
    x AND y OR z, w           parts side by side: the deepest counts
    a JOIN b JOIN c           one level each; UNION, INTERSECT, EXCEPT likewise, over what stands between them

It never tells less than the tree has, give or take the few levels that each of these takes in a tree: a word that could
separate parts but might be a name (after a dot) separates nothing.

Source: PostgreSQL 18, src/backend/parser/scan.l and the rules a_expr, c_expr, table_ref and select_clause of gram.y.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from interlock.sql.unparsable import TOO_COMPLEX, Unparsable

MAX_DEPTH: Final = 500
MAX_TOKENS: Final = 50_000  # judging as many takes about a second, during which nobody else is served

# No possessive quantifiers: early Python 3.11 matches too much with them (python/cpython#106052). Where one could step
# back it is a comment's end that holds it (`(?![^\n\r])`); all others stand where nothing behind them can fail.
_BLANKS: Final = b" \t\n\r\f\v"
_LINE: Final = rb"--[^\n\r]*(?![^\n\r])"
_E_BODY: Final = rb"'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'?"
_GO_ON: Final = rb"(?:[ \t\f\v]|" + _LINE + rb")*[\n\r](?:[ \t\f\v\n\r]|" + _LINE + rb")*"  # a string goes on behind it
_TOKEN: Final = re.compile(
    rb"[ \t\n\r\f\v]*(?:"
    rb"(?P<escape>[eE]" + _E_BODY + rb"(?:" + _GO_ON + _E_BODY + rb")*)"
    rb"|(?P<word>[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*)"
    rb"|(?P<open>[(\[])|(?P<close>[)\]])|(?P<comma>,)|(?P<semicolon>;)|(?P<dot>\.)"
    rb"|(?P<flat>'[^']*'?|\"[^\"]*\"?|[0-9]+(?:\.[0-9]*)?|\$[0-9]+)"
    rb"|(?P<dollar>\$(?:[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)?\$)"
    rb"|(?P<line>" + _LINE + rb")|(?P<comment>/\*)"
    rb"|(?P<cast>::)"
    rb"|(?P<operator>(?:(?!--|/\*)[-+*/<>=~!@#%^&|`?])+)"
    rb"|(?P<other>[^ \t\n\r\f\v])"
    rb")",
    re.DOTALL,
)
_COMMENT: Final = re.compile(rb"/\*|\*/")

# Reserved words that end one part and begin another; as a name they can only follow a dot, or end an expression.
_PARTS: Final = frozenset({b"OR", b"ON", b"WHEN", b"THEN", b"ELSE"})
_SETS: Final = frozenset({b"UNION", b"INTERSECT", b"EXCEPT"})
# Words of a_expr that make a level each. Others stand beside what they belong to, or need brackets.
_CHAINED: Final = frozenset(
    b"NOT IS ISNULL NOTNULL LIKE ILIKE SIMILAR BETWEEN COLLATE AT OVERLAPS OPERATOR IN ESCAPE UNIQUE".split()
)
_OURS: Final = frozenset({b"CASE", b"BEGIN", b"ATOMIC", b"END", b"AND", b"JOIN"}) | _PARTS | _SETS | _CHAINED
_SIGNS: Final = frozenset({"open", "close", "semicolon", "operator", "cast"})
_DEEPENING: Final = b"([:-+*/<>=~!@#%^&|`?"
_DEEPENING_WORDS: Final = (b"CASE", b"ATOMIC", b"JOIN", *_SETS, *_CHAINED)
# Of a text in capitals. Signs side by side are one operator, unless a sign that may be one more or begin a comment is
# among them: then each counts.
_SIGN: Final = rb"[-+*/<>=~!@#%^&|`?]"
_DEEPER: Final = re.compile(
    rb"[(\[]|(?<!" + _SIGN + rb")[<>=~!@#%^&|`?]+(?!" + _SIGN + rb")|" + _SIGN + rb"|:"
    rb"|(?<![A-Z_])(?:" + b"|".join(sorted(_DEEPENING_WORDS)) + rb")(?![A-Z0-9_$\x80-\xff])"
)  # fmt: skip
_TOO_DEEP: Final = f"the statement is nested deeper than {MAX_DEPTH} levels"
_TOO_MANY: Final = f"the statement has more than {MAX_TOKENS} words and signs; split it"


@dataclass(slots=True)
class _Level:
    """What is between two brackets, as read so far: the part, the run of joined parts, the whole."""

    case: bool = False  # opened by CASE or BEGIN ATOMIC, closed by END
    chain: int = 0
    inside: int = 0  # the deepest bracket of this part
    part: int = 0  # the deepest part of this run
    joins: int = 0
    run: int = 0  # the deepest run of this statement
    sets: int = 0
    statement: int = 0
    between: int = 0  # BETWEENs whose AND hasn't come: that one parts nothing

    def end_part(self) -> None:
        self.part = max(self.part, self.chain + self.inside)
        self.chain = self.inside = 0

    def end_run(self) -> None:
        self.end_part()
        self.run = max(self.run, self.joins + self.part)
        self.joins = self.part = 0

    def end_statement(self) -> None:
        self.end_run()
        self.statement = max(self.statement, self.sets + self.run)
        self.sets = self.run = self.between = 0

    def depth(self) -> int:
        self.end_statement()
        return self.statement


def demand_shallow(text: bytes) -> None:
    """Raises `Unparsable` where the text has too many tokens, or its tree could be deeper than `MAX_DEPTH`."""
    if len(text) <= MAX_DEPTH:  # a level takes a byte at least
        return
    if len(text) > MAX_TOKENS or most_levels(text) > MAX_DEPTH:  # and so does a token
        depth_of(text)


def most_levels(text: bytes) -> int:
    """As many levels as `depth_of` can tell, and more: all that may deepen a tree, wherever it stands.

    Some scans at the speed of memory, and where these tell too much a closer one: enough for most of 300 lines.
    """
    upper = text.upper()
    most = len(text) - len(text.translate(None, _DEEPENING)) + sum(map(upper.count, _DEEPENING_WORDS))
    return most if most <= MAX_DEPTH else len(_DEEPER.findall(upper))


def depth_of(text: bytes) -> int:
    """How deep the tree of this text is at most; raises `Unparsable` as soon as that is past a limit."""
    text = text.rstrip(_BLANKS)  # else the last look for a word would step back over them one by one
    walk = _Walk()
    at, count = 0, 0
    while (match := _TOKEN.match(text, at)) is not None:
        at, kind = match.end(), match.lastgroup
        count += 1
        if count > MAX_TOKENS:
            raise Unparsable(_TOO_MANY, sqlstate=TOO_COMPLEX)
        if kind == "word":
            word = match[kind].upper()
            if word in _OURS:
                walk.word(word)
            else:
                walk.before = word
        elif kind == "comma":
            walk.comma()
        elif kind == "comment":
            at = _behind_comment(text, at)
        elif kind == "dollar":
            walk.before = b""
            at = _behind_dollars(text, match[kind], at)
        elif kind != "line":
            walk.before = b"." if kind == "dot" else b""
            if kind in _SIGNS:
                walk.sign(kind, match[kind])
    return walk.depth()


class _Walk:
    """The levels that are open. `before`: the word before, or a dot."""

    def __init__(self) -> None:
        self.before = b""
        self._open = [_Level()]
        self._brackets = 0

    def word(self, word: bytes) -> None:
        before, self.before = self.before, word
        level = self._open[-1]
        if before == b".":
            return  # a name, whatever it says
        if word == b"CASE" or (word == b"ATOMIC" and before == b"BEGIN"):
            self._begin(_Level(case=True))
        elif word == b"END":
            if level.case:
                self._end()
        elif word == b"AND" and level.between:
            level.between -= 1
        elif word == b"AND" or word in _PARTS:
            level.end_part()
        elif word in _SETS:
            level.end_run()
            level.sets += 1
        elif word == b"JOIN":  # may be a function's name too: it ends no part
            level.joins += 1
        elif word in _CHAINED:
            level.chain += 1
            level.between += word == b"BETWEEN"

    def sign(self, kind: str, sign: bytes) -> None:
        level = self._open[-1]
        match kind:
            case "open":
                self._begin(_Level())
                self._brackets += 1
            case "close":
                self._close_bracket()
            case "semicolon":
                level.end_statement()
            case "operator":  # one that ends in + or - may be several (scan.l)
                level.chain += len(sign) if sign[-1:] in (b"+", b"-") else 1
            case _:  # a cast
                level.chain += 1

    def comma(self) -> None:
        """Parts stand side by side."""
        self.before = b""
        self._open[-1].end_part()

    def depth(self) -> int:
        while len(self._open) > 1:
            self._end()
        depth = self._open[0].depth()
        if depth > MAX_DEPTH:
            raise Unparsable(_TOO_DEEP, sqlstate=TOO_COMPLEX)
        return depth

    def _begin(self, level: _Level) -> None:
        if len(self._open) > MAX_DEPTH:
            raise Unparsable(_TOO_DEEP, sqlstate=TOO_COMPLEX)
        self._open.append(level)

    def _end(self) -> None:
        ended = self._open.pop()
        self._open[-1].inside = max(self._open[-1].inside, 1 + ended.depth())

    def _close_bracket(self) -> None:
        if self._brackets:
            self._brackets -= 1
            while self._open[-1].case:
                self._end()
            self._end()


def _behind_dollars(text: bytes, tag: bytes, at: int) -> int:
    end = text.find(tag, at)
    return len(text) if end < 0 else end + len(tag)


def _behind_comment(text: bytes, at: int) -> int:
    depth = 1
    for count, mark in enumerate(_COMMENT.finditer(text, at)):
        if count > MAX_TOKENS:
            raise Unparsable(_TOO_MANY, sqlstate=TOO_COMPLEX)
        depth += 1 if mark[0] == b"/*" else -1
        if depth == 0:
            return mark.end()
    return len(text)
