"""The texts of the rules in force, as policy.text entries carry them, in parts that fit an entry.

One text, `RULES`, isn't a file: it is what the rules' digest is of. Its first line is the policies' digest, which the
other texts make; a line follows for each catalog. So whoever has the texts can compute what policy.loaded names
(docs/reference/ledger.md, "The texts of a bundle").
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from interlock.model.canonical import JsonValue, encode
from interlock.model.names import Digest, EntryId

RULES: Final = "/rules"  # no source has a slash in front
MAX_PART: Final = 40_000  # bytes of a part as JSON, which writes some characters longer; an entry holds 65,535


@dataclass(slots=True)
class Gathering:
    """Takes policy.text entries as they come, until the policy.loaded that they are for."""

    _rules: str = ""
    _parts: dict[str, list[str]] = field(default_factory=dict)
    _entries: list[EntryId] = field(default_factory=list)
    _missing: int = 0  # parts that were promised and haven't come, of all files

    def add(self, entry: EntryId, d: Mapping[str, Any]) -> None:
        """Takes the next part; parts of a file come in their order."""
        if d["bundle"] != self._rules:
            self._begin(d["bundle"])
        if d["file"] not in self._parts:
            self._parts[d["file"]] = []
            self._missing += d["parts"]
        self._parts[d["file"]].append(d["text"])
        self._missing -= 1
        self._entries.append(entry)

    def take(self, rules: str) -> tuple[Mapping[str, str] | None, tuple[EntryId, ...]]:
        """The texts gathered for these rules, if they are whole, and the entries they came in; then forgets them."""
        texts = {file: "".join(parts) for file, parts in self._parts.items()}
        entries, ours = tuple(self._entries), self._rules == rules and not self._missing
        self._begin("")
        return (texts, entries) if ours and is_whole(Digest(rules), texts) else (None, ())

    def _begin(self, rules: str) -> None:
        self._rules, self._parts, self._entries, self._missing = rules, {}, [], 0


def fields(rules: Digest, texts: Mapping[str, str]) -> Iterator[dict[str, JsonValue]]:
    """`d` of each policy.text entry that these texts need, in order."""
    for file in sorted(texts):
        cut = tuple(_cut(texts[file]))
        for number, text in enumerate(cut):
            yield {"bundle": rules, "file": file, "part": number, "parts": len(cut), "text": text}


def rules_text(policies: str, catalogs: Mapping[str, str]) -> str:
    """The policies' digest, then `name digest` of each connection's catalog by name: a line each."""
    return "\n".join([policies, *(f"{name} {catalogs[name]}" for name in sorted(catalogs))])


def rules_digest(text: str) -> Digest:
    """SHA-256 (hex) of `rules_text`: what policy.loaded names."""
    return Digest(hashlib.sha256(text.encode()).hexdigest())


def is_whole(rules: Digest, texts: Mapping[str, str]) -> bool:
    """Whether these texts say of themselves that they are those of `rules`; that the policies' digest in the first
    line is really that of the sources is for whoever can read policies to see."""
    return RULES in texts and hmac.compare_digest(rules_digest(texts[RULES]), rules)


def sources(texts: Mapping[str, str]) -> dict[str, str]:
    """The files among the texts."""
    return {file: text for file, text in texts.items() if file != RULES}


def _cut(text: str) -> Iterator[str]:
    """Pieces of at most `MAX_PART` bytes as JSON, cut between characters."""
    if len(encode(text)) <= MAX_PART:
        yield text
        return
    middle = len(text) // 2
    yield from _cut(text[:middle])
    yield from _cut(text[middle:])
