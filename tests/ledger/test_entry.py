from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.making import NOW, ORIGIN, ROBOT, Node, draft, rebuilt, uuid

from interlock.errors import EntryRefused, MalformedInput
from interlock.ledger import note
from interlock.ledger.entry import (
    MAX_ENTRY,
    ChainState,
    chain,
    entry_hash,
    parse_entry,
    parse_own,
    prepare,
    verify_signature,
)
from interlock.ledger.fields import FORMS, PLAIN
from interlock.ledger.note import Ed25519Signer, VerifyingKey
from interlock.model.actor import Actor, ActorKind
from interlock.model.canonical import encode
from interlock.model.entry import Draft, EntryType
from interlock.model.names import ActorId, EntryId, KeyId, PersonId
from interlock.model.secret import Secret

SEAL = EntryId(uuid(99))
WRITABLE = [t for t in EntryType if t is not EntryType.NODE_SEAL]


def plain_line(**changes: Any) -> bytes:
    """The bytes of an action.ended entry with some fields replaced."""
    raw = Node().flush(draft(EntryType.ACTION_ENDED))[0].raw
    return rfc8785.dumps(rebuilt(raw, **changes)) + b"\n"


def test_an_entry_holds_every_common_field_whatever_is_absent() -> None:
    (entry,) = Node().flush(draft(EntryType.NODE_STOPPED))
    line = entry.raw.split(b"\n")[0]
    assert json.loads(line) == {
        "v": 1,
        "id": uuid(1),
        "type": "node.stopped",
        "ts": "2026-11-22T02:24:01.123456Z",
        "node": "n1",
        "boot": "b1",
        "nseq": 0,
        "prev": "",
        "act": "",
        "actor": None,
        "obj": "",
        "pol": {},
        "enforced": "",
        "d": {},
        "c": {},
    }
    assert entry.fields == json.loads(line)
    assert (entry.ts, entry.actor, entry.signed) == (NOW + timedelta(seconds=1), None, True)


def test_the_actor_is_written_with_the_chain_of_those_it_acts_for() -> None:
    person = Actor(
        ActorKind.PERSON, ActorId("ana"), frozenset(), PersonId("ana"), KeyId(""), PersonId(""), PersonId("")
    )
    robot = Actor(
        ROBOT.kind, ROBOT.id, ROBOT.groups, ROBOT.owner, ROBOT.key, ROBOT.made_by, ROBOT.held_by, chain=(person,)
    )
    said = draft(EntryType.ACTION_ENDED)
    entry = Node().flush(Draft(said.id, said.type, said.d, actor=robot, act=said.act))[0]
    assert entry.actor == {
        "kind": "agent",
        "id": "etl-agent",
        "authn": "interlock_key",
        "session": "",
        "chain": ["ana"],
        "owner": "ana",
    }


@pytest.mark.parametrize("type_", WRITABLE)
def test_every_type_is_written_in_its_class_and_read_back(type_: EntryType) -> None:
    node = Node()
    entry = node.flush(draft(type_))[0]
    assert entry.type is type_
    assert entry.d == json.loads(rfc8785.dumps(dict(draft(type_).d)))
    assert entry.signed is (type_ not in PLAIN)
    assert parse_own(entry.raw) == entry
    line, _, rest = entry.raw.partition(b"\n")
    assert line == rfc8785.dumps(dict(entry.fields))
    assert bool(rest) is entry.signed
    if entry.signed:
        assert note.verify(entry.raw, [node.key]) == line + b"\n"
        verify_signature(entry, [node.key])


