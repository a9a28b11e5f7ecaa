"""Certificates that are renewed while the gateway runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from testkit.certificates import Authority

from interlock.doors.tls import LOOK_SECONDS, ServerTls
from interlock.model.settings import TlsFiles

CA = Authority()


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def newer(path: Path, by: int) -> None:
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + by))


def test_new_files_are_taken_without_a_restart(tmp_path: Path) -> None:
    files, clock = TlsFiles(*CA.leaf("a").write(tmp_path, "server")), Hand()
    server = ServerTls(files, None, clock)
    first = server.context()
    CA.leaf("b").write(tmp_path, "server")
    newer(files.certificate, 1_000_000)
    assert server.context() is first  # not looked at yet
    clock.at += LOOK_SECONDS
    with capture_logs() as logs:
        second = server.context()
    assert second is not first and [each["event"] for each in logs] == ["tls.reloaded"]
    clock.at += LOOK_SECONDS
    assert server.context() is second


@pytest.mark.parametrize("broken", ["text", "another key", "gone"])
def test_broken_files_leave_the_old_ones_in_force(tmp_path: Path, broken: str) -> None:
    files, clock = TlsFiles(*CA.leaf("a").write(tmp_path, "server")), Hand()
    server = ServerTls(files, None, clock)
    first = server.context()
    if broken == "text":
        files.certificate.write_text("nonsense")
    elif broken == "another key":
        _, other = CA.leaf("b").write(tmp_path, "other")
        other.replace(files.key)
    else:
        files.certificate.unlink()
    clock.at += LOOK_SECONDS
    with capture_logs() as logs:
        assert server.context() is first
        clock.at += LOOK_SECONDS
        assert server.context() is first
    assert [each["event"] for each in logs] == ["tls.files_broken"]  # once, not at each connection
    CA.leaf("c").write(tmp_path, "server")
    newer(files.certificate, 2_000_000)
    clock.at += LOOK_SECONDS
    assert server.context() is not first


def test_a_gateway_doesnt_start_on_broken_files(tmp_path: Path) -> None:
    files = TlsFiles(*CA.leaf("a").write(tmp_path, "server"))
    files.certificate.write_text("nonsense")
    with pytest.raises(OSError, match="PEM"):
        ServerTls(files, None, Hand())
