"""The vault: random surrogates, one for each value of a label in a namespace, made once and kept for good.

A row holds no value, only HMAC-SHA256 of it under a key of the vault's own, and, where it may be translated back, the
value sealed (`seals.py`). Whoever has the file alone can neither read values nor try them.

Rows are written on a connection of their own, in one thread, in short transactions. Of two writers that bring the same
value the first to commit keeps its surrogate, and both give out that one.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from interlock.errors import InterlockError, LedgerCorrupt, LedgerUnavailable
from interlock.ledger.fields import format_time
from interlock.model.label import Label
from interlock.model.secret import Secret
from interlock.ports import Clock, Entropy, Sealer
from interlock.stores.connections import open_writer

SURROGATE_BYTES: Final = 20
AT_ONCE: Final = 500  # values of one transaction: the ledger's writer waits behind it for some milliseconds at most
QUEUED: Final = 64  # transactions that may wait

_KEY_BYTES: Final = 32
_DOMAIN: Final = b"interlock/vault/v1\0"
_ASK: Final = "SELECT surrogate FROM il_surrogate WHERE namespace = ? AND label = ? AND mark = ?"
_PUT: Final = (
    "INSERT INTO il_surrogate (namespace, label, mark, surrogate, sealed, at) VALUES (?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (namespace, label, mark) DO NOTHING"
)
_OPEN: Final = "SELECT mark, sealed FROM il_surrogate WHERE surrogate = ? AND namespace = ? AND label = ?"

T = TypeVar("T")
Wanted = tuple[Label, bytes]


class Vault:
    """`ports.SurrogateVault` on the store's SQLite file, which `SqliteStore` has opened and brought up to date."""

    def __init__(
        self,
        path: Path,
        *,
        key: Secret[bytes],
        sealer: Sealer,
        entropy: Entropy,
        clock: Clock,
        connect: Callable[[Path], sqlite3.Connection] = open_writer,
    ) -> None:
        """`key`: a secret of the installation, which is used here for nothing but to derive another from it."""
        self._path = path
        self._key = Secret(HKDF(SHA256(), _KEY_BYTES, salt=None, info=_DOMAIN).derive(key.reveal()))
        self._sealer = sealer
        self._entropy = entropy
        self._clock = clock
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._waiting = 0
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store-vault")

    async def surrogates(self, namespace: str, wanted: Sequence[Wanted], *, reversible: bool) -> Sequence[bytes]:
        """See `ports.SurrogateVault`."""
        found: dict[Wanted, bytes] = {}
        for part in _parts(list(dict.fromkeys(wanted))):
            given = await self._run(lambda c, part=part: self._give(c, namespace, part, reversible))  # type: ignore[misc]
            found.update(zip(part, given, strict=True))
        return [found[each] for each in wanted]

    async def values(self, namespace: str, surrogates: Sequence[Wanted]) -> Sequence[Secret[bytes] | None]:
        """See `ports.SurrogateVault`."""
        opened: list[Secret[bytes] | None] = []
        for part in _parts(surrogates):
            opened += await self._run(lambda c, part=part: self._opened(c, namespace, part))  # type: ignore[misc]
        return opened

    async def close(self) -> None:
        """Waits for what is being done, then closes the connection. What comes after is refused."""
        await asyncio.get_running_loop().run_in_executor(None, self._thread.shutdown)
        self._drop()

    # -- in the vault's own thread ------------------------------------------------------------------------------------

    def _give(self, connection: sqlite3.Connection, namespace: str, part: Sequence[Wanted], keep: bool) -> list[bytes]:
        """What is there already is read without a lock; only for new values something is written."""
        marks = [self._mark(namespace, each) for each in part]
        known = [self._ask(connection, namespace, each, mark) for each, mark in zip(part, marks, strict=True)]
        missing = [at for at, surrogate in enumerate(known) if surrogate is None]
        if missing:
            rows = [self._row(namespace, part[at], marks[at], keep) for at in missing]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_PUT, rows)
            for at in missing:
                known[at] = self._ask(connection, namespace, part[at], marks[at])
            connection.execute("COMMIT")
        return [_whole(surrogate) for surrogate in known]

    def _ask(self, connection: sqlite3.Connection, namespace: str, each: Wanted, mark: bytes) -> object:
        row = connection.execute(_ASK, (namespace, each[0], mark)).fetchone()
        return None if row is None else row[0]

    def _row(self, namespace: str, each: Wanted, mark: bytes, keep: bool) -> tuple[object, ...]:
        label, value = each
        surrogate = self._entropy.token(SURROGATE_BYTES)
        sealed = self._sealer.seal(_about(namespace, label, surrogate), value) if keep else None
        return (namespace, label, mark, surrogate, sealed, format_time(self._clock.now()))

    def _opened(
        self, connection: sqlite3.Connection, namespace: str, part: Sequence[Wanted]
    ) -> list[Secret[bytes] | None]:
        return [self._open_one(connection, namespace, label, surrogate) for label, surrogate in part]

    def _open_one(
        self, connection: sqlite3.Connection, namespace: str, label: Label, surrogate: bytes
    ) -> Secret[bytes] | None:
        row = connection.execute(_OPEN, (surrogate, namespace, label)).fetchone()
        if row is None or row[1] is None:
            return None
        value = self._sealer.open(_about(namespace, label, surrogate), _bytes(row[1]))
        if not hmac.compare_digest(self._mark(namespace, (label, value.reveal())), _bytes(row[0])):
            raise LedgerCorrupt("a surrogate's row isn't one that Interlock wrote")
        return value

    def _mark(self, namespace: str, each: Wanted) -> bytes:
        """What a value is found by. Each part is framed, so that no two lists of parts give the same bytes."""
        parts = (namespace.encode(), each[0].encode(), each[1])
        said = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.digest(self._key.reveal(), said, hashlib.sha256)

    # -- the thread ---------------------------------------------------------------------------------------------------

    async def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._waiting >= QUEUED:
            raise LedgerUnavailable("too much is waiting for the vault already; try again")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._within, work)
        except RuntimeError:  # the thread was shut down
            raise LedgerUnavailable("the vault is closed") from None
        finally:
            self._waiting -= 1

    def _within(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            if self._connection is None:
                self._connection = self._connect(self._path)
            return work(self._connection)
        except InterlockError:
            self._drop()
            raise
        except sqlite3.Error as error:
            self._drop()
            name = getattr(error, "sqlite_errorname", type(error).__name__)
            raise LedgerUnavailable(f"the vault can't be used now ({name})") from None
        except BaseException:
            self._drop()
            raise

    def _drop(self) -> None:
        """Closes the connection, and with it whatever transaction is open."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()


def _parts(of: Sequence[T]) -> Iterator[Sequence[T]]:
    return (of[at : at + AT_ONCE] for at in range(0, len(of), AT_ONCE))


def _about(namespace: str, label: Label, surrogate: bytes) -> str:
    """What a sealed value belongs to: moved to another row it doesn't open."""
    return f"surrogate {surrogate.hex()} {label} {namespace}"


def _whole(surrogate: object) -> bytes:
    found = _bytes(surrogate)
    if len(found) != SURROGATE_BYTES:
        raise LedgerCorrupt("a surrogate isn't one that Interlock wrote")
    return found


def _bytes(found: object) -> bytes:
    if not isinstance(found, bytes):
        raise LedgerCorrupt("a surrogate's row isn't one that Interlock wrote")
    return found
