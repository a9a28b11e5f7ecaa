"""A store for tests: real files, keys made from fixed seeds, a clock that is set by hand."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from interlock.ledger.authority import Authority
from interlock.ledger.note import Ed25519Signer, VerifyingKey
from interlock.model.canonical import JsonValue
from interlock.model.change import AddVote, Change, EndRun, MoveReview, OpenReview, TakeUse, Unit
from interlock.model.decision import Quorum, Requirements
from interlock.model.entry import Draft, EntryType
from interlock.model.names import (
    ActionId,
    ActorId,
    ConnectionName,
    Digest,
    EntryId,
    GroupName,
    KeyId,
    PersonId,
    ReviewId,
)
from interlock.model.review import Presence, Review, ReviewState, Verdict, Vote
from interlock.model.secret import Secret
from interlock.stores.bell import LocalBell
from interlock.stores.connections import open_writer
from interlock.stores.entropy import SystemEntropy
from interlock.stores.sqlite import SqliteStore, Trust
from interlock.stores.writer import PATIENCE_SECONDS

ORIGIN = "audit.example.com/interlock/test/1"
NODE = "n1"
NODE_SIGNER = Ed25519Signer(f"{ORIGIN}/node/{NODE}", Secret(b"N" * 32))
LOG_SIGNER = Ed25519Signer(ORIGIN, Secret(b"L" * 32))
TRUST = Trust((VerifyingKey(NODE_SIGNER.name, NODE_SIGNER.public),), VerifyingKey(LOG_SIGNER.name, LOG_SIGNER.public))
NOW = datetime(2026, 11, 22, 12, 0, 0, 123456, tzinfo=UTC)
ACTOR = ActorId("etl-agent")
DIGEST, CARD = Digest("d" * 64), Digest("c" * 64)
ENTROPY = SystemEntropy()


@dataclass
class HandClock:
    """Stands still until it is moved."""

    at: datetime = NOW

    def now(self) -> datetime:
        """Now, as set."""
        return self.at

    def forward(self, **kwargs: float) -> None:
        """Moves on by a timedelta's arguments."""
        self.at += timedelta(**kwargs)


@dataclass
class Bench:
    """An open store and what it was opened with."""

    path: Path
    store: SqliteStore
    authority: Authority
    bell: LocalBell
    clock: HandClock = field(default_factory=HandClock)


@asynccontextmanager
async def opened(
    path: Path,
    *,
    clock: HandClock | None = None,
    queue_limit: int = 8192,
    connect: Callable[[Path], sqlite3.Connection] = open_writer,
    authority: Authority | None = None,
    close_seconds: float = 30.0,
    waypoint: int = 0,
    patience: float = PATIENCE_SECONDS,
) -> AsyncIterator[Bench]:
    """The store at `path`, closed at the end."""
    clock, authority, bell = clock or HandClock(), authority or Authority(), LocalBell()
    store = await SqliteStore.open(
        path,
        node=NODE,
        signer=NODE_SIGNER,
        trust=TRUST,
        authority=authority,
        entropy=ENTROPY,
        clock=clock,
        bell=bell,
        queue_limit=queue_limit,
        waypoint=waypoint,
        connect=connect,
        patience=patience,
    )
    try:
        yield Bench(path, store, authority, bell, clock)
    finally:
        await store.close(close_seconds)


def new_id() -> str:
    """A new UUIDv7."""
    return ENTROPY.uuid7()


def denied(*, changes: tuple[Change, ...] = (), text: str = "DROP TABLE patients") -> Unit:
    """A unit with one plain entry."""
    return Unit((denial(text),), changes)


def denial(text: str = "DROP TABLE patients") -> Draft:
    """A plain entry."""
    return Draft(
        id=EntryId(new_id()),
        type=EntryType.ACTION_DENIED,
        act=new_id(),
        d={
            "connection": "clinic",
            "verbs": ["sql.drop"],
            "resources": ["clinic/public.patients"],
            "labels": ["phi.mrn"],
            "statements": [text],
            "reasons": [{"code": "forbidden", "policy": "no-drop"}],
        },
    )


