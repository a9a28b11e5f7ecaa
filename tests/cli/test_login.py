"""`interlock login`, whole: a gateway in a process of its own, a provider, a browser, psql's driver at the door.

The person signs in at the provider, the terminal asks, the browser confirms, and the password opens the door.
"""

from __future__ import annotations

import asyncio
import html
import os
import re
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx
import psycopg
import pytest
from testkit.idp import Idp
from tests.cli.an_installation import Installation, installation
from tests.postgres_fixture import Database
from typer.testing import CliRunner

from interlock.cli import app
from interlock.web.oidc import CALLBACK

PATIENCE = 60.0

SETTINGS = """
[oidc]
issuer = "{issuer}"
client_id = "interlock"
client_secret = "file:client-secret"
[connections.clinic]
kind = "postgres"
host = "{host}"
port = {port}
database = "{database}"
user = "{user}"
password = "file:upstream-password"
tls = "disable"
"""
POLICY = """
@id("security-looks")
permit (principal in Interlock::Group::"security", action in Interlock::Action::"read", resource);
@id("security-opens")
permit (principal in Interlock::Group::"security", action in Interlock::Action::"session", resource);
"""


@dataclass
class Place:
    """The gateway and the provider."""

    installed: Installation
    idp: Idp
    door: int

    def browser(self, username: str = "dana") -> httpx.Client:
        """A browser, signed in through the provider. The caller closes it."""
        url = self.installed.url
        here = httpx.Client(base_url=url, headers={"Origin": url}, trust_env=False, timeout=PATIENCE)
        there = here.get("/sign-in/oidc").headers["location"]
        # __Host- cookies are Secure, and this socket speaks http: a browser makes an exception for this machine.
        cookies = _cookies(here)
        with httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            asked = html.unescape(re.findall(r'name="asked" value="([^"]*)"', client.get(there).text)[0])
            form = {"asked": asked, "username": username, "password": f"{username}'s password"}
            back = client.post(f"{self.idp.issuer}/login", data=form).headers["location"]
        answer = here.get(back, headers={"Cookie": cookies})
        assert answer.status_code == 200, answer.text
        here.headers["Cookie"] = _cookies(here)
        return here

    def confirm(self, browser: httpx.Client, code: str, says: str = "confirm") -> None:
        """Answers in the console, as the person does."""
        csrf = browser.get("/api/whoami").json()["csrf"]
        answer = browser.post(f"/device/{code}", data={"csrf": csrf, "says": says})
        assert answer.status_code == 200, answer.text


def _cookies(client: httpx.Client) -> str:
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory, login_database: Database) -> Iterator[Place]:
    directory = tmp_path_factory.mktemp("login")
    with Idp().running() as idp, installation(directory) as installed:
        idp.person("dana", name="Dana", subject="d-1")
        idp.redirect_uris.add(installed.url + CALLBACK)
        upstream = login_database.upstream
        (directory / "client-secret").write_text(idp.client_secret)
        (directory / "upstream-password").write_text(upstream.password.reveal())
        more = SETTINGS.format(
            issuer=idp.issuer,
            host=upstream.host,
            port=upstream.port,
            database=upstream.database,
            user=upstream.user,
        )
        text = installed.settings.read_text().replace("[people.dana]\n", '[people.dana]\noidc = "d-1"\n')
        installed.settings.write_text(text + more)
        installed.policy.write_text(POLICY)
        door = int(re.findall(r"\[listen.postgres\]\nport = (\d+)", text)[0])
        with installed.serving():
            yield Place(installed, idp, door)


@pytest.fixture(scope="module")
def login_database(postgres: object) -> Database:
    from interlock.demo.embedded_postgres import EmbeddedPostgres
    from interlock.model.secret import Secret

    assert isinstance(postgres, EmbeddedPostgres)
    with psycopg.connect(postgres.conninfo(), autocommit=True) as admin:
        admin.execute("CREATE ROLE login_test LOGIN PASSWORD 'a password'")
        admin.execute("CREATE DATABASE login_test")
    database = Database(postgres, "login_test", "login_test", Secret("a password"))
    database.execute("CREATE TABLE wards AS SELECT 7 AS beds", "GRANT SELECT ON wards TO login_test")
    return database


class Terminal:
    """`interlock login` in a process of its own; what it says is read line by line."""

    def __init__(self, place: Place, *options: str, home: Path) -> None:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "interlock.cli", "login", "--no-browser", *options],
            env={**kept, "HOME": str(home), "INTERLOCK_URL": place.installed.url, "http_proxy": "http://127.0.0.1:9"},
            cwd=home,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._end = threading.Timer(PATIENCE, self.process.kill)
        self._end.start()

    def code(self) -> str:
        """The code that it shows."""
        found = re.search(r"the code ([B-Z]{4}-[B-Z]{4}) at (\S+)/device/\1", _stream(self.process.stderr).readline())
        assert found is not None
        return found[1]

    def ended(self) -> tuple[int, str, str]:
        """(exit code, standard output, the rest of standard error)."""
        out, told = self.process.communicate(timeout=PATIENCE)
        self._end.cancel()
        return self.process.returncode, out, told


