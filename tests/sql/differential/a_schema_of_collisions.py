"""A schema whose names collide: columns of one name in many tables, columns named as tables, tables as columns.

Two schemas with a table of one name, views on views, an inheritance parent, partitions, a materialised view, generated
and composite columns, a domain, functions in SQL that read tables or take whole rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SEARCH_PATH: Final = ("public", "other")

DEFINITIONS: Final = """
CREATE SCHEMA other;
CREATE TYPE address AS (street text, zip int, name text);
CREATE DOMAIN mrn AS text CHECK (length(VALUE) < 40);
CREATE TABLE patients (id int PRIMARY KEY, name text, ssn text, age int, tags text[], info jsonb, home address,
                       born date, mrn mrn);
CREATE TABLE visits (id int PRIMARY KEY, patient int, name text, note text, age int, codes int[], day date,
                     dropped int, ssn text);
ALTER TABLE visits DROP COLUMN dropped;
CREATE TABLE notes (id int PRIMARY KEY, visits int, note text, patients text, name text);
CREATE TABLE name (id int PRIMARY KEY, name text, "Name" text, "select" int);
CREATE TABLE other.patients (id int PRIMARY KEY, ssn text, extra int, name text);
CREATE TABLE other.codes (code int PRIMARY KEY, name text, info jsonb);
CREATE TABLE people (id int, name text, ssn text);
CREATE TABLE staff (role text, age int) INHERITS (people);
CREATE TABLE events (id int, kind text, day date, note text) PARTITION BY RANGE (id);
CREATE TABLE events_low PARTITION OF events FOR VALUES FROM (0) TO (1000);
CREATE TABLE events_high (note text, day date, id int NOT NULL, kind text);
ALTER TABLE events ATTACH PARTITION events_high FOR VALUES FROM (1000) TO (9000);
CREATE TABLE totals (id int PRIMARY KEY, age int, name text, ssn text,
                     twice int GENERATED ALWAYS AS (age + id) STORED,
                     hidden text GENERATED ALWAYS AS (upper(ssn)) VIRTUAL);
CREATE VIEW adults AS SELECT id, name AS ssn, ssn AS name, age FROM patients WHERE born IS NOT NULL;
CREATE VIEW visited AS SELECT v.id, p.name, v.note, p.home, v.day FROM visits v JOIN patients p ON p.id = v.patient;
CREATE VIEW visited_adults AS SELECT a.id, a.ssn, v.note, v.name FROM adults a JOIN visited v USING (id)
    WHERE a.age > 17;
CREATE VIEW counted AS SELECT name, count(*) AS n, max(ssn) AS ssn FROM patients GROUP BY name HAVING max(age) > 3;
CREATE VIEW everybody AS SELECT id, name, ssn FROM people UNION SELECT id, ssn, name FROM other.patients;
CREATE VIEW rows_of AS SELECT p AS patients, p.id FROM patients p;
CREATE MATERIALIZED VIEW kept AS SELECT id, lower(ssn) AS ssn, tags FROM patients WHERE age < 90;
CREATE FUNCTION ssn_of(int) RETURNS text LANGUAGE sql STABLE
    AS 'SELECT p.ssn FROM public.patients p WHERE p.id = $1';
CREATE FUNCTION initials(patients) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT left(($1).name, 1) || ($1).age';
CREATE FUNCTION seen_by(int) RETURNS TABLE (id int, note text) LANGUAGE sql STABLE
    AS 'SELECT v.id, v.note FROM public.visits v WHERE v.patient = $1';
"""


@dataclass(frozen=True, slots=True)
class Col:
    """A column as statements may name it, with the coarse type that the maker knows it by."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class Table:
    """A relation as statements may name it. `key`: of a unique index. `writable`: may be a target of DML."""

    name: str
    columns: tuple[Col, ...]
    key: str = ""
    writable: bool = True
    generated: frozenset[str] = frozenset()


def _table(name: str, columns: str, key: str = "", *, writable: bool = True, generated: str = "") -> Table:
    pairs = (part.split(":") for part in columns.split())
    return Table(name, tuple(Col(n, t) for n, t in pairs), key, writable, frozenset(generated.split()))


TABLES: Final = (
    _table(
        "patients",
        "id:int name:text ssn:text age:int tags:texts info:info home:address born:date mrn:text",
        "id",
    ),
    _table("visits", "id:int patient:int name:text note:text age:int codes:ints day:date ssn:text", "id"),
    _table("notes", "id:int visits:int note:text patients:text name:text", "id"),
    _table("name", "id:int name:text Name:text select:int", "id"),
    _table("other.patients", "id:int ssn:text extra:int name:text", "id"),
    _table("codes", "code:int name:text info:info", "code"),
    _table("people", "id:int name:text ssn:text"),
    _table("staff", "id:int name:text ssn:text role:text age:int"),
    _table("events", "id:int kind:text day:date note:text"),
    _table("events_high", "note:text day:date id:int kind:text"),
    _table("totals", "id:int age:int name:text ssn:text twice:int hidden:text", "id", generated="twice hidden"),
    _table("adults", "id:int ssn:text name:text age:int"),
    _table("visited", "id:int name:text note:text home:address day:date", writable=False),
    _table("visited_adults", "id:int ssn:text note:text name:text", writable=False),
    _table("counted", "name:text n:int ssn:text", writable=False),
    _table("everybody", "id:int name:text ssn:text", writable=False),
    _table("rows_of", "patients:patient id:int", writable=False),
    _table("kept", "id:int ssn:text tags:texts", writable=False),
)
