"""What `interlock policy diff` says: every change, and which way it can go; held against what is then decided."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from interlock.errors import PolicyMistakes
from interlock.model.action import Action
from interlock.model.recent import Recent
from interlock.policy.difference import Change, Kind, compare
from interlock.policy.terms import Direction

from .asking import NOON
from .generated import OPEN, Written, actions, bundles, forbids, loaded, named, no_looser, permits, recents

LOOSENS, TIGHTENS, EITHER, NEITHER = Direction

PERMIT = '@id("p") permit (principal, action, resource)'
FORBID = '@id("f") forbid (principal, action, resource)'
LIFTED = '@id("f") @review("a:1") forbid (principal, action, resource)'


def changes(old: str, new: str) -> tuple[Change, ...]:
    return compare({"old.cedar": old}, {"new.cedar": new}).changes


def only(old: str, new: str) -> Change:
    (change,) = changes(old, new)
    return change


@pytest.mark.parametrize(
    ("policy", "added"),
    [
        (f"{PERMIT};", LOOSENS),
        (f"{FORBID};", TIGHTENS),
        (f"{LIFTED};", TIGHTENS),
        (f"@justify {PERMIT};", EITHER),  # it permits, and asks for a reason where another permits as well
        (f"{PERMIT} when {{ context.hour + 1 > 3 }};", EITHER),  # a sum that overflows denies
        (f"@observe {PERMIT};", NEITHER),
        (f"@observe {FORBID};", NEITHER),
    ],
)
def test_added_and_removed(policy: str, added: Direction) -> None:
    assert [(c.kind, c.direction) for c in changes("", policy)] == [(Kind.ADDED, added)]
    assert [(c.kind, c.direction) for c in changes(policy, "")] == [(Kind.REMOVED, added.opposite)]


@pytest.mark.parametrize(
    ("was", "now", "direction"),
    [
        # conditions and scopes
        (f"{PERMIT} when {{ context.opaque }};", f"{PERMIT};", LOOSENS),
        (f"{FORBID} when {{ context.opaque }};", f"{FORBID};", TIGHTENS),
        (f"{LIFTED} when {{ context.opaque }};", f"{LIFTED};", TIGHTENS),
        (f"{FORBID} when {{ context.opaque }};", f"{FORBID} when {{ context.unbounded }};", EITHER),
        (f"@justify {PERMIT} when {{ context.opaque }};", f"@justify {PERMIT};", EITHER),
        (f"{LIFTED};", f"{LIFTED} when {{ context.hour + 1 > 3 }};", EITHER),
        (
            f"{PERMIT};",
            '@id("p") permit (principal, action in Interlock::Action::"read", resource);',
            TIGHTENS,
        ),
        # sides
        (f"{PERMIT};", '@id("p") forbid (principal, action, resource);', TIGHTENS),
        (f"{FORBID};", '@id("f") permit (principal, action, resource);', LOOSENS),
        (f"{FORBID};", f"@observe {FORBID};", LOOSENS),
        (f"@observe {PERMIT};", f"{PERMIT};", LOOSENS),
        (f"@observe {FORBID} when {{ context.opaque }};", f"@observe {FORBID};", NEITHER),
        (f"@observe {LIFTED};", f"{LIFTED} when {{ context.opaque }};", TIGHTENS),
        # what lifts
        (f"{FORBID};", f"{LIFTED};", LOOSENS),
        (f"{FORBID};", f"@justify {LIFTED};", LOOSENS),
        (f"{LIFTED};", f"{FORBID};", TIGHTENS),
        (f"{LIFTED};", LIFTED.replace("a:1", "a:2") + ";", TIGHTENS),
        (f"{LIFTED};", LIFTED.replace("a:1", "a:1, b:1") + ";", TIGHTENS),
        (f"{LIFTED};", LIFTED.replace("a:1", "b:1") + ";", EITHER),
        (f'@review_any("a:1") {FORBID};', f'@review_any("a:1, b:1") {FORBID};', LOOSENS),
        (f'@review_any("a:1, b:2") {FORBID};', f'@review_any("a:2, b:2") {FORBID};', TIGHTENS),
        (f'@review_any("a:1, b:2") {FORBID};', f'@review_any("a:2, b:1") {FORBID};', EITHER),
        (f"{LIFTED};", f'@review_any("b:1") {LIFTED};', TIGHTENS),
        (f'@stages("a:1 > b:1") {FORBID};', f'@stages("a:1 > b:2") {FORBID};', TIGHTENS),
        (f'@stages("a:1 > b:1") {FORBID};', f'@stages("b:1 > a:1") {FORBID};', EITHER),
        (f'@stages("a:1 > b:1") {FORBID};', f'@stages("a:1") {FORBID};', EITHER),
        (f"{LIFTED};", f'@expires("2h") {LIFTED};', LOOSENS),
        (f"{LIFTED};", f'@valid("5m") {LIFTED};', TIGHTENS),
        (f"{LIFTED};", f'@valid("10m") {LIFTED};', None),  # as it is without
        (f"{LIFTED};", f'@reuse("3 within 10m") {LIFTED};', LOOSENS),
        (f"{LIFTED};", f'@reuse("3 within 1m") {LIFTED};', EITHER),
        (f'@reuse("3 within 10m") {LIFTED};', f'@reuse("2 within 10m") {LIFTED};', TIGHTENS),
        (f"{LIFTED};", f'@channels("slack") {LIFTED};', LOOSENS),
        (f'@break_glass("a") {LIFTED};', f'@break_glass("b") {LIFTED};', EITHER),
        (f'@break_glass("a") {LIFTED};', f"{LIFTED};", TIGHTENS),
        # what is owed
        (f"{PERMIT};", f"@ticket {PERMIT};", TIGHTENS),
        (f"@justify {PERMIT};", f"{PERMIT};", LOOSENS),
        (f"{PERMIT};", f'@row_cap("5") {PERMIT};', TIGHTENS),
        (f'@row_cap("5") {PERMIT};', f'@row_cap("6") {PERMIT};', LOOSENS),
        (f"{LIFTED};", f'@step_up("webauthn") {LIFTED};', TIGHTENS),
        (f"{PERMIT};", f'@because("why") {PERMIT};', NEITHER),
    ],
)  # fmt: skip
def test_which_way_a_change_goes(was: str, now: str, direction: Direction | None) -> None:
    assert [c.direction for c in changes(was, now)] == ([] if direction is None else [direction])
    back = [c.direction for c in changes(now, was)]
    assert back == ([] if direction is None else [direction.opposite])


def test_equal_choices_of_two_policies_are_asked_once_so_another_choice_may_ask_for_more() -> None:
    other = '@id("g") @review_any("a:1") forbid (principal, action, resource);'
    old, new = f'@review_any("a:1") {FORBID};{other}', f'@review_any("a:1, b:1") {FORBID};{other}'
    assert only(old, new).direction is EITHER


def test_text_that_moved_or_was_laid_out_anew_is_no_change() -> None:
    one = f"""{PERMIT} when {{ context.opaque && ["a", "b"].contains(context.environment) }};{LIFTED};"""
    other = f"""// comments
    {LIFTED.replace('@review("a:1")', '@review(" a : 1 ")')}  ;
    {PERMIT}
        when {{ (["b", "a"].contains(context.environment)) }} when {{ context.opaque }};"""
    assert changes(one, other) == ()
    assert compare({"a": one}, {"b": f"{LIFTED};", "c": one.partition(";")[0] + ";"}).direction is NEITHER


def test_another_name_is_told_as_that() -> None:
    change = only(f"{LIFTED};", LIFTED.replace('@id("f")', '@id("g")') + ";")
    assert (change.kind, change.policy, change.direction) == (Kind.RENAMED, "g", NEITHER)
    assert [(d.before, d.after) for d in change.details] == [("f", "g")]


def test_what_changed_is_told_from_what_to_what() -> None:
    was = '@id("f") @review("a:1")\nforbid (principal, action in Interlock::Action::"read", resource);'
    now = '\n@id("f") @review("a:2") @because("x") forbid (principal is Interlock::Agent, action, resource)'
    now += " when { true };"
    change = only(was, now)
    assert (change.before, change.after) == ("old.cedar:1", "new.cedar:2")
    assert [(d.what, d.before, d.after, d.direction) for d in change.details] == [
        ("principal", "any", "is Interlock::Agent", EITHER),
        ("action", 'in Interlock::Action::"read"', "any", EITHER),
        ("condition", "", "", EITHER),
        ("@because", "", "x", NEITHER),
        ("@review", "a:1", "a:2", TIGHTENS),
    ]


def test_all_together() -> None:
    difference = compare({"f": f"{PERMIT};"}, {"f": f"{FORBID};"})
    assert difference.direction is TIGHTENS
    assert (
        compare(
            {"f": f"{PERMIT};"}, {"f": f"{PERMIT};{FORBID};" + '@id("q") permit (principal, action, resource);'}
        ).direction
        is EITHER
    )


@pytest.mark.parametrize(
    "text",
    ["permit (principal", f"{PERMIT};{PERMIT};", "permit (principal, action, resource);", f'@reveiw("a:1") {FORBID};'],
)
def test_what_can_t_be_read_is_a_mistake_with_its_line(text: str) -> None:
    with pytest.raises(PolicyMistakes, match=r"new\.cedar:1: "):
        changes("", text)


# -- held against decisions -------------------------------------------------------------------------------------------

LISTS = ("@review_any(", "@stages(")


def unlike(old: list[Written], new: list[Written]) -> bool:
    """Whether choices or stages differ: what is as strict there isn't told by comparing them one by one."""
    lists = [[[a for a in each.annotations if a.startswith(LISTS)] for each in some] for some in (old, new)]
    return lists[0] != lists[1]


