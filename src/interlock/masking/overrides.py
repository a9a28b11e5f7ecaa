"""Overrides as masking applies them: which of those on record speak of a value, and what they may do to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from interlock.model.label import Label
from interlock.model.override import NOT_THIS_LABEL, Override, OverrideScope

_NARROWEST: Final = (OverrideScope.ROW, OverrideScope.COLUMN, OverrideScope.LABEL)


@dataclass(frozen=True, slots=True)
class Overrides:
    """Those of one connection that were in force at one moment; make them anew for each result or text."""

    in_force: tuple[Override, ...] = ()

    @staticmethod
    def of(all_: Iterable[Override], connection: str, now: str) -> Overrides:
        """Those of `connection` that haven't expired. `now`: as in `Override.expires_at`."""
        return Overrides(tuple(o for o in all_ if o.connection == connection and o.expires_at > now))

    def rules(self, label: Label, column: str | None, subject: str | None) -> Sequence[str]:
        """The rules that are asked for in place of this value's, the narrowest first. Of equally narrow ones the older
        comes first: ids are UUIDv7s."""
        found = [o for o in self._about(label, column, subject) if o.rule != NOT_THIS_LABEL]
        return [o.rule for o in sorted(found, key=lambda o: (_NARROWEST.index(o.scope), o.id))]

    def isnt(self, label: Label, column: str | None, subject: str | None) -> bool:
        """Whether what content detection finds here under this label isn't that. Said of columns alone, never of
        secrets, and never of a whole root: `phi` is what a text is called on which detection failed."""
        if column is None or label.split(".")[0] == "secret":
            return False
        return any(
            o.rule == NOT_THIS_LABEL and o.column is not None and "." in o.label
            for o in self._about(label, column, subject)
        )

    def _about(self, label: Label, column: str | None, subject: str | None) -> Iterable[Override]:
        return (
            o
            for o in self.in_force
            if (o.column is None or o.column == column)
            and (o.subject is None or o.subject == subject)
            and (label == o.label or label.startswith(f"{o.label}."))
        )
