"""The pack `agents`, policy by policy."""

from __future__ import annotations

import pytest

from interlock.model.actor import ActorKind
from interlock.model.decision import Allow, Decision, Deny, NeedsReview
from interlock.model.exposure import Exposure
from interlock.model.names import Verb
from interlock.model.resource import Resource, ResourceKind
from interlock.model.verb import (
    SESSION_OPEN,
    SQL_ALTER,
    SQL_COPY_OUT,
    SQL_CREATE,
    SQL_DROP,
    SQL_INSERT,
    SQL_SELECT,
    SQL_TRUNCATE,
    SQL_UPDATE,
    VERBS,
)

from .asking import NOON, PACK, action, actor, bundle, codes, labels, relation, showing

LOADED = bundle(PACK.read_text(encoding="utf-8"), known=labels("phi.mrn", "pci.pan"))
TABLE = relation("clinic/public.patients", "phi.mrn")
CONNECTION = Resource(ResourceKind.CONNECTION, "clinic")
CATALOG = Resource(ResourceKind.CATALOG, "clinic/pg_catalog.pg_class")


def ask(verb: Verb, resource: Resource = TABLE, exposure: Exposure | None = None) -> Decision:
    return LOADED.decide(action((verb, resource), exposure=exposure), NOON)


def policies(decision: Decision) -> list[str | None]:
    return [reason.policy for reason in decision.reasons]


def quorums(decision: Decision) -> dict[str, int]:
    assert isinstance(decision, NeedsReview)
    return {quorum.group: quorum.count for quorum in decision.requirements.quorums}


def test_agents_open_sessions() -> None:
    assert policies(ask(SESSION_OPEN, CONNECTION)) == ["agents-open-sessions"]


def test_agents_read() -> None:
    decision = ask(SQL_SELECT, exposure=showing("phi.mrn"))
    assert isinstance(decision, Allow)
    assert policies(decision) == ["agents-read"]
    assert decision.obligations.mask == labels("phi.mrn")


def test_agents_read_catalogs_and_nothing_else_of_them() -> None:
    assert policies(ask(SQL_SELECT, CATALOG)) == ["agents-read-catalogs"]
    for verb in (SQL_UPDATE, SQL_DROP):
        assert isinstance(ask(verb, CATALOG), Deny)


def test_agents_write() -> None:
    decision = ask(SQL_UPDATE, exposure=Exposure(writes=labels("phi.mrn")))
    assert isinstance(decision, Allow)
    assert policies(decision) == ["agents-write"]


def test_agents_export_what_bears_no_label() -> None:
    decision = ask(SQL_COPY_OUT, relation("clinic/public.codes"))
    assert isinstance(decision, Allow)
    assert policies(decision) == ["agents-export"]


@pytest.mark.parametrize("verb", [SQL_CREATE, SQL_ALTER, SQL_DROP])
def test_agents_change_schemas_after_a_platform_engineer(verb: Verb) -> None:
    decision = ask(verb)
    assert quorums(decision) == {"platform-engineers": 1}
    assert policies(decision) == ["schema-change-needs-platform-engineer"]


def test_phi_export_needs_a_privacy_officer() -> None:
    decision = ask(SQL_COPY_OUT, exposure=showing("phi.mrn"))
    assert quorums(decision) == {"privacy-officers": 1}
    assert decision.reasons[0].policy == "phi-export-needs-privacy-officer"
    assert decision.reasons[0].sentence == "PHI would leave the database"
    assert isinstance(decision, NeedsReview)
    assert decision.requirements.expires.total_seconds() == 1800
    assert decision.requirements.valid.total_seconds() == 600
    assert decision.obligations.mask == labels("phi.mrn")


def test_an_export_that_only_filters_by_phi_needs_one_too() -> None:
    decision = ask(SQL_COPY_OUT, exposure=Exposure(labels=labels("phi.mrn"), filters=labels("phi.mrn")))
    assert quorums(decision) == {"privacy-officers": 1}


def test_sensitive_export_needs_a_privacy_officer() -> None:
    decision = ask(SQL_COPY_OUT, exposure=showing("pci.pan"))
    assert quorums(decision) == {"privacy-officers": 1}
    assert policies(decision) == ["sensitive-export-needs-privacy-officer"]


@pytest.mark.parametrize(
    ("verb", "exposure"),
    [(SQL_UPDATE, Exposure(unbounded=True)), (SQL_TRUNCATE, Exposure(unbounded=True)), (SQL_TRUNCATE, Exposure())],
)
def test_unbounded_writes_need_a_platform_engineer(verb: Verb, exposure: Exposure) -> None:
    decision = ask(verb, exposure=exposure)
    assert quorums(decision) == {"platform-engineers": 1}
    assert policies(decision) == ["unbounded-write-needs-platform-engineer"]


@pytest.mark.parametrize("verb", [SQL_INSERT, SQL_UPDATE, SQL_COPY_OUT])
def test_opaque_statements_need_a_privacy_officer(verb: Verb) -> None:
    decision = ask(verb, exposure=Exposure(opaque=True))
    assert quorums(decision) == {"privacy-officers": 1}
    assert policies(decision) == ["opaque-statement-needs-privacy-officer"]


def test_opaque_reads_are_masked_whole_and_pass() -> None:
    decision = ask(SQL_SELECT, exposure=Exposure(labels=labels("phi.mrn", "pci.pan"), opaque=True))
    assert isinstance(decision, Allow)
    assert decision.obligations.mask == labels("phi.mrn", "pci.pan")


def test_an_opaque_unbounded_write_needs_both() -> None:
    assert quorums(ask(SQL_UPDATE, exposure=Exposure(opaque=True, unbounded=True))) == {
        "platform-engineers": 1,
        "privacy-officers": 1,
    }


@pytest.mark.parametrize("verb", [verb for verb, groups in VERBS.items() if {"privilege", "execute"} & set(groups)])
@pytest.mark.parametrize("resource", [TABLE, CONNECTION, CATALOG])
def test_privileges_and_procedures_have_no_permit(verb: Verb, resource: Resource) -> None:
    assert codes(ask(verb, resource)) == [("no_permit", None)]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("kind", list(ActorKind))
def test_who_isnt_an_ai_agent_gets_nothing(verb: Verb, kind: ActorKind) -> None:
    other = actor("other", groups=("privacy-officers",), kind=kind)
    assert isinstance(LOADED.decide(action((verb, TABLE), by=other), NOON), Deny)


def test_a_plain_forbid_beside_the_pack_beats_it() -> None:
    drop = (
        '@id("no-drop") @because("Tables are never dropped here.") '
        'forbid (principal, action == Interlock::Action::"sql.drop", resource);'
    )
    loaded = bundle(PACK.read_text(encoding="utf-8"), drop)
    assert codes(loaded.decide(action((SQL_DROP, TABLE)), NOON)) == [("forbidden", "no-drop")]
    assert isinstance(loaded.decide(action((SQL_CREATE, TABLE)), NOON), NeedsReview)


def test_every_policy_of_the_pack_has_a_comment_before_it() -> None:
    text = PACK.read_text(encoding="utf-8")
    for policy in LOADED.policies:
        before = text.split(f'@id("{policy}")')[0].rstrip().splitlines()
        assert before[-1].startswith("//"), policy