def test_a_flush_is_numbered_and_chained_and_ends_in_a_seal() -> None:
    node = Node()
    first = node.flush(draft(EntryType.NODE_STARTED, vkey="x"))
    second = node.flush(
        draft(EntryType.ACTION_HELD), draft(EntryType.REVIEW_OPENED), draft(EntryType.ACTION_ENDED), node.started()
    )
    entries = first + second
    assert [e.nseq for e in entries] == [0, 1, 2, 3, 4, 5]
    hashes = [base64.urlsafe_b64encode(hashlib.sha256(e.raw).digest()).decode().rstrip("=") for e in entries]
    assert [e.prev for e in entries] == ["", *hashes[:-1]]
    assert entries[-1].type is EntryType.NODE_SEAL
    assert entries[-1].d == {"count": 2, "last": hashes[3]}
    assert (node.state.nseq, node.state.prev) == (6, hashes[-1])
    assert entry_hash(entries[0].raw) == hashes[0]
    assert len({e.ts for e in second}) == 1


def test_a_flush_of_signed_entries_alone_needs_no_seal() -> None:
    assert [e.type for e in Node().flush(draft(EntryType.VOTE_CAST))] == [EntryType.VOTE_CAST]


def test_a_failed_flush_leaves_the_state_good() -> None:
    node = Node()
    before = node.state
    first, _ = chain([draft(EntryType.ACTION_ENDED)], before, NOW, node.signer, SEAL)
    again, _ = chain([draft(EntryType.ACTION_ENDED)], before, NOW, node.signer, SEAL)
    assert first == again
    with pytest.raises(EntryRefused):
        chain([draft(EntryType.NODE_STOPPED), draft(EntryType.NODE_STOPPED, extra=1)], before, NOW, node.signer, SEAL)


def test_preparing_before_the_flush_gives_the_same_bytes() -> None:
    node = Node()
    said = [draft(EntryType.ACTION_HELD), draft(EntryType.VOTE_CAST)]
    made = [prepare(s) for s in said]
    assert chain(said, node.state, NOW, node.signer, SEAL) == chain(made, node.state, NOW, node.signer, SEAL)


def test_times_are_written_in_utc() -> None:
    node = Node()
    zone = timezone(timedelta(hours=-5))
    raws, _ = chain([draft(EntryType.NODE_STOPPED)], node.state, NOW.astimezone(zone), node.signer, SEAL)
    assert parse_entry(raws[0]).ts == NOW
    raws, _ = chain([draft(EntryType.NODE_STOPPED)], node.state, datetime(999, 1, 1, tzinfo=UTC), node.signer, SEAL)
    assert parse_entry(raws[0]).ts.year == 999
    with pytest.raises(ValueError, match="zone"):
        chain([], node.state, NOW.replace(tzinfo=None), node.signer, SEAL)


@pytest.mark.parametrize("type_", WRITABLE)
def test_a_field_too_few_or_too_many_is_refused(type_: EntryType) -> None:
    said = draft(type_)
    with pytest.raises(EntryRefused):
        prepare(draft(type_, surplus="x"))
    for name in said.d:
        fewer = {k: v for k, v in said.d.items() if k != name}
        with pytest.raises(EntryRefused):
            prepare(Draft(said.id, type_, fewer, act=said.act, obj=said.obj))


@pytest.mark.parametrize("type_", WRITABLE)
def test_a_field_of_another_kind_is_refused(type_: EntryType) -> None:
    said = draft(type_)
    wrong: list[Any] = [None, True, -1, 1.5, {}, [1], [{}], ["x", 1], "no such thing"]
    for name, kind in FORMS[type_].d.items():
        refused = 0
        for value in wrong:
            try:
                prepare(Draft(said.id, type_, {**said.d, name: value}, act=said.act, obj=said.obj))
            except EntryRefused:
                refused += 1
        assert refused >= len(wrong) - 1, f"{type_} {name} {kind}"


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "1"},
        {"id": uuid(1).upper()},
        {"id": uuid(1).replace("-7", "-4", 1)},
        {"act": ""},
        {"enforced": "nobody"},
        {"pol": {"bundle": "x"}},
        {"pol": {"bundle": "x", "ids": "y"}},
        {"pol": {"bundle": 1, "ids": []}},
        {"pol": {"bundle": "x", "ids": [], "more": ""}},
        {"c": {"note": 1}},
        {"c": {"Note": "x"}},
        {"d": {**draft(EntryType.ACTION_ENDED).d, "rows": 2**53}},
        {"d": {**draft(EntryType.ACTION_ENDED).d, "sqlstate": "\ud800"}},
    ],
)
def test_drafts_outside_the_profile_are_refused(changes: dict[str, Any]) -> None:
    said = draft(EntryType.ACTION_ENDED)
    with pytest.raises(EntryRefused):
        prepare(Draft(**{"id": said.id, "type": said.type, "d": said.d, "act": said.act, **changes}))


