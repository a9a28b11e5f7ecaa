"""The supervisor: started, stopped, killed, started again, on real processes."""

from __future__ import annotations

import multiprocessing
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from interlock.demo import embedded_postgres, postgres_place
from interlock.demo.embedded_postgres import EmbeddedPostgres, PortTaken
from interlock.errors import UpstreamFailed

ROOT = os.geteuid() == 0
SOURCE = Path(embedded_postgres.__file__).resolve().parents[2]

_SUPERVISE = """
import sys
from pathlib import Path
from interlock.demo.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres.start(Path(sys.argv[1]), fsync=False)
print(server.pid, flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture
def directory() -> Iterator[Path]:
    """Where everybody can pass, since root's servers run as nobody."""
    path = Path(tempfile.mkdtemp(prefix="interlock-supervisor-"))
    path.chmod(0o711)
    yield path / "postgres"
    shutil.rmtree(path)


def _one(server: EmbeddedPostgres, statement: bytes) -> object:
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        row = connection.execute(statement).fetchone()
        assert row is not None
        return row[0]


def _do(server: EmbeddedPostgres, statement: bytes) -> None:
    with psycopg.connect(server.conninfo(), autocommit=True) as connection:
        connection.execute(statement)


def _processes_in(data: Path) -> list[int]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == data:
                found.append(int(process.name))
        except OSError:
            continue
    return found


def test_it_starts_listens_on_loopback_alone_and_stops_cleanly(directory: Path) -> None:
    with EmbeddedPostgres.start(directory, fsync=False) as server:
        assert _one(server, b"SHOW data_directory") == str(server.data)
        assert _one(server, b"SHOW listen_addresses") == "127.0.0.1"
        assert _one(server, b"SHOW unix_socket_directories") == ""
        assert _one(server, b"SELECT count(*) FROM pg_hba_file_rules WHERE auth_method <> 'scram-sha-256'") == 0
    assert not server.running
    assert not (server.data / "postmaster.pid").exists()
    assert _processes_in(server.data) == []


