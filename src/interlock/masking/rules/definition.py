"""Definition: SQL that the server printed passes if it is names alone; with a literal in it, it becomes a token.

Clients read keys and indexes off such texts (`FOREIGN KEY (item) REFERENCES items(id)`), which say nothing but names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from interlock.masking.tokens import token_of
from interlock.model.label import Label

# Words, quoted names and signs. No quote, no digit that begins a number, and nothing beyond ASCII outside a quoted
# name: the server quotes such names. No text can be cut into these in two ways, so that none takes longer than its
# length. Not by possessive quantifiers: early releases of Python 3.11 match too much with them (python/cpython#106052).
_NAMES = re.compile(rb'(?:[A-Za-z_][A-Za-z0-9_]*(?![A-Za-z0-9_])|"(?:[^"]|"")*"(?!")|[\s()\[\],.;:=<>!+*/%^|&~@#?-])*')
_LITERALS = re.compile(rb"\b(?:true|false)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DefinitionMask:
    """Replaces a definition with a literal in it by a token; NULL, and names alone, go as they are."""

    token: bytes

    def __call__(self, value: bytes | None) -> bytes | None:
        """What is sent in place of `value`, in either format: both are the text's own bytes."""
        return value if value is None or says_names_alone(value) else self.token


def says_names_alone(definition: bytes) -> bool:
    """Whether SQL as the server prints it has no literal in it: no string, number or truth value."""
    return _NAMES.fullmatch(definition) is not None and _LITERALS.search(definition) is None


def definition(labels: Iterable[Label]) -> DefinitionMask:
    """A mask for a text-like column of printed SQL with these labels (at least one)."""
    return DefinitionMask(token_of(labels).encode())
