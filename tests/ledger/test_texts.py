"""The texts of a bundle in the log: cut to fit, put together again, and held against the digest they are of."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.making import Node, draft

from interlock.ledger.authority import KEEP_LOADINGS, Authority
from interlock.ledger.texts import MAX_PART, RULES, Gathering, fields, is_whole, rules_digest, rules_text, sources
from interlock.model.canonical import encode
from interlock.model.entry import Draft, EntryType
from interlock.model.names import Digest, EntryId, ReviewId

CATALOGS = {"b": "2" * 64, "a": "1" * 64}


def texts_of(files: dict[str, str]) -> tuple[Digest, dict[str, str]]:
    """Texts with a rules text in front, and its digest."""
    text = rules_text(hashlib.sha256(repr(sorted(files.items())).encode()).hexdigest(), CATALOGS)
    return rules_digest(text), {**files, RULES: text}


def gathered(rules: Digest, texts: dict[str, str]) -> Gathering:
    gathering = Gathering()
    for number, d in enumerate(fields(rules, texts)):
        gathering.add(EntryId(f"entry-{number}"), d)
    return gathering


def test_the_rules_digest_is_of_the_policies_and_each_catalog() -> None:
    text = rules_text("0" * 64, CATALOGS)
    assert text == "0" * 64 + "\na " + "1" * 64 + "\nb " + "2" * 64
    assert rules_digest(text) == hashlib.sha256(text.encode()).hexdigest()


@given(st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1, max_size=10), st.text(max_size=300)))
def test_what_was_cut_is_put_together_again(files: dict[str, str]) -> None:
    files.pop(RULES, None)
    rules, texts = texts_of(files)
    found, entries = gathered(rules, texts).take(rules)
    assert found == texts and sources(found) == files
    assert len(entries) == len(list(fields(rules, texts)))


@pytest.mark.parametrize("piece", ["x", '"', "\n", "é", "\U0001f600", "\\"])
def test_no_part_is_too_long_for_an_entry(piece: str) -> None:
    rules, texts = texts_of({"a.cedar": piece * 200_000})
    parts = list(fields(rules, texts))
    assert all(len(encode(part["text"])) <= MAX_PART for part in parts)
    assert gathered(rules, texts).take(rules)[0] == texts


def test_what_isn_t_whole_is_nothing() -> None:
    """A file that is missing altogether shows in the policies' digest, which this package can't compute."""
    rules, texts = texts_of({"a.cedar": "x" * 90_000})
    ds = list(fields(rules, texts))
    assert len(ds) > 3
    for missing in range(len(ds)):
        gathering = Gathering()
        for d in ds[:missing] + ds[missing + 1 :]:
            gathering.add(EntryId("e"), d)
        assert gathering.take(rules) == (None, ())
    assert gathered(rules, texts).take("0" * 64) == (None, ())
    assert gathered(rules, {**texts, RULES: "other"}).take(rules) == (None, ())
    assert not is_whole(rules, {"a.cedar": "x"})
    taken = gathered(rules, texts)
    taken.take(rules)
    assert taken.take(rules) == (None, ())


def text_drafts(rules: Digest, texts: dict[str, str]) -> list[Draft]:
    found = []
    for number, d in enumerate(fields(rules, texts)):
        sample = draft(EntryType.POLICY_TEXT, number, bundle=rules)
        found.append(replace(sample, d=d))
    return found


class Log:
    """A node's log, and the authority that follows it."""

    def __init__(self) -> None:
        self.authority = Authority()
        self._node = Node()

    def put_in_force(self, rules: Digest, texts: dict[str, str], **d: str) -> None:
        """One flush: texts, and the entry that names them."""
        parts = text_drafts(rules, texts)
        sample = draft(EntryType.POLICY_LOADED, 1000, bundle=rules)
        loaded = replace(sample, d={**sample.d, **d})
        for entry in self._node.flush(*parts, loaded):
            self.authority.apply(entry)


def test_the_authority_keeps_the_texts_of_two_bundles_and_tells_of_all() -> None:
    log, loaded = Log(), list[Digest]()
    for n in range(4):
        rules, texts = texts_of({"a.cedar": f"// {n}"})
        log.put_in_force(rules, texts, **({"previous": loaded[-1]} if loaded else {}))
        loaded.append(rules)
        assert log.authority.texts(rules) == texts
    assert (log.authority.bundle, log.authority.previous) == (loaded[-1], loaded[-2])
    assert [log.authority.texts(rules) is not None for rules in loaded] == [False, False, True, True]
    history = log.authority.loadings()
    assert [each.bundle for each in history] == loaded
    assert [each.previous for each in history] == [None, *loaded[:-1]]
    assert all(len(each.texts) == 2 and each.review is None and each.signed_by == () for each in history)


def test_the_same_bundle_again_keeps_the_one_before_it() -> None:
    log = Log()
    (first, one), (second, two) = texts_of({"a": "1"}), texts_of({"a": "2"})
    for rules, texts in ((first, one), (second, two), (second, {})):
        log.put_in_force(rules, texts)
    assert (log.authority.bundle, log.authority.previous) == (second, first)
    assert log.authority.texts(first) == one and log.authority.texts(second) == two


def test_texts_without_their_entry_belong_to_nothing() -> None:
    log = Log()
    (first, one), (second, _) = texts_of({"a": "1"}), texts_of({"a": "2"})
    node = Node("n2")
    for entry in node.flush(*text_drafts(first, one)):
        log.authority.apply(entry)
    log.put_in_force(second, {}, how="review", review="r1", by="dana")
    assert log.authority.texts(first) is None and log.authority.texts(second) is None
    (loading,) = log.authority.loadings()
    assert (loading.review, loading.by, loading.texts) == (ReviewId("r1"), "dana", ())


def test_history_is_bounded() -> None:
    log = Log()
    for n in range(KEEP_LOADINGS + 5):
        log.put_in_force(Digest(f"{n:064x}"), {})
    assert len(log.authority.loadings()) == KEEP_LOADINGS
