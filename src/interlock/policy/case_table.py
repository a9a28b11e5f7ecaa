"""One table of a cases file as it is read: what is asked for is valid, what is left over is a mistake.

The settings' reader is alike but looks at files and the environment, which nothing in this package does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime

from interlock.errors import MalformedInput
from interlock.model.label import Label, parse_label, upward
from interlock.policy.spelling import nearest


class CaseTable:
    """Reads one table and notes every mistake in `mistakes`, which all tables of a file share.

    `where` begins each mistake: the file, and the case if there is one. After a mistake a reader gives an empty value,
    so that the rest can still be checked; nobody may use the result of a file with mistakes.
    """

    def __init__(self, where: str, raw: object, mistakes: list[str], path: str = "") -> None:
        self.where, self.path, self.mistakes = where, path, mistakes
        self._asked: list[str] = []
        self._raw: Mapping[str, object] = raw if isinstance(raw, dict) else {}
        if not isinstance(raw, dict):
            self._note(path, "this must be a table")

    def __contains__(self, key: str) -> bool:
        return key in self._raw

    def __iter__(self) -> Iterator[str]:
        return iter(self._raw)

    def wrong(self, key: str, sentence: str) -> None:
        """Notes a mistake at a key of this table."""
        self._note(self._under(key), sentence)

    def value(self, key: str) -> object:
        """Whatever stands there; None when nothing does."""
        self._asked.append(key)
        return self._raw.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        """A string that isn't blank; required unless there is a default."""
        value = self._take(key, default)
        if isinstance(value, str) and (value.strip() or value == default):
            return value
        if value is not None:
            self.wrong(key, "this must be a string that isn't empty")
        return ""

    def one_of(self, key: str, valid: Collection[str], default: str | None = None) -> str:
        """One of a few words."""
        value = self.text(key, default)
        if value and value not in valid:
            self.wrong(key, f'there is no "{value}"{nearest(value, valid) or _listed(valid)}')
            return ""
        return value

    def number(self, key: str, default: int = 0) -> int:
        """A whole number, 0 or more."""
        value = self._take(key, default)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        self.wrong(key, "this must be a whole number, 0 or more")
        return default

    def flag(self, key: str, default: bool) -> bool:
        """true or false."""
        value = self._take(key, default)
        if isinstance(value, bool):
            return value
        self.wrong(key, "this must be true or false")
        return default

    def texts(self, key: str, valid: Collection[str] | None = None) -> tuple[str, ...]:
        """An array of different strings, each of `valid` if that is given; empty when absent."""
        value = self._take(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) and each.strip() for each in value):
            self.wrong(key, "this must be an array of strings")
            return ()
        if len(set(value)) != len(value):
            self.wrong(key, "something stands in this array twice")
        for unknown in [each for each in value if valid is not None and each not in valid]:
            self.wrong(key, f'there is no "{unknown}"{nearest(unknown, valid or ())}')
        return tuple(value)

    def labels(self, key: str, known: frozenset[Label]) -> frozenset[Label]:
        """An array of labels, each known or above one that is; `known` empty: any of the right form."""
        return frozenset(filter(None, (self.label(key, text, known) for text in self.texts(key))))

    def label(self, key: str, text: str, known: frozenset[Label]) -> Label | None:
        """One label; None with a mistake noted."""
        try:
            label = parse_label(text)
        except MalformedInput as malformed:
            self.wrong(key, f'"{text}" can\'t be a label: {malformed.sentence}')
            return None
        if known and label not in upward(known):
            self.wrong(key, f'there is no label "{label}"{nearest(label, known)}')
            return None
        return label

    def time(self, key: str, default: datetime) -> datetime:
        """A date and time with its offset."""
        value = self._take(key, default)
        if isinstance(value, datetime) and value.tzinfo is not None:
            return value
        self.wrong(key, "this must be a time with its offset, such as 2026-01-01T12:00:00Z, without quotes")
        return default

    def table(self, key: str) -> CaseTable:
        """The table under a key; an absent one is empty."""
        return CaseTable(self.where, self._take(key, {}), self.mistakes, self._under(key))

    def rows(self, key: str) -> tuple[CaseTable, ...]:
        """The tables of an array under a key."""
        value = self._take(key, [])
        if not isinstance(value, list):
            self.wrong(key, "this must be an array of tables")
            return ()
        named = ((f"{self._under(key)}[{number}]", each) for number, each in enumerate(value, start=1))
        return tuple(CaseTable(self.where, each, self.mistakes, path) for path, each in named)

    def done(self, *also: str) -> None:
        """Notes each key that nobody asked for, with the nearest that somebody did."""
        for key in self._raw:
            if key not in self._asked:
                self.wrong(key, f"there is no such key{nearest(key, (*self._asked, *also))}")

    def _take(self, key: str, default: object) -> object:
        self._asked.append(key)
        if key in self._raw:
            return self._raw[key]
        if default is None:
            self.wrong(key, "this is missing")
        return default

    def _under(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def _note(self, path: str, sentence: str) -> None:
        self.mistakes.append(": ".join(part for part in (self.where, path, sentence) if part))


def _listed(words: Iterable[str]) -> str:
    few = sorted(words)
    return f"; it must be one of {', '.join(few)}" if few and len(few) <= 8 else ""
