"""Pseudonym: a text becomes a token that is the same for equal values, such as `[phi.mrn:K7Q4...]`.

Only for texts that plainly are one stored column: of a part of a value, a pseudonym would tell which values share it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from interlock.masking.pseudonyms import ActorPseudonyms
from interlock.masking.tokens import only_label, token_of
from interlock.masking.value import About, Kind, Outcome, Special, Value, written
from interlock.model.label import Label


@dataclass(frozen=True, slots=True)
class PseudonymMask:
    """Replaces each value by its pseudonym, and one that is too long for that by `token`. NULL stays NULL."""

    pseudonyms: ActorPseudonyms
    label: Label
    token: bytes

    def __call__(self, value: bytes | None) -> bytes | None:
        """What is sent in place of `value`, in either format: both are the text's own bytes."""
        return None if value is None else self.pseudonyms.write(self.label, value) or self.token


@dataclass(frozen=True, slots=True)
class Pseudonymous:
    """The same for single values: one actor's pseudonyms, which `unmask` opens for that actor alone."""

    pseudonyms: ActorPseudonyms

    def __call__(self, value: Value, about: About) -> Outcome:
        """The token in place of a text; refused where it is too long for one."""
        text = written(value)
        if about.kind is not Kind.TEXT or text is None:
            return Special.REFUSED
        try:
            token = self.pseudonyms.write(about.label, text.encode())
        except UnicodeEncodeError:  # half a surrogate pair: it couldn't be given back
            return Special.REFUSED
        return Special.REFUSED if token is None else token.decode()


def pseudonym(
    labels: Iterable[Label], granted: frozenset[Label], pseudonyms: ActorPseudonyms | None
) -> PseudonymMask | None:
    """A mask for a plain text-like column with these labels; None where it gets a constant all the same.

    That is where no one label tells all of them, or it lies under none of those for which pseudonyms are `granted`.
    """
    label = only_label(labels)
    if pseudonyms is None or label is None or not any(_lies_under(label, each) for each in granted):
        return None
    return PseudonymMask(pseudonyms, label, token_of([label]).encode())


def _lies_under(label: Label, above: Label) -> bool:
    return label == above or label.startswith(f"{above}.")
