"""`interlock connection add`, `test` and `list`, before a real PostgreSQL."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cli.an_installation import Installation, installation
from tests.postgres_fixture import PASSWORD, Database
from tests.upstreams.test_grants import run_as_admin, set_password
from typer.testing import CliRunner, Result

from interlock.cli import app
from interlock.cli.connection_table import Value, append_table, table_text
from interlock.errors import InterlockError, SettingsMistakes
from interlock.settings import load

COMMENT = "# Mine, and to stay: 'quotes', \"quotes\", ümlauts.\n"
CATALOG = """[[column]]
match = "public.patients.name"
labels = ["phi.name"]
[[column]]
match = "public.patients.ssm"
labels = ["phi.ssn"]
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("CLINIC_PASSWORD", PASSWORD)
    with installation(tmp_path) as made:
        made.settings.write_text(made.settings.read_text() + COMMENT)
        made.settings.chmod(0o640)
        (made.directory / "catalog.toml").write_text(CATALOG)
        yield made


@pytest.fixture
def clinic(empty_database: Database) -> Iterator[Database]:
    """Tables, and no role for them yet but `empty_database.user`, which has no grants."""
    empty_database.execute("CREATE TABLE patients (id serial PRIMARY KEY, name text)")
    yield empty_database
    empty_database.execute("DROP OWNED BY " + empty_database.user)


def run(here: Installation, *words: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, ["connection", *words, "--settings", str(here.settings)], input=typed)


def place(database: Database, user: str = "") -> list[str]:
    up = database.upstream
    words = ["--host", up.host, "--port", str(up.port), "--database", up.database, "--user", user or up.user]
    return [*words, "--password-from", "env:CLINIC_PASSWORD"]


def levels(findings: list[dict[str, str]], name: str = "clinic") -> dict[str, str]:
    return {each["check"].removeprefix(f"{name}."): each["level"] for each in findings}


def outcome(here: Installation, *names: str) -> tuple[int, list[dict[str, str]]]:
    done = run(here, "test", *names, "--json")
    told: dict[str, Any] = json.loads(done.stdout)
    return done.exit_code, told["findings"]


def test_the_printed_grants_make_a_login_that_is_added_and_passes(here: Installation, clinic: Database) -> None:
    user = f"agents_{clinic.name}"
    grants = run(here, "add", "clinic", *place(clinic, user), "--print-grants")
    assert grants.exit_code == 0
    run_as_admin(clinic, grants.stdout)
    set_password(clinic, user)
    try:
        before = here.settings.read_text()
        added = run(here, "add", "clinic", *place(clinic, user), "--catalog", "catalog.toml", "--tag", "hipaa", "--yes")
        assert added.exit_code == 0, added.output
        assert "1 schema, 1 table (0 of them to write), 0 views, 2 columns" in added.stdout
        assert f'psql "host=127.0.0.1 port={load(here.settings).postgres.port} dbname=clinic user=etl' in added.stdout
        assert PASSWORD not in added.output
        text = here.settings.read_text()
        assert text.startswith(before)
        assert COMMENT in text
        assert stat.S_IMODE(here.settings.stat().st_mode) == 0o640
        settings = load(here.settings).connections
        (connection,) = settings.values()
        assert (connection.connection.environment, connection.connection.tags) == ("production", frozenset({"hipaa"}))
        assert not list(here.directory.glob(".*.new"))
        code, findings = outcome(here)
        assert code == 0
        found = levels(findings)
        assert {found[check] for check in ("server", "tls", "method", "guard", "application", "might", "reach")} == {
            "OK"
        }
        assert [f["sentence"] for f in findings if f["check"] == "clinic.catalog"] == [
            "nothing there is called public.patients.ssm",
            "1 of 2 columns bear labels",
        ]
        assert "by logins of their own" in str(findings)
    finally:
        clinic.execute(f"DROP OWNED BY {user}", f"DROP ROLE {user}")


