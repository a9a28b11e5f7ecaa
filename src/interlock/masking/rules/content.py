"""Content: a value without a label passes if nothing is found in it, and becomes a token of what is.

In texts and JSON. The labels are known value by value only, so that the mask itself counts them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from interlock.masking.rules.redact import TEXT_LIKE
from interlock.masking.tokens import token_of
from interlock.model.label import Label

Find = Callable[[bytes], frozenset[Label]]
"""Which labels a value may hold (`ports.ContentDetector.find`)."""

_JSON: Final = 114
_JSONB: Final = 3802
_VERSION: Final = b"\x01"  # before the text, in jsonb_send's form (PostgreSQL sources, jsonb.c)


@dataclass(frozen=True, slots=True)
class ContentMask:
    """Replaces a value in which `find` finds something by the token of that, between `before` and `after`; NULL and all
    else go as they are. `found`: values replaced so far, by label; one counts under each of its labels."""

    find: Find
    before: bytes = b""
    after: bytes = b""
    found: Counter[Label] = field(default_factory=Counter, compare=False)

    def __call__(self, value: bytes | None) -> bytes | None:
        """What is sent in place of `value`: the very same object where it passes."""
        labels = self.find(value) if value else None
        if not labels:
            return value
        self.found.update(labels)
        return self.before + token_of(labels).encode() + self.after

    def from_nothing(self) -> ContentMask:
        """The same mask, with a count of its own."""
        return replace(self, found=Counter())


def content_mask(find: Find, type_oid: int, format: int) -> ContentMask | None:
    """A mask for a column of this type in text (0) or binary (1) format; None for types that aren't looked into."""
    if type_oid in TEXT_LIKE:
        return ContentMask(find)
    if type_oid in (_JSON, _JSONB):
        return ContentMask(find, (_VERSION if type_oid == _JSONB and format else b"") + b'"', b'"')
    return None
