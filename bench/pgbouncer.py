"""The peer: Debian's PgBouncer in front of the same server, pooling by session."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from bench.link import Failed
from interlock.demo.embedded_postgres import HOST, free_port
from interlock.demo.postgres_place import unprivileged_account

PROGRAM = "/usr/sbin/pgbouncer"
USER = "peer"
READY_SECONDS = 10.0

_CONFIG = """\
[databases]
{database} = host={host} port={upstream} dbname={database} user={login} password='{password}'

[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = scram-sha-256
auth_file = {users}
pool_mode = session
default_pool_size = 50
max_client_conn = 200
log_connections = 0
log_disconnections = 0
log_stats = 0
"""


def program() -> str | None:
    """Where PgBouncer is installed, if it is."""
    return PROGRAM if Path(PROGRAM).exists() else shutil.which("pgbouncer")


@contextlib.contextmanager
def pgbouncer(directory: Path, *, upstream: int, database: str, login: str, password: str) -> Iterator[str]:
    """A running PgBouncer; gives the connection string of its client. Raises `Failed` when it doesn't start."""
    found = program()
    assert found is not None, "look with `program` first"
    port = free_port()
    config = _configure(directory, port, upstream, database, login, password)
    account = unprivileged_account()  # it refuses to run as root
    with (directory / "pgbouncer.log").open("wb") as log:
        child = subprocess.Popen(
            [found, "-q", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    conninfo = f"host={HOST} port={port} dbname={database} user={USER} password={password} sslmode=disable"
    try:
        _wait(child, conninfo)
        yield conninfo
    finally:
        child.terminate()
        child.wait(READY_SECONDS)


def _configure(directory: Path, port: int, upstream: int, database: str, login: str, password: str) -> Path:
    """Its two files, readable by the account that it runs as and by nobody else."""
    account = unprivileged_account()
    users, config = directory / "users.txt", directory / "pgbouncer.ini"
    texts = {
        users: f'"{USER}" "{password}"\n',
        config: _CONFIG.format(
            host=HOST, port=port, upstream=upstream, database=database, login=login, password=password, users=users
        ),
    }
    directory.mkdir(mode=0o711, exist_ok=True)
    for path, text in texts.items():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        if account is not None:
            os.chown(path, account.uid, account.gid)
    return config


def _wait(child: subprocess.Popen[bytes], conninfo: str) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise Failed("PgBouncer ended at once; see its log")
        with contextlib.suppress(psycopg.Error), psycopg.connect(conninfo) as connection:
            connection.execute("SELECT 1")
            return
        time.sleep(0.05)
    raise Failed("PgBouncer wasn't ready in time")
