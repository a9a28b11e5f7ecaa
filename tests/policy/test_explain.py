"""What `interlock policy explain` finds: who spoke, who would sign, and what would change the outcome."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings

from interlock.model.action import Action
from interlock.model.exposure import Exposure, Output
from interlock.model.names import GroupName, PersonId
from interlock.model.recent import Recent
from interlock.model.verb import SQL_COPY_OUT, SQL_SELECT, SQL_UPDATE
from interlock.policy.explain import Explanation, Voice, explain
from interlock.policy.outcomes import Outcome, Verdict, verdict
from interlock.policy.trials import MOST, Trial, trials, without

from .asking import GROUPS, NOON, PACK, action, actor, bundle, labels, relation, reveal, showing
from .generated import GROUPS as MADE_UP
from .generated import Written, actions, bundles, loaded, recents

PERMIT = '@id("all") permit (principal, action, resource);'
HELD = """@id("held") @because("PHI would leave") @review("privacy-officers:2")
forbid (principal, action in Interlock::Action::"export", resource) when { context.labels.contains("phi") };"""


def explained(asked: Action, *policies: str, excluded: frozenset[PersonId] = frozenset()) -> Explanation:
    return explain(bundle(*policies), asked, NOON, groups=GROUPS, excluded=excluded)


def changed(found: Explanation) -> dict[tuple[str, str], Outcome]:
    return {(change.trial.value, change.what): change.verdict.outcome for change in found.changes}


def export(*names: str) -> Action:
    return action(
        (SQL_SELECT, relation()), (SQL_COPY_OUT, relation("clinic/public.patients", *names)), exposure=showing(*names)
    )


def test_every_policy_that_spoke_is_told_with_its_place_and_what_it_says() -> None:
    found = explained(export("phi.mrn"), PERMIT, HELD)
    assert found.verdict.outcome is Outcome.HELD and found.verdict.policies == ("held",)
    select, copy = found.requests
    assert (select.verb, select.resource, select.actor) == ("sql.select", "clinic/public.patients", "etl-agent")
    assert [(s.policy, s.voice) for s in select.spoke] == [("all", Voice.PERMITS)]
    assert [(s.policy, s.voice, s.because, s.file, s.line) for s in copy.spoke] == [
        ("held", Voice.HOLDS, "PHI would leave", "1.cedar", 1),
        ("all", Voice.PERMITS, "", "0.cedar", 1),
    ]
    assert found.masked == ("phi.mrn",)


def test_delegators_are_asked_too_and_observers_are_told() -> None:
    asked = action((SQL_SELECT, relation()), by=actor(chain=(actor("planner"),)))
    found = explained(asked, PERMIT, '@id("watch") @observe forbid (principal, action, resource);')
    assert [request.actor for request in found.requests] == ["etl-agent", "planner"]
    assert all(("watch", Voice.OBSERVES) in [(s.policy, s.voice) for s in request.spoke] for request in found.requests)
    assert found.observed == ("watch",) and found.verdict.outcome is Outcome.ALLOWED


def test_who_could_sign_and_whether_they_can_meet_it() -> None:
    found = explained(export("phi.mrn"), PERMIT, HELD)
    assert found.signing is not None and found.signing.possible
    assert found.signing.needs == "privacy-officers:2"
    assert found.signing.terms == ("waits 30m", "an approval is good for 10m, once")
    assert dict(found.signing.eligible) == {GroupName("privacy-officers"): ("dana", "remy")}
    alone = explained(export("phi.mrn"), PERMIT, HELD, excluded=frozenset({PersonId("dana")}))
    assert alone.signing is not None and not alone.signing.possible
    assert dict(alone.signing.eligible) == {GroupName("privacy-officers"): ("remy",)}
    assert ("signed", "privacy-officers:2") in changed(found)
    assert ("signed", "privacy-officers:2") not in changed(alone)


def test_the_terms_of_reuse_channels_and_break_glass() -> None:
    lifted = HELD.replace("@review", '@reuse("5 within 2h") @channels("slack") @break_glass("on-call") @review')
    found = explained(export("phi.mrn"), PERMIT, lifted)
    assert found.signing is not None and found.signing.terms == (
        "waits 30m",
        "an approval is good for 5 runs within 2h",
        "votes also in slack",
        "on-call may break the glass",
    )


def test_labels_are_taken_away_with_those_beneath_them() -> None:
    found = explained(export("phi.mrn", "phi.name.given"), PERMIT, HELD)
    taken = {what: outcome for (trial, what), outcome in changed(found).items() if trial == "without_label"}
    assert taken == {"phi": Outcome.ALLOWED}  # one of the two is still PHI
    found = explained(export("phi.mrn"), PERMIT, HELD)
    taken = {what: outcome for (trial, what), outcome in changed(found).items() if trial == "without_label"}
    assert taken == {"phi": Outcome.ALLOWED, "phi.mrn": Outcome.ALLOWED}


def test_all_labels_taken_away_where_one_alone_changes_nothing() -> None:
    any_label = '@id("any") @review("privacy-officers:1") forbid (principal, action, resource)'
    any_label += " when { !context.labels.isEmpty() };"
    found = explained(export("phi.mrn", "pci.pan"), PERMIT, any_label)
    assert changed(found)["without_label", "any"] is Outcome.ALLOWED
    assert ("without_label", "phi") not in changed(found)


def test_a_reason_and_a_ticket_given() -> None:
    found = explained(action((SQL_SELECT, relation())), f"@justify {PERMIT}")
    assert found.verdict.codes == ("reason_required",)
    assert changed(found) == {("reason", "given"): Outcome.ALLOWED}
    assert found.changes[0].verdict.under == ("reason",)
    ticketed = explained(action((SQL_SELECT, relation()), reason="x"), f"@ticket {PERMIT}")
    assert changed(ticketed) == {("ticket", "given"): Outcome.ALLOWED}


def test_a_reveal_dropped() -> None:
    no = '@id("no") forbid (principal, action in Interlock::Action::"reveal", resource)'
    no += ' when { resource.labels.contains("phi.mrn") };'
    shown = reveal(), reveal("given", "phi.name.given")
    asked = action((SQL_SELECT, relation()), exposure=showing("phi.mrn", "phi.name.given"), reveals=shown)
    found = explained(asked, PERMIT, no)
    assert found.verdict.codes == ("reveal_denied",)
    assert [request.reveal for request in found.requests] == ["", "phi.name.given", "phi.mrn"]
    dropped = {what: outcome for (trial, what), outcome in changed(found).items() if trial == "without_reveal"}
    assert dropped == {f"{shown[0].column} phi.mrn": Outcome.ALLOWED, "any": Outcome.ALLOWED}


def test_a_reveal_that_is_allowed_is_no_change_when_it_is_left_out() -> None:
    asked = action((SQL_SELECT, relation()), exposure=showing("phi.mrn"), reveals=(reveal(),))
    found = explained(asked, PERMIT)
    assert found.verdict.under == (f"reveal {reveal().column} phi.mrn",)
    assert changed(found) == {}


def test_flags_the_other_way_round() -> None:
    bound = '@id("bound") @review("platform-engineers:1")'
    bound += 'forbid (principal, action in Interlock::Action::"write", resource) when { context.unbounded };'
    wide = action((SQL_UPDATE, relation()), exposure=Exposure(unbounded=True))
    assert changed(explained(wide, PERMIT, bound))["flag", "unbounded false"] is Outcome.ALLOWED
    narrow = explained(action((SQL_UPDATE, relation())), PERMIT, bound)
    assert changed(narrow) == {("flag", "unbounded true"): Outcome.HELD}
    capped = explained(action((SQL_SELECT, relation())), f'@row_cap("5") {PERMIT}')
    assert changed(capped) == {("flag", "cappable true"): Outcome.ALLOWED}


def test_groups_joined() -> None:
    group = '@id("g") permit (principal in Interlock::Group::"on-call", action, resource);'
    found = explained(action((SQL_SELECT, relation())), group)
    assert found.verdict.codes == ("no_permit",) and found.requests[0].spoke == ()
    assert changed(found) == {("in_group", "on-call"): Outcome.ALLOWED}


def test_what_is_always_refused_stays_refused() -> None:
    found = explained(action(refusal="That can't be read."), PERMIT)
    assert found.verdict.codes == ("refused",)
    assert (found.requests, found.changes, found.signing) == ((), (), None)


def test_the_shipped_pack_explains_an_export() -> None:
    found = explained(export("phi.mrn"), PACK.read_text(encoding="utf-8"))
    assert found.verdict.outcome is Outcome.HELD
    assert all(spoke.line > 1 for request in found.requests for spoke in request.spoke)


def test_the_number_of_trials_is_bounded() -> None:
    many = frozenset(GroupName(f"g{number}") for number in range(500))
    assert len(list(trials(export("phi.mrn"), many))) == MOST


def test_taking_a_label_away_takes_it_from_everywhere() -> None:
    everywhere = Exposure(
        (Output("x", 25, labels("phi.mrn", "pci.pan"), None),),
        labels("phi.mrn", "pci.pan"),
        filters=labels("phi.mrn"),
        writes=labels("phi.mrn"),
    )
    asked = action((SQL_SELECT, relation("clinic/a", "phi.mrn", "pci.pan")), exposure=everywhere, reveals=(reveal(),))
    left = without(asked, next(iter(labels("phi"))))
    assert "phi" not in str([left.exposures, left.asks, left.reveals])
    assert left.exposure.labels == labels("pci.pan") and left.asks[0].resource.labels == labels("pci.pan")


@settings(max_examples=60, deadline=None)
@given(bundles, actions, recents)
def test_the_outcome_is_what_is_decided_and_each_change_really_changes_it(
    some: list[Written], asked: Action, recent: Recent
) -> None:
    made = loaded(some)
    found = explain(made, asked, NOON, recent, groups=MADE_UP, excluded=frozenset())
    assert found.verdict == verdict(made.decide(asked, NOON, recent))
    spoke = {(s.policy, s.voice) for request in found.requests for s in request.spoke}
    said = {policy for policy, _ in spoke}
    assert set(found.verdict.policies) <= said and set(found.observed) <= said
    again = {(each.trial, each.what): each.action for each in trials(asked, MADE_UP)}
    for change in found.changes:
        if change.trial is not Trial.SIGNED:
            after = verdict(made.decide(again[change.trial, change.what], NOON, recent))
            assert after == change.verdict and _told_apart(after, found.verdict)
    untouched = {key for key in again if key not in {(c.trial, c.what) for c in found.changes}}
    for key in untouched:
        assert not _told_apart(verdict(made.decide(again[key], NOON, recent)), found.verdict)


def _told_apart(one: Verdict, other: Verdict) -> bool:
    shown = [replace(v, under=tuple(u for u in v.under if not u.startswith("reveal "))) for v in (one, other)]
    return not shown[0].same(shown[1])
