"""The decision cache: keyed by what the bundle reads, and never holding what must be decided anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.model.action import Action
from interlock.model.decision import Allow, Deny, NeedsReview
from interlock.model.exposure import Exposure
from interlock.model.names import ActorId
from interlock.model.obligation import Obligations
from interlock.model.verb import SQL_SELECT, SQL_UPDATE
from interlock.policy import cache
from interlock.policy.cache import DecisionCache
from interlock.policy.schema import CONTEXT, LABEL_SETS

from .asking import NOON, PERMIT_ALL, action, actor, bundle, labels, relation, showing

SCOPE = "(principal, action, resource)"
READ = action((SQL_SELECT, relation()))
ALLOWED = Allow(Obligations(), (), READ.id)  # type: ignore[arg-type]


def test_the_same_question_is_answered_from_memory() -> None:
    loaded = bundle(PERMIT_ALL)
    again = replace(READ, id="other", cover={"x": 1})  # type: ignore[arg-type]
    assert loaded.decide(READ, NOON) is loaded.decide(again, NOON)


@pytest.mark.parametrize(
    "other",
    [
        replace(READ, actor=actor("other")),
        replace(READ, actor=actor(groups=())),
        replace(READ, actor=actor(chain=(actor("x"),))),
        action((SQL_UPDATE, relation())),
        action((SQL_SELECT, relation("clinic/public.claims"))),
        action((SQL_SELECT, relation("clinic/public.patients", "phi"))),
        action((SQL_SELECT, relation()), tags=()),
        action((SQL_SELECT, relation()), environment="staging"),
        action((SQL_SELECT, relation()), exposure=showing("phi")),
    ],
)
def test_another_question_isnt(other: Action) -> None:
    loaded = bundle(PERMIT_ALL)
    assert loaded.decide(READ, NOON) is not loaded.decide(other, NOON)


READS = {
    "labels": Exposure(labels=labels("phi")),
    "filters": Exposure(filters=labels("phi")),
    "writes": Exposure(writes=labels("phi")),
    "unbounded": Exposure(unbounded=True),
}


@pytest.mark.parametrize("name", READS)
def test_only_what_the_bundle_reads_tells_questions_apart(name: str) -> None:
    other = replace(READ, exposures=(READS[name],))
    silent = bundle(PERMIT_ALL)
    assert silent.decide(READ, NOON) is silent.decide(other, NOON)
    condition = f"context.{name}.isEmpty()" if name in LABEL_SETS else f"context.{name}"
    reading = bundle(PERMIT_ALL, f'@id("r") permit {SCOPE} when {{ {condition} }};')
    assert reading.decide(READ, NOON) is not reading.decide(other, NOON)


@pytest.mark.parametrize(
    "condition", ["context.hour < 23", 'context.now > datetime("2020-01-01")', "context == context"]
)
def test_a_bundle_that_reads_the_time_remembers_nothing(condition: str) -> None:
    loaded = bundle(PERMIT_ALL, f'@id("r") permit {SCOPE} when {{ {condition} }};')
    assert loaded.decide(READ, NOON) is not loaded.decide(READ, NOON)


def test_held_and_denied_are_decided_anew() -> None:
    for text, kind in ((f'@id("h") @review("privacy-officers:1") forbid {SCOPE};', NeedsReview), ("", Deny)):
        loaded = bundle(PERMIT_ALL, text) if text else bundle("")
        first, second = loaded.decide(READ, NOON), loaded.decide(READ, NOON)
        assert isinstance(first, kind)
        assert first == second
        assert first is not second


def test_a_refusal_isnt_answered_from_memory() -> None:
    loaded = bundle(PERMIT_ALL)
    assert isinstance(loaded.decide(READ, NOON), Allow)
    assert isinstance(loaded.decide(replace(READ, refusal="No."), NOON), Deny)


def test_the_cache_has_a_bound_and_drops_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST", 3)
    kept = DecisionCache(frozenset())
    keys = [kept.key(replace(READ, actor=actor(ActorId(f"a{n}")))) for n in range(4)]
    for key in keys[:3]:
        kept.keep(key, ALLOWED)
    assert kept.get(keys[0]) is ALLOWED
    kept.keep(keys[3], ALLOWED)
    assert len(kept) == 3
    assert kept.get(keys[1]) is None
    assert kept.get(keys[0]) is ALLOWED


def test_every_attribute_of_the_schema_has_its_place_in_the_key() -> None:
    still = frozenset(CONTEXT) - {"now", "hour"}
    assert DecisionCache(still).key(READ) is not None
    assert DecisionCache(frozenset({"hour"})).key(READ) is None
    with pytest.raises(KeyError):
        DecisionCache(frozenset({"new"})).key(READ)
