from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledger.making import LOG, LOG_KEY, ORIGIN, Files, Node, checkpoint_of, draft, export, story
from tests.ledger.vectors import VECTORS, logs, needs_vectors

from interlock.errors import LedgerCorrupt, MalformedInput
from interlock.ledger import checkpoint, note
from interlock.ledger.checkpoint import Checkpoint
from interlock.ledger.entry import parse_entry
from interlock.ledger.merkle import EMPTY_ROOT, Frontier, leaf_hash
from interlock.ledger.note import Ed25519Signer, VerifyingKey, parse_vkey, vkey
from interlock.ledger.steps import Step
from interlock.ledger.verify import KeysFrom, verify, verify_entries
from interlock.model.entry import EntryType
from interlock.model.secret import Secret

ENTRIES, KEYS = story()
FILES = export(ENTRIES)
ALL = tuple(Step)
WITHOUT_EARLIER = tuple(step for step in Step if step is not Step.EARLIER)


def test_a_log_verifies_with_the_nodes_keys_given() -> None:
    verdict = verify(Files(FILES), LOG_KEY, node_keys=KEYS)
    assert (verdict.origin, verdict.size, verdict.steps) == (ORIGIN, len(ENTRIES), WITHOUT_EARLIER)
    assert verdict.root == Frontier().extend(map(leaf_hash, ENTRIES)).root()
    assert verdict.keys_from is KeysFrom.GIVEN
    assert verdict.node_keys == tuple(map(vkey, KEYS))


def test_without_keys_given_the_log_announces_them_and_the_verdict_says_so() -> None:
    verdict = verify(Files(FILES), LOG_KEY)
    assert verdict.keys_from is KeysFrom.ANNOUNCED
    assert set(verdict.node_keys) == set(map(vkey, KEYS))


def test_the_tree_alone_is_verified_on_request() -> None:
    verdict = verify(Files(export([b"not ours", b""])), LOG_KEY, tree_only=True)
    assert (verdict.size, verdict.steps) == (2, (Step.CHECKPOINT, Step.TILES, Step.BUNDLES))
    assert verdict.keys_from is KeysFrom.NOT_CHECKED


def test_a_log_of_several_tiles_verifies_and_its_entries_are_named_when_they_fail() -> None:
    entries, keys = story(rounds=120)
    files = export(entries)
    assert len(entries) > 700
    earlier = [checkpoint_of(entries[:size]) for size in (0, 1, 255, 256, 257, 512, len(entries))]
    for past in earlier:
        assert verify(Files(files), LOG_KEY, node_keys=keys, earlier=past).steps == ALL
    damaged = bytearray(files["tile/entries/001"])
    damaged[-20] ^= 1
    with pytest.raises(LedgerCorrupt, match=r"step 4 failed .*entry 511:"):
        verify(Files({**files, "tile/entries/001": bytes(damaged)}), LOG_KEY)


@needs_vectors
@pytest.mark.parametrize("name", logs())
def test_an_independent_implementations_logs_verify(name: str) -> None:
    log = VECTORS / "logs" / name
    files = {str(path.relative_to(log)): path.read_bytes() for path in log.rglob("*") if path.is_file()}
    key = parse_vkey((log.parent / f"{name}.vkey").read_text().strip())
    assert verify(Files(files), key, tree_only=True).size == int(name[1:])
    for past in log.glob("checkpoint.*"):
        assert Step.EARLIER in verify(Files(files), key, earlier=past.read_bytes(), tree_only=True).steps
    if files["checkpoint"].split(b"\n")[1] != b"0":
        with pytest.raises(LedgerCorrupt, match=r"step 5 failed .*entry 0"):
            verify(Files(files), key, node_keys=KEYS_OF_THE_VECTORS)


KEYS_OF_THE_VECTORS = [VerifyingKey("example.com/interlock-ref/node/n1", KEYS[0].public)]


@needs_vectors
def test_another_logs_earlier_checkpoint_is_no_past_of_this_one() -> None:
    log = Path(VECTORS / "logs" / "n5")
    files = {str(path.relative_to(log)): path.read_bytes() for path in log.rglob("*") if path.is_file()}
    key = parse_vkey((log.parent / "n5.vkey").read_text().strip())
    with pytest.raises(LedgerCorrupt, match=r"step 3 failed .*had 1000 entries and now has 5"):
        newer = (log.parent / "n1000" / "checkpoint").read_bytes()
        verify(Files(files), key, earlier=newer, tree_only=True)


def test_a_log_that_was_rewritten_does_not_continue_its_past() -> None:
    kept = checkpoint_of(ENTRIES[:4])
    with pytest.raises(LedgerCorrupt, match=r"step 3 failed .*first 4 entries"):
        verify(Files(export(ENTRIES[1:])), LOG_KEY, earlier=kept, tree_only=True)
    forged = Checkpoint(ORIGIN, 0, b"x" * 32)
    with pytest.raises(LedgerCorrupt, match="step 3 failed"):
        verify(Files(FILES), LOG_KEY, earlier=checkpoint.sign(forged, LOG))
    with pytest.raises(LedgerCorrupt, match="step 3 failed"):
        verify(Files(FILES), LOG_KEY, earlier=b"")


