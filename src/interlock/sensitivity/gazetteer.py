"""The gazetteers: lists of names, places and words that detectors look things up in. Loaded by `app`, passed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_NO_NUMBERS: Mapping[str, int] = MappingProxyType({})
_NO_TEXTS: Mapping[str, str] = MappingProxyType({})


def _numbers() -> Mapping[str, int]:
    return _NO_NUMBERS


def _texts() -> Mapping[str, str]:
    return _NO_TEXTS


@dataclass(frozen=True, slots=True)
class Tables:
    """All keys are lower case (`str.lower`), NFC, words joined by one space or the hyphen they are written with.

    Every field may be empty: a detector then knows less and raises nothing.
    """

    given: Mapping[str, int] = field(default_factory=_numbers)
    """Given names -> how common: 0 (known to be one) to 60 (ten times the decimal logarithm of bearers a million)."""
    surnames: Mapping[str, int] = field(default_factory=_numbers)
    """Family names -> how common, on the same scale."""
    words: Mapping[str, int] = field(default_factory=_numbers)
    """Whatever is written in English text, names included -> ten times its Zipf frequency: 10 (rare) to 77 ("the")."""
    ordinary: frozenset[str] = frozenset()
    """Those of `words` that are ordinary English words rather than names: `brown` is one, `duncan` isn't."""
    foreign: Mapping[str, int] = field(default_factory=_numbers)
    """Ordinary words of other languages in Latin script -> ten times the highest Zipf frequency in any of them."""
    cities: Mapping[str, int] = field(default_factory=_numbers)
    """Names of the world's towns of 1,000 people or more, with and without accents -> the largest one's people, in
    thousands."""
    us_cities: Mapping[str, int] = field(default_factory=_numbers)
    """The same for the United States alone."""
    states: Mapping[str, str] = field(default_factory=_texts)
    """US states, the District of Columbia and territories -> their two letters, upper case."""
    counties: frozenset[str] = frozenset()
    """US counties and parishes, without the word County or Parish."""
    countries: frozenset[str] = frozenset()
    """Countries and their capitals' usual English names are apart: only countries here, with common short forms."""
