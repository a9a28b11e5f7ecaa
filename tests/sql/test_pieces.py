"""A text of several statements, cut into them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from interlock.errors import NotUnderstood
from interlock.sql.parse import parse, same_tree
from interlock.sql.pieces import MAX_PIECES, pieces


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [""]),
        ("; ;-- nothing", ["; ;-- nothing"]),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;;", ["SELECT 1;;"]),
        ("SELECT 1;SELECT 2", ["SELECT 1;", "SELECT 2"]),
        (" ; SELECT 1 ; ; SELECT 2 ;-- x", [" ; SELECT 1 ; ; ", "SELECT 2 ;-- x"]),
        ("SELECT 'é;ü'; SELECT ';' AS \"ä;\"; BEGIN", ["SELECT 'é;ü'; ", "SELECT ';' AS \"ä;\"; ", "BEGIN"]),
        ("SELECT 1; -- é ; x\nSELECT 2; /* ; /* ; */ */ SELECT 3", None),
        ("SELECT $x$ ; $x$; SELECT $$;$$;", ["SELECT $x$ ; $x$; ", "SELECT $$;$$;"]),
        ("CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); SELECT 3", None),
        ("CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; SELECT 3", None),
        ("BEGIN; INSERT INTO t VALUES (1); COMMIT", ["BEGIN; ", "INSERT INTO t VALUES (1); ", "COMMIT"]),
    ],
)
def test_cut(text: str, expected: list[str] | None) -> None:
    found = pieces(text.encode())
    assert b"".join(found) == text.encode()
    if expected is not None:
        assert [piece.decode() for piece in found] == expected
    whole = parse(text.encode())
    assert len(found) == max(1, len(whole.statements))
    for piece, statement in zip(found, whole.statements, strict=False):
        assert same_tree(list(parse(piece).statements), [statement])


@pytest.mark.parametrize("text", [b"SELECT 1; nonsense", b"SELECT 1; SELECT '", b"\xff", b"SELECT 1;\0"])
def test_what_cannot_be_read(text: bytes) -> None:
    with pytest.raises(NotUnderstood):
        pieces(text)


def test_no_more_than_can_be_decided() -> None:
    assert len(pieces(b"SELECT 1;" * MAX_PIECES)) == MAX_PIECES
    with pytest.raises(NotUnderstood, match="more than 100"):
        pieces(b"SELECT 1;" * (MAX_PIECES + 1))


_PARTS = st.sampled_from(
    ["SELECT 1", "SELECT 'é'", "BEGIN", ";", ";;", " ", "\n", "-- x\n", "/* ; */", "SELECT $a$;$a$", "é", "'"]
)


@given(st.lists(_PARTS, max_size=12))
def test_any_cut_is_exact_or_refused(parts: list[str]) -> None:
    text = "".join(parts).encode()
    try:
        found = pieces(text)
    except NotUnderstood:
        return
    assert b"".join(found) == text
    assert sum(len(parse(piece).statements) for piece in found) == len(parse(text).statements)
    assert len(found) == 1 or all(len(parse(piece).statements) == 1 for piece in found)