def test_the_empty_log_verifies() -> None:
    verdict = verify(Files(export([])), LOG_KEY, earlier=checkpoint_of([]))
    assert (verdict.size, verdict.root) == (0, EMPTY_ROOT)


def test_full_files_stand_in_for_partial_ones_that_were_removed() -> None:
    entries, _ = story(rounds=60)
    assert len(entries) > 300
    files = export(entries)
    files["checkpoint"] = checkpoint_of(entries[:200])
    files["tile/entries/000.p/200"] = b"?"
    with pytest.raises(LedgerCorrupt, match=r"step 4 failed .*cut short"):
        verify(Files(files), LOG_KEY, tree_only=True)
    del files["tile/entries/000.p/200"]
    assert verify(Files(files), LOG_KEY, tree_only=True).size == 200


@pytest.mark.parametrize("path", sorted(FILES))
def test_every_file_is_needed(path: str) -> None:
    with pytest.raises(LedgerCorrupt):
        verify(Files({name: data for name, data in FILES.items() if name != path}), LOG_KEY)


def flips(files: dict[str, bytes]) -> st.SearchStrategy[tuple[str, int]]:
    return st.sampled_from(sorted(files)).flatmap(
        lambda path: st.tuples(st.just(path), st.integers(0, 8 * len(files[path]) - 1))
    )


def flipped(data: bytes, bit: int) -> bytes:
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@given(flips(FILES), st.booleans())
@settings(max_examples=150, deadline=None)
def test_any_flipped_bit_in_an_export_is_found(flip: tuple[str, int], pinned: bool) -> None:
    path, bit = flip
    files = {**FILES, path: flipped(FILES[path], bit)}
    with pytest.raises(LedgerCorrupt):
        verify(Files(files), LOG_KEY, node_keys=KEYS if pinned else ())


@pytest.mark.slow
def test_every_single_flipped_bit_in_a_small_export_is_found() -> None:
    files = export(ENTRIES[:3])
    verify(Files(files), LOG_KEY)
    for path, data in files.items():
        for bit in range(8 * len(data)):
            with pytest.raises(LedgerCorrupt):
                verify(Files({**files, path: flipped(data, bit)}), LOG_KEY)


@given(flips(FILES).flatmap(lambda flip: st.tuples(st.just(flip[0]), st.integers(0, len(FILES[flip[0]]) - 1))))
@settings(max_examples=60, deadline=None)
def test_any_truncated_file_is_found(cut: tuple[str, int]) -> None:
    path, length = cut
    with pytest.raises(LedgerCorrupt):
        verify(Files({**FILES, path: FILES[path][:length]}), LOG_KEY)


# -- someone who holds the log's key, but no node's --------------------------------------------------------------------


def place(index: int) -> tuple[str, str]:
    entry = parse_entry(ENTRIES[index])
    return entry.node, entry.boot


def rebuilt_log_fails(entries: list[bytes], step: str = "[5678]") -> None:
    with pytest.raises(LedgerCorrupt, match=f"step {step} failed"):
        verify(Files(export(entries)), LOG_KEY, node_keys=KEYS)
    with pytest.raises(LedgerCorrupt, match=f"step {step} failed"):
        verify(Files(export(entries)), LOG_KEY)


@given(st.integers(0, len(ENTRIES) - 1), st.data())
@settings(max_examples=100, deadline=None)
def test_a_flipped_bit_is_found_even_under_a_new_tree(index: int, data: st.DataObject) -> None:
    bit = data.draw(st.integers(0, 8 * len(ENTRIES[index]) - 1))
    rebuilt_log_fails([*ENTRIES[:index], flipped(ENTRIES[index], bit), *ENTRIES[index + 1 :]])


@pytest.mark.parametrize("index", range(len(ENTRIES)))
def test_an_entry_left_out_is_found_even_under_a_new_tree(index: int) -> None:
    rebuilt_log_fails([*ENTRIES[:index], *ENTRIES[index + 1 :]])


@pytest.mark.parametrize("index", range(len(ENTRIES)))
def test_an_entry_written_twice_is_found_even_under_a_new_tree(index: int) -> None:
    rebuilt_log_fails([*ENTRIES[: index + 1], *ENTRIES[index:]])


@pytest.mark.parametrize(
    ("one", "other"),
    [(a, b) for b in range(len(ENTRIES)) for a in range(b) if place(a) == place(b)],
)
def test_entries_swapped_are_found_even_under_a_new_tree(one: int, other: int) -> None:
    changed = list(ENTRIES)
    changed[one], changed[other] = changed[other], changed[one]
    rebuilt_log_fails(changed)


def test_a_log_cut_before_a_seal_is_found_even_under_a_new_tree() -> None:
    """Cut behind a signed entry it stays sound: that only an earlier checkpoint tells (test above)."""
    for size in range(1, len(ENTRIES) + 1):
        assert cut_fails(size) is (not parse_entry(ENTRIES[size - 1]).signed)


