"""A real PostgreSQL of our own: started, watched and stopped for the demo and the tests. Synchronous.

    with EmbeddedPostgres.start(Path("demo-data/postgres")) as server:
        psycopg.connect(server.conninfo())

It listens on 127.0.0.1 alone, has no Unix socket, and asks every login for SCRAM. A server counts as ready only when
our child lives and what answers on the port names our data directory: a port alone may be a stranger's.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg.conninfo import make_conninfo

from interlock.demo.postgres_leftovers import clear_leftovers
from interlock.demo.postgres_place import Place, choose_home, prepare, unprivileged_account
from interlock.errors import UpstreamFailed
from interlock.model.secret import Secret

HOST = "127.0.0.1"
SUPERUSER = "interlock_super"
START_SECONDS = 30.0
INITDB_SECONDS = 120.0
STOP_SECONDS = 15.0  # for a fast shutdown; then an immediate one
_LOOK_SECONDS = 0.05
_PORT_ATTEMPTS = 5
_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}

_SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "max_connections": "100",
    # The server's log must hold no values: neither statements nor the parameters of failed ones.
    "log_statement": "none",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",
    "logging_collector": "off",
}
_UNSAFE_FAST = {"fsync": "off", "full_page_writes": "off"}  # survives a kill of the server, not of the machine


class PortTaken(UpstreamFailed):
    """Another program listens on the port that was asked for."""

    code = "port_taken"


@dataclass(slots=True)
class EmbeddedPostgres:
    """A running server. The superuser is for loading and for knowing the truth; a gateway never gets it."""

    host: str
    port: int
    superuser: str
    password: Secret[str]
    data: Path
    _child: subprocess.Popen[bytes] = field(repr=False)
    _lock: int = field(repr=False)

    @classmethod
    def start(cls, directory: Path, *, port: int = 0, fsync: bool = True) -> EmbeddedPostgres:
        """Starts the server of `directory`, creating its data the first time; returns when it is ready.

        Port 0 takes a free one. Leftovers of a run that was killed are cleared: a stale pid file, or our own server
        still running on this data. Raises `PortTaken`, or `UpstreamFailed` when it doesn't get ready in 30 s.
        """
        place = prepare(directory)
        lock = _lock(place.home)
        try:
            password = _superuser_password(place)
            if not (place.data / "PG_VERSION").exists():
                _initialise(place, password)
            clear_leftovers(place.data)
            child, port = _launched(place, port, password, fsync)
        except BaseException:
            os.close(lock)
            raise
        return cls(HOST, port, SUPERUSER, password, place.data, child, lock)

    @property
    def pid(self) -> int:
        """The postmaster's process id."""
        return self._child.pid

    @property
    def running(self) -> bool:
        """Whether our child still lives."""
        return self._child.poll() is None

    def conninfo(self, database: str = "postgres") -> str:
        """The superuser's libpq connection string. It holds the password: don't print it."""
        return _conninfo(self.port, self.superuser, self.password, database)

    def stop(self) -> None:
        """Fast shutdown, bounded; then immediate; then the kernel's. Safe to call twice."""
        _end(self._child)
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def wipe(directory: Path) -> None:
    """Removes everything a server of this directory left, wherever it lay; refuses while one is in use."""
    home = choose_home(directory, unprivileged_account())
    if home.is_dir():
        lock = _lock(home)
        try:
            clear_leftovers(home / "data")
            shutil.rmtree(home)
        finally:
            os.close(lock)
    if directory.is_dir():
        shutil.rmtree(directory)


def free_port() -> int:
    """A port free at this moment on 127.0.0.1."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def port_is_taken(port: int) -> bool:
    """Whether somebody listens on 127.0.0.1:`port`."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
        return False


def _end(child: subprocess.Popen[bytes]) -> None:
    """SIGINT is a fast shutdown, SIGQUIT an immediate one (PostgreSQL manual, 18.5)."""
    for ask in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if child.poll() is not None:
            return
        child.send_signal(ask)
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(STOP_SECONDS)


def _conninfo(port: int, user: str, password: Secret[str], database: str) -> str:
    return make_conninfo(
        host=HOST,
        port=port,
        dbname=database,
        user=user,
        password=password.reveal(),
        require_auth="scram-sha-256",  # a stranger on this port must not get the password in clear
        sslmode="disable",
        connect_timeout=5,
    )


