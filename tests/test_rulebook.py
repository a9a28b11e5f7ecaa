"""The rulebook: which of the loaded bundles decides, and what it forgets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.an_office import POLICY, bundle
from tests.ledger.making import Node, draft

from interlock.errors import PolicyMistakes
from interlock.ledger.authority import Authority
from interlock.ledger.texts import RULES, is_whole
from interlock.model.entry import EntryType
from interlock.model.names import Digest
from interlock.rulebook import KEPT, MAX_BYTES, LoadedRules, check_size, loaded


def digests(count: int) -> list[Digest]:
    return [Digest(f"{n:064x}") for n in range(count)]


def put_in_force(authority: Authority, node: Node, rules: Digest) -> None:
    sample = draft(EntryType.POLICY_LOADED, bundle=rules)
    for entry in node.flush(replace(sample, d={**sample.d, "bundle": rules})):
        authority.apply(entry)


def test_what_an_entry_names_decides_and_nothing_else() -> None:
    authority, node = Authority(), Node()
    rules, policy, (one, two) = LoadedRules(authority), bundle(), digests(2)
    rules.load(one, policy, {"policy.cedar": POLICY})
    assert rules.current() is None  # loaded isn't in force
    put_in_force(authority, node, one)
    assert rules.current() is policy and rules.sources(one) == {"policy.cedar": POLICY}
    put_in_force(authority, node, two)
    assert rules.current() is None and rules.sources(two) is None
    rules.load(two, policy)
    assert rules.current() is policy and rules.sources(two) is None


def test_few_are_kept_and_the_one_in_force_always() -> None:
    authority, node = Authority(), Node()
    rules, policy = LoadedRules(authority), bundle()
    first, *others = digests(KEPT + 4)
    rules.load(first, policy, {})
    put_in_force(authority, node, first)
    for other in others:
        rules.load(other, policy, {})
        assert rules.current() is policy
    assert [rules.sources(each) is not None for each in (first, others[0], others[-1])] == [True, False, True]
    assert sum(rules.sources(each) is not None for each in (first, *others)) == KEPT


def test_rules_are_policies_and_catalogs() -> None:
    policy = bundle()
    plain = loaded(policy, {"policy.cedar": POLICY}, {})
    labelled = loaded(policy, {"policy.cedar": POLICY}, {"clinic": "0" * 64})
    assert plain.rules != labelled.rules and plain.sources == labelled.sources == {"policy.cedar": POLICY}
    assert labelled.texts[RULES] == f"{policy.digest}\nclinic {'0' * 64}"
    assert is_whole(plain.rules, plain.texts) and not is_whole(plain.rules, labelled.texts)


@pytest.mark.parametrize(
    ("sources", "sentence"),
    [
        ({"a": "é" * (MAX_BYTES // 2)}, "at most 1,000,000"),
        ({str(n): "" for n in range(101)}, "at most 100"),
        ({"a": "\x00"}, "a: there is a control character"),
        ({"a": "\ud800"}, "a: there is a control character"),
    ],
)
def test_what_the_ledger_doesn_t_take_in_one_unit(sources: dict[str, str], sentence: str) -> None:
    with pytest.raises(PolicyMistakes, match=sentence):
        check_size(sources)


def test_what_it_takes() -> None:
    check_size({"a": "x" * (MAX_BYTES - 1), "": ""})
    check_size({"a": "\t\r\n\u2028é\U0001f600"})
