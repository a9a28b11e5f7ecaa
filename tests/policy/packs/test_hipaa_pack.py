"""The pack `hipaa`, where its cases can't say it."""

from __future__ import annotations

import re
from datetime import timedelta

from interlock.model.decision import NeedsReview
from interlock.policy.case_file import Case

from .shipped import LABELS, as_tried, cases_of, text

# What may be tested, sorted and grouped by without a signature: it tells about many, not about one.
NOT_IDENTIFIERS = {"phi.date", "phi.date.service", "phi.age", "phi.clinical", "phi.claim"}


def case(name: str) -> Case:
    return next(case for case in cases_of("hipaa").cases if case.name == name)


def decided(name: str) -> NeedsReview:
    found = case(name)
    decision = as_tried("hipaa").decide(found.action, found.at, found.recent)
    assert isinstance(decision, NeedsReview)
    return decision


def test_every_kind_of_phi_is_an_identifier_or_known_not_to_be() -> None:
    """A label that is new under `phi` must be put on one side or the other."""
    (listed,) = re.findall(r"context\.probes\.containsAny\(\[(.*?)\]\)", text("hipaa"), re.DOTALL)
    identifiers = set(re.findall(r'"([^"]+)"', listed))
    kinds = {label for label in LABELS if label.startswith("phi.") and label.count(".") == 1}
    kinds |= {label for label in LABELS if label.startswith("phi.date.")}
    assert kinds - identifiers == NOT_IDENTIFIERS
    assert identifiers <= LABELS


def test_a_signed_test_of_identifiers_may_run_again_for_an_hour() -> None:
    reuse = decided("a patient is looked up by record number").requirements.reuse
    assert reuse is not None
    assert (reuse.times, reuse.within) == (20, timedelta(hours=1))


def test_a_reveal_is_good_for_once_and_not_for_long() -> None:
    asked = decided("a diagnosis is to be seen unmasked").requirements
    assert asked.reuse is None
    assert (asked.expires, asked.valid) == (timedelta(minutes=15), timedelta(minutes=5))


def test_what_may_be_seen_is_what_was_asked_for() -> None:
    found = decided("a name is to be seen unmasked").obligations
    assert {each.column for each in found.reveal} == {"clinic/public.patients.given_name"}
    assert found.reason
