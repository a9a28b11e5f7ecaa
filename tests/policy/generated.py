"""Bundles and actions that hypothesis makes up, and what it means for one decision to be as strict as another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from hypothesis import strategies as st

from interlock.model.action import Action
from interlock.model.actor import ActorKind
from interlock.model.decision import Allow, Decision, Deny, NeedsReview, Requirements
from interlock.model.exposure import Exposure, Output
from interlock.model.label import Label
from interlock.model.names import GroupName, PersonId
from interlock.model.obligation import Obligations
from interlock.model.recent import Recent, Window
from interlock.model.verb import SQL_COPY_OUT, SQL_DROP, SQL_SELECT, SQL_UPDATE
from interlock.policy.bundle import Bundle, load

from .asking import action, actor, labels, relation, reveal

# Enough people in each that whatever is generated can be met.
GROUPS = {
    GroupName(name): frozenset(PersonId(f"{name}-{n}") for n in range(9))
    for name in ("officers", "engineers", "owners")
} | {GroupName("ai-agents"): frozenset[PersonId]()}
KNOWN = labels("phi.mrn", "phi.name.given", "phi.name.family", "pci.pan")

PRINCIPALS = ("principal", "principal", 'principal in Interlock::Group::"ai-agents"')
ACTIONS = (
    "action",
    "action",
    'action in Interlock::Action::"read"',
    'action in [Interlock::Action::"write", Interlock::Action::"export"]',
    'action == Interlock::Action::"sql.update"',
    'action in Interlock::Action::"reveal"',
)
RESOURCES = (
    "resource",
    "resource",
    'resource in Interlock::Connection::"clinic"',
    'resource in Interlock::Relation::"clinic/public.patients"',
)
FLAGS = (
    "context.unbounded",
    "context.opaque",
    "context.reason_given",
    'context.environment == "production"',
    "context.recent.minute.actions > 2",
    'principal in Interlock::Group::"ai-agents"',
)
OVERFLOW = "context.hour + 9223372036854775807 > 0"


def label_tests(names: Sequence[str]) -> st.SearchStrategy[str]:
    """Tests for the presence of one of these labels."""
    sets = ("context.labels", "context.filters", "context.writes", "resource.labels")
    return st.builds(lambda where, name: f'{where}.contains("{name}")', st.sampled_from(sets), st.sampled_from(names))


LABELS = ("phi", "phi.mrn", "phi.name", "pci.pan")


def conditions(tests: st.SearchStrategy[str], *, also_unless: bool = True) -> st.SearchStrategy[str]:
    """No condition, or one or two tests joined, as `when` or `unless`."""
    joined = st.lists(tests, min_size=1, max_size=2).flatmap(
        lambda each: st.sampled_from([" && ", " || "]).map(lambda between: between.join(each))
    )
    words = st.sampled_from(["when", "unless"] if also_unless else ["when"])
    return st.just("") | st.builds(lambda word, test: f"{word} {{ {test} }}", words, joined)


@dataclass(frozen=True, slots=True)
class Written:
    """One policy without its @id, in pieces that can be taken away."""

    annotations: tuple[str, ...]
    effect: str
    scope: str
    condition: str

    @property
    def text(self) -> str:
        return f"{' '.join(self.annotations)} {self.effect} ({self.scope}) {self.condition};"

    def without(self, annotation: str) -> Written:
        return replace(self, annotations=tuple(each for each in self.annotations if each != annotation))


scopes = st.builds(
    lambda *parts: ", ".join(parts), st.sampled_from(PRINCIPALS), st.sampled_from(ACTIONS), st.sampled_from(RESOURCES)
)
tests = label_tests(LABELS) | st.sampled_from(FLAGS)


def some_of(*choices: Sequence[str], least: int = 0) -> st.SearchStrategy[tuple[str, ...]]:
    """From none to all of these, one form of each."""
    forms = st.tuples(*(st.sampled_from(each) for each in choices))
    return forms.flatmap(lambda each: st.lists(st.sampled_from(each), unique=True, min_size=least).map(tuple))


lifts = some_of(
    ('@review("officers:1")', '@review("officers:2, owners:1")', '@review("engineers:1")'),
    ('@review_any("officers:1, engineers:1")', '@review_any("owners:2, engineers:1")'),
    ('@stages("engineers:1 > officers:1")', '@stages("officers:1, owners:1 > engineers:2")'),
    least=1,
)
besides = st.builds(
    lambda first, second: first + second,
    some_of(
        ('@expires("5m")', '@expires("2h")'),
        ('@channels("slack")', '@channels("slack, teams")'),
        ('@break_glass("owners")', '@break_glass("engineers")'),
    ),
    st.sampled_from(
        [(), (), ('@valid("1m")',), ('@valid("1h")',), ('@reuse("5 within 2m")',), ('@reuse("9 within 2h")',)]
    ),
)
owed = some_of(("@justify",), ("@ticket",), ('@row_cap("5")', '@row_cap("100")'))
stepped = st.sampled_from([*[()] * 9, ('@step_up("webauthn")',)])
observed = st.sampled_from([*[()] * 6, ("@observe",)])


def policies(
    effect: str, annotations: st.SearchStrategy[tuple[str, ...]], condition: st.SearchStrategy[str]
) -> st.SearchStrategy[Written]:
    return st.builds(Written, annotations, st.just(effect), scopes, condition)


def joined(*parts: st.SearchStrategy[tuple[str, ...]]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.tuples(*parts).map(lambda each: sum(each, ()))


def permits_with(condition: st.SearchStrategy[str]) -> st.SearchStrategy[Written]:
    return policies("permit", joined(owed | st.just(()), stepped, observed), condition)


def forbids_with(condition: st.SearchStrategy[str]) -> st.SearchStrategy[Written]:
    plain = policies("forbid", observed, condition)
    lifted = policies("forbid", joined(lifts, besides, owed | st.just(()), stepped, observed), condition)
    return st.one_of(lifted, lifted, lifted, plain)


permits = permits_with(conditions(tests))
forbids = forbids_with(conditions(tests))
OPEN = Written((), "permit", "principal, action, resource", "")
bundles = st.builds(
    lambda wide, some, more: [*wide, *some, *more],
    st.sampled_from([[OPEN], [OPEN], [OPEN], []]),
    st.lists(permits, max_size=3),
    st.lists(forbids, max_size=4),
)
# Forbids that hold whatever is asked, so that several of them meet in one review.
holding = st.builds(Written, joined(lifts, besides), st.just("forbid"), st.just(OPEN.scope), st.just(""))
holding_bundles = st.lists(holding, min_size=1, max_size=3).map(lambda some: [OPEN, *some])


def named(written: Iterable[Written]) -> list[str]:
    return [f'@id("p{n}") {each.text}' for n, each in enumerate(written)]


def loaded(written: Iterable[Written], known: frozenset[Label] = KNOWN) -> Bundle:
    return load({"f": "\n".join(named(written))}, GROUPS, known)


names = st.lists(st.sampled_from(["phi.mrn", "phi.name.given", "pci.pan", "phi"]), max_size=2)
exposures = st.builds(
    lambda shown, tested, written, unbounded, opaque: Exposure(
        outputs=(Output("x", 25, labels(*shown), None),),
        labels=labels(*shown, *tested, *written),
        filters=labels(*tested),
        writes=labels(*written),
        unbounded=unbounded,
        opaque=opaque,
    ),
    names,
    names,
    names,
    st.booleans(),
    st.booleans(),
)
RELATIONS = (relation(), relation("clinic/public.patients", "phi.mrn"), relation("clinic/public.claims", "pci.pan"))
dana = actor("dana", groups=(), kind=ActorKind.PERSON)
chains = st.sampled_from([(), (), (dana,), (actor("planner", chain=(dana,)), actor("planner"))])
actions = st.builds(
    lambda asks, exposure, groups, chain, reveals, given, environment: action(
        *asks,
        exposure=exposure,
        by=actor(groups=groups, chain=chain),
        reveals=reveals,
        reason="why" if given[0] else "",
        ticket="OPS-1" if given[1] else "",
        cappable=given[2],
        environment=environment,
    ),
    st.lists(
        st.tuples(
            st.sampled_from([SQL_SELECT, SQL_SELECT, SQL_UPDATE, SQL_DROP, SQL_COPY_OUT]), st.sampled_from(RELATIONS)
        ),
        min_size=1,
        max_size=3,
    ),
    exposures,
    st.sampled_from([("ai-agents",), ("ai-agents",), ()]),
    chains,
    st.sampled_from([(), (), (), (reveal(),), (reveal(), reveal("given", "phi.name.given")), (reveal("note", "phi"),)]),
    st.sampled_from([(True, True, True)] * 3) | st.tuples(st.booleans(), st.booleans(), st.booleans()),
    st.sampled_from(["production", "staging"]),
)
recents = st.builds(lambda count: Recent(minute=Window(actions=count)), st.sampled_from([0, 5]))


def met(asked: Action) -> Action:
    """The same action with all given that can be owed, but for a step-up."""
    return replace(asked, reason_given="why", ticket_given="OPS-1", cappable=True)


def no_looser(before: Decision, after: Decision) -> bool:
    """Whether `after` gives no more than `before`: Allow, then NeedsReview, then Deny; within these, what is asked."""
    match before, after:
        case _, Deny():
            return True
        case Allow(), Allow() | NeedsReview():
            return owes_as_much(before.obligations, after.obligations)
        case NeedsReview(), NeedsReview():
            return asks_as_much(before.requirements, after.requirements) and owes_as_much(
                before.obligations, after.obligations
            )
        case _:
            return False


def owes_as_much(before: Obligations, after: Obligations) -> bool:
    """Whether the second set of obligations holds all of the first."""
    return before.and_also(after) == after


def asks_as_much(before: Requirements, after: Requirements) -> bool:
    """Whether whoever meets the second requirements meets the first: no quorum lower, nothing made easier."""
    counts = {quorum.group: quorum.count for quorum in after.quorums}
    reuse = after.reuse is None or (
        before.reuse is not None
        and after.reuse.times <= before.reuse.times
        and after.reuse.within <= before.reuse.within
    )
    return (
        all(counts.get(quorum.group, 0) >= quorum.count for quorum in before.quorums)
        and set(before.any_of) <= set(after.any_of)
        and set(before.stages) <= set(after.stages)
        and after.expires <= before.expires
        and after.valid <= before.valid
        and after.channels <= before.channels
        and after.break_glass <= before.break_glass
        and reuse
    )


def untimed(decision: Decision) -> Decision:
    """The decision as if everything waited and was good for as long."""
    if not isinstance(decision, NeedsReview):
        return decision
    return replace(decision, requirements=replace(decision.requirements, expires=timedelta(1), valid=timedelta(1)))
