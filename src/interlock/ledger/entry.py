"""Entries: from what somebody says (a `Draft`) to the exact bytes that are stored, hashed and signed, and back.

An entry is one line of canonical JSON and a newline. The plain classes (action.*, mask.*) are that line alone; every
other is a signed note by the writing node whose text is the line. Each names the previous entry of its node, and a
flush with plain entries ends in a signed node.seal, so one signature covers them all (ledger.md 1.2).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from interlock.errors import EntryRefused, MalformedInput
from interlock.ledger import note
from interlock.ledger.canonical import parse
from interlock.ledger.fields import PLAIN, format_time, misfit, parse_time
from interlock.ledger.note import Signer, VerifyingKey
from interlock.model.action import EnforcedBy
from interlock.model.actor import Actor, ActorKind
from interlock.model.canonical import JsonValue, encode
from interlock.model.entry import Draft, EntryType
from interlock.model.names import EntryId

VERSION = 1
MAX_ENTRY = 65_535  # bytes: its length is a uint16 in a bundle; what is larger goes behind a commitment

_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")  # of nodes and boots: part of key names, so no space and no plus
_HASH = re.compile(r"(?:[A-Za-z0-9_-]{43})?")  # unpadded base64url of a SHA-256, or nothing
_ENFORCED = frozenset({"", *EnforcedBy})
_TEXTS = ("id", "type", "ts", "node", "boot", "prev", "act", "obj", "enforced")
_KINDS = frozenset(ActorKind)
_TYPES = {type_.value: type_ for type_ in EntryType}  # asking the enum takes ten times as long
_ACTOR = frozenset({"kind", "id", "authn", "session", "chain", "owner"})
_COMMON = frozenset(
    {"v", "id", "type", "ts", "node", "boot", "nseq", "prev", "act", "actor", "obj", "pol", "enforced", "d", "c"}
)


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as stored. `raw` is what is hashed; `fields` is the whole line; `actor` is None where nobody asked.

    `signed` tells the class only: whether the signature holds is checked against a node's key (`verify_signature`).
    """

    raw: bytes
    fields: Mapping[str, Any]
    id: EntryId
    type: EntryType
    ts: datetime
    node: str
    boot: str
    nseq: int
    prev: str
    act: str
    obj: str
    actor: Mapping[str, Any] | None
    d: Mapping[str, Any]
    signed: bool


