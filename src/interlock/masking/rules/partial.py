"""Partial: a token that shows a part, `[pci.pan:*4242]`. The star stands for any number of characters: how long the
value was is never told."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, assert_never

from interlock.masking.rule import Keeps
from interlock.masking.tokens import partial_token
from interlock.masking.value import About, Kind, Outcome, Special, Value, written

LEAST_FOR_FOUR: Final = 8  # letters and digits; of fewer, four would be more than half
LEAST_FOR_INITIAL: Final = 2
MOST_IN_HOST: Final = 4  # digits of a domain that is shown; more may be somebody's number

_PLAIN: Final = re.compile(r"[A-Za-z0-9]")
_HOST: Final = re.compile(r"(?:[A-Za-z0-9-]{1,63}\.){1,4}[A-Za-z0-9-]{2,63}")  # RFC 1035 section 2.3.1, five labels


@dataclass(frozen=True, slots=True)
class Partial:
    """Shows the last four letters or digits, the first letter, or the domain of an e-mail address."""

    keeps: Keeps

    def __call__(self, value: Value, about: About) -> Outcome:
        """The token in place of a text; refused where so little is there that the part would tell the whole."""
        text = written(value)
        if about.kind is not Kind.TEXT or text is None:
            return Special.REFUSED
        shown = self._shown(text.strip())
        return Special.REFUSED if shown is None else partial_token(about.label, shown)

    def _shown(self, text: str) -> str | None:
        match self.keeps:
            case Keeps.LAST_FOUR:
                plain = _PLAIN.findall(text)
                return f"*{''.join(plain[-4:])}" if len(plain) >= LEAST_FOR_FOUR else None
            case Keeps.INITIAL:
                first = text[:1]
                letter = first.isascii() and first.isalpha() and len(text) >= LEAST_FOR_INITIAL
                return f"{first.upper()}*" if letter else None
            case Keeps.DOMAIN:
                local, at, host = text.rpartition("@")
                few = sum(map(str.isdigit, host)) <= MOST_IN_HOST
                return f"*@{host}" if at and local and few and _HOST.fullmatch(host) else None
            case _:
                assert_never(self.keeps)
