"""What becomes of what is written, by the definitions: defaults, generated columns of heirs, keys that move, views."""

from __future__ import annotations

from dataclasses import replace

import pytest

from interlock.model.snapshot import Column, Relation, Snapshot
from interlock.sql.lineage.targets import HIDDEN
from interlock.sql.lineage.trace import trace
from interlock.sql.lineage.traced import Lineage
from interlock.sql.parse import parse
from interlock.sql.session_state import SessionState
from interlock.sql.tree import typed

TEXT = 25


def _table(oid: int, name: str, columns: str, **more: object) -> Relation:
    """Columns as `name`, `name=default` or `name:=expression`."""
    made = []
    for number, word in enumerate(columns.split(), 1):
        left, _, default = word.partition("=")
        made.append(Column(number, left.rstrip(":"), TEXT, left.endswith(":"), default))
    plain = Relation(oid, "public", name, "r", tuple(made), True, name, rewrites=False)
    return replace(plain, **more)  # type: ignore[arg-type]


RELATIONS = (
    _table(1, "patients", "id ssn"),
    _table(2, "stamped", "id=nextval('s'::regclass) note at=now() code=('c-'||nextval('s'::regclass))"),
    _table(3, "asking", "id quoted=query_to_xml('x') setting=current_setting('x')"),
    _table(4, "parent", "a b gen:='x'", children=(5,), kind="p"),
    _table(5, "heir", "a b gen:=upper(a)"),
    _table(6, "keys", "k note", key_moves=((1, 7, 2),), children=(9,)),
    _table(7, "follows", "id k", key_moves=((2, 8, 1),)),
    _table(8, "further", "k"),
    _table(9, "keys_heir", "note k", key_moves=((2, 99, 1),)),
    _table(10, "over_stamped", "note", kind="v", query="SELECT note FROM public.stamped"),
    _table(11, "over_asking", "id", kind="v", query="SELECT id FROM public.asking"),
    _table(12, "over_watched", "id", kind="v", query="SELECT id FROM public.watched"),
    _table(13, "watched", "id", rewrites=True),
    _table(14, "over_keys", "k", kind="v", query="SELECT k FROM public.keys"),
)
KNOWN = Snapshot("v", 180000, RELATIONS, frozenset(), frozenset(), frozenset(), ("public",))


def traced(text: str) -> Lineage:
    found = trace(typed(parse(text.encode()).statements[0]), KNOWN, SessionState(("public",), "gate"))
    assert found is not None
    return found


def _written(lineage: Lineage) -> dict[str, bool]:
    """Each column written, and whether it gets the SSN."""
    told = {}
    for write in lineage.writes:
        relation = KNOWN.by_oid.get(write.target.relation)
        name = f"{relation.name}.{relation.columns[write.target.number - 1].name}" if relation else "unknown"
        told[name] = any((s.relation, s.number) == (1, 2) for s in write.sources)
    return told


@pytest.mark.parametrize(
    "text",
    [
        "INSERT INTO stamped (note) VALUES ('x') RETURNING *",
        "INSERT INTO stamped VALUES (DEFAULT, 'x') RETURNING *",
        "INSERT INTO stamped DEFAULT VALUES RETURNING *",
        "UPDATE stamped SET code = DEFAULT RETURNING *",
        "INSERT INTO over_stamped VALUES ('x') RETURNING *",
        "INSERT INTO asking VALUES ('1', '2', '3') RETURNING *",
        "UPDATE asking SET id = '1' RETURNING *",
    ],
)
def test_defaults_that_bring_nothing_hide_nothing(text: str) -> None:
    lineage = traced(text)
    assert lineage.opaque == () and all(o.plain for o in lineage.outputs)


@pytest.mark.parametrize(
    ("text", "opaque"),
    [
        ("INSERT INTO asking (id) VALUES ('1') RETURNING *", [False, True, True]),
        ("INSERT INTO asking VALUES ('1', DEFAULT, '3'), ('1', '2', '3') RETURNING *", [False, True, False]),
        ("INSERT INTO asking DEFAULT VALUES RETURNING id, setting", [False, True]),
        ("INSERT INTO asking SELECT '1', '2' RETURNING setting, quoted", [True, False]),
        ("UPDATE asking SET quoted = DEFAULT RETURNING quoted, setting", [True, False]),
        ("UPDATE asking SET (id, setting) = ('1', DEFAULT) RETURNING id, setting", [False, True]),
        (
            "MERGE INTO asking a USING patients p ON a.id = p.id WHEN NOT MATCHED THEN INSERT (id, quoted)"
            " VALUES (p.id, DEFAULT) RETURNING a.id, a.quoted, a.setting",
            [False, True, True],
        ),
        ("INSERT INTO over_asking VALUES ('1') RETURNING id", [True]),
        ("INSERT INTO over_watched VALUES ('1') RETURNING id", [True]),
        ("UPDATE over_keys SET k = '1' RETURNING k", [True]),
    ],
)
def test_defaults_that_may_tell_anything_are_opaque(text: str, opaque: list[bool]) -> None:
    lineage = traced(text)
    assert lineage.opaque and [bool(o.opaque) for o in lineage.outputs] == opaque


def test_a_generated_column_goes_by_the_table_that_the_row_lies_in() -> None:
    lineage = traced("UPDATE parent SET a = p.ssn FROM patients p RETURNING gen")
    assert _written(lineage) == {"parent.a": True, "parent.gen": True}
    assert not any(_written(traced("UPDATE parent SET b = 'x' RETURNING gen")).values())


def test_what_is_written_into_a_key_is_written_into_what_refers_to_it() -> None:
    """Of heirs too, whose columns may have other numbers; what refers to them and isn't known hides something."""
    lineage = traced("UPDATE keys SET k = p.ssn FROM patients p")
    assert _written(lineage) == {"keys.k": True, "follows.k": True, "further.k": True, "unknown": True}
    assert lineage.opaque
    assert _written(traced("UPDATE follows SET k = p.ssn FROM patients p")) == {"follows.k": True, "further.k": True}
    assert "further.k" not in _written(traced("INSERT INTO follows (k) SELECT ssn FROM patients"))


def test_what_isnt_known_to_leave_it_alone_hides_everything() -> None:
    lineage = traced("INSERT INTO watched VALUES ('1') RETURNING id")
    assert lineage.opaque == (HIDDEN,) and lineage.outputs[0].opaque == HIDDEN
    assert Relation(1, "public", "t", "r", (), False, "x").rewrites
