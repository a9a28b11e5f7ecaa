"""What the signer remembers, in a file of its own: out of reach of whoever can write to the store."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path

from interlock.errors import LedgerCorrupt, LedgerUnavailable, MalformedInput
from interlock.ledger.merkle import Frontier


@dataclass(frozen=True, slots=True)
class SignerState:
    """The last checkpoint signed: the frontier it was made of, and the note."""

    frontier: Frontier
    note: str

    @property
    def size(self) -> int:
        """How many entries it covers."""
        return self.frontier.size

    @property
    def root(self) -> bytes:
        """The root that was signed, 32 bytes."""
        return self.frontier.root()


class StateFile:
    """Keeps the state in one JSON file, replaced as a whole."""

    __slots__ = ("_path",)

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> SignerState | None:
        """The state, or None if nothing was signed yet; raises `LedgerCorrupt`, `LedgerUnavailable`."""
        try:
            document = json.loads(self._path.read_bytes())
            state = SignerState(
                Frontier.decode(base64.b64decode(document["frontier"], validate=True)), str(document["note"])
            )
            claimed = (document["size"], base64.b64decode(document["root"], validate=True))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise LedgerUnavailable(f"the signer's state can't be read ({type(error).__name__})") from None
        except (ValueError, KeyError, TypeError, MalformedInput):
            raise LedgerCorrupt("the signer's state file isn't one that it wrote") from None
        if claimed != (state.size, state.root):
            raise LedgerCorrupt("the signer's state file contradicts itself")
        return state

    def set_aside(self) -> None:
        """Keeps what the file says under the next free name beside it; raises `LedgerUnavailable`."""
        number = 1
        while (kept := self._path.with_name(f"{self._path.name}.replaced-{number}")).exists():
            number += 1
        try:
            self._path.rename(kept)
        except FileNotFoundError:
            return
        except OSError as error:
            raise LedgerUnavailable(f"the signer's state can't be put aside ({type(error).__name__})") from None

    def save(self, state: SignerState) -> None:
        """Replaces the state; it is on disk when this returns. Raises `LedgerUnavailable`; the old one holds then."""
        document = {
            "size": state.size,
            "root": base64.b64encode(state.root).decode(),
            "frontier": base64.b64encode(state.frontier.encode()).decode(),
            "note": state.note,
        }
        new = self._path.with_name(self._path.name + ".new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(new, json.dumps(document, indent=2).encode() + b"\n")
            new.replace(self._path)
            _sync(self._path.parent)
        except OSError as error:
            raise LedgerUnavailable(f"the signer's state can't be written ({type(error).__name__})") from None


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
