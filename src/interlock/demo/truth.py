"""What the clinic really holds: the script compares everything that comes back with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import psycopg

from interlock.model.secret import Secret

# Columns of patients that must come back masked, and those among them whose values are telling anywhere in a text.
PROTECTED = (
    "mrn",
    "ssn",
    "given_name",
    "family_name",
    "birth_date",
    "phone",
    "email",
    "street",
    "zip",
    "insurance_member_id",
)
TELLING = ("mrn", "ssn", "email", "insurance_member_id")


@dataclass(frozen=True, slots=True)
class Truth:
    """Real values of patients, as PostgreSQL writes them in text."""

    values: Mapping[str, frozenset[str]]  # by protected column
    states: Mapping[str, str]  # by patient id
    known: Mapping[str, tuple[str, ...]]  # by patient id: of each protected column

    def count(self, state: str) -> int:
        """How many patients live there."""
        return sum(each == state for each in self.states.values())

    def told_of(self, patient: str, text: str) -> list[str]:
        """Protected columns of which this patient's real value stands in a text."""
        return [column for column, value in zip(PROTECTED, self.known[patient], strict=True) if value in text]

    def leaks(self, columns: Sequence[str], rows: Iterable[Sequence[str | None]], raw: str) -> list[str]:
        """Columns of which a real value came back: as a cell, or anywhere in `raw` where it would be telling."""
        found = {
            column
            for row in rows
            for column, cell in zip(columns, row, strict=True)
            if cell is not None and cell in self.values.get(column, frozenset())
        }
        found.update(column for column in TELLING if any(value in raw for value in self.values[column]))
        return sorted(found)


def read_truth(conninfo: Secret[str]) -> Truth:
    """Read past the gateway, with the superuser of the demo's own server."""
    with psycopg.connect(conninfo.reveal()) as connection:
        columns = ", ".join(f"{column}::text" for column in PROTECTED)
        query = f"SELECT id::text, state, {columns} FROM patients"  # noqa: S608  a constant
        rows = connection.execute(query.encode()).fetchall()
    return Truth(
        values={column: frozenset(row[n] for row in rows) for n, column in enumerate(PROTECTED, start=2)},
        states={row[0]: row[1] for row in rows},
        known={row[0]: tuple(row[2:]) for row in rows},
    )
