"""The demo's directory: keys, settings and credentials, made the first time and used again after.

demo-data/
  interlock.toml clinic.toml demo.cedar records.json   what the gateway reads
  keys/                                   its secret keys, and the operator's token
  data/                                   its store
  credentials/                            the clinic login's password, and each demo identity's key, mode 0600
  postgres/                               the embedded server
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import httpx

from interlock.demo import embedded_postgres
from interlock.demo.access import AGENT, OFFICER, OWNER, REVIEWER
from interlock.demo.gateway_process import end_leftover
from interlock.errors import InterlockError, UpstreamFailed
from interlock.model.secret import Secret
from interlock.stores.entropy import SystemEntropy
from interlock.stores.keys import create_keys, load_keys

ORIGIN = "interlock.local/demo/1"
NODE = "n1"
OPERATOR_TOKEN = "operator.token"  # noqa: S105  a file's name, beside the keys
MARK = ".interlock-demo"
SECONDS = 10.0

# Who holds a key, and who made it. Nobody votes on what an actor asks whose key they made, hold or own.
HOLDERS = {AGENT: OWNER, OFFICER: OFFICER, REVIEWER: REVIEWER, OWNER: OWNER}


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the gateway listens, on 127.0.0.1."""

    control: int
    agents: int
    postgres: int


@dataclass(frozen=True, slots=True)
class Installation:
    """One demo directory, prepared."""

    directory: Path

    @property
    def settings(self) -> Path:
        """The gateway's settings file."""
        return self.directory / "interlock.toml"

    @property
    def postgres(self) -> Path:
        """The embedded server's directory."""
        return self.directory / "postgres"

    @property
    def credentials(self) -> Path:
        """Where passwords and keys lie, mode 0600."""
        return self.directory / "credentials"

    @property
    def public_keys(self) -> dict[str, str]:
        """The verifying keys: "node" and "log"."""
        return load_keys(self.directory / "keys").public()

    def clinic_password(self) -> Secret[str]:
        """The clinic login's password, made the first time."""
        path = self.credentials / "clinic-password"
        if not path.exists():
            _write(path, secrets.token_urlsafe(24), 0o600)
        return Secret(path.read_text().strip())

    def records_key(self) -> Secret[str]:
        """What the records server lets one in by, made the first time."""
        path = self.credentials / "records-key"
        if not path.exists():
            _write(path, secrets.token_urlsafe(24), 0o600)
        return Secret(path.read_text().strip())

    def write_settings(self, ports: Ports, upstream_port: int, records_port: int) -> None:
        """The settings of this start: ports move, the rest stays."""
        text = _file("interlock.toml").format(
            origin=ORIGIN,
            node=NODE,
            node_key=self.public_keys["node"],
            control_port=ports.control,
            agents_port=ports.agents,
            postgres_port=ports.postgres,
            upstream_port=upstream_port,
            records_port=records_port,
        )
        _write(self.settings, text, 0o644)
        for name in ("clinic.toml", "demo.cedar", "records.json"):
            _write(self.directory / name, _file(name), 0o644)

    def identity_keys(self, control_url: str) -> dict[str, Secret[str]]:
        """Each demo identity's key: the one kept, or a new one where the gateway doesn't know it."""
        return {holder: self._identity_key(control_url, holder, maker) for holder, maker in HOLDERS.items()}

    def sign_in_link(self, control_url: str, person: str) -> str:
        """A link that signs `person` in to the console, once, within ten minutes."""
        return str(self._operator(control_url, "sign-in-links", {"person": person})["url"])

    def _identity_key(self, control_url: str, holder: str, maker: str) -> Secret[str]:
        path = self.credentials / holder
        if path.exists() and _accepted(control_url, Secret(path.read_text().strip())):
            return Secret(path.read_text().strip())
        made = self._operator(control_url, "keys", {"holder": holder, "made_by": maker})
        _write(path, str(made["token"]), 0o600)
        return Secret(str(made["token"]))

    def _operator(self, control_url: str, what: str, body: dict[str, str]) -> Any:
        token = (self.directory / "keys" / OPERATOR_TOKEN).read_text().strip()
        try:
            answer = httpx.post(
                f"{control_url}/api/operator/{what}",
                json=body,
                headers=_bearer(Secret(token)),
                timeout=SECONDS,
                trust_env=False,
            )
            answer.raise_for_status()
            return answer.json()
        except httpx.HTTPError as error:
            raise UpstreamFailed(f"the gateway didn't make {what}: {type(error).__name__}") from None


@contextlib.contextmanager
def claimed(directory: Path) -> Iterator[None]:
    """Holds the directory for one demo at a time. One that isn't the demo's is never touched: `InterlockError`."""
    if not (directory / MARK).exists() and directory.exists() and any(directory.iterdir()):
        raise InterlockError(
            f"{directory} has things in it that aren't the demo's: choose another --dir", code="not_a_demo"
        )
    directory.mkdir(mode=0o755, parents=True, exist_ok=True)
    lock = os.open(directory / MARK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(lock, directory)
        yield
    finally:
        os.close(lock)


def install(directory: Path, *, reset: bool) -> Installation:
    """Prepares a claimed directory, afresh with `reset`; ends a gateway left by a demo that was killed."""
    directory = directory.resolve()
    end_leftover(Installation(directory).settings)
    if reset:
        _empty(directory)
    (directory / "credentials").mkdir(mode=0o700, exist_ok=True)
    if not (directory / "keys").exists():
        _make_keys(directory)
    return Installation(directory)


def _lock(descriptor: int, directory: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InterlockError(f"a demo is running in {directory} already: stop it first", code="in_use") from None


def _empty(directory: Path) -> None:
    """Removes everything but the mark, which holds the claim."""
    embedded_postgres.wipe(directory / "postgres")
    for path in directory.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path.name != MARK:
            path.unlink()


def _make_keys(directory: Path) -> None:
    """Into a directory beside, renamed when whole: an interrupted first start leaves no half set of keys."""
    fresh = directory / "keys.new"
    if fresh.exists():
        shutil.rmtree(fresh)
    create_keys(fresh, ORIGIN, NODE, SystemEntropy())
    _write(fresh / OPERATOR_TOKEN, secrets.token_urlsafe(32), 0o600)
    fresh.rename(directory / "keys")


def _accepted(control_url: str, key: Secret[str]) -> bool:
    with contextlib.suppress(httpx.HTTPError):
        url = f"{control_url}/api/whoami"
        return httpx.get(url, headers=_bearer(key), timeout=SECONDS, trust_env=False).status_code == 200
    return False


def _bearer(token: Secret[str]) -> dict[str, str]:
    return {"Authorization": f"Bearer {token.reveal()}"}


def _write(path: Path, text: str, mode: int) -> None:
    """Written beside and renamed, so that a crash leaves the old file or the new one."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w", encoding="utf-8") as file:
        file.write(text if text.endswith("\n") else f"{text}\n")
    fresh.rename(path)


def _file(name: str) -> str:
    return (resources.files("interlock.demo") / "files" / name).read_text(encoding="utf-8")
