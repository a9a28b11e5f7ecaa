"""The demo's directory: made once, used again, and nothing that isn't the demo's is ever touched."""

from __future__ import annotations

import contextlib
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from interlock import settings as settings_file
from interlock.demo.installation import Installation, Ports, claimed, install
from interlock.demo.postgres_leftovers import command_line
from interlock.demo.run import UNUSABLE, _choose_ports, run_demo
from interlock.errors import InterlockError


def _installed(directory: Path) -> Installation:
    directory.mkdir(exist_ok=True)
    return install(directory, reset=False)


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_what_it_writes_are_settings_without_a_mistake(tmp_path: Path) -> None:
    made = _installed(tmp_path / "demo")
    made.clinic_password()
    made.records_key()
    made.write_settings(Ports(18080, 18081, 16432), 15432, 15433)
    loaded = settings_file.load(made.settings)
    assert loaded.node_key == made.public_keys["node"]
    assert loaded.unsafe_token_votes
    assert {*loaded.people} == {"dana", "remy", "olivia"}
    assert loaded.actors.keys() == {"etl-agent"}
    assert [c.upstream.user for c in loaded.connections.values()] == ["interlock_clinic"]
    assert loaded.mcp.keys() == {"records"}
    assert loaded.public_url == "http://127.0.0.1:18080"


def test_the_next_start_uses_the_same_keys(tmp_path: Path) -> None:
    first = _installed(tmp_path / "demo")
    password = first.clinic_password()
    second = _installed(tmp_path / "demo")
    assert second.public_keys == first.public_keys
    assert second.clinic_password() == password


def test_reset_starts_afresh(tmp_path: Path) -> None:
    first = _installed(tmp_path / "demo").public_keys
    (tmp_path / "demo" / "data").mkdir()
    second = install(tmp_path / "demo", reset=True)
    assert second.public_keys != first
    assert not (tmp_path / "demo" / "data").exists()


def test_one_directory_is_for_one_demo_at_a_time(tmp_path: Path) -> None:
    demo = tmp_path / "demo"
    with claimed(demo), pytest.raises(InterlockError, match="already: stop it first"), claimed(demo):
        pytest.fail("claimed twice")
    with claimed(demo):
        assert demo.is_dir()


def test_a_gateway_left_by_a_killed_demo_is_ended(tmp_path: Path) -> None:
    made = _installed(tmp_path / "demo")
    with _like_a_gateway(made.settings) as leftover, ThreadPoolExecutor() as pool:
        ended = pool.submit(leftover.wait, 60)  # reaped beside, as init would reap an orphan
        (made.directory / "gateway.pid").write_text(str(leftover.pid))
        install(made.directory, reset=False)
        assert ended.result() == -signal.SIGTERM


def test_a_stranger_with_the_number_of_an_old_gateway_is_left_alone(tmp_path: Path) -> None:
    made = _installed(tmp_path / "demo")
    with _like_a_gateway(tmp_path / "other.toml") as stranger:
        (made.directory / "gateway.pid").write_text(str(stranger.pid))
        install(made.directory, reset=False)
        assert stranger.poll() is None


@contextlib.contextmanager
def _like_a_gateway(settings: Path) -> Iterator[subprocess.Popen[bytes]]:
    words = ["-c", "import sys; sys.stdin.read()", "-m", "interlock.cli", "serve", "--settings", str(settings)]
    process = subprocess.Popen([sys.executable, *words], stdin=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 30
        while str(settings) not in command_line(process.pid):  # /proc shows it a moment after the exec
            assert time.monotonic() < deadline
            time.sleep(0.001)
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("reset", [False, True])
def test_a_directory_with_other_things_in_it_is_left_alone(tmp_path: Path, reset: bool) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    assert run_demo(tmp_path, reset=reset, once=True) == UNUSABLE
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_secrets_are_for_their_owner_alone(tmp_path: Path) -> None:
    made = _installed(tmp_path / "demo")
    made.clinic_password()
    secret = [*(made.directory / "keys").iterdir(), *made.credentials.iterdir()]
    assert {path.name for path in secret} >= {"node.key", "operator.token", "clinic-password"}
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in secret)


def test_an_interrupted_first_start_leaves_no_half_set_of_keys(tmp_path: Path) -> None:
    made = _installed(tmp_path / "demo")
    (made.directory / "keys").rename(made.directory / "keys.new")
    (made.directory / "keys.new" / "log.key").unlink()
    again = _installed(tmp_path / "demo")
    assert set(again.public_keys) == {"node", "log"}


def test_a_port_in_use_is_named_with_the_option_that_helps(taken: int) -> None:
    for once in (False, True):
        with pytest.raises(InterlockError, match=f"port {taken} .*--agents-port"):
            _choose_ports(Ports(1, taken, 2), once)


def test_once_takes_three_different_free_ports() -> None:
    ports = _choose_ports(Ports(0, 0, 0), True)
    assert len({ports.control, ports.agents, ports.postgres}) == 3


def test_what_cant_be_run_ends_with_a_sentence_and_exit_code_2(
    tmp_path: Path, taken: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_demo(tmp_path / "demo", control_port=taken, once=True) == UNUSABLE
    assert f"port {taken}" in capsys.readouterr().out
