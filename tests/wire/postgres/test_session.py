from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import MalformedInput
from interlock.wire.postgres import frontend
from interlock.wire.postgres.frames import Frame, FrameReader
from interlock.wire.postgres.frontend import Bind, Close, Describe, Execute, Parse, Target
from interlock.wire.postgres.session import (
    ExtendedUnit,
    FlushedUnit,
    FunctionCall,
    Portal,
    Refused,
    Session,
    SessionLimits,
    SimpleUnit,
    Statement,
    Terminate,
    Unit,
    UnitCollector,
)

PARSE = Parse(b"s", b"SELECT $1", (25,))
BIND = Bind(b"", b"s", (), (b"x",))
DESCRIBE = Describe(Target.STATEMENT, b"s")
EXECUTE = Execute(b"")
CLOSE = Close(Target.STATEMENT, b"s")

P = frontend.write_parse(b"s", b"SELECT $1", (25,))
B = frontend.write_bind(BIND)
D = frontend.write_describe(Target.STATEMENT, b"s")
E = frontend.write_execute(b"")
C = frontend.write_close(Target.STATEMENT, b"s")
S = frontend.write_sync()
H = frontend.write_flush()
X = frontend.write_terminate()
Q = frontend.write_query(b"SELECT 1")
F = b"F\0\0\0\x04"
COPY = b"d\0\0\0\x05x" + b"c\0\0\0\x04" + b"f\0\0\0\x05\0"


def units(data: bytes, collector: UnitCollector | None = None) -> list[Unit]:
    collector = collector or UnitCollector()
    reader = FrameReader(10_000)
    reader.feed(data)
    return [unit for message in iter(reader.next, None) if message and (unit := collector.feed(message)) is not None]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (Q, [SimpleUnit(b"SELECT 1")]),
        (S, [ExtendedUnit(())]),
        (P + B + E + S, [ExtendedUnit((PARSE, BIND, EXECUTE))]),
        (P + S + B + E + S, [ExtendedUnit((PARSE,)), ExtendedUnit((BIND, EXECUTE))]),
        (P + D + H + B + E + S, [FlushedUnit((PARSE, DESCRIBE)), ExtendedUnit((BIND, EXECUTE))]),
        (C + H + S, [FlushedUnit((CLOSE,)), ExtendedUnit(())]),
        (H + H, []),
        (
            B + E + H + B + E + S + Q,
            [FlushedUnit((BIND, EXECUTE)), ExtendedUnit((BIND, EXECUTE)), SimpleUnit(b"SELECT 1")],
        ),
        (P + H + B + H + S, [FlushedUnit((PARSE,)), FlushedUnit((BIND,)), ExtendedUnit(())]),
        (P + D + H + Q, [FlushedUnit((PARSE, DESCRIBE)), SimpleUnit(b"SELECT 1")]),
        (COPY + Q, [SimpleUnit(b"SELECT 1")]),
        (P + COPY + S, [ExtendedUnit((PARSE,))]),
        (F, [FunctionCall()]),
        (P + B + X, [Terminate()]),
    ],
)
def test_messages_become_units(data: bytes, expected: list[Unit]) -> None:
    assert units(data) == expected


def test_after_a_failed_flush_all_is_skipped_up_to_the_sync() -> None:
    collector = UnitCollector()
    assert units(P + H, collector) == [FlushedUnit((PARSE,))]
    collector.skip_to_sync()
    assert collector.collecting
    assert units(B + E + H + Q + F + P, collector) == []
    assert units(S, collector) == [ExtendedUnit(())]
    assert not collector.collecting
    assert units(Q, collector) == [SimpleUnit(b"SELECT 1")]


def test_a_client_may_leave_while_its_messages_are_skipped() -> None:
    collector = UnitCollector()
    collector.skip_to_sync()
    assert units(X, collector) == [Terminate()]


