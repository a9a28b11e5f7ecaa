"""What was found once is found everywhere (layer 6): names in parts and initials, numbers without their context."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence

from interlock.model.finding import THRESHOLD, Finding
from interlock.model.label import Label
from interlock.sensitivity.gazetteer import Tables
from interlock.sensitivity.names import cues
from interlock.sensitivity.names.eponyms import HEADS
from interlock.sensitivity.names.known import MOST_NAMES, KnownNames
from interlock.sensitivity.names.lexicon import Lexicon, base_of
from interlock.sensitivity.names.wording import words_of
from interlock.sensitivity.passage import Layer, Passage, TextDetector, Token

NAME = Label("phi.name")
_NAMES = frozenset({"phi.name", "phi.name.given", "phi.name.family"})
_SCORE = 0.7
_LONGEST_NAME = 120

# Kinds whose values are somebody's own, so that they count wherever they stand.
_VALUES = words_of(
    """
    phi.mrn phi.phone phi.fax phi.ssn phi.email phi.account phi.health_plan phi.licence phi.vehicle phi.device phi.id
    pci.pan pci.iban pci.bank_account pii.passport pii.itin
    """
)
_SHORTEST_VALUE = 5
_LONGEST_VALUE = 64
_FEWEST_DIGITS = 4
_SAME_KEY = 8  # values that share their longest word: more are a list, and each of them was found there
_ENDS = frozenset('.!?:;\n\r"“”•*|>')


class Propagation:
    """Looks again for what earlier layers found, and for the names a caller knows (`Passage.seeds`)."""

    name = "propagation"
    layer = Layer.PROPAGATION

    def __init__(self, tables: Tables) -> None:
        self._lexicon = Lexicon(tables)

    def find(self, passage: Passage) -> Sequence[Finding]:
        """Further places of what is known; nothing that a finding of the same kind already covers."""
        sure = [f for f in passage.findings if f.score >= THRESHOLD]
        names = sorted((f for f in sure if f.label in _NAMES), key=lambda f: f.start)
        values = [f for f in sure if f.label in _VALUES or f.label.startswith("pii.national_id")]
        found: list[Finding] = []
        if names or passage.seeds:
            found += self._names(passage, names)
        if any(_stands_again(passage, value) for value in values):
            found += _values(passage, values)
        return found

    def _names(self, passage: Passage, names: Sequence[Finding]) -> Iterable[Finding]:
        known = KnownNames()
        texts = {passage.text[f.start : f.end] for f in names if f.end - f.start <= _LONGEST_NAME}
        for text in [*sorted(texts)[:MOST_NAMES], *(s for s in passage.seeds if len(s) <= _LONGEST_NAME)]:
            known.add(text, self._lexicon)
        starts, ends = _merged(names)
        for index, token in enumerate(passage.tokens):
            at = bisect_right(starts, token.start) - 1
            if at >= 0 and token.start < ends[at]:
                continue
            end = _names_end(passage, index, token, known)
            if end:
                yield Finding(token.start, end, NAME, _SCORE, "propagation: part of a name found elsewhere")


def detector(tables: Tables) -> TextDetector:
    """The detector over these gazetteers."""
    return Propagation(tables)


def _merged(names: Sequence[Finding]) -> tuple[list[int], list[int]]:
    starts: list[int] = []
    ends: list[int] = []
    for finding in names:
        if ends and finding.start <= ends[-1]:
            ends[-1] = max(ends[-1], finding.end)
        else:
            starts.append(finding.start)
            ends.append(finding.end)
    return starts, ends


def _names_end(passage: Passage, index: int, token: Token, known: KnownNames) -> int:
    """Where the known name that begins at this word ends; 0 when none does."""
    text = token.text
    if len(text) < 3:
        return _initials_end(passage, index, token, known)
    base = base_of(text)
    if base in known.anywhere:
        return 0 if _eponym(passage, index) else token.start + len(base)
    if base in known.capital:
        capital = text[0].isupper() and not _begins_sentence(passage, token) and not _eponym(passage, index)
        return token.start + len(base) if capital else 0
    if "-" in base and any(part in known.anywhere for part in base.split("-") if len(part) > 2):
        return token.start + len(base)
    return 0


def _eponym(passage: Passage, index: int) -> bool:
    tokens = passage.tokens
    return index + 1 < len(tokens) and tokens[index + 1].text.lower() in HEADS and tokens[index].text[0].isupper()


def _begins_sentence(passage: Passage, token: Token) -> bool:
    before = passage.text[max(0, token.start - 3) : token.start].rstrip(" ")
    return not before or before[-1] in _ENDS or (token.start <= 3 and not before.strip())


def _initials_end(passage: Passage, index: int, token: Token, known: KnownNames) -> int:
    """`J.D.`, `J. D.` and `JD` of John Doe, `Mr. D.`"""
    text, tokens = passage.text, passage.tokens
    letter = token.text
    if not letter[0].isupper() or not letter.isalpha():
        return 0
    if len(letter) == 1 and text[token.end : token.end + 1] == ".":
        following = tokens[index + 1] if index + 1 < len(tokens) else None
        if following is not None and len(following.text) == 1 and following.text.isupper():
            both = (letter + following.text).lower()
            near = following.start - token.end <= 2 and text[following.end : following.end + 1] == "."
            if near and both in known.initials:
                return following.end + 1
        before = tokens[index - 1] if index else None
        titled = before is not None and before.text.lower() in cues.PLAIN_TITLES and token.start - before.end <= 2
        return token.end + 1 if titled and letter.lower() in known.family_letters else 0
    return 0


def _stands_again(passage: Passage, value: Finding) -> bool:
    """Whether a value, or its digits, may stand elsewhere, told in a tenth of the time that looking for it takes."""
    text, low = passage.text[value.start : value.end], passage.low
    if not text.isascii():
        return True
    form = text.lower()
    digits = "".join(filter(str.isdigit, form))
    return low.find(form, low.find(form) + 1) >= 0 or (digits != form and digits in low)


def _values(passage: Passage, values: Sequence[Finding]) -> Iterable[Finding]:
    """Further places of numbers and addresses: exactly as found, or in digits alone."""
    text = passage.text
    keys: dict[str, list[tuple[str, int, Label]]] = {}
    for value, label in {(text[f.start : f.end], f.label) for f in values}:
        _add_value(keys, value, label)
    taken = {f.start for f in values}
    for token in passage.tokens:
        for value, offset, label in keys.get(token.text.lower(), ()):
            start = token.start - offset
            end = start + len(value)
            if start < 0 or start in taken or text[start:end].lower() != value:
                continue
            if text[start - 1 : start].isalnum() or text[end : end + 1].isalnum():
                continue
            yield Finding(start, end, label, _SCORE, "propagation: a value found elsewhere")


def _add_value(keys: dict[str, list[tuple[str, int, Label]]], value: str, label: Label) -> None:
    digits = "".join(c for c in value if c.isdigit())
    if not _SHORTEST_VALUE <= len(value) <= _LONGEST_VALUE or (len(digits) < _FEWEST_DIGITS and "@" not in value):
        return
    words = Passage(value).tokens
    longest = max(words, key=lambda t: len(t.text), default=None)
    if longest is None:
        return
    forms = [(longest.text.lower(), value.lower(), longest.start)]
    if len(digits) > 6 and digits != value:
        forms.append((digits, digits, 0))
    for key, form, offset in forms:
        same = keys.setdefault(key, [])
        if len(same) < _SAME_KEY:
            same.append((form, offset, label))
