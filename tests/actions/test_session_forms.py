"""Cursors, rows copied in, channels and locks as actions: what policy is asked, what cards and entries keep."""

from __future__ import annotations

import pytest
from tests.sql.clinic import PLAIN, STATE

from interlock.actions.from_sql import MASKED_BACK
from interlock.masking.tokens import token_of
from interlock.model.label import Label
from interlock.model.payload import SqlStatement
from interlock.sql.session_state import SessionState
from interlock.sql.statement import analyse

from .test_from_sql import ALL, act, asked, column, prepare, shown

SECRET = "123-45-6789"


def test_a_cursor_shows_what_its_query_shows() -> None:
    action = act(
        prepare(
            f"DECLARE c CURSOR FOR SELECT id, ssn FROM patients WHERE ssn = '{SECRET}'",
            column("id", 20001, 1),
            column("ssn", 20001, 3),
        )
    )
    assert shown(action) == [(set(), "clinic/public.patients.id"), ({"phi.ssn"}, "clinic/public.patients.ssn")]
    assert asked(action) == {("sql.select", "relation", "clinic/public.patients")}
    assert action.exposure.filters == {"phi.ssn"}
    assert not action.exposure.opaque and action.cappable
    assert SECRET not in action.templates[0].stored
    assert action.templates[0].leaves[0].label == "phi.ssn"


def test_a_cursor_over_another_shape_than_described_is_opaque() -> None:
    action = act(prepare("DECLARE c CURSOR FOR SELECT id FROM wards", column("id", 20001, 3)))
    assert action.exposure.opaque and action.exposure.labels == ALL


def test_two_cursors_are_two_requests() -> None:
    forms = [
        act(prepare(f"DECLARE {name} {how} FOR SELECT id FROM wards", column("id", 20003, 1))).form
        for name, how in (("c", "CURSOR"), ("c", "CURSOR WITH HOLD"), ("c", "BINARY CURSOR"), ("d", "CURSOR"))
    ]
    assert all(one != other for n, one in enumerate(forms) for other in forms[n + 1 :])


def test_rows_copied_in_are_written_and_nothing_is_shown() -> None:
    described = (column("patient_id", 20002, 2), column("body", 20002, 3))
    action = act(prepare("COPY notes (patient_id, body) FROM STDIN", *described))
    assert asked(action) == {("sql.copy_in", "relation", "clinic/public.notes")}
    assert shown(action) == []
    assert action.exposure.writes == action.exposure.labels == {"phi.clinical.note"}
    assert action.exposure.unbounded and not action.exposure.opaque and not action.effect_free and not action.cappable
    plain = act(prepare("COPY notes (id) FROM STDIN", column("id", 20002, 1)))
    assert plain.exposure.labels == frozenset()


@pytest.mark.parametrize("described", [(), (column("body", 20002, 3),), (column("ssn", 20001, 3), column("x"))])
def test_rows_copied_into_what_the_server_sees_otherwise_are_opaque(described: tuple[object, ...]) -> None:
    columns = [d for d in described if d]
    action = act(prepare("COPY notes (patient_id, body) FROM STDIN", *columns))  # type: ignore[arg-type]
    assert action.exposure.opaque and action.exposure.labels == ALL


def test_what_rows_are_tested_by_counts_as_a_filter() -> None:
    action = act(prepare("COPY notes (body) FROM STDIN WHERE body LIKE 'gout%'", column("body", 20002, 3)))
    assert action.exposure.filters == {"phi.clinical.note"}
    assert "gout" not in action.templates[0].stored


def test_rows_with_a_mask_in_them_are_refused() -> None:
    token = token_of([Label("phi.ssn")])
    text = "COPY notes (body) FROM STDIN"
    rows = SqlStatement(text.encode(), True, copy_data=f"fine\nsaid {token}\n".encode())
    assert act(prepare(text, column("body", 20002, 3), payload=rows)).refusal == MASKED_BACK


def test_what_is_copied_in_is_part_of_what_is_signed_for() -> None:
    text = "COPY notes (body) FROM STDIN"
    covers = [
        act(prepare(text, column("body", 20002, 3), payload=SqlStatement(text.encode(), True, copy_data=rows))).cover
        for rows in (b"one\n", b"two\n", None)
    ]
    assert covers[0] != covers[1] != covers[2] != covers[0]


def test_a_notification_is_a_write_whose_payload_nobody_reads_in_our_records() -> None:
    action = act(prepare(f"NOTIFY wards_changed, '{SECRET}'"))
    assert asked(action) == {("sql.notify", "connection", "clinic")}
    assert SECRET not in action.templates[0].stored and "wards_changed" in action.templates[0].stored
    assert action.templates[0].leaves[0].shown is None
    assert not action.effect_free and not action.exposure.opaque
    echoed = act(prepare("NOTIFY somebody, 'SomeBody'"))
    assert echoed.refusal is not None and "somebody" not in echoed.templates[0].stored


@pytest.mark.parametrize(
    "text",
    ["NOTIFY x, '{token}'", "NOTIFY x, E'{escaped}'", "COMMENT ON TABLE wards IS E'{escaped}'"],
)
def test_a_mask_is_found_however_it_is_spelled(text: str) -> None:
    token = token_of([Label("phi.ssn")])
    escaped = "".join(f"\\x{ord(c):02x}" for c in token)
    assert act(prepare(text.format(token=token, escaped=escaped))).refusal == MASKED_BACK


def test_a_channel_is_no_table_and_can_carry_anything() -> None:
    action = act(prepare('LISTEN "public.wards"'))
    assert asked(action) == {("sql.listen", "connection", "clinic")}
    assert action.exposure.opaque and action.exposure.labels == ALL
    assert not action.effect_free


def test_locks() -> None:
    reads = act(prepare("LOCK TABLE patients IN ACCESS SHARE MODE"))
    assert asked(reads) == {("sql.select", "relation", "clinic/public.patients")}
    assert reads.exposure.labels == frozenset() and not reads.exposure.opaque
    writes = act(prepare("LOCK TABLE patients"))
    assert asked(writes) == {("sql.lock", "relation", "clinic/public.patients")}
    assert act(prepare("LOCK TABLE nobody_knows IN ACCESS SHARE MODE")).exposure.opaque


@pytest.mark.parametrize(
    "text",
    [
        "PREPARE q AS SELECT ssn FROM patients",
        "EXECUTE q('x')",
        "FETCH ALL FROM c",
        "CLOSE ALL",
        "UNLISTEN *",
        "SET search_path = public",
        "SELECT set_config('search_path', '', false)",
        "SHOW interlock.review",
        "SELECT * FROM interlock.fetch('x')",
        "SET interlock.wait = deferred",
    ],
)
def test_session_traffic_asks_for_nothing_but_the_session(text: str) -> None:
    statement = analyse(text.encode(), PLAIN, STATE)
    assert statement.is_session_traffic and statement.touches == ()


def test_under_another_search_path_a_name_is_another_table() -> None:
    there = SessionState(("other",), "gate")
    assert act(prepare("LOCK TABLE patients IN ACCESS SHARE MODE", state=there), state=there).exposure.opaque
    declared = prepare("DECLARE c CURSOR FOR SELECT ssn FROM patients", column("ssn", 20001, 3), state=there)
    assert act(declared, state=there).exposure.labels == ALL
