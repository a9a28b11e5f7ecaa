"""A real PostgreSQL for each test process, with the demo clinic on it. The fixtures are registered in conftest.py."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from interlock.demo.clinic import SEED, Clinic, make_clinic
from interlock.demo.clinic_load import DATABASE, LOGIN, ensure_clinic
from interlock.demo.embedded_postgres import EmbeddedPostgres
from interlock.model.secret import Secret
from interlock.model.settings import UpstreamPostgres

PATIENTS = 300
PASSWORD = "a-login-for-tests"


@dataclass(frozen=True, slots=True)
class Database:
    """One database of the test server, with a login that has no more than its grants."""

    server: EmbeddedPostgres
    name: str
    user: str
    password: Secret[str]

    @property
    def upstream(self) -> UpstreamPostgres:
        """As a gateway's settings would have it."""
        return UpstreamPostgres(self.server.host, self.server.port, self.name, self.user, self.password)

    def admin(self) -> psycopg.Connection[tuple[object, ...]]:
        """An autocommit connection as superuser; the caller closes it."""
        return psycopg.connect(self.server.conninfo(self.name), autocommit=True)

    def execute(self, *statements: str) -> None:
        """Runs statements as superuser."""
        with self.admin() as connection:
            for statement in statements:
                connection.execute(statement.encode())


@dataclass(frozen=True, slots=True)
class ClinicDatabase(Database):
    """The loaded clinic, and the rows that went in. Shared by all tests of a process: leave it as it was."""

    truth: Clinic


@pytest.fixture(scope="session")
def postgres() -> Iterator[EmbeddedPostgres]:
    """A server of this test process alone, thrown away at its end; so it needs no fsync."""
    directory = Path(tempfile.mkdtemp(prefix="interlock-tests-"))
    directory.chmod(0o711)  # root's servers run as nobody, who must be able to pass
    try:
        with EmbeddedPostgres.start(directory / "postgres", fsync=False) as server:
            yield server
    finally:
        shutil.rmtree(directory)


@pytest.fixture(scope="session")
def clinic(postgres: EmbeddedPostgres) -> ClinicDatabase:
    """The demo clinic with 300 patients."""
    ensure_clinic(postgres, Secret(PASSWORD), patients=PATIENTS)
    return ClinicDatabase(postgres, DATABASE, LOGIN, Secret(PASSWORD), make_clinic(PATIENTS, SEED))


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return itertools.count(1)


@pytest.fixture
def empty_database(postgres: EmbeddedPostgres, _numbers: Iterator[int]) -> Iterator[Database]:
    """A database of this test alone, with a login of its own that may use schema public and nothing else."""
    name = f"empty_{next(_numbers)}"
    run = _runner(postgres)
    run("CREATE DATABASE {}", name)
    run("CREATE ROLE {} LOGIN PASSWORD 'a-login-for-tests'", name)
    yield Database(postgres, name, name, Secret(PASSWORD))
    run("DROP DATABASE {} WITH (FORCE)", name)
    run("DROP ROLE {}", name)


def _runner(server: EmbeddedPostgres) -> Callable[[str, str], None]:
    def run(statement: str, name: str) -> None:
        with psycopg.connect(server.conninfo(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(name)))

    return run
