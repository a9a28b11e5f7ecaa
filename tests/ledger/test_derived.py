"""Derived labels as the entries have them: what came is there until exactly that was cleared, in whatever order."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ledger.making import ROBOT, Node, draft, uuid

from interlock.errors import LedgerCorrupt
from interlock.ledger.authority import Authority
from interlock.ledger.derived import LABELLING, Derived
from interlock.ledger.verify import verify_entries
from interlock.model.canonical import JsonValue
from interlock.model.derived import Place
from interlock.model.entry import Draft, EntryType
from interlock.model.label import Label
from interlock.model.names import ActionId, ConnectionName

CLINIC, OTHER = ConnectionName("clinic"), ConnectionName("other")
NOTES, COPY = "clinic/public.notes.text", "clinic/public.copy.text"


def row(column: str, labels: str, place: Place = (0, 0)) -> JsonValue:
    return {"column": column, "labels": labels, "oid": place[0], "number": place[1]}


def derived(*rows: JsonValue, connection: str = CLINIC, act: int = 5, number: int = 1) -> Draft:
    made = draft(
        EntryType.LABEL_DERIVED, number, act=uuid(act), connection=connection, carries=list(rows), because="insert"
    )
    return Draft(made.id, made.type, made.d, actor=ROBOT, act=made.act)


def cleared(column: str, *labels: str) -> Draft:
    return draft(EntryType.LABEL_CLEARED, connection=CLINIC, column=column, labels=list(labels), person="dana")


def folded(*drafts: Draft) -> Derived:
    node, fold = Node(), Derived()
    for each in drafts:
        fold.apply(node.flush(each)[0])
    return fold


def labels(fold: Derived, column: str = NOTES) -> set[str]:
    found = fold.column(CLINIC, column)
    return set() if found is None else set(found.labels)


def test_a_column_keeps_what_it_got_and_who_first_brought_it() -> None:
    fold = folded(derived(row(NOTES, "phi.ssn")), derived(row(NOTES, "phi.mrn phi.ssn"), act=6))
    found = fold.column(CLINIC, NOTES)
    assert found is not None
    assert {label: origin.action for label, origin in found.labels.items()} == {
        "phi.ssn": uuid(5),
        "phi.mrn": uuid(6),
    }
    origin = found.labels[Label("phi.ssn")]
    assert origin.actor == ROBOT.id
    assert origin.part_of == frozenset({str(ROBOT.id), str(ROBOT.owner)})
    assert fold.columns(OTHER) == ()


def test_connections_have_nothing_to_do_with_each_other() -> None:
    fold = folded(derived(row("other/public.t.x", "phi"), connection=OTHER))
    assert fold.connections() == (OTHER,)
    assert (fold.version(OTHER), fold.version(CLINIC)) == (1, 0)


def test_clearing_takes_what_it_names_and_the_next_write_labels_again() -> None:
    both = derived(row(NOTES, "phi.mrn phi.ssn", (7, 2)))
    assert labels(folded(both, cleared(NOTES, "phi.ssn"))) == {"phi.mrn"}
    assert folded(both, cleared(NOTES, "phi.ssn", "phi.mrn")).columns(CLINIC) == ()
    assert labels(folded(both, cleared(COPY, "phi.ssn", "phi.mrn"))) == {"phi.mrn", "phi.ssn"}
    assert labels(folded(both, cleared(NOTES, "phi.ssn", "phi.mrn"), derived(row(NOTES, "phi.ssn")))) == {"phi.ssn"}


def test_a_place_alone_labels_nothing() -> None:
    assert folded(derived(row(NOTES, "", (7, 2)))).columns(CLINIC) == ()
    after = folded(derived(row(NOTES, "phi")), cleared(NOTES, "phi"), derived(row(NOTES, "", (7, 2))))
    assert after.columns(CLINIC) == ()
    found = folded(derived(row(NOTES, "phi")), derived(row(NOTES, "", (7, 2)), act=9)).column(CLINIC, NOTES)
    assert found is not None
    assert found.places == {(7, 2)}
    assert found.labels[Label("phi")].action == ActionId(uuid(5))


def test_the_authority_holds_the_fold() -> None:
    assert Authority.reads >= LABELLING
    authority, node = Authority(), Node()
    before = authority.derived.version(CLINIC)
    authority.apply(node.flush(derived(row(NOTES, "phi.ssn")))[0])
    assert labels(authority.derived) == {"phi.ssn"}
    assert authority.derived.version(CLINIC) > before


def test_a_log_without_the_entry_is_found_out() -> None:
    """The end of a log is held by checkpoints (`stores.startup`)."""
    node = Node()
    node.flush(node.started())
    node.flush(derived(row(NOTES, "phi.ssn"), number=2))
    node.flush(draft(EntryType.NODE_STOPPED, 3))
    verified = [entry.type for entry in verify_entries(node.log, [node.key])]
    assert EntryType.LABEL_DERIVED in verified
    with pytest.raises(LedgerCorrupt):
        list(verify_entries([node.log[0], node.log[2]], [node.key]))


def test_somebody_elses_clearing_is_found_out() -> None:
    node = Node()
    node.flush(node.started())
    node.flush(derived(row(NOTES, "phi.ssn"), number=2))
    forged = Node("n2", "x1", node.log)
    forged.flush(cleared(NOTES, "phi.ssn"))
    with pytest.raises(LedgerCorrupt, match="signed"):
        list(verify_entries(node.log, [node.key]))


NAMES, LABELS = [NOTES, COPY], ["phi.mrn", "phi.ssn", "pii"]
_STEP = st.one_of(
    st.tuples(
        st.just("derive"),
        st.sampled_from(NAMES),
        st.sets(st.sampled_from(LABELS), min_size=1),
        st.sampled_from([(0, 0), (7, 1), (7, 2), (8, 1)]),
    ),
    st.tuples(st.just("see"), st.sampled_from(NAMES), st.just(set[str]()), st.sampled_from([(7, 1), (7, 2), (8, 1)])),
    st.tuples(st.just("clear"), st.sampled_from(NAMES), st.sets(st.sampled_from(LABELS)), st.just((0, 0))),
)
Step = tuple[str, str, set[str], Place]


def _draft(step: Step) -> Draft:
    what, column, named, place = step
    if what == "clear":
        return cleared(column, *sorted(named))
    return derived(row(column, " ".join(sorted(named)), place))


@given(st.lists(_STEP, max_size=12))
def test_any_order_of_steps_comes_to_what_a_set_comes_to(steps: Sequence[Step]) -> None:
    expected: dict[str, set[str]] = {name: set() for name in NAMES}
    places: dict[str, set[Place]] = {name: set() for name in NAMES}
    for what, column, named, place in steps:
        if what == "clear":
            expected[column] -= named
        else:
            expected[column] |= named
        if not expected[column]:
            places[column] = set()
        elif place[0]:
            places[column].add(place)
    fold = folded(*map(_draft, steps))
    assert {name: labels(fold, name) for name in NAMES} == expected
    assert {c.column: set(c.places) for c in fold.columns(CLINIC)} == {n: places[n] for n in NAMES if expected[n]}
    assert fold.version(CLINIC) == len(steps)
