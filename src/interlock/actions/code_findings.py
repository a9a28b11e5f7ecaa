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
from interlock.sql.shape import Refusal

Finds = Callable[[str], Iterable[tuple[int, int]] | None]
"""Where in a text something was found, in characters; None while nobody can tell."""

NOT_LOOKED_INTO: Final = Refusal(
    "still_starting", "code can't be looked into yet: the gateway is still starting, or its log says what it misses"
)

WITHHELD: Final = Template(("(code that looks like data)",), ())
_WORD: Final = re.compile(r"\w+")


def nothing(text: str) -> Iterable[tuple[int, int]]:
    """A `Finds` that finds nothing."""
    return ()


def without_findings(
    templates: Sequence[Template], finds: Finds, snapshot: Snapshot
) -> tuple[tuple[Template, ...], str | None]:
    """The templates as they may be stored, and why the action is refused; None where nothing is found.

    What is made of names that the definitions have is theirs, whatever it looks like. What can't be looked into is
    refused, too.
    """
    held = [_held_in(each.stored, finds, snapshot) for each in templates]
    kept = tuple(each if no is None else WITHHELD for each, no in zip(templates, held, strict=True))
    return kept, next((no.sentence for no in held if no is not None), None)


def _held_in(code: str, finds: Finds, snapshot: Snapshot) -> Refusal | None:
    found = finds(code)
    if found is None:
        return NOT_LOOKED_INTO
    strange = (start for start, end in found if not all(defined(w, snapshot) for w in _WORD.findall(code[start:end])))
    return FINDING_IN_CODE if any(True for _ in strange) else None
