"""Mask tokens: how one is written, and whether a text holds one (writing a mask back would destroy the real value).

[phi.mrn]            a constant: every value of that label becomes it
[phi.mrn:K7Q4...]    keyed: what stands behind the colon is the value, sealed (`pseudonyms.py`), in base32; or a hash of
                     it (`rules/one_way.py`), or random (`rules/surrogate.py`)
[phi.name#2]         numbered: the second name of one call
[pci.pan:*4242]      partial: what is shown of the value, beside a star for all that isn't
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Callable, Container, Iterable, Iterator
from itertools import takewhile

from interlock.model.label import Label

_HASHED = 20  # bytes of a hash (`rules/one_way.py`) and of a surrogate
_SEALED = 16  # and in what steps seals grow (`pseudonyms.py`), from two on

# A label in brackets, as `model/label.py` writes them, in any case since models change it. One word alone isn't enough:
# `[0-9]`, `[abc]` or `a[i]` stand in many texts, so a label without a dot is written `[phi.*]`. A keyed token counts
# from its beginning, since they are long and get cut: 26 characters are the shortest seal; fewer before an ellipsis.
_LABELS = r"\[([a-z][a-z0-9_]{0,31}(?:(?:\.[a-z0-9_]{1,32}){1,5}(?:\.\*)?|\.\*))"
_TOKEN = re.compile(
    rf"{_LABELS}(?:\]|#[0-9]{{1,9}}\]|:(?:[a-z2-7]{{26}}|[a-z2-7]{{4,25}}\.\.|\*[a-z0-9@._-]{{1,260}}\]|[a-z]\*\]))",
    re.IGNORECASE | re.ASCII,
)
_OWN = re.compile(
    r"\[((?:phi|pii|pci|secret|quasi|masked)(?:\.(?:[a-z_]{1,32}|zip3|auth0)){0,5})(?:\.\*)?"
    r"(?:\]|#[0-9]{1,6}\]|:(?:([a-z2-7]{26,1000})|[a-z]\*|\*[a-z0-9]{4}|\*@((?:[a-z0-9-]{1,63}\.){1,4}[a-z0-9-]{2,63}))\])",
    re.IGNORECASE | re.ASCII,
)
_MOST_SHOWN = 4  # digits of a domain
_KEYED = re.compile(rf"{_LABELS}:([a-z2-7]{{26,1000}})\]", re.IGNORECASE | re.ASCII)


def token_of(labels: Iterable[Label]) -> str:
    """The token for a value with these labels: the one, or what all of them lie under (`[phi.name.*]`, `[masked.*]`).

    A value that may be of any of fifteen kinds isn't named after one of them: that would be a guess, told as a fact.
    """
    words, whole = _shared(labels)
    return f"[{'.'.join(words)}]" if whole and len(words) > 1 else f"[{'.'.join(words)}.*]"


def shared_label(labels: Iterable[Label]) -> Label:
    """The label that `token_of` names: the one, or what all of them lie under; `masked` where nothing is."""
    return Label(".".join(_shared(labels)[0]))


def _shared(labels: Iterable[Label]) -> tuple[list[str], bool]:
    """The words of a token's label, and whether that is one of the labels and not just above them."""
    found = {tuple(label.split(".")) for label in labels}
    found = {label for label in found if not any(other[: len(label)] == label for other in found - {label})}
    if len(found) == 1:
        return list(*found), True
    alike = takewhile(lambda words: len(set(words)) == 1, zip(*found, strict=False))
    return [words[0] for words in alike] or ["masked"], False


def only_label(labels: Iterable[Label]) -> Label | None:
    """The one label that tells all of them, its own parents aside; None when there are several."""
    found = frozenset(labels)
    lowest = [each for each in found if not any(other.startswith(f"{each}.") for other in found)]
    return lowest[0] if len(lowest) == 1 else None


def keyed_token(label: Label, sealed: bytes) -> str:
    """The token that holds a sealed value."""
    return f"{token_of([label])[:-1]}:{base64.b32encode(sealed).decode().rstrip('=')}]"


def numbered_token(label: Label, number: int) -> str:
    """The token of one among several values of a call."""
    return f"{token_of([label])[:-1]}#{number}]"


def partial_token(label: Label, shown: str) -> str:
    """The token that shows a part: `*4242`, `J*`, `*@example.com`. What is shown is letters, digits and `@._-`."""
    return f"{token_of([label])[:-1]}:{shown}]"


def replace_keyed(text: str, replacement: Callable[[str], str]) -> str:
    """The text with each keyed token in it replaced by what `replacement` makes of it; that isn't looked at again."""
    return _KEYED.sub(lambda found: replacement(found[0]), text)


def read_keyed(text: str) -> tuple[Label, bytes] | None:
    """(label, sealed value) of a text that is one keyed token, in any case, and nothing else; else None."""
    found = _KEYED.fullmatch(text)
    if found is None:
        return None
    label, written = Label(found[1].lower().removesuffix(".*")), found[2].upper()
    try:
        sealed = base64.b32decode(written + "=" * (-len(written) % 8))
    except binascii.Error:
        return None
    return (label, sealed) if keyed_token(label, sealed).casefold() == text.casefold() else None


def own_tokens(text: str, labels: Container[str] | None = None) -> Iterator[tuple[int, int]]:
    """Where a text holds whole tokens of our own kinds of label: what is found inside of one isn't a value.

    Not a proof that we made them. But nothing fits in there that could be read as it stands: of keyed ones what is
    sealed has a length that we make, and a domain or number has few digits. With `labels`, a label is one of those,
    or words could be written as one.
    """
    for found in _OWN.finditer(text) if "[" in text else ():
        told = found[1].lower()
        if labels is not None and told not in labels and told != "masked":
            continue
        if sum(map(str.isdigit, found[3] or "")) > _MOST_SHOWN:
            continue
        if found[2] is None or _sealed_here(found[0]):
            yield found.span()


def _sealed_here(token: str) -> bool:
    read = read_keyed(token)
    return read is not None and (
        len(read[1]) == _HASHED or (len(read[1]) >= 2 * _SEALED and len(read[1]) % _SEALED == 0)
    )


def holds_token(text: str | bytes) -> bool:
    """Whether a value to be written holds a mask token, whoever made it; full-width forms are seen too.

    Ask it of literals and parameters. Of a whole statement it would also answer yes for a subscript such as `a[t.i]`.
    """
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return _TOKEN.search(text) is not None