def _lock(home: Path) -> int:
    """Holds the directory for as long as its supervisor lives: whatever else is found there is a leftover."""
    descriptor = os.open(home / "supervisor.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise UpstreamFailed(f"another program runs the server in {home}: stop it first", code="in_use") from None
    return descriptor


def _superuser_password(place: Place) -> Secret[str]:
    """The password kept beside the data (mode 0600), made the first time."""
    path = place.home / "superuser-password"
    with contextlib.suppress(FileNotFoundError):
        return Secret(path.read_text().strip())
    password = secrets.token_urlsafe(24)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(password)
    return Secret(password)


def _initialise(place: Place, password: Secret[str]) -> None:
    """initdb into a directory beside, renamed when whole: a killed initdb leaves no half database behind."""
    with _directory_of_account(place, "initdb-") as fresh:
        password_file = fresh / "password"
        password_file.write_text(password.reveal() + "\n")
        password_file.chmod(0o600)
        _give(password_file, place)
        command = [str(place.binaries / "initdb"), "-D", str(fresh / "data"), f"--username={SUPERUSER}"]
        command += ["--auth=scram-sha-256", f"--pwfile={password_file}", "--encoding=UTF8", "--no-instructions"]
        command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync"]
        done = _run_as_account(place, command)
        if done.returncode != 0:
            raise UpstreamFailed(f"initdb failed: {_last_line(done.stdout)}")
        if place.data.exists():
            shutil.rmtree(place.data)  # no PG_VERSION in it: never a database
        (fresh / "data").rename(place.data)


@contextlib.contextmanager
def _directory_of_account(place: Place, prefix: str) -> Iterator[Path]:
    """A temporary directory that only the server's account (and root) can enter."""
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=place.home))
    try:
        _give(path, place)
        yield path
    finally:
        shutil.rmtree(path)


def _give(path: Path, place: Place) -> None:
    if place.account is not None:
        os.chown(path, place.account.uid, place.account.gid)


def _run_as_account(place: Place, command: list[str]) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            command,
            cwd=place.home,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=INITDB_SECONDS,
            check=False,
            user=place.account.uid if place.account else None,
            group=place.account.gid if place.account else None,
            extra_groups=[] if place.account else None,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UpstreamFailed(f"{Path(command[0]).name} couldn't be run: {type(error).__name__}") from error


def _launched(place: Place, port: int, password: Secret[str], fsync: bool) -> tuple[subprocess.Popen[bytes], int]:
    """The ready child and its port; a free port that somebody takes first is given up for another."""
    for attempt in range(1, _PORT_ATTEMPTS + 1):
        try:
            chosen = port or free_port()
            return _launch(place, chosen, password, fsync), chosen
        except PortTaken:
            if port or attempt == _PORT_ATTEMPTS:
                raise
    raise AssertionError("the last attempt returns or raises")


def _launch(place: Place, port: int, password: Secret[str], fsync: bool) -> subprocess.Popen[bytes]:
    if port_is_taken(port):
        raise PortTaken(f"port {port} on {HOST} is in use: stop what listens there or choose another port")
    log = place.home / "postgres.log"
    child = _spawn(place, port, fsync, log)
    try:
        _wait_until_ready(child, _conninfo(port, SUPERUSER, password, "postgres"), place.data, log)
    except BaseException:
        _end(child)
        raise
    return child


def _spawn(place: Place, port: int, fsync: bool, log: Path) -> subprocess.Popen[bytes]:
    command = [str(place.binaries / "postgres"), "-D", str(place.data), "-p", str(port)]
    for name, value in (_SETTINGS | ({} if fsync else _UNSAFE_FAST)).items():
        command += ["-c", f"{name}={value}"]
    with os.fdopen(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as output:
        return subprocess.Popen(
            command,
            cwd=place.home,
            env=_ENVIRONMENT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C in the terminal is ours to pass on, in our order
            user=place.account.uid if place.account else None,
            group=place.account.gid if place.account else None,
            extra_groups=[] if place.account else None,
        )


def _wait_until_ready(child: subprocess.Popen[bytes], conninfo: str, data: Path, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if child.poll() is not None:
            raise _start_failure(log.read_bytes())
        if _answers_from(conninfo, data) and child.poll() is None:
            return
        time.sleep(_LOOK_SECONDS)
    raise UpstreamFailed(f"the embedded PostgreSQL wasn't ready within {START_SECONDS:.0f} s; see {log}")


def _answers_from(conninfo: str, data: Path) -> bool:
    try:
        with psycopg.connect(conninfo, autocommit=True) as connection:
            row = connection.execute("SHOW data_directory").fetchone()
    except psycopg.Error:
        return False
    return row is not None and Path(row[0]) == data


def _start_failure(output: bytes) -> UpstreamFailed:
    if b"could not bind" in output or b"Address already in use" in output:
        return PortTaken(f"the port on {HOST} is in use: stop what listens there or choose another port")
    return UpstreamFailed(f"the embedded PostgreSQL ended at once: {_last_line(output)}")


def _last_line(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"
