"""A statement as a door has prepared it: what an SQL action is made of."""

from __future__ import annotations

from dataclasses import dataclass

from interlock.model.payload import SqlStatement
from interlock.model.snapshot import DescribedColumn
from interlock.sql.shape import Statement


@dataclass(frozen=True, slots=True)
class PreparedStatement:
    """A judged statement, the server's description of its outputs (None: it wasn't asked), and what would be sent.

    `rows`: how many rows are in the payload's `copy_data`, if it has any. `given_literals` (byte offsets in the text)
    and `given_parameters` (numbers, from 1) stand for values that the asker was given as pseudonyms, translated inward.
    """

    statement: Statement
    described: tuple[DescribedColumn, ...] | None
    payload: SqlStatement
    rows: int = 0
    given_literals: frozenset[int] = frozenset()
    given_parameters: frozenset[int] = frozenset()
