"""Names of tools that are ours on every connection. A server's tool of such a name, or of one that looks like it to a
reader or a model, is never listed and never called."""

from __future__ import annotations

import unicodedata
from typing import Final

AWAIT: Final = "interlock_await_approval"
CANCEL: Final = "interlock_cancel"
HELPERS: Final = frozenset({AWAIT, CANCEL})

_OURS: Final = "interlock"
_ALIKE: Final = str.maketrans({"1": "i", "l": "i", "|": "i", "!": "i", "0": "o"})


def is_reserved(name: str) -> bool:
    """Whether a name begins with ours, or seems to: other case or width, signs between, letters that look alike."""
    folded = unicodedata.normalize("NFKC", name).casefold().translate(_ALIKE)
    letters = [c for c in folded if c.isalnum()][: len(_OURS)]
    ours = _OURS.translate(_ALIKE)
    return len(letters) == len(ours) and all(
        c == want or not c.isascii() for c, want in zip(letters, ours, strict=True)
    )
