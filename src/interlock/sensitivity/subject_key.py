"""Whose row is it: the column by which a table's rows belong to a person (its subject key).

A table of people is its own subject. Others belong to one by a foreign key, perhaps by way of a table between; without
foreign keys a column's name may tell. Where several could, patients come before members, and those before staff. A
table that belongs to nobody says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from interlock.sensitivity.column_names import words

FARTHEST: Final = 3  # tables on the way

Table = tuple[str, str]  # (schema, name)

# Words for people in the order in which a row is theirs.
_RANKS: Final = (
    "patient patients pt pat paciente pacientes patienten subject subjects participant participants resident residents",
    """beneficiary beneficiaries subscriber subscribers insured member members enrollee dependent dependents versicherte
    versicherter mitglied mitglieder assure assures asegurado asegurados applicant applicants donor donors student
    students""",
    """customer customers cust client clients kunde kunden cliente clientes person persons people personen personne
    personnes persona personas contact contacts guarantor guarantors candidate candidates""",
    "user users benutzer utilisateur utilisateurs usuario usuarios account_holder profile profiles",
    """employee employees emp staff mitarbeiter employe employes empleado empleados provider providers physician
    physicians doctor doctors nurse nurses""",
)
_RANK: Final[Mapping[str, int]] = {word: rank for rank, told in enumerate(_RANKS) for word in told.split()}
_NUMBERS: Final = {"mrn": 0, "mpi": 0, "empi": 0, "ssn": 2}
_ENDS: Final = frozenset(
    ("id", "ids", "key", "fk", "ref", "no", "nr", "num", "number", "uuid", "guid", "pk", "nummer", "mrn")
)


class How(StrEnum):
    """How a table belongs to people."""

    OWN = "own"  # it is a table of people
    FOREIGN_KEY = "foreign_key"
    BY_WAY_OF = "by_way_of"  # a foreign key to a table that belongs to people
    NAME = "name"  # only the column's name says so
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """`columns` refer to `target`; `others` are their counterparts there."""

    columns: tuple[str, ...]
    target: Table
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table as far as it tells whose its rows are."""

    table: Table
    columns: tuple[str, ...]
    primary_key: tuple[str, ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """`column` of the table says whose a row is; `subject` is the table of people; `way` the tables between.
    Empty where `how` is NOBODY."""

    how: How
    column: str = ""
    subject: Table | None = None
    way: tuple[Table, ...] = ()

    @property
    def told(self) -> str:
        """For people."""
        target = ".".join(self.subject) if self.subject is not None else ""
        match self.how:
            case How.OWN:
                return f"{self.column} (a table of people)"
            case How.FOREIGN_KEY:
                return f"{self.column} (foreign key to {target})"
            case How.BY_WAY_OF:
                between = ", ".join(".".join(each) for each in self.way)
                return f"{self.column} (to {target}, by way of {between})"
            case How.NAME:
                return f"{self.column} (by its name alone)"
            case How.NOBODY:
                return "none found"


NOBODY: Final = SubjectKey(How.NOBODY)


def subject_keys(tables: Sequence[TableShape]) -> Mapping[Table, SubjectKey]:
    """The subject key of each table. Pure; in time bounded by the keys there are."""
    known: dict[Table, tuple[int, SubjectKey]] = {}
    for shape in tables:
        if (rank := _rank_of_table(shape)) is not None and (column := _own_column(shape)) is not None:
            known[shape.table] = (rank, SubjectKey(How.OWN, column, shape.table))
    own = dict(known)
    for _ in range(FARTHEST):  # each round finds what is one table farther away
        before = dict(known)
        for shape in tables:
            if shape.table not in before and (found := _led_to(shape, before)) is not None:
                known[shape.table] = found
    for shape in tables:
        # A table between two kinds of people, such as staff who are users too, is its own as well as the other's.
        if shape.table in own and (nearer := _led_to(shape, own)) is not None and nearer[0] < own[shape.table][0]:
            known[shape.table] = nearer
    return {shape.table: _of(shape, known) for shape in tables}


def _of(shape: TableShape, known: Mapping[Table, tuple[int, SubjectKey]]) -> SubjectKey:
    by_name = _by_name(shape)
    found = known.get(shape.table)
    if found is None:
        return SubjectKey(How.NAME, by_name[1]) if by_name is not None else NOBODY
    if by_name is not None and found[1].how in (How.FOREIGN_KEY, How.BY_WAY_OF) and by_name[0] < found[0]:
        return SubjectKey(How.NAME, by_name[1])  # a patient_id without a foreign key says more than one to staff
    return found[1]


def _led_to(shape: TableShape, known: Mapping[Table, tuple[int, SubjectKey]]) -> tuple[int, SubjectKey] | None:
    found: list[tuple[int, int, int, SubjectKey]] = []
    for at, key in enumerate(shape.foreign_keys):
        there = known.get(key.target)
        if there is None or len(key.columns) != 1 or key.target == shape.table:
            continue
        rank, subject = there
        if subject.how is How.OWN:
            found.append((rank, 0, at, SubjectKey(How.FOREIGN_KEY, key.columns[0], subject.subject)))
        elif subject.how in (How.FOREIGN_KEY, How.BY_WAY_OF):
            way = (key.target, *subject.way)
            found.append((rank, len(way), at, SubjectKey(How.BY_WAY_OF, key.columns[0], subject.subject, way)))
    if not found:
        return None
    rank, _, _, best = min(found, key=lambda each: each[:3])
    return rank, best


def _rank_of_table(shape: TableShape) -> int | None:
    """Of a table called by a word for people, as its last word: `patients`, `tbl_patient`, but not `patient_visits`."""
    told = [word for word in words(shape.table[1]) if not word.isdigit()]
    while told and told[-1] in _BESIDE:
        told.pop()
    return _RANK.get(told[-1]) if told else None


_BESIDE: Final = frozenset(
    ("master", "main", "data", "info", "details", "detail", "record", "records", "table", "tbl", "base", "core")
)


def _own_column(shape: TableShape) -> str | None:
    if len(shape.primary_key) == 1:
        return shape.primary_key[0]
    named = _by_name(shape)
    if named is not None:
        return named[1]
    return next((column for column in shape.columns if words(column) == ("id",)), None)


def _by_name(shape: TableShape) -> tuple[int, str] | None:
    found = list(_named(shape.columns))
    if not found:
        return None
    rank, at = min(found)
    return rank, shape.columns[at]


def _named(columns: Sequence[str]) -> Iterator[tuple[int, int]]:
    for at, column in enumerate(columns):
        told = words(column)
        if len(told) == 1 and told[0] in _NUMBERS:
            yield _NUMBERS[told[0]], at
        elif len(told) in (2, 3) and told[-1] in _ENDS and told[0] in _RANK:
            yield _RANK[told[0]], at
