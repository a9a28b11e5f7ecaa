"""What the benchmarks stand on: an embedded PostgreSQL with two large tables, and gateways as child processes.

places   200,000 rows of six columns, none labelled
people   200,000 rows of six columns, two of them labelled
waiting  rows that policy lets nobody read without a vote
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import psycopg
from psycopg import sql

from bench.link import Failed
from interlock.demo import embedded_postgres, installation, ownership
from interlock.demo.access import AGENT, OFFICER, OWNER, REVIEWER
from interlock.demo.embedded_postgres import HOST, EmbeddedPostgres, free_port
from interlock.demo.gateway_process import gateway
from interlock.demo.installation import Installation, install
from interlock.demo.postgres_place import installed_server
from interlock.errors import InterlockError
from interlock.model.secret import Secret
from interlock.model.settings import UpstreamPostgres

DATABASE = "bench"
LOGIN = "interlock_bench"
PASSWORD = "a-login-for-benchmarks"
ROWS = 200_000
MAX_CONNECTIONS = 800  # every held client has an upstream session of its own
WAITING = 10_000
NOTHING: Mapping[str, str] = MappingProxyType({})

_TABLES = f"""
CREATE TABLE places AS
SELECT n AS id, 'City ' || n % 900 AS city, 'State ' || n % 50 AS state, date '2020-01-01' + n % 2000 AS opened,
       n * 7 % 1000 AS visits, md5(n::text) AS code
FROM generate_series(1, {ROWS}) AS n;
ALTER TABLE places ADD PRIMARY KEY (id);
CREATE TABLE people AS
SELECT n AS id, 'Given ' || n % 5000 AS given_name, 'MRN' || lpad(n::text, 8, '0') AS mrn, 'City ' || n % 900 AS city,
       'State ' || n % 50 AS state, md5(n::text) AS code
FROM generate_series(1, {ROWS}) AS n;
ALTER TABLE people ADD PRIMARY KEY (id);
CREATE TABLE waiting AS SELECT n AS id, 'Note ' || n AS note FROM generate_series(1, {WAITING}) AS n;
ALTER TABLE waiting ADD PRIMARY KEY (id);
GRANT SELECT ON places, people, waiting TO {LOGIN};
"""

_CATALOG = """
[[column]]
match = "public.people.given_name"
labels = ["phi.name.given"]

[[column]]
match = "public.people.mrn"
labels = ["phi.mrn"]
"""

# Like the pack `agents`, except that a masked export waits for nobody (bulk rows are measured by COPY as well), and
# that all reads of one table do.
_POLICY = """
@id("bench-session")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"session", resource);
@id("bench-read")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"read", resource);
@id("bench-export")
permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"export", resource);
@id("bench-opaque") @review("privacy-officers:1")
forbid (principal, action, resource)
when { context.opaque } unless { action in [Interlock::Action::"read", Interlock::Action::"session"] };
@id("bench-labelled-writes")
forbid (principal, action in Interlock::Action::"write", resource) when { context.labels.contains("phi") };
@id("bench-waits") @because("The benchmark waits for a vote.") @review("privacy-officers:1")
forbid (principal, action, resource == Interlock::Relation::"bench/public.waiting");
"""

_SETTINGS = f"""
[log]
origin = "{installation.ORIGIN}"
node = "{installation.NODE}"
node_key = "{{node_key}}"
[listen.control]
port = {{control}}
[listen.agents]
port = {{agents}}
[listen.postgres]
port = {{postgres}}
[people.{OFFICER}]
groups = ["privacy-officers"]
[people.{REVIEWER}]
groups = ["privacy-officers"]
[people.{OWNER}]
groups = ["platform-engineers"]
[agents.{AGENT}]
owner = "{OWNER}"
groups = ["ai-agents"]
[connections.{DATABASE}]
kind = "postgres"
host = "{HOST}"
port = {{upstream}}
database = "{DATABASE}"
user = "{LOGIN}"
password = "file:upstream-password"
tls = "disable"
catalog = "catalog.toml"
most_sessions = 400
[policy]
files = ["bench.cedar"]
[votes]
unsafe_token_votes = true
[limits]
sessions = 8000
sessions_per_actor = 8000
open_reviews_per_actor = 10000
"""


@dataclass(frozen=True, slots=True)
class Running:
    """A gateway under test, in a process of its own."""

    process: int
    port: int
    control_port: int
    keys: dict[str, Secret[str]] = field(repr=False)

    @property
    def conninfo(self) -> str:
        """The agent's connection string."""
        key = self.keys[AGENT].reveal()
        return f"host={HOST} port={self.port} dbname={DATABASE} user={AGENT} password={key} sslmode=disable"

    def resident(self) -> int:
        """The process's resident memory in bytes."""
        told = subprocess.run(["ps", "-o", "rss=", "-p", str(self.process)], capture_output=True, check=True, text=True)
        return int(told.stdout) * 1024


