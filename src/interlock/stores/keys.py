"""Key files: made once by `interlock init`, read at each start, mode 0600 or refused.

Four files in one directory: `node.key` and `log.key` hold Ed25519 seeds with the names they sign under, `sealing.key`
and `lookup.key` hold plain keys. Each is one line: the name (or `-`), a space, 32 bytes in base64.
"""

from __future__ import annotations

import base64
import binascii
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from interlock.errors import InterlockError, MalformedInput
from interlock.ledger.note import Ed25519Signer, vkey
from interlock.model.secret import Secret
from interlock.ports import Entropy

KEY_BYTES: Final = 32
_MAX_FILE: Final = 4096
_LOOSE: Final = stat.S_IRWXG | stat.S_IRWXO
_NAMED: Final = ("node", "log")
_NAMELESS: Final = "-"


@dataclass(frozen=True, slots=True)
class Keys:
    """An installation's secrets. `node` signs entries, `log` checkpoints (RFC 8032 Ed25519).

    `sealing` seals payloads and cards; `lookup` joins equal requests. 32 bytes each.
    """

    node: Ed25519Signer
    log: Ed25519Signer
    sealing: Secret[bytes]
    lookup: Secret[bytes]

    def public(self) -> dict[str, str]:
        """The verifying keys in text form, by what they are: "node" and "log"."""
        return {"node": vkey(self.node), "log": vkey(self.log)}


def create_keys(directory: Path, origin: str, node: str, entropy: Entropy) -> dict[str, str]:
    """Writes four new keys into `directory` and returns the public ones, as `Keys.public` does.

    Nothing is overwritten: raises `InterlockError` ("keys_exist") when one of the files is there, ("key_name") when
    `origin` or `node` can't be part of a key's name (ledger.md 1.5).
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    names = {"node": f"{origin}/node/{node}", "log": origin, "sealing": _NAMELESS, "lookup": _NAMELESS}
    made = {kind: Secret(entropy.token(KEY_BYTES)) for kind in names}
    try:
        keys = _keys({kind: (name, made[kind]) for kind, name in names.items()})
    except MalformedInput:
        raise InterlockError(
            "an origin or node holds a space, a plus or a control character", code="key_name"
        ) from None
    there = [kind for kind in names if _path(directory, kind).exists()]
    if there:
        raise InterlockError(
            f"{_path(directory, there[0]).name} exists already; keys are made once, and lost ones can't be made again",
            code="keys_exist",
        )
    for kind, name in names.items():
        _write(_path(directory, kind), name, made[kind])
    _sync(directory)
    return keys.public()


def load_keys(directory: Path) -> Keys:
    """The four keys; raises `InterlockError`: "key_missing", "key_mode" (others may read it) or "key_malformed"."""
    return _keys({kind: _read(_path(directory, kind), kind) for kind in ("node", "log", "sealing", "lookup")})


def _keys(parts: dict[str, tuple[str, Secret[bytes]]]) -> Keys:
    return Keys(
        node=Ed25519Signer(*parts["node"]),
        log=Ed25519Signer(*parts["log"]),
        sealing=parts["sealing"][1],
        lookup=parts["lookup"][1],
    )


def _path(directory: Path, kind: str) -> Path:
    return directory / f"{kind}.key"


def _write(path: Path, name: str, secret: Secret[bytes]) -> None:
    line = f"{name} {base64.b64encode(secret.reveal()).decode()}\n".encode()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path, kind: str) -> tuple[str, Secret[bytes]]:
    try:
        with path.open("rb") as file:
            _check_mode(path, os.fstat(file.fileno()))
            line = file.read(_MAX_FILE)
    except OSError as error:
        raise InterlockError(
            f"{path.name} can't be read ({error.strerror}); `interlock init` makes it", code="key_missing"
        ) from None
    try:
        name, space, material = line.decode().removesuffix("\n").rpartition(" ")
        key = base64.b64decode(material, validate=True)
        if not space or len(key) != KEY_BYTES:
            raise ValueError
        if (name == _NAMELESS) is (kind in _NAMED):
            raise ValueError
        if kind in _NAMED:
            Ed25519Signer(name, Secret(key))
    except (ValueError, binascii.Error, MalformedInput):
        raise InterlockError(
            f"{path.name} isn't a key file that `interlock init` wrote", code="key_malformed"
        ) from None
    return name, Secret(key)


def _check_mode(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise InterlockError(f"{path.name} isn't a file", code="key_malformed")
    if status.st_mode & _LOOSE:
        raise InterlockError(
            f"{path.name} may be read by others (mode {stat.S_IMODE(status.st_mode):04o}); set it to 0600, "
            "and make new keys if anyone could have read it",
            code="key_mode",
        )
    if status.st_uid not in (os.geteuid(), 0):
        raise InterlockError(f"{path.name} belongs to another user", code="key_mode")


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
