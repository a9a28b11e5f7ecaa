"""What stands around a piece: cues, places, verbs, and the nouns that make eponyms."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.sensitivity.names import cues
from interlock.sensitivity.names.eponyms import HEADS, JOINED, RESULTS
from interlock.sensitivity.names.grammar import Piece, Words
from interlock.sensitivity.names.lexicon import (
    EPONYM,
    INSTITUTION,
    NUMBER,
    ORDINARY,
)
from interlock.sensitivity.names.wording import words_of

_BETWEEN = frozenset(" \t:,(\"'“‘#=>-*|.[<\\u00a0")
_ENDERS = frozenset('.!?:;"“”‘\n\r\t|>*•·–—\\([{_=,/')


@dataclass(frozen=True, slots=True)
class Around:
    """What stands around a piece, told once."""

    initial: bool
    """It begins a sentence, a line or a quotation: a capital there tells nothing."""
    cue: int
    """0 nothing, 1 a preposition that a name may follow, 2 a word that often comes before a name, 3 one that hardly
    comes before anything else."""
    field: bool
    """It is the value of a field that is called so: `Patient: `."""
    right: bool
    """What a person does or is said to be stands after it."""
    place: bool
    """A place's preposition stands before it: in, at, from, near."""
    article: bool
    institution: bool
    """An institution's or a street's word stands after it."""
    head: bool
    """A noun stands after it that makes eponyms."""


_PLACES = words_of("in at from near to into outside around via across visit visited leaving")
_ARTICLES = words_of("the a an this that these those each every another")
_AFTER = words_of("and or & with")


def around(words: Words, piece: Piece) -> Around:
    """The surroundings of a piece."""
    first, last = piece.first, piece.last
    gap = words.gap(first)
    before, after = words.lower(first - 1), words.lower(last)
    near = len(gap) < 16 and all(c in _BETWEEN for c in gap) and ("." not in gap or len(before) < 5)
    next_gap = words.gap(last)
    return Around(
        initial=first == 0 or (gap != ", " and any(c in _ENDERS for c in gap)),
        cue=_cue(words, first, gap) if near else 0,
        field=near and any(c in gap for c in ":=#"),
        right=_right(words, last, next_gap, after),
        place=before in _PLACES and gap == " ",
        article=before in _ARTICLES and gap == " ",
        institution=next_gap in (" ", "-", " & ") and last < len(words.bits) and bool(words.bits[last] & INSTITUTION),
        head=next_gap in (" ", "-") and _head(words, last),
    )


def _cue(words: Words, first: int, gap: str) -> int:
    if first == 0:
        return 0
    before = words.lower(first - 1)
    if ":" in gap or "=" in gap or "#" in gap:
        return 3 if before in cues.FIELDS or before in cues.KIN or before in cues.CALLS else 0
    if before in cues.KIN or before in ("named", "dear", "mr", "mrs", "attn"):
        return 3
    if before in cues.CALLS or before in cues.ROLES:
        return 2
    if words.lower(first - 2) in _WHERE_THEY_LIE if words.bits[first - 1] & NUMBER else _sexed(words, first, before):
        return 2
    if before == "from":
        return 2 if words.lower(first - 2) in _SENT else 0
    if before not in cues.LINKS or words.gap(first - 1) not in (" ", ", "):
        return 0
    second = words.lower(first - 2)
    if second in ("name", "names", "named", "surname", "called") or (before == "me" and second.startswith("call")):
        return 3
    if before == "me":
        return 0  # told me, asked me
    if second in cues.KIN or second in cues.ROLES or second in cues.CALLS or second in _DEEDS:
        return 3 if before in ("by", "with", "was", "is") else 2
    if before in ("is", "was", "does", "did") and second in ("why", "who", "where", "when", "how"):
        return 2
    return 1 if before in ("by", "than", "between") else 0


_WHERE_THEY_LIE = words_of("room rm bed bay cubicle bedspace chair")
_SEXES = words_of("m f yo yom yof male female man woman lady gentleman boy girl")


def _sexed(words: Words, first: int, before: str) -> bool:
    """Whether age and sex stand before it: `58M H. Moe`."""
    return before in _SEXES and first > 1 and bool(words.bits[first - 2] & NUMBER) and len(words.gap(first - 1)) < 2


_SENT = words_of(
    """
    mail mails email emails e-mail letter letters message messages text texts call calls note notes word reply replies
    fax report request referral heard back
    """
)
_DEEDS = words_of(
    """
    added admit admits admitted announced appointment approved assigned call calls care co-signed composed consult
    consults cosigned created delivered designed directed discussed email engaged escalated forwarded founded given
    handed hosted initialed initialled letter lives living made married meeting message note notes painted performed
    played produced published recorded refer referral refers saw scribed see seen sent signed speak spoke sung talk
    talked talking transcribed transfer transferred transfers tribute visit visited witnessed written
    """
)


def _right(words: Words, last: int, gap: str, after: str) -> bool:
    if last >= len(words.tokens):
        return False
    if gap == " ":
        return after in cues.SAYS
    if gap in (", ", " (", ",", ", a ", " [") or gap.startswith((", ", " (")):
        return after in cues.AFTER_NAME or (
            words.bits[last] & NUMBER > 0 and words.lower(last + 1) in ("year", "yo", "y", "years", "yr")
        )
    return False


def _head(words: Words, last: int) -> bool:
    """Whether an eponym's noun follows, at once or after one more word (`Wells clinical score`)."""
    after, second = words.lower(last), words.lower(last + 1)
    if after in HEADS or (words.bits[last - 1] & EPONYM and _result(words, last)):
        return True
    if after in JOINED or (words.bits[last : last + 1] and words.bits[last] & (ORDINARY | EPONYM)):
        return second in HEADS and words.gap(last + 1) == " "
    return False


def _result(words: Words, last: int) -> bool:
    """Whether a result, a class or a number of points stands there: `Babinski absent`, `Mallampati II`, `Rankin 1`."""
    after = words.lower(last)
    if after in RESULTS or after in cues.SUFFIXES:
        return True
    return (
        len(after) < 3
        and words.bits[last : last + 1] != []
        and words.bits[last] & NUMBER > 0
        and not words.after(last).isalpha()
    )