@pytest.mark.parametrize(
    "data",
    [
        P + Q,
        B + F,
        b"p\0\0\0\x05\0",
        b"z\0\0\0\x04",
        b"S\0\0\0\x05\0",
        b"H\0\0\0\x05\0",
        b"Q\0\0\0\x04",
        B + E + H + b"z\0\0\0\x04",
        B + E + H + Q,  # its Sync is still to come
        B + E + H + F,
    ],
)
def test_what_has_no_place_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedInput):
        units(data)


def test_a_unit_has_a_limit_in_steps_and_in_bytes() -> None:
    size = len(E) - 5
    for collector in (UnitCollector(max_steps=3), UnitCollector(max_bytes=3 * size)):
        assert units((E * 3 + S) * 2, collector) == [ExtendedUnit((EXECUTE,) * 3)] * 2
        with pytest.raises(MalformedInput):
            units(E * 4, collector)


@given(st.lists(st.tuples(st.sampled_from([bytes((b,)) for b in b"PBDECSHQXFdcfz"]), st.binary(max_size=8))))
def test_any_messages_give_units_or_malformed_input(messages: list[tuple[bytes, bytes]]) -> None:
    collector = UnitCollector()
    for kind, body in messages:
        try:
            collector.feed(Frame(kind, body))
        except MalformedInput:
            continue


@given(st.lists(st.sampled_from([P, B, D, E, C, S, H, COPY]), max_size=30))
def test_no_step_is_lost_or_comes_twice(messages: list[bytes]) -> None:
    """Every step is in exactly one unit, in order."""
    steps: dict[bytes, object] = {P: PARSE, B: BIND, D: DESCRIBE, E: EXECUTE, C: CLOSE}
    expected = [steps[message] for message in messages if message in steps]
    found = [
        step for u in units(b"".join(messages) + S) if isinstance(u, ExtendedUnit | FlushedUnit) for step in u.steps
    ]
    assert found == expected


def sqlstate(refused: Refused | None) -> str:
    return "" if refused is None else refused.sqlstate


def test_statements_and_portals_are_kept_by_name() -> None:
    session = Session()
    assert session.parse(PARSE) is None
    assert session.bind(Bind(b"p", b"s", (1,), (b"x", None), (0,))) is None
    statement = Statement(b"SELECT $1", (25,))
    assert session.statement(b"s") == statement
    assert session.portal(b"p") == Portal(statement, (1,), (b"x", None), (0,))
    assert session.portal(b"") is None
    assert sqlstate(session.missing(Execute(b"p"))) == ""
    assert sqlstate(session.missing(Describe(Target.PORTAL, b"p"))) == ""
    assert sqlstate(session.missing(DESCRIBE)) == ""


def test_what_isnt_there_is_refused_as_the_server_would() -> None:
    session = Session()
    assert sqlstate(session.bind(BIND)) == "26000"
    assert sqlstate(session.missing(DESCRIBE)) == "26000"
    assert sqlstate(session.missing(EXECUTE)) == "34000"
    assert sqlstate(session.missing(Describe(Target.PORTAL, b"p"))) == "34000"


def test_a_name_is_used_once_and_the_empty_name_again_and_again() -> None:
    session = Session()
    session.parse(PARSE)
    assert sqlstate(session.parse(Parse(b"s", b"SELECT 2"))) == "42P05"
    assert session.statement(b"s") == Statement(b"SELECT $1", (25,))
    for text in (b"SELECT 1", b"SELECT 2"):
        assert session.parse(Parse(b"", text)) is None
        assert session.statement(b"") == Statement(text, ())
    session.bind(Bind(b"p", b"s"))
    assert sqlstate(session.bind(Bind(b"p", b""))) == "42P03"
    for values in ((b"1",), (b"2",)):
        assert session.bind(Bind(b"", b"s", (), values)) is None
        portal = session.portal(b"")
        assert portal is not None
        assert portal.values == values