def ended(*, changes: tuple[Change, ...] = ()) -> Unit:
    """A unit that says how something went."""
    d: dict[str, JsonValue] = {"outcome": "succeeded", "rows": 1, "sqlstate": "", "review": ""}
    return Unit((Draft(id=EntryId(new_id()), type=EntryType.ACTION_ENDED, act=new_id(), d=d),), changes)


def started() -> Unit:
    """A unit with one signed entry."""
    return Unit((Draft(id=EntryId(new_id()), type=EntryType.NODE_STOPPED, d={}),))


def loaded(bundle: str) -> Unit:
    """A signed entry that the authority reads."""
    d = {"bundle": bundle, "how": "first_start", "by": "root"}
    return Unit((Draft(id=EntryId(new_id()), type=EntryType.POLICY_LOADED, obj=bundle, d=d),))


def review(*, id_: str | None = None, opened_at: datetime = NOW, actor: ActorId = ACTOR) -> Review:
    """A pending review that expires half an hour after `opened_at`."""
    return Review(
        id=ReviewId(id_ or new_id()),
        action=ActionId(new_id()),
        actor=actor,
        connection=ConnectionName("clinic"),
        state=ReviewState.PENDING,
        digest=DIGEST,
        card_digest=CARD,
        requirements=Requirements(
            (Quorum(GroupName("privacy-officers"), 1),), timedelta(minutes=30), timedelta(minutes=10)
        ),
        excluded=frozenset({PersonId("ana"), PersonId("bo")}),
        opened_at=opened_at,
        expires_at=opened_at + timedelta(minutes=30),
        approved_until=None,
        opened_entry=EntryId(new_id()),
    )


def opening(of: Review, lookup: bytes = b"form") -> Unit:
    """A unit that opens a review; the entry is a stand-in."""
    return denied(changes=(OpenReview(of, lookup, lookup, b"sealed payload", b"sealed card"),))


def approving(of: Review, *, valid: int = 600) -> Unit:
    """A unit that approves a review."""
    move = MoveReview(
        of.id, frozenset({ReviewState.PENDING}), ReviewState.APPROVED, before="expires_at", approved_for=valid
    )
    return denied(changes=(move,))


def redeeming(of: Review) -> Unit:
    """A unit that uses an approval up."""
    return denied(changes=(TakeUse(of.id, 1, ReviewState.RELEASED),))


def using(of: Review, left: int) -> Unit:
    """A unit that takes one of an approval's runs, while so many are left."""
    return denied(changes=(TakeUse(of.id, left, ReviewState.RELEASED if left == 1 else ReviewState.APPROVED),))


def ending(of: Review, to: ReviewState = ReviewState.SUCCEEDED) -> Unit:
    """A unit that ends a run."""
    return denied(changes=(EndRun(of.id, to),))


def vote(of: Review, person: str = "cleo", at: datetime = NOW) -> Vote:
    """A yes on a review."""
    return Vote(
        review=of.id,
        person=PersonId(person),
        verdict=Verdict.APPROVE,
        action_digest=of.digest,
        card_digest=of.card_digest,
        presence=Presence.CONSOLE,
        key=KeyId("s1"),
        entry=EntryId(new_id()),
        at=at,
    )


def voting(of: Vote) -> Unit:
    """A unit that adds a vote."""
    return denied(changes=(AddVote(of),))


@contextmanager
def untriggered(path: Path) -> Iterator[sqlite3.Connection]:
    """What somebody with write access to the file has: no triggers in the way, and all put back as it was."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        (version,) = connection.execute("PRAGMA schema_version").fetchone()
        triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        yield connection
        for _, sql in triggers:
            with suppress(sqlite3.OperationalError):  # its table is gone
                connection.execute(sql)
        connection.execute(f"PRAGMA schema_version = {version}")
    finally:
        connection.close()


def write_raw(path: Path, *statements: str) -> None:
    """Runs `statements` as somebody with write access to the file."""
    with untriggered(path) as connection:
        for statement in statements:
            connection.execute(statement)


def plant(path: Path, *statements: str) -> None:
    """Adds to the schema, and puts SQLite's count of its changes back: what a careful intruder does."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        (version,) = connection.execute("PRAGMA schema_version").fetchone()
        for statement in statements:
            connection.execute(statement)
        connection.execute(f"PRAGMA schema_version = {version}")
    finally:
        connection.close()
