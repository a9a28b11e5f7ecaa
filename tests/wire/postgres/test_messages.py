"""The table of messages, against the code that reads them: every byte, both ways."""

from __future__ import annotations

import pytest
from tests.wire.postgres.a_page import PAGE, page

from interlock.errors import MalformedInput
from interlock.wire.postgres import backend
from interlock.wire.postgres.frames import Frame
from interlock.wire.postgres.messages import (
    AUTHENTICATION,
    FROM_CLIENT,
    FROM_SERVER,
    AuthenticationKind,
    Sender,
    Treatment,
    is_known,
    rows,
)
from interlock.wire.postgres.session import UnitCollector

# PostgreSQL 18 documentation, "Message Formats": the type bytes of each side, apart from the table.
CLIENT = b"BCDEFHPQSXcdfp"
SERVER = b"123ACDEGHIKNRSTVWZcdnstv"
AUTHENTICATIONS = {0, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12}

EMPTY = b"SHXc"


def body(code: bytes) -> bytes:
    """One that this message may have."""
    return {
        b"B": b"\0\0\0\0\0\0\0\0",
        b"C": b"S\0",
        b"D": b"S\0",
        b"E": b"\0\0\0\0\0",
        b"P": b"\0SELECT 1\0\0\0",
        b"Q": b"SELECT 1\0",
    }.get(code, b"" if code in EMPTY else b"x\0")


def test_the_table_is_the_documentations() -> None:
    assert b"".join(sorted(FROM_CLIENT)) == CLIENT
    assert b"".join(sorted(FROM_SERVER)) == SERVER
    assert {kind.number for kind in AUTHENTICATION} == AUTHENTICATIONS
    listed = list(rows())
    assert len({(row.sender, row.name) for row in listed}) == len(listed)
    assert all(row.sentence.endswith(".") and row.name for row in listed)


@pytest.mark.parametrize("number", range(256))
def test_a_client_may_send_what_the_table_knows_and_nothing_else(number: int) -> None:
    code = bytes([number])
    taken = is_known(code, Sender.CLIENT) and code != b"p"  # a password comes at the login only
    if taken:
        UnitCollector().feed(Frame(code, body(code)))
    else:
        with pytest.raises(MalformedInput):
            UnitCollector().feed(Frame(code, body(code)))


@pytest.mark.parametrize("kind", AUTHENTICATION, ids=lambda kind: kind.name)
def test_what_the_table_refuses_of_logins_isnt_even_read(
    kind: AuthenticationKind,
) -> None:
    number = kind.number.to_bytes(4)
    refused = kind.treatment is Treatment.REFUSE
    bodies = {3: b"", 5: b"salt", 10: b"SCRAM-SHA-256\0\0"}
    if refused and number != (3).to_bytes(4):
        with pytest.raises(MalformedInput):
            backend.read_authentication(number)
    else:
        backend.read_authentication(number + bodies.get(int.from_bytes(number), b""))


def test_the_page_is_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()