def test_a_portal_keeps_the_statement_it_was_made_of() -> None:
    session = Session()
    session.parse(Parse(b"", b"SELECT 1"))
    session.bind(Bind(b"", b""))
    session.parse(Parse(b"", b"DROP TABLE t"))
    portal = session.portal(b"")
    assert portal is not None
    assert portal.statement.text == b"SELECT 1"


def test_closing() -> None:
    session = Session()
    session.parse(PARSE)
    session.bind(Bind(b"a", b"s"))
    session.bind(Bind(b"b", b"s"))
    session.close(Close(Target.PORTAL, b"a"))
    assert session.portal(b"a") is None
    session.close(CLOSE)
    assert session.statement(b"s") is None
    assert session.portal(b"b") is None
    session.close(CLOSE)  # no error
    assert session.parse(PARSE) is None


def test_a_simple_query_drops_the_unnamed_ones_only() -> None:
    session = Session()
    for name in (b"", b"s"):
        session.parse(Parse(name, b"SELECT 1"))
        session.bind(Bind(name, name))
    session.simple_query()
    assert session.statement(b"") is None
    assert session.portal(b"") is None
    assert session.statement(b"s") is not None
    assert session.portal(b"s") is not None


def test_portals_end_with_their_transaction_and_statements_dont() -> None:
    session = Session()
    session.parse(PARSE)
    session.bind(Bind(b"p", b"s"))
    session.transaction_ended()
    assert session.portal(b"p") is None
    assert session.statement(b"s") is not None
    session.forget_statements()
    assert session.statement(b"s") is None


def test_limits_are_in_number_and_in_bytes_and_closing_makes_room() -> None:
    session = Session(SessionLimits(statements=2, portals=1, size=100))
    assert session.parse(Parse(b"a", b"x" * 40)) is None
    assert sqlstate(session.parse(Parse(b"b", b"x" * 61))) == "53400"
    assert session.parse(Parse(b"b", b"x" * 10)) is None
    assert sqlstate(session.parse(Parse(b"c", b""))) == "53400"
    assert sqlstate(session.bind(Bind(b"p", b"a", (), (b"x" * 20,)))) == "53400"
    assert session.bind(Bind(b"p", b"b", (), (b"x" * 20,))) is None
    assert sqlstate(session.bind(Bind(b"q", b"b"))) == "53400"
    session.close(Close(Target.STATEMENT, b"b"))
    assert session.parse(Parse(b"c", b"x" * 60)) is None


def test_a_copy_is_apart() -> None:
    session = Session()
    session.parse(PARSE)
    trial = session.copy()
    trial.close(CLOSE)
    trial.parse(Parse(b"new", b"SELECT 1"))
    assert session.statement(b"s") is not None
    assert session.statement(b"new") is None


NAMED = st.sampled_from([b"", b"a", b"b"])
ACTIONS = st.one_of(
    st.builds(Parse, NAMED, st.binary(max_size=5)),
    st.builds(Bind, NAMED, NAMED, st.just(()), st.lists(st.none() | st.binary(max_size=5), max_size=2).map(tuple)),
    st.builds(Close, st.sampled_from(Target), NAMED),
    st.sampled_from(["query", "end", "forget"]),
)


@given(st.lists(ACTIONS, max_size=40))
def test_when_all_is_closed_all_the_room_is_back(actions: list[Parse | Bind | Close | str]) -> None:
    limits = SessionLimits(statements=2, portals=2, size=40)
    session = Session(limits)
    for action in actions:
        match action:
            case Parse():
                session.parse(action)
            case Bind():
                session.bind(action)
            case Close():
                session.close(action)
            case "query":
                session.simple_query()
            case "end":
                session.transaction_ended()
            case _:
                session.forget_statements()
    session.transaction_ended()
    session.forget_statements()
    assert session.parse(Parse(b"all", b"x" * limits.size)) is None
    assert sqlstate(session.parse(Parse(b"more", b"x"))) == "53400"