def test_a_wrong_password_is_refused(directory: Path) -> None:
    with EmbeddedPostgres.start(directory, fsync=False) as server:
        wrong = psycopg.conninfo.make_conninfo(server.conninfo(), password="wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)


def test_the_data_and_the_password_outlive_a_restart(directory: Path) -> None:
    with EmbeddedPostgres.start(directory, fsync=False) as first:
        _do(first, b"CREATE TABLE kept AS SELECT 41 + 1 AS answer")
    with EmbeddedPostgres.start(directory, fsync=False) as second:
        assert _one(second, b"SELECT answer FROM kept") == 42
        assert second.password == first.password


def test_fsync_is_on_unless_told_otherwise(directory: Path) -> None:
    with EmbeddedPostgres.start(directory) as server:
        assert _one(server, b"SHOW fsync") == "on"


def test_stopping_twice_is_harmless(directory: Path) -> None:
    server = EmbeddedPostgres.start(directory, fsync=False)
    server.stop()
    server.stop()
    assert not server.running


def test_what_was_committed_survives_a_kill(directory: Path) -> None:
    server = EmbeddedPostgres.start(directory, fsync=False)
    _do(server, b"CREATE TABLE kept AS SELECT 1 AS answer")
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    with EmbeddedPostgres.start(directory, fsync=False) as again:
        assert _one(again, b"SELECT answer FROM kept") == 1


def test_a_server_that_outlived_its_supervisor_is_ended_and_its_data_taken_over(directory: Path) -> None:
    pid, supervisor = _supervised(directory)
    supervisor.kill()
    supervisor.communicate(timeout=30)
    assert Path(f"/proc/{pid}").exists() or sys.platform != "linux"
    with EmbeddedPostgres.start(directory, fsync=False) as server:
        assert server.pid != pid
        assert _one(server, b"SELECT 1") == 1


def test_a_running_server_of_a_living_supervisor_is_left_alone(directory: Path) -> None:
    pid, supervisor = _supervised(directory)
    with pytest.raises(UpstreamFailed, match="stop it first"):
        EmbeddedPostgres.start(directory, fsync=False)
    os.kill(pid, 0)
    supervisor.communicate(b"", timeout=30)
    assert supervisor.returncode == 0


def _supervised(directory: Path) -> tuple[int, subprocess.Popen[bytes]]:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", _SUPERVISE, str(directory)],
        env={"PYTHONPATH": str(SOURCE), "PATH": os.environ["PATH"]},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert supervisor.stdout is not None
    return int(supervisor.stdout.readline()), supervisor


def test_a_pid_file_that_names_a_stranger_doesnt_stop_the_start(directory: Path) -> None:
    server = EmbeddedPostgres.start(directory, fsync=False)
    os.kill(server.pid, signal.SIGKILL)
    server.stop()
    account = postgres_place.unprivileged_account()
    stranger = subprocess.Popen(["sleep", "600"], user=account.uid if account else None)
    try:
        pid_file = server.data / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        with EmbeddedPostgres.start(directory, fsync=False) as again:
            assert _one(again, b"SELECT 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_port_that_is_taken_is_said_plainly(directory: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"port {port} .* in use"):
            EmbeddedPostgres.start(directory, port=port, fsync=False)
    with EmbeddedPostgres.start(directory, port=port, fsync=False) as server:
        assert server.port == port


def test_a_server_that_answers_on_the_port_isnt_taken_for_ours(directory: Path, postgres: EmbeddedPostgres) -> None:
    """A stranger's server, even one that accepts the login, has another data directory."""
    assert embedded_postgres._answers_from(postgres.conninfo(), postgres.data)
    assert not embedded_postgres._answers_from(postgres.conninfo(), directory / "data")


def test_an_interrupted_initdb_is_done_again(directory: Path) -> None:
    with EmbeddedPostgres.start(directory, fsync=False) as server:
        data = server.data
    (data / "PG_VERSION").unlink()
    with EmbeddedPostgres.start(directory, fsync=False) as again:
        assert _one(again, b"SELECT 1") == 1


def test_wipe_refuses_while_in_use_and_then_removes_everything(directory: Path) -> None:
    with EmbeddedPostgres.start(directory, fsync=False) as server:
        with pytest.raises(UpstreamFailed, match="stop it first"):
            embedded_postgres.wipe(directory)
        data = server.data
    embedded_postgres.wipe(directory)
    assert not data.exists()
    assert not directory.exists()


@pytest.mark.skipif(not ROOT, reason="only root must give the server away to another user")
def test_where_nobody_cant_pass_the_server_lives_elsewhere(directory: Path) -> None:
    closed = directory.parent / "closed"
    closed.mkdir(mode=0o700)
    try:
        with EmbeddedPostgres.start(closed / "postgres", fsync=False) as server:
            assert not server.data.is_relative_to(closed)
            assert server.data.stat().st_uid == pwd.getpwnam("nobody").pw_uid
    finally:
        embedded_postgres.wipe(closed / "postgres")
    assert not server.data.parent.exists()


@pytest.mark.skipif(not ROOT, reason="only root has a place apart that others could squat on")
def test_a_strangers_directory_is_refused(directory: Path) -> None:
    directory.mkdir()
    os.chown(directory, pwd.getpwnam("nobody").pw_uid, -1)
    with pytest.raises(UpstreamFailed, match="isn't a directory of ours"):
        EmbeddedPostgres.start(directory, fsync=False)


@pytest.mark.skipif(not ROOT, reason="every other test runs as a plain user then")
def test_a_plain_user_can_start_it(directory: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    if not postgres_place.reachable(postgres_place.installed_server()):
        pytest.skip("user nobody can't reach this environment, so it can't run the wheel's server in place")
    directory.mkdir(mode=0o700)
    os.chown(directory, nobody.pw_uid, nobody.pw_gid)
    child = multiprocessing.get_context("fork").Process(target=_start_as, args=(nobody, directory))
    child.start()
    child.join(120)
    assert child.exitcode == 0
    assert (directory / "data" / "PG_VERSION").stat().st_uid == nobody.pw_uid


def _start_as(user: pwd.struct_passwd, directory: Path) -> None:
    os.setgroups([])
    os.setgid(user.pw_gid)
    os.setuid(user.pw_uid)
    os.chdir("/")
    with EmbeddedPostgres.start(directory, fsync=False) as server:
        assert _one(server, b"SELECT 1") == 1
