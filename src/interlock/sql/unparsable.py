"""A text that isn't read because of what it is: past our limits, or refused by PostgreSQL's own grammar."""

from __future__ import annotations

from interlock.errors import NotUnderstood
from interlock.model.secret import Secret

TOO_LONG = "54000"  # program_limit_exceeded
TOO_COMPLEX = "54001"  # statement_too_complex


class Unparsable(NotUnderstood):
    """Two sentences: the exception's own for records, which quotes nothing, and `told`, which its sender may be shown.

    `told` is the server's own message where there is one. It quotes the sender's text: it may go to that client and
    nowhere else, so no repr shows it. `position` counts characters from 1; 0 where there is none.
    """

    def __init__(self, sentence: str, *, sqlstate: str, told: str = "", position: int = 0) -> None:
        super().__init__(sentence)
        self.sqlstate = sqlstate
        self.told = Secret(told or f"{sentence[:1].upper()}{sentence[1:]}.")
        self.position = position
