"""Format-preserving: a number becomes another of the same length, separators in their places (AES FF1, `ff1.py`).

    555-14-9823    ->    902-77-1435        radix 10: digits and separators
    HTX 4410       ->    9BQ 71F0           radix 36: letters and digits, all of one case

What comes out looks like a real one and can't be told from it, unlike a token: written back into a table it would
destroy data. Profiles choose it where a program behind insists on the form.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from interlock.masking.ff1 import FF1
from interlock.masking.keys import MaskKeys
from interlock.masking.value import About, Kind, Outcome, Special, Value

DIGITS: Final = "0123456789"
LETTERS: Final = "abcdefghijklmnopqrstuvwxyz"
ALPHABETS: Final = {10: DIGITS, 26: LETTERS, 36: DIGITS + LETTERS}

_SEPARATORS: Final = frozenset(" -./()+_:#")
_WALKS: Final = 10_000  # more than ever happens by chance: one in ten fits at the least


@dataclass(frozen=True, slots=True)
class FormatPreserving:
    """Under one namespace's keys; `radix` is a key of `ALPHABETS`."""

    keys: MaskKeys
    radix: int

    def __call__(self, value: Value, about: About) -> Outcome:
        """Another text or integer of the same form; refused where the domain is too small or the form another."""
        return self._turned(value, about, back=False)

    def opened(self, value: Value, about: About) -> Outcome:
        """What it was made of; anything of that form opens to something: nothing tells whether it was given out."""
        return self._turned(value, about, back=True)

    def _turned(self, value: Value, about: About, *, back: bool) -> Outcome:
        if isinstance(value, bool):
            return Special.REFUSED
        if isinstance(value, str) and about.kind is Kind.TEXT:
            return self._text(value, about, back)
        if isinstance(value, int) and about.kind is Kind.INTEGER and self.radix == len(DIGITS):
            return self._integer(value, about, back)
        return Special.REFUSED

    def _text(self, text: str, about: About, back: bool) -> Outcome:
        alphabet = ALPHABETS[self.radix]
        upper = text == text.upper()
        if not upper and text != text.lower():
            return Special.REFUSED  # of two values that differ in case alone, one would be lost
        lowered = text.lower()
        if len(lowered) != len(text):
            return Special.REFUSED
        places = [at for at, letter in enumerate(lowered) if letter in alphabet]
        if len(places) + sum(letter in _SEPARATORS for letter in lowered) != len(text):
            return Special.REFUSED
        cipher = self._cipher(about)
        if not cipher.takes(len(places)):
            return Special.REFUSED
        numerals = [alphabet.index(lowered[at]) for at in places]
        turned = list(text)
        turn = cipher.decrypt if back else cipher.encrypt
        for at, numeral in zip(places, turn(numerals, _tweak(about)), strict=True):
            turned[at] = alphabet[numeral].upper() if upper else alphabet[numeral]
        return "".join(turned)

    def _integer(self, value: int, about: About, back: bool) -> Outcome:
        """By walking on until it has as many digits and fits (cycle walking): a permutation of those that do."""
        digits = str(abs(value))
        cipher = self._cipher(about)
        if not cipher.takes(len(digits)) or abs(value) > about.most:
            return Special.REFUSED
        numerals = [int(digit) for digit in digits]
        turn = cipher.decrypt if back else cipher.encrypt
        for _ in range(_WALKS):
            numerals = turn(numerals, _tweak(about))
            if numerals[0] != 0 and (found := int("".join(map(str, numerals)))) <= about.most:
                return -found if value < 0 else found
        return Special.REFUSED

    def _cipher(self, about: About) -> FF1:
        return FF1(self.keys.derive(f"format_preserving {self.radix}"), self.radix)


def _tweak(about: About) -> bytes:
    return about.label.encode()
