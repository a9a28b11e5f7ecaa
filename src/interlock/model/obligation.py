"""Obligations: what must hold for an allowed action to run."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.model.label import Label
from interlock.model.reveal import Reveal


@dataclass(frozen=True, slots=True)
class Obligations:
    """What a door must enforce, or deny.

    `mask` lists the labels whose values may not leave, but for the pairs in `reveal`. `row_cap`: at most so many rows
    may come back or be changed by the whole action; None for no limit. `reason` and `ticket`: the asker must have given
    one. `step_up`: by what the asker must have proved to be there once more ("webauthn"). `observing`: the connection
    runs in `unsafe_observe`, so nothing is masked or capped and `mask` only says what would have been.

    `pseudonyms`: labels (with those beneath them) whose masked texts may be told apart: each becomes a pseudonym that
    is the same for equal values, in place of one constant for all. `estimated`: the row cap comes of an estimate, and
    its asker isn't told the number.
    """

    mask: frozenset[Label] = frozenset()
    reveal: frozenset[Reveal] = frozenset()
    row_cap: int | None = None
    reason: bool = False
    ticket: bool = False
    step_up: frozenset[str] = frozenset()
    observing: bool = False
    pseudonyms: frozenset[Label] = frozenset()
    estimated: bool = False

    def and_also(self, other: Obligations) -> Obligations:
        """Both sets of obligations at once: the stricter of the two everywhere."""
        caps = [(each.row_cap, each.estimated) for each in (self, other) if each.row_cap is not None]
        row_cap, estimated = min(caps, default=(None, False))
        return Obligations(
            mask=self.mask | other.mask,
            reveal=self.reveal & other.reveal,
            row_cap=row_cap,
            reason=self.reason or other.reason,
            ticket=self.ticket or other.ticket,
            step_up=self.step_up | other.step_up,
            observing=self.observing and other.observing,
            pseudonyms=self.pseudonyms & other.pseudonyms,
            estimated=estimated,
        )