def test_a_superuser_is_refused_with_the_grants_and_nothing_is_written(here: Installation, clinic: Database) -> None:
    clinic.execute(f"ALTER ROLE {clinic.user} SUPERUSER")
    before = here.settings.read_bytes()
    done = run(here, "add", "clinic", *place(clinic), "--yes")
    assert done.exit_code == 1
    assert "our login is a superuser" in done.stdout
    assert "NOSUPERUSER NOCREATEROLE" in done.stdout
    assert here.settings.read_bytes() == before


def test_unsafe_superuser_is_taken_and_warned_of_everywhere(here: Installation, clinic: Database) -> None:
    clinic.execute(f"ALTER ROLE {clinic.user} SUPERUSER")
    done = run(here, "add", "clinic", *place(clinic), "--unsafe-superuser", "--yes")
    assert done.exit_code == 0, done.output
    assert "unsafe_superuser: our login is a superuser" in done.stdout
    assert "unsafe_superuser: its login may be more than its grants" in done.stderr
    code, findings = outcome(here)
    assert (code, levels(findings)["might"]) == (0, "WARN")
    for verb in ("check", "doctor"):
        told = CliRunner().invoke(app, [verb, "--settings", str(here.settings)])
        assert "unsafe_superuser" in told.output
    (row,) = json.loads(run(here, "list", "--json").stdout)
    assert row["unsafe"] == ["unsafe_superuser"]


def test_a_login_that_needs_no_such_leave_doesnt_get_it(here: Installation, clinic: Database) -> None:
    done = run(here, "add", "clinic", *place(clinic), "--unsafe-superuser", "--yes")
    assert done.exit_code == 0, done.output
    assert "unsafe_superuser" not in here.settings.read_text()
    assert "nothing: it has no grant on any table" in done.stdout


def test_a_login_that_isnt_there_yet_gets_its_grants(here: Installation, clinic: Database) -> None:
    done = run(here, "add", "clinic", *place(clinic, "nobody-yet"), "--yes")
    assert done.exit_code == 1
    assert 'CREATE ROLE "nobody-yet" LOGIN' in done.stdout
    assert "connections" not in here.settings.read_text()


def test_a_server_that_isnt_there_gets_none(here: Installation, clinic: Database, unused_tcp_port: int) -> None:
    words = place(clinic)
    words[3] = str(unused_tcp_port)
    done = run(here, "add", "clinic", *words, "--yes")
    assert done.exit_code == 1
    assert "nothing listens there" in done.stdout
    assert "CREATE ROLE" not in done.stdout


def test_a_name_that_is_taken_is_refused_and_the_file_is_as_it_was(here: Installation, clinic: Database) -> None:
    assert run(here, "add", "clinic", *place(clinic), "--yes").exit_code == 0
    before = here.settings.read_bytes()
    done = run(here, "add", "clinic", *place(clinic), "--yes")
    assert isinstance(done.exception, InterlockError)
    assert done.exception.code == "name_taken"
    assert here.settings.read_bytes() == before


def test_who_says_no_gets_nothing_written(here: Installation, clinic: Database) -> None:
    before = here.settings.read_bytes()
    assert run(here, "add", "clinic", *place(clinic), typed="n\n").exit_code == 1
    assert here.settings.read_bytes() == before
    assert run(here, "add", "clinic", *place(clinic), typed="y\n").exit_code == 0


def test_a_password_itself_is_refused_and_not_repeated(here: Installation, clinic: Database) -> None:
    words = place(clinic)
    words[-1] = "canary-secret"
    done = run(here, "add", "clinic", *words, "--yes")
    assert isinstance(done.exception, InterlockError)
    assert "canary-secret" not in done.output + str(done.exception)


HOSTILE = 'x\\", \'#[\t]"'.replace("\t", " ")


