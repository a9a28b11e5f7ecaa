"""The pack `agents`, where its cases can't say it (packs/agents.toml, tests/policy/packs)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from interlock.model.actor import ActorKind
from interlock.model.decision import Deny, NeedsReview
from interlock.model.names import Verb
from interlock.model.resource import Resource, ResourceKind
from interlock.model.verb import SQL_COPY_OUT, SQL_CREATE, SQL_DROP, VERBS
from interlock.policy.schema import kinds_of

from .asking import NOON, PACK, action, actor, bundle, codes, labels, relation, showing

LOADED = bundle(PACK.read_text(encoding="utf-8"), known=labels("phi.mrn", "pci.pan"))
TABLE = relation("clinic/public.patients", "phi.mrn")

# What reasons and the ledger name must stay what it means.
LASTING = {
    "agents-open-sessions",
    "agents-read",
    "agents-read-catalogs",
    "agents-write",
    "agents-export",
    "agents-change-schemas",
    "phi-export-needs-privacy-officer",
    "sensitive-export-needs-privacy-officer",
    "unbounded-write-needs-platform-engineer",
    "schema-change-needs-platform-engineer",
    "opaque-statement-needs-privacy-officer",
}


def test_the_ids_of_the_first_release_are_still_there() -> None:
    assert LOADED.policies >= LASTING


def test_a_phi_export_waits_half_an_hour_and_is_good_for_ten_minutes() -> None:
    decision = LOADED.decide(action((SQL_COPY_OUT, TABLE), exposure=showing("phi.mrn")), NOON)
    assert isinstance(decision, NeedsReview)
    assert decision.reasons[0].sentence == "PHI would leave the database"
    assert decision.requirements.expires == timedelta(minutes=30)
    assert decision.requirements.valid == timedelta(minutes=10)
    assert decision.obligations.mask == labels("phi.mrn")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("kind", list(ActorKind))
def test_who_isnt_an_ai_agent_gets_nothing(verb: Verb, kind: ActorKind) -> None:
    other = actor("other", groups=("privacy-officers",), kind=kind)
    for touched in kinds_of(verb):
        resource = Resource(touched, "clinic" if touched is ResourceKind.CONNECTION else "clinic/public.patients.mrn")
        asked = action((verb, resource), by=other)
        assert isinstance(LOADED.decide(asked, NOON), Deny)


def test_a_plain_forbid_beside_the_pack_beats_it() -> None:
    drop = (
        '@id("no-drop") @because("Tables are never dropped here.") '
        'forbid (principal, action == Interlock::Action::"sql.drop", resource);'
    )
    loaded = bundle(PACK.read_text(encoding="utf-8"), drop)
    assert codes(loaded.decide(action((SQL_DROP, TABLE)), NOON)) == [("forbidden", "no-drop")]
    assert isinstance(loaded.decide(action((SQL_CREATE, TABLE)), NOON), NeedsReview)
