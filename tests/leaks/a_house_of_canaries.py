"""The canaries' tables with what this folder needs besides: canaries in definitions, in bounds, behind code."""

from __future__ import annotations

from typing import Final

from tests.promises.canaries import CATALOG as PEOPLE_CATALOG
from tests.promises.canaries import FORMS, ROWS, TABLE, filling

SSN, MRN, NOTE = ROWS[0][0].text, ROWS[0][1].text, ROWS[0][8].text

# Five digits may stand in any time of day or process id, and a month and a day in any date.
_TELLING: Final = {form: name for form, name in FORMS.items() if len(form) > 5 or form.strip(b"0123456789-")}

CATALOG: Final = PEOPLE_CATALOG + "".join(
    f'\n[[column]]\nmatch = "public.{column}"\nlabels = ["{label}"]'
    for column, label in {"parted.ssn": "phi.ssn", "watched.ssn": "phi.ssn"}.items()
)

MAKING: Final = (
    *TABLE,
    f"ALTER TABLE people ALTER COLUMN note SET DEFAULT '{NOTE}'",
    f"COMMENT ON COLUMN people.ssn IS 'such as {SSN}'",
    f"COMMENT ON TABLE cities IS 'not {MRN}'",
    f"CREATE TYPE known AS ENUM ('none', '{SSN}')",
    "CREATE TABLE parted (id int, ssn text) PARTITION BY LIST (ssn)",
    f"CREATE TABLE parted_one PARTITION OF parted FOR VALUES IN ('{SSN}')",
    f"CREATE VIEW others AS SELECT id, city FROM people WHERE ssn <> '{SSN}'",
    "CREATE VIEW towns AS SELECT id, city FROM people",
    "CREATE VIEW towns_again AS SELECT city AS town, id FROM towns",
    "CREATE MATERIALIZED VIEW kept_towns AS SELECT id, city FROM people",
    "CREATE TABLE watched (id int, ssn text)",
    "CREATE TABLE watchers (name text)",
    "CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS"
    " $$ BEGIN RAISE NOTICE 'saw %', NEW.ssn; RETURN NEW; END $$",
    "CREATE TRIGGER watching BEFORE INSERT OR UPDATE ON watched FOR EACH ROW EXECUTE FUNCTION watch()",
    "CREATE FUNCTION doubled(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2'",
    "CREATE FUNCTION town_of(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT city FROM people WHERE id = $1'",
    "CREATE FUNCTION dblink(text, text) RETURNS SETOF record LANGUAGE plpgsql AS"
    " $$ BEGIN RETURN QUERY EXECUTE $2; END $$",
    "CREATE SEQUENCE counter",
    "CREATE TABLE journal (id serial PRIMARY KEY, at timestamptz DEFAULT '2020-02-02', kind text DEFAULT 'note',"
    " said text, words int GENERATED ALWAYS AS (length(said)) STORED)",
    "CREATE TABLE dated (id int, at timestamptz DEFAULT now(), said text)",
    "GRANT ALL ON ALL TABLES IN SCHEMA public TO PUBLIC",
    "GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO PUBLIC",
)

AFRESH: Final = (
    "DROP SCHEMA IF EXISTS evil CASCADE",
    "DROP VIEW IF EXISTS open_view, later CASCADE",
    "DROP MATERIALIZED VIEW IF EXISTS stolen_kept",
    "DROP TABLE IF EXISTS stolen, plain, mine_alone CASCADE",
    "DROP FUNCTION IF EXISTS mine() CASCADE",
    "DROP FUNCTION IF EXISTS harmless(int) CASCADE",
    "DROP FUNCTION IF EXISTS tell() CASCADE",
    "TRUNCATE parted, watched, watchers, journal, dated RESTART IDENTITY",
    f"INSERT INTO parted VALUES (1, '{SSN}')",
    "ALTER SEQUENCE counter RESTART",
)


def made() -> list[str]:
    """Everything, filled."""
    return [*MAKING, *again()]


def again() -> list[str]:
    """The statements that bring it back to what it was."""
    return [*AFRESH, *filling(), "REFRESH MATERIALIZED VIEW kept_towns", "ANALYZE people"]


def sightings(data: bytes) -> set[str]:
    """The canaries seen in bytes, with the form in which they were."""
    return {f"{name}: {form[:24]!r}" for form, name in _TELLING.items() if form in data}