def test_an_object_that_must_be_named_is() -> None:
    said = draft(EntryType.KEY_ISSUED)
    for obj in ("", "another"):
        with pytest.raises(EntryRefused, match="key"):
            prepare(Draft(said.id, said.type, said.d, obj=obj))


def test_policy_and_commitments_are_written_as_given() -> None:
    said = draft(EntryType.ACTION_ENDED)
    pol, c = {"bundle": "b", "ids": ["p1", "p2"]}, {"reason": "x"}
    entry = Node().flush(Draft(said.id, said.type, said.d, act=said.act, pol=pol, c=c, enforced="gateway"))[0]
    assert (entry.fields["pol"], entry.fields["c"], entry.fields["enforced"]) == (pol, c, "gateway")


def test_mappings_that_are_not_dicts_are_written_too() -> None:
    said = draft(EntryType.ACTION_ENDED)
    frozen = Draft(said.id, said.type, MappingProxyType(dict(said.d)), act=said.act)
    assert Node().flush(frozen)[0].d == said.d


def test_seals_come_from_the_chain_only() -> None:
    with pytest.raises(EntryRefused, match="seal"):
        prepare(Draft(SEAL, EntryType.NODE_SEAL, {"count": 1, "last": "x"}))


def test_the_longest_entry_is_65535_bytes() -> None:
    node = Node()

    def written(length: int) -> bytes:
        said = draft(EntryType.ACTION_UNKNOWN, because="x" * length)
        return chain([said], node.state, NOW, node.signer, SEAL)[0][0]

    room = MAX_ENTRY - len(written(0))
    assert len(parse_entry(written(room)).raw) == MAX_ENTRY
    with pytest.raises(EntryRefused, match="65,535"):
        written(room + 1)
    with pytest.raises(MalformedInput):
        parse_entry(written(room)[:-1] + b" \n")


@pytest.mark.parametrize(
    ("node", "boot"), [("", "b"), ("n", ""), ("a b", "b"), ("a+b", "b"), ("n", "x" * 65), ("n/m", "b")]
)
def test_names_that_no_key_could_have_are_refused(node: str, boot: str) -> None:
    with pytest.raises(ValueError, match="named"):
        ChainState(node, boot)