def _stream(stream: IO[str] | None) -> IO[str]:
    assert stream is not None
    return stream


def test_the_password_opens_the_door_as_the_person_and_lies_nowhere(place: Place, tmp_path: Path) -> None:
    terminal = Terminal(place, "--expires", "30m", home=tmp_path)
    code = terminal.code()
    with closing(place.browser()) as browser:
        page = browser.get(f"/device/{code}").text
        assert "for 30 min" in page
        place.confirm(browser, code)
    status, out, told = terminal.ended()
    assert (status, "You are dana" in told) == (0, True), told
    password = out.strip()
    assert re.fullmatch(r"ilk_[0-9a-f]{16}_[A-Za-z0-9_-]{43}", password)
    assert password not in told
    line = re.findall(r'psql "([^"]*)"', told)[0].replace("CONNECTION", "clinic")
    with psycopg.connect(line, password=password, sslmode="disable") as door:
        assert door.execute("SELECT beds FROM wards").fetchone() == (7,)
    assert list(tmp_path.iterdir()) == []
    for file in place.installed.directory.rglob("*"):
        if file.is_file():
            assert password.partition("_")[2].partition("_")[2].encode() not in file.read_bytes(), file
    # Nobody else, and no vote, with it.
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(line.replace("user=dana", "user=remy"), password=password, sslmode="disable")
    headers = {"Authorization": f"Bearer {password}"}
    assert place.installed.call("GET", "/api/whoami", headers).json()["may_vote"] is False


def test_saved_it_is_a_password_file_that_nobody_else_reads(place: Place, tmp_path: Path) -> None:
    file = tmp_path / "pass"
    file.write_text("what was there before")
    file.chmod(0o644)
    terminal = Terminal(place, "--save", str(file), home=tmp_path)
    with closing(place.browser()) as browser:
        place.confirm(browser, terminal.code())
    status, out, told = terminal.ended()
    assert (status, out) == (0, ""), told
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text().strip().rpartition(":")[2] not in told
    with psycopg.connect(
        f"host=127.0.0.1 port={place.door} dbname=clinic user=dana passfile={file} sslmode=disable"
    ) as door:
        assert door.execute("SELECT beds FROM wards").fetchone() == (7,)
    assert [each.name for each in tmp_path.iterdir()] == ["pass"]


def test_denied_it_says_so_and_gives_nothing(place: Place, tmp_path: Path) -> None:
    terminal = Terminal(place, home=tmp_path)
    with closing(place.browser()) as browser:
        place.confirm(browser, terminal.code(), "deny")
    status, out, told = terminal.ended()
    assert (status, out) == (1, "")
    assert "access_denied" in told


@pytest.mark.parametrize(
    ("words", "url", "status"),
    [
        (["--expires", "1d"], "http://127.0.0.1:9", 2),
        (["--expires", "0h"], "http://127.0.0.1:9", 2),
        ([], "http://gate.example.org", 2),
        ([], "http://127.0.0.1:9", 3),
    ],
)
def test_what_cant_work_is_said_before_anything_is_asked(words: list[str], url: str, status: int) -> None:
    done = CliRunner().invoke(app, ["login", "--no-browser", *words], env={"INTERLOCK_URL": url})
    assert done.exit_code == status


def test_longer_than_a_working_day_is_refused(place: Place) -> None:
    words = ["login", "--no-browser", "--expires", "9h"]
    assert CliRunner().invoke(app, words, env={"INTERLOCK_URL": place.installed.url}).exit_code == 1


def test_the_key_is_in_the_ledger_as_the_persons_own(place: Place, tmp_path: Path) -> None:
    from interlock.registry.logins import LONGEST, Logins

    assert LONGEST.total_seconds() == 8 * 3600

    async def issued() -> None:
        from datetime import timedelta

        from tests.an_office import office

        from interlock.errors import AuthenticationFailed, NotFound
        from interlock.model.names import PersonId

        async with office(tmp_path) as o:
            secret, ends = await Logins(o.registry).issue(PersonId("dana"), timedelta(hours=20))
            assert ends == o.clock.now() + LONGEST
            actor = o.registry.authenticate(secret)
            assert (actor.authn, actor.id, actor.owner, actor.made_by, actor.held_by) == ("login", *["dana"] * 4)
            with pytest.raises(AuthenticationFailed):  # it signs nobody in to the console
                await o.registry.sign_in(secret)
            with pytest.raises(NotFound):
                await Logins(o.registry).issue(PersonId("nobody"), timedelta(hours=1))
            o.clock.at += LONGEST
            assert o.registry.current(actor) is None
            with pytest.raises(AuthenticationFailed):
                o.registry.authenticate(secret)

    asyncio.run(issued())
