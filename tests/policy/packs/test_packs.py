"""Every pack: its cases, its attack list, its page, and all of them together."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from interlock.policy.cases import outcome, run
from interlock.policy.warnings import warnings

from .shipped import LABELS, PACKS, SEVERITY, around, as_tried, attacks, cases_of, neighbours, page, text, together

pytestmark = pytest.mark.parametrize("pack", PACKS)


def ids(pack: str) -> list[str]:
    return re.findall(r'^@id\("([^"]+)"\)', text(pack), re.MULTILINE)


def test_its_cases_come_out_as_they_say_and_make_every_policy_speak(pack: str) -> None:
    bundle = as_tried(pack)
    own = frozenset(policy for policy in bundle.policies if policy in ids(pack))
    report = run(cases_of(pack).cases, bundle, own)
    assert [(failure.case, failure.differences) for failure in report.failures] == []
    assert report.silent == ()
    assert len(own) == len(ids(pack))


def test_it_has_attacks_and_neighbours_enough(pack: str) -> None:
    assert len(attacks(pack)) >= 40
    assert len(neighbours(pack)) >= 15


def test_its_attacks_say_by_which_policies_they_are_stopped(pack: str) -> None:
    for case in attacks(pack):
        told = case.expected
        assert told.because is not None or told.signed_by is not None, case.name


def test_no_attack_passes_all_packs_together(pack: str) -> None:
    for case in attacks(pack):
        came = outcome(together().decide(case.action, case.at, case.recent)).outcome
        assert SEVERITY[came] >= SEVERITY[case.expected.outcome], (case.name, came)


def test_all_packs_together_ask_for_no_fewer_signatures(pack: str) -> None:
    for case in attacks(pack):
        alone = as_tried(pack).decide(case.action, case.at, case.recent)
        joined = together().decide(case.action, case.at, case.recent)
        if outcome(joined).outcome == "review":
            assert signatures(outcome(alone).signed_by) <= signatures(outcome(joined).signed_by), case.name
            assert outcome(joined).break_glass <= outcome(alone).break_glass, case.name


def test_what_it_holds_is_never_let_through_by_one_more_pack(pack: str) -> None:
    told = around(pack)
    for other in PACKS:
        if other in told.packs + told.beside:
            continue
        both = together((*told.packs, *told.beside, other))
        for case in attacks(pack):
            came = outcome(both.decide(case.action, case.at, case.recent)).outcome
            assert SEVERITY[came] >= SEVERITY[case.expected.outcome], (other, case.name, came)


def test_masks_and_caps_are_no_looser_together(pack: str) -> None:
    for case in cases_of(pack).cases:
        alone = outcome(as_tried(pack).decide(case.action, case.at, case.recent))
        joined = outcome(together().decide(case.action, case.at, case.recent))
        if joined.outcome == "deny":
            continue
        assert alone.masks <= joined.masks, case.name
        if alone.row_cap:
            assert 0 < joined.row_cap <= alone.row_cap, case.name


def test_its_page_names_its_policies_and_groups(pack: str) -> None:
    words = page(pack)
    for policy in ids(pack):
        assert f"`{policy}`" in words, policy
    for group in groups(pack):
        assert f"`{group}`" in words, group


def test_its_page_names_no_policy_that_isnt_there(pack: str) -> None:
    everything = {policy for each in PACKS for policy in ids(each)} | {g for each in PACKS for g in groups(each)}
    named = re.findall(r"^\| `([a-z0-9.-]+)` \|", page(pack), re.MULTILINE)
    assert named
    assert set(named) <= everything


def test_its_page_tells_the_numbers_of_its_cases(pack: str) -> None:
    told = f"{len(attacks(pack))} actions that it must hold or refuse and {len(neighbours(pack))} that must pass"
    assert told in " ".join(page(pack).split())


def test_every_policy_has_a_comment_before_it(pack: str) -> None:
    for policy in ids(pack):
        before = text(pack).split(f'@id("{policy}")')[0].rstrip().splitlines()
        assert before[-1].startswith("//"), policy


def test_every_forbid_says_why(pack: str) -> None:
    told = as_tried(pack).rules.annotations
    forbids = [policy for policy in as_tried(pack).policies - as_tried(pack).rules.permits if policy in ids(pack)]
    assert [policy for policy in forbids if not told[policy].because] == []


def test_nothing_in_it_is_warned_of(pack: str) -> None:
    told = around(pack)
    sources = {f"packs/{name}.cedar": text(name) for name in (*told.packs, *told.beside)}
    ground = told.ground
    assert warnings(sources, ground.members, LABELS, ground.around, {}, ground.tools) == []


def groups(pack: str) -> set[str]:
    named = set(re.findall(r'Group::"([^"]+)"', text(pack)))
    for quorums in re.findall(r'@(?:review|review_any|stages|break_glass)\("([^"]+)"\)', text(pack)):
        named |= {part.strip().partition(":")[0] for part in re.split("[,>]", quorums)}
    return named


def signatures(words: str) -> set[tuple[str, int]]:
    """Of a list of quorums, every group with each number up to the one asked for."""
    return set(_up_to(words))


def _up_to(words: str) -> Iterator[tuple[str, int]]:
    for part in filter(None, words.split(", ")):
        group, _, count = part.partition(":")
        yield from ((group, n) for n in range(1, int(count) + 1))