def values(**changed: str) -> dict[str, Value]:
    whole = {"kind": "postgres", "host": "h", "database": "d", "user": "u", "password": "env:CLINIC_PASSWORD"}
    return {**whole, **changed}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"database": HOSTILE}, ""),
        ({"database": "a\nb"}, "database"),
        ({"password": "env:NOT_THERE"}, "NOT_THERE"),
        ({"catalog": "no"}, "no file"),
    ],
)
def test_what_is_written_is_read_first(here: Installation, changed: dict[str, str], told: str) -> None:
    before = here.settings.read_bytes()
    text = table_text("a.b", values(**changed))
    if not told:
        append_table(here.settings, "a.b", text)
        (connection,) = load(here.settings).connections.values()
        assert (connection.connection.name, connection.upstream.database) == ("a.b", HOSTILE)
        return
    with pytest.raises(SettingsMistakes, match=told):
        append_table(here.settings, "a.b", text)
    assert here.settings.read_bytes() == before
    assert not list(here.directory.glob(".*.new"))


def test_a_link_stays_one_and_a_mistake_elsewhere_keeps_nobody(here: Installation) -> None:
    link = here.directory / "linked.toml"
    link.symlink_to("interlock.toml")
    with here.settings.open("a") as file:
        file.write("[nonsense]\n")
    append_table(link, "clinic", table_text("clinic", values()))
    assert link.is_symlink()
    assert "[connections.clinic]" in here.settings.read_text()


def test_a_file_that_takes_no_further_table_is_left_alone(here: Installation) -> None:
    text = "connections = {}\n" + here.settings.read_text()
    here.settings.write_text(text)
    with pytest.raises(SettingsMistakes, match="isn't TOML"):
        append_table(here.settings, "clinic", table_text("clinic", values()))
    assert here.settings.read_text() == text


@pytest.mark.parametrize("name", ["", "A", "a b", 'a"]\n[x', "ä"])
def test_a_name_that_none_can_have(name: str) -> None:
    with pytest.raises(InterlockError):
        table_text(name, {})


def test_the_list_has_everything_but_the_password(here: Installation, clinic: Database) -> None:
    words = [*place(clinic), "--environment", "staging", "--catalog", "catalog.toml", "--tag", "b", "--tag", "a"]
    assert run(here, "add", "clinic", *words, "--yes").exit_code == 0
    up = clinic.upstream
    (row,) = json.loads(run(here, "list", "--json").stdout)
    assert row == {
        "name": "clinic",
        "kind": "postgres",
        "host": up.host,
        "port": up.port,
        "database": up.database,
        "user": up.user,
        "environment": "staging",
        "tags": ["a", "b"],
        "tls": "disable",
        "login": "scram-sha-256",
        "catalog": "catalog.toml",
        "unsafe": [],
    }
    shown = run(here, "list").output
    assert f"{up.host}:{up.port}/{up.database}" in shown
    assert PASSWORD not in shown


def test_what_fails_is_told_and_ends_with_one(here: Installation, clinic: Database) -> None:
    assert run(here, "add", "clinic", *place(clinic), "--yes").exit_code == 0
    clinic.execute(f"GRANT pg_monitor TO {clinic.user}")
    code, findings = outcome(here, "clinic")
    assert (code, levels(findings)["might"]) == (1, "FAIL")
    clinic.execute(f"REVOKE pg_monitor FROM {clinic.user}", f"ALTER ROLE {clinic.user} NOLOGIN")
    code, findings = outcome(here, "clinic")
    assert (code, levels(findings)) == (1, {"login": "FAIL"})
    assert "may not log in" in findings[0]["sentence"]
    nobody = run(here, "test", "other")
    assert isinstance(nobody.exception, InterlockError)


def test_names_from_the_server_are_made_visible(here: Installation, clinic: Database) -> None:
    clinic.execute(
        "CREATE FUNCTION \"\x1b[31mred\u202e[bold]\"() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'"
    )
    done = run(here, "add", "clinic", *place(clinic), "--yes")
    assert done.exit_code == 0, done.output
    assert "⟨U+001B⟩[31mred⟨U+202E⟩[bold]" in done.stdout
    assert "\x1b" not in done.stdout
