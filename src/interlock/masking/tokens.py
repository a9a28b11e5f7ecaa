"""Mask tokens: how one is written, and whether a text holds one (writing a mask back would destroy the real value)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import takewhile

from interlock.model.label import Label

# A label in brackets, as `model/label.py` writes them, in any case since models change it. One word alone isn't enough:
# `[0-9]`, `[abc]` or `a[i]` stand in many texts, so a label without a dot is written `[phi.*]`.
_TOKEN = re.compile(r"\[[a-z][a-z0-9_]{0,31}(?:(?:\.[a-z0-9_]{1,32}){1,5}(?:\.\*)?|\.\*)\]", re.IGNORECASE | re.ASCII)


def token_of(labels: Iterable[Label]) -> str:
    """The token for a value with these labels: the one, or what all of them lie under (`[phi.name.*]`, `[masked.*]`).

    A value that may be of any of fifteen kinds isn't named after one of them: that would be a guess, told as a fact.
    """
    found = {tuple(label.split(".")) for label in labels}
    found = {label for label in found if not any(other[: len(label)] == label for other in found - {label})}
    if len(found) == 1:
        (parts,) = found
        return f"[{'.'.join(parts)}]" if len(parts) > 1 else f"[{parts[0]}.*]"
    alike = takewhile(lambda words: len(set(words)) == 1, zip(*found, strict=False))
    shared = [words[0] for words in alike]
    return f"[{'.'.join(shared or ['masked'])}.*]"


def holds_token(text: str | bytes) -> bool:
    """Whether a value to be written holds a mask token, whoever made it; full-width forms are seen too.

    Ask it of literals and parameters. Of a whole statement it would also answer yes for a subscript such as `a[t.i]`.
    """
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _TOKEN.search(text) is not None