def test_a_node_signs_with_its_own_key_only() -> None:
    signer = Ed25519Signer(f"{ORIGIN}/node/n2", Secret(b"x" * 32))
    with pytest.raises(ValueError, match="node"):
        chain([], ChainState("n1", "b1"), NOW, signer, SEAL)


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"v": True},
        {"v": "1"},
        {"more": ""},
        {"type": "action.imagined"},
        {"type": "vote.cast"},
        {"type": 1},
        {"ts": "2026-11-22T02:24:01Z"},
        {"ts": "2026-11-22T02:24:01.123456+00:00"},
        {"ts": "2026-13-22T02:24:01.123456Z"},
        {"ts": "٢٠٢٦-11-22T02:24:01.123456Z"},
        {"node": "a b"},
        {"boot": ""},
        {"nseq": -1},
        {"nseq": True},
        {"nseq": 1},
        {"prev": "A" * 43},
        {"prev": "A" * 42, "nseq": 1},
        {"act": ""},
        {"act": None},
        {"obj": 1},
        {"id": "x"},
        {"enforced": "x"},
        {"pol": []},
        {"c": None},
        {"d": []},
        {"d": {}},
        {"actor": "x"},
        {"actor": {}},
        {"actor": {**rebuilt(Node().flush(draft(EntryType.ACTION_ENDED))[0].raw)["actor"], "kind": "ghost"}},
        {"actor": {**rebuilt(Node().flush(draft(EntryType.ACTION_ENDED))[0].raw)["actor"], "kind": []}},
        {"actor": {**rebuilt(Node().flush(draft(EntryType.ACTION_ENDED))[0].raw)["actor"], "chain": "x"}},
        {"actor": {**rebuilt(Node().flush(draft(EntryType.ACTION_ENDED))[0].raw)["actor"], "chain": [{}]}},
    ],
)
def test_stored_lines_of_another_form_are_refused(changes: dict[str, Any]) -> None:
    assert parse_entry(plain_line()).type is EntryType.ACTION_ENDED
    with pytest.raises(MalformedInput):
        parse_entry(plain_line(**changes))


def test_a_line_lacking_a_common_field_is_refused() -> None:
    fields = json.loads(plain_line())
    for name in fields:
        with pytest.raises(MalformedInput):
            parse_entry(encode({k: v for k, v in fields.items() if k != name}) + b"\n")


def test_the_class_is_told_by_the_type() -> None:
    node = Node()
    signed = node.flush(draft(EntryType.VOTE_CAST))[0].raw
    with pytest.raises(MalformedInput, match="class"):
        parse_entry(signed.split(b"\n")[0] + b"\n")
    with pytest.raises(MalformedInput, match="class"):
        parse_entry(note.sign(plain_line(), node.signer))


def test_a_signed_entry_is_one_line_under_one_signature() -> None:
    node = Node()
    raw = node.flush(draft(EntryType.VOTE_CAST))[0].raw
    line = raw.split(b"\n")[0] + b"\n"
    other = Node("n2")
    for hostile in (
        raw + raw.rpartition(b"\n\n")[2],
        raw + note.sign(line, other.signer).rpartition(b"\n\n")[2],
        note.sign(line + b"more\n", node.signer),
        note.sign(line + line, node.signer),
        note.sign(line + b"\n", node.signer),
        note.sign(b"\n" + line, node.signer),
        line + b"\n",
        line + b"x",
        raw[:-1],
        b"",
        b"\n",
        b"\n\n",
    ):
        with pytest.raises(MalformedInput):
            parse_entry(hostile)


def test_a_signature_holds_for_its_node_only() -> None:
    node, other = Node(), Node("n2")
    entry = node.flush(draft(EntryType.VOTE_CAST))[0]
    verify_signature(entry, [other.key, node.key])
    impostor = VerifyingKey(node.key.name, other.key.public)
    for keys in ([], [other.key], [impostor]):
        with pytest.raises(MalformedInput):
            verify_signature(entry, keys)
    with pytest.raises(MalformedInput, match="plain"):
        verify_signature(node.flush(draft(EntryType.ACTION_ENDED))[0], [node.key])


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(texts, texts, st.lists(texts, max_size=3), texts)
@settings(max_examples=100)
def test_whatever_is_said_comes_back(act: str, obj: str, statements: list[str], because: str) -> None:
    node = Node()
    said = draft(EntryType.ACTION_RELEASED, act="a" + act, obj=obj, statements=statements)
    entries = node.flush(said, draft(EntryType.VOTE_REFUSED, because=because))
    assert (entries[0].act, entries[0].obj, entries[0].d["statements"]) == ("a" + act, obj, statements)
    assert entries[1].d["because"] == because
    for entry in entries:
        assert entry.raw.split(b"\n")[0] == rfc8785.dumps(dict(entry.fields))
