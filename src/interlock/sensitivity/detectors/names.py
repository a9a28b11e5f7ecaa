"""Names of people, by lists and by grammar (layer 4). How names are told is in `sensitivity/names/`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from interlock.model.finding import THRESHOLD, Finding
from interlock.model.label import Label
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names import cues
from interlock.sensitivity.names.formed import formed
from interlock.sensitivity.names.grammar import Piece, Words, pieces
from interlock.sensitivity.names.lexicon import (
    CAPITAL,
    EPONYM,
    GIVEN,
    INITIAL,
    LOWER,
    POSSESSIVE,
    SUFFIX,
    UPPER,
    Lexicon,
)
from interlock.sensitivity.names.lists import a_thing, both_named, listed, may_be_listed
from interlock.sensitivity.names.named_after import named_after
from interlock.sensitivity.names.rows import in_rows, of_field
from interlock.sensitivity.names.things import PHRASES
from interlock.sensitivity.names.weighing import weigh
from interlock.sensitivity.passage import Layer, Passage, TextDetector, Token

NAME = Label("phi.name")
GIVEN_NAME = Label("phi.name.given")

_LETTERS = re.compile(r"[^\W\d_]+")
_USUAL = 30  # ten times the Zipf frequency of the words that fields hold
_FEW_WORDS = 4  # all-capital lines shorter than this may be acronyms beside other text


class Names:
    """Finds people's names. One instance serves all threads."""

    name = "names"
    layer = Layer.NAMES
    by_words = True

    def __init__(self, tables: Tables) -> None:
        self._lexicon = Lexicon(tables)
        self._plain = _plain_words(tables)

    def find(self, passage: Passage) -> Sequence[Finding]:
        """The names in the passage, with offsets into its text."""
        if self._plain.issuperset(_LETTERS.findall(passage.text)):
            return list(of_field(passage.text)) if ": " in passage.text else ()
        tokens = passage.tokens
        of = self._lexicon.of
        bits = [of(token.text) for token in tokens]
        words = Words(passage.text, tokens, bits, _caseless(passage.text, tokens, bits))
        found = _findings(words, named_after(passage))
        more = [*of_field(passage.text), *in_rows(passage.text, passage.findings, self._lexicon)]
        more += _not_found(formed(passage, self._lexicon), found, passage.text)
        if not more:
            return found
        taken = bytearray(len(passage.text))
        for finding in more:
            taken[finding.start : finding.end] = b"\1" * (finding.end - finding.start)
        others = [f for f in found if not any(taken[f.start : f.end])]
        return sorted([*others, *more], key=lambda f: f.start)


def detector(tables: Tables) -> TextDetector:
    """The detector over these gazetteers."""
    return Names(tables)


def _plain_words(tables: Tables) -> frozenset[str]:
    """Words that begin no name and announce none: a text of nothing else is done with at once."""
    told = cues.TITLES | cues.PARTICLES
    usual = {w for w, zipf in tables.words.items() if zipf >= _USUAL and w in tables.ordinary and w not in told}
    small = {w for w in usual if w not in tables.given}
    capital = {w for w in small if w not in tables.surnames}
    return frozenset().union(small, (w.capitalize() for w in capital), (w.upper() for w in capital))


def _findings(words: Words, after_people: bytearray | None) -> list[Finding]:
    """Every piece that is a name by itself, and those that stand in a list with one."""
    found = [piece for piece in pieces(words) if not _a_thing(words, piece)]
    weights = [weigh(words, piece) for piece in found]
    _weigh_lists(words, found, weights)
    _leave_eponyms(words, found, weights)
    return [
        _finding(words, piece, score, why)
        for piece, (score, why) in zip(found, weights, strict=True)
        if score >= THRESHOLD
        and (piece.titled or after_people is None or not after_people[words.tokens[piece.first].start])
    ]