@st.composite
def edits(draw: st.DrawFn) -> tuple[list[Written], list[Written]]:
    """A bundle, and the same with one policy added, taken away or made another."""
    old = [*draw(bundles), OPEN]
    policy = draw(permits | forbids)
    place = draw(st.integers(0, len(old) - 1))
    match draw(st.sampled_from(["add", "remove", "replace", "annotate", "condition"])):
        case "add":
            return old, [*old, policy]
        case "remove":
            return old, [*old[:place], *old[place + 1 :]] if place == len(old) - 1 else old[:-1]
        case "replace":
            return old, [*old[:place], policy, *old[place + 1 :]]
        case "annotate":
            was = old[place]
            other = Written(
                policy.annotations if policy.effect == was.effect else (), was.effect, was.scope, was.condition
            )
        case _:
            was = old[place]
            other = Written(was.annotations, was.effect, was.scope, policy.condition)
    return old, [*old[:place], other, *old[place + 1 :]]


def holds(edit: tuple[list[Written], list[Written]], asked: Action, recent: Recent) -> None:
    old, new = edit
    direction = compare({"f": "\n".join(named(old))}, {"f": "\n".join(named(new))}).direction
    before, after = loaded(old).decide(asked, NOON, recent), loaded(new).decide(asked, NOON, recent)
    if direction in (TIGHTENS, NEITHER) and not unlike(old, new):
        assert no_looser(before, after)
    if direction in (LOOSENS, NEITHER) and not unlike(old, new):
        assert no_looser(after, before)


@pytest.mark.parametrize("examples", [150, pytest.param(4_000, marks=pytest.mark.slow)])
def test_what_can_only_tighten_never_lets_more_through_and_the_other_way_round(examples: int) -> None:
    settings(max_examples=examples, deadline=None)(given(edits(), actions, recents)(holds))()
