"""`interlock sql explain`: the form of what it prints, and how it fails."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from interlock.cli import app
from interlock.cli.sql_explain import explained
from interlock.errors import InterlockError, NotUnderstood
from interlock.sql.ddl import snapshot_of
from interlock.sql.ddl.extensions import KNOWN as KNOWN_EXTENSIONS

DDL = """
CREATE SCHEMA lab;
CREATE TABLE patients (id serial PRIMARY KEY, name text, ssn text, city text);
CREATE TABLE lab.results (id int, patient_id int, value text);
CREATE VIEW known AS SELECT p.id, upper(p.ssn) AS shown FROM patients p WHERE p.city = 'x';
CREATE VIEW wider AS SELECT k.*, r.value FROM known k JOIN lab.results r ON r.patient_id = k.id;
CREATE FUNCTION unseen(q text) RETURNS text LANGUAGE plpgsql
  AS $$ DECLARE r text; BEGIN EXECUTE q INTO r; RETURN r; END $$;
"""
KNOWN = snapshot_of(DDL.encode())


def told(text: str) -> Any:
    return explained(text.encode(), KNOWN)


def run(tmp_path: Path, *words: str, stdin: str = "", ddl: str = DDL) -> Result:
    schema = tmp_path / "schema.sql"
    schema.write_text(ddl, encoding="utf-8")
    return CliRunner().invoke(app, ["sql", "explain", "--schema", str(schema), *words], input=stdin)


def test_the_form_is_this_and_nothing_else(tmp_path: Path) -> None:
    result = run(tmp_path, "--dialect", "postgres", "SELECT p.ssn AS x, reverse(p.name) FROM patients p WHERE p.id = 3")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == {
        "verbs": ["sql.select"],
        "reads": ["public.patients.id", "public.patients.name", "public.patients.ssn"],
        "outputs": [
            {"name": "x", "sources": ["public.patients.ssn"], "plain": True},
            {"name": "reverse", "sources": ["public.patients.name"], "plain": False},
        ],
        "filters": ["public.patients.id"],
        "writes": [],
        "opaque": None,
    }


def test_sql_from_standard_input(tmp_path: Path) -> None:
    result = run(tmp_path, "-", stdin="SELECT city FROM patients;\n")
    assert json.loads(result.stdout)["outputs"] == [
        {"name": "city", "sources": ["public.patients.city"], "plain": True}
    ]


@pytest.mark.parametrize(
    ("text", "verbs", "writes"),
    [
        (
            "INSERT INTO lab.results (id, value) SELECT id, ssn FROM patients",
            ["sql.insert", "sql.select"],
            ["id", "value"],
        ),
        (
            "UPDATE lab.results r SET value = p.ssn FROM patients p WHERE p.id = r.id",
            ["sql.select", "sql.update"],
            ["value"],
        ),
        ("DELETE FROM lab.results WHERE id = 1", ["sql.delete"], ["id", "patient_id", "value"]),
        ("TRUNCATE lab.results", ["sql.truncate"], ["id", "patient_id", "value"]),
        ("COPY lab.results (id, value) FROM STDIN", ["sql.copy_in"], ["id", "value"]),
    ],
)
def test_writes(text: str, verbs: list[str], writes: list[str]) -> None:
    found = told(text)
    assert found["verbs"] == verbs
    assert found["writes"] == [f"lab.results.{name}" for name in writes]


def test_views_are_told_by_what_lies_below_them() -> None:
    found = told("SELECT * FROM wider")
    assert found["outputs"] == [
        {"name": "id", "sources": ["public.patients.id"], "plain": True},
        {"name": "shown", "sources": ["public.patients.ssn"], "plain": False},
        {"name": "value", "sources": ["lab.results.value"], "plain": True},
    ]
    assert found["filters"] == ["lab.results.patient_id", "public.patients.city", "public.patients.id"]
    assert found["opaque"] is None


def test_counting_releases_nothing_and_tests() -> None:
    found = told("SELECT count(ssn) FROM patients WHERE city LIKE 'x%'")
    assert found["outputs"] == [{"name": "count", "sources": [], "plain": False}]
    assert found["filters"] == ["public.patients.city", "public.patients.ssn"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("SELECT unseen('x')", "PL/pgSQL"),
        ("SELECT nowhere(1)", "function"),
        ("SELECT a FROM nowhere", "relation"),
        ("SELECT pg_read_file('x')", "pg_read_file"),
        ("SELECT relname FROM pg_class", "catalogs"),
    ],
)
def test_what_cannot_be_told_says_why(text: str, why: str) -> None:
    assert why in told(text)["opaque"]


def test_a_refused_statement_still_has_its_verbs() -> None:
    assert (told("CALL something()")["verbs"], bool(told("CALL something()")["opaque"])) == (["sql.call"], True)
    assert told("DO $$ BEGIN END $$")["verbs"] == ["sql.call"]
    assert told("VACUUM patients")["verbs"] == ["sql.maintain"]


def test_session_traffic_and_nothing_at_all() -> None:
    for text in ("BEGIN", "SET application_name = 'x'", "-- nothing"):
        assert told(text) == {
            "verbs": ["session.open"],
            "reads": [],
            "outputs": [],
            "filters": [],
            "writes": [],
            "opaque": None,
        }


def test_what_is_not_sql_ends_as_the_server_ends_it(tmp_path: Path) -> None:
    result = run(tmp_path, "SELECT 1,\n  FROM patients")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == 'ERROR:  syntax error at or near "FROM"\nLINE 2:   FROM patients\n          ^\n'


@pytest.mark.parametrize(
    ("words", "ddl", "why"),
    [
        (["SELECT 1; SELECT 2"], DDL, "several statements"),
        (["--dialect", "mysql", "SELECT 1"], DDL, "MySQL"),
        (
            ["SELECT 1"],
            "CREATE TABLE t (a int);\nCREATE TABLE u (b nonsense)",
            'schema.sql: line 2: the type "nonsense"',
        ),
    ],
)
def test_what_it_refuses(tmp_path: Path, words: list[str], ddl: str, why: str) -> None:
    result = run(tmp_path, *words, ddl=ddl)
    assert isinstance(result.exception, InterlockError)
    assert why in result.exception.sentence
    assert result.stdout == ""


def test_a_schema_that_is_not_there(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["sql", "explain", "--schema", str(tmp_path / "none.sql"), "SELECT 1"])
    assert isinstance(result.exception, InterlockError)
    assert result.exception.sentence.startswith("none.sql can't be read")


def test_the_process_ends_with_two_and_one_sentence(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "interlock.cli",
        "sql",
        "explain",
        "--schema",
        str(tmp_path / "none.sql"),
        "SELECT 1",
    ]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("interlock: none.sql can't be read")


def test_several_statements_have_no_one_document() -> None:
    with pytest.raises(NotUnderstood):
        told("SELECT 1; SELECT 2")


def test_the_page_shows_what_it_prints(tmp_path: Path) -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "sql-explain.md").read_text(encoding="utf-8")
    shown = page.split("```")[1]
    ddl = shown.split("$ cat clinic.sql\n")[1].split("\n\n$ interlock")[0]
    command, _, printed = shown.split("$ interlock sql explain ")[1].partition("\n")
    result = run(tmp_path, command.split('"')[1], ddl=ddl)
    assert result.stdout == printed
    for name in KNOWN_EXTENSIONS:
        assert f"`{name}`" in page