@dataclass(frozen=True, slots=True)
class ChainState:
    """Where a node's chain stands: the next entry gets `nseq` and names `prev`, the hash of the one before.

    `boot` is chosen at random when the process starts; numbering begins at 0 with it.
    """

    node: str
    boot: str
    nseq: int = 0
    prev: str = ""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.node) or not _NAME.fullmatch(self.boot):
            raise ValueError("a node and a boot are named by 1 to 64 of A-Z a-z 0-9 . _ -")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A draft that was found in order, encoded but for what only the flush knows (boot, node, nseq, prev, ts)."""

    type: EntryType
    before_boot: bytes
    before_node: bytes
    before_prev: bytes


def entry_hash(raw: bytes) -> str:
    """What `prev` and a seal's `last` hold: unpadded base64url of SHA-256 of an entry's bytes."""
    return base64.urlsafe_b64encode(hashlib.sha256(raw).digest())[:-1].decode("ascii")


def prepare(draft: Draft) -> Prepared:
    """Checks and encodes a draft; raises `EntryRefused`.

    Done when a unit comes in, it refuses that unit alone; left to `chain`, it refuses the flush. The members are
    encoded in three runs that lie between those the flush adds, in the order of their names.
    """
    if draft.type is EntryType.NODE_SEAL:
        raise EntryRefused("only the chain itself writes seals")
    return _prepare(draft)


def chain(
    drafts: Sequence[Draft | Prepared], state: ChainState, now: datetime, signer: Signer, seal_id: EntryId
) -> tuple[list[bytes], ChainState]:
    """The bytes of one flush, in order, and the chain's state behind it; `state` stays good if the flush fails.

    When there are plain entries, a node.seal with `seal_id` comes last and signs for all of them. Raises
    `EntryRefused` for a draft outside the table or the profile; nothing is written then.
    """
    if not signer.name.endswith(f"/node/{state.node}"):
        raise ValueError("a node signs under the key named <origin>/node/<its name>")
    ts = format_time(now).encode("ascii")
    flush: list[bytes] = []
    plain, last, prev = 0, "", state.prev
    for draft in drafts:
        prepared = draft if isinstance(draft, Prepared) else prepare(draft)
        prev = _append(flush, prepared, state, prev, ts, signer)
        if prepared.type in PLAIN:
            plain, last = plain + 1, prev
    if plain:
        seal = Draft(id=seal_id, type=EntryType.NODE_SEAL, d={"count": plain, "last": last})
        prev = _append(flush, _prepare(seal), state, prev, ts, signer)
    return flush, ChainState(state.node, state.boot, state.nseq + len(flush), prev)


def parse_entry(raw: bytes) -> Entry:
    """The entry that `raw` holds, its form checked to the last byte, its signature not; raises `MalformedInput`."""
    if len(raw) > MAX_ENTRY:
        raise MalformedInput("an entry longer than 65,535 bytes")
    line, newline, rest = raw.partition(b"\n")
    if not newline:
        raise MalformedInput("an entry without a newline")
    if rest:
        signed = note.parse_note(raw)
        if len(signed.text) != len(line) + 1 or len(signed.signatures) != 1:
            raise MalformedInput("a signed entry is one line under one signature")
    return _entry(raw, _checked(parse(line), signed=bool(rest)), signed=bool(rest))


def parse_own(raw: bytes) -> Entry:
    """The entry in bytes that `chain` made in this very process, without checking their form again.

    Never for bytes that come from anywhere else, our own store included.
    """
    line, _, rest = raw.partition(b"\n")
    return _entry(raw, orjson.loads(line), signed=bool(rest))


def verify_signature(entry: Entry, keys: Sequence[VerifyingKey]) -> None:
    """Raises `MalformedInput` unless one of `keys` signed this entry of a signed class."""
    if not entry.signed:
        raise MalformedInput("a plain entry carries no signature of its own")
    note.verify(entry.raw, keys)


def _prepare(draft: Draft) -> Prepared:
    wrong = misfit(draft.type, draft.act, draft.obj, draft.d) or _wrong(draft.id, draft.enforced, draft.pol, draft.c)
    if wrong is not None:
        raise EntryRefused(wrong)
    before_node: Mapping[str, JsonValue] = {
        "c": dict(draft.c),
        "d": dict(draft.d),
        "enforced": draft.enforced,
        "id": draft.id,
    }
    return Prepared(
        draft.type,
        encode({"act": draft.act, "actor": _actor(draft.actor)})[:-1] + b',"boot":"',
        b'",' + encode(before_node)[1:-1] + b',"node":"',
        b"," + encode({"obj": draft.obj, "pol": dict(draft.pol)})[1:-1] + b',"prev":"',
    )


def _actor(actor: Actor | None) -> JsonValue:
    if actor is None:
        return None
    return {
        "kind": actor.kind.value,
        "id": actor.id,
        "authn": actor.authn,
        "session": actor.session,
        "chain": [delegator.id for delegator in actor.chain],
        "owner": actor.owner,
    }


def _append(flush: list[bytes], draft: Prepared, begun: ChainState, prev: str, ts: bytes, signer: Signer) -> str:
    """Appends the next entry to a flush that began at `begun`; `prev` is the hash of the one before, and gives its."""
    raw = b"".join(
        (
            draft.before_boot,
            begun.boot.encode("ascii"),
            draft.before_node,
            begun.node.encode("ascii"),
            b'","nseq":%d' % (begun.nseq + len(flush)),
            draft.before_prev,
            prev.encode("ascii"),
            b'","ts":"%b","type":"%b","v":%d}\n' % (ts, draft.type.encode("ascii"), VERSION),
        )
    )
    if draft.type not in PLAIN:
        raw = note.sign(raw, signer)
    if len(raw) > MAX_ENTRY:
        raise EntryRefused("an entry longer than 65,535 bytes")
    flush.append(raw)
    return entry_hash(raw)


def _checked(fields: Mapping[str, Any], *, signed: bool) -> Mapping[str, Any]:
    """The fields of a line, if they are an entry's and the entry's class is the one it is stored in."""
    if fields.keys() != _COMMON or fields["v"] != VERSION or isinstance(fields["v"], bool):
        raise MalformedInput("an entry lacks a common field, has one too many, or is of another version")
    if not _are_texts([fields[name] for name in _TEXTS]):
        raise MalformedInput("an entry with a common field that isn't a string and should be")
    if not all(isinstance(fields[name], dict) for name in ("d", "pol", "c")):
        raise MalformedInput("an entry whose d, pol or c isn't an object")
    type_ = _type(fields["type"])
    if signed is (type_ in PLAIN):
        raise MalformedInput(f"{type_} is of the other class: plain and signed are told by the type")
    wrong = (
        _wrong_place(fields)
        or _wrong_actor(fields["actor"])
        or _wrong(fields["id"], fields["enforced"], fields["pol"], fields["c"])
        or misfit(type_, fields["act"], fields["obj"], fields["d"])
    )
    if wrong is not None:
        raise MalformedInput(wrong)
    return fields


def _entry(raw: bytes, fields: Mapping[str, Any], *, signed: bool) -> Entry:
    return Entry(
        raw=raw,
        fields=fields,
        id=EntryId(fields["id"]),
        type=_TYPES[fields["type"]],
        ts=parse_time(fields["ts"]),
        node=fields["node"],
        boot=fields["boot"],
        nseq=fields["nseq"],
        prev=fields["prev"],
        act=fields["act"],
        obj=fields["obj"],
        actor=fields["actor"],
        d=fields["d"],
        signed=signed,
    )


def _type(name: str) -> EntryType:
    type_ = _TYPES.get(name)
    if type_ is None:
        raise MalformedInput("an entry of a type that isn't in the ledger's closed set")
    return type_


def _wrong(id_: str, enforced: str, pol: Mapping[str, JsonValue], c: Mapping[str, JsonValue]) -> str | None:
    """What is wrong with the common fields that a draft brings."""
    if not _UUID7.fullmatch(id_):
        return "an entry's id is a UUIDv7"
    if enforced not in _ENFORCED:
        return "an entry's enforced is gateway, caller or empty"
    if pol:
        ids = pol.get("ids")
        if pol.keys() != {"bundle", "ids"} or not isinstance(pol["bundle"], str) or not _are_texts(ids):
            return "an entry's pol is empty, or has a bundle and ids"
    if not all(isinstance(commitment, str) for commitment in c.values()):
        return "an entry's c holds commitments by name"
    return None


def _wrong_place(fields: Mapping[str, Any]) -> str | None:
    if not _NAME.fullmatch(fields["node"]) or not _NAME.fullmatch(fields["boot"]):
        return "an entry's node or boot isn't a name"
    if type(fields["nseq"]) is not int or fields["nseq"] < 0:
        return "an entry's nseq isn't a number from 0"
    if not _HASH.fullmatch(fields["prev"]) or bool(fields["prev"]) != bool(fields["nseq"]):
        return "an entry's prev isn't a hash; it is empty at nseq 0 and only there"
    return None


def _wrong_actor(actor: object) -> str | None:
    if actor is None:
        return None
    if not isinstance(actor, dict) or actor.keys() != _ACTOR:
        return "an entry's actor lacks a field, or has one too many"
    texts = [actor[name] for name in ("kind", "id", "authn", "session", "owner")]
    if not _are_texts(texts) or not _are_texts(actor["chain"]) or actor["kind"] not in _KINDS:
        return "an entry's actor has a field of the wrong type"
    return None


def _are_texts(value: object) -> bool:
    if not isinstance(value, list | tuple):
        return False
    for member in value:  # noqa: SIM110  a generator costs more than what it looks at
        if not isinstance(member, str):
            return False
    return True
