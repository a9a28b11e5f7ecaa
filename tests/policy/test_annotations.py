"""The grammar of the annotations beyond @review: what each may say, where it may stand, what it comes to."""

from __future__ import annotations

from datetime import timedelta

import pytest

from interlock.errors import PolicyMistakes
from interlock.model.decision import Quorum, Requirements, Reuse
from interlock.model.names import GroupName, PersonId, PolicyId
from interlock.model.obligation import Obligations
from interlock.policy.annotations import KNOWN, Annotations
from interlock.policy.bundle import load

from .asking import GROUPS

SCOPE = "(principal, action, resource)"
LIFTED = '@review("privacy-officers:1")'


def mistakes(annotations: str, effect: str = "forbid") -> tuple[str, ...]:
    with pytest.raises(PolicyMistakes) as caught:
        load({"f": f'@id("x")\n{annotations}\n{effect} {SCOPE};'}, GROUPS)
    return caught.value.mistakes


def read(annotations: str, effect: str = "forbid") -> Annotations:
    loaded = load({"f": f'@id("x") {annotations} {effect} {SCOPE};'}, GROUPS)
    return loaded.rules.annotations[PolicyId("x")]


def lifted(annotations: str) -> Requirements:
    found = read(annotations).lifted_by
    assert found is not None
    return found


def quorum(group: str, count: int = 1) -> Quorum:
    return Quorum(GroupName(group), count)


BAD_VALUES = [
    ("@review_any", "@review_any needs", '"group:number", or several of them'),
    ('@review_any("privacy-officers")', "@review_any needs"),
    ('@review_any("privacy-officers:1,")', "@review_any needs"),
    ('@review_any("privacy-oficers:1")', 'unknown group "privacy-oficers"; did you mean "privacy-officers"?'),
    ('@review_any("privacy-officers:1, privacy-officers:2")', 'names the group "privacy-officers" twice'),
    ('@review_any("privacy-officers:3, on-call:1")', 'asks for 3 of "privacy-officers", which has 2 people'),
    ('@stages("")', '@stages needs "group:number > group:number"'),
    ('@stages("on-call:1 >")', '@stages needs "group:number > group:number"'),
    ('@stages("> on-call:1")', '@stages needs "group:number > group:number"'),
    ('@stages("on-call:1 > platfrom-engineers:1")', 'unknown group "platfrom-engineers"; did you mean "platform-engin'),
    ('@stages("on-call:1, on-call:1 > on-call:1")', 'names the group "on-call" twice in one stage'),
    (f'{LIFTED} @reuse("1 within 10m")', '@reuse needs "5 within 10m"'),
    (f'{LIFTED} @reuse("101 within 10m")', '@reuse needs "5 within 10m"'),
    (f'{LIFTED} @reuse("5 within 25h")', '@reuse needs "5 within 10m"'),
    (f'{LIFTED} @reuse("5 in 10m")', '@reuse needs "5 within 10m"'),
    (f'{LIFTED} @reuse("5 within 0m")', '@reuse needs "5 within 10m"'),
    (f"{LIFTED} @reuse", '@reuse needs "5 within 10m"'),
    (f'{LIFTED} @reuse("5 within 10m") @valid("5m")', "@valid means nothing beside @reuse"),
    (f'{LIFTED} @channels("slak")', 'unknown channel "slak"; did you mean "slack"?'),
    (f'{LIFTED} @channels("carrier-pigeon")', "there are console, slack, teams"),
    (f'{LIFTED} @channels("")', 'unknown channel ""'),
    (f'{LIFTED} @channels("slack,")', 'unknown channel ""'),
    (f'{LIFTED} @channels("slack, slack")', 'names "slack" twice'),
    (f'{LIFTED} @break_glass("on-cal")', 'unknown group "on-cal"; did you mean "on-call"?'),
    (f'{LIFTED} @break_glass("ai-agents")', 'names "ai-agents", which has no people'),
    (f"{LIFTED} @break_glass", "@break_glass needs the name of one group"),
    (f'{LIFTED} @row_cap("0")', "@row_cap needs a number of rows"),
    (f'{LIFTED} @row_cap("1000000001")', "@row_cap needs a number of rows"),
    (f'{LIFTED} @row_cap("1_000")', "@row_cap needs a number of rows"),
    (f"{LIFTED} @row_cap", "@row_cap needs a number of rows"),
    (f'{LIFTED} @step_up("webauth")', '@step_up needs "webauthn", the one that there is; did you mean "webauthn"?'),
    (f"{LIFTED} @step_up", "@step_up needs"),
    (f'{LIFTED} @justify("why")', "@justify takes no value"),
    (f'{LIFTED} @ticket("JIRA")', "@ticket takes no value"),
    ('@observe("yes")', "@observe takes no value"),
    ('@revue_any("on-call:1")', "unknown annotation @revue_any; did you mean @review_any?"),
    ('@row_limit("5")', "unknown annotation @row_limit"),
]


@pytest.mark.parametrize(("annotations", "sentences"), [(first, rest) for first, *rest in BAD_VALUES])
def test_a_bad_value_is_refused_at_its_line(annotations: str, sentences: list[str]) -> None:
    found = mistakes(annotations)
    assert any(all(sentence in mistake for sentence in sentences) for mistake in found), found
    assert all(mistake.startswith("f:2: ") for mistake in found)


