"""`interlock doctor` on real installations: stopped, serving in front of a real PostgreSQL, and broken in many ways."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from tests.cli.an_installation import POLICY, Installation, installation
from tests.postgres_fixture import Database
from typer.testing import CliRunner

from interlock.cli import app
from interlock.cli.doctor_files import check_certificates
from interlock.cli.doctor_findings import Level
from interlock.settings import load
from interlock.upstreams.bypass import look

REVIEWED = """@id("exports")
@because("data would leave")
@review("security:1")
forbid (principal, action in Interlock::Action::"write", resource);
@id("agents-write")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"write", resource);
"""

SESSIONS = """@id("agents-sessions")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"session", resource);
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    monkeypatch.delenv("INTERLOCK_TOKEN", raising=False)
    with installation(tmp_path) as made:
        made.policy.write_text(POLICY + REVIEWED)
        yield made


def examined(here: Installation, *more: str) -> tuple[int, list[dict[str, str]]]:
    """The exit code and the findings."""
    done = CliRunner().invoke(app, ["doctor", "--settings", str(here.settings), "--json", *more])
    told: dict[str, Any] = json.loads(done.stdout)
    return done.exit_code, told["findings"]


def of(findings: list[dict[str, str]], check: str, level: Level) -> list[str]:
    """The sentences of the findings of one check at one level."""
    return [f["sentence"] for f in findings if (f["check"], f["level"]) == (check, level.value)]


def checks(findings: list[dict[str, str]], level: Level) -> set[str]:
    return {f["check"] for f in findings if f["level"] == level.value}


def protect(here: Installation, database: Database) -> None:
    """Puts a connection in front of the database into the settings."""
    (here.directory / "password").write_text(database.password.reveal())
    (here.directory / "password").chmod(0o600)
    upstream = database.upstream
    with here.settings.open("a") as file:
        file.write(
            f'[connections.clinic]\nkind = "postgres"\nhost = "{upstream.host}"\nport = {upstream.port}\n'
            f'database = "{upstream.database}"\nuser = "{upstream.user}"\npassword = "file:password"\ntls = "disable"\n'
        )


def test_a_sound_installation_that_never_ran(here: Installation) -> None:
    code, found = examined(here)
    assert (code, checks(found, Level.FAIL)) == (1, {"ledger"})  # there is no store before the first start
    assert of(found, "gateway", Level.WARN) == ["the gateway isn't running: its doors weren't tried"]
    assert "can be signed" in of(found, "signatures", Level.OK)[0]


def test_serving_and_after(here: Installation, empty_database: Database) -> None:
    protect(here, empty_database)
    with here.serving():
        here.key("remy")
        code, found = examined(here)
        assert checks(found, Level.FAIL) == set(), found
        assert code == 0
        for check in ("control.anonymous", "control.bogus_key", "control.operator_vote", "agents", "door.clinic"):
            assert of(found, check, Level.OK), check
        assert of(found, "gateway", Level.OK)
        assert of(found, "door.statement", Level.WARN) == ["not tried: no key was given"]
    code, found = examined(here)
    assert code == 0, found
    assert "they verify" in of(found, "ledger", Level.OK)[0]
    assert "etl" in of(found, "owners", Level.WARN)[0]


def test_logins_that_lead_around_the_gate_are_listed(here: Installation, empty_database: Database) -> None:
    protect(here, empty_database)
    around = "doctor_around"
    empty_database.execute(f"CREATE ROLE {around} LOGIN PASSWORD 'x'")
    try:
        with empty_database.admin() as other:
            other.execute("SET application_name = 'nightly report'")
            _, found = examined(here)
    finally:
        empty_database.execute(f"DROP ROLE {around}")
    told = of(found, "upstream.clinic", Level.WARN)
    assert any("by logins of their own" in sentence and around in sentence for sentence in told)
    assert any("bypassing the gate now" in sentence and "nightly report" in sentence for sentence in told)
    assert of(found, "upstream.clinic", Level.OK) == ["our login has no more than grants"]


async def test_a_role_that_cant_log_in_bypasses_nothing(empty_database: Database) -> None:
    empty_database.execute("CREATE ROLE doctor_group NOLOGIN")
    try:
        found = await look(empty_database.upstream)
    finally:
        empty_database.execute("DROP ROLE doctor_group")
    names = {each.name for each in found.logins}
    assert "doctor_group" not in names
    assert empty_database.user not in names


def test_a_superuser_as_our_own_login_fails(here: Installation, empty_database: Database) -> None:
    protect(here, empty_database)
    empty_database.execute(f"ALTER ROLE {empty_database.user} SUPERUSER")
    code, found = examined(here)
    assert code == 1
    assert "superuser" in of(found, "upstream.clinic", Level.FAIL)[0]


def test_a_server_that_is_away(here: Installation, empty_database: Database) -> None:
    protect(here, empty_database)
    (here.directory / "password").write_text("another")
    code, found = examined(here)
    assert (code, len(of(found, "upstream.clinic", Level.FAIL))) == (1, 1)


def test_an_agent_whose_owner_is_the_only_signer(here: Installation) -> None:
    text = here.settings.read_text()
    here.settings.write_text(text.replace('[people.remy]\ngroups = ["security"]', "[people.remy]\ngroups = []"))
    code, found = examined(here)
    assert code == 1
    (sentence,) = of(found, "signatures", Level.FAIL)
    assert '"exports"' in sentence
    assert "etl" in sentence


