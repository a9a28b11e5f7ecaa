"""An override: a steward's word that a mask is wrong somewhere, and what to do there instead, until when.

It can't show anything: it picks another rule of those that the profile allows, or says of what content detection finds
in one column that it isn't that. Who said so is in its ledger entry.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from interlock.model.label import Label

NOT_THIS_LABEL: Final = "not_this_label"
"""In place of a rule: what content detection finds in this column under this label isn't that."""


class OverrideScope(StrEnum):
    """How far an override reaches, from the narrowest on."""

    ROW = "row"
    COLUMN = "column"
    LABEL = "label"


@dataclass(frozen=True, slots=True)
class Override:
    """`connection` by name; `column` by its full name (`clinic/public.patients.mrn`), None for all of the connection's.

    `label` with all beneath it. `rule`: the name of a masking rule, or `NOT_THIS_LABEL`. `subject`: the keyed hash of
    one row's key, in hex (`masking.keys.MaskKeys.subject`), None for all rows. `expires_at`: RFC 3339 in UTC with six
    digits and a `Z`, as in ledger entries; from then on it counts for nothing.
    """

    id: str
    connection: str
    column: str | None
    label: Label
    rule: str
    subject: str | None
    expires_at: str

    @property
    def scope(self) -> OverrideScope:
        """How far it reaches."""
        if self.subject is not None:
            return OverrideScope.ROW
        return OverrideScope.LABEL if self.column is None else OverrideScope.COLUMN
