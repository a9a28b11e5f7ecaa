"""`SELECT * FROM interlock.fetch('review')`: the query that the gateway answers itself, in the one form it takes."""

from __future__ import annotations

from typing import Final

from interlock.sql.effects import FetchResult
from interlock.sql.parse import COMMENTS, Parsed, spelled
from interlock.sql.shape import Refusal
from interlock.sql.tree import constant, typed, walk, words

MAX_REVIEW: Final = 100  # characters of a review's id, and more

_FORM: Final = ("select", "*", "from", '"interlock"', ".", "fetch", "(", "", ")")
_ARGUMENT: Final = _FORM.index("")
_ONLY: Final = Refusal(
    "own_function", "interlock.fetch is asked in one form only: SELECT * FROM interlock.fetch('review id')"
)


def judge(parsed: Parsed) -> FetchResult | Refusal | None:
    """What a text that calls `interlock.fetch` asks for; None when it doesn't call it."""
    if b"interlock" not in parsed.text.lower():
        return None
    calls = [
        fields
        for statement in parsed.statements
        for kind, fields in walk(typed(statement))
        if kind == "FuncCall" and words(fields.get("funcname")) == ("interlock", "fetch")
    ]
    if not calls:
        return None
    tokens = [t for t in parsed.tokens if t.name not in COMMENTS]
    while tokens[-1].text == ";":
        tokens.pop()
    form = tuple("" if n == _ARGUMENT else spelled(t) for n, t in enumerate(tokens))
    if form != _FORM:
        return _ONLY
    if tokens[_ARGUMENT].text == "$1":
        return FetchResult(None)
    review = constant(calls[0]["args"][0]) if tokens[_ARGUMENT].name == "SCONST" else None
    return _ONLY if review is None or len(review) > MAX_REVIEW else FetchResult(review)