@pytest.mark.parametrize(
    "annotation",
    [
        LIFTED,
        '@review_any("on-call:1")',
        '@stages("on-call:1")',
        '@expires("1h")',
        '@valid("1h")',
        '@reuse("2 within 1h")',
        '@channels("slack")',
        '@break_glass("on-call")',
    ],
)
def test_what_lifts_belongs_on_a_forbid(annotation: str) -> None:
    name = annotation.partition("(")[0]
    assert mistakes(annotation, "permit") == (
        f"f:2: {name} belongs on a forbid: a permit has nothing for a review to lift",
    )


@pytest.mark.parametrize(
    "annotation",
    ['@expires("1h")', '@valid("1h")', '@reuse("2 within 1h")', '@channels("slack")', '@break_glass("on-call")'],
)
def test_what_widens_a_lift_needs_one(annotation: str) -> None:
    name = annotation.partition("(")[0]
    assert mistakes(annotation) == (f"f:2: {name} means nothing without @review, @review_any or @stages",)


@pytest.mark.parametrize("annotation", ["@justify", "@ticket", '@row_cap("5")', '@step_up("webauthn")'])
def test_nothing_is_owed_on_a_forbid_that_nothing_lifts(annotation: str) -> None:
    """So that losing its @review doesn't turn it into one that a reason or a cap lifts."""
    name = annotation.partition("(")[0]
    assert mistakes(annotation) == (
        f"f:2: {name} means nothing on a forbid that nothing lifts: @review, @review_any or @stages would",
    )
    for lift in (LIFTED, '@review_any("on-call:1")', '@stages("on-call:1")'):
        assert read(f"{lift} {annotation}").asks != Obligations()
    assert read(annotation, "permit").asks != Obligations()


UNREACHABLE = [
    # olivia and remy are on call; olivia is the one platform engineer; dana and remy are the privacy officers.
    ('@review("on-call:2, platform-engineers:1")', "@review can't be met: each person counts once"),
    ('@stages("on-call:2 > platform-engineers:1")', "@stages can't be met"),
    ('@stages("on-call:2 > on-call:1")', "@stages can't be met"),
    ('@review("on-call:2") @stages("platform-engineers:1 > privacy-officers:1")', "@review and @stages can't be met"),
    ('@review("on-call:2") @review_any("privacy-officers:1, platform-engineers:1")', 'choice "platform-engineers:1"'),
    ('@review_any("privacy-officers:2, platform-engineers:1") @stages("on-call:2")', 'choice "privacy-officers:2"'),
]


@pytest.mark.parametrize(("annotations", "sentence"), UNREACHABLE)
def test_what_no_different_people_can_meet_is_refused(annotations: str, sentence: str) -> None:
    assert any(sentence in mistake for mistake in mistakes(annotations)), mistakes(annotations)


@pytest.mark.parametrize(
    "annotations",
    [
        '@review("on-call:1, platform-engineers:1")',
        '@review("on-call:1, platform-engineers:1, privacy-officers:1")',
        '@stages("platform-engineers:1 > on-call:1 > privacy-officers:1")',
        '@review("on-call:2") @review_any("privacy-officers:1")',
    ],
)
def test_what_different_people_can_just_meet_loads(annotations: str) -> None:
    assert lifted(annotations)


def test_a_quorum_that_one_person_would_have_to_meet_twice() -> None:
    alone = {GroupName("a"): frozenset({PersonId("p")}), GroupName("b"): frozenset({PersonId("p")})}
    with pytest.raises(PolicyMistakes, match="each person counts once"):
        load({"f": f'@id("x") @review("a:1, b:1") forbid {SCOPE};'}, alone)


def test_what_several_lifting_annotations_come_to() -> None:
    found = lifted(
        '@review("privacy-officers:1") @review_any("privacy-officers:1, on-call:1")'
        ' @stages("on-call:1") @expires("1h") @reuse("5 within 20m") @channels("teams,console , slack")'
        ' @break_glass("on-call")'
    )
    assert found == Requirements(
        quorums=(quorum("privacy-officers"),),
        expires=timedelta(hours=1),
        valid=timedelta(minutes=20),
        any_of=((quorum("on-call"), quorum("privacy-officers")),),
        stages=(((quorum("on-call"),),),),
        reuse=Reuse(5, timedelta(minutes=20)),
        channels=frozenset({"slack", "teams"}),
        break_glass=frozenset({GroupName("on-call")}),
    )


def test_stages_keep_their_order_and_a_stage_has_none() -> None:
    found = lifted('@stages(" privacy-officers:1 , platform-engineers:1>on-call:1 ")')
    assert found.stages == (((quorum("platform-engineers"), quorum("privacy-officers")), (quorum("on-call"),)),)


def test_what_isnt_said_is_the_narrowest() -> None:
    found = lifted('@review_any("on-call:1")')
    assert (found.quorums, found.stages, found.reuse) == ((), (), None)
    assert (found.expires, found.valid) == (timedelta(minutes=30), timedelta(minutes=10))
    assert (found.channels, found.break_glass) == (frozenset(), frozenset())
    assert lifted(f'{LIFTED} @channels("console")').channels == frozenset()


def test_what_is_owed() -> None:
    asks = read('@justify @ticket() @row_cap("1000000000") @step_up("webauthn")'.replace("()", '("")'), "permit").asks
    assert asks == Obligations(row_cap=1_000_000_000, reason=True, ticket=True, step_up=frozenset({"webauthn"}))


def test_observed_policies_keep_their_grammar() -> None:
    assert read("@observe").observed
    assert read(f"@observe {LIFTED}").lifted_by is not None
    assert mistakes('@observe @expires("1h")')


def test_an_annotation_is_known_by_one_name() -> None:
    assert len(KNOWN) == len(set(KNOWN)) == 16
