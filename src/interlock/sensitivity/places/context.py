"""What stands before a place: words for being, living or going there."""

from __future__ import annotations

from interlock.sensitivity.names.wording import words_of

LOCATING = words_of(
    "in from at near to of around outside visit visited visiting visits left via leaving toward towards through our"
    " between for home city town village hometown where"
)
_BETWEEN = words_of(
    "the beautiful downtown north south east west central greater suburban northern southern eastern western central"
)
_STRONG = words_of(
    "live lives lived living reside resides resided residing resident residents up raised born move moved moves"
    " moving originally relocated relocating travel travels traveled travelled traveling travelling flew flying"
    " flown arrived arrives arriving visit visits visited visiting flight flights train trains hail hails native"
    " city town village suburb municipality hometown immigrated emigrated stationed based located settled returned"
    " returning vacation vacationed vacationing trip drove driving commutes commuted commuting went going coming"
    " come came comes meet stay stays stayed staying home house i'm i’m am street office headquarters area branch"
)
_BESIDE = words_of("here there back up down over now currently alone city way area")
_PREPOSITIONS = words_of("in from to at near of outside around is")
_ARTICLES = words_of("the beautiful downtown")
_KINDS = words_of("city town village area suburb suburbs")
_MOST = 9
_FAR = 64
_MARKS = '.,;:!?()"“”'


def is_located(low: str, start: int) -> bool:
    """Whether a word such as `in` or `near` stands right before `start` in the lower-case text."""
    before = low[max(0, start - 32) : start]
    if before[-1:] not in (" ", ":", "\t"):
        return False
    words = before.replace(":", " ").split()
    if not words:
        return False
    last = words[-1].strip("(\"'“‘[")
    return last in LOCATING or (last in _BETWEEN and len(words) > 1 and words[-2] in LOCATING)


def is_strong(low: str, start: int) -> bool:
    """Whether a word for living, going or being somewhere, with its preposition, stands right before `start`."""
    if low[start - 1 : start] != " ":
        return False
    words = low[max(0, start - _FAR) : start].split()[-_MOST:]
    if len(words) > 2 and words[-1] == "of" and words[-2] in _KINDS and words[-3] == "the":
        del words[-3:]
    elif len(words) > 1 and words[-1] in _KINDS and words[-2] == "the":
        del words[-2:]
    elif words and words[-1] in _ARTICLES:
        words.pop()
    if not words or words.pop() not in _PREPOSITIONS:
        return False
    if words and words[-1] == "outside":
        words.pop()
    return _is_being_there(words)


def _is_being_there(words: list[str]) -> bool:
    """Whether the words end in one for being or going somewhere, perhaps with what says how."""
    if not words:
        return False
    last = words[-1].lstrip(_MARKS)
    if last in _STRONG:
        return last != "up" or "grew" in words[-2:]
    if last in _BESIDE:
        return any(word.lstrip(_MARKS) in _STRONG for word in words[-4:-1])
    return len(words) > 3 and words[-3] == "with" and words[-4].lstrip(_MARKS) in _STRONG