@dataclass(frozen=True, slots=True)
class Ground:
    """The loaded server, and a directory in which benchmarks may leave files."""

    directory: Path
    server: EmbeddedPostgres

    @property
    def direct(self) -> str:
        """The connection string of the gateway's own login, past the gateway."""
        port = self.server.port
        return f"host={HOST} port={port} dbname={DATABASE} user={LOGIN} password={PASSWORD} sslmode=disable"

    @property
    def upstream(self) -> UpstreamPostgres:
        """The same as a gateway's settings have it."""
        return UpstreamPostgres(HOST, self.server.port, DATABASE, LOGIN, Secret(PASSWORD))

    @property
    def catalog(self) -> str:
        """The catalog file's text."""
        return _CATALOG

    def program(self, name: str) -> str:
        """A program of the embedded server's, such as pgbench."""
        return str(installed_server() / "bin" / name)

    def write_settings(
        self, installed: Installation, ports: dict[str, int], more: str = "", of_people: Mapping[str, str] = NOTHING
    ) -> None:
        """A gateway's files, with `more` settings behind the usual ones and some in people's tables."""
        _write(installed, ports, self.server.port)
        text = installed.settings.read_text(encoding="utf-8") + more
        for person, lines in of_people.items():
            text = text.replace(f"[people.{person}]\n", f"[people.{person}]\n{lines}")
        installed.settings.write_text(text, encoding="utf-8")

    @contextlib.contextmanager
    def gateway(self, name: str, of_connection: str = "") -> Iterator[Running]:
        """A fresh gateway with a ledger of its own, ended on leaving. `of_connection`: more of its settings."""
        directory = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.directory))  # two of a run may have one name
        installed = install(directory, reset=False)
        ports = {each: free_port() for each in ("control", "agents", "postgres")}
        _write(installed, ports, self.server.port, of_connection)
        url = f"http://{HOST}:{ports['control']}"
        try:
            with gateway(installed.settings, url, directory / "gateway.log") as child:
                ownership.accept(url, installed.sign_in_link(url, OWNER), AGENT)
                yield Running(child.pid, ports["postgres"], ports["control"], installed.identity_keys(url))
        except InterlockError as error:
            raise Failed(error.sentence) from error


def _write(installed: Installation, ports: dict[str, int], upstream: int, of_connection: str = "") -> None:
    settings = _SETTINGS.format(node_key=installed.public_keys["node"], upstream=upstream, **ports)
    texts = {
        "interlock.toml": settings.replace("most_sessions = 400\n", f"most_sessions = 400\n{of_connection}"),
        "catalog.toml": _CATALOG,
        "bench.cedar": _POLICY,
        "upstream-password": PASSWORD,
    }
    for name, text in texts.items():
        (installed.directory / name).write_text(text, encoding="utf-8")


@contextlib.contextmanager
def prepared(directory: Path) -> Iterator[Ground]:
    """The ground in an empty directory; the server ends on leaving, the files stay."""
    # The supervisor has no parameter for this, and the demo needs none.
    embedded_postgres._SETTINGS["max_connections"] = str(MAX_CONNECTIONS)
    with EmbeddedPostgres.start(directory / "postgres") as server:
        _load(server)
        yield Ground(directory, server)


def _load(server: EmbeddedPostgres) -> None:
    with psycopg.connect(server.conninfo(), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(LOGIN), sql.Literal(PASSWORD)))
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    with psycopg.connect(server.conninfo(DATABASE), autocommit=True) as admin:
        admin.execute(_TABLES.encode())
        admin.execute("VACUUM ANALYZE")


def environment(password: str) -> dict[str, str]:
    """What a program of PostgreSQL's needs around it, with the password kept out of its arguments."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    return kept | {"PGPASSWORD": password, "PGSSLMODE": "disable"}
