"""Values of JSON by paths: which labels what lies at a path bears, what takes its place, where else it stands. Pure.

    fields = Fields({"result.rows[].name": Label("phi.name")}, "result")
    fields.at(("rows", 0, "name"))      -> {"phi.name"}

A path's label is that of all that lies beneath it, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from interlock.masking.marks import Wanted
from interlock.masking.masker import Call, Masker, Place
from interlock.masking.plan import without_kept
from interlock.masking.profile import KEEP, REDACT, Profile
from interlock.masking.pseudonyms import ActorPseudonyms
from interlock.masking.rule import NOTHING_OF_IT, RuleName
from interlock.masking.rules.pseudonym import pseudonym
from interlock.masking.tokens import own_tokens, token_of
from interlock.masking.value import Kind
from interlock.model.exposure import Exposure, Output
from interlock.model.finding import Finding
from interlock.model.label import Label, upward
from interlock.model.obligation import Obligations
from interlock.model.reveal import Reveal

Scalar = str | int | float | bool
Step = str | int
Path = tuple[Step, ...]

LEAST_SEEN: Final = 4  # characters of a value that is looked for elsewhere: fewer stand in too many words
MOST_SEEN: Final = 256  # characters; what is longer is a text and no value
MOST_VALUES: Final = 20_000  # that are looked for

_NO_VALUE: Final = frozenset({"none", "null", "true", "false", "unknown"})
_STEP: Final = re.compile(r"([^\[\]]*)((?:\[\])*)")
_WORD: Final = re.compile(r"[^\W_]+")
_REMEMBERED: Final = 4096  # paths; a server that makes up names makes ours no longer
_NOTHING: Final[frozenset[Label]] = frozenset()

_Form = tuple[str | None, ...]  # a path with None for any member of a list


class Fields:
    """Those of a tool's `fields` that begin with `root`: "result" or "arguments"."""

    def __init__(self, fields: Mapping[str, Label], root: str) -> None:
        self._root = root
        self._labels: dict[_Form, set[Label]] = {}
        self._tails: dict[_Form, set[Label]] = {}
        self._known: dict[tuple[_Form, bool], frozenset[Label]] = {}
        self.names: frozenset[str] = frozenset()
        for path, label in fields.items():
            form = _form(path, root)
            if form is None:
                continue
            self._labels.setdefault(form, set()).add(label)
            self.names |= {name for name in form if name is not None}
            for start, step in enumerate(form):
                if step is not None or any(form[start:]):
                    self._tails.setdefault(form[start:], set()).add(label)

    def __bool__(self) -> bool:
        return bool(self._labels)

    @property
    def labels(self) -> frozenset[Label]:
        """All that they tell."""
        return frozenset(label for labels in self._labels.values() for label in labels)

    @property
    def columns(self) -> Mapping[str, frozenset[Label]]:
        """Each path as it is written, with its labels."""
        return {self.written(form): frozenset(labels) for form, labels in self._labels.items()}

    def at(self, path: Sequence[Step], *, within: bool = False) -> frozenset[Label]:
        """The labels of what lies there. `within`: the path begins somewhere in the whole, nobody knows where: a part
        of a result that was sent by itself."""
        if not self._labels:
            return _NOTHING
        form = tuple(None if isinstance(step, int) else step for step in path)
        known = self._known.get((form, within))
        if known is None:
            known = self._at(form, within)
            if len(self._known) < _REMEMBERED:
                self._known[form, within] = known
        return known

    def _at(self, form: _Form, within: bool) -> frozenset[Label]:
        found: set[Label] = set()
        for end in range(len(form) + 1):
            found |= self._labels.get(form[:end], set())
            if within and end:
                found |= self._tails.get(form[:end], set())
        return frozenset(found)

    def written(self, path: Iterable[Step | None]) -> str:
        """The path as files of tools have it: `result.rows[].name`."""
        return self._root + "".join(f".{step}" if isinstance(step, str) else "[]" for step in path)


