"""Small logs of our own, made for tests: drafts of every type, nodes that write flushes, exports in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from interlock.ledger import checkpoint
from interlock.ledger.checkpoint import Checkpoint
from interlock.ledger.entry import ChainState, Entry, chain, parse_entry
from interlock.ledger.fields import FORMS, Kind, Rows, Sha256, Text, Texts, Time, Whole
from interlock.ledger.merkle import Frontier, leaf_hash
from interlock.ledger.note import Ed25519Signer, VerifyingKey, vkey
from interlock.ledger.tiles import all_tiles, bundles_of, encode_bundle
from interlock.model.actor import Actor, ActorKind
from interlock.model.canonical import JsonValue
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ActorId, EntryId, GroupName, KeyId, PersonId
from interlock.model.secret import Secret

ORIGIN = "audit.example.com/interlock/clinic/1"
NOW = datetime(2026, 11, 22, 2, 24, 0, 123456, tzinfo=UTC)
DIGEST, CARD = "d" * 64, "c" * 64
LOG = Ed25519Signer(ORIGIN, Secret(b"L" * 32))
LOG_KEY = VerifyingKey(LOG.name, LOG.public)

ROBOT = Actor(
    kind=ActorKind.AGENT,
    id=ActorId("etl-agent"),
    groups=frozenset({GroupName("ai-agents")}),
    owner=PersonId("ana"),
    key=KeyId("k1"),
    made_by=PersonId("ana"),
    held_by=PersonId("ana"),
    session="s1",
)


def uuid(number: int) -> str:
    """The test's UUIDv7 of that number."""
    return f"019aa6b4-0000-7000-8000-{number:012x}"


def sample(kind: Kind) -> JsonValue:
    """Some value of a kind."""
    match kind:
        case Text(choices):
            return choices[-1] if choices else "text"
        case Sha256():
            return DIGEST
        case Time():
            return "2026-11-22T03:00:00.000000Z"
        case Whole():
            return 3
        case Texts():
            return ["one", "two"]
        case Rows(columns):
            return [{name: sample(column) for name, column in columns.items()}]


def draft(type_: EntryType, number: int = 1, *, act: str = "", obj: str = "", **d: JsonValue) -> Draft:
    """A draft of any type; `d` replaces members of a sample that fits the type's form."""
    form = FORMS[type_]
    obj = obj or (uuid(7) if form.obj else "")
    filled: dict[str, JsonValue] = {name: sample(kind) for name, kind in form.d.items()}
    if form.obj == "bundle":
        obj = str(d.get("bundle", DIGEST))
    if form.obj in filled:
        filled[form.obj] = obj
    filled.update(d)
    actor = ROBOT if type_.startswith("action.") else None
    return Draft(EntryId(uuid(number)), type_, filled, actor=actor, act=act or (uuid(5) if form.act else ""), obj=obj)


@dataclass
class Node:
    """A node that writes flushes into `log`, which other nodes may share."""

    name: str = "n1"
    boot: str = "b1"
    log: list[bytes] = field(default_factory=list)
    now: datetime = NOW
    numbers: int = 0

    def __post_init__(self) -> None:
        self.signer = Ed25519Signer(f"{ORIGIN}/node/{self.name}", Secret(self.name.encode().ljust(32, b".")))
        self.key = VerifyingKey(self.signer.name, self.signer.public)
        self.state = ChainState(self.name, self.boot)

    def flush(self, *drafts: Draft) -> list[Entry]:
        """Writes one flush and gives back its entries as a reader gets them."""
        self.now += timedelta(seconds=1)
        raws, self.state = chain(drafts, self.state, self.now, self.signer, EntryId(uuid(1_000_000 + len(self.log))))
        self.log += raws
        return [parse_entry(raw) for raw in raws]

    def started(self) -> Draft:
        """This node's node.started."""
        return draft(EntryType.NODE_STARTED, vkey=vkey(self.signer), version="0.1.0")

    def restart(self, boot: str) -> None:
        """A new start of the process."""
        self.boot, self.state = boot, ChainState(self.name, boot)


def story(rounds: int = 2) -> tuple[list[bytes], list[VerifyingKey]]:
    """A log of two nodes, one of which starts twice; each start of a node ends in a seal."""
    one = Node("n1", "b1")
    two = Node("n2", "x1", one.log)
    one.flush(draft(EntryType.LOG_OPENED, origin=ORIGIN), one.started())
    two.flush(two.started())
    for number in range(rounds):
        one.flush(draft(EntryType.ACTION_RELEASED, 100 + number, act=uuid(5 + number), review="", digest=""))
        two.flush(draft(EntryType.REVIEW_OPENED, 200 + number), draft(EntryType.ACTION_HELD, 300 + number))
        one.flush(draft(EntryType.ACTION_ENDED, 400 + number), draft(EntryType.MASK_APPLIED, 500 + number))
    one.restart("b2")
    one.flush(one.started(), draft(EntryType.ACTION_UNKNOWN, 600))
    return one.log, [one.key, two.key]


def export(entries: Sequence[bytes], size: int | None = None) -> dict[str, bytes]:
    """The log as files by path, with its signed checkpoint."""
    leaves = [leaf_hash(entry) for entry in entries]
    files = {tile.path: data for tile, data in all_tiles(leaves)}
    for bundle in bundles_of(len(entries)):
        start = bundle.index * 256
        files[bundle.path] = encode_bundle(entries[start : start + bundle.width])
    files["checkpoint"] = checkpoint_of(entries)
    return files


def checkpoint_of(entries: Sequence[bytes]) -> bytes:
    """The signed checkpoint of these entries."""
    frontier = Frontier().extend(leaf_hash(entry) for entry in entries)
    return checkpoint.sign(Checkpoint(ORIGIN, frontier.size, frontier.root()), LOG)


@dataclass(frozen=True)
class Files:
    """A reader over files in memory."""

    files: Mapping[str, bytes]

    def read(self, path: str) -> bytes | None:
        """The file's bytes."""
        return self.files.get(path)


def rebuilt(raw: bytes, **changes: Any) -> dict[str, Any]:
    """An entry's fields with some replaced, for encoding anew."""
    return {**parse_entry(raw).fields, **changes}
