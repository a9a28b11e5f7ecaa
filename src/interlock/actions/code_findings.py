"""What content detection finds in code: names, keywords and bodies are shown and stored, so such an action is refused.

By forms alone (`app.content.FORMS`): in code, words are words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from interlock.model.snapshot import Snapshot
from interlock.model.template import Template
from interlock.sql.identifiers import FINDING_IN_CODE, defined

Finds = Callable[[str], Iterable[tuple[int, int]]]
"""Where in a text something was found, in characters."""

WITHHELD: Final = Template(("(code that looks like data)",), ())
_WORD: Final = re.compile(r"\w+")


def nothing(text: str) -> Iterable[tuple[int, int]]:
    """A `Finds` that finds nothing."""
    return ()


def without_findings(
    templates: Sequence[Template], finds: Finds, snapshot: Snapshot
) -> tuple[tuple[Template, ...], str | None]:
    """The templates as they may be stored, and why the action is refused; None where nothing is found.

    What is made of names that the definitions have is theirs, whatever it looks like.
    """
    kept = tuple(WITHHELD if _holds_data(each.stored, finds, snapshot) else each for each in templates)
    return kept, FINDING_IN_CODE.sentence if WITHHELD in kept else None


def _holds_data(code: str, finds: Finds, snapshot: Snapshot) -> bool:
    return any(
        not all(defined(word, snapshot) for word in _WORD.findall(code[start:end])) for start, end in finds(code)
    )