def _form(path: str, root: str) -> _Form | None:
    form: list[str | None] = []
    for number, part in enumerate(path.split(".")):
        found = _STEP.fullmatch(part)
        name, members = (found[1], len(found[2]) // 2) if found is not None else (part, 0)
        if number == 0 and name != root:
            return None
        form += ([name] if number else []) + [None] * members
    return tuple(form)


@dataclass(frozen=True, slots=True)
class LeafMask:
    """What stands in place of values whose label is known. As columns are masked (`masking/plan.py`): without a profile
    by constants, or pseudonyms where those are granted; NULL and what is revealed stay."""

    obligations: Obligations
    profile: Masker | None = None
    pseudonyms: ActorPseudonyms | None = None

    def shown(self, labels: frozenset[Label], column: str) -> bool:
        """Whether somebody was granted to see what is there as it is."""
        owed = self.obligations
        return owed.observing or (bool(labels) and all(Reveal(column, label) in owed.reveal for label in labels))

    def held(self, labels: frozenset[Label], column: str) -> frozenset[Label]:
        """The labels that a value there is masked for; none where it is shown, or kept by the profile."""
        if not labels or self.shown(labels, column):
            return _NOTHING
        if self.profile is not None and self.profile.choice(labels, Place(column)).rule is RuleName.KEEP:
            return _NOTHING
        return labels

    def wanted(self, value: Scalar, labels: frozenset[Label], column: str) -> Wanted | None:
        """The surrogate that has to be fetched before it is masked."""
        if self.profile is None or isinstance(value, bool):
            return None
        return self.profile.wanted(value, labels, _kind(value), place=Place(column))

    def masked(self, value: Scalar, labels: frozenset[Label], column: str, call: Call) -> str | int | float | None:
        """A text in place of a text; a number or null in place of a number; null in place of a truth value."""
        if isinstance(value, str) and (told := self._pseudonym(value, labels, column)) is not None:
            return told
        if self.profile is None or isinstance(value, bool):
            return token_of(labels) if isinstance(value, str) else None
        told_ = self.profile.mask_value(value, labels, _kind(value), place=Place(column), call=call)
        if isinstance(value, str):
            return told_ if isinstance(told_, str) else token_of(labels)
        return told_ if isinstance(told_, int | float) and not isinstance(told_, bool) else None

    def _pseudonym(self, value: str, labels: frozenset[Label], column: str) -> str | None:
        profile = self.profile
        if profile is not None:
            strict = profile.choice(labels, Place(column)).rule in NOTHING_OF_IT
            if strict or RuleName.PSEUDONYM not in profile.profile.allowed:
                return None
        made = pseudonym(labels, self.obligations.pseudonyms, self.pseudonyms)
        try:
            told = made(value.encode()) if made is not None else None
        except UnicodeEncodeError:  # half a surrogate pair
            return None
        return told.decode() if told is not None else None


def _kind(value: Scalar) -> Kind:
    match value:
        case str():
            return Kind.TEXT
        case bool():
            return Kind.BOOLEAN
        case int():
            return Kind.INTEGER
        case _:
            return Kind.NUMBER


def owed(
    obligations: Obligations, columns: Mapping[str, frozenset[Label]], rest: Iterable[Label], profile: Profile
) -> Obligations:
    """What is owed of a result with these fields, by column, where the connection has a profile: labels of nothing but
    what it keeps aren't masked. `rest`: labels in reach that no field tells of, each kept or not by itself."""
    outputs = [Output(column, 0, labels, column) for column, labels in columns.items()]
    outputs += [Output("", 0, frozenset({label}), None) for label in rest]
    return without_kept(obligations, Exposure(tuple(outputs)), profile)


def firm(profile: Profile, mask: frozenset[Label]) -> Profile:
    """The profile with nothing kept that lies under one of these labels, or stands for one of them."""
    told = {
        key: REDACT
        for key, choice in profile.rules.items()
        if choice == KEEP and upward([Label(key.removesuffix(".*"))]) & mask
    }
    told |= {label: REDACT for label in mask if profile.choice([label]) == KEEP}
    return replace(profile, rules={**profile.rules, **told}) if told else profile


class Seen:
    """Values whose labels are known, to be found wherever else they stand: in prose, in a link. In any case, whole, and
    also as a URL has them; numbers written with signs in them also in digits alone."""

    def __init__(self) -> None:
        self._values: dict[str, dict[int, dict[str, Label]]] = {}
        self._count = 0

    def __bool__(self) -> bool:
        return bool(self._values)

    def __len__(self) -> int:
        return self._count

    def add(self, value: str, label: Label, *, any_length: bool = False) -> None:
        """From here on it is looked for. `any_length`: also if it is so short that it stands in many a word, or a text
        of its own."""
        plain = value.strip()
        fits = LEAST_SEEN <= len(plain) <= MOST_SEEN or (any_length and plain != "")
        if not fits or self._count >= MOST_VALUES or plain.lower() in _NO_VALUE:
            return
        if next(own_tokens(plain), None) is not None:
            return
        first = _WORD.search(plain)
        if first is None:
            return
        digits = "".join(filter(str.isdigit, plain))
        also = {digits} if len(digits) > 5 and not any(map(str.isalpha, plain)) else set()
        if digits and len(plain) > 5 and any(map(str.isalpha, plain)):  # `K7-ZUM-19` is also told as K7ZUM19, K7 ZUM 19
            words = _WORD.findall(plain)
            also |= {"".join(words), " ".join(words)}
        begins = plain[first.start() :]
        for form in {begins, quote(begins, safe="", errors="replace"), *also}:
            low = form.lower()
            word = _WORD.match(low)
            if word is not None:
                self._values.setdefault(word[0], {}).setdefault(len(low), {})[low] = label
                self._count += 1

    def find(self, text: str) -> Iterator[Finding]:
        """Where they stand. Time is proportional to the text's length, times the lengths of values of one beginning."""
        low = text.lower()
        if len(low) != len(text):  # a letter whose small form is longer: places would differ
            low = text
        end = 0
        for word in _WORD.finditer(low) if self._values else ():
            start = word.start()
            if start < end:
                continue
            for length, values in self._values.get(word[0], {}).items():
                label = values.get(low[start : start + length])
                if label is not None and not low[start + length : start + length + 1].isalnum():
                    end = max(end, start + length)
                    yield Finding(start, start + length, label, 1.0, "field: a value that stands elsewhere")