def test_a_channel_that_isnt_there(here: Installation) -> None:
    here.policy.write_text(here.policy.read_text().replace("@review(", '@channels("slack")\n@review('))
    _, found = examined(here)
    assert '"slack"' in of(found, "channels", Level.WARN)[0]


@pytest.mark.parametrize(
    ("old", "new", "check"),
    [('node = "n1"', 'node = "n1', "settings"), ('files = ["local.cedar"]', 'files = ["gone.cedar"]', "settings")],
)
def test_settings_that_dont_load(here: Installation, old: str, new: str, check: str) -> None:
    here.settings.write_text(here.settings.read_text().replace(old, new))
    code, found = examined(here)
    assert (code, checks(found, Level.FAIL)) == (1, {check})


def test_policies_that_dont_load(here: Installation) -> None:
    here.policy.write_text("permit (principal")
    code, found = examined(here)
    assert code == 1
    assert "local.cedar:1" in of(found, "policies", Level.FAIL)[0]
    assert of(found, "people", Level.WARN) == ["not looked at: the policies don't load"]


def test_keys_that_others_may_read(here: Installation) -> None:
    (here.directory / "keys" / "node.key").chmod(0o644)
    (here.directory / "keys" / "operator.token").chmod(0o640)
    _, found = examined(here)
    assert "node.key" in of(found, "keys", Level.FAIL)[0]
    assert "operator.token" in of(found, "files", Level.FAIL)[0]


def test_unsafe_settings_are_listed(here: Installation, empty_database: Database) -> None:
    protect(here, empty_database)
    with here.settings.open("a") as file:
        file.write("unsafe_observe = true\n")
    _, found = examined(here)
    assert any("unsafe_observe" in sentence for sentence in of(found, "unsafe", Level.WARN))


def test_a_ledger_that_was_changed_fails(here: Installation) -> None:
    with here.serving():
        here.key("remy")
    (store,) = here.directory.rglob("interlock.db")
    with sqlite3.connect(store) as connection:
        for name, sql in connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            assert sql
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE il_entry SET body = CAST(body || ' ' AS BLOB) WHERE idx = 1")
    connection.close()
    code, found = examined(here)
    assert (code, len(of(found, "ledger", Level.FAIL))) == (1, 1)


def certificate(directory: Path, days: int) -> tuple[Path, Path]:
    """A self-signed one that ends in so many days."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gate.example.org")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=90))
        .not_valid_after(now + timedelta(days=days, hours=1))
        .sign(key, hashes.SHA256())
    )
    files = directory / "gate.crt", directory / "gate.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pem, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, pem, plain))
    return files


@pytest.mark.parametrize(
    ("days", "level"), [(90, Level.OK), (29, Level.WARN), (-2, Level.FAIL)], ids=["long", "soon", "over"]
)
def test_certificates_that_end(here: Installation, days: int, level: Level) -> None:
    crt, key = certificate(here.directory, days)
    text = here.settings.read_text()
    tls = f'[listen.agents]\ntls_certificate = "{crt.name}"\ntls_key = "{key.name}"'
    here.settings.write_text(text.replace("[listen.agents]", tls))
    found = {f.check: f.level for f in check_certificates(load(here.settings), datetime.now(UTC))}
    assert found == {"tls.control": Level.OK, "tls.agents": level, "tls.postgres": Level.OK}


def test_the_table_says_what_to_do(here: Installation) -> None:
    done = CliRunner().invoke(app, ["doctor", "--settings", str(here.settings)], env={"COLUMNS": "200"})
    assert done.exit_code == 1
    assert "what to do" in done.stdout
    assert "1 FAIL" in done.stdout


def test_a_key_comes_from_the_environment(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    for given in ("ilk_secret", "env:INTERLOCK_NO_SUCH"):
        done = CliRunner().invoke(app, ["doctor", "--settings", str(here.settings), "--key", given])
        assert done.exit_code != 0
        assert "ilk_secret" not in done.output


def test_a_statement_that_isnt_understood_is_tried_with_a_key(
    here: Installation, empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    protect(here, empty_database)
    here.policy.write_text(POLICY + REVIEWED + SESSIONS)
    with here.serving():
        accepted = here.call("POST", "/api/people/me/wards/etl/accept", here.console("dana"))
        assert accepted.is_success, accepted.text
        monkeypatch.setenv("TEST_AGENT_KEY", here.key("etl"))
        code, found = examined(here, "--key", "env:TEST_AGENT_KEY")
        assert of(found, "door.clinic.statement", Level.OK) == ["a statement that can't be judged is refused (42501)"]
        assert code == 0
        monkeypatch.setenv("TEST_AGENT_KEY", here.key("remy"))
        code, found = examined(here, "--key", "env:TEST_AGENT_KEY")
        assert (code, checks(found, Level.FAIL)) == (1, {"door.statement"})


def test_a_statement_isnt_tried_where_policy_opens_no_session(
    here: Installation, empty_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    protect(here, empty_database)
    with here.serving():
        accepted = here.call("POST", "/api/people/me/wards/etl/accept", here.console("dana"))
        assert accepted.is_success, accepted.text
        monkeypatch.setenv("TEST_AGENT_KEY", here.key("etl"))
        code, found = examined(here, "--key", "env:TEST_AGENT_KEY")
    told = of(found, "door.clinic.statement", Level.WARN)
    assert (code, told) == (0, ["not tried: policy doesn't let this actor open a session here"])
