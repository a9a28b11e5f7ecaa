"""SET of interlock.reason, interlock.ticket and interlock.reveal: what is taken, and what is refused in which words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.sql.effects import (
    AskReveal,
    ChooseWait,
    ColumnName,
    FetchResult,
    GiveKey,
    GiveReason,
    GiveTicket,
    SessionEffect,
    ShowOurs,
    Wait,
)
from interlock.sql.own_settings import MAX_REVEALED, columns_in
from interlock.sql.shape import Kind

from .clinic import judge

MRN = ColumnName("", "patients", "mrn")
SSN = ColumnName("public", "patients", "ssn")


@pytest.mark.parametrize(
    ("text", "effect"),
    [
        ("SET interlock.reason = 'asked by the ward'", GiveReason("asked by the ward")),
        ("RESET interlock.reason", GiveReason("")),
        ("SET interlock.reason TO DEFAULT", GiveReason("")),
        ("SET SESSION interlock.ticket = 'CHG-1234'", GiveTicket("CHG-1234")),
        ("SET interlock.ticket = 1234", GiveTicket("1234")),
        ("SET Interlock.Ticket = 'ops/app#7_a.b'", GiveTicket("ops/app#7_a.b")),
        ("SET interlock.ticket = ''", GiveTicket("")),
        ("RESET interlock.ticket", GiveTicket("")),
        ("SET interlock.reveal = 'patients.mrn, public.patients.ssn'", AskReveal((MRN, SSN))),
        ("SET interlock.reveal = 'patients.mrn', 'public.patients.ssn'", AskReveal((MRN, SSN))),
        ("SET interlock.reveal = ' Patients . MRN '", AskReveal((MRN,))),
        ("SET interlock.reveal = ''", AskReveal(())),
        ("SET interlock.reveal = ' '", AskReveal(())),
        ("SET interlock.reveal TO DEFAULT", AskReveal(())),
        ("RESET interlock.reveal", AskReveal(())),
        ("SET interlock.wait = 'deferred'", ChooseWait(Wait.DEFERRED)),
        ("SET interlock.wait TO Attached", ChooseWait(Wait.ATTACHED)),
        ("RESET interlock.wait", ChooseWait(Wait.ATTACHED)),
        ("SET interlock.idempotency_key = 'run 7/a'", GiveKey("run 7/a")),
        ("SET interlock.idempotency_key = ''", GiveKey("")),
        ("RESET interlock.idempotency_key", GiveKey("")),
        ("SHOW interlock.review", ShowOurs("review")),
        ("SHOW Interlock.Why", ShowOurs("why")),
        ("SHOW interlock.wait", ShowOurs("wait")),
        ("SHOW interlock.idempotency_key", ShowOurs("idempotency_key")),
        ("SELECT * FROM interlock.fetch('0199')", FetchResult("0199")),
        ("select /* mine */ * from Interlock.\n fetch ( $1 ) ; -- x", FetchResult(None)),
    ],
)
def test_what_a_client_tells_the_gateway(text: str, effect: SessionEffect) -> None:
    statement = judge(text)
    assert statement.is_session_traffic
    assert statement.effect == effect


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"SET interlock.reason = '{'x' * 1001}'", "at most 1000 characters"),
        ("SET interlock.ticket = 'x'", "2 to 64 characters"),
        (f"SET interlock.ticket = '{'x' * 65}'", "2 to 64 characters"),
        ("SET interlock.ticket = 'CHG 1234'", "letters, digits"),
        ("SET interlock.ticket = 'CHG-1', 'CHG-2'", "letters, digits"),
        ("SET interlock.ticket = 'caf\u00e9'", "letters, digits"),
        ("SET interlock.reveal = 'ssn'", "table.column"),
        ("SET interlock.reveal = 'a.b.c.d'", "table.column"),
        ("SET interlock.reveal = 'patients.ssn,'", "table.column"),
        ("SET interlock.reveal = 'patients.*'", "table.column"),
        (f"SET interlock.reveal = '{','.join(['a.b'] * (MAX_REVEALED + 1))}'", "up to 64"),
        ("SET interlock.wait = 'never'", "attached or deferred"),
        (f"SET interlock.idempotency_key = '{'x' * 201}'", "up to 200"),
        ("SET interlock.idempotency_key = 'caf\u00e9'", "printable ASCII"),
        ("SET LOCAL interlock.wait = 'deferred'", "use SET"),
        ("SHOW interlock.secret", "interlock.review, interlock.why"),
        ("SELECT * FROM interlock.fetch()", "one form only"),
        ("SELECT * FROM interlock.fetch($2)", "one form only"),
        ("SELECT * FROM interlock.fetch('a', 'b')", "one form only"),
        ("SELECT * FROM interlock.fetch('a'::text)", "one form only"),
        ("SELECT * FROM interlock.fetch('a') AS x", "one form only"),
        ("SELECT interlock.fetch('a')", "one form only"),
        ("SELECT id FROM patients WHERE EXISTS (SELECT * FROM interlock.fetch('a'))", "one form only"),
        ("CREATE VIEW v AS SELECT * FROM interlock.fetch('a')", "one form only"),
        (f"SELECT * FROM interlock.fetch('{'x' * 101}')", "one form only"),
        ("SELECT set_config('interlock.reason', 'x', false)", "use SET"),
        ("SET LOCAL interlock.reason = 'x'", "use SET"),
        ("SET LOCAL interlock.ticket = 'CHG-1'", "use SET"),
        ("SET LOCAL interlock.reveal = 'patients.ssn'", "use SET"),
        ("SET LOCAL interlock.reveal TO DEFAULT", "use SET"),
        ("SET interlock.reveal FROM CURRENT", "table.column"),
        ("SET interlock.unknown = 'x'", "interlock.reason, interlock.ticket, interlock.reveal"),
        ("RESET interlock.unknown", "interlock.reason, interlock.ticket, interlock.reveal"),
    ],
)
def test_what_is_refused_and_how(text: str, says: str) -> None:
    statement = judge(text)
    assert statement.kind is Kind.REFUSED and statement.effect is None
    assert statement.refusal is not None
    assert says in statement.refusal.sentence


@pytest.mark.parametrize(
    "text",
    ["a", ".a", "a.", "a..b", "a.b c", "a.b,,c.d", ",a.b", "1.b", '"".b', '"a.b', 'a.b"c', "x." + "y" * 64, "a.b;"],
)
def test_what_names_no_column(text: str) -> None:
    assert columns_in(text) is None


@given(
    st.lists(
        st.lists(
            st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=12),
            min_size=2,
            max_size=3,
        ),
        min_size=1,
        max_size=4,
    )
)
def test_any_quoted_name_is_understood(names: list[list[str]]) -> None:
    text = " , ".join(".".join('"' + part.replace('"', '""') + '"' for part in name) for name in names)
    expected = tuple(ColumnName(name[0] if len(name) == 3 else "", *name[-2:]) for name in names)
    assert columns_in(text) == expected


@given(st.text(st.sampled_from('ab.,"  X'), max_size=30))
def test_any_other_text_is_read_or_refused(text: str) -> None:
    found = columns_in(text)
    assert found is None or all(name.table and name.column for name in found)