def _a_thing(words: Words, piece: Piece) -> bool:
    if piece.titled:
        said = words.text[words.tokens[piece.first].start : words.tokens[piece.last - 1].end].lower()
        return said.replace(".", "") in PHRASES
    if piece.credentialed:
        return False
    return a_thing(words.text, words.tokens, piece.first, piece.last)


def _weigh_lists(words: Words, found: Sequence[Piece], weights: list[tuple[float, str]]) -> None:
    """Names in a list tell of each other: left to right, then right to left."""
    for i in range(1, len(found)):
        if weights[i][0] < THRESHOLD and listed(words, found[i - 1], found[i]):
            if weights[i - 1][0] >= THRESHOLD and may_be_listed(words, found[i]):
                weights[i] = (0.55, "in a list of names")
            elif both_named(words, found[i - 1], found[i]):
                weights[i - 1] = weights[i] = (0.55, "in a list of names")
    for i in range(len(found) - 2, -1, -1):
        good = weights[i][0] < THRESHOLD <= weights[i + 1][0] and listed(words, found[i], found[i + 1])
        if good and may_be_listed(words, found[i]):
            weights[i] = (0.55, "in a list of names")


def _not_found(more: Iterable[Finding], found: Sequence[Finding], text: str) -> Iterator[Finding]:
    """Those of which something is left that isn't found."""
    taken: bytearray | None = None
    for each in more:
        if taken is None:
            taken = bytearray(len(text))
            for finding in found:
                taken[finding.start : finding.end] = b"\1" * (finding.end - finding.start)
        if any(text[at].isalnum() and not taken[at] for at in range(each.start, each.end)):
            yield each


def _leave_eponyms(words: Words, found: Sequence[Piece], weights: list[tuple[float, str]]) -> None:
    """`Lisfranc, Chopart, Jones`: a list in which most words are eponyms, and nothing else tells, is of eponyms."""
    begin = 0
    for i in range(1, len(found) + 1):
        if i < len(found) and listed(words, found[i - 1], found[i]):
            continue
        among = range(begin, i)
        single = all(
            found[k].last - found[k].first == 1 and not found[k].titled and not found[k].credentialed for k in among
        )
        eponyms = sum(words.bits[found[k].first] & EPONYM > 0 for k in among)
        told = any(score >= THRESHOLD and why in _TOLD for score, why in (weights[k] for k in among))
        if single and eponyms > 1 and 2 * eponyms > len(among) and not told:
            weights[begin:i] = [(0.0, "")] * (i - begin)
        begin = i


_TOLD = frozenset({"cue", "title", "credential", "given name"})


def _finding(words: Words, piece: Piece, score: float, why: str) -> Finding:
    first, last = words.tokens[piece.first], words.tokens[piece.last - 1]
    bits, end = words.bits[piece.last - 1], last.end
    if bits & POSSESSIVE and last.text[-2:].lower() in ("'s", "’s"):
        end -= 2
    elif bits & (INITIAL | SUFFIX) and words.text[end : end + 1] == ".":
        end += 1
    given = piece.last - piece.first == 1 and words.bits[piece.first] & GIVEN
    return Finding(first.start, end, GIVEN_NAME if given else NAME, score, f"names: {why}")


def _caseless(text: str, tokens: Sequence[Token], bits: Sequence[int]) -> Sequence[bool]:
    """For each word whether capitals tell nothing in its line: it has none, or hardly anything else."""
    result = [False] * len(tokens)
    start = 0
    for end in range(1, len(tokens) + 1):
        if end < len(tokens) and "\n" not in text[tokens[end - 1].end : tokens[end].start]:
            continue
        capitals = uppers = lowers = 0
        for i in range(start, end):
            b = bits[i]
            capitals += b & CAPITAL > 0
            uppers += b & UPPER > 0
            lowers += b & LOWER > 0
        if not capitals and (lowers >= uppers or (not lowers and uppers >= _FEW_WORDS)):
            result[start:end] = [True] * (end - start)
        start = end
    return result
