"""The machine's own PostgreSQL, which speaks TLS (the embedded one doesn't): for tests of logins and certificates.

with SystemPostgres.start(directory, authority, ["hostssl all all 127.0.0.1/32 scram-sha-256"]) as server:
    psycopg.connect(host="127.0.0.1", port=server.port, ...)
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from interlock.demo.postgres_place import unprivileged_account
from testkit.certificates import Authority

HOST = "127.0.0.1"
SUPERUSER = "postgres"
START_SECONDS = 30.0
_DEBIAN = Path("/usr/lib/postgresql")


def binaries() -> Path | None:
    """The directory of `initdb` and `postgres`; None where the machine has no PostgreSQL."""
    found = shutil.which("initdb")
    if found is not None and (Path(found).resolve().parent / "postgres").exists():
        return Path(found).resolve().parent
    versions = sorted(_DEBIAN.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return versions[-1].parent if versions else None


@dataclass
class SystemPostgres:
    """A running server. Its superuser needs no password over a socket in `directory`, which is how tests prepare it."""

    port: int
    directory: Path
    child: subprocess.Popen[bytes]

    @classmethod
    def start(cls, directory: Path, authority: Authority, hba: Sequence[str]) -> SystemPostgres:
        """Starts one with a certificate of `authority` for 127.0.0.1, which trusts that authority's clients."""
        found = binaries()
        assert found is not None, "look whether there is one first"
        account = unprivileged_account()
        home = directory / "system-postgres"
        home.mkdir()
        _run(found / "initdb", home, "-D", home / "data", "-U", SUPERUSER, "--no-sync", "--auth=trust", "-E", "UTF8")
        data = home / "data"
        authority.write(data)
        authority.leaf("127.0.0.1", addresses=["127.0.0.1"]).write(data, "server")
        (data / "pg_hba.conf").write_text("\n".join(["local all all trust", *hba, ""]))
        if account is not None:
            for path in data.iterdir():
                os.chown(path, account.uid, account.gid)
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = int(probe.getsockname()[1])
        settings = {
            "port": port,
            "listen_addresses": HOST,
            "unix_socket_directories": home,
            "ssl": "on",
            "ssl_cert_file": "server.pem",
            "ssl_key_file": "server.key",
            "ssl_ca_file": "ca.pem",
            "fsync": "off",
        }
        with (directory / "postgres.log").open("wb") as log:
            child = subprocess.Popen(  # noqa: S603  our own arguments
                [found / "postgres", "-D", data, *(part for k, v in settings.items() for part in ("-c", f"{k}={v}"))],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
            )
        server = cls(port, home, child)
        server._await_ready()
        return server

    def conninfo(self) -> str:
        """The superuser's connection string."""
        return f"host={self.directory} port={self.port} user={SUPERUSER} dbname=postgres"

    def _await_ready(self) -> None:
        until = time.monotonic() + START_SECONDS
        while not (self.directory / f".s.PGSQL.{self.port}").exists() or not self._answers():
            assert self.child.poll() is None, "the server ended while it started; its log tells why"
            assert time.monotonic() < until, "the server didn't start in time"
            time.sleep(0.05)

    def _answers(self) -> bool:
        found = binaries()
        assert found is not None
        asked = [str(found / "pg_isready"), "-q", "-h", str(self.directory), "-p", str(self.port)]
        return subprocess.run(asked, check=False).returncode == 0  # noqa: S603  our own arguments

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.child.send_signal(signal.SIGINT)
        self.child.wait(START_SECONDS)


def _run(program: Path, home: Path, *arguments: object) -> None:
    account = unprivileged_account()
    if account is not None:
        os.chown(home, account.uid, account.gid)
    subprocess.run(  # noqa: S603  our own arguments
        [str(program), *map(str, arguments)],
        cwd=home,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
        stdout=subprocess.DEVNULL,
        check=True,
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )
