"""What `interlock policy check` warns of: each sort of warning, and the neighbours that it must leave alone."""

from __future__ import annotations

import cedarpy
import pytest

from interlock.model.actor import ActorKind
from interlock.model.connection import Connection
from interlock.model.names import ConnectionName, GroupName, PersonId
from interlock.model.tool import Tool
from interlock.policy.absence import absence_tests
from interlock.policy.surroundings import Surroundings
from interlock.policy.warnings import PolicyWarning, WarningCode, warnings
from interlock.sensitivity.labels import KNOWN

from .asking import GROUPS, PACK

AGENTS = frozenset({GroupName("ai-agents")})
CLINIC = Connection(ConnectionName("clinic"), "postgres", "production", frozenset({"hipaa"}))
AROUND = Surroundings(
    {CLINIC.name: CLINIC},
    {
        ActorKind.AGENT: {"etl": AGENTS},
        ActorKind.SERVICE: {"nightly": frozenset()},
        ActorKind.PERSON: {p: frozenset(g for g in GROUPS if p in GROUPS[g]) for p in ("dana", "remy", "olivia")},
    },
)
SEARCH = Tool(ConnectionName("clinic"), "search", {"type": "object", "properties": {"q": {"type": "string"}}})
ETL = 'principal == Interlock::Agent::"etl"'
READ, WRITE, EXPORT = (
    f'(principal, action in Interlock::Action::"{group}", resource)' for group in ("read", "write", "export")
)
SIGNED = '@review("privacy-officers:1")'
OPEN = '@id("open") permit (principal, action, resource);'
READS = (
    '@id("reads") permit (principal in Interlock::Group::"ai-agents", action in Interlock::Action::"read", resource)'
)


def found(*policies: str, owner: str = "olivia", tools: tuple[Tool, ...] = ()) -> list[PolicyWarning]:
    out = {"etl": frozenset({PersonId(owner)}), "nightly": frozenset({PersonId(owner)})}
    return warnings({"f.cedar": "\n".join(policies)}, GROUPS, frozenset(KNOWN), AROUND, out, tools)


def told(*policies: str, owner: str = "olivia") -> list[tuple[str, str]]:
    return [(warning.policy, warning.code.value) for warning in found(*policies, owner=owner)]


# -- shadowed ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policies", "shadowed"),
    [
        ((OPEN, f"{READS};"), "reads"),
        ((OPEN, f"{READS} when {{ context.opaque }};"), "reads"),
        ((f"{READS};", f'@id("again") permit ({ETL}, action == Interlock::Action::"sql.select", resource);'), "again"),
        ((OPEN, '@id("twin") permit (principal, action, resource);'), "twin"),
        (
            (OPEN, '@id("f") forbid (principal, action, resource) when { context.opaque };',
             f'@id("g") forbid {READ} when {{ context.opaque && context.unbounded }};'),
            "g",
        ),
        (
            (OPEN, f'@id("plain") forbid {WRITE};',
             f'@id("held") {SIGNED} forbid {WRITE} when {{ context.unbounded }};'),
            "held",
        ),
        (
            ('@id("never") forbid (principal, action, resource in Interlock::Connection::"clinic");',
             '@id("vain") permit (principal, action, resource == Interlock::Relation::"clinic/public.a");'),
            "vain",
        ),
        (
            (OPEN, f'@id("a") {SIGNED} forbid {EXPORT};',
             f'@id("b") {SIGNED} forbid (principal, action == Interlock::Action::"sql.copy_out", resource);'),
            "b",
        ),
    ],
)  # fmt: skip
def test_a_policy_that_changes_nothing_is_told_of_once(policies: tuple[str, ...], shadowed: str) -> None:
    assert told(*policies) == [(shadowed, "shadowed")]


@pytest.mark.parametrize(
    "policies",
    [
        (f"{READS};", f'@id("w") permit {WRITE};'),
        (OPEN, f"@row_cap(\"100\") {READS};"),  # it adds a cap to what the other permits
        (f"@justify {READS};", '@id("all") permit (principal, action, resource) when { context.opaque };'),
        (f"{READS};", '@observe @id("open") permit (principal, action, resource);'),
        (OPEN, f'@id("held") {SIGNED} forbid (principal, action, resource) when {{ context.opaque }};',
         '@id("plain") forbid (principal, action, resource) when { context.opaque && context.unbounded };'),
        (OPEN, f'@id("one") {SIGNED} forbid (principal, action, resource) when {{ context.opaque }};',
         '@id("two") @review("privacy-officers:2") forbid (principal, action, resource) when { context.opaque };'),
        (OPEN, '@observe @id("watch") forbid (principal, action, resource);'),
    ],
)  # fmt: skip
def test_policies_that_do_change_something_aren_t(policies: tuple[str, ...]) -> None:
    assert "shadowed" not in [code for _, code in told(*policies)]


def test_the_sentence_says_where_the_other_one_is() -> None:
    (warning,) = found(OPEN, f"{READS};")
    assert str(warning) == ('f.cedar:2: the permit "reads": it says no more than "open" (f.cedar:1), which covers it')


# -- never fires ------------------------------------------------------------------------------------------------------


def test_permits_and_forbids_that_nothing_makes_fire() -> None:
    idle = "when { context.hour > 22 && context.hour < 6 }"
    policies = (
        OPEN,
        f'@id("p") permit (principal in Interlock::Group::"ai-agents", action, resource) {idle};',
        f'@id("f") forbid (principal, action, resource) {idle};',
        '@id("k") forbid (principal, action in Interlock::Action::"session", resource) when { resource.name == "x" };',
    )
    idlers = [warning.policy for warning in found(*policies) if warning.code is WarningCode.NEVER_FIRES]
    assert idlers == ["p", "f", "k"]


@pytest.mark.parametrize(
    "policy",
    [
        'forbid (principal, action in Interlock::Action::"reveal", resource is Interlock::Column);',
        'forbid (principal, action, resource) when { resource is Interlock::Column && resource.name like "*.mrn" };',
        'forbid (principal, action, resource in Interlock::Relation::"clinic/a") when {resource is Interlock::Column};',
        'forbid (principal, action == Interlock::Action::"model.infer", resource is Interlock::Model);',
        'forbid (principal, action in Interlock::Action::"tool.call", resource is Interlock::Tool);',
        'forbid (principal, action == Interlock::Action::"tool:clinic/search", resource);',
        'forbid (principal, action == Interlock::Action::"tool:clinic/search", resource)'
        ' when { context.input has q && context.input.q == "x" };',
        'forbid (principal, action, resource) when { context.recent.hour.exports > 3 && context.hour > 3 };',
        'forbid (principal, action, resource) when { context.now < datetime("2020-01-01") };',
    ],
)  # fmt: skip
def test_what_can_be_asked_or_isn_t_certain_isn_t_told_of(policy: str) -> None:
    codes = [w.code for w in found(OPEN, f'@id("x") {policy}', tools=(SEARCH,))]
    assert WarningCode.NEVER_FIRES not in codes


# -- tests of absence -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "absent"),
    [
        ('when { !context.labels.contains("phi") }', ('"phi"',)),
        ('unless { context.labels.contains("phi") }', ('"phi"',)),
        ("when { context.labels.isEmpty() }", ("any label",)),
        ('when { ["phi"].containsAll(context.labels) }', ("any other label",)),
        ('unless { ["phi", "pci"].containsAny(resource.labels) }', ('"pci"', '"phi"')),
        ('when { context.labels.contains("phi") == false }', ('"phi"',)),
        ('when { context.labels.contains("phi") != context.opaque }', ('"phi"',)),
        ('when { if context.filters.contains("phi") then true else context.opaque }', ('"phi"',)),
        ('when { context.opaque || !(context.writes.containsAll(["phi", "pci"])) }', ('"pci"', '"phi"')),
        ('when { !!(context.labels.contains("phi")) }', ()),
        ("when { !context.labels.isEmpty() }", ()),
        ("unless { context.labels.isEmpty() }", ()),
        ('when { context.labels.contains("phi") == true }', ()),
        ('unless { ["phi"].containsAll(context.labels) }', ()),
        ('unless { context.tags.contains("baa") }', ()),
        ('when { ["production"].contains(context.environment) }', ()),
    ],
)
def test_what_a_condition_asks_the_absence_of(condition: str, absent: tuple[str, ...]) -> None:
    (tree,) = (
        cedarpy.PolicySet.from_str(f"permit (principal, action, resource) {condition};")
        .to_pst()
        .static_policies.values()
    )
    assert absence_tests(tree) == absent


def test_a_permit_and_a_forbid_are_told_differently() -> None:
    absent = 'when { !context.labels.contains("phi") }'
    writes = 'forbid (principal, action in Interlock::Action::"write", resource)'
    first, second = found(f"{READS} {absent};", f'@id("f") {writes} {absent};')
    assert "a column that nobody catalogued passes it" in first.sentence
    assert "escapes it" in second.sentence


# -- reviews that nobody could sign -----------------------------------------------------------------------------------

HELD = '@id("held") @review("{}") forbid (principal, action in Interlock::Action::"read", resource);'


def test_a_review_that_only_the_owner_could_sign() -> None:
    (warning,) = found(f"{READS};", HELD.format("platform-engineers:1"), owner="olivia")
    assert warning.code is WarningCode.UNSIGNABLE
    assert "only olivia could sign, and may not sign what etl asks for" in warning.sentence
    assert found(f"{READS};", HELD.format("platform-engineers:1"), owner="dana") == []


def test_a_review_whose_quorum_the_owner_is_needed_for() -> None:
    (warning,) = found(f"{READS};", HELD.format("privacy-officers:2"), owner="dana")
    assert "nobody could sign what etl asks for: it needs privacy-officers:2" in warning.sentence


def test_people_count_once_in_all_of_it() -> None:
    asked = HELD.format("on-call:1, privacy-officers:2")
    assert "unsignable" not in [code for _, code in told(OPEN, HELD.format("privacy-officers:1"), owner="dana")]
    (warning,) = found(f"{READS};", asked, owner="olivia")  # remy is on call, and needed as an officer
    assert warning.code is WarningCode.UNSIGNABLE


def test_stages_and_choices_are_looked_at() -> None:
    staged = f'@id("s") @stages("privacy-officers:1 > platform-engineers:1") forbid {READ};'
    assert [w.policy for w in found(f"{READS};", staged, owner="olivia")] == ["s"]
    chosen = f'@id("c") @review_any("privacy-officers:1, platform-engineers:1") forbid {READ};'
    assert found(f"{READS};", chosen, owner="olivia") == []


def test_who_may_ask_nothing_of_it_isn_t_told_of() -> None:
    """nightly, and the people, are permitted nothing; so what they could never ask for needs no signer."""
    assert found(f"{READS};", HELD.format("privacy-officers:2"), owner="olivia") == []
    everybody = found(OPEN, HELD.format("platform-engineers:1"), owner="dana")
    assert [w.sentence.count("olivia asks") for w in everybody] == [1]


# -- all of it --------------------------------------------------------------------------------------------------------


def test_the_pack_has_none() -> None:
    sources = {"packs/agents.cedar": PACK.read_text(encoding="utf-8")}
    out = {"etl": frozenset({PersonId("olga")})}
    assert warnings(sources, GROUPS, frozenset(KNOWN), AROUND, out) == []
