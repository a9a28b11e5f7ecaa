"""Masked text: what was found in it replaced, all else as it was, spacing and escapes included.

mask(text, findings, masker)    findings that overlap are masked as one, never one inside another
unmask(text, pseudonyms)        an actor's own pseudonyms back into what they stand for, inward only
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from interlock.masking.marks import Wanted
from interlock.masking.masker import NOWHERE, Call, Masker, Place
from interlock.masking.profile import REDACT
from interlock.masking.pseudonyms import ActorPseudonyms
from interlock.masking.rule import RuleName
from interlock.masking.tokens import own_tokens, read_keyed, replace_keyed, shared_label, token_of
from interlock.masking.value import Kind, Special
from interlock.masking.zip3 import AROUND, is_american
from interlock.model.finding import Finding
from interlock.model.label import Label


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters of the masked text that stand where something was found, and as what."""

    start: int
    end: int
    label: Label


@dataclass(frozen=True, slots=True)
class Masked:
    """`spans` are in order and don't overlap. `counts`: how much was masked, by label; what stands for several labels
    counts under each."""

    text: str = field(repr=False)
    spans: tuple[Span, ...]
    counts: Mapping[Label, int]


@dataclass(frozen=True, slots=True)
class _Region:
    """Findings that overlap, as one. `labels`: those that it is named after; `whole`: they are masked alike, so that
    their rule may see the value."""

    start: int
    end: int
    labels: frozenset[Label]
    whole: bool


def mask(
    text: str, findings: Iterable[Finding], masker: Masker, *, place: Place = NOWHERE, call: Call | None = None
) -> Masked:
    """The text with what was found in it masked. Findings in any order; those beyond the text's end are cut there.

    `call` is shared by the texts in which equal values shall get equal marks, and holds the surrogates that `wanted`
    listed. What the profile keeps, and what an override says isn't that, stays and isn't counted.
    """
    held = call or Call()
    pieces: list[str] = []
    spans: list[Span] = []
    counts: Counter[Label] = Counter()
    at = length = 0
    for region in _regions(text, findings, masker, place):
        told = _told(text, region, masker, place, held)
        before = text[at : region.start]
        pieces += (before, told)
        start = length + len(before)
        length = start + len(told)
        at = region.end
        spans.append(Span(start, length, shared_label(region.labels)))
        counts.update(region.labels)
    pieces.append(text[at:])
    return Masked("".join(pieces), tuple(spans), dict(sorted(counts.items())))


def wanted(text: str, findings: Iterable[Finding], masker: Masker, *, place: Place = NOWHERE) -> tuple[Wanted, ...]:
    """What has to be fetched from the vault before this text is masked, each once."""
    asked = (
        masker.wanted(text[region.start : region.end], region.labels, Kind.TEXT, place=place)
        for region in _regions(text, findings, masker, place)
        if region.whole
    )
    return tuple(dict.fromkeys(each for each in asked if each is not None))


def unmask(
    text: str,
    pseudonyms: ActorPseudonyms | None,
    surrogates: Mapping[str, str] | None = None,
    *,
    write: Callable[[str], str] = str,
) -> str:
    """The text with this actor's pseudonyms, and these surrogates (by their tokens), replaced by what they stand for.

    Another actor's, forged and changed tokens stay as they are. What is put in isn't looked at again. `write` puts a
    value into the text's own form: a JSON string's inside, for a text of JSON. Only ever for texts on their way in.
    """
    known = {token.casefold(): value for token, value in (surrogates or {}).items()}

    def opened(token: str) -> str:
        value = known.get(token.casefold())
        if value is None and pseudonyms is not None:
            value = _opened(token, pseudonyms)
        return token if value is None else write(value)

    return replace_keyed(text, opened)


def keyed_tokens(text: str) -> Mapping[str, Wanted]:
    """The keyed tokens in a text as (label, bytes), by how they are written: what the vault is asked about."""
    found: dict[str, Wanted] = {}

    def note(token: str) -> str:
        if (read := read_keyed(token)) is not None:
            found[token] = read
        return token

    replace_keyed(text, note)
    return found


def _opened(token: str, pseudonyms: ActorPseudonyms) -> str | None:
    read = pseudonyms.read(token)
    try:
        return None if read is None else read[1].decode()
    except UnicodeDecodeError:
        return None


