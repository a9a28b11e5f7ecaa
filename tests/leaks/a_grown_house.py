"""The schema of colliding names, filled: canaries in the labelled columns, ordinary words and numbers in all others.

Canaries are digits where that can be, so that what casts them goes on instead of failing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from tests.promises.canaries import Canary
from tests.sql.differential.a_schema_of_collisions import DEFINITIONS, SEARCH_PATH

LABELS: Final = {
    "public.patients.ssn": "phi.ssn",
    "public.patients.mrn": "phi.mrn",
    "public.patients.born": "phi.date.birth",
    "public.patients.home": "phi.address.street",
    "public.patients.info": "phi.phone",
    "public.visits.ssn": "phi.ssn",
    "public.visits.note": "phi.clinical.note",
    "public.visits.codes": "phi.account",
    "public.notes.note": "phi.clinical.note",
    "public.name.Name": "phi.name",
    "other.patients.extra": "phi.account",
    "other.patients.ssn": "phi.ssn",
    "public.people.ssn": "phi.ssn",
    "public.staff.ssn": "phi.ssn",
    "public.events.note": "phi.clinical.note",
    "public.totals.ssn": "phi.ssn",
}
CATALOG: Final = "\n".join(f'[[column]]\nmatch = "{column}"\nlabels = ["{label}"]' for column, label in LABELS.items())
_EPOCH: Final = date(1911, 3, 7)
_ROWS: Final = 5


class _Canaries:
    """Hands out canaries that nothing else looks like, and keeps them."""

    def __init__(self) -> None:
        self.all: list[Canary] = []
        self._next = 0

    def digits(self) -> str:
        """A text of nine digits."""
        self._next += 1
        number = 700_000_000 + (self._next * 48_271_357) % 299_999_999
        self.all.append(Canary("digits", str(number), number=number))
        return str(number)

    def words(self) -> str:
        """A text with a word that no other has."""
        self._next += 1
        text = "Zx" + "".join(chr(97 + (self._next * n * 7 + n) % 26) for n in range(3, 13))
        self.all.append(Canary("words", text))
        return text

    def day(self) -> str:
        """A day of a century ago."""
        self._next += 1
        day = _EPOCH + timedelta(days=self._next * 131)
        self.all.append(Canary("day", day.isoformat(), day=day))
        return day.isoformat()


def filling() -> tuple[list[str], tuple[Canary, ...]]:
    """The statements that fill the tables, and the canaries that they hold."""
    made = _Canaries()
    return list(_rows(made)), tuple(made.all)


def _rows(c: _Canaries) -> Iterator[str]:
    names = ("Ulm", "Bonn", "Jena", "Kiel", "Trier")
    for n, name in enumerate(names, start=1):
        yield (
            f"INSERT INTO patients VALUES ({n}, '{n + 10}', '{c.digits()}', {n * 17}, ARRAY['{n}', '{name}'],"
            f' \'{{"a": "{c.words()}", "k": "{c.words()}"}}\', ROW(\'{c.words()}\', {c.digits()}, \'{c.words()}\'),'
            f" '{c.day()}', '{c.digits()}')"
        )
        yield (
            f"INSERT INTO visits VALUES ({n}, {n % 3 + 1}, '{n % 3}', '{c.words()}', {n * 9}, ARRAY[{c.digits()}, 3],"
            f" '2020-01-0{n}', '{c.digits()}')"
        )
        yield f"INSERT INTO notes VALUES ({n}, {n % 2}, '{c.digits()}', '{n % 4}', '{name}')"
        yield f"INSERT INTO name VALUES ({n}, '{n % 3}', '{c.words()}', {n * 3})"
        yield f"INSERT INTO other.patients VALUES ({n + 2}, '{c.digits()}', {c.digits()}, '{name}')"
        yield f'INSERT INTO other.codes VALUES ({n}, \'{n % 2}\', \'{{"a": {n}, "k": "{name}"}}\')'
        yield f"INSERT INTO people VALUES ({n}, '{n % 4}', '{c.digits()}')"
        yield f"INSERT INTO staff VALUES ({n + 4}, '{name}', '{c.digits()}', '{n % 2}', {n})"
        yield f"INSERT INTO events VALUES ({n * 400}, '{n % 2}', '2021-02-0{n}', '{c.words()}')"
        yield f"INSERT INTO totals (id, age, name, ssn) VALUES ({n}, {n * 2}, '{n % 3}', '{c.digits()}')"
    yield "REFRESH MATERIALIZED VIEW kept"


def made(database: str) -> tuple[list[str], tuple[Canary, ...]]:
    """All statements that make it, for anybody's use; and the canaries."""
    rows, canaries = filling()
    rights = [
        f"GRANT USAGE ON SCHEMA {schema} TO PUBLIC; GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO PUBLIC"
        for schema in SEARCH_PATH
    ]
    path = f"ALTER DATABASE {database} SET search_path = {', '.join(SEARCH_PATH)}"
    # Series up to a canary, and products of those, are for nobody to wait for.
    patience = f"ALTER DATABASE {database} SET statement_timeout = '1s'"
    return [DEFINITIONS, path, patience, "SET search_path = public, other", *rows, *rights, "ANALYZE"], canaries
