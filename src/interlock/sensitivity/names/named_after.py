"""Things named after people or places, told by the noun that a whole list of names shares: `Colles, Smith and Galeazzi
fractures`, `Norwalk and West Nile viruses`, `the Jackson or Rotterdam cohorts`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from interlock.sensitivity.dates.span import spots
from interlock.sensitivity.names import cues
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Passage, Token

_SHARED: Final = words_of(
    """
    diseases syndromes signs criteria scores scales fractures viruses cohorts trials studies classifications reflexes
    fevers maneuvers manoeuvres lymphomas tumors tumours anemias dementias palsies ulcers nodes nodules bodies cells
    stains tests equations formulas formulae formulations rules laws indices indexes questionnaires inventories
    procedures operations incisions hernias catheters drains tubes retractors forceps clamps protocols registries
    guidelines systems stagings grades lines points spots contractures deformities nevi dystrophies ataxias
    phenomena triads variants strains types classification staging nomograms models
    """
)
_JOINS: Final = words_of("and or vs versus nor")
_PARTS: Final = words_of(
    "circle foramen foramina sphincter ampulla islets angle ligament organ crypts bundle fascia pouch triangle"
    " tetralogy"
    " canal loop duct glands node"
)
_PART_OF: Final = re.compile(
    r"\b(?:circle|foram(?:en|ina)|sphincter|ampulla|islets|angle|ligament|organ|crypts|bundle|fascia|pouch|triangle"
    r"|tetralogy|canal|loop|duct|glands|node)\s(?:of|OF)\s(?!(?:mr|mrs|ms|dr)\b)([^\W\d_][\w\-]{2,20})",
    re.IGNORECASE,
)
"""What anatomy names so."""
_MOST: Final = 14  # words of such a list
_MOST_IN_ONE: Final = 3  # words of one of its names


def named_after(passage: Passage) -> bytearray | None:
    """A byte for each character of the passage, 1 in such lists, from their first name to the end of the last one, and
    in what anatomy names so; None where there is nothing of the kind."""
    spans = [m.span(1) for m in _PART_OF.finditer(passage.text)] if not passage.words.isdisjoint(_PARTS) else []
    words = passage.words & _SHARED
    if words:
        tokens = passage.tokens
        starts = {start for word in words for start, _ in spots(passage.low, word)}
        lists = (_back(passage.text, tokens, at) for at, token in enumerate(tokens) if token.start in starts)
        spans += [span for span in lists if span is not None]
    if not spans:
        return None
    mask = bytearray(len(passage.text))
    for start, end in spans:
        mask[start:end] = b"\1" * (end - start)
    return mask


def _back(text: str, tokens: Sequence[Token], head: int) -> tuple[int, int] | None:
    """From the noun back over names with `and`, `or`, commas and slashes between them; there have to be two."""
    first, names, run, at = head, 0, 0, head - 1
    while at >= 0 and head - at <= _MOST:
        token, gap = tokens[at], text[tokens[at].end : tokens[at + 1].start]
        if token.text in _JOINS and gap == " ":
            run = 0
        elif token.text[0].isupper() and token.text.lower() not in cues.TITLES:
            joined = gap in (" ", "-", "' ", "’ ") and tokens[at + 1].text not in _JOINS
            run = run + 1 if joined and at + 1 < head else 1
            if run > _MOST_IN_ONE or not (joined or gap in (" ", ", ", "/", ",")):
                break
            first, names = at, names + (run == 1)
        else:
            break
        at -= 1
    titled = first > 0 and tokens[first - 1].text.lower() in cues.TITLES
    return (tokens[first].start, tokens[head - 1].end) if names > 1 and not titled else None