def _told(text: str, region: _Region, masker: Masker, place: Place, call: Call) -> str:
    value = text[region.start : region.end]
    if not region.whole or (masker.choice(region.labels, place).rule is RuleName.ZIP3 and _is_foreign(text, region)):
        return token_of(region.labels)
    told = masker.mask_value(value, region.labels, Kind.TEXT, place=place, call=call)
    if told is Special.DROPPED:
        return ""
    return told if isinstance(told, str) else token_of(region.labels)  # NULL: a text has none


def _regions(text: str, findings: Iterable[Finding], masker: Masker, place: Place) -> Iterator[_Region]:
    there = [f for f in findings if 0 <= f.start < min(f.end, len(text))]
    rules = {label: masker.choice([label], place) for label in masker.found({f.label for f in there}, place)}
    held = sorted((f for f in there if f.label in rules), key=attrgetter("start", "end"))
    escapes, own = _Escapes(text), _Own(text, masker.labels)
    behind = 0  # where the region before ended: none begins earlier
    for together, end in _overlapping(held, len(text)):
        first = together[0].start
        over = [f.label for f in together if f.start == first and f.end >= end]
        choices = {rules[f.label] for f in together}
        labels = frozenset(over or [f.label for f in together])
        for part in own.without(max(first, behind), end):
            start, stop = _trimmed(text, *part, escapes)
            if start < stop:
                behind = stop
                alike = len(choices) == 1 and bool(over) and choices != {REDACT}
                yield _Region(start, stop, labels, alike and part == (first, end))


def _overlapping(held: Iterable[Finding], length: int) -> Iterator[tuple[Sequence[Finding], int]]:
    """Sorted findings in groups of those that overlap, with where each group ends."""
    together: list[Finding] = []
    end = 0
    for finding in held:
        if together and finding.start >= end:
            yield together, end
            together, end = [], 0
        together.append(finding)
        end = max(end, min(finding.end, length))
    if together:
        yield together, end


def _trimmed(text: str, start: int, end: int, escapes: _Escapes) -> tuple[int, int]:
    """Without the white space around it, and with the whole of an escape that it begins or ends in: a backslash left
    over would swallow what stands behind the mask, in JSON a quotation mark."""
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    if start < end and escapes.at(start):
        start -= 1
    if start < end < len(text) and escapes.at(end):
        end += 5 if text[end] == "u" else 1
    return start, min(end, len(text))


def _is_foreign(text: str, region: _Region) -> bool:
    """Whether a postcode within a text may be another country's. A text that is nothing else is a field's or column's,
    whose name told."""
    start = region.start
    if not (text[:start].strip() or text[region.end :].strip()):
        return False
    return not is_american(text[start : region.end], text[max(0, start - AROUND) : start])


class _Own:
    """The tokens that a text holds already: what is found in or over them leaves them as they are, so that a text may
    be masked again. Asked from left to right."""

    __slots__ = ("_ahead", "_tokens")

    def __init__(self, text: str, labels: Container[str] | None) -> None:
        self._tokens = own_tokens(text, labels)
        self._ahead = next(self._tokens, None)

    def without(self, start: int, end: int) -> Sequence[tuple[int, int]]:
        """The parts of this stretch that lie in no token."""
        parts = []
        while self._ahead is not None and self._ahead[0] < end:
            if start < self._ahead[0]:
                parts.append((start, self._ahead[0]))
            start = max(start, self._ahead[1])
            if self._ahead[1] > end:
                break
            self._ahead = next(self._tokens, None)
        return [*parts, (start, end)] if start < end else parts


class _Escapes:
    """Which characters stand behind a backslash that isn't itself escaped. Asked from left to right, it looks at each
    backslash once, so that a text of nothing else takes no longer."""

    __slots__ = ("_asked", "_run", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._asked = 0
        self._run = 0  # how many backslashes end right before that

    def at(self, place: int) -> bool:
        """Whether the character there is escaped."""
        if place < self._asked:
            self._asked = self._run = 0
        first = place
        while first > self._asked and self._text[first - 1] == "\\":
            first -= 1
        run = place - first + (self._run if first == self._asked else 0)
        self._asked, self._run = place, run
        return run % 2 == 1