def cut_fails(size: int) -> bool:
    try:
        verify(Files(export(ENTRIES[:size])), LOG_KEY, node_keys=KEYS)
    except LedgerCorrupt:
        return True
    return False


def test_an_entry_by_a_node_whose_key_is_not_given_is_refused() -> None:
    with pytest.raises(LedgerCorrupt, match=r"step 6 failed .*entry 2: no key is known"):
        verify(Files(FILES), LOG_KEY, node_keys=KEYS[:1])


def test_an_impostors_node_key_is_found_when_the_true_one_is_pinned() -> None:
    node, impostor = Node(), Node()
    impostor.signer = Ed25519Signer(node.signer.name, Secret(b"i" * 32))
    impostor.flush(impostor.started())
    files = Files(export(impostor.log))
    assert verify(files, LOG_KEY).keys_from is KeysFrom.ANNOUNCED
    with pytest.raises(LedgerCorrupt, match=r"step 6 failed .*no known key"):
        verify(files, LOG_KEY, node_keys=[node.key])


@pytest.mark.parametrize("announced", ["nonsense", vkey(Node("n2").signer), vkey(LOG)])
def test_a_node_announcing_another_key_is_found(announced: str) -> None:
    node = Node()
    node.flush(draft(EntryType.NODE_STARTED, vkey=announced))
    files = Files(export(node.log))
    with pytest.raises(LedgerCorrupt, match="step 6 failed"):
        verify(files, LOG_KEY)
    with pytest.raises(LedgerCorrupt, match="step 6 failed"):
        verify(files, LOG_KEY, node_keys=[node.key])


def test_node_keys_of_another_log_are_refused() -> None:
    other = VerifyingKey("elsewhere.example/node/n1", KEYS[0].public)
    with pytest.raises(LedgerCorrupt, match="another log"):
        verify(Files(FILES), LOG_KEY, node_keys=[other])
    with pytest.raises(MalformedInput, match="/node/"):
        list(verify_entries([], [LOG_KEY]))


# -- the entries alone, as at start-up ---------------------------------------------------------------------------------


def test_stored_entries_are_yielded_in_order() -> None:
    assert [entry.raw for entry in verify_entries(iter(ENTRIES), KEYS)] == ENTRIES


def seal_of(node: Node, count: int, last: str) -> bytes:
    """A well-signed seal that says something else than the truth."""
    raw = node.flush(draft(EntryType.NODE_STOPPED))[0]
    line = raw.raw.split(b"\n")[0]
    said = b'"d":{"count":%d,"last":"%b"}' % (count, last.encode())
    line = line.replace(b'"d":{}', said).replace(b'"node.stopped"', b'"node.seal"')
    return note.sign(line + b"\n", node.signer)


@pytest.mark.parametrize(("count", "last"), [(0, ""), (1, "A" * 43), (2, None), (1, "")])
def test_a_seal_that_lies_is_found(count: int, last: str | None) -> None:
    node = Node()
    plain = node.flush(draft(EntryType.ACTION_ENDED))
    true = plain[1].d["last"]
    forger = Node()
    forger.flush(draft(EntryType.ACTION_ENDED))
    forger.state = type(forger.state)("n1", "b1", 1, plain[1].prev)
    seal = seal_of(forger, count, true if last is None else last)
    with pytest.raises(LedgerCorrupt, match=r"step 8 failed .*entry 1: a seal"):
        list(verify_entries([plain[0].raw, seal], [node.key]))
    forger.state = type(forger.state)("n1", "b1", 1, plain[1].prev)
    honest = seal_of(forger, 1, true)
    assert len(list(verify_entries([plain[0].raw, honest], [node.key]))) == 2


def test_a_plain_entry_without_a_seal_is_found_at_the_end_and_at_a_new_start() -> None:
    node = Node()
    node.flush(node.started())
    node.flush(draft(EntryType.ACTION_RELEASED), draft(EntryType.ACTION_ENDED))
    unsealed = node.log[:3]
    with pytest.raises(LedgerCorrupt, match=r"step 8 failed .*entry 1: no seal"):
        list(verify_entries(unsealed, [node.key]))
    node.restart("b2")
    node.flush(node.started())
    with pytest.raises(LedgerCorrupt, match=r"step 8 failed .*entry 1: no seal"):
        list(verify_entries([*unsealed, node.log[-1]], [node.key]))


def test_an_old_start_does_not_come_back() -> None:
    node = Node()
    node.flush(node.started())
    first = node.state
    node.restart("b2")
    node.flush(node.started())
    node.state = first
    node.flush(draft(EntryType.NODE_STOPPED))
    with pytest.raises(LedgerCorrupt, match=r"step 7 failed .*entry 2"):
        list(verify_entries(node.log, [node.key]))


def test_sentences_quote_no_values() -> None:
    node = Node()
    node.flush(draft(EntryType.VOTE_REFUSED, because="patient 123-45-6789"))
    broken = node.log[0].replace(b'"v":1', b'"v":2')
    with pytest.raises(LedgerCorrupt) as raised:
        list(verify_entries([broken], [node.key]))
    assert "123-45" not in raised.value.sentence
