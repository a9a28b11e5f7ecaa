"""Rows that people sign for: covered by the digest, on the card as a number, never as values."""

from __future__ import annotations

import json

from tests.actions.test_from_sql import AGENT, CATALOG, CLINIC, IDENTITY
from tests.sql.clinic import PLAIN, STATE

from interlock.actions.copied_rows import with_rows
from interlock.actions.from_sql import PreparedStatement, from_sql
from interlock.model.action import Action
from interlock.model.names import ActionId
from interlock.model.payload import SqlStatement
from interlock.model.template import MAX_VALUE, Template
from interlock.sensitivity.columns import ColumnLabels
from interlock.sql.statement import analyse

TEXT = b"COPY notes (id, body) FROM STDIN (DELIMITER '|')"
CANARY = "900-11-2222"


def action(rows: bytes | None, count: int) -> Action:
    statement = analyse(TEXT, PLAIN, STATE)
    return from_sql(
        id=ActionId("a"),
        actor=AGENT,
        connection=CLINIC,
        statements=[PreparedStatement(statement, None, SqlStatement(TEXT, True, copy_data=rows), count)],
        labels=ColumnLabels(PLAIN, CATALOG, CLINIC.name),
        snapshot=PLAIN,
        state=STATE,
        identity=IDENTITY,
        reason="",
        holds_token=lambda text: False,
    )


def test_other_rows_are_another_action_and_never_join() -> None:
    one, other, none = action(b"1|a\n", 1), action(b"1|b\n", 1), action(None, 0)
    assert len({json.dumps(each.cover, sort_keys=True) for each in (one, other, none)}) == 3
    assert len({json.dumps(each.form, sort_keys=True) for each in (one, other, none)}) == 3


def test_a_card_tells_how_many_rows_and_hides_them() -> None:
    (template,) = action(f"1|{CANARY}\n2|x\n".encode(), 2).templates
    assert template.leaves[-1].shown is None
    assert template.leaves[-1].mark == "2 rows, 18 bytes"
    assert CANARY not in template.stored
    assert template.stored.endswith(")\n?")
    assert template.code[0].startswith("COPY notes")
    assert len(template.code) == len(template.leaves) + 1
    assert template.values[-1].reveal() == f"1|{CANARY}\n2|x\n"


def test_streamed_rows_are_not_on_it() -> None:
    (template,) = action(None, 0).templates
    assert all(leaf.kind != "rows" for leaf in template.leaves)


def test_of_many_rows_only_the_beginning_is_kept_for_who_may_see_it() -> None:
    template = with_rows(
        Template(("COPY t FROM STDIN",), ()), SqlStatement(b"", True, copy_data=b"\xc3\xa4" * 9_000), 1
    )
    assert template.values[0].reveal() == "ä" * MAX_VALUE
    assert template.leaves[0].mark == "1 row, 18000 bytes"
